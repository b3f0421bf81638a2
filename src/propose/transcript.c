#include "propose/transcript.h"

#include <stdlib.h>
#include <string.h>

#include "base/number.h"

/* No count of tokens is larger, in one line or in all. */
#define TOKENS_MAX (1LL << 50)
/* Lines that are matched against an adapter's expressions. */
#define MATCHED_LINE_MAX 4096

static void add_capped(struct strbuf *sb, const char *data, size_t len, size_t max)
{
	size_t room = max > sb->len ? max - sb->len : 0;

	strbuf_add(sb, data, len < room ? len : room);
}

/* --- Lines of JSON */

static void add_string(const struct json *value, void *data)
{
	const char *text;

	if (!json_as_string(value, &text) && *text) {
		add_capped(data, text, strlen(text), TRANSCRIPT_TEXT_MAX);
		add_capped(data, "\n", 1, TRANSCRIPT_TEXT_MAX);
	}
}

static void add_strings(const struct selectors *list, const struct json *line,
			struct strbuf *out)
{
	for (size_t i = 0; i < list->nr; i++)
		selector_each(&list->items[i], line, add_string, out);
}

struct count {
	int64_t value;
	bool found;
};

static void add_count(const struct json *value, void *data)
{
	struct count *c = data;
	int64_t n;

	if (json_as_int(value, &n) || n < 0 || n > TOKENS_MAX || c->value + n > TOKENS_MAX)
		return;
	c->value += n;
	c->found = true;
}

static void take_count(struct transcript *t, const struct selectors *list,
		       const struct json *line, int64_t *total)
{
	struct count c = { 0 };

	for (size_t i = 0; i < list->nr; i++)
		selector_each(&list->items[i], line, add_count, &c);
	if (!c.found)
		return;
	t->tokens.known = true;
	if (t->adapter->last)
		*total = 0;
	if (*total + c.value <= TOKENS_MAX)
		*total += c.value;
}

static void take_json(struct transcript *t, const struct strbuf *text)
{
	CLEANUP_STRBUF struct strbuf words = STRBUF_INIT;
	CLEANUP_JSON struct json *line = NULL;
	struct error ignored = ERROR_INIT;
	const struct adapter *a = t->adapter;

	/* Whatever else it prints there is none of its report. */
	if (text->len < 2 || text->buf[0] != '{' ||
	    json_parse(text->buf, text->len, &line, &ignored))
		return;
	add_strings(&a->words, line, &words);
	/* Its last message is what it has to say in the end. */
	if (words.len) {
		strbuf_reset(&t->words);
		strbuf_add(&t->words, words.buf, words.len);
	}
	add_strings(&a->errors, line, &t->errors);
	take_count(t, &a->prompt, line, &t->tokens.prompt);
	take_count(t, &a->cached, line, &t->tokens.cached);
	take_count(t, &a->completion, line, &t->tokens.completion);
}

/* --- Lines of text */

/* "812", "1,024", "2.1k" as people are shown it. */
static int parse_rounded(const char *text, size_t len, int64_t *ret)
{
	CLEANUP_STRBUF struct strbuf digits = STRBUF_INIT;
	double value, factor = 1;

	if (len > 32)
		return -1;
	for (size_t i = 0; i < len; i++)
		if (text[i] != ',')
			strbuf_addch(&digits, text[i]);
	if (ends_with(digits.buf, "k"))
		factor = 1000;
	else if (ends_with(digits.buf, "M"))
		factor = 1000000;
	if (factor > 1)
		strbuf_setlen(&digits, digits.len - 1);
	if (number_parse_double(digits.buf, &value) || value < 0 ||
	    value * factor > (double)TOKENS_MAX)
		return -1;
	*ret = (int64_t)(value * factor + 0.5);
	return 0;
}

static int parse_group(const char *line, const regmatch_t *group, int64_t *ret)
{
	if (group->rm_so < 0)
		return -1;
	return parse_rounded(line + group->rm_so, (size_t)(group->rm_eo - group->rm_so), ret);
}

static void take_tokens_line(struct transcript *t, const char *line)
{
	struct transcript_tokens *tokens = &t->tokens;
	int64_t prompt, completion;
	regmatch_t match[3];

	if (!t->tokens_line) {
		regex_t *regex = xmalloc(sizeof(*regex));

		if (regcomp(regex, t->adapter->tokens_line, REG_EXTENDED | REG_ICASE)) {
			free(regex);
			return;
		}
		t->tokens_line = regex;
	}
	if (regexec(t->tokens_line, line, 3, match, 0) ||
	    parse_group(line, &match[1], &prompt) || parse_group(line, &match[2], &completion))
		return;
	if (tokens->prompt + prompt > TOKENS_MAX ||
	    tokens->completion + completion > TOKENS_MAX)
		return;
	tokens->known = tokens->rounded = true;
	tokens->prompt += prompt;
	tokens->completion += completion;
}

static void take_line(struct transcript *t, bool errors, const struct strbuf *line)
{
	if (t->adapter->json) {
		if (!errors)
			take_json(t, line);
		return;
	}
	if (t->adapter->tokens_line && line->len < MATCHED_LINE_MAX)
		take_tokens_line(t, line->buf);
}

/* --- Feeding */

static void take_lines(struct transcript *t, bool errors, const char *data, size_t len)
{
	struct strbuf *line = &t->lines[errors];

	while (len) {
		const char *newline = memchr(data, '\n', len);
		size_t n = newline ? (size_t)(newline - data) : len;

		if (line->len + n > TRANSCRIPT_LINE_MAX)
			t->skipping[errors] = true;
		if (!t->skipping[errors])
			strbuf_add(line, data, n);
		if (!newline)
			return;
		if (!t->skipping[errors])
			take_line(t, errors, line);
		t->skipping[errors] = false;
		strbuf_reset(line);
		data += n + 1;
		len -= n + 1;
	}
}

/* The end of it, in steps, so that a flood is not moved with each block. */
static void keep_tail(struct strbuf *tail, const char *data, size_t len)
{
	if (len > TRANSCRIPT_TAIL_MAX) {
		data += len - TRANSCRIPT_TAIL_MAX;
		len = TRANSCRIPT_TAIL_MAX;
	}
	strbuf_add(tail, data, len);
	if (tail->len <= 2 * TRANSCRIPT_TAIL_MAX)
		return;
	memmove(tail->buf, tail->buf + tail->len - TRANSCRIPT_TAIL_MAX, TRANSCRIPT_TAIL_MAX);
	strbuf_setlen(tail, TRANSCRIPT_TAIL_MAX);
}

void transcript_feed(struct transcript *t, bool errors, const char *data, size_t len)
{
	keep_tail(&t->tail, data, len);
	if (!errors && (!t->adapter || !t->adapter->json))
		add_capped(&t->words, data, len, TRANSCRIPT_TEXT_MAX);
	if (t->adapter)
		take_lines(t, errors, data, len);
}

void transcript_end(struct transcript *t)
{
	for (int errors = 0; errors < 2; errors++)
		if (t->adapter && t->lines[errors].len && !t->skipping[errors])
			take_line(t, errors, &t->lines[errors]);
}

/* --- Judging */

/* The first line of `text` that one of the expressions matches. */
static bool find_line(const struct string_list *expressions, const struct strbuf *text,
		      struct strbuf *ret_line)
{
	for (size_t i = 0; i < expressions->nr; i++) {
		const char *p = text->buf, *end = p + text->len;
		regex_t regex;
		bool found = false;

		if (regcomp(&regex, expressions->items[i],
			    REG_EXTENDED | REG_ICASE | REG_NOSUB))
			continue;
		while (p < end && !found) {
			size_t len = strcspn(p, "\n");
			CLEANUP_FREE char *line =
				xstrndup(p, len < MATCHED_LINE_MAX ? len : MATCHED_LINE_MAX);

			found = *line && !regexec(&regex, line, 0, NULL, 0);
			if (found)
				strbuf_addstr(ret_line, line);
			/* A NUL of its own ends no text. */
			p += len + 1;
		}
		regfree(&regex);
		if (found)
			return true;
	}
	return false;
}

static bool add_first_line(const struct strbuf *text, struct strbuf *out)
{
	const char *p = text->buf + strspn(text->buf, " \t\r\n");
	size_t len = strcspn(p, "\r\n");

	strbuf_add(out, p, len < MATCHED_LINE_MAX ? len : MATCHED_LINE_MAX);
	return len > 0;
}

enum transcript_refusal transcript_judge(const struct transcript *t, struct strbuf *ret_line)
{
	const struct strbuf *texts[] = { &t->errors, &t->words, &t->tail };
	/* Of one that reports in JSON, what else it printed is noise, and its events hold the
	 * prompt and whatever its tools printed. */
	size_t nr = t->adapter && t->adapter->json ? 2 : 3;

	for (size_t i = 0; t->adapter && i < nr; i++)
		if (find_line(&t->adapter->limited, texts[i], ret_line))
			return TRANSCRIPT_LIMITED;
	for (size_t i = 0; t->adapter && i < nr; i++)
		if (find_line(&t->adapter->refused, texts[i], ret_line))
			return TRANSCRIPT_REFUSED;
	if (add_first_line(&t->errors, ret_line))
		return TRANSCRIPT_ERROR;
	add_first_line(&t->words, ret_line);
	return TRANSCRIPT_NOTHING;
}

void transcript_release(struct transcript *t)
{
	strbuf_release(&t->words);
	strbuf_release(&t->errors);
	strbuf_release(&t->tail);
	strbuf_release(&t->lines[0]);
	strbuf_release(&t->lines[1]);
	if (t->tokens_line)
		regfree(t->tokens_line);
	free(t->tokens_line);
}
