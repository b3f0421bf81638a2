#ifndef COMMAND_OPTIONS_H
#define COMMAND_OPTIONS_H

/* Options by getopt_long(3), and what most commands share. */

#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>

#include "command/command.h"
#include "report/terminal.h"

/*
 * As getopt_long() without abbreviations' surprises: `-h` and anything unknown make it
 * return OPTION_USAGE, after which the command returns usage(). `shorts` begins with ':' or '+:'.
 */
#define OPTION_USAGE '?'
int next_option(int argc, char **argv, const char *shorts, const struct option *longs);

/* --campaign=<name> and --json, the options of what looks at a campaign; `optind` is behind them.
 * False for anything else, after which the command returns usage(). */
bool look_options(int argc, char **argv, const char **ret_campaign, bool *ret_json);

/* Prints the synopsis of the command that runs: to stdout for -h, else to stderr with what was
 * wrong. Returns 129. */
int usage(int argc, char **argv);

/* What is said of colours, for color_wanted(): `when`, and where neither that nor any configuration
 * says a word, git's own rule, for which git need not be asked. */
enum color_when color_said(struct repo *repo, enum color_when when);

/* "--name=<value>" as a positive count or duration. 0; -1 with an error of status 129. */
int option_count(const char *name, const char *value, int64_t *ret, struct error *err);
int option_duration(const char *name, const char *value, double *ret, struct error *err);

/* The campaign that a branch is named like: "autoresearch/x" and "x" both stand for x. Borrowed. */
const char *campaign_of_branch(const char *branch);

/*
 * The campaign that a command concerns: `name` where given, else the one named like the
 * current branch, else the only one there is. An error with a hint where there is none.
 * The caller owns the result.
 */
int campaign_find(struct repo *repo, const char *name, char **ret, struct error *err);

/* The same for what a process may be working on that measures its first baseline: it has no ref yet,
 * but a lock, so a name that is given, or the current branch's, is looked for there first. */
int campaign_find_at_work(struct repo *repo, const char *name, char **ret, struct error *err);

/* The same, and also one that nobody has started yet: the name that `start` would take. */
int campaign_expect(struct repo *repo, const char *name, char **ret, struct error *err);

/* Opens the repository and the ledger of that campaign, which must exist. */
int campaign_open(const char *name, struct repo **ret_repo, struct ledger *ret,
		  struct error *err);

/* The number of an experiment as an argument: 0 and up. */
int experiment_number(const char *arg, int64_t *ret, struct error *err);

/* Its record; an error with a hint where there is none. */
int experiment_find(struct ledger *ledger, int64_t number, struct entry *ret,
		    struct error *err);

#endif
