#ifndef REPORT_PAGE_PARTS_H
#define REPORT_PAGE_PARTS_H

/* The parts of a page, in the order in which they stand. Each appends to `out`. */

#include "report/survey.h"

/* What there is to say of all of it, above the table. */
void page_head(const struct survey *s, struct strbuf *out);

/* The rules of the search: config and program of the incumbent, folded. */
int page_rules(const struct survey *s, struct strbuf *out, struct error *err);

/* How much of each record a page shows, and what was read for it so far. */
struct page_room {
	size_t part;	/* bytes of a diff or log, at most */
	size_t lines;	/* of an audit, at most */
	int64_t unread; /* bytes of logs that may still be read */
};

/* What later records say of an experiment. */
struct page_later {
	struct string_list promotions; /* a line each, the newest first */
	bool is_promoted;	       /* it is in the result of one that was accepted */
};

/* The row of an experiment or a baseline, with all that is folded in it. `later` may be NULL. */
int page_row(struct ledger *ledger, const struct entry *entry, const struct page_later *later,
	     struct page_room *room, struct strbuf *out, struct error *err);

/* The record's diff, audit and logs, as a row has them folded. */
int page_files(struct ledger *ledger, const struct entry *entry, struct page_room *room,
	       struct strbuf *out, struct error *err);

#endif
