// SPDX-License-Identifier: GPL-2.0
/*
 * fuzz_trigger.c - one parse of arbitrary bytes, with what must always hold
 *
 * libFuzzer's entry point; test_print.c drives it with its own, seeded
 * mutations.
 */
#include <stdlib.h>

#include "front/trigger.h"
#include "state/names.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

#define MUST(cond)	do { if (!(cond)) abort(); } while (0)

/* Bytes exactly as long as they are: the sanitizer sees every overrun. */
static int parse_copy(struct thprace_spec *spec, const char *line, size_t len)
{
	char *copy = malloc(len ? len : 1);
	struct thprace_refusal no;
	int err;

	MUST(copy);
	memcpy(copy, line, len);
	memset(&no, 0, sizeof(no));
	err = thprace_trigger_parse(spec, copy, len, &no);
	/* a refusal has a reason, and nothing else has */
	MUST(!err == !no.why[0]);
	MUST(strlen(no.word) < sizeof(no.word) && strlen(no.why) < sizeof(no.why));
	free(copy);
	return err;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static struct thprace_spec spec, again;
	static char line[THPRACE_MAX_PRINT], twice[THPRACE_MAX_PRINT];
	char small[8];
	int err, len;

	err = parse_copy(&spec, (const char *)data, size);
	MUST(err == 0 || err == -EINVAL || err == -ERANGE || err == -E2BIG);
	MUST((err == -E2BIG) == (size > THPRACE_MAX_LINE));
	if (err)
		return 0;

	/* What is accepted is within its limits, and prints. */
	MUST(spec.given && !(spec.given >> THPRACE_NR_WORDS));
	MUST(spec.nr_pids <= THPRACE_MAX_PIDS && spec.nr_maps <= THPRACE_MAX_MAPS);
	MUST(spec.nr_ops <= THPRACE_MAX_OPS && spec.nr_steps <= THPRACE_MAX_STEPS);
	len = thprace_trigger_print(&spec, line, sizeof(line));
	MUST(len > 0 && strlen(line) == (size_t)len);
	MUST(thprace_trigger_print(&spec, small, sizeof(small)) <= 7);

	/* And the printed line means the same. */
	err = parse_copy(&again, line, len);
	if (len > THPRACE_MAX_LINE) {
		MUST(err == -E2BIG);
		return 0;
	}
	MUST(!err && !memcmp(&spec, &again, sizeof(spec)));
	MUST(thprace_trigger_print(&again, twice, sizeof(twice)) == len);
	MUST(!strcmp(line, twice));
	return 0;
}
