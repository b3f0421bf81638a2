#include "model/measurement.h"

#include <ctype.h>
#include <string.h>

#include "base/number.h"

#define LINE_MAX_LEN (64 * 1024)

void metrics_release(struct metrics *m)
{
	for (size_t i = 0; i < m->nr; i++)
		free(m->items[i].name);
	free(m->items);
	*m = (struct metrics){ 0 };
}

/* Where `name` stands in the sorted list, or would. */
static size_t position(const struct metrics *m, const char *name, bool *ret_found)
{
	size_t low = 0, high = m->nr;

	*ret_found = false;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int cmp = strcmp(name, m->items[mid].name);

		if (!cmp) {
			*ret_found = true;
			return mid;
		}
		if (cmp < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}

const struct metric_value *metrics_find(const struct metrics *m, const char *name)
{
	bool found;
	size_t at = position(m, name, &found);

	return found ? &m->items[at] : NULL;
}

void metrics_set(struct metrics *m, const char *name, double value, bool finite)
{
	bool found;
	size_t at = position(m, name, &found);

	if (!found) {
		if (m->nr == METRICS_MAX)
			return;
		m->items = xrealloc(m->items, (m->nr + 1) * sizeof(*m->items));
		memmove(m->items + at + 1, m->items + at, (m->nr - at) * sizeof(*m->items));
		m->items[at].name = xstrdup(name);
		m->nr++;
	}
	m->items[at].value = finite ? value : 0;
	m->items[at].finite = finite;
}

void metrics_merge(struct metrics *m, const struct metrics *from)
{
	for (size_t i = 0; i < from->nr; i++)
		metrics_set(m, from->items[i].name, from->items[i].value,
			    from->items[i].finite);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

void metrics_typical(const struct metrics *const *of, size_t nr, struct metrics *ret)
{
	double *values = xcalloc(nr, sizeof(*values));

	*ret = (struct metrics){ 0 };
	for (size_t i = 0; nr && i < of[0]->nr; i++) {
		const char *name = of[0]->items[i].name;
		const struct metric_value *m = NULL;
		bool finite = true;
		size_t given = 0;

		while (given < nr && (m = metrics_find(of[given], name))) {
			values[given++] = m->value;
			finite = finite && m->finite;
		}
		if (given < nr)
			continue;
		qsort(values, nr, sizeof(*values), by_value);
		/* The halves of one value of the smallest kind would be 0. */
		if (values[(nr - 1) / 2] != values[nr / 2])
			values[nr / 2] = values[(nr - 1) / 2] / 2 + values[nr / 2] / 2;
		metrics_set(ret, name, values[nr / 2], finite);
	}
	free(values);
}

/* The length of the metric name that `s` begins with; 0 where there is none. */
static size_t name_len(const char *s)
{
	size_t len = 0;

	if (!isalpha((unsigned char)*s) && *s != '_')
		return 0;
	while (isalnum((unsigned char)s[len]) || (s[len] && strchr("_.-/", s[len])))
		len++;
	return len <= METRIC_NAME_MAX ? len : 0;
}

bool metric_name_is_valid(const char *name)
{
	size_t len = name_len(name);

	return len && !name[len];
}

/* Text that is no number at all gives no metric: it is prose. */
static void take_value(struct metrics *m, const char *name, const char *text)
{
	double value;

	if (!number_parse_double(text, &value))
		metrics_set(m, name, value, true);
	else if (number_is_not_finite(text))
		metrics_set(m, name, 0, false);
}

/* "METRIC name=value" or "name: value". */
static void take_named(struct metric_reader *r, char *line)
{
	bool explicit = starts_with(line, "METRIC ");
	char *name = explicit ? line + strlen("METRIC ") : line, *value;
	size_t len = name_len(name);

	if (!len || name[len] != (explicit ? '=' : ':'))
		return;
	value = name + len + 1;
	if (!explicit) {
		/* A blank is needed: "main.c:12" is where a compiler found something. */
		if (*value != ' ' && *value != '\t')
			return;
		value += strspn(value, " \t");
	}
	name[len] = '\0';
	if (!explicit && r->has_pattern && !strcmp(name, r->metric))
		return;
	take_value(&r->metrics, name, value);
}

static void take_pattern(struct metric_reader *r, const char *line)
{
	CLEANUP_FREE char *text = NULL;
	regmatch_t groups[2];

	if (regexec(&r->pattern, line, ARRAY_SIZE(groups), groups, 0) || groups[1].rm_so < 0)
		return;
	text = xstrndup(line + groups[1].rm_so, (size_t)(groups[1].rm_eo - groups[1].rm_so));
	take_value(&r->metrics, r->metric, text);
}

static void take_line(struct metric_reader *r)
{
	CLEANUP_FREE char *named = NULL;

	strbuf_rtrim(&r->line);
	if (!r->overlong && r->line.len && !memchr(r->line.buf, '\0', r->line.len)) {
		named = xstrndup(r->line.buf, r->line.len);
		take_named(r, named);
		if (r->has_pattern)
			take_pattern(r, r->line.buf);
	}
	strbuf_reset(&r->line);
	r->overlong = false;
}

int metric_reader_init(struct metric_reader *r, const char *metric, const char *pattern,
		       struct error *err)
{
	char why[256];
	int code;

	*r = (struct metric_reader){ .line = STRBUF_INIT, .metric = metric };
	if (!pattern)
		return 0;
	code = regcomp(&r->pattern, pattern, REG_EXTENDED);
	if (code) {
		regerror(code, &r->pattern, why, sizeof(why));
		return error_set(err, "bad pattern '%s': %s", pattern, why);
	}
	if (!r->pattern.re_nsub) {
		regfree(&r->pattern);
		return error_set(err, "bad pattern '%s': it has no group for the value",
				 pattern);
	}
	r->has_pattern = true;
	return 0;
}

static void add_to_line(struct metric_reader *r, const char *data, size_t len)
{
	if (r->overlong || len > LINE_MAX_LEN - r->line.len) {
		r->overlong = true;
		strbuf_reset(&r->line);
		return;
	}
	strbuf_add(&r->line, data, len);
}

void metric_reader_feed(struct metric_reader *r, const char *data, size_t len)
{
	const char *newline;

	while (len && (newline = memchr(data, '\n', len))) {
		size_t n = (size_t)(newline - data);

		add_to_line(r, data, n);
		take_line(r);
		data += n + 1;
		len -= n + 1;
	}
	add_to_line(r, data, len);
}

void metric_reader_finish(struct metric_reader *r)
{
	take_line(r);
}

void metric_reader_release(struct metric_reader *r)
{
	metrics_release(&r->metrics);
	strbuf_release(&r->line);
	if (r->has_pattern)
		regfree(&r->pattern);
	r->has_pattern = false;
}
