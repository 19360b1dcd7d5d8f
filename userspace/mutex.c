// SPDX-License-Identifier: GPL-2.0
/*
 * A lock of several processes, any of which may be killed
 */
#include <errno.h>

#include "mutex.h"

/**
 * mutex_init_shared() - a lock in memory that processes share
 * @lock: in there
 */
void mutex_init_shared(pthread_mutex_t *lock)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(lock, &attr);
	pthread_mutexattr_destroy(&attr);
}

/**
 * mutex_lock_shared() - take it, also from one who was killed with it
 * @lock: lock; what it guards may be half changed then
 */
void mutex_lock_shared(pthread_mutex_t *lock)
{
	if (pthread_mutex_lock(lock) == EOWNERDEAD)
		pthread_mutex_consistent(lock);
}
