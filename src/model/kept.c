#include "model/kept.h"

#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/number.h"

/*
 * A header, then fields of any bytes, "<name> <length>\n<bytes>\n", in one order, of which some
 * may be absent; then "digest <SHA-256 of all of that>\n".
 */
static const char header[] = "a proposal of git autoresearch, 1\n";
static const char footer[] = "digest ";

#define FOOTER_LEN (sizeof(footer) - 1 + DIGEST_HEX_LEN + 1)

void kept_release(struct kept *kept)
{
	proposal_release(&kept->proposal);
}

/* --- Writing */

static void add_bytes(struct strbuf *out, const char *name, const char *data, size_t len)
{
	strbuf_addf(out, "%s %zu\n", name, len);
	strbuf_add(out, data, len);
	strbuf_addch(out, '\n');
}

static void add_text(struct strbuf *out, const char *name, const char *text)
{
	if (text)
		add_bytes(out, name, text, strlen(text));
}

static void add_int(struct strbuf *out, const char *name, int64_t value)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld", (long long)value);
	add_text(out, name, text);
}

static void add_double(struct strbuf *out, const char *name, double value)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	strbuf_add_number(&text, value);
	add_text(out, name, text.buf);
}

static void add_asked(struct strbuf *out, const struct asked *a)
{
	if (!a)
		return;
	add_text(out, "endpoint", a->endpoint);
	add_text(out, "model", a->model);
	add_text(out, "served", a->served);
	add_double(out, "temperature", a->temperature);
	add_int(out, "maxTokens", a->max_tokens);
	add_int(out, "askedSeed", a->seed);
	add_int(out, "turns", a->turns);
	add_double(out, "seconds", a->seconds);
	add_int(out, "promptTokens", a->prompt);
	add_int(out, "completionTokens", a->completion);
	add_int(out, "cachedTokens", a->cached);
	add_int(out, "estimated", a->estimated);
	add_text(out, "promptDigest", a->digest);
}

static void add_searched(struct strbuf *out, const struct searched *searched)
{
	if (!searched->known)
		return;
	add_int(out, "rung", searched->rung);
	add_double(out, "widen", searched->widen);
	add_text(out, "proposer", searched->proposer);
}

static void add_edit(struct strbuf *out, const struct edit *edit)
{
	add_text(out, "path", edit->path);
	add_int(out, "mode", edit->mode);
	if (edit->content)
		add_bytes(out, "content", edit->content, edit->len);
}

void kept_write(const struct kept *kept, const struct proposal *p, struct strbuf *out)
{
	char hex[DIGEST_HEX_LEN + 1];
	size_t begin = out->len;

	strbuf_addstr(out, header);
	add_int(out, "number", kept->number);
	add_int(out, "seed", (int64_t)kept->seed);
	add_text(out, "base", kept->base);
	add_text(out, "subject", p->subject);
	add_text(out, "rationale", p->rationale);
	add_text(out, "proposedBy", p->proposed_by);
	add_text(out, "refused", p->refused);
	add_text(out, "onto", p->base);
	add_searched(out, &p->searched);
	add_asked(out, p->asked);
	add_text(out, "prompt", p->prompt);
	add_text(out, "reply", p->reply);
	for (size_t i = 0; i < p->edits_nr; i++)
		add_edit(out, &p->edits[i]);
	digest_of(out->buf + begin, out->len - begin, hex);
	strbuf_addf(out, "%s%s\n", footer, hex);
}

/* --- Reading. What has the right digest was written by us: that it is well-formed is made sure
 * of all the same, in one place, and what is not says so by `bad`. */

struct reader {
	const char *p;
	size_t left;
	bool bad;
};

/* The bytes of the next field, if it has that name; NULL otherwise. */
static const char *take(struct reader *r, const char *name, size_t *ret_len)
{
	const char *line = r->p, *end = memchr(line, '\n', r->left), *data;
	size_t name_len = strlen(name), len, head;
	char digits[24];
	int64_t n;

	if (!end || (size_t)(end - line) <= name_len || memcmp(line, name, name_len) ||
	    line[name_len] != ' ')
		return NULL;
	len = (size_t)(end - line) - name_len - 1;
	snprintf(digits, sizeof(digits), "%.*s", len < 20 ? (int)len : 20, line + name_len + 1);
	head = (size_t)(end - line) + 1;
	if (number_parse_count(digits, &n) || (size_t)n >= r->left - head) {
		r->bad = true;
		return NULL;
	}
	data = end + 1;
	r->bad |= data[n] != '\n';
	r->p = data + n + 1;
	r->left -= head + (size_t)n + 1;
	*ret_len = (size_t)n;
	return data;
}

static char *take_text(struct reader *r, const char *name)
{
	size_t len;
	const char *data = take(r, name, &len);

	return data ? xstrndup(data, len) : NULL;
}

static char *need_text(struct reader *r, const char *name)
{
	char *text = take_text(r, name);

	r->bad |= !text;
	return text ? text : xstrdup("");
}

static double need_double(struct reader *r, const char *name)
{
	CLEANUP_FREE char *text = need_text(r, name);
	double value = 0;

	r->bad |= number_parse_double(text, &value) != 0;
	return value;
}

/* A count, or -1, which stands for none. */
static int64_t need_int(struct reader *r, const char *name)
{
	CLEANUP_FREE char *text = need_text(r, name);
	int64_t value = -1;

	r->bad |= strcmp(text, "-1") && number_parse_count(text, &value);
	return value;
}

static void need_hex(struct reader *r, const char *name, char *ret, size_t size)
{
	CLEANUP_FREE char *text = need_text(r, name);

	r->bad |= strlen(text) != size - 1 || strspn(text, "0123456789abcdef") != size - 1;
	snprintf(ret, size, "%s", text);
}

static struct asked *take_asked(struct reader *r)
{
	char *endpoint = take_text(r, "endpoint");
	struct asked *a;

	if (!endpoint)
		return NULL;
	a = xcalloc(1, sizeof(*a));
	a->endpoint = endpoint;
	a->model = need_text(r, "model");
	a->served = need_text(r, "served");
	a->temperature = need_double(r, "temperature");
	a->max_tokens = need_int(r, "maxTokens");
	a->seed = need_int(r, "askedSeed");
	a->turns = need_int(r, "turns");
	a->seconds = need_double(r, "seconds");
	a->prompt = need_int(r, "promptTokens");
	a->completion = need_int(r, "completionTokens");
	a->cached = need_int(r, "cachedTokens");
	a->estimated = need_int(r, "estimated") == 1;
	need_hex(r, "promptDigest", a->digest, sizeof(a->digest));
	return a;
}

static void take_onto(struct reader *r, char ret[OID_HEX_SIZE])
{
	CLEANUP_FREE char *text = need_text(r, "onto");

	r->bad |= strlen(text) >= OID_HEX_SIZE ||
		  strspn(text, "0123456789abcdef") != strlen(text);
	snprintf(ret, OID_HEX_SIZE, "%s", text);
}

static void take_searched(struct reader *r, struct searched *ret)
{
	CLEANUP_FREE char *rung = take_text(r, "rung"), *proposer = NULL;
	int64_t value;

	if (!rung)
		return;
	r->bad |= number_parse_count(rung, &value) || value >= LADDER_NR;
	ret->known = true;
	ret->rung = r->bad ? LADDER_GREEDY : (enum ladder_rung)value;
	ret->widen = need_double(r, "widen");
	proposer = need_text(r, "proposer");
	r->bad |= strlen(proposer) > PROPOSER_NAME_MAX;
	snprintf(ret->proposer, sizeof(ret->proposer), "%s", proposer);
}

static bool take_edit(struct reader *r, struct proposal *p)
{
	CLEANUP_FREE char *path = take_text(r, "path");
	const char *content;
	unsigned mode;
	size_t len = 0;

	if (!path)
		return false;
	mode = (unsigned)need_int(r, "mode");
	content = take(r, "content", &len);
	proposal_add_edit(p, path, mode, content, len);
	return true;
}

static void take_proposal(struct reader *r, struct proposal *p)
{
	p->subject = need_text(r, "subject");
	p->rationale = need_text(r, "rationale");
	p->proposed_by = need_text(r, "proposedBy");
	p->refused = take_text(r, "refused");
	take_onto(r, p->base);
	take_searched(r, &p->searched);
	p->asked = take_asked(r);
	p->prompt = take_text(r, "prompt");
	p->reply = take_text(r, "reply");
	while (!r->bad && take_edit(r, p))
		;
}

/* The text without header and footer, where both are right. */
static int unwrap(const char *text, size_t len, struct reader *ret, struct error *err)
{
	char hex[DIGEST_HEX_LEN + 1];
	size_t body = len - FOOTER_LEN;

	if (len < sizeof(header) - 1 || memcmp(text, header, sizeof(header) - 1))
		return error_set(err, "it is no proposal of this version");
	if (len < sizeof(header) - 1 + FOOTER_LEN)
		return error_set(err, "its end is missing");
	digest_of(text, body, hex);
	if (text[len - 1] != '\n' || memcmp(text + body, footer, sizeof(footer) - 1) ||
	    memcmp(text + body + sizeof(footer) - 1, hex, DIGEST_HEX_LEN))
		return error_set(err, "its digest is another");
	ret->p = text + sizeof(header) - 1;
	ret->left = body - (sizeof(header) - 1);
	return 0;
}

int kept_parse(const char *text, size_t len, struct kept *ret, struct error *err)
{
	CLEANUP_KEPT struct kept kept = { .proposal = PROPOSAL_INIT };
	struct reader r = { 0 };

	if (unwrap(text, len, &r, err))
		return -1;
	kept.number = need_int(&r, "number");
	kept.seed = (uint64_t)need_int(&r, "seed");
	need_hex(&r, "base", kept.base, sizeof(kept.base));
	take_proposal(&r, &kept.proposal);
	if (r.bad || r.left || kept.number < 1)
		return error_set(err, "it is malformed");
	*ret = kept;
	kept = (struct kept){ .proposal = PROPOSAL_INIT };
	return 0;
}
