// SPDX-License-Identifier: GPL-2.0
/*
 * hold takes all of the references that it is asked for, or none: beyond what
 * the old table had room for, beyond the limit of the ABI, and when it is
 * killed on its way.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "thp.h"
#include "tr.h"

#define GONE_MS		120000
/* Processes that share the same huge pages: a reference is of one in one mm. */
#define NR_PROCS	60
#define NR_HUGE		20
/* One more than the limit, divided among the processes. */
#define NR_PIECES	(THPRACE_MAX_HELD / NR_PROCS + 1)

struct procs {
	pid_t pid[NR_PROCS];
	char *addr;
	size_t len;
};

static void procs_start(struct procs *p)
{
	pid_t parent = getpid();
	unsigned int i;

	for (i = 0; i < NR_PROCS; i++) {
		p->pid[i] = fork();
		ksft_assert(p->pid[i] >= 0, "fork: %s", strerror(errno));
		if (!p->pid[i]) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			while (getppid() == parent)
				pause();
			_exit(0);
		}
	}
}

static void procs_stop(struct procs *p)
{
	unsigned int i;

	for (i = 0; i < NR_PROCS; i++)
		kill(p->pid[i], SIGKILL);
	for (i = 0; i < NR_PROCS; i++)
		ksft_reap(p->pid[i], GONE_MS);
}

/* "VERB pid=... map=..." of all the processes. */
static int procs_cmd(int fd, const struct procs *p, const char *verb)
{
	char line[THPRACE_MAX_LINE];
	int n = snprintf(line, sizeof(line), "%s map=%p+%#zx", verb, p->addr, p->len);
	unsigned int i;

	for (i = 0; i < NR_PROCS; i++)
		n += snprintf(line + n, sizeof(line) - n, " pid=%d", p->pid[i]);
	return tr_fd_write(fd, "%s", line);
}

/* More references than the table of old had room for, all of them taken. */
static void case_many(const void *arg)
{
	int fd = tr_session(), err;
	struct region r;
	struct procs p;
	char *report;

	(void)arg;
	region_map(&r, NR_HUGE * thp_bytes());
	p.addr = r.addr;
	p.len = r.len;
	procs_start(&p);
	err = procs_cmd(fd, &p, "hold");
	ksft_expect(!err, "hold of %u references: %s", NR_PROCS * NR_HUGE, tr_errno_name(err));
	/* The check knows them; it can't lock so many mms where there is lockdep. */
	err = tr_fd_write(fd, "check map=%p+%#zx check=refcount refs=exact", r.addr, r.len);
	ksft_expect(!err, "check: %s", tr_errno_name(err));
	report = tr_fd_read(fd);
	ksft_expect(!tr_violations(report, NULL) &&
		    (tr_row(report, "check", "refcount", "held") > 0 ||
		     strstr(report, "reason=more mms than can be locked at once")),
		    "in\n%s", report);
	err = tr_write("split", "map=%p+%#zx", r.addr, r.len);
	ksft_expect(!err, "split: %s", tr_errno_name(err));
	ksft_expect(smaps_bytes(getpid(), r.addr, r.len, "AnonHugePages") == r.len,
		    "a held huge page was split");
	tr_expect(fd, 0, "drop");
	err = tr_write("split", "map=%p+%#zx", r.addr, r.len);
	ksft_expect(!err, "split: %s", tr_errno_name(err));
	ksft_expect(!smaps_bytes(getpid(), r.addr, r.len, "AnonHugePages"),
		    "it does not split after drop");
	procs_stop(&p);
	close(fd);
}

/*
 * Pieces of a few huge pages, each alone in a region of its own: a reference
 * for each, though there is little memory.
 */
static void scatter(struct procs *p, struct region *r)
{
	size_t huge = thp_bytes(), span = NR_PIECES * huge, i;
	char *to;

	region_map(r, (NR_PIECES * PAGE_BYTES + huge - 1) / huge * huge);
	to = mmap(NULL, span + huge, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		  -1, 0);
	ksft_assert(to != MAP_FAILED, "mmap: %s", strerror(errno));
	to = (char *)(((unsigned long)to + huge - 1) & ~(huge - 1));
	munmap(to, span);
	for (i = 0; i < NR_PIECES; i++)
		ksft_assert(mremap(r->addr + i * PAGE_BYTES, PAGE_BYTES, PAGE_BYTES,
				   MREMAP_MAYMOVE | MREMAP_FIXED, to + i * huge) != MAP_FAILED,
			    "mremap: %s", strerror(errno));
	p->addr = to;
	p->len = span;
}

/* No reference is left: what holds one does not split. */
static void expect_none_held(const struct procs *p)
{
	int fd = tr_session();
	int err = tr_fd_write(fd, "split map=%p+%#zx", p->addr, thp_bytes());
	char *report = tr_fd_read(fd);

	close(fd);
	ksft_expect(!err, "split: %s", tr_errno_name(err));
	ksft_expect(tr_row(report, "op", "split", "done") == 1, "a reference is left:\n%s", report);
}

static void case_limit(const void *arg)
{
	int fd = tr_session(), err;
	s64 bytes = tr_stat("session_bytes");
	struct region r, before;
	struct procs p;

	(void)arg;
	scatter(&p, &r);
	region_map(&before, thp_bytes());
	/* What was held before the command that fails stays. */
	err = tr_fd_write(fd, "hold map=%p+%#zx", before.addr, before.len);
	ksft_assert(!err, "hold: %s", tr_errno_name(err));
	procs_start(&p);
	err = procs_cmd(fd, &p, "hold");
	ksft_expect(err == ERANGE, "hold of more than %u references: %s", THPRACE_MAX_HELD,
		    tr_errno_name(err));
	procs_stop(&p);
	expect_none_held(&p);
	err = tr_write("split", "map=%p+%#zx", before.addr, before.len);
	ksft_expect(!err && smaps_bytes(getpid(), before.addr, before.len, "AnonHugePages"),
		    "what was held before is so no more: %s", tr_errno_name(err));
	tr_expect(fd, 0, "drop");
	ksft_expect(tr_stat("session_bytes") - bytes < 1 << 20, "%lld bytes stay",
		    (long long)(tr_stat("session_bytes") - bytes));
	close(fd);
}

/* All or nothing of one process's pieces, whenever the command is killed. */
static void case_killed(const void *arg)
{
	unsigned int tries;
	struct region r;
	struct procs p;

	(void)arg;
	scatter(&p, &r);
	procs_start(&p);
	p.len = NR_PIECES / 2 * thp_bytes();
	for (tries = 0; tries < 6; tries++) {
		int fd = tr_session(), status;
		s64 before = tr_stat("session_bytes");
		pid_t pid = fork();

		if (!pid)
			_exit(procs_cmd(fd, &p, "hold"));
		ksft_assert(pid > 0, "fork: %s", strerror(errno));
		/* until some are held, more each time */
		ksft_wait_for(tr_stat("session_bytes") - before > 4096 << tries, GONE_MS);
		kill(pid, SIGKILL);
		status = ksft_reap(pid, GONE_MS);
		ksft_assert(status >= 0, "it does not die");
		if (WIFSIGNALED(status))
			ksft_expect(tr_stat("session_bytes") - before < 65536,
				    "%lld bytes of references stay",
				    (long long)(tr_stat("session_bytes") - before));
		else
			ksft_expect(!status, "it ended with %#x, not killed", status);
		close(fd);
	}
	expect_none_held(&p);
	procs_stop(&p);
}

/*
 * What is held outlives its process, and goes with the reference.  The control of
 * frames_left(), too.
 */
static void case_outlives(const void *arg)
{
	u64 frames[4];
	unsigned int nr;
	struct holder h;
	int fd = tr_session();

	(void)arg;
	holder_start(&h, ARRAY_SIZE(frames) * thp_bytes());
	nr = holder_frames(&h, frames, ARRAY_SIZE(frames));
	ksft_expect(!frames_left(frames, nr), "left, though it is mapped");
	tr_on_holder(fd, "hold", &h, "");
	holder_stop(&h);
	ksft_expect(frames_left(frames, nr) == nr * thp_bytes() / PAGE_BYTES,
		    "%u pages are left of %zu", frames_left(frames, nr),
		    nr * thp_bytes() / PAGE_BYTES);
	tr_expect(fd, 0, "drop");
	ksft_expect(ksft_wait_for(!frames_left(frames, nr), GONE_MS), "%u pages are left",
		    frames_left(frames, nr));
	close(fd);
}

static const struct ksft_case cases[] = {
	{ .name = "many references", .run = case_many },
	{ .name = "what is held outlives its process", .run = case_outlives },
	{ .name = "ERANGE: more than the limit", .run = case_limit, .timeout_s = 900 },
	{ .name = "a killed hold", .run = case_killed, .timeout_s = 900 },
};

int main(int argc, char **argv)
{
	return ksft_main(argc, argv, cases, ARRAY_SIZE(cases));
}
