#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command/options.h"
#include "git/hooks.h"
#include "git/tree.h"
#include "model/campaign.h"
#include "model/offer.h"

/* More files than this are not looked at. */
#define FILES_MAX 20000

static const char program_text[] =
	"# What this search is for\n"
	"\n"
	"Say here, in prose, what whoever proposes should know: what the metric means, what was\n"
	"tried before, what must not change. A model or an agent reads it before every proposal.\n";

enum hooks_wish {
	HOOKS_LEAVE,
	HOOKS_INSTALL,
	HOOKS_REMOVE,
};

struct wish {
	struct offer *offer;
	enum hooks_wish hooks;
	bool files; /* to be written */
};

/* What is given wins over what is found. An option about hooks alone is about them alone. */
static int parse(int argc, char **argv, struct wish *wish)
{
	static const struct option longs[] = {
		{ "metric", required_argument, NULL, 'm' },
		{ "direction", required_argument, NULL, 'd' },
		{ "run", required_argument, NULL, 'r' },
		{ "editable", required_argument, NULL, 'e' },
		{ "hooks", no_argument, NULL, 'k' },
		{ "no-hooks", no_argument, NULL, 'K' },
		{ 0 },
	};
	struct offer *offer = wish->offer;
	int c;

	wish->files = argc == 1;
	while ((c = next_option(argc, argv, ":h", longs)) != -1) {
		wish->files |= c != 'k' && c != 'K';
		if (c == 'm')
			offer_give(&offer->metric, optarg);
		else if (c == 'd')
			offer_give(&offer->direction, optarg);
		else if (c == 'r')
			offer_give(&offer->run, optarg);
		else if (c == 'e')
			offer_give_one(&offer->editable, optarg);
		else if (c == 'k' && wish->hooks != HOOKS_REMOVE)
			wish->hooks = HOOKS_INSTALL;
		else if (c == 'K' && wish->hooks != HOOKS_INSTALL)
			wish->hooks = HOOKS_REMOVE;
		else
			return usage(argc, argv);
	}
	return optind < argc ? usage(argc, argv) : 0;
}

/* --- Looking at the repository */

struct look {
	struct repo *repo;
	char commit[OID_HEX_SIZE];
	struct offer_file *items; /* all owned */
	size_t nr, alloc, read;
};

static void look_release(struct look *look)
{
	for (size_t i = 0; i < look->nr; i++) {
		free((char *)look->items[i].path);
		free((char *)look->items[i].text);
	}
	free(look->items);
}

static int add_file(const char *path, unsigned mode, const char *oid, void *data,
		    struct error *err)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	struct error too_large = ERROR_INIT;
	struct look *look = data;
	struct offer_file *file;

	(void)oid;
	(void)err;
	if ((mode & 0170000) != 0100000 || look->nr == FILES_MAX)
		return 0;
	if (look->nr == look->alloc) {
		look->alloc = look->alloc ? 2 * look->alloc : 64;
		look->items = xrealloc(look->items, look->alloc * sizeof(*look->items));
	}
	file = &look->items[look->nr++];
	*file = (struct offer_file){ .path = xstrdup(path) };
	if (!offer_wants(path) || look->read > OFFER_FILES_MAX ||
	    repo_read_file(look->repo, look->commit, path, OFFER_FILE_MAX, &text, &too_large))
		return 0;
	look->read += text.len;
	file->text = strbuf_detach(&text, &file->len);
	return 0;
}

/* What is tracked at HEAD: names, and the content of the few files that say something. */
static int look_around(struct repo *repo, struct offer *offer, struct error *err)
{
	CLEANUP(look_release) struct look look = { .repo = repo };
	const char *missing[OFFER_REQUIRED];
	struct error unborn = ERROR_INIT;

	if (repo_head(repo, look.commit, &unborn)) {
		if (offer_missing(offer, missing))
			string_list_add(&offer->notes,
					"nothing is committed yet, so no file was looked at");
	} else if (tree_each_file(repo, look.commit, add_file, &look, err)) {
		return -1;
	}
	offer_find(offer, look.items, look.nr);
	return 0;
}

/* --- Writing */

static int exists_already(const char *path, struct error *err)
{
	error_set(err, "'%s' exists already", path);
	return error_hint(err, "edit it, or remove it first");
}

static int write_file(int dir, const char *name, const char *path, const char *text, size_t len,
		      struct error *err)
{
	CLEANUP_CLOSE int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);

	if (fd < 0 && errno == EEXIST)
		return exists_already(path, err);
	if (fd < 0 || write(fd, text, len) != (ssize_t)len)
		return error_errno(err, "cannot write '%s'", path);
	return 0;
}

/* The repository may be a stranger's: a link in the folder's place is not followed. */
static int open_folder(const char *top, struct error *err)
{
	CLEANUP_FREE char *dir = xstrfmt("%s/.autoresearch", top);
	int fd;

	if (mkdir(dir, 0777) && errno != EEXIST)
		return error_errno(err, "cannot make '%s'", dir);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return error_errno(err, "cannot open the folder '%s'", dir);
	return fd;
}

static int write_both(const char *top, const struct strbuf *config, struct error *err)
{
	CLEANUP_CLOSE int dir = open_folder(top, err);
	struct stat st;

	if (dir < 0)
		return -1;
	if (!fstatat(dir, "program.md", &st, AT_SYMLINK_NOFOLLOW))
		return exists_already(PROGRAM_PATH, err);
	if (write_file(dir, "config", CONFIG_PATH, config->buf, config->len, err))
		return -1;
	if (write_file(dir, "program.md", PROGRAM_PATH, program_text, strlen(program_text),
		       err)) {
		unlinkat(dir, "config", 0);
		return -1;
	}
	return 0;
}

/* --- Telling */

static void tell(const char *key, const struct offer_value *value)
{
	CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;

	if (!value->value)
		return;
	strbuf_addf(&line, "  %-10s ", key);
	strbuf_add_visible(&line, value->value, strlen(value->value));
	if (value->why) {
		strbuf_addstr(&line, "  (");
		strbuf_add_visible(&line, value->why, strlen(value->why));
		strbuf_addch(&line, ')');
	}
	printf("%s\n", line.buf);
}

static void tell_list(const char *key, const struct offer_list *list)
{
	for (size_t i = 0; i < list->nr; i++)
		tell(i ? "" : key, &list->items[i]);
}

/* The line of a key that stands there without its value. */
static int line_of(const struct strbuf *text, const char *key)
{
	CLEANUP_FREE char *empty = xstrfmt("\n\t%s =\n", strchr(key, '.') + 1);
	const char *at = strstr(text->buf, empty);
	int line = 2;

	for (const char *p = text->buf; at && p < at; p++)
		line += *p == '\n';
	return line;
}

static void tell_all(const struct offer *offer, const struct strbuf *text)
{
	const char *missing[OFFER_REQUIRED];
	size_t nr = offer_missing(offer, missing);

	printf("wrote %s and %s\n", CONFIG_PATH, PROGRAM_PATH);
	tell("metric", &offer->metric);
	tell("direction", &offer->direction);
	tell_list("editable", &offer->editable);
	tell_list("hidden", &offer->hidden);
	tell_list("include", &offer->include);
	tell("setup", &offer->setup);
	tell("run", &offer->run);
	tell("check", &offer->check);
	tell("evaluate", &offer->evaluate);
	fflush(stdout);
	for (size_t i = 0; i < offer->notes.nr; i++)
		fprintf(stderr, "hint: %s\n", offer->notes.items[i]);
	for (size_t i = 0; i < nr; i++)
		fprintf(stderr, "to fill in: %s:%d: %s\n", CONFIG_PATH,
			line_of(text, missing[i]), missing[i]);
	printf("next: %s, commit them, and run 'git autoresearch start --dry-run'\n",
	       nr ? "fill in what is missing" : "look them over");
}

/* --- Hooks */

static void tell_hook(const struct hooks *hooks, size_t i)
{
	const char *name = hooks->items[i].name;
	enum hook_state was = hooks->items[i].was, is = hooks->items[i].is;
	CLEANUP_FREE char *before = xstrfmt("%s/%s" HOOK_BEFORE, hooks->folder, name);

	/* git runs none that is not executable, and nor does ours. */
	if (is == HOOK_CHAINED && !access(before, X_OK))
		printf("  %s, which runs %s" HOOK_BEFORE " first\n", name, name);
	else if (is == HOOK_CHAINED)
		printf("  %s (%s" HOOK_BEFORE " is not executable)\n", name, name);
	else if (is == HOOK_OURS)
		printf("  %s\n", name);
	else if (was == HOOK_CHAINED)
		printf("  %s: put back what was there before\n", name);
	else if (was == HOOK_OURS)
		printf("  %s: removed\n", name);
}

static int set_hooks(struct repo *repo, bool install, struct error *err)
{
	CLEANUP_HOOKS struct hooks hooks = { .nr = 0 };
	CLEANUP_STRBUF struct strbuf folder = STRBUF_INIT;

	if (install ? hooks_install(repo, &hooks, err) : hooks_remove(&hooks, err))
		return -1;
	strbuf_add_visible(&folder, hooks.folder, strlen(hooks.folder));
	printf("hooks in %s\n", folder.buf);
	for (size_t i = 0; i < hooks.nr; i++)
		tell_hook(&hooks, i);
	fflush(stdout);
	if (install && hooks.elsewhere)
		fprintf(stderr,
			"hint: core.hooksPath leads out of this repository; others that "
			"share the folder have these hooks now, too\n");
	if (install && hooks.in_worktree)
		fprintf(stderr, "hint: core.hooksPath leads into the working tree; whoever "
				"writes hooks there anew has to run this again\n");
	return EXIT_DONE;
}

static int write_files(struct repo *repo, struct offer *offer, struct error *err)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	CLEANUP_FREE char *top = NULL;

	if (!repo_workdir(repo)) {
		error_set(err, "a bare repository has no working tree to write to");
		return error_hint(err, "run it in a clone, commit and push");
	}
	top = xstrdup(repo_workdir(repo));
	while (strlen(top) > 1 && ends_with(top, "/"))
		top[strlen(top) - 1] = '\0';
	/* An option that cannot be right is refused before anything is looked at. */
	if (offer_check(offer, err))
		return error_status(err, EXIT_USAGE);
	if (look_around(repo, offer, err) || offer_check(offer, err))
		return -1;
	offer_write(offer, &text);
	if (write_both(top, &text, err))
		return -1;
	tell_all(offer, &text);
	return EXIT_DONE;
}

int cmd_init(int argc, char **argv, struct error *err)
{
	CLEANUP_REPO struct repo *repo = NULL;
	CLEANUP_OFFER struct offer offer = OFFER_INIT;
	struct wish wish = { .offer = &offer };
	int ret = parse(argc, argv, &wish);

	if (ret)
		return ret;
	if (repo_open(&repo, err) || (wish.files && write_files(repo, &offer, err)))
		return -1;
	return wish.hooks ? set_hooks(repo, wish.hooks == HOOKS_INSTALL, err) : EXIT_DONE;
}
