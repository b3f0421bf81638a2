#include "propose/retry.h"

#include <math.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/number.h"

#define HINT_CONTEXT                                                                          \
	"set autoresearch.contextWindow to the tokens that the server takes, or let it take " \
	"more (llama.cpp: -c, its n_ctx; Ollama: num_ctx; vLLM: --max-model-len)"
#define HINT_AUTH                                                                           \
	"the key is read from the environment variable that autoresearch.apiKeyEnv names, " \
	"or else from what autoresearch.apiKeyHelper prints"
#define HINT_URL "autoresearch.endpoint is the base URL, which most servers end in /v1"

static const struct {
	enum chat_parameter parameter;
	const char *name;
} parameters[] = {
	{ CHAT_STREAM_OPTIONS, "stream_options" },
	{ CHAT_SEED, "seed" },
	{ CHAT_TEMPERATURE, "temperature" },
	{ CHAT_MAX_TOKENS, "max_tokens" },
	{ CHAT_MAX_COMPLETION_TOKENS, "max_completion_tokens" },
};

const char *chat_parameter_name(enum chat_parameter parameter)
{
	for (size_t i = 0; i < ARRAY_SIZE(parameters); i++)
		if (parameters[i].parameter == parameter)
			return parameters[i].name;
	return "";
}

double retry_after_seconds(const char *header, time_t now)
{
	/* What is sent, and the two that may still be met. */
	static const char *const formats[] = { "%a, %d %b %Y %H:%M:%S GMT",
					       "%A, %d-%b-%y %H:%M:%S GMT",
					       "%a %b %e %H:%M:%S %Y" };
	double seconds;

	if (!number_parse_double(header, &seconds))
		return seconds;
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		struct tm tm = { 0 };
		const char *end = strptime(header, formats[i], &tm);

		if (end && !*end)
			return fmax(difftime(timegm(&tm), now), 0);
	}
	return -1;
}

static bool says_any(const struct refusal *refusal, const char *const *words, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (refusal_says(refusal, words[i]))
			return true;
	return false;
}

static bool is_about_context(const struct refusal *refusal)
{
	static const char *const words[] = {
		"context length",
		"context_length",
		"context window",
		"context size",
		"context_size",
		"maximum context",
		"model_max_length",
		"prompt is too long",
		"prompt too long",
		"input is too long",
		"input too long",
		"reduce the length",
		"too many input tokens",
		"max_model_len",
		"num_ctx",
		"n_ctx",
	};

	return says_any(refusal, words, ARRAY_SIZE(words));
}

/* A server that knows the parameter and does not like how large it is. */
static bool is_about_size(const struct refusal *refusal)
{
	static const char *const words[] = { "too large", "too high", "at most", "less than",
					     "exceed",	  "maximum",  "greater" };

	return says_any(refusal, words, ARRAY_SIZE(words));
}

/* The parameter that has to go; 0 for none. Each goes once, since it must have been sent. */
static enum chat_parameter refused_parameter(const struct retry_attempt *a)
{
	for (size_t i = 0; i < ARRAY_SIZE(parameters); i++) {
		enum chat_parameter p = parameters[i].parameter;
		bool bounds = p == CHAT_MAX_TOKENS || p == CHAT_MAX_COMPLETION_TOKENS;

		if ((a->sent & p) && refusal_names(a->refusal, parameters[i].name) &&
		    !(bounds && is_about_size(a->refusal)))
			return p;
	}
	return 0;
}

/* Of an error that came with a status of success: its own, or what its words are worth. */
static int status_of_words(const struct retry_attempt *a)
{
	static const char *const busy[] = { "rate_limit", "rate limit", "overloaded",
					    "too many requests" };
	static const char *const keyless[] = { "api key", "api_key", "unauthorized",
					       "authentication" };
	static const char *const ours[] = { "invalid_request", "badrequest", "not_found" };

	if (a->refusal->status)
		return a->refusal->status;
	if (says_any(a->refusal, busy, ARRAY_SIZE(busy)))
		return 429;
	if (says_any(a->refusal, keyless, ARRAY_SIZE(keyless)))
		return 401;
	if (says_any(a->refusal, ours, ARRAY_SIZE(ours)))
		return 400;
	/* Half-way through an answer it is the server that failed. */
	return a->streamed || refusal_says(a->refusal, "server_error") ? 500 : 400;
}

static struct retry give_up(enum retry_verdict verdict, const char *hint)
{
	return (struct retry){ .verdict = verdict, .hint = hint };
}

static struct retry later(const struct retry_policy *policy, const struct retry_attempt *a,
			  int failures, double down, double random, time_t now)
{
	double left = policy->deadline - down;
	double told = a->retry_after ? retry_after_seconds(a->retry_after, now) : -1;
	double wait = fmin(policy->first * exp2(fmin(failures, 30)), policy->longest);

	if (left <= 0)
		return give_up(RETRY_OUTAGE, "see that the server runs and answers");
	wait *= 0.5 + random / 2;
	/* Never earlier than told, nor all at the same moment. */
	if (told >= 0)
		wait = fmax(wait, fmin(told, policy->longest_told) + random * policy->first);
	return (struct retry){ .verdict = RETRY_LATER, .seconds = fmin(wait, left) };
}

static struct retry judge_missing(const struct retry_attempt *a)
{
	if (refusal_says(a->refusal, "model"))
		return give_up(RETRY_REFUSED,
			       "autoresearch.model has to be one that the server "
			       "lists under /models of autoresearch.endpoint");
	return give_up(RETRY_REFUSED, HINT_URL);
}

static bool is_busy(int status)
{
	return status == 408 || status == 425 || status == 429 ||
	       (status >= 500 && status != 501 && status != 505);
}

/* An answer whose status, or whose words, say that it is none. */
static struct retry judge_status(const struct retry_attempt *a, int status)
{
	enum chat_parameter parameter = 0;

	if (status == 401 || status == 403)
		return give_up(RETRY_AUTH, HINT_AUTH);
	if (status == 407)
		return give_up(RETRY_AUTH, "http.proxy may hold a user and a password");
	if (status == 413 || is_about_context(a->refusal))
		return give_up(RETRY_CONTEXT, HINT_CONTEXT);
	if (status == 402 || refusal_says(a->refusal, "insufficient_quota"))
		return give_up(RETRY_REFUSED, "the account's quota is used up");
	if (is_busy(status))
		return (struct retry){ .verdict = RETRY_LATER };
	if (status == 400 || status == 422)
		parameter = refused_parameter(a);
	if (parameter)
		return (struct retry){ .verdict = RETRY_WITHOUT, .parameter = parameter };
	if (status >= 300 && status < 400)
		return give_up(RETRY_REFUSED,
			       "redirects are not followed, since they could lead "
			       "anywhere: set autoresearch.endpoint to the "
			       "address that serves");
	if (status == 404 || refusal_says(a->refusal, "unexpected endpoint"))
		return judge_missing(a);
	return give_up(RETRY_REFUSED, NULL);
}

static struct retry judge_end(enum http_end end)
{
	switch (end) {
	case HTTP_TOO_LARGE:
		return give_up(RETRY_REFUSED, "no answer is that large: " HINT_URL);
	case HTTP_UNTRUSTED:
		return give_up(RETRY_REFUSED, "http.sslCAInfo names the file of certificates "
					      "that the server's is held against");
	case HTTP_UNUSABLE:
		return give_up(RETRY_REFUSED,
			       "see http.sslCAInfo, http.sslCert, http.sslKey and http.proxy");
	default:
		return (struct retry){ .verdict = RETRY_LATER };
	}
}

static struct retry judge_flaw(enum chat_flaw flaw)
{
	if (flaw == CHAT_TRUNCATED)
		return give_up(RETRY_CONTEXT, HINT_CONTEXT);
	if (flaw == CHAT_MALFORMED)
		return give_up(RETRY_REFUSED,
			       "the server has to speak OpenAI's /chat/completions; " HINT_URL);
	return (struct retry){ .verdict = RETRY_TAKE };
}

static struct retry judge(const struct retry_attempt *a)
{
	static const struct refusal silent;
	struct retry_attempt told = *a;

	if (!a->refusal)
		told.refusal = &silent;
	if (a->status >= 300)
		return judge_status(&told, a->status);
	if (a->refusal)
		return judge_status(&told, status_of_words(a));
	return a->flaw == CHAT_CUT ? judge_end(a->end) : judge_flaw(a->flaw);
}

struct retry retry_decide(const struct retry_policy *policy,
			  const struct retry_attempt *attempt, int failures, double down,
			  double random, time_t now)
{
	struct retry retry = judge(attempt);

	if (retry.verdict == RETRY_LATER)
		return later(policy, attempt, failures, down, random, now);
	return retry;
}
