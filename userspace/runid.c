// SPDX-License-Identifier: GPL-2.0
/*
 * What tells runs apart, and when they began
 *
 * The same in all reports that a run writes, also in the one that its keeper writes: made
 * with the first, before anything is forked.
 */
#include <stdlib.h>
#include <sys/random.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "json_value.h"
#include "runid.h"

#define FNV_PRIME	0x100000001b3ULL
#define FNV_BASIS	0xcbf29ce484222325ULL

/**
 * text_hash() - FNV-1a of 64 bits
 * @text: what
 * @hash: of what came before, or 0
 */
u64 text_hash(const char *text, u64 hash)
{
	hash = hash ? hash : FNV_BASIS;
	for (; *text; text++)
		hash = (hash ^ (u8)*text) * FNV_PRIME;
	return hash;
}

/**
 * runid_of_content() - of a report that has none
 * @root: the report
 */
json_t *runid_of_content(const json_t *root)
{
	char *text = json_dumps(root, JSON_COMPACT | JSON_SORT_KEYS);
	json_t *id = json_sprintf("h%016llx", text_hash(text ? text : "", 0));

	free(text);
	return id;
}

/**
 * runid_json() - run, started and host of this run
 * @root: its report
 * @start_ns: its start by now_ns()
 */
void runid_json(json_t *root, u64 start_ns)
{
	static char id[36], started[32];
	struct utsname names;
	struct timespec ts;
	struct tm tm;
	u64 word[2];

	if (!id[0]) {
		if (getrandom(word, sizeof(word), GRND_NONBLOCK) != sizeof(word)) {
			word[0] = now_ns();
			word[1] = getpid();
		}
		clock_gettime(CLOCK_REALTIME, &ts);
		ts.tv_sec -= start_ns ? (now_ns() - start_ns) / NSEC_PER_SEC : 0;
		gmtime_r(&ts.tv_sec, &tm);
		strftime(started, sizeof(started), "%Y-%m-%dT%H:%M:%SZ", &tm);
		snprintf(id, sizeof(id), "%016llx%016llx", word[0], word[1]);
	}
	json_object_set_new(root, "run", json_string(id));
	json_object_set_new(root, "started", json_string(started));
	json_object_set_new(root, "host", uname(&names) ? json_null() : plain_json(names.nodename));
}
