// SPDX-License-Identifier: GPL-2.0
/*
 * One run at a time on a machine
 *
 * Two would set each other's settings back.  Main and the keeper hold the lock,
 * so that the next run does not begin before the one that was killed is cleaned
 * up; nobody else does, whatever hangs.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "touch.h"
#include "undo.h"
#include "util.h"

#define NAP_NS		(100 * NSEC_PER_MSEC)
#define GOING_NS	(500 * NSEC_PER_MSEC)	/* of who was killed just now */
#define CLEANUP_NS	(120 * NSEC_PER_SEC)	/* for the keeper of the run before */

static int held = -1;

const struct touch lock_touches[] = {
	{ .kind = TOUCH_FILE, .what = LOCK_PATH, .others = "a second run is refused" },
	{ }
};

/* A zombie holds nothing any more. */
static bool lives(pid_t pid)
{
	char path[32], text[256], *state;

	if (kill(pid, 0) && errno == ESRCH)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (read_text(path, text, sizeof(text)) <= 0)
		return true;
	state = strrchr(text, ')');
	return !state || strncmp(state, ") Z", 3);
}

/* The process that has written itself there; 0: nobody, or it has ended. */
static pid_t holder(int fd, pid_t *named)
{
	char text[16] = "";
	u64 pid;

	*named = 0;
	if (pread(fd, text, sizeof(text) - 1, 0) <= 0)
		return 0;
	text[strcspn(text, "\n")] = '\0';
	if (parse_u64(text, 1, 1 << 22, &pid))
		return 0;
	*named = pid;
	return lives(pid) ? pid : 0;
}

static int wait_for_lock(int fd, const char *path)
{
	const struct timespec nap = { .tv_nsec = NAP_NS };
	u64 begin_ns = now_ns();
	bool said = false;
	pid_t named, pid;

	while (flock(fd, LOCK_EX | LOCK_NB)) {
		if (errno != EWOULDBLOCK && errno != EINTR) {
			set_error("cannot lock %s: %s", path, strerror(errno));
			return -errno;
		}
		pid = holder(fd, &named);
		if (pid && now_ns() - begin_ns > GOING_NS) {
			set_error("another run is going on: process %d (it holds %s)", pid,
				  path);
			return -EBUSY;
		}
		if (now_ns() - begin_ns > CLEANUP_NS) {
			set_error("process %d is gone, but its run is still being cleaned up (%s)",
				  named, path);
			return -EBUSY;
		}
		if (!pid && named && !said)
			fprintf(stderr,
				"thprace: waiting until the run of process %d is cleaned up\n",
				named);
		said |= !pid && named;
		nanosleep(&nap, NULL);
	}
	return 0;
}

/**
 * lock_take() - from here on no other run begins
 * @path: the lock's file
 *
 * Returns 0, -EBUSY or another negative errno with set_error().
 */
int lock_take(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644), err;
	char text[16];
	int len;

	if (fd < 0) {
		err = -errno;
		set_error("cannot open %s: %s", path, strerror(-err));
		return err;
	}
	err = wait_for_lock(fd, path);
	if (err) {
		close(fd);
		return err;
	}
	len = snprintf(text, sizeof(text), "%d\n", getpid());
	if (ftruncate(fd, 0) || pwrite(fd, text, len, 0) != len) {
		set_error("cannot write %s", path);
		close(fd);
		return -EIO;
	}
	held = fd;
	return 0;
}

/**
 * lock_fd() - what holds the lock, or -1
 */
int lock_fd(void)
{
	return held;
}

/**
 * lock_leave() - the caller does not keep the lock beyond the end of main
 *
 * For processes that main has forked.
 */
void lock_leave(void)
{
	if (held >= 0)
		close(held);
	held = -1;
}
