// SPDX-License-Identifier: GPL-2.0
/*
 * The NUMA nodes that this process may have memory on
 *
 * Numbers may have gaps, nodes may have CPUs only, and a cpuset may take some away.
 * Used by scenarios that migrate; probed with the rest of the machine (env.c).
 */
#include <stdlib.h>
#include <string.h>

#include "nodes.h"
#include "util.h"

#define NODE_SYSFS	"/sys/devices/system/node"
#define BITS_PER_LONG	(sizeof(long) * CHAR_BIT)

static unsigned int nodes[MAX_NODES], nr_nodes;

void nodes_set(struct node_mask *mask, unsigned int node)
{
	mask->bits[node / BITS_PER_LONG] |= 1UL << node % BITS_PER_LONG;
}

bool nodes_has(const struct node_mask *mask, unsigned int node)
{
	return mask->bits[node / BITS_PER_LONG] >> node % BITS_PER_LONG & 1;
}

/**
 * nodes_parse() - a list like "0,2-3", as the kernel prints it
 * @list: text; a newline ends it
 * @mask: result
 *
 * Returns false if it is no such list, or has nodes beyond MAX_NODES.
 */
bool nodes_parse(const char *list, struct node_mask *mask)
{
	unsigned long first, last;
	char *end;

	memset(mask, 0, sizeof(*mask));
	while (*list && *list != '\n') {
		if (*list < '0' || *list > '9')
			return false;
		first = strtoul(list, &end, 10);
		last = first;
		if (*end == '-') {
			list = end + 1;
			if (*list < '0' || *list > '9')
				return false;
			last = strtoul(list, &end, 10);
		}
		if (last < first || last >= MAX_NODES)
			return false;
		for (; first <= last; first++)
			nodes_set(mask, first);
		list = end + (*end == ',');
	}
	return true;
}

static bool read_list(const char *path, const char *key, struct node_mask *mask)
{
	char text[0x10000], *at = text;

	if (read_text(path, text, sizeof(text)) <= 0)
		return false;
	if (key) {
		at = strstr(text, key);
		if (!at)
			return false;
		at += strlen(key);
		at += strspn(at, " \t");
	}
	return nodes_parse(at, mask);
}

/**
 * nodes_probe() - which nodes there are for this process
 *
 * Where one of the files is missing, the other says it; without both there is
 * one node.
 */
void nodes_probe(void)
{
	struct node_mask memory, allowed;
	unsigned int node;

	/* Before 3.9 there was only the name without movable memory. */
	if (!read_list(NODE_SYSFS "/has_memory", NULL, &memory) &&
	    !read_list(NODE_SYSFS "/has_normal_memory", NULL, &memory) &&
	    !read_list(NODE_SYSFS "/online", NULL, &memory))
		nodes_parse("0", &memory);
	if (!read_list("/proc/self/status", "\nMems_allowed_list:", &allowed))
		allowed = memory;
	nr_nodes = 0;
	for (node = 0; node < MAX_NODES; node++) {
		if (nodes_has(&memory, node) && nodes_has(&allowed, node))
			nodes[nr_nodes++] = node;
	}
}

/**
 * nodes_count() - how many there are, at least 1 once probed
 */
unsigned int nodes_count(void)
{
	return nr_nodes;
}

/**
 * nodes_other() - a node to go to
 * @node: where something is
 * @n: a choice
 *
 * Returns one that is not @node, or -1 if there is none.
 */
int nodes_other(int node, unsigned int n)
{
	unsigned int i, others = 0;

	for (i = 0; i < nr_nodes; i++)
		others += (int)nodes[i] != node;
	if (!others)
		return -1;
	n %= others;
	for (i = 0; (int)nodes[i] == node || n--; i++)
		;
	return nodes[i];
}

/**
 * nodes_why_not() - why nothing can migrate from node to node, or NULL
 */
const char *nodes_why_not(void)
{
	return nr_nodes < 2 ?
	       "migration needs two NUMA nodes with memory that this process may use" : NULL;
}
