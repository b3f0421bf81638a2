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

void progress_phase(struct progress *p, int lane, int64_t experiment, enum phase phase,
		    double timeout)
{
	if (lane >= PROGRESS_LANES_MAX)
		return;
	p->lanes[lane] = (struct progress_phase){ experiment, phase, timeout, now() };
	progress_tick(p);
}

void progress_over(struct progress *p, int64_t experiment)
{
	for (int i = 0; i < PROGRESS_LANES_MAX; i++)
		if (p->lanes[i].experiment == experiment)
			p->lanes[i].began = 0;
}

/* The one that has been at it longest; NULL: none is. */
static const struct progress_phase *find_oldest(const struct progress *p)
{
	const struct progress_phase *oldest = NULL;

	for (int i = 0; i < PROGRESS_LANES_MAX; i++)
		if (p->lanes[i].began && (!oldest || p->lanes[i].began < oldest->began))
			oldest = &p->lanes[i];
	return oldest;
}

static void add_bar(const struct progress_phase *phase, struct strbuf *line)
{
	double elapsed = now() - phase->began;
	int filled = phase->timeout > 0 ? (int)(BAR_WIDTH * elapsed / phase->timeout) : 0;

	if (phase->experiment)
		strbuf_addf(line, "%5lld  ", (long long)phase->experiment);
	else
		strbuf_addstr(line, "       ");
	strbuf_addf(line, "%-9s [", phase_name(phase->phase));
	for (int i = 0; i < BAR_WIDTH; i++)
		strbuf_addch(line, i < filled ? '#' : '.');
	strbuf_addstr(line, "] ");
	strbuf_add_duration(line, elapsed);
	strbuf_addstr(line, " of at most ");
	strbuf_add_duration(line, phase->timeout);
}

static void draw(struct progress *p, const struct strbuf *line)
{
	fprintf(stderr, "\r%s\033[K", line->buf);
	fflush(stderr);
	p->drawn = true;
}

/* As many of the others as a line has room for. */
#define OTHERS_MAX 3

void progress_tick(struct progress *p)
{
	CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;
	const struct progress_phase *oldest = find_oldest(p);
	int others = 0;

	if (!p->terminal || !oldest)
		return;
	add_bar(oldest, &line);
	for (int i = 0; i < PROGRESS_LANES_MAX; i++) {
		const struct progress_phase *phase = &p->lanes[i];

		if (!phase->began || phase == oldest || ++others > OTHERS_MAX)
			continue;
		strbuf_addf(&line, "%s %lld %s", others > 1 ? "," : ";",
			    (long long)phase->experiment, phase_name(phase->phase));
	}
	if (others > OTHERS_MAX)
		strbuf_addf(&line, " and %d more", others - OTHERS_MAX);
	draw(p, &line);
}

void progress_wait(struct progress *p, const char *why, double seconds)
{
	CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;
	const struct progress_phase *oldest = find_oldest(p);

	if (!p->terminal)
		return;
	if (oldest)
		strbuf_addf(&line, "%5lld  ", (long long)oldest->experiment);
	strbuf_addstr(&line, "waiting ");
	strbuf_add_duration(&line, seconds);
	strbuf_addf(&line, ": %.60s", why);
	/* Nothing else to draw at the next tick. */
	memset(p->lanes, 0, sizeof(p->lanes));
	draw(p, &line);
}

void progress_note(struct progress *p, const char *words)
{
	CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;

	if (!p->terminal)
		return;
	strbuf_addf(&line, "       %s", words);
	memset(p->lanes, 0, sizeof(p->lanes));
	draw(p, &line);
}

void progress_clear(struct progress *p)
{
	if (p->drawn)
		fprintf(stderr, "\r\033[K");
	p->drawn = false;
}
