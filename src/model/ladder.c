#include "model/ladder.h"

#include <string.h>

/* Half as hot again at the upper end: above that models lose the thread. */
#define WIDEN 1.5

const char *ladder_rung_name(enum ladder_rung rung)
{
	static const char *const names[LADDER_NR] = { "greedy", "wider", "restart",
						      "exhausted" };

	return names[rung];
}

int64_t ladder_stage(int64_t stalled, int64_t patience, int64_t candidates)
{
	int64_t stage;

	if (!patience)
		return 0;
	if (patience < 2 * candidates)
		patience = 2 * candidates;
	stage = stalled / patience;
	if (stage > LADDER_ROUNDS * (LADDER_STAGES - 1))
		return LADDER_STAGES;
	/* From the second stage to the last, and from the second again. */
	return stage ? 1 + (stage - 1) % (LADDER_STAGES - 1) : 0;
}

struct ladder_stage ladder_at(int64_t stage, int64_t earlier)
{
	struct ladder_stage ret = { LADDER_GREEDY, 1, 0 };

	if (stage <= 0)
		return ret;
	ret.rung = stage < LADDER_STAGES ? LADDER_WIDER : LADDER_EXHAUSTED;
	ret.widen = WIDEN;
	if (stage < 2 || stage >= LADDER_STAGES || earlier < 1)
		return ret;
	/* The nearest first, which keeps most of what was found; then twice as far. */
	ret.rung = LADDER_RESTART;
	ret.back = (int64_t)1 << (stage - 2);
	if (ret.back > earlier)
		ret.back = earlier;
	return ret;
}

bool ladder_is_same(const struct ladder_stage *a, const struct ladder_stage *b)
{
	return a->rung == b->rung && a->back == b->back;
}

double ladder_temperature(const struct ladder_stage *stage, double high, double max)
{
	double wide = high * stage->widen;

	return wide < max ? wide : max;
}

void searched_add(struct json *record, const struct searched *searched)
{
	struct json *o;

	if (!searched->known) {
		json_add_null(record, "search");
		return;
	}
	o = json_add_object(record, "search");
	json_add_string(o, "rung", ladder_rung_name(searched->rung));
	json_add_double(o, "temperatureScale", searched->widen);
	json_add_string(o, "from", *searched->from ? searched->from : NULL);
	json_add_string(o, "proposer", *searched->proposer ? searched->proposer : NULL);
}

static int rung_parse(const char *name, enum ladder_rung *ret)
{
	for (enum ladder_rung rung = 0; rung < LADDER_NR; rung++)
		if (!strcmp(name, ladder_rung_name(rung))) {
			*ret = rung;
			return 0;
		}
	return -1;
}

int searched_read(const struct json *record, struct searched *ret, struct error *err)
{
	const struct json *o = json_get(record, "search");
	const char *rung, *from = "", *proposer = "";

	*ret = (struct searched){ 0 };
	if (json_is_null(o))
		return 0;
	if (!json_is_object(o) || json_get_string(o, "rung", &rung, err) ||
	    json_get_double(o, "temperatureScale", &ret->widen, err) ||
	    json_get_string_or_null(o, "from", &from, err) ||
	    json_get_string_or_null(o, "proposer", &proposer, err))
		return error_set(err, "'search' is malformed");
	if (rung_parse(rung, &ret->rung) || ret->widen <= 0 ||
	    (*from && (strlen(from) != OID_HEX_LEN ||
		       strspn(from, "0123456789abcdef") != OID_HEX_LEN)) ||
	    strlen(proposer) > PROPOSER_NAME_MAX)
		return error_set(err, "'search' is malformed");
	strcpy(ret->from, from);
	strcpy(ret->proposer, proposer);
	ret->known = true;
	return 0;
}
