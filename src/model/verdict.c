#include "model/verdict.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* By git-bisect(1)'s convention, a command exits so where it cannot tell. */
#define EXIT_UNTESTABLE 125

static const char *const names[VERDICT_NR] = {
	[VERDICT_ACCEPTED] = "accepted",     [VERDICT_REJECTED] = "rejected",
	[VERDICT_INDECISIVE] = "indecisive", [VERDICT_FAILED] = "failed",
	[VERDICT_VIOLATION] = "violation",   [VERDICT_INVALID] = "invalid",
	[VERDICT_DUPLICATE] = "duplicate",   [VERDICT_SKIPPED] = "skipped",
};

const char *verdict_name(enum verdict_kind kind)
{
	return names[kind];
}

int verdict_parse(const char *name, enum verdict_kind *ret)
{
	for (int kind = VERDICT_NONE + 1; kind < VERDICT_NR; kind++) {
		if (!strcmp(names[kind], name)) {
			*ret = kind;
			return 0;
		}
	}
	return -1;
}

void verdict_release(struct verdict *v)
{
	free(v->reason);
	*v = (struct verdict){ 0 };
}

void verdict_set(struct verdict *v, enum verdict_kind kind, const char *fmt, ...)
{
	/* The new reason may be made from the old one. */
	struct strbuf reason = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&reason, fmt, ap);
	va_end(ap);
	free(v->reason);
	v->kind = kind;
	v->reason = strbuf_detach(&reason, NULL);
}

void verdict_set_same_as(struct verdict *v, int64_t number)
{
	verdict_set(v, VERDICT_DUPLICATE, "same-as %lld", (long long)number);
}

int64_t verdict_same_as(const struct verdict *v)
{
	long long number;

	if (v->kind != VERDICT_DUPLICATE || sscanf(v->reason, "same-as %lld", &number) != 1)
		return -1;
	return number;
}

void trial_result_release(struct trial_result *r)
{
	metrics_release(&r->metrics);
	*r = (struct trial_result){ 0 };
}

static void judge_outcome(enum phase phase, const struct outcome *o, struct verdict *ret)
{
	CLEANUP_STRBUF struct strbuf reason = STRBUF_INIT;

	if (o->kind == OUTCOME_EXITED && o->exit_code == EXIT_UNTESTABLE) {
		verdict_set(ret, VERDICT_SKIPPED, "untestable");
		return;
	}
	if (o->kind == OUTCOME_EXITED && phase == PHASE_CHECK) {
		verdict_set(ret, VERDICT_REJECTED, "check-failed");
		return;
	}
	outcome_reason(o, &reason);
	verdict_set(ret, outcome_is_violation(o) ? VERDICT_VIOLATION : VERDICT_FAILED, "%s",
		    reason.buf);
}

static bool is_violation(const struct trial_result *result, enum phase phase)
{
	return phase != PHASE_NR && outcome_is_violation(&result->outcomes[phase]);
}

/* The phase that decides what a trial came to; PHASE_NR where all succeeded. */
static enum phase deciding_phase(const struct trial_result *result)
{
	enum phase phase;

	for (phase = PHASE_RUN; phase <= PHASE_EVALUATE; phase++)
		if (result->ran[phase] && is_violation(result, phase))
			return phase;
	for (phase = PHASE_RUN; phase <= PHASE_EVALUATE; phase++)
		if (result->ran[phase] && !outcome_is_success(&result->outcomes[phase]))
			return phase;
	return PHASE_NR;
}

bool trial_sample(const struct trial_result *result, const char *metric, double *ret)
{
	const struct metric_value *m;

	if (deciding_phase(result) != PHASE_NR)
		return false;
	m = metrics_find(&result->metrics, metric);
	if (!m || !m->finite)
		return false;
	*ret = m->value;
	return true;
}

int trial_judge(const struct campaign_config *config, const struct trial_result *result,
		double *ret_value, struct verdict *ret_verdict)
{
	enum phase phase = deciding_phase(result);

	if (result->audit_incomplete && !is_violation(result, phase)) {
		verdict_set(ret_verdict, VERDICT_FAILED, "audit-incomplete");
		return -1;
	}
	if (phase != PHASE_NR) {
		judge_outcome(phase, &result->outcomes[phase], ret_verdict);
		return -1;
	}
	if (trial_sample(result, config->metric, ret_value))
		return 0;
	verdict_set(ret_verdict, VERDICT_FAILED, "%s",
		    metrics_find(&result->metrics, config->metric) ? "not-finite"
								   : "no-metric");
	return -1;
}

double threshold_value(const struct threshold *t, double of)
{
	if (!t->set)
		return 0;
	return t->relative ? t->value * fabs(of) : t->value;
}

/* A metric that was not reported breaks it, and so does one that is to be compared with what
 * nobody knows. The last decimal of a share is allowed for, as below. */
static bool breaks(const struct constraint *c, const struct metric_value *m)
{
	double min = threshold_value(&c->min, c->reference);
	double max = threshold_value(&c->max, c->reference);

	if (!m || !m->finite || (constraint_is_relative(c) && !c->has_reference))
		return true;
	min -= c->min.relative ? 4 * DBL_EPSILON * fabs(min) : 0;
	max += c->max.relative ? 4 * DBL_EPSILON * fabs(max) : 0;
	return (c->min.set && m->value < min) || (c->max.set && m->value > max);
}

/* The first constraint that `metrics` break. */
static const struct constraint *broken_constraint(const struct campaign_config *config,
						  const struct metrics *metrics)
{
	for (size_t i = 0; i < config->constraints_nr; i++) {
		const struct constraint *c = &config->constraints[i];

		if (breaks(c, metrics_find(metrics, c->metric)))
			return c;
	}
	return NULL;
}

void verdict_decide_gain(const struct campaign_config *config, double gain, bool shown,
			 const struct metrics *metrics, double incumbent, struct verdict *ret)
{
	const struct constraint *broken = broken_constraint(config, metrics);
	/*
	 * 3 - 2.997 is a hair less than 0.003 in binary. Who asks for 0.1% and gets it to the
	 * last decimal has got it, so the rounding of the operands is allowed for.
	 */
	double slack = 8 * DBL_EPSILON * fmin(DBL_MAX, fmax(fabs(gain), fabs(incumbent)));

	if (broken) {
		verdict_set(ret, VERDICT_REJECTED, "constraint %s", broken->metric);
	} else if (!(gain > 0)) {
		verdict_set(ret, VERDICT_REJECTED, "no-improvement");
	} else if (config->max_effect.set &&
		   gain > threshold_value(&config->max_effect, incumbent) + slack) {
		verdict_set(ret, VERDICT_INDECISIVE, "implausible");
	} else if (!shown || (config->min_effect.set &&
			      gain < threshold_value(&config->min_effect, incumbent) - slack)) {
		verdict_set(ret, VERDICT_INDECISIVE, "within-noise");
	} else {
		verdict_release(ret);
		ret->kind = VERDICT_ACCEPTED;
	}
}

void verdict_decide(const struct campaign_config *config, double value,
		    const struct metrics *metrics, double incumbent, struct verdict *ret)
{
	double gain = config->direction == MINIMIZE ? incumbent - value : value - incumbent;

	verdict_decide_gain(config, gain, true, metrics, incumbent, ret);
}

bool metric_is_better(enum direction direction, double a, double b)
{
	return direction == MINIMIZE ? a < b : a > b;
}

bool target_is_reached(const struct campaign_config *config, double value)
{
	return config->has_target &&
	       !metric_is_better(config->direction, config->target, value);
}
