#include "command/delegate.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/process.h"
#include "sandbox/cgroup.h"

/* In the environment of the one that was started again, which takes it out. */
#define MOVED "AUTORESEARCH_SCOPE"

bool standing_wants_scope(const struct standing *s)
{
	return s->unified && (!s->ours || s->detach) && !s->moved && s->manager;
}

/* As sd_booted(3) has it; or one of a user's manager's sockets. */
static bool manager_is_there(void)
{
	const char *run = getenv("XDG_RUNTIME_DIR");
	CLEANUP_FREE char *own = NULL, *bus = NULL;

	if (!geteuid())
		return !access("/run/systemd/system", F_OK);
	if (!run)
		return false;
	own = xstrfmt("%s/systemd/private", run);
	bus = xstrfmt("%s/bus", run);
	return !access(own, F_OK) || !access(bus, F_OK);
}

static void look_around(struct standing *ret)
{
	ret->moved = getenv(MOVED) != NULL;
	unsetenv(MOVED);
	ret->ours = cgroup_is_ours(&ret->unified);
	ret->manager = manager_is_there();
}

static void add_systemd_run(struct string_list *words)
{
	static const char *const rest[] = { "--scope", "-q", "-p", "Delegate=yes", "--" };

	string_list_add(words, "systemd-run");
	if (geteuid())
		string_list_add(words, "--user");
	for (size_t i = 0; i < ARRAY_SIZE(rest); i++)
		string_list_add(words, rest[i]);
}

/* An argv, as long as `words` stays. */
static char **argv_of(const struct string_list *words)
{
	char **argv = xcalloc(words->nr + 1, sizeof(*argv));

	memcpy(argv, words->items, words->nr * sizeof(*argv));
	return argv;
}

/* It is asked with a command that does nothing, for there is no way back from the real one. */
static bool is_granted(void)
{
	CLEANUP_STRING_LIST struct string_list words = STRING_LIST_INIT;
	CLEANUP_FREE char **argv = NULL;
	struct error ignored = ERROR_INIT;

	add_systemd_run(&words);
	string_list_add(&words, "true");
	argv = argv_of(&words);
	return !process_run((const char *const *)argv, NULL, 0, &ignored);
}

void delegate_self(int argc, char **argv, bool detach)
{
	CLEANUP_STRING_LIST struct string_list words = STRING_LIST_INIT;
	CLEANUP_FREE char **again = NULL;
	struct standing standing = { .detach = detach };
	char self[4096];
	ssize_t len;

	look_around(&standing);
	if (!standing_wants_scope(&standing) || !is_granted())
		return;
	len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (len <= 0)
		return;
	self[len] = '\0';
	add_systemd_run(&words);
	string_list_add(&words, self);
	for (int i = 0; i < argc; i++)
		string_list_add(&words, argv[i]);
	again = argv_of(&words);
	if (!setenv(MOVED, "1", 1))
		execvp(again[0], again);
	unsetenv(MOVED);
}
