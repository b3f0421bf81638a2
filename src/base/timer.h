#ifndef BASE_TIMER_H
#define BASE_TIMER_H

/* timerfd(2) in seconds. */

#include <stdbool.h>
#include <time.h>

#include "base/error.h"

/* A timer that is not armed, for an event loop; monotonic, so that a suspended machine does
 * not count. -1 on error. */
int timer_new(struct error *err);

/* Arms it: once after `seconds` (of which 0 is the shortest time there is, not none), and
 * then every `interval` seconds where that is above 0. -1 with errno. */
int timer_arm(int timer, double seconds, double interval);

/* Since a moment of CLOCK_MONOTONIC; and between two. */
double seconds_since(const struct timespec *start);
double seconds_between(const struct timespec *start, const struct timespec *end);

/* Takes its expiry. False where there is none. */
bool timer_take(int timer);

#endif
