// SPDX-License-Identifier: GPL-2.0
/*
 * lacking - run a command as if the kernel had less than it has
 *
 * System calls and kinds of madvise() are refused by a seccomp filter, as a kernel
 * does that never had them.  Files are absent, and lines of counters missing: the
 * calls that take a path are looked at here, before the kernel does them.
 *
 * Used by vm/machine, for what runs on kernels that are not at hand.  Needs 5.9.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SECCOMP_IOCTL_NOTIF_ADDFD
#error "kernel headers of 5.9 or newer are needed"
#endif

#define MAX_WORDS	64
#define MAX_FILTER	512
#define MAX_TEXT	0x10000
#define ERROR(nr)	(SECCOMP_RET_ERRNO | (nr))
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define EXIT_ERROR	2
#define POLL_MS		100
#define UNKNOWN_CALL	38	/* the errno of calls that a kernel does not have */

struct words {
	const char *word[MAX_WORDS];
	unsigned int nr;
};

static struct words calls, advices, files, counters;
static struct sock_filter filter[MAX_FILTER];
static unsigned short nr_insns;

static const struct {
	const char *name;
	int nr;
} known_calls[] = {
	{ "clone3", SYS_clone3 },
	{ "close_range", 436 },
	{ "io_uring_setup", 425 },
	{ "memfd_create", SYS_memfd_create },
	{ "pidfd_open", SYS_pidfd_open },
	{ "userfaultfd", SYS_userfaultfd },
};

/* Which argument is a path, of the calls that take one. */
static const struct {
	int nr, path;
	int is_open;
} path_calls[] = {
#ifdef SYS_open
	{ SYS_open, 0, 1 },
	{ SYS_access, 0, 0 },
	{ SYS_stat, 0, 0 },
	{ SYS_lstat, 0, 0 },
#endif
	{ SYS_openat, 1, 1 },
	{ SYS_faccessat, 1, 0 },
	{ SYS_faccessat2, 1, 0 },
	{ SYS_newfstatat, 1, 0 },
	{ SYS_statx, 1, 0 },
};

static void add(struct sock_filter insn)
{
	if (nr_insns == MAX_FILTER)
		errx(EXIT_ERROR, "too much is to be absent");
	filter[nr_insns++] = insn;
}

static void load(unsigned int offset)
{
	add((struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset));
}

/* What is loaded is this value: then that is the answer. */
static void on(unsigned int value, unsigned int answer)
{
	add((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1));
	add((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, answer));
}

static int call_by_name(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(known_calls); i++) {
		if (!strcmp(known_calls[i].name, name))
			return known_calls[i].nr;
	}
	errx(EXIT_ERROR, "no system call %s is known here", name);
}

static void make_filter(void)
{
	unsigned int i;

	load(offsetof(struct seccomp_data, nr));
	for (i = 0; i < calls.nr; i++)
		on(call_by_name(calls.word[i]), ERROR(UNKNOWN_CALL));
	for (i = 0; (files.nr || counters.nr) &&
	     i < ARRAY_SIZE(path_calls); i++)
		on(path_calls[i].nr, SECCOMP_RET_USER_NOTIF);
	add((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_madvise, 1, 0));
	add((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
	load(offsetof(struct seccomp_data, args[2]));
	for (i = 0; i < advices.nr; i++)
		on(strtoul(advices.word[i], NULL, 10), ERROR(EINVAL));
	add((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
}

static int find_path_call(int nr)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(path_calls); i++) {
		if (path_calls[i].nr == nr)
			return i;
	}
	return -1;
}

/* The path that a task has given, or an empty one. */
static void read_path(pid_t pid, unsigned long at, char *path, size_t size)
{
	char mem[32];
	ssize_t n, len = 0;
	int fd;

	path[0] = '\0';
	snprintf(mem, sizeof(mem), "/proc/%d/mem", pid);
	fd = open(mem, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	/* It may end just before a page that is not there. */
	while ((size_t)len < size - 1) {
		n = pread(fd, path + len, 1, at + len);
		if (n != 1 || !path[len])
			break;
		len++;
	}
	path[len] = '\0';
	close(fd);
}

static int is_absent(const char *path)
{
	unsigned int i;

	for (i = 0; i < files.nr; i++) {
		if (!fnmatch(files.word[i], path, 0))
			return 1;
	}
	return 0;
}

static int has_counter(const char *line)
{
	unsigned int i;
	size_t len;

	for (i = 0; i < counters.nr; i++) {
		len = strlen(counters.word[i]);
		if (!strncmp(line, counters.word[i], len) && strchr(" :", line[len]))
			return 1;
	}
	return 0;
}

static int shows_counters(const char *path)
{
	size_t len = strlen(path);

	return !strcmp(path, "/proc/vmstat") || !strcmp(path, "/proc/meminfo") ||
	       (len > 12 && !strcmp(path + len - 12, "/memory.stat"));
}

/* A copy without the lines that are to be missing. */
static int copy_counters(const char *path)
{
	int fd = memfd_create("counters", MFD_CLOEXEC);
	FILE *f = fopen(path, "re");
	char line[256];

	while (f && fd >= 0 && fgets(line, sizeof(line), f)) {
		if (!has_counter(line) && write(fd, line, strlen(line)) < 0)
			err(EXIT_ERROR, "memfd");
	}
	if (f)
		fclose(f);
	if (fd >= 0)
		lseek(fd, 0, SEEK_SET);
	return fd;
}

static void reply(int listener, const struct seccomp_notif *req)
{
	struct seccomp_notif_addfd give = { .id = req->id, .newfd_flags = O_CLOEXEC };
	struct seccomp_notif_resp resp = { .id = req->id };
	int i = find_path_call(req->data.nr), fd;
	char path[512];

	read_path(req->pid, req->data.args[path_calls[i].path], path, sizeof(path));
	resp.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	if (is_absent(path)) {
		resp.flags = 0;
		resp.error = -ENOENT;
	} else if (counters.nr && path_calls[i].is_open && shows_counters(path)) {
		fd = copy_counters(path);
		give.srcfd = fd;
		resp.flags = 0;
		resp.val = ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &give);
		if (fd < 0 || resp.val < 0) {
			resp.val = 0;
			resp.error = -EMFILE;
		}
		if (fd >= 0)
			close(fd);
	}
	/* Gone if a signal was faster. */
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &resp) && errno != ENOENT)
		err(EXIT_ERROR, "seccomp");
}

/*
 * Until nobody has the filter any more; the command may have left others behind.
 * It has it itself, before 6.11, until it is reaped.  Returns its wait status.
 */
static int serve(int listener, pid_t pid)
{
	struct pollfd pfd = { .fd = listener, .events = POLLIN };
	struct seccomp_notif req;
	bool reaped = false;
	int status = 0;

	for (;;) {
		if (!reaped)
			reaped = waitpid(pid, &status, WNOHANG) == pid;
		pfd.revents = 0;
		if (poll(&pfd, 1, reaped ? -1 : POLL_MS) < 0 && errno != EINTR)
			err(EXIT_ERROR, "poll");
		if (pfd.revents & POLLHUP)
			break;
		if (!(pfd.revents & POLLIN))
			continue;
		memset(&req, 0, sizeof(req));
		if (!ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &req))
			reply(listener, &req);
		else if (errno != ENOENT && errno != EINTR)
			err(EXIT_ERROR, "seccomp request");
	}
	if (!reaped && waitpid(pid, &status, 0) != pid)
		err(EXIT_ERROR, "wait");
	return status;
}

static void add_word(struct words *words, const char *word)
{
	if (words->nr == MAX_WORDS)
		errx(EXIT_ERROR, "too much is to be absent");
	words->word[words->nr++] = word;
}

static void print_usage(void)
{
	fputs("lacking [--syscall NAME|--advice N|--file GLOB|--counter NAME|--no-thp]...\n"
	      "        COMMAND [ARG]...\n", stderr);
	exit(EXIT_ERROR);
}

static int parse(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc && argv[i][0] == '-'; i++) {
		if (!strcmp(argv[i], "--no-thp")) {
			if (prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0))
				err(EXIT_ERROR, "PR_SET_THP_DISABLE");
			continue;
		}
		if (i + 1 == argc)
			print_usage();
		if (!strcmp(argv[i], "--syscall"))
			add_word(&calls, argv[i + 1]);
		else if (!strcmp(argv[i], "--advice"))
			add_word(&advices, argv[i + 1]);
		else if (!strcmp(argv[i], "--file"))
			add_word(&files, argv[i + 1]);
		else if (!strcmp(argv[i], "--counter"))
			add_word(&counters, argv[i + 1]);
		else
			print_usage();
		i++;
	}
	if (i >= argc)
		print_usage();
	return i;
}

int main(int argc, char **argv)
{
	int first = parse(argc, argv), listener, status, *shared;
	struct sock_fprog prog = { .filter = filter };
	pid_t pid;

	make_filter();
	prog.len = nr_insns;
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		err(EXIT_ERROR, "mmap");
	*shared = -1;
	/* The files are ours as well until it executes: so we get the listener. */
	pid = syscall(SYS_clone, CLONE_FILES | CLONE_VFORK | SIGCHLD, NULL, NULL, NULL, 0);
	if (pid < 0)
		err(EXIT_ERROR, "clone");
	if (!pid) {
		*shared = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
				  SECCOMP_FILTER_FLAG_NEW_LISTENER, &prog);
		if (*shared < 0)
			err(EXIT_ERROR, "seccomp");
		execvp(argv[first], argv + first);
		err(127, "%s", argv[first]);
	}
	listener = *shared;
	if (listener < 0)
		return EXIT_ERROR;
	status = serve(listener, pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
