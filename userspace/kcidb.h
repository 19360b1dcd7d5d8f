/* SPDX-License-Identifier: GPL-2.0 */
/* A merged report as a submission to KCIDB */
#ifndef THPRACE_KCIDB_H
#define THPRACE_KCIDB_H

#include "merge.h"

struct kcidb_names {
	const char *origin;		/* who submits */
	const char *build;		/* what was tested, or NULL */
};

bool kcidb_is_origin(const char *text, size_t len);
int merge_kcidb(const struct merge *m, const struct kcidb_names *names, const char *path);

#endif /* THPRACE_KCIDB_H */
