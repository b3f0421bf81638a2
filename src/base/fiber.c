#include "base/fiber.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/strbuf.h"

#if defined(__SANITIZE_ADDRESS__)
#define ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ADDRESS_SANITIZER 1
#endif
#endif

/* Of which only what is touched takes memory; the page below it is not mapped. */
#define STACK_SIZE (2 << 20)

struct fiber {
	ucontext_t context, resumer;
	char *stack;
	size_t guard;
	void (*fn)(void *data);
	void *data;
	int number;
	bool over;
	/* What the address sanitizer has to be told of a stack. */
	void *fake_stack, *resumer_fake_stack;
	const void *resumer_stack;
	size_t resumer_size;
};

static struct fiber *current;

#ifdef ADDRESS_SANITIZER
#include <sanitizer/common_interface_defs.h>

static void leave_main(struct fiber *f)
{
	__sanitizer_start_switch_fiber(&f->resumer_fake_stack, f->stack + f->guard, STACK_SIZE);
}

static void enter_main(struct fiber *f)
{
	__sanitizer_finish_switch_fiber(f->resumer_fake_stack, NULL, NULL);
}

static void leave_fiber(struct fiber *f)
{
	/* NULL: it will not come back. */
	__sanitizer_start_switch_fiber(f->over ? NULL : &f->fake_stack, f->resumer_stack,
				       f->resumer_size);
}

static void enter_fiber(struct fiber *f)
{
	__sanitizer_finish_switch_fiber(f->fake_stack, &f->resumer_stack, &f->resumer_size);
}
#else
static void leave_main(struct fiber *f)
{
	(void)f;
}

static void enter_main(struct fiber *f)
{
	(void)f;
}

static void leave_fiber(struct fiber *f)
{
	(void)f;
}

static void enter_fiber(struct fiber *f)
{
	(void)f;
}
#endif

static void begin(void)
{
	struct fiber *f = current;

	enter_fiber(f);
	f->fn(f->data);
	f->over = true;
	leave_fiber(f);
	swapcontext(&f->context, &f->resumer);
}

int fiber_new(struct fiber **ret, void (*fn)(void *data), void *data, struct error *err)
{
	size_t guard = (size_t)sysconf(_SC_PAGESIZE);
	char *stack = mmap(NULL, guard + STACK_SIZE, PROT_NONE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
	struct fiber *f;

	if (stack == MAP_FAILED)
		return error_errno(err, "cannot make a stack");
	if (mprotect(stack + guard, STACK_SIZE, PROT_READ | PROT_WRITE)) {
		munmap(stack, guard + STACK_SIZE);
		return error_errno(err, "cannot make a stack");
	}
	f = xcalloc(1, sizeof(*f));
	f->stack = stack;
	f->guard = guard;
	f->fn = fn;
	f->data = data;
	getcontext(&f->context);
	f->context.uc_stack.ss_sp = stack + guard;
	f->context.uc_stack.ss_size = STACK_SIZE;
	f->context.uc_link = NULL;
	makecontext(&f->context, begin, 0);
	*ret = f;
	return 0;
}

void fiber_resume(struct fiber *f)
{
	if (f->over)
		return;
	current = f;
	leave_main(f);
	swapcontext(&f->resumer, &f->context);
	enter_main(f);
	current = NULL;
}

void fiber_park(void)
{
	struct fiber *f = current;

	leave_fiber(f);
	swapcontext(&f->context, &f->resumer);
	enter_fiber(f);
}

struct fiber *fiber_current(void)
{
	return current;
}

void fiber_set_number(struct fiber *fiber, int number)
{
	fiber->number = number;
}

int fiber_number(void)
{
	return current ? current->number : 0;
}

bool fiber_is_over(const struct fiber *f)
{
	return f->over;
}

void fiber_free(struct fiber *f)
{
	if (!f)
		return;
	munmap(f->stack, f->guard + STACK_SIZE);
	free(f);
}
