#include "sandbox/relay.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/timer.h"

#define BUFFER (64 << 10)
/* At a time; what comes above waits to be accepted. Also a share of the descriptors. */
#define CONNECTIONS_MAX 256
#define DESCRIPTORS_SHARE 4
/* Buffers that one connection moves before others get their turn. */
#define ROUNDS 8

/* Bytes on their way from one end to the other. */
struct flow {
	size_t begin, end;
	bool ended;	/* nothing more comes from the source */
	bool failed;	/* since one of the two ends is gone */
	bool passed_on; /* nothing more goes to the other end, which was told */
	char buf[BUFFER];
};

struct connection;

/* A descriptor that is waited for: an end of a connection, or a socket that listens. */
struct end {
	struct connection *of; /* NULL: it listens */
	size_t which;	       /* the item of the list that it listens for */
	int fd;
	uint32_t events; /* that are waited for */
	bool watched;
	bool hung;	 /* reading from it never blocks, writing to it fails */
	struct flow *in; /* from here to the other end */
};

enum { INSIDE, OUTSIDE };

struct connection {
	struct connection *next, *prev;
	struct end ends[2];
	struct flow flows[2]; /* from ends[0], from ends[1] */
	size_t first, tried;  /* the address that was dialled; how many we tried */
	bool connected;
	bool closed; /* an event at hand may still point here */
};

struct relay {
	const struct network_allow *network;
	struct evloop *loop;
	int epoll; /* of its own: the loop waits for it alone */
	struct end listeners[NETWORK_ADDRESSES_MAX];
	size_t listeners_nr;
	struct connection *connections, *closed;
	size_t nr, max;
	bool paused; /* nothing more is accepted */
	int64_t bytes;
};

static bool watch(struct relay *r, struct end *e, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = e };

	if (e->watched && e->events == events)
		return true;
	if (epoll_ctl(r->epoll, e->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, e->fd, &event))
		return false;
	e->watched = true;
	e->events = events;
	return true;
}

static void unwatch(struct relay *r, struct end *e)
{
	if (e->watched)
		epoll_ctl(r->epoll, EPOLL_CTL_DEL, e->fd, NULL);
	e->watched = false;
}

static void pause_listeners(struct relay *r, bool pause)
{
	if (r->paused == pause)
		return;
	r->paused = pause;
	for (size_t i = 0; i < r->listeners_nr; i++)
		watch(r, &r->listeners[i], pause ? 0 : EPOLLIN);
}

static void close_end(struct relay *r, struct end *e, bool reset)
{
	const struct linger abort = { .l_onoff = 1 };

	if (e->fd < 0)
		return;
	unwatch(r, e);
	if (reset)
		setsockopt(e->fd, SOL_SOCKET, SO_LINGER, &abort, sizeof(abort));
	close(e->fd);
	e->fd = -1;
}

static void close_connection(struct relay *r, struct connection *c, bool reset)
{
	for (int i = 0; i < 2; i++)
		close_end(r, &c->ends[i], reset);
	*(c->prev ? &c->prev->next : &r->connections) = c->next;
	if (c->next)
		c->next->prev = c->prev;
	c->closed = true;
	c->next = r->closed;
	r->closed = c;
	r->nr--;
	pause_listeners(r, false);
}

static void free_closed(struct relay *r)
{
	while (r->closed) {
		struct connection *c = r->closed;

		r->closed = c->next;
		free(c);
	}
}

/* Reads into an empty buffer. False where there is nothing to be had now. */
static bool fill(struct relay *r, struct end *from)
{
	struct flow *f = from->in;
	ssize_t n = recv(from->fd, f->buf, sizeof(f->buf), MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR) && !from->hung)
		return false;
	f->begin = 0;
	f->end = n > 0 ? (size_t)n : 0;
	r->bytes += (int64_t)f->end;
	f->ended = n <= 0;
	f->failed = n < 0;
	return n > 0;
}

/* Writes what is in the buffer. False where some of it has to wait. */
static bool drain(struct flow *f, const struct end *to)
{
	while (f->begin < f->end) {
		ssize_t n = send(to->fd, f->buf + f->begin, f->end - f->begin,
				 MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno == EAGAIN)
			return false;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			f->ended = f->failed = f->passed_on = true;
			f->begin = f->end;
			return true;
		}
		f->begin += (size_t)n;
	}
	return true;
}

/* Moves what it can one way, and the end with it. False: the source was reset. */
static bool move(struct relay *r, struct end *from, struct end *to)
{
	struct flow *f = from->in;

	/* Of an end that hung up there are no more events: all of it is read. */
	for (int i = 0; i < ROUNDS || from->hung; i++)
		if (!drain(f, to) || f->ended || !fill(r, from))
			break;
	if (f->begin < f->end || !f->ended || f->passed_on)
		return true;
	f->passed_on = true;
	if (f->failed)
		return false;
	shutdown(to->fd, SHUT_WR);
	return true;
}

/* Waits for what either end can do next. */
static bool watch_both(struct relay *r, struct connection *c)
{
	for (int i = 0; i < 2; i++) {
		struct end *e = &c->ends[i];
		const struct flow *in = &c->flows[i], *out = &c->flows[!i];
		uint32_t events = 0;

		if (in->begin == in->end && !in->ended)
			events |= EPOLLIN;
		if (out->begin < out->end)
			events |= EPOLLOUT;
		if (!e->hung && !watch(r, e, events))
			return false;
	}
	return true;
}

static void move_both(struct relay *r, struct connection *c)
{
	struct flow *f = c->flows;
	bool reset = !move(r, &c->ends[0], &c->ends[1]) || !move(r, &c->ends[1], &c->ends[0]);

	if (reset || (f[0].passed_on && f[1].passed_on) || !watch_both(r, c))
		close_connection(r, c, reset || f[0].failed || f[1].failed);
}

/* The next address of the same name and port; the one that was dialled is first. */
static const struct network_address *next_address(struct relay *r, struct connection *c)
{
	const struct network_allow *n = r->network;
	const struct network_address *dialled = &n->items[c->first];

	while (c->tried < n->nr) {
		const struct network_address *a = &n->items[(c->first + c->tried++) % n->nr];

		if (a->port == dialled->port && !strcmp(a->host, dialled->host))
			return a;
	}
	return NULL;
}

/* Begins to connect a socket. -1 where that fails at once. */
static int dial(const struct network_address *a)
{
	bool v4 = network_ip_is_v4(a->ip);
	CLEANUP_CLOSE int fd =
		socket(v4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(a->port) };
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons(a->port) };
	int failed;

	memcpy(&six.sin6_addr, a->ip, 16);
	memcpy(&four.sin_addr, a->ip + 12, 4);
	failed = fd < 0 || (v4 ? connect(fd, (struct sockaddr *)&four, sizeof(four))
			       : connect(fd, (struct sockaddr *)&six, sizeof(six)));
	return failed && (fd < 0 || errno != EINPROGRESS) ? -1 : steal_fd(&fd);
}

static void connect_next(struct relay *r, struct connection *c)
{
	const struct network_address *a;
	struct end *e = &c->ends[OUTSIDE];

	while ((a = next_address(r, c))) {
		e->fd = dial(a);
		if (e->fd >= 0 && watch(r, e, EPOLLOUT))
			return;
		close_end(r, e, false);
	}
	close_connection(r, c, true);
}

/* What is copied was written at once by somebody: no waiting for more. */
static void send_at_once(int fd)
{
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
}

static void on_connected(struct relay *r, struct connection *c)
{
	struct end *e = &c->ends[OUTSIDE];
	socklen_t len = sizeof(int);
	int failed;

	if (getsockopt(e->fd, SOL_SOCKET, SO_ERROR, &failed, &len) || failed) {
		close_end(r, e, false);
		connect_next(r, c);
		return;
	}
	c->connected = true;
	send_at_once(e->fd);
	move_both(r, c);
}

/* False where nobody waits to be let in, or nobody more can be. */
static bool accept_one(struct relay *r, const struct end *listener)
{
	struct connection *c;
	int fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0) {
		/* Without a descriptor to spare, what closes next makes room. */
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			pause_listeners(r, true);
		return errno == ECONNABORTED || errno == EINTR;
	}
	send_at_once(fd);
	c = xcalloc(1, sizeof(*c));
	c->first = listener->which;
	for (int i = 0; i < 2; i++)
		c->ends[i] = (struct end){ .of = c, .fd = -1, .in = &c->flows[i] };
	c->ends[INSIDE].fd = fd;
	c->next = r->connections;
	if (c->next)
		c->next->prev = c;
	r->connections = c;
	if (++r->nr == r->max)
		pause_listeners(r, true);
	connect_next(r, c);
	return !r->paused;
}

static void on_event(struct relay *r, struct end *e, uint32_t events)
{
	struct connection *c = e->of;

	if (!c) {
		for (int i = 0; i < ROUNDS && accept_one(r, e); i++)
			;
	} else if (!c->closed && !c->connected) {
		on_connected(r, c);
	} else if (!c->closed) {
		if (events & (EPOLLHUP | EPOLLERR)) {
			e->hung = true;
			unwatch(r, e);
		}
		move_both(r, c);
	}
}

/* Takes a few events, after `ms` at most. False where there was none. */
static bool serve(struct relay *r, int ms)
{
	struct epoll_event events[16];
	int nr = epoll_wait(r->epoll, events, ARRAY_SIZE(events), ms);

	for (int i = 0; i < nr; i++)
		on_event(r, events[i].data.ptr, events[i].events);
	free_closed(r);
	return nr > 0;
}

static void on_ready(uint32_t events, void *data)
{
	(void)events;
	serve(data, 0);
}

static int relay_new(struct relay **ret, const struct network_allow *network,
		     struct evloop *loop, struct error *err)
{
	struct relay *r = xcalloc(1, sizeof(*r));
	struct rlimit descriptors;

	*r = (struct relay){ .network = network, .loop = loop, .max = CONNECTIONS_MAX };
	if (!getrlimit(RLIMIT_NOFILE, &descriptors) &&
	    descriptors.rlim_cur / DESCRIPTORS_SHARE < r->max)
		r->max = descriptors.rlim_cur / DESCRIPTORS_SHARE + 1;
	r->epoll = epoll_create1(EPOLL_CLOEXEC);
	*ret = r;
	if (r->epoll < 0)
		return error_errno(err, "cannot make an epoll instance");
	return evloop_add(loop, r->epoll, EPOLLIN, on_ready, r, err);
}

int relay_take(struct relay **relay, const struct network_allow *network, struct evloop *loop,
	       struct channel_message *m, struct error *err)
{
	size_t nr = m->len / sizeof(size_t), which[CHANNEL_FDS_MAX];

	if (!*relay && relay_new(relay, network, loop, err))
		return -1;
	if (nr > CHANNEL_FDS_MAX || (*relay)->listeners_nr + nr > NETWORK_ADDRESSES_MAX)
		return error_set(err, "the sandbox's init says nonsense");
	memcpy(which, m->data, nr * sizeof(*which));
	for (size_t i = 0; i < nr; i++) {
		struct end *e = &(*relay)->listeners[(*relay)->listeners_nr++];

		*e = (struct end){ .which = which[i], .fd = channel_take(m, (int)i) };
		if (e->fd < 0 || e->which >= network->nr)
			return error_set(err, "the sandbox's init says nonsense");
		if (!watch(*relay, e, EPOLLIN))
			return error_errno(err, "cannot wait for connections");
	}
	return 0;
}

/* Whether all that came from inside has been handed on. */
static bool is_drained(struct relay *r)
{
	for (struct connection *c = r->connections; c; c = c->next)
		if (!c->flows[INSIDE].passed_on)
			return false;
	return true;
}

void relay_finish(struct relay *r, double seconds)
{
	struct timespec begin;
	double left = seconds;

	if (!r)
		return;
	clock_gettime(CLOCK_MONOTONIC, &begin);
	/* Also those who still wait to be let in. */
	while (left > 0 && (serve(r, 0) || !is_drained(r))) {
		serve(r, is_drained(r) ? 0 : (int)(left * 1000) + 1);
		left = seconds - seconds_since(&begin);
	}
}

int64_t relay_bytes(const struct relay *r)
{
	return r ? r->bytes : 0;
}

void relay_free(struct relay *r)
{
	if (!r)
		return;
	while (r->connections)
		close_connection(r, r->connections, false);
	free_closed(r);
	for (size_t i = 0; i < r->listeners_nr; i++)
		close_end(r, &r->listeners[i], false);
	if (r->epoll >= 0) {
		evloop_remove(r->loop, r->epoll);
		close(r->epoll);
	}
	free(r);
}
