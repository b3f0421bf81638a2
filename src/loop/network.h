#ifndef LOOP_NETWORK_H
#define LOOP_NETWORK_H

/* From names to addresses, by the host's own resolver. */

#include "git/settings.h"

/*
 * Resolves the list of `which`: every address of every name that this host can speak to.
 * `localhost` is always 127.0.0.1 and ::1. This may wait for a name server, and is done
 * before anything runs. An error names key and value, and has a hint.
 */
int network_resolve(const struct settings *settings, enum settings_network which,
		    struct network_allow *ret, struct error *err);

/*
 * With the host's network a phase needs the host's resolv.conf, which is often a link to a
 * place that no sandbox shows. Adds its target to `binds` where it is.
 */
void network_show_resolver(const struct network_allow *configured, struct string_list *binds);

#endif
