// SPDX-License-Identifier: GPL-2.0
/*
 * Writes random lines, valid and broken, from several processes and threads to
 * the triggers and to several sessions, while the processes that they name come
 * and go
 *
 * usage: fuzz [--steps N] [--seed S]
 *
 * A step is one line.  The seed decides what is written; how the writers
 * interleave is the scheduler's.  Fails on an errno that docs/ABI.md does not
 * list, when a broken line is accepted or changes a report, on a violation that
 * was not injected, when a step hangs, when something is left behind, and when a
 * verb was never accepted, since the run has then proven nothing about it.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fuzz.h"

#define DEFAULT_STEPS	200
#define DEFAULT_SEED	1
/* From this many on every verb must have been accepted; fewer steps may miss one. */
#define MANY_STEPS	1500
/* A tenth of the steps is done by one writer with nothing else running. */
#define ALONE_PART	10
/* What was started is gone within that. */
#define GONE_MS		60000
/*
 * A step hangs after this many times the median of the slowest verb, but not
 * before it and those that keep the CPUs from it may have waited for lanes that
 * never come (8 s a round).
 */
#define HANGS_MEDIANS	200
#define HANGS_MIN_MS	120000
/* Worth a line of the summary. */
#define SLOW_MS		2000

struct fuzz_shared *fuzz;

/* ---- before ---- */

static int make_memory(const char *name, size_t len)
{
	int fd = syscall(SYS_memfd_create, name, 0);

	if (fd < 0 || ftruncate(fd, len)) {
		fprintf(stderr, "fuzz: memfd: %s\n", strerror(errno));
		exit(2);
	}
	return fd;
}

static void attach(int fd)
{
	fuzz = mmap(NULL, sizeof(*fuzz), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (fuzz == MAP_FAILED) {
		fprintf(stderr, "fuzz: mmap: %s\n", strerror(errno));
		exit(2);
	}
}

/* A table of debugfs: NAME KIND yes|no. */
static void read_names(const char *file, struct fuzz_names *n)
{
	char *text = tr_read(file), *line, *next;

	n->nr = 0;
	for (line = text; line && *line; line = next) {
		char name[FUZZ_NAME_LEN], kind[32], state[8];

		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (sscanf(line, "%47s %31s %7s", name, kind, state) != 3)
			continue;
		ksft_assert(n->nr < FUZZ_NAMES, "%s has more than %u rows", file, n->nr);
		memcpy(n->name[n->nr], name, sizeof(name));
		n->available[n->nr] = !strcmp(state, "yes");
		n->kernel[n->nr++] = !strcmp(kind, "kernel");
	}
	free(text);
	ksft_assert(n->nr, "%s is empty", file);
}

static long module_users(void)
{
	FILE *f = fopen("/sys/module/thprace/refcnt", "r");
	long n = -1;

	if (f) {
		if (fscanf(f, "%ld", &n) != 1)
			n = -1;
		fclose(f);
	}
	return n;
}

static void take_pid(pid_t pid, const char *comm, void *arg)
{
	(void)comm;
	*(pid_t *)arg = pid;
}

/* A kernel thread that works on the memory of everybody. */
static pid_t find_kthread(const char *name)
{
	pid_t pid = 2;

	tr_each_task(name, take_pid, &pid);
	return pid;
}

static void look_around(void)
{
	FILE *f;

	read_names("ops", &fuzz->ops);
	read_names("checks", &fuzz->checks);
	read_names("phases", &fuzz->phases);
	fuzz->sessions = tr_stat("sessions");
	fuzz->session_bytes = tr_stat("session_bytes");
	fuzz->refcnt = module_users();
	fuzz->dead = 4194304;
	fuzz->kthread = find_kthread("khugepaged");
	fuzz->owner = getpid();
	/* setup.sh puts it back */
	f = fopen("/sys/kernel/mm/transparent_hugepage/shmem_enabled", "w");
	if (f) {
		fputs("advise", f);
		fclose(f);
	}
}

/* ---- the watchdog ---- */

static void print_file(const char *what, pid_t tid, const char *file)
{
	char path[64], text[2048];
	int fd, n;

	snprintf(path, sizeof(path), "/proc/%d/%s", tid, file);
	fd = open(path, O_RDONLY);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n > 0) {
		text[n] = '\0';
		ksft_msg("%s, %s of %d:\n%s", what, file, tid, text);
	}
	if (fd >= 0)
		close(fd);
}

/* Upper bound of what half of the accepted lines of a verb take, in milliseconds. */
static u64 median_ms(const unsigned int took[FUZZ_TOOK])
{
	unsigned int i, sum = 0, all = 0;

	for (i = 0; i < FUZZ_TOOK; i++)
		all += took[i];
	for (i = 0; i < FUZZ_TOOK; i++) {
		sum += took[i];
		if (2 * sum >= all)
			break;
	}
	return 1ULL << i;
}

static void print_stack(pid_t pid, const char *comm, void *arg)
{
	(void)arg;
	print_file(comm, pid, "stack");
}

static void print_kthreads(void)
{
	tr_each_task(TR_KTHREADS, print_stack, NULL);
}

/* Any step may be kept from a CPU by those of the slowest verb. */
static u64 bound_ms(void)
{
	u64 bound = HANGS_MIN_MS, ms;
	unsigned int i;

	for (i = 0; i < fuzz_nr_verbs(); i++) {
		ms = HANGS_MEDIANS * median_ms(fuzz->took[i]);
		bound = ms > bound ? ms : bound;
	}
	return bound;
}

/* A lane whose step has taken too long, or -1. */
static int hanging(u64 now)
{
	unsigned int i;
	u64 since;

	for (i = 0; i < FUZZ_LANES; i++) {
		since = __atomic_load_n(&fuzz->now[i].since_ms, __ATOMIC_ACQUIRE);
		if (since && now >= since + bound_ms())
			return i;
	}
	return -1;
}

/* Leaves when one hangs. */
static void watch(void)
{
	int lane = hanging(ksft_now_ms());
	const struct fuzz_now *it = &fuzz->now[lane < 0 ? 0 : lane];

	if (lane < 0)
		return;
	ksft_expect(false, "lane %d hangs for more than %llu ms, seed %llu", lane,
		    (unsigned long long)bound_ms(), (unsigned long long)fuzz->seed);
	ksft_msg("%s", it->text);
	print_file("it", it->tid, "stack");
	print_file("it", it->tid, "status");
	print_kthreads();
	ksft_leave();
}

/* ---- alone ---- */

/* No violation of the whole module that was not injected. */
static bool read_clean(char text[TR_TEXT_MAX])
{
	int fd = tr_open("violations", O_RDONLY);
	bool clean;

	ksft_assert(fd >= 0 && fuzz_reread(fd, text, TR_TEXT_MAX) >= 0, "violations: unreadable");
	clean = fuzz_text_clean(text, "violations");
	close(fd);
	return clean;
}

static void case_alone(const void *arg)
{
	unsigned int steps = fuzz->steps / ALONE_PART;
	static char text[TR_TEXT_MAX];

	(void)arg;
	ksft_msg("fuzz --steps %u --seed %llu", fuzz->steps, (unsigned long long)fuzz->seed);
	look_around();
	fuzz->begun_ms = ksft_now_ms();
	ksft_assert(fuzz_places_map(), "no memory");
	fuzz_write_alone(steps ?: 1);
	ksft_expect(fuzz->nr_compared, "no report was compared");
	read_clean(text);
	/* The watchdog sees a step that never ends. */
	fuzz->now[1].since_ms = ksft_now_ms();
	ksft_expect(hanging(ksft_now_ms()) < 0 && hanging(ksft_now_ms() + bound_ms() + 1) == 1,
		    "a step that hangs is not seen");
	fuzz->now[1].since_ms = 0;
}

/* ---- all together ---- */

/* Ends the targets; what they forked is this process's by now, as it is a subreaper. */
static void end_all(pid_t spawner)
{
	u64 end = ksft_now_ms() + GONE_MS;
	unsigned int i;
	pid_t pid;

	fuzz->stop = true;
	kill(spawner, SIGKILL);
	while ((pid = waitpid(-1, NULL, WNOHANG)) >= 0 && ksft_now_ms() < end)
		if (!pid)
			ksft_nap_ms(5);
	for (i = 0; i < FUZZ_SLOTS && pid >= 0; i++)
		if (fuzz->slot[i])
			print_file("target", fuzz->slot[i], "stack");
	ksft_expect(pid < 0, "a target does not end");
}

static void case_together(const void *arg)
{
	unsigned int steps = (fuzz->steps - fuzz->steps / ALONE_PART) / FUZZ_LANES, i, left;
	int shared[FUZZ_SHARED_SESSIONS], status;
	bool clean = true;
	pid_t spawner, writer[FUZZ_WRITERS], pid;
	static char text[TR_TEXT_MAX];

	(void)arg;
	fuzz->owner = getpid();
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	pid = fork();
	if (!pid)
		_exit(0);
	fuzz->zombie = pid;
	/* Targets come first: they must inherit no session. */
	spawner = fork();
	if (!spawner)
		fuzz_spawn();
	for (i = 0; i < FUZZ_SHARED_SESSIONS; i++)
		shared[i] = fuzz_session_open(i);
	for (i = 0; i < FUZZ_WRITERS; i++) {
		writer[i] = fork();
		if (!writer[i]) {
			fuzz_write(i, steps ?: 1, shared);
			fflush(stdout);
			_exit(0);
		}
	}
	for (left = FUZZ_WRITERS; left; ) {
		watch();
		/* Once is enough until the end. */
		if (clean)
			clean = read_clean(text);
		for (i = 0; i < FUZZ_WRITERS; i++) {
			pid = writer[i] ? waitpid(writer[i], &status, WNOHANG) : 0;
			if (!pid)
				continue;
			ksft_expect(!status, "writer %u: wait status %#x, last of lane %u: %s",
				    i, status, i * FUZZ_THREADS, fuzz->now[i * FUZZ_THREADS].text);
			writer[i] = 0;
			left--;
		}
		ksft_nap_ms(100);
	}
	end_all(spawner);
	for (i = 0; i < FUZZ_SHARED_SESSIONS; i++) {
		ksft_expect(fuzz_reread(shared[i], text, sizeof(text)) > 0, "no report");
		fuzz_text_clean(text, "a session of all");
		close(shared[i]);
	}
	read_clean(text);
}

/* ---- after ---- */

static void case_accepted(const void *arg)
{
	unsigned int i, nr = 0;

	(void)arg;
	ksft_msg("steps: %u, broken %u, refused and compared %u, killed %u", fuzz->nr_steps,
		 fuzz->nr_broken, fuzz->nr_compared, fuzz->nr_killed);
	ksft_msg("sessions closed: %u, files read: %u", fuzz->nr_closed, fuzz->nr_reads);
	ksft_msg("targets: %u started, %u acts; %llu ms in all", fuzz->nr_spawned, fuzz->nr_acts,
		 (unsigned long long)(ksft_now_ms() - fuzz->begun_ms));
	for (i = 1; i < FUZZ_ERRNOS; i++)
		if (fuzz->refused[i])
			ksft_msg("refused %s: %u", tr_errno_name(i), fuzz->refused[i]);
	for (i = 0; i < fuzz_nr_verbs(); i++) {
		ksft_msg("accepted %s: %u, half of them in %llu ms", fuzz_verb_name(i),
			 fuzz->accepted[i], (unsigned long long)median_ms(fuzz->took[i]));
		nr += !!fuzz->accepted[i];
		if (fuzz->steps >= MANY_STEPS)
			ksft_expect(fuzz->accepted[i], "\"%s\" was never accepted",
				    fuzz_verb_name(i));
	}
	ksft_expect(2 * nr > fuzz_nr_verbs(), "only %u verbs were accepted", nr);
	for (i = 0; i < fuzz_nr_verbs(); i++)
		if (fuzz->slowest_ms[i] >= SLOW_MS)
			ksft_msg("slow, %llu ms: %s", (unsigned long long)fuzz->slowest_ms[i],
				 fuzz->slowest[i]);
	/* What does not divide by the number of lanes is not done. */
	ksft_expect(fuzz->nr_steps + FUZZ_LANES >= fuzz->steps, "%u of %u steps", fuzz->nr_steps,
		    fuzz->steps);
}

static void case_given_back(const void *arg)
{
	(void)arg;
	ksft_expect(ksft_wait_for(tr_stat("sessions") == fuzz->sessions, GONE_MS),
		    "%lld sessions, before %lld", (long long)tr_stat("sessions"),
		    (long long)fuzz->sessions);
	ksft_expect(ksft_wait_for(tr_stat("session_bytes") == fuzz->session_bytes, GONE_MS),
		    "%lld bytes of sessions, before %lld", (long long)tr_stat("session_bytes"),
		    (long long)fuzz->session_bytes);
	ksft_expect(ksft_wait_for(!tr_kthreads(), GONE_MS), "%u kernel threads", tr_kthreads());
	ksft_expect(ksft_wait_for(module_users() == fuzz->refcnt, GONE_MS),
		    "the module is used %ld times, before %ld", module_users(), fuzz->refcnt);
}

static void case_reload(const void *arg)
{
	int err;

	(void)arg;
	err = tr_unload();
	ksft_assert(!err, "rmmod: %s", strerror(err));
	err = tr_load();
	ksft_assert(!err, "insmod: %s", strerror(err));
	ksft_expect(tr_stat("sessions") == 0 && tr_exists("session"), "it is not as new");
}

static u64 parse(const char *s)
{
	char *end;
	u64 v;

	errno = 0;
	v = strtoull(s, &end, 0);
	if (errno || end == s || *end || *s == '-') {
		fprintf(stderr, "fuzz: \"%s\" is no number\n", s);
		exit(2);
	}
	return v;
}

/* Tests are started in their directory, this one also from elsewhere. */
static void go_home(char **argv)
{
	char *slash = strrchr(argv[0], '/');

	if (!slash || slash == argv[0])
		return;
	*slash = '\0';
	if (chdir(argv[0])) {
		fprintf(stderr, "fuzz: %s: %s\n", argv[0], strerror(errno));
		exit(2);
	}
	/* "./fuzz" in the room of "DIR/fuzz" */
	*slash = '/';
	argv[0] = slash - 1;
	argv[0][0] = '.';
}

int main(int argc, char **argv)
{
	unsigned int steps = DEFAULT_STEPS, limit_s;
	u64 seed = DEFAULT_SEED;
	int i;

	if (argc == 4 && !strcmp(argv[1], "--target")) {
		attach(atoi(argv[3]));
		if (!fuzz_places_map())
			return 1;
		fuzz->slot[atoi(argv[2])] = getpid();
		fuzz_target_run(atoi(argv[2]), ~0U);
	}
	for (i = 1; i + 1 < argc; i += 2) {
		if (!strcmp(argv[i], "--steps"))
			steps = parse(argv[i + 1]);
		else if (!strcmp(argv[i], "--seed"))
			seed = parse(argv[i + 1]);
		else
			break;
	}
	if (i != argc || !steps) {
		fprintf(stderr, "usage: fuzz [--steps N] [--seed S]\n");
		return 2;
	}
	go_home(argv);
	i = make_memory("thprace-fuzz", sizeof(*fuzz));
	attach(i);
	fuzz->fd = i;
	fuzz->shmem_fd = make_memory("thprace-fuzz-memory", FUZZ_NR_SHMEM * (2 << 20));
	fuzz->seed = seed;
	fuzz->steps = steps;
	/*
	 * For what the watchdog does not see.  Far off: the clock of an emulated
	 * guest runs several times too fast on a host with a load of 20.
	 */
	limit_s = 10 * (KSFT_TIMEOUT_S + steps);
	{
		const struct ksft_case cases[] = {
			{ "a refused line changes nothing", case_alone, .timeout_s = limit_s },
			{ "all at once", case_together, .timeout_s = limit_s },
			{ "every verb was accepted", .run = case_accepted },
			{ "all is given back", .run = case_given_back },
			{ "rmmod and insmod", .run = case_reload },
		};

		return ksft_main(1, argv, cases, ARRAY_SIZE(cases));
	}
}
