#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "report/evidence_parts.h"
#include "report/html.h"

void evidence_survey_release(struct evidence_survey *s)
{
	for (size_t i = 0; i < s->nr; i++) {
		struct evidence_row *row = &s->rows[i];

		free(row->reason);
		free(row->subject);
		free(row->proposed_by);
		free(row->host);
		free(row->about);
		free(row->person);
		free(row->why);
	}
	free(s->rows);
	free(s->metric);
}

static char *copy(const char *text)
{
	return text ? xstrdup(text) : NULL;
}

/* What a person decided, promoted or measured again, and where that is. */
static char *about(const struct record *r)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	if (record_is_listed(r))
		return NULL;
	if (r->promotion) {
		promotion_experiments(r->promotion, &text);
		strbuf_addf(&text, ", as %s at %.12s", promotion_form_name(r->promotion->form),
			    r->promotion->result);
	} else if (r->experiment) {
		strbuf_addf(&text, "experiment %" PRId64, r->experiment);
	} else {
		strbuf_addstr(&text, "the baseline");
	}
	return strbuf_detach(&text, NULL);
}

/* Who did it; a replay does not say. */
static const char *person(const struct record *r)
{
	if (r->promotion)
		return r->promotion->by;
	return r->decision ? r->decision->by : NULL;
}

/* A replay has no verdict, but one on the experiment's own. */
static const char *came_to(const struct record *r)
{
	if (r->replay)
		return r->replay->reproduced ? "reproduced" : "not reproduced";
	return r->verdict.reason;
}

static int take_row(const struct entry *entry, void *data, struct error *err)
{
	struct evidence_survey *s = data;
	const struct record *r = &entry->record;
	struct evidence_row *row;

	(void)err;
	if (s->nr == s->alloc) {
		s->alloc = s->alloc ? 2 * s->alloc : 256;
		s->rows = xrealloc(s->rows, s->alloc * sizeof(*s->rows));
	}
	if (!s->metric)
		s->metric = xstrdup(r->metric_name);
	row = &s->rows[s->nr++];
	*row = (struct evidence_row){
		.type = r->type,
		.experiment = r->experiment,
		.verdict = r->verdict.kind,
		.reason = copy(came_to(r)),
		.subject = xstrdup(r->subject),
		.proposed_by = xstrdup(r->proposed_by),
		.host = copy(r->host),
		.about = about(r),
		.person = copy(person(r)),
		.why = copy(r->decision ? r->decision->why : NULL),
		.has_metric = r->has_metric,
		.metric = r->metric,
		.imported = r->imported,
		.tokens = asked_tokens(r->asked),
		.audit = r->audit,
	};
	strcpy(row->oid, entry->oid);
	strcpy(row->commit, entry->commit);
	strcpy(row->policy, r->policy);
	strcpy(row->started, r->started);
	return 0;
}

/* The newest experiment of which there is an audit, or else the newest. */
static void choose_example(struct evidence_survey *s)
{
	for (size_t i = 0; i < s->nr; i++) {
		struct evidence_row *row = &s->rows[i];

		if (row->type != RECORD_EXPERIMENT)
			continue;
		if (!s->example)
			s->example = row;
		if (*row->audit.digest) {
			s->example = row;
			return;
		}
	}
}

int evidence_survey_take(struct ledger *ledger, struct evidence_survey *ret, struct error *err)
{
	if (ledger_walk(ledger, take_row, ret, err))
		return -1;
	choose_example(ret);
	return 0;
}

/* --- Tables by what records share */

struct group {
	const char *key;
	size_t records, accepted;
	int64_t tokens;
};

static void count(struct group **groups, size_t *nr, const char *key,
		  const struct evidence_row *row)
{
	size_t i = 0;

	while (i < *nr && strcmp((*groups)[i].key, key))
		i++;
	if (i == *nr) {
		*groups = xrealloc(*groups, (*nr + 1) * sizeof(**groups));
		(*groups)[(*nr)++] = (struct group){ .key = key };
	}
	(*groups)[i].records++;
	(*groups)[i].accepted += row->type == RECORD_EXPERIMENT &&
				 row->verdict == VERDICT_ACCEPTED && !row->imported;
	(*groups)[i].tokens += row->tokens;
}

typedef const char *(*key_fn)(const struct evidence_row *row);

static const char *proposer_of(const struct evidence_row *row)
{
	return row->type == RECORD_EXPERIMENT ? row->proposed_by : NULL;
}

static const char *policy_of(const struct evidence_row *row)
{
	return *row->policy ? row->policy : NULL;
}

static const char *host_of(const struct evidence_row *row)
{
	return row->host && *row->host ? row->host : NULL;
}

static void add_groups(const struct evidence_survey *s, const char *title, key_fn key,
		       struct strbuf *out)
{
	CLEANUP_FREE struct group *groups = NULL;
	size_t nr = 0;

	for (size_t i = s->nr; i; i--) {
		const char *k = key(&s->rows[i - 1]);

		if (k)
			count(&groups, &nr, k, &s->rows[i - 1]);
	}
	strbuf_addf(out, "<table><tr><th>%s<th>records<th>accepted<th>tokens\n", title);
	for (size_t i = 0; i < nr; i++) {
		strbuf_addstr(out, "<tr><td>");
		html_addstr(out, groups[i].key);
		strbuf_addf(out,
			    "<td class=\"n\">%zu<td class=\"n\">%zu<td class=\"n\">%" PRId64
			    "\n",
			    groups[i].records, groups[i].accepted, groups[i].tokens);
	}
	strbuf_addstr(out, "</table>\n");
}

/* --- What stands out */

static void add_verdict(const struct evidence_row *row, struct strbuf *out)
{
	const char *verdict = verdict_name(row->verdict);

	html_addstr(out, verdict ? verdict : "");
	if (row->reason) {
		strbuf_addstr(out, " (");
		html_addstr(out, row->reason);
		strbuf_addch(out, ')');
	}
}

static void add_subject(const struct evidence_row *row, struct strbuf *out)
{
	html_add(out, row->subject, strcspn(row->subject, "\n"));
}

static void add_denied(const struct evidence_survey *s, struct strbuf *out)
{
	size_t nr = 0;

	strbuf_addstr(out, "<h2>What was denied, or is not known</h2>\n");
	for (size_t i = s->nr; i; i--) {
		const struct evidence_row *row = &s->rows[i - 1];
		const struct audit_summary *a = &row->audit;

		if (row->verdict != VERDICT_VIOLATION && !a->denied && !a->lost &&
		    !a->incomplete)
			continue;
		if (!nr++)
			strbuf_addstr(out, "<div class=\"wide\"><table><tr><th>of<th>"
					   "verdict<th>denied<th>lost<th>record<th>\n");
		if (row->about)
			strbuf_addf(out, "<tr><td>%s<td>", record_type_name(row->type));
		else
			strbuf_addf(out, "<tr><td class=\"n\">%" PRId64 "<td>",
				    row->experiment);
		add_verdict(row, out);
		strbuf_addf(out,
			    "<td class=\"n\">%" PRId64 "<td class=\"n\">%" PRId64
			    "<td><code>%.12s</code><td>",
			    a->denied, a->lost, row->oid);
		add_subject(row, out);
		strbuf_addch(out, '\n');
	}
	strbuf_addstr(out, nr ? "</table></div>\n" : "<p>Nothing, in any experiment.\n");
}

static void add_decisions(const struct evidence_survey *s, struct strbuf *out)
{
	size_t nr = 0;

	strbuf_addstr(out, "<h2>What people did</h2>\n");
	for (size_t i = s->nr; i; i--) {
		const struct evidence_row *row = &s->rows[i - 1];

		if (!row->about)
			continue;
		if (!nr++)
			strbuf_addstr(out, "<div class=\"wide\"><table><tr><th>what<th>about"
					   "<th>when<th>who<th>why<th>record\n");
		strbuf_addf(out, "<tr><td>%s ", record_type_name(row->type));
		add_verdict(row, out);
		strbuf_addstr(out, "<td>");
		html_addstr(out, row->about);
		strbuf_addf(out, "<td>%s<td>", row->started);
		html_addstr(out, row->person ? row->person : "");
		strbuf_addstr(out, "<td>");
		html_addstr(out, row->why ? row->why : "");
		strbuf_addf(out, "<td><code>%.12s</code>\n", row->oid);
	}
	strbuf_addstr(out, nr ? "</table></div>\n"
			      : "<p>Nothing is on record: no verdict was overruled, nothing "
				"was promoted.\n");
}

void evidence_survey_add(const struct evidence_survey *s, struct strbuf *out)
{
	strbuf_addstr(out, "<h2>Who or what proposed</h2>\n");
	add_groups(s, "proposer", proposer_of, out);
	strbuf_addstr(out, "<h2>Under which policies, and where</h2>\n");
	add_groups(s, "policy, a SHA-256", policy_of, out);
	add_groups(s, "host", host_of, out);
	add_denied(s, out);
	add_decisions(s, out);
}

/* --- Every experiment */

static void add_row(const struct evidence_row *row, struct strbuf *out)
{
	strbuf_addf(out, "<tr><td class=\"n\">%" PRId64 "<td>", row->experiment);
	if (row->type == RECORD_BASELINE)
		strbuf_addstr(out, "baseline");
	add_verdict(row, out);
	strbuf_addstr(out, row->imported ? ", imported<td class=\"n\">" : "<td class=\"n\">");
	if (row->has_metric)
		strbuf_add_number(out, row->metric);
	strbuf_addf(out, "<td>%s<td>", row->started);
	html_addstr(out, row->proposed_by);
	if (row->audit.level == AUDIT_LEVEL_NONE)
		strbuf_addstr(out, "<td>none");
	else
		strbuf_addf(out, "<td>%s: %" PRId64 " / %" PRId64 " / %" PRId64,
			    audit_level_name(row->audit.level), row->audit.events,
			    row->audit.denied, row->audit.lost);
	strbuf_addf(out, "<td><code>%.12s</code><td><code>%.12s</code><td>", row->commit,
		    row->oid);
	add_subject(row, out);
	strbuf_addch(out, '\n');
}

void evidence_rows_add(const struct evidence_survey *s, struct strbuf *out)
{
	strbuf_addstr(out, "<h2>Every experiment</h2>\n<p>As people decided about them. Audit: "
			   "the level, and how many events are on record, were denied and were "
			   "lost.\n<div class=\"wide\"><table>\n<tr><th>#<th>verdict<th>");
	html_addstr(out, s->metric ? s->metric : "metric");
	strbuf_addstr(out, "<th>started<th>proposed by<th>audit<th>commit<th>record<th>"
			   "subject\n");
	for (size_t i = s->nr; i; i--)
		if (!s->rows[i - 1].about)
			add_row(&s->rows[i - 1], out);
	strbuf_addstr(out, "</table></div>\n");
}
