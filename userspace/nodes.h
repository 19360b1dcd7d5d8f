/* SPDX-License-Identifier: GPL-2.0 */
/* The NUMA nodes that this process may have memory on */
#ifndef THPRACE_NODES_H
#define THPRACE_NODES_H

#include <limits.h>

#include "util.h"

#define MAX_NODES	1024		/* the kernel's NODES_SHIFT is 10 at most */

/* As system calls take it: MAX_NODES and one more is their number of bits. */
struct node_mask {
	unsigned long bits[MAX_NODES / (sizeof(long) * CHAR_BIT)];
};

void nodes_probe(void);
unsigned int nodes_count(void);
int nodes_other(int node, unsigned int n);
const char *nodes_why_not(void);
bool nodes_parse(const char *list, struct node_mask *mask);
void nodes_set(struct node_mask *mask, unsigned int node);
bool nodes_has(const struct node_mask *mask, unsigned int node);

#endif /* THPRACE_NODES_H */
