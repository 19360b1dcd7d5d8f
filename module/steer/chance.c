// SPDX-License-Identifier: GPL-2.0
/*
 * chance.c - which phases of watched tasks meet by chance
 *
 * Nobody is parked.  The phase that a task has entered last is kept for a while, and when
 * another task enters a phase in the same mm, or under the same anon_vma root, the
 * two have met.  That the first is still in its phase is likely, not certain:
 * returns are not seen.
 */
#include <linux/kprobes.h>
#include <linux/ktime.h>
#include <linux/mutex.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>

#include "compat/peek.h"
#include "state/stats.h"
#include "steer/chance.h"
#include "steer/lockcheck.h"
#include "steer/points.h"
#include "steer/probe.h"
#include "steer/watched.h"

#define NR_CHANCES	4	/* sessions at a time */

/* Tasks that are remembered at a time. */
#define NR_PLACES	64

/*
 * How long a task is taken to be in a phase: as long as it mostly takes from one to
 * the next here, within bounds.  A gap above them is no phase: it was elsewhere.
 */
#define MIN_STAY_NS	(20 * NSEC_PER_USEC)
#define MAX_STAY_NS	(5 * NSEC_PER_MSEC)
#define MEAN_OF		8

/* Where a task was last; identities only. */
struct place {
	struct task_struct *task;
	struct mm_struct *mm;
	struct anon_vma *root;
	u64 ns;
	unsigned int phase;
};

/**
 * struct thprace_chance - of a session
 * @s: the session
 * @lock: guards the rest; a handler that does not get it at once misses its entry
 * @place: the last ones
 * @next: the place that is taken next
 * @stay_ns: mean time from one phase of a task to its next one
 * @met: how often who was in the first was met by who entered the second
 */
struct thprace_chance {
	struct thprace_session *s;
	raw_spinlock_t lock;
	struct place place[NR_PLACES];
	unsigned int next;
	u64 stay_ns;
	u32 met[THPRACE_MAX_PHASES][THPRACE_MAX_PHASES];
};

static struct thprace_chance __rcu *chances[NR_CHANCES];
static DEFINE_MUTEX(chance_lock);	/* writers, and who prints */
static unsigned int nr_chances;		/* chance_lock; handlers read it without */

/* chance_lock held: the slot of a session, or of none. Return NULL: there is no slot. */
static struct thprace_chance __rcu **slot_of(const struct thprace_session *s)
{
	unsigned int i;

	for (i = 0; i < NR_CHANCES; i++) {
		struct thprace_chance *c = rcu_dereference_protected(chances[i],
								     lockdep_is_held(&chance_lock));

		if (c ? c->s == s : !s)
			return &chances[i];
	}
	return NULL;
}

/* chance_lock held */
static int begin(struct thprace_session *s, struct thprace_chance *c)
{
	struct thprace_chance __rcu **slot = slot_of(NULL);
	int ret = slot ? thprace_phase_get_all() : -EBUSY;

	if (ret)
		return ret;
	c->s = s;
	raw_spin_lock_init(&c->lock);
	rcu_assign_pointer(*slot, c);
	WRITE_ONCE(nr_chances, nr_chances + 1);
	thprace_stat_add(THPRACE_STAT_SESSION_BYTES, sizeof(*c));
	return 0;
}

/**
 * thprace_chance_begin() - look at phases from now on
 * @s: the session, which watches processes; once is enough
 *
 * Places the probes of all phases.
 *
 * Context: process context. Return: 0, -ENOMEM, -EBUSY (too many sessions do), or
 * another errno of the probes.
 */
int thprace_chance_begin(struct thprace_session *s)
{
	struct thprace_chance *c = kvzalloc(sizeof(*c), GFP_KERNEL);
	int ret = 0;

	if (!c)
		return -ENOMEM;
	mutex_lock(&chance_lock);
	if (slot_of(s)) {
		kvfree(c);
	} else {
		ret = begin(s, c);
		if (ret)
			kvfree(c);
	}
	mutex_unlock(&chance_lock);
	return ret;
}

/**
 * thprace_chance_end() - undo it, if it was done
 * @s: the session
 *
 * Context: process context.
 */
void thprace_chance_end(struct thprace_session *s)
{
	struct thprace_chance __rcu **slot;
	struct thprace_chance *c = NULL;

	mutex_lock(&chance_lock);
	slot = slot_of(s);
	if (slot) {
		c = rcu_dereference_protected(*slot, lockdep_is_held(&chance_lock));
		rcu_assign_pointer(*slot, NULL);
		WRITE_ONCE(nr_chances, nr_chances - 1);
	}
	mutex_unlock(&chance_lock);
	if (!c)
		return;
	thprace_phase_put_all();
	thprace_stat_add(THPRACE_STAT_SESSION_BYTES, -(s64)sizeof(*c));
	/* handlers that have found it */
	synchronize_rcu();
	kvfree(c);
}

/* Preemption off: of the session that watches current, or NULL. */
static struct thprace_chance *find(void)
{
	struct thprace_lane_ref ref;
	unsigned int i;

	if (!READ_ONCE(nr_chances) || !thprace_watched_find(current, &ref))
		return NULL;
	for (i = 0; i < NR_CHANCES; i++) {
		struct thprace_chance *c = rcu_dereference_sched(chances[i]);

		if (c && c->s == ref.s)
			return c;
	}
	return NULL;
}

NOKPROBE_SYMBOL(find);

/* The anon_vma root that current works under, as far as this entry tells. */
static struct anon_vma *root_at(unsigned int phase, struct ftrace_regs *fregs)
{
	enum thprace_section_kind kind = thprace_phases[phase].section;
	struct anon_vma_chain *avc;

	if (fregs && (kind == THPRACE_SECTION_REMOVE || kind == THPRACE_SECTION_INSERT)) {
		avc = (void *)ftrace_regs_get_argument(fregs, 0);
		return READ_ONCE(avc->anon_vma->root);
	}
	return thprace_lockcheck_root();
}

NOKPROBE_SYMBOL(root_at);

/* c->lock held: a task was at @since, and is somewhere else @now. */
static void learn(struct thprace_chance *c, u64 since, u64 now)
{
	u64 gap = now - since;

	if (gap > MAX_STAY_NS)
		return;
	c->stay_ns += gap / MEAN_OF;
	c->stay_ns -= c->stay_ns / MEAN_OF;
}

NOKPROBE_SYMBOL(learn);

/* c->lock held */
static void meet(struct thprace_chance *c, const struct place *now)
{
	u64 stay = max_t(u64, c->stay_ns, MIN_STAY_NS);
	struct place *mine = NULL;
	unsigned int i;

	for (i = 0; i < NR_PLACES; i++) {
		struct place *p = &c->place[i];

		if (p->task == now->task) {
			mine = p;
			continue;
		}
		if (!p->task || now->ns - p->ns > stay)
			continue;
		if ((now->mm && p->mm == now->mm) || (now->root && p->root == now->root))
			c->met[p->phase][now->phase]++;
	}
	if (mine)
		learn(c, mine->ns, now->ns);
	else
		mine = &c->place[c->next++ % NR_PLACES];
	*mine = *now;
}

NOKPROBE_SYMBOL(meet);

/**
 * thprace_chance_hit() - current enters a phase
 * @phase: which
 * @fregs: its arguments, or NULL: they must not be read
 *
 * Context: probe handler, preemption off; any task, most are not watched.
 */
void thprace_chance_hit(unsigned int phase, struct ftrace_regs *fregs)
{
	struct thprace_chance *c = in_task() ? find() : NULL;
	struct place now;
	unsigned long flags;

	if (!c || thprace_phases[phase].kthread)
		return;
	now.task = current;
	now.mm = current->mm;
	now.root = root_at(phase, fregs);
	now.ns = ktime_get_mono_fast_ns();
	now.phase = phase;
	local_irq_save(flags);
	if (raw_spin_trylock(&c->lock)) {
		meet(c, &now);
		raw_spin_unlock(&c->lock);
	}
	local_irq_restore(flags);
}

NOKPROBE_SYMBOL(thprace_chance_hit);

static bool is_axis(unsigned int phase, bool split)
{
	unsigned int sides = thprace_phases[phase].sides;

	if (thprace_phase_why_not(phase) || thprace_phases[phase].kthread)
		return false;
	return split ? sides & THPRACE_SIDE_SPLIT : sides & ~THPRACE_SIDE_SPLIT;
}

static size_t print_cell(const struct thprace_chance *c, unsigned int a, unsigned int b,
			 char *buf, size_t size)
{
	u64 hits = READ_ONCE(c->met[a][b]);

	if (a != b)
		hits += READ_ONCE(c->met[b][a]);
	return scnprintf(buf, size, "cell %s %s %s hits=%llu rounds=%llu violations=0\n",
			 thprace_phases[a].name, thprace_phases[b].name,
			 hits ? "met" : "untried", hits, hits);
}

/**
 * thprace_chance_print() - the pairs, as cells of a grid
 * @s: the session
 * @buf: gets the lines
 * @size: of @buf
 *
 * Rows are the phases of splits, columns those of all else.
 *
 * Context: process context. Return: bytes; @size - 1 may be not all.
 */
size_t thprace_chance_print(struct thprace_session *s, char *buf, size_t size)
{
	struct thprace_chance __rcu **slot;
	struct thprace_chance *c = NULL;
	unsigned int a, b;
	size_t n = 0;

	mutex_lock(&chance_lock);
	slot = slot_of(s);
	if (slot)
		c = rcu_dereference_protected(*slot, lockdep_is_held(&chance_lock));
	for (a = 0; c && a < thprace_nr_phases; a++)
		for (b = 0; b < thprace_nr_phases && is_axis(a, true); b++)
			if (is_axis(b, false))
				n += print_cell(c, a, b, buf + n, size - n);
	mutex_unlock(&chance_lock);
	return n;
}
