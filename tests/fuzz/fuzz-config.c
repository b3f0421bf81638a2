/*
 * Text of `.autoresearch/config`, which anybody who can commit may write. What the parser
 * takes has to mean what the entries say, and what it refuses has to be refused with a place.
 */

#include <assert.h>
#include <ctype.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/configtext.h"
#include "model/campaign.h"
#include "model/measurement.h"
#include "model/scope.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	int entries, line;
	struct strbuf text; /* the entries, written again in a form without any tricks */
};

static bool is_lower_word(const char *s)
{
	for (; *s; s++)
		if (!islower((unsigned char)*s) && !isdigit((unsigned char)*s) && *s != '-')
			return false;
	return true;
}

static void add_quoted(struct strbuf *sb, const char *s)
{
	strbuf_addch(sb, '"');
	for (; *s; s++) {
		if (*s == '\n')
			strbuf_addstr(sb, "\\n");
		else
			strbuf_addf(sb, *s == '"' || *s == '\\' ? "\\%c" : "%c", *s);
	}
	strbuf_addch(sb, '"');
}

static int take(const struct config_entry *e, void *data, struct error *err)
{
	struct seen *seen = data;

	(void)err;
	assert(e->line >= seen->line && e->line >= 1);
	assert(*e->section && is_lower_word(e->section));
	seen->line = e->line;
	seen->entries++;
	if (!e->key) {
		assert(!e->value && !e->cut);
		strbuf_addf(&seen->text, "[%s", e->section);
		if (e->subsection) {
			strbuf_addch(&seen->text, ' ');
			add_quoted(&seen->text, e->subsection);
		}
		strbuf_addstr(&seen->text, "]\n");
		return 0;
	}
	assert(isalpha((unsigned char)*e->key) && is_lower_word(e->key));
	strbuf_addstr(&seen->text, e->key);
	if (e->value) {
		strbuf_addstr(&seen->text, " = ");
		add_quoted(&seen->text, e->value);
	}
	strbuf_addch(&seen->text, '\n');
	return 0;
}

static void check_place(const struct error *err, const char *text, size_t len)
{
	int line = 0, lines = 1;

	for (size_t i = 0; i < len; i++)
		lines += text[i] == '\n';
	assert(sscanf(err->message, "f:%d: ", &line) == 1);
	assert(line >= 1 && line <= lines);
	assert(err->status == EXIT_FATAL);
}

/* Parsed, written plainly and parsed again: the same entries. */
static void check_text(const char *text, size_t len)
{
	struct seen one = { .text = STRBUF_INIT }, two = { .text = STRBUF_INIT };
	struct error err = ERROR_INIT;

	if (config_text_parse("f", text, len, take, &one, &err)) {
		check_place(&err, text, len);
	} else {
		/* A carriage return at a line's end would join the newline behind it. */
		if (!strchr(one.text.buf, '\r')) {
			assert(!config_text_parse("f", one.text.buf, one.text.len, take, &two,
						  &err));
			assert(one.entries == two.entries);
			assert(!strcmp(one.text.buf, two.text.buf));
		}
	}
	strbuf_release(&one.text);
	strbuf_release(&two.text);
}

static void check_campaign(const struct campaign_config *c)
{
	struct error err = ERROR_INIT;

	assert(metric_name_is_valid(c->metric) && c->editable.nr &&
	       c->phases[PHASE_RUN].command);
	for (size_t i = 0; i < c->editable.nr; i++)
		assert(!pathspec_check(c->editable.items[i], &err));
	for (int i = 0; i < PHASE_NR; i++) {
		assert(c->phases[i].timeout > 0 && c->phases[i].timeout <= 1e9);
		assert(!c->phases[i].command || *c->phases[i].command);
	}
	for (size_t i = 0; i < c->constraints_nr; i++) {
		assert(metric_name_is_valid(c->constraints[i].metric));
		assert(c->constraints[i].min.set || c->constraints[i].max.set);
		assert(isfinite(c->constraints[i].min.value));
		assert(isfinite(c->constraints[i].max.value));
	}
	assert(c->limits.memory > 0 && c->limits.pids > 0 && c->limits.disk > 0);
	assert(c->limits.output > 0 && c->limits.cpus >= 0 && isfinite(c->limits.cpus));
	assert(c->confidence > 0 && c->confidence < 1 && c->trials >= TRIALS_AUTO);
	assert(c->trials <= 100);
	assert(c->candidates >= 1 && c->candidates <= 64);
	assert(!c->min_effect.set || c->min_effect.value >= 0);
	assert(c->budget.experiments >= 0 && c->budget.tokens >= 0 && c->budget.failures >= 0);
}

static void check_config(const char *text, size_t len)
{
	CLEANUP_CAMPAIGN_CONFIG struct campaign_config config = { 0 };
	CLEANUP_STRING_LIST struct string_list warnings = STRING_LIST_INIT;
	struct error err = ERROR_INIT;

	if (campaign_config_parse("f", text, len, &config, &warnings, &err)) {
		check_place(&err, text, len);
		assert(!config.metric);
		return;
	}
	check_campaign(&config);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char minimal[] = "[campaign]\nmetric=m\ndirection=minimize\neditable=a\n"
				      "[run]\ncommand=c\n";
	CLEANUP_STRBUF struct strbuf whole = STRBUF_INIT;

	check_text((const char *)data, size);
	check_config((const char *)data, size);
	/* The same behind what every config needs, so that more of them are taken. */
	strbuf_addstr(&whole, minimal);
	strbuf_add(&whole, data, size);
	check_config(whole.buf, whole.len);
	return 0;
}
