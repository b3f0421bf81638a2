#include "loop/policy.h"

#include "base/digest.h"
#include "base/number.h"
#include "sandbox/syscalls.h"

static void add_list(const char *name, const struct string_list *list, struct strbuf *out)
{
	for (size_t i = 0; i < list->nr; i++)
		strbuf_addf(out, "%s %s\n", name, list->items[i]);
}

/* As configured: what a name resolves to is the machine's affair, and changes. */
static void add_network(enum settings_network which, const struct network_allow *network,
			struct strbuf *out)
{
	if (which == NETWORK_TRIAL && !network->nr)
		strbuf_addstr(out, "network none\n");
	if (network->open)
		strbuf_addf(out, "%s *\n", settings_network_key(which));
	for (size_t i = 0; i < network->nr; i++) {
		strbuf_addf(out, "%s ", settings_network_key(which));
		network_format(&network->items[i], out);
		strbuf_addch(out, '\n');
	}
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
	strbuf_addch(out, '\n');
	for (int i = 0; i < NETWORK_NR; i++)
		add_network(i, &settings->network[i], out);
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
