#include "git/findings.h"

#include <stdarg.h>

void mismatch(struct findings *f, const char *fmt, ...)
{
	CLEANUP_STRBUF struct strbuf line = STRBUF_INIT, visible = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&line, fmt, ap);
	va_end(ap);
	strbuf_add_visible(&visible, line.buf, line.len);
	f->nr++;
	f->report(visible.buf, f->data);
}

const char *about_what(enum record_type type)
{
	return type == RECORD_DECISION ? "decision on"
	       : type == RECORD_REPLAY ? "replay of"
				       : "experiment";
}

void wrong(struct findings *f, const struct entry *entry, const char *what)
{
	if (entry->record.type == RECORD_BASELINE)
		mismatch(f, "baseline (record %.12s): %s", entry->oid, what);
	else if (entry->record.type == RECORD_PROMOTION)
		mismatch(f, "promotion (record %.12s): %s", entry->oid, what);
	else
		mismatch(f, "%s %lld: %s", about_what(entry->record.type),
			 (long long)entry->record.experiment, what);
}
