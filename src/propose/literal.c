#include "propose/literal.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"

#define NUMBER_LEN_MAX 40
#define NAME_LEN_MAX 64

struct literal *literals_add(struct literal_list *list)
{
	if (list->nr == list->alloc) {
		list->alloc = list->alloc ? 2 * list->alloc : 16;
		list->items = xrealloc(list->items, list->alloc * sizeof(*list->items));
	}
	memset(&list->items[list->nr], 0, sizeof(*list->items));
	return &list->items[list->nr++];
}

void literals_release(struct literal_list *list)
{
	for (size_t i = 0; i < list->nr; i++)
		string_list_release(&list->items[i].words);
	free(list->items);
	string_list_release(&list->problems);
	memset(list, 0, sizeof(*list));
}

bool literal_read(const char *s, size_t len, double *ret)
{
	char buf[2 * NUMBER_LEN_MAX + 2];
	size_t n = 0;

	if (len > NUMBER_LEN_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (s[i] == '_')
			continue;
		if (s[i] == '.' && !n)
			buf[n++] = '0';
		buf[n++] = s[i];
		if (s[i] == '.' && (i + 1 == len || !isdigit((unsigned char)s[i + 1])))
			buf[n++] = '0';
	}
	buf[n] = '\0';
	return !number_parse_double(buf, ret);
}

size_t literal_number_len(const char *s, size_t len)
{
	size_t n = 0, e;

#define DIGIT_AT(i) ((i) < len && isdigit((unsigned char)s[i]))
	while (DIGIT_AT(n) || (n && n < len && s[n] == '_' && DIGIT_AT(n + 1)))
		n++;
	if (n < len && s[n] == '.' && (n ? n + 1 == len || s[n + 1] != '.' : DIGIT_AT(1)))
		n++;
	while (DIGIT_AT(n) || (n && n < len && s[n] == '_' && DIGIT_AT(n + 1)))
		n++;
	e = n + 1;
	if (n && n < len && (s[n] == 'e' || s[n] == 'E')) {
		if (e < len && (s[e] == '-' || s[e] == '+'))
			e++;
		while (DIGIT_AT(e)) {
			n = e + 1;
			e++;
		}
	}
#undef DIGIT_AT
	return n;
}

bool literal_is_real(const char *s, size_t len)
{
	return memchr(s, '.', len) || memchr(s, 'e', len) || memchr(s, 'E', len);
}

/* Decimals that every way of writing the number keeps: the zeros that somebody wrote at its
 * end, or one where it has any; -1 where it has no point. */
static int decimals_of(const char *s, size_t len)
{
	const char *point = memchr(s, '.', len);
	int n = 0;

	if (!point)
		return -1;
	while (point + 1 + n < s + len && isdigit((unsigned char)point[1 + n]))
		n++;
	return n && point[n] == '0' ? n : n > 0;
}

/* Drops zeros from the end of "1.500", down to `decimals`, and a bare point where there is
 * none to keep. */
static void trim_zeros(char *s, int decimals)
{
	char *point = strchr(s, '.'), *end = s + strlen(s);

	if (!point)
		return;
	while (end > point + 1 + (decimals > 0 ? decimals : 0) && end[-1] == '0')
		end--;
	if (end == point + 1 && decimals < 0)
		end--;
	*end = '\0';
}

/* As few significant digits as stay within a fiftieth of the value and in bounds, but two. */
static int significant_digits(const struct literal *l, double value, double *ret)
{
	char buf[64];
	int digits = 2;

	for (;; digits++) {
		bool bounded;

		snprintf(buf, sizeof(buf), "%.*e", digits - 1, value);
		*ret = strtod(buf, NULL);
		bounded = !l->marked || (*ret >= l->min && *ret <= l->max);
		if (digits == 17 || (bounded && fabs(*ret - value) <= 0.02 * fabs(value)))
			return digits;
	}
}

/* "a-" and -2 are "a- -2": most languages read two together as something else. */
static void write_sign(const struct literal *l, const char *text, double value,
		       struct strbuf *out)
{
	if (value < 0)
		strbuf_addstr(out, l->start && text[l->start - 1] == '-' ? " -" : "-");
}

static bool write_real(const struct literal *l, const char *text, double value,
		       struct strbuf *out)
{
	const char *s = text + l->start + l->sign;
	size_t len = l->len - l->sign - l->suffix;
	const char *e = memchr(s, 'e', len) ?: memchr(s, 'E', len);
	int keep = decimals_of(s, len), digits = significant_digits(l, value, &value), power;
	char buf[64];

	snprintf(buf, sizeof(buf), "%.*e", digits - 1, fabs(value));
	power = atoi(strchr(buf, 'e') + 1);
	if (!e && (power < -9 || power > 12))
		return false;
	write_sign(l, text, value, out);
	if (e) {
		*strchr(buf, 'e') = '\0';
		trim_zeros(buf, keep > 0 ? 1 : -1);
		strbuf_addf(out, e[1] == '+' ? "%s%c%+d" : "%s%c%d", buf, *e, power);
		return true;
	}
	digits = digits - 1 - power > 1 ? digits - 1 - power : 1;
	snprintf(buf, sizeof(buf), "%.*f", digits > keep ? digits : keep, fabs(value));
	trim_zeros(buf, keep);
	strbuf_addstr(out, s[0] == '.' && starts_with(buf, "0.") ? buf + 1 : buf);
	return true;
}

bool literal_write(const struct literal *l, const char *text, double value, struct strbuf *out)
{
	bool may_be_negative = l->marked && l->min < 0;

	if (l->kind == LITERAL_WORD || !isfinite(value) || (value < 0 && !may_be_negative))
		return false;
	if (l->kind == LITERAL_INTEGER) {
		value = round(value);
		if (fabs(value) >= LITERAL_INTEGER_MAX)
			return false;
		write_sign(l, text, value, out);
		strbuf_addf(out, "%.0f", fabs(value));
	} else if (!write_real(l, text, value, out)) {
		return false;
	}
	strbuf_add(out, text + l->start + l->len - l->suffix, l->suffix);
	return true;
}

static bool is_name(unsigned char c)
{
	return isalnum(c) || c == '_' || c == '.' || c >= 0x80;
}

/* The name that ends at `end`: "rate", "opt.rate", "weight-decay". Its length; 0 for none. */
static size_t name_before(const char *line, size_t end, size_t *ret_start)
{
	size_t start = end;

	while (start && (is_name((unsigned char)line[start - 1]) ||
			 (line[start - 1] == '-' && start > 1 && start < end &&
			  isalnum((unsigned char)line[start - 2]))))
		start--;
	*ret_start = start;
	return start < end && !isdigit((unsigned char)line[start]) ? end - start : 0;
}

static size_t skip_back(const char *line, size_t pos, const char *what)
{
	while (pos && strchr(what, line[pos - 1]))
		pos--;
	return pos;
}

/* Where the operator that assigns what stands at `pos` begins; 0 where there is none. An
 * operator further left counts as long as nothing parts the two. */
static size_t assignment_before(const char *line, size_t pos)
{
	size_t p = skip_back(line, pos, " \t-+(\"'`");

	if (p && p < pos && line[p - 1] == '<' && line[p] == '-')
		return p - 1;
	if (p && line[p - 1] == ':' && !memchr(line, '?', p))
		return p - 1;
	for (; p && !strchr(",;{}[]", line[p - 1]); p--) {
		size_t left = skip_back(line, p - 1, "=!<>+-*/%:|&^");

		if (p > 1 && line[p - 1] == '-' && line[p - 2] == '<')
			return p - 2;
		if (line[p - 1] != '=')
			continue;
		if (left + 1 == p || !strchr("=!<>", line[p - 2]))
			return left;
		p = left + 1;
	}
	return 0;
}

bool literal_name(const struct literal *l, const char *text, struct strbuf *out)
{
	const char *line = text + l->start;
	size_t pos = 0, end, start, len;

	while (line > text && line[-1] != '\n') {
		line--;
		pos++;
	}
	end = assignment_before(line, pos);
	if (!end) {
		/* #define NAME 1, or --name 1 */
		end = skip_back(line, pos, " \t-+(\"'");
		len = end < pos ? name_before(line, end, &start) : 0;
		if (!len || (line[0] != '#' && (!start || line[start - 1] != '-')))
			return false;
	} else {
		end = skip_back(line, end, " \t\"'");
		/* name[3] = 1 */
		if (end && line[end - 1] == ']')
			while (end && line[--end] != '[')
				;
		len = name_before(line, end, &start);
		end = skip_back(line, start, " \t");
		/* name: type = 1 */
		if (len && end && line[end - 1] == ':') {
			size_t typed = skip_back(line, end - 1, " \t"), at;

			if (name_before(line, typed, &at)) {
				start = at;
				len = typed - at;
			}
		}
	}
	if (!len || len > NAME_LEN_MAX)
		return false;
	strbuf_add_visible(out, line + start, len);
	return true;
}
