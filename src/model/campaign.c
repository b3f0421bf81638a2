#include "model/campaign.h"

#include <string.h>

#include "model/ladder.h"
#include "model/measurement.h"

void campaign_config_defaults(struct campaign_config *config)
{
	*config = (struct campaign_config){
		.direction = MINIMIZE,
		.editable = STRING_LIST_INIT,
		.hidden = STRING_LIST_INIT,
		.phases = {
			[PHASE_SETUP].timeout = 10 * 60,
			[PHASE_RUN].timeout = 5 * 60,
			[PHASE_CHECK].timeout = 5 * 60,
			[PHASE_EVALUATE].timeout = 60,
			[PHASE_PROPOSE].timeout = 15 * 60,
		},
		.trials = 1,
		.confidence = 0.95,
		.limits = {
			.memory = 4LL << 30,
			.cpus = 0,
			.pids = 256,
			.disk = 2LL << 30,
			.output = 10LL << 20,
		},
		.deny = STRING_LIST_INIT,
		.deny_lines = STRING_LIST_INIT,
		.candidates = 4,
		.patience = LADDER_PATIENCE,
		.include = STRING_LIST_INIT,
		.promote.timeout = 60 * 60,
	};
}

void campaign_config_release(struct campaign_config *config)
{
	free(config->metric);
	string_list_release(&config->editable);
	string_list_release(&config->hidden);
	for (int i = 0; i < PHASE_NR; i++)
		free(config->phases[i].command);
	free(config->metric_pattern);
	for (size_t i = 0; i < config->constraints_nr; i++)
		free(config->constraints[i].metric);
	free(config->constraints);
	string_list_release(&config->deny);
	string_list_release(&config->deny_lines);
	string_list_release(&config->include);
	free(config->promote.command);
	memset(config, 0, sizeof(*config));
}

bool constraint_is_relative(const struct constraint *c)
{
	return c->min.relative || c->max.relative;
}

void campaign_config_refer(struct campaign_config *config, const struct metrics *reference)
{
	for (size_t i = 0; i < config->constraints_nr; i++) {
		struct constraint *c = &config->constraints[i];
		const struct metric_value *m = metrics_find(reference, c->metric);

		c->has_reference = m && m->finite;
		c->reference = c->has_reference ? m->value : 0;
	}
}
