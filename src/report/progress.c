#include "report/progress.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/number.h"
#include "base/timer.h"

#define HEAD 19 /* columns of number and phase */
#define BAR_MAX 24
#define BAR_MIN 5
#define NARROW 64

static double clock_now(void)
{
	return seconds_since(&(struct timespec){ 0 });
}

/* --- A line */

/* How long it has been at it, and how long it may be; in few columns only what is left. */
static void add_times(const struct activity *a, double elapsed, int columns, struct strbuf *out)
{
	if (columns >= NARROW || !a->timeout)
		strbuf_add_duration(out, elapsed);
	if (!a->timeout)
		return;
	strbuf_addstr(out, columns >= NARROW ? ", at most " : "");
	strbuf_add_duration(out, fmax(a->timeout - elapsed, 0));
	strbuf_addstr(out, " left");
}

static void add_what(const struct activity *a, struct strbuf *out)
{
	if (!a->experiment && a->phase != PHASE_SETUP)
		strbuf_addstr(out, ", baseline");
	if (a->trial)
		strbuf_addf(out, ", trial %d", a->trial);
}

/* The end of a line that `HEAD` columns of are there: a bar, where there is room, and words. */
static int add_bar(double share, enum paint color, const char *text,
		   const struct screen_style *style, int columns, struct strbuf *out)
{
	int bar = columns - HEAD - 2 - (int)strlen(text);

	bar = bar > BAR_MAX ? BAR_MAX : bar;
	if (bar < BAR_MIN || share < 0)
		return HEAD + screen_add_text(out, style, text, columns - HEAD);
	screen_add_bar(out, style, share, bar, color);
	strbuf_addf(out, "  %s", text);
	return HEAD + bar + 2 + (int)strlen(text);
}

int progress_line(const struct activity *a, double now, const struct screen_style *style,
		  int columns, struct strbuf *out)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	double elapsed = fmax(now - a->began, 0);

	add_times(a, elapsed, columns, &text);
	add_what(a, &text);
	if (a->phase == PHASE_SETUP)
		strbuf_addf(out, "%5s", "");
	else
		strbuf_addf(out, "%s%5" PRId64 "%s", paint(style->color, PAINT_NAME),
			    a->experiment, paint(style->color, PAINT_NONE));
	strbuf_addf(out, "  %-10s  ", phase_name(a->phase));
	return add_bar(a->timeout ? elapsed / a->timeout : -1, PAINT_NAME, text.buf, style,
		       columns, out);
}

int progress_bar(const char *name, double share, enum paint color, const char *text,
		 const struct screen_style *style, int columns, struct strbuf *out)
{
	strbuf_addf(out, "%7s%-11s ", "", name);
	return add_bar(share, color, text, style, columns, out);
}

int progress_outage(const struct outage *o, double now, const struct screen_style *style,
		    int columns, struct strbuf *out)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	int taken;

	strbuf_addstr(&text, "waiting ");
	strbuf_add_duration(&text, fmax(o->until - now, 0));
	strbuf_addf(&text, ": %s", o->why);
	strbuf_addf(out, "%7s%s", "", paint(style->color, PAINT_DOUBT));
	taken = 7 + screen_add_text(out, style, text.buf, columns - 7);
	strbuf_addstr(out, paint(style->color, PAINT_NONE));
	return taken;
}

/* --- The lines below all others */

void progress_init(struct progress *p)
{
	*p = (struct progress){ .terminal = screen_is(STDERR_FILENO) };
	if (p->terminal)
		p->style = screen_style(STDERR_FILENO);
}

void progress_activity(struct progress *p, int lane, const struct activity *a)
{
	if (lane >= ACTIVITY_LANES)
		return;
	p->now.lanes[lane] = *a;
	if (!a->busy)
		return;
	p->now.outage.lasts = false;
	p->note = NULL;
	progress_tick(p);
}

/* Back to where the first line begins: where the window became narrower since, a line may have
 * become several. */
static void add_return(const struct progress *p, int columns, struct strbuf *out)
{
	int up = -1;

	for (int i = 0; i < p->drawn; i++)
		up += 1 + (p->widths[i] > columns ? (p->widths[i] - 1) / columns : 0);
	strbuf_addch(out, '\r');
	if (up > 0)
		strbuf_addf(out, "\033[%dA", up);
}

static void add_line(struct progress *p, int width, struct strbuf *out)
{
	strbuf_addstr(out, "\033[K");
	p->widths[p->drawn++] = width;
}

static void next_line(const struct progress *p, struct strbuf *out)
{
	if (p->drawn)
		strbuf_addch(out, '\n');
}

static void add_lanes(struct progress *p, int columns, int room, struct strbuf *out)
{
	size_t busy = activities_busy(&p->now);
	double now = clock_now();

	for (size_t i = 0; i < ACTIVITY_LANES && busy; i++) {
		const struct activity *a = &p->now.lanes[i];

		if (!a->busy)
			continue;
		next_line(p, out);
		/* The last line is for all that are left. */
		if (p->drawn == room - 1 && busy > 1) {
			strbuf_addf(out, "%5s  %zu more", "", busy);
			add_line(p, 20, out);
			return;
		}
		add_line(p, progress_line(a, now, &p->style, columns, out), out);
		busy--;
	}
}

void progress_tick(struct progress *p)
{
	CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;
	struct screen_size size;
	int room;

	if (!p->terminal || (!activities_busy(&p->now) && !p->now.outage.lasts && !p->note))
		return;
	size = screen_size(STDERR_FILENO);
	room = size.rows - 1 < PROGRESS_LINES ? size.rows - 1 : PROGRESS_LINES;
	/* A line that fills the last column may or may not go on in the next. */
	size.columns--;
	add_return(p, size.columns + 1, &out);
	p->drawn = 0;
	if (p->note) {
		strbuf_addf(&out, "%7s", "");
		add_line(p, 7 + screen_add_text(&out, &p->style, p->note, size.columns - 7),
			 &out);
	} else {
		add_lanes(p, size.columns, room < 1 ? 1 : room, &out);
	}
	if (p->now.outage.lasts) {
		next_line(p, &out);
		add_line(p,
			 progress_outage(&p->now.outage, clock_now(), &p->style, size.columns,
					 &out),
			 &out);
	}
	strbuf_addstr(&out, "\033[J");
	fwrite(out.buf, 1, out.len, stderr);
	fflush(stderr);
}

void progress_wait(struct progress *p, const char *why, double seconds)
{
	CLEANUP_STRBUF struct strbuf words = STRBUF_INIT;
	struct outage *o = &p->now.outage;

	strbuf_add_visible(&words, why, strlen(why));
	snprintf(o->why, sizeof(o->why), "%s", words.buf);
	o->until = clock_now() + seconds;
	o->lasts = true;
	progress_tick(p);
}

void progress_note(struct progress *p, const char *words)
{
	p->note = words;
	progress_tick(p);
}

void progress_clear(struct progress *p)
{
	CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;

	if (!p->drawn)
		return;
	add_return(p, screen_size(STDERR_FILENO).columns, &out);
	strbuf_addstr(&out, "\033[J");
	fwrite(out.buf, 1, out.len, stderr);
	fflush(stderr);
	p->drawn = 0;
}
