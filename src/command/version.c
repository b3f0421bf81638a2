#include <stdio.h>

#include "command/options.h"

int cmd_version(int argc, char **argv, struct error *err)
{
	static const struct option longs[] = { { 0 } };

	(void)err;
	if (next_option(argc, argv, ":h", longs) != -1 || optind < argc)
		return usage(argc, argv);
	printf("git-autoresearch version %s\n", AUTORESEARCH_VERSION);
	return EXIT_DONE;
}
