#ifndef LOOP_POLICY_H
#define LOOP_POLICY_H

/* What was enforced, as one digest that every record carries. */

#include "git/settings.h"
#include "model/campaign.h"

/* Appends the policy as text: what the config and the settings ask to be enforced, and the
 * system calls that are refused. */
void policy_text(const struct campaign_config *config, const struct settings *settings,
		 struct strbuf *out);

/* Its SHA-256. */
void policy_digest(const struct campaign_config *config, const struct settings *settings,
		   char ret[65]);

#endif
