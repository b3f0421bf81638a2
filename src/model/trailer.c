#include "model/trailer.h"

#include <math.h>
#include <string.h>

#include "base/number.h"

/* `git interpret-trailers` takes a message to end at this line, whatever stands before it
 * for a comment sign. */
#define CUT_LINE "------------------------ >8 ------------------------"

/* git takes any paragraph for trailers that holds a line like this one. */
#define CHERRY_PICKED "(cherry picked from commit "

/* The text as record.json holds it, so that a message that is made again from its record is
 * the same to the byte. */
static void add_as_recorded(struct strbuf *out, const char *s)
{
	size_t left = strlen(s), n;

	for (; left; s += n, left -= n) {
		n = utf8_sequence(s, left);
		if (n) {
			strbuf_add(out, s, n);
		} else {
			strbuf_addstr(out, "\xef\xbf\xbd"); /* U+FFFD */
			n = 1;
		}
	}
}

/*
 * Valid UTF-8 without control characters: CR and CRLF end a line as LF does, form feeds and
 * vertical tabs are blanks, and of the others only LF and TAB stay.
 */
static void add_clean(struct strbuf *out, const char *s)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	add_as_recorded(&text, s);
	for (const unsigned char *p = (unsigned char *)text.buf; *p; p++) {
		if (*p == '\r') {
			if (p[1] != '\n')
				strbuf_addch(out, '\n');
		} else if (*p == '\f' || *p == '\v') {
			strbuf_addch(out, ' ');
		} else if (*p == 0xc2 && p[1] < 0xa0) {
			p++; /* U+0080 to U+009F drive terminals, too */
		} else if ((*p >= 0x20 && *p != 0x7f) || *p == '\n' || *p == '\t') {
			strbuf_addch(out, *p);
		}
	}
}

static void cut_at_character(struct strbuf *sb, size_t max)
{
	size_t len = max;

	if (sb->len <= max)
		return;
	while (len && ((unsigned char)sb->buf[len] & 0xc0) == 0x80)
		len--;
	strbuf_setlen(sb, len);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_token_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-';
}

/* Where the ":" of a trailer stands, by git's rule: a token, blanks, the colon. 0: nowhere. */
static size_t trailer_colon(const char *line, size_t len)
{
	size_t i = 0;

	while (i < len && is_token_char(line[i]))
		i++;
	if (!i)
		return 0;
	while (i < len && is_blank(line[i]))
		i++;
	return i < len && line[i] == ':' ? i : 0;
}

static bool begins_with(const char *line, size_t len, const char *prefix)
{
	return len >= strlen(prefix) && !memcmp(line, prefix, strlen(prefix));
}

/* True for a line that git could read as more than prose. */
static bool is_magic(const char *line, size_t len)
{
	return trailer_colon(line, len) || begins_with(line, len, "---") ||
	       begins_with(line, len, CHERRY_PICKED) ||
	       (!is_blank(*line) && memmem(line, len, CUT_LINE, strlen(CUT_LINE)));
}

void subject_clean(const char *subject, int64_t experiment, struct strbuf *out)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;

	add_clean(&text, subject);
	for (const char *p = text.buf; *p; p++) {
		if (*p != '\n' && !is_blank(*p))
			strbuf_addch(&line, *p);
		else if (line.len && line.buf[line.len - 1] != ' ')
			strbuf_addch(&line, ' ');
	}
	strbuf_rtrim(&line);
	if (!line.len) {
		strbuf_addf(out, "experiment %lld", (long long)experiment);
		return;
	}
	strbuf_reset(&text);
	if (is_magic(line.buf, line.len))
		strbuf_addch(&text, ' ');
	strbuf_add(&text, line.buf, line.len);
	cut_at_character(&text, SUBJECT_MAX);
	strbuf_rtrim(&text);
	strbuf_add(out, text.buf, text.len);
}

/* A line without its end; runs of blank lines become one, and none comes first. */
static void add_prose_line(struct strbuf *text, const char *line, size_t len)
{
	while (len && is_blank(line[len - 1]))
		len--;
	if (!len && (!text->len || ends_with(text->buf, "\n\n")))
		return;
	if (is_magic(line, len))
		strbuf_addch(text, ' ');
	strbuf_add(text, line, len);
	strbuf_addch(text, '\n');
}

void rationale_clean(const char *rationale, struct strbuf *out)
{
	CLEANUP_STRBUF struct strbuf raw = STRBUF_INIT;
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	const char *line, *end;

	add_clean(&raw, rationale);
	for (line = raw.buf; *line && text.len < RATIONALE_MAX; line = *end ? end + 1 : end) {
		end = strchrnul(line, '\n');
		add_prose_line(&text, line, (size_t)(end - line));
	}
	cut_at_character(&text, RATIONALE_MAX - 1);
	strbuf_rtrim(&text);
	if (text.len)
		strbuf_addch(&text, '\n');
	strbuf_add(out, text.buf, text.len);
}

/* A value never breaks its line: what could is made visible. */
static void add_value(struct strbuf *out, const char *value)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	add_as_recorded(&text, value);
	strbuf_add_visible(out, text.buf, text.len);
}

static void add_trailer(struct strbuf *out, const char *key, const char *value)
{
	strbuf_addf(out, "%s: ", key);
	add_value(out, value);
	strbuf_addch(out, '\n');
}

static void add_number_trailer(struct strbuf *out, const char *key, const char *name,
			       double value)
{
	strbuf_addf(out, "%s: ", key);
	add_value(out, name);
	strbuf_addch(out, '=');
	strbuf_add_number(out, value);
	strbuf_addch(out, '\n');
}

static void add_experiment(struct strbuf *out, const struct record *r)
{
	if (r->type == RECORD_PROMOTION) {
		add_trailer(out, "Promotion", r->campaign);
		return;
	}
	strbuf_addstr(out, "Experiment: ");
	add_value(out, r->campaign);
	strbuf_addf(out, "/%lld\n", (long long)r->experiment);
}

/* At what the gain was shown, rounded down: 1 would promise too much. */
static void add_confidence(struct strbuf *out, const struct record *r)
{
	double confidence = floor(r->comparison.gain.confidence * 1e4 + 1e-6) / 1e4;

	if (r->plan.search && r->comparison.step == COMPARISON_DONE && confidence > 0) {
		strbuf_addstr(out, "Confidence: ");
		strbuf_add_number(out, confidence);
		strbuf_addch(out, '\n');
	}
}

static void add_costs(struct strbuf *out, const struct record *r)
{
	strbuf_addf(out, "Duration: %.2fs\n", r->duration);
	strbuf_addf(out, "Cpu-Time: %.2fs\n", r->cpu);
	if (r->memory_peak >= 0) {
		strbuf_addstr(out, "Memory-Peak: ");
		strbuf_add_bytes(out, r->memory_peak);
		strbuf_addch(out, '\n');
	}
}

static void add_audit(struct strbuf *out, const struct audit_summary *audit)
{
	if (audit->level == AUDIT_LEVEL_NONE) {
		strbuf_addstr(out, "Audit: none\n");
		return;
	}
	strbuf_addf(out, "Audit: %s level=%s events=%lld denied=%lld lost=%lld",
		    audit_is_enforced(audit) ? "enforced" : "unenforced",
		    audit_level_name(audit->level), (long long)audit->events,
		    (long long)audit->denied, (long long)audit->lost);
	if (*audit->digest)
		strbuf_addf(out, " sha256:%s", audit->digest);
	strbuf_addch(out, '\n');
}

static void add_tokens(struct strbuf *out, const struct asked *asked)
{
	strbuf_addf(out, "Tokens: %lld prompt=%lld completion=%lld cached=%lld%s\n",
		    (long long)asked_tokens(asked), (long long)asked->prompt,
		    (long long)asked->completion, (long long)asked->cached,
		    asked->estimated ? " estimated" : "");
}

static void add_all_trailers(struct strbuf *out, const struct record *r,
			     const char *record_digest)
{
	const char *source = record_metric_source(r);

	add_experiment(out, r);
	if (r->type == RECORD_REPLAY)
		add_trailer(out, "Replay",
			    r->replay->reproduced ? "reproduced" : "not reproduced");
	if (r->verdict.kind != VERDICT_NONE)
		add_trailer(out, "Verdict", verdict_name(r->verdict.kind));
	if (r->verdict.reason)
		add_trailer(out, "Reason", r->verdict.reason);
	if (r->has_metric)
		add_number_trailer(out, "Metric", r->metric_name, r->metric);
	if (r->has_incumbent)
		add_number_trailer(out, "Baseline", r->metric_name, r->incumbent);
	if (r->trials_nr)
		strbuf_addf(out, "Trials: %zu\n", record_own_trials(r));
	add_confidence(out, r);
	/* Nothing was run for a decision. */
	if (r->type != RECORD_DECISION)
		add_costs(out, r);
	if (source && strcmp(source, "evaluate"))
		add_trailer(out, "Metric-Source", source);
	if (r->type != RECORD_DECISION)
		add_audit(out, &r->audit);
	if (*r->policy)
		strbuf_addf(out, "Policy: sha256:%s\n", r->policy);
	strbuf_addf(out, "Record: sha256:%s\n", record_digest);
	if (r->proposed_by && *r->proposed_by)
		add_trailer(out, "Proposed-by", r->proposed_by);
	if (r->type == RECORD_DECISION)
		add_trailer(out, "Decided-by", r->decision->by);
	if (r->type == RECORD_PROMOTION)
		add_trailer(out, "Promoted-by", r->promotion->by);
	if (r->asked)
		add_tokens(out, r->asked);
}

static void add_title(struct strbuf *out, const struct record *r)
{
	CLEANUP_FREE char *baseline = NULL;

	if (!r->experiment && r->type != RECORD_PROMOTION)
		baseline = xstrfmt("baseline of %s", r->campaign);
	subject_clean(baseline ? baseline : r->subject, r->experiment, out);
	strbuf_addstr(out, "\n\n");
}

/* Somebody's prose, and the blank line behind it. */
static void add_prose(struct strbuf *out, const char *text)
{
	size_t start = out->len;

	rationale_clean(text, out);
	if (out->len > start)
		strbuf_addch(out, '\n');
}

/* As git revert has it. */
static void add_revert(struct strbuf *out, const struct record *r)
{
	CLEANUP_STRBUF struct strbuf subject = STRBUF_INIT;

	subject_clean(r->subject, r->experiment, &subject);
	strbuf_addf(out, "Revert \"%s\"\n\nThis reverts commit %s.\n\n", subject.buf,
		    r->decision->reverts);
}

/* Subject and rationale, with the blank line that our paragraph begins after. */
static void add_words(struct strbuf *out, const struct record *r)
{
	if (r->type == RECORD_DECISION && *r->decision->reverts) {
		add_revert(out, r);
	} else {
		add_title(out, r);
		add_prose(out, r->rationale);
	}
	if (r->type == RECORD_DECISION)
		add_prose(out, r->decision->why);
}

void message_candidate(const struct record *r, struct strbuf *out)
{
	add_words(out, r);
	add_experiment(out, r);
}

void message_accepted(const struct record *r, const char *record_digest, struct strbuf *out)
{
	add_words(out, r);
	add_all_trailers(out, r, record_digest);
}

void message_note(const struct record *r, const char *record_digest, struct strbuf *out)
{
	add_title(out, r);
	if (r->type == RECORD_DECISION)
		add_prose(out, r->decision->why);
	add_all_trailers(out, r, record_digest);
}

/* The last paragraph, its last newline included; NULL where that is the title. */
static const char *last_paragraph(const char *message, size_t *ret_len)
{
	const char *start = NULL, *end = message, *line, *next;
	bool blank_before = false, title_seen = false;

	for (line = message; *line; line = next) {
		const char *eol = strchrnul(line, '\n');

		next = *eol ? eol + 1 : eol;
		if (line + strspn(line, " \t\r") >= eol) {
			blank_before = true;
			continue;
		}
		if (blank_before && title_seen)
			start = line;
		title_seen = true;
		blank_before = false;
		end = next;
	}
	*ret_len = start ? (size_t)(end - start) : 0;
	return start;
}

/* True where every line of the paragraph is a trailer or continues one. */
static bool is_trailer_block(const char *p, size_t len)
{
	const char *end = p + len, *next;

	for (const char *line = p; line < end; line = next) {
		const char *eol = memchr(line, '\n', (size_t)(end - line));

		next = eol ? eol + 1 : end;
		if (!trailer_colon(line, (size_t)(next - line)) &&
		    (line == p || !is_blank(*line)))
			return false;
	}
	return true;
}

static void add_trimmed(struct strbuf *out, const char *s, size_t len)
{
	while (len && is_blank(*s)) {
		s++;
		len--;
	}
	strbuf_add(out, s, len);
	strbuf_rtrim(out);
}

const char *trailer_block(const char *message, size_t *ret_len)
{
	const char *block = last_paragraph(message, ret_len);

	return block && is_trailer_block(block, *ret_len) ? block : NULL;
}

bool trailer_find(const char *message, const char *key, struct strbuf *ret_value)
{
	size_t len, key_len = strlen(key);
	const char *block = trailer_block(message, &len), *next;
	bool found = false;

	if (!block)
		return false;
	for (const char *line = block; line < block + len; line = next) {
		const char *eol = memchr(line, '\n', (size_t)(block + len - line));
		size_t colon;

		next = eol ? eol + 1 : block + len;
		colon = trailer_colon(line, (size_t)(next - line));
		if (found && colon)
			break;
		if (found) {
			if (ret_value->len)
				strbuf_addch(ret_value, ' ');
			add_trimmed(ret_value, line, (size_t)(next - line));
		} else if (!strncmp(line, key, key_len) && !is_token_char(line[key_len]) &&
			   colon >= key_len) {
			add_trimmed(ret_value, line + colon + 1,
				    (size_t)(next - line) - colon - 1);
			found = true;
		}
	}
	return found;
}
