/*
 * Scores the weights in $AUTORESEARCH_OUT on text that no candidate has seen: its seed lies
 * in heldout/seed, which the evaluator's sandbox alone shows. val_loss is in nats a character.
 */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "model.h"

#define HELDOUT_SYMBOLS 20000

static unsigned char text[HELDOUT_SYMBOLS];

static int read_seed(const char *path, uint64_t *ret)
{
	FILE *f = fopen(path, "r");
	unsigned long long seed;
	int fields;

	if (!f) {
		perror(path);
		return -1;
	}
	fields = fscanf(f, "%19llu", &seed);
	fclose(f);
	if (fields != 1 || seed == TRAIN_SEED) {
		fprintf(stderr, "%s: not a seed of its own\n", path);
		return -1;
	}
	*ret = seed;
	return 0;
}

static double loss(const struct model *m)
{
	struct pass pass;
	double total = 0;

	for (size_t at = 0; at + CONTEXT < HELDOUT_SYMBOLS; at++) {
		model_forward(m, text + at, &pass);
		/* The smallest odds that count: a model that is sure and wrong stays finite. */
		total -= log(fmax((double)pass.odds[text[at + CONTEXT]], 1e-30));
	}
	return total / (HELDOUT_SYMBOLS - CONTEXT);
}

int main(void)
{
	const char *out = getenv("AUTORESEARCH_OUT");
	struct model m;
	char path[4096];
	uint64_t seed;
	double score;

	if (read_seed("heldout/seed", &seed))
		return 1;
	snprintf(path, sizeof(path), "%s/%s", out ? out : ".", WEIGHTS_FILE);
	if (model_load(&m, path))
		return 1;
	corpus_generate(seed, text, HELDOUT_SYMBOLS);
	score = loss(&m);
	model_free(&m);
	printf("METRIC val_loss=%.4f\n", score);
	return isfinite(score) ? 0 : 1;
}
