#include "model/campaign.h"

#include <string.h>
#include <strings.h>

#include "base/configtext.h"
#include "base/number.h"
#include "model/compare.h"
#include "model/scope.h"

#define CANDIDATES_MAX 64
#define PATIENCE_MAX 1000000

struct parse {
	struct campaign_config config;
	struct string_list *warnings;
	const char *name;
	/* By key: whether it was given, and the line of its section's header or 0. */
	bool *seen;
	int *header_line;
};

/*
 * One function a kind of value. `field` is where the result goes, the whole config where that
 * is more than one place; the error says what was expected, and the caller adds file, line and
 * key.
 */
typedef int (*set_fn)(const struct config_entry *e, void *field, struct error *err);

static int set_metric(const struct config_entry *e, void *field, struct error *err)
{
	char **name = field;

	if (!metric_name_is_valid(e->value))
		return error_set(err, "not a metric's name: '%s'", e->value);
	free(*name);
	*name = xstrdup(e->value);
	return 0;
}

static int set_direction(const struct config_entry *e, void *field, struct error *err)
{
	if (strcmp(e->value, "minimize") && strcmp(e->value, "maximize"))
		return error_set(err, "neither minimize nor maximize: '%s'", e->value);
	*(enum direction *)field = strcmp(e->value, "minimize") ? MAXIMIZE : MINIMIZE;
	return 0;
}

static int set_target(const struct config_entry *e, void *field, struct error *err)
{
	struct campaign_config *config = field;

	if (number_parse_double(e->value, &config->target))
		return error_set(err, "not a number: '%s'", e->value);
	config->has_target = true;
	return 0;
}

static int add_path(const struct config_entry *e, void *field, struct error *err)
{
	if (pathspec_check(e->value, err))
		return -1;
	string_list_add(field, e->value);
	return 0;
}

static int set_command(const struct config_entry *e, void *field, struct error *err)
{
	char **command = field;

	if (!e->value[strspn(e->value, " \t\r\n")])
		return error_set(err, "an empty command");
	free(*command);
	*command = xstrdup(e->value);
	return 0;
}

static int set_duration(const struct config_entry *e, void *field, struct error *err)
{
	double seconds;

	if (number_parse_duration(e->value, &seconds) || !(seconds > 0))
		return error_set(err, "not a time above 0 such as 90s, 10m or 8h: '%s'",
				 e->value);
	*(double *)field = seconds;
	return 0;
}

static int set_pattern(const struct config_entry *e, void *field, struct error *err)
{
	struct metric_reader reader;
	char **pattern = field;

	if (metric_reader_init(&reader, "", e->value, err))
		return -1;
	metric_reader_release(&reader);
	free(*pattern);
	*pattern = xstrdup(e->value);
	return 0;
}

/* The constraint on a metric, made where it is new. */
static struct constraint *constraint_on(struct campaign_config *c, const char *metric)
{
	for (size_t i = 0; i < c->constraints_nr; i++)
		if (!strcmp(c->constraints[i].metric, metric))
			return &c->constraints[i];
	c->constraints =
		xrealloc(c->constraints, (c->constraints_nr + 1) * sizeof(*c->constraints));
	c->constraints[c->constraints_nr] = (struct constraint){ .metric = xstrdup(metric) };
	return &c->constraints[c->constraints_nr++];
}

/* A number, or a share such as 0.1%. */
static int parse_threshold(const char *text, struct threshold *ret)
{
	size_t len = strlen(text);
	bool relative = len && text[len - 1] == '%';
	CLEANUP_FREE char *number = xstrndup(text, len - relative);
	double value;

	if (number_parse_double(number, &value) || (relative && value < 0))
		return -1;
	*ret = (struct threshold){
		.set = true,
		.relative = relative,
		.value = relative ? value / 100 : value,
	};
	return 0;
}

static int set_bound(const struct config_entry *e, void *field, struct error *err)
{
	bool is_max = !strcmp(e->key, "max");
	struct constraint *constraint;
	struct threshold bound;

	if (parse_threshold(e->value, &bound))
		return error_set(err, "neither a number nor a share such as 110%%: '%s'",
				 e->value);
	constraint = constraint_on(field, e->subsection);
	*(is_max ? &constraint->max : &constraint->min) = bound;
	return 0;
}

static int set_threshold(const struct config_entry *e, void *field, struct error *err)
{
	struct threshold threshold;

	if (parse_threshold(e->value, &threshold) || threshold.value < 0)
		return error_set(err, "neither a number nor a share such as 0.1%%: '%s'",
				 e->value);
	*(struct threshold *)field = threshold;
	return 0;
}

static int set_trials(const struct config_entry *e, void *field, struct error *err)
{
	int64_t count = TRIALS_AUTO;

	if (strcmp(e->value, "auto") && (number_parse_count(e->value, &count) || count < 1 ||
					 count > COMPARISON_TRIALS_MAX))
		return error_set(err, "neither auto nor a count from 1 to %d: '%s'",
				 COMPARISON_TRIALS_MAX, e->value);
	*(int *)field = (int)count;
	return 0;
}

static int set_confidence(const struct config_entry *e, void *field, struct error *err)
{
	double confidence;

	if (number_parse_double(e->value, &confidence) || confidence <= 0 || confidence >= 1)
		return error_set(err, "not a number between 0 and 1: '%s'", e->value);
	*(double *)field = confidence;
	return 0;
}

static int set_bytes(const struct config_entry *e, void *field, struct error *err)
{
	int64_t bytes;

	if (number_parse_bytes(e->value, &bytes) || !bytes)
		return error_set(err, "not a size above 0 such as 512M or 4G: '%s'", e->value);
	*(int64_t *)field = bytes;
	return 0;
}

static int set_positive(const struct config_entry *e, void *field, struct error *err)
{
	double number;

	if (number_parse_double(e->value, &number) || number <= 0)
		return error_set(err, "not a number above 0: '%s'", e->value);
	*(double *)field = number;
	return 0;
}

static int set_count(const struct config_entry *e, void *field, struct error *err)
{
	int64_t count;

	if (number_parse_count(e->value, &count) || !count)
		return error_set(err, "not a count above 0 such as 100 or 2M: '%s'", e->value);
	*(int64_t *)field = count;
	return 0;
}

static int set_candidates(const struct config_entry *e, void *field, struct error *err)
{
	int64_t count;

	if (number_parse_count(e->value, &count) || count < 1 || count > CANDIDATES_MAX)
		return error_set(err, "not a count from 1 to %d: '%s'", CANDIDATES_MAX,
				 e->value);
	*(int *)field = (int)count;
	return 0;
}

static int set_patience(const struct config_entry *e, void *field, struct error *err)
{
	int64_t count;

	if (number_parse_count(e->value, &count) || count > PATIENCE_MAX)
		return error_set(err, "not a count from 0 to %d: '%s'", PATIENCE_MAX, e->value);
	*(int64_t *)field = count;
	return 0;
}

/* Whether there is such a call is for the sandbox to say, which then wants to say where. */
static int add_syscall(const struct config_entry *e, void *field, struct error *err)
{
	struct campaign_config *config = field;
	char line[16];

	if (!*e->value || e->value[strspn(e->value, "abcdefghijklmnopqrstuvwxyz0123456789_")])
		return error_set(err, "not the name of a system call: '%s'", e->value);
	snprintf(line, sizeof(line), "%d", e->line);
	string_list_add(&config->deny, e->value);
	string_list_add(&config->deny_lines, line);
	return 0;
}

#define FIELD(member) offsetof(struct campaign_config, member)

/* Every key there is, in the order of git-autoresearch-config(5). */
static const struct key {
	const char *name; /* "section.key"; "<name>" stands for a subsection */
	set_fn set;
	size_t field;
	bool required;
} keys[] = {
	{ "campaign.metric", set_metric, FIELD(metric), true },
	{ "campaign.direction", set_direction, FIELD(direction), true },
	{ "campaign.target", set_target, 0, false },
	{ "campaign.editable", add_path, FIELD(editable), true },
	{ "campaign.hidden", add_path, FIELD(hidden), false },
	{ "setup.command", set_command, FIELD(phases[PHASE_SETUP].command), false },
	{ "setup.timeout", set_duration, FIELD(phases[PHASE_SETUP].timeout), false },
	{ "run.command", set_command, FIELD(phases[PHASE_RUN].command), true },
	{ "run.timeout", set_duration, FIELD(phases[PHASE_RUN].timeout), false },
	{ "check.command", set_command, FIELD(phases[PHASE_CHECK].command), false },
	{ "check.timeout", set_duration, FIELD(phases[PHASE_CHECK].timeout), false },
	{ "evaluate.command", set_command, FIELD(phases[PHASE_EVALUATE].command), false },
	{ "evaluate.timeout", set_duration, FIELD(phases[PHASE_EVALUATE].timeout), false },
	{ "metric.pattern", set_pattern, FIELD(metric_pattern), false },
	{ "metric.<name>.max", set_bound, 0, false },
	{ "metric.<name>.min", set_bound, 0, false },
	{ "verdict.trials", set_trials, FIELD(trials), false },
	{ "verdict.minEffect", set_threshold, FIELD(min_effect), false },
	{ "verdict.maxEffect", set_threshold, FIELD(max_effect), false },
	{ "verdict.confidence", set_confidence, FIELD(confidence), false },
	{ "limits.memory", set_bytes, FIELD(limits.memory), false },
	{ "limits.cpus", set_positive, FIELD(limits.cpus), false },
	{ "limits.pids", set_count, FIELD(limits.pids), false },
	{ "limits.disk", set_bytes, FIELD(limits.disk), false },
	{ "limits.output", set_bytes, FIELD(limits.output), false },
	{ "budget.experiments", set_count, FIELD(budget.experiments), false },
	{ "budget.time", set_duration, FIELD(budget.time), false },
	{ "budget.tokens", set_count, FIELD(budget.tokens), false },
	{ "budget.gpuHours", set_positive, FIELD(budget.gpu_hours), false },
	{ "budget.failures", set_count, FIELD(budget.failures), false },
	{ "syscalls.deny", add_syscall, 0, false },
	{ "search.candidates", set_candidates, FIELD(candidates), false },
	{ "search.patience", set_patience, FIELD(patience), false },
	{ "context.include", add_path, FIELD(include), false },
	{ "promote.command", set_command, FIELD(promote.command), false },
	{ "promote.timeout", set_duration, FIELD(promote.timeout), false },
};

const char *const *campaign_config_keys(void)
{
	static const char *names[ARRAY_SIZE(keys) + 1];

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		names[i] = keys[i].name;
	return names;
}

/* "run.", or "metric.<name>." for a section with a subsection. */
static char *section_prefix(const struct config_entry *e)
{
	return xstrfmt("%s.%s", e->section, e->subsection ? "<name>." : "");
}

/* The entry as people write it: "run.comand", "metric.peak_mb.mex". */
static void add_entry_name(struct strbuf *sb, const struct config_entry *e)
{
	strbuf_addstr(sb, e->section);
	if (e->subsection)
		strbuf_addf(sb, ".%s", e->subsection);
	if (e->key)
		strbuf_addf(sb, ".%s", e->key);
}

static int unknown(const struct config_entry *e, const char *what, struct error *err)
{
	CLEANUP_STRBUF struct strbuf name = STRBUF_INIT;

	add_entry_name(&name, e);
	return error_set(err, "unknown %s '%s'", what, name.buf);
}

static int take_header(struct parse *p, const struct config_entry *e, struct error *err)
{
	CLEANUP_FREE char *prefix = section_prefix(e);
	bool known = false;

	if (!strcmp(e->section, "include") || !strcmp(e->section, "includeif"))
		return error_set(err, "'include' is refused: a campaign's config is one file");
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (strncasecmp(keys[i].name, prefix, strlen(prefix)))
			continue;
		known = true;
		p->header_line[i] = e->line;
	}
	if (!known)
		return unknown(e, "section", err);
	if (e->subsection && !metric_name_is_valid(e->subsection))
		return error_set(err, "not a metric's name: '%s'", e->subsection);
	return 0;
}

static void warn_of_cut(struct parse *p, const struct config_entry *e, const char *key)
{
	CLEANUP_FREE char *line = NULL;

	line = xstrfmt(
		"%s:%d: %s ends where a comment begins; quote it to keep ; and #: \"%s\"",
		p->name, e->line, key, e->value);
	string_list_add(p->warnings, line);
}

static int take_key(struct parse *p, const struct config_entry *e, struct error *err)
{
	CLEANUP_FREE char *prefix = section_prefix(e);
	CLEANUP_FREE char *name = xstrfmt("%s%s", prefix, e->key);
	size_t i = 0;

	while (i < ARRAY_SIZE(keys) && strcasecmp(keys[i].name, name))
		i++;
	if (i == ARRAY_SIZE(keys))
		return unknown(e, "key", err);
	if (!e->value)
		return error_set(err, "%s: a value is missing", keys[i].name);
	/* As `init` leaves what it does not know. */
	if (!*e->value && keys[i].required && !p->seen[i] && !e->cut) {
		error_set(err, "'%s' is required: fill it in", keys[i].name);
		return error_hint(err,
				  "write it there and commit it; git-autoresearch-config(5) "
				  "says what it takes");
	}
	if (keys[i].set(e, (char *)&p->config + keys[i].field, err))
		return error_context(err, "%s", keys[i].name);
	p->seen[i] = true;
	if (e->cut && keys[i].set == set_command)
		warn_of_cut(p, e, keys[i].name);
	return 0;
}

static int take_entry(const struct config_entry *e, void *data, struct error *err)
{
	struct parse *p = data;

	if (e->key ? take_key(p, e, err) : take_header(p, e, err))
		return error_context(err, "%s:%d", p->name, e->line);
	return 0;
}

static void warn_of_few_trials(struct parse *p)
{
	int trials = p->config.trials;
	size_t confirm = comparison_plan(trials, p->config.confidence).confirm;
	CLEANUP_FREE char *line = NULL;

	if (trials < 2 || confirm <= (size_t)trials)
		return;
	line = xstrfmt("%s: verdict.trials: %d can show nothing at a confidence of %g: %zu are "
		       "taken",
		       p->name, trials, p->config.confidence, confirm);
	string_list_add(p->warnings, line);
}

static void warn_of_disk(struct parse *p)
{
	CLEANUP_FREE char *line = NULL;

	if (p->config.limits.disk <= p->config.limits.memory)
		return;
	line = xstrfmt("%s: limits.disk is above limits.memory: what a trial writes is "
		       "memory too, so it cannot use that up",
		       p->name);
	string_list_add(p->warnings, line);
}

/* What only the whole file shows. */
static int check_whole(struct parse *p, struct error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (keys[i].required && !p->seen[i])
			return error_set(err, "%s:%d: missing key '%s'", p->name,
					 p->header_line[i] ? p->header_line[i] : 1,
					 keys[i].name);
	warn_of_disk(p);
	warn_of_few_trials(p);
	return 0;
}

static void parse_release(struct parse *p)
{
	campaign_config_release(&p->config);
}

int campaign_config_parse(const char *name, const char *text, size_t len,
			  struct campaign_config *config, struct string_list *warnings,
			  struct error *err)
{
	bool seen[ARRAY_SIZE(keys)] = { false };
	int header_line[ARRAY_SIZE(keys)] = { 0 };
	CLEANUP(parse_release)
	struct parse p = {
		.warnings = warnings,
		.name = name,
		.seen = seen,
		.header_line = header_line,
	};

	campaign_config_defaults(&p.config);
	if (config_text_parse(name, text, len, take_entry, &p, err) || check_whole(&p, err))
		return -1;
	*config = p.config;
	campaign_config_defaults(&p.config); /* `config` owns it all now */
	return 0;
}
