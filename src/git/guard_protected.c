#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/process.h"
#include "git/guard_parts.h"
#include "git/internal.h"

#define BRANCHES "refs/heads/"
#define PROMOTED "promotion: accepted "
#define CONFIG_MAX (16 << 20)
#define COMMITS_MAX (64 << 20)

/* --- Which branches */

/* As with git's own lists, an empty value drops what came before it. */
static void take_pattern(struct string_list *patterns, const char *value)
{
	if (*value) {
		string_list_add(patterns, value);
		return;
	}
	string_list_release(patterns);
	*patterns = (struct string_list)STRING_LIST_INIT;
}

/* True where any is configured, be it none. */
static int configured_patterns(struct string_list *patterns, bool *ret_any, struct error *err)
{
	static const char *const argv[] = { "git", "config", "--null", "--list", NULL };
	static const char key[] = "autoresearch.protectedbranch\n";
	CLEANUP_STRBUF struct strbuf list = STRBUF_INIT;

	*ret_any = false;
	if (process_run(argv, &list, CONFIG_MAX, err))
		return -1;
	for (const char *p = list.buf; p < list.buf + list.len; p += strlen(p) + 1) {
		if (!starts_with(p, key))
			continue;
		take_pattern(patterns, p + strlen(key));
		*ret_any = true;
	}
	return 0;
}

/* The branch that HEAD stands for, of the remote as far as it is known here. */
static void add_head(const struct guard *guard, struct string_list *patterns)
{
	CLEANUP_FREE char *prefix = guard->remote ? xstrfmt("refs/remotes/%s/", guard->remote)
						  : xstrdup(BRANCHES);
	CLEANUP_FREE char *name = guard->remote ? xstrfmt("%sHEAD", prefix) : xstrdup("HEAD");
	CLEANUP_GIT(git_reference) git_reference *head = NULL;
	const char *target;

	if (git_reference_lookup(&head, guard->repo->git, name))
		return;
	target = git_reference_symbolic_target(head);
	if (target && starts_with(target, prefix))
		string_list_add(patterns, target + strlen(prefix));
}

static int protected_patterns(const struct guard *guard, struct string_list *ret,
			      struct error *err)
{
	bool any;

	if (configured_patterns(ret, &any, err))
		return -1;
	if (any)
		return 0;
	string_list_add(ret, "main");
	string_list_add(ret, "master");
	add_head(guard, ret);
	return 0;
}

static bool is_protected(const struct string_list *patterns, const char *branch)
{
	for (size_t i = 0; i < patterns->nr; i++)
		if (!fnmatch(patterns->items[i], branch, 0))
			return true;
	return false;
}

/* --- What was promoted */

struct promoted {
	struct repo *repo;
	struct string_list campaigns;	/* of which it is known: */
	struct string_list experiments; /* "<campaign>/<n>" */
	struct string_list made;	/* the commits of promotions */
	struct string_list from;	/* those of ledger branches that they were made from */
};

static void promoted_release(struct promoted *p)
{
	string_list_release(&p->campaigns);
	string_list_release(&p->experiments);
	string_list_release(&p->made);
	string_list_release(&p->from);
}

static int add_promotion(struct promoted *p, struct ledger *ledger, const char *oid,
			 struct error *err)
{
	CLEANUP_ENTRY struct entry entry = { 0 };
	const struct promotion *promotion;

	if (ledger_read(ledger, oid, &entry, err))
		return -1;
	promotion = entry.record.promotion;
	for (size_t i = 0; promotion && i < promotion->nr; i++) {
		const struct picked *picked = &promotion->picked[i];
		CLEANUP_FREE char *name =
			xstrfmt("%s/%lld", ledger->campaign, (long long)picked->experiment);

		string_list_add(&p->experiments, name);
		string_list_add(&p->made, picked->commit);
		string_list_add(&p->from, picked->from);
	}
	return 0;
}

/* By the titles of the chain, which verify holds against the records. */
static int add_campaign(struct promoted *p, const char *campaign, struct error *err)
{
	CLEANUP_LEDGER struct ledger ledger = { 0 };
	struct error none = ERROR_INIT;
	char oid[OID_HEX_SIZE];

	if (string_list_has(&p->campaigns, campaign))
		return 0;
	string_list_add(&p->campaigns, campaign);
	if (ledger_open(&ledger, p->repo, campaign, &none))
		return 0;
	memcpy(oid, ledger.tip, sizeof(oid));
	while (*oid) {
		CLEANUP_GIT(git_commit) git_commit *commit = NULL;

		if (lookup_commit(p->repo, oid, &commit, err) ||
		    (starts_with(git_commit_message_raw(commit), PROMOTED) &&
		     add_promotion(p, &ledger, oid, err)))
			return -1;
		oid[0] = '\0';
		if (git_commit_parentcount(commit) > 1)
			oid_to_hex(git_commit_parent_id(commit, 0), oid);
	}
	return 0;
}

/* --- What comes */

/*
 * The value of a line "Experiment: <campaign>/<n>", in any case, as git has it; NULL where it is
 * another line. The caller owns it. Not only trailers count: who squashes commits leaves theirs in
 * the middle, and `git merge --squash` indents them.
 */
static char *read_claim(const char *line, size_t len)
{
	static const char key[] = "experiment";
	const char *end = line + len, *digits;

	line += strspn(line, " \t");
	if (strncasecmp(line, key, strlen(key)))
		return NULL;
	line += strlen(key);
	line += strspn(line, " \t");
	if (line >= end || *line++ != ':')
		return NULL;
	line += strspn(line, " \t");
	while (end > line && strchr(" \t\r", end[-1]))
		end--;
	for (digits = end; digits > line && digits[-1] >= '0' && digits[-1] <= '9';)
		digits--;
	if (digits == end || digits < line + 2 || digits[-1] != '/')
		return NULL;
	return xstrndup(line, (size_t)(end - line));
}

/* Each claim of a message. */
static void read_claims(const char *message, struct string_list *ret)
{
	const char *line, *end;

	for (line = message; *line; line = *end ? end + 1 : end) {
		CLEANUP_FREE char *claim = NULL;

		end = strchrnul(line, '\n');
		claim = read_claim(line, (size_t)(end - line));
		if (claim)
			string_list_add(ret, claim);
	}
}

/* People write "Experiment: a learning rate of 1/10", too. */
static bool can_be_campaign(const char *name)
{
	CLEANUP_FREE char *ref = xstrfmt("refs/heads/%s", name);
	int valid;

	return !git_reference_name_is_valid(&valid, ref) && valid;
}

/*
 * The first claim of a commit that no promotion stands behind; NULL where there is none. What a
 * promotion made may be rebased or squashed after it, and is known by its numbers then; but
 * a commit of the ledger branch is none of that. The caller owns it.
 */
static int find_unpromoted(struct promoted *p, const char *oid, char **ret, struct error *err)
{
	CLEANUP_GIT(git_commit) git_commit *commit = NULL;
	CLEANUP_STRING_LIST struct string_list claims = STRING_LIST_INIT;

	*ret = NULL;
	if (lookup_commit(p->repo, oid, &commit, err))
		return -1;
	read_claims(git_commit_message_raw(commit), &claims);
	for (size_t i = 0; i < claims.nr; i++) {
		const char *claim = claims.items[i];
		CLEANUP_FREE char *campaign = xstrndup(claim, strrchr(claim, '/') - claim);

		if (!can_be_campaign(campaign))
			continue;
		if (add_campaign(p, campaign, err))
			return -1;
		if (string_list_has(&p->made, oid))
			return 0;
		if (!string_list_has(&p->from, oid) && string_list_has(&p->experiments, claim))
			continue;
		*ret = xstrdup(claim);
		return 0;
	}
	return 0;
}

/* What the protected branches have already is none of this push. */
static int exclude_known(const struct guard *guard, const struct string_list *patterns,
			 struct string_list *args, struct error *err)
{
	CLEANUP_FREE char *prefix = guard->remote ? xstrfmt("refs/remotes/%s/", guard->remote)
						  : xstrdup(BRANCHES);
	CLEANUP_FREE char *glob = xstrfmt("%s*", prefix);
	CLEANUP_GIT(git_reference_iterator) git_reference_iterator *it = NULL;
	const char *name;
	int r;

	if (git_reference_iterator_glob_new(&it, guard->repo->git, glob) < 0)
		return error_git(err, "cannot list the refs");
	while (!(r = git_reference_next_name(&name, it))) {
		CLEANUP_FREE char *not = xstrfmt("^%s", name);

		if (is_protected(patterns, name + strlen(prefix)))
			string_list_add(args, not );
	}
	return r == GIT_ITEROVER ? 0 : error_git(err, "cannot list the refs");
}

/* The commits that come and may have a claim, one a line. git knows of grafts, shallow clones and
 * graphs of commits what libgit2 does not. */
static int list_commits(const struct guard *guard, const struct ref_update *update,
			const struct string_list *patterns, struct strbuf *ret,
			struct error *err)
{
	static const char *const command[] = {
		"git", "rev-list", "-i", "-E", "--grep=^[[:blank:]]*experiment[[:blank:]]*:",
	};
	CLEANUP_STRING_LIST struct string_list args = STRING_LIST_INIT;
	CLEANUP_FREE char *not = xstrfmt("^%s", update->from);
	git_oid from;

	for (size_t i = 0; i < ARRAY_SIZE(command); i++)
		string_list_add(&args, command[i]);
	string_list_add(&args, update->to);
	if (*update->from && oid_from_hex(&from, update->from, err))
		return -1;
	/* What a remote has, need not be here. */
	if (*update->from && git_odb_exists(guard->repo->odb, &from))
		string_list_add(&args, not );
	if (exclude_known(guard, patterns, &args, err))
		return -1;
	args.items = xrealloc(args.items, (args.nr + 1) * sizeof(*args.items));
	args.items[args.nr] = NULL;
	return process_run((const char *const *)args.items, ret, COMMITS_MAX, err);
}

static int check_branch(struct guard *guard, const struct ref_update *update,
			const struct string_list *patterns, struct promoted *promoted,
			struct error *err)
{
	CLEANUP_STRBUF struct strbuf commits = STRBUF_INIT;
	CLEANUP_FREE char *first = NULL, *why = NULL;
	size_t nr = 0;

	if (list_commits(guard, update, patterns, &commits, err))
		return -1;
	for (char *line = commits.buf, *end; *line; line = end) {
		CLEANUP_FREE char *claim = NULL;

		end = strchrnul(line, '\n');
		if (*end)
			*end++ = '\0';
		if (find_unpromoted(promoted, line, &claim, err))
			return -1;
		if (claim && !nr++)
			first = steal_ptr(claim);
	}
	if (!nr)
		return 0;
	why = xstrfmt("it is protected, and %zu commit%s hold%s what nobody promoted: "
		      "experiment %s%s",
		      nr, nr > 1 ? "s" : "", nr > 1 ? "" : "s", first, nr > 1 ? " first" : "");
	guard_refuse(guard, update->ref, why,
		     "git autoresearch promote, and push its record before what it made, or "
		     "with it");
	return 0;
}

int guard_protected(struct guard *guard, const struct ref_updates *updates, struct error *err)
{
	CLEANUP_STRING_LIST struct string_list patterns = STRING_LIST_INIT;
	CLEANUP(promoted_release) struct promoted promoted = { .repo = guard->repo };

	if (protected_patterns(guard, &patterns, err))
		return -1;
	for (size_t i = 0; i < updates->nr; i++) {
		const struct ref_update *update = &updates->items[i];

		if (starts_with(update->ref, BRANCHES) && *update->to &&
		    is_protected(&patterns, update->ref + strlen(BRANCHES)) &&
		    check_branch(guard, update, &patterns, &promoted, err))
			return -1;
	}
	return 0;
}
