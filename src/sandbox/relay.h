#ifndef SANDBOX_RELAY_H
#define SANDBOX_RELAY_H

/*
 * The way out of a phase that may reach something: sockets that listen inside its network
 * namespace, one for each allowed address (loopback.h made them). What connects there is
 * accepted here and connected to the real address on the host's network, and bytes are copied
 * both ways: without a thread, without waiting, with one buffer for each way, so that a slow
 * reader slows its writer down. The end of either direction is passed on by itself; a reset
 * resets the other side.
 *
 * An address that does not answer is followed by the others of the same name, since a client
 * that was let in cannot turn to them itself. Where none answers the client is reset.
 */

#include "base/channel.h"
#include "base/evloop.h"
#include "model/network.h"

struct relay;

/*
 * Takes the listening sockets of a message, which are of the items of `network` whose numbers
 * (size_t) the message holds, and relays from now on. The first message makes the relay in
 * `*relay`, which is NULL before. `network` and `loop` are borrowed until it is freed.
 */
int relay_take(struct relay **relay, const struct network_allow *network, struct evloop *loop,
	       struct channel_message *message, struct error *err);

/*
 * For when every process inside is dead: waits until what they sent has been passed on, for
 * `seconds` at most. NULL is done.
 */
void relay_finish(struct relay *relay, double seconds);

/* The bytes that came from either side so far; of NULL none. */
int64_t relay_bytes(const struct relay *relay);

/* Closes all of it. */
void relay_free(struct relay *relay);

#endif
