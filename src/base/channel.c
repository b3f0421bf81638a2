#include "base/channel.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/* Room for the descriptors, aligned as the kernel wants it. */
union control {
	char buf[CMSG_SPACE(CHANNEL_FDS_MAX * sizeof(int))];
	struct cmsghdr align;
};

int channel_send(int fd, char type, const void *data, size_t len, const int *fds, int nfds)
{
	struct iovec iov[] = { { &type, 1 }, { (void *)data, len } };
	union control control = { 0 };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };

	if (nfds) {
		struct cmsghdr *c;

		msg.msg_control = control.buf;
		msg.msg_controllen = CMSG_SPACE((size_t)nfds * sizeof(int));
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN((size_t)nfds * sizeof(int));
		memcpy(CMSG_DATA(c), fds, (size_t)nfds * sizeof(int));
	}
	return sendmsg(fd, &msg, MSG_NOSIGNAL) < 0 ? -1 : 0;
}

void channel_signal(int fd, char type)
{
	(void)!send(fd, &type, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

int channel_receive(int fd, int flags, struct channel_message *ret)
{
	union control control;
	struct iovec iov[] = { { &ret->type, 1 }, { ret->data, sizeof(ret->data) - 1 } };
	struct msghdr msg = { .msg_iov = iov,
			      .msg_iovlen = 2,
			      .msg_control = control.buf,
			      .msg_controllen = sizeof(control.buf) };
	ssize_t n = recvmsg(fd, &msg, flags | MSG_CMSG_CLOEXEC);
	struct cmsghdr *c;

	for (int i = 0; i < CHANNEL_FDS_MAX; i++)
		ret->fds[i] = -1;
	if (n <= 0)
		return (int)n;
	ret->len = (size_t)n - 1;
	ret->data[ret->len] = '\0';
	c = CMSG_FIRSTHDR(&msg);
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
		memcpy(ret->fds, CMSG_DATA(c), c->cmsg_len - CMSG_LEN(0));
	return 1;
}

int channel_take(struct channel_message *message, int which)
{
	int fd = message->fds[which];

	message->fds[which] = -1;
	return fd;
}

void channel_message_release(struct channel_message *message)
{
	for (int i = 0; i < CHANNEL_FDS_MAX; i++)
		if (message->fds[i] >= 0)
			close(message->fds[i]);
}
