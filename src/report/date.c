#include "report/date.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/process.h"

#define ANSWER_MAX 64

bool date_parse(const char *text, time_t *ret)
{
	struct tm tm = { 0 };

	if (sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday,
		   &tm.tm_hour, &tm.tm_min, &tm.tm_sec) != 6)
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	*ret = timegm(&tm);
	return true;
}

static void add_local(time_t date, char letter, struct strbuf *out)
{
	char text[64] = "";
	struct tm tm;

	localtime_r(&date, &tm);
	if (letter == 'd')
		strftime(text, sizeof(text), "%a %b %-d %H:%M:%S %Y %z", &tm);
	else if (letter == 'i')
		strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S %z", &tm);
	else if (letter == 'I')
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S%z", &tm);
	else
		strftime(text, sizeof(text), "%Y-%m-%d", &tm);
	strbuf_addstr(out, text);
}

/* "2026-11-22T15:10:39+01:00": strftime(3) knows no colon in a zone. */
static void add_strict(time_t date, struct strbuf *out)
{
	size_t minutes;

	add_local(date, 'I', out);
	minutes = out->len - 2;
	strbuf_addch(out, 0);
	memmove(out->buf + minutes + 1, out->buf + minutes, 2);
	out->buf[minutes] = ':';
}

/* In the unit that says enough: "89 minutes ago", but "2 hours ago". */
static void add_relative(time_t date, time_t now, struct strbuf *out)
{
	static const struct {
		const char *name;
		double seconds, below;
	} units[] = {
		{ "second", 1, 90 },
		{ "minute", 60, 90 },
		{ "hour", 3600, 36 },
		{ "day", 86400, 14 },
		{ "week", 7 * 86400, 10 },
		{ "month", 30.44 * 86400, 24 },
		{ "year", 365.25 * 86400, INFINITY },
	};
	double age = difftime(now, date);
	long long nr;
	size_t i = 0;

	if (age < 0) {
		strbuf_addstr(out, "in the future");
		return;
	}
	while (age / units[i].seconds >= units[i].below)
		i++;
	nr = (long long)(age / units[i].seconds + 0.5);
	strbuf_addf(out, "%lld %s%s ago", nr, units[i].name, nr == 1 ? "" : "s");
}

void date_write(time_t date, char letter, time_t now, struct strbuf *out)
{
	if (letter == 't')
		strbuf_addf(out, "%lld", (long long)date);
	else if (letter == 'r')
		add_relative(date, now, out);
	else if (letter == 'I')
		add_strict(date, out);
	else
		add_local(date, letter, out);
}

int date_understand(const char *text, time_t *ret, struct error *err)
{
	CLEANUP_FREE char *option = xstrfmt("--since=%s", text);
	const char *const argv[] = { "git", "rev-parse", option, NULL };
	CLEANUP_STRBUF struct strbuf answer = STRBUF_INIT;
	static const char before[] = "--max-age=";

	if (process_run(argv, &answer, ANSWER_MAX, err))
		return -1;
	if (!starts_with(answer.buf, before))
		return error_set(err, "git understands no date in '%s'", text);
	*ret = (time_t)strtoll(answer.buf + strlen(before), NULL, 10);
	return 0;
}
