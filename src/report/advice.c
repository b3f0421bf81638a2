#include "report/advice.h"

#include <inttypes.h>
#include <string.h>

static void add(struct json *next, const char *command, const char *shows)
{
	struct json *o = json_add_object(next, NULL);

	json_add_string(o, "command", command);
	json_add_string(o, "shows", shows);
}

/* "git autoresearch <verb> --campaign=<name> <n>". */
static void add_ours(struct json *next, const struct record *r, const char *verb,
		     int64_t experiment, const char *shows)
{
	CLEANUP_STRBUF struct strbuf command = STRBUF_INIT;

	strbuf_addf(&command, "git autoresearch %s --campaign=", verb);
	strbuf_add_shell_word(&command, r->campaign);
	strbuf_addf(&command, " %" PRId64, experiment);
	add(next, command.buf, shows);
}

/* A git command on the ledger branch. */
static void add_branch(struct json *next, const struct record *r, const char *before,
		       const char *after, const char *shows)
{
	CLEANUP_STRBUF struct strbuf name = STRBUF_INIT, command = STRBUF_INIT;

	strbuf_addf(&name, "autoresearch/%s%s", r->campaign, after);
	strbuf_addf(&command, "git %s ", before);
	strbuf_add_shell_word(&command, name.buf);
	add(next, command.buf, shows);
}

static void add_history(struct json *next, const struct record *r)
{
	CLEANUP_STRBUF struct strbuf command = STRBUF_INIT;

	strbuf_addstr(&command, "git autoresearch log --campaign=");
	strbuf_add_shell_word(&command, r->campaign);
	strbuf_addstr(&command, " -n 20");
	add(next, command.buf, "what else was tried, and what became of it");
}

/* The number in "same-as <n>". */
static int64_t twin_of(const struct record *r)
{
	const char *space = r->verdict.reason ? strrchr(r->verdict.reason, ' ') : NULL;

	return space ? strtoll(space, NULL, 10) : 0;
}

static void add_next(struct json *next, const struct record *r)
{
	switch (r->verdict.kind) {
	case VERDICT_ACCEPTED:
		add_branch(next, r, "show", "", "the best so far, to build the next idea on");
		return;
	case VERDICT_FAILED:
	case VERDICT_SKIPPED:
		add_ours(next, r, "show", r->experiment, "the end of what it printed");
		return;
	case VERDICT_VIOLATION:
		add_ours(next, r, "audit", r->experiment,
			 "each act of it, the denied ones too");
		add_ours(next, r, "show", r->experiment, "the end of what it printed");
		return;
	case VERDICT_INVALID:
		add_branch(next, r, "show", ":.autoresearch/config",
			   "what may be changed: campaign.editable");
		return;
	case VERDICT_DUPLICATE:
		add_ours(next, r, "show", twin_of(r), "what became of the same tree");
		add_history(next, r);
		return;
	case VERDICT_REJECTED:
	case VERDICT_INDECISIVE:
		add_ours(next, r, "show", r->experiment, "its metrics, and its diff");
		add_history(next, r);
		return;
	case VERDICT_NONE:
	case VERDICT_NR:
		return;
	}
}

struct json *advice_json(const struct record *r, const char *commit)
{
	struct json *o = record_log_json(r, commit);

	json_add_double(o, "incumbent", r->totals.incumbent_metric);
	add_next(json_add_array(o, "next"), r);
	return o;
}
