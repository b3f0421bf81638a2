#include "loop/policy.h"

#include "base/digest.h"
#include "base/number.h"
#include "sandbox/syscalls.h"

static void add_list(const char *name, const struct string_list *list, struct strbuf *out)
{
	for (size_t i = 0; i < list->nr; i++)
		strbuf_addf(out, "%s %s\n", name, list->items[i]);
}

void policy_text(const struct campaign_config *config, const struct settings *settings,
		 struct strbuf *out)
{
	const struct limits *limits = &config->limits;

	for (enum phase p = 0; p < PHASE_NR; p++) {
		if (!config->phases[p].command)
			continue;
		strbuf_addf(out, "%s timeout ", phase_name(p));
		strbuf_add_number(out, config->phases[p].timeout);
		strbuf_addf(out, " %s\n", config->phases[p].command);
	}
	add_list("editable", &config->editable, out);
	add_list("hidden", &config->hidden, out);
	strbuf_addf(out, "memory %lld\npids %lld\ndisk %lld\noutput %lld\ncpus ",
		    (long long)limits->memory, (long long)limits->pids, (long long)limits->disk,
		    (long long)limits->output);
	strbuf_add_number(out, limits->cpus);
	strbuf_addstr(out, "\nnetwork none\n");
	add_list("bind", &settings->binds, out);
	add_list("device", &settings->devices, out);
	syscall_policy_text(&config->deny, out);
}

void policy_digest(const struct campaign_config *config, const struct settings *settings,
		   char ret[65])
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	policy_text(config, settings, &text);
	digest_of(text.buf, text.len, ret);
}
