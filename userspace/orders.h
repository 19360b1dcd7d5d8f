/* SPDX-License-Identifier: GPL-2.0 */
/* Sizes of the folios that rounds are about: which there are, which one is drawn */
#ifndef THPRACE_ORDERS_H
#define THPRACE_ORDERS_H

#include "util.h"

#define MIN_ORDER	2		/* of large folios of anonymous memory */
#define NR_ORDERS	16
#define ORDERS_TEXT	80

/* What --orders says; empty text: nothing was said. */
struct orders {
	u32 named;			/* orders, as bits: each must be there */
	bool pmd;			/* and that of a PMD, whatever it is here */
	bool all;			/* and all that this kernel has */
	char text[ORDERS_TEXT];
};

/* What became of an order in a scenario. */
struct order_count {
	u64 rounds, folios;		/* that were raced */
	u64 missed;			/* huge pages in whose place none was had */
	u64 splits;			/* of these rounds: with a split that was done */
};

struct options;
struct report;
struct result;
struct scenario;
struct touch;

const char *orders_parse(struct orders *orders, const char *text);
unsigned int orders_pmd(void);
u32 orders_here(bool gentle);
bool orders_pmd_only(const struct scenario *sc);
u32 orders_of(const struct options *opt, const struct scenario *sc);
u32 orders_drawn(const struct options *opt, const struct scenario *sc);
const char *orders_why_not(const struct options *opt, const struct scenario *sc);
unsigned int orders_draw(u32 set, bool mostly_pmd, u64 seed, u64 round);
bool orders_draw_one(u64 seed, u64 round, unsigned int *page);
const struct touch *orders_touch(unsigned int order);
const char *order_name(unsigned int order, char *buf, size_t size);
int orders_not_got(const struct options *opt, const struct result *res);
int orders_never(const struct report *rep);

#endif /* THPRACE_ORDERS_H */
