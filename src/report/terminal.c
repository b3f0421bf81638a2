#include "report/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/process.h"

#define WIDTH_DEFAULT 80
#define ANSWER_MAX 64

int color_parse(const char *value, enum color_when *ret, struct error *err)
{
	static const struct {
		const char *word;
		enum color_when when;
	} words[] = {
		{ "always", COLOR_ALWAYS }, { "auto", COLOR_AUTO },   { "true", COLOR_AUTO },
		{ "yes", COLOR_AUTO },	    { "on", COLOR_AUTO },     { "1", COLOR_AUTO },
		{ "never", COLOR_NEVER },   { "false", COLOR_NEVER }, { "no", COLOR_NEVER },
		{ "off", COLOR_NEVER },	    { "0", COLOR_NEVER },
	};

	if (!value) {
		*ret = COLOR_ALWAYS;
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (!strcasecmp(value, words[i].word)) {
			*ret = words[i].when;
			return 0;
		}
	}
	error_set(err, "--color takes always, auto or never, not '%s'", value);
	return error_status(err, EXIT_USAGE);
}

static bool answers_true(const char *const *argv)
{
	CLEANUP_STRBUF struct strbuf answer = STRBUF_INIT;
	struct error err = ERROR_INIT;

	return !process_run(argv, &answer, ANSWER_MAX, &err) && starts_with(answer.buf, "true");
}

/* A pager that somebody started, we or `git -p`. */
static bool pager_is_used(void)
{
	const char *in_use = getenv("GIT_PAGER_IN_USE");

	return in_use && (!strcmp(in_use, "true") || !strcmp(in_use, "1"));
}

bool people_read(void)
{
	return isatty(STDOUT_FILENO) || pager_is_used();
}

/* It shows colours unless color.pager says no. */
static bool pager_shows_colors(void)
{
	static const char *const argv[] = {
		"git", "config", "--type=bool", "--default=true", "--get", "color.pager", NULL
	};

	return pager_is_used() && answers_true(argv);
}

static bool shows_colors(int fd)
{
	const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");

	if ((no_color && *no_color) || !term || !strcmp(term, "dumb"))
		return false;
	return isatty(fd) || (fd == STDOUT_FILENO && pager_shows_colors());
}

/* git itself would take a pager in use for a terminal on stderr, too. */
static bool ask_git(bool shows)
{
	const char *const argv[] = { "env",
				     "-u",
				     "GIT_PAGER_IN_USE",
				     "git",
				     "config",
				     "--get-colorbool",
				     "color.autoresearch",
				     shows ? "true" : "false",
				     NULL };

	return answers_true(getenv("GIT_PAGER_IN_USE") ? argv : argv + 3);
}

bool color_wanted(int fd, enum color_when when)
{
	static int asked[STDERR_FILENO + 1] = { -1, -1, -1 };

	if (when == COLOR_NEVER || when == COLOR_ALWAYS)
		return when == COLOR_ALWAYS;
	if (when == COLOR_AUTO)
		return shows_colors(fd);
	if (asked[fd] < 0)
		asked[fd] = ask_git(shows_colors(fd));
	return asked[fd];
}

const char *paint(bool color, enum paint which)
{
	static const char *const sequences[PAINT_NR] = {
		[PAINT_NONE] = "\033[m",      [PAINT_GOOD] = "\033[32m",
		[PAINT_BAD] = "\033[31m",     [PAINT_DOUBT] = "\033[33m",
		[PAINT_ALARM] = "\033[1;31m", [PAINT_NAME] = "\033[36m",
		[PAINT_HEAD] = "\033[1m",     [PAINT_FAINT] = "\033[2m",
	};

	return color ? sequences[which] : "";
}

enum paint verdict_paint(enum verdict_kind kind)
{
	switch (kind) {
	case VERDICT_ACCEPTED:
		return PAINT_GOOD;
	case VERDICT_FAILED:
		return PAINT_BAD;
	case VERDICT_VIOLATION:
		return PAINT_ALARM;
	case VERDICT_INDECISIVE:
	case VERDICT_INVALID:
		return PAINT_DOUBT;
	case VERDICT_REJECTED:
	case VERDICT_DUPLICATE:
	case VERDICT_SKIPPED:
		return PAINT_FAINT;
	case VERDICT_NONE:
	case VERDICT_NR:
		break;
	}
	return PAINT_NONE;
}

int terminal_width(int fd)
{
	const char *columns = getenv("COLUMNS");
	int width = columns ? atoi(columns) : 0;
	struct winsize size;

	if (width > 0)
		return width;
	if (!ioctl(fd, TIOCGWINSZ, &size) && size.ws_col)
		return size.ws_col;
	return WIDTH_DEFAULT;
}
