#include "command/watch.h"

#include <stdio.h>
#include <unistd.h>

#include "base/number.h"
#include "report/line.h"

static void on_activity(int lane, const struct activity *activity, void *data)
{
	struct watch *w = data;

	if (activity->busy)
		w->waits = false;
	progress_activity(&w->progress, lane, activity);
}

static void on_tick(void *data)
{
	struct watch *w = data;

	progress_tick(&w->progress);
}

static void on_record(const struct record *record, const char *commit, void *data)
{
	CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;
	struct watch *w = data;

	(void)commit;
	progress_clear(&w->progress);
	report_add_line(record, color_wanted(STDOUT_FILENO, COLOR_UNSAID), &line);
	puts(line.buf);
	fflush(stdout);
}

static void on_tail(const char *text, void *data)
{
	struct watch *w = data;

	progress_clear(&w->progress);
	fputs(text, stderr);
}

/* The first of an outage is a line, which stays also where stderr is no terminal. */
static void on_waiting(const char *why, double seconds, double at_most, void *data)
{
	CLEANUP_STRBUF struct strbuf time = STRBUF_INIT;
	struct watch *w = data;

	if (!w->waits) {
		strbuf_add_duration(&time, at_most);
		progress_clear(&w->progress);
		warning("%s; waiting for it, at most %s", why, time.buf);
	}
	w->waits = true;
	progress_wait(&w->progress, why, seconds);
}

static void on_paused(bool paused, void *data)
{
	struct watch *w = data;

	progress_clear(&w->progress);
	progress_note(&w->progress,
		      paused ? "paused; 'git autoresearch resume' goes on" : NULL);
}

int watch_begin(struct watch *w, struct search *s, struct error *err)
{
	progress_init(&w->progress);
	w->waits = false;
	w->watcher = (struct watcher){ .activity = on_activity,
				       .tick = w->progress.terminal ? on_tick : NULL,
				       .tail = on_tail,
				       .waiting = on_waiting,
				       .paused = on_paused,
				       .recorded = on_record,
				       .data = w };
	return search_watch(s, &w->watcher, err);
}

void watch_end(struct watch *w)
{
	progress_clear(&w->progress);
}
