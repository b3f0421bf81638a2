#ifndef BASE_CHANNEL_H
#define BASE_CHANNEL_H

/*
 * Messages over a SOCK_SEQPACKET socket between processes of ours: a byte that says the type,
 * data, and a few descriptors beside it. See unix(7), cmsg(3).
 */

#include <stddef.h>
#include <sys/types.h>

#define CHANNEL_FDS_MAX 4

struct channel_message {
	char type;
	size_t len;
	char data[12288];	  /* NUL-terminated, beyond len */
	int fds[CHANNEL_FDS_MAX]; /* owned by who received it; -1 where there is none */
};

/* Sends one message whole; `fds` stay the caller's. 0, or -1 with errno. Never raises SIGPIPE. */
int channel_send(int fd, char type, const void *data, size_t len, const int *fds, int nfds);

/* Sends a bare type where there is room for it, and else nothing: it never waits. */
void channel_signal(int fd, char type);

/*
 * Takes one message. 1; 0 at the end; -1 with errno, EAGAIN where none is there and `flags`
 * (of recvmsg(2)) hold MSG_DONTWAIT. What is longer than `data` is cut.
 */
int channel_receive(int fd, int flags, struct channel_message *ret);

/* Takes a descriptor out of a message. */
int channel_take(struct channel_message *message, int which);

/* Closes the descriptors that nobody took. */
void channel_message_release(struct channel_message *message);

#endif
