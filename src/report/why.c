#include "report/why.h"

#include <math.h>
#include <string.h>

#include "base/number.h"
#include "model/judge.h"

/* The phase that a reason is about: the one that ended so, else the first that failed. */
static enum phase phase_of(const struct record *r, const struct outcome **ret)
{
	const struct trial_result *t = record_last_own(r);
	enum phase failed = PHASE_NR;

	for (enum phase p = 0; t && p < PHASE_NR; p++) {
		CLEANUP_STRBUF struct strbuf reason = STRBUF_INIT;

		if (!t->ran[p] || outcome_is_success(&t->outcomes[p]))
			continue;
		outcome_reason(&t->outcomes[p], &reason);
		if (failed == PHASE_NR || !strcmp(reason.buf, r->verdict.reason))
			failed = p;
	}
	*ret = failed == PHASE_NR ? NULL : &t->outcomes[failed];
	return failed;
}

static void add_threshold(const struct threshold *t, struct strbuf *out)
{
	strbuf_add_number(out, t->relative ? 100 * t->value : t->value);
	strbuf_addstr(out, t->relative ? "%" : "");
}

/* "0.0665 (3.17%) better than the incumbent"; which of both it is the verdict knows. */
static void add_distance(const struct record *r, const char *how, struct strbuf *out)
{
	double distance = fabs(r->metric - r->incumbent);

	if (distance == 0) {
		strbuf_addstr(out, "the same as the incumbent's");
		return;
	}
	strbuf_addf(out, "%.4g", distance);
	if (r->incumbent != 0)
		strbuf_addf(out, " (%.3g%%)", 100 * distance / fabs(r->incumbent));
	strbuf_addf(out, " %s than the incumbent", how);
}

static void add_measured(const struct record *r, const struct campaign_config *config,
			 const char *reason, struct strbuf *out)
{
	const struct threshold none = { 0 };
	const struct threshold *min = config ? &config->min_effect : &none;
	const struct threshold *max = config ? &config->max_effect : &none;

	if (r->beaten_by) {
		strbuf_addf(out, "it passed, but experiment %lld of the same round is better",
			    (long long)r->beaten_by);
		return;
	}
	add_distance(r, !strcmp(reason, "no-improvement") ? "worse" : "better", out);
	if (!strcmp(reason, "within-noise")) {
		strbuf_addstr(out, "; less than verdict.minEffect");
		if (min->set) {
			strbuf_addstr(out, ", ");
			add_threshold(min, out);
		}
	} else if (!strcmp(reason, "implausible")) {
		strbuf_addstr(out, "; more than verdict.maxEffect");
		if (max->set) {
			strbuf_addstr(out, ", ");
			add_threshold(max, out);
		}
		strbuf_addstr(out, ", so a person decides");
	}
}

static void add_bound(const struct threshold *t, double of, const char *words,
		      struct strbuf *out)
{
	if (!t->set)
		return;
	strbuf_addf(out, "; %s ", words);
	strbuf_add_number(out, threshold_value(t, of));
	strbuf_addstr(out, " is allowed");
}

static void add_constraint(const struct record *r, const struct campaign_config *config,
			   const char *name, struct strbuf *out)
{
	CLEANUP_METRICS struct metrics metrics = { 0 };
	const struct metric_value *m;

	record_metrics(r, &metrics);
	m = metrics_find(&metrics, name);
	strbuf_add_visible(out, name, strlen(name));
	if (!m) {
		strbuf_addstr(out, " was not reported");
		return;
	}
	strbuf_addstr(out, " is ");
	if (m->finite)
		strbuf_add_number(out, m->value);
	else
		strbuf_addstr(out, "not finite");
	for (size_t i = 0; config && i < config->constraints_nr; i++) {
		const struct constraint *c = &config->constraints[i];

		if (strcmp(c->metric, name))
			continue;
		add_bound(&c->min, c->reference, "at least", out);
		add_bound(&c->max, c->reference, "at most", out);
	}
}

/* What a limit was set to. */
static void add_limit(enum outcome_kind kind, enum phase phase,
		      const struct campaign_config *config, struct strbuf *out)
{
	if (!config)
		return;
	strbuf_addstr(out, ", ");
	switch (kind) {
	case OUTCOME_TIMEOUT:
		strbuf_add_duration(out, config->phases[phase].timeout);
		break;
	case OUTCOME_MEMORY:
		strbuf_add_bytes(out, config->limits.memory);
		break;
	case OUTCOME_DISK:
		strbuf_add_bytes(out, config->limits.disk);
		break;
	case OUTCOME_PIDS:
		strbuf_addf(out, "%lld", (long long)config->limits.pids);
		break;
	default:
		strbuf_add_bytes(out, config->limits.output);
	}
}

static void add_outcome(const struct record *r, const struct campaign_config *config,
			struct strbuf *out)
{
	static const char *const exceeded[] = {
		[OUTCOME_TIMEOUT] = "took longer than its timeout",
		[OUTCOME_MEMORY] = "needed more than limits.memory",
		[OUTCOME_DISK] = "wrote more than limits.disk",
		[OUTCOME_PIDS] = "had more processes than limits.pids",
		[OUTCOME_OUTPUT] = "printed more than limits.output",
	};
	const struct outcome *o;
	enum phase phase = phase_of(r, &o);

	if (!o)
		return;
	strbuf_addf(out, "%s ", phase_name(phase));
	if (o->kind == OUTCOME_EXITED) {
		strbuf_addf(out, "exited with %d", o->exit_code);
		if (r->verdict.kind == VERDICT_SKIPPED)
			strbuf_addstr(out, ", by which it says that it cannot tell");
	} else if (o->kind == OUTCOME_SIGNALED) {
		strbuf_addstr(out, "died of ");
		outcome_reason(o, out);
	} else if (o->kind == OUTCOME_SYSCALL) {
		strbuf_addstr(out, "made the system call ");
		strbuf_add_visible(out, o->syscall, strlen(o->syscall));
		strbuf_addstr(out, ", which is forbidden");
	} else if (o->kind == OUTCOME_NETWORK) {
		strbuf_addstr(out, "tried to reach ");
		strbuf_add_visible(out, o->network, strlen(o->network));
		strbuf_addstr(out, ", which is not allowed");
	} else if ((size_t)o->kind < ARRAY_SIZE(exceeded)) {
		strbuf_addstr(out, exceeded[o->kind]);
		add_limit(o->kind, phase, config, out);
	}
}

/* Where nothing was run there is just the reason. */
static void add_invalid(const char *reason, struct strbuf *out)
{
	static const char scope[] = "out-of-scope ";

	if (starts_with(reason, scope)) {
		strbuf_addstr(out, "it changes ");
		strbuf_add_visible(out, reason + strlen(scope), strlen(reason + strlen(scope)));
		strbuf_addstr(out, ", which it may not");
	} else if (!strcmp(reason, "empty")) {
		strbuf_addstr(out, "it changes nothing");
	} else if (!strcmp(reason, "malformed")) {
		strbuf_addstr(out, "what was answered cannot be used as an edit");
	}
}

static void add_failed(const struct record *r, const struct campaign_config *config,
		       struct strbuf *out)
{
	const char *reason = r->verdict.reason;

	if (!strcmp(reason, "audit-incomplete"))
		strbuf_addstr(out, "the audit lost something, so nothing can be concluded");
	else if (!strcmp(reason, "no-metric"))
		strbuf_addf(out, "it ended well, but nothing reported %s", r->metric_name);
	else if (!strcmp(reason, "not-finite"))
		strbuf_addf(out, "%s was no finite number", r->metric_name);
	else
		add_outcome(r, config, out);
}

void report_why(const struct record *r, const struct campaign_config *config,
		struct strbuf *out)
{
	static const char constraint[] = "constraint ";
	const char *reason = r->verdict.reason ? r->verdict.reason : "";

	if (r->decision)
		return;
	switch (r->verdict.kind) {
	case VERDICT_ACCEPTED:
	case VERDICT_REJECTED:
	case VERDICT_INDECISIVE:
		if (starts_with(reason, constraint))
			add_constraint(r, config, reason + strlen(constraint), out);
		else if (!strcmp(reason, "check-failed"))
			add_outcome(r, config, out);
		else if (r->has_metric && r->has_incumbent && (!r->plan.search || r->beaten_by))
			add_measured(r, config, reason, out);
		break;
	case VERDICT_FAILED:
	case VERDICT_VIOLATION:
	case VERDICT_SKIPPED:
		add_failed(r, config, out);
		break;
	case VERDICT_INVALID:
		add_invalid(reason, out);
		break;
	case VERDICT_DUPLICATE:
		strbuf_addf(out, "it is the same tree as that of experiment %lld",
			    (long long)verdict_same_as(&r->verdict));
		break;
	case VERDICT_NONE:
	case VERDICT_NR:
		break;
	}
}
