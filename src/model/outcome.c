#include "model/outcome.h"

#include <signal.h>
#include <string.h>

bool outcome_is_success(const struct outcome *o)
{
	return o->kind == OUTCOME_EXITED && !o->exit_code;
}

static void add_signal(struct strbuf *out, int sig)
{
	const char *name = sigabbrev_np(sig);

	if (name)
		strbuf_addf(out, "signal SIG%s", name);
	else
		strbuf_addf(out, "signal %d", sig);
}

void outcome_reason(const struct outcome *o, struct strbuf *out)
{
	switch (o->kind) {
	case OUTCOME_EXITED:
		if (o->exit_code)
			strbuf_addf(out, "exit %d", o->exit_code);
		break;
	case OUTCOME_SIGNALED:
		add_signal(out, o->signal);
		break;
	case OUTCOME_TIMEOUT:
		strbuf_addstr(out, "timeout");
		break;
	case OUTCOME_MEMORY:
		strbuf_addstr(out, "out-of-memory");
		break;
	case OUTCOME_DISK:
		strbuf_addstr(out, "out-of-disk");
		break;
	case OUTCOME_PIDS:
		strbuf_addstr(out, "too-many-processes");
		break;
	case OUTCOME_OUTPUT:
		strbuf_addstr(out, "output-limit");
		break;
	case OUTCOME_SYSCALL:
		strbuf_addf(out, "syscall %s", o->syscall);
		break;
	case OUTCOME_NETWORK:
		strbuf_addf(out, "network %s", o->network);
		break;
	case OUTCOME_CANCELLED:
		strbuf_addstr(out, "cancelled");
		break;
	}
}

bool outcome_is_violation(const struct outcome *o)
{
	return o->kind == OUTCOME_SYSCALL || o->kind == OUTCOME_NETWORK;
}

bool outcome_was_killed(const struct outcome *o)
{
	return o->kind != OUTCOME_EXITED && o->kind != OUTCOME_SIGNALED;
}
