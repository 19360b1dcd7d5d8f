// SPDX-License-Identifier: GPL-2.0
/*
 * Regions of huge pages and the processes that hold them; see thp.h
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "thp.h"

#define THP_SYSFS	"/sys/kernel/mm/transparent_hugepage/"
#define HOLDERS_MAX	64
#define PM_FRAME	((1ULL << 55) - 1)
#define KPF_ANON	12
#define KPF_SWAPCACHE	13
#define MAP_TRIES	10
/* A holder answers within that, or it is dead. */
#define ANSWER_S	120

enum holder_verb {
	HOLDER_BAD,
	HOLDER_MINCORE,
	HOLDER_FILL,
};

struct holder_msg {
	enum holder_verb verb;
	const void *addr;
	size_t len;
	s64 ret;
};

size_t thp_bytes(void)
{
	static size_t bytes;
	FILE *f;

	if (bytes)
		return bytes;
	f = fopen(THP_SYSFS "hpage_pmd_size", "r");
	if (!f || fscanf(f, "%zu", &bytes) != 1 || !bytes)
		ksft_skip("this kernel has no transparent huge pages");
	fclose(f);
	return bytes;
}

/* Depends on the address only: what moved is as wrong as what changed. */
static u64 pattern(const u64 *word)
{
	return ((u64)(unsigned long)word ^ 0x5ca1ab1e) * 0x9e3779b97f4a7c15ULL;
}

void region_fill(char *addr, size_t len)
{
	u64 *w = (u64 *)addr, *end = (u64 *)(addr + len);

	for (; w < end; w++)
		*w = pattern(w);
}

size_t region_bad(const char *addr, size_t len)
{
	const u64 *w = (const u64 *)addr, *end = (const u64 *)(addr + len);
	size_t nr = 0;

	for (; w < end; w++)
		nr += *w != pattern(w);
	return nr;
}

static bool map_once(struct region *r, size_t len)
{
	const char *hint = getenv("KSFT_HINT");
	size_t huge = thp_bytes();
	unsigned long start;
	char *p;

	/* What stays PROT_NONE around it keeps it a VMA of its own. */
	p = mmap((void *)(hint ? strtoul(hint, NULL, 16) : 0), len + 3 * huge, PROT_NONE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		return false;
	start = ((unsigned long)p + 2 * huge - 1) & ~(huge - 1);
	r->addr = (char *)start;
	r->len = len;
	if (mprotect(r->addr, len, PROT_READ | PROT_WRITE))
		return false;
	madvise(r->addr, len, MADV_HUGEPAGE);
	region_fill(r->addr, len);
	if (smaps_bytes(getpid(), r->addr, len, "AnonHugePages") == len)
		return true;
	munmap(p, len + 3 * huge);
	return false;
}

/* A neighbour may have the memory just now, in whole or in pieces. */
bool region_try_map(struct region *r, size_t len)
{
	unsigned int i;

	for (i = 0; i < MAP_TRIES; i++) {
		if (map_once(r, len))
			return true;
		ksft_nap_ms(100 << (i / 2));
	}
	return false;
}

char *thp_reserve(size_t len)
{
	size_t huge = thp_bytes();
	char *p = mmap(NULL, len + huge, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
		       -1, 0);

	ksft_assert(p != MAP_FAILED, "mmap");
	p += -(unsigned long)p % huge;
	ksft_assert(!munmap(p, len), "munmap");
	return p;
}

void region_map(struct region *r, size_t len)
{
	ksft_assert(region_try_map(r, len), "no %zu bytes of huge pages", len);
}

void region_unmap(struct region *r)
{
	munmap(r->addr, r->len);
}

/* The part of [@s, @e) inside the range. */
static size_t overlap(unsigned long s, unsigned long e, const void *addr,
		      size_t len)
{
	unsigned long a = (unsigned long)addr, b = a + len;

	s = s > a ? s : a;
	e = e < b ? e : b;
	return e > s ? e - s : 0;
}

/* "START-END ": a line that begins a VMA in maps and smaps. */
static bool vma_line(const char *line, unsigned long *s, unsigned long *e)
{
	char *p;

	*s = strtoul(line, &p, 16);
	if (p == line || *p != '-')
		return false;
	line = p + 1;
	*e = strtoul(line, &p, 16);
	return p != line && *p == ' ';
}

size_t smaps_bytes(pid_t pid, const void *addr, size_t len, const char *field)
{
	size_t n = strlen(field), total = 0;
	unsigned long s, e;
	char line[512];
	bool in = false;
	FILE *f;

	snprintf(line, sizeof(line), "/proc/%d/smaps", pid);
	f = fopen(line, "r");
	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f)) {
		if (vma_line(line, &s, &e))
			in = overlap(s, e, addr, len) > 0;
		else if (in && !strncmp(line, field, n) && line[n] == ':')
			total += strtoul(line + n + 1, NULL, 10) * 1024;
	}
	fclose(f);
	return total;
}

size_t maps_hole(pid_t pid, const void *addr, size_t len)
{
	size_t mapped = 0;
	unsigned long s, e;
	char line[512];
	FILE *f;

	snprintf(line, sizeof(line), "/proc/%d/maps", pid);
	f = fopen(line, "r");
	if (!f)
		return len;
	while (fgets(line, sizeof(line), f))
		if (vma_line(line, &s, &e))
			mapped += overlap(s, e, addr, len);
	fclose(f);
	return len - mapped;
}

static s64 read_counter(const char *path, const char *name)
{
	size_t n = strlen(name);
	char line[256];
	s64 v = -1;
	FILE *f;

	f = fopen(path, "r");
	if (!f)
		return -1;
	while (v < 0 && fgets(line, sizeof(line), f))
		if (!strncmp(line, name, n) && strchr(": ", line[n]))
			v = strtoll(line + n + 1, NULL, 10);
	fclose(f);
	return v;
}

s64 vm_counter(const char *name)
{
	return read_counter("/proc/vmstat", name);
}

/* Numbers of 64 bits from a file of the kernel that is an array of them. */
static void read_array(const char *path, u64 first, u64 *to, unsigned int nr)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t want = nr * sizeof(*to);

	ksft_assert(fd >= 0 && pread(fd, to, want, first * sizeof(*to)) == want, "%s: %s", path,
		    strerror(errno));
	close(fd);
}

unsigned int holder_frames(const struct holder *h, u64 *frames, unsigned int nr)
{
	unsigned int i, all = h->r.len / thp_bytes();
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/pagemap", h->pid);
	for (i = 0; i < nr && i < all; i++) {
		read_array(path, ((unsigned long)h->r.addr + i * thp_bytes()) / PAGE_BYTES,
			   &frames[i], 1);
		frames[i] &= PM_FRAME;
		ksft_assert(frames[i], "%s shows no frame", path);
	}
	return i;
}

/*
 * Pages that go while they wait in a CPU's batch for the LRU lists stay until it
 * is drained.  move_pages() drains them all first, whatever becomes of the page.
 */
static void drain_batches(void)
{
	int node = 0, status;
	void *at = &status;

	syscall(SYS_move_pages, 0, 1UL, &at, &node, &status, 0);
}

unsigned int frames_left(const u64 *frames, unsigned int nr)
{
	unsigned int pages = thp_bytes() / PAGE_BYTES, i, j, left = 0;
	u64 *flags = calloc(2 * pages, sizeof(*flags)), *count = flags + pages;

	ksft_assert(flags, "out of memory");
	drain_batches();
	for (i = 0; i < nr; i++) {
		read_array("/proc/kpageflags", frames[i], flags, pages);
		read_array("/proc/kpagecount", frames[i], count, pages);
		for (j = 0; j < pages; j++)
			left += (flags[j] >> KPF_ANON & 1) &&
				!(flags[j] >> KPF_SWAPCACHE & 1) && !count[j];
	}
	free(flags);
	return left;
}

static s64 meminfo_kb(const char *name)
{
	return read_counter("/proc/meminfo", name);
}

void hugetlb_have(unsigned int nr)
{
	s64 spare = meminfo_kb("HugePages_Free") - meminfo_kb("HugePages_Rsvd");
	s64 total = meminfo_kb("HugePages_Total");
	FILE *f;

	if (total < 0 || spare >= nr || meminfo_kb("Hugepagesize") * 1024 != (s64)thp_bytes())
		return;
	/* setup.sh puts it back */
	f = fopen("/proc/sys/vm/nr_hugepages", "w");
	if (!f)
		return;
	fprintf(f, "%lld\n", (long long)(total + nr - spare));
	fclose(f);
}

static void holder_answer(struct holder_msg *m)
{
	static unsigned char vec[1 << 16];

	switch (m->verb) {
	case HOLDER_BAD:
		m->ret = region_bad(m->addr, m->len);
		break;
	case HOLDER_MINCORE:
		if (m->len / PAGE_BYTES > sizeof(vec))
			m->ret = E2BIG;
		else
			m->ret = mincore((void *)m->addr, m->len, vec) ? errno : 0;
		break;
	case HOLDER_FILL:
		region_fill((char *)m->addr, m->len);
		m->ret = 0;
		break;
	}
}

static noreturn void holder_serve(int fd)
{
	struct holder_msg m;
	pid_t pid = getpid();

	/* Not ours to end with an assert: only answer, until nobody asks. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (write(fd, &pid, sizeof(pid)) != sizeof(pid))
		_exit(1);
	while (read(fd, &m, sizeof(m)) == sizeof(m)) {
		holder_answer(&m);
		if (write(fd, &m, sizeof(m)) != sizeof(m))
			break;
	}
	_exit(0);
}

void holder_start_shared(struct holder *h, unsigned int nr, size_t len)
{
	struct timeval tv = { .tv_sec = ANSWER_S };
	int fds[HOLDERS_MAX][2];
	struct region r;
	unsigned int i;
	int hello[2];
	pid_t pid;

	ksft_assert(nr <= HOLDERS_MAX, "%u holders", nr);
	thp_bytes();
	for (i = 0; i < nr; i++) {
		ksft_assert(!socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds[i]),
			    "socketpair: %s", strerror(errno));
		setsockopt(fds[i][0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	}
	ksft_assert(!pipe(hello), "pipe: %s", strerror(errno));

	pid = fork();
	ksft_assert(pid >= 0, "fork: %s", strerror(errno));
	if (!pid) {
		for (i = 0; i < nr; i++)
			close(fds[i][0]);
		region_map(&r, len);
		if (write(hello[1], &r, sizeof(r)) != sizeof(r))
			_exit(1);
		/* The last one forked serves too: the first is the parent of all. */
		for (i = 1; i < nr; i++)
			if (!fork())
				holder_serve(fds[i][1]);
		holder_serve(fds[0][1]);
	}
	close(hello[1]);
	ksft_assert(read(hello[0], &r, sizeof(r)) == sizeof(r),
		    "the holder did not come up");
	close(hello[0]);
	for (i = 0; i < nr; i++) {
		close(fds[i][1]);
		h[i].fd = fds[i][0];
		h[i].r = r;
		ksft_assert(read(h[i].fd, &h[i].pid, sizeof(pid)) == sizeof(pid),
			    "holder %u did not come up", i);
	}
}

void holder_start(struct holder *h, size_t len)
{
	holder_start_shared(h, 1, len);
}

void holder_stop(struct holder *h)
{
	close(h->fd);
	kill(h->pid, SIGKILL);
	/* Only the first of shared holders is our child. */
	ksft_reap(h->pid, 30000);
}

static s64 holder_ask(struct holder *h, enum holder_verb verb,
		      const void *addr, size_t len)
{
	struct holder_msg m = { .verb = verb, .addr = addr, .len = len };

	if (send(h->fd, &m, sizeof(m), MSG_NOSIGNAL) != sizeof(m) ||
	    read(h->fd, &m, sizeof(m)) != sizeof(m))
		return -1;
	return m.ret;
}

s64 holder_bad(struct holder *h, const void *addr, size_t len)
{
	return holder_ask(h, HOLDER_BAD, addr, len);
}

int holder_mincore(struct holder *h, const void *addr, size_t len)
{
	return holder_ask(h, HOLDER_MINCORE, addr, len);
}

int holder_fill(struct holder *h, const void *addr, size_t len)
{
	return holder_ask(h, HOLDER_FILL, addr, len);
}

bool holder_intact(struct holder *h, bool huge)
{
	size_t got = smaps_bytes(h->pid, h->r.addr, h->r.len, "AnonHugePages");
	size_t hole = maps_hole(h->pid, h->r.addr, h->r.len);
	s64 bad = hole ? -1 : holder_bad(h, h->r.addr, h->r.len);
	bool ok = true;

	ok &= ksft_expect(!hole, "%zu bytes of pid %d are unmapped", hole,
			  h->pid);
	if (huge)
		ok &= ksft_expect(got == h->r.len, "%zu of %zu bytes are huge",
				  got, h->r.len);
	ok &= ksft_expect(bad == 0, "%lld words changed", (long long)bad);
	return ok;
}
