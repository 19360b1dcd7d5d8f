// SPDX-License-Identifier: GPL-2.0
/*
 * grid.c - enumerates cells (phase of lane a, phase of lane b) and keeps score
 *
 * A cell is tried in four ways: either lane arrives first and is parked while
 * the other runs to its point; then either is run to its end while the other
 * stays parked.  Each way k times; a try in which they do not meet counts for
 * both orders of release, which differ only behind the meeting.  The first
 * rounds are steered by nothing: they show which phases occur at all and how
 * long the ops take.
 */
#include <linux/mutex.h>

#include "state/rng.h"
#include "state/stats.h"
#include "steer/grid.h"
#include "steer/points.h"
#include "steer/probe.h"
#include "steer/schedule.h"

#define NR_FREE		8	/* unsteered rounds at first */
#define NR_WAYS		4
#define WAY_ARRIVAL	1	/* bits of a way: b arrives first, */
#define WAY_RELEASE	2	/* b is released first */
#define DEFAULT_K	3

enum cell_state {
	CELL_UNTRIED,
	CELL_MET,
	CELL_EXCLUDED,
	CELL_NEVER,
	NR_CELL_STATES
};

static const char * const cell_names[] = { "untried", "met", "excluded", "never" };

static_assert(ARRAY_SIZE(cell_names) == NR_CELL_STATES);

struct cell {
	u8 tried[NR_WAYS];
	u16 rounds, met, blocked, never;
	u16 violations;
};

struct thprace_grid {
	unsigned int k, nr_free, nr_a, nr_b;
	u8 phase_a[THPRACE_MAX_PHASES], phase_b[THPRACE_MAX_PHASES];
	u32 seen_a[THPRACE_MAX_PHASES], seen_b[THPRACE_MAX_PHASES];
	bool by_name;			/* only rows that are in */
	DECLARE_BITMAP(named, THPRACE_MAX_PHASES);
	u64 random;
	bool begun, complete;
	int a, b, way;			/* of the round that is armed, or a < 0 */
	unsigned int violations_before;
	unsigned int left;
	struct cell cell[THPRACE_MAX_PHASES][THPRACE_MAX_PHASES];
};

static DEFINE_MUTEX(show_lock);		/* no grid is freed while it is printed */
static struct thprace_grid *last;	/* show_lock: of the session closed last */

/* Rows that a line named: a share of a large grid, of which others have the rest. */
static void name_rows(struct thprace_grid *g, const struct thprace_spec *spec)
{
	unsigned int i;
	int phase;

	g->by_name = spec->nr_rows;
	for (i = 0; i < spec->nr_rows; i++) {
		phase = thprace_phase_find(spec->step[i].phase);
		if (phase >= 0)
			__set_bit(phase, g->named);
	}
}

/* The phases that the free rounds saw each lane pass; others never occur. */
static void begin(struct thprace_grid *g)
{
	unsigned int i;

	for (i = 0; i < thprace_nr_phases; i++) {
		if (thprace_phase_why_not(i))
			continue;
		if (g->seen_a[i] && (!g->by_name || test_bit(i, g->named)))
			g->phase_a[g->nr_a++] = i;
		if (g->seen_b[i])
			g->phase_b[g->nr_b++] = i;
	}
	g->left = g->nr_a * g->nr_b * NR_WAYS * g->k;
	g->complete = !g->left;
	g->begun = true;
}

static void set_step(struct thprace_step *step, unsigned int lane, int phase)
{
	memset(step, 0, sizeof(*step));
	step->lane = lane;
	step->nth = 1;
	step->kind = phase < 0 ? THPRACE_STEP_END : THPRACE_STEP_ENTER;
	if (phase >= 0)
		strscpy(step->phase, thprace_phases[phase].name, sizeof(step->phase));
}

/**
 * thprace_grid_next() - the schedule of the next round
 * @s: the session
 * @spec: seed=, grid_k= and the rows of its first call count
 * @step: out
 *
 * Context: process context. Return: number of steps (0: a free round), -ENOMEM.
 */
int thprace_grid_next(struct thprace_session *s, const struct thprace_spec *spec,
		      struct thprace_step step[THPRACE_MAX_STEPS])
{
	struct thprace_grid *g = s->grid;
	unsigned int first, n;

	if (!g) {
		g = kvzalloc(sizeof(*g), GFP_KERNEL);
		if (!g)
			return -ENOMEM;
		g->k = spec->grid_k ? spec->grid_k : DEFAULT_K;
		g->random = s->seed;
		name_rows(g, spec);
		s->grid = g;
		thprace_stat_add(THPRACE_STAT_SESSION_BYTES, sizeof(*g));
	}
	g->a = -1;
	s->cell[0] = '\0';
	g->violations_before = s->nr_violations;
	if (g->nr_free < NR_FREE)
		return 0;
	if (!g->begun)
		begin(g);
	if (g->complete)
		return 0;

	/* a seeded place to begin, then the next one that wants trying */
	n = g->nr_a * g->nr_b * NR_WAYS;
	first = thprace_draw(&g->random) % n;
	for (;; first = (first + 1) % n) {
		g->way = first % NR_WAYS;
		g->b = first / NR_WAYS % g->nr_b;
		g->a = first / NR_WAYS / g->nr_b;
		if (g->cell[g->a][g->b].tried[g->way] < g->k)
			break;
	}
	snprintf(s->cell, sizeof(s->cell), "%s,%s", thprace_phases[g->phase_a[g->a]].name,
		 thprace_phases[g->phase_b[g->b]].name);
	set_step(&step[!!(g->way & WAY_ARRIVAL)], 0, g->phase_a[g->a]);
	set_step(&step[!(g->way & WAY_ARRIVAL)], 1, g->phase_b[g->b]);
	set_step(&step[2 + !!(g->way & WAY_RELEASE)], 0, -1);
	set_step(&step[2 + !(g->way & WAY_RELEASE)], 1, -1);
	return 4;
}

static void count_try(struct thprace_grid *g, struct cell *c, int way)
{
	if (c->tried[way] == g->k)
		return;
	c->tried[way]++;
	g->left--;
}

/**
 * thprace_grid_result() - the round that thprace_grid_next() chose is over
 * @s: the session
 *
 * Context: process context.
 */
void thprace_grid_result(struct thprace_session *s)
{
	const struct thprace_step_result *r;
	struct thprace_grid *g = s->grid;
	struct cell *c;
	unsigned int i;
	bool met;

	if (!g)
		return;
	if (g->a < 0) {
		for (i = 0; i < thprace_nr_phases; i++) {
			g->seen_a[i] += thprace_schedule_hits(s, 0, i);
			g->seen_b[i] += thprace_schedule_hits(s, 1, i);
		}
		g->nr_free++;
		return;
	}
	if (thprace_schedule_results(s, &r) != 4)
		return;
	c = &g->cell[g->a][g->b];
	c->rounds++;
	count_try(g, c, g->way);
	met = r[0].state == THPRACE_STEP_REACHED && r[1].state == THPRACE_STEP_REACHED;
	if (!met)
		count_try(g, c, g->way ^ WAY_RELEASE);
	if (met)
		c->met++;
	else if (r[0].state == THPRACE_STEP_BLOCKED || r[1].state == THPRACE_STEP_BLOCKED)
		c->blocked++;
	else
		c->never++;
	c->violations += s->nr_violations - g->violations_before;
	g->complete = !g->left;
	g->a = -1;
}

/**
 * thprace_grid_complete() - has every cell been tried often enough?
 * @s: the session
 */
bool thprace_grid_complete(struct thprace_session *s)
{
	return s->grid && s->grid->complete;
}

/**
 * thprace_grid_free() - forget the grid of a session
 * @s: the session
 *
 * Context: process context.
 */
void thprace_grid_free(struct thprace_session *s)
{
	struct thprace_grid *g;

	mutex_lock(&show_lock);
	g = s->grid;
	s->grid = NULL;
	mutex_unlock(&show_lock);
	if (g)
		thprace_stat_add(THPRACE_STAT_SESSION_BYTES, -(s64)sizeof(*g));
	kvfree(g);
}

/**
 * thprace_grid_bytes() - kernel memory of a session's grid
 * @s: the session
 */
size_t thprace_grid_bytes(struct thprace_session *s)
{
	return s->grid ? sizeof(*s->grid) : 0;
}

/*
 * A cell is decided when each way was tried k times: met once is met; blocked
 * in every try that got that far is excluded; else a phase did not occur.
 */
static enum cell_state state_of(const struct thprace_grid *g, const struct cell *c)
{
	unsigned int i;

	if (c->met)
		return CELL_MET;
	for (i = 0; i < NR_WAYS; i++)
		if (c->tried[i] < g->k)
			return CELL_UNTRIED;
	return c->blocked ? CELL_EXCLUDED : CELL_NEVER;
}

static size_t print_cell(const struct thprace_grid *g, unsigned int a, unsigned int b,
			 char *buf, size_t size)
{
	const struct cell *c = &g->cell[a][b];

	return scnprintf(buf, size, "cell %s %s %s hits=%u rounds=%u violations=%u\n",
			 thprace_phases[g->phase_a[a]].name,
			 thprace_phases[g->phase_b[b]].name, cell_names[state_of(g, c)],
			 c->met, c->rounds, c->violations);
}

/**
 * thprace_grid_print() - the cell lines of a report
 * @s: the session
 * @buf: where
 * @size: room
 *
 * Context: process context. Return: bytes written.
 */
size_t thprace_grid_print(struct thprace_session *s, char *buf, size_t size)
{
	const struct thprace_grid *g;
	unsigned int a, b;
	size_t n = 0;

	mutex_lock(&show_lock);
	g = s->grid;
	if (!g)
		goto out;
	n += scnprintf(buf, size, "grid k=%u left=%u complete=%s\n", g->k,
		       g->begun ? g->left : ~0U, g->complete ? "yes" : "no");
	for (a = 0; a < g->nr_a; a++)
		for (b = 0; b < g->nr_b; b++)
			n += print_cell(g, a, b, buf + n, size - n);
out:
	mutex_unlock(&show_lock);
	return n;
}

/**
 * thprace_grid_keep() - let the debugfs file grid show this session's grid
 * @s: the session, about to be destroyed
 *
 * Context: process context.
 */
void thprace_grid_keep(struct thprace_session *s)
{
	struct thprace_grid *old;

	mutex_lock(&show_lock);
	if (!s->grid) {
		mutex_unlock(&show_lock);
		return;
	}
	thprace_stat_add(THPRACE_STAT_SESSION_BYTES, -(s64)sizeof(*s->grid));
	old = last;
	last = s->grid;
	s->grid = NULL;
	mutex_unlock(&show_lock);
	kvfree(old);
}

/**
 * thprace_grid_show_last() - print the grid that was kept
 * @m: where
 *
 * Context: process context.
 */
void thprace_grid_show_last(struct seq_file *m)
{
	char line[160];
	unsigned int a, b;

	mutex_lock(&show_lock);
	if (!last)
		seq_puts(m, "none yet\n");
	for (a = 0; last && a < last->nr_a; a++)
		for (b = 0; b < last->nr_b; b++) {
			print_cell(last, a, b, line, sizeof(line));
			seq_puts(m, line);
		}
	mutex_unlock(&show_lock);
}

/**
 * thprace_grid_exit() - free the grid that was kept
 *
 * Context: module unload.
 */
void thprace_grid_exit(void)
{
	kvfree(last);
}
