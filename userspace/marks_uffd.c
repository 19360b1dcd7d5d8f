// SPDX-License-Identifier: GPL-2.0
/*
 * The userfaultfds of the scenario of marks, and who reads their messages
 *
 * A huge page is registered with one of them a round: with or without faults at
 * writes, told of moves or not.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <linux/userfaultfd.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "marks_round.h"
#include "track.h"
#include "util.h"

#ifndef UFFD_FEATURE_WP_UNPOPULATED
#define UFFD_FEATURE_WP_UNPOPULATED BIT_ULL(13)
#endif
#ifndef UFFD_FEATURE_WP_ASYNC
#define UFFD_FEATURE_WP_ASYNC BIT_ULL(15)
#endif
#define FEATURES_ASYNC	(UFFD_FEATURE_WP_UNPOPULATED | UFFD_FEATURE_WP_ASYNC)

/**
 * marks_open() - what marks are given by: which kinds there are here
 * @priv: of the scenario; all files are -1
 */
void marks_open(struct marks_priv *priv)
{
	static const u64 features[] = { [KIND_WP] = 0, [KIND_ASYNC] = FEATURES_ASYNC };
	unsigned int kind, told;

	for (kind = KIND_WP; kind <= KIND_ASYNC; kind++) {
		for (told = 0; told < 2; told++)
			priv->uffd[kind][told] =
				track_open_uffd(features[kind] | UFFD_FEATURE_SIGBUS |
						(told ? UFFD_FEATURE_EVENT_REMAP : 0));
		priv->kind[kind] = priv->uffd[kind][0] >= 0 && !track_uffd_why_not();
	}
	priv->shows_uffd = track_shows_uffd();
	priv->kind[KIND_ASYNC] &= priv->shows_uffd;
	priv->kind[KIND_DIRTY] = !track_softdirty_why_not();
}

/* A lane that moves memory waits until the message of it has been read. */
static void *read_messages(void *arg)
{
	struct marks_priv *priv = arg;
	struct pollfd fd[] = {
		{ .fd = priv->uffd[KIND_WP][1], .events = POLLIN },
		{ .fd = priv->uffd[KIND_ASYNC][1], .events = POLLIN },
		{ .fd = priv->stop, .events = POLLIN },
	};
	struct uffd_msg msg;
	unsigned int i;

	while (!(fd[2].revents & POLLIN)) {
		if (poll(fd, ARRAY_SIZE(fd), -1) < 0 && errno != EINTR)
			break;
		for (i = 0; i < 2; i++) {
			if (fd[i].fd >= 0 && fd[i].revents & POLLIN)
				while (read(fd[i].fd, &msg, sizeof(msg)) > 0)
					;
		}
	}
	return NULL;
}

/**
 * marks_start_reader() - messages of moves are read from here on
 * @priv: of the scenario
 *
 * Returns 0 or a negative errno.
 */
int marks_start_reader(struct marks_priv *priv)
{
	sigset_t all, old;
	cpu_set_t any;
	int err;

	if (priv->uffd[KIND_WP][1] < 0 && priv->uffd[KIND_ASYNC][1] < 0)
		return 0;
	priv->stop = eventfd(0, EFD_CLOEXEC);
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	err = priv->stop < 0 ? errno : pthread_create(&priv->reader, NULL, read_messages, priv);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (err)
		return -err;
	priv->reading = true;
	/* Main stays on one CPU, and spins there. */
	memset(&any, 0xff, sizeof(any));
	pthread_setaffinity_np(priv->reader, sizeof(any), &any);
	return 0;
}

static void stop_reader(struct marks_priv *priv)
{
	const u64 one = 1;

	if (priv->reading && write(priv->stop, &one, sizeof(one)) == sizeof(one))
		pthread_join(priv->reader, NULL);
	if (priv->stop >= 0)
		close(priv->stop);
}

/**
 * marks_close() - the reader ends, and nothing is marked any more
 * @priv: of the scenario
 */
void marks_close(struct marks_priv *priv)
{
	unsigned int i;

	stop_reader(priv);
	for (i = 0; i < NR_KINDS * 2; i++) {
		if (priv->uffd[i / 2][i % 2] >= 0)
			close(priv->uffd[i / 2][i % 2]);
	}
}
