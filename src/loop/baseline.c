#include "loop/baseline.h"

#include <math.h>
#include <string.h>

#include "base/number.h"
#include "loop/compare.h"
#include "model/judge.h"

enum again baseline_again(const struct search *s)
{
	const struct totals *t = &s->totals;

	if (!*s->ledger.tip || strcmp(t->incumbent, search_incumbent(s)))
		return AGAIN_NOT;
	return baseline_due(&t->measured, t->experiments, t->time, s->machine);
}

static bool has_shares(const struct campaign_config *config)
{
	for (size_t i = 0; i < config->constraints_nr; i++)
		if (constraint_is_relative(&config->constraints[i]))
			return true;
	return false;
}

/* The newest record that has it, which is the newest one that was measured. */
static int take_reference(const struct entry *entry, void *data, struct error *err)
{
	struct search *s = data;

	(void)err;
	if (!entry->record.reference.nr)
		return 0;
	metrics_merge(&s->reference, &entry->record.reference);
	return 1;
}

int baseline_read_reference(struct search *s, struct error *err)
{
	if (!has_shares(&s->config))
		return 0;
	if (ledger_walk(&s->ledger, take_reference, s, err) < 0)
		return -1;
	campaign_config_refer(&s->config, &s->reference);
	return 0;
}

/* What this baseline measured of the metrics that are bound by shares. A share needs something
 * to be of. */
static int set_reference(struct search *s, const struct record *r, struct error *err)
{
	CLEANUP_METRICS struct metrics metrics = { 0 };

	record_metrics(r, &metrics);
	metrics_release(&s->reference);
	for (size_t i = 0; i < s->config.constraints_nr; i++) {
		const char *name = s->config.constraints[i].metric;
		const struct metric_value *m = metrics_find(&metrics, name);

		if (!constraint_is_relative(&s->config.constraints[i]))
			continue;
		if (!m || !m->finite || m->value < 0) {
			error_set(err, "the baseline %s '%s', of which a constraint is a share",
				  !m	       ? "does not report"
				  : !m->finite ? "has no finite"
					       : "has a negative",
				  name);
			error_hint(err, "metric.%s.min and .max may be plain numbers", name);
			return error_status(err, EXIT_FAILING);
		}
		metrics_set(&s->reference, name, m->value, true);
	}
	campaign_config_refer(&s->config, &s->reference);
	return 0;
}

/* The samples that the incumbent's value was from, until now. */
struct old_samples {
	const char *commit;
	double values[DRIFT_SAMPLES_MAX];
	size_t nr;
};

static int find_old(const struct entry *entry, void *data, struct error *err)
{
	struct old_samples *old = data;
	const struct record *r = &entry->record;

	(void)err;
	if (strcmp(entry->commit, old->commit) ||
	    (r->type != RECORD_BASELINE && r->verdict.kind != VERDICT_ACCEPTED))
		return 0;
	old->nr = record_samples(r, old->values, DRIFT_SAMPLES_MAX);
	return old->nr > 0;
}

static void warn_of_drift(const struct search *s, const struct record *r)
{
	CLEANUP_STRBUF struct strbuf is = STRBUF_INIT, was = STRBUF_INIT;

	if (!r->again.drift.drifted)
		return;
	strbuf_add_number(&is, r->metric);
	strbuf_add_number(&was, r->again.before);
	warning("the incumbent's %s is %s now and was %s: %s; it is %s from here on",
		s->config.metric, is.buf, was.buf,
		r->again.why == AGAIN_MACHINE
			? "this is another machine, was started anew, or runs another "
			  "number of trials at a time"
			: "the machine has drifted",
		is.buf);
}

static int compare_with_old(struct search *s, const char *commit, struct record *r,
			    struct error *err)
{
	struct old_samples old = { .commit = commit };

	r->again.before = s->totals.incumbent_metric;
	if (ledger_walk(&s->ledger, find_old, &old, err) < 0)
		return -1;
	/* A record from which nothing was read has its value still. */
	if (!old.nr)
		old.values[old.nr++] = r->again.before;
	baseline_compare(&s->config, old.values, old.nr, r);
	warn_of_drift(s, r);
	return 0;
}

/* Why nothing is searched: the one that failed says. */
int baseline_refuse(struct search *s, const struct trial_result *trial, const struct logs *logs,
		    bool again, const char *reason, struct error *err)
{
	search_tell_tail(s, trial->ran[PHASE_EVALUATE] ? &logs->evaluate : &logs->run);
	error_set(err, "the baseline could not be measured%s: %s",
		  again ? " a second time" : "", reason);
	error_hint(err, "try the commands one by one: git autoresearch sandbox -- sh -c '…'");
	return error_status(err, EXIT_FAILING);
}

/* What passed once is tried more than once; what never did is not. 0; 1 cancelled; -1. */
static int measure_sample(struct lane *lane, const char *commit, int number, struct record *r,
			  struct logs *logs, struct error *err)
{
	CLEANUP_VERDICT struct verdict verdict = { 0 };
	struct search *s = lane->search;
	double ignored;
	int ret;

	if (r->again.why != AGAIN_NOT)
		return compare_incumbent(lane, commit, false, number, "again", r, logs, err);
	ret = compare_trial(lane, commit, false, number, r, logs, err);
	if (ret || !trial_judge(&s->config, &r->trials[number - 1], &ignored, &verdict))
		return ret;
	return baseline_refuse(s, &r->trials[number - 1], logs, number > 1, verdict.reason,
			       err);
}

/* Whether the first of several samples has said it all. */
static bool is_as_before(const struct search *s, const struct record *r)
{
	const struct measured *m = &s->totals.measured;
	bool still = m->trials == 1 || (m->has_noise && m->noise == 0);
	double value;

	return r->again.why != AGAIN_NOT && still && record_samples(r, &value, 1) == 1 &&
	       value == s->totals.incumbent_metric;
}

static void warn_of_small_effect(int wanted)
{
	if (wanted <= COMPARISON_TRIALS_MAX)
		return;
	warning("verdict.minEffect is so little beside the noise that a gain of it takes %d "
		"samples; %d are taken, which show larger ones alone",
		wanted, COMPARISON_TRIALS_MAX);
}

int baseline_measure(struct lane *lane, const char *commit, struct record *r, struct logs *logs,
		     struct error *err)
{
	struct search *s = lane->search;
	int wanted = s->config.trials == 1 ? 1 : BASELINE_SAMPLES, ret = 0;

	r->again.why = baseline_again(s);
	lane->begun_as = 0;
	for (int number = 1; number <= wanted && !ret; number++) {
		ret = measure_sample(lane, commit, number, r, logs, err);
		if (!ret && number == 1 && is_as_before(s, r))
			break;
	}
	if (ret)
		return ret;
	r->gpu_hours = r->duration * lane->gpus / 3600;
	warn_of_small_effect(baseline_judge(&s->config, r));
	if (r->again.why == AGAIN_NOT)
		return set_reference(s, r, err);
	return compare_with_old(s, commit, r, err);
}
