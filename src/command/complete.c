#include "command/complete.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/synopsis.h"
#include "command/options.h"
#include "propose/adapter.h"

/* How many records are looked at for numbers: the newest; and their titles alone. */
#define RECORDS_MAX 1000

/* What is typed so far, and what stands in front of it in the same word ("--name="). */
struct typed {
	const char *before;
	size_t before_len;
	const char *text;
	const char *campaign; /* that of --campaign=, if it was given */
};

/* One that can be had; nothing where it does not begin as what is typed. */
static void offer(const struct typed *typed, const char *word, size_t len, const char *what)
{
	size_t typed_len = strlen(typed->text);
	CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;

	if (typed_len > len || strncmp(word, typed->text, typed_len))
		return;
	strbuf_add(&line, typed->before, typed->before_len);
	strbuf_add_visible(&line, word, len);
	strbuf_addch(&line, '\t');
	strbuf_add_visible(&line, what, strlen(what));
	puts(line.buf);
}

static void offer_word(const struct typed *typed, const char *word, const char *what)
{
	offer(typed, word, strlen(word), what);
}

static void offer_kind(const char *kind)
{
	printf("\t%s\n", kind);
}

static void offer_campaigns(const struct typed *typed)
{
	CLEANUP_STRING_LIST struct string_list names = STRING_LIST_INIT;
	CLEANUP_REPO struct repo *repo = NULL;
	struct error err = ERROR_INIT;

	if (repo_open(&repo, &err) || ledger_campaigns(repo, &names, &err))
		return;
	for (size_t i = 0; i < names.nr; i++)
		offer_word(typed, names.items[i], "campaign");
}

/* A record by its title: "baseline", "experiment 7: accepted ...". Others have no number. */
static void offer_record(const struct typed *typed, const char *message)
{
	static const char experiment[] = "experiment ";
	CLEANUP_FREE char *title = xstrndup(message, strcspn(message, "\n"));
	char *end;

	if (!strcmp(title, "baseline")) {
		offer_word(typed, "0", title);
		return;
	}
	if (!starts_with(title, experiment))
		return;
	/* Whoever wrote the record may have written anything. */
	end = title + strlen(experiment);
	end += strspn(end, "0123456789");
	if (*end == ':')
		offer(typed, title + strlen(experiment), end - title - strlen(experiment),
		      end + strspn(end, ": "));
}

static void offer_experiments(const struct typed *typed)
{
	CLEANUP_REPO struct repo *repo = NULL;
	CLEANUP_LEDGER struct ledger ledger = { 0 };
	CLEANUP_STRBUF struct strbuf message = STRBUF_INIT;
	struct error err = ERROR_INIT;
	char oid[OID_HEX_SIZE], other[OID_HEX_SIZE];

	if (campaign_open(typed->campaign, &repo, &ledger, &err))
		return;
	memcpy(oid, ledger.tip, sizeof(oid));
	for (int left = RECORDS_MAX; *oid && left > 0; left--) {
		strbuf_reset(&message);
		if (repo_commit_message(repo, oid, &message, &err))
			return;
		offer_record(typed, message.buf);
		/* The first record's one parent is what it measured. */
		if (repo_commit_parent(repo, oid, 1, other, &err) ||
		    repo_commit_parent(repo, oid, 0, oid, &err))
			return;
	}
}

static void offer_proposers(const struct typed *typed)
{
	offer_word(typed, "sweep", "varies numbers and marked words");
	offer_word(typed, "endpoint", "a model");
	offer_word(typed, "command", "a program of yours");
	for (const char *const *name = adapter_names(); *name; name++)
		offer_word(typed, *name, "an agent");
}

static void offer_verdicts(const struct typed *typed)
{
	for (int kind = VERDICT_ACCEPTED; kind < VERDICT_NR; kind++)
		offer_word(typed, verdict_name(kind), "");
}

static void offer_formats(const struct typed *typed)
{
	offer_word(typed, "oneline", "a line an experiment");
	offer_word(typed, "medium", "as git log prints a commit");
}

static void offer_when(const struct typed *typed)
{
	offer_word(typed, "always", "");
	offer_word(typed, "never", "");
	offer_word(typed, "auto", "");
}

/* What the words between < and > of a synopsis stand for. */
static const struct {
	const char *value;
	void (*offer)(const struct typed *typed);
	const char *kind; /* one that the shell knows, instead */
} meanings[] = {
	{ "n", offer_experiments, NULL },
	{ "m", offer_experiments, NULL },
	{ "campaign", offer_campaigns, NULL },
	{ "verdict", offer_verdicts, NULL },
	{ "format", offer_formats, NULL },
	{ "when", offer_when, NULL },
	{ "file", NULL, "files" },
	{ "path", NULL, "files" },
	{ "pathspec", NULL, "files" },
	{ "argument", NULL, "files" },
	{ "commit", NULL, "commits" },
	{ "command", NULL, "commands" },
};

static void offer_meaning(const struct typed *typed, const struct piece *value, bool literal)
{
	for (size_t i = 0; i < ARRAY_SIZE(meanings); i++) {
		if (!piece_is(value, meanings[i].value))
			continue;
		if (meanings[i].offer)
			meanings[i].offer(typed);
		else
			offer_kind(meanings[i].kind);
		return;
	}
	if (literal)
		offer(typed, value->text, value->len, "");
}

/* <a|b>: words as they are, but for those that have a meaning. */
static void offer_values(const struct typed *typed, const struct synopsis_item *item)
{
	struct piece rest = item->value, value;
	bool several = memchr(rest.text, '|', rest.len) != NULL;

	if (piece_is(&item->name, "--campaign")) {
		offer_campaigns(typed);
		return;
	}
	if (piece_is(&item->name, "--proposer")) {
		offer_proposers(typed);
		return;
	}
	/* An option's <n> alone is a count. */
	if (item->kind == SYNOPSIS_OPTION && !several && rest.len == 1)
		return;
	while (synopsis_alternative(&rest, &value))
		offer_meaning(typed, &value, several);
}

static bool find_option(const char *synopsis, const char *name, size_t len,
			struct synopsis_item *ret)
{
	while (synopsis_next(&synopsis, ret))
		if (ret->kind == SYNOPSIS_OPTION && ret->name.len == len &&
		    !strncmp(ret->name.text, name, len))
			return true;
	return false;
}

/* The argument behind `before` others. */
static bool find_argument(const char *synopsis, int before, struct synopsis_item *ret)
{
	bool found = false;
	struct synopsis_item item;

	while (before >= 0 && synopsis_next(&synopsis, &item)) {
		if (item.kind != SYNOPSIS_ARGUMENT)
			continue;
		before = item.repeated ? -1 : before - 1;
		*ret = item;
		found = before < 0;
	}
	return found;
}

static void offer_options(const char *synopsis, const struct typed *typed)
{
	struct synopsis_item item;

	while (synopsis_next(&synopsis, &item)) {
		CLEANUP_FREE char *with_value = NULL;
		const struct piece *name = &item.name;

		if (item.kind != SYNOPSIS_OPTION)
			continue;
		if (!item.value.text || item.optional || name->text[1] != '-')
			offer(typed, name->text, name->len, "");
		if (!item.value.text || name->text[1] != '-')
			continue;
		with_value = xstrfmt("%.*s=", (int)name->len, name->text);
		offer_word(typed, with_value, "");
	}
}

/* What the words before the last one were: how many arguments, and what is awaited. */
struct reading {
	int arguments;
	bool no_options; /* any further */
	bool awaits;	 /* the value of `option` */
	struct synopsis_item option;
	const char *campaign;
};

static void read_word(const char *synopsis, const char *word, struct reading *r)
{
	static const char campaign[] = "--campaign";

	if (r->awaits) {
		r->awaits = false;
		if (piece_is(&r->option.name, campaign))
			r->campaign = word;
	} else if (!r->no_options && !strcmp(word, "--")) {
		r->no_options = true;
	} else if (!r->no_options && word[0] == '-' && word[1]) {
		r->awaits = find_option(synopsis, word, strlen(word), &r->option) &&
			    r->option.value.text && !r->option.optional;
		if (starts_with(word, campaign) && word[strlen(campaign)] == '=')
			r->campaign = word + strlen(campaign) + 1;
	} else {
		r->arguments++;
		/* A command of somebody else's has options of its own. */
		r->no_options |= strstr(synopsis, "[--] <command>") != NULL;
	}
}

static void complete_command(const char *synopsis, int argc, char **words)
{
	const char *last = words[argc - 1];
	const char *equals = strchr(last, '=');
	struct typed typed = { .before = "", .text = last };
	struct reading r = { 0 };
	struct synopsis_item item;

	for (int i = 0; i < argc - 1; i++)
		read_word(synopsis, words[i], &r);
	typed.campaign = r.campaign;
	if (r.awaits) {
		offer_values(&typed, &r.option);
	} else if (!r.no_options && starts_with(last, "--") && equals) {
		if (!find_option(synopsis, last, equals - last, &item) || !item.value.text)
			return;
		typed.before = last;
		typed.before_len = equals + 1 - last;
		typed.text = equals + 1;
		offer_values(&typed, &item);
	} else if (!r.no_options && *last == '-') {
		offer_options(synopsis, &typed);
	} else if (find_argument(synopsis, r.arguments, &item)) {
		offer_values(&typed, &item);
	} else if (!r.no_options) {
		offer_options(synopsis, &typed);
	}
}

static void offer_commands(const char *text)
{
	struct typed typed = { .before = "", .text = text };

	if (*text == '-') {
		offer_word(&typed, "--help", "open the manual");
		offer_word(&typed, "--no-pager", "print without a pager");
		offer_word(&typed, "--version", "which version this is");
		return;
	}
	for (const struct command *c = commands; c->name; c++)
		offer_word(&typed, c->name, c->summary);
}

int complete(int argc, char **words)
{
	/* Options before the command; -C alone has a word of its own. */
	while (argc > 1 && words[0][0] == '-') {
		int taken = !strcmp(words[0], "-C") ? 2 : 1;

		if (taken >= argc || (taken == 2 && chdir(words[1])))
			return EXIT_DONE;
		argc -= taken;
		words += taken;
	}
	if (argc == 1)
		offer_commands(words[0]);
	for (const struct command *c = commands; c->name && argc > 1; c++)
		if (!strcmp(c->name, words[0]))
			complete_command(c->synopsis, argc - 1, words + 1);
	return EXIT_DONE;
}
