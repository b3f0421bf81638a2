#ifndef REPORT_PICTURE_H
#define REPORT_PICTURE_H

/* The progress of a campaign as SVG: what each experiment measured, and the metric to beat. */

#include "report/survey.h"

/*
 * Appends the element <svg>. `alone`: with its style and a legend, as a file of its own; else as a
 * part of a page that has these. data-… on it tell a script where experiment 0 and the last one
 * are on the axis.
 */
void picture_write(const struct survey *survey, bool alone, struct strbuf *out);

#endif
