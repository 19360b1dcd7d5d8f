// SPDX-License-Identifier: GPL-2.0
/*
 * The machine, as JSON: what a report is to be compared by
 *
 * What is not known is null.
 */
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "env.h"
#include "machine.h"
#include "nodes.h"
#include "util.h"

#define THP_ENABLED	"/sys/kernel/mm/transparent_hugepage/enabled"

/* A line of a file; bytes that no JSON text may hold are replaced. */
static json_t *line_json(const char *path)
{
	char text[4096], *at;

	if (read_text(path, text, sizeof(text)) <= 0)
		return json_null();
	text[strcspn(text, "\n")] = '\0';
	for (at = text; *at; at++) {
		if (*at < ' ' || *at > '~')
			*at = '?';
	}
	return json_string(text);
}

/* "always [madvise] never" -> "madvise" */
static json_t *thp_json(void)
{
	char text[128], *from, *to;

	if (read_text(THP_ENABLED, text, sizeof(text)) <= 0)
		return json_null();
	from = strchr(text, '[');
	to = from ? strchr(from, ']') : NULL;
	return to ? json_stringn(from + 1, to - from - 1) : json_null();
}

static json_t *taint_json(void)
{
	char text[32];
	u64 val;

	if (read_text("/proc/sys/kernel/tainted", text, sizeof(text)) <= 0)
		return json_null();
	text[strcspn(text, "\n")] = '\0';
	return parse_u64(text, 0, INT64_MAX, &val) ? json_null() : json_integer(val);
}

/**
 * machine_json() - CPUs, memory, nodes, huge pages, command line, taint
 */
json_t *machine_json(void)
{
	json_int_t kib = (json_int_t)sysconf(_SC_PHYS_PAGES) * (env.page_size / 1024);

	return json_pack("{s:i, s:I, s:i, s:I, s:I, s:o, s:o, s:o}",
			 "cpus", (int)env.nr_cpus,
			 "memory_kib", kib,
			 "nodes", (int)nodes_count(),
			 "page_size", (json_int_t)env.page_size,
			 "huge_page_size", (json_int_t)env.hpage_size,
			 "thp", thp_json(),
			 "cmdline", line_json("/proc/cmdline"),
			 "tainted", taint_json());
}
