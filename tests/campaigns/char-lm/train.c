/*
 * Fits the model to the training text by stochastic gradient descent and leaves its weights
 * in $AUTORESEARCH_OUT. This is the file that candidates change.
 */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"

static const float learning_rate = 0.01f; /* autoresearch: 0.001..10 log */
static const float decay = 8.0f;	  /* autoresearch: 0.1..10 log */
static const float init_scale = 0.01f;	  /* autoresearch: 0.001..3 log */
static const int hidden = 12;		  /* autoresearch: 4..96 */
static const char activation[] = "tanh";  /* autoresearch: relu|tanh|gelu */

static unsigned char text[TRAIN_SYMBOLS];

/* Evenly from -scale to scale. */
static void fill(float *weights, size_t nr, float scale, uint64_t *random)
{
	for (size_t i = 0; i < nr; i++)
		weights[i] = scale * ((float)(random_next(random) >> 40) / 0x800000 - 1);
}

static void backward(const struct model *m, const unsigned char *context, struct pass *pass,
		     struct model *gradient)
{
	size_t h = (size_t)m->hidden;
	float *error = pass->odds, back[HIDDEN_MAX];

	error[context[CONTEXT]] -= 1;
	for (size_t k = 0; k < SYMBOLS; k++)
		gradient->out_bias[k] += error[k];
	for (size_t j = 0; j < h; j++) {
		float total = 0;

		for (size_t k = 0; k < SYMBOLS; k++) {
			gradient->out[j * SYMBOLS + k] += pass->value[j] * error[k];
			total += m->out[j * SYMBOLS + k] * error[k];
		}
		back[j] = total * activation_slope(m->activation, pass->sum[j]);
		gradient->in_bias[j] += back[j];
	}
	for (size_t i = 0; i < CONTEXT; i++) {
		float *row = gradient->in + (i * SYMBOLS + context[i]) * h;

		for (size_t j = 0; j < h; j++)
			row[j] += back[j];
	}
}

static void train(struct model *m, struct model *gradient, uint64_t *random)
{
	struct pass pass;

	for (int step = 0; step < STEPS; step++) {
		float rate = learning_rate * expf(-decay * (float)step / STEPS) / BATCH;

		memset(gradient->weights, 0, gradient->nr * sizeof(*gradient->weights));
		for (int i = 0; i < BATCH; i++) {
			size_t at = random_next(random) % (TRAIN_SYMBOLS - CONTEXT);

			model_forward(m, text + at, &pass);
			backward(m, text + at, &pass, gradient);
		}
		for (size_t i = 0; i < m->nr; i++)
			m->weights[i] -= rate * gradient->weights[i];
	}
}

int main(void)
{
	const char *out = getenv("AUTORESEARCH_OUT");
	uint64_t random = TRAIN_SEED;
	struct model m, gradient;
	char path[4096];

	if (model_new(&m, hidden, activation) || model_new(&gradient, hidden, activation)) {
		fprintf(stderr, "no such model: %d %s\n", hidden, activation);
		return 1;
	}
	corpus_generate(TRAIN_SEED, text, TRAIN_SYMBOLS);
	fill(m.in, CONTEXT * SYMBOLS * hidden, init_scale, &random);
	fill(m.out, SYMBOLS * hidden, init_scale, &random);
	train(&m, &gradient, &random);
	snprintf(path, sizeof(path), "%s/%s", out ? out : ".", WEIGHTS_FILE);
	return model_save(&m, path) ? 1 : 0;
}
