#ifndef COMMAND_COMMAND_H
#define COMMAND_COMMAND_H

/*
 * One file a command, named by its verb. A command parses its options, calls one service
 * below, and prints. It returns its exit status, or -1 with an error, which main() prints.
 */

#include <stdbool.h>

#include "base/error.h"
#include "git/ledger.h"
#include "git/repo.h"

struct command {
	const char *name;
	const char
		*synopsis; /* after "git autoresearch "; a test holds the manual against it */
	const char *summary;
	int (*run)(int argc, char **argv, struct error *err);
};

/* In the order of -h; a zeroed one ends it. */
extern const struct command commands[];

int cmd_init(int argc, char **argv, struct error *err);
int cmd_doctor(int argc, char **argv, struct error *err);
int cmd_start(int argc, char **argv, struct error *err);
int cmd_try(int argc, char **argv, struct error *err);
int cmd_sandbox(int argc, char **argv, struct error *err);
int cmd_stop(int argc, char **argv, struct error *err);
int cmd_pause(int argc, char **argv, struct error *err);
int cmd_resume(int argc, char **argv, struct error *err);
int cmd_status(int argc, char **argv, struct error *err);
int cmd_log(int argc, char **argv, struct error *err);
int cmd_show(int argc, char **argv, struct error *err);
int cmd_diff(int argc, char **argv, struct error *err);
int cmd_report(int argc, char **argv, struct error *err);
int cmd_accept(int argc, char **argv, struct error *err);
int cmd_reject(int argc, char **argv, struct error *err);
int cmd_promote(int argc, char **argv, struct error *err);
int cmd_prompt(int argc, char **argv, struct error *err);
int cmd_guide(int argc, char **argv, struct error *err);
int cmd_audit(int argc, char **argv, struct error *err);
int cmd_verify(int argc, char **argv, struct error *err);
int cmd_replay(int argc, char **argv, struct error *err);
int cmd_hook(int argc, char **argv, struct error *err);
int cmd_export(int argc, char **argv, struct error *err);
int cmd_import(int argc, char **argv, struct error *err);
int cmd_gc(int argc, char **argv, struct error *err);
int cmd_version(int argc, char **argv, struct error *err);

#endif
