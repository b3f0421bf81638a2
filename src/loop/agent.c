#include "loop/agent.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "git/tree.h"
#include "loop/briefing.h"
#include "loop/measure.h"
#include "loop/network.h"
#include "loop/store.h"
#include "propose/prompt.h"
#include "sandbox/harvest.h"
#include "sandbox/snapshot.h"
#include "sandbox/upper.h"

/* Folders that every sandbox shows. */
static bool is_system_path(const char *path)
{
	static const char *const dirs[] = { "/usr/", "/bin/", "/sbin/", "/lib", "/etc/" };

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		if (starts_with(path, dirs[i]))
			return true;
	return false;
}

/* The program that a shell would run for `word`, absolute; NULL where there is none. */
static char *find_program(const struct search *s, const char *word)
{
	CLEANUP_FREE char *copy = NULL;
	const char *path = getenv("PATH");
	char *dir, *save;

	if (strchr(word, '/')) {
		CLEANUP_FREE char *cwd = word[0] == '/' ? xstrdup("") : getcwd(NULL, 0);
		CLEANUP_FREE char *full =
			xstrfmt("%s%s%s", cwd ? cwd : "", word[0] == '/' ? "" : "/", word);

		if (!access(full, X_OK))
			return steal_ptr(full);
		if (word[0] == '/' || !repo_workdir(s->repo))
			return NULL;
		free(full);
		full = xstrfmt("%s/%s", repo_workdir(s->repo), word);
		return access(full, X_OK) ? NULL : steal_ptr(full);
	}
	copy = xstrdup(path ? path : "/usr/bin:/bin");
	for (dir = strtok_r(copy, ":", &save); dir; dir = strtok_r(NULL, ":", &save)) {
		CLEANUP_FREE char *full = xstrfmt("%s/%s", dir, word);

		if (dir[0] == '/' && !access(full, X_OK))
			return steal_ptr(full);
	}
	return NULL;
}

/* True where `dir` is the top of the repository or lies above it or its git directory. */
static bool holds_repository(const struct search *s, const char *dir)
{
	const char *tops[] = { repo_workdir(s->repo), repo_common_dir(s->repo) };
	size_t len = strlen(dir);

	for (size_t i = 0; i < ARRAY_SIZE(tops); i++)
		if (tops[i] && !strncmp(tops[i], dir, len) &&
		    (!tops[i][len] || tops[i][len] == '/'))
			return true;
	return false;
}

/* Inside the working tree, a folder may hold hidden files; inside the git directory, history. */
static bool is_in_repository(const struct search *s, const char *dir)
{
	const char *tops[] = { repo_workdir(s->repo), repo_common_dir(s->repo) };

	for (size_t i = 0; i < ARRAY_SIZE(tops); i++) {
		size_t len = tops[i] ? strlen(tops[i]) : 0;

		while (len && tops[i][len - 1] == '/')
			len--;
		if (len && !strncmp(dir, tops[i], len) && (!dir[len] || dir[len] == '/'))
			return true;
	}
	return false;
}

/* `program` has no link and no dots in it, so that its place is compared as what it is. */
static void show_program(struct search *s, const char *program)
{
	CLEANUP_FREE char *dir = xstrdup(program);
	const char *shown;

	if (is_system_path(program))
		return;
	*strrchr(dir, '/') = '\0';
	shown = !*dir || holds_repository(s, dir) || is_in_repository(s, dir) ? program : dir;
	if (!string_list_has(&s->proposer_binds, shown))
		string_list_add(&s->proposer_binds, shown);
}

int agent_find(struct search *s, struct error *err)
{
	const char *command = s->settings.proposer_command;
	CLEANUP_FREE char *word = NULL, *program = NULL;
	CLEANUP_FREE char *real = NULL;
	size_t len;

	if (!command || !*command) {
		error_set(err, "the proposer is a command, but none is configured");
		return error_hint(err, "git config autoresearch.proposerCommand <program>");
	}
	len = strcspn(command, " \t");
	word = xstrndup(command, len);
	program = find_program(s, word);
	if (!program) {
		error_set(err, "cannot find the proposer '%s'", word);
		return error_hint(err,
				  "give it by an absolute path, or put it on PATH, and make it "
				  "executable");
	}
	for (size_t i = 0; i < s->settings.binds.nr; i++)
		string_list_add(&s->proposer_binds, s->settings.binds.items[i]);
	network_show_resolver(&s->settings.network[NETWORK_PROPOSER], &s->proposer_binds);
	real = realpath(program, NULL);
	if (!real)
		return error_errno(err, "cannot find the proposer '%s'", program);
	show_program(s, real);
	if (network_resolve(&s->settings, NETWORK_PROPOSER, &s->network[NETWORK_PROPOSER], err))
		return -1;
	free(s->proposer_command);
	s->proposer_command = xstrfmt("'%s'%s", real, command + len);
	return 0;
}

static int open_sandbox(struct search *s, struct error *err)
{
	struct sandbox_options options = { .store = s->store, .binds = &s->proposer_binds };

	if (s->proposer_sandbox)
		return 0;
	return sandbox_open(&s->proposer_sandbox, &options, err);
}

/* The proposal that a scratch copy turns into. */
struct harvesting {
	struct search *s;
	struct proposal *proposal;
	const char *folder; /* whose files go */
};

static int remove_below(const char *path, unsigned mode, const char *oid, void *data,
			struct error *err)
{
	struct harvesting *h = data;
	size_t len = strlen(h->folder);

	(void)mode;
	(void)oid;
	(void)err;
	if (!strncmp(path, h->folder, len) && (!path[len] || path[len] == '/') &&
	    !pathspec_match(&h->s->config.hidden, path))
		proposal_add_edit(h->proposal, path, 0, NULL, 0);
	return 0;
}

/* A folder that is gone, or was made anew, takes all of its files with it. */
static int remove_folder(struct harvesting *h, const char *folder, struct error *err)
{
	h->folder = folder;
	return tree_each_file(h->s->repo, search_incumbent(h->s), remove_below, h, err);
}

/* An overlay shows a file that took a folder's place, and not that the folder went. */
static bool was_folder(const struct search *s, const char *path)
{
	CLEANUP_FREE char *full = xstrfmt("%s/%s", slot_tree_dir(s->slot), path);
	struct stat st;

	return !lstat(full, &st) && S_ISDIR(st.st_mode);
}

static int take_change(const struct harvest *change, void *data, struct error *err)
{
	struct harvesting *h = data;
	unsigned mode = change->executable ? 0100755 : 0100644;

	switch (change->kind) {
	case HARVEST_REMOVED:
	case HARVEST_OPAQUE:
		return remove_folder(h, change->path, err);
	case HARVEST_OTHER:
	case HARVEST_LINK:
	case HARVEST_FILE:
		break;
	}
	/* Also where the new file is ignored: what went is never dropped in silence. */
	if (was_folder(h->s, change->path) && remove_folder(h, change->path, err))
		return -1;
	if (slot_ignores(h->s->slot, change->path))
		return 0;
	if (change->kind == HARVEST_LINK)
		mode = 0120000;
	/* No mode that git has, so that the scope refuses the whole of it by this path. */
	if (change->kind == HARVEST_OTHER)
		mode = 0010000;
	proposal_add_edit(h->proposal, change->path, mode,
			  change->content ? change->content : "", change->len);
	return 0;
}

struct transcript {
	struct strbuf words, log;
};

static void take_words(enum stream stream, const char *data, size_t len, void *arg)
{
	struct transcript *t = arg;

	if (stream == STREAM_STDOUT)
		strbuf_add(&t->words, data, len);
	strbuf_add(&t->log, data, len);
}

/* The last part of the program's path, for `Proposed-by:`. */
static char *name_of(const struct search *s)
{
	CLEANUP_FREE char *word = xstrndup(s->settings.proposer_command,
					   strcspn(s->settings.proposer_command, " \t"));
	const char *slash = strrchr(word, '/');

	return xstrfmt("command/%s", slash ? slash + 1 : word);
}

static int read_proposal(struct search *s, struct trial *trial, const struct transcript *t,
			 struct proposal *ret, struct error *err)
{
	CLEANUP_STRBUF struct strbuf subject = STRBUF_INIT, rationale = STRBUF_INIT;
	CLEANUP_CLOSE int upper = trial_upper_fd(trial);
	CLEANUP_FREE char *name = name_of(s);
	struct harvesting h = { .s = s, .proposal = ret };

	if (upper < 0)
		return error_errno(err, "cannot open the scratch copy");
	prompt_read_words(t->words.buf, t->words.len, &subject, &rationale);
	proposal_describe(ret, subject.buf, rationale.buf, name);
	return harvest_upper(upper, take_change, &h, err);
}

static int judge(struct search *s, struct trial *trial, const struct transcript *t,
		 const struct outcome *outcome, struct proposal *ret, enum proposed *ret_how,
		 struct error *err)
{
	CLEANUP_STRBUF struct strbuf reason = STRBUF_INIT;

	if (outcome->kind == OUTCOME_CANCELLED) {
		*ret_how = PROPOSED_CANCELLED;
		return 0;
	}
	if (outcome->kind == OUTCOME_EXITED && outcome->exit_code == 125) {
		*ret_how = PROPOSED_NOTHING;
		return 0;
	}
	*ret_how = PROPOSED;
	if (outcome_is_success(outcome) && !read_proposal(s, trial, t, ret, err))
		return 0;
	*ret_how = PROPOSED_FAILURE;
	if (outcome_is_success(outcome)) {
		error_context(err, "the proposer failed");
		return 0;
	}
	outcome_reason(outcome, &reason);
	search_tell_tail(s, &t->log);
	error_set(err, "the proposer failed: %s", reason.buf);
	return 0;
}

/* HOME is kept for the campaign, but is no way around the disk limit, of which half is left for
 * the next ask: larger, it goes. */
static int prepare_home(struct search *s, char **ret, struct error *err)
{
	CLEANUP_FREE char *home = xstrfmt("%s/home", s->path);

	if (store_size(s->store, home) >= s->config.limits.disk / 2) {
		warning("the proposer's HOME has outgrown half of limits.disk and is emptied");
		if (store_remove(s->dir, "home", err))
			return -1;
	}
	if (store_make(s->store, home, NULL, err))
		return -1;
	*ret = steal_ptr(home);
	return 0;
}

static int ask(struct search *s, struct trial *trial, int64_t number,
	       const struct strbuf *prompt, struct proposal *ret, enum proposed *ret_how,
	       struct error *err)
{
	const char *const argv[] = { "sh", "-c", s->proposer_command, NULL };
	char **env = environment_new(s, PHASE_PROPOSE, number, 1);
	CLEANUP_FREE char *home = NULL;
	struct transcript t = { STRBUF_INIT, STRBUF_INIT };
	struct trial_command command = {
		.phase = PHASE_PROPOSE,
		.argv = argv,
		.env = (const char *const *)env,
		.timeout = s->config.phases[PHASE_PROPOSE].timeout,
		.tree = s->slot_path,
		.out_writable = true,
		.network = &s->network[NETWORK_PROPOSER],
		.input = prompt->buf,
		.input_len = prompt->len,
		.output = take_words,
		.data = &t,
	};
	struct outcome outcome;
	int failed = prepare_home(s, &home, err);

	if (!failed) {
		command.home = home;
		if (s->watcher && s->watcher->phase)
			s->watcher->phase(number, PHASE_PROPOSE, command.timeout,
					  s->watcher->data);
		s->running = trial;
		s->proposing = true;
		failed = trial_run(trial, &command, &outcome, err) ||
			 judge(s, trial, &t, &outcome, ret, ret_how, err);
		s->running = NULL;
		s->proposing = false;
	}
	environment_free(env);
	strbuf_release(&t.words);
	strbuf_release(&t.log);
	return failed ? -1 : 0;
}

int agent_propose(struct search *s, int64_t number, struct proposal *ret,
		  enum proposed *ret_how, struct error *err)
{
	CLEANUP_PROMPT struct prompt prompt = PROMPT_INIT;
	struct trial_place place = s->place;
	struct briefing briefing;
	struct trial *trial;
	bool complete;
	int failed;

	briefing_of(s, number, &briefing);
	if ((!s->proposer_command && agent_find(s, err)) || open_sandbox(s, err) ||
	    briefing_for_program(&briefing, &prompt, err))
		return -1;
	place.sandbox = s->proposer_sandbox;
	if (trial_open(&trial, &place, &s->config.limits, err))
		return -1;
	failed = ask(s, trial, number, &prompt.user, ret, ret_how, err) ||
		 measure_audit(s, trial, &complete, err);
	trial_close(trial);
	return failed ? -1 : 0;
}
