#include "model/budget.h"

#include "base/number.h"

const char *budget_name(enum budget_key key)
{
	static const char *const names[BUDGET_NR] = {
		[BUDGET_EXPERIMENTS] = "experiments", [BUDGET_TIME] = "time",
		[BUDGET_TOKENS] = "tokens",	      [BUDGET_GPU_HOURS] = "gpuHours",
		[BUDGET_FAILURES] = "failures",
	};

	return names[key];
}

double budget_limit(const struct budget *b, enum budget_key key)
{
	const double limits[BUDGET_NR] = {
		[BUDGET_EXPERIMENTS] = (double)b->experiments,
		[BUDGET_TIME] = b->time,
		[BUDGET_TOKENS] = (double)b->tokens,
		[BUDGET_GPU_HOURS] = b->gpu_hours,
		[BUDGET_FAILURES] = (double)b->failures,
	};

	return limits[key];
}

double budget_used(const struct totals *t, enum budget_key key)
{
	const double used[BUDGET_NR] = {
		[BUDGET_EXPERIMENTS] = (double)(t->experiments - t->imported),
		[BUDGET_TIME] = t->time,
		[BUDGET_TOKENS] = (double)t->tokens,
		[BUDGET_GPU_HOURS] = t->gpu_hours,
		[BUDGET_FAILURES] = (double)t->failures_in_a_row,
	};

	return used[key];
}

double budget_share(const struct budget *b, const struct totals *t, enum budget_key key)
{
	double limit = budget_limit(b, key);

	return limit > 0 ? budget_used(t, key) / limit : 0;
}

static void add_amount(struct strbuf *out, enum budget_key key, double amount)
{
	if (key == BUDGET_TIME)
		strbuf_add_duration(out, amount);
	else if (key == BUDGET_GPU_HOURS)
		strbuf_addf(out, "%.2f", amount);
	else
		strbuf_addf(out, "%.0f", amount);
}

void budget_describe(const struct budget *b, const struct totals *t, enum budget_key key,
		     struct strbuf *out)
{
	static const char *const units[BUDGET_NR] = {
		[BUDGET_EXPERIMENTS] = " experiments",
		[BUDGET_TIME] = "",
		[BUDGET_TOKENS] = " tokens",
		[BUDGET_GPU_HOURS] = " GPU hours",
		[BUDGET_FAILURES] = " failures in a row",
	};

	add_amount(out, key, budget_used(t, key));
	strbuf_addstr(out, " of ");
	add_amount(out, key, budget_limit(b, key));
	strbuf_addstr(out, units[key]);
}

const char *budget_exhausted(const struct budget *b, const struct totals *t)
{
	for (enum budget_key key = 0; key < BUDGET_NR; key++)
		if (budget_limit(b, key) > 0 && budget_used(t, key) >= budget_limit(b, key))
			return budget_name(key);
	return NULL;
}
