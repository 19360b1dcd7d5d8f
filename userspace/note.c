// SPDX-License-Identifier: GPL-2.0
/*
 * What is noted of a finding's cause where it is seen, in shared memory
 *
 * By any process of a scenario, whatever becomes of it then; main makes the
 * cause's block of it.  What the lanes did comes from their stamps.
 */
#include <stdarg.h>
#include <string.h>

#include "env.h"
#include "note.h"
#include "result.h"
#include "tally.h"

#define KIND_LANE	"lane"

/**
 * note_add() - a line of a block
 * @sh: shared memory
 * @of: what @number is a number of
 * @number: of the violation or the cause
 * @kind: of the line
 * @fmt: printf format of its keys
 *
 * Lost, but counted, when there is no room.
 */
void note_add(struct shared *sh, enum note_of of, u32 number, const char *kind,
	      const char *fmt, ...)
{
	u32 n = __atomic_fetch_add(&sh->nr_notes, 1, __ATOMIC_RELAXED);
	struct note *note;
	va_list ap;

	if (n >= SHARED_NOTES)
		return;
	note = &sh->note[n];
	note->of = of;
	note->number = number;
	copy_word(note->kind, sizeof(note->kind), kind);
	va_start(ap, fmt);
	vsnprintf(note->text, sizeof(note->text), fmt, ap);
	va_end(ap);
	__atomic_store_n(&note->ready, 1, __ATOMIC_RELEASE);
}

/* As the module says it: "17+4" from 17 on, and every other one with step=2. */
static void say_pages(const struct stamp *s, char *buf, size_t size)
{
	buf[0] = '\0';
	if (!s->known || !s->piece.nr)
		return;
	if (s->piece.stride > 1)
		snprintf(buf, size, " pages=%u+%u step=%u", s->piece.first, s->piece.nr,
			 s->piece.stride);
	else
		snprintf(buf, size, " pages=%u+%u", s->piece.first, s->piece.nr);
}

static unsigned int first_lane;

/**
 * note_name_from() - which lane is a
 * @id: of it
 *
 * To be called before the process of a scenario is forked.
 */
void note_name_from(unsigned int id)
{
	first_lane = id;
}

/**
 * note_letter() - of a lane in schedules
 * @id: of the lane
 *
 * Returns 0 when it has none.
 */
char note_letter(unsigned int id)
{
	return id >= first_lane && id - first_lane < THPRACE_MAX_LANES ? 'a' + id - first_lane : 0;
}

/**
 * note_lane_name() - a letter, as in schedules; a number where it has none
 * @id: of the lane
 *
 * Good until the next call of the same thread.
 */
const char *note_lane_name(unsigned int id)
{
	static __thread char name[12];

	if (note_letter(id))
		snprintf(name, sizeof(name), "%c", note_letter(id));
	else
		snprintf(name, sizeof(name), "%u", id);
	return name;
}

/**
 * note_ops() - what the lanes did to a huge page in its last round: "zap,mremap"
 * @sh: shared memory
 * @thp: huge page
 * @buf: result
 * @size: of @buf
 */
void note_ops(const struct shared *sh, unsigned int thp, char *buf, size_t size)
{
	size_t len = 0;
	unsigned int i;

	buf[0] = '\0';
	for (i = 0; i <= sh->nr_workers && len < size; i++) {
		const struct stamp *s = &sh->stamp[i][thp];

		if (s->op[0] && s->begin_ns)
			len += snprintf(buf + len, size - len, "%s%s", len ? "," : "", s->op);
	}
}

static u64 first_start(const struct shared *sh, unsigned int thp)
{
	u64 first_ns = ~0ULL;
	unsigned int i;

	for (i = 0; i <= sh->nr_workers; i++) {
		const struct stamp *s = &sh->stamp[i][thp];

		if (s->begin_ns && s->begin_ns < first_ns)
			first_ns = s->begin_ns;
	}
	return first_ns;
}

/**
 * note_lanes() - who did what to a huge page in its last round, and when
 * @sh: shared memory
 * @of: what @number is a number of
 * @number: of the violation or the cause
 * @thp: huge page
 *
 * Times are from the first start on.
 */
void note_lanes(struct shared *sh, enum note_of of, u32 number, unsigned int thp)
{
	static const char *const results[] = { "done", "busy", "failed", "error" };
	u64 first_ns = first_start(sh, thp);
	char pages[64], end[96];
	unsigned int i;

	for (i = 0; i <= sh->nr_workers; i++) {
		const struct stamp s = sh->stamp[i][thp];

		if (!s.begin_ns)
			continue;
		say_pages(&s, pages, sizeof(pages));
		copy_word(end, sizeof(end), "end_ns=- result=-");
		if (s.end_ns)
			snprintf(end, sizeof(end), "end_ns=%llu result=%s%s%s",
				 s.end_ns - first_ns,
				 s.result < ARRAY_SIZE(results) ? results[s.result] : "-",
				 s.err ? " errno=" : "", s.err ? errno_name(s.err) : "");
		note_add(sh, of, number, KIND_LANE, "lane=%s op=%s pid=%d%s start_ns=%llu %s",
			 note_lane_name(i), s.op, s.pid, pages, s.begin_ns - first_ns, end);
	}
	/* What the module has found it has found before that. */
	if (sh->thp_round[thp].solo)
		note_add(sh, of, number, "step", "text=no split in this round%s",
			 of != NOTE_SESSION && sh->check_split ?
			 "; then the check has split it (split_progress)" : "");
	else if (sh->thp_round[thp].schedule[0])
		note_add(sh, of, number, "step", "text=%s", sh->thp_round[thp].schedule);
}

/* Which pages an op is about is known here only. */
static void note_pages(struct shared *sh, u32 cause, unsigned int thp)
{
	char pages[64];
	unsigned int i;

	for (i = 0; i <= sh->nr_workers; i++) {
		const struct stamp s = sh->stamp[i][thp];

		say_pages(&s, pages, sizeof(pages));
		if (pages[0])
			note_add(sh, NOTE_SESSION, cause, "args", "lane=%s op=%s%s",
				 note_lane_name(i), s.op, pages);
	}
}

/**
 * note_round() - a round of a huge page is about to begin
 * @run: the run
 * @thp: which
 * @schedule: that is forced, or ""
 */
void note_round(struct run *run, unsigned int thp, const char *schedule)
{
	struct thp_round *r = &run->sh->thp_round[thp];

	r->round = run->sh->round;
	r->solo = run->sh->solo;
	copy_word(r->schedule, sizeof(r->schedule), schedule);
}

/**
 * note_thp() - which huge page of the batch is this?
 * @sh: shared memory
 * @addr: any address, where main has it
 *
 * Returns its number, or -1.
 */
int note_thp(const struct shared *sh, u64 addr)
{
	u64 thp;

	if (!sh->base || addr < sh->base)
		return -1;
	thp = (addr - sh->base) / env.hpage_size;
	return thp < sh->nr_thps ? (int)thp : -1;
}

/**
 * note_found() - where a violation was found, to try again there
 * @sh: shared memory
 * @addr: of the violation, where main has it, or 0
 * @found: result, unless it is known already
 */
void note_found(const struct shared *sh, u64 addr, struct found *found)
{
	int thp = note_thp(sh, addr);

	if (found->known)
		return;
	found->known = true;
	found->batch_round = sh->batch_round;
	found->nr_thps = sh->nr_thps;
	found->nr_workers = sh->nr_workers;
	if (thp < 0)
		return;
	found->exact = true;
	found->round = sh->thp_round[thp].round;
	found->solo = sh->thp_round[thp].solo;
	copy_word(found->schedule, sizeof(found->schedule), sh->thp_round[thp].schedule);
}

static bool has_lanes(const struct tally *t, u32 cause)
{
	unsigned int i;

	for (i = 0; i < t->nr_blocks; i++) {
		if (t->blocks[i].cause == cause && !strcmp(t->blocks[i].kind, KIND_LANE))
			return true;
	}
	return false;
}

/**
 * note_session() - what the session does not say of its causes
 * @run: the run, whose report was just taken
 *
 * Which pages the ops were about; a module that says nothing of the lanes leaves
 * all of it to us.
 */
void note_session(struct run *run)
{
	const struct tally *t = run_tally(run);
	unsigned int i;
	int thp;

	for (i = 0; i < t->nr_violations; i++) {
		const struct violation *v = &t->kept[i];

		if (v->cause <= run->noted)
			continue;
		run->noted = v->cause;
		thp = note_thp(run->sh, v->addr);
		if (thp >= 0 && has_lanes(t, v->cause))
			note_pages(run->sh, v->cause, thp);
		else if (thp >= 0)
			note_lanes(run->sh, NOTE_SESSION, v->cause, thp);
	}
}

/**
 * note_collect() - the notes of a violation or cause become its block
 * @sh: shared memory
 * @of: what @number is a number of
 * @number: of the violation or the cause
 * @cause: number in @t
 * @t: tally
 */
void note_collect(const struct shared *sh, enum note_of of, u32 number, u32 cause,
		  struct tally *t)
{
	u32 nr = __atomic_load_n(&sh->nr_notes, __ATOMIC_ACQUIRE), i;
	struct block b = { .cause = cause };

	for (i = 0; i < nr && i < SHARED_NOTES; i++) {
		const struct note *n = &sh->note[i];

		if (!__atomic_load_n(&n->ready, __ATOMIC_ACQUIRE) || n->of != of ||
		    n->number != number)
			continue;
		copy_word(b.kind, sizeof(b.kind), n->kind);
		copy_word(b.text, sizeof(b.text), n->text);
		tally_block(t, &b);
	}
}
