#include "model/audit.h"

#include <string.h>

static const char *const levels[AUDIT_LEVELS] = { "none", "C", "B", "A" };

const char *audit_level_name(enum audit_level level)
{
	return levels[level];
}

int audit_level_parse(const char *name, enum audit_level *ret)
{
	for (int i = 0; i < AUDIT_LEVELS; i++) {
		if (!strcmp(name, levels[i])) {
			*ret = (enum audit_level)i;
			return 0;
		}
	}
	return -1;
}
