// SPDX-License-Identifier: GPL-2.0
/*
 * A grid of pairs of phases as a picture
 *
 * Labels are of a font whose characters are all of one width, so that it is known what they
 * take: the picture is as large as its longest label needs.
 */
#include <string.h>

#include "escape.h"
#include "heatmap.h"

#define CELL_PX		22
#define FONT_PX		11
#define CHAR_PX		7.1		/* no monospaced font of that size is wider */
#define LEAN_COS	0.5		/* labels of columns lean by 60 degrees */
#define LEAN_SIN	0.8661
#define GAP_PX		6
#define LEGEND_PX	96
#define LEGEND_HEIGHT	36

const struct look_row looks[NR_LOOKS] = {
	[LOOK_MET] = { "met", '+', "\033[30;42m" },
	[LOOK_EXCLUDED] = { "excluded", '.', "\033[37;44m" },
	[LOOK_NEVER] = { "never", '-', "\033[90m" },
	[LOOK_UNTRIED] = { "untried", '?', "\033[30;43m" },
	[LOOK_VIOLATED] = { "violated", '!', "\033[97;41m" },
};

/**
 * look_of() - how a cell is shown
 * @state: of the cell, NULL: there is none
 * @violations: found there
 */
enum look look_of(const char *state, u64 violations)
{
	enum look look;

	if (violations)
		return LOOK_VIOLATED;
	for (look = 0; look < LOOK_UNTRIED; look++) {
		if (state && !strcmp(state, looks[look].name))
			break;
	}
	return look;
}

/* Whatever is not ASCII is taken to be wide. */
static double text_px(const char *text)
{
	double nr = 0;

	for (; *text; text++) {
		if (((u8)*text & 0xc0) != 0x80)
			nr += (u8)*text < 0x80 ? 1 : 2;
	}
	return nr * CHAR_PX;
}

/**
 * heatmap_style() - what pictures need of a page's style
 * @out: where to
 */
void heatmap_style(FILE *out)
{
	fputs(".hm text{font:11px \"DejaVu Sans Mono\",\"Liberation Mono\",monospace;fill:#222;\n"
	      "text-rendering:geometricPrecision}\n"
	      ".hm .n{font-size:9px;text-anchor:middle;fill:#000}\n"
	      ".hm .n.violated{fill:#fff}\n"
	      ".hm rect{stroke:#fff}\n"
	      ".hm rect.met{fill:#4caf50}.hm rect.excluded{fill:#6f8fd0}.hm rect.never{fill:#dcdcdc}\n"
	      ".hm rect.untried{fill:#fff3b0}.hm rect.violated{fill:#c62828}\n"
	      ".hm rect.differs{fill:none;stroke:#000;stroke-width:2.5}\n"
	      "@media (prefers-color-scheme:dark){.hm text{fill:#ddd}.hm rect{stroke:#181818}\n"
	      ".hm .n{fill:#000}.hm .n.never,.hm .n.untried{fill:#fff}\n"
	      ".hm rect.never{fill:#3a3a3a}.hm rect.untried{fill:#6b5d1e}.hm rect.violated{fill:#d84343}\n"
	      ".hm rect.differs{stroke:#fff}}\n", out);
}

/* At most four characters. */
static void put_count(FILE *out, u64 n)
{
	static const char unit[] = " kMGTPE";
	unsigned int i = 0;

	while (n > 999) {
		n /= 1000;
		i++;
	}
	fprintf(out, "%llu", n);
	if (i)
		fputc(unit[i], out);
}

static void put_cell(FILE *out, const struct heatmap *map, unsigned int a, unsigned int b,
		     double x, double y)
{
	const struct heatmap_cell cell = map->cell(map->data, a, b);
	enum look look = look_of(cell.state, cell.violations);
	/* Seldom met is paler than always met. */
	double share = look == LOOK_MET && cell.tries && cell.met < cell.tries ?
		0.35 + 0.65 * (double)cell.met / (double)cell.tries : 1.0;

	fprintf(out, "<g><rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%u\" height=\"%u\"",
		looks[look].name, x, y, CELL_PX, CELL_PX);
	fprintf(out, " fill-opacity=\"%.2f\"/><title>", share);
	escape_put(out, map->a[a]);
	fputs(" x ", out);
	escape_put(out, map->b[b]);
	fprintf(out, ": %s, met in %llu of %llu rounds, %llu violations%s</title>",
		looks[look].name, cell.met, cell.tries, cell.violations,
		cell.differs ? "; differs between kernels" : "");
	if (cell.violations || cell.met) {
		fprintf(out, "<text class=\"n %s\" x=\"%.1f\" y=\"%.1f\">%s", looks[look].name,
			x + CELL_PX / 2.0, y + CELL_PX / 2.0 + 3, cell.violations ? "!" : "");
		put_count(out, cell.violations ? cell.violations : cell.met);
		fputs("</text>", out);
	}
	if (cell.differs) {
		fprintf(out, "<rect class=\"differs\" x=\"%.1f\" y=\"%.1f\"", x + 2, y + 2);
		fprintf(out, " width=\"%u\" height=\"%u\"/>", CELL_PX - 4, CELL_PX - 4);
	}
	fputs("</g>\n", out);
}

static void put_legend(FILE *out, double y)
{
	unsigned int i;

	for (i = 0; i < NR_LOOKS; i++)
		fprintf(out,
			"<rect class=\"%s\" x=\"%u\" y=\"%.1f\" width=\"12\" height=\"12\"/><text x=\"%u\" y=\"%.1f\">%s</text>\n",
			looks[i].name, 10 + i * LEGEND_PX, y, 27 + i * LEGEND_PX, y + 10,
			looks[i].name);
}

static double larger(double a, double b)
{
	return a > b ? a : b;
}

struct sizes {
	double left, top, width, height;
};

static struct sizes sizes_of(const struct heatmap *map)
{
	struct sizes s = { 0 };
	double right, len;
	unsigned int i;

	for (i = 0; i < map->nr_a; i++)
		s.left = larger(s.left, text_px(map->a[i]));
	s.left += 2 * GAP_PX;
	s.width = NR_LOOKS * LEGEND_PX + 10;
	for (i = 0; i < map->nr_b; i++) {
		len = text_px(map->b[i]);
		s.top = larger(s.top, map->steep ? len : len * LEAN_SIN);
		right = s.left + (i + 1) * CELL_PX + FONT_PX;
		if (!map->steep)
			right += len * LEAN_COS;
		s.width = larger(s.width, right);
	}
	s.top += FONT_PX + GAP_PX;
	s.height = s.top + map->nr_a * CELL_PX + LEGEND_HEIGHT;
	return s;
}

/**
 * heatmap_svg() - the picture
 * @out: where to
 * @map: what is in it
 */
void heatmap_svg(FILE *out, const struct heatmap *map)
{
	struct sizes s = sizes_of(map);
	unsigned int a, b;

	fprintf(out,
		"<svg class=\"hm\" xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" role=\"img\">\n",
		s.width + 1, s.height + 1);
	if (map->alone) {
		fputs("<style>", out);
		heatmap_style(out);
		fputs("</style>\n", out);
	}
	for (b = 0; b < map->nr_b; b++) {
		fprintf(out, "<text transform=\"translate(%.1f,%.1f) rotate(%d)\">",
			s.left + b * CELL_PX + CELL_PX / 2.0 + 4, s.top - GAP_PX,
			map->steep ? -90 : -60);
		escape_put(out, map->b[b]);
		fputs("</text>\n", out);
	}
	for (a = 0; a < map->nr_a; a++) {
		double y = s.top + a * CELL_PX;

		fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">", s.left - GAP_PX,
			y + CELL_PX / 2.0 + 4);
		escape_put(out, map->a[a]);
		fputs("</text>\n", out);
		for (b = 0; b < map->nr_b; b++)
			put_cell(out, map, a, b, s.left + b * CELL_PX, y);
	}
	put_legend(out, s.top + map->nr_a * CELL_PX + 15);
	fputs("</svg>\n", out);
}
