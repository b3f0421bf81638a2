#ifndef PROPOSE_ADAPTER_H
#define PROPOSE_ADAPTER_H

/*
 * How an agent is used, from a file in git-config's syntax: how it is started without a
 * person, what it needs, how its output is read and what of its leavings is none of its
 * proposal. The ones that we know lie in src/propose/agents/ and are part of the program;
 * anybody else's is a file of theirs. The keys are told in git-autoresearch-config(5).
 *
 * A value: nothing is looked for, started or read here.
 */

#include <stdint.h>

#include "base/strbuf.h"
#include "propose/selector.h"

struct adapter {
	char *name; /* "codex": that of the file, without .conf */

	char *program;		     /* looked for on PATH */
	struct string_list needs;    /* other programs, which it looks for on PATH */
	char *install;		     /* what a person does to have it; NULL */
	char *command;		     /* a script for sh; the prompt is on its standard input */
	char *key;		     /* the variable that it takes a key from; NULL: none */
	bool git;		     /* it wants its files to be a git repository */
	double timeout, idle;	     /* s: of a run; without a sign of life */
	struct string_list leavings; /* pathspecs of what it leaves and does not propose */

	/* What it needs for itself; where a trial may have more, it has that as well. Bytes, but
	 * for the processes. */
	int64_t memory, pids, disk, output;

	/* Its standard output: lines of JSON, or text, all of which are its words then. */
	bool json;
	struct selectors words, errors;

	/* Tokens; each kind is the sum of its selectors, over all lines or (`last`) by the last
	 * line that has any. Of text, by a regular expression with two groups instead. */
	struct selectors prompt, cached, completion;
	bool last;
	char *tokens_line;

	/* Regular expressions for lines of what it says: a limit of rate or quota was hit; it
	 * will not do what it was asked. Letters of either case. */
	struct string_list limited, refused;
};

/* Reads one; `name` is the adapter's, `file` what errors call the file. */
int adapter_parse(const char *name, const char *file, const char *text, size_t len,
		  struct adapter *ret, struct error *err);

/* One of ours by its name: 0; 1 where we know none of that name; -1. */
int adapter_builtin(const char *name, struct adapter *ret, struct error *err);

/* The names of ours, in the order of the alphabet; NULL ends them. */
const char *const *adapter_names(void);

void adapter_release(struct adapter *adapter);
#define CLEANUP_ADAPTER CLEANUP(adapter_release)

/* Every key that the parser knows, as "section.key", in the manual's order; NULL ends it. */
const char *const *adapter_keys(void);

#endif
