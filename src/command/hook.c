#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command/options.h"
#include "git/guard.h"

/* More than any push names. */
#define INPUT_MAX (64 << 20)
#define WORDS_MAX 4

static int print_refused(const char *ref, const char *why, const char *hint)
{
	CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;

	strbuf_addstr(&line, "refused: ");
	if (ref)
		strbuf_add_visible(&line, ref, strlen(ref));
	strbuf_addstr(&line, ref ? ": " : "");
	strbuf_add_visible(&line, why, strlen(why));
	if (*hint) {
		strbuf_addstr(&line, "\nhint: ");
		strbuf_add_visible(&line, hint, strlen(hint));
	}
	fprintf(stderr, "%s\n", line.buf);
	return EXIT_NEGATIVE;
}

static void refused(const char *ref, const char *why, const char *hint, void *data)
{
	(void)data;
	print_refused(ref, why, hint);
}

/* What git hands to a hook that is told of refs: a line each, of which `order` says where the ref
 * and the ids from and to stand. */
struct order {
	size_t words, ref, from, to;
};

/* Refs and ids hold no blank; what git calls the first word may, where a person typed it. */
static int read_line(char *line, const struct order *order, struct ref_updates *updates,
		     struct error *err)
{
	char *words[WORDS_MAX] = { line };

	for (size_t i = order->words - 1; i; i--) {
		char *blank = strrchr(line, ' ');

		if (!blank)
			return error_set(err,
					 "git handed a line to the hook that makes no "
					 "sense: %s",
					 line);
		*blank = '\0';
		words[i] = blank + 1;
	}
	return ref_updates_add(updates, words[order->ref], words[order->from], words[order->to],
			       err);
}

static int read_updates(const struct order *order, struct ref_updates *updates,
			struct error *err)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	char *line, *end;

	if (strbuf_read_fd(&text, STDIN_FILENO, INPUT_MAX))
		return error_errno(err, "cannot read what git hands to the hook");
	for (line = text.buf; *line; line = end) {
		end = strchrnul(line, '\n');
		if (*end)
			*end++ = '\0';
		if (*line && read_line(line, order, updates, err))
			return -1;
	}
	return 0;
}

typedef int (*guard_fn)(struct guard *guard, const struct ref_updates *updates,
			struct error *err);

static int check_refs(struct repo *repo, const char *remote, const struct order *order,
		      guard_fn fn, struct error *err)
{
	CLEANUP_REF_UPDATES struct ref_updates updates = REF_UPDATES_INIT;
	struct guard guard = { .repo = repo, .remote = remote, .refused = refused };

	if (read_updates(order, &updates, err) || fn(&guard, &updates, err))
		return -1;
	return guard.refusals ? EXIT_NEGATIVE : EXIT_DONE;
}

/* --- One function a hook, by the arguments of githooks(5) */

static int pre_push(struct repo *repo, char **argv, struct error *err)
{
	/* <local ref> <local id> <remote ref> <remote id> */
	static const struct order order = { .words = 4, .ref = 2, .from = 3, .to = 1 };

	return check_refs(repo, argv[0], &order, guard_pushed, err);
}

static int pre_receive(struct repo *repo, char **argv, struct error *err)
{
	static const struct order order = { .words = 3, .ref = 2, .from = 0, .to = 1 };

	(void)argv;
	return check_refs(repo, NULL, &order, guard_pushed, err);
}

static int reference_transaction(struct repo *repo, char **argv, struct error *err)
{
	static const struct order order = { .words = 3, .ref = 2, .from = 0, .to = 1 };

	/* Before and after that nothing can be refused. */
	if (strcmp(argv[0], "prepared"))
		return EXIT_DONE;
	return check_refs(repo, NULL, &order, guard_transaction, err);
}

static int commit_msg(struct repo *repo, char **argv, struct error *err)
{
	int r = guard_message(repo, argv[0], err);

	return r == 1 ? print_refused(NULL, err->message, err->hint) : r;
}

int cmd_hook(int argc, char **argv, struct error *err)
{
	static const struct option longs[] = { { 0 } };
	static const struct {
		const char *name;
		int args;
		int (*run)(struct repo *repo, char **argv, struct error *err);
	} hooks[] = {
		{ "pre-push", 2, pre_push },
		{ "commit-msg", 1, commit_msg },
		{ "reference-transaction", 1, reference_transaction },
		{ "pre-receive", 0, pre_receive },
	};
	CLEANUP_REPO struct repo *repo = NULL;

	if (next_option(argc, argv, "+:h", longs) != -1)
		return usage(argc, argv);
	argc -= optind;
	argv += optind;
	for (size_t i = 0; i < ARRAY_SIZE(hooks); i++) {
		if (!argc || strcmp(argv[0], hooks[i].name))
			continue;
		if (argc - 1 != hooks[i].args)
			break;
		return repo_open(&repo, err) ? -1 : hooks[i].run(repo, argv + 1, err);
	}
	return usage(argc + optind, argv - optind);
}
