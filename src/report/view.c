#include "report/view.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "report/progress.h"
#include "report/summary.h"

#define LANES_MAX 6
#define EVENTS_LEAST 3	  /* lines of them before a picture gets any room */
#define PICTURE_SHARE 0.6 /* of what both have */
#define PICTURE_MAX 24	  /* lines */
#define NARROW 60	  /* columns, below which less is said of each */

/* --- A line, piece by piece, that never grows beyond the screen */

struct pen {
	const struct screen_style *style;
	struct strbuf *out;
	int room;
};

static void pen_put(struct pen *pen, enum paint color, const char *text)
{
	strbuf_addstr(pen->out, paint(pen->style->color, color));
	pen->room -= screen_add_text(pen->out, pen->style, text, pen->room);
	if (color != PAINT_NONE)
		strbuf_addstr(pen->out, paint(pen->style->color, PAINT_NONE));
}

__attribute__((format(printf, 3, 4))) static void pen_write(struct pen *pen, enum paint color,
							    const char *fmt, ...)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&text, fmt, ap);
	va_end(ap);
	pen_put(pen, color, text.buf);
}

/* What is drawn with. */
struct page {
	const struct view *view;
	const struct screen_style *style;
	struct screen_size size;
};

#define PEN(page, line)                                     \
	{                                                   \
		(page)->style, (line), (page)->size.columns \
	}

/* --- The parts */

static enum paint state_paint(const struct view *v)
{
	if (!strcmp(v->state, "failing"))
		return PAINT_BAD;
	return v->pid && !v->pauses ? PAINT_GOOD : PAINT_DOUBT;
}

static void add_spent(const struct totals *t, struct strbuf *out)
{
	strbuf_addstr(out, ", ");
	strbuf_add_duration(out, t->time);
	if (t->tokens)
		strbuf_addf(out, ", %" PRId64 " tokens", t->tokens);
	if (t->gpu_hours > 0)
		strbuf_addf(out, ", %.2f GPU hours", t->gpu_hours);
}

static void draw_title(const struct page *page, struct string_list *ret)
{
	CLEANUP_STRBUF struct strbuf line = STRBUF_INIT, spent = STRBUF_INIT;
	const struct view *v = page->view;
	struct pen pen = PEN(page, &line);

	pen_put(&pen, PAINT_HEAD, v->campaign);
	pen_put(&pen, PAINT_NONE, "  ");
	pen_put(&pen, state_paint(v), v->state);
	if (*v->reason)
		pen_write(&pen, PAINT_NONE, ": %s", v->reason);
	if (v->pid)
		pen_write(&pen, PAINT_FAINT, ", process %d", (int)v->pid);
	if (v->has_record)
		add_spent(v->totals, &spent);
	pen_put(&pen, PAINT_FAINT, spent.buf);
	string_list_add(ret, line.buf);
}

static void draw_best(const struct page *page, struct string_list *ret)
{
	CLEANUP_STRBUF struct strbuf line = STRBUF_INIT, best = STRBUF_INIT;
	const struct view *v = page->view;
	struct pen pen = PEN(page, &line);

	report_best(v->totals, v->is_measured, &best);
	pen_put(&pen, PAINT_HEAD, v->metric);
	pen_write(&pen, v->totals->incumbent_experiment ? PAINT_GOOD : PAINT_NONE, " %s",
		  best.buf);
	if (v->totals->incumbent_experiment)
		pen_write(&pen, PAINT_NONE, ", by experiment %" PRId64,
			  v->totals->incumbent_experiment);
	string_list_add(ret, line.buf);
}

static void draw_counts(const struct page *page, struct string_list *ret)
{
	CLEANUP_STRBUF struct strbuf line = STRBUF_INIT, text = STRBUF_INIT;
	const struct totals *t = page->view->totals;
	struct pen pen = PEN(page, &line);

	strbuf_addf(&text, "%" PRId64 " experiments%s", t->experiments - t->imported,
		    t->experiments > t->imported ? ": " : "");
	report_verdicts(t, &text);
	pen_put(&pen, PAINT_NONE, text.buf);
	string_list_add(ret, line.buf);
}

static void draw_head(const struct page *page, struct string_list *ret)
{
	draw_title(page, ret);
	if (!page->view->has_record)
		return;
	draw_best(page, ret);
	draw_counts(page, ret);
}

static void draw_lanes(const struct page *page, struct string_list *ret)
{
	const struct activities *all = page->view->activities;
	size_t busy = page->view->pauses ? 0 : activities_busy(all);

	for (size_t i = 0; i < ACTIVITY_LANES && busy; i++) {
		CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;

		if (!all->lanes[i].busy)
			continue;
		if (ret->nr == LANES_MAX - 1 && busy > 1) {
			strbuf_addf(&line, "%5s  and %zu more", "", busy);
			string_list_add(ret, line.buf);
			break;
		}
		progress_line(&all->lanes[i], page->view->now, page->style, page->size.columns,
			      &line);
		string_list_add(ret, line.buf);
		busy--;
	}
	while (ret->nr < page->view->lanes && ret->nr < LANES_MAX)
		string_list_add(ret, "");
	if (all->outage.lasts && !page->view->pauses) {
		CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;

		progress_outage(&all->outage, page->view->now, page->style, page->size.columns,
				&line);
		string_list_add(ret, line.buf);
	}
}

static void draw_budget(const struct page *page, struct string_list *ret)
{
	const struct view *v = page->view;

	for (enum budget_key key = 0; key < BUDGET_NR && v->has_record; key++) {
		CLEANUP_STRBUF struct strbuf line = STRBUF_INIT, text = STRBUF_INIT;
		double share = budget_share(v->budget, v->totals, key);

		if (!budget_limit(v->budget, key))
			continue;
		budget_describe(v->budget, v->totals, key, &text);
		progress_bar(budget_name(key), share,
			     share >= 1		   ? PAINT_BAD
			     : share >= BUDGET_LOW ? PAINT_DOUBT
						   : PAINT_GOOD,
			     text.buf, page->style, page->size.columns, &line);
		string_list_add(ret, line.buf);
	}
}

static void draw_proposers(const struct page *page, struct string_list *ret)
{
	const struct scores *scores = &page->view->totals->scores;

	for (size_t i = 0; i < scores->nr && page->view->has_record; i++) {
		CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;
		const struct score *score = &scores->items[i];
		struct pen pen = PEN(page, &line);

		pen_write(&pen, PAINT_NONE, "%7s%s: ", "", score->name);
		pen_write(&pen, PAINT_FAINT, "%" PRId64 " of %" PRId64 " accepted, score %.2f",
			  score->accepted, score->experiments, score_value(score));
		string_list_add(ret, line.buf);
	}
}

static void draw_event(const struct page *page, const struct event *e, struct string_list *ret)
{
	CLEANUP_STRBUF struct strbuf line = STRBUF_INIT, numbers = STRBUF_INIT;
	CLEANUP_FREE char *metric = e->has_metric ? xstrfmt("%.6g", e->metric) : xstrdup("");
	const char *verdict = verdict_name(e->verdict);
	struct pen pen = PEN(page, &line);

	strbuf_addf(&numbers, "  %10s", metric);
	if (page->size.columns >= NARROW)
		strbuf_addf(&numbers, "  %8s", e->change);
	pen_write(&pen, PAINT_NAME, "%5" PRId64, e->experiment);
	pen_write(&pen, verdict_paint(e->verdict), "  %-10s", verdict ? verdict : "baseline");
	pen_write(&pen, PAINT_NONE, "%s  ", numbers.buf);
	if (e->reason)
		pen_write(&pen, PAINT_NONE, "%s  ", e->reason);
	pen_put(&pen, PAINT_FAINT, e->subject);
	string_list_add(ret, line.buf);
}

static void draw_events(const struct page *page, int room, struct string_list *ret)
{
	const struct course *course = page->view->course;

	for (size_t i = 0; i < course->events_nr && (int)i < room; i++)
		draw_event(page, &course->events[i], ret);
}

static void draw_picture(const struct page *page, int room, struct string_list *ret)
{
	size_t nr;
	CLEANUP_FREE struct chart_point *points = course_points(page->view->course, &nr);

	chart_draw(points, nr, page->view->totals->experiments, page->size.columns, room,
		   page->style, ret);
}

static void draw_foot(const struct page *page, struct string_list *ret)
{
	CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;
	struct pen pen = PEN(page, &line);

	pen_put(&pen, PAINT_FAINT,
		page->view->pid ? "q quits; the campaign goes on"
				: "q quits; nobody works on the campaign");
	string_list_add(ret, line.buf);
}

/* --- All of them */

enum part {
	PART_HEAD,
	PART_LANES,
	PART_PICTURE,
	PART_EVENTS,
	PART_BUDGET,
	PART_PROPOSERS,
	PART_NR,
};

static void draw_parts(const struct page *page, struct string_list parts[PART_NR])
{
	/* The foot, and a blank line behind each part that there is. */
	int left = page->size.rows - 1, picture;

	draw_head(page, &parts[PART_HEAD]);
	draw_lanes(page, &parts[PART_LANES]);
	draw_budget(page, &parts[PART_BUDGET]);
	draw_proposers(page, &parts[PART_PROPOSERS]);
	for (int i = 0; i < PART_NR; i++)
		left -= (int)parts[i].nr + (parts[i].nr > 0);
	if (!page->view->has_record)
		return;
	left -= 2; /* the blank lines of picture and events */
	picture = (int)(left * PICTURE_SHARE);
	picture = picture > PICTURE_MAX ? PICTURE_MAX : picture;
	if (picture >= CHART_HEIGHT_MIN && left - picture >= EVENTS_LEAST &&
	    page->size.columns >= CHART_WIDTH_MIN)
		draw_picture(page, picture, &parts[PART_PICTURE]);
	draw_events(page, left + 1 - (int)parts[PART_PICTURE].nr, &parts[PART_EVENTS]);
}

static void add_part(const struct string_list *part, size_t rows, struct string_list *ret)
{
	if (part->nr && ret->nr && ret->nr + part->nr + 1 < rows)
		string_list_add(ret, "");
	for (size_t i = 0; i < part->nr && ret->nr + 1 < rows; i++)
		string_list_add(ret, part->items[i]);
}

void view_draw(const struct view *view, const struct screen_style *style,
	       struct screen_size size, struct string_list *ret)
{
	const struct page page = { view, style, size };
	struct string_list parts[PART_NR] = { 0 };
	size_t rows = size.rows > 1 ? (size_t)size.rows : 2;

	draw_parts(&page, parts);
	for (int i = 0; i < PART_NR; i++) {
		add_part(&parts[i], rows, ret);
		string_list_release(&parts[i]);
	}
	while (ret->nr + 1 < rows)
		string_list_add(ret, "");
	draw_foot(&page, ret);
}
