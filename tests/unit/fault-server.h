#ifndef FAULT_SERVER_H
#define FAULT_SERVER_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/process.h"
#include "base/timer.h"
#include "propose/chat.h"

/*
 * A model's server that has every fault that was met (tests/peers/fault-server.py), over
 * loopback; the first part of the URL's path names the fault. Its time runs a hundred times
 * faster: what is minutes by default is tenths of a second here.
 */
#define SERVER "tests/peers/fault-server.py"

static struct {
	pid_t pid;
	FILE *out;
	int in; /* its end is the server's */
	int port, tls_port;
	char dir[64]; /* certificates and the socket */
	bool ready;
} server;

static struct evloop *loop;

/* What a result said. */
struct outcome {
	struct chat_result result;
	char *text, *model, *error;
	int calls, waits;
	bool *done;
	int *left; /* exchanges of this test that go on */
};

static inline bool run_openssl(const char *command)
{
	CLEANUP_FREE char *line = xstrfmt("cd '%s' && %s 2>&1", server.dir, command);
	const char *argv[] = { "sh", "-c", line, NULL };
	struct error err = ERROR_INIT;

	return !process_run(argv, NULL, 0, &err);
}

/* An authority of our own, and two certificates by it. */
static inline bool make_certificates(void)
{
#define KEY "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 "
	return run_openssl("openssl req -x509 " KEY
			   "-keyout ca-key.pem -out ca.pem -subj /CN=ca") &&
	       run_openssl("openssl req -x509 " KEY
			   "-CA ca.pem -CAkey ca-key.pem -keyout key.pem "
			   "-out cert.pem -subj /CN=server -addext subjectAltName=IP:127.0.0.1 "
			   "-addext basicConstraints=critical,CA:FALSE") &&
	       run_openssl("openssl req -x509 " KEY "-CA ca.pem -CAkey ca-key.pem "
			   "-keyout client-key.pem -out client.pem -subj /CN=client "
			   "-addext basicConstraints=critical,CA:FALSE") &&
	       run_openssl("cp ca.pem client-ca.pem");
}

static inline void start_server(bool tls)
{
	CLEANUP_FREE char *path = xstrfmt("%s/socket", server.dir);
	int in[2], out[2];

	assert_int_equal(pipe2(in, O_CLOEXEC) | pipe2(out, O_CLOEXEC), 0);
	server.pid = fork();
	if (!server.pid) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		execlp("python3", "python3", SERVER, "--unix", path, tls ? "--tls" : NULL,
		       server.dir, NULL);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	server.in = in[1];
	server.out = fdopen(out[0], "r");
}

static inline int set_up(void **state)
{
	struct error err = ERROR_INIT;
	char line[256];

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	/* Nobody is there: what is on loopback is asked without it. */
	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("https_proxy", "http://127.0.0.1:1", 1);
	snprintf(server.dir, sizeof(server.dir), "/tmp/test-chat-XXXXXX");
	assert_non_null(mkdtemp(server.dir));
	start_server(make_certificates());
	while (!server.ready && fgets(line, sizeof(line), server.out)) {
		sscanf(line, "tcp %d", &server.port);
		sscanf(line, "tls %d", &server.tls_port);
		server.ready = !strcmp(line, "ready\n");
	}
	return evloop_new(&loop, &err);
}

static inline int tear_down(void **state)
{
	CLEANUP_FREE char *command = xstrfmt("rm -rf '%s'", server.dir);

	(void)state;
	evloop_free(loop);
	close(server.in);
	fclose(server.out);
	waitpid(server.pid, NULL, 0);
	return system(command);
}

static inline void need_server(void)
{
	if (server.ready)
		return;
	print_message("skipped: " SERVER
		      " did not start; is python3 there, and is this the top "
		      "of the project?\n");
	skip();
}

static inline void on_result(const struct chat_result *result, void *data)
{
	struct outcome *o = data;

	o->result = *result;
	o->text = xstrdup(result->text);
	o->model = xstrdup(result->model);
	o->error = xstrdup(result->error);
	o->calls++;
	*o->done = !--*o->left;
}

static inline void on_wait(const char *why, double seconds, void *data)
{
	assert_true(*why);
	assert_true(seconds >= 0 && seconds <= 1);
	++*(int *)data;
}

static inline void outcome_release(struct outcome *o)
{
	free(o->text);
	free(o->model);
	free(o->error);
	*o = (struct outcome){ 0 };
}
#define CLEANUP_OUTCOME CLEANUP(outcome_release)

static int waits;

static inline struct chat_options quick_options(const struct endpoint *endpoint)
{
	struct chat_options o = CHAT_OPTIONS_INIT;

	o.endpoint = endpoint;
	o.key = "sk-0123456789abcdef";
	o.connect_timeout = 0.3;
	o.first_byte_timeout = 0.8;
	o.idle_timeout = 0.5;
	o.total_timeout = 1.2;
	o.cap = 1 << 20;
	o.retry = (struct retry_policy){
		.first = 0.01, .longest = 0.04, .longest_told = 0.25, .deadline = 0.3
	};
	o.on_wait = on_wait;
	o.data = &waits;
	return o;
}

/* A prompt that is long enough to see that it is cut. */
static inline const struct chat_request *a_request(void)
{
	static char content[4001];
	static const struct chat_message message = { "user", content };
	static const struct chat_request request = {
		.model = "m",
		.system = "be brief",
		.messages = &message,
		.messages_nr = 1,
		.temperature = 0.5,
		.max_tokens = 100,
		.seed = 42,
	};

	memset(content, 'x', sizeof(content) - 1);
	return &request;
}

/* Asks `nr` times at once and runs the loop until all have ended. */
static inline void ask(const struct chat_options *options, struct outcome *outcomes, int nr)
{
	struct chat_exchange *x;
	struct chat *chat;
	struct error err = ERROR_INIT;
	bool done = false;
	int left = nr;

	waits = 0;
	if (chat_new(&chat, loop, options, &err))
		fail_msg("%s", err.message);
	for (int i = 0; i < nr; i++) {
		outcomes[i] = (struct outcome){ .done = &done, .left = &left };
		assert_int_equal(chat_ask(chat, a_request(), on_result, &outcomes[i], &x, &err),
				 0);
		assert_int_equal(outcomes[i].calls, 0);
	}
	if (evloop_run(loop, &done, &err))
		fail_msg("%s", err.message);
	for (int i = 0; i < nr; i++)
		assert_int_equal(outcomes[i].calls, 1);
	chat_free(chat);
}

static inline void ask_url(const char *url, struct outcome *ret)
{
	CLEANUP_ENDPOINT struct endpoint endpoint = { 0 };
	struct error err = ERROR_INIT;
	struct chat_options options;

	if (endpoint_parse(url, &endpoint, &err))
		fail_msg("%s: %s", url, err.message);
	options = quick_options(&endpoint);
	ask(&options, ret, 1);
	ret->waits = waits;
}

static inline void ask_fault(const char *fault, struct outcome *ret)
{
	CLEANUP_FREE char *url = xstrfmt("http://127.0.0.1:%d/%s/v1", server.port, fault);

	ask_url(url, ret);
}

/* What the server says about a_request(): the parameters that came. */
#define PARAMETERS "max_tokens seed stream_options temperature"

#endif
