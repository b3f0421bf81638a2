#ifndef MODEL_H
#define MODEL_H

/*
 * A language model of characters: the last CONTEXT symbols go, one-hot, through one hidden
 * layer and give the odds of the next. train.c fits it and writes it down as plain numbers;
 * evaluate.c reads them and scores it with the code of this file, never with the candidate's.
 */

#include <stddef.h>

#include "corpus.h"

#define CONTEXT 8
#define TRAIN_SEED 1
#define TRAIN_SYMBOLS 60000
#define STEPS 6000
#define BATCH 16
#define HIDDEN_MAX 512
#define WEIGHTS_FILE "weights.txt" /* in $AUTORESEARCH_OUT */

enum activation {
	RELU,
	TANH,
	GELU,
};

struct model {
	int hidden;
	enum activation activation;
	size_t nr;	 /* of all weights */
	float *weights;	 /* owned; the four below point into it */
	float *in;	 /* [CONTEXT][SYMBOLS][hidden] */
	float *in_bias;	 /* [hidden] */
	float *out;	 /* [hidden][SYMBOLS] */
	float *out_bias; /* [SYMBOLS] */
};

/* What one look at a context computed. */
struct pass {
	float sum[HIDDEN_MAX];	 /* before the activation */
	float value[HIDDEN_MAX]; /* after it */
	float odds[SYMBOLS];
};

/* All weights 0. -1 where the size or the name of the activation is none. */
int model_new(struct model *m, int hidden, const char *activation);
void model_free(struct model *m);

void model_forward(const struct model *m, const unsigned char *context, struct pass *pass);

/* The derivative of the activation at `sum`. */
float activation_slope(enum activation activation, float sum);

/* 0, or -1 with a line on stderr. A file that holds anything but a model is refused. */
int model_save(const struct model *m, const char *path);
int model_load(struct model *m, const char *path);

#endif
