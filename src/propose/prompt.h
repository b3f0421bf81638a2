#ifndef PROPOSE_PROMPT_H
#define PROPOSE_PROMPT_H

/*
 * What a proposer is told, built in one place. It knows no URL, no key and no process: it
 * turns values into text, the same values always into the same bytes. A model is sent two
 * messages, a program gets one text on its standard input; both are made of the same parts,
 * what changes least first, so that a server finds the front of a prompt in its cache:
 *
 *	role and rules | program.md, metric, limits, files | history | this round
 *
 * The history changes with every experiment, the files with every one that is accepted, and
 * what differs between two calls stands in the last part alone. Text of others is data, see
 * propose/fence.h.
 */

#include "base/error.h"
#include "base/json.h"
#include "base/strbuf.h"
#include "model/campaign.h"
#include "model/experiment.h"
#include "model/network.h"
#include "model/secret.h"

struct prompt_file {
	const char *path;
	const char *content; /* NULL: larger than anybody reads */
	size_t len;
};

/* An earlier experiment. */
struct prompt_experiment {
	const struct record *record;
	const char *patch; /* "" where there is none to show */
	size_t patch_size; /* of all of it; above strlen(patch) where that was cut */
	const char *log;   /* the end of what a failure printed; NULL: not shown */
	size_t log_len;
};

struct prompt_input {
	const char *campaign;
	const struct campaign_config *config;
	const struct network_allow *network; /* what a trial may reach; NULL: nothing */
	const struct secrets *secrets;	     /* NULL: known shapes alone are masked */
	uint64_t seed;			     /* the campaign's: what nonces are made of */
	const char *program;		     /* program.md; "" where there is none */
	int64_t experiment;		     /* the number that the proposal will have */
	int64_t proposal, proposals; /* the how many of how many in its round; 0, 0: of one */
	const char *base; /* the commit that is proposed on: the incumbent's, or … */
	bool earlier;	  /* … that of an earlier accepted change */
	bool stalled;	  /* the search goes no further as it is */
	int64_t in_vain;  /* since so many experiments */
	double baseline, incumbent;
	int64_t incumbent_experiment;	   /* 0: the baseline */
	const struct prompt_file *context; /* read-only files that the config includes */
	size_t context_nr;
	const struct prompt_file *editable;
	size_t editable_nr;
	const struct prompt_experiment *history; /* newest first */
	size_t history_nr;
	int64_t history_older; /* how many more there are than these */
	int64_t window;	       /* of a model, in tokens; 0: PROMPT_WINDOW_DEFAULT */
};

/* Where nothing is said of a model's context window, it is taken for this many tokens: what
 * every model of the day has, though not every server lets it have. */
#define PROMPT_WINDOW_DEFAULT 32000

/* Of the window, a quarter is the answer's, at most PROMPT_ANSWER_MAX tokens: the number that
 * the answer is to be limited to. */
#define PROMPT_ANSWER_MAX 32000
int64_t prompt_answer_reserve(int64_t window);

/* How many tokens so many bytes come to, by an estimate that rather says too many: code has
 * three to four bytes a token. */
#define PROMPT_TOKEN_BYTES 3
int64_t prompt_tokens(size_t bytes);

/* For a program, which finds all files in its scratch copy, whole files above PROMPT_FILE_MAX
 * are only named, and so is what lies beyond PROMPT_FILES_MAX bytes in all. A model is shown
 * each editable file, and context files within these sizes and its window. */
#define PROMPT_FILE_MAX (64 * 1024)
#define PROMPT_FILES_MAX (512 * 1024)

/* Where an earlier diff is cut, an earlier subject or reason, a path, and the log of a
 * failure. */
#define PROMPT_PATCH_MAX (8 * 1024)
#define PROMPT_LINE_MAX 200
#define PROMPT_PATH_MAX 1024
#define PROMPT_LOG_LINES 20
#define PROMPT_LOG_MAX (2 * 1024)

struct prompt {
	struct strbuf system; /* empty where the prompt is one text, for a program */
	struct strbuf user;
};

#define PROMPT_INIT                      \
	{                                \
		STRBUF_INIT, STRBUF_INIT \
	}
void prompt_release(struct prompt *p);
#define CLEANUP_PROMPT CLEANUP(prompt_release)

/*
 * What a model is sent; `ret` is empty. Of the history as much is told as fits in the window
 * beside the answer, whole experiments. An error with a hint where the rest does not fit.
 */
int prompt_build(const struct prompt_input *input, struct prompt *ret, struct error *err);

/* What a program gets. */
void prompt_build_text(const struct prompt_input *input, struct prompt *ret);

/* Appends it for people and records: the two messages, each below a line that names its
 * role; or the one text as it is. */
void prompt_write(const struct prompt *p, struct strbuf *out);

/* The messages as an array of objects with `role` and `content`. The caller frees it. */
struct json *prompt_json(const struct prompt *p);

/* The first line that a proposer printed, blank ones aside, is the subject, the rest the
 * rationale; both without white space at their ends, and without NULs. */
void prompt_read_words(const char *text, size_t len, struct strbuf *ret_subject,
		       struct strbuf *ret_rationale);

#endif
