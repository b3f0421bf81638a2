#include "loop/activity.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/timer.h"
#include "loop/lane.h"

#define FILE_NAME "activity"
#define HEADER ACTIVITY_LINE	   /* of the file, in bytes */
#define OUTAGE (3 * ACTIVITY_LINE) /* the line of an outage */

static char *file_path(const char *dir)
{
	return xstrfmt("%s/" FILE_NAME, dir);
}

static double now(void)
{
	return seconds_since(&(struct timespec){ 0 });
}

/* Text, filled up to `size` bytes with a newline at the end. */
static void put(struct search *s, const char *text, size_t size, off_t at)
{
	CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;

	if (s->activity < 0)
		return;
	strbuf_addf(&line, "%-*.*s\n", (int)size - 1, (int)size - 1, text);
	if (pwrite(s->activity, line.buf, line.len, at) != (ssize_t)line.len)
		activity_close(s);
}

static void put_lane(const struct lane *lane, const struct activity *a)
{
	CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;
	struct search *s = lane->search;

	if (s->activity < 0 || lane->number >= ACTIVITY_LANES)
		return;
	activity_write(a, &line);
	if (pwrite(s->activity, line.buf, line.len,
		   HEADER + OUTAGE + lane->number * ACTIVITY_LINE) != (ssize_t)line.len)
		activity_close(s);
}

void activity_open(struct search *s)
{
	CLEANUP_FREE char *path = file_path(s->dir), *head = NULL;

	s->activity = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	head = xstrfmt("%d", (int)getpid());
	put(s, head, HEADER, 0);
	put(s, "", OUTAGE, HEADER);
}

void activity_close(struct search *s)
{
	CLEANUP_FREE char *path = NULL;

	if (s->activity < 0)
		return;
	path = file_path(s->dir);
	unlink(path);
	close(s->activity);
	s->activity = -1;
}

void activity_begin(struct lane *lane, int64_t experiment, enum phase phase, double timeout)
{
	struct search *s = lane->search;
	const struct watcher *w = s->watcher;
	const struct activity a = { .busy = true,
				    .experiment = experiment,
				    .phase = phase,
				    .trial = lane->trial_number,
				    .began = now(),
				    .timeout = timeout };

	if (s->waits)
		put(s, "", OUTAGE, HEADER);
	s->waits = false;
	put_lane(lane, &a);
	if (w && w->activity)
		w->activity(lane->number, &a, w->data);
}

void activity_end(struct lane *lane)
{
	const struct watcher *w = lane->search->watcher;
	const struct activity none = { 0 };

	put_lane(lane, &none);
	if (w && w->activity)
		w->activity(lane->number, &none, w->data);
}

void activity_wait(struct search *s, const char *why, double seconds, double at_most)
{
	CLEANUP_STRBUF struct strbuf words = STRBUF_INIT;
	CLEANUP_FREE char *line = NULL;
	const struct watcher *w = s->watcher;

	s->waits = true;
	strbuf_add_visible(&words, why, strlen(why));
	line = xstrfmt("%.3f %.*s", now() + seconds, ACTIVITY_WORDS, words.buf);
	put(s, line, OUTAGE, HEADER);
	if (w && w->waiting)
		w->waiting(why, seconds, at_most, w->data);
}

static void read_outage(const char *text, struct outage *ret)
{
	CLEANUP_STRBUF struct strbuf words = STRBUF_INIT;
	int end = 0;

	if (sscanf(text, "%18lf %n", &ret->until, &end) != 1)
		return;
	/* It was visible when it was written; the file is anybody's who may write there. */
	strbuf_add_visible(&words, text + end, strlen(text + end));
	strbuf_rtrim(&words);
	snprintf(ret->why, sizeof(ret->why), "%s", words.buf);
	ret->lasts = true;
}

void activity_read(const char *dir, pid_t pid, struct activities *ret)
{
	CLEANUP_FREE char *path = file_path(dir), *outage = NULL;
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	const size_t cap = HEADER + OUTAGE + ACTIVITY_LANES * ACTIVITY_LINE;

	*ret = (struct activities){ 0 };
	if (strbuf_read_file(&text, path, cap) || text.len < HEADER + OUTAGE ||
	    strtol(text.buf, NULL, 10) != pid)
		return;
	outage = xstrndup(text.buf + HEADER, OUTAGE - 1);
	read_outage(outage, &ret->outage);
	for (size_t i = 0; i < ACTIVITY_LANES; i++) {
		size_t at = HEADER + OUTAGE + i * ACTIVITY_LINE;

		/* One that is just being written shows at the next look. */
		if (text.len < at + ACTIVITY_LINE ||
		    activity_parse(text.buf + at, &ret->lanes[i]))
			ret->lanes[i] = (struct activity){ 0 };
	}
}
