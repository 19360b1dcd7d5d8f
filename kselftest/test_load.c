// SPDX-License-Identifier: GPL-2.0
/*
 * Loading and unloading: what appears, what keeps it in, and that nothing is
 * left behind.  Ends with the module loaded, as it began.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "thp.h"
#include "tr.h"

#define NR_LOADS	50
#define NR_WARM		10
#define NR_RACES	100

static const struct {
	const char *name;
	mode_t mode;
} files[] = {
	{ "abi",	0444 },
	{ "ops",	0444 },
	{ "checks",	0444 },
	{ "phases",	0444 },
	{ "split",	0200 },
	{ "munmap",	0200 },
	{ "race",	0200 },
	{ "check",	0200 },
	{ "session",	0600 },
	{ "last",	0400 },
	{ "violations",	0600 },
	{ "stats",	0600 },
	{ "grid",	0400 },
};

static void need_module_file(void)
{
	const char *path = getenv("THPRACE_KO");

	if (!path || access(path, R_OK))
		ksft_skip("no thprace.ko to load: set THPRACE_KO");
}

static void load(void)
{
	int err = tr_load();

	ksft_assert(!err, "finit_module: %s", strerror(err));
}

static void unload(void)
{
	int err = tr_unload();

	ksft_assert(!err, "delete_module: %s", strerror(err));
}

/* Lines of a file that hold @what. */
static unsigned int count_lines(const char *path, const char *what)
{
	unsigned int nr = 0;
	char line[512];
	FILE *f;

	f = fopen(path, "r");
	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f))
		if (strstr(line, what))
			nr++;
	fclose(f);
	return nr;
}

static unsigned long taint(void)
{
	unsigned long v = ~0UL;
	FILE *f = fopen("/proc/sys/kernel/tainted", "r");

	if (!f || fscanf(f, "%lu", &v) != 1)
		ksft_assert(false, "/proc/sys/kernel/tainted cannot be read");
	fclose(f);
	/* Out of tree and unsigned is what we are. */
	return v & ~0x3000UL;
}

/* What the module hangs into the kernel, as far as user space can see it. */
struct traces {
	unsigned int symbols, probes, ftraced, slabs, kthreads;
};

static struct traces traces(void)
{
	struct traces t = {
		.symbols = count_lines("/proc/kallsyms", "[thprace]"),
		.probes = count_lines("/sys/kernel/debug/kprobes/list", " "),
		.ftraced = count_lines("/sys/kernel/debug/tracing/enabled_functions",
				       " "),
		.slabs = count_lines("/proc/slabinfo", "thprace"),
		.kthreads = tr_kthreads(),
	};

	return t;
}

static void expect_nothing_left(struct traces before)
{
	struct traces now = traces();

	ksft_expect(!now.symbols, "%u symbols in kallsyms", now.symbols);
	ksft_expect(now.probes == before.probes, "%u kprobes, before %u",
		    now.probes, before.probes);
	ksft_expect(now.ftraced == before.ftraced,
		    "%u traced functions, before %u", now.ftraced,
		    before.ftraced);
	ksft_expect(!now.slabs, "%u slab caches", now.slabs);
	ksft_expect(!now.kthreads, "%u kernel threads", now.kthreads);
	ksft_expect(access(THPRACE_DEBUGFS, F_OK) && errno == ENOENT,
		    THPRACE_DEBUGFS " is still there");
	ksft_expect(!tr_loaded(), "/sys/module/thprace is still there");
}

static void case_files(const void *arg)
{
	size_t i;

	(void)arg;
	if (!tr_loaded())
		load();
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		char path[128];
		struct stat st;

		snprintf(path, sizeof(path), THPRACE_DEBUGFS "/%s",
			 files[i].name);
		if (!ksft_expect(!stat(path, &st), "%s: %s", path,
				 strerror(errno)))
			continue;
		ksft_expect(S_ISREG(st.st_mode), "%s is no file", path);
		ksft_expect((st.st_mode & 07777) == files[i].mode,
			    "%s has mode %04o, not %04o", path,
			    st.st_mode & 07777, files[i].mode);
		ksft_expect(!st.st_uid && !st.st_gid, "%s is not root's", path);
	}
}

static void case_abi(const void *arg)
{
	char want[16], *text = tr_read("abi");

	(void)arg;
	snprintf(want, sizeof(want), "%d\n", THPRACE_ABI_VERSION);
	ksft_expect(!strcmp(text, want), "abi says \"%s\"", text);
}

static void case_reload(const void *arg)
{
	struct traces before;
	unsigned long tainted = taint();

	(void)arg;
	need_module_file();
	if (tr_loaded())
		unload();
	before = traces();
	expect_nothing_left(before);
	load();
	ksft_expect(tr_loaded() && tr_exists("session"), "files are missing");
	ksft_expect(traces().symbols > 0, "no symbol of it in kallsyms");
	ksft_expect(tr_load() == EEXIST, "a second load did not say EEXIST");
	unload();
	expect_nothing_left(before);
	load();
	ksft_expect(taint() == tainted, "taint %#lx, before %#lx", taint(),
		    tainted);
}

static void case_session_pins(const void *arg)
{
	int fd, err;

	(void)arg;
	need_module_file();
	fd = tr_open("session", O_RDWR);
	ksft_assert(fd >= 0, "session: %s", strerror(-fd));
	err = tr_unload();
	/* The module's own reference shows as EWOULDBLOCK to O_NONBLOCK. */
	ksft_assert(err == EBUSY || err == EWOULDBLOCK,
		    "rmmod with a session open: %s", strerror(err));
	ksft_expect(tr_loaded() && tr_exists("session"), "it is gone");
	close(fd);
	unload();
	load();
}

static void case_race_pins(const void *arg)
{
	struct holder h;
	pid_t pid;
	int err;

	(void)arg;
	need_module_file();
	holder_start(&h, thp_bytes());
	pid = fork();
	if (!pid)
		_exit(tr_write("race",
			       "pid=%d map=%p+%#zx op=split:1 op=munmap:1 duration_ms=600000",
			       h.pid, h.r.addr, h.r.len));
	ksft_assert(ksft_wait_for(tr_kthreads() > 0, 60000), "no race");
	err = tr_unload();
	ksft_expect(err == EBUSY || err == EWOULDBLOCK, "rmmod in a race: %s",
		    strerror(err));
	kill(pid, SIGKILL);
	ksft_assert(ksft_reap(pid, 60000) >= 0, "the race does not end");
	unload();
	load();
	holder_stop(&h);
}

static void case_loop(const void *arg)
{
	struct traces before;
	unsigned int i;

	(void)arg;
	need_module_file();
	if (tr_loaded())
		unload();
	before = traces();
	for (i = 0; i < NR_LOADS; i++) {
		load();
		ksft_assert(tr_exists("session"), "load %u made no files", i);
		unload();
	}
	expect_nothing_left(before);
	load();
}

/* Objects of a slab cache that are in use, once nothing is kept in reserve. */
static s64 slab_objects(const char *name)
{
	size_t n = strlen(name);
	char line[512];
	s64 v = -1;
	FILE *f;

	snprintf(line, sizeof(line), "/sys/kernel/slab/%s/shrink", name);
	f = fopen(line, "w");
	if (f) {
		fputs("1", f);
		fclose(f);
	}
	f = fopen("/proc/slabinfo", "r");
	ksft_assert(f, "/proc/slabinfo: %s", strerror(errno));
	while (v < 0 && fgets(line, sizeof(line), f))
		if (!strncmp(line, name, n) && line[n] == ' ')
			v = strtoll(line + n, NULL, 10);
	fclose(f);
	return v;
}

/* Returns the frame that it was about. */
static u64 race_once(unsigned int seed)
{
	struct holder h;
	u64 frame;
	int err;

	holder_start(&h, thp_bytes());
	holder_frames(&h, &frame, 1);
	err = tr_write("race",
		       "pid=%d map=%p+%#zx op=split:1 op=munmap:1 rounds=2 seed=%u\n",
		       h.pid, h.r.addr, h.r.len, seed);
	ksft_assert(!err, "race %u: %s", seed, strerror(err));
	holder_stop(&h);
	return frame;
}

/*
 * As many races, each on a process of its own that then exits: a reference
 * forgotten in one of them keeps its memory, or at least its mm_struct.
 */
static void case_races_leave_nothing(const void *arg)
{
	static const char * const slabs[] = {
		"mm_struct", "vm_area_struct", "anon_vma", "task_struct",
	};
	s64 before[ARRAY_SIZE(slabs)];
	u64 frames[NR_RACES];
	unsigned int i;

	(void)arg;
	need_module_file();
	if (!tr_loaded())
		load();
	/* What is there for good after a first use is no leak. */
	for (i = 0; i < NR_WARM; i++)
		race_once(i);
	for (i = 0; i < ARRAY_SIZE(slabs); i++)
		before[i] = slab_objects(slabs[i]);

	for (i = 0; i < NR_RACES; i++)
		frames[i] = race_once(i);

	unload();
	/* A reference kept by each race keeps a page of each at least. */
	ksft_expect(ksft_wait_for(frames_left(frames, NR_RACES) < NR_RACES * 3 / 4, 20000),
		    "%u pages are left", frames_left(frames, NR_RACES));
	for (i = 0; i < ARRAY_SIZE(slabs); i++) {
		s64 now;

		if (before[i] < 0)
			continue;
		/* Less than one each, more than other tasks may need. */
		ksft_wait_for((now = slab_objects(slabs[i])) <
			      before[i] + NR_RACES * 3 / 4, 20000);
		ksft_expect(now < before[i] + NR_RACES * 3 / 4,
			    "%s: %lld objects, before %lld", slabs[i],
			    (long long)now, (long long)before[i]);
	}
	load();
}

static const struct ksft_case cases[] = {
	{ .name = "files and modes", .run = case_files },
	{ .name = "abi version", .run = case_abi },
	{ .name = "unload and reload", .run = case_reload },
	{ .name = "an open session keeps it loaded", .run = case_session_pins },
	{ .name = "a race keeps it loaded", .run = case_race_pins },
	{ .name = "50 loads and unloads", .run = case_loop, .timeout_s = 900 },
	{ .name = "100 races leave nothing", .run = case_races_leave_nothing,
	  .timeout_s = 900 },
	{ .name = "files after all that", .run = case_files },
};

int main(int argc, char **argv)
{
	return ksft_main(argc, argv, cases, ARRAY_SIZE(cases));
}
