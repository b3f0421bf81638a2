#include <ctype.h>
#include <string.h>

#include "model/campaign.h"
#include "model/offer.h"

/* A value as git's syntax takes it back whatever is in it; quoted where it has to be. */
static void add_value(struct strbuf *out, const char *key, const char *value)
{
	size_t len = strlen(value);
	bool plain = len && !isspace((unsigned char)value[0]) &&
		     !isspace((unsigned char)value[len - 1]) &&
		     !strpbrk(value, "\"\\;#\n\t\r\b");

	strbuf_addf(out, "\t%s = %s", key, plain ? value : "\"");
	for (; *value && !plain; value++) {
		if (*value == '\n')
			strbuf_addstr(out, "\\n");
		else if (*value == '\t')
			strbuf_addstr(out, "\\t");
		else {
			if (*value == '"' || *value == '\\')
				strbuf_addch(out, '\\');
			strbuf_addch(out, *value);
		}
	}
	strbuf_addstr(out, plain ? "\n" : "\"\n");
}

/* The reason, which may quote a file's name. */
static void add_why(struct strbuf *out, const char *why)
{
	if (!why)
		return;
	strbuf_addstr(out, "\t; ");
	strbuf_add_visible(out, why, strlen(why));
	strbuf_addch(out, '\n');
}

static void add_known(struct strbuf *out, const char *key, const struct offer_value *value)
{
	if (!value->value)
		return;
	add_why(out, value->why);
	add_value(out, key, value->value);
}

/* One that has to be filled in is there without a value: the parser names its line. */
static void add_required(struct strbuf *out, const char *key, const struct offer_value *value,
			 const char *help)
{
	if (value->value)
		add_known(out, key, value);
	else
		strbuf_addf(out, "\t; TO FILL IN: %s\n\t%s =\n", help, key);
}

static void add_list(struct strbuf *out, const char *key, const struct offer_list *list)
{
	for (size_t i = 0; i < list->nr; i++) {
		const char *why = list->items[i].why;

		if (i && why && list->items[i - 1].why && !strcmp(why, list->items[i - 1].why))
			why = NULL;
		add_why(out, why);
		add_value(out, key, list->items[i].value);
	}
}

/* A phase that is not needed is there as an example, or not at all. */
static void add_phase(struct strbuf *out, const char *name, const struct offer_value *command,
		      const char *example)
{
	if (command->value) {
		strbuf_addf(out, "[%s]\n", name);
		add_known(out, "command", command);
	} else if (example) {
		strbuf_addf(out, "%s", example);
	}
}

static void add_campaign(const struct offer *offer, struct strbuf *out)
{
	static const struct offer_value none;

	strbuf_addstr(out, "[campaign]\n");
	add_required(out, "metric", &offer->metric,
		     "the number's name; the command prints 'METRIC <name>=<value>'");
	add_required(out, "direction", &offer->direction, "minimize or maximize");
	if (offer->editable.nr)
		add_list(out, "editable", &offer->editable);
	else
		add_required(out, "editable", &none,
			     "what may be changed: a file, a folder or a pattern; a line each");
	add_list(out, "hidden", &offer->hidden);
}

static void add_metric_and_verdict(const struct offer *offer, struct strbuf *out)
{
	if (offer->pattern.value) {
		strbuf_addstr(out, "[metric]\n");
		add_known(out, "pattern", &offer->pattern);
	}
	if (offer->min_effect.value) {
		strbuf_addstr(out, "[verdict]\n");
		add_known(out, "minEffect", &offer->min_effect);
	}
}

void offer_write(const struct offer *offer, struct strbuf *out)
{
	strbuf_addstr(out,
		      "; What the search is: look it over, and commit it. Every key is in\n"
		      "; git-autoresearch-config(5).\n");
	add_campaign(offer, out);
	add_phase(out, "setup", &offer->setup, NULL);
	strbuf_addstr(out, "[run]\n");
	add_required(out, "command", &offer->run, "the command that prints the metric");
	strbuf_addstr(out, "\ttimeout = 5m\n");
	add_phase(out, "check", &offer->check, NULL);
	add_phase(
		out, "evaluate", &offer->evaluate,
		"; Without an evaluator a candidate reports its own score. One reads what the\n"
		"; run left in $AUTORESEARCH_OUT, in a sandbox of its own:\n"
		"; [evaluate]\n"
		";\tcommand = python3 score.py\n");
	add_metric_and_verdict(offer, out);
	if (offer->include.nr) {
		strbuf_addstr(out, "[context]\n");
		add_list(out, "include", &offer->include);
	}
	strbuf_addstr(out, "[limits]\n"
			   "\tmemory = 4G\n"
			   "\tpids = 256\n"
			   "\tdisk = 2G\n"
			   "\toutput = 10M\n"
			   "[budget]\n"
			   "\texperiments = 100\n");
}

size_t offer_missing(const struct offer *offer, const char *ret[OFFER_REQUIRED])
{
	size_t n = 0;

	if (!offer->metric.value)
		ret[n++] = "campaign.metric";
	if (!offer->direction.value)
		ret[n++] = "campaign.direction";
	if (!offer->editable.nr)
		ret[n++] = "campaign.editable";
	if (!offer->run.value)
		ret[n++] = "run.command";
	return n;
}

int offer_check(const struct offer *offer, struct error *err)
{
	static char metric[] = "m", direction[] = "minimize", path[] = "x", command[] = "true";
	CLEANUP_CAMPAIGN_CONFIG struct campaign_config config = { 0 };
	CLEANUP_STRING_LIST struct string_list warnings = STRING_LIST_INIT;
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	struct offer_value editable = { .value = path };
	struct offer filled = *offer; /* borrows */

	if (!filled.metric.value)
		filled.metric.value = metric;
	if (!filled.direction.value)
		filled.direction.value = direction;
	if (!filled.editable.nr)
		filled.editable = (struct offer_list){ &editable, 1 };
	if (!filled.run.value)
		filled.run.value = command;
	offer_write(&filled, &text);
	return campaign_config_parse(CONFIG_PATH, text.buf, text.len, &config, &warnings, err);
}
