#include "corpus.h"

#include <stdbool.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const char *const adjectives[] = {
	"small", "old", "quiet", "bright", "hungry", "clever"
};
static const char *const subjects[] = {
	"cat", "farmer", "sailor", "teacher", "horse", "robin"
};
static const char *const objects[] = { "river",	 "garden",  "window",
				       "letter", "harbour", "bridge" };
static const char *const verbs[] = {
	"follow", "remember", "paint", "visit", "describe", "find"
};
static const char *const adverbs[] = { "slowly", "often", "never", "seldom" };
static const char *const links[] = { "and", "while", "because" };

struct writer {
	uint64_t random;
	unsigned char *text;
	size_t nr, max;
};

uint64_t random_next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static bool one_in(struct writer *w, unsigned n)
{
	return random_next(&w->random) % n == 0;
}

static const char *any(struct writer *w, const char *const *words, size_t nr)
{
	return words[random_next(&w->random) % nr];
}

static void put(struct writer *w, int symbol)
{
	if (w->nr < w->max)
		w->text[w->nr++] = (unsigned char)symbol;
}

static void letters(struct writer *w, const char *word)
{
	for (; *word; word++)
		put(w, *word - 'a');
}

static void word(struct writer *w, const char *text, const char *ending)
{
	letters(w, text);
	letters(w, ending);
	put(w, SYMBOLS - 2);
}

static void clause(struct writer *w)
{
	bool plural = one_in(w, 2);

	word(w, plural ? "many" : "the", "");
	if (one_in(w, 2))
		word(w, any(w, adjectives, COUNT(adjectives)), "");
	word(w, any(w, subjects, COUNT(subjects)), plural ? "s" : "");
	if (one_in(w, 3))
		word(w, any(w, adverbs, COUNT(adverbs)), "");
	word(w, any(w, verbs, COUNT(verbs)), plural ? "" : "s");
	word(w, "the", "");
	if (one_in(w, 3))
		word(w, any(w, adjectives, COUNT(adjectives)), "");
	word(w, any(w, objects, COUNT(objects)), "");
}

void corpus_generate(uint64_t seed, unsigned char *text, size_t n)
{
	struct writer w = { .random = seed, .text = text, .max = n };

	while (w.nr < w.max) {
		clause(&w);
		if (one_in(&w, 3)) {
			word(&w, any(&w, links, COUNT(links)), "");
			clause(&w);
		}
		put(&w, SYMBOLS - 1);
		put(&w, SYMBOLS - 2);
	}
}
