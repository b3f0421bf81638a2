#include "report/chart.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/scale.h"
#include "report/terminal.h"

/* --- The range */

/* Whether the line goes down: so it is told what is better. */
static bool goes_down(const double *line, size_t nr)
{
	return !nr || line[nr - 1] <= line[0];
}

bool chart_range(const struct chart_point *points, size_t nr, double *ret_low, double *ret_high)
{
	CLEANUP_FREE double *line = xmalloc((nr + 1) * sizeof(*line));
	CLEANUP_FREE double *dots = xmalloc((nr + 1) * sizeof(*dots));
	size_t line_nr = 0, dots_nr = 0;

	/* The line has a value wherever there is a point. */
	for (size_t i = 0; i < nr; i++) {
		if (points[i].kind == CHART_DOT)
			dots[dots_nr++] = points[i].y;
		if (points[i].kind == CHART_LEVEL)
			line[line_nr++] = points[i].y;
		else if (line_nr) {
			line[line_nr] = line[line_nr - 1];
			line_nr++;
		}
	}
	if (!line_nr && !dots_nr)
		return false;
	scale_cover(line, line_nr, dots, dots_nr, goes_down(line, line_nr), ret_low, ret_high);
	return true;
}

/* --- The picture */

struct canvas {
	const struct screen_style *style;
	int columns, rows;	    /* characters */
	int across, up;		    /* dots of a character */
	unsigned char *line, *dots; /* of each character, a bit for each of its dots */
	bool *failed;		    /* of each column */
	double low, high;
	int64_t last;
};

static void canvas_init(struct canvas *c, int columns, int rows)
{
	size_t nr = (size_t)columns * (size_t)rows;

	c->columns = columns;
	c->rows = rows;
	c->across = c->style->utf8 ? 2 : 1;
	c->up = c->style->utf8 ? 4 : 1;
	c->line = xcalloc(nr, 1);
	c->dots = xcalloc(nr, 1);
	c->failed = xcalloc((size_t)columns, sizeof(*c->failed));
}

static void canvas_release(struct canvas *c)
{
	free(c->line);
	free(c->dots);
	free(c->failed);
}

static int column_of(const struct canvas *c, int64_t x)
{
	int width = c->columns * c->across;

	if (!c->last)
		return 0;
	return (int)((double)x / (double)c->last * (width - 1) + 0.5);
}

/* From the bottom. */
static int row_of(const struct canvas *c, double y)
{
	int height = c->rows * c->up;
	double share = (y / 2 - c->low / 2) / (c->high / 2 - c->low / 2);

	return (int)(fmin(fmax(share, 0), 1) * (height - 1) + 0.5);
}

/* The bits of braille, by column and by row from the bottom. */
static const unsigned char braille[2][4] = { { 0x40, 0x04, 0x02, 0x01 },
					     { 0x80, 0x20, 0x10, 0x08 } };

static void set(const struct canvas *c, unsigned char *plane, int column, int row)
{
	int cell = (c->rows - 1 - row / c->up) * c->columns + column / c->across;

	plane[cell] |= c->style->utf8 ? braille[column % 2][row % 4] : 1;
}

/* From one level to the next, straight up or down, and on to where the one after it begins. */
static void draw_level(const struct canvas *c, int from, int to, int row, int before)
{
	int step = before < row ? 1 : -1;

	for (int r = before; before >= 0 && r != row; r += step)
		set(c, c->line, from, r);
	for (int x = from; x <= to; x++)
		set(c, c->line, x, row);
}

static void draw_points(const struct canvas *c, const struct chart_point *points, size_t nr)
{
	int from = 0, row = -1, before = -1;

	for (size_t i = 0; i < nr; i++) {
		const struct chart_point *p = &points[i];
		int x = column_of(c, p->x);

		if (p->kind == CHART_FAILED)
			c->failed[x / c->across] = true;
		else if (p->kind == CHART_DOT)
			set(c, c->dots, x, row_of(c, p->y));
		if (p->kind != CHART_LEVEL)
			continue;
		if (row >= 0)
			draw_level(c, from, x, row, before);
		before = row;
		row = row_of(c, p->y);
		from = x;
	}
	if (row >= 0)
		draw_level(c, from, c->columns * c->across - 1, row, before);
}

/* --- Its characters */

static void add_braille(struct strbuf *out, unsigned bits)
{
	strbuf_addch(out, 0xe2);
	strbuf_addch(out, 0xa0 | (int)(bits >> 6));
	strbuf_addch(out, 0x80 | (int)(bits & 0x3f));
}

static void add_cell(const struct canvas *c, size_t cell, struct strbuf *out)
{
	/* Dots beside the line would blur it. */
	unsigned line = c->line[cell], bits = line ? line : c->dots[cell];

	if (!bits)
		strbuf_addch(out, ' ');
	else if (c->style->utf8)
		add_braille(out, bits);
	else
		strbuf_addch(out, line ? '=' : '.');
}

/* A colour is begun where it changes, and none is for blanks. */
static void add_cells(const struct canvas *c, int row, struct strbuf *out)
{
	bool color = c->style->color;
	enum paint now = PAINT_NONE;

	for (int column = 0; column < c->columns; column++) {
		size_t cell = (size_t)(row * c->columns + column);
		enum paint wanted = c->line[cell]   ? PAINT_GOOD
				    : c->dots[cell] ? PAINT_FAINT
						    : PAINT_NONE;

		if (wanted != now && now != PAINT_NONE)
			strbuf_addstr(out, paint(color, PAINT_NONE));
		if (wanted != now)
			strbuf_addstr(out, paint(color, wanted));
		now = wanted;
		add_cell(c, cell, out);
	}
	if (now != PAINT_NONE)
		strbuf_addstr(out, paint(color, PAINT_NONE));
	strbuf_rtrim(out);
}

/* The axis shows what failed. */
static void add_axis(const struct canvas *c, int margin, struct strbuf *out)
{
	const char *mark = c->style->utf8 ? "×" : "x", *rule = c->style->utf8 ? "─" : "-";

	strbuf_addf(out, "%*s %s", margin, "", c->style->utf8 ? "└" : "+");
	for (int i = 0; i < c->columns; i++) {
		if (c->failed[i])
			strbuf_addf(out, "%s%s%s", paint(c->style->color, PAINT_BAD), mark,
				    paint(c->style->color, PAINT_NONE));
		else
			strbuf_addstr(out, rule);
	}
}

/* With as many digits as tell both edges, and something between, apart. */
static char *label(const struct canvas *c, double value)
{
	double decimals = 1 - floor(log10(c->high - c->low));

	if (fmax(fabs(c->low), fabs(c->high)) >= 1e9 || decimals > 9)
		return xstrfmt("%.4g", value);
	return xstrfmt("%.*f", (int)fmax(decimals, 0), value);
}

static void add_rows(const struct canvas *c, const char *high, const char *low, int margin,
		     struct string_list *ret)
{
	const char *tick = c->style->utf8 ? "┤" : "|", *wall = c->style->utf8 ? "│" : "|";

	for (int row = 0; row < c->rows; row++) {
		CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;
		const char *text = row == 0 ? high : row == c->rows - 1 ? low : "";

		strbuf_addf(&line, "%*s %s", margin, text, *text ? tick : wall);
		add_cells(c, row, &line);
		string_list_add(ret, line.buf);
	}
}

/* Below the axis: where it begins and where it has come to. */
static void add_ends(const struct canvas *c, int margin, struct string_list *ret)
{
	CLEANUP_FREE char *last = xstrfmt("%" PRId64, c->last);
	CLEANUP_FREE char *line = xstrfmt("%*s0%*s", margin + 2, "", c->columns - 1, last);

	string_list_add(ret, line);
}

void chart_draw(const struct chart_point *points, size_t nr, int64_t last, int width,
		int height, const struct screen_style *style, struct string_list *ret)
{
	struct canvas c = { .style = style, .last = last };
	CLEANUP_STRBUF struct strbuf axis = STRBUF_INIT;
	CLEANUP_FREE char *low = NULL, *high = NULL;
	int margin;

	if (!chart_range(points, nr, &c.low, &c.high))
		return;
	low = label(&c, c.low);
	high = label(&c, c.high);
	margin = (int)(strlen(low) > strlen(high) ? strlen(low) : strlen(high)) + 1;
	canvas_init(&c, width - margin - 2, height - 2);
	draw_points(&c, points, nr);
	add_rows(&c, high, low, margin, ret);
	add_axis(&c, margin, &axis);
	string_list_add(ret, axis.buf);
	add_ends(&c, margin, ret);
	canvas_release(&c);
}
