#include "report/promotion.h"

#include <math.h>
#include <string.h>

#include "base/number.h"

void report_picked(struct repo *repo, const struct record *r, size_t k, int64_t needs,
		   FILE *out)
{
	const struct picked *picked = &r->promotion->picked[k];
	CLEANUP_STRBUF struct strbuf words = STRBUF_INIT, line = STRBUF_INIT;
	CLEANUP_STRBUF struct strbuf author = STRBUF_INIT;
	struct error ignored = ERROR_INIT;

	if (!repo_commit_message(repo, picked->from, &words, &ignored))
		strbuf_add_visible(&line, words.buf, strcspn(words.buf, "\n"));
	if (needs)
		strbuf_addf(&line, "  (builds on %lld)", (long long)needs);
	if (!picked->experiment && !repo_commit_author(repo, picked->from, &author, &ignored)) {
		strbuf_addstr(&line, "  (by ");
		strbuf_add_visible(&line, author.buf, author.len);
		strbuf_addch(&line, ')');
	}
	strbuf_reset(&words);
	if (picked->experiment)
		strbuf_addf(&words, "%lld", (long long)picked->experiment);
	fprintf(out, "  %.12s %5s  %s\n", picked->commit, words.buf, line.buf);
}

static void add_numbers(const struct record *r, struct strbuf *out)
{
	const struct effect *gain = &r->comparison.gain;

	if (!r->has_metric)
		return;
	strbuf_addf(out, "%s ", r->metric_name);
	strbuf_add_number(out, r->metric);
	strbuf_addstr(out, ", and ");
	strbuf_add_number(out, r->incumbent);
	strbuf_addstr(out, " on the merge base");
	if (r->incumbent != 0)
		strbuf_addf(out, " (%+.3g%%)",
			    100 * (r->metric - r->incumbent) / fabs(r->incumbent));
	if (r->plan.search && gain->bounded)
		strbuf_addf(out, "; the gain is %.6g to %.6g, at a confidence of %g", gain->low,
			    gain->high, r->plan.confidence);
}

void report_promoted(const struct record *r, FILE *out)
{
	CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;

	add_numbers(r, &line);
	fprintf(out, "%s\n", line.buf);
}

void report_refusal(const struct record *r, FILE *out)
{
	CLEANUP_STRBUF struct strbuf why = STRBUF_INIT, numbers = STRBUF_INIT;

	strbuf_add_visible(&why, r->verdict.reason, strlen(r->verdict.reason));
	if (r->promotion->has_command && !r->trials_nr) {
		strbuf_addstr(&why, ": ");
		outcome_reason(&r->promotion->command, &why);
	}
	add_numbers(r, &numbers);
	fprintf(out, "%s: not promoted, %s (%s)%s%s\n", r->campaign,
		verdict_name(r->verdict.kind), why.buf, numbers.len ? ": " : "", numbers.buf);
}

void report_push(const char *remote, const char *branch, const char *there, bool ledgers,
		 FILE *out)
{
	CLEANUP_STRBUF struct strbuf line = STRBUF_INIT, lease = STRBUF_INIT;

	strbuf_addstr(&line, "git push ");
	if (*there) {
		strbuf_addf(&lease, "--force-with-lease=%s:%s", branch, there);
		strbuf_add_shell_word(&line, lease.buf);
		strbuf_addch(&line, ' ');
	}
	if (*remote)
		strbuf_add_shell_word(&line, remote);
	else
		strbuf_addstr(&line, "<remote>");
	strbuf_addch(&line, ' ');
	strbuf_add_shell_word(&line, branch);
	if (ledgers)
		strbuf_addstr(&line, " 'refs/autoresearch/*' 'refs/heads/autoresearch/*' "
				     "refs/notes/autoresearch");
	fprintf(out, "%s\n", line.buf);
}
