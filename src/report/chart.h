#ifndef REPORT_CHART_H
#define REPORT_CHART_H

/*
 * The metric over the experiments, in characters: what was accepted as the line of the running
 * best, whatever else was measured as dots, and what measured nothing as marks on the axis. Braille
 * where the terminal has UTF-8, which gives eight dots a character, else ASCII.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "report/screen.h"

enum chart_kind {
	CHART_LEVEL, /* the metric to beat is this from here on: accepted, or a baseline */
	CHART_DOT,
	CHART_FAILED, /* it has no value */
};

struct chart_point {
	int64_t x; /* the experiment, or the one before a baseline; 0 and up */
	enum chart_kind kind;
	double y; /* finite */
};

/* The least that makes a picture. */
#define CHART_WIDTH_MIN 24
#define CHART_HEIGHT_MIN 5

/*
 * Draws `nr` points, in the order of x, from 0 to `last`, into `height` lines of at most `width`
 * columns: both the least of above or more. What lies outside of scale_cover()
 * is drawn at the edge, so that the line can be told. Colours are SGR sequences, ended on their line.
 */
void chart_draw(const struct chart_point *points, size_t nr, int64_t last, int width,
		int height, const struct screen_style *style, struct string_list *ret);

/* The values at the lower and upper edge, which differ; false where there is nothing to draw. */
bool chart_range(const struct chart_point *points, size_t nr, double *ret_low,
		 double *ret_high);

#endif
