// SPDX-License-Identifier: GPL-2.0
/*
 * What the fuzzer's lines are about: memory that is the same in every process,
 * and processes that fork, exec, exit, unmap, move, protect and discard it
 * while others are told to split, race and check it.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz.h"

#ifndef MADV_COLD
#define MADV_COLD	20
#define MADV_PAGEOUT	21
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE	25
#endif

/* Acts of a process that another target forked: it ends by itself. */
#define CHILD_LIFE	60

static char *place(unsigned int nr)
{
	return (char *)FUZZ_BASE + nr * thp_bytes();
}

/* Touches all of a range; others may unmap it meanwhile, so not by storing. */
static void touch(char *addr, size_t len)
{
	static __thread int zero = -1;

	if (zero < 0)
		zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	if (read(zero, addr, len) < 0 && errno == EBADF)
		zero = -1;
}

static bool map_at(char *addr, size_t len, int flags, int fd)
{
	int prot = PROT_READ | (flags & MAP_PRIVATE && fd >= 0 ? 0 : PROT_WRITE);

	if (mmap(addr, len, prot, flags | MAP_FIXED, fd, 0) != addr)
		return false;
	if (fd < 0) {
		madvise(addr, len, MADV_HUGEPAGE);
		touch(addr, len);
	}
	return true;
}

#define ANON	(MAP_PRIVATE | MAP_ANONYMOUS)

bool fuzz_places_map(void)
{
	size_t huge = thp_bytes();
	int exe = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	bool ok;

	ok = map_at(place(FUZZ_ANON), FUZZ_NR_ANON * huge, ANON, -1) &&
	     map_at(place(FUZZ_LONE), huge, ANON, -1) &&
	     map_at(place(FUZZ_SHMEM), FUZZ_NR_SHMEM * huge, MAP_SHARED, fuzz->shmem_fd) &&
	     map_at(place(FUZZ_FILE), huge, MAP_PRIVATE, exe) &&
	     map_at(place(FUZZ_MIXED), huge, ANON, -1) &&
	     map_at(place(FUZZ_MIXED), PAGE_BYTES, MAP_SHARED, fuzz->shmem_fd);
	madvise(place(FUZZ_SHMEM), FUZZ_NR_SHMEM * huge, MADV_HUGEPAGE);
	touch(place(FUZZ_SHMEM), FUZZ_NR_SHMEM * huge);
	touch(place(FUZZ_MIXED), PAGE_BYTES);
	close(exe);
	return ok;
}

/* ---- acts ---- */

/* Where an act is done: a huge page of the anonymous ones, and a piece of it. */
struct spot {
	struct fuzz_rng *rng;
	char *huge, *addr;
	size_t len;
};

static void act_refill(struct spot *s)
{
	map_at(s->huge, thp_bytes(), ANON, -1);
}

static void act_touch(struct spot *s)
{
	touch(s->addr, s->len);
}

static void act_munmap(struct spot *s)
{
	munmap(s->addr, s->len);
}

static void act_remap(struct spot *s)
{
	munmap(s->addr, s->len);
	map_at(s->addr, s->len, ANON, -1);
}

/* Away and back, whole or a piece. */
static void act_mremap(struct spot *s)
{
	char *at = fuzz_chance(s->rng, 50) ? s->huge : s->addr;
	size_t len = at == s->huge ? thp_bytes() : s->len;
	char *away = mremap(at, len, len, MREMAP_MAYMOVE | MREMAP_FIXED,
			    place(FUZZ_NOTHING + 1000) + getpid() % 1000 * thp_bytes());

	if (away != MAP_FAILED)
		mremap(away, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, at);
}

static void act_mprotect(struct spot *s)
{
	mprotect(s->addr, s->len, fuzz_chance(s->rng, 50) ? PROT_READ : PROT_NONE);
	mprotect(s->addr, s->len, PROT_READ | PROT_WRITE);
}

static void act_madvise(struct spot *s)
{
	static const int advices[] = {
		MADV_DONTNEED, MADV_DONTNEED, MADV_FREE, MADV_NOHUGEPAGE, MADV_HUGEPAGE, MADV_COLD,
		MADV_PAGEOUT, MADV_COLLAPSE, MADV_RANDOM, MADV_WILLNEED, MADV_MERGEABLE,
		MADV_UNMERGEABLE,
	};
	int advice = advices[fuzz_below(s->rng, ARRAY_SIZE(advices))];

	if (advice == MADV_COLLAPSE)
		madvise(s->huge, thp_bytes(), advice);
	else
		madvise(s->addr, s->len, advice);
}

static void act_mlock(struct spot *s)
{
	mlock(s->addr, s->len);
	munlock(s->addr, s->len);
}

static void act_shmem(struct spot *s)
{
	char *addr = place(FUZZ_SHMEM) + (s->addr - s->huge);

	switch (fuzz_below(s->rng, 4)) {
	case 0:
		madvise(addr, s->len, MADV_DONTNEED);
		break;
	case 1:
		fallocate(fuzz->shmem_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			  s->addr - s->huge, s->len);
		break;
	case 2:
		munmap(addr, s->len);
		mmap(addr, s->len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fuzz->shmem_fd,
		     s->addr - s->huge);
		break;
	default:
		touch(addr, s->len);
	}
}

/* Of the memory of the caller; a writer does these as well. */
static const struct act {
	unsigned int weight;
	void (*fn)(struct spot *s);
} acts[] = {
	{ 12, act_refill },
	{ 3, act_touch },
	{ 3, act_munmap },
	{ 3, act_remap },
	{ 2, act_mremap },
	{ 2, act_mprotect },
	{ 4, act_madvise },
	{ 1, act_mlock },
	{ 2, act_shmem },
};

void fuzz_places_act(struct fuzz_rng *rng)
{
	size_t pages = thp_bytes() / PAGE_BYTES, first = fuzz_below(rng, pages);
	unsigned int nr = fuzz_below(rng, FUZZ_NR_ANON + 1), i, sum = 0, at;
	struct spot s = { .rng = rng };

	s.huge = place(nr < FUZZ_NR_ANON ? nr : FUZZ_LONE);
	if (fuzz_chance(rng, 10))
		s.huge = place(FUZZ_MIXED);
	s.addr = s.huge + first * PAGE_BYTES;
	s.len = (1 + fuzz_below(rng, pages - first)) * PAGE_BYTES;
	/* All of it, or one page, more often than chance has it. */
	if (fuzz_chance(rng, 20)) {
		s.addr = s.huge;
		s.len = thp_bytes();
	} else if (fuzz_chance(rng, 30)) {
		s.len = PAGE_BYTES;
	}
	for (i = 0; i < ARRAY_SIZE(acts); i++)
		sum += acts[i].weight;
	at = fuzz_below(rng, sum);
	for (i = 0; at >= acts[i].weight; i++)
		at -= acts[i].weight;
	acts[i].fn(&s);
	fuzz_count(fuzz->nr_acts);
}

/* ---- targets ---- */

/* Another process with the same memory, as fork leaves it, in a free slot. */
static void target_fork(struct fuzz_rng *rng)
{
	unsigned int slot = FUZZ_TARGETS + fuzz_below(rng, FUZZ_SLOTS - FUZZ_TARGETS);
	pid_t pid;

	if (fuzz->slot[slot])
		return;
	pid = fork();
	if (!pid) {
		/* Who comes second has no slot, and that is fine. */
		fuzz->slot[slot] = getpid();
		fuzz_target_run(slot, CHILD_LIFE);
	}
}

static noreturn void target_exec(unsigned int slot)
{
	char text[2][16];
	char *const argv[] = { "fuzz", "--target", text[0], text[1], NULL };

	snprintf(text[0], sizeof(text[0]), "%u", slot);
	snprintf(text[1], sizeof(text[1]), "%d", fuzz->fd);
	execv("/proc/self/exe", argv);
	_exit(1);
}

void fuzz_target_run(unsigned int slot, unsigned int life)
{
	struct fuzz_rng rng = fuzz_stream(fuzz->seed, 100 + slot, fuzz_count(fuzz->nr_spawned));

	signal(SIGCHLD, SIG_IGN);
	while (!__atomic_load_n(&fuzz->stop, __ATOMIC_RELAXED) && !kill(fuzz->owner, 0) && life--) {
		switch (fuzz_below(&rng, 100)) {
		case 0 ... 5:
			target_fork(&rng);
			break;
		case 6:
			if (slot < FUZZ_TARGETS)
				target_exec(slot);
			break;
		case 7:
			life = 0;
			break;
		default:
			fuzz_places_act(&rng);
		}
		if (!life)
			break;
		ksft_nap_ms(1 + fuzz_below(&rng, 20));
	}
	if (slot >= FUZZ_TARGETS)
		fuzz->slot[slot] = 0;
	_exit(0);
}

static void spawn_one(unsigned int slot)
{
	pid_t pid = fork();

	if (pid < 0)
		return;
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (!fuzz_places_map())
			_exit(1);
		fuzz_target_run(slot, ~0U);
	}
	fuzz->slot[slot] = pid;
}

/* Forgets who has ended. */
static void reap(void)
{
	unsigned int i;
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
		for (i = 0; i < FUZZ_SLOTS; i++)
			if (fuzz->slot[i] == pid)
				fuzz->slot[i] = 0;
}

void fuzz_spawn(void)
{
	struct fuzz_rng rng = fuzz_stream(fuzz->seed, 99, 0);
	unsigned int stopped[FUZZ_TARGETS] = { 0 }, i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* What its targets forked becomes its own, and is reaped. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	for (;;) {
		reap();
		for (i = 0; i < FUZZ_TARGETS; i++) {
			if (!fuzz->slot[i])
				spawn_one(i);
			if (stopped[i] && !--stopped[i] && fuzz->slot[i])
				kill(fuzz->slot[i], SIGCONT);
		}
		/* Only of its own children, which stay until they are reaped. */
		i = fuzz_below(&rng, FUZZ_TARGETS);
		if (fuzz->slot[i] && fuzz_chance(&rng, 4)) {
			kill(fuzz->slot[i], SIGKILL);
		} else if (fuzz->slot[i] && !stopped[i] && fuzz_chance(&rng, 10)) {
			kill(fuzz->slot[i], SIGSTOP);
			stopped[i] = 1 + fuzz_below(&rng, 20);
		}
		ksft_nap_ms(10);
	}
}
