#include "model/signs.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"

void signs_take(struct signs *s, const struct verdict *v)
{
	const char *reason = v->reason ? v->reason : "";
	char cut[sizeof(s->reason)];

	switch (v->kind) {
	case VERDICT_DUPLICATE:
	case VERDICT_SKIPPED:
		return;
	case VERDICT_FAILED:
	case VERDICT_VIOLATION:
	case VERDICT_INVALID:
		break;
	default:
		*s = (struct signs){ 0 };
		return;
	}
	snprintf(cut, sizeof(cut), "%s", reason);
	s->same = s->kind == v->kind && !strcmp(s->reason, cut) ? s->same + 1 : 1;
	s->no_metric = !strcmp(reason, "no-metric") ? s->no_metric + 1 : 0;
	s->violations = v->kind == VERDICT_VIOLATION ? s->violations + 1 : 0;
	s->kind = v->kind;
	strcpy(s->reason, cut);
}

static bool is_short(const struct room *r)
{
	return r->left >= 0 && r->all > 0 && r->left < SIGN_LEFT &&
	       (double)r->left < SIGN_LEFT_SHARE * (double)r->all;
}

enum sign signs_read(const struct signs *s, const struct room *disk, const struct room *memory,
		     struct strbuf *why)
{
	if (s->violations >= SIGN_VIOLATIONS) {
		strbuf_addf(why,
			    "%" PRId64 " violations in a row, the newest: ", s->violations);
		strbuf_add_visible(why, s->reason, strlen(s->reason));
		return SIGN_IS_VIOLATIONS;
	}
	if (s->no_metric >= SIGN_NO_METRIC) {
		strbuf_addf(why,
			    "the metric did not appear %" PRId64
			    " times in a row, though the incumbent gave it",
			    s->no_metric);
		return SIGN_IS_NO_METRIC;
	}
	if (s->same >= SIGN_SAME_FAILURE) {
		strbuf_addf(why, "the same failure %" PRId64 " times in a row: %s, ", s->same,
			    verdict_name(s->kind));
		strbuf_add_visible(why, s->reason, strlen(s->reason));
		return SIGN_IS_SAME_FAILURE;
	}
	if (is_short(disk)) {
		strbuf_addstr(why, "the disk runs full: ");
		strbuf_add_bytes(why, disk->left);
		strbuf_addstr(why, " are left");
		return SIGN_IS_DISK;
	}
	if (is_short(memory)) {
		strbuf_addstr(why, "the machine's memory runs out: ");
		strbuf_add_bytes(why, memory->left);
		strbuf_addstr(why, " are left");
		return SIGN_IS_MEMORY;
	}
	return SIGN_NONE;
}
