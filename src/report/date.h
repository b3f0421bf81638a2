#ifndef REPORT_DATE_H
#define REPORT_DATE_H

/* Dates of records, as people want to read them. */

#include <stdbool.h>
#include <time.h>

#include "base/error.h"
#include "base/strbuf.h"

/* The time of a record's RFC 3339 text in UTC. False where it is none. */
bool date_parse(const char *text, time_t *ret);

/*
 * Appends a date by git's letter behind %a: 'd' as git log has it, 'i' ISO 8601 alike, 'I' the same
 * strictly, 's' the day alone (these in the local time zone), 't' seconds since 1970, 'r' how long
 * before `now`.
 */
void date_write(time_t date, char letter, time_t now, struct strbuf *out);

/* What git understands by --since=<text> or --until=<text>: any words that it takes for a date. */
int date_understand(const char *text, time_t *ret, struct error *err);

#endif
