#ifndef LOOP_PROPOSE_H
#define LOOP_PROPOSE_H

/*
 * Asks whoever is configured for the next candidate. Where several are, they share the
 * experiments of a round by how well each has done (model/bandit.h), and where one has no more
 * ideas or fails its share goes to the others.
 */

#include "loop/lane.h"
#include "model/proposal.h"

enum proposed {
	PROPOSED,
	PROPOSED_NOTHING,   /* there are no more ideas */
	PROPOSED_CANCELLED, /* a signal ended it */
	PROPOSED_TOO_DEAR,  /* asking could pass the budget of tokens */
	PROPOSED_FAILURE,   /* the proposer failed: that is no experiment; the error says how */
};

struct agent;
struct model;
struct sweeping;

/* One of those who are named, with what it keeps from one proposal to the next. */
struct proposer {
	struct search *s;
	char *name; /* as it is configured: "sweep", "endpoint:qwen3", "command:/bin/x y", … */
	char *kind; /* "sweep", "endpoint", "command", an agent's name, an adapter's path */
	char *model_name;    /* that it asks; NULL: none is named or configured */
	char *command;	     /* the program as it is run inside; NULL: not yet found, or none */
	struct model *model; /* of an endpoint; NULL: not yet found */
	struct sweeping *sweeping; /* of the sweep; NULL: not yet begun */
	struct agent *agent;	   /* NULL: it is none that has a name */
	struct string_list binds;  /* what its sandbox shows */
	struct sandbox *sandbox;   /* NULL: made on first use */

	/* Of one of several that is not asked for now. */
	char done_at[OID_HEX_SIZE]; /* the incumbent on which it has no more ideas; "" */
	int failures;		    /* in a row */
	int64_t back_at;	    /* the experiment that it is asked for again */
};

/* All of them, and whose which experiments are. */
struct team {
	struct proposer *members;
	size_t nr;
	int64_t first;	/* the first experiment that was dealt */
	size_t dealt;	/* how many were; 0: none yet */
	size_t *owners; /* members, by their index */
};

/*
 * One proposal for experiment `number`, on top of the incumbent or of what loop/footing.h says
 * of the ladder, made in `lane`; proposal->base and ->searched tell. What the journal has of
 * before comes first. -1 is our own failure, or with status 2
 * one of the proposer that will not mend itself.
 */
int propose(struct lane *lane, int64_t number, struct proposal *ret, enum proposed *ret_how,
	    struct error *err);

/* Whether there are no more ideas since nobody is asked any more: for so long nothing was
 * accepted. */
bool propose_is_stalled(const struct search *s);

/* Lets go of what propose() keeps from one to the next. */
void propose_release(struct search *s);

/* Finds the configured proposers before anything runs: an error where one cannot be. */
int propose_check(struct search *s, struct error *err);

/* Whether one is asked for experiment `number`, and not others in its place. */
bool proposer_is_in(const struct proposer *p, int64_t number);

/* The two parts of a name, `ret_rest` being what stands behind the colon (NULL: no colon, or the
 * name is a path). The caller owns them. */
void proposer_name_split(const char *name, char **ret_kind, char **ret_rest);

/* Whether proposers of that kind are told what is known: the sweep is not. A model is told in
 * messages, without a copy of the files to look at. */
bool proposer_is_told(const char *kind);
bool proposer_is_model(const char *kind);

/* Whether any that is configured is a program: an agent or a command. */
bool proposers_run(const struct settings *settings);

#endif
