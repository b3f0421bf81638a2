#ifndef SANDBOX_SYSCALLS_H
#define SANDBOX_SYSCALLS_H

/*
 * Which system calls a candidate may make, by seccomp. This room alone includes seccomp.h.
 *
 * Three groups. Most calls are allowed. Some are refused quietly, with an error that honest
 * programs expect, since they probe for them. The rest, and every call of the i386 and x32
 * kinds, never runs: the process is stopped in it and we are told its number over a
 * descriptor (seccomp_unotify(2)), name it, and kill the whole trial. Should nobody be
 * listening any more, the call fails with ENOSYS: it is never let through. A filter that a
 * candidate adds on top can only refuse more.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/strbuf.h"

/* The compiled filter, ready to be installed after a fork. */
struct syscall_filter;

/* True where the kernel has a call of that name, on any kind of machine. */
bool syscall_is_known(const char *name);

/*
 * Compiles the filter: the built-in lists and the calls named in `deny`, which are
 * forbidden on top. An error names a call that the kernel's list does not have. It allows what
 * it does not know, but knows every call of the kernel that it was built for.
 */
int syscall_filter_new(struct syscall_filter **ret, const struct string_list *deny,
		       struct error *err);
void syscall_filter_free(struct syscall_filter *filter);

/*
 * Installs it in the calling process, for good; no_new_privs is set already. Returns the
 * descriptor that tells of forbidden calls, or -1 with errno.
 */
int syscall_filter_install(const struct syscall_filter *filter);

/*
 * Takes one report from the descriptor: the name of the call, "i386:<name>" or "x32:<name>" for
 * other kinds, the number where it has no name. 0; -1 where there was none.
 */
int syscall_report_read(int fd, char *ret_name, size_t size);

/* The name of a call of the kind that AUDIT_ARCH_… says (x32 by the number's bit 30), until the
 * next such question; NULL where it has none. */
const char *syscall_name(uint32_t arch, uint32_t number);

/* The same in words for a reason: "ptrace", "i386:mount", "x32:7", or the number alone. */
void syscall_describe(uint32_t arch, uint32_t number, char *ret, size_t size);

/* The names of both lists, a line each ("deny mount", "quiet keyctl"), for the policy's digest. */
void syscall_policy_text(const struct string_list *deny, struct strbuf *out);

/* The same lists by number, as the kernel's programs take them: AUDIT_CALL_QUIET or _FORBIDDEN.
 * See ebpf/audit.h; `calls` has its AUDIT_CALLS members. */
void syscall_policy_numbers(const struct string_list *deny, unsigned char *calls);

#endif
