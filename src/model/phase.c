#include "model/phase.h"

#include <string.h>

/* In the order of enum phase. */
static const char *const names[PHASE_NR] = { "setup", "run", "check", "evaluate", "propose" };

const char *phase_name(enum phase phase)
{
	return names[phase];
}

int phase_parse(const char *name, enum phase *ret)
{
	for (int i = 0; i < PHASE_NR; i++) {
		if (!strcmp(name, names[i])) {
			*ret = (enum phase)i;
			return 0;
		}
	}
	return -1;
}
