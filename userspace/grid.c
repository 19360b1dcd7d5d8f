// SPDX-License-Identifier: GPL-2.0
/*
 * The grid of pairs of phases, for people
 *
 * As a compact matrix on a terminal and as a heat map in one HTML (or SVG)
 * file that needs nothing else.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "env.h"
#include "grid.h"
#include "heatmap.h"
#include "html_style.h"
#include "report.h"
#include "tally.h"
#include "uop.h"
#include "util.h"

static unsigned int axis_index(const char **names, unsigned int *nr, const char *name)
{
	unsigned int i;

	for (i = 0; i < *nr; i++) {
		if (!strcmp(names[i], name))
			return i;
	}
	if (*nr < GRID_SIDE)
		names[(*nr)++] = name;
	return i;
}

/**
 * grid_axes() - the cells by their phases
 * @ax: result; points into @t
 * @t: tally with cells
 */
void grid_axes(struct grid_axes *ax, const struct tally *t)
{
	unsigned int i, a, b;

	memset(ax, 0, sizeof(*ax));
	for (i = 0; i < t->nr_cells; i++) {
		a = axis_index(ax->a, &ax->nr_a, t->cells[i].a);
		b = axis_index(ax->b, &ax->nr_b, t->cells[i].b);
		if (a < GRID_SIDE && b < GRID_SIDE)
			ax->cell[a][b] = &t->cells[i];
	}
}

static enum look look_at(const struct cell *cell)
{
	return cell ? look_of(cell->state, cell->violations) : LOOK_UNTRIED;
}

/* The signs are those of docs/GRID.md. */
static char sign_of(const struct cell *cell, enum look look)
{
	return look == LOOK_MET && cell->hits == cell->rounds ? '#' : looks[look].sign;
}

/**
 * grid_counts() - how far it is
 * @t: tally with cells
 * @decided: cells that are no longer untried
 * @met: those of them whose phases met
 */
void grid_counts(const struct tally *t, unsigned int *decided, unsigned int *met)
{
	unsigned int i;

	*decided = 0;
	*met = 0;
	for (i = 0; i < t->nr_cells; i++) {
		*decided += strcmp(t->cells[i].state, "untried") != 0;
		*met += !strcmp(t->cells[i].state, "met");
	}
}

static void print_summary(const struct tally *t, FILE *out)
{
	unsigned int decided, met;

	grid_counts(t, &decided, &met);
	fprintf(out, "  grid: %u cells, %u decided, %u met, k=%llu, ", t->nr_cells,
		decided, met, t->grid.k);
	if (t->grid.complete)
		fprintf(out, "complete after %.1f s\n", t->grid.time_ns / 1e9);
	else
		fprintf(out, "not complete after %.1f s, %llu tries left\n",
			t->grid.time_ns / 1e9, t->grid.left);
}

/* Whose phases the rows are, or the columns. */
static const char *side_of(const struct report *rep, unsigned int lane)
{
	unsigned int i;

	for (i = 0; rep->opt->ops.text[0] && i < nr_uops; i++) {
		if (rep->opt->ops.lane[lane] >> i & 1)
			return uops[i].name;
	}
	return lane ? "other op" : "split";
}

/**
 * grid_print() - the matrix, rows are phases of lane a
 * @rep: judged report, its sum has cells
 * @out: where to; coloured when it is a terminal
 */
void grid_print(const struct report *rep, FILE *out)
{
	bool colour = isatty(fileno(out));
	const struct tally *t = &rep->sum;
	static struct grid_axes ax;
	unsigned int a, b, i;
	char corner[64];

	grid_axes(&ax, t);
	print_summary(t, out);
	if (!ax.nr_a)
		return;
	snprintf(corner, sizeof(corner), "%s \\ %s", side_of(rep, 0), side_of(rep, 1));
	fprintf(out, "  %-26s", corner);
	for (b = 0; b < ax.nr_b; b++)
		fprintf(out, " %2u", b + 1);
	fputc('\n', out);
	for (a = 0; a < ax.nr_a; a++) {
		fprintf(out, "  %-26s", ax.a[a]);
		for (b = 0; b < ax.nr_b; b++) {
			enum look look = look_at(ax.cell[a][b]);

			fprintf(out, " %s %c%s", colour ? looks[look].colour : "",
				sign_of(ax.cell[a][b], look), colour ? "\033[0m" : "");
		}
		fputc('\n', out);
	}
	for (b = 0; b < ax.nr_b; b++)
		fprintf(out, "  %s%2u %-26s%s", b % 3 ? "" : "  ", b + 1, ax.b[b],
			b % 3 == 2 || b + 1 == ax.nr_b ? "\n" : "");
	fprintf(out, "    # met always ");
	for (i = 0; i < NR_LOOKS; i++)
		fprintf(out, " %c %s ", looks[i].sign, looks[i].name);
	fputc('\n', out);
}

static struct heatmap_cell cell_at(const void *data, unsigned int a, unsigned int b)
{
	const struct grid_axes *ax = data;
	const struct cell *cell = ax->cell[a][b];

	if (!cell)
		return (struct heatmap_cell){ 0 };
	return (struct heatmap_cell){ .state = cell->state, .met = cell->hits,
				      .tries = cell->rounds, .violations = cell->violations };
}

static void draw(FILE *f, const struct grid_axes *ax, bool alone)
{
	const struct heatmap map = { .a = ax->a, .b = ax->b, .nr_a = ax->nr_a, .nr_b = ax->nr_b,
				     .cell = cell_at, .data = ax, .alone = alone };

	heatmap_svg(f, &map);
}

static void html_head(FILE *f, const struct report *rep)
{
	const struct tally *t = &rep->sum;
	unsigned int decided, met, i;

	grid_counts(t, &decided, &met);
	fputs("<!DOCTYPE html><html lang=\"en\"><meta charset=\"utf-8\">\n", f);
	html_style(f, "thprace grid");
	fprintf(f, "<h1>thprace: %s against ", side_of(rep, 0));
	if (rep->opt->ops.text[0])
		fprintf(f, "%s in ", side_of(rep, 1));
	for (i = 0; i < rep->nr_results; i++)
		fprintf(f, "%s%s", i ? ", " : "", rep->results[i]->sc->name);
	fprintf(f, "</h1>\n<p>Linux %s, seed %llu, verdict %s. ", env.release, rep->opt->seed,
		verdict_names[rep->verdict]);
	fprintf(f, "Rows: phases of %s%s; columns: phases of %s%s. ",
		rep->opt->ops.text[0] ? "" : "the ", side_of(rep, 0),
		rep->opt->ops.text[0] ? "" : "the ", side_of(rep, 1));
	fprintf(f, "%u of %u cells decided, %u met, %llu tries per way, %s after %.1f s. ",
		decided, t->nr_cells, met, t->grid.k,
		t->grid.complete ? "complete" : "not complete", t->grid.time_ns / 1e9);
	fputs("Numbers are rounds in which the pair met; paler green met less often.</p>\n", f);
}

/**
 * grid_html() - the heat map as a file of its own
 * @rep: judged report
 * @path: NAME.svg gets only the picture, any other name an HTML page
 */
int grid_html(const struct report *rep, const char *path)
{
	size_t len = strlen(path);
	bool page = len < 4 || strcmp(path + len - 4, ".svg");
	static struct grid_axes ax;
	FILE *f = fopen(path, "we");
	int err;

	if (!f) {
		set_error("cannot write %s: %s", path, strerror(errno));
		return -errno;
	}
	grid_axes(&ax, &rep->sum);
	if (page)
		html_head(f, rep);
	if (page)
		fputs("<div class=\"scroll\" tabindex=\"0\">\n", f);
	draw(f, &ax, !page);
	if (page)
		fputs("</div></body></html>\n", f);
	err = ferror(f);
	if (fclose(f) || err) {
		set_error("cannot write %s", path);
		return -EIO;
	}
	return 0;
}
