#include "report/progress.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/number.h"

#define BAR_WIDTH 24

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void progress_init(struct progress *p)
{
	*p = (struct progress){ .terminal = isatty(STDERR_FILENO) };
}

void progress_phase(struct progress *p, int64_t experiment, enum phase phase, double timeout)
{
	p->experiment = experiment;
	p->phase = phase;
	p->timeout = timeout;
	p->began = now();
	progress_tick(p);
}

void progress_tick(struct progress *p)
{
	CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;
	double elapsed = now() - p->began;
	int filled = p->timeout > 0 ? (int)(BAR_WIDTH * elapsed / p->timeout) : 0;

	if (!p->terminal || !p->began)
		return;
	if (p->experiment)
		strbuf_addf(&line, "%5lld  ", (long long)p->experiment);
	else
		strbuf_addstr(&line, "       ");
	strbuf_addf(&line, "%-9s [", phase_name(p->phase));
	for (int i = 0; i < BAR_WIDTH; i++)
		strbuf_addch(&line, i < filled ? '#' : '.');
	strbuf_addstr(&line, "] ");
	strbuf_add_duration(&line, elapsed);
	strbuf_addstr(&line, " of at most ");
	strbuf_add_duration(&line, p->timeout);
	fprintf(stderr, "\r%s\033[K", line.buf);
	fflush(stderr);
	p->drawn = true;
}

void progress_wait(struct progress *p, const char *why, double seconds)
{
	CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;

	p->began = 0; /* nothing to draw at the next tick */
	if (!p->terminal)
		return;
	strbuf_addf(&line, "%5lld  waiting ", (long long)p->experiment);
	strbuf_add_duration(&line, seconds);
	strbuf_addf(&line, ": %.60s", why);
	fprintf(stderr, "\r%s\033[K", line.buf);
	fflush(stderr);
	p->drawn = true;
}

void progress_clear(struct progress *p)
{
	if (p->drawn)
		fprintf(stderr, "\r\033[K");
	p->drawn = false;
	p->began = 0;
}
