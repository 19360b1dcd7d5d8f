/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kernel_mm.h - as much of the kernel as oracle/calibrate.c and calibration.c need
 *
 * Included first, by test_calibrate.c, which has what they call; the kernel's
 * headers, and those of compat/ that take memory apart, are empty files in that
 * build (Makefile).
 */
#ifndef THPRACE_TESTS_KERNEL_MM_H
#define THPRACE_TESTS_KERNEL_MM_H

#include <stdlib.h>

#include "kernel.h"

#define BIT(n)			(1UL << (n))
#define BITS_TO_LONGS(n)	(((n) + 63) / 64)
#define DECLARE_BITMAP(name, n)	unsigned long name[BITS_TO_LONGS(n)]
#define WRITE_ONCE(x, v)	__atomic_store_n(&(x), v, __ATOMIC_RELAXED)
#define min(a, b)		((a) < (b) ? (a) : (b))

#define DEFINE_MUTEX(x)		struct mutex x
#define mutex_lock(l)		((void)(l))
#define mutex_unlock(l)		((void)(l))
#define mutex_lock_killable(l)	((void)(l), 0)

#define module_param(name, type, mode)	struct param_##name
#define MODULE_PARM_DESC(name, text)	struct param_##name

#define GFP_KERNEL		0
#define kvzalloc(size, flags)	calloc(1, size)
#define kvmalloc(size, flags)	malloc(size)
#define kvfree(p)		free(p)

#define PF_KTHREAD		1
#define NSEC_PER_USEC		1000
#define div_u64(a, b)		((a) / (b))

typedef struct { u64 unused; } pmd_t;
typedef struct { u64 unused; } pte_t;
typedef unsigned long pgoff_t;

struct mm_struct { int unused; };
struct vm_area_struct;
struct anon_vma;
struct address_space;
struct page;

struct task_struct {
	struct mm_struct *mm;
	unsigned int flags;
};

extern struct task_struct *current;

static inline bool fatal_signal_pending(const struct task_struct *task)
{
	return false;
}

static inline void msleep(unsigned int ms)
{
}

static inline u64 ktime_get_ns(void)
{
	return 0;
}

static inline __attribute__((format(printf, 1, 2))) void pr_info(const char *format, ...)
{
}

struct thprace_utsname { const char *release; };

static inline struct thprace_utsname *init_utsname(void)
{
	static struct thprace_utsname name = { "6.12.0" };

	return &name;
}

/* Of compat/sym.h and compat/entry.h. */
bool thprace_split_has_order(void);
void thprace_lru_drain(void);

enum thprace_entry_kind { THPRACE_ENTRY_NONE, THPRACE_ENTRY_PRESENT };

struct thprace_entry {
	enum thprace_entry_kind kind;
	bool writable;
	unsigned long pfn;
};

#endif /* THPRACE_TESTS_KERNEL_MM_H */
