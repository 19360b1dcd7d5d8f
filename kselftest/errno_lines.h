/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Lines that the triggers must refuse, and with which errno; for test_errno.c
 *
 * In a line, @P is the target's pid, @A the address and @L the length of its
 * mapping, @M both as a map= word, @D a process that is gone, @Z a zombie, @K
 * a kernel thread.  The target has THPs of its own, so but for its one fault
 * each line would be obeyed.  An empty row ends a table.
 */
#ifndef THPRACE_ERRNO_LINES_H
#define THPRACE_ERRNO_LINES_H

#include <errno.h>

struct bad_line {
	const char *file;
	const char *line;
	int err;
};

static const struct bad_line malformed[] = {
	{ "split", "", EINVAL },
	{ "split", "\n", EINVAL },
	{ "split", " \t  ", EINVAL },
	{ "split", "pid", EINVAL },
	{ "split", "pid= @M", EINVAL },
	{ "split", "=@P @M", EINVAL },
	{ "split", "pid=@P", EINVAL },
	{ "split", "pid=@P map", EINVAL },
	{ "split", "pid=@P map=", EINVAL },
	{ "split", "pid=@P map=@A", EINVAL },
	{ "split", "pid=@P map=@A+", EINVAL },
	{ "split", "pid=@P map=+@L", EINVAL },
	{ "split", "pid=@P map=@A-@L", EINVAL },
	{ "split", "pid=@P map=@A +@L", EINVAL },
	{ "split", "pid=@P map=@A+@L+@L", EINVAL },
	{ "split", "pid=@P @M\npage=1", EINVAL },
	{ "split", "pid=@P @M\n\n", EINVAL },
	{ "split", "pid=@P,@M", EINVAL },
	{ "split", "PID=@P @M", EINVAL },
	{ "split", "pid =@P @M", EINVAL },
	{ "split", "pid=-@P @M", EINVAL },
	{ "split", "pid=+@P @M", EINVAL },
	{ "split", "pid=@Px @M", EINVAL },
	{ "split", "pid=0x @M", EINVAL },
	{ "split", "pid=0xg @M", EINVAL },
	{ "split", "pid=1e3 @M", EINVAL },
	{ "split", "pid=@P.0 @M", EINVAL },
	{ "split", "pid=\"@P\" @M", EINVAL },
	{ "split", "pid=@P map=\"@A+@L\"", EINVAL },
	{ "split", "pid=@P @M page=1k", EINVAL },
	{ "split", "pid=@P @M order=", EINVAL },
	{ "munmap", "pid=@P @M seed=-1", EINVAL },
	{ "munmap", "pid=@P @M seed=seed", EINVAL },
	{ "race", "pid=@P @M op=split", EINVAL },
	{ "race", "pid=@P @M op=:1", EINVAL },
	{ "race", "pid=@P @M op=split:", EINVAL },
	{ "race", "pid=@P @M op=split:1:1", EINVAL },
	{ "race", "pid=@P @M op=split:one", EINVAL },
	{ "race", "pid=@P @M op=split:1 steer=\"a>end", EINVAL },
	{ "race", "pid=@P @M op=split:1 steer=\"\"", EINVAL },
	{ "race", "pid=@P @M op=split:1 steer=a>end b>end", EINVAL },
	{ "race", "pid=@P @M op=split:1 steer=\"a>\"", EINVAL },
	{ "race", "pid=@P @M op=split:1 steer=\"a=end\"", EINVAL },
	{ "race", "pid=@P @M op=split:1 steer=\"q>end\"", EINVAL },
	{ "race", "pid=@P @M op=split:1 steer=\"a<end\"", EINVAL },
	{ "race", "pid=@P @M op=split:1 stop_on=", EINVAL },
	{ "race", "pid=@P @M op=split:1 stop_on=second", EINVAL },
	{ "race", "pid=@P @M op=split:1 scenario=Big", EINVAL },
	{ "race", "pid=@P @M op=split:1 scenario=", EINVAL },
	{ "race", "pid=@P @M op=split:1 scenario=a/b", EINVAL },
	{ }
};

static const struct bad_line unknown_or_missing[] = {
	{ "split", "pid=@P @M colour=red", EINVAL },
	{ "split", "pids=@P @M", EINVAL },
	{ "split", "pid=@P @M pag=1", EINVAL },
	{ "split", "pid=@P @M op=split:1", EINVAL },
	{ "split", "pid=@P @M check=refcount", EINVAL },
	{ "split", "pid=@P @M rounds=1", EINVAL },
	{ "split", "pid=@P page=1", EINVAL },
	{ "munmap", "pid=@P", EINVAL },
	{ "munmap", "pid=@P @M op=munmap:1", EINVAL },
	{ "munmap", "pid=@P @M order=1", EINVAL },
	{ "check", "pid=@P", EINVAL },
	{ "check", "pid=@P @M check=nosuch", EINVAL },
	{ "check", "pid=@P @M check=", EINVAL },
	{ "check", "pid=@P @M check=refcoun", EINVAL },
	{ "check", "pid=@P @M check=refcounts", EINVAL },
	{ "check", "pid=@P @M check=refcount,rss", EINVAL },
	{ "check", "pid=@P @M inject=nosuch", EINVAL },
	{ "check", "pid=@P @M rounds=1", EINVAL },
	{ "race", "pid=@P @M", EINVAL },
	{ "race", "pid=@P @M rounds=1", EINVAL },
	{ "race", "pid=@P op=split:1 rounds=1", EINVAL },
	{ "race", "pid=@P @M op=nosuch:1 rounds=1", EINVAL },
	{ "race", "pid=@P @M op=splits:1 rounds=1", EINVAL },
	{ "race", "pid=@P @M op=split:1 op=munmap:1 steer=\"a>nosuch b>end\"",
	  EINVAL },
	{ "race", "pid=@P @M op=split:1 result=ok", EINVAL },
	{ "race", "pid=@P @M op=split:1 lane=a", EINVAL },
	{ }
};

static const struct bad_line repeated[] = {
	{ "split", "pid=@P pid=@P @M", EINVAL },
	{ "split", "pid=@P @M @M", EINVAL },
	{ "split", "pid=@P @M page=1 page=1", EINVAL },
	{ "split", "pid=@P @M order=0 order=1", EINVAL },
	{ "munmap", "pid=@P @M seed=1 seed=2", EINVAL },
	{ "check", "pid=@P @M check=refcount check=refcount", EINVAL },
	{ "check", "pid=@P @M inject=refcount inject=refcount", EINVAL },
	{ "race", "pid=@P @M op=split:1 op=split:1", EINVAL },
	{ "race", "pid=@P @M op=split:1 rounds=1 rounds=1", EINVAL },
	{ "race", "pid=@P @M op=split:1 duration_ms=1 duration_ms=1", EINVAL },
	{ "race", "pid=@P @M op=split:1 stop_on=first stop_on=first", EINVAL },
	{ "race", "pid=@P @M op=split:1 steer=grid steer=grid", EINVAL },
	{ "race", "pid=@P @M op=split:1 op=munmap:1 steer=\"grid nosuch\"", EINVAL },
	{ "race", "pid=@P @M op=split:1 grid_k=1 grid_k=1", EINVAL },
	{ }
};

static const struct bad_line misaligned[] = {
	{ "split", "pid=@P map=@A+0x1000", EINVAL },
	{ "split", "pid=@P map=@A+1", EINVAL },
	{ "split", "pid=@P map=@A+4096", EINVAL },
	{ "split", "pid=@P map=0x7f0000001000+@L", EINVAL },
	{ "split", "pid=@P map=1+@L", EINVAL },
	{ "split", "pid=@P map=0xfffffffffffff000+@L", EINVAL },
	{ "split", "pid=@P map=0xffffffffffe00000+0x400000", EINVAL },
	{ "munmap", "pid=@P map=@A+0x1fffff", EINVAL },
	{ "munmap", "pid=@P @M map=@A+0x200000", EINVAL },
	{ "check", "pid=@P map=@A+0x200000 @M", EINVAL },
	{ "race", "pid=@P map=@A+0x200000 @M op=split:1", EINVAL },
	{ }
};

static const struct bad_line out_of_limits[] = {
	{ "split", "pid=0 @M", ERANGE },
	{ "split", "pid=4194305 @M", ERANGE },
	{ "split", "pid=99999999999999999999999 @M", ERANGE },
	{ "split", "pid=0xffffffffffffffff @M", ERANGE },
	{ "split", "pid=@P map=@A+0", ERANGE },
	{ "split", "pid=@P map=@A+0x10000200000", ERANGE },
	{ "split", "pid=@P map=0x10000000000000000+@L", ERANGE },
	{ "split", "pid=@P @M page=512", ERANGE },
	{ "split", "pid=@P @M order=9", ERANGE },
	{ "munmap", "pid=@P @M page=0x200", ERANGE },
	{ "munmap", "pid=@P @M seed=18446744073709551616", ERANGE },
	{ "race", "pid=@P @M op=split:0", ERANGE },
	{ "race", "pid=@P @M op=split:17", ERANGE },
	{ "race", "pid=@P @M op=split:9 op=munmap:8", ERANGE },
	{ "race", "pid=@P @M op=split:4294967297", ERANGE },
	{ "race", "pid=@P @M op=split:1 rounds=0", ERANGE },
	{ "race", "pid=@P @M op=split:1 rounds=1000000001", ERANGE },
	{ "race", "pid=@P @M op=split:1 duration_ms=0", ERANGE },
	{ "race", "pid=@P @M op=split:1 duration_ms=3600001", ERANGE },
	{ "race", "pid=@P @M op=split:1 grid_k=0", ERANGE },
	{ "race", "pid=@P @M op=split:1 grid_k=17", ERANGE },
	{ "race", "pid=@P @M op=split:1 steer=\"a>x#0\"", ERANGE },
	{ "race", "pid=@P @M op=split:1 steer=\"a>x#1025\"", ERANGE },
	{ "race",
	  "@M op=split:1 steer=\"a>x a>x a>x a>x a>x a>x a>x a>x a>x a>x a>x a>x a>x a>x a>x a>x a>x\"",
	  ERANGE },
	{ }
};

static const struct bad_line no_process[] = {
	{ "split", "pid=@D @M", ESRCH },
	{ "munmap", "pid=@D @M page=1", ESRCH },
	{ "check", "pid=@D @M", ESRCH },
	{ "race", "pid=@D @M op=split:1 op=munmap:1 rounds=1", ESRCH },
	{ "split", "pid=@P pid=@D @M", ESRCH },
	{ "munmap", "pid=@P pid=@D @M page=1", ESRCH },
	{ "race", "pid=@P pid=@D @M op=split:1 op=munmap:1 rounds=1", ESRCH },
	{ "split", "pid=@Z @M", ESRCH },
	{ "check", "pid=@P pid=@Z @M", ESRCH },
	{ "split", "pid=@K @M", ESRCH },
	{ "munmap", "pid=@K @M page=1", ESRCH },
	{ "race", "pid=@P pid=@K @M op=split:1 op=munmap:1 rounds=1", ESRCH },
	{ }
};

static const struct bad_line hole[] = {
	{ "split", "pid=@P map=0x100000000000+@L", ENOMEM },
	{ "munmap", "pid=@P map=0x100000000000+@L page=1", ENOMEM },
	{ "check", "pid=@P map=0x100000000000+@L", ENOMEM },
	{ "race", "pid=@P map=0x100000000000+@L op=split:1 rounds=1", ENOMEM },
	{ "split", "pid=@P @M map=0x100000000000+@L", ENOMEM },
	{ "munmap", "pid=@P @M map=0x100000000000+@L page=1", ENOMEM },
	/* the kernel's half, and what no page table reaches */
	{ "split", "pid=@P map=0xffff800000000000+@L", ENOMEM },
	{ "munmap", "pid=@P map=0xffff800000000000+@L page=1", ENOMEM },
	{ "race", "pid=@P map=0xffff800000000000+@L op=split:1 rounds=1", ENOMEM },
	{ "session", "check pid=@P map=0xffff800000000000+@L", ENOMEM },
	{ "session", "hold pid=@P map=0xffff800000000000+@L", ENOMEM },
	{ "session", "bench pid=@P map=0xffff800000000000+@L", ENOMEM },
	{ "session", "calibrate pid=@P map=0xffff800000000000+@L", ENOMEM },
	{ "session", "split lane=a pid=@P map=0xffff800000000000+@L", ENOMEM },
	{ "session", "go lane=a op=munmap map=0xffff800000000000+@L", ENOMEM },
	{ "session", "go lane=a op=munmap map=0xffffffff80000000+0x200000", ENOMEM },
	{ "session", "go lane=a op=munmap map=0x100000000000000+@L", ENOMEM },
	{ "session", "go lane=a op=exit task=@P map=0xffff800000000000+@L", ENOMEM },
	{ "session", "go lane=a op=ksm task=@K map=0xffff800000000000+@L", ENOMEM },
	{ }
};

/* In each of these the words before the fault would change something. */
static const struct bad_line all_or_nothing[] = {
	{ "munmap", "pid=@P @M page=5 page=6", EINVAL },
	{ "munmap", "pid=@P @M page=5 junk", EINVAL },
	{ "munmap", "pid=@P @M page=5 seed=1x", EINVAL },
	{ "munmap", "pid=@P @M page=5 page=", EINVAL },
	{ "munmap", "pid=@P @M page=5 pid=0", ERANGE },
	{ "munmap", "pid=@P @M page=5 pid=@D", ESRCH },
	{ "munmap", "pid=@P @M page=5 map=0x100000000000+0x200000", ENOMEM },
	{ "split", "pid=@P @M page=5 order=x", EINVAL },
	{ "split", "pid=@P @M pid=@K", ESRCH },
	{ }
};

#endif /* THPRACE_ERRNO_LINES_H */
