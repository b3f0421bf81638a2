#include <stdio.h>

#include "command/options.h"
#include "loop/leftovers.h"

static void print_leftover(const char *what, void *data)
{
	bool dry_run = *(bool *)data;

	printf("%s %s\n", dry_run ? "would remove" : "removed", what);
}

int cmd_gc(int argc, char **argv, struct error *err)
{
	static const struct option longs[] = {
		{ "dry-run", no_argument, NULL, 'd' },
		{ 0 },
	};
	CLEANUP_REPO struct repo *repo = NULL;
	bool dry_run = false;
	int c;

	while ((c = next_option(argc, argv, ":hn", longs)) != -1) {
		if (c != 'd' && c != 'n')
			return usage(argc, argv);
		dry_run = true;
	}
	if (optind < argc)
		return usage(argc, argv);
	if (repo_open(&repo, err) ||
	    leftovers_remove(repo, dry_run, print_leftover, &dry_run, err))
		return -1;
	return EXIT_DONE;
}
