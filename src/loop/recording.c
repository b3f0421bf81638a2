#include "loop/recording.h"

#include <string.h>

#include "base/timer.h"
#include "base/trace.h"
#include "loop/audit_log.h"
#include "loop/journal.h"
#include "loop/pause.h"
#include "model/judge.h"

/* Where so many wait, there is no reason to wait any longer. */
#define RECORDED_MAX 32

/* Turns of the event loop, at most, in which others go on before. */
#define TURNS_MAX 16

/* An experiment that has its record, which nobody sees yet. */
struct recorded {
	struct experiment x;
	char commit[OID_HEX_SIZE];
};

static struct record_content content_of(const char *name, const struct strbuf *text)
{
	return (struct record_content){ .name = name, .data = text->buf, .len = text->len };
}

static struct record_content text_of(const char *name, const char *text)
{
	return (struct record_content){ .name = name, .data = text, .len = strlen(text) };
}

/* What the files of a record are made of; returns how many there are. */
static size_t gather_files(const struct experiment *x, struct record_content files[6])
{
	const struct record *r = &x->record;
	size_t n = 0;

	if (r->type == RECORD_EXPERIMENT)
		files[n++] = content_of("patch", &x->candidate.patch);
	if (x->proposal.prompt)
		files[n++] = text_of(PROMPT_FILE_NAME, x->proposal.prompt);
	if (x->proposal.reply)
		files[n++] = text_of("reply.md", x->proposal.reply);
	if (r->trials_nr)
		files[n++] = content_of("run.log", &x->logs.run);
	if (r->trials_nr && record_last_own(r)->ran[PHASE_EVALUATE])
		files[n++] = content_of("evaluate.log", &x->logs.evaluate);
	return n + audit_log_content(x->audit, &files[n]);
}

void search_spend_time(struct search *s)
{
	double paused = pause_seconds(s);
	double spent = seconds_since(&s->worked) - (paused - s->pause.counted);

	/* Where all of it was a pause, the two clocks were read a moment apart. */
	if (spent > 0) {
		s->totals.time += spent;
		s->unrecorded.time += spent;
	}
	s->pause.counted = paused;
	clock_gettime(CLOCK_MONOTONIC, &s->worked);
}

/* Of the record itself, and of the campaign, what nothing can be known of before the end. */
static int fill(struct search *s, struct experiment *x, struct error *err)
{
	struct record *r = &x->record;
	double time;

	/* Whoever met it first may have had nobody to tell. */
	if (s->unpublished) {
		*err = s->why;
		return -1;
	}
	if (x->renumbered && ledger_commit_candidate(&s->ledger, r, x->candidate.commit, err))
		return -1;
	if (x->audit)
		audit_log_end(x->audit, &r->audit);
	if (journal_settle(s, x->proposal.key, r->experiment, err))
		return -1;
	time = s->totals.time;
	search_spend_time(s);
	/* totals_advance() adds what is the record's own of it. */
	s->totals.time -= r->duration;
	totals_advance(&s->totals, r);
	/* It never goes back, not by the last digit of what was just taken off and added. */
	if (r->totals.time < time)
		r->totals.time = time;
	return 0;
}

/* It is a record from now on, to us. */
static int advance(struct search *s, const struct record *r, const char *commit,
		   struct error *err)
{
	s->totals = r->totals;
	s->unrecorded.time = s->unrecorded.gpu_hours = 0;
	signs_take(&s->signs, &r->verdict);
	if (r->verdict.kind == VERDICT_ACCEPTED)
		strcpy(s->totals.incumbent, commit);
	return tried_add(s->tried, r->tree, r->experiment, err);
}

/* It is one to everybody. */
static void let_go(struct search *s, const struct experiment *x)
{
	repo_maintain(s->repo);
	journal_drop(s, x->proposal.key);
}

static void tell(struct search *s, const struct experiment *x, const char *commit)
{
	if (s->watcher && s->watcher->recorded)
		s->watcher->recorded(&x->record, commit, s->watcher->data);
}

int search_record(struct search *s, struct experiment *x, char ret_commit[OID_HEX_SIZE],
		  struct error *err)
{
	struct record_content files[6];
	struct record *r = &x->record;
	SPAN("record");

	if (search_publish(s, err) || fill(s, x, err) ||
	    ledger_append(&s->ledger, r, x->candidate.commit, files, gather_files(x, files),
			  ret_commit, err))
		return -1;
	let_go(s, x);
	if (advance(s, r, ret_commit, err) || tried_save(s->tried, err))
		return -1;
	tell(s, x, ret_commit);
	return 0;
}

/* Somebody else has it now. */
static void empty(struct experiment *x)
{
	*x = (struct experiment){ .proposal = PROPOSAL_INIT,
				  .candidate = CANDIDATE_INIT,
				  .logs = LOGS_INIT };
}

static void note_published(struct search *s)
{
	s->published.totals = s->totals;
	s->published.time = s->unrecorded.time;
	s->published.gpu_hours = s->unrecorded.gpu_hours;
}

/* As if there had been none of them, but for what they took. Their tokens were paid for proposals that
 * are kept. */
static void take_back(struct search *s)
{
	double time = s->totals.time - s->published.totals.time;
	double gpu_hours = s->totals.gpu_hours - s->published.totals.gpu_hours;

	s->totals = s->published.totals;
	s->totals.time += time;
	s->totals.gpu_hours += gpu_hours;
	s->unrecorded.time = s->published.time + time;
	s->unrecorded.gpu_hours = s->published.gpu_hours + gpu_hours;
	s->unpublished = true;
	search_forget_recorded(s);
}

int search_record_later(struct search *s, struct experiment *x, struct error *err)
{
	struct record_content files[6];
	struct recorded *recorded;
	char commit[OID_HEX_SIZE];

	if (record_is_on_branch(&x->record)) {
		if (search_record(s, x, commit, err))
			return -1;
		experiment_release(x);
		empty(x);
		return 0;
	}
	SPAN("record");
	if (!s->recorded_nr)
		note_published(s);
	if (fill(s, x, err) ||
	    ledger_append_later(&s->ledger, &x->record, x->candidate.commit, files,
				gather_files(x, files), err) ||
	    advance(s, &x->record, x->candidate.commit, err))
		return -1;
	s->recorded = xrealloc(s->recorded, (s->recorded_nr + 1) * sizeof(*s->recorded));
	recorded = &s->recorded[s->recorded_nr++];
	recorded->x = *x;
	strcpy(recorded->commit, x->candidate.commit);
	empty(x);
	return 0;
}

int search_publish(struct search *s, struct error *err)
{
	char tip[OID_HEX_SIZE];
	int failed;

	if (!s->recorded_nr)
		return 0;
	memcpy(tip, s->ledger.tip, sizeof(tip));
	failed = ledger_publish(&s->ledger, err);
	if (strcmp(tip, s->ledger.tip)) {
		s->why = *err;
		take_back(s);
		return -1;
	}
	/* It may be that the notes alone are not there, which the next start mends. */
	for (size_t i = 0; i < s->recorded_nr; i++)
		let_go(s, &s->recorded[i].x);
	failed = tried_save(s->tried, err) || failed ? -1 : 0;
	for (size_t i = 0; i < s->recorded_nr; i++)
		tell(s, &s->recorded[i].x, s->recorded[i].commit);
	search_forget_recorded(s);
	return failed;
}

int search_publish_idle(struct search *s, const bool *busy, struct error *err)
{
	int served = 1;

	if (!s->recorded_nr)
		return 0;
	for (int i = 0; i < TURNS_MAX && served > 0 && !*busy; i++)
		served = evloop_turn(s->events, err);
	if (served < 0)
		return -1;
	return *busy && s->recorded_nr < RECORDED_MAX ? 0 : search_publish(s, err);
}

void search_forget_recorded(struct search *s)
{
	for (size_t i = 0; i < s->recorded_nr; i++)
		experiment_release(&s->recorded[i].x);
	free(steal_ptr(s->recorded));
	s->recorded_nr = 0;
}
