#ifndef BASE_SYNOPSIS_H
#define BASE_SYNOPSIS_H

/*
 * What a synopsis says, read item by item: "log [--json] [-n <number>] [<ref>...]" has the
 * options --json and -n, and the argument <ref>. Brackets and bars only say what goes together,
 * and are skipped.
 */

#include <stdbool.h>
#include <stddef.h>

/* A piece of the synopsis; `len` is 0 where there is none. */
struct piece {
	const char *text;
	size_t len;
};

struct synopsis_item {
	enum synopsis_kind {
		SYNOPSIS_OPTION,    /* --name or -n */
		SYNOPSIS_ARGUMENT,  /* <value> */
		SYNOPSIS_SEPARATOR, /* -- */
	} kind;
	struct piece name;  /* of an option, with its dashes */
	struct piece value; /* between < and >; of an option that takes none, empty */
	bool optional;	    /* --name[=<value>]: the value may be left out */
	bool repeated;	    /* ... stands behind it */
};

/* The next item of the synopsis at *cursor, which is moved behind it; false at the end. Words that
 * stand for themselves, such as the command's name, are skipped. */
bool synopsis_next(const char **cursor, struct synopsis_item *ret);

/* The next part of a value that lists its alternatives, a|b|c; false behind the last. */
bool synopsis_alternative(struct piece *value, struct piece *ret);

bool piece_is(const struct piece *piece, const char *text);

#endif
