// SPDX-License-Identifier: GPL-2.0
/*
 * block.c - what was seen of a cause, as lines of text
 *
 * The lines "block" of docs/ABI.md, for reports and the kernel log.  Also built
 * on the host.
 */
#include "compat/text.h"
#include "state/block.h"
#include "state/catalog.h"
#include "state/names.h"

/* Bytes of a line for the names of flags. */
#define FLAGS_LEN	80
#define VMA_FLAGS_LEN	104

static const char * const entry_names[] = {
	"none", "present", "other", "migration", "swap", "device", "hwpoison", "marker",
	"special", "unknown",
};

static const char * const owner_names[] = { "none", "anon_vma", "address_space", "ksm" };

static_assert(ARRAY_SIZE(entry_names) == THPRACE_NR_SEEN_ENTRIES);
static_assert(ARRAY_SIZE(owner_names) == THPRACE_NR_OWNERS);

/* One line; words that do not fit are left out whole. */
struct line {
	const struct thprace_cause *c;
	bool raw;		/* addresses of the kernel as they are */
	thprace_line_fn fn;
	void *arg;
	size_t len;
	bool cut;
	char buf[THPRACE_BLOCK_LINE];
};

static __printf(2, 3) void add(struct line *l, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(l->buf + l->len, sizeof(l->buf) - l->len, format, args);
	va_end(args);
	if (n < 0 || l->len + n >= sizeof(l->buf)) {
		l->buf[l->len] = '\0';
		l->cut = true;
	} else {
		l->len += n;
	}
}

static void begin(struct line *l, const char *kind)
{
	l->len = 0;
	add(l, "block cause=%llu %s", (unsigned long long)l->c->serial, kind);
}

static void end(struct line *l)
{
	l->fn(l->arg, l->buf);
}

/* The log is open to more people than the files are. */
static void add_pointer(struct line *l, const char *key, u64 value)
{
	if (!value)
		add(l, " %s=-", key);
	else if (l->raw)
		add(l, " %s=0x%llx", key, (unsigned long long)value);
	else
		add(l, " %s=%p", key, (void *)(unsigned long)value);
}

/* Values have no blanks; a name can have any character. */
static void add_task(struct line *l, const char *prefix, s32 pid, const char *comm)
{
	char word[THPRACE_COMM_LEN];
	unsigned int i;

	if (!pid) {
		add(l, " %spid=- %scomm=-", prefix, prefix);
		return;
	}
	for (i = 0; i < sizeof(word) - 1 && comm[i]; i++)
		word[i] = comm[i] > ' ' && comm[i] < 0x7f ? comm[i] : '_';
	word[i] = '\0';
	add(l, " %spid=%d %scomm=%s", prefix, pid, prefix, word);
}

/*
 * "a|b" or "0x1(a|b|node=0)" as "a,b": the flags alone, of which some have no
 * name.
 */
static void add_flags(struct line *l, const char *key, char *text, size_t max)
{
	char *at = strchr(text, '(');
	size_t begun = l->len;
	bool first = true;

	at = at ? at + 1 : text;
	at[strcspn(at, ")")] = '\0';
	while (*at) {
		size_t len = strcspn(at, "|");
		char after = at[len];

		at[len] = '\0';
		if (len && !strchr(at, '=')) {
			if (l->len - begun + len > max) {
				l->cut = true;
				break;
			}
			if (first)
				add(l, " %s=%s", key, at);
			else
				add(l, ",%s", at);
			first = false;
		}
		at += len + !!after;
	}
	if (first)
		add(l, " %s=-", key);
}

static void add_runs(struct line *l, const char *key, const struct thprace_seen_runs *runs,
		     const char * const *names)
{
	unsigned int i;

	if (!runs->nr)
		return;
	add(l, " %s", key);
	for (i = 0; i < runs->nr; i++) {
		add(l, i ? ",%u" : "=%u", runs->run[i].first);
		if (runs->run[i].last != runs->run[i].first)
			add(l, "-%u", runs->run[i].last);
		if (names)
			add(l, ":%s", names[runs->run[i].value]);
		else
			add(l, ":%d", runs->run[i].value);
	}
}

static void say_rule(struct line *l)
{
	const struct thprace_cause *c = l->c;
	const char *name = thprace_check_name(c->check);

	begin(l, "rule");
	add(l, " check=%s", name);
	if (l->raw || !thprace_check_has_pointers(c->check))
		add(l, " want=%lld got=%lld", (long long)c->want, (long long)c->got);
	else
		add(l, " want=- got=-");
	add(l, " nr=%u%s where=docs/CHECKS.md#%s", c->nr, c->control ? " control=yes" : "", name);
	add(l, " text=%s", thprace_check_rule(c->check));
	end(l);
}

static void say_folio(struct line *l, const struct thprace_seen_folio *f)
{
	char flags[256];

	begin(l, "folio");
	add(l, " pfn=0x%llx", (unsigned long long)f->pfn);
	if (f->counted) {
		thprace_page_flag_text(flags, sizeof(flags), f->flags);
		add(l, " order=%u", f->order);
		add_flags(l, "flags", flags, FLAGS_LEN);
	}
	add(l, " refcount=%d", f->refcount);
	if (f->counted) {
		if (f->order)
			add(l, " entire_mapcount=%d", f->entire_mapcount);
		if (f->order && f->has_large)
			add(l, " large_mapcount=%d", f->large_mapcount);
		if (f->order && f->has_pages)
			add(l, " nr_pages_mapped=%d", f->nr_pages_mapped);
		add_runs(l, "mapcounts", &f->mapcount, NULL);
		add(l, " mapping=%s", owner_names[f->owner]);
		add_pointer(l, "root", f->root);
		add(l, " index=0x%llx queued=%s lru=%s", (unsigned long long)f->index,
		    f->queued ? "yes" : "no", f->lru ? "yes" : "no");
		add(l, f->memcg ? " memcg=%llu" : " memcg=-", (unsigned long long)f->memcg);
	}
	end(l);
}

static void say_map(struct line *l, const struct thprace_seen_map *m)
{
	char flags[256];

	begin(l, "map");
	add_task(l, "", m->pid, m->comm);
	add(l, " mm=%u", m->mm);
	if (m->vma_start) {
		thprace_vma_flag_text(flags, sizeof(flags), m->vma_flags);
		add(l, " vma=0x%llx-0x%llx", (unsigned long long)m->vma_start,
		    (unsigned long long)m->vma_end);
		add_flags(l, "vma_flags", flags, VMA_FLAGS_LEN);
	}
	if (m->entries.nr) {
		add(l, " level=%s", m->pmd ? "pmd" : "pte");
		add_runs(l, "entries", &m->entries, entry_names);
		add(l, " rmap=%s", m->rmap ? "found" : "not_found");
	}
	end(l);
}

static void say_lane(struct line *l, const struct thprace_seen_lane *lane)
{
	unsigned int i;
	bool any = false;
	char word[24];

	begin(l, "lane");
	add(l, " lane=%c op=%s", 'a' + lane->lane, thprace_op_name(lane->op));
	add_task(l, "", lane->pid, lane->comm);
	if (lane->nr)
		add(l, " pages=%u+%u%s", lane->first, lane->nr, lane->step > 1 ? " step=2" : "");
	add(l, " start_ns=%llu", (unsigned long long)lane->start_ns);
	if (lane->ended)
		add(l, " end_ns=%llu result=%s", (unsigned long long)lane->end_ns, lane->result);
	else
		add(l, " end_ns=- result=-");
	if (lane->err) {
		thprace_errno_text(word, sizeof(word), lane->err);
		add(l, " errno=%s", word);
	}
	add(l, " overlap=");
	for (i = 0; i < THPRACE_MAX_LANES; i++)
		if (lane->overlap & (1U << i)) {
			add(l, any ? ",%c" : "%c", 'a' + i);
			any = true;
		}
	if (!any)
		add(l, "-");
	end(l);
}

/* All words, in as many lines as they take. */
static void say_steps(struct line *l, const char *steps)
{
	const char *at = steps;

	while (*at) {
		size_t len = strcspn(at, " ");

		if (at == steps)
			begin(l, "step");
		if (l->len + 1 + len >= sizeof(l->buf)) {
			end(l);
			begin(l, "step");
		}
		add(l, " %.*s", (int)len, at);
		at += len;
		at += strspn(at, " ");
	}
	if (*steps)
		end(l);
}

static void say_lock(struct line *l, const struct thprace_seen_lock *lock)
{
	begin(l, "lock");
	add(l, " name=%s", lock->name);
	add_pointer(l, "lock", lock->id);
	add_task(l, "owner_", lock->owner_pid, lock->owner_comm);
	end(l);
}

static void say_stack(struct line *l, const struct thprace_seen_stack *stack)
{
	bool cut_before = l->cut, first = true;
	char symbol[160];
	unsigned int i;

	begin(l, "stack");
	l->cut = false;
	add_task(l, "", stack->pid, stack->comm);
	add(l, " text=");
	for (i = 0; i < stack->nr; i++) {
		thprace_symbol_text(symbol, sizeof(symbol), stack->entry[i]);
		symbol[strcspn(symbol, "/ ")] = '\0';
		/* the trampoline of the probe has no name */
		if (first && !strncmp(symbol, "0x", 2))
			continue;
		add(l, "%s%s", first ? "" : " < ", symbol);
		first = false;
		if (l->cut)
			break;
	}
	l->cut = cut_before;
	end(l);
}

static void say_more(struct line *l, unsigned int nr, const char *what)
{
	if (!nr)
		return;
	begin(l, "more");
	add(l, " text=%u %s", nr, what);
	end(l);
}

/**
 * thprace_block_print() - the lines of a cause
 * @c: the cause
 * @raw: print addresses of the kernel as they are, else hashed
 * @fn: called for each line
 * @arg: its first argument
 *
 * Context: any that @fn can be called in.
 */
void thprace_block_print(const struct thprace_cause *c, bool raw, thprace_line_fn fn, void *arg)
{
	struct line l = { .c = c, .raw = raw, .fn = fn, .arg = arg };
	const struct thprace_seen_folio *f = &c->seen_folio;
	const struct thprace_seen_round *r = &c->round;
	unsigned int i, runs = 0;

	say_rule(&l);
	if (c->has_lock) {
		say_lock(&l, &c->seen_lock);
		for (i = 0; i < c->seen_lock.nr_stacks; i++)
			say_stack(&l, &c->seen_lock.stack[i]);
	}
	if (c->has_folio) {
		if (f->pfn)
			say_folio(&l, f);
		for (i = 0; i < f->nr_maps; i++) {
			say_map(&l, &f->map[i]);
			runs += f->map[i].entries.more;
		}
		say_more(&l, f->more_maps, "more mappings");
		say_more(&l, runs, "more runs of entries");
		say_more(&l, f->mapcount.more, "more runs of mapcounts");
	}
	if (c->has_round) {
		for (i = 0; i < r->nr_lanes; i++)
			say_lane(&l, &r->lane[i]);
		say_more(&l, r->more_lanes, "more ops of lanes");
		say_steps(&l, r->steps);
		say_more(&l, r->more_steps, "more steps");
	}
	say_more(&l, l.cut, "or more words had no room in their line");
}
