#ifndef REPORT_HTML_H
#define REPORT_HTML_H

/*
 * Text of anybody's inside HTML and SVG. What a browser would act on is escaped, and what would
 * change how a line reads (control characters, marks of text direction, bytes that are no UTF-8)
 * is shown as \xNN; newlines and tabs stay. It may stand between tags, and in a quoted attribute.
 */

#include "base/strbuf.h"

void html_add(struct strbuf *out, const char *text, size_t len);
void html_addstr(struct strbuf *out, const char *text);

#endif
