// SPDX-License-Identifier: GPL-2.0
/*
 * A report of three scenarios that passed, to be spoiled
 */
#include "fixture.h"
#include "test.h"

struct fixture fix;

/**
 * fixture_fill() - results that pass, of the scenarios that the options name
 */
int fixture_fill(void)
{
	struct fixture *f = &fix;
	unsigned int i;

	f->rep = calloc(1, sizeof(*f->rep));
	f->rep->opt = &f->opt;
	f->rep->start_ns = now_ns();
	if (report_alloc(f->rep))
		return -1;
	for (i = 0; i < f->rep->nr_results; i++) {
		struct tally *t = &f->rep->results[i]->tally;

		f->rep->results[i]->begun = true;
		t->rounds = 10;
		t->overlaps = 5;
		tally_op(t, "split")->done = 3;
		tally_op(t, f->opt.scenarios[i]->op)->done = 4;
		t->checks[THPRACE_CHECK_CONTENT].held = 1;
	}
	return 0;
}

/**
 * fixture_setup() - the same of three scenarios
 * @state: of cmocka, not used
 */
int fixture_setup(void **state)
{
	(void)state;
	memset(&fix, 0, sizeof(fix));
	fix.opt.scenarios[0] = scenario_by_name("zap");
	fix.opt.scenarios[1] = scenario_by_name("storm");
	fix.opt.scenarios[2] = scenario_by_name("ksm");
	fix.opt.nr_scenarios = 3;
	fix.opt.duration_ms = 60000;
	fix.opt.stop_first = true;
	return fixture_fill();
}

int fixture_teardown(void **state)
{
	(void)state;
	free(fix.rep);
	return 0;
}

/**
 * fixture_violate() - a violation in a result
 * @res: result
 * @check: what was violated
 */
void fixture_violate(struct result *res, const char *check)
{
	struct violation v = { .addr = 0xffff800000000000ULL, .round = 7, .cell = "-",
			       .ops = "split,zap", .detail = "\"quoted\" \xff #1" };

	copy_word(v.check, sizeof(v.check), check);
	copy_word(v.scenario, sizeof(v.scenario), res->sc->name);
	tally_violation(&res->tally, &v);
}
