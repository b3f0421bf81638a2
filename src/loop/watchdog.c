#include "loop/watchdog.h"

#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "loop/mark.h"
#include "loop/state.h"
#include "model/budget.h"
#include "model/signs.h"
#include "sandbox/warden.h"

#define MEMINFO_MAX 16384

void watchdog_reason(const char *dir, struct strbuf *ret)
{
	if (!mark_read(dir, ret))
		strbuf_addstr(ret, "start was killed, or the machine went down");
}

int watchdog_begin(struct search *s, struct error *err)
{
	CLEANUP_STRBUF struct strbuf why = STRBUF_INIT;
	CLEANUP_CLOSE int mark = -1;

	if (state_was_failing(s->dir)) {
		watchdog_reason(s->dir, &why);
		warning("the last start of '%s' ended badly (%s); going on after experiment "
			"%lld",
			s->campaign, why.buf, (long long)s->totals.experiments);
	}
	mark = mark_open(s->dir, err);
	return mark < 0 || warden_guard(s->warden, mark, err) ? -1 : 0;
}

static void warn_of_budgets(struct search *s)
{
	const struct budget *b = &s->config.budget;

	for (enum budget_key key = 0; key < BUDGET_NR; key++) {
		CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

		if (s->budgets_low & 1u << key || budget_share(b, &s->totals, key) < BUDGET_LOW)
			continue;
		s->budgets_low |= 1u << key;
		budget_describe(b, &s->totals, key, &text);
		warning("budget.%s is running out: %s", budget_name(key), text.buf);
	}
}

static struct room disk_room(const char *path)
{
	struct statvfs fs;

	if (statvfs(path, &fs))
		return (struct room){ .left = -1 };
	return (struct room){ .left = (int64_t)(fs.f_bavail * fs.f_frsize),
			      .all = (int64_t)(fs.f_blocks * fs.f_frsize) };
}

/* A line "<name>:   <n> kB" of /proc/meminfo, in bytes; -1. */
static int64_t meminfo_value(const char *text, const char *name)
{
	const char *line = strstr(text, name);
	long long kb;

	return line && sscanf(line + strlen(name), ": %lld kB", &kb) == 1 ? kb << 10 : -1;
}

static struct room memory_room(void)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	if (strbuf_read_file(&text, "/proc/meminfo", MEMINFO_MAX))
		return (struct room){ .left = -1 };
	return (struct room){ .left = meminfo_value(text.buf, "MemAvailable"),
			      .all = meminfo_value(text.buf, "MemTotal") };
}

static void hint_at(const struct search *s, enum sign sign, struct error *err)
{
	if (sign == SIGN_IS_DISK || sign == SIGN_IS_MEMORY)
		error_hint(err, "make room, and start again: it goes on");
	else
		error_hint(err, "see 'git autoresearch show %lld'; started again, it goes on",
			   (long long)s->totals.experiments);
}

int watchdog_look(struct search *s, struct error *err)
{
	CLEANUP_STRBUF struct strbuf why = STRBUF_INIT;
	struct room disk = disk_room(s->store), memory = memory_room();
	enum sign sign = signs_read(&s->signs, &disk, &memory, &why);

	warn_of_budgets(s);
	if (sign == SIGN_NONE)
		return 0;
	error_set(err, "%s", why.buf);
	hint_at(s, sign, err);
	return error_status(err, EXIT_FAILING);
}

void watchdog_end(struct search *s, struct error *failure)
{
	CLEANUP_STRBUF struct strbuf why = STRBUF_INIT;
	struct error ignored = ERROR_INIT;

	if (!warden_is_lost(s->warden)) {
		warden_guard(s->warden, -1, &ignored);
		return;
	}
	if (mark_read(s->dir, &why))
		error_set(failure, "%s, so the warden has killed its trials", why.buf);
	else
		error_set(failure, "the warden is gone, and with it what was in flight: %s",
			  warden_lacks(s->warden));
	error_hint(failure,
		   "only what was in flight is not recorded; started again, it goes on");
	error_status(failure, EXIT_FAILING);
}
