#include <stdio.h>
#include <string.h>

#include "command/delegate.h"
#include "command/options.h"
#include "command/watch.h"
#include "git/tree.h"
#include "loop/step.h"
#include "report/advice.h"

#define PATCH_MAX (64 << 20)

struct arguments {
	const char *campaign, *message, *patch, *commit;
	bool json;
};

static int parse(int argc, char **argv, struct arguments *a)
{
	static const struct option longs[] = {
		{ "campaign", required_argument, NULL, 'n' },
		{ "json", no_argument, NULL, 'j' },
		{ "patch", required_argument, NULL, 'p' },
		{ 0 },
	};
	int c;

	while ((c = next_option(argc, argv, ":hm:", longs)) != -1) {
		switch (c) {
		case 'n':
			a->campaign = optarg;
			break;
		case 'j':
			a->json = true;
			break;
		case 'p':
			a->patch = optarg;
			break;
		case 'm':
			a->message = optarg;
			break;
		default:
			return usage(argc, argv);
		}
	}
	if (optind < argc)
		a->commit = argv[optind++];
	return optind < argc || (a->commit && a->patch) ? usage(argc, argv) : 0;
}

static int tree_from_patch_file(struct repo *repo, const char *incumbent, const char *path,
				char ret[OID_HEX_SIZE], struct error *err)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	if (!strcmp(path, "-") ? strbuf_read_fd(&text, 0, PATCH_MAX)
			       : strbuf_read_file(&text, path, PATCH_MAX))
		return error_errno(err, "cannot read the patch '%s'", path);
	return tree_from_patch(repo, incumbent, text.buf, text.len, ret, err);
}

/* The tree to try, and the words that go with it where the person gave none. */
static int build(struct search *s, const struct arguments *a, char ret_tree[OID_HEX_SIZE],
		 struct strbuf *words, struct error *err)
{
	const char *incumbent = search_incumbent(s);
	char commit[OID_HEX_SIZE];

	if (a->patch) {
		strbuf_addf(words, "patch %s", a->patch);
		return tree_from_patch_file(s->repo, incumbent, a->patch, ret_tree, err);
	}
	if (a->commit)
		return repo_resolve_commit(s->repo, a->commit, commit, err) ||
				       repo_commit_message(s->repo, commit, words, err) ||
				       tree_from_commit(s->repo, incumbent, commit, ret_tree,
							err)
			       ? -1
			       : 0;
	strbuf_addstr(words, "changes of the working tree");
	return tree_from_worktree(s->repo, incumbent, ret_tree, err);
}

/* Like a commit's message: its first line is the subject. */
static void split(const char *text, struct strbuf *subject, const char **ret_rest)
{
	size_t len = strcspn(text, "\n");

	strbuf_add(subject, text, len);
	*ret_rest = text + len + strspn(text + len, "\n");
}

static void print_json(const struct record *record, const char *commit)
{
	CLEANUP_JSON struct json *object = advice_json(record, commit);
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	json_write(object, false, &text);
	printf("%s\n", text.buf);
}

int cmd_try(int argc, char **argv, struct error *err)
{
	CLEANUP_STRBUF struct strbuf words = STRBUF_INIT, subject = STRBUF_INIT;
	CLEANUP_REPO struct repo *repo = NULL;
	CLEANUP_SEARCH struct search s;
	CLEANUP_EXPERIMENT struct experiment x = { 0 };
	CLEANUP_FREE char *campaign = NULL;
	struct arguments a = { 0 };
	char tree[OID_HEX_SIZE], commit[OID_HEX_SIZE];
	const char *rationale;
	struct watch watch;
	int ret;

	search_init(&s);
	ret = parse(argc, argv, &a);
	if (ret)
		return ret;
	delegate_self(argc, argv, false);
	if (repo_open(&repo, err) || campaign_find(repo, a.campaign, &campaign, err) ||
	    search_open_campaign(&s, repo, campaign, err) || build(&s, &a, tree, &words, err) ||
	    watch_begin(&watch, &s, err))
		return -1;
	/* The object is all that stdout gets. */
	if (a.json)
		watch.watcher.recorded = NULL;
	split(a.message ? a.message : words.buf, &subject, &rationale);
	ret = search_prepare(&s, err);
	if (!ret && search_needs_baseline(&s))
		ret = search_baseline(&s, err);
	if (!ret)
		ret = search_try(&s, tree, subject.buf, rationale, &x, commit, err);
	watch_end(&watch);
	if (ret < 0)
		return -1;
	if (ret || x.how != PROPOSED)
		return 128 + (s.signal ? s.signal : 2);
	if (a.json)
		print_json(&x.record, commit);
	return x.record.verdict.kind == VERDICT_ACCEPTED ? EXIT_DONE : EXIT_NEGATIVE;
}
