// SPDX-License-Identifier: GPL-2.0
/*
 * What was new, for the report: is it worth while to run for longer?
 */
#include <jansson.h>

#include "cover.h"
#include "cover_report.h"
#include "json_value.h"
#include "options.h"
#include "report.h"
#include "result.h"
#include "scenario.h"
#include "util.h"

struct news {
	u64 nr[NR_COVER], minute[NR_COVER], in_step[COVER_STEPS], sum, in_minute;
	bool full;
};

static struct news news_of(const struct report *rep)
{
	struct news n = { .sum = 0 };
	unsigned int i, k;

	for (i = 0; i < rep->nr_results; i++) {
		const struct cover *c = rep->cover[i];

		for (k = 0; k < NR_COVER; k++) {
			u64 minute = cover_last_minute(c, k, rep->duration_ns);

			n.nr[k] += c->nr[k];
			n.sum += c->nr[k];
			n.minute[k] += minute;
			n.in_minute += minute;
		}
		for (k = 0; k < COVER_STEPS; k++)
			n.in_step[k] += c->in_step[k];
		n.full |= c->full;
	}
	return n;
}

/* How much of it was seen by the last full power of two seconds. */
static u64 seen_before(const struct news *n, u64 ns, u64 *second)
{
	u64 sum = n->in_step[0];
	unsigned int i;

	*second = 1;
	for (i = 1; i < COVER_STEPS && 2 * *second * NSEC_PER_SEC < ns; i++) {
		sum += n->in_step[i];
		*second *= 2;
	}
	return sum;
}

/**
 * cover_print() - what was new, on a line
 * @rep: report
 * @out: where to
 */
void cover_print(const struct report *rep, FILE *out)
{
	struct news n = news_of(rep);
	u64 second, before = seen_before(&n, rep->duration_ns, &second);
	unsigned int k;

	if (!n.sum)
		return;
	fprintf(out, "  new: %llu", n.sum);
	for (k = 0; k < NR_COVER; k++)
		fprintf(out, "%s%llu %s", k ? ", " : " (", n.nr[k], cover_names[k]);
	fprintf(out, "), %llu in the first %llu s, %llu in the last minute%s\n", before, second,
		n.in_minute, n.full ? "; some had no room" : "");
}

/**
 * cover_print_one() - what a scenario has brought, on a line
 * @c: of it
 * @out: where to
 */
void cover_print_one(const struct cover *c, FILE *out)
{
	unsigned int k;

	if (!cover_sum(c))
		return;
	fprintf(out, "    new: ");
	for (k = 0; k < NR_COVER; k++)
		fprintf(out, "%llu %s, ", c->nr[k], cover_names[k]);
	fprintf(out, "the last after %.1f s\n", c->last_ns / 1e9);
}

static json_t *kinds_json(const u64 *nr)
{
	json_t *kinds = json_object();
	unsigned int k;

	for (k = 0; k < NR_COVER; k++)
		json_object_set_new(kinds, cover_names[k], u64_json(nr[k]));
	return kinds;
}

static json_t *one_json(const struct report *rep, unsigned int i)
{
	const struct cover *c = rep->cover[i];
	json_t *one = kinds_json(c->nr);
	u64 minute = 0;
	unsigned int k;

	for (k = 0; k < NR_COVER; k++)
		minute += cover_last_minute(c, k, rep->duration_ns);
	json_object_set_new(one, "name", json_string(rep->results[i]->sc->name));
	json_object_set_new(one, "last_minute", u64_json(minute));
	json_object_set_new(one, "last_new_s", cover_sum(c) ? json_real(c->last_ns / 1e9) :
								json_null());
	return one;
}

/* [second, seen by then], as far as the run went. */
static json_t *curve_json(const struct news *n, u64 ns)
{
	json_t *curve = json_array();
	u64 sum = 0, second = 1;
	unsigned int i;

	for (i = 0; i < COVER_STEPS; i++, second *= 2) {
		sum += n->in_step[i];
		json_array_append_new(curve, json_pack("[o, o]", u64_json(second), u64_json(sum)));
		if (second * NSEC_PER_SEC >= ns)
			break;
	}
	return curve;
}

/**
 * cover_json() - all that is known of what was new
 * @rep: report
 */
json_t *cover_json(const struct report *rep)
{
	struct news n = news_of(rep);
	json_t *root = kinds_json(n.nr), *list = json_array();
	unsigned int i;

	for (i = 0; i < rep->nr_results; i++) {
		if (rep->results[i]->begun)
			json_array_append_new(list, one_json(rep, i));
	}
	json_object_set_new(root, "full", json_boolean(n.full));
	json_object_set_new(root, "last_minute", kinds_json(n.minute));
	json_object_set_new(root, "curve", curve_json(&n, rep->duration_ns));
	json_object_set_new(root, "scenarios", list);
	return root;
}
