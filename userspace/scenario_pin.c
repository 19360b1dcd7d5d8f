// SPDX-License-Identifier: GPL-2.0
/*
 * Pages of the huge page are pinned: an io_uring's registered buffers
 *
 * FOLL_PIN, for as long as the ring likes; a pipe's FOLL_GET is in
 * scenario_pages.c.  A split of what is pinned must fail and leave it whole.
 */
#include <errno.h>
#include <linux/io_uring.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "env.h"
#include "piece.h"
#include "region.h"
#include "run.h"
#include "scenario.h"
#include "scenario_piece.h"
#include "util.h"

#ifndef SYS_io_uring_setup
#define SYS_io_uring_setup	425
#define SYS_io_uring_register	427
#endif

struct pin_priv {
	int ring;
	bool pinned;
};

static int open_ring(void)
{
	struct io_uring_params params;

	memset(&params, 0, sizeof(params));
	return syscall(SYS_io_uring_setup, 1, &params);
}

static const char *pin_why_not(void)
{
	int fd = open_ring();

	if (fd < 0)
		return "this kernel has no io_uring (or it is disabled)";
	close(fd);
	return NULL;
}

static int pin(struct pin_priv *priv, void *at, size_t len)
{
	struct iovec iov = { .iov_base = at, .iov_len = len };

	if (syscall(SYS_io_uring_register, priv->ring, IORING_REGISTER_BUFFERS, &iov, 1))
		return -errno;
	priv->pinned = true;
	return 0;
}

static int unpin(struct pin_priv *priv)
{
	if (!priv->pinned)
		return 0;
	priv->pinned = false;
	return syscall(SYS_io_uring_register, priv->ring, IORING_UNREGISTER_BUFFERS, NULL, 0) ?
	       -errno : 0;
}

static int pin_setup(struct run *run)
{
	struct pin_priv *priv = calloc(1, sizeof(*priv));

	run->priv = priv;
	if (!priv)
		return -ENOMEM;
	priv->ring = open_ring();
	if (priv->ring >= 0)
		return 0;
	set_error("io_uring: %s", strerror(errno));
	return -errno;
}

static void pin_cleanup(struct run *run)
{
	struct pin_priv *priv = run->priv;

	if (priv && priv->ring >= 0)
		close(priv->ring);
	free(priv);
}

/* Where it is to be met while it pins, it must not be pinned already. */
static bool pinned_ahead(struct run *run, struct lane *lane, unsigned int thp)
{
	return lane->variant % 2 && !run_steers_to(run, thp, "pin_pages") &&
	       !run_steers_to(run, thp, "gup_") && !run_steers_to(run, thp, "follow_");
}

/* In every other round it is pinned before, and let go during the race. */
static int pin_plan(struct run *run, struct lane *lane, unsigned int thp)
{
	struct pin_priv *priv = run->priv;

	piece_plan(run, lane, thp);
	lane->piece.stride = 1;
	unpin(priv);
	if (pinned_ahead(run, lane, thp))
		pin(priv, region_thp(&run->region, thp) + lane->piece.first * env.page_size,
		    lane->piece.nr * env.page_size);
	return 0;
}

static enum act_result pin_act(struct run *run, struct lane *lane, unsigned int thp)
{
	struct pin_priv *priv = run->priv;
	const struct piece *p = &lane->piece;
	int err;

	lane_did(lane, p->first, p->nr, 1);
	if (priv->pinned)
		return unpin(priv) ? ACT_FAILED : ACT_OK;
	err = pin(priv, region_thp(&run->region, thp) + p->first * env.page_size,
		  p->nr * env.page_size);
	if (err)
		return err == -EAGAIN || err == -EFAULT || err == -ENOMEM ? ACT_BUSY : ACT_FAILED;
	/* Sometimes the pin outlives the round. */
	if (lane->variant % 8 < 6)
		return unpin(priv) ? ACT_FAILED : ACT_OK;
	return ACT_OK;
}

static int pin_after(struct run *run, struct lane *lane, unsigned int thp)
{
	(void)thp;
	if (lane->id)
		unpin(run->priv);
	return 0;
}

#define PHASES_PIN \
	"pin_pages gup_fast gup_slow follow_trans_huge_pmd follow_page_pte unpin_user_page"
#define INNER_PIN	"pin_pages"

const struct scenario scenario_pin = {
	.name = "pin",
	.summary = "an io_uring pins pages of the huge page for long (FOLL_PIN)",
	.op = "gup",
	.phases = PHASES_PIN,
	.inner = INNER_PIN,
	.refs_held = true,
	.why_not = pin_why_not,
	.setup = pin_setup,
	.cleanup = pin_cleanup,
	.plan = pin_plan,
	.act = pin_act,
	.after = pin_after,
};
