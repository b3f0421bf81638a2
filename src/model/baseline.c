#include "model/baseline.h"

#include <string.h>

static const char *const names[AGAIN_NR] = {
	[AGAIN_TIME] = "time",
	[AGAIN_MACHINE] = "machine",
};

const char *again_name(enum again again)
{
	return names[again];
}

int again_parse(const char *name, enum again *ret)
{
	for (int again = AGAIN_NOT + 1; again < AGAIN_NR; again++) {
		if (!strcmp(names[again], name)) {
			*ret = again;
			return 0;
		}
	}
	return -1;
}

enum again baseline_due(const struct measured *newest, int64_t experiments, double time,
			const char *machine)
{
	if (*newest->machine && *machine && strcmp(newest->machine, machine))
		return AGAIN_MACHINE;
	if (experiments - newest->experiments >= BASELINE_EXPERIMENTS &&
	    time - newest->time >= BASELINE_SECONDS)
		return AGAIN_TIME;
	return AGAIN_NOT;
}
