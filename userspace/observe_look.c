// SPDX-License-Identifier: GPL-2.0
/*
 * Quiesced checks of memory that is in use, in a share of the time
 *
 * A process is visited for a while: what it has is read once, and then regions of it
 * are drawn and checked, a few a command.  After each step there is a pause, so that all
 * steps together take no more than the share that was asked for.
 *
 * What makes a finding safe is the module's business: it looks twice under all locks.
 * A region that is something else by now, and a process that is gone, were not checked.
 */
#include <errno.h>
#include <string.h>

#include "client.h"
#include "env.h"
#include "observe.h"
#include "tally.h"
#include "util.h"

#define MAX_BATCH	8		/* regions a command; each is locked by itself */
#define BATCH_NS	(5 * NSEC_PER_MSEC)	/* a command is to take no longer */
#define READ_SHARE	4		/* checks of a visit take so many times what its map took */
#define MIN_VISIT_NS	(2 * NSEC_PER_MSEC)
#define MAX_CREDIT_NS	(50 * NSEC_PER_MSEC)	/* of time that was not used */
#define IDLE_NS		(20 * NSEC_PER_MSEC)	/* to wait for processes */
/* rss locks all of a process at once, so only where that is short. */
#define RSS_BYTES	(32ULL << 20)
#define RSS_OF		8		/* one visit of so many */

const char *const unchecked_names[NR_UNCHECKED] = { "gone", "changed" };

/* Those are made by commands of their own, or not on what somebody uses. */
#define APART	(BIT_ULL(THPRACE_CHECK_RSS) | BIT_ULL(THPRACE_CHECK_SPLIT_PROGRESS) | \
		 BIT_ULL(THPRACE_CHECK_CALIBRATION))

static u64 checks_of(const char *kind)
{
	char text[LIST_MAX], *at = text;
	struct list_row row;
	u64 checks = 0;
	int i;

	if (read_text(THPRACE_DEBUGFS "/checks", text, sizeof(text)) < 0)
		return 0;
	while (list_next(&at, &row)) {
		i = check_by_name(row.name);
		if (i >= 0 && i < THPRACE_NR_CHECKS && row.there && !strcmp(row.kind, kind))
			checks |= BIT_ULL(i);
	}
	return checks;
}

/**
 * look_begin() - a session for the checks
 * @o: options are filled in
 * @rep: knows which checks there are
 *
 * Returns 0, or a negative errno with set_error().
 */
int look_begin(struct observe *o, const struct report *rep)
{
	unsigned int i;

	for (i = 0; i < THPRACE_NR_CHECKS; i++) {
		if (injected(check_name(i)))
			o->inject |= BIT_ULL(i);
		if (o->checks_named && (o->checks & BIT_ULL(i)) && !rep->available[i]) {
			set_error("--checks: %s: %s", check_name(i), rep->why_not[i]);
			return -EOPNOTSUPP;
		}
	}
	o->quiesced = checks_of("quiesced") & o->checks;
	o->racing = checks_of("racing") & o->checks;
	o->batch = 1;
	o->next_ns = now_ns();
	rng_seed(&o->rng, rep->opt->seed, 0, 0);
	o->fd = session_open();
	if (o->fd >= 0)
		return 0;
	set_error("cannot open a session: %s", strerror(-o->fd));
	return o->fd;
}

static unsigned int add_words(char *line, unsigned int len, const char *word, u64 checks)
{
	unsigned int i;

	for (i = 0; i < THPRACE_NR_CHECKS; i++) {
		if (checks & BIT_ULL(i))
			len += snprintf(line + len, THPRACE_MAX_LINE - len, " %s=%s", word,
					check_name(i));
	}
	return len;
}

/**
 * look_watch() - tell the module whose work the session's lock checks are to count
 * @o: what is observed; its tree is fresh
 *
 * What they fork is theirs; so only what was forked elsewhere, and orphans, are named.
 *
 * Returns 0, or a negative errno with set_error().
 */
int look_watch(struct observe *o)
{
	char line[THPRACE_MAX_LINE];
	pid_t roots[MAX_ROOTS];
	unsigned int nr, i, len;
	int err;

	if (!o->tree->changed || (!o->racing && !o->coverage))
		return 0;
	nr = tree_roots(o->tree, roots, MAX_ROOTS);
	if (!nr || (nr == o->nr_roots && !memcmp(roots, o->roots, nr * sizeof(*roots))))
		return 0;
	len = snprintf(line, sizeof(line), "watch%s", o->coverage ? " steer=grid" : "");
	for (i = 0; i < nr; i++)
		len += snprintf(line + len, sizeof(line) - len, " pid=%d", roots[i]);
	add_words(line, len, "inject", o->inject & o->racing);
	err = session_cmd(o->fd, "%s", line);
	if (err == -ESRCH) {
		/* one has ended just now: once more, when they are looked at again */
		o->tree->changed = true;
		return 0;
	}
	if (err) {
		set_error("the module refused to watch: %.250s", session_why(o->fd, err));
		return err;
	}
	memcpy(o->roots, roots, nr * sizeof(*roots));
	o->nr_roots = nr;
	return 0;
}

/* Returns 0, or a negative errno after which nothing can be looked at any more. */
static int make_check(struct observe *o, u64 checks, u64 addr, unsigned int nr)
{
	char line[THPRACE_MAX_LINE];
	u64 begin_ns = now_ns(), took_ns;
	unsigned int len;
	int err;

	if (!o->told && (o->quiesced & BIT_ULL(THPRACE_CHECK_CALIBRATION)))
		checks |= BIT_ULL(THPRACE_CHECK_CALIBRATION);
	len = snprintf(line, sizeof(line), "check pid=%d map=0x%llx+0x%llx scenario=observe",
		       o->visited, addr, nr * (u64)env.hpage_size);
	len = add_words(line, len, "check", checks);
	add_words(line, len, "inject", o->inject & checks);
	err = session_cmd(o->fd, "%s", line);
	took_ns = now_ns() - begin_ns;
	if (took_ns > o->looks.longest_ns)
		o->looks.longest_ns = took_ns;
	switch (err) {
	case 0:
		o->told = true;
		o->looks.nr_regions += nr;
		if (took_ns > BATCH_NS)
			o->batch = o->batch > 1 ? o->batch / 2 : 1;
		else if (took_ns < BATCH_NS / 2 && nr == o->batch && o->batch < MAX_BATCH)
			o->batch *= 2;
		return 0;
	case -ESRCH:
		o->looks.unchecked[UNCHECKED_GONE]++;
		o->visited = 0;
		return 0;
	case -EINVAL:
	case -ENOMEM:
		o->looks.unchecked[UNCHECKED_CHANGED]++;
		return 0;
	case -EINTR:
		return 0;
	default:
		set_error("the module refused a check: %.250s", session_why(o->fd, err));
		return err;
	}
}

static bool wants_rss(const struct observe *o)
{
	return (o->quiesced & BIT_ULL(THPRACE_CHECK_RSS)) && o->spans.rss &&
	       o->spans.rss < RSS_BYTES && o->looks.nr_visits % RSS_OF == 0;
}

/* Every other time one that had huge pages, or may have, as most have none. */
static pid_t choose(struct observe *o)
{
	bool again = rng_below(&o->rng, 2);

	if (again && o->huge_one && tree_has(o->tree, o->huge_one))
		return o->huge_one;
	return tree_draw(o->tree, rng_next(&o->rng));
}

/* Another process, or the same again; its map is read. */
static int visit(struct observe *o)
{
	u64 begin_ns = now_ns(), took_ns, addr;
	unsigned int nr;
	int err = 0;

	tree_refresh(o->tree);
	err = look_watch(o);
	o->visited = choose(o);
	if (err || !o->visited)
		return err;
	if (spans_read(&o->spans, o->visited, &o->rng)) {
		o->looks.unchecked[UNCHECKED_GONE]++;
		o->visited = 0;
		return 0;
	}
	if (!o->spans.regions) {
		o->visited = 0;
		return 0;
	}
	took_ns = now_ns() - begin_ns;
	/* what can have no page of a large folio is looked at briefly */
	o->visit_left_ns = 0;
	if (o->spans.likely) {
		o->visit_left_ns = took_ns * READ_SHARE;
		if (o->visit_left_ns < MIN_VISIT_NS)
			o->visit_left_ns = MIN_VISIT_NS;
		o->huge_one = o->visited;
		o->looks.nr_huge += !!o->spans.huge;
	}
	if (wants_rss(o)) {
		nr = spans_draw(&o->spans, &o->rng, 1, &addr);
		err = make_check(o, BIT_ULL(THPRACE_CHECK_RSS), addr, nr);
	}
	o->looks.nr_visits++;
	return err;
}

/* All steps together are OVERHEAD percent of the time, however long nobody was there. */
static void pay(struct observe *o, u64 begin_ns)
{
	u64 now = now_ns(), took_ns = now - begin_ns;

	o->looks.busy_ns += took_ns;
	if (o->next_ns < now - MAX_CREDIT_NS)
		o->next_ns = now - MAX_CREDIT_NS;
	if (o->overhead)
		o->next_ns += took_ns * 100 / o->overhead;
}

/**
 * look_step() - look at a little
 * @o: what is observed
 *
 * Returns 0, or a negative errno after which nothing can be looked at any more.
 */
int look_step(struct observe *o)
{
	u64 begin_ns = now_ns(), took_ns, addr;
	unsigned int nr;
	int err = 0;

	if (!(o->quiesced & ~APART) || !o->overhead) {
		tree_refresh(o->tree);
		err = look_watch(o);
	} else if (!o->visited) {
		err = visit(o);
	} else {
		nr = spans_draw(&o->spans, &o->rng, o->batch, &addr);
		err = make_check(o, o->quiesced & ~APART, addr, nr);
		took_ns = now_ns() - begin_ns;
		if (o->visit_left_ns > took_ns)
			o->visit_left_ns -= took_ns;
		else
			o->visited = 0;
	}
	pay(o, begin_ns);
	return err;
}

/**
 * look_pause_ns() - how long to wait before the next step
 * @o: what is observed
 */
u64 look_pause_ns(const struct observe *o)
{
	u64 now = now_ns();

	if (o->next_ns > now)
		return o->next_ns - now;
	return o->visited ? 0 : IDLE_NS;
}
