// SPDX-License-Identifier: GPL-2.0
/*
 * Writes reports of many kinds into a directory, for schema_test.sh
 */
#include <signal.h>

#include "env.h"
#include "fixture.h"
#include "grid.h"
#include "json.h"
#include "test.h"
#include "undo.h"

static void make_pass(void)
{
	fix.rep->results[0]->duration_ns = 1234567890;
	fix.rep->results[0]->time_ns[T_RACE] = 987654321;
	fix.rep->results[0]->orders[4] =
		(struct order_count){ .rounds = 3, .folios = 96, .missed = 1, .splits = 2 };
	copy_word(fix.opt.orders.text, sizeof(fix.opt.orders.text), "64k,pmd");
	fix.rep->duration_ns = 61 * NSEC_PER_SEC;
	cover_see(fix.rep->cover[0], COVER_STATE, 1, NSEC_PER_SEC);
	cover_see(fix.rep->cover[1], COVER_PHASES, 1, 33 * NSEC_PER_SEC);
	fix.rep->ended = true;
}

/* Of the first violation: what a module writes, and what was found out of it. */
static void make_cause(struct result *res)
{
	static const char *const lines[] = {
		"cause=7 rule check=refcount want=1 got=-2 text=a rule, \"quoted\"",
		"cause=7 folio pfn=0x1234 order=9 mapcounts=0-511:1",
		"cause=7 lane lane=a op=split start_ns=0 end_ns=- kind=odd",
		"cause=7 step a>try_to_migrate=reached b>end=reached",
		"cause=7 new-kind key=18446744073709551615 =x y",
	};
	struct triage *t = &fix.rep->triage[0];
	struct block b;
	unsigned int i;

	res->tally.kept[0].serial = 7;
	for (i = 0; i < ARRAY_SIZE(lines); i++) {
		if (!block_parse(&b, lines[i]))
			exit(THPRACE_EXIT_ERROR);
		b.cause = res->tally.kept[0].cause;
		tally_block(&res->tally, &b);
	}
	fix.rep->nr_triages = 1;
	t->cause = res->tally.kept[0].cause;
	strcpy(t->scenario, res->sc->name);
	strcpy(t->op, res->sc->op);
	t->found.nr_thps = 8;
	while (triage_next(t) && t->nr < 4)
		triage_note(triage_next(t), TRIAGE_HIT);
}

static void make_fail(void)
{
	struct result *res = fix.rep->results[0];

	fix.opt.seed = ~0ULL;
	fix.opt.steer = "a>try_to_migrate b>end a>end";
	fixture_violate(res, "content");
	fixture_violate(res, "kernel");
	make_cause(res);
	fix.opt.without = WITHOUT_SPLIT | WITHOUT_STEER;
	fix.opt.first_round = 12;
	strcpy(res->tally.kept[1].ops, "-");
	strcpy(res->tally.kept[1].cell, "try_to_migrate/unmap_vmas");
	res->tally.rounds = ~0ULL;
	res->first_violation_ns = NSEC_PER_SEC / 3;
	res->forced = 7;
	res->met = 6;
	res->spread_ns[0] = 1500;
	res->closest_ns[0] = 700;
	res->nr_skews = 1;
}

static void make_mixed(void)
{
	fix.rep->results[0]->skipped = "no such thing";
	fix.rep->results[1]->begun = false;
	fix.rep->results[2]->tally.overlaps = 0;
	strcpy(fix.rep->why_not[THPRACE_CHECK_MM_ID], "not kept by this kernel");
}

static void make_inconclusive(void)
{
	fix.rep->results[2]->tally.overlaps = 0;
	fix.opt.no_module = true;
}

/* By Ctrl-C, in the middle. */
static void make_interrupted(void)
{
	fix.rep->results[2]->begun = false;
	if (!signals_setup())
		raise(SIGINT);
}

static void make_skipped(void)
{
	unsigned int i;

	for (i = 0; i < fix.rep->nr_results; i++)
		fix.rep->results[i]->skipped = "the module is not loaded";
}

static void make_grid(void)
{
	struct tally *t = &fix.rep->results[0]->tally;

	fix.opt.grid = true;
	if (uop_set_parse(&fix.opt.ops, "uffd-move,zap:fork"))
		exit(THPRACE_EXIT_ERROR);
	fix.opt.grid_k = 3;
	t->grid = (struct grid_state){ .listed = true, .k = 3, .left = 2, .time_ns = 5 };
	t->nr_cells = 2;
	t->cells[0] = (struct cell){ "try_to_migrate", "unmap_vmas", "met", 3, 4, 0 };
	/* The longest name of a phase as the last column, which has to be shown as a whole. */
	t->cells[1] = (struct cell){ "remap_page", "anon_vma_interval_tree_pre_update_vma_and",
				     "excluded", 0, 3, 0 };
}

static void make_storm(void)
{
	struct storm_batch *batch = &fix.rep->results[1]->program;

	fixture_violate(fix.rep->results[1], "content");
	batch->nr = 2;
	batch->round[0].nr = 1;
	batch->round[0].op[0] = (struct storm_op){ .kind = 2, .first = 3, .nr = 4 };
	strcpy(batch->round[1].schedule, "a>remap_page b>end a>end");
}

static const struct {
	const char *name;
	void (*spoil)(void);
} kinds[] = {
	{ "pass", make_pass },
	{ "fail", make_fail },
	{ "mixed", make_mixed },
	{ "inconclusive", make_inconclusive },
	{ "skipped", make_skipped },
	{ "grid", make_grid },
	{ "storm", make_storm },
	/* The last: nothing takes the signal back. */
	{ "interrupted", make_interrupted },
};

int main(int argc, char **argv)
{
	unsigned int i;
	char path[256];

	if (argc != 2)
		return THPRACE_EXIT_ERROR;
	env_probe();
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (fixture_setup(NULL))
			return THPRACE_EXIT_ERROR;
		kinds[i].spoil();
		report_judge(fix.rep);
		snprintf(path, sizeof(path), "%s/%s.json", argv[1], kinds[i].name);
		if (report_json(fix.rep, path))
			return THPRACE_EXIT_ERROR;
		snprintf(path, sizeof(path), "%s/%s.html", argv[1], kinds[i].name);
		if (fix.opt.grid && grid_html(fix.rep, path))
			return THPRACE_EXIT_ERROR;
		fixture_teardown(NULL);
	}
	return 0;
}
