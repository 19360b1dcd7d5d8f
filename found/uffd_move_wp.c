// SPDX-License-Identifier: GPL-2.0
/*
 * UFFDIO_MOVE of a write-protected page maps it writable, and the protection is
 * lost; docs/FOUND.md. Exit status: 0 kept, 1 lost, 4 cannot tell.
 */
#include <err.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define HUGE	(2UL << 20)

/* Linux 6.8; older headers lack them. */
#define FEATURE_MOVE	(1ULL << 16)
struct move {
	uint64_t dst, src, len, mode;
	int64_t moved;
};
#define MOVE		_IOWR(UFFDIO, 0x05, struct move)

static int uffd, pagemap;

static int protected(const char *p)
{
	uint64_t entry = 0;

	if (pread(pagemap, &entry, 8, (uintptr_t)p / getpagesize() * 8) != 8)
		err(4, "pagemap");
	return entry >> 57 & 1;
}

/* len bytes of one mapping to another, both registered for write protection. */
static int try(const char *name, char *src, char *dst, size_t len, int advice)
{
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING |
					       UFFDIO_REGISTER_MODE_WP };
	struct uffdio_writeprotect wp = { .mode = UFFDIO_WRITEPROTECT_MODE_WP };
	struct move move = { (uintptr_t)dst, (uintptr_t)src, len, 0, 0 };

	madvise(src, len, advice);
	memset(src, 1, len);
	reg.range = (struct uffdio_range){ (uintptr_t)src, len };
	if (ioctl(uffd, UFFDIO_REGISTER, &reg))
		err(4, "UFFDIO_REGISTER");
	wp.range = reg.range;
	reg.range.start = (uintptr_t)dst;
	if (ioctl(uffd, UFFDIO_REGISTER, &reg) || ioctl(uffd, UFFDIO_WRITEPROTECT, &wp))
		err(4, "UFFDIO_WRITEPROTECT");
	if (!protected(src))
		errx(4, "%s: not write-protected before", name);
	if (ioctl(uffd, MOVE, &move))
		err(4, "UFFDIO_MOVE");
	if (protected(dst))
		return 0;
	dst[0] = 2;	/* a protected page would wait here for whoever reads uffd */
	printf("%s: lost its write protection, and could be written to\n", name);
	return 1;
}

int main(void)
{
	struct uffdio_api api = { .api = UFFD_API, .features = FEATURE_MOVE };
	char *area = mmap(NULL, 5 * HUGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *a = (char *)(((uintptr_t)area + HUGE - 1) & -HUGE);

	uffd = syscall(SYS_userfaultfd, O_CLOEXEC);
	pagemap = open("/proc/self/pagemap", O_RDONLY);
	if (area == MAP_FAILED || uffd < 0 || pagemap < 0 || ioctl(uffd, UFFDIO_API, &api))
		err(4, "no UFFDIO_MOVE");
	return try("a page", a, a + HUGE, getpagesize(), MADV_NOHUGEPAGE) |
	       try("a huge page", a + 2 * HUGE, a + 3 * HUGE, HUGE, MADV_HUGEPAGE);
}
