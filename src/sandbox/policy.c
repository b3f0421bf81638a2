#include "sandbox/policy.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/digest.h"
#include "sandbox/syscalls.h"

#define DNS 53

unsigned own_filters(void)
{
	CLEANUP_FCLOSE FILE *f = fopen("/proc/self/status", "re");
	char line[256];
	unsigned filters;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "Seccomp_filters: %u", &filters) == 1)
			return filters;
	return 0;
}

/* See resolv.conf(5). One with a scope, or none that we understand, is no address to be quiet about. */
static void add_resolvers(struct audit_policy *p)
{
	CLEANUP_FCLOSE FILE *f = fopen("/etc/resolv.conf", "re");
	char line[512], text[64];

	while (f && p->resolvers_nr < AUDIT_RESOLVERS && fgets(line, sizeof(line), f)) {
		struct audit_address *a = &p->resolvers[p->resolvers_nr];

		if (sscanf(line, " nameserver %63s", text) != 1)
			continue;
		a->port = DNS;
		if (inet_pton(AF_INET, text, a->ip + 12) == 1) {
			memset(a->ip + 10, 0xff, 2);
			p->resolvers_nr++;
		} else if (inet_pton(AF_INET6, text, a->ip) == 1) {
			p->resolvers_nr++;
		}
	}
}

static void add_devices(struct audit_policy *p, const struct string_list *devices)
{
	for (size_t i = 0; devices && i < devices->nr && p->devices_nr < AUDIT_DEVICES; i++) {
		struct stat st;

		if (stat(devices->items[i], &st) ||
		    (!S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode)))
			continue;
		p->devices[p->devices_nr++] = (struct audit_device){
			.type = st.st_mode & S_IFMT,
			.major = major(st.st_rdev),
			.minor = minor(st.st_rdev),
		};
	}
}

void audit_policy_init(struct audit_policy *ret, const struct string_list *deny,
		       const struct string_list *devices)
{
	memset(ret, 0, sizeof(*ret));
	ret->filters = own_filters();
	add_resolvers(ret);
	add_devices(ret, devices);
	syscall_policy_numbers(deny, ret->calls);
}

void audit_policy_allow(struct audit_policy *p, const struct network_allow *network,
			enum phase phase)
{
	_Static_assert(NETWORK_ADDRESSES_MAX <= AUDIT_ADDRESSES, "a list has room");

	p->network_quiet = phase == PHASE_SETUP || phase == PHASE_PROPOSE;
	p->network_open = network && network->open;
	for (size_t i = 0; network && !network->open && i < network->nr; i++) {
		struct audit_address *a = &p->addresses[p->addresses_nr++];

		memcpy(a->ip, network->items[i].ip, sizeof(a->ip));
		a->port = network->items[i].port;
	}
}

void audit_policy_digest(const struct audit_policy *policy, char ret[65])
{
	struct audit_policy p = *policy;
	struct digest d;

	/* Which slot it was is chance. */
	p.slot = 0;
	digest_init(&d);
	digest_add(&d, &p, sizeof(p));
	digest_hex(&d, ret);
}
