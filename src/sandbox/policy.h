#ifndef SANDBOX_POLICY_H
#define SANDBOX_POLICY_H

/* What the kernel's programs hold a trial to: the sandbox's own rules in their terms. */

#include "base/strbuf.h"
#include "ebpf/audit.h"
#include "model/network.h"
#include "model/phase.h"

/*
 * The rules that are the same for every phase: which calls are quietly refused or forbidden
 * (`deny`, beside the built-in lists; may be NULL), which device nodes are passed through, the
 * host's resolvers, and how many filters our own processes are behind. No address is allowed.
 */
void audit_policy_init(struct audit_policy *ret, const struct string_list *deny,
		       const struct string_list *devices);

/*
 * Adds what a phase may reach; `network` NULL: nothing. Anything else is a violation of a
 * candidate's phases, and is quietly refused to setup and to a proposer: programs of the user's,
 * that look for updates and tell of themselves.
 */
void audit_policy_allow(struct audit_policy *policy, const struct network_allow *network,
			enum phase phase);

/* SHA-256 of it, in hex. */
void audit_policy_digest(const struct audit_policy *policy, char ret[65]);

/* How many system call filters this process is behind: whoever started us may have put it there. */
unsigned own_filters(void);

#endif
