#include "base/json_tokens.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "base/strbuf.h"

/* One escape sequence after the backslash at `p`: its length, 0 where it is malformed. */
static size_t escape_len(const char *p, const char *end)
{
	static const char zero[] = "0000";
	size_t i;

	if (end - p < 2 || !p[1] || !strchr("\"\\/bfnrtu", p[1]))
		return 0;
	if (p[1] != 'u')
		return 2;
	if (end - p < 6 || !memcmp(p + 2, zero, 4))
		return 0;
	for (i = 2; i < 6; i++)
		if (!isxdigit((unsigned char)p[i]))
			return 0;
	return 6;
}

/* Most of what is in a string: it stands for itself, and is one byte. */
static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/* The string literal at `p`, its quotes included; 0 where it is malformed. */
static size_t string_len(const char *p, const char *end)
{
	const char *start = p++;
	size_t n;

	while (p < end && *p != '"') {
		if (is_plain((unsigned char)*p)) {
			p++;
			continue;
		}
		if ((unsigned char)*p < 0x20)
			return 0;
		n = *p == '\\' ? escape_len(p, end) : utf8_sequence(p, (size_t)(end - p));
		if (!n)
			return 0;
		p += n;
	}
	return p < end ? (size_t)(p + 1 - start) : 0;
}

static const char *skip_digits(const char *p, const char *end)
{
	while (p < end && isdigit((unsigned char)*p))
		p++;
	return p;
}

/* The number at `p` by RFC 8259's grammar; 0 where it is malformed. */
static size_t literal_number_len(const char *p, const char *end)
{
	const char *start = p, *digits;

	p += p < end && *p == '-';
	digits = p;
	p = skip_digits(p, end);
	if (p == digits || (*digits == '0' && p > digits + 1))
		return 0;
	if (p < end && *p == '.') {
		digits = ++p;
		p = skip_digits(p, end);
		if (p == digits)
			return 0;
	}
	if (p < end && (*p == 'e' || *p == 'E')) {
		p++;
		p += p < end && (*p == '+' || *p == '-');
		digits = p;
		p = skip_digits(p, end);
		if (p == digits)
			return 0;
	}
	return (size_t)(p - start);
}

const char *json_bad_token(const char *p, const char *end)
{
	/* White space, what stands between values, and what true, false and null are made of. */
	static const bool others[256] = {
		[' '] = true, ['\t'] = true, ['\r'] = true, ['\n'] = true, ['{'] = true,
		['}'] = true, ['['] = true,  [']'] = true,  [':'] = true,  [','] = true,
		['t'] = true, ['r'] = true,  ['u'] = true,  ['e'] = true,  ['f'] = true,
		['a'] = true, ['l'] = true,  ['s'] = true,  ['n'] = true,
	};
	size_t n;

	while (p < end) {
		if (*p == '"')
			n = string_len(p, end);
		else if (*p == '-' || (*p >= '0' && *p <= '9'))
			n = literal_number_len(p, end);
		else
			n = others[(unsigned char)*p];
		if (!n)
			return p;
		p += n;
	}
	return NULL;
}
