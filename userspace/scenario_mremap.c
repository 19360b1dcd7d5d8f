// SPDX-License-Identifier: GPL-2.0
/*
 * A huge page, or a part of it, moves while it is split, or migrates
 *
 * Whole, in part, away and back so that VMAs merge again, onto pages of the
 * same huge page.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "env.h"
#include "options.h"
#include "phases.h"
#include "piece.h"
#include "region.h"
#include "result.h"
#include "run.h"
#include "scenario.h"
#include "scenario_pages.h"
#include "scenario_piece.h"
#include "util.h"
#include "verify.h"

#define MIGRATOR	2		/* lane */
#define MAX_TRIES	4
#define MAX_TURNS	4

enum move_kind {
	MOVE_WHOLE_BACK, MOVE_TABLE_BACK, MOVE_PIECE_BACK, MOVE_PIECE_AWAY,
	MOVE_SHIFTED_BACK, MOVE_ONTO, NR_MOVES
};

/* Where the piece went, for the look afterwards. */
struct moved {
	char *to;
	unsigned int from, nr;		/* subpages; nr 0: none */
};

struct mremap_priv {
	struct region away;
	struct moved moved[MAX_THPS];
};

static int mremap_setup(struct run *run)
{
	struct mremap_priv *priv = calloc(1, sizeof(*priv));

	run->priv = priv;
	if (!priv) {
		set_error("out of memory");
		return -ENOMEM;
	}
	return region_reserve(&priv->away, run->nr_thps);
}

static void mremap_cleanup(struct run *run)
{
	struct mremap_priv *priv = run->priv;

	if (priv)
		region_release(&priv->away);
	free(priv);
}

static int mremap_plan(struct run *run, struct lane *lane, unsigned int thp)
{
	piece_plan(run, lane, thp);
	/* One move of neighbouring pages: more would need more places. */
	lane->piece.stride = 1;
	return 0;
}

static bool move(char *from, char *to, size_t len)
{
	return mremap(from, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, to) == to;
}

/* A page that was read-only for a moment: PTEs, and so their table moves as one. */
static bool move_table_back(char *base, char *away)
{
	return !mprotect(base, env.page_size, PROT_READ) &&
	       !mprotect(base, env.page_size, PROT_READ | PROT_WRITE) &&
	       move(base, away, env.hpage_size) && move(away, base, env.hpage_size);
}

/* Pages of the huge page land on others of the same. */
static bool move_onto(struct run *run, struct lane *lane, unsigned int thp, struct moved *moved)
{
	char *base = region_thp(&run->region, thp);
	unsigned int half = env.nr_subpages / 2;
	u8 *state = run_state(run, thp);

	moved->nr = 1 + lane->variant / NR_MOVES % half;
	moved->from = lane->piece.first % (half - moved->nr + 1);
	moved->to = base + (half + moved->from) * env.page_size;
	lane_did(lane, moved->from, moved->nr, 1);
	if (!move(base + moved->from * env.page_size, moved->to, moved->nr * env.page_size))
		return false;
	memset(state + moved->from, PG_HOLE, moved->nr);
	memset(state + half + moved->from, PG_ANY, moved->nr);
	return true;
}

static enum act_result mremap_act(struct run *run, struct lane *lane, unsigned int thp)
{
	struct mremap_priv *priv = run->priv;
	const struct piece *p = &lane->piece;
	struct moved *moved = &priv->moved[thp];
	char *base = region_thp(&run->region, thp);
	char *away = region_thp(&priv->away, thp);
	size_t len = p->nr * env.page_size, offset = p->first * env.page_size;
	bool ok;

	moved->nr = 0;
	lane_did(lane, p->first, p->nr, 1);
	switch (lane->variant % NR_MOVES) {
	case MOVE_WHOLE_BACK:
		lane_did(lane, 0, env.nr_subpages, 1);
		ok = move(base, away, env.hpage_size) && move(away, base, env.hpage_size);
		break;
	case MOVE_TABLE_BACK:
		lane_did(lane, 0, env.nr_subpages, 1);
		ok = move_table_back(base, away);
		break;
	case MOVE_PIECE_BACK:
		ok = move(base + offset, away + offset, len) &&
		     move(away + offset, base + offset, len);
		break;
	case MOVE_PIECE_AWAY:
		ok = move(base + offset, away + offset, len);
		if (!ok)
			break;
		moved->to = away + offset;
		moved->from = p->first;
		moved->nr = p->nr;
		memset(run_state(run, thp) + p->first, PG_HOLE, p->nr);
		break;
	case MOVE_SHIFTED_BACK:
		/* Not at the same place below the huge page's boundary. */
		ok = move(base + offset, away, len) && move(away, base + offset, len);
		break;
	default:
		ok = move_onto(run, lane, thp, moved);
		break;
	}
	if (ok)
		return ACT_OK;
	set_error("mremap: %s", strerror(errno));
	return ACT_ERROR;
}

/**
 * mremap_after() - what has moved must have arrived
 * @run: the run
 * @lane: the caller
 * @thp: huge page
 */
static int mremap_after(struct run *run, struct lane *lane, unsigned int thp)
{
	struct mremap_priv *priv = run->priv;
	struct moved *moved = &priv->moved[thp];
	char *base = region_thp(&run->region, thp);
	struct mismatch bad;
	unsigned int i;

	if (!lane->id)
		return 0;
	for (i = 0; i < moved->nr; i++) {
		if (page_verify(moved->to + i * env.page_size,
				base + (moved->from + i) * env.page_size, run->gen, &bad))
			run->sh->lane[lane->id].pages_verified++;
		else
			content_violation(run, lane, &bad, "a page that was moved");
	}
	if (moved->nr && moved->to >= priv->away.base &&
	    moved->to < priv->away.base + priv->away.len)
		mmap(moved->to, moved->nr * env.page_size, PROT_NONE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
	moved->nr = 0;
	return 0;
}

/**
 * migrating_plan() - lane c migrates what lane b moves
 * @run: the run
 * @lane: the caller
 * @thp: huge page
 */
static int migrating_plan(struct run *run, struct lane *lane, unsigned int thp)
{
	piece_plan(run, lane, thp);
	if (lane->id == MIGRATOR)
		lane->op = "migrate";
	return 0;
}

/**
 * migrating_act() - away and back, so that VMAs merge; or to the other node
 * @run: the run
 * @lane: the caller
 * @thp: huge page
 */
static enum act_result migrating_act(struct run *run, struct lane *lane, unsigned int thp)
{
	struct mremap_priv *priv = run->priv;
	char *base = region_thp(&run->region, thp);
	char *away = region_thp(&priv->away, thp);
	enum act_result result = ACT_BUSY;
	unsigned int i;

	if (lane->id == MIGRATOR) {
		/* It may be away just now. */
		for (i = 0; i < MAX_TRIES && result == ACT_BUSY; i++)
			result = migrate_act(run, lane, thp);
		return result;
	}
	lane_did(lane, 0, env.nr_subpages, 1);
	for (i = 0; i < 1 + lane->variant % MAX_TURNS; i++) {
		if (move(base, away, env.hpage_size) && move(away, base, env.hpage_size))
			continue;
		set_error("mremap: %s", strerror(errno));
		return ACT_ERROR;
	}
	return ACT_OK;
}

const struct scenario scenario_mremap = {
	.name = "mremap",
	.summary = "the huge page or a part of it moves away, back, or onto itself",
	.op = "mremap",
	.phases = PHASES_MREMAP,
	.inner = INNER_MREMAP,
	.inner_times = 2,
	.setup = mremap_setup,
	.cleanup = mremap_cleanup,
	.plan = mremap_plan,
	.act = mremap_act,
	.after = mremap_after,
};

const struct scenario scenario_mremap_migrate = {
	.name = "mremap-migrate",
	.summary = "a huge page moves away and back while it migrates to another node",
	.op = "mremap",
	.alone = true,
	.phases = PHASES_MREMAP,
	.inner = INNER_MREMAP,
	.inner_times = 2,
	.third = "try_to_migrate_one remove_migration_pte",
	.third_start = "migrate_pages",
	.workers = 2,
	.why_not = migrate_why_not,
	.setup = mremap_setup,
	.cleanup = mremap_cleanup,
	.plan = migrating_plan,
	.act = migrating_act,
};
