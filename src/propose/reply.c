#include "propose/reply.h"

#include <stdlib.h>
#include <string.h>

struct fence {
	char c;
	size_t len, indent;
	struct line info;
};

struct parser {
	struct reply *reply;
	struct complaint *why;
	struct strbuf prose;
	size_t above; /* where the last line of prose that is not blank begins in `prose` */
	size_t blank; /* lines since */
	bool has_above;
	/* The fence that is open. */
	bool inside;
	struct fence fence;
	char *path;
	struct strbuf text;
};

/* A line that opens a fence: CommonMark's rules. */
static bool fence_opens(struct line l, struct fence *ret)
{
	struct fence f = { 0 };

	while (f.indent < l.len && l.s[f.indent] == ' ')
		f.indent++;
	if (f.indent > 3 || f.indent == l.len)
		return false;
	f.c = l.s[f.indent];
	if (f.c != '`' && f.c != '~')
		return false;
	while (f.indent + f.len < l.len && l.s[f.indent + f.len] == f.c)
		f.len++;
	f.info = line_trim((struct line){ l.s + f.indent + f.len, l.len - f.indent - f.len });
	if (f.len < 3 || (f.c == '`' && f.info.len && memchr(f.info.s, '`', f.info.len)))
		return false;
	*ret = f;
	return true;
}

static bool fence_closes(const struct fence *open, const struct fence *f)
{
	return f->c == open->c && f->len >= open->len && !f->info.len;
}

/* A language's name behind it, or an attribute list: what content says by accident has none. */
static bool is_nested(const struct fence *open, const struct fence *f)
{
	char c = f->info.len ? *f->info.s : '\0';

	return f->c == open->c && f->len >= open->len &&
	       ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '{');
}

static bool is_diff(const struct strbuf *text, const struct fence *fence)
{
	const char *p = text->buf, *end = text->buf + text->len;
	struct line l, next;

	if (line_equal(fence->info, (struct line){ "diff", 4 }) ||
	    line_equal(fence->info, (struct line){ "patch", 5 }))
		return true;
	do {
		if (!line_next(&p, end, &l))
			return false;
	} while (line_is_blank(l));
	if (line_starts(l, "diff --git ") || line_starts(l, "@@ -"))
		return true;
	return line_starts(l, "--- ") && line_next(&p, end, &next) && line_starts(next, "+++ ");
}

static bool holds_search(const struct strbuf *text)
{
	const char *p = text->buf, *end = text->buf + text->len;
	struct line l;

	while (line_next(&p, end, &l))
		if (line_marker(l, '<', "SEARCH"))
			return true;
	return false;
}

/* A diff that says which file it is about. */
static bool names_itself(const struct strbuf *text)
{
	const char *p = text->buf, *end = text->buf + text->len;
	struct line l, last = { "", 0 };

	while (line_next(&p, end, &l)) {
		if (line_starts(last, "--- ") && line_starts(l, "+++ "))
			return true;
		last = l;
	}
	return false;
}

static int add_block(struct parser *p, enum block_kind kind)
{
	struct reply *r = p->reply;
	struct reply_block *block;

	if (r->blocks_nr == REPLY_BLOCKS_MAX)
		return complaint_set(p->why, "it holds more than %d blocks", REPLY_BLOCKS_MAX);
	if (r->blocks_nr == r->blocks_alloc) {
		r->blocks_alloc = r->blocks_alloc ? 2 * r->blocks_alloc : 4;
		r->blocks = xrealloc(r->blocks, r->blocks_alloc * sizeof(*r->blocks));
	}
	block = &r->blocks[r->blocks_nr++];
	*block = (struct reply_block){ .kind = kind, .path = steal_ptr(p->path) };
	block->text = strbuf_detach(&p->text, &block->len);
	return 0;
}

static struct line line_above(const struct parser *p)
{
	const char *s = p->prose.buf + p->above;

	return (struct line){ s, p->has_above ? strcspn(s, "\n") : 0 };
}

static int open_fence(struct parser *p, const struct fence *f)
{
	struct line above = line_above(p);
	size_t paths = 0;

	if (p->has_above && p->blank <= 1)
		p->path = reply_path(above, !p->blank, &paths);
	if (paths > 1) {
		complaint_set(p->why,
			      "the line above a block names %zu paths, and a block is for one",
			      paths);
		complaint_quote(p->why, "The line:", &above, 1, 0);
		return -1;
	}
	if (p->path)
		strbuf_setlen(&p->prose, p->above);
	p->has_above = false;
	p->inside = true;
	p->fence = *f;
	return 0;
}

static int close_fence(struct parser *p)
{
	struct line first = { p->text.buf, strcspn(p->text.buf, "\n") };
	bool search = holds_search(&p->text), diff = !search && is_diff(&p->text, &p->fence);
	int failed = 0;

	p->inside = false;
	if (p->path || (diff && names_itself(&p->text))) {
		failed = add_block(p, search ? BLOCK_SEARCH : diff ? BLOCK_DIFF : BLOCK_FILE);
	} else if (search) {
		failed = complaint_set(p->why, "a block with SEARCH and REPLACE has no file's "
					       "path alone on the line above its fence");
		complaint_quote(p->why, "It begins:", &first, 1, 0);
	}
	strbuf_reset(&p->text);
	return failed;
}

static int take_inside(struct parser *p, struct line l, const char *end)
{
	struct fence f;
	size_t n = 0;

	if (fence_opens(l, &f)) {
		if (fence_closes(&p->fence, &f))
			return close_fence(p);
		if (is_nested(&p->fence, &f)) {
			complaint_set(p->why, "a fence stands inside a fence that is no longer "
					      "than itself: the outer one needs more of its "
					      "characters");
			complaint_quote(p->why, "The inner one:", &l, 1, 0);
			return -1;
		}
	}
	while (n < p->fence.indent && n < l.len && l.s[n] == ' ')
		n++;
	strbuf_add(&p->text, l.s + n, l.len - n);
	if (l.s + l.len < end)
		strbuf_addch(&p->text, '\n');
	return 0;
}

static int take_outside(struct parser *p, struct line l)
{
	struct fence f;

	if (fence_opens(l, &f))
		return open_fence(p, &f);
	if (line_marker(l, '<', "SEARCH"))
		return complaint_set(p->why, "it has a SEARCH outside of a fenced block");
	if (line_is_blank(l)) {
		p->blank++;
		/* One blank line between paragraphs, wherever fences stood. */
		if (p->prose.len > 1 && p->prose.buf[p->prose.len - 2] != '\n')
			strbuf_addch(&p->prose, '\n');
		return 0;
	}
	p->above = p->prose.len;
	p->has_above = true;
	p->blank = 0;
	strbuf_add(&p->prose, l.s, l.len);
	strbuf_addch(&p->prose, '\n');
	return 0;
}

/* True where `l`, trimmed, begins or ends with the tag. */
static bool closes_thought(struct line l)
{
	static const char tag[] = "</think>";
	size_t len = strlen(tag);

	l = line_trim(l);
	return line_starts(l, tag) || (l.len > len && !memcmp(l.s + l.len - len, tag, len));
}

/*
 * Where the answer begins after a thought that nothing opened: templates put the opening tag
 * in the prompt. A file that holds the tag is no thought: there it stands inside a fence, and
 * not alone on its line unless the opening one stood before.
 */
static const char *skip_unopened(const char *text, const char *end)
{
	struct fence open = { 0 }, f;
	const char *p = text;
	bool inside = false;
	struct line l;

	while (line_next(&p, end, &l)) {
		if (fence_opens(l, &f)) {
			if (!inside)
				open = f;
			if (!inside || fence_closes(&open, &f))
				inside = !inside;
		} else if (memmem(l.s, l.len, "<think>", 7)) {
			return text;
		} else if (closes_thought(l) && (!inside || line_trim(l).len == 8)) {
			return (const char *)memmem(l.s, l.len, "</think>", 8) + 8;
		}
	}
	return text;
}

/* The beginning of the answer; NULL where there is none, all being thought. */
static const char *skip_thought(const char *text, const char *end)
{
	bool opened = false;

	for (;;) {
		const char *start = text + strspn(text, " \t\r\n");

		if (!starts_with(start, "<think>"))
			break;
		opened = true;
		text = memmem(start, (size_t)(end - start), "</think>", 8);
		if (!text)
			return NULL;
		text += 8;
	}
	return opened ? text : skip_unopened(text, end);
}

/* A heading's mark, bold and "Subject:" are no part of the words. */
static struct line undecorated(struct line l)
{
	static const char *const labels[] = { "Subject:", "**Subject:**",
					      "Title:", "**Title:**" };

	l = line_trim(l);
	while (l.len && *l.s == '#')
		l = (struct line){ l.s + 1, l.len - 1 };
	l = line_trim(l);
	for (size_t i = 0; i < ARRAY_SIZE(labels); i++)
		if (line_starts(l, labels[i])) {
			l.s += strlen(labels[i]);
			l.len -= strlen(labels[i]);
		}
	l = line_trim(l);
	if (l.len > 4 && line_starts(l, "**") && !memcmp(l.s + l.len - 2, "**", 2))
		l = line_trim((struct line){ l.s + 2, l.len - 4 });
	return l;
}

/* At most `cap` bytes of them, and no half of a character. */
static char *copy_words(struct line l, size_t cap)
{
	l = line_trim(l);
	if (l.len > cap) {
		while (cap && ((unsigned char)l.s[cap] & 0xc0) == 0x80)
			cap--;
		l = line_rtrim((struct line){ l.s, cap });
	}
	return xstrndup(l.s, l.len);
}

/* Whoever says nothing has edited something. */
static char *plain_subject(const struct reply *reply)
{
	const char *path = reply->blocks[0].path;
	CLEANUP_FREE char *text = xstrfmt("edit %s", path ? path : "files");

	return copy_words((struct line){ text, strlen(text) }, REPLY_SUBJECT_MAX);
}

static void take_words(struct parser *p)
{
	const char *s = p->prose.buf, *end = s + p->prose.len;
	struct line l = { s, 0 };

	while (!undecorated(l).len && line_next(&s, end, &l))
		;
	p->reply->subject = copy_words(undecorated(l), REPLY_SUBJECT_MAX);
	if (!*p->reply->subject) {
		free(p->reply->subject);
		p->reply->subject = plain_subject(p->reply);
	}
	p->reply->rationale =
		copy_words((struct line){ s, (size_t)(end - s) }, REPLY_RATIONALE_MAX);
}

static int parse(struct parser *p, const char *text, size_t len)
{
	CLEANUP_STRBUF struct strbuf plain = STRBUF_INIT;
	const char *s = text, *end = text + len;
	struct line l;

	while (line_next(&s, end, &l)) {
		bool ended = l.s + l.len < end;

		if (ended && l.len && l.s[l.len - 1] == '\r')
			l.len--;
		strbuf_add(&plain, l.s, l.len);
		if (ended)
			strbuf_addch(&plain, '\n');
	}
	end = plain.buf + plain.len;
	s = skip_thought(plain.buf, end);
	if (!s)
		return complaint_set(p->why, "it holds a thought and no answer");
	while (line_next(&s, end, &l))
		if (p->inside ? take_inside(p, l, end) : take_outside(p, l))
			return -1;
	if (p->inside)
		return complaint_set(p->why, "it was cut: it ends inside a fenced block");
	if (!p->reply->blocks_nr)
		return complaint_set(p->why, "it holds no edit: none of its fenced blocks has "
					     "a file's path alone on the line above");
	take_words(p);
	return 0;
}

int reply_parse(const char *text, size_t len, bool cut, struct reply *ret,
		struct complaint *why)
{
	struct parser p = {
		.reply = ret, .why = why, .prose = STRBUF_INIT, .text = STRBUF_INIT
	};
	int failed;

	if (cut)
		return complaint_set(why, "it was cut at the limit of its length: SEARCH and "
					  "REPLACE blocks are shorter than whole files");
	if (len > REPLY_MAX)
		return complaint_set(why, "it is longer than %d bytes", REPLY_MAX);
	if (len && memchr(text, '\0', len))
		return complaint_set(why, "it holds a NUL byte");
	failed = parse(&p, text, len);
	if (failed)
		reply_release(ret);
	free(p.path);
	strbuf_release(&p.prose);
	strbuf_release(&p.text);
	return failed;
}

void reply_release(struct reply *reply)
{
	for (size_t i = 0; i < reply->blocks_nr; i++) {
		free(reply->blocks[i].path);
		free(reply->blocks[i].text);
	}
	free(reply->blocks);
	free(reply->subject);
	free(reply->rationale);
	*reply = (struct reply)REPLY_INIT;
}
