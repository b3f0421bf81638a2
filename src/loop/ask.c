#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/number.h"
#include "git/tree.h"
#include "loop/ask.h"
#include "loop/briefing.h"
#include "loop/journal.h"
#include "loop/model.h"
#include "model/scope.h"
#include "propose/edits.h"
#include "propose/repair.h"

/* As much of an editable file as a briefing reads. */
#define FILE_MAX (16 << 20)

/* An answer that has less room than this, in tokens, is not asked for. */
#define ANSWER_MIN 256

/* Over so many the temperature rises where a round is one proposal. */
#define ROUND_OF_SINGLES 4

#define MODE_FILE 0100644u

struct asking {
	struct search *s;
	struct proposer *p;
	struct lane *lane; /* in which it is waited for; NULL: nobody waits yet */
	int64_t number;
	struct footing footing; /* that it is asked on */
	int64_t reserved;	/* tokens that others may take */
	struct prompt prompt;
	struct chat_message messages[3];
	struct chat_request request;
	struct strbuf first, repair, last; /* replies, and what was said between them */
	struct asked *asked;		   /* what all turns came to */
	struct complaint why;		   /* `last` cannot be used */
	struct proposal proposal; /* that `last` makes, refused where it cannot be used */
	int64_t key;		  /* under which that is kept; 0: it is not */
	int read;		  /* of `last`: 0, 1 where it cannot be used, -1: `error` */
	bool unwanted;		  /* it was, and came to nothing */
	char *subject;		  /* of `last`, where that has one */

	struct strbuf *files; /* contents that edits_apply() looks at */
	size_t files_nr;
	bool unreadable; /* one of them could not be had, as `error` says */

	/* Of the turn that goes on. */
	struct chat_exchange *exchange; /* NULL: none */
	bool over, answered, cut;
	enum chat_status status;
	struct error error;
};

/* No proposal told of it. One that came and nobody took waits; what no record will count was paid
 * for as well. */
static void let_go(struct asking *a)
{
	if (a->key && !a->unwanted) {
		journal_give_back(a->s, a->key);
		return;
	}
	journal_drop(a->s, a->key);
	journal_spend(a->s, asked_tokens(a->asked));
}

void asking_free(struct asking *a)
{
	if (!a)
		return;
	chat_cancel(a->exchange);
	if (a->asked)
		let_go(a);
	prompt_release(&a->prompt);
	strbuf_release(&a->first);
	strbuf_release(&a->repair);
	strbuf_release(&a->last);
	asked_free(a->asked);
	complaint_release(&a->why);
	proposal_release(&a->proposal);
	free(a->subject);
	for (size_t i = 0; i < a->files_nr; i++)
		strbuf_release(&a->files[i]);
	free(a->files);
	free(a);
}

/* --- The request */

/* From the first of a round, which is to be conservative, to its last. Where one is all of a
 * round and the search has stalled, several make one in this. */
static double temperature_of(const struct asking *a)
{
	const struct search *s = a->s;
	double low = s->settings.temperature_low;
	double high = ladder_temperature(&a->footing.stage, s->settings.temperature_high,
					 TEMPERATURE_MAX);
	int64_t nr = s->config.candidates;
	double share;

	if (nr < 2 && a->footing.stage.rung != LADDER_GREEDY)
		nr = ROUND_OF_SINGLES;
	share = nr < 2 ? 0 : (double)((a->number - 1) % nr) / (double)(nr - 1);

	return round((low + (high - low) * share) * 100) / 100;
}

/* So that who asks again is told the same, as far as the server keeps to it. */
static int64_t seed_of(const struct search *s, int64_t number)
{
	CLEANUP_FREE char *text =
		xstrfmt("%llu %lld", (unsigned long long)s->totals.seed, (long long)number);
	char hex[DIGEST_HEX_LEN + 1];

	digest_of(text, strlen(text), hex);
	hex[7] = '\0'; /* 28 bits, which every server takes */
	return strtol(hex, NULL, 16);
}

static size_t request_size(const struct chat_request *request)
{
	size_t size = strlen(request->system);

	for (size_t i = 0; i < request->messages_nr; i++)
		size += strlen(request->messages[i].content);
	return size;
}

/* Whether the next turn stays within the budget, whatever it comes to. */
static bool can_pay(const struct asking *a)
{
	int64_t budget = a->s->config.budget.tokens;
	int64_t spent = a->s->totals.tokens + asked_tokens(a->asked) + a->reserved;

	return !budget || spent + asking_reserve(a) <= budget;
}

int64_t asking_reserve(const struct asking *a)
{
	return prompt_tokens(request_size(&a->request)) + a->request.max_tokens;
}

static int prepare(struct asking *a, struct error *err)
{
	struct search *s = a->s;
	struct briefing briefing;
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	briefing_of(s, a->number, &a->footing, &briefing);
	briefing.key = a->p->model->key;
	if (briefing_for_model(&briefing, &a->prompt, err))
		return -1;
	a->messages[0] = (struct chat_message){ "user", a->prompt.user.buf };
	a->request = (struct chat_request){
		.model = a->p->model_name,
		.system = a->prompt.system.buf,
		.messages = a->messages,
		.messages_nr = 1,
		.temperature = temperature_of(a),
		.max_tokens = prompt_answer_reserve(s->settings.context_window),
		.seed = seed_of(s, a->number),
	};
	a->asked = xcalloc(1, sizeof(*a->asked));
	*a->asked = (struct asked){ .endpoint = xstrdup(a->p->model->endpoint),
				    .model = xstrdup(a->p->model_name),
				    .served = xstrdup(""),
				    .temperature = -1,
				    .max_tokens = -1,
				    .seed = -1 };
	prompt_write(&a->prompt, &text);
	digest_of(text.buf, text.len, a->asked->digest);
	return 0;
}

/* --- What it came to */

/* Whatever became of the answer: what was read and said has to be paid for. */
static void note_cost(struct asked *asked, const struct chat_result *result)
{
	asked->seconds += result->seconds;
	asked->prompt += result->usage.prompt;
	asked->completion += result->usage.completion;
	asked->cached += result->usage.cached;
	asked->estimated |= result->usage.estimated;
}

static void note_answer(struct asked *asked, const struct chat_request *request,
			const struct chat_result *result)
{
	unsigned sent = result->sent;

	asked->turns++;
	if (*result->model) {
		free(asked->served);
		asked->served = xstrdup(result->model);
	}
	asked->temperature = sent & CHAT_TEMPERATURE ? request->temperature : -1;
	asked->seed = sent & CHAT_SEED ? request->seed : -1;
	asked->max_tokens = sent & (CHAT_MAX_TOKENS | CHAT_MAX_COMPLETION_TOKENS)
				    ? request->max_tokens
				    : -1;
}

/* --- From a reply to edits */

static bool find_file(const char *path, struct edits_file *ret, void *data)
{
	struct strbuf content = STRBUF_INIT;
	struct asking *a = data;
	struct repo *repo = a->s->repo;
	int missing =
		repo_read_file(repo, a->footing.base, path, FILE_MAX, &content, &a->error);

	if (!missing)
		missing = repo_file_mode(repo, a->footing.base, path, &ret->mode, &a->error);
	if (missing) {
		a->unreadable |= missing < 0;
		strbuf_release(&content);
		return false;
	}
	a->files = xrealloc(a->files, (a->files_nr + 1) * sizeof(*a->files));
	a->files[a->files_nr++] = content;
	ret->content = content.buf;
	ret->len = content.len;
	return true;
}

static bool is_editable(const char *path, void *data)
{
	const struct campaign_config *config = &((struct asking *)data)->s->config;
	struct change change = { path, MODE_FILE, MODE_FILE };

	return scope_allows(&config->editable, &config->hidden, &change);
}

static void describe(const struct asking *a, const char *subject, const char *rationale,
		     struct proposal *ret)
{
	CLEANUP_FREE char *name = xstrfmt("endpoint/%s", a->p->model_name);

	proposal_describe(ret, subject, rationale, name);
}

/* Makes a proposal of the last reply. 0; 1 where that cannot be, and `why` says so; -1. */
static int read_reply(struct asking *a, struct proposal *ret, struct error *err)
{
	const struct edits_base base = { find_file, is_editable, a };
	CLEANUP_REPLY struct reply reply = REPLY_INIT;
	int refused;

	free(steal_ptr(a->subject));
	if (reply_parse(a->last.buf, a->last.len, a->cut, &reply, &a->why))
		return 1;
	a->subject = xstrdup(reply.subject);
	refused = edits_apply(&reply, &base, ret, &a->why);
	if (a->unreadable) {
		*err = a->error;
		return -1;
	}
	if (refused)
		return 1;
	describe(a, reply.subject, reply.rationale, ret);
	return 0;
}

/* What is recorded of a reply that cannot be used. */
static void refuse(struct asking *a, struct proposal *ret)
{
	CLEANUP_FREE char *why = xstrfmt("The reply cannot be used: %s.", a->why.sentence.buf);

	describe(a, a->subject ? a->subject : "a reply that cannot be used", why, ret);
	ret->refused = xstrdup(a->why.reason);
}

/* --- Evidence */

static void add_masked(const struct secrets *secrets, const struct strbuf *text,
		       struct strbuf *out)
{
	secrets_mask(secrets, SECRET_CODE, text->buf, text->len, out);
}

/* What was sent and said, for the record. */
static void keep_evidence(struct asking *a, struct proposal *ret)
{
	struct strbuf prompt = STRBUF_INIT, reply = STRBUF_INIT;
	CLEANUP_SECRETS struct secrets secrets;
	bool twice = a->asked->turns > 1;

	secrets_of_environment(&secrets, (const char *const *)environ);
	if (a->p->model->key)
		secrets_add(&secrets, a->p->model->key);
	prompt_write(&a->prompt, &prompt);
	if (twice) {
		strbuf_addstr(&reply, "=== assistant\n");
		add_masked(&secrets, &a->first, &reply);
		strbuf_addstr(&reply, "\n=== user\n");
		add_masked(&secrets, &a->repair, &reply);
		strbuf_addstr(&reply, "=== assistant\n");
	}
	add_masked(&secrets, &a->last, &reply);
	ret->prompt = strbuf_detach(&prompt, NULL);
	ret->reply = strbuf_detach(&reply, NULL);
}

/*
 * A reply was paid for: from here on no crash loses it, also while the trials of others go on.
 * One that cannot be used is kept as that, until there is a better one.
 */
static void keep_reply(struct asking *a)
{
	proposal_release(&a->proposal);
	a->read = read_reply(a, &a->proposal, &a->error);
	if (a->read < 0)
		return;
	if (a->read)
		refuse(a, &a->proposal);
	keep_evidence(a, &a->proposal);
	a->proposal.asked = a->asked;
	a->proposal.key = a->key;
	journal_put(a->p, a->number, &a->footing, &a->proposal);
	a->key = a->proposal.key;
	a->proposal.asked = NULL;
}

/* --- A turn */

static void on_result(const struct chat_result *result, void *data)
{
	CLEANUP_STRBUF struct strbuf time = STRBUF_INIT;
	struct asking *a = data;

	a->exchange = NULL;
	a->status = result->status;
	a->answered = a->over = true;
	note_cost(a->asked, result);
	if (result->status == CHAT_DONE) {
		note_answer(a->asked, &a->request, result);
		strbuf_reset(&a->last);
		/* What is longer is refused, and not kept whole. */
		strbuf_add(&a->last, result->text, strnlen(result->text, REPLY_MAX + 1));
		a->cut = result->finish == CHAT_FINISH_LENGTH;
		keep_reply(a);
		return;
	}
	strbuf_add_duration(&time, a->s->settings.endpoint_timeout);
	error_set(&a->error, "%s%s%s", result->error,
		  result->status == CHAT_OUTAGE ? "; waited for " : "",
		  result->status == CHAT_OUTAGE ? time.buf : "");
	if (result->hint)
		error_hint(&a->error, "%s", result->hint);
	error_status(&a->error, EXIT_FAILING);
}

static int turn_begin(struct asking *a, struct error *err)
{
	a->over = a->answered = false;
	return chat_ask(a->p->model->chat, &a->request, on_result, a, &a->exchange, err);
}

/* 0 with the reply in `last`; 1 where a person ended it; -1. */
static int turn_end(struct asking *a, struct error *err)
{
	if (lane_wait(a->lane, &a->over, err))
		return -1;
	if (!a->answered)
		return 1;
	if (a->status == CHAT_DONE)
		return 0;
	*err = a->error;
	return -1;
}

/* Makes the request the one that asks to mend the last reply. False where there is no room for
 * another answer, or no budget. */
static bool ask_again(struct asking *a)
{
	int64_t window = a->s->settings.context_window;
	int64_t room;

	strbuf_add(&a->first, a->last.buf, a->last.len);
	repair_build(&a->why, &a->repair);
	/* Servers refuse a message that is empty. */
	a->messages[1] =
		(struct chat_message){ "assistant", a->first.len ? a->first.buf : "(nothing)" };
	a->messages[2] = (struct chat_message){ "user", a->repair.buf };
	a->request.messages_nr = 3;
	room = (window ? window : PROMPT_WINDOW_DEFAULT) -
	       prompt_tokens(request_size(&a->request));
	if (room < a->request.max_tokens)
		a->request.max_tokens = room;
	return a->request.max_tokens >= ANSWER_MIN && can_pay(a);
}

/* True where the server takes no second turn, or none as long: that is no outage. */
static bool cannot_be_mended(const struct asking *a)
{
	return a->answered && (a->status == CHAT_CONTEXT || a->status == CHAT_REFUSED);
}

/* The second turn, where there is one to be had. 0; 1 where a person ended it; -1. */
static int mend(struct asking *a, struct error *err)
{
	struct error failure = ERROR_INIT;
	int r;

	if (!ask_again(a))
		return 0;
	r = turn_begin(a, &failure) ? -1 : turn_end(a, &failure);
	if (r >= 0 || cannot_be_mended(a))
		return r > 0;
	*err = failure;
	return -1;
}

static int finish(struct asking *a, struct proposal *ret, struct error *err)
{
	int r = turn_end(a, err);

	if (!r && a->read == 1)
		r = mend(a, err);
	if (r)
		return r;
	if (a->read < 0) {
		*err = a->error;
		return -1;
	}
	*ret = a->proposal;
	a->proposal = (struct proposal)PROPOSAL_INIT;
	ret->asked = steal_ptr(a->asked);
	return 0;
}

int asking_finish(struct asking *a, struct lane *lane, int64_t others, struct proposal *ret,
		  struct error *err)
{
	int r;

	a->lane = lane;
	a->reserved = others;
	r = finish(a, ret, err);
	a->unwanted = r != 0;
	return r ? r : footing_tell(a->s, &a->footing, ret, err);
}

int64_t asking_number(const struct asking *a)
{
	return a->number;
}

int asking_begin(struct proposer *p, int64_t number, const struct footing *footing,
		 int64_t others, struct asking **ret, struct error *err)
{
	struct asking *a = xcalloc(1, sizeof(*a));
	int failed;

	*a = (struct asking){ .s = p->s,
			      .p = p,
			      .number = number,
			      .footing = *footing,
			      .reserved = others,
			      .prompt = PROMPT_INIT,
			      .first = STRBUF_INIT,
			      .repair = STRBUF_INIT,
			      .last = STRBUF_INIT,
			      .why = COMPLAINT_INIT };
	failed = journal_ready(p->s, err) ? -1 : prepare(a, err);
	if (!failed && !can_pay(a))
		failed = 1;
	if (!failed)
		failed = turn_begin(a, err);
	if (failed)
		asking_free(a);
	else
		*ret = a;
	return failed;
}
