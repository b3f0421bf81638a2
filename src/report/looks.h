#ifndef REPORT_LOOKS_H
#define REPORT_LOOKS_H

/* Style and script of a report, as they stand in looks.css, picture.css, page.css and page.js.
 * Everything in them is ours: nothing in them comes from a campaign. */

extern const char looks_picture_css[]; /* of the chart alone */
extern const char looks_page_css[];    /* of a page, its chart included */
extern const char looks_page_js[];

#endif
