#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/number.h"
#include "command/options.h"
#include "report/date.h"
#include "report/experiment.h"
#include "report/format.h"
#include "report/line.h"
#include "report/pager.h"
#include "report/terminal.h"

enum shape {
	SHAPE_LINE,
	SHAPE_MEDIUM,
	SHAPE_FORMAT, /* as `format` says */
	SHAPE_JSON,
	SHAPE_PORCELAIN,
};

struct arguments {
	const char *campaign;
	enum shape shape;
	const char *format;
	enum color_when color;
	bool accepted, rejected, reverse;
	unsigned verdicts; /* a bit each; 0: all */
	bool has_since, has_until;
	time_t since, until;
	char end;     /* behind each */
	int64_t left; /* how many more to print; -1: all */
};

struct listing {
	struct arguments a;
	struct format_context context;
	struct strbuf *kept; /* what is to be printed at the end, in --reverse order */
	size_t kept_nr, kept_alloc;
};

static bool is_wanted(const struct arguments *a, const struct record *r)
{
	time_t date;

	if (r->type != RECORD_EXPERIMENT ||
	    (a->verdicts && !(a->verdicts & 1U << r->verdict.kind)))
		return false;
	if (!a->has_since && !a->has_until)
		return true;
	return date_parse(r->started, &date) && (!a->has_since || date >= a->since) &&
	       (!a->has_until || date <= a->until);
}

static void add_number_if(bool known, double value, struct strbuf *out)
{
	if (known)
		strbuf_add_number(out, value);
	strbuf_addch(out, '\t');
}

static void add_text(const char *text, struct strbuf *out)
{
	if (text)
		strbuf_add_visible(out, text, strcspn(text, "\n"));
}

/* Fields and their order are promised by the manual. */
static void add_porcelain(const struct entry *entry, struct strbuf *out)
{
	const struct record *r = &entry->record;

	strbuf_addf(out, "%" PRId64 "\t%s\t", r->experiment, verdict_name(r->verdict.kind));
	add_text(r->verdict.reason, out);
	strbuf_addch(out, '\t');
	add_number_if(r->has_metric, r->metric, out);
	add_number_if(r->has_incumbent, r->incumbent, out);
	strbuf_addf(out, "%s\t%s\t%s\t", entry->commit, r->base, r->started);
	add_number_if(true, r->duration, out);
	add_text(r->proposed_by, out);
	strbuf_addch(out, '\t');
	add_text(r->subject, out);
}

static void add_json(const struct entry *entry, struct strbuf *out)
{
	CLEANUP_JSON struct json *object = record_log_json(&entry->record, entry->commit);

	json_write(object, false, out);
}

static int add_entry(const struct listing *l, const struct entry *entry, struct strbuf *out,
		     struct error *err)
{
	struct experiment_look look = { .color = l->context.color, .now = l->context.now };

	switch (l->a.shape) {
	case SHAPE_LINE:
		report_add_line(&entry->record, look.color, out);
		break;
	case SHAPE_MEDIUM:
		report_medium(entry, &look, out);
		break;
	case SHAPE_FORMAT:
		return format_write(l->a.format, &l->context, entry, out, err);
	case SHAPE_JSON:
		add_json(entry, out);
		break;
	case SHAPE_PORCELAIN:
		add_porcelain(entry, out);
		break;
	}
	return 0;
}

static void keep(struct listing *l, struct strbuf *text)
{
	if (l->kept_nr == l->kept_alloc) {
		l->kept_alloc = 2 * l->kept_alloc + 64;
		l->kept = xrealloc(l->kept, l->kept_alloc * sizeof(*l->kept));
	}
	l->kept[l->kept_nr++] = *text;
	*text = (struct strbuf)STRBUF_INIT;
}

static int list_entry(const struct entry *entry, void *data, struct error *err)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	struct listing *l = data;

	if (!is_wanted(&l->a, &entry->record))
		return 0;
	if (add_entry(l, entry, &text, err))
		return -1;
	strbuf_addch(&text, l->a.end);
	if (l->a.reverse)
		keep(l, &text);
	else
		fwrite(text.buf, 1, text.len, stdout);
	if (ferror(stdout))
		return 1;
	return l->a.left > 0 && !--l->a.left;
}

/* The oldest first. */
static void print_kept(struct listing *l)
{
	while (l->kept_nr) {
		struct strbuf *text = &l->kept[--l->kept_nr];

		fwrite(text->buf, 1, text->len, stdout);
		strbuf_release(text);
	}
	free(l->kept);
}

static int take_format(struct arguments *a, const char *value, struct error *err)
{
	if (!strcmp(value, "oneline") || !strcmp(value, "medium")) {
		a->shape = *value == 'm' ? SHAPE_MEDIUM : SHAPE_LINE;
		return 0;
	}
	if (!strchr(value, '%')) {
		error_set(err, "--format takes oneline, medium or placeholders, not '%s'",
			  value);
		return error_status(err, EXIT_USAGE);
	}
	a->shape = SHAPE_FORMAT;
	a->format = value;
	return format_check(value, err);
}

static int take_verdict(struct arguments *a, const char *value, struct error *err)
{
	enum verdict_kind kind;

	if (verdict_parse(value, &kind)) {
		error_set(err, "'%s' is no verdict", value);
		return error_status(err, EXIT_USAGE);
	}
	a->verdicts |= 1U << kind;
	return 0;
}

/* As of git log: 0 is none. */
static int take_number(struct arguments *a, const char *value, struct error *err)
{
	if (!number_parse_count(value, &a->left))
		return 0;
	error_set(err, "-n takes a number, not '%s'", value);
	return error_status(err, EXIT_USAGE);
}

/* 0; -1 with an error; 1 where it is none of them. */
static int take_option(int c, struct arguments *a, struct error *err)
{
	switch (c) {
	case 'c':
		a->campaign = optarg;
		return 0;
	case 'j':
		a->shape = SHAPE_JSON;
		return 0;
	case 'p':
		a->shape = SHAPE_PORCELAIN;
		return 0;
	case 'f':
		return take_format(a, optarg, err);
	case 'v':
		return take_verdict(a, optarg, err);
	case 'a':
		a->accepted = true;
		return take_verdict(a, "accepted", err);
	case 'r':
		a->rejected = true;
		return take_verdict(a, "rejected", err);
	case 's':
		a->has_since = true;
		return date_understand(optarg, &a->since, err);
	case 'u':
		a->has_until = true;
		return date_understand(optarg, &a->until, err);
	case 'R':
		a->reverse = true;
		return 0;
	case 'C':
		return color_parse(optarg, &a->color, err);
	case 'N':
		a->color = COLOR_NEVER;
		return 0;
	case 'n':
		return take_number(a, optarg, err);
	case 'z':
		a->end = '\0';
		return 0;
	}
	return 1;
}

int cmd_log(int argc, char **argv, struct error *err)
{
	static const struct option longs[] = {
		{ "campaign", required_argument, NULL, 'c' },
		{ "json", no_argument, NULL, 'j' },
		{ "porcelain", no_argument, NULL, 'p' },
		{ "format", required_argument, NULL, 'f' },
		{ "accepted", no_argument, NULL, 'a' },
		{ "rejected", no_argument, NULL, 'r' },
		{ "verdict", required_argument, NULL, 'v' },
		{ "since", required_argument, NULL, 's' },
		{ "until", required_argument, NULL, 'u' },
		{ "reverse", no_argument, NULL, 'R' },
		{ "color", optional_argument, NULL, 'C' },
		{ "no-color", no_argument, NULL, 'N' },
		{ 0 },
	};
	CLEANUP_REPO struct repo *repo = NULL;
	CLEANUP_LEDGER struct ledger ledger = { 0 };
	bool for_people;
	struct listing l = { .a = { .left = -1, .end = '\n' } };
	int c, failed;

	while ((c = next_option(argc, argv, ":hn:z", longs)) != -1) {
		int r = take_option(c, &l.a, err);

		if (r)
			return r < 0 ? -1 : usage(argc, argv);
	}
	if (optind < argc || (l.a.accepted && l.a.rejected))
		return usage(argc, argv);
	if (campaign_open(l.a.campaign, &repo, &ledger, err))
		return -1;
	pager_start();
	for_people = l.a.shape != SHAPE_JSON && l.a.shape != SHAPE_PORCELAIN;
	l.context = (struct format_context){
		.ledger = &ledger,
		.color = for_people && color_wanted(STDOUT_FILENO, color_said(repo, l.a.color)),
		.now = time(NULL)
	};
	failed = l.a.left && ledger_walk(&ledger, list_entry, &l, err) < 0;
	print_kept(&l);
	return failed ? -1 : EXIT_DONE;
}
