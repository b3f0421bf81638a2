#include <stdio.h>

#include "base/json.h"
#include "command/delegate.h"
#include "command/options.h"
#include "loop/examine.h"

static void print_text(const struct probes *probes)
{
	for (size_t i = 0; i < probes->nr; i++) {
		const struct probe *p = &probes->items[i];

		printf("%-4s %-14s %s\n", p->ok ? "ok" : "no", p->name, p->detail);
		if (p->remedy)
			printf("     %-14s %s\n", "", p->remedy);
	}
}

static void print_json(const struct probes *probes)
{
	CLEANUP_JSON struct json *object = json_new_object();
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	struct json *checks;

	json_add_string(object, "level", audit_level_name(probes->level));
	checks = json_add_array(object, "checks");
	for (size_t i = 0; i < probes->nr; i++) {
		const struct probe *p = &probes->items[i];
		struct json *check = json_add_object(checks, NULL);

		json_add_string(check, "name", p->name);
		json_add_bool(check, "ok", p->ok);
		json_add_string(check, "detail", p->detail);
		json_add_string(check, "remedy", p->remedy);
	}
	json_write(object, false, &text);
	printf("%s\n", text.buf);
}

static bool can_run(const struct probes *probes)
{
	for (size_t i = 0; i < probes->nr; i++)
		if (!probes->items[i].ok)
			return false;
	return true;
}

int cmd_doctor(int argc, char **argv, struct error *err)
{
	static const struct option longs[] = {
		{ "json", no_argument, NULL, 'j' },
		{ 0 },
	};
	struct probes probes = { 0 };
	bool json = false;
	int c, ret;

	while ((c = next_option(argc, argv, ":h", longs)) != -1) {
		if (c != 'j')
			return usage(argc, argv);
		json = true;
	}
	if (optind < argc)
		return usage(argc, argv);
	/* What start would find. */
	delegate_self(argc, argv, false);
	if (examine(&probes, err)) {
		probes_release(&probes);
		return -1;
	}
	if (json)
		print_json(&probes);
	else
		print_text(&probes);
	ret = can_run(&probes) ? EXIT_DONE : EXIT_NEGATIVE;
	probes_release(&probes);
	return ret;
}
