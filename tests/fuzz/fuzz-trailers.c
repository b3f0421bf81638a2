/*
 * Messages out of hostile words. The first byte says where the subject ends; the rest is
 * subject, rationale and, after the rationale's half, the reason. Whatever they hold, the
 * last paragraph is ours alone, and nothing else in the message reads as more than prose.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "model/trailer.h"

#define CUT "# ------------------------ >8 ------------------------\n"
#define DIGEST "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"

#define CHECK(condition)          \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* git's own rule (find_separator() in its trailer.c), written again. */
static bool reads_as_trailer(const char *line, const char *end)
{
	bool blank = false;

	for (const char *c = line; c < end; c++) {
		bool token = (*c >= '0' && *c <= '9') || (*c >= 'a' && *c <= 'z') ||
			     (*c >= 'A' && *c <= 'Z') || *c == '-';

		if (*c == ':')
			return c > line;
		if (!blank && token)
			continue;
		if (c == line || (*c != ' ' && *c != '\t'))
			return false;
		blank = true;
	}
	return false;
}

static void check_bytes(const struct strbuf *sb)
{
	CHECK(strlen(sb->buf) == sb->len);
	for (size_t i = 0, n; i < sb->len; i += n) {
		unsigned char c = (unsigned char)sb->buf[i];

		n = utf8_sequence(sb->buf + i, sb->len - i);
		CHECK(n);
		CHECK((c >= 0x20 && c != 0x7f) || c == '\n' || c == '\t');
		CHECK(c != 0xc2 || (unsigned char)sb->buf[i + 1] >= 0xa0);
	}
}

/* Every line of the words is prose; a line of ours is a trailer. */
static void check_lines(const char *text, const char *end, bool trailers)
{
	const char *eol;

	for (; text < end; text = eol + 1) {
		eol = memchr(text, '\n', (size_t)(end - text));
		CHECK(eol);
		CHECK(reads_as_trailer(text, eol) == trailers);
		CHECK(!starts_with(text, "---"));
		CHECK(!starts_with(text, "(cherry picked from commit "));
		CHECK(!starts_with(text, CUT));
		CHECK(eol == text || (eol[-1] != ' ' && eol[-1] != '\t') || trailers);
	}
}

static void check_trailer(const char *message, const char *key, const char *value)
{
	CLEANUP_STRBUF struct strbuf found = STRBUF_INIT;

	CHECK(trailer_find(message, key, &found));
	CHECK(!value || !strcmp(found.buf, value));
}

static void check_message(const struct strbuf *message)
{
	const char *title_end, *ours = NULL, *p = message->buf;

	check_bytes(message);
	title_end = strstr(message->buf, "\n\n");
	CHECK(title_end && title_end > message->buf);
	CHECK(!memchr(message->buf, '\n', (size_t)(title_end - message->buf)));
	CHECK(title_end - message->buf <= SUBJECT_MAX);
	while ((p = strstr(p, "\n\n"))) {
		p += 2;
		CHECK(*p && *p != '\n');
		ours = p;
	}
	CHECK(starts_with(ours, "Experiment: c/7\n"));
	check_lines(message->buf, ours, false);
	check_lines(ours, message->buf + message->len, true);
	check_trailer(message->buf, "Experiment", "c/7");
}

static void check_record(const struct record *r)
{
	CLEANUP_STRBUF struct strbuf message = STRBUF_INIT, again = STRBUF_INIT;
	CLEANUP_STRBUF struct strbuf json = STRBUF_INIT;
	CLEANUP_RECORD struct record back = { 0 };
	struct error err = ERROR_INIT;

	message_candidate(r, &message);
	check_message(&message);
	strbuf_reset(&message);
	message_note(r, DIGEST, &message);
	check_message(&message);
	strbuf_reset(&message);
	message_accepted(r, DIGEST, &message);
	check_message(&message);
	check_trailer(message.buf, "Verdict", "failed");
	check_trailer(message.buf, "Reason", NULL);
	check_trailer(message.buf, "Record", "sha256:" DIGEST);

	record_write(r, &json);
	CHECK(!record_parse(json.buf, json.len, &back, &err));
	message_accepted(&back, DIGEST, &again);
	CHECK(!strcmp(again.buf, message.buf));
}

static void check_words(const struct record *r)
{
	CLEANUP_STRBUF struct strbuf once = STRBUF_INIT, twice = STRBUF_INIT;

	rationale_clean(r->rationale, &once);
	CHECK(once.len <= RATIONALE_MAX);
	rationale_clean(once.buf, &twice);
	CHECK(!strcmp(once.buf, twice.buf));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP_STRBUF struct strbuf found = STRBUF_INIT;
	CLEANUP_RECORD struct record r = { .type = RECORD_EXPERIMENT, .experiment = 7 };
	const char *text = (const char *)data + 1;
	size_t cut, middle;

	if (!size)
		return 0;
	size--;
	cut = data[0] < size ? data[0] : size;
	middle = cut + (size - cut) / 2;
	r.campaign = xstrdup("c");
	r.subject = xstrndup(text, cut);
	r.rationale = xstrndup(text + cut, size - cut);
	r.proposed_by = xstrndup(text + cut, size - cut);
	r.metric_name = xstrdup("loss");
	strcpy(r.started, "2026-01-31T23:59:59Z");
	r.verdict.kind = VERDICT_FAILED;
	r.verdict.reason = xstrndup(text + middle, size - middle);
	check_record(&r);
	check_words(&r);
	/* A message that somebody else wrote. */
	trailer_find(r.rationale, "Verdict", &found);
	CHECK(!strchr(found.buf, '\n'));
	return 0;
}
