// SPDX-License-Identifier: GPL-2.0
/*
 * cause.c - which findings have one cause
 *
 * Of one session and one round: what is wrong with one huge page, or with what a
 * split has left of it; and what was done without one lock.  Also built on the
 * host.
 */
#include "state/catalog.h"
#include "state/cause.h"

/**
 * thprace_folio_key() - identity of a huge page
 * @pfn: of any of its pages, or 0
 *
 * Its pages keep it when they are split: huge pages are aligned by their size.
 *
 * Return: never 0, but for 0.
 */
u64 thprace_folio_key(u64 pfn)
{
	return pfn ? pfn / THPRACE_HPAGE_NR + 1 : 0;
}

/**
 * thprace_runs_add() - append pages that have one value
 * @runs: of the pages up to @first
 * @first: page
 * @last: page, included
 * @value: of them
 */
void thprace_runs_add(struct thprace_seen_runs *runs, u32 first, u32 last, s32 value)
{
	u32 n = runs->nr;

	if (n && !runs->more && runs->run[n - 1].value == value &&
	    runs->run[n - 1].last + 1U == first) {
		runs->run[n - 1].last = last;
	} else if (n == THPRACE_BLOCK_RUNS) {
		runs->more++;
	} else {
		runs->run[n].first = first;
		runs->run[n].last = last;
		runs->run[n].value = value;
		runs->nr++;
	}
}

/*
 * What is wrong with two folios is two causes, though they have one anon_vma
 * root; but what was done without the lock of that root may be the cause of both.
 */
static bool same_cause(const struct thprace_cause_key *key, const struct thprace_finding *f)
{
	u64 folio = thprace_folio_key(f->pfn);

	if (key->control != f->control)
		return false;
	if (folio && folio == key->folio)
		return true;
	return f->lock && f->lock == key->lock && (f->by_lock || key->by_lock);
}

static struct thprace_cause_key *find_key(struct thprace_causes *t,
					  const struct thprace_finding *f)
{
	unsigned int i, n = t->nr_keys < THPRACE_BATCH_CAUSES ? t->nr_keys : THPRACE_BATCH_CAUSES;

	for (i = 0; i < n; i++)
		if (same_cause(&t->key[i], f))
			return &t->key[i];
	return NULL;
}

/**
 * thprace_cause_block() - the block of a cause
 * @t: causes of a session
 * @serial: of the cause
 *
 * Return: the block, or NULL: it has none.
 */
struct thprace_cause *thprace_cause_block(struct thprace_causes *t, u64 serial)
{
	unsigned int i;

	for (i = 0; i < t->nr; i++)
		if (t->block[i].serial == serial)
			return &t->block[i];
	return NULL;
}

/* The lock of a folio has no owner: another one that is lacked says more. */
static bool wants_lock(const struct thprace_cause *c, const struct thprace_finding *f)
{
	return !c->has_lock || (f->lock && !c->seen_lock.id);
}

/**
 * thprace_cause_wants() - is there room for what was seen with a finding?
 * @t: causes of a session
 * @f: the finding
 *
 * To see more costs time, which is not spent on the hundredth finding.
 */
bool thprace_cause_wants(struct thprace_causes *t, const struct thprace_finding *f)
{
	struct thprace_cause_key *key = find_key(t, f);
	struct thprace_cause *c;

	if (!key)
		return t->nr < THPRACE_SESSION_BLOCKS;
	c = thprace_cause_block(t, key->serial);
	return c && (f->by_lock ? wants_lock(c, f) : !c->has_folio);
}

static struct thprace_cause_key *new_key(struct thprace_causes *t,
					 const struct thprace_finding *f, u64 serial)
{
	struct thprace_cause_key *key = &t->key[t->nr_keys++ % THPRACE_BATCH_CAUSES];
	struct thprace_cause *c;

	key->serial = serial;
	key->folio = thprace_folio_key(f->pfn);
	key->lock = f->lock;
	key->by_lock = f->by_lock;
	key->control = f->control;
	if (t->nr == THPRACE_SESSION_BLOCKS)
		return key;
	c = &t->block[t->nr++];
	memset(c, 0, sizeof(*c));
	c->serial = serial;
	c->batch = t->batch;
	c->control = f->control;
	c->check = THPRACE_NR_CHECKS;
	return key;
}

static void add_to_block(struct thprace_cause *c, unsigned int check,
			 const struct thprace_finding *f)
{
	c->nr++;
	if (thprace_check_rank(check) < thprace_check_rank(c->check)) {
		c->check = check;
		c->want = f->want;
		c->got = f->got;
	}
	if (!c->addr)
		c->addr = f->addr;
	if (f->seen_folio && !c->has_folio) {
		c->seen_folio = *f->seen_folio;
		c->has_folio = true;
	}
	if (f->seen_lock && wants_lock(c, f)) {
		c->seen_lock = *f->seen_lock;
		c->has_lock = true;
	}
}

/**
 * thprace_cause_add() - find the cause of a finding, or begin a new one
 * @t: causes of a session
 * @check: an enum thprace_check
 * @f: the finding
 * @last_serial: of the last cause of all sessions
 *
 * Return: its number.
 */
u64 thprace_cause_add(struct thprace_causes *t, unsigned int check,
		      const struct thprace_finding *f, u64 *last_serial)
{
	struct thprace_cause_key *key = find_key(t, f);
	struct thprace_cause *c;

	if (!key)
		key = new_key(t, f, ++*last_serial);
	if (!key->folio)
		key->folio = thprace_folio_key(f->pfn);
	if (!key->lock)
		key->lock = f->lock;
	key->by_lock |= f->by_lock;
	c = thprace_cause_block(t, key->serial);
	if (c)
		add_to_block(c, check, f);
	return key->serial;
}

/**
 * thprace_cause_batch() - a new round: what is found from now on has other causes
 * @t: causes of a session
 */
void thprace_cause_batch(struct thprace_causes *t)
{
	t->batch++;
	t->nr_keys = 0;
}

/**
 * thprace_cause_forget() - forget all causes of a session
 * @t: its causes
 */
void thprace_cause_forget(struct thprace_causes *t)
{
	thprace_cause_batch(t);
	t->nr = 0;
}
