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
#include "base/fiber.h"
#include "base/strbuf.h"

struct story {
	char text[64];
	struct fiber *fiber;
};

static void tell(struct story *s, char c)
{
	s->text[strlen(s->text)] = c;
}

static void counts(void *data)
{
	struct story *s = data;

	for (char c = 'a'; c < 'd'; c++) {
		tell(s, c);
		assert_ptr_equal(fiber_current(), s->fiber);
		fiber_park();
	}
	tell(s, '.');
}

static void takes_turns_with_the_main_stack(void **state)
{
	struct story s = { 0 };
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(fiber_new(&s.fiber, counts, &s, &err), 0);
	for (char c = '1'; c < '5'; c++) {
		assert_false(fiber_is_over(s.fiber));
		fiber_resume(s.fiber);
		assert_null(fiber_current());
		tell(&s, c);
	}
	assert_string_equal(s.text, "a1b2c3.4");
	assert_true(fiber_is_over(s.fiber));
	fiber_resume(s.fiber); /* does nothing */
	assert_string_equal(s.text, "a1b2c3.4");
	fiber_free(s.fiber);
}

static void uses_its_stack(void *data)
{
	char block[1 << 20];

	memset(block, 'x', sizeof(block));
	fiber_park();
	*(bool *)data = block[0] == 'x' && block[sizeof(block) - 1] == 'x';
}

static void keeps_a_large_stack_while_parked(void **state)
{
	struct fiber *two[2];
	bool whole[2] = { 0 };
	struct error err = ERROR_INIT;

	(void)state;
	for (int i = 0; i < 2; i++)
		assert_int_equal(fiber_new(&two[i], uses_its_stack, &whole[i], &err), 0);
	for (int i = 0; i < 4; i++)
		fiber_resume(two[i % 2]);
	for (int i = 0; i < 2; i++) {
		assert_true(fiber_is_over(two[i]));
		assert_true(whole[i]);
		fiber_free(two[i]);
	}
}

struct waits {
	struct evloop *loop;
	struct fiber *fiber;
	int fd;
	bool rung, *finished;
	int left;
};

static void on_ring(uint32_t events, void *data)
{
	struct waits *w = data;
	uint64_t value;

	(void)events;
	assert_int_equal(read(w->fd, &value, sizeof(value)), sizeof(value));
	w->rung = true;
}

/* Straight ahead, as it would be written without any other. */
static void waits_for_rings(void *data)
{
	struct waits *w = data;
	struct error err = ERROR_INIT;

	while (w->left--) {
		w->rung = false;
		assert_int_equal(evloop_run(w->loop, &w->rung, &err), 0);
		if (w->left)
			assert_int_equal(eventfd_write(w->fd, 1), 0);
	}
	*w->finished = true;
}

static void several_wait_in_one_loop(void **state)
{
	struct error err = ERROR_INIT;
	bool finished[3] = { 0 };
	struct evloop *loop;
	struct waits w[3];

	(void)state;
	assert_int_equal(evloop_new(&loop, &err), 0);
	for (int i = 0; i < 3; i++) {
		w[i] = (struct waits){ .loop = loop,
				       .fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK),
				       .finished = &finished[i],
				       .left = i + 1 };
		assert_int_equal(evloop_add(loop, w[i].fd, EPOLLIN, on_ring, &w[i], &err), 0);
		assert_int_equal(fiber_new(&w[i].fiber, waits_for_rings, &w[i], &err), 0);
		fiber_resume(w[i].fiber);
		assert_false(finished[i]);
	}
	/* The one with the most to do is the last. */
	assert_int_equal(evloop_run(loop, &finished[2], &err), 0);
	for (int i = 0; i < 3; i++) {
		assert_true(finished[i]);
		assert_true(fiber_is_over(w[i].fiber));
		fiber_free(w[i].fiber);
		evloop_remove(loop, w[i].fd);
		close(w[i].fd);
	}
	evloop_free(loop);
}

struct hands_on {
	struct evloop *loop;
	bool begin, end;
};

static void waits_to_begin(void *data)
{
	struct hands_on *h = data;
	struct error err = ERROR_INIT;

	evloop_run(h->loop, &h->begin, &err);
	h->end = true;
}

static void lets_it_begin(void *data)
{
	((struct hands_on *)data)->begin = true;
}

static void one_may_set_what_another_waits_for(void **state)
{
	struct hands_on h = { 0 };
	struct error err = ERROR_INIT;
	struct fiber *f[2];

	(void)state;
	assert_int_equal(evloop_new(&h.loop, &err), 0);
	assert_int_equal(fiber_new(&f[0], waits_to_begin, &h, &err), 0);
	assert_int_equal(fiber_new(&f[1], lets_it_begin, &h, &err), 0);
	fiber_resume(f[0]);
	fiber_resume(f[1]);
	assert_int_equal(evloop_run(h.loop, &h.end, &err), 0);
	assert_true(fiber_is_over(f[0]));
	fiber_free(f[0]);
	fiber_free(f[1]);
	evloop_free(h.loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_turns_with_the_main_stack),
		cmocka_unit_test(keeps_a_large_stack_while_parked),
		cmocka_unit_test(several_wait_in_one_loop),
		cmocka_unit_test(one_may_set_what_another_waits_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
