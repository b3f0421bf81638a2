#include <stdio.h>

#include "command/options.h"

/* Made of guide.md when the program is built. */
static const char guide[] =
#include "command/guide.md.inc"
	;

int cmd_guide(int argc, char **argv, struct error *err)
{
	static const struct option longs[] = { { 0 } };

	(void)err;
	if (next_option(argc, argv, ":h", longs) != -1 || optind < argc)
		return usage(argc, argv);
	fputs(guide, stdout);
	return EXIT_DONE;
}
