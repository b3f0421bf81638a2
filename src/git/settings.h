#ifndef GIT_SETTINGS_H
#define GIT_SETTINGS_H

/*
 * What opens the host, from `git config autoresearch.*` of system, global, local, worktree
 * and command scope: never from a tracked file. Read once by asking git itself, since
 * libgit2 knows nothing of `git -c` and GIT_CONFIG_COUNT.
 */

#include <stdint.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "model/network.h"

struct repo;

/* No model has a smaller window, and none that is known a larger one. */
#define CONTEXT_WINDOW_MIN 1000
#define CONTEXT_WINDOW_MAX 1000000000

/* The hottest that a server takes. */
#define TEMPERATURE_MAX 2

#define JOBS_MAX 64 /* as many as can be audited at a time: AUDIT_SLOTS */

enum audit_mode {
	AUDIT_ENFORCE, /* no eBPF, no run */
	AUDIT_WARN,    /* run, and record the lower level */
};

/* Who may reach what. */
enum settings_network {
	NETWORK_TRIAL, /* allowNetwork: run, check and evaluate */
	NETWORK_SETUP,
	NETWORK_PROPOSER,
	NETWORK_NR,
};

struct settings {
	/* The names of those who propose, one at least: "sweep", "endpoint:<model>", an agent, … */
	struct string_list proposers;
	char *proposer_command;	 /* NULL where not configured */
	int64_t context_window;	 /* of the model, in tokens; 0: not configured */
	char *endpoint;		 /* a base URL, as it is configured; NULL where it is not */
	char *model;		 /* NULL where not configured */
	char *api_key_env;	 /* the variable that holds the key; NULL */
	char *api_key_helper;	 /* a command that prints the key; NULL */
	char *notify;		 /* a command that is told when a campaign ends; NULL */
	double endpoint_timeout; /* s that an outage is waited for */
	double temperature_low, temperature_high; /* of a round, from 0 to TEMPERATURE_MAX */
	enum audit_mode audit;
	int jobs;				  /* trials at a time, 1 to JOBS_MAX */
	struct string_list binds;		  /* absolute host paths */
	struct string_list devices;		  /* absolute paths of device nodes */
	struct string_list device_groups;	  /* of each, the name of its group, or "" */
	struct network_allow network[NETWORK_NR]; /* as configured: names are not resolved */
};

/*
 * Reads them. Of `proposer` all values of the narrowest scope count that has one, of any other
 * key that is no list the last value. A key
 * of `autoresearch.*` that this version does not know is warned of by name (on stderr). A bind
 * must be an absolute path that exists.
 */
int settings_read(struct settings *ret, struct error *err);

/*
 * Sets the proposers to those that `values` name. A value is one name or several words that are
 * names; one that begins with "command:", or is a path, is one name whatever it holds. An error
 * with a hint where one is empty, too long or named twice, or where there are too many. Agents
 * are not known here.
 */
#define PROPOSERS_MAX 16
#define PROPOSER_MAX 200 /* bytes of a name */
int settings_set_proposers(struct settings *s, const struct string_list *values,
			   struct error *err);

/* The key of a network list, as the manual spells it, without the section. */
const char *settings_network_key(enum settings_network which);

/*
 * Whether it is certain that git has no value for any of `keys`, written in lower case and ended by
 * NULL: found out without starting git, for what is asked each time and that nobody configures. As
 * libgit2 does, it takes the system's file for /etc/gitconfig.
 */
bool settings_unsaid(struct repo *repo, const char *const *keys);

void settings_release(struct settings *s);
#define CLEANUP_SETTINGS CLEANUP(settings_release)

#endif
