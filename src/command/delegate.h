#ifndef COMMAND_DELEGATE_H
#define COMMAND_DELEGATE_H

/*
 * Limits need a cgroup that is ours to divide. Where systemd runs and cgroups are v2 alone, a login's
 * own is not: but systemd gives one away to whoever asks, so we start ourselves again inside it,
 * once, before anything is made.
 */

#include <stdbool.h>

/* What it depends on. */
struct standing {
	bool detach;  /* it is to outlive the login */
	bool unified; /* every controller is v2's */
	bool ours;    /* our cgroup can be divided as it is */
	bool moved;   /* we were started again already */
	bool manager; /* a systemd that is ours to ask is there */
};

/* True where asking it for a cgroup would help: to divide it, or because that of a login may be ended
 * with the login. */
bool standing_wants_scope(const struct standing *standing);

/*
 * Becomes `systemd-run --scope … git-autoresearch <argv>` where that helps and is granted: the same
 * process, with its status and its signals. Returns where not; what is amiss then is told by who
 * needs the cgroup. `argv` begins with the command's name. `detach`: in a scope of its own it outlives
 * the login, and so it asks for one even where it could do without.
 */
void delegate_self(int argc, char **argv, bool detach);

#endif
