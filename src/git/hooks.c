#include "git/hooks.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/process.h"
#include "git/internal.h"

#define HOOK_MAX (1 << 20)

/* What every hook of ours begins with once it is installed. */
#define CHAIN "chain"
#define MARK "Installed by 'git autoresearch init --hooks'"

static const struct {
	const char *name, *text;
} sources[] = {
#include "git/hooks.inc"
};

static const char *source_of(const char *name)
{
	size_t i = 0;

	while (strcmp(sources[i].name, name))
		i++;
	return sources[i].text;
}

/* The chain, and then the hook itself without its first line. */
static void write_text(const char *name, struct strbuf *out)
{
	strbuf_addstr(out, source_of(CHAIN));
	strbuf_addstr(out, strchr(source_of(name), '\n') + 1);
}

void hooks_release(struct hooks *hooks)
{
	free(hooks->folder);
	hooks->folder = NULL;
}

/* --- Where they go */

static bool lies_in(const char *path, const char *folder)
{
	size_t len = strlen(folder);

	while (len > 1 && folder[len - 1] == '/')
		len--;
	return !strncmp(path, folder, len) && (path[len] == '/' || !path[len]);
}

static int find_folder(struct hooks *ret, struct error *err)
{
	static const char *const argv[] = { "git",	  "rev-parse", "--path-format=absolute",
					    "--git-path", "hooks",     NULL };
	CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;

	if (process_run(argv, &out, PATH_MAX, err))
		return -1;
	if (out.len && out.buf[out.len - 1] == '\n')
		strbuf_setlen(&out, out.len - 1);
	ret->folder = strbuf_detach(&out, NULL);
	return 0;
}

/* The folder is there. */
static void find_place(struct repo *repo, struct hooks *ret)
{
	CLEANUP_FREE char *real = realpath(ret->folder, NULL);

	if (!real || lies_in(real, repo_common_dir(repo)))
		return;
	ret->in_worktree = repo_workdir(repo) && lies_in(real, repo_workdir(repo));
	ret->elsewhere = !ret->in_worktree;
}

/* To be written to by us: git makes no folder for hooks where its templates have none. */
static int open_folder(struct repo *repo, const struct hooks *hooks, struct error *err)
{
	struct stat st;

	if (!stat(hooks->folder, &st) && !S_ISDIR(st.st_mode)) {
		error_set(err, "core.hooksPath names '%s', which is no folder: no hook is run",
			  hooks->folder);
		return error_hint(err, "git config core.hooksPath '%shooks'",
				  repo_common_dir(repo));
	}
	if (!make_folders(hooks->folder, err) && !access(hooks->folder, W_OK | X_OK))
		return 0;
	error_errno(err, "cannot write to the folder of hooks, '%s'", hooks->folder);
	return error_hint(err,
			  "give this repository one of its own: git config core.hooksPath "
			  "'%shooks'",
			  repo_common_dir(repo));
}

/* --- One of them */

static char *path_of(const struct hooks *hooks, const char *name)
{
	return xstrfmt("%s/%s", hooks->folder, name);
}

static bool is_there(const char *path)
{
	struct stat st;

	return !lstat(path, &st);
}

static bool is_ours(const char *name, const struct strbuf *text)
{
	return strstr(text->buf, MARK) || !strcmp(text->buf, source_of(name));
}

static int find_state(const char *name, const char *path, enum hook_state *ret,
		      struct error *err)
{
	CLEANUP_FREE char *before = xstrfmt("%s" HOOK_BEFORE, path);
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	*ret = HOOK_ABSENT;
	if (!is_there(path))
		return 0;
	*ret = HOOK_THEIRS;
	/* One that is large, or leads nowhere, is not ours. */
	if (strbuf_read_file(&text, path, HOOK_MAX) && errno != EFBIG && errno != ENOENT)
		return error_errno(err, "cannot read the hook '%s'", path);
	if (is_ours(name, &text))
		*ret = is_there(before) ? HOOK_CHAINED : HOOK_OURS;
	return 0;
}

/* Theirs is there, and what was theirs before: that they are the same shows a crash between two
 * steps, or that their installer was run again. */
static int check_before(const char *path, struct error *err)
{
	CLEANUP_FREE char *before = xstrfmt("%s" HOOK_BEFORE, path);
	CLEANUP_STRBUF struct strbuf now = STRBUF_INIT, then = STRBUF_INIT;

	if (!is_there(before))
		return 0;
	if (!strbuf_read_file(&now, path, HOOK_MAX) &&
	    !strbuf_read_file(&then, before, HOOK_MAX) && !strcmp(now.buf, then.buf))
		return 0;
	error_set(err, "'%s' was replaced since it was moved to '%s'", path, before);
	return error_hint(err, "make one of the two, and remove the other");
}

static int put_aside(const char *path, struct error *err)
{
	CLEANUP_FREE char *before = xstrfmt("%s" HOOK_BEFORE, path);

	if (is_there(before))
		return 0;
	/* Where there are no hard links it is away for a moment. */
	if (link(path, before) && rename(path, before))
		return error_errno(err, "cannot move '%s' aside", path);
	return 0;
}

static int put(const char *name, const char *path, struct error *err)
{
	CLEANUP_FREE char *temp = xstrfmt("%s.autoresearch", path);
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	write_text(name, &text);
	if (replace_file(temp, text.buf, text.len, err))
		return -1;
	if (chmod(temp, 0755) || rename(temp, path)) {
		error_errno(err, "cannot write the hook '%s'", path);
		unlink(temp);
		return -1;
	}
	return 0;
}

static int take_away(const char *path, enum hook_state was, struct error *err)
{
	CLEANUP_FREE char *before = xstrfmt("%s" HOOK_BEFORE, path);

	if (was == HOOK_CHAINED ? rename(before, path) : unlink(path))
		return error_errno(err, "cannot remove the hook '%s'", path);
	return 0;
}

/* --- All of them */

static void add(struct hooks *hooks, const char *name)
{
	hooks->items[hooks->nr++].name = name;
}

/* Whoever is pushed to has to look as well: a bare repository is a server's. */
static void choose(struct repo *repo, struct hooks *hooks)
{
	if (repo_workdir(repo)) {
		add(hooks, "pre-push");
		add(hooks, "commit-msg");
	} else {
		add(hooks, "pre-receive");
	}
	add(hooks, "reference-transaction");
}

static void choose_all(struct hooks *hooks)
{
	add(hooks, "pre-push");
	add(hooks, "commit-msg");
	add(hooks, "pre-receive");
	add(hooks, "reference-transaction");
}

static int find_states(struct hooks *hooks, struct error *err)
{
	for (size_t i = 0; i < hooks->nr; i++) {
		CLEANUP_FREE char *path = path_of(hooks, hooks->items[i].name);

		if (find_state(hooks->items[i].name, path, &hooks->items[i].was, err))
			return -1;
		hooks->items[i].is = hooks->items[i].was;
	}
	return 0;
}

int hooks_install(struct repo *repo, struct hooks *ret, struct error *err)
{
	CLEANUP_HOOKS struct hooks hooks = { .nr = 0 };

	choose(repo, &hooks);
	if (find_folder(&hooks, err) || open_folder(repo, &hooks, err) ||
	    find_states(&hooks, err))
		return -1;
	for (size_t i = 0; i < hooks.nr; i++) {
		CLEANUP_FREE char *path = path_of(&hooks, hooks.items[i].name);

		if (hooks.items[i].was == HOOK_THEIRS && check_before(path, err))
			return -1;
	}
	find_place(repo, &hooks);
	for (size_t i = 0; i < hooks.nr; i++) {
		const char *name = hooks.items[i].name;
		CLEANUP_FREE char *path = path_of(&hooks, name);

		if ((hooks.items[i].was == HOOK_THEIRS && put_aside(path, err)) ||
		    put(name, path, err) || find_state(name, path, &hooks.items[i].is, err))
			return -1;
	}
	*ret = hooks;
	hooks.folder = NULL;
	return 0;
}

int hooks_remove(struct hooks *ret, struct error *err)
{
	CLEANUP_HOOKS struct hooks hooks = { .nr = 0 };

	choose_all(&hooks);
	if (find_folder(&hooks, err) || find_states(&hooks, err))
		return -1;
	for (size_t i = 0; i < hooks.nr; i++) {
		CLEANUP_FREE char *path = path_of(&hooks, hooks.items[i].name);

		if (hooks.items[i].was < HOOK_OURS)
			continue;
		if (take_away(path, hooks.items[i].was, err))
			return -1;
		hooks.items[i].is = hooks.items[i].was == HOOK_CHAINED ? HOOK_THEIRS
								       : HOOK_ABSENT;
	}
	*ret = hooks;
	hooks.folder = NULL;
	return 0;
}
