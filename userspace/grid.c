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
#include "report.h"
#include "tally.h"
#include "uop.h"
#include "util.h"

#define CELL_PX		22
#define LABEL_PX	190

enum look { LOOK_MET, LOOK_EXCLUDED, LOOK_NEVER, LOOK_UNTRIED, LOOK_VIOLATED, NR_LOOKS };

static const struct {
	const char *name;
	char sign;
	const char *colour;	/* of a terminal */
	const char *fill;	/* of a picture */
} looks[NR_LOOKS] = {
	[LOOK_MET] = { "met", '+', "\033[30;42m", "#4caf50" },
	[LOOK_EXCLUDED] = { "excluded", '.', "\033[37;44m", "#5c7cba" },
	[LOOK_NEVER] = { "never", '-', "\033[90m", "#d8d8d8" },
	[LOOK_UNTRIED] = { "untried", '?', "\033[30;43m", "#fff3b0" },
	[LOOK_VIOLATED] = { "violated", '!', "\033[97;41m", "#d32f2f" },
};

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

static enum look look_of(const struct cell *cell)
{
	enum look look;

	if (!cell)
		return LOOK_UNTRIED;
	if (cell->violations)
		return LOOK_VIOLATED;
	for (look = 0; look < LOOK_UNTRIED; look++) {
		if (!strcmp(cell->state, looks[look].name))
			break;
	}
	return look;
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
			enum look look = look_of(ax.cell[a][b]);

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

static void draw_cell(FILE *f, const struct grid_axes *ax, unsigned int a, unsigned int b)
{
	const struct cell *cell = ax->cell[a][b];
	enum look look = look_of(cell);
	unsigned int x = LABEL_PX + b * CELL_PX, y = LABEL_PX + a * CELL_PX;

	/* Seldom met is paler than always met. */
	double share = look == LOOK_MET && cell->rounds ?
		       0.35 + 0.65 * cell->hits / cell->rounds : 1.0;

	fprintf(f, "<g><rect x=\"%u\" y=\"%u\" width=\"%u\" height=\"%u\" stroke=\"#fff\"",
		x, y, CELL_PX, CELL_PX);
	fprintf(f, " fill=\"%s\" fill-opacity=\"%.2f\"/>", looks[look].fill, share);
	fprintf(f, "<title>%s x %s: %s, met in %llu of %llu rounds, %llu violations</title>",
		ax->a[a], ax->b[b], cell ? cell->state : "untried", cell ? cell->hits : 0,
		cell ? cell->rounds : 0, cell ? cell->violations : 0);
	if (cell && (cell->violations || cell->hits))
		fprintf(f, "<text x=\"%u\" y=\"%u\" class=\"n\">%s%llu</text>",
			x + CELL_PX / 2, y + CELL_PX / 2 + 3, cell->violations ? "!" : "",
			cell->violations ? cell->violations : cell->hits);
	fputs("</g>\n", f);
}

static void draw_legend(FILE *f, unsigned int y)
{
	unsigned int i;

	for (i = 0; i < NR_LOOKS; i++) {
		fprintf(f, "<rect x=\"%u\" y=\"%u\" width=\"12\" height=\"12\" fill=\"%s\"/>",
			10 + i * 95, y, looks[i].fill);
		fprintf(f, "<text x=\"%u\" y=\"%u\">%s</text>\n", 27 + i * 95, y + 10,
			looks[i].name);
	}
}

static void draw(FILE *f, const struct grid_axes *ax)
{
	/* the label of the last column leans out by half of its length */
	unsigned int width = LABEL_PX + ax->nr_b * CELL_PX + LABEL_PX / 2 + 20, a, b;
	unsigned int height = LABEL_PX + ax->nr_a * CELL_PX + 40;

	if (width < 500)
		width = 500;
	fprintf(f, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\">\n",
		width, height);
	fputs("<style>text { font: 11px sans-serif }", f);
	fputs(" .n { font-size: 9px; text-anchor: middle }</style>\n", f);
	for (b = 0; b < ax->nr_b; b++) {
		unsigned int x = LABEL_PX + b * CELL_PX + CELL_PX / 2 + 4;

		fprintf(f, "<text transform=\"translate(%u,%u) rotate(-60)\">%s</text>\n",
			x, LABEL_PX - 6, ax->b[b]);
	}
	for (a = 0; a < ax->nr_a; a++) {
		fprintf(f, "<text x=\"%u\" y=\"%u\" text-anchor=\"end\">%s</text>\n",
			LABEL_PX - 6, LABEL_PX + a * CELL_PX + CELL_PX / 2 + 4, ax->a[a]);
		for (b = 0; b < ax->nr_b; b++)
			draw_cell(f, ax, a, b);
	}
	draw_legend(f, LABEL_PX + ax->nr_a * CELL_PX + 15);
	fputs("</svg>\n", f);
}

static void html_head(FILE *f, const struct report *rep)
{
	const struct tally *t = &rep->sum;
	unsigned int decided, met, i;

	grid_counts(t, &decided, &met);
	fputs("<!DOCTYPE html><html lang=\"en\"><meta charset=\"utf-8\">", f);
	fprintf(f, "<title>thprace grid</title>\n<h1>thprace: %s against ", side_of(rep, 0));
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
	draw(f, &ax);
	if (page)
		fputs("</html>\n", f);
	err = ferror(f);
	if (fclose(f) || err) {
		set_error("cannot write %s", path);
		return -EIO;
	}
	return 0;
}
