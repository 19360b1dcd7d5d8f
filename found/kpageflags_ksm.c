// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/kpageflags says of every anonymous page that KSM has merged it; docs/FOUND.md.
 * Exit status: 0 right, 1 wrong, 4 cannot tell.
 */
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#define PRESENT		(1ULL << 63)
#define FRAME		((1ULL << 55) - 1)
#define KPF_ANON	12
#define KPF_KSM		21

static uint64_t read_at(const char *path, uint64_t index)
{
	int fd = open(path, O_RDONLY);
	uint64_t val;

	if (fd < 0 || pread(fd, &val, sizeof(val), index * sizeof(val)) != sizeof(val))
		err(4, "%s", path);
	close(fd);
	return val;
}

int main(void)
{
	char *at = mmap(NULL, getpagesize(), PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	uint64_t entry, flags;

	if (at == MAP_FAILED)
		err(4, "mmap");
	*at = 1;
	entry = read_at("/proc/self/pagemap", (uintptr_t)at / getpagesize());
	if (!(entry & PRESENT) || !(entry & FRAME))
		errx(4, "no frame: root only");
	flags = read_at("/proc/kpageflags", entry & FRAME);
	if (!(flags >> KPF_ANON & 1))
		errx(4, "not anonymous");
	printf("a page that nobody has merged is%s told to be a KSM page\n",
	       flags >> KPF_KSM & 1 ? "" : " not");
	return flags >> KPF_KSM & 1;
}
