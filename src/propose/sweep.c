#include "propose/sweep.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/random.h"
#include "propose/scan.h"

#define LEVELS 5      /* step sizes, from coarse to fine; the first is for a wide sweep alone */
#define PAIR_LEVELS 3 /* of which pairs are made */
#define LINE_SHOWN 160
#define STEP_SIZE 32

static const double real_factors[LEVELS] = { 10, 3, 1.5, 1.2, 1.05 };
static const double integer_factors[LEVELS] = { 4, 2, 1.5, 1.25, 0 }; /* 0: by one */
static const double shares[LEVELS] = { 0.5, 0.25, 0.125, 0.0625, 0.03125 };

struct source {
	char *path, *content; /* owned */
	size_t len;
	unsigned mode;
	struct literal_list literals;
};

struct parameter {
	const struct source *source;
	const struct literal *literal;
};

/* One parameter's step: the text that takes the literal's place. */
struct move {
	size_t parameter;
	int level;
	char *text; /* owned */
	char step[STEP_SIZE];
};

struct sweep {
	struct source *sources;
	size_t sources_nr;
	struct parameter *parameters;
	size_t parameters_nr;
	struct move *moves; /* by level, and within one in the order drawn */
	size_t moves_nr, moves_alloc;
	bool wide;
	size_t level_end[LEVELS];
	/* The next candidate: moves[first], with moves[second] in the pairs of `level`. */
	int level; /* -1: single moves */
	size_t first, second;
};

static bool is_multiplied(const struct literal *l)
{
	return l->value > 0 &&
	       (!l->marked || l->log || (l->kind == LITERAL_INTEGER && l->min >= 0));
}

static bool is_known(const struct sweep *sweep, size_t parameter, const char *text)
{
	const struct parameter *p = &sweep->parameters[parameter];
	const struct literal *l = p->literal;

	if (strlen(text) == l->len && !memcmp(p->source->content + l->start, text, l->len))
		return true;
	for (size_t i = sweep->moves_nr; i-- && sweep->moves[i].parameter == parameter;)
		if (!strcmp(sweep->moves[i].text, text))
			return true;
	return false;
}

static void add_move(struct sweep *sweep, size_t parameter, int level, const char *text,
		     const char *step)
{
	struct move *move;

	if (is_known(sweep, parameter, text))
		return;
	if (sweep->moves_nr == sweep->moves_alloc) {
		sweep->moves_alloc = sweep->moves_alloc ? 2 * sweep->moves_alloc : 64;
		sweep->moves =
			xrealloc(sweep->moves, sweep->moves_alloc * sizeof(*sweep->moves));
	}
	move = &sweep->moves[sweep->moves_nr++];
	move->parameter = parameter;
	move->level = level;
	move->text = xstrdup(text);
	snprintf(move->step, sizeof(move->step), "%s", step);
}

/* The distance of a step of `level` where steps are no factors. */
static double distance(const struct literal *l, int level)
{
	bool integer = l->kind == LITERAL_INTEGER;
	double by = shares[level] * (l->marked ? l->max - l->min : integer ? 4 : 0.4);

	return integer ? fmax(1, round(by)) : by;
}

/* Where a step of `level` leads, up or down, and what to call it. */
static double step_from(const struct literal *l, int level, bool up, char step[STEP_SIZE])
{
	const double *factors = l->kind == LITERAL_INTEGER ? integer_factors : real_factors;
	double factor = factors[level], by;

	if (is_multiplied(l) && factor > 0) {
		snprintf(step, STEP_SIZE, "%s%g", up ? "x" : "/", factor);
		return up ? l->value * factor : l->value / factor;
	}
	by = is_multiplied(l) ? 1 : distance(l, level);
	snprintf(step, STEP_SIZE, "%s%.3g", up ? "+" : "-", by);
	return up ? l->value + by : l->value - by;
}

static void add_step(struct sweep *sweep, size_t parameter, int level, bool up)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	const struct parameter *p = &sweep->parameters[parameter];
	const struct literal *l = p->literal;
	char step[STEP_SIZE];
	double value = step_from(l, level, up, step);

	/* Halving one leads to no integer that is not reached by one. */
	if (l->kind == LITERAL_INTEGER && l->value > 0 && value < 1 && value > 0)
		return;
	if (l->marked && (value < l->min || value > l->max)) {
		value = value < l->min ? l->min : l->max;
		snprintf(step, sizeof(step), "to the bound");
	}
	if (literal_write(l, p->source->content, value, &text))
		add_move(sweep, parameter, level, text.buf, step);
}

static void add_moves(struct sweep *sweep, size_t parameter)
{
	const struct literal *l = sweep->parameters[parameter].literal;

	for (size_t i = 0; i < l->words.nr; i++)
		add_move(sweep, parameter, 1, l->words.items[i], "another word");
	for (int level = sweep->wide ? 0 : 1; level < LEVELS && l->kind != LITERAL_WORD;
	     level++) {
		add_step(sweep, parameter, level, true);
		add_step(sweep, parameter, level, false);
	}
}

/* FNV-1a over the files, so that each centre has an order of its own. */
static uint64_t hash_sources(const struct sweep *sweep)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (size_t i = 0; i < sweep->sources_nr; i++)
		for (size_t j = 0; j < sweep->sources[i].len; j++)
			hash = (hash ^ (unsigned char)sweep->sources[i].content[j]) *
			       0x100000001b3;
	return hash;
}

/* Puts the moves in order: level by level, and within a level as drawn. */
static void order_moves(struct sweep *sweep, uint64_t random)
{
	struct move *ordered = xcalloc(sweep->moves_nr, sizeof(*ordered));
	size_t nr = 0;

	for (int level = 0; level < LEVELS; level++) {
		size_t start = nr;

		for (size_t i = 0; i < sweep->moves_nr; i++)
			if (sweep->moves[i].level == level)
				ordered[nr++] = sweep->moves[i];
		for (size_t left = nr - start; left > 1; left--) {
			size_t pick = start + random_next(&random) % left,
			       last = start + left - 1;
			struct move move = ordered[pick];

			ordered[pick] = ordered[last];
			ordered[last] = move;
		}
		sweep->level_end[level] = nr;
	}
	free(sweep->moves);
	sweep->moves = ordered;
}

static void find_parameters(struct sweep *sweep)
{
	bool marked = false;
	size_t total = 0;

	for (size_t i = 0; i < sweep->sources_nr; i++) {
		struct source *s = &sweep->sources[i];

		literals_scan(s->path, s->content, s->len, &s->literals);
		total += s->literals.nr;
		for (size_t j = 0; j < s->literals.nr; j++)
			marked |= s->literals.items[j].marked;
	}
	sweep->parameters = xcalloc(total, sizeof(*sweep->parameters));
	for (size_t i = 0; i < sweep->sources_nr; i++) {
		struct source *s = &sweep->sources[i];

		for (size_t j = 0; j < s->literals.nr; j++)
			if ((s->literals.items[j].marked || !marked) &&
			    sweep->parameters_nr < SWEEP_PARAMETERS_MAX)
				sweep->parameters[sweep->parameters_nr++] =
					(struct parameter){ s, &s->literals.items[j] };
	}
}

struct sweep *sweep_new(const struct sweep_file *files, size_t nr, bool wide, uint64_t seed)
{
	struct sweep *sweep = xcalloc(1, sizeof(*sweep));

	sweep->wide = wide;
	sweep->sources = xcalloc(nr, sizeof(*sweep->sources));
	sweep->sources_nr = nr;
	for (size_t i = 0; i < nr; i++) {
		struct source *s = &sweep->sources[i];

		s->path = xstrdup(files[i].path);
		s->mode = files[i].mode;
		s->len = files[i].len;
		s->content = xmalloc(s->len + 1);
		if (s->len)
			memcpy(s->content, files[i].content, s->len);
		s->content[s->len] = '\0';
	}
	find_parameters(sweep);
	for (size_t i = 0; i < sweep->parameters_nr; i++)
		add_moves(sweep, i);
	order_moves(sweep, seed ^ hash_sources(sweep));
	sweep->level = -1;
	return sweep;
}

void sweep_free(struct sweep *sweep)
{
	if (!sweep)
		return;
	for (size_t i = 0; i < sweep->sources_nr; i++) {
		free(sweep->sources[i].path);
		free(sweep->sources[i].content);
		literals_release(&sweep->sources[i].literals);
	}
	for (size_t i = 0; i < sweep->moves_nr; i++)
		free(sweep->moves[i].text);
	free(sweep->sources);
	free(sweep->parameters);
	free(sweep->moves);
	free(sweep);
}

void sweep_problems(const struct sweep *sweep, struct string_list *ret)
{
	for (size_t i = 0; i < sweep->sources_nr; i++) {
		const struct source *s = &sweep->sources[i];

		for (size_t j = 0; j < s->literals.problems.nr; j++) {
			CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;

			strbuf_add_visible(&line, s->path, strlen(s->path));
			strbuf_addf(&line, ":%s", s->literals.problems.items[j]);
			string_list_add(ret, line.buf);
		}
	}
}

size_t sweep_parameters(const struct sweep *sweep)
{
	return sweep->parameters_nr;
}

/* The bytes of line `nr`, without its blanks at both ends, for people. */
static void add_line(struct strbuf *out, const char *text, size_t len, int nr)
{
	const char *end = text + len, *p = text, *stop;

	while (--nr)
		p = (const char *)memchr(p, '\n', (size_t)(end - p)) + 1;
	stop = memchr(p, '\n', (size_t)(end - p)) ?: end;
	while (p < stop && isspace((unsigned char)*p))
		p++;
	if (stop - p > LINE_SHOWN)
		stop = p + LINE_SHOWN;
	for (; p < stop; p++) {
		const char *tab = memchr(p, '\t', (size_t)(stop - p)) ?: stop;

		strbuf_add_visible(out, p, (size_t)(tab - p));
		if (tab < stop)
			strbuf_addch(out, ' ');
		p = tab;
	}
	strbuf_rtrim(out);
}

static const struct parameter *parameter_of(const struct sweep *sweep, const struct move *m)
{
	return &sweep->parameters[m->parameter];
}

static void add_subject(const struct sweep *sweep, const struct move *move, struct strbuf *out)
{
	const struct parameter *p = parameter_of(sweep, move);
	const char *content = p->source->content;
	bool named;

	if (out->len)
		strbuf_addstr(out, ", ");
	named = literal_name(p->literal, content, out);
	strbuf_addf(out, "%s%.*s -> %s", named ? " " : "", (int)p->literal->len,
		    content + p->literal->start, move->text);
	if (named)
		return;
	/* Behind it: at the front it would read as a trailer, "Makefile:3: …". */
	strbuf_addstr(out, " in ");
	strbuf_add_visible(out, p->source->path, strlen(p->source->path));
	strbuf_addf(out, ":%d", p->literal->line);
}

static void add_rationale(const struct sweep *sweep, const struct move *move,
			  const struct edit *edit, struct strbuf *out)
{
	const struct parameter *p = parameter_of(sweep, move);

	strbuf_add_visible(out, p->source->path, strlen(p->source->path));
	strbuf_addf(out, ":%d, %s\n  was  ", p->literal->line, move->step);
	add_line(out, p->source->content, p->source->len, p->literal->line);
	strbuf_addstr(out, "\n  now  ");
	add_line(out, edit->content, edit->len, p->literal->line);
	strbuf_addch(out, '\n');
}

/* The file of the first of `nr` moves that are ordered by place, with all those of the same
 * file made. How many they are. */
static size_t add_edit(const struct sweep *sweep, const struct move *const *moves, size_t nr,
		       struct proposal *p)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	const struct source *s = parameter_of(sweep, moves[0])->source;
	size_t done = 0, made = 0;

	for (; made < nr && parameter_of(sweep, moves[made])->source == s; made++) {
		const struct literal *l = parameter_of(sweep, moves[made])->literal;

		strbuf_add(&text, s->content + done, l->start - done);
		strbuf_addstr(&text, moves[made]->text);
		done = l->start + l->len;
	}
	strbuf_add(&text, s->content + done, s->len - done);
	proposal_add_edit(p, s->path, s->mode, text.buf, text.len);
	return made;
}

static bool stands_before(const struct parameter *a, const struct parameter *b)
{
	return a->source != b->source ? a->source < b->source
				      : a->literal->start < b->literal->start;
}

/* The candidate that the sweep stands at: its move, or both by their place. How many they are. */
static size_t moves_of(const struct sweep *sweep, const struct move *ret[2])
{
	const struct move *a = &sweep->moves[sweep->first], *b = &sweep->moves[sweep->second];
	bool turned;

	ret[0] = a;
	if (sweep->level < 0)
		return 1;
	turned = stands_before(parameter_of(sweep, b), parameter_of(sweep, a));
	ret[0] = turned ? b : a;
	ret[1] = turned ? a : b;
	return 2;
}

static void build(const struct sweep *sweep, struct proposal *p)
{
	const struct move *moves[2];
	size_t nr = moves_of(sweep, moves);

	for (size_t i = 0; i < nr;)
		i += add_edit(sweep, moves + i, nr - i, p);
}

/* Says what was built. */
static void describe(const struct sweep *sweep, struct proposal *p)
{
	CLEANUP_STRBUF struct strbuf subject = STRBUF_INIT;
	CLEANUP_STRBUF struct strbuf rationale = STRBUF_INIT;
	const struct move *moves[2];
	size_t nr = moves_of(sweep, moves);

	for (size_t i = 0; i < nr; i++) {
		add_subject(sweep, moves[i], &subject);
		/* Both are in one file, or each has its own. */
		add_rationale(sweep, moves[i], &p->edits[p->edits_nr == nr ? i : 0],
			      &rationale);
	}
	proposal_describe(p, subject.buf, rationale.buf, "sweep");
}

/* Goes on to the next candidate, a single move or a pair; false behind the last one. */
static bool settle(struct sweep *sweep)
{
	if (sweep->level < 0 && sweep->first < sweep->moves_nr)
		return true;
	if (sweep->level < 0) {
		sweep->level = 0;
		sweep->first = sweep->second = 0;
	}
	while (sweep->level < PAIR_LEVELS) {
		size_t start = sweep->level ? sweep->level_end[sweep->level - 1] : 0;
		size_t end = sweep->level_end[sweep->level];

		for (; sweep->first < end; sweep->first++, sweep->second = start)
			for (; sweep->second < sweep->first; sweep->second++)
				if (sweep->moves[sweep->first].parameter !=
				    sweep->moves[sweep->second].parameter)
					return true;
		sweep->level++;
		sweep->second = end;
	}
	return false;
}

static void advance(struct sweep *sweep)
{
	if (sweep->level < 0)
		sweep->first++;
	else
		sweep->second++;
}

int sweep_next(struct sweep *sweep, sweep_tried_fn tried, void *data, struct proposal *ret,
	       struct error *err)
{
	for (; settle(sweep); advance(sweep)) {
		CLEANUP_PROPOSAL struct proposal p = PROPOSAL_INIT;
		int known;

		build(sweep, &p);
		known = tried(&p, data, err);
		if (known < 0)
			return -1;
		if (!known) {
			describe(sweep, &p);
			advance(sweep);
			*ret = p;
			p = (struct proposal)PROPOSAL_INIT;
			return 0;
		}
	}
	return 1;
}
