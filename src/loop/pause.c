#include "loop/pause.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/timer.h"
#include "loop/lane.h"
#include "loop/race.h"
#include "loop/state.h"
#include "loop/store.h"
#include "loop/recording.h"

#define REQUEST "pause"
#define LOOK_SECONDS 0.2

int pause_ask(const char *dir, pid_t pid, struct error *err)
{
	CLEANUP_FREE char *text = xstrfmt("%d\n", (int)pid);

	return store_write(dir, REQUEST, text, err);
}

int pause_withdraw(const char *dir, struct error *err)
{
	CLEANUP_FREE char *path = xstrfmt("%s/" REQUEST, dir);

	return unlink(path) && errno != ENOENT ? error_errno(err, "cannot remove '%s'", path)
					       : 0;
}

bool pause_is_asked(const char *dir, pid_t pid)
{
	CLEANUP_FREE char *path = xstrfmt("%s/" REQUEST, dir);
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	return !strbuf_read_file(&text, path, 32) && pid > 0 &&
	       strtol(text.buf, NULL, 10) == pid;
}

struct hold {
	struct search *s;
	int timer;
	bool over;
	bool failed;
	struct error *err;
};

static bool is_held(struct search *s)
{
	search_poll_signals(s);
	return s->stop == STOP_NO && !s->ends && pause_is_asked(s->dir, getpid());
}

static bool any_runs(const struct search *s)
{
	for (int i = 0; i < s->lanes_nr; i++)
		if (s->lanes[i].runner && !s->lanes[i].held)
			return true;
	return false;
}

static int say(struct search *s, bool paused, struct error *err)
{
	s->pause.complete = paused;
	if (s->watcher && s->watcher->paused)
		s->watcher->paused(paused, s->watcher->data);
	return state_write(s->dir, paused ? STATE_PAUSED : STATE_RUNNING, NULL, err);
}

static int say_if_complete(struct search *s, struct error *err)
{
	if (s->pause.complete || any_runs(s) || race_has_news(s->race))
		return 0;
	return search_publish(s, err) || say(s, true, err) ? -1 : 0;
}

static void look(uint32_t events, void *data)
{
	struct hold *h = data;

	(void)events;
	if (!timer_take(h->timer) || h->over)
		return;
	h->over = !pause_is_asked(h->s->dir, getpid());
	if (h->over)
		return;
	h->failed = say_if_complete(h->s, h->err) < 0;
	h->over = h->failed;
}

static int wait_for_end(struct lane *lane, struct error *err)
{
	CLEANUP_CLOSE int timer = timer_new(err);
	struct search *s = lane->search;
	struct hold h = { .s = s, .timer = timer, .err = err };
	int failed;

	if (timer < 0)
		return -1;
	if (timer_arm(timer, LOOK_SECONDS, LOOK_SECONDS))
		return error_errno(err, "cannot start a timer");
	failed = evloop_add(s->events, timer, EPOLLIN, look, &h, err) ||
		 lane_wait(lane, &h.over, err);
	evloop_remove(s->events, timer);
	return failed || h.failed ? -1 : 0;
}

static int hold(struct lane *lane, struct error *err)
{
	struct search *s = lane->search;
	int failed;

	if (!s->pause.lanes++)
		clock_gettime(CLOCK_MONOTONIC, &s->pause.since);
	lane->held = true;
	failed = say_if_complete(s, err) || wait_for_end(lane, err);
	lane->held = false;
	if (!--s->pause.lanes)
		s->pause.seconds += seconds_since(&s->pause.since);
	/* The first to go on says so. */
	return failed || (s->pause.complete && say(s, false, err)) ? -1 : 0;
}

int pause_hold(struct lane *lane, struct error *err)
{
	const struct search *s = lane->search;
	bool held = false;

	/* Who asks again just when it is over, and still finds `paused`, is not mistaken. */
	for (; is_held(lane->search); held = true)
		if (hold(lane, err))
			return -1;
	return held && (s->stop != STOP_NO || s->ends);
}

double pause_seconds(const struct search *s)
{
	return s->pause.seconds + (s->pause.lanes ? seconds_since(&s->pause.since) : 0);
}
