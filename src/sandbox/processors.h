#ifndef SANDBOX_PROCESSORS_H
#define SANDBOX_PROCESSORS_H

/*
 * Processors of its own for each of several trials, by affinity (sched_setaffinity(2)), so that
 * they do not disturb each other's measurements. A candidate that asks for other processors
 * gets them; that it does not use more of them than it was given is cgroups' business.
 */

#include <sched.h>

/* How many processors this process may use. */
int processors_nr(void);

/*
 * The processors of share `number` (from 0) of `shares`, at most `want` of them (0: all of the
 * share). Shares have the same number of processors, and none in common; threads of one core
 * and cores of one package stay together as far as that goes. Returns how many there are in
 * `ret`: 0 where there are fewer processors than shares, and nobody can have one of its own.
 */
int processors_share(int number, int shares, int want, cpu_set_t *ret);

#endif
