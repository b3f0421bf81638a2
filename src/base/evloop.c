#include "base/evloop.h"

#include <errno.h>
#include <sys/epoll.h>

#include "base/cleanup.h"
#include "base/fiber.h"
#include "base/strbuf.h"

struct watch {
	struct watch *next;
	int fd;
	evloop_fn fn;
	void *data;
};

/* A fiber that is parked in evloop_run(), on whose stack this lies. */
struct waiter {
	struct waiter *next;
	struct fiber *fiber;
	const bool *done;
};

struct evloop {
	int epoll;
	int depth; /* of evloop_run() within itself */
	struct watch *watches;
	/* Removed in the middle of a round: an event at hand may still point there. */
	struct watch *removed;
	struct waiter *waiters;
};

static void free_watches(struct watch **list)
{
	while (*list) {
		struct watch *w = *list;

		*list = w->next;
		free(w);
	}
}

int evloop_new(struct evloop **ret, struct error *err)
{
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	if (epoll < 0)
		return error_errno(err, "cannot make an epoll instance");
	*ret = xcalloc(1, sizeof(**ret));
	(*ret)->epoll = epoll;
	return 0;
}

void evloop_free(struct evloop *loop)
{
	if (!loop)
		return;
	free_watches(&loop->watches);
	free_watches(&loop->removed);
	close(loop->epoll);
	free(loop);
}

int evloop_add(struct evloop *loop, int fd, uint32_t events, evloop_fn fn, void *data,
	       struct error *err)
{
	struct watch *w = xcalloc(1, sizeof(*w));
	struct epoll_event event = { .events = events, .data.ptr = w };

	if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event)) {
		free(w);
		return error_errno(err, "cannot wait for descriptor %d", fd);
	}
	*w = (struct watch){ .next = loop->watches, .fd = fd, .fn = fn, .data = data };
	loop->watches = w;
	return 0;
}

void evloop_remove(struct evloop *loop, int fd)
{
	for (struct watch **p = &loop->watches; *p; p = &(*p)->next) {
		struct watch *w = *p;

		if (w->fd != fd)
			continue;
		epoll_ctl(loop->epoll, EPOLL_CTL_DEL, fd, NULL);
		*p = w->next;
		w->fn = NULL;
		w->next = loop->removed;
		loop->removed = w;
		return;
	}
}

static void park(struct evloop *loop, const bool *done)
{
	struct waiter waiter = { .fiber = fiber_current(), .done = done };

	if (*done)
		return;
	waiter.next = loop->waiters;
	loop->waiters = &waiter;
	fiber_park();
}

static struct waiter *take_ready(struct evloop *loop)
{
	for (struct waiter **p = &loop->waiters; *p; p = &(*p)->next) {
		struct waiter *w = *p;

		if (!*w->done)
			continue;
		*p = w->next;
		return w;
	}
	return NULL;
}

/* One that is resumed may set what another waits for. */
static void resume_ready(struct evloop *loop)
{
	struct waiter *w;

	while ((w = take_ready(loop)))
		fiber_resume(w->fiber);
}

/* Waits once, `timeout` ms (-1: for good), and calls whoever is ready, until `*done`; what is left
 * shows up again. How many were ready, or -1. */
static int run_once(struct evloop *loop, const bool *done, int timeout, struct error *err)
{
	struct epoll_event events[64];
	int nr = epoll_wait(loop->epoll, events, ARRAY_SIZE(events), timeout);

	if (nr < 0 && errno != EINTR)
		return error_errno(err, "cannot wait for events");
	for (int i = 0; i < nr && !*done; i++) {
		struct watch *w = events[i].data.ptr;

		if (w->fn)
			w->fn(events[i].events, w->data);
		resume_ready(loop);
	}
	return nr < 0 ? 0 : nr;
}

int evloop_run(struct evloop *loop, const bool *done, struct error *err)
{
	int ret = 0;

	if (fiber_current()) {
		park(loop, done);
		return 0;
	}
	loop->depth++;
	resume_ready(loop);
	while (!ret && !*done) {
		if (loop->watches)
			ret = run_once(loop, done, -1, err) < 0 ? -1 : 0;
		else
			ret = error_set(err, "nothing is left to wait for");
		if (loop->depth == 1)
			free_watches(&loop->removed);
	}
	loop->depth--;
	return ret;
}

int evloop_turn(struct evloop *loop, struct error *err)
{
	bool done = false;
	int ret;

	loop->depth++;
	resume_ready(loop);
	ret = run_once(loop, &done, 0, err);
	if (--loop->depth == 0)
		free_watches(&loop->removed);
	return ret > 0 ? 1 : ret;
}
