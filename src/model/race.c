#include "model/race.h"

#include <stdbool.h>
#include <string.h>

static bool ties(const struct finisher *f, const struct finisher *best, double min_effect)
{
	return f->gain == best->gain || best->gain - f->gain < min_effect;
}

static bool is_smaller(const struct finisher *a, const struct finisher *b)
{
	return a->lines < b->lines || (a->lines == b->lines && a->gain > b->gain);
}

size_t race_winner(const struct finisher *finishers, size_t nr, double min_effect)
{
	size_t best = 0, winner;

	for (size_t i = 1; i < nr; i++)
		if (finishers[i].gain > finishers[best].gain)
			best = i;
	winner = best;
	for (size_t i = 0; i < nr; i++) {
		const struct finisher *f = &finishers[i], *w = &finishers[winner];

		if (ties(f, &finishers[best], min_effect) &&
		    (is_smaller(f, w) || (i < winner && !is_smaller(w, f))))
			winner = i;
	}
	return winner;
}

uint64_t race_lines(const char *patch)
{
	uint64_t lines = 0;

	for (const char *p = patch; p && *p; p = strchr(p, '\n'), p = p ? p + 1 : NULL)
		lines += (*p == '+' && strncmp(p, "+++ ", 4)) ||
			 (*p == '-' && strncmp(p, "--- ", 4));
	return lines;
}
