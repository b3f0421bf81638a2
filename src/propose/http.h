#ifndef PROPOSE_HTTP_H
#define PROPOSE_HTTP_H

/*
 * HTTP requests in the event loop, by libcurl's multi interface: several at once, none
 * waited for. Knows no JSON and no campaign. http.c alone includes curl.h, and loads libcurl
 * when the first client is made. That takes about 10 ms, three times the start of a command,
 * and most commands never ask a model; the dynamic linker cannot put it off, since we are
 * linked to resolve all symbols at once.
 *
 * No redirect is followed, since it could lead a key or a prompt anywhere: its status is
 * reported as any other. Nothing is decompressed, no cookie is kept, no ~/.netrc read, and
 * nothing of a request is ever printed. libcurl resolves a name in a thread of its own, which
 * touches nothing of ours; addresses, localhost and UNIX sockets need none.
 */

#include <stddef.h>

#include "base/error.h"
#include "base/evloop.h"

struct http;
struct http_exchange;

enum http_end {
	HTTP_WHOLE,	  /* an answer came to its end, whatever its status */
	HTTP_UNREACHABLE, /* no connection: refused, no such name, not in time */
	HTTP_SILENT,	  /* connected, and no first byte of an answer's body in time */
	HTTP_IDLE,	  /* it stopped in the middle */
	HTTP_BROKEN,	  /* the connection broke, or what came is not HTTP */
	HTTP_TOO_LARGE,	  /* more than the cap */
	HTTP_STOPPED,	  /* on_data wanted no more */
	HTTP_UNTRUSTED,	  /* the server's certificate is not good */
	HTTP_UNUSABLE,	  /* what was asked for cannot be: a key file that is missing, say */
};

struct http_answer {
	enum http_end end;
	int status;		 /* 0 where no status line came */
	const char *retry_after; /* the header; NULL where there is none */
	const char *location;
	const char *error; /* libcurl's words where `end` says that it failed, else "" */
};

struct http_request {
	const char *method;
	const char *url;	    /* http or https */
	const char *unix_socket;    /* connects there; NULL: where the URL says */
	const char *const *headers; /* "Name: value"; none is ever printed */
	size_t headers_nr;
	const char *body; /* NULL for none */
	size_t body_len;

	const char *ca_info; /* PEM files; NULL: what libcurl was built with, or none */
	const char *cert, *key;
	const char *proxy; /* NULL: by libcurl's rules from the environment; "": none */

	/* In seconds: to connect, name and TLS included; from then to the first byte of the
	 * body; between bytes. */
	double connect_timeout, first_byte_timeout, idle_timeout;
	size_t cap; /* bytes of the body */

	/* A part of the body, of an answer with this status; false: no more is wanted. It must
	 * not call anything of this page. */
	bool (*on_data)(int status, const char *bytes, size_t len, void *data);
	/* The end: called once, by the loop; the exchange is gone when it returns. Both it and
	 * the answer are borrowed for the call, in which other exchanges may begin or end. */
	void (*on_end)(const struct http_answer *answer, void *data);
	void *data;
};

/* A client. `loop` is borrowed until it is freed. */
int http_new(struct http **ret, struct evloop *loop, struct error *err);

/* Frees it and cancels what is going on. Not to be called by one of its own functions. */
void http_free(struct http *http);

/*
 * Begins an exchange; all strings are copied. The loop must run for it to go on. An error
 * where the request itself cannot be: then on_end is not called.
 */
int http_start(struct http *http, const struct http_request *request,
	       struct http_exchange **ret, struct error *err);

/* Ends it at once, without on_end. NULL is none. */
void http_cancel(struct http_exchange *exchange);

#endif
