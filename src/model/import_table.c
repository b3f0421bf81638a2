#include "model/import.h"

#include <string.h>
#include <strings.h>

#include "base/delimited.h"
#include "base/number.h"

#define COLUMNS_MAX 100

struct table {
	struct import *import;
	struct delimited in;
	struct string_list names, cells;
	int64_t line;  /* of `cells` */
	size_t metric; /* its column */
	bool description_is_last;
};

static void table_release(struct table *t)
{
	string_list_release(&t->names);
	string_list_release(&t->cells);
}

/* What stands for a number where there is none. */
static bool is_nothing(const char *cell)
{
	static const char *const words[] = { "",     "-",    "--",  "n/a", "na",
					     "none", "null", "nan", "inf", "-inf" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcasecmp(cell, words[i]))
			return true;
	return false;
}

static bool has_column(const struct table *t, enum column column)
{
	for (size_t i = 0; i < t->names.nr; i++)
		if (column_of(t->names.items[i]) == column)
			return true;
	return false;
}

/* A first line that is an experiment already, of the original's five columns. */
static bool take_original_names(struct table *t)
{
	static const char *const names[] = { "commit", "metric", "memory_gb", "status",
					     "description" };
	CLEANUP_VERDICT struct verdict verdict = { 0 };
	double ignored;

	if (t->cells.nr != ARRAY_SIZE(names) ||
	    number_parse_double(t->cells.items[1], &ignored))
		return false;
	imported_verdict(t->cells.items[3], &verdict);
	if (verdict.kind == VERDICT_INDECISIVE)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		string_list_add(&t->names,
				i == 1 && t->import->metric ? t->import->metric : names[i]);
	return true;
}

static int read_names(struct table *t, bool *ret_is_row, struct error *err)
{
	int more = delimited_next(&t->in, &t->cells, &t->line, err);

	if (more < 0)
		return -1;
	if (!more)
		return error_set(err, "there is nothing in it");
	*ret_is_row = take_original_names(t);
	if (*ret_is_row)
		return 0;
	if (t->cells.nr > COLUMNS_MAX)
		return error_set(err, "line %lld: more than %d columns", (long long)t->line,
				 COLUMNS_MAX);
	for (size_t i = 0; i < t->cells.nr; i++)
		string_list_add(&t->names, t->cells.items[i]);
	if (has_column(t, COLUMN_STATUS) && has_column(t, COLUMN_DESCRIPTION))
		return 0;
	error_set(err, "line %lld: there are no columns 'status' and 'description'",
		  (long long)t->line);
	return error_hint(err, "its first line has to name the columns: commit, a metric, "
			       "memory_gb, status, description");
}

/* The column `name` where it is said which; else the first that could be one, as far as the first
 * row that is no crash tells. */
static bool find_metric(struct table *t, const char *name, const struct string_list *row)
{
	double ignored;

	for (size_t i = 0; name && i < t->names.nr; i++)
		if (!strcmp(t->names.items[i], name)) {
			t->metric = i;
			return true;
		}
	for (size_t i = 0; i < t->names.nr; i++)
		if (column_of(t->names.items[i]) == COLUMN_OTHER &&
		    (!row || i >= row->nr || is_nothing(row->items[i]) ||
		     !number_parse_double(row->items[i], &ignored))) {
			t->metric = i;
			return true;
		}
	return false;
}

static int complain(const struct table *t, struct error *err, const char *what)
{
	return error_set(err, "line %lld: %s", (long long)t->line, what);
}

/* A description with separators in it, which nobody quoted, is one all the same where it is last. */
static int fit_cells(struct table *t, struct error *err)
{
	CLEANUP_STRBUF struct strbuf last = STRBUF_INIT;
	size_t nr = t->names.nr;

	if (t->cells.nr < nr || (t->cells.nr > nr && !t->description_is_last)) {
		CLEANUP_FREE char *what =
			xstrfmt("%zu cells, where there are %zu columns", t->cells.nr, nr);

		return complain(t, err, what);
	}
	if (t->cells.nr == nr)
		return 0;
	for (size_t i = nr - 1; i < t->cells.nr; i++) {
		if (i >= nr)
			strbuf_addch(&last, t->in.separator);
		strbuf_addstr(&last, t->cells.items[i]);
		free(t->cells.items[i]);
	}
	t->cells.items[nr - 1] = strbuf_detach(&last, NULL);
	t->cells.nr = nr;
	return 0;
}

static void take_number(struct imported *i, const char *column, double value)
{
	CLEANUP_STRBUF struct strbuf name = STRBUF_INIT;

	metric_name_make(column, &name);
	metrics_set(&i->metrics, name.buf, value, true);
}

static int take_row(struct table *t, struct error *err)
{
	struct record *r;
	double value = 0;
	bool has;

	if (t->import->nr == IMPORT_ROWS_MAX)
		return complain(t, err, "more rows than can be taken in");
	if (fit_cells(t, err))
		return -1;
	has = !is_nothing(t->cells.items[t->metric]);
	if (has && number_parse_double(t->cells.items[t->metric], &value)) {
		CLEANUP_FREE char *what = xstrfmt("'%.60s' is no number, where %.60s is",
						  t->cells.items[t->metric],
						  t->names.items[t->metric]);

		return complain(t, err, what);
	}
	r = import_new(t->import, IMPORT_TABLE, t->line);
	r->imported->names_candidate = true;
	for (size_t i = 0; i < t->names.nr; i++) {
		enum column column = column_of(t->names.items[i]);
		double number;

		imported_add(r->imported, t->names.items[i], t->cells.items[i]);
		if ((column == COLUMN_OTHER || column == COLUMN_MEMORY) &&
		    !number_parse_double(t->cells.items[i], &number))
			take_number(r->imported, t->names.items[i], number);
	}
	import_finish(t->import, r, t->names.items[t->metric], has ? &value : NULL);
	return 0;
}

static int read_rows(struct table *t, bool is_row, struct error *err)
{
	int more = 1;

	if (!is_row)
		more = delimited_next(&t->in, &t->cells, &t->line, err);
	if (!find_metric(t, t->import->metric, more > 0 ? &t->cells : NULL)) {
		error_set(err, "there is no column that could be a metric");
		return error_hint(err, "--metric=<column>");
	}
	for (; more > 0; more = delimited_next(&t->in, &t->cells, &t->line, err))
		if (take_row(t, err))
			return -1;
	if (!more && !t->import->nr)
		return error_set(err, "there is no experiment in it");
	return more;
}

int import_table(struct import *import, const char *text, struct error *err)
{
	CLEANUP(table_release) struct table t = { .import = import };
	bool is_row = false;

	delimited_init(&t.in, text);
	if (read_names(&t, &is_row, err))
		return -1;
	t.description_is_last = column_of(t.names.items[t.names.nr - 1]) == COLUMN_DESCRIPTION;
	return read_rows(&t, is_row, err);
}
