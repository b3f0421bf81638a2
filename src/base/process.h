#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

/*
 * Programs of the host that we call, unsandboxed: git itself, and nothing else that a
 * candidate could have written.
 */

#include "base/error.h"
#include "base/strbuf.h"

/*
 * Runs `argv` (found by PATH) with stdin from /dev/null and appends its stdout to `out`, at
 * most `cap` bytes (more is an error); with `out` NULL its stdout is dropped. Its stderr is
 * collected for the error. Every other descriptor is closed in it, no signal is blocked, SIGPIPE
 * ends it, and it has a process group of its own: a Ctrl-C is for us to handle. 0
 * where it exited with 0; otherwise -1, the error naming the program and the last line that
 * it wrote on stderr.
 */
int process_run(const char *const *argv, struct strbuf *out, size_t cap, struct error *err);

/*
 * The same with `text` on its stdin, and in our own process group: it may ask the person at the
 * terminal something, as for the passphrase of a key.
 */
int process_ask(const char *const *argv, const char *text, size_t len, struct strbuf *out,
		size_t cap, struct error *err);

/*
 * Runs `argv` with our own stdin, stdout and stderr, in our process group, and waits for it. Its
 * exit status, or 128 and the signal that ended it; -1 where it cannot be started.
 */
int process_pass(const char *const *argv, struct error *err);

/*
 * Runs `argv` with `text` on its stdin, our stderr as its output, and the pairs of `env` (may be
 * NULL) added to our environment. It has a process group of its own, which is killed after `seconds`.
 * What it leaves in the background is not waited for. 0 where it exited with 0; -1.
 */
int process_tell(const char *const *argv, const char *text, size_t len,
		 const struct string_list *env, double seconds, struct error *err);

/* Waits for the child behind `pidfd`. How it ended, as a shell has it: its exit status, or 128 and
 * the signal. */
int process_reap(int pidfd);

/*
 * As fork(2), but that no library is asked first (pthread_atfork(3)), nor in the child: there it may be
 * left out of what is copied; see base/lean.h. So the child is for libc alone.
 */
pid_t fork_bare(void);

/* Closes every descriptor from 3 on but these, in any order, of which some may be -1. 0, or -1 with
 * errno. */
int close_all_but(const int *kept, size_t nr);

/* A descriptor that reads as `text`, or as nothing where that is NULL. -1 on error. */
int text_open(const char *text, size_t len, struct error *err);

#endif
