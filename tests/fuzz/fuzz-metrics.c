/*
 * What a candidate prints. However it comes out of the pipe, the same metrics are read from
 * it, and each is a finite number that reads back from its own text. The first line of the
 * input is the pattern, where it is one.
 */

#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/number.h"
#include "model/measurement.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_all(const char *pattern, const char *text, size_t len, size_t piece,
		     struct metrics *ret)
{
	struct error err = ERROR_INIT;
	struct metric_reader r;

	assert(!metric_reader_init(&r, "loss", pattern, &err));
	for (size_t i = 0; i < len; i += piece)
		metric_reader_feed(&r, text + i, len - i < piece ? len - i : piece);
	metric_reader_finish(&r);
	*ret = r.metrics;
	r.metrics = (struct metrics){ 0 };
	metric_reader_release(&r);
}

static void check_value(const struct metrics *m, size_t i)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	const struct metric_value *v = &m->items[i];
	double again;

	assert(metric_name_is_valid(v->name));
	assert(metrics_find(m, v->name) == v);
	assert(!i || strcmp(m->items[i - 1].name, v->name) < 0);
	assert(isfinite(v->value) && (v->finite || v->value == 0));
	strbuf_add_number(&text, v->value);
	assert(!number_parse_double(text.buf, &again));
	assert(!memcmp(&again, &v->value, sizeof(again)));
}

static void check_text(const char *pattern, const char *text, size_t len)
{
	CLEANUP_METRICS struct metrics whole = { 0 }, bytes = { 0 };

	read_all(pattern, text, len, len + 1, &whole);
	read_all(pattern, text, len, 1, &bytes);
	assert(whole.nr == bytes.nr && whole.nr <= METRICS_MAX);
	for (size_t i = 0; i < whole.nr; i++) {
		assert(!strcmp(whole.items[i].name, bytes.items[i].name));
		assert(whole.items[i].finite == bytes.items[i].finite);
		assert(whole.items[i].value == bytes.items[i].value);
		check_value(&whole, i);
	}
}

/* Patterns are the user's own; those that take regcomp() long are not looked for here. */
static bool is_simple(const char *pattern)
{
	return strlen(pattern) <= 40 && !strpbrk(pattern, "{\\") && !strstr(pattern, "**") &&
	       !strstr(pattern, "++");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	const char *newline = size ? memchr(text, '\n', size) : NULL;
	CLEANUP_FREE char *pattern = NULL;
	struct error err = ERROR_INIT;
	struct metric_reader r;

	check_text(NULL, text, size);
	if (!newline)
		return 0;
	pattern = xstrndup(text, (size_t)(newline - text));
	if (!is_simple(pattern) || metric_reader_init(&r, "loss", pattern, &err))
		return 0;
	metric_reader_release(&r);
	check_text(pattern, newline + 1, size - (size_t)(newline + 1 - text));
	return 0;
}
