#include "model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[] = { [RELU] = "relu", [TANH] = "tanh", [GELU] = "gelu" };

static float activate(enum activation activation, float x)
{
	switch (activation) {
	case RELU:
		return x > 0 ? x : 0;
	case TANH:
		return tanhf(x);
	case GELU:
		break;
	}
	return 0.5f * x * (1 + erff(x * (float)M_SQRT1_2));
}

float activation_slope(enum activation activation, float x)
{
	float t;

	switch (activation) {
	case RELU:
		return x > 0;
	case TANH:
		t = tanhf(x);
		return 1 - t * t;
	case GELU:
		break;
	}
	return 0.5f * (1 + erff(x * (float)M_SQRT1_2)) +
	       x * expf(-0.5f * x * x) * (float)(M_SQRT1_2 * M_2_SQRTPI / 2);
}

int model_new(struct model *m, int hidden, const char *activation)
{
	size_t h = (size_t)hidden, kind = 0;

	while (kind < 3 && strcmp(names[kind], activation))
		kind++;
	if (kind == 3 || hidden < 1 || hidden > HIDDEN_MAX)
		return -1;
	m->hidden = hidden;
	m->activation = (enum activation)kind;
	m->nr = CONTEXT * SYMBOLS * h + h + h * SYMBOLS + SYMBOLS;
	m->weights = calloc(m->nr, sizeof(*m->weights));
	if (!m->weights)
		return -1;
	m->in = m->weights;
	m->in_bias = m->in + CONTEXT * SYMBOLS * h;
	m->out = m->in_bias + h;
	m->out_bias = m->out + h * SYMBOLS;
	return 0;
}

void model_free(struct model *m)
{
	free(m->weights);
	m->weights = NULL;
}

static void softmax(float *odds)
{
	float top = odds[0], total = 0;

	for (int k = 1; k < SYMBOLS; k++)
		top = fmaxf(top, odds[k]);
	for (int k = 0; k < SYMBOLS; k++)
		total += odds[k] = expf(odds[k] - top);
	for (int k = 0; k < SYMBOLS; k++)
		odds[k] /= total;
}

void model_forward(const struct model *m, const unsigned char *context, struct pass *pass)
{
	size_t h = (size_t)m->hidden;

	memcpy(pass->sum, m->in_bias, h * sizeof(*pass->sum));
	for (size_t i = 0; i < CONTEXT; i++) {
		const float *row = m->in + (i * SYMBOLS + context[i]) * h;

		for (size_t j = 0; j < h; j++)
			pass->sum[j] += row[j];
	}
	memcpy(pass->odds, m->out_bias, sizeof(pass->odds));
	for (size_t j = 0; j < h; j++) {
		float value = pass->value[j] = activate(m->activation, pass->sum[j]);

		for (size_t k = 0; k < SYMBOLS; k++)
			pass->odds[k] += value * m->out[j * SYMBOLS + k];
	}
	softmax(pass->odds);
}

int model_save(const struct model *m, const char *path)
{
	FILE *f = fopen(path, "w");
	int bad;

	if (!f) {
		perror(path);
		return -1;
	}
	fprintf(f, "char-lm %d %s\n", m->hidden, names[m->activation]);
	for (size_t i = 0; i < m->nr; i++)
		fprintf(f, "%.9g\n", (double)m->weights[i]);
	bad = ferror(f);
	if (fclose(f) || bad) {
		fprintf(stderr, "%s: cannot be written\n", path);
		return -1;
	}
	return 0;
}

static int malformed(const char *path, size_t line)
{
	fprintf(stderr, "%s:%zu: not a model\n", path, line);
	return -1;
}

/* A line that is one finite decimal number and nothing else. */
static int read_weight(FILE *f, float *ret)
{
	char line[64], *end;

	if (!fgets(line, sizeof(line), f))
		return -1;
	if (strspn(line, "+-.0123456789eE") + 1 != strlen(line))
		return -1;
	*ret = strtof(line, &end);
	return end == line || strcmp(end, "\n") || !isfinite(*ret) || fabsf(*ret) > 1e6f ? -1
											 : 0;
}

static int read_model(struct model *m, FILE *f, const char *path)
{
	char line[64], activation[8], ending;
	int hidden;

	if (!fgets(line, sizeof(line), f) ||
	    sscanf(line, "char-lm %4d %7[a-z]%c", &hidden, activation, &ending) != 3 ||
	    ending != '\n' || model_new(m, hidden, activation))
		return malformed(path, 1);
	for (size_t i = 0; i < m->nr; i++)
		if (read_weight(f, &m->weights[i]))
			return malformed(path, i + 2);
	return getc(f) == EOF && !ferror(f) ? 0 : malformed(path, m->nr + 2);
}

int model_load(struct model *m, const char *path)
{
	FILE *f = fopen(path, "r");
	int bad;

	m->weights = NULL;
	if (!f) {
		perror(path);
		return -1;
	}
	bad = read_model(m, f, path);
	fclose(f);
	if (bad)
		model_free(m);
	return bad;
}
