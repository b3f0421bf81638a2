#include "git/verify_verdict.h"

#include <string.h>

#include "git/tree.h"
#include "model/judge.h"

#define CONFIG_MAX (1 << 20)

void rejudge_release(struct rejudge *j)
{
	if (*j->commit)
		campaign_config_release(&j->config);
	j->commit[0] = '\0';
}

static int take_config(struct rejudge *j, const char *commit, struct error *err)
{
	CLEANUP_STRING_LIST struct string_list warnings = STRING_LIST_INIT;
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	int missing;

	if (!strcmp(j->commit, commit))
		return 0;
	rejudge_release(j);
	missing = repo_read_file(j->repo, commit, CONFIG_PATH, CONFIG_MAX, &text, err);
	if (missing > 0)
		return error_set(err, "there is no %s in commit %.12s", CONFIG_PATH, commit);
	if (missing < 0 ||
	    campaign_config_parse(CONFIG_PATH, text.buf, text.len, &j->config, &warnings, err))
		return -1;
	strcpy(j->commit, commit);
	return 0;
}

/* The config that a record was judged by: the incumbent's of its time. */
static int take_its_config(struct rejudge *j, const struct entry *entry, struct error *err)
{
	const struct record *r = &entry->record;
	const char *base = r->promotion ? r->promotion->branch : r->base;

	if (!take_config(j, *base ? base : entry->commit, err))
		return 0;
	return error_context(err, "it cannot be judged again");
}

int rejudge_record(struct rejudge *j, const struct entry *entry, struct error *err)
{
	const struct record *r = &entry->record;
	const char *what;

	/* A replay is judged beside what it replays. */
	if (!r->trials_nr || r->type == RECORD_REPLAY)
		return 0;
	if (take_its_config(j, entry, err))
		return 1;
	campaign_config_refer(&j->config, &r->reference);
	what = record_contradiction(&j->config, r);
	if (!what)
		return 0;
	error_set(err, "%s", what);
	return 1;
}

int rejudge_replay(struct rejudge *j, const struct entry *replay, const struct entry *then,
		   struct error *err)
{
	const char *what;

	if (take_its_config(j, then, err))
		return 1;
	what = replay_contradiction(&j->config, &then->record, &replay->record);
	if (!what)
		return 0;
	error_set(err, "%s", what);
	return 1;
}
