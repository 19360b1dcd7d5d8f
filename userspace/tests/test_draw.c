// SPDX-License-Identifier: GPL-2.0
/*
 * What the seed decides: random numbers, pieces, schedules
 */
#include "env.h"
#include "piece.h"
#include "scenario.h"
#include "steer.h"
#include "tally.h"
#include "test.h"

#define DRAWS	20000

/* All phases that a scenario may name, some of them not on this kernel. */
static char *phases_text;

ssize_t __wrap_read_text(const char *path, char *buf, size_t size)
{
	if (strcmp(path, THPRACE_DEBUGFS "/phases"))
		return __real_read_text(path, buf, size);
	copy_word(buf, size, phases_text);
	return strlen(buf);
}

static void test_rng(void **state)
{
	struct rng a, b;
	unsigned int i, same = 0;

	(void)state;
	rng_seed(&a, 42, 7, 1);
	rng_seed(&b, 42, 7, 1);
	for (i = 0; i < 100; i++)
		assert_true(rng_next(&a) == rng_next(&b));
	rng_seed(&b, 42, 7, 2);
	for (i = 0; i < 100; i++)
		same += rng_next(&a) == rng_next(&b);
	assert_int_equal(same, 0);
	for (i = 0; i < 1000; i++)
		assert_true(rng_below(&a, 3) < 3);
}

static void draw_pieces(unsigned int all)
{
	bool first = false, last = false, strided = false;
	struct rng rng;
	unsigned int i;

	env.nr_subpages = all;
	rng_seed(&rng, all, 0, 0);
	for (i = 0; i < DRAWS; i++) {
		struct piece p = piece_draw(&rng);

		assert_true(p.nr >= 1 && p.nr < all && p.stride >= 1);
		assert_true(p.first + (p.nr - 1) * p.stride < all);
		first |= !p.first;
		last |= p.first + (p.nr - 1) * p.stride == all - 1;
		strided |= p.stride > 1;
	}
	assert_true(first && last && strided);
}

/* Never a whole huge page, never beyond it; both ends come up. */
static void test_pieces(void **state)
{
	(void)state;
	draw_pieces(512);
	draw_pieces(8192);
	draw_pieces(32);
}

static bool is_known(const char *word, size_t len)
{
	const char *at = phases_text;

	while ((at = strstr(at, word))) {
		if ((at == phases_text || at[-1] == '\n') && at[len] == ' ')
			return !strncmp(at + len, " phase yes", strlen(" phase yes"));
		at++;
	}
	return false;
}

/* The grammar of docs/ABI.md, as far as it is used here. */
static void check_schedule(const char *schedule, const struct scenario *sc)
{
	char text[256], *step, *rest, *hash;
	bool a_ends = false, other_ends = false;
	unsigned int nr = 0;

	copy_word(text, sizeof(text), schedule);
	for (step = strtok_r(text, " ", &rest); step; step = strtok_r(NULL, " ", &rest)) {
		nr++;
		assert_true(step[0] == 'a' || step[0] == 'b' || (step[0] == 'c' &&
			    (sc->phases_c || sc->third)));
		assert_true(step[1] == '>');
		if (!strcmp(step + 2, "end")) {
			a_ends |= step[0] == 'a';
			other_ends |= step[0] != 'a';
			continue;
		}
		hash = strchr(step, '#');
		if (hash) {
			assert_in_range(atoi(hash + 1), 1, THPRACE_MAX_OCCURRENCE);
			*hash = '\0';
		}
		assert_true(is_known(step + 2, strlen(step + 2)));
	}
	assert_in_range(nr, 2, THPRACE_MAX_STEPS);
	assert_true(other_ends && (a_ends || sc->third));
}

static void test_schedules(void **state)
{
	char one[256], two[256];
	struct rng rng, again;
	unsigned int i, j;

	(void)state;
	for (i = 0; i < nr_scenarios; i++) {
		for (j = 0; j < 500; j++) {
			rng_seed(&rng, j, i, 0);
			again = rng;
			assert_true(steer_draw(scenarios[i], &rng, one, sizeof(one)));
			assert_true(steer_draw(scenarios[i], &again, two, sizeof(two)));
			assert_string_equal(one, two);
			check_schedule(one, scenarios[i]);
			if (scenarios[i]->third &&
			    steer_draw_third(scenarios[i], &rng, one, sizeof(one)))
				check_schedule(one, scenarios[i]);
		}
	}
}

/* A row for each word that has none yet; a part of them is not to be had. */
static void add_phases(const char *words, unsigned int *nr)
{
	char name[48];
	size_t len, at;

	for (; words && *words; words += len + strspn(words + len, " ")) {
		len = strcspn(words, " ");
		snprintf(name, sizeof(name), "\n%.*s ", (int)len, words);
		if (strstr(phases_text, name))
			continue;
		at = strlen(phases_text);
		snprintf(phases_text + at, LIST_MAX - at, "%.*s phase %s\n", (int)len, words,
			 ++*nr % 5 ? "yes" : "no never heard of");
	}
}

static int make_phases(void **state)
{
	unsigned int i, nr = 0;

	(void)state;
	phases_text = calloc(1, LIST_MAX);
	strcpy(phases_text, "split_huge_page phase yes\n");
	for (i = 0; i < nr_scenarios; i++) {
		add_phases(scenarios[i]->phases, &nr);
		add_phases(scenarios[i]->inner, &nr);
		add_phases(scenarios[i]->phases_c, &nr);
		add_phases(scenarios[i]->inner_c, &nr);
		add_phases(scenarios[i]->third, &nr);
	}
	add_phases("try_to_migrate remap_page remove_migration_pte migrate_pages", &nr);
	return 0;
}

static int free_phases(void **state)
{
	(void)state;
	free(phases_text);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rng),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_schedules),
	};

	return cmocka_run_group_tests(tests, make_phases, free_phases);
}
