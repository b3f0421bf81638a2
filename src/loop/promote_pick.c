#include "loop/promote_pick.h"

#include <string.h>

#include "model/scope.h"

#define NEEDS_SHOWN_MAX 200 /* commits */

void picks_release(struct picks *picks)
{
	free(picks->items);
	free(picks->order);
	*picks = (struct picks){ 0 };
}

/* --- What each commit is */

static struct pick *find_item(const struct picks *p, const char *commit)
{
	for (size_t i = 0; i < p->stack->nr; i++)
		if (!strcmp(p->stack->items[i].commit, commit))
			return &p->items[i];
	return NULL;
}

/* A decision that leaves the branch alone is of no commit there. */
static int note_record(const struct entry *entry, void *data,
		       struct error *err __attribute__((unused)))
{
	const struct record *r = &entry->record;
	struct picks *p = data;
	struct pick *item = find_item(p, entry->commit);
	struct pick *first = find_item(p, entry_candidate(entry));
	bool accepted = r->type == RECORD_EXPERIMENT && r->verdict.kind == VERDICT_ACCEPTED;

	if (r->type != RECORD_EXPERIMENT && !(r->type == RECORD_DECISION && *r->base))
		return 0;
	if (item)
		item->experiment = r->experiment;
	if (first)
		first->experiment = r->experiment;
	if (item && accepted)
		item->standing = true;
	p->accepted |= accepted;
	return 0;
}

static bool is_editable(const struct stack_item *item, const struct campaign_config *config)
{
	for (size_t i = 0; i < item->paths.nr; i++)
		if (pathspec_match(&config->editable, item->paths.items[i]) &&
		    !pathspec_match(&config->hidden, item->paths.items[i]))
			return true;
	return false;
}

/* --- What is wanted */

/* Why the experiment `number` cannot be promoted. */
static int refuse(struct ledger *ledger, int64_t number, struct error *err)
{
	CLEANUP_ENTRY struct entry entry = { 0 };
	const struct verdict *verdict = &entry.record.verdict;
	int missing = number ? ledger_find(ledger, number, &entry, err) : 0;

	if (missing < 0)
		return -1;
	if (!number)
		return error_set(err, "0 is the baseline, and no experiment");
	if (missing) {
		error_set(err, "campaign '%s' has no experiment %lld", ledger->campaign,
			  (long long)number);
		return error_hint(err, "git autoresearch log");
	}
	if (verdict->kind == VERDICT_ACCEPTED)
		return error_set(err, "HEAD has the change of experiment %lld already",
				 (long long)number);
	error_set(err, "experiment %lld is %s%s%s%s, and only what is accepted is promoted",
		  (long long)number, verdict_name(verdict->kind), verdict->reason ? " (" : "",
		  verdict->reason ? verdict->reason : "", verdict->reason ? ")" : "");
	if (!verdict_may_be_accepted(verdict->kind) || !entry.record.has_metric)
		return -1;
	return error_hint(err, "git autoresearch accept %lld -m <why>", (long long)number);
}

static int want_named(struct picks *p, struct ledger *ledger, const struct promote_options *o,
		      struct error *err)
{
	for (size_t n = 0; n < o->nr; n++) {
		bool found = false;

		for (size_t i = 0; i < p->stack->nr; i++) {
			struct pick *item = &p->items[i];

			if (!item->standing || item->experiment != o->numbers[n])
				continue;
			found = item->wanted = true;
		}
		if (!found)
			return refuse(ledger, o->numbers[n], err);
	}
	return 0;
}

static int want_all(struct picks *p, struct ledger *ledger,
		    const struct campaign_config *config, struct error *err)
{
	CLEANUP_FREE char *name = shell_word(ledger->campaign);
	bool any = false;

	for (size_t i = 0; i < p->stack->nr; i++) {
		struct pick *item = &p->items[i];

		any |= item->standing;
		item->wanted = item->standing ||
			       (!item->experiment && is_editable(&p->stack->items[i], config));
	}
	if (any)
		return 0;
	if (p->accepted) {
		error_set(err, "HEAD has all that was accepted in campaign '%s' already",
			  ledger->campaign);
		return error_hint(err, "switch to the branch that it is for");
	}
	error_set(err, "nothing is accepted in campaign '%s'", ledger->campaign);
	return error_hint(err, "git autoresearch status --campaign=%s", name);
}

/* The hint names all that is lacked beside what is wanted already. */
static int refuse_unnamed(const struct picks *p, struct stack *stack, const struct pick *item,
			  const struct pick *needed, struct error *err)
{
	CLEANUP_STRBUF struct strbuf all = STRBUF_INIT;

	for (size_t j = 0; j < stack->nr; j++) {
		bool lacks = p->items[j].wanted;

		for (size_t k = j + 1; k < stack->nr && !lacks; k++) {
			const bool *needs = p->items[k].wanted ? stack_needs(stack, k, err)
							       : NULL;

			lacks = needs && needs[j];
		}
		if (lacks && p->items[j].standing)
			strbuf_addf(&all, " %lld", (long long)p->items[j].experiment);
	}
	error_set(err, "experiment %lld builds on experiment %lld, which is not named",
		  (long long)item->experiment, (long long)needed->experiment);
	return error_hint(err, "git autoresearch promote%s", all.buf);
}

/* Of what it stands on, experiments have to be wanted already, and people's commits are from now
 * on. What was taken back again is in nobody's way, or the result will tell. */
static int want_needs(struct picks *p, struct stack *stack, size_t i, struct error *err)
{
	struct pick *item = &p->items[i];

	item->needs = stack_needs(stack, i, err);
	if (!item->needs)
		return -1;
	for (size_t j = 0; j < i; j++) {
		struct pick *needed = &p->items[j];

		if (!item->needs[j] || needed->wanted)
			continue;
		if (needed->standing && item->experiment)
			return refuse_unnamed(p, stack, item, needed, err);
		needed->wanted = !needed->experiment && item->experiment;
	}
	return 0;
}

int64_t picks_needs(const struct picks *picks, size_t i)
{
	const struct pick *item = &picks->items[i];

	for (size_t j = i; item->needs && j; j--)
		if (item->needs[j - 1] && picks->items[j - 1].standing)
			return picks->items[j - 1].experiment;
	return 0;
}

/* --- In which order */

static bool is_placed(const struct picks *p, size_t i)
{
	for (size_t k = 0; k < p->nr; k++)
		if (p->order[k] == i)
			return true;
	return false;
}

/* Whether all that it stands on is there. */
static bool is_ready(const struct picks *p, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (p->items[i].needs[j] && p->items[j].wanted && !is_placed(p, j))
			return false;
	return true;
}

/* Right behind it comes what waited for nothing else. */
static void place(struct picks *p, size_t i)
{
	p->order[p->nr++] = i;
	for (size_t k = i + 1; k < p->stack->nr; k++)
		if (p->items[k].wanted && p->items[k].needs[i] && !is_placed(p, k) &&
		    is_ready(p, k))
			place(p, k);
}

static void put_in_order(struct picks *p, enum promotion_form form)
{
	p->order = xcalloc(p->stack->nr + 1, sizeof(*p->order));
	for (size_t i = 0; i < p->stack->nr; i++) {
		if (!p->items[i].wanted)
			continue;
		if (form != PROMOTION_SPLIT)
			p->order[p->nr++] = i;
		else if (!is_placed(p, i) && is_ready(p, i))
			place(p, i);
	}
}

/* Of very many that are all wanted nobody has to know, and to tell costs by their square. */
static bool asks_for_needs(const struct picks *p, size_t i, enum promotion_form form)
{
	if (form == PROMOTION_SPLIT || p->stack->nr <= NEEDS_SHOWN_MAX)
		return true;
	while (i && p->items[i - 1].wanted)
		i--;
	return i > 0;
}

int picks_choose(struct picks *ret, struct ledger *ledger, struct stack *stack,
		 const struct campaign_config *config, const struct promote_options *options,
		 struct error *err)
{
	CLEANUP(picks_release) struct picks p = { .stack = stack };

	p.items = xcalloc(stack->nr + 1, sizeof(*p.items));
	if (ledger_walk(ledger, note_record, &p, err) < 0)
		return -1;
	if (options->nr ? want_named(&p, ledger, options, err)
			: want_all(&p, ledger, config, err))
		return -1;
	/* From the last, since what is needed has needs, too. */
	for (size_t i = stack->nr; i; i--)
		if (p.items[i - 1].wanted && asks_for_needs(&p, i - 1, options->form) &&
		    want_needs(&p, stack, i - 1, err))
			return -1;
	put_in_order(&p, options->form);
	*ret = p;
	p = (struct picks){ 0 };
	return 0;
}
