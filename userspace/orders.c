// SPDX-License-Identifier: GPL-2.0
/*
 * Sizes of folios: which this kernel can fault in, which one a round is about
 *
 * Called by the command line (options.c), by whoever asks why a scenario cannot run,
 * by the engine, which draws one for each huge page, and by the report.  How they are
 * had is in folios.c.
 */
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "env.h"
#include "options.h"
#include "orders.h"
#include "report.h"
#include "result.h"
#include "rng.h"
#include "scenario.h"
#include "touch.h"
#include "util.h"

#define THP_SYSFS	"/sys/kernel/mm/transparent_hugepage"
#define SMALL_PAGE	4096		/* sizes below are those of such pages */
#define MAX_SHIFT	21		/* the largest size that can be named: 2M */
#define MOSTLY		4		/* one round of so many is about a smaller size */
#define ORDER_LANE	(~0ULL - 8)	/* choices of an order */
#define TURN_LANE	(~0ULL - 9)
#define ONE_LANE	(~0ULL - 10)

/* By order.  Since 6.8; what a kernel has is told by which files there are. */
#define SIZE(kb) \
	TOUCH_SET(THP_SYSFS "/hugepages-" kb "kB/enabled", "madvise", \
		  .optional = true, \
		  .others = "where they advise huge pages they get some of that size")

static const struct touch sizes[NR_ORDERS] = {
	[2] = SIZE("16"),
	[3] = SIZE("32"),
	[4] = SIZE("64"),
	[5] = SIZE("128"),
	[6] = SIZE("256"),
	[7] = SIZE("512"),
	[8] = SIZE("1024"),
};

/* What is wrong, for people; of the last call. */
static const char *wrong(const char *fmt, ...) __printf(1, 2);

static const char *wrong(const char *fmt, ...)
{
	static char text[160];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return text;
}

/* "64k" or "2M", in bytes; 0: neither. */
static u64 size_of(const char *word)
{
	size_t len = strlen(word), shift;
	char digits[16];
	u64 n;

	if (len < 2 || len >= sizeof(digits))
		return 0;
	shift = strchr("kK", word[len - 1]) ? 10 : strchr("mM", word[len - 1]) ? 20 : 0;
	copy_word(digits, len, word);
	if (!shift || strspn(digits, "0123456789") != len - 1 || parse_u64(digits, 1, 1 << 20, &n))
		return 0;
	return n << shift;
}

static const char *add_size(struct orders *orders, const char *word)
{
	u64 size = size_of(word), page = sysconf(_SC_PAGESIZE);
	unsigned int order = 0;

	if (!size)
		return wrong("it takes pmd, all, or sizes such as 16k,64k,2M, not '%.40s'", word);
	if (size & (size - 1))
		return wrong("'%.40s' is no power of two", word);
	if (size < page << MIN_ORDER || size > 1ULL << MAX_SHIFT)
		return wrong("sizes are from %lluk to 2M, not '%.40s'",
			     (page << MIN_ORDER) / 1024, word);
	while (page << order < size)
		order++;
	if (orders->named >> order & 1)
		return wrong("'%.40s' is named twice", word);
	orders->named |= 1U << order;
	return NULL;
}

static const char *add_word(struct orders *orders, const char *word)
{
	bool *flag = !strcmp(word, "pmd") ? &orders->pmd :
		     !strcmp(word, "all") ? &orders->all : NULL;

	if (!flag)
		return add_size(orders, word);
	if (*flag)
		return wrong("'%s' is named twice", word);
	*flag = true;
	return NULL;
}

/**
 * orders_parse() - what --orders says
 * @orders: result
 * @text: words with commas between: pmd, all, sizes
 *
 * Returns NULL, or what is wrong: the word, and what is allowed in its place.
 */
const char *orders_parse(struct orders *orders, const char *text)
{
	const char *why = NULL;
	char word[ORDERS_TEXT];
	const char *at = text;
	size_t len;

	memset(orders, 0, sizeof(*orders));
	if (strlen(text) >= sizeof(orders->text))
		return wrong("the list is too long: '%.40s...'", text);
	do {
		len = strcspn(at, ",");
		copy_word(word, len + 1, at);
		why = add_word(orders, word);
		at += len;
	} while (!why && *at++);
	if (!why)
		copy_word(orders->text, sizeof(orders->text), text);
	return why;
}

/**
 * orders_pmd() - the order of what a PMD maps
 */
unsigned int orders_pmd(void)
{
	unsigned int order = 0;

	while (env.page_size << order < env.hpage_size)
		order++;
	return order;
}

/**
 * orders_touch() - the setting that allows folios of an order
 * @order: below that of a PMD
 *
 * Returns NULL if there is none.
 */
const struct touch *orders_touch(unsigned int order)
{
	return order < NR_ORDERS && sizes[order].kind && env.page_size == SMALL_PAGE ?
	       &sizes[order] : NULL;
}

/* As the machine is now: to memory that advises it. */
static bool is_allowed(const struct touch *size)
{
	char text[64];

	if (read_text(size->what, text, sizeof(text)) <= 0)
		return false;
	if (strstr(text, "[inherit]") && read_text(THP_SYSFS "/enabled", text, sizeof(text)) <= 0)
		return false;
	return strstr(text, "[madvise]") || strstr(text, "[always]");
}

/**
 * orders_here() - the sizes of folios that this kernel can fault in
 * @gentle: only those that it does as its settings are
 *
 * Returns orders, as bits; that of a PMD is always there.
 */
u32 orders_here(bool gentle)
{
	u32 here = 1U << orders_pmd();
	unsigned int i;

	for (i = MIN_ORDER; i < orders_pmd(); i++) {
		const struct touch *size = orders_touch(i);

		if (size && !access(size->what, F_OK) && (!gentle || is_allowed(size)))
			here |= 1U << i;
	}
	return here;
}

/**
 * orders_pmd_only() - does a scenario take huge pages of PMD size only?
 * @sc: scenario
 *
 * Sizes of shared memory are other settings.
 */
bool orders_pmd_only(const struct scenario *sc)
{
	return sc->file || sc->pmd_only;
}

static u32 asked(const struct orders *orders)
{
	return orders->named | (orders->pmd ? 1U << orders_pmd() : 0);
}

/*
 * All sizes where nothing was said?  Those that draw how a huge page looks have a shape
 * that is made of them.  Others than root can neither allow sizes nor see that they got
 * some.
 */
static bool by_default(const struct scenario *sc)
{
	return sc->pairs && sc->draws && !geteuid();
}

/**
 * orders_of() - what a scenario has folios of
 * @opt: options of the run
 * @sc: scenario
 *
 * Returns orders, as bits.
 */
u32 orders_of(const struct options *opt, const struct scenario *sc)
{
	u32 here = orders_here(opt->gentle), pmd = 1U << orders_pmd();

	if (orders_pmd_only(sc))
		return pmd;
	if (!opt->orders.text[0])
		return by_default(sc) ? here : pmd;
	return (opt->orders.all ? here : 0) | (asked(&opt->orders) & here);
}

/**
 * orders_drawn() - what the rounds of a scenario draw from
 * @opt: options of the run
 * @sc: scenario
 *
 * Where nothing was said that of a PMD: each round of another size is one less for the
 * bugs that need a PMD, and what they lose by it is to be measured first.
 *
 * Returns orders, as bits.
 */
u32 orders_drawn(const struct options *opt, const struct scenario *sc)
{
	return opt->orders.text[0] ? orders_of(opt, sc) : 1U << orders_pmd();
}

/**
 * orders_why_not() - why a scenario cannot race what --orders says, or NULL
 * @opt: options of the run
 * @sc: scenario
 *
 * The reason is in static storage.
 */
const char *orders_why_not(const struct options *opt, const struct scenario *sc)
{
	u32 lacking = asked(&opt->orders) & ~orders_here(opt->gentle);
	static char why[160];
	const struct touch *size;
	unsigned int order = MIN_ORDER;
	char name[16];

	if (!opt->orders.text[0])
		return NULL;
	if (lacking) {
		while (!(lacking >> order & 1))
			order++;
		size = orders_touch(order);
		if (opt->gentle && size && !access(size->what, F_OK))
			snprintf(why, sizeof(why), "--gentle: --orders %s needs setting %s",
				 order_name(order, name, sizeof(name)), size->what);
		else
			snprintf(why, sizeof(why),
				 "--orders %s: this kernel faults in no folios of that size",
				 order_name(order, name, sizeof(name)));
		return why;
	}
	if (orders_pmd_only(sc) && !opt->orders.all && !(asked(&opt->orders) >> orders_pmd() & 1))
		return "--orders: its huge pages are of PMD size, which is not among them";
	return NULL;
}

/* Each of the set once in as many turns, in an order of the seed. */
static unsigned int in_turn(u32 set, u64 seed, u64 turn)
{
	unsigned int order[NR_ORDERS], nr = 0, i, j, swap;
	struct rng rng;

	for (i = 0; i < NR_ORDERS; i++) {
		if (set >> i & 1)
			order[nr++] = i;
	}
	if (!nr)
		return orders_pmd();
	rng_seed(&rng, seed, turn / nr, ORDER_LANE);
	for (i = nr - 1; i; i--) {
		j = rng_below(&rng, i + 1);
		swap = order[i];
		order[i] = order[j];
		order[j] = swap;
	}
	return order[turn % nr];
}

/**
 * orders_draw() - the order that a round is about
 * @set: orders, as bits
 * @mostly_pmd: that of a PMD in three rounds of four
 * @seed: of the run
 * @round: its number, so that a replay has the same
 */
unsigned int orders_draw(u32 set, bool mostly_pmd, u64 seed, u64 round)
{
	u32 pmd = 1U << orders_pmd();
	struct rng rng;

	if (!mostly_pmd || !(set & pmd) || !(set & ~pmd))
		return in_turn(set, seed, round);
	rng_seed(&rng, seed, round / MOSTLY, TURN_LANE);
	if (rng_below(&rng, MOSTLY) != round % MOSTLY)
		return orders_pmd();
	return in_turn(set & ~pmd, seed, round / MOSTLY);
}

/**
 * orders_draw_one() - does the split of a round take one folio of several?
 * @seed: of the run
 * @round: its number
 * @page: result: the subpage whose folio it is
 *
 * Else it takes all of them, one after the other.
 */
bool orders_draw_one(u64 seed, u64 round, unsigned int *page)
{
	struct rng rng;

	rng_seed(&rng, seed, round, ONE_LANE);
	*page = rng_below(&rng, env.nr_subpages);
	return rng_below(&rng, 2);
}

/**
 * order_name() - the size of an order, as --orders takes it
 * @order: order
 * @buf: room
 * @size: of @buf
 */
const char *order_name(unsigned int order, char *buf, size_t size)
{
	u64 kib = ((u64)sysconf(_SC_PAGESIZE) << order) / 1024;

	if (kib >= 1024)
		snprintf(buf, size, "%lluM", kib / 1024);
	else
		snprintf(buf, size, "%lluk", kib);
	return buf;
}

/**
 * orders_not_got() - an order that was asked for, and of which no folio was had
 * @opt: options of the run
 * @res: of a scenario
 *
 * Returns it, or -1.
 */
int orders_not_got(const struct options *opt, const struct result *res)
{
	int i;

	for (i = 0; opt->orders.text[0] && i < NR_ORDERS; i++) {
		if (res->orders[i].missed && !res->orders[i].rounds)
			return i;
	}
	return -1;
}

/**
 * orders_never() - an order that was named, and that no scenario has raced
 * @rep: report with its results
 *
 * Returns it, or -1.
 */
int orders_never(const struct report *rep)
{
	u32 left = rep->opt->orders.text[0] ? asked(&rep->opt->orders) : 0;
	unsigned int i;
	int order;

	for (order = 0; order < NR_ORDERS; order++) {
		for (i = 0; left >> order & 1 && i < rep->nr_results; i++) {
			if (rep->results[i]->orders[order].rounds)
				left &= ~(1U << order);
		}
		if (left >> order & 1)
			return order;
	}
	return -1;
}
