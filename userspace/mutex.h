/* SPDX-License-Identifier: GPL-2.0 */
/* A lock of several processes, any of which may be killed */
#ifndef THPRACE_MUTEX_H
#define THPRACE_MUTEX_H

#include <pthread.h>

void mutex_init_shared(pthread_mutex_t *lock);
void mutex_lock_shared(pthread_mutex_t *lock);

#endif /* THPRACE_MUTEX_H */
