#include "propose/refusal.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/number.h"

/* Of a text that is looked at for its message. */
#define TEXT_MAX 4096

/* Parts of {"detail": [{"loc": […], "msg": …}, …]}. */
#define DETAILS_MAX 8

/* Sets `ret` to the text in one line, without control characters and cut between characters. */
static void set_line(char *ret, size_t size, const char *text, size_t len)
{
	CLEANUP_STRBUF struct strbuf line = STRBUF_INIT, visible = STRBUF_INIT;
	size_t cut;

	for (size_t i = 0; i < len && i < TEXT_MAX; i++) {
		bool space = text[i] && strchr(" \t\r\n", text[i]);

		if (!space)
			strbuf_addch(&line, text[i]);
		else if (line.len && line.buf[line.len - 1] != ' ')
			strbuf_addch(&line, ' ');
	}
	strbuf_rtrim(&line);
	strbuf_add_visible(&visible, line.buf, line.len);
	cut = visible.len < size ? visible.len : size - 1;
	while (cut < visible.len && ((unsigned char)visible.buf[cut] & 0xc0) == 0x80)
		cut--;
	snprintf(ret, size, "%.*s", (int)cut, visible.buf);
}

#define SET_LINE(field, text, len) set_line(field, sizeof(field), text, len)

/* A string, or whatever else stands there as JSON. */
static void add_text(const struct json *json, struct strbuf *out)
{
	const char *text;

	if (!json_as_string(json, &text))
		strbuf_addstr(out, text);
	else if (!json_is_null(json))
		json_write(json, false, out);
}

static void add_word(const struct json *json, struct strbuf *out)
{
	const char *text;

	if (json_as_string(json, &text) || !*text)
		return;
	strbuf_addf(out, "%s%s", out->len ? " " : "", text);
}

/* A code is a word, a status as a number, or that number as a string. */
static void take_code(const struct json *code, struct refusal *ret)
{
	int64_t status;
	const char *text;

	if (json_as_int(code, &status) &&
	    (json_as_string(code, &text) || number_parse_count(text, &status)))
		return;
	if (status >= 400 && status <= 599)
		ret->status = (int)status;
}

/* message, type, code and param of an error or of the whole answer. */
static void take_fields(const struct json *json, struct refusal *ret)
{
	CLEANUP_STRBUF struct strbuf message = STRBUF_INIT, kind = STRBUF_INIT;
	const char *param;

	add_text(json_get(json, "message"), &message);
	if (!message.len)
		add_text(json, &message);
	add_word(json_get(json, "type"), &kind);
	add_word(json_get(json, "code"), &kind);
	add_word(json_get(json, "status"), &kind);
	take_code(json_get(json, "code"), ret);
	SET_LINE(ret->message, message.buf, message.len);
	SET_LINE(ret->kind, kind.buf, kind.len);
	if (!json_as_string(json_get(json, "param"), &param))
		SET_LINE(ret->param, param, strlen(param));
}

/* FastAPI says where: {"loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}. */
static void add_detail(const struct json *detail, struct strbuf *out)
{
	const struct json *loc = json_get(detail, "loc");

	if (!json_is_object(detail)) {
		add_text(detail, out);
		return;
	}
	for (size_t i = 0; i < json_array_len(loc) && i < DETAILS_MAX; i++) {
		strbuf_addstr(out, i ? "." : "");
		add_text(json_array_at(loc, i), out);
	}
	strbuf_addstr(out, json_array_len(loc) ? ": " : "");
	add_text(json_get(detail, "msg"), out);
}

static void take_detail(const struct json *detail, struct refusal *ret)
{
	CLEANUP_STRBUF struct strbuf message = STRBUF_INIT;
	size_t nr = json_array_len(detail);

	for (size_t i = 0; i < nr && i < DETAILS_MAX; i++) {
		strbuf_addstr(&message, i ? "; " : "");
		add_detail(json_array_at(detail, i), &message);
	}
	if (!json_is_array(detail))
		add_text(detail, &message);
	SET_LINE(ret->message, message.buf, message.len);
}

bool refusal_of_json(const struct json *json, struct refusal *ret)
{
	const struct json *error = json_get(json, "error"), *detail = json_get(json, "detail");
	const char *text;

	*ret = (struct refusal){ 0 };
	if (json_is_array(json)) /* Google's list of one */
		return json_is_object(json_array_at(json, 0)) &&
		       refusal_of_json(json_array_at(json, 0), ret);
	if (json_is_object(error)) {
		take_fields(error, ret);
		return true;
	}
	if (!json_as_string(error, &text)) {
		take_fields(json, ret);
		SET_LINE(ret->message, text, strlen(text));
		return true;
	}
	if (json_is_array(json_get(json, "choices")))
		return false;
	if (!json_is_null(detail)) {
		take_detail(detail, ret);
		return true;
	}
	if (json_as_string(json_get(json, "message"), &text))
		return false;
	take_fields(json, ret);
	return true;
}

/* What stands between <title> and its end; else that it is a page. */
static void take_page(const char *text, struct refusal *ret)
{
	const char *title = strcasestr(text, "<title>");
	const char *end = title ? strcasestr(title, "</title>") : NULL;

	if (end) {
		title += strlen("<title>");
		SET_LINE(ret->message, title, (size_t)(end - title));
	}
	if (!*ret->message)
		snprintf(ret->message, sizeof(ret->message), "a page of HTML");
}

void refusal_of_body(const char *body, size_t len, struct refusal *ret)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	CLEANUP_JSON struct json *json = NULL;
	struct error err = ERROR_INIT;

	*ret = (struct refusal){ 0 };
	if (!json_parse(body, len, &json, &err) && refusal_of_json(json, ret))
		return;
	strbuf_add(&text, body, len < TEXT_MAX ? len : TEXT_MAX);
	if (strcasestr(text.buf, "<html") || strcasestr(text.buf, "<!doctype"))
		take_page(text.buf, ret);
	else
		SET_LINE(ret->message, text.buf, text.len);
}

bool refusal_says(const struct refusal *refusal, const char *word)
{
	return strcasestr(refusal->message, word) || strcasestr(refusal->kind, word);
}

static bool is_of_name(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

bool refusal_names(const struct refusal *refusal, const char *parameter)
{
	size_t len = strlen(parameter);

	if (*refusal->param)
		return starts_with(refusal->param, parameter) &&
		       !is_of_name(refusal->param[len]);
	for (const char *p = refusal->message; (p = strstr(p, parameter)); p += len)
		if ((p == refusal->message || !is_of_name(p[-1])) && !is_of_name(p[len]))
			return true;
	return false;
}
