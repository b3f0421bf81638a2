#include "model/import.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/number.h"
#include "model/trailer.h"

void import_release(struct import *import)
{
	for (size_t i = 0; i < import->nr; i++)
		record_release(&import->records[i]);
	free(import->records);
	*import = (struct import){ 0 };
}

bool import_is_json(const char *text)
{
	if (starts_with(text, "\xef\xbb\xbf"))
		text += 3;
	return text[strspn(text, " \t\r\n")] == '{';
}

struct record *import_new(struct import *import, const char *format, int64_t line)
{
	struct record *r;

	import->records =
		xrealloc(import->records, (import->nr + 1) * sizeof(*import->records));
	r = &import->records[import->nr++];
	*r = (struct record){ .type = RECORD_EXPERIMENT,
			      .experiment = (int64_t)import->nr,
			      .memory_peak = -1,
			      .campaign = xstrdup(import->campaign),
			      .proposed_by = xstrfmt("import/%s", format),
			      .host = xstrdup(""),
			      .imported = xcalloc(1, sizeof(*r->imported)) };
	r->imported->format = xstrdup(format);
	r->imported->line = line;
	return r;
}

/* The proposer's words: a line, and all of them where they are more than that. */
static void take_words(struct record *r)
{
	const char *words = imported_cell(r->imported, COLUMN_DESCRIPTION);
	size_t len;

	words = words ? words : "";
	len = strcspn(words, "\r\n");
	if (len > SUBJECT_MAX)
		len = SUBJECT_MAX;
	while (len && ((unsigned char)words[len] & 0xc0) == 0x80)
		len--;
	r->subject = xstrndup(words, len);
	r->rationale = xstrdup(words[len] ? words : "");
}

/* Seconds or milliseconds since 1970, or RFC 3339; times of no zone are nobody's. */
static bool read_time(const char *text, char *ret, size_t size)
{
	double number;
	struct tm tm;
	time_t t;
	int len = 0;

	if (!number_parse_double(text, &number)) {
		if (number < 1e9 || number > 1e14)
			return false;
		t = (time_t)(number > 1e11 ? number / 1000 : number);
		return gmtime_r(&t, &tm) && strftime(ret, size, "%Y-%m-%dT%H:%M:%SZ", &tm);
	}
	sscanf(text, "%*4[0-9]-%*2[0-9]-%*2[0-9]T%*2[0-9]:%*2[0-9]:%*2[0-9]%n", &len);
	if (len != 19 || strlen(text) >= size ||
	    strspn(text + len, "0123456789.:+-Z") != strlen(text + len) ||
	    !strpbrk(text + len, "Z+-"))
		return false;
	memcpy(ret, text, strlen(text) + 1);
	return true;
}

void import_finish(struct import *import, struct record *r, const char *metric,
		   const double *value)
{
	CLEANUP_STRBUF struct strbuf name = STRBUF_INIT;
	const char *status = imported_cell(r->imported, COLUMN_STATUS);
	const char *when = imported_cell(r->imported, COLUMN_TIME);

	take_words(r);
	metric_name_make(metric, &name);
	r->metric_name = strbuf_detach(&name, NULL);
	imported_verdict(status ? status : "", &r->verdict);
	/* The loops write a crash down as 0. */
	r->has_metric = value && (*value != 0 || r->verdict.kind != VERDICT_FAILED);
	r->metric = r->has_metric ? *value : 0;
	if (!when || !read_time(when, r->started, sizeof(r->started)))
		snprintf(r->started, sizeof(r->started), "%s", import->now);
}
