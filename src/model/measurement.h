#ifndef MODEL_MEASUREMENT_H
#define MODEL_MEASUREMENT_H

/*
 * Metrics out of text. Lines are `METRIC name=value` or `name: value`, or match the
 * configured pattern; of several for one name the last one counts; only finite decimal
 * numbers are values. Text is fed as it comes from a pipe; a line above 64 KiB is no metric.
 */

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/strbuf.h"

#define METRICS_MAX 256	    /* names that are kept of one sample; further names are dropped */
#define METRIC_NAME_MAX 100 /* bytes */

struct metric_value {
	char *name;
	double value;
	bool finite; /* false: the text was nan, inf or out of range, and `value` is 0 */
};

struct metrics { /* sorted by name */
	struct metric_value *items;
	size_t nr;
};

void metrics_release(struct metrics *m);
#define CLEANUP_METRICS CLEANUP(metrics_release)

/* NULL where the name was never given. */
const struct metric_value *metrics_find(const struct metrics *m, const char *name);

/* Adds or replaces; beyond METRICS_MAX a new name is dropped. */
void metrics_set(struct metrics *m, const char *name, double value, bool finite);

/* Every value of `from` replaces the one in `m`: the metrics file wins over stdout. */
void metrics_merge(struct metrics *m, const struct metrics *from);

/*
 * What several trials say together: of each name that all of them gave, the median. It is not
 * finite where one of them was not. `ret` is overwritten; the caller releases it.
 */
void metrics_typical(const struct metrics *const *of, size_t nr, struct metrics *ret);

/* Whether a line could give a metric of that name. */
bool metric_name_is_valid(const char *name);

struct metric_reader {
	struct metrics metrics;
	struct strbuf line;
	bool overlong;
	const char *metric; /* the name that the pattern's value goes to */
	regex_t pattern;
	bool has_pattern;
};

/*
 * `metric` is the campaign's; `pattern` a POSIX extended regex or NULL. With a pattern, its
 * group 1 is the value of `metric`, and `name: value` lines still count for other names; a
 * METRIC line is explicit and counts for any. A name is of letters, digits and `_ . - /` and
 * begins with a letter or `_`; it begins the line, and a blank follows the colon, so prose
 * and `main.c:12` are no metrics. Both strings are borrowed. On failure there is nothing to
 * release.
 */
int metric_reader_init(struct metric_reader *r, const char *metric, const char *pattern,
		       struct error *err);
void metric_reader_feed(struct metric_reader *r, const char *data, size_t len);
/* Takes a last line without a newline into account. */
void metric_reader_finish(struct metric_reader *r);
void metric_reader_release(struct metric_reader *r);

#endif
