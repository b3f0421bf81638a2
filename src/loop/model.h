#ifndef LOOP_MODEL_H
#define LOOP_MODEL_H

/*
 * The model behind autoresearch.endpoint as a proposer. model.c knows whom to ask and with which
 * key; round.c what is asked for at once; ask.c asks for one proposal.
 */

#include "loop/propose.h"
#include "propose/chat.h"
#include "sandbox/probe.h"

struct asking;

/* An endpoint that is asked all through a campaign. */
struct model {
	struct chat *chat;
	char *endpoint;	       /* its name */
	char *key;	       /* NULL: none is sent */
	double timeout;	       /* s that an answer may take */
	struct asking **round; /* those that are asked */
	size_t round_nr;
};

/* The endpoint that is configured, and that `model` is one (NULL: none is configured): an error
 * with a hint where not. */
int model_find(const struct settings *settings, const char *model, struct endpoint *ret,
	       struct error *err);

/* The value of the variable that autoresearch.apiKeyEnv names; NULL where there is none. */
const char *model_key_of_environment(const struct settings *settings);

/* The key: of that variable, or else what autoresearch.apiKeyHelper prints; NULL where none is
 * configured. The caller owns it. */
int model_find_key(const struct settings *settings, char **ret, struct error *err);

/* Adds what `doctor` says of them. Nobody is asked, no value of a key is told. */
void model_examine(const struct settings *settings, const char *model, struct probes *ret);

/* Finds endpoint, model and key, once, before anything runs. Nothing is connected yet. */
int model_open(struct proposer *p, struct error *err);
void model_free(struct model *model);

/*
 * As propose(). A reply that cannot be used is sent back once; the second such is a proposal
 * that is refused. -1 with status 2 where the endpoint fails, and will go on to.
 */
int model_propose(struct proposer *p, struct lane *lane, int64_t number, struct proposal *ret,
		  enum proposed *ret_how, struct error *err);

/* Asks for the proposal of experiment `number` ahead: it goes on while trials run, and
 * model_propose() waits for it. 0; 1 where the budget of tokens has no room for it; -1. */
int model_ask_ahead(struct proposer *p, int64_t number, struct error *err);

/* Ends all that it was asked for. */
void model_forget(struct model *model);

#endif
