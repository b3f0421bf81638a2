#ifndef SANDBOX_LOOPBACK_H
#define SANDBOX_LOOPBACK_H

/*
 * A phase's network namespace, from the inside: a loopback device, and on it the addresses
 * that the phase may reach. On each of them somebody listens: not the service, but a socket
 * that the parent accepts from and relays (relay.h). So there is no route out to guard.
 */

#include "base/error.h"
#include "model/network.h"

/*
 * For init, while it has privilege over its namespace. `network` (resolved; NULL: nothing)
 * becomes addresses and listening sockets, which go over `control`, two a message; none stays
 * open here.
 */
int loopback_build(const struct network_allow *network, int control, struct error *err);

#endif
