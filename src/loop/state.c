#include "loop/state.h"

#include <string.h>

#include "base/strbuf.h"
#include "loop/lock.h"
#include "loop/mark.h"
#include "loop/pause.h"
#include "loop/store.h"

const char *state_name(enum state state)
{
	static const char *const names[] = {
		[STATE_NEW] = "new",
		[STATE_RUNNING] = "running",
		[STATE_PAUSED] = "paused",
		[STATE_STOPPED] = "stopped",
		[STATE_TARGET] = "target",
		[STATE_BUDGET] = "budget",
		[STATE_EXHAUSTED] = "exhausted",
		[STATE_FAILING] = "failing",
	};

	return names[state];
}

int state_write(const char *dir, enum state state, const char *why, struct error *err)
{
	CLEANUP_FREE char *text =
		xstrfmt("%s\n%s%s", state_name(state), why ? why : "", why ? "\n" : "");

	return store_write(dir, "state", text, err);
}

#define FILE_MAX 4096

/* Appends its first line, or what follows that. -1 where there is no such file. */
static int read_part(const char *dir, bool first, struct strbuf *ret)
{
	CLEANUP_FREE char *path = xstrfmt("%s/state", dir);
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	size_t end;

	if (strbuf_read_file(&text, path, FILE_MAX))
		return -1;
	strbuf_rtrim(&text);
	end = strcspn(text.buf, "\n");
	if (first)
		strbuf_add(ret, text.buf, end);
	else if (end < text.len)
		strbuf_add_visible(ret, text.buf + end + 1, text.len - end - 1);
	return 0;
}

void state_why(const char *dir, struct strbuf *ret)
{
	read_part(dir, false, ret);
}

/* As the file has it; STATE_NEW where there is none. */
static enum state read_file(const char *dir)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	if (read_part(dir, true, &text))
		return STATE_NEW;
	for (enum state s = STATE_RUNNING; s < STATE_NR; s++)
		if (!strcmp(text.buf, state_name(s)))
			return s;
	return STATE_NEW;
}

/* Nobody works on it, so whoever wrote that it runs is dead. */
static bool was_killed(enum state state)
{
	return state == STATE_RUNNING || state == STATE_PAUSED;
}

bool state_was_failing(const char *dir)
{
	enum state state = read_file(dir);

	return state == STATE_FAILING || was_killed(state);
}

enum state state_read(const char *dir, int has_records)
{
	CLEANUP_STRBUF struct strbuf mark = STRBUF_INIT;
	enum state state = read_file(dir);
	pid_t holder = lock_holder(dir);

	if (holder && was_killed(state) && mark_read(dir, &mark))
		return STATE_FAILING;
	if (holder)
		return state == STATE_PAUSED && pause_is_asked(dir, holder) ? STATE_PAUSED
									    : STATE_RUNNING;
	if (was_killed(state))
		return STATE_FAILING;
	if (state != STATE_NEW)
		return state;
	return has_records ? STATE_STOPPED : STATE_NEW;
}
