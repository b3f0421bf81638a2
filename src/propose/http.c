#include "propose/http.h"

#define CURL_DISABLE_TYPECHECK /* its macros know functions by their own names only */
#include <curl/curl.h>
#include <dlfcn.h>
#include <math.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

#include "base/strbuf.h"
#include "base/timer.h"

/* Debian's name of every libcurl of today; its versions are compatible since 2006. */
#define LIBRARY "libcurl.so.4"

/* Of the header lines of one answer. */
#define HEADERS_MAX (256 << 10)

#define FUNCTIONS(X)           \
	X(global_init)         \
	X(easy_init)           \
	X(easy_cleanup)        \
	X(easy_setopt)         \
	X(easy_getinfo)        \
	X(easy_strerror)       \
	X(easy_header)         \
	X(slist_append)        \
	X(slist_free_all)      \
	X(multi_init)          \
	X(multi_cleanup)       \
	X(multi_setopt)        \
	X(multi_add_handle)    \
	X(multi_remove_handle) \
	X(multi_socket_action) \
	X(multi_info_read)

/* The functions of the library that was loaded. */
static struct {
#define DECLARE(name) __typeof__(curl_##name) *name;
	FUNCTIONS(DECLARE)
#undef DECLARE
	void *library;
} curl;

struct http {
	struct evloop *loop;
	CURLM *multi;
	int epoll;  /* of its own: the loop waits for it alone */
	int timer;  /* for libcurl's timeout and for ours */
	double due; /* libcurl's, by now() */
	struct http_exchange *exchanges;
};

struct http_exchange {
	struct http_exchange *next;
	struct http *http;
	CURL *easy;
	struct curl_slist *headers;
	double first_byte_timeout, idle_timeout;
	double due; /* its timeout; INFINITY while it connects, which libcurl times */
	size_t cap, body_len, headers_len;
	bool stopped, too_large;
	CURLcode failed; /* the first option that could not be set */
	bool (*on_data)(int status, const char *bytes, size_t len, void *data);
	void (*on_end)(const struct http_answer *answer, void *data);
	void *data;
	char error[CURL_ERROR_SIZE];
};

static double now(void)
{
	static const struct timespec boot;

	return seconds_since(&boot);
}

static int load_library(struct error *err)
{
	void *library;

	if (curl.library)
		return 0;
	library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	if (!library) {
		error_set(err, "cannot load " LIBRARY ": %s", dlerror());
		return error_hint(err, "install libcurl (Debian's package is libcurl4)");
	}
#define FIND(name)                                            \
	*(void **)&curl.name = dlsym(library, "curl_" #name); \
	if (!curl.name)                                       \
		return error_set(err, LIBRARY " is too old: it has no curl_" #name);
	FUNCTIONS(FIND)
#undef FIND
	if (curl.global_init(CURL_GLOBAL_DEFAULT))
		return error_set(err, LIBRARY " cannot be initialised");
	curl.library = library;
	return 0;
}

/* Options by the type that libcurl reads them as, which its own macro would have checked. */
static void set_long(struct http_exchange *x, CURLoption option, long value)
{
	CURLcode code = curl.easy_setopt(x->easy, option, value);

	x->failed = x->failed ? x->failed : code;
}

static void set_pointer(struct http_exchange *x, CURLoption option, const void *value)
{
	CURLcode code = curl.easy_setopt(x->easy, option, value);

	x->failed = x->failed ? x->failed : code;
}

static void set_string(struct http_exchange *x, CURLoption option, const char *value)
{
	if (value)
		set_pointer(x, option, value);
}

static void set_function(struct http_exchange *x, CURLoption option, void (*value)(void))
{
	CURLcode code = curl.easy_setopt(x->easy, option, value);

	x->failed = x->failed ? x->failed : code;
}

static long milliseconds(double seconds)
{
	return (long)fmin(fmax(ceil(seconds * 1000), 1), 1e9);
}

/* Arms the timer for whatever is due first. */
static void arm(struct http *h)
{
	double due = h->due;

	for (struct http_exchange *x = h->exchanges; x; x = x->next)
		due = fmin(due, x->due);
	if (isfinite(due))
		timer_arm(h->timer, fmax(due - now(), 0), 0);
}

static int status_of(struct http_exchange *x)
{
	long status = 0;

	curl.easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &status);
	return (int)status;
}

static const char *header_of(struct http_exchange *x, const char *name)
{
	struct curl_header *header;

	return curl.easy_header(x->easy, name, 0, CURLH_HEADER, -1, &header) ? NULL
									     : header->value;
}

static void free_exchange(struct http_exchange *x)
{
	for (struct http_exchange **p = &x->http->exchanges; *p; p = &(*p)->next) {
		if (*p == x) {
			*p = x->next;
			break;
		}
	}
	curl.multi_remove_handle(x->http->multi, x->easy);
	curl.easy_cleanup(x->easy);
	for (struct curl_slist *s = x->headers; s; s = s->next)
		explicit_bzero(s->data, strlen(s->data));
	curl.slist_free_all(x->headers);
	free(x);
}

void http_cancel(struct http_exchange *exchange)
{
	if (exchange)
		free_exchange(exchange);
}

/* Tells how it ended, and lets go of it first: the function may begin another. */
static void finish(struct http_exchange *x, enum http_end end, const char *error)
{
	struct http_answer answer = { .end = end, .status = status_of(x), .error = error };

	answer.retry_after = header_of(x, "Retry-After");
	answer.location = header_of(x, "Location");
	curl.multi_remove_handle(x->http->multi, x->easy);
	x->due = INFINITY;
	x->on_end(&answer, x->data);
	free_exchange(x);
}

static enum http_end end_of(struct http_exchange *x, CURLcode code)
{
	if (x->stopped)
		return HTTP_STOPPED;
	if (x->too_large)
		return HTTP_TOO_LARGE;
	switch (code) {
	case CURLE_OK:
		return HTTP_WHOLE;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_INVALIDCERTSTATUS:
		return HTTP_UNTRUSTED;
	case CURLE_URL_MALFORMAT:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ENGINE_NOTFOUND:
	case CURLE_BAD_FUNCTION_ARGUMENT:
		return HTTP_UNUSABLE;
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_CONNECT:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PROXY:
	case CURLE_OPERATION_TIMEDOUT: /* to connect: the others are timed here */
		return HTTP_UNREACHABLE;
	default:
		return HTTP_BROKEN;
	}
}

static void take_messages(struct http *h)
{
	CURLMsg *message;
	int left;

	while ((message = curl.multi_info_read(h->multi, &left))) {
		struct http_exchange *x = NULL;
		CURLcode code = message->data.result;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl.easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &x);
		finish(x, end_of(x, code),
		       !code	   ? ""
		       : *x->error ? x->error
				   : curl.easy_strerror(code));
	}
}

/* Those whose time is over; each search begins anew, since a function may change the list. */
static void take_timeouts(struct http *h, double moment)
{
	struct http_exchange *x;

	do {
		for (x = h->exchanges; x && x->due > moment; x = x->next)
			;
		if (x && x->body_len)
			finish(x, HTTP_IDLE, "the answer stopped in the middle");
		else if (x)
			finish(x, HTTP_SILENT, "no answer in time");
	} while (x);
}

static void on_timer(struct http *h)
{
	double moment = now();
	int running;

	timer_take(h->timer);
	if (h->due <= moment) {
		curl.multi_socket_action(h->multi, CURL_SOCKET_TIMEOUT, 0, &running);
		/* A moment too early for libcurl, which then does not say so again. */
		if (h->due <= moment)
			h->due = moment + 0.001;
		take_messages(h);
	}
	take_timeouts(h, moment);
}

static void on_ready(uint32_t ready, void *data)
{
	struct http *h = data;
	struct epoll_event events[16];
	int nr = epoll_wait(h->epoll, events, ARRAY_SIZE(events), 0), running;

	(void)ready;
	for (int i = 0; i < nr; i++) {
		uint32_t is = events[i].events;
		int action = (is & (EPOLLIN | EPOLLHUP) ? CURL_CSELECT_IN : 0) |
			     (is & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
			     (is & EPOLLERR ? CURL_CSELECT_ERR : 0);

		if (events[i].data.fd == h->timer) {
			on_timer(h);
			continue;
		}
		curl.multi_socket_action(h->multi, events[i].data.fd, action, &running);
		take_messages(h);
	}
	arm(h);
}

/* libcurl says what it waits for. */
static int want_socket(CURL *easy, curl_socket_t fd, int what, void *data, void *socket_data)
{
	struct http *h = data;
	struct epoll_event event = { .data.fd = fd };

	(void)easy;
	(void)socket_data;
	event.events = (what & CURL_POLL_IN ? EPOLLIN : 0u) |
		       (what & CURL_POLL_OUT ? EPOLLOUT : 0u);
	if (what == CURL_POLL_REMOVE)
		epoll_ctl(h->epoll, EPOLL_CTL_DEL, fd, NULL);
	else if (epoll_ctl(h->epoll, EPOLL_CTL_MOD, fd, &event))
		return epoll_ctl(h->epoll, EPOLL_CTL_ADD, fd, &event);
	return 0;
}

static int want_timer(CURLM *multi, long ms, void *data)
{
	struct http *h = data;

	(void)multi;
	h->due = ms < 0 ? INFINITY : now() + (double)ms / 1000;
	arm(h);
	return 0;
}

/* No program that we start may inherit it. */
static curl_socket_t open_socket(void *data, curlsocktype purpose, struct curl_sockaddr *a)
{
	(void)data;
	(void)purpose;
	return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

static int on_connected(void *data, char *ip, char *local_ip, int port, int local_port)
{
	struct http_exchange *x = data;

	(void)ip;
	(void)local_ip;
	(void)port;
	(void)local_port;
	x->due = now() + x->first_byte_timeout;
	return CURL_PREREQFUNC_OK;
}

static size_t on_header(char *line, size_t size, size_t nr, void *data)
{
	struct http_exchange *x = data;

	(void)line;
	x->headers_len += size * nr;
	x->too_large = x->headers_len > HEADERS_MAX;
	return x->too_large ? 0 : size * nr;
}

static size_t on_write(char *bytes, size_t size, size_t nr, void *data)
{
	struct http_exchange *x = data;
	size_t len = size * nr;

	x->too_large = len > x->cap - x->body_len;
	if (x->too_large)
		return 0;
	x->body_len += len;
	x->due = now() + x->idle_timeout;
	x->stopped = !x->on_data(status_of(x), bytes, len, x->data);
	return x->stopped ? 0 : len;
}

int http_new(struct http **ret, struct evloop *loop, struct error *err)
{
	struct http *h;
	struct epoll_event event = { .events = EPOLLIN };

	if (load_library(err))
		return -1;
	h = xcalloc(1, sizeof(*h));
	*h = (struct http){ .loop = loop,
			    .epoll = epoll_create1(EPOLL_CLOEXEC),
			    .due = INFINITY };
	h->timer = timer_new(err);
	h->multi = curl.multi_init();
	event.data.fd = h->timer;
	if (h->epoll < 0 || h->timer < 0 || !h->multi ||
	    epoll_ctl(h->epoll, EPOLL_CTL_ADD, h->timer, &event)) {
		http_free(h);
		return error_set(err, "cannot make an HTTP client");
	}
	curl.multi_setopt(h->multi, CURLMOPT_SOCKETFUNCTION, want_socket);
	curl.multi_setopt(h->multi, CURLMOPT_SOCKETDATA, h);
	curl.multi_setopt(h->multi, CURLMOPT_TIMERFUNCTION, want_timer);
	curl.multi_setopt(h->multi, CURLMOPT_TIMERDATA, h);
	if (evloop_add(loop, h->epoll, EPOLLIN, on_ready, h, err)) {
		http_free(h);
		return -1;
	}
	*ret = h;
	return 0;
}

void http_free(struct http *http)
{
	if (!http)
		return;
	while (http->exchanges)
		free_exchange(http->exchanges);
	if (http->multi)
		curl.multi_cleanup(http->multi);
	if (http->epoll >= 0) {
		evloop_remove(http->loop, http->epoll);
		close(http->epoll);
	}
	if (http->timer >= 0)
		close(http->timer);
	free(http);
}

/* A line end in a header would begin another. False for such a one. */
static bool add_header(struct http_exchange *x, const char *header)
{
	struct curl_slist *list;

	if (strpbrk(header, "\r\n"))
		return false;
	list = curl.slist_append(x->headers, header);
	x->headers = list ? list : x->headers;
	return list;
}

static bool add_headers(struct http_exchange *x, const struct http_request *r)
{
	/* Servers of models do not know "Expect: 100-continue", and libcurl waits for it. */
	bool ok = add_header(x, "Expect:");

	for (size_t i = 0; ok && i < r->headers_nr; i++)
		ok = add_header(x, r->headers[i]);
	set_pointer(x, CURLOPT_HTTPHEADER, x->headers);
	return ok;
}

static void set_callbacks(struct http_exchange *x)
{
	set_pointer(x, CURLOPT_PRIVATE, x);
	set_pointer(x, CURLOPT_ERRORBUFFER, x->error);
	set_function(x, CURLOPT_OPENSOCKETFUNCTION, (void (*)(void))open_socket);
	set_function(x, CURLOPT_PREREQFUNCTION, (void (*)(void))on_connected);
	set_pointer(x, CURLOPT_PREREQDATA, x);
	set_function(x, CURLOPT_HEADERFUNCTION, (void (*)(void))on_header);
	set_pointer(x, CURLOPT_HEADERDATA, x);
	set_function(x, CURLOPT_WRITEFUNCTION, (void (*)(void))on_write);
	set_pointer(x, CURLOPT_WRITEDATA, x);
}

static void set_request(struct http_exchange *x, const struct http_request *r)
{
	set_string(x, CURLOPT_PROTOCOLS_STR, "http,https");
	set_string(x, CURLOPT_URL, r->url);
	set_long(x, CURLOPT_FOLLOWLOCATION, 0);
	set_long(x, CURLOPT_NOSIGNAL, 1);
	set_long(x, CURLOPT_QUICK_EXIT, 1); /* cancelling never waits for a name server */
	set_long(x, CURLOPT_TCP_KEEPALIVE, 1);
	set_long(x, CURLOPT_CONNECTTIMEOUT_MS, milliseconds(r->connect_timeout));
	set_string(x, CURLOPT_UNIX_SOCKET_PATH, r->unix_socket);
	set_string(x, CURLOPT_PROXY, r->unix_socket ? "" : r->proxy);
	if (r->body) {
		set_long(x, CURLOPT_POSTFIELDSIZE, (long)r->body_len);
		set_pointer(x, CURLOPT_COPYPOSTFIELDS, r->body);
	}
	if (strcmp(r->method, r->body ? "POST" : "GET"))
		set_string(x, CURLOPT_CUSTOMREQUEST, r->method);
	set_long(x, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
	set_string(x, CURLOPT_CAINFO, r->ca_info);
	set_string(x, CURLOPT_SSLCERT, r->cert);
	set_string(x, CURLOPT_SSLKEY, r->key);
	set_string(x, CURLOPT_KEYPASSWD, ""); /* nobody is asked on the terminal */
}

int http_start(struct http *http, const struct http_request *request,
	       struct http_exchange **ret, struct error *err)
{
	struct http_exchange *x = xcalloc(1, sizeof(*x));
	bool ok;

	*x = (struct http_exchange){ .next = http->exchanges,
				     .http = http,
				     .easy = curl.easy_init(),
				     .first_byte_timeout = request->first_byte_timeout,
				     .idle_timeout = request->idle_timeout,
				     .due = INFINITY,
				     .cap = request->cap,
				     .on_data = request->on_data,
				     .on_end = request->on_end,
				     .data = request->data };
	http->exchanges = x;
	ok = x->easy && add_headers(x, request);
	if (ok) {
		set_callbacks(x);
		set_request(x, request);
	}
	if (!ok || x->failed || curl.multi_add_handle(http->multi, x->easy)) {
		error_set(err, "cannot ask %s: %s", request->url,
			  x->failed ? curl.easy_strerror(x->failed) : "malformed header");
		free_exchange(x);
		return -1;
	}
	*ret = x;
	return 0;
}
