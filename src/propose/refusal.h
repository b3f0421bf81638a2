#ifndef PROPOSE_REFUSAL_H
#define PROPOSE_REFUSAL_H

/*
 * What a model's server says instead of an answer. Servers agree on no shape: this knows
 * {"error": {"message": …}} of OpenAI and most others, {"error": "…"} of Ollama and TGI,
 * {"detail": …} of FastAPI, {"message": …} of vLLM and gateways, the list around one of them,
 * plain text, and a proxy's page of HTML.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/json.h"

struct refusal {
	int status;	   /* the HTTP status that the text itself names; 0 for none */
	char message[768]; /* one line of visible characters, cut; "" where nothing is said */
	char kind[128];	   /* its type and code, as far as they are words */
	char param[64];	   /* the parameter that it is about, where it says so */
};

/* True where the object says that something is wrong; then `ret` says what. */
bool refusal_of_json(const struct json *json, struct refusal *ret);

/* The same for the body of an answer whose status says it. */
void refusal_of_body(const char *body, size_t len, struct refusal *ret);

/* True where the message or kind holds `word`, letters of either case. */
bool refusal_says(const struct refusal *refusal, const char *word);

/* True where it is about the parameter of that name, which may also stand in its message. */
bool refusal_names(const struct refusal *refusal, const char *parameter);

#endif
