#include "loop/state.h"

#include <string.h>

#include "base/strbuf.h"
#include "loop/lock.h"
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

int state_write(const char *dir, enum state state, struct error *err)
{
	CLEANUP_FREE char *text = xstrfmt("%s\n", state_name(state));

	return store_write(dir, "state", text, err);
}

enum state state_read(const char *dir, int has_records)
{
	CLEANUP_FREE char *path = xstrfmt("%s/state", dir);
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	pid_t holder = lock_holder(dir);

	if (!strbuf_read_file(&text, path, 64))
		strbuf_rtrim(&text);
	if (holder)
		return pause_is_asked(dir, holder) &&
				       !strcmp(text.buf, state_name(STATE_PAUSED))
			       ? STATE_PAUSED
			       : STATE_RUNNING;
	if (text.len) {
		for (enum state s = STATE_STOPPED; s < STATE_NR; s++)
			if (!strcmp(text.buf, state_name(s)))
				return s;
	}
	return has_records ? STATE_STOPPED : STATE_NEW;
}
