#include "propose/parts.h"

#include <inttypes.h>
#include <string.h>

#include "base/number.h"

struct fence prompt_fence(const struct prompt_input *input)
{
	return (struct fence){ .seed = input->seed, .secrets = input->secrets };
}

void part_program(const struct prompt_input *input, struct strbuf *out)
{
	struct fence f = prompt_fence(input);
	size_t missing;

	if (!*input->program)
		return;
	strbuf_addstr(out, "# The program\n\n");
	missing = fence_lines(&f, SECRET_CODE, input->program, strlen(input->program),
			      PROMPT_FILE_MAX, out);
	if (missing)
		strbuf_addf(out, "(%zu more bytes are left out)\n", missing);
	strbuf_addch(out, '\n');
}

static void add_bound(struct strbuf *out, const struct threshold *t)
{
	strbuf_add_number(out, t->relative ? t->value * 100 : t->value);
	if (t->relative)
		strbuf_addstr(out, "% of the baseline's");
}

static void add_threshold(struct strbuf *out, const char *what, const struct threshold *t)
{
	if (!t->set)
		return;
	strbuf_addf(out, "- %s: ", what);
	strbuf_add_number(out, t->relative ? t->value * 100 : t->value);
	strbuf_addstr(out, t->relative ? "% of the incumbent\n" : "\n");
}

static void add_constraint(struct strbuf *out, const struct fence *f,
			   const struct constraint *k)
{
	strbuf_addstr(out, "- must hold: `");
	fence_line(f, k->metric, PROMPT_LINE_MAX, out);
	strbuf_addch(out, '`');
	if (k->min.set) {
		strbuf_addstr(out, " at least ");
		add_bound(out, &k->min);
	}
	if (k->max.set) {
		strbuf_addstr(out, k->min.set ? ", at most " : " at most ");
		add_bound(out, &k->max);
	}
	strbuf_addch(out, '\n');
}

void part_metric(const struct prompt_input *input, struct strbuf *out)
{
	const struct campaign_config *c = input->config;
	struct fence f = prompt_fence(input);

	strbuf_addf(out, "# The metric\n\n- %s: `",
		    c->direction == MINIMIZE ? "minimize" : "maximize");
	fence_line(&f, c->metric, PROMPT_LINE_MAX, out);
	strbuf_addstr(out, "`\n");
	if (c->has_target) {
		strbuf_addstr(out, "- the search ends at: ");
		strbuf_add_number(out, c->target);
		strbuf_addch(out, '\n');
	}
	add_threshold(out, "smallest improvement that counts", &c->min_effect);
	add_threshold(out, "larger ones are held for a person", &c->max_effect);
	for (size_t i = 0; i < c->constraints_nr; i++)
		add_constraint(out, &f, &c->constraints[i]);
	strbuf_addch(out, '\n');
}

static void add_network(struct strbuf *out, const struct network_allow *network)
{
	if (!network || !network->nr) {
		strbuf_addstr(out, "- there is no network\n");
		return;
	}
	strbuf_addstr(out, "- of the network it reaches this alone:");
	for (size_t i = 0; i < network->nr; i++) {
		strbuf_addch(out, ' ');
		network_format(&network->items[i], out);
	}
	strbuf_addch(out, '\n');
}

void part_limits(const struct prompt_input *input, struct strbuf *out)
{
	const struct campaign_config *c = input->config;
	struct fence f = prompt_fence(input);

	strbuf_addstr(out, "# A trial\n\n");
	for (int phase = 0; phase < PHASE_NR; phase++) {
		const struct command_spec *spec = &c->phases[phase];

		if (!spec->command)
			continue;
		strbuf_addf(out, "- %s, ended after ", phase_name((enum phase)phase));
		strbuf_add_duration(out, spec->timeout);
		strbuf_addstr(out, ": ");
		fence_line(&f, spec->command, PROMPT_LINE_MAX, out);
		strbuf_addch(out, '\n');
	}
	strbuf_addstr(out, "- it may use: memory ");
	strbuf_add_bytes(out, c->limits.memory);
	strbuf_addstr(out, ", disk ");
	strbuf_add_bytes(out, c->limits.disk);
	strbuf_addstr(out, ", output ");
	strbuf_add_bytes(out, c->limits.output);
	strbuf_addf(out, ", processes %" PRId64 ", processors ", c->limits.pids);
	if (c->limits.cpus > 0)
		strbuf_add_number(out, c->limits.cpus);
	else
		strbuf_addstr(out, "all of the machine's");
	strbuf_addch(out, '\n');
	add_network(out, input->network);
	strbuf_addstr(out, "- nothing that it leaves outlives it\n\n");
}
