#include "sandbox/processors.h"

#include <stdlib.h>

#include "base/number.h"
#include "base/strbuf.h"

struct processor {
	int number, package, core;
};

static int read_topology(int number, const char *what)
{
	CLEANUP_FREE char *path =
		xstrfmt("/sys/devices/system/cpu/cpu%d/topology/%s", number, what);
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	/* Where the kernel does not say, the order of the numbers is all there is. */
	return strbuf_read_file(&text, path, 64) ? 0 : (int)strtol(text.buf, NULL, 10);
}

static int compare(const void *a, const void *b)
{
	const struct processor *x = a, *y = b;

	if (x->package != y->package)
		return x->package < y->package ? -1 : 1;
	if (x->core != y->core)
		return x->core < y->core ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

int processors_nr(void)
{
	cpu_set_t all;

	return sched_getaffinity(0, sizeof(all), &all) ? 1 : CPU_COUNT(&all);
}

int processors_share(int number, int shares, int want, cpu_set_t *ret)
{
	struct processor list[CPU_SETSIZE];
	cpu_set_t all;
	int nr = 0, each;

	CPU_ZERO(ret);
	if (sched_getaffinity(0, sizeof(all), &all))
		return 0;
	for (int i = 0; i < CPU_SETSIZE; i++)
		if (CPU_ISSET(i, &all))
			list[nr++] =
				(struct processor){ i, read_topology(i, "physical_package_id"),
						    read_topology(i, "core_id") };
	qsort(list, (size_t)nr, sizeof(*list), compare);
	each = nr / shares;
	for (int i = 0; i < each && (!want || i < want); i++)
		CPU_SET(list[number * each + i].number, ret);
	return CPU_COUNT(ret);
}
