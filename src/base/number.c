#include "base/number.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* About 31 years: above it no timer and no time_t could follow. */
#define DURATION_MAX 1e9

static size_t digits_len(const char *s)
{
	return strspn(s, "0123456789");
}

/* The length of the decimal number that `s` begins with, without its sign; 0 for none. */
static size_t decimal_len(const char *s)
{
	size_t len = digits_len(s), fraction = 0, sign, exponent;

	if (s[len] == '.') {
		fraction = digits_len(s + len + 1);
		if (!len && !fraction)
			return 0;
		len += 1 + fraction;
	}
	if (!len)
		return 0;
	if (s[len] == 'e' || s[len] == 'E') {
		sign = s[len + 1] == '+' || s[len + 1] == '-';
		exponent = digits_len(s + len + 1 + sign);
		if (exponent)
			len += 1 + sign + exponent;
	}
	return len;
}

int number_parse_double(const char *s, double *ret)
{
	const char *p = s + (*s == '+' || *s == '-');
	size_t len = decimal_len(p);
	double value;

	if (!len || p[len])
		return -1;
	value = strtod(s, NULL);
	if (!isfinite(value))
		return -1;
	*ret = value;
	return 0;
}

bool number_is_not_finite(const char *s)
{
	char *end;
	double value;

	if (!*s || isspace((unsigned char)*s))
		return false;
	value = strtod(s, &end);
	return end != s && !*end && !isfinite(value);
}

/* Digits and at most one of `suffixes`, each `factor` times the one before it. */
static int parse_scaled(const char *s, const char *suffixes, int64_t factor, int64_t *ret)
{
	size_t len = digits_len(s);
	int64_t value = 0;
	const char *suffix = NULL;

	if (!len || (s[len] && s[len + 1]))
		return -1;
	for (size_t i = 0; i < len; i++)
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, s[i] - '0', &value))
			return -1;
	if (s[len]) {
		suffix = strchr(suffixes, tolower((unsigned char)s[len]));
		if (!suffix)
			return -1;
		for (const char *p = suffixes; p <= suffix; p++)
			if (__builtin_mul_overflow(value, factor, &value))
				return -1;
	}
	*ret = value;
	return 0;
}

int number_parse_count(const char *s, int64_t *ret)
{
	return parse_scaled(s, "kmg", 1000, ret);
}

int number_parse_bytes(const char *s, int64_t *ret)
{
	return parse_scaled(s, "kmgt", 1024, ret);
}

int number_parse_duration(const char *s, double *ret_seconds)
{
	static const struct {
		const char *suffix;
		double seconds;
	} units[] = {
		{ "", 1 },   { "ms", 0.001 }, { "s", 1 },
		{ "m", 60 }, { "h", 3600 },   { "d", 86400 },
	};
	size_t len = decimal_len(s);
	double value;

	if (!len)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (strcmp(s + len, units[i].suffix))
			continue;
		value = strtod(s, NULL) * units[i].seconds;
		if (!(value <= DURATION_MAX))
			return -1;
		*ret_seconds = value;
		return 0;
	}
	return -1;
}

void strbuf_add_number(struct strbuf *sb, double value)
{
	char text[64];

	if (fabs(value) < 1e15 && value == trunc(value)) {
		strbuf_addf(sb, "%s%lld", signbit(value) ? "-" : "", llabs((long long)value));
		return;
	}
	/* What has no more than 15 digits is printed with no more by %.15g, unless it is so small
	 * that a double has not as many. */
	for (int digits = fabs(value) < 1e-300 ? 1 : 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, value);
		if (strtod(text, NULL) == value)
			break;
	}
	strbuf_addstr(sb, text);
}

void strbuf_add_bytes(struct strbuf *sb, int64_t bytes)
{
	static const char suffixes[] = "kMGTPE";
	double value = (double)bytes;
	int i = -1;

	/* From here on the rounded value would have four digits before the suffix. */
	while (fabs(value) >= (i < 0 ? 1024 : 1023.95) && i < 5) {
		value /= 1024;
		i++;
	}
	if (i < 0) {
		strbuf_addf(sb, "%lld", (long long)bytes);
		return;
	}
	value = round(value * 10) / 10;
	strbuf_addf(sb, "%.*f%c", value == trunc(value) ? 0 : 1, value, suffixes[i]);
}

void strbuf_add_duration(struct strbuf *sb, double seconds)
{
	long long whole = llround(seconds);

	if (seconds < 9.995)
		strbuf_addf(sb, "%.2fs", seconds);
	else if (seconds < 59.95)
		strbuf_addf(sb, "%.1fs", seconds);
	else if (whole < 3600)
		strbuf_addf(sb, "%lldm%02llds", whole / 60, whole % 60);
	else
		strbuf_addf(sb, "%lldh%02lldm", (whole + 30) / 3600, (whole + 30) / 60 % 60);
}

bool number_is_close(double a, double b)
{
	return a == b || fabs(a - b) <= 1e-9 * fmax(fabs(a), fabs(b));
}
