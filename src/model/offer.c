#include "model/offer.h"

#include <stdio.h>
#include <string.h>

#include "model/campaign.h"
#include "model/offer_metric.h"
#include "model/offer_run.h"
#include "model/scope.h"

/* More files than this are not named one by one. */
#define LOOSE_MAX 8

static void value_release(struct offer_value *value)
{
	free(value->value);
	free(value->why);
	*value = (struct offer_value){ 0 };
}

static void list_release(struct offer_list *list)
{
	for (size_t i = 0; i < list->nr; i++)
		value_release(&list->items[i]);
	free(list->items);
	*list = (struct offer_list){ 0 };
}

void offer_release(struct offer *offer)
{
	value_release(&offer->metric);
	value_release(&offer->direction);
	value_release(&offer->pattern);
	value_release(&offer->min_effect);
	value_release(&offer->setup);
	value_release(&offer->run);
	value_release(&offer->check);
	value_release(&offer->evaluate);
	list_release(&offer->editable);
	list_release(&offer->hidden);
	list_release(&offer->include);
	string_list_release(&offer->notes);
}

void offer_give(struct offer_value *value, const char *text)
{
	value_release(value);
	value->value = xstrdup(text);
}

static struct offer_value *list_grow(struct offer_list *list)
{
	list->items = xrealloc(list->items, (list->nr + 1) * sizeof(*list->items));
	list->items[list->nr] = (struct offer_value){ 0 };
	return &list->items[list->nr++];
}

void offer_give_one(struct offer_list *list, const char *text)
{
	list_grow(list)->value = xstrdup(text);
}

/* A path that no pathspec can be is not offered. */
static void list_add(struct offer_list *list, const char *path, const char *why)
{
	struct error ignored = ERROR_INIT;

	if (pathspec_check(path, &ignored))
		return;
	for (size_t i = 0; i < list->nr; i++)
		if (!strcmp(list->items[i].value, path))
			return;
	*list_grow(list) = (struct offer_value){ xstrdup(path), xstrdup(why) };
}

static bool list_matches(const struct offer_list *list, const char *path)
{
	for (size_t i = 0; i < list->nr; i++) {
		struct string_list one = { .items = &list->items[i].value, .nr = 1 };

		if (pathspec_match(&one, path))
			return true;
	}
	return false;
}

/* --- Run, and who scores */

static bool leaves_results(const struct plan *plan)
{
	return offer_file_has(plan->scorer, "AUTORESEARCH_OUT") ||
	       (plan->makefile && offer_file_has(plan->makefile, "AUTORESEARCH_OUT"));
}

/*
 * A scorer that only reads what was left for it is an evaluator. One that needs what the run
 * made can only become one once the run leaves it where evaluators find it; until then it
 * is run behind it.
 */
static void offer_scorer(struct plan *plan, bool given)
{
	struct offer *offer = plan->offer;
	const char *path = plan->scorer ? plan->scorer->path : "the scorer";

	if (!plan->score || offer->evaluate.value ||
	    (plan->scorer &&
	     offer_mentions(plan->text.buf, plan->text.len, plan->scorer->path)))
		return;
	if (leaves_results(plan)) {
		offer_set(&offer->evaluate, xstrfmt("%s reads $AUTORESEARCH_OUT", path), "%s",
			  plan->score);
		return;
	}
	if (!offer->run.value) {
		offer_set(&offer->run, xstrfmt("nothing is run: %s looks at the files", path),
			  "true");
		offer_set(
			&offer->evaluate,
			xstrfmt("there is %s; what it starts must not get its standard output",
				path),
			"%s", plan->score);
		return;
	}
	if (given) {
		string_list_add(&offer->notes,
				"there is a program that scores: see [evaluate]");
		return;
	}
	{
		CLEANUP_FREE char *run = xstrfmt("%s && %s", offer->run.value, plan->score);
		CLEANUP_FREE char *note = NULL;

		offer_give(&offer->run, run);
		offer->run.why = xstrfmt("there are %s and %s",
					 plan->main ? plan->main->path : "a run", path);
		note = xstrfmt("a candidate can meddle with what %s scores; once the run "
			       "leaves that in $AUTORESEARCH_OUT, make it [evaluate]",
			       path);
		string_list_add(&offer->notes, note);
	}
}

/* --- The metric */

/* The best of what the files that are run print. */
static bool find_printed(const struct plan *plan, const char *name, bool everywhere,
			 struct printed *ret, const char **ret_path)
{
	const struct offer_file *only = plan->offer->evaluate.value ? plan->scorer : NULL;
	bool found = false;

	for (size_t i = 0; i < plan->files->nr; i++) {
		const struct offer_file *file = &plan->files->items[i];
		enum offer_role role = offer_role(file->path);
		struct printed printed;

		if (!file->text || role == OFFER_FOREIGN || (only && file != only))
			continue;
		if (file != plan->makefile && !offer_file_is_code(file))
			continue;
		if (!only && file != plan->main && file != plan->scorer &&
		    (everywhere ? role == OFFER_TEST
				: !offer_mentions(plan->text.buf, plan->text.len, file->path)))
			continue;
		if (!printed_find(file->text, file->len, name, &printed) ||
		    (found && printed.rank <= ret->rank))
			continue;
		*ret = printed;
		*ret_path = file->path;
		found = true;
	}
	return found;
}

/* Whether what is run is linked from sources that nobody names, so that any of them may print. */
static bool is_linked(const struct plan *plan)
{
	static const char *const scripts[] = {
		".py", ".js", ".mjs", ".cjs", ".sh", ".rb", ".pl"
	};

	if (!plan->main)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(scripts); i++)
		if (!strcmp(offer_ending(plan->main->path), scripts[i]))
			return false;
	return offer_is_code(plan->main->path);
}

static void offer_metric(struct plan *plan)
{
	struct offer *offer = plan->offer;
	const char *path = NULL;
	struct printed printed;

	if (offer->metric.value && offer->metric.why)
		return;
	if (!find_printed(plan, offer->metric.value, false, &printed, &path) &&
	    (!is_linked(plan) ||
	     !find_printed(plan, offer->metric.value, true, &printed, &path)))
		return;
	if (*printed.pattern)
		offer_set(&offer->pattern, xstrfmt("as %s:%d prints it", path, printed.line),
			  "%s", printed.pattern);
	offer_set(&offer->metric, xstrfmt("%s:%d prints it", path, printed.line), "%s",
		  printed.name);
}

/* Who may change what prints the number may print any number. */
static void note_own_word(struct plan *plan)
{
	struct offer *offer = plan->offer;
	CLEANUP_FREE char *note = NULL;
	struct printed printed;
	const char *path;

	if (offer->evaluate.value || !offer->metric.value ||
	    !find_printed(plan, offer->metric.value, false, &printed, &path) ||
	    !list_matches(&offer->editable, path))
		return;
	note = xstrfmt("%s may be changed, and prints the metric itself: see [evaluate]", path);
	string_list_add(&offer->notes, note);
}

static void offer_direction(struct offer *offer)
{
	static const char *const times[] = { "latency",	   "runtime",	"time", "elapsed",
					     "duration",   "seconds",	"secs", "sec",
					     "ms",	   "us",	"ns",	"cycles",
					     "throughput", "ops",	"qps",	"rps",
					     "fps",	   "per second" };
	enum direction direction;
	const char *word;

	if (!offer->metric.value || !direction_of_name(offer->metric.value, &direction, &word))
		return;
	offer_set(&offer->direction,
		  xstrfmt("%s: %s is better", word, direction == MINIMIZE ? "less" : "more"),
		  "%s", direction == MINIMIZE ? "minimize" : "maximize");
	for (size_t i = 0; i < ARRAY_SIZE(times); i++)
		if (!strcmp(word, times[i]))
			offer_set(&offer->min_effect,
				  xstrdup("a time is never twice the same; see what start "
					  "--dry-run says of the noise"),
				  "2%%");
}

/* --- What may change */

static bool same_language(const char *a, const char *b)
{
	static const char *const families[] = { ".c.h.cc.hh.cpp.hpp.cxx.cu.",
						".js.mjs.cjs.ts." };
	CLEANUP_FREE char *one = xstrfmt("%s.", a), *other = xstrfmt("%s.", b);

	if (!strcmp(a, b))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		if (strstr(families[i], one) && strstr(families[i], other))
			return true;
	return false;
}

/* What a run reads and a candidate had better leave alone. */
static bool is_support(const char *path)
{
	static const char *const stems[] = { "prepare", "data",	  "dataset",
					     "util",	"corpus", "tokeniz",
					     "common",	"metric", "download" };

	for (size_t i = 0; i < ARRAY_SIZE(stems); i++)
		if (!strncmp(offer_name(path), stems[i], strlen(stems[i])))
			return true;
	return false;
}

static bool scores_or_measures(const struct plan *plan, const struct offer_file *file)
{
	enum offer_role role = offer_role(file->path);

	return file == plan->scorer || (file == plan->main && plan->benches) ||
	       role == OFFER_TEST || role == OFFER_SCORE || role == OFFER_BENCH;
}

/* A program that trains, with the parts of it that belong to no one else. */
static void offer_program(struct plan *plan)
{
	const struct offer_file *main = plan->main;
	const struct offer_file *scorer = plan->scorer;
	CLEANUP_FREE char *why = xstrfmt("%s uses it", main->path);
	struct offer_list parts = { 0 };

	list_add(&plan->offer->editable, main->path, "it is what is run");
	for (size_t i = 0; i < plan->files->nr; i++) {
		const struct offer_file *file = &plan->files->items[i];
		bool package = ends_with(file->path, "/__init__.py");
		CLEANUP_FREE char *path = xstrndup(
			file->path, package ? strlen(file->path) - strlen("__init__.py")
					    : strlen(file->path));

		if (file == main || offer_role(file->path) == OFFER_FOREIGN ||
		    !offer_file_is_code(file) || scores_or_measures(plan, file) ||
		    !offer_uses(main, file))
			continue;
		if ((scorer && offer_uses(scorer, file)) || is_support(path))
			list_add(&plan->offer->include, path, why);
		else
			list_add(&parts, path, why);
	}
	/* With many of them the program is all that is surely its own. */
	for (size_t i = 0; i < parts.nr && parts.nr <= LOOSE_MAX; i++)
		list_add(&plan->offer->editable, parts.items[i].value, why);
	list_release(&parts);
	if (plan->offer->include.nr > LOOSE_MAX)
		list_release(&plan->offer->include);
}

/* What a scorer looks at, where it is all that there is. */
static void offer_scored(struct plan *plan)
{
	for (size_t i = 0; i < plan->files->nr; i++) {
		const struct offer_file *file = &plan->files->items[i];

		if (offer_role(file->path) == OFFER_FOREIGN || scores_or_measures(plan, file) ||
		    offer_held_out(file->path))
			continue;
		if (starts_with(file->path, "prompts/"))
			list_add(&plan->offer->editable, "prompts/",
				 "words are what is scored");
		else if (offer_is_prompt(file->path))
			list_add(&plan->offer->editable, file->path,
				 "words are what is scored");
		else if (plan->scorer && offer_is_code(file->path) &&
			 offer_uses(plan->scorer, file))
			list_add(&plan->offer->editable, file->path, "the scorer uses it");
	}
}

/* The folder at the top that a path lies in, with its slash; "" for none. Owned. */
static char *top_folder(const char *path)
{
	const char *slash = strchr(path, '/');

	return slash ? xstrndup(path, (size_t)(slash + 1 - path)) : xstrdup("");
}

/* Whether all code below `folder` is to be changed. */
static bool folder_is_free(const struct plan *plan, const char *folder)
{
	for (size_t i = 0; i < plan->files->nr; i++) {
		const struct offer_file *file = &plan->files->items[i];

		if (starts_with(file->path, folder) && offer_is_code(file->path) &&
		    scores_or_measures(plan, file))
			return false;
	}
	return *folder;
}

/* The sources that a benchmark measures: whole folders, where there is nothing else in them. */
static void offer_measured(struct plan *plan)
{
	const char *ending = plan->main ? offer_ending(plan->main->path) : "";
	struct offer_list found = { 0 };

	/* A script may start what is written in any language. */
	if (!strcmp(ending, ".sh"))
		ending = "";
	for (size_t i = 0; i < plan->files->nr; i++) {
		const struct offer_file *file = &plan->files->items[i];
		const char *own = offer_ending(file->path);
		CLEANUP_FREE char *folder = top_folder(file->path);

		if (!offer_is_code(file->path) || offer_role(file->path) == OFFER_FOREIGN ||
		    scores_or_measures(plan, file) ||
		    (*ending ? !same_language(own, ending) : !strcmp(own, ".sh")))
			continue;
		list_add(&found, folder_is_free(plan, folder) ? folder : file->path,
			 "it is what is measured");
	}
	for (size_t i = 0; i < found.nr && found.nr <= LOOSE_MAX; i++)
		list_add(&plan->offer->editable, found.items[i].value, found.items[i].why);
	list_release(&found);
}

static void offer_editable(struct plan *plan)
{
	const char *ending = plan->main ? offer_ending(plan->main->path) : "";

	if (plan->offer->editable.nr)
		return;
	if (plan->offer->run.value && !strcmp(plan->offer->run.value, "true"))
		offer_scored(plan);
	else if (plan->main && !plan->benches && strcmp(ending, ".rs") && strcmp(ending, ".go"))
		offer_program(plan);
	else if (plan->offer->run.value)
		offer_measured(plan);
}

/* --- What nobody but the evaluator sees */

static void offer_hidden(struct plan *plan)
{
	struct offer *offer = plan->offer;

	if (!offer->evaluate.value)
		return;
	for (size_t i = 0; i < plan->files->nr; i++) {
		const char *path = plan->files->items[i].path;
		CLEANUP_FREE char *part = xstrndup(path, offer_held_out(path));

		/* What the run names it has to see. */
		if (!*part || offer_role(path) == OFFER_FOREIGN ||
		    list_matches(&offer->editable, path) ||
		    list_matches(&offer->hidden, path) ||
		    (plan->main && plan->main->text &&
		     offer_mentions(plan->main->text, plan->main->len, path)))
			continue;
		list_add(&offer->hidden, part, "it looks held out: only [evaluate] sees it");
	}
	if (offer->hidden.nr > LOOSE_MAX) {
		list_release(&offer->hidden);
		string_list_add(&offer->notes,
				"much looks held out: name it as campaign.hidden");
	}
}

/* A trial has no device but those that are named. */
static void note_device(struct plan *plan)
{
	CLEANUP_FREE char *note = NULL;

	if (!plan->main ||
	    (!offer_file_has(plan->main, ".cuda") && !offer_file_has(plan->main, "\"cuda\"") &&
	     !offer_file_has(plan->main, "'cuda'")))
		return;
	note = xstrfmt("%s asks for a GPU; let it have one: git config --add "
		       "autoresearch.device /dev/nvidia0, and so on for each of its nodes",
		       plan->main->path);
	string_list_add(&plan->offer->notes, note);
}

void offer_find(struct offer *offer, const struct offer_file *files, size_t nr)
{
	const struct offer_files all = { files, nr };
	CLEANUP_PLAN struct plan plan;
	bool given = offer->run.value;

	plan_init(&plan, &all, offer);
	plan_setup(&plan);
	plan_scorer(&plan);
	plan_run(&plan);
	offer_scorer(&plan, given);
	offer_metric(&plan);
	offer_direction(offer);
	offer_editable(&plan);
	plan_check(&plan);
	offer_hidden(&plan);
	note_own_word(&plan);
	note_device(&plan);
}
