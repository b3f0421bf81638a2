#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/command.h"
#include "command/complete.h"
#include "report/pager.h"

const struct command commands[] = {
	{ "init",
	  "init [--metric=<name> --direction=<minimize|maximize> --run=<command> "
	  "--editable=<pathspec>...] [--hooks | --no-hooks]",
	  "write .autoresearch/config and .autoresearch/program.md", cmd_init },
	{ "doctor", "doctor [--json]", "what this machine can enforce", cmd_doctor },
	{ "start",
	  "start [<campaign>] [--dry-run] [-j <n> | --jobs=<n>] [--candidates=<n>] [--smoke] [--detach] "
	  "[--max-experiments=<n>] [--max-time=<time>] "
	  "[--proposer=<name>...] [--proposer-command=<command>] [--from=<n|commit>] "
	  "[--trace=<file>]",
	  "search until a budget, the target or a signal ends it", cmd_start },
	{ "try", "try [--campaign=<name>] [--json] [-m <message>] [<commit> | --patch=<file>]",
	  "one candidate of your own", cmd_try },
	{ "sandbox",
	  "sandbox [--campaign=<name>] [--phase=<run|evaluate|check|setup>] [--summary=<file>] "
	  "[--audit-log=<file>] [--] <command> [<argument>...]",
	  "run one command in exactly the sandbox of a phase", cmd_sandbox },
	{ "stop", "stop [--campaign=<name>] [--now]", "end a running start", cmd_stop },
	{ "pause", "pause [--campaign=<name>]", "make a running start wait after its trials",
	  cmd_pause },
	{ "resume", "resume [--campaign=<name>]", "let it go on", cmd_resume },
	{ "status", "status [--campaign=<name>] [--json] [--watch]",
	  "where the campaign stands", cmd_status },
	{ "log",
	  "log [--campaign=<name>] [--format=<format> | --json | --porcelain] [-z] [-n <number>] "
	  "[--accepted | --rejected] [--verdict=<verdict>...] [--since=<date>] [--until=<date>] "
	  "[--reverse] [--color[=<when>] | --no-color]",
	  "a line an experiment, newest first", cmd_log },
	{ "show", "show [--campaign=<name>] [--json] [--color[=<when>] | --no-color] [<n>]",
	  "one experiment", cmd_show },
	{ "diff",
	  "diff [--campaign=<name>] [--stat | --numstat | --name-only | --name-status] "
	  "[--word-diff] [-w] [-U<lines>] [--color[=<when>] | --no-color] <n> [<m>] "
	  "[--] [<pathspec>...]",
	  "the change of an experiment, or between two", cmd_diff },
	{ "report",
	  "report [--campaign=<name>] [--svg | --tsv | --json] [-o <file> | --output=<file>] "
	  "[--watch]",
	  "the whole campaign as one page", cmd_report },
	{ "accept", "accept [--campaign=<name>] <n> -m <why>",
	  "make an experiment the incumbent, as your own decision", cmd_accept },
	{ "reject", "reject [--campaign=<name>] <n> -m <why>",
	  "take an experiment back, as your own decision", cmd_reject },
	{ "promote", "promote [--campaign=<name>] [--squash | --split] [<n>...]",
	  "make a branch of what was accepted, to review and push", cmd_promote },
	{ "prompt", "prompt [<campaign>] [--json]", "what a proposer would be told next",
	  cmd_prompt },
	{ "guide", "guide", "how an agent uses these commands", cmd_guide },
	{ "audit", "audit [--campaign=<name>] <n>", "what the kernel saw of an experiment",
	  cmd_audit },
	{ "verify", "verify [--rerun=<n>] [<campaign>]",
	  "hold every record against its evidence", cmd_verify },
	{ "replay", "replay [--campaign=<name>] [--json] [--trials=<n>] <n>",
	  "measure an experiment again, as it was then", cmd_replay },
	{ "hook",
	  "hook <pre-push|commit-msg|reference-transaction|pre-receive> [<argument>...]",
	  "what git's hooks ask", cmd_hook },
	{ "export",
	  "export [--campaign=<name>] [--format=<tsv|csv|jsonl>] [-o <file> | --output=<file>] "
	  "[--evidence [--allow-secrets]]",
	  "a campaign as a table, or as evidence for an auditor", cmd_export },
	{ "import",
	  "import [--campaign=<name>] [--format=<tsv|csv|jsonl>] [--metric=<column>] <file>",
	  "take in what another loop wrote down", cmd_import },
	{ "gc", "gc [--dry-run]", "remove the leftovers of dead runs", cmd_gc },
	{ "version", "version", "which version this is", cmd_version },
	{ 0 },
};

static int print_list(void)
{
	printf("usage: git autoresearch [-C <path>] [-P | --no-pager] <command> [<options>]\n"
	       "   or: git autoresearch (-h | --version)\n\n");
	for (const struct command *c = commands; c->name; c++)
		printf("   %-10s %s\n", c->name, c->summary);
	printf("\n'git autoresearch <command> -h' prints a synopsis, "
	       "'git help autoresearch' the manual.\n");
	return EXIT_USAGE;
}

/* An option before the command: how many words it was; 0 for none. */
static int take_option(int argc, char **argv, struct error *err)
{
	if (argc > 2 && !strcmp(argv[1], "-C")) {
		if (chdir(argv[2]))
			return error_errno(err, "cannot change to '%s'", argv[2]);
		return 2;
	}
	if (argc > 1 && (!strcmp(argv[1], "-P") || !strcmp(argv[1], "--no-pager"))) {
		pager_refuse();
		return 1;
	}
	return 0;
}

static int run_command(int argc, char **argv, struct error *err)
{
	for (int taken; (taken = take_option(argc, argv, err)); argc -= taken, argv += taken)
		if (taken < 0)
			return -1;
	if (argc < 2 || !strcmp(argv[1], "-h") || !strcmp(argv[1], "--help"))
		return print_list();
	if (!strcmp(argv[1], "--complete"))
		return complete(argc - 2, argv + 2);
	if (!strcmp(argv[1], "--version"))
		argv[1] = "version";
	for (const struct command *c = commands; c->name; c++)
		if (!strcmp(c->name, argv[1]))
			return c->run(argc - 1, argv + 1, err);
	error_set(err, "'%s' is not a command of git autoresearch", argv[1]);
	error_hint(err, "git autoresearch -h");
	return error_status(err, EXIT_USAGE);
}

/*
 * Memory that is freed stays ours, within bounds: zlib takes and gives back a quarter of a megabyte
 * with each object that is written, and a page that goes back to the kernel costs a fault to get.
 */
static void keep_memory(void)
{
	mallopt(M_MMAP_THRESHOLD, 1 << 20);
	mallopt(M_TRIM_THRESHOLD, 4 << 20);
	mallopt(M_TOP_PAD, 256 << 10);
}

int main(int argc, char **argv)
{
	struct error err = ERROR_INIT;
	int status;

	keep_memory();
	status = run_command(argc, argv, &err);
	if (status < 0) {
		CLEANUP_STRBUF struct strbuf message = STRBUF_INIT;

		/* A message may quote a name or a value that somebody else chose. */
		strbuf_add_visible(&message, err.message, strlen(err.message));
		fflush(stdout);
		fprintf(stderr, "fatal: %s\n", message.buf);
		if (err.hint[0])
			fprintf(stderr, "hint: %s\n", err.hint);
		return err.status;
	}
	/* A full disk behind stdout must not pass for success; a reader that left may. */
	if ((fflush(stdout) || ferror(stdout)) && errno != EPIPE) {
		fprintf(stderr, "fatal: cannot write to stdout: %s\n", strerror(errno));
		return EXIT_FATAL;
	}
	return status;
}
