// SPDX-License-Identifier: GPL-2.0
/*
 * Detection over time, and what was seen by then: a line for each kernel
 *
 * Time is on a scale of powers of two, as the report has it.
 */
#include "escape.h"
#include "html_part.h"
#include "json_value.h"

#define LEFT		44.0
#define RIGHT		350.0
#define TOP		10.0
#define BOTTOM		176.0

struct chart {
	const char *title, *what;
	const json_t *(*points)(const json_t *kernel);	/* [second, number by then] */
	bool share;			/* of the runs, in percent */
};

static const json_t *detection_of(const json_t *kernel)
{
	return json_object_get(kernel, "detection");
}

static const json_t *curve_of(const json_t *kernel)
{
	return json_object_get(json_object_get(kernel, "coverage"), "curve");
}

static const struct chart charts[] = {
	{ "Detection over time", "runs that had found a violation by then", detection_of, true },
	{ "Coverage over time", "phases, outcomes and states that the best run had seen by then",
	  curve_of, false },
};

static double value_of(const struct chart *c, const json_t *kernel, size_t i)
{
	const json_t *point = json_array_get(c->points(kernel), i);
	double val = (double)count_value(json_array_get(point, 1));
	double runs = (double)count_value(json_object_get(kernel, "runs"));

	if (!c->share)
		return val;
	return runs ? 100 * val / runs : 0;
}

struct scale {
	size_t nr;			/* points; the last one is at the right */
	double max;
};

static struct scale scale_of(const struct chart *c, const json_t *kernels)
{
	struct scale s = { .nr = 2, .max = c->share ? 100 : 1 };
	size_t k, i, nr;

	for (k = 0; k < json_array_size(kernels); k++) {
		const json_t *kernel = json_array_get(kernels, k);

		nr = json_array_size(c->points(kernel));
		s.nr = nr > s.nr ? nr : s.nr;
		for (i = 0; i < nr; i++) {
			if (value_of(c, kernel, i) > s.max)
				s.max = value_of(c, kernel, i);
		}
	}
	return s;
}

static double x_of(const struct scale *s, size_t i)
{
	return LEFT + (RIGHT - LEFT) * (double)i / (double)(s->nr - 1);
}

static double y_of(const struct scale *s, double val)
{
	return BOTTOM - (BOTTOM - TOP) * val / s->max;
}

static void put_second(FILE *out, u64 s)
{
	static const struct { u64 s; char unit; } units[] = {
		{ 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(units) - 1 && s < 2 * units[i].s; i++)
		;
	fprintf(out, "%llu%c", s / units[i].s, units[i].unit);
}

static void put_axes(FILE *out, const struct chart *c, const struct scale *s)
{
	size_t i, step = s->nr > 8 ? (s->nr + 6) / 7 : 1;

	fprintf(out, "<path class=\"axis\" d=\"M%.0f %.0fV%.0fH%.0f\"/>\n", LEFT, TOP, BOTTOM,
		RIGHT);
	for (i = 0; i < s->nr; i += step) {
		fprintf(out, "<text x=\"%.1f\" y=\"%.0f\" text-anchor=\"middle\">", x_of(s, i),
			BOTTOM + 15);
		put_second(out, 1ULL << i);
		fputs("</text>\n", out);
	}
	for (i = 0; i <= 2; i++) {
		double val = s->max * (double)i / 2;

		fprintf(out, "<text x=\"%.0f\" y=\"%.1f\" text-anchor=\"end\">", LEFT - 4,
			y_of(s, val) + 4);
		if (val >= 10000)
			fprintf(out, "%.0fk</text>\n", val / 1000);
		else
			fprintf(out, "%.0f%s</text>\n", val, c->share ? "%" : "");
	}
}

static void put_line(FILE *out, const struct chart *c, const struct scale *s,
		     const json_t *kernel, size_t colour)
{
	size_t nr = json_array_size(c->points(kernel)), i;

	fprintf(out, "<polyline class=\"k%zu\" points=\"", colour % HTML_COLOURS);
	for (i = 0; i < nr && i < s->nr; i++)
		fprintf(out, "%.1f,%.1f ", x_of(s, i), y_of(s, value_of(c, kernel, i)));
	fputs("\"/>\n", out);
}

static void put_key(FILE *out, const struct chart *c, const json_t *kernel, size_t colour)
{
	const json_t *first = json_object_get(kernel, "first_violation_s");
	const json_t *points = c->points(kernel);
	size_t nr = json_array_size(points);
	u64 last = count_value(json_array_get(json_array_get(points, nr ? nr - 1 : 0), 1));

	fputs("<li><svg class=\"chart\" viewBox=\"0 0 24 10\">", out);
	fprintf(out, "<polyline class=\"k%zu\" points=\"0,5 24,5\"/></svg>", colour % HTML_COLOURS);
	escape_put(out, json_string_value(json_object_get(kernel, "kernel")));
	if (c->share) {
		fprintf(out, ": %llu of %llu runs", last,
			count_value(json_object_get(kernel, "runs")));
		if (json_is_number(first))
			fprintf(out, ", the first after %.1f s", json_number_value(first));
	} else {
		fprintf(out, ": %llu", last);
	}
	fputs("</li>\n", out);
}

static void put_chart(FILE *out, const struct chart *c, const json_t *kernels)
{
	const struct scale s = scale_of(c, kernels);
	size_t k;

	fprintf(out, "<section class=\"half\"><h2>%s</h2>\n<p class=\"dim\">%s,", c->title,
		c->what);
	fputs(" by the time since the start of a run</p>\n", out);
	fputs("<svg class=\"chart\" viewBox=\"0 0 366 200\" role=\"img\">\n", out);
	put_axes(out, c, &s);
	for (k = 0; k < json_array_size(kernels); k++)
		put_line(out, c, &s, json_array_get(kernels, k), k);
	fputs("</svg>\n<ul class=\"key\">\n", out);
	for (k = 0; k < json_array_size(kernels); k++)
		put_key(out, c, json_array_get(kernels, k), k);
	fputs("</ul></section>\n", out);
}

/**
 * html_charts() - all charts
 * @out: where to
 * @kernels: of the merged report
 */
void html_charts(FILE *out, const json_t *kernels)
{
	unsigned int i;

	fputs("<div class=\"side\">\n", out);
	for (i = 0; i < ARRAY_SIZE(charts); i++)
		put_chart(out, &charts[i], kernels);
	fputs("</div>\n", out);
}
