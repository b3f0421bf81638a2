#include "command/live.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/timer.h"
#include "command/standing.h"
#include "report/view.h"

#define INTERVAL_MS 500
#define READING_MS 50	 /* as long as there is more of the past */
#define READ_SECONDS 0.2 /* of the past, at a look */

/* Another screen; no cursor; no line goes on in the next. And all of it back. */
#define ENTER "\033[?1049h\033[?25l\033[?7l"
#define LEAVE "\033[?7h\033[?25h\033[?1049l"

/* --- The terminal, which is given back as it was, however we end */

static struct {
	bool entered, has_keys;
	struct termios before;
} terminal;

static volatile sig_atomic_t resized, stopped, ended; /* the signal that did */

/* Safe in a handler. */
static void leave(void)
{
	if (!terminal.entered)
		return;
	terminal.entered = false;
	if (write(STDOUT_FILENO, LEAVE, sizeof(LEAVE) - 1) < 0)
		return; /* the terminal is gone */
	if (terminal.has_keys)
		tcsetattr(STDIN_FILENO, TCSANOW, &terminal.before);
}

static void enter(void)
{
	struct termios keys;

	terminal.has_keys = !tcgetattr(STDIN_FILENO, &terminal.before);
	if (terminal.has_keys) {
		keys = terminal.before;
		keys.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
		tcsetattr(STDIN_FILENO, TCSANOW, &keys);
	}
	terminal.entered = true;
	fputs(ENTER, stdout);
	fflush(stdout);
}

static void on_signal(int number)
{
	if (number == SIGWINCH)
		resized = 1;
	else if (number == SIGTSTP)
		stopped = 1;
	else
		ended = number;
}

/* A bug of ours: the next one is the signal's own. */
static void on_crash(int number)
{
	leave();
	raise(number);
}

static void catch_signals(void)
{
	static const int asked[] = { SIGWINCH, SIGTSTP, SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	static const int crashes[] = { SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL };

	for (size_t i = 0; i < ARRAY_SIZE(asked); i++) {
		struct sigaction now;

		/* What was ignored when we were started stays so. */
		if (!sigaction(asked[i], NULL, &now) && now.sa_handler == SIG_IGN)
			continue;
		now = (struct sigaction){ .sa_handler = on_signal };
		sigaction(asked[i], &now, NULL);
	}
	for (size_t i = 0; i < ARRAY_SIZE(crashes); i++) {
		const struct sigaction crash = { .sa_handler = on_crash,
						 .sa_flags = SA_RESETHAND | SA_NODEFER };

		sigaction(crashes[i], &crash, NULL);
	}
	atexit(leave);
}

/* --- What is drawn */

struct live {
	struct repo *repo;
	const char *campaign;
	struct screen_style style;
	struct screen_size size;
	struct string_list shown; /* the lines that stand there */
	struct course course;
	size_t lanes; /* the most that were busy at once */
	bool gone;    /* the terminal is */
};

static void live_release(struct live *live)
{
	string_list_release(&live->shown);
	course_release(&live->course);
}

/* At once, so that nobody sees half of it. */
static void put(struct live *live, const struct strbuf *out)
{
	const char *p = out->buf;
	size_t left = out->len;

	while (left && !live->gone) {
		ssize_t n = write(STDOUT_FILENO, p, left);

		if (n < 0 && errno != EINTR)
			live->gone = true;
		p += n > 0 ? n : 0;
		left -= n > 0 ? (size_t)n : 0;
	}
}

/* Only the lines that are others than before. */
static void show(struct live *live, const struct string_list *lines)
{
	CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;

	if (!live->shown.nr)
		strbuf_addstr(&out, "\033[2J");
	for (size_t i = 0; i < lines->nr; i++) {
		if (i < live->shown.nr && !strcmp(lines->items[i], live->shown.items[i]))
			continue;
		/* Erased first: behind a full line that would take its last column away. */
		strbuf_addf(&out, "\033[%zu;1H\033[K%s", i + 1, lines->items[i]);
	}
	put(live, &out);
}

static void take_size(struct live *live)
{
	struct screen_size size = screen_size(STDOUT_FILENO);

	resized = 0;
	if (size.columns == live->size.columns && size.rows == live->size.rows)
		return;
	live->size = size;
	string_list_release(&live->shown);
}

static void draw(struct live *live, const struct standing *st)
{
	const struct view view = { .campaign = live->campaign,
				   .state = state_name(st->state),
				   .metric = st->newest.record.metric_name,
				   .reason = st->reason.len ? st->reason.buf : st->why.buf,
				   .pid = st->pid,
				   .pauses = st->state == STATE_PAUSED,
				   .has_record = st->has_record,
				   .is_measured = st->is_measured,
				   .totals = &st->newest.record.totals,
				   .budget = &st->config.budget,
				   .activities = &st->activities,
				   .lanes = live->lanes,
				   .course = &live->course,
				   .now = seconds_since(&(struct timespec){ 0 }) };
	struct string_list lines = STRING_LIST_INIT;

	view_draw(&view, &live->style, live->size, &lines);
	show(live, &lines);
	string_list_release(&live->shown);
	live->shown = lines;
}

static int look(struct live *live, struct error *err)
{
	CLEANUP_STANDING struct standing st = STANDING_INIT;
	size_t busy;

	if (standing_read(&st, live->repo, live->campaign, err) ||
	    course_read(&live->course, &st.ledger, READ_SECONDS, err))
		return -1;
	busy = activities_busy(&st.activities);
	live->lanes = !st.pid || st.state == STATE_PAUSED ? 0
		      : busy > live->lanes		  ? busy
							  : live->lanes;
	take_size(live);
	draw(live, &st);
	return 0;
}

/* --- Until somebody has seen enough */

/* Ctrl-Z: the shell finds its terminal as it was, and we begin anew when we go on. */
static void step_back(struct live *live)
{
	leave();
	raise(SIGSTOP);
	stopped = 0;
	live->size = (struct screen_size){ 0 };
	enter();
}

/* Until the next look. True where a person, or the terminal's end, says that it was the last. */
static bool rest(int milliseconds)
{
	struct pollfd keys = { .fd = STDIN_FILENO, .events = POLLIN };
	char key;
	ssize_t n;

	if (poll(&keys, terminal.has_keys ? 1 : 0, milliseconds) <= 0)
		return false;
	n = read(STDIN_FILENO, &key, 1);
	return n == 1 ? key == 'q' || key == 'Q' : n == 0 || errno != EINTR;
}

static int watch(struct live *live, struct error *err)
{
	bool over = false;

	while (!over && !ended && !live->gone) {
		if (look(live, err))
			return -1;
		if (!resized && !stopped && !ended)
			over = rest(*live->course.next ? READING_MS : INTERVAL_MS);
		if (stopped)
			step_back(live);
	}
	return ended ? 128 + ended : EXIT_DONE;
}

bool live_is_possible(void)
{
	return screen_is(STDOUT_FILENO);
}

int live_watch(struct repo *repo, const char *campaign, struct error *err)
{
	CLEANUP(live_release) struct live live = { .repo = repo, .campaign = campaign };
	CLEANUP_STANDING struct standing first = STANDING_INIT;
	int ret;

	/* What is wrong from the beginning is told where it can be read. */
	if (standing_read(&first, repo, campaign, err))
		return -1;
	live.style = screen_style(STDOUT_FILENO);
	catch_signals();
	enter();
	ret = watch(&live, err);
	leave();
	return ret;
}
