/* SPDX-License-Identifier: GPL-2.0 */
/* Where in a process there is memory that the module can check */
#ifndef THPRACE_OBSERVE_MAP_H
#define THPRACE_OBSERVE_MAP_H

#include "util.h"

#define MAX_SPANS		1024	/* kept of a process, drawn if there are more */

/* Whole regions of the size of a huge page; nothing in them is refused. */
struct span {
	u64 start, end;
	u64 huge;			/* bytes mapped by huge entries */
	/* those, and bytes where there may be pages of large folios: once they are mapped
	 * by small entries, as when they are split, smaps does not tell
	 */
	u64 likely;
};

struct spans {
	unsigned int nr;
	u64 seen;			/* spans, kept or not */
	u64 huge, likely, regions;	/* of those kept */
	u64 rss;			/* of all of the process, bytes */
	struct span span[MAX_SPANS];
	/* while it is read */
	u64 barrier;			/* end of the last mapping that would be refused */
	struct span open;		/* the mapping that is read now */
	u64 open_rss;
	bool is_open, refused, eligible;
};

struct rng;

void spans_begin(struct spans *s);
void spans_line(struct spans *s, char *line, struct rng *rng);
void spans_end(struct spans *s, struct rng *rng);
int spans_read(struct spans *s, pid_t pid, struct rng *rng);
unsigned int spans_draw(const struct spans *s, struct rng *rng, unsigned int max, u64 *addr);

#endif /* THPRACE_OBSERVE_MAP_H */
