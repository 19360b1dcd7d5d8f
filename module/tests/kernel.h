/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kernel.h - as much of the kernel as state/record.c needs, on top of threads
 *
 * Included first; the kernel's headers and compat/peek.h are empty files in
 * that build (Makefile).
 */
#ifndef THPRACE_TESTS_KERNEL_H
#define THPRACE_TESTS_KERNEL_H

#include <pthread.h>
#include <stdarg.h>

#include "compat/pure.h"

#define READ_ONCE(x)	__atomic_load_n(&(x), __ATOMIC_RELAXED)
#define min_t(t, a, b)	((t)(a) < (t)(b) ? (t)(a) : (t)(b))
#define max(a, b)	((a) > (b) ? (a) : (b))

typedef pthread_mutex_t raw_spinlock_t, spinlock_t;

#define DEFINE_RAW_SPINLOCK(x)	raw_spinlock_t x = PTHREAD_MUTEX_INITIALIZER
#define spin_lock(l)		pthread_mutex_lock(l)
#define spin_unlock(l)		pthread_mutex_unlock(l)
#define raw_spin_lock_irqsave(l, f)		((f) = 0, pthread_mutex_lock(l))
#define raw_spin_unlock_irqrestore(l, f)	((void)(f), pthread_mutex_unlock(l))

struct mutex { int unused; };
struct rw_semaphore { int unused; };
struct list_head { struct list_head *next, *prev; };
struct rb_root { void *rb_node; };
struct mm_struct;
struct folio;

static inline __attribute__((format(printf, 1, 2))) void pr_warn(const char *format, ...)
{
}

/* state/events.h is empty, too. */
#define trace_violation(s, check, f, cause)
#define trace_checked(s, check, tally)

static inline u64 ktime_get_mono_fast_ns(void)
{
	return 0;
}

static inline void strscpy(char *to, const char *from, size_t size)
{
	snprintf(to, size, "%s", from);
}

static inline int scnprintf(char *buf, size_t size, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(buf, size, format, args);
	va_end(args);
	return n < (int)size ? n : (int)size - 1;
}

#endif /* THPRACE_TESTS_KERNEL_H */
