#ifndef REPORT_PAGE_H
#define REPORT_PAGE_H

/*
 * A campaign as one HTML page that needs nothing else: no file, no font, no network. Its
 * Content-Security-Policy names the digests of its one script and its one style, and forbids all
 * else, so that text which got past the escaping could still do nothing.
 *
 * All of it is in the HTML: experiments are rows of a table, what belongs to one is folded in its
 * row. The script sorts, filters and points; without it the page can be read all the same.
 */

#include "report/survey.h"

/*
 * Appends the page. Diffs and logs are cut, the more the more experiments there are, and each says
 * so. Where `live` the page loads itself again every so often, since somebody writes it anew.
 */
int page_write(struct ledger *ledger, const struct survey_place *place, bool live,
	       struct strbuf *out, struct error *err);

#endif
