// SPDX-License-Identifier: GPL-2.0
/*
 * Fatal signals: caught, and judged
 *
 * A page that the kernel has lost shows as SIGSEGV, SIGBUS or SIGILL of whoever
 * touches it.  The handler notes what it can in shared memory and lets the
 * process die; main judges.  Only what is safe in a signal handler is called.
 */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "crash.h"
#include "env.h"
#include "region.h"
#include "run.h"
#include "util.h"

#define STACK_BYTES	0x8000
#define PM_PRESENT	BIT_ULL(63)
#define PM_PFN_MASK	(BIT_ULL(55) - 1)
#define PF_WRITE	2		/* bits of the x86 error code */
#define PF_FETCH	16
#define ESR_CLASS(esr)	((esr) >> 26 & 0x3f)	/* of the arm64 syndrome */
#define ESR_FETCH	0x20
#define ESR_DATA	0x24
#define ESR_WRITE	BIT_ULL(6)
#ifndef BUS_MCEERR_AR
#define BUS_MCEERR_AR	4
#define BUS_MCEERR_AO	5
#endif

static const int signals[] = { SIGSEGV, SIGBUS, SIGILL };

static struct run *watched;
static int kpageflags = -1;
static __thread unsigned int my_lane;
static __thread char stack[STACK_BYTES];
static __thread sigjmp_buf *expected;
static __thread bool expected_bus;

/**
 * crash_is_fatal() - one of the signals by which a lost page shows
 * @sig: signal
 */
bool crash_is_fatal(int sig)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(signals); i++) {
		if (signals[i] == sig)
			return true;
	}
	return false;
}

static void note_access(struct crash *c, const ucontext_t *context)
{
#ifdef __x86_64__
	c->ip = context->uc_mcontext.gregs[REG_RIP];
	c->write = context->uc_mcontext.gregs[REG_ERR] & PF_WRITE;
	c->fetch = context->uc_mcontext.gregs[REG_ERR] & PF_FETCH;
#elif defined(__aarch64__)
	const void *at = context->uc_mcontext.__reserved;
	const struct _aarch64_ctx *record;
	u64 esr;

	c->ip = context->uc_mcontext.pc;
	for (record = at; record->magic && record->magic != ESR_MAGIC; record = at)
		at += record->size;
	if (record->magic) {
		esr = ((const struct esr_context *)at)->esr;
		c->write = ESR_CLASS(esr) == ESR_DATA && esr & ESR_WRITE;
		c->fetch = ESR_CLASS(esr) == ESR_FETCH;
	}
#else
	(void)context;
#endif
	if (c->sig == SIGILL)
		c->fetch = true;
}

/* What the run thinks of the page, in the process that has the fault. */
static void note_state(struct crash *c)
{
	const struct region *r = &watched->region;
	unsigned long home = c->addr - watched->shift, base = (unsigned long)r->base;

	if (!base || home < base || home >= base + r->len || !watched->state)
		return;
	c->known = true;
	c->state = watched->state[(home - base) / env.page_size];
	c->thp = (home - base) / env.hpage_size;
}

static void note_page(struct crash *c)
{
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	off_t at = c->addr / env.page_size * sizeof(u64);

	if (fd < 0)
		return;
	if (pread(fd, &c->pagemap, sizeof(c->pagemap), at) != sizeof(c->pagemap))
		c->pagemap = 0;
	close(fd);
	at = (c->pagemap & PM_PFN_MASK) * sizeof(u64);
	if (c->pagemap & PM_PRESENT && at &&
	    pread(kpageflags, &c->flags, sizeof(c->flags), at) != sizeof(c->flags))
		c->flags = 0;
}

static const char *read_hex(const char *s, u64 *val)
{
	for (*val = 0; (*s >= '0' && *s <= '9') || (*s >= 'a' && *s <= 'f'); s++)
		*val = *val * 16 + (*s <= '9' ? *s - '0' : *s - 'a' + 10);
	return s;
}

/* A line of /proc/self/maps; its end may be missing. */
static bool is_vma_of(const char *line, u64 addr, char *perms)
{
	u64 start, end;

	line = read_hex(line, &start);
	if (*line++ != '-')
		return false;
	line = read_hex(line, &end);
	if (*line++ != ' ' || addr < start || addr >= end)
		return false;
	memcpy(perms, line, 4);
	perms[4] = '\0';
	return true;
}

static void note_vma(struct crash *c)
{
	int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	char buf[512], line[64];
	unsigned int len = 0;
	ssize_t n, i;

	if (fd < 0)
		return;
	while (!c->mapped && (n = read(fd, buf, sizeof(buf))) > 0) {
		for (i = 0; i < n && !c->mapped; i++) {
			if (buf[i] != '\n') {
				if (len < sizeof(line) - 1)
					line[len++] = buf[i];
				continue;
			}
			line[len] = '\0';
			c->mapped = is_vma_of(line, c->addr, c->perms);
			len = 0;
		}
	}
	close(fd);
}

/**
 * crash_signal() - note a fatal signal and die of it
 * @sig: signal
 * @info: of it
 * @context: of it
 */
void crash_signal(int sig, siginfo_t *info, void *context)
{
	struct shared *sh = watched->sh;
	struct crash *c;
	u32 n;

	if (expected && info->si_code > 0 &&
	    (sig == SIGSEGV || (expected_bus && sig == SIGBUS && info->si_code == BUS_ADRERR)))
		siglongjmp(*expected, sig);
	n = __atomic_fetch_add(&sh->nr_crashes, 1, __ATOMIC_RELAXED);
	c = &sh->crash[n];
	if (n < MAX_CRASHES) {
		c->sig = sig;
		c->code = info->si_code;
		c->pid = getpid();
		c->lane = my_lane;
		c->addr = info->si_code > 0 ? (unsigned long)info->si_addr : 0;
		note_access(c, context);
		note_state(c);
		note_page(c);
		note_vma(c);
		__atomic_store_n(&c->ready, 1, __ATOMIC_RELEASE);
	}
	__atomic_store_n(&sh->abort, 1, __ATOMIC_RELEASE);
	signal(sig, SIG_DFL);
	raise(sig);
}

/**
 * crash_thread() - the caller is a lane; its handler gets a stack of its own
 * @lane: number
 */
void crash_thread(unsigned int lane)
{
	const stack_t ss = { .ss_sp = stack, .ss_size = sizeof(stack) };

	my_lane = lane;
	sigaltstack(&ss, NULL);
}

/**
 * crash_expect() - a fault of the calling thread is no finding for now
 * @way_out: where it goes on then; NULL: from now on it is one again
 *
 * For memory that another lane may unmap or protect just now.
 */
void crash_expect(sigjmp_buf *way_out)
{
	expected_bus = false;
	expected = way_out;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

/**
 * crash_expect_bus() - the same, and SIGBUS is none either
 * @way_out: as above; sigsetjmp() returns the signal there
 *
 * For memory that a userfaultfd with UFFD_FEATURE_SIGBUS protects, or whose file is cut.
 */
void crash_expect_bus(sigjmp_buf *way_out)
{
	expected_bus = true;
	expected = way_out;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

/**
 * crash_catch() - from here on, in this process and those that it forks
 * @run: the run
 */
void crash_catch(struct run *run)
{
	struct sigaction sa = {
		.sa_sigaction = crash_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK,
	};
	unsigned int i;

	watched = run;
	if (kpageflags < 0)
		kpageflags = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	crash_thread(0);
	for (i = 0; i < ARRAY_SIZE(signals); i++)
		sigaction(signals[i], &sa, NULL);
	run->sh->armed = 1;
}

static bool permits(const struct crash *c)
{
	if (c->fetch)
		return c->perms[2] == 'x';
	return c->write ? c->perms[1] == 'w' : c->perms[0] == 'r';
}

/**
 * crash_judge() - whose fault is it?
 * @c: what the handler has noted
 *
 * Memory must be there when the mappings permit the access, or when there is none
 * any more and the run has not unmapped it.
 */
enum crash_kind crash_judge(const struct crash *c)
{
	if (c->code <= 0)
		return CRASH_SENT;
	if (c->sig == SIGBUS && (c->code == BUS_MCEERR_AR || c->code == BUS_MCEERR_AO))
		return CRASH_HARDWARE;
	if (c->known && (c->state == PG_HOLE || c->state == PG_ANY))
		return CRASH_OURS;
	if (c->mapped)
		return permits(c) ? CRASH_LOST : CRASH_OURS;
	return c->known ? CRASH_LOST : CRASH_OURS;
}
