#include "model/activity.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The mark at its end tells a line that is whole from one that is being written. */
void activity_write(const struct activity *a, struct strbuf *out)
{
	char line[ACTIVITY_LINE + 1];
	int len = 0;

	if (a->busy)
		len = snprintf(line, sizeof(line), "%s %" PRId64 " %d %.3f %.3f",
			       phase_name(a->phase), a->experiment, a->trial, a->began,
			       a->timeout);
	if (len < 0 || len > ACTIVITY_LINE - 2)
		len = 0;
	memset(line + len, ' ', (size_t)(ACTIVITY_LINE - len));
	line[ACTIVITY_LINE - 2] = '.';
	line[ACTIVITY_LINE - 1] = '\n';
	strbuf_add(out, line, ACTIVITY_LINE);
}

int activity_parse(const char *line, struct activity *ret)
{
	struct activity a = { .busy = true };
	char text[ACTIVITY_LINE], phase[16];
	int end = 0;

	if (line[ACTIVITY_LINE - 2] != '.' || line[ACTIVITY_LINE - 1] != '\n')
		return -1;
	memcpy(text, line, ACTIVITY_LINE - 2);
	text[ACTIVITY_LINE - 2] = '\0';
	if (strspn(text, " ") == ACTIVITY_LINE - 2) {
		*ret = (struct activity){ 0 };
		return 0;
	}
	if (sscanf(text, "%15s %19" SCNd64 " %9d %18lf %18lf %n", phase, &a.experiment,
		   &a.trial, &a.began, &a.timeout, &end) != 5 ||
	    text[end] || phase_parse(phase, &a.phase) || a.experiment < 0 || a.trial < 0)
		return -1;
	if (!(a.began >= 0 && a.timeout >= 0 && a.began < 1e12 && a.timeout < 1e12))
		return -1;
	*ret = a;
	return 0;
}

size_t activities_busy(const struct activities *all)
{
	size_t nr = 0;

	for (size_t i = 0; i < ARRAY_SIZE(all->lanes); i++)
		nr += all->lanes[i].busy;
	return nr;
}
