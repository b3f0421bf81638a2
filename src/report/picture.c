#include "report/picture.h"

#include <math.h>
#include <string.h>

#include "report/html.h"
#include "report/looks.h"
#include "report/scale.h"

/* In units of the picture; a page stretches it to its width. */
#define WIDTH 720
#define HEIGHT 350
#define LEFT 64
#define RIGHT (WIDTH - 14)
#define TOP 26
#define BOTTOM 288
#define RUG (BOTTOM + 9) /* the first of its lanes */
#define LANE 7

struct picture {
	const struct survey *survey;
	struct strbuf *out;
	double low, high; /* of the metric, at BOTTOM and TOP */
	double last;	  /* experiment at RIGHT */
	bool lower_is_better;
};

static double x_of(const struct picture *c, double at)
{
	return LEFT + (RIGHT - LEFT) * at / c->last;
}

static double y_of(const struct picture *c, double value)
{
	return BOTTOM - (BOTTOM - TOP) * ((value - c->low) / (c->high - c->low));
}

/* 0; above 0 where the value lies above the picture, below 0 where it lies below. */
static int beyond(const struct picture *c, double value)
{
	return (value > c->high) - (value < c->low);
}

static double y_within(const struct picture *c, double value)
{
	return y_of(c, fmin(fmax(value, c->low), c->high));
}

static bool is_measured(const struct survey_point *p)
{
	return p->type == RECORD_EXPERIMENT && isfinite(p->metric);
}

static void find_range(struct picture *c)
{
	const struct survey *s = c->survey;
	CLEANUP_FREE double *line = xcalloc(s->points_nr + 1, sizeof(*line));
	CLEANUP_FREE double *dots = xcalloc(s->points_nr + 1, sizeof(*dots));
	size_t line_nr = 0, dots_nr = 0;
	double pad;

	for (size_t i = 0; i < s->points_nr; i++) {
		if (!isnan(s->points[i].incumbent))
			line[line_nr++] = s->points[i].incumbent;
		if (is_measured(&s->points[i]))
			dots[dots_nr++] = s->points[i].metric;
	}
	scale_cover(line, line_nr, dots, dots_nr, c->lower_is_better, &c->low, &c->high);
	pad = (c->high - c->low) * 0.04;
	/* So that no difference of two is more than a double holds. */
	c->low = fmax(c->low - pad, -1e300);
	c->high = fmin(c->high + pad, 1e300);
	c->last = fmax(1, (double)s->newest.record.totals.experiments);
}

static void add_text(struct picture *c, const char *class, double x, double y, const char *text)
{
	strbuf_addf(c->out, "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\">", class, x, y);
	html_addstr(c->out, text);
	strbuf_addstr(c->out, "</text>\n");
}

static void add_axes(struct picture *c)
{
	struct scale y, x;

	scale_ticks(c->low, c->high, 9, false, &y);
	for (int i = 0; i < y.nr; i++) {
		CLEANUP_STRBUF struct strbuf label = STRBUF_INIT;
		double value = y.low + i * y.step;

		if (beyond(c, value))
			continue;
		scale_label(&y, i, &label);
		strbuf_addf(c->out, "<path class=\"grid\" d=\"M%d %.1fH%d\"/>", LEFT,
			    y_of(c, value), RIGHT);
		add_text(c, "y", LEFT - 6, y_of(c, value) + 3.5, label.buf);
	}
	scale_ticks(0, c->last, 8, true, &x);
	for (int i = 0; i < x.nr; i++) {
		CLEANUP_STRBUF struct strbuf label = STRBUF_INIT;
		double at = i * x.step;

		if (at > c->last)
			continue;
		scale_label(&x, i, &label);
		add_text(c, i % 2 ? "x minor" : "x", x_of(c, at), HEIGHT - 20, label.buf);
	}
	add_text(c, "x", (LEFT + RIGHT) / 2.0, HEIGHT - 4, "experiments");
}

static void add_title(struct picture *c)
{
	CLEANUP_STRBUF struct strbuf title = STRBUF_INIT;

	strbuf_addf(&title, "%s, %s is better", c->survey->newest.record.metric_name,
		    c->lower_is_better ? "lower" : "higher");
	add_text(c, "axis", LEFT, 14, title.buf);
}

/* All of a kind is one path, each a line of no length with round ends: so that five thousand are
 * drawn as fast as five. */
static void add_dots(struct picture *c, enum verdict_kind kind)
{
	bool any = false;

	for (size_t i = 0; i < c->survey->points_nr; i++) {
		const struct survey_point *p = &c->survey->points[i];

		if (!is_measured(p) || p->kind != kind || beyond(c, p->metric))
			continue;
		if (!any)
			strbuf_addf(c->out, "<path class=\"dots %s %s\" d=\"",
				    verdict_name(kind),
				    c->last > 1500  ? "tiny"
				    : c->last > 150 ? "small"
						    : "large");
		any = true;
		strbuf_addf(c->out, "M%.1f %.1fh0", x_of(c, (double)p->at), y_of(c, p->metric));
	}
	if (any)
		strbuf_addstr(c->out, "\"/>\n");
}

/* A baseline may lie outside as well: the line is at the edge there. */
static bool may_be_beyond(const struct survey_point *p)
{
	return is_measured(p) || (p->type == RECORD_BASELINE && isfinite(p->metric));
}

/* What lies outside, as arrows at the edge, and in words. */
static void add_beyond(struct picture *c, int side)
{
	CLEANUP_STRBUF struct strbuf arrows = STRBUF_INIT, words = STRBUF_INIT;
	const struct survey_point *farthest = NULL;
	double edge = side > 0 ? TOP : BOTTOM;
	int64_t nr = 0;

	for (size_t i = 0; i < c->survey->points_nr; i++) {
		const struct survey_point *p = &c->survey->points[i];

		if (!may_be_beyond(p) || beyond(c, p->metric) != side)
			continue;
		strbuf_addf(&arrows, "M%.1f %.1fl-3 %d h6z", x_of(c, (double)p->at), edge,
			    5 * side);
		if (!farthest || side * p->metric > side * farthest->metric)
			farthest = p;
		nr++;
	}
	if (!nr)
		return;
	strbuf_addf(c->out, "<path class=\"beyond\" d=\"%s\"/>\n", arrows.buf);
	strbuf_addf(&words, "%lld %s this, %s%.6g ", (long long)nr,
		    side > 0 ? "above" : "below", nr > 1 ? "as far as " : "", farthest->metric);
	if (farthest->type == RECORD_BASELINE)
		strbuf_addstr(&words, "(a baseline)");
	else
		strbuf_addf(&words, "(%lld)", (long long)farthest->number);
	add_text(c, "beyond", RIGHT, side > 0 ? TOP - 5 : BOTTOM - 6, words.buf);
}

/* The metric to beat, from the first baseline on: a step wherever it changes. */
static void add_line(struct picture *c)
{
	const struct survey_point *p = c->survey->points, *end = p + c->survey->points_nr;
	double value;

	while (p < end && isnan(p->incumbent))
		p++;
	if (p == end)
		return;
	value = p->incumbent;
	strbuf_addf(c->out, "<path class=\"incumbent\" d=\"M%.1f %.1f", x_of(c, (double)p->at),
		    y_within(c, value));
	for (; p < end; p++) {
		if (p->incumbent == value)
			continue;
		value = p->incumbent;
		strbuf_addf(c->out, "H%.1fV%.1f", x_of(c, (double)p->at), y_within(c, value));
	}
	strbuf_addf(c->out, "H%.1f\"/>\n", x_of(c, c->last));
}

static void add_intervals(struct picture *c)
{
	strbuf_addstr(c->out, "<path class=\"interval\" d=\"");
	for (size_t i = 0; i < c->survey->points_nr; i++) {
		const struct survey_point *p = &c->survey->points[i];

		if (p->kind == VERDICT_ACCEPTED && is_measured(p) && !isnan(p->low))
			strbuf_addf(c->out, "M%.1f %.1fV%.1f", x_of(c, (double)p->at),
				    y_within(c, p->low), y_within(c, p->high));
	}
	strbuf_addstr(c->out, "\"/>\n");
}

static void add_target(struct picture *c)
{
	const struct campaign_config *config = c->survey->place.config;

	if (!config || !config->has_target || beyond(c, config->target))
		return;
	strbuf_addf(c->out, "<path class=\"target\" d=\"M%d %.1fH%d\"/>", LEFT,
		    y_of(c, config->target), RIGHT);
	add_text(c, "target", LEFT + 4, y_of(c, config->target) - 4, "target");
}

/* What came to nothing, below: so that no measurement hides it. Violations have a lane alone. */
static void add_rug(struct picture *c, enum verdict_kind kind, int lane)
{
	bool any = false;

	for (size_t i = 0; i < c->survey->points_nr; i++) {
		const struct survey_point *p = &c->survey->points[i];

		if (p->type != RECORD_EXPERIMENT || p->kind != kind)
			continue;
		if (!any)
			strbuf_addf(c->out, "<path class=\"rug %s\" d=\"", verdict_name(kind));
		any = true;
		strbuf_addf(c->out, "M%.1f %dv%d", x_of(c, (double)p->at), RUG + lane * LANE,
			    LANE - 1);
	}
	if (any)
		strbuf_addstr(c->out, "\"/>\n");
}

static void add_legend(struct picture *c)
{
	static const struct {
		const char *class, *text;
		int x;
	} items[] = {
		{ "incumbent", "to beat", 300 },
		{ "dots large accepted", "accepted", 370 },
		{ "dots large rejected", "rejected", 440 },
		{ "rug failed", "failed", 510 },
		{ "rug violation", "violation", 570 },
		{ "rug invalid", "invalid", 645 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(items); i++) {
		bool rug = starts_with(items[i].class, "rug");

		strbuf_addf(c->out, "<path class=\"%s\" d=\"M%d %d%s\"/>", items[i].class,
			    items[i].x, rug ? 7 : 10,
			    rug ? "v7"
			    : i ? "h0"
				: "h-10");
		add_text(c, "legend", items[i].x + 7, 13.5, items[i].text);
	}
}

/* For whoever does not see it. */
static void add_description(struct picture *c)
{
	const struct totals *t = &c->survey->newest.record.totals;

	strbuf_addf(c->out, "<title>Progress over %lld experiments</title>\n<desc>",
		    (long long)t->experiments);
	html_addstr(c->out, c->survey->newest.record.metric_name);
	strbuf_addf(c->out,
		    " went from %.6g to %.6g. The table of experiments has all values."
		    "</desc>\n",
		    t->baseline_metric, t->incumbent_metric);
}

static void begin(struct picture *c, bool alone)
{
	strbuf_addf(c->out,
		    "<svg %sclass=\"chart\" role=\"img\" viewBox=\"0 0 %d %d\" "
		    "data-left=\"%d\" data-right=\"%d\" data-top=\"%d\" data-bottom=\"%d\" "
		    "data-width=\"%d\" data-last=\"%.0f\">\n",
		    alone ? "xmlns=\"http://www.w3.org/2000/svg\" " : "", WIDTH, HEIGHT, LEFT,
		    RIGHT, TOP, BOTTOM, WIDTH, c->last);
	add_description(c);
	if (alone)
		strbuf_addf(c->out,
			    "<style>\n%s</style>\n"
			    "<rect class=\"ground\" width=\"%d\" height=\"%d\"/>\n",
			    looks_picture_css, WIDTH, HEIGHT);
}

void picture_write(const struct survey *survey, bool alone, struct strbuf *out)
{
	/* What is drawn later lies on top. */
	static const enum verdict_kind kinds[] = { VERDICT_VIOLATION,  VERDICT_INVALID,
						   VERDICT_FAILED,     VERDICT_SKIPPED,
						   VERDICT_DUPLICATE,  VERDICT_REJECTED,
						   VERDICT_INDECISIVE, VERDICT_ACCEPTED };
	struct picture c = { .survey = survey,
			     .out = out,
			     .lower_is_better = survey_lower_is_better(survey) };

	find_range(&c);
	begin(&c, alone);
	add_title(&c);
	if (alone)
		add_legend(&c);
	add_axes(&c);
	add_target(&c);
	add_rug(&c, VERDICT_VIOLATION, 0);
	add_rug(&c, VERDICT_FAILED, 1);
	add_rug(&c, VERDICT_INVALID, 2);
	for (size_t i = 0; i < ARRAY_SIZE(kinds) - 1; i++)
		add_dots(&c, kinds[i]);
	add_line(&c);
	add_intervals(&c);
	add_dots(&c, VERDICT_ACCEPTED);
	add_beyond(&c, 1);
	add_beyond(&c, -1);
	strbuf_addstr(out, "</svg>\n");
}
