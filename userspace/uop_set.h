/* SPDX-License-Identifier: GPL-2.0 */
/* Which ops the rounds of a scenario may draw: all, or those of --ops */
#ifndef THPRACE_UOP_SET_H
#define THPRACE_UOP_SET_H

#include "pair.h"
#include "util.h"

struct scenario;
struct tally;

#define UOP_SET_TEXT	512		/* of --ops, all names of it twice */

/* Bits by row of uops[]. */
struct uop_set {
	char text[UOP_SET_TEXT];	/* as it was given, or empty: all */
	bool apart;			/* one list for each lane */
	u32 lane[PAIR_LANES];
};

const char *uop_set_parse(struct uop_set *set, const char *text);
bool uop_set_one_each(const struct uop_set *set);
const char *uop_set_unfit(const struct uop_set *set, const struct scenario *sc);
const char *uop_set_why_not(const struct uop_set *set, const struct scenario *sc);
void uop_set_choices(const struct uop_set *set, const struct scenario *sc,
		     struct pair_choice *may);
const char *uop_set_undone(const struct uop_set *set, const struct scenario *sc,
			   const struct tally *t);
bool uop_set_has(const struct uop_set *set, unsigned int op);
size_t uop_names(char *buf, size_t size, const struct scenario *sc);

#endif /* THPRACE_UOP_SET_H */
