#ifndef BASE_EVLOOP_H
#define BASE_EVLOOP_H

/*
 * The program's one event loop, over epoll(7): no threads. Whoever waits for a descriptor
 * (a pidfd, a timerfd, a pipe, a signalfd, a socket) adds it with a function that is called
 * when it is ready. A function may add and remove descriptors, its own too.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct evloop;

/* What became ready: EPOLLIN, EPOLLHUP and so on. */
typedef void (*evloop_fn)(uint32_t events, void *data);

int evloop_new(struct evloop **ret, struct error *err);
void evloop_free(struct evloop *loop);

/* Watches `fd` for `events`; the descriptor stays the caller's. */
int evloop_add(struct evloop *loop, int fd, uint32_t events, evloop_fn fn, void *data,
	       struct error *err);

/* Stops watching `fd`, before it is closed. A descriptor that is not watched is ignored. */
void evloop_remove(struct evloop *loop, int fd);

/*
 * Runs until `*done`, which is looked at after each call. A function may run the loop within
 * the loop. Returns 0, or -1 where waiting itself failed or nothing is left to wait for.
 *
 * Within a fiber (fiber.h) it parks the fiber instead, and whoever runs the loop on the main
 * stack resumes it once its `*done` is set: so several may wait at once, each for its own. A
 * fiber never sees the loop fail, since nothing resumes it then.
 */
int evloop_run(struct evloop *loop, const bool *done, struct error *err);

/* On the main stack: calls whoever is ready now, and waits for nobody. 1 where anybody was; 0; -1 as
 * above. */
int evloop_turn(struct evloop *loop, struct error *err);

#endif
