// SPDX-License-Identifier: GPL-2.0
/*
 * Tracking of writes survives a split: soft-dirty, userfaultfd
 *
 * Marks are set by one thread and looked for in pagemap after the race; a
 * split, which takes all mappings away and puts them back, must keep them.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "env.h"
#include "phases.h"
#include "piece.h"
#include "region.h"
#include "rng.h"
#include "run.h"
#include "scenario.h"
#include "scenario_piece.h"
#include "util.h"
#include "verify.h"

#define CLEAR_REFS	"/proc/self/clear_refs"
#define PM_SOFT_DIRTY	BIT_ULL(55)
#define PM_UFFD_WP	BIT_ULL(57)
#define PM_THERE	(BIT_ULL(63) | BIT_ULL(62))
#define NR_WRITTEN	8

struct track_priv {
	u8 *marked;			/* [nr_thps * nr_subpages]: must carry the mark */
	int uffd, pagemap;
};

/* A kernel without the option clears its bits all the same, but none is ever set. */
static const char *softdirty_why_not(void)
{
	size_t size = env.page_size;
	u64 entry = 0;
	int pagemap;
	char *at;

	if (pagemap_why_not())
		return pagemap_why_not();
	at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED)
		return "no memory to try soft-dirty tracking on";
	pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	/* any process may clear its own */
	if (!write_text(CLEAR_REFS, "4")) {
		*at = 1;
		if (pread(pagemap, &entry, sizeof(entry),
			  (unsigned long)at / size * sizeof(entry)) != sizeof(entry))
			entry = 0;
	}
	if (pagemap >= 0)
		close(pagemap);
	munmap(at, size);
	return entry & PM_SOFT_DIRTY ? NULL : "this kernel has no soft-dirty tracking";
}

static int track_setup(struct run *run)
{
	struct track_priv *priv = calloc(1, sizeof(*priv));

	run->priv = priv;
	if (!priv)
		return -ENOMEM;
	priv->uffd = -1;
	priv->marked = calloc(run->nr_thps, env.nr_subpages);
	priv->pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	if (priv->marked && priv->pagemap >= 0)
		return 0;
	set_error("cannot read pagemap");
	return -EIO;
}

static void track_cleanup(struct run *run)
{
	struct track_priv *priv = run->priv;

	if (!priv)
		return;
	if (priv->uffd >= 0)
		close(priv->uffd);
	if (priv->pagemap >= 0)
		close(priv->pagemap);
	free(priv->marked);
	free(priv);
}

static void look_for(struct run *run, struct lane *lane, unsigned int thp, u64 bit,
		     const char *what)
{
	struct track_priv *priv = run->priv;
	u8 *marked = priv->marked + (size_t)thp * env.nr_subpages;
	char *base = region_thp(&run->region, thp);
	unsigned int i;
	u64 entry;

	for (i = 0; i < env.nr_subpages; i++) {
		struct mismatch bad = { .addr = base + i * env.page_size, .want = bit };
		off_t at = (unsigned long)bad.addr / env.page_size * sizeof(entry);

		if (!marked[i])
			continue;
		marked[i] = 0;
		if (pread(priv->pagemap, &entry, sizeof(entry), at) != sizeof(entry))
			continue;
		run->sh->lane[lane->id].pages_verified++;
		bad.got = entry;
		if ((entry & PM_THERE) && !(entry & bit))
			content_violation(run, lane, &bad, what);
	}
}

/* The whole process is cleared: what was written before has no mark any more. */
static int clear_marks(struct run *run)
{
	struct track_priv *priv = run->priv;
	int err = write_text(CLEAR_REFS, "4");

	if (!err)
		memset(priv->marked, 0, (size_t)run->nr_thps * env.nr_subpages);
	return err;
}

static void write_some(struct run *run, struct lane *lane, unsigned int thp)
{
	struct track_priv *priv = run->priv;
	char *base = region_thp(&run->region, thp);
	unsigned int i, page;

	for (i = 0; i < NR_WRITTEN; i++) {
		page = rng_below(&lane->rng, env.nr_subpages);
		page_fill(base + page * env.page_size, run->gen);
		priv->marked[(size_t)thp * env.nr_subpages + page] = 1;
	}
}

/*
 * Marks are set before the split, or while it is at it.  Mostly they are not
 * cleared any more later in the batch, so that many can be looked for.
 *
 * Never cleared while it is at it: a stock kernel clears the bit of a writable
 * migration entry and leaves it writable, so that nobody sees a later write.
 */
static int softdirty_plan(struct run *run, struct lane *lane, unsigned int thp)
{
	int err = 0;

	piece_plan(run, lane, thp);
	if (!thp || lane->variant % 4 < 2)
		err = clear_marks(run);
	if (err)
		set_error("cannot clear soft-dirty bits: %s", strerror(-err));
	else if (lane->variant / 4 % 2)
		write_some(run, lane, thp);
	return err;
}

/* What is written after the last clearing must be dirty, split or not. */
static enum act_result softdirty_act(struct run *run, struct lane *lane, unsigned int thp)
{
	write_some(run, lane, thp);
	return ACT_OK;
}

static int softdirty_after(struct run *run, struct lane *lane, unsigned int thp)
{
	if (lane->id)
		look_for(run, lane, thp, PM_SOFT_DIRTY, "the soft-dirty bit of a written page");
	return 0;
}

static int open_uffd(void)
{
	struct uffdio_api api = {
		.api = UFFD_API, .features = UFFD_FEATURE_PAGEFAULT_FLAG_WP,
	};
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return -errno;
	if (!ioctl(fd, UFFDIO_API, &api))
		return fd;
	close(fd);
	return -EOPNOTSUPP;
}

static int uffd_register(int fd, void *at, size_t len)
{
	struct uffdio_register reg = {
		.range = { .start = (unsigned long)at, .len = len },
		.mode = UFFDIO_REGISTER_MODE_WP,
	};

	return ioctl(fd, UFFDIO_REGISTER, &reg) ? -errno : 0;
}

static int uffd_protect(int fd, void *at, size_t len, bool on)
{
	struct uffdio_writeprotect wp = {
		.range = { .start = (unsigned long)at, .len = len },
		.mode = on ? UFFDIO_WRITEPROTECT_MODE_WP : 0,
	};

	return ioctl(fd, UFFDIO_WRITEPROTECT, &wp) ? -errno : 0;
}

/* Tries it on one page, and whether pagemap shows it. */
static const char *uffd_why_not(void)
{
	size_t size = env.page_size;
	const char *why = NULL;
	int fd = open_uffd(), pagemap;
	u64 entry = 0;
	char *at;

	if (fd < 0)
		return "this kernel has no userfaultfd write-protection (or not permitted)";
	if (pagemap_why_not()) {
		close(fd);
		return pagemap_why_not();
	}
	at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	if (at == MAP_FAILED || uffd_register(fd, at, size))
		why = "userfaultfd cannot write-protect anonymous memory here";
	if (!why) {
		*at = 1;
		if (uffd_protect(fd, at, size, true) ||
		    pread(pagemap, &entry, sizeof(entry),
			  (unsigned long)at / size * sizeof(entry)) != sizeof(entry) ||
		    !(entry & PM_UFFD_WP))
			why = "pagemap does not show write-protection on this kernel";
	}
	if (pagemap >= 0)
		close(pagemap);
	close(fd);
	if (at != MAP_FAILED)
		munmap(at, size);
	return why;
}

static int uffd_setup(struct run *run)
{
	struct track_priv *priv;
	int err = track_setup(run);

	if (err)
		return err;
	priv = run->priv;
	priv->uffd = open_uffd();
	if (priv->uffd >= 0)
		return 0;
	set_error("userfaultfd: %s", strerror(-priv->uffd));
	return priv->uffd;
}

static int uffd_map(struct run *run)
{
	struct track_priv *priv = run->priv;
	int err = region_map(&run->region);

	if (!err)
		err = uffd_register(priv->uffd, run->region.base, run->region.len);
	if (err)
		set_error("cannot register for write-protection: %s", strerror(-err));
	return err;
}

static int protect_piece(struct run *run, struct lane *lane, unsigned int thp, bool on)
{
	struct track_priv *priv = run->priv;
	u8 *marked = priv->marked + (size_t)thp * env.nr_subpages;
	char *base = region_thp(&run->region, thp);
	const struct piece *p = &lane->piece;
	int err;

	err = uffd_protect(priv->uffd, base + p->first * env.page_size,
			   p->nr * env.page_size, on);
	if (!err)
		memset(marked + p->first, on, p->nr);
	return err;
}

/* Write-protects a piece; sometimes the whole was, and the piece is not any more. */
static int uffd_plan(struct run *run, struct lane *lane, unsigned int thp)
{
	struct track_priv *priv = run->priv;
	int err = 0;

	piece_plan(run, lane, thp);
	lane->piece.stride = 1;
	if (lane->variant % 2)
		return 0;
	err = uffd_protect(priv->uffd, region_thp(&run->region, thp), env.hpage_size, true);
	if (err)
		set_error("write-protect: %s", strerror(-err));
	else
		memset(priv->marked + (size_t)thp * env.nr_subpages, 1, env.nr_subpages);
	return err;
}

static enum act_result uffd_act(struct run *run, struct lane *lane, unsigned int thp)
{
	int err = protect_piece(run, lane, thp, lane->variant % 2);

	if (!err)
		return ACT_OK;
	return err == -EAGAIN ? ACT_BUSY : ACT_FAILED;
}

/* Looked at, then given up: nobody is there to let a later write through. */
static int uffd_after(struct run *run, struct lane *lane, unsigned int thp)
{
	struct track_priv *priv = run->priv;
	struct uffdio_range range = {
		.start = (unsigned long)region_thp(&run->region, thp), .len = env.hpage_size,
	};

	if (!lane->id)
		return 0;
	look_for(run, lane, thp, PM_UFFD_WP, "the write-protection of a page");
	if (!ioctl(priv->uffd, UFFDIO_UNREGISTER, &range))
		return 0;
	set_error("cannot give up write-protection: %s", strerror(errno));
	return -errno;
}

const struct scenario scenario_softdirty = {
	.name = "softdirty",
	.summary =
		"a write after soft-dirty bits were cleared must show after the split",
	.op = "softdirty",
	.phases = PHASES_COW,
	.inner = INNER_COW,
	.why_not = softdirty_why_not,
	.setup = track_setup,
	.cleanup = track_cleanup,
	.plan = softdirty_plan,
	.act = softdirty_act,
	.after = softdirty_after,
};

const struct scenario scenario_uffd_wp = {
	.name = "uffd-wp",
	.summary =
		"pages are write-protected by userfaultfd; the protection must survive the split",
	.op = "uffd",
	.phases = "change_huge_pmd split_huge_pmd",
	.why_not = uffd_why_not,
	.setup = uffd_setup,
	.cleanup = track_cleanup,
	.map = uffd_map,
	.plan = uffd_plan,
	.act = uffd_act,
	.after = uffd_after,
};
