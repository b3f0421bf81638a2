#ifndef LOOP_AGENT_H
#define LOOP_AGENT_H

/*
 * The external proposer: a program, started once a candidate, in a scratch copy of the
 * incumbent and a sandbox of its own. What it changed there is its proposal.
 *
 * Of any program (`command`) the exit status says whether there is one. An agent that we
 * know by name, or by the file of an adapter (propose/adapter.h), is judged by what it changed
 * alone: most of them report success whatever happened.
 */

#include "loop/propose.h"
#include "propose/adapter.h"
#include "sandbox/probe.h"

/* An agent that was found. */
struct agent {
	struct adapter adapter;
	struct string_list env; /* "NAME=value" of what its adapter asks for; PATH among them */
	char *endpoint;		/* its name; where none is configured the agent's own */
	char *key;		/* NULL: none is handed on */
};

/*
 * Finds the proposer's program, and for an agent its adapter, its endpoint and its key, before
 * anything runs. Errors have hints.
 */
int agent_find(struct proposer *p, struct error *err);

/* Adds what `doctor` says of an agent of that name, or adapter. Nothing is started, nobody asked. */
void agent_examine(const struct settings *settings, const char *kind, struct probes *ret);

/* Lets go of what that found. */
void agent_release(struct proposer *p);

/* As propose(). */
int agent_propose(struct proposer *p, struct lane *lane, int64_t number, struct proposal *ret,
		  enum proposed *ret_how, struct error *err);

#endif
