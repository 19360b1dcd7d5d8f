// SPDX-License-Identifier: GPL-2.0
/*
 * The merged report as JSON
 *
 * Its runs are written as they were kept, a line each.
 */
#include <errno.h>

#include "merge.h"
#include "write_file.h"

static int write_json(FILE *out, const void *data)
{
	const struct merge *m = data;
	size_t i;

	fputs("{\n ", out);
	if (json_dumpf(m->root, out, JSON_INDENT(1) | JSON_EMBED))
		return -EIO;
	fputs(",\n \"runs\": [", out);
	for (i = 0; i < m->nr_runs; i++)
		fprintf(out, "%s\n  %s", i ? "," : "", m->runs[i].text);
	fputs("\n ]\n}\n", out);
	return 0;
}

/**
 * merge_json() - write the merged report
 * @m: merge with its sum
 * @path: file, or "-" for standard output
 */
int merge_json(const struct merge *m, const char *path)
{
	int err = write_file(path, write_json, m);

	if (err)
		set_error("cannot write the merged report to %.200s", path);
	return err;
}
