#ifndef PROPOSE_PROMPT_H
#define PROPOSE_PROMPT_H

/*
 * What a proposer is told, built in one place. It knows no URL, no key and no process: it
 * turns values into text. Text that came from a candidate, a log or an earlier proposal is
 * data here: control characters are made visible, lengths are capped, and each excerpt
 * stands in a fence that is longer than any run of backticks inside it.
 */

#include "base/strbuf.h"
#include "model/campaign.h"
#include "model/experiment.h"
#include "model/network.h"

struct prompt_file {
	const char *path;
	const char *content;
	size_t len;
};

/* An earlier experiment, newest first. `patch` may be "". */
struct prompt_experiment {
	const struct record *record;
	const char *patch;
};

struct prompt_input {
	const char *campaign;
	const struct campaign_config *config;
	const struct network_allow *network; /* what a trial may reach; NULL: nothing */
	const char *program; /* program.md; "" where there is none */
	int64_t experiment;  /* the number that the proposal will have */
	double baseline, incumbent;
	const struct prompt_file *context; /* read-only files that the config includes */
	size_t context_nr;
	const struct prompt_file *editable;
	size_t editable_nr;
	const struct prompt_experiment *history;
	size_t history_nr;
};

/* Whole files above this are not shown to a proposer, nor any beyond that many bytes in all,
 * nor binary ones: it finds them in its scratch copy. */
#define PROMPT_FILE_MAX (64 * 1024)
#define PROMPT_FILES_MAX (512 * 1024)

/* An earlier diff is cut here, and an earlier subject or reason at PROMPT_LINE_MAX. */
#define PROMPT_PATCH_MAX (8 * 1024)
#define PROMPT_LINE_MAX 200

/* Appends the prompt, stable from the front: what changes least comes first. */
void prompt_build(const struct prompt_input *input, struct strbuf *out);

/* The first line that a proposer printed, blank ones aside, is the subject, the rest the
 * rationale; both without white space at their ends, and without NULs. */
void prompt_read_words(const char *text, size_t len, struct strbuf *ret_subject,
		       struct strbuf *ret_rationale);

#endif
