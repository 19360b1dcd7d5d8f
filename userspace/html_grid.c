// SPDX-License-Identifier: GPL-2.0
/*
 * The grids of several kernels side by side, with the same rows and columns
 *
 * A cell is marked where a kernel says something else than another one that has tried it.
 */
#include <stdlib.h>
#include <string.h>

#include "escape.h"
#include "heatmap.h"
#include "html_part.h"
#include "json_value.h"

struct axes {
	const char **name;
	unsigned int nr;
	json_t *at;			/* name -> index */
};

struct side {
	const json_t *kernel;
	const json_t **cells;		/* of all axes; NULL: not of this kernel */
};

struct sides {
	struct axes a, b;
	struct side *side;
	unsigned int nr;
};

struct one {
	const struct sides *all;
	unsigned int nr;
};

static const json_t *grid_of(const json_t *kernel)
{
	return json_object_get(kernel, "grid");
}

static unsigned int index_of(const struct axes *axes, const json_t *name)
{
	const json_t *at = json_object_get(axes->at, json_string_value(name));

	return at ? json_integer_value(at) : axes->nr;
}

/* All phases of all kernels, in the order of the first that has them. */
static int join(struct axes *axes, const struct sides *s, const char *key)
{
	json_t *names = json_object();
	unsigned int i;
	json_t *sum;
	size_t j;

	sum = json_object();
	for (i = 0; i < s->nr; i++)
		merge_grid_add(sum, grid_of(s->side[i].kernel));
	axes->at = names;
	axes->name = calloc(json_array_size(json_object_get(sum, key)) + 1, sizeof(*axes->name));
	for (j = 0; axes->name && j < json_array_size(json_object_get(sum, key)); j++) {
		json_t *name = json_array_get(json_object_get(sum, key), j);

		json_object_set_new(names, json_string_value(name), json_integer((json_int_t)j));
		/* The key lives as long as the object. */
		axes->name[j] = json_object_iter_key(json_object_iter_at(names,
									 json_string_value(name)));
		axes->nr++;
	}
	json_decref(sum);
	return axes->name ? 0 : -1;
}

static int place(struct side *side, const struct sides *s)
{
	const json_t *grid = grid_of(side->kernel), *b = json_object_get(grid, "b");
	const json_t *cells = json_object_get(grid, "cells");
	size_t i, nr_b = json_array_size(b);

	side->cells = calloc((size_t)s->a.nr * s->b.nr + 1, sizeof(*side->cells));
	if (!side->cells)
		return -1;
	for (i = 0; nr_b && i < json_array_size(cells); i++) {
		unsigned int at = index_of(&s->a, json_array_get(json_object_get(grid, "a"),
								 i / nr_b));
		unsigned int bt = index_of(&s->b, json_array_get(b, i % nr_b));

		if (at < s->a.nr && bt < s->b.nr)
			side->cells[at * s->b.nr + bt] = json_array_get(cells, i);
	}
	return 0;
}

static enum look look_at(const json_t *cell)
{
	return look_of(json_string_value(json_array_get(cell, 0)),
		       count_value(json_array_get(cell, 3)));
}

static bool differs(const struct sides *s, size_t at)
{
	enum look first = LOOK_UNTRIED, look;
	unsigned int i;

	for (i = 0; i < s->nr; i++) {
		look = look_at(s->side[i].cells[at]);
		if (look == LOOK_UNTRIED)
			continue;
		if (first != LOOK_UNTRIED && look != first)
			return true;
		first = look;
	}
	return false;
}

static struct heatmap_cell cell_at(const void *data, unsigned int a, unsigned int b)
{
	const struct one *one = data;
	size_t at = (size_t)a * one->all->b.nr + b;
	const json_t *cell = one->all->side[one->nr].cells[at];

	return (struct heatmap_cell){
		.state = json_string_value(json_array_get(cell, 0)),
		.met = count_value(json_array_get(cell, 1)),
		.tries = count_value(json_array_get(cell, 2)),
		.violations = count_value(json_array_get(cell, 3)),
		.differs = differs(one->all, at),
	};
}

static void put_side(FILE *out, const struct sides *s, unsigned int nr)
{
	const json_t *grid = grid_of(s->side[nr].kernel), *done;
	const struct one one = { s, nr };
	const struct heatmap map = { .a = s->a.name, .b = s->b.name, .nr_a = s->a.nr,
				     .nr_b = s->b.nr, .cell = cell_at, .data = &one,
				     .steep = s->nr > 1 };

	fputs("<section><h3>", out);
	escape_put(out, json_string_value(json_object_get(s->side[nr].kernel, "kernel")));
	done = json_object_get(grid, "complete");
	if (json_is_boolean(done))
		fputs(json_is_true(done) ? ", complete" : ", not complete", out);
	fputs("</h3>\n<div class=\"scroll\" tabindex=\"0\">\n", out);
	heatmap_svg(out, &map);
	fputs("</div></section>\n", out);
}

static void put_sides(FILE *out, const struct sides *s)
{
	size_t at, nr = 0;
	unsigned int i;

	fputs("<h2>Grids</h2>\n<p>Rows: phases of lane a; columns: phases of lane b. ", out);
	fputs("Numbers are rounds in which the pair met; paler green met less often.", out);
	for (at = 0; at < (size_t)s->a.nr * s->b.nr; at++)
		nr += differs(s, at);
	if (s->nr > 1)
		fprintf(out, " %zu cells differ between kernels, and have a frame.", nr);
	fputs("</p>\n<div class=\"side\">\n", out);
	for (i = 0; i < s->nr; i++)
		put_side(out, s, i);
	fputs("</div>\n", out);
}

/**
 * html_grids() - the grids of all kernels that have one
 * @out: where to
 * @kernels: of the merged report
 */
void html_grids(FILE *out, const json_t *kernels)
{
	struct sides s = { .side = calloc(json_array_size(kernels) + 1, sizeof(*s.side)) };
	unsigned int i;
	int err = 0;
	size_t k;

	for (k = 0; s.side && k < json_array_size(kernels); k++) {
		const json_t *kernel = json_array_get(kernels, k);

		if (json_array_size(json_object_get(grid_of(kernel), "cells")))
			s.side[s.nr++].kernel = kernel;
	}
	if (s.nr) {
		err = join(&s.a, &s, "a") | join(&s.b, &s, "b");
		for (i = 0; i < s.nr && !err; i++)
			err = place(&s.side[i], &s);
		if (!err)
			put_sides(out, &s);
	}
	for (i = 0; i < s.nr; i++)
		free(s.side[i].cells);
	json_decref(s.a.at);
	json_decref(s.b.at);
	free(s.a.name);
	free(s.b.name);
	free(s.side);
}
