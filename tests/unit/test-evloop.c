#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/evloop.h"
#include "base/strbuf.h"

struct fixture {
	struct evloop *loop;
	int fd[2];
	int calls[2];
	uint32_t events;
	bool done;
	struct error err;
};

/* Two eventfds, both ready. */
static int set_up(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	*state = f;
	for (int i = 0; i < 2; i++)
		f->fd[i] = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
	return evloop_new(&f->loop, &f->err);
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	evloop_free(f->loop);
	close(f->fd[0]);
	close(f->fd[1]);
	free(f);
	return 0;
}

static void drain(int fd)
{
	uint64_t value;

	assert_int_equal(read(fd, &value, sizeof(value)), sizeof(value));
}

static void finish(uint32_t events, void *data)
{
	struct fixture *f = data;

	f->events = events;
	f->calls[0]++;
	f->done = f->calls[0] == 3;
}

static void it_runs_until_done(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(evloop_add(f->loop, f->fd[0], EPOLLIN, finish, f, &f->err), 0);
	assert_int_equal(evloop_run(f->loop, &f->done, &f->err), 0);
	assert_int_equal(f->calls[0], 3); /* still readable, so called again, and no more */
	assert_int_equal(f->events, EPOLLIN);
	assert_int_equal(evloop_run(f->loop, &f->done, &f->err), 0);
	assert_int_equal(f->calls[0], 3); /* done before it began */
}

static void remove_the_other(struct fixture *f, int self)
{
	f->calls[self]++;
	drain(f->fd[self]);
	evloop_remove(f->loop, f->fd[!self]);
	evloop_remove(f->loop, f->fd[self]);
	f->done = true;
}

static void first(uint32_t events, void *data)
{
	(void)events;
	remove_the_other(data, 0);
}

static void second(uint32_t events, void *data)
{
	(void)events;
	remove_the_other(data, 1);
}

/* Both are ready in one round; whoever comes first takes the other away. */
static void what_was_removed_is_not_called(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(evloop_add(f->loop, f->fd[0], EPOLLIN, first, f, &f->err), 0);
	assert_int_equal(evloop_add(f->loop, f->fd[1], EPOLLIN, second, f, &f->err), 0);
	assert_int_equal(evloop_run(f->loop, &f->done, &f->err), 0);
	assert_int_equal(f->calls[0] + f->calls[1], 1);
}

static void count_one(uint32_t events, void *data)
{
	struct fixture *f = data;

	(void)events;
	f->calls[1]++;
	f->done = true;
}

/* The same number again, by a new watch, in the middle of a round. */
static void replace(uint32_t events, void *data)
{
	struct fixture *f = data;

	(void)events;
	f->calls[0]++;
	evloop_remove(f->loop, f->fd[0]);
	evloop_remove(f->loop, f->fd[1]);
	close(f->fd[1]);
	f->fd[1] = eventfd(1, EFD_CLOEXEC);
	assert_int_equal(evloop_add(f->loop, f->fd[1], EPOLLIN, count_one, f, &f->err), 0);
}

static void a_number_may_be_used_again(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(evloop_add(f->loop, f->fd[0], EPOLLIN, replace, f, &f->err), 0);
	assert_int_equal(evloop_add(f->loop, f->fd[1], EPOLLIN, replace, f, &f->err), 0);
	assert_int_equal(evloop_run(f->loop, &f->done, &f->err), 0);
	assert_int_equal(f->calls[0], 1);
	assert_int_equal(f->calls[1], 1);
}

static void run_within(uint32_t events, void *data)
{
	struct fixture *f = data;

	(void)events;
	f->calls[0]++;
	evloop_remove(f->loop, f->fd[0]);
	evloop_remove(f->loop, f->fd[1]);
	assert_int_equal(evloop_add(f->loop, f->fd[1], EPOLLIN, count_one, f, &f->err), 0);
	f->done = false;
	assert_int_equal(evloop_run(f->loop, &f->done, &f->err), 0);
}

static void a_loop_within_the_loop(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(evloop_add(f->loop, f->fd[0], EPOLLIN, run_within, f, &f->err), 0);
	assert_int_equal(evloop_add(f->loop, f->fd[1], EPOLLIN, run_within, f, &f->err), 0);
	assert_int_equal(evloop_run(f->loop, &f->done, &f->err), 0);
	assert_int_equal(f->calls[0], 1);
	assert_int_equal(f->calls[1], 1);
}

static void waiting_for_nothing_is_an_error(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(evloop_run(f->loop, &f->done, &f->err), -1);
	assert_string_equal(f->err.message, "nothing is left to wait for");
	evloop_remove(f->loop, f->fd[0]); /* never added: ignored */
	assert_int_equal(evloop_add(f->loop, -1, EPOLLIN, finish, f, &f->err), -1);
	assert_non_null(strstr(f->err.message, "Bad file descriptor"));
	assert_int_equal(evloop_add(f->loop, f->fd[0], EPOLLIN, finish, f, &f->err), 0);
	assert_int_equal(evloop_add(f->loop, f->fd[0], EPOLLIN, finish, f, &f->err), -1);
}

static void count(uint32_t events, void *data)
{
	struct fixture *f = data;

	(void)events;
	f->calls[1]++;
}

/* Each is called once, the one that stays ready too; where nobody is, it returns all the same. */
static void a_turn_waits_for_nobody(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(evloop_turn(f->loop, &f->err), 0);
	assert_int_equal(evloop_add(f->loop, f->fd[0], EPOLLIN, finish, f, &f->err), 0);
	assert_int_equal(evloop_add(f->loop, f->fd[1], EPOLLIN, count, f, &f->err), 0);
	assert_int_equal(evloop_turn(f->loop, &f->err), 1);
	assert_int_equal(f->calls[0], 1);
	assert_int_equal(f->calls[1], 1);
	drain(f->fd[0]);
	drain(f->fd[1]);
	assert_int_equal(evloop_turn(f->loop, &f->err), 0);
	assert_int_equal(f->calls[0] + f->calls[1], 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_runs_until_done),	  TEST(what_was_removed_is_not_called),
		TEST(a_number_may_be_used_again), TEST(a_loop_within_the_loop),
		TEST(a_turn_waits_for_nobody),	  TEST(waiting_for_nothing_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
