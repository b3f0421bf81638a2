#include "propose/scan.h"

#include <ctype.h>
#include <string.h>

#include "propose/language.h"

#define MARK_SHOWN 60 /* bytes of one that has a problem */

struct scanner {
	const struct language *language;
	const char *text;
	size_t len, pos, line_start;
	int line;
	struct literal_list *ret;
};

/* The byte at `pos`; 0 outside the text, which holds no NUL. */
static unsigned char at(const struct scanner *s, size_t pos)
{
	return pos < s->len ? (unsigned char)s->text[pos] : 0;
}

static unsigned char before(const struct scanner *s, size_t pos)
{
	return pos ? at(s, pos - 1) : 0;
}

static bool is_word(unsigned char c)
{
	return isalnum(c) || c == '_' || c >= 0x80;
}

static bool holds(const char *set, char c)
{
	return set && strchr(set, c);
}

static bool is_at(const struct scanner *s, size_t pos, const char *what)
{
	size_t len = strlen(what);

	return pos + len <= s->len && !memcmp(s->text + pos, what, len);
}

static void move_to(struct scanner *s, size_t pos)
{
	for (; s->pos < pos; s->pos++) {
		if (s->text[s->pos] == '\n') {
			s->line++;
			s->line_start = s->pos + 1;
		}
	}
}

static size_t line_end(const struct scanner *s, size_t pos)
{
	while (pos < s->len && s->text[pos] != '\n')
		pos++;
	return pos;
}

/* A mark as its comment says it: a range, or alternatives where `words` holds any. */
struct mark {
	double min, max;
	bool log, real;
	struct string_list words;
};

static void cleanup_mark_(struct mark *mark)
{
	string_list_release(&mark->words);
}

static const char *skip_blanks(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	return p;
}

/* A bound with its sign. Behind it; NULL where there is none. */
static const char *parse_bound(const char *p, const char *end, double *ret, bool *ret_real)
{
	bool minus = p < end && *p == '-';
	size_t len;

	p += p < end && (*p == '-' || *p == '+');
	len = literal_number_len(p, (size_t)(end - p));
	if (!len || !literal_read(p, len, ret))
		return NULL;
	if (minus && *ret > 0)
		*ret = -*ret;
	*ret_real |= literal_is_real(p, len);
	return p + len;
}

static bool parse_range(const char *p, const char *end, struct mark *ret)
{
	ret->real = false;
	p = parse_bound(p, end, &ret->min, &ret->real);
	if (!p || end - p < 2 || memcmp(p, "..", 2))
		return false;
	p = parse_bound(p + 2, end, &ret->max, &ret->real);
	if (!p || ret->min > ret->max || (p < end && is_word((unsigned char)*p)))
		return false;
	p = skip_blanks(p, end);
	ret->log = end - p >= 3 && !memcmp(p, "log", 3) &&
		   (end - p == 3 || !is_word((unsigned char)p[3]));
	return !ret->log || ret->min >= 0;
}

static bool parse_words(const char *p, const char *end, struct mark *ret)
{
	for (;;) {
		CLEANUP_FREE char *word = NULL;
		const char *start = p;

		while (p < end && (is_word((unsigned char)*p) || strchr(".+-", *p)))
			p++;
		if (p == start || ret->words.nr == MARK_WORDS_MAX)
			return false;
		word = xstrndup(start, (size_t)(p - start));
		if (!string_list_has(&ret->words, word))
			string_list_add(&ret->words, word);
		p = skip_blanks(p, end);
		if (p == end || *p != '|')
			return ret->words.nr > 1;
		p = skip_blanks(p + 1, end);
	}
}

/* What follows "autoresearch:" in a comment; NULL where that does not stand there. */
static const char *mark_in(const char *p, const char *end)
{
	static const char key[] = "autoresearch:";
	const char *found = memmem(p, (size_t)(end - p), key, sizeof(key) - 1);

	if (!found || (found > p && is_word((unsigned char)found[-1])))
		return NULL;
	return skip_blanks(found + sizeof(key) - 1, end);
}

static bool parse_mark(const char *p, const char *end, struct mark *ret)
{
	return parse_range(p, end, ret) || parse_words(p, end, ret);
}

/* Prose may begin with "autoresearch:" as well. */
static bool looks_like_mark(const char *p, const char *end)
{
	return (p < end && strchr("-+.0123456789", *p)) ||
	       memmem(p, (size_t)(end - p), "..", 2) || memchr(p, '|', (size_t)(end - p));
}

static void add_problem(struct scanner *s, const char *p, const char *end, const char *what)
{
	CLEANUP_STRBUF struct strbuf problem = STRBUF_INIT;

	if (s->ret->problems.nr == MARK_PROBLEMS_MAX)
		return;
	if (end - p > MARK_SHOWN)
		end = p + MARK_SHOWN;
	strbuf_addf(&problem, "%d: %s: autoresearch: ", s->line, what);
	strbuf_add_visible(&problem, p, (size_t)(end - p));
	strbuf_rtrim(&problem);
	string_list_add(&s->ret->problems, problem.buf);
}

/* True where `word` stands at `pos` and is no part of a longer word or number. */
static bool word_is_at(const struct scanner *s, size_t pos, size_t end, const char *word)
{
	size_t len = strlen(word), next = pos + len;
	bool number = isdigit((unsigned char)word[0]);
	unsigned char left = pos > s->line_start ? before(s, pos) : 0;

	if (next > end || !is_at(s, pos, word) || is_word(left) || (number && left == '.'))
		return false;
	return !is_word(at(s, next)) &&
	       !(number && at(s, next) == '.' && isdigit(at(s, next + 1)));
}

/* True where an earlier mark of this line has taken one of the bytes. */
static bool is_taken(const struct scanner *s, size_t start, size_t end)
{
	for (size_t i = s->ret->nr; i-- && s->ret->items[i].line == s->line;) {
		const struct literal *l = &s->ret->items[i];

		if (l->marked && l->start < end && start < l->start + l->len)
			return true;
	}
	return false;
}

/* False where none of the words stands on the line, or only where another mark took it. */
static bool mark_word(struct scanner *s, size_t end, struct mark *mark)
{
	for (size_t pos = s->line_start; pos < end; pos++) {
		struct literal *l;
		size_t best = 0;

		for (size_t i = 0; i < mark->words.nr; i++) {
			const char *word = mark->words.items[i];

			if (strlen(word) > best && word_is_at(s, pos, end, word))
				best = strlen(word);
		}
		if (!best)
			continue;
		if (is_taken(s, pos, pos + best))
			return false;
		l = literals_add(s->ret);
		l->kind = LITERAL_WORD;
		l->start = pos;
		l->len = best;
		l->line = s->line;
		l->marked = true;
		l->words = mark->words;
		mark->words = (struct string_list)STRING_LIST_INIT;
		return true;
	}
	return false;
}

/* True where the byte before `pos` is a sign, and not what subtracts or adds (x-1, f()-1). */
static bool is_signed(const struct scanner *s, size_t pos)
{
	unsigned char left;

	if (pos == s->line_start || !strchr("-+", before(s, pos)))
		return false;
	left = pos - 1 > s->line_start ? before(s, pos - 1) : 0;
	return !left || (!is_word(left) && !strchr(")]}\"'`.-+", left));
}

static bool mark_number(struct scanner *s, const struct mark *mark)
{
	struct literal *first = NULL;

	for (size_t i = s->ret->nr; i-- && s->ret->items[i].line == s->line;)
		if (s->ret->items[i].kind != LITERAL_WORD)
			first = &s->ret->items[i];
	if (!first || first->marked)
		return false;
	if (mark->min < 0 && is_signed(s, first->start)) {
		first->start--;
		first->len++;
		first->sign = 1;
		if (s->text[first->start] == '-')
			first->value = -first->value;
	}
	first->marked = true;
	first->log = mark->log;
	first->min = mark->min;
	first->max = mark->max;
	if (mark->real && !first->suffix)
		first->kind = LITERAL_REAL;
	return true;
}

static void read_mark(struct scanner *s, const char *p, const char *end)
{
	CLEANUP(cleanup_mark_) struct mark mark = { 0 };

	if (!parse_mark(p, end, &mark)) {
		if (looks_like_mark(p, end))
			add_problem(s, p, end, "this mark cannot be read");
	} else if (!(mark.words.nr ? mark_word(s, s->pos, &mark) : mark_number(s, &mark))) {
		add_problem(s, p, end, "nothing on the line is left to mark");
	}
}

static void scan_comment(struct scanner *s, size_t end)
{
	size_t stop = line_end(s, s->pos);
	const char *p;

	if (stop > end)
		stop = end;
	p = mark_in(s->text + s->pos, s->text + stop);
	if (p && s->ret->nr < LITERALS_MAX && s->pos - s->line_start < MARK_COLUMN_MAX)
		read_mark(s, p, s->text + stop);
	move_to(s, end);
}

/* Where the comment that begins here ends; 0 where none does. */
static size_t comment_end(const struct scanner *s)
{
	const struct language *l = s->language;
	unsigned char left = before(s, s->pos);

	if (l->open && is_at(s, s->pos, l->open)) {
		size_t from = s->pos + strlen(l->open);
		const char *close =
			memmem(s->text + from, s->len - from, l->close, strlen(l->close));

		return close ? (size_t)(close - s->text) + strlen(l->close) : s->len;
	}
	if ((l->flags & LANGUAGE_SPACED) && left && !strchr(" \t\r\n;(){}&|", left))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(l->line); i++)
		if (l->line[i] && is_at(s, s->pos, l->line[i]))
			return line_end(s, s->pos);
	return 0;
}

/* The end of the string whose quote stands here. One that is not closed ends with its line,
 * so that a stray apostrophe hides no more than that. */
static size_t string_end(const struct scanner *s)
{
	const struct language *l = s->language;
	char quote = s->text[s->pos], triple[] = { quote, quote, quote, '\0' };
	bool thrice = (l->flags & LANGUAGE_TRIPLE) && is_at(s, s->pos, triple);
	bool spans = thrice || holds(l->spanning, quote), raw = holds(l->raw, quote);
	size_t pos = s->pos + (thrice ? 3 : 1);

	if ((l->flags & LANGUAGE_CHARS) && quote == '\'' && !thrice && at(s, pos) != '\\') {
		do
			pos++;
		while ((at(s, pos) & 0xc0) == 0x80);
		return at(s, pos) == '\'' ? pos + 1 : s->pos + 1;
	}
	for (; pos < s->len; pos++) {
		if (s->text[pos] == '\\' && !raw)
			pos++;
		else if (s->text[pos] == '\n' && !spans)
			return pos;
		else if (thrice ? is_at(s, pos, triple) : s->text[pos] == quote)
			return pos + (thrice ? 3 : 1);
	}
	return line_end(s, s->pos);
}

static size_t word_end(const struct scanner *s, size_t pos)
{
	unsigned flags = s->language->flags;
	char joints[4] = ".", *end = joints + 1;

	if (flags & LANGUAGE_DASHES)
		*end++ = '-';
	if (flags & LANGUAGE_SPACED)
		*end++ = '#';
	if (at(s, pos) == '$')
		pos += at(s, pos + 1) == '{' ? 2 : 1;
	while (is_word(at(s, pos)) ||
	       (at(s, pos) && strchr(joints, at(s, pos)) && is_word(at(s, pos + 1))))
		pos++;
	return pos;
}

/* Where the run of digits, letters and joints ends that a number's text is part of. */
static size_t run_end(const struct scanner *s, size_t end)
{
	size_t after = word_end(s, end);

	/* C++ and others part the digits of a long number by apostrophes. */
	if (at(s, end) == '\'' && isdigit(at(s, end + 1)))
		return word_end(s, end + 1);
	/* 0x1p-3 */
	if (after > end && strchr("pP", s->text[after - 1]) &&
	    (at(s, after) == '-' || at(s, after) == '+'))
		return word_end(s, after + 1);
	return after;
}

static void scan_number(struct scanner *s)
{
	const char *number = s->text + s->pos;
	size_t digits = literal_number_len(number, s->len - s->pos), suffix = 0, end;
	bool real = literal_is_real(number, digits);
	bool octal = digits > 1 && number[0] == '0' && (isdigit(at(s, s->pos + 1)) || !real);
	struct literal *l;
	double value;

	while (isalnum(at(s, s->pos + digits + suffix)))
		suffix++;
	if (!language_has_suffix(s->language, number + digits, suffix))
		suffix = 0;
	end = s->pos + digits + suffix;
	if (run_end(s, end) > end || octal || !literal_read(number, digits, &value) ||
	    (!real && value >= LITERAL_INTEGER_MAX) || s->ret->nr == LITERALS_MAX) {
		move_to(s, run_end(s, end));
		return;
	}
	l = literals_add(s->ret);
	real |= suffix && strchr("fFdD", number[digits]);
	l->kind = real ? LITERAL_REAL : LITERAL_INTEGER;
	l->start = s->pos;
	l->len = digits + suffix;
	l->suffix = suffix;
	l->line = s->line;
	l->value = value;
	move_to(s, end);
}

void literals_scan(const char *path, const char *text, size_t len, struct literal_list *ret)
{
	struct scanner scanner = {
		.language = language_of(path), .text = text, .len = len, .line = 1, .ret = ret
	};
	struct scanner *s = &scanner;

	if (!len || memchr(text, '\0', len))
		return;
	while (s->pos < len) {
		unsigned char c = at(s, s->pos), left = before(s, s->pos);
		size_t end = comment_end(s);

		if (end)
			scan_comment(s, end);
		else if (holds(s->language->quotes, (char)c))
			move_to(s, string_end(s));
		else if (isdigit(c))
			scan_number(s);
		else if (c == '.' && isdigit(at(s, s->pos + 1)) && left != '.')
			/* f().0 and a[i].0 are fields of tuples */
			left == ')' || left == ']' ? move_to(s, word_end(s, s->pos))
						   : scan_number(s);
		else if (is_word(c) || c == '$')
			move_to(s, word_end(s, s->pos));
		else
			move_to(s, s->pos + 1);
	}
}
