#include "report/rehearsal.h"

#include <math.h>

#include "base/number.h"

/* More samples than anybody takes: the gain is too small to be found. */
#define WANTED_MAX 100

static void line(FILE *out, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static void line(FILE *out, const char *name, const char *fmt, ...)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&text, fmt, ap);
	va_end(ap);
	fprintf(out, "%-12s %s\n", name, text.buf);
}

/* With so many digits. */
static void add_rounded(struct strbuf *sb, double value, int digits)
{
	char text[32];
	double rounded = value;

	snprintf(text, sizeof(text), "%.*g", digits, value);
	if (!number_parse_double(text, &rounded))
		value = rounded;
	strbuf_add_number(sb, value);
}

/* Three are enough of what is an estimate. */
static void add_rough(struct strbuf *sb, double value)
{
	add_rounded(sb, value, 3);
}

static void add_tokens(struct strbuf *sb, double tokens)
{
	double unit = tokens >= 1e6 ? 1e6 : tokens >= 1e3 ? 1e3 : 1;

	add_rough(sb, tokens / unit);
	strbuf_addstr(sb, unit > 1e3 ? "M" : unit > 1 ? "k" : "");
}

static void report_values(const struct rehearsal *r, FILE *out)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT, typical = STRBUF_INIT;

	for (size_t i = 0; i < r->nr; i++) {
		strbuf_addstr(&text, i ? " " : "");
		add_rounded(&text, r->values[i], 10);
	}
	add_rounded(&typical, r->typical, 10);
	line(out, "values", "%s", text.buf);
	line(out, "typical", "%s", typical.buf);
}

static void report_noise(const struct rehearsal *r, FILE *out)
{
	CLEANUP_STRBUF struct strbuf sd = STRBUF_INIT;

	if (r->repeats == REPEATS_ALWAYS) {
		line(out, "noise", "none: every trial gives the same number");
		return;
	}
	if (!r->has_noise) {
		line(out, "noise", "not known: a trial takes too long for more than %zu",
		     r->nr);
		return;
	}
	add_rough(&sd, r->noise.sd);
	if (r->typical != 0) {
		strbuf_addstr(&sd, " (");
		add_rough(&sd, 100 * r->noise.sd / fabs(r->typical));
		strbuf_addstr(&sd, "%)");
	}
	line(out, "noise", "standard deviation %s; the same seed gives %s number", sd.buf,
	     r->repeats == REPEATS_BY_SEED ? "the same" : "another");
}

static void report_wanted(const struct campaign_config *config, const struct rehearsal *r,
			  FILE *out)
{
	CLEANUP_STRBUF struct strbuf gain = STRBUF_INIT, confidence = STRBUF_INIT;
	CLEANUP_STRBUF struct strbuf configured = STRBUF_INIT;

	if (!r->has_noise)
		return;
	add_rough(&gain, r->gain > 0 ? r->gain : 2 * r->noise.sd);
	strbuf_add_number(&confidence, config->confidence);
	if (config->trials)
		strbuf_addf(&configured, "%d", config->trials);
	else
		strbuf_addstr(&configured, "auto");
	if (r->repeats == REPEATS_ALWAYS)
		line(out, "trials", "1 is enough; verdict.trials is %s", configured.buf);
	else if (r->wanted > WANTED_MAX)
		line(out, "trials",
		     "more than %d to show a gain of %s (verdict.minEffect) at confidence %s, "
		     "which is too little beside the noise; verdict.trials is %s",
		     WANTED_MAX, gain.buf, confidence.buf, configured.buf);
	else
		line(out, "trials",
		     "%d to show a gain of %s (%s) at confidence %s; verdict.trials is %s",
		     r->wanted, gain.buf,
		     r->gain > 0 ? "verdict.minEffect" : "two standard deviations",
		     confidence.buf, configured.buf);
}

static void report_times(const struct campaign_config *config, const struct rehearsal *r,
			 FILE *out)
{
	static const enum phase order[] = { PHASE_RUN, PHASE_CHECK, PHASE_EVALUATE };
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT, setup = STRBUF_INIT;
	const char *before = ": ";

	if (config->phases[PHASE_SETUP].command && r->setup > 0)
		strbuf_add_duration(&setup, r->setup);
	else if (config->phases[PHASE_SETUP].command)
		strbuf_addstr(&setup, "done before; what it left is there");
	if (setup.len)
		line(out, "setup", "%s", setup.buf);
	strbuf_add_duration(&text, r->trial_time);
	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		if (r->phase_time[order[i]] < 0)
			continue;
		strbuf_addf(&text, "%s%s ", before, phase_name(order[i]));
		strbuf_add_duration(&text, r->phase_time[order[i]]);
		before = ", ";
	}
	line(out, "trial", "%s", text.buf);
}

static void report_memory(const struct campaign_config *config, const struct rehearsal *r,
			  FILE *out)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	if (r->memory_peak < 0)
		return;
	strbuf_add_bytes(&text, r->memory_peak);
	strbuf_addstr(&text, " at most, of ");
	strbuf_add_bytes(&text, config->limits.memory);
	line(out, "memory", "%s", text.buf);
}

static void report_campaign(const struct rehearsal *r, const struct forecast *f, FILE *out)
{
	CLEANUP_STRBUF struct strbuf each = STRBUF_INIT, all = STRBUF_INIT, jobs = STRBUF_INIT;

	strbuf_add_duration(&each, f->seconds);
	strbuf_add_duration(&all, f->time);
	if (r->jobs > 1)
		strbuf_addf(&jobs, " by %d jobs", r->jobs);
	if (f->trials_most > 1)
		line(out, "experiment", "about %s: %.0f trials, and at most %.0f", each.buf,
		     f->trials, f->trials_most);
	else
		line(out, "experiment", "about %s: 1 trial", each.buf);
	if (!f->bounded)
		line(out, "campaign", "without an end: no budget of experiments or time");
	else if (!f->experiments)
		line(out, "campaign", "over: budget.%s is used up", f->by);
	else
		line(out, "campaign", "about %s%s: %lld %s, by budget.%s", all.buf, jobs.buf,
		     (long long)f->experiments,
		     f->experiments == 1 ? "experiment" : "experiments", f->by);
}

/* A history makes prompts longer, and answers are shorter than they may be. */
static void report_tokens(const struct campaign_config *config, const struct rehearsal *r,
			  const struct forecast *f, FILE *out)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	double least = (double)r->prompt_tokens;
	double most = (double)(r->prompt_tokens + r->answer_tokens);

	if (!r->prompt_tokens)
		return;
	add_tokens(&text, least);
	strbuf_addstr(&text, " a prompt now, and an answer of at most ");
	add_tokens(&text, (double)r->answer_tokens);
	if (f->experiments) {
		strbuf_addstr(&text, "; ");
		add_tokens(&text, least * (double)f->experiments);
		strbuf_addstr(&text, " to ");
		add_tokens(&text, most * (double)f->experiments);
		strbuf_addstr(&text, " for all");
	}
	if (config->budget.tokens) {
		strbuf_addstr(&text, "; budget.tokens is ");
		add_tokens(&text, (double)config->budget.tokens);
	}
	line(out, "tokens", "%s", text.buf);
}

void report_rehearsal(const struct campaign_config *config, const struct totals *totals,
		      const struct rehearsal *r, FILE *out)
{
	struct forecast forecast;

	forecast_of(config, totals, r, &forecast);
	line(out, "metric", "%s, to %s", config->metric,
	     config->direction == MINIMIZE ? "minimize" : "maximize");
	report_values(r, out);
	report_noise(r, out);
	report_wanted(config, r, out);
	report_times(config, r, out);
	report_memory(config, r, out);
	report_campaign(r, &forecast, out);
	report_tokens(config, r, &forecast, out);
}
