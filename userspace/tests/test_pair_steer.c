// SPDX-License-Identifier: GPL-2.0
/*
 * Two ops at once: along which schedules they are led
 */
#include "env.h"
#include "pair.h"
#include "rng.h"
#include "steer.h"
#include "tally.h"
#include "test.h"
#include "uop.h"

#define OUTER	"unlink_anon_vmas"	/* a phase that is behind no op's locks */

static char phases_text[LIST_MAX];

ssize_t __wrap_read_text(const char *path, char *buf, size_t size)
{
	if (strcmp(path, THPRACE_DEBUGFS "/phases"))
		return __real_read_text(path, buf, size);
	copy_word(buf, size, phases_text);
	return strlen(buf);
}

static bool is_known(const char *word, size_t len)
{
	char row[64];

	snprintf(row, sizeof(row), "\n%.*s phase yes\n", (int)len, word);
	return strstr(phases_text, row);
}

static bool has_word(const char *words, const char *word, size_t len)
{
	for (; *words; words += strcspn(words, " "), words += strspn(words, " ")) {
		if (strcspn(words, " ") == len && !strncmp(words, word, len))
			return true;
	}
	return false;
}

static bool has_known(const char *words)
{
	for (; *words; words += strcspn(words, " "), words += strspn(words, " ")) {
		if (is_known(words, strcspn(words, " ")))
			return true;
	}
	return false;
}

/* Each lane is led to what its op passes, and to its end. */
static void check_schedule(const char *schedule, const struct uop *const op[PAIR_LANES])
{
	char text[256], *step, *rest, *hash;
	unsigned int ends[PAIR_LANES] = { 0 }, led[PAIR_LANES] = { 0 }, lane, nr = 0;

	copy_word(text, sizeof(text), schedule);
	for (step = strtok_r(text, " ", &rest); step; step = strtok_r(NULL, " ", &rest)) {
		nr++;
		assert_true(step[0] == 'b' || step[0] == 'c');
		assert_true(step[1] == '>');
		lane = step[0] - 'b';
		step += 2;
		assert_false(ends[lane]);
		if (!strcmp(step, "end")) {
			ends[lane]++;
			continue;
		}
		assert_int_equal(ends[0] + ends[1], 0);
		led[lane]++;
		hash = strchr(step, '#');
		if (hash) {
			assert_in_range(strtoul(hash + 1, &hash, 10), 1, THPRACE_MAX_OCCURRENCE);
			assert_int_equal(*hash, '\0');
			*strchr(step, '#') = '\0';
		}
		assert_true(is_known(step, strlen(step)));
		assert_true(has_word(op[lane]->phases, step, strlen(step)) ||
			    has_word(op[lane]->inner, step, strlen(step)));
	}
	assert_in_range(nr, 3, THPRACE_MAX_STEPS);
	assert_true(ends[0] == 1 && ends[1] == 1);
	assert_true(led[0] <= 1 && led[1] <= 1 && led[0] + led[1]);
}

static unsigned int nr_words(const char *text)
{
	unsigned int nr = 1;

	for (; *text; text++)
		nr += *text == ' ';
	return nr;
}

static bool goes_to(const char *schedule, const char *phase)
{
	const char *at = strstr(schedule, phase);

	return at && at > schedule && at[-1] == '>' && strchr(" #", at[strlen(phase)]);
}

/* What comes up for two ops that have phases here. */
static void draw_schedules(unsigned int b, unsigned int c)
{
	const struct uop *const op[PAIR_LANES] = { &uops[b], &uops[c] };
	bool known[PAIR_LANES] = { has_known(op[0]->phases), has_known(op[1]->phases) };
	bool first[PAIR_LANES] = { 0 }, two = false, one = false, outer = false, drawn;
	char schedule[256], again[256];
	struct rng rng, same;
	unsigned int i, nr;

	for (i = 0; i < 200; i++) {
		rng_seed(&rng, i, b, c);
		same = rng;
		schedule[0] = '\0';
		drawn = steer_draw_pair(op[0], op[1], &rng, schedule, sizeof(schedule));
		assert_int_equal(steer_draw_pair(op[0], op[1], &same, again, sizeof(again)),
				 drawn);
		assert_true(drawn || !known[0] || !known[1]);
		assert_true(!drawn || known[0] || known[1]);
		if (!drawn) {
			assert_string_equal(schedule, "");
			continue;
		}
		assert_string_equal(schedule, again);
		check_schedule(schedule, op);
		first[schedule[0] - 'b'] = true;
		nr = nr_words(schedule);
		two |= nr == 4;
		one |= nr == 3;
		outer |= goes_to(schedule, OUTER);
	}
	assert_true(first[0] == known[0] && first[1] == known[1]);
	assert_true(two == (known[0] && known[1]) && one == (known[0] || known[1]));
	/* Not only to what is behind an op's own locks. */
	assert_int_equal(outer, has_word(op[0]->phases, OUTER, strlen(OUTER)) ||
			 has_word(op[1]->phases, OUTER, strlen(OUTER)));
}

static void test_schedules(void **state)
{
	unsigned int b, c;

	(void)state;
	for (b = 0; b < nr_uops; b++) {
		for (c = 0; c < nr_uops; c++)
			draw_schedules(b, c);
	}
}

/* A row for each word that has none yet; a part of them is not to be had. */
static void add_phases(const char *words, unsigned int *nr)
{
	size_t len, at;
	char row[64];

	for (; *words; words += len + strspn(words + len, " ")) {
		len = strcspn(words, " ");
		snprintf(row, sizeof(row), "\n%.*s ", (int)len, words);
		if (strstr(phases_text, row))
			continue;
		at = strlen(phases_text);
		snprintf(phases_text + at, sizeof(phases_text) - at, "%.*s phase %s\n", (int)len,
			 words, ++*nr % 5 ? "yes" : "no never heard of");
	}
}

static int setup(void **state)
{
	unsigned int i, nr = 0;

	(void)state;
	env.nr_subpages = 512;
	copy_word(phases_text, sizeof(phases_text), "of_no_op phase yes\n");
	for (i = 0; i < nr_uops; i++) {
		/* Of one op nothing is known. */
		if (strcmp(uops[i].name, "softdirty")) {
			add_phases(uops[i].phases, &nr);
			add_phases(uops[i].inner, &nr);
		}
	}
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_schedules),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
