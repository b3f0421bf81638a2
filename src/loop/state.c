#include "loop/state.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "loop/lock.h"

const char *state_name(enum state state)
{
	static const char *const names[] = {
		[STATE_NEW] = "new",	     [STATE_RUNNING] = "running",
		[STATE_STOPPED] = "stopped", [STATE_TARGET] = "target",
		[STATE_BUDGET] = "budget",   [STATE_EXHAUSTED] = "exhausted",
		[STATE_FAILING] = "failing",
	};

	return names[state];
}

int state_write(const char *dir, enum state state, struct error *err)
{
	CLEANUP_FREE char *path = xstrfmt("%s/state", dir);
	CLEANUP_FREE char *fresh = xstrfmt("%s/state.new", dir);
	CLEANUP_FREE char *text = xstrfmt("%s\n", state_name(state));
	CLEANUP_CLOSE int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) || fsync(fd) ||
	    rename(fresh, path))
		return error_errno(err, "cannot write '%s'", path);
	return 0;
}

enum state state_read(const char *dir, int has_records)
{
	CLEANUP_FREE char *path = xstrfmt("%s/state", dir);
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	if (lock_holder(dir))
		return STATE_RUNNING;
	if (!strbuf_read_file(&text, path, 64)) {
		strbuf_rtrim(&text);
		for (enum state s = STATE_STOPPED; s < STATE_NR; s++)
			if (!strcmp(text.buf, state_name(s)))
				return s;
	}
	return has_records ? STATE_STOPPED : STATE_NEW;
}
