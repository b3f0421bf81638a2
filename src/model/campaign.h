#ifndef MODEL_CAMPAIGN_H
#define MODEL_CAMPAIGN_H

/*
 * What a search is: the contents of `.autoresearch/config`, as values. See
 * git-autoresearch-config(5) for the keys. The struct owns its strings; what
 * campaign_config_defaults() fills in is a campaign without a metric.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "model/phase.h"

#define CONFIG_PATH ".autoresearch/config"
#define PROGRAM_PATH ".autoresearch/program.md"
#define TRIALS_AUTO 0 /* as many as the baseline's own noise asks for */

enum direction {
	MINIMIZE,
	MAXIMIZE,
};

struct command_spec {
	char *command;	/* for `sh -c`; NULL where the phase is not configured */
	double timeout; /* s */
};

/* A threshold that is absolute, or a share of something: minEffect and maxEffect of the
 * incumbent's metric, a constraint of the baseline's value of its metric. */
struct threshold {
	bool set;
	bool relative; /* `value` is a fraction: 0.001 for "0.1%" */
	double value;
};

struct constraint {
	char *metric;
	struct threshold min, max;
	bool has_reference;
	double reference; /* what shares are of; see campaign_config_refer() */
};

struct limits {
	int64_t memory; /* bytes */
	double cpus;
	int64_t pids;
	int64_t disk;	/* bytes */
	int64_t output; /* bytes */
	bool yields;	/* processors, to others that want them; nothing configures it */
};

struct budget { /* 0: no bound */
	int64_t experiments;
	double time; /* s */
	int64_t tokens;
	double gpu_hours;
	int64_t failures; /* in a row */
};

struct campaign_config {
	char *metric;
	enum direction direction;
	bool has_target;
	double target;
	struct string_list editable, hidden;
	struct command_spec phases[PHASE_NR]; /* PHASE_PROPOSE has its timeout alone */
	char *metric_pattern;		      /* POSIX extended; NULL without */
	struct constraint *constraints;
	size_t constraints_nr;
	int trials; /* samples of a candidate, or TRIALS_AUTO */
	struct threshold min_effect, max_effect;
	double confidence;
	struct limits limits;
	struct budget budget;
	struct string_list deny;       /* names of system calls */
	struct string_list deny_lines; /* where each stands in the config, as text */
	int candidates;		       /* a round */
	int64_t patience;	       /* with each stage of the ladder; 0: it is not gone up */
	struct string_list include;
	struct command_spec promote; /* of the result, before it is measured */
};

/* The documented defaults; the strings and lists are empty. */
void campaign_config_defaults(struct campaign_config *config);
void campaign_config_release(struct campaign_config *config);
#define CLEANUP_CAMPAIGN_CONFIG CLEANUP(campaign_config_release)

/*
 * Reads the text of a config file over the defaults. `name` is what errors call the file
 * ("<name>:<line>: unknown key 'run.comand'"). Refused: `include` and `includeIf`, unknown
 * sections and keys, values that do not parse, a required key that is missing (metric,
 * direction, editable, run.command), a metric pattern without a group. Each command that a
 * comment sign has cut short is added to `warnings` as a line that says so; so is a disk limit
 * above memory's, which a trial cannot use up, and fewer trials than could show anything.
 * `config` need not be initialised, and is written on success only.
 */
int campaign_config_parse(const char *name, const char *text, size_t len,
			  struct campaign_config *config, struct string_list *warnings,
			  struct error *err);

/* Whether a bound of it is a share, so that it needs a reference. */
bool constraint_is_relative(const struct constraint *c);

struct metrics;
/*
 * From here on constraints that are shares are of these values, which the baseline measured;
 * what `reference` lacks, or has not finite, stays without one, and such a constraint is
 * broken by every candidate.
 */
void campaign_config_refer(struct campaign_config *config, const struct metrics *reference);

/*
 * Every key that the parser knows, "section.key" as documented ("metric.<name>.max" for
 * constraints), in the order of the manual; NULL ends it. A test holds the manual against it.
 */
const char *const *campaign_config_keys(void);

#endif
