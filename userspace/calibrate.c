// SPDX-License-Identifier: GPL-2.0
/*
 * Memory that two processes share, for the module to calibrate on
 *
 * At load the module makes memory of one process itself, but it cannot fork.
 * Whether the memory is what it is meant to be the module sees in the page
 * tables; what it finds is in its list of checks.  So nothing is reported here,
 * and where there is no huge page there is nothing more to find.
 */
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "calibrate.h"
#include "client.h"
#include "env.h"

#define PATIENCE_S	60

static char *huge_page(void)
{
	size_t size = env.hpage_size;
	char *p = mmap(NULL, 2 * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	p = (char *)(((uintptr_t)p + size - 1) & ~(uintptr_t)(size - 1));
	madvise(p, size, MADV_HUGEPAGE);
	*p = 1;
	return p;
}

/* Two VMAs: the huge page is mapped by PTEs then. */
static void split_vma(char *p)
{
	madvise(p, env.hpage_size / 2, MADV_DONTDUMP);
}

/* The other process: splits its VMA when it is told to, and says so. */
static void follow(int in, int out, char *p)
{
	char c;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (read(in, &c, 1) == 1) {
		split_vma(p);
		if (write(out, &c, 1) != 1)
			break;
	}
	_exit(0);
}

static void show(int fd, pid_t other, const char *p)
{
	session_cmd(fd, "calibrate pid=%d pid=%d map=0x%llx+0x%zx", getpid(), other,
		    (unsigned long long)(uintptr_t)p, env.hpage_size);
}

/* Mapped by a PMD in both, in one of them, in none. */
static void lead(void)
{
	int fd = session_open(), tell[2], hear[2];
	char *p = huge_page(), c = 0;
	pid_t other;

	if (fd < 0 || !p || pipe(tell) || pipe(hear))
		return;
	other = fork();
	if (!other) {
		close(tell[1]);
		follow(tell[0], hear[1], p);
	}
	if (other < 0)
		return;
	show(fd, other, p);
	split_vma(p);
	show(fd, other, p);
	if (write(tell[1], &c, 1) == 1 && read(hear[0], &c, 1) == 1)
		show(fd, other, p);
	close(tell[1]);
	waitpid(other, NULL, 0);
}

/**
 * calibrate_shared() - have the module look at what it cannot make itself
 *
 * By processes of its own: the caller need have no huge pages.
 */
void calibrate_shared(void)
{
	pid_t pid = fork();

	if (!pid) {
		alarm(PATIENCE_S);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		env_allow_thp(true);
		lead();
		_exit(0);
	}
	if (pid > 0)
		waitpid(pid, NULL, 0);
}
