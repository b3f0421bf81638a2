#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define STDERR_TAIL (16 * 1024) /* how much of what it wrote on stderr is kept */

/*
 * The child's side. We may have blocked signals, and ignore SIGPIPE: it does neither. Its
 * process group is its own, so that Ctrl-C reaches us alone and we end in our own time; but for
 * one that asks (see spawn()), which may read from the terminal only in ours.
 */
static void __attribute__((noreturn))
run_child(const char *const *argv, int in, int out, int err)
{
	sigset_t none;

	sigemptyset(&none);
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setpgid(0, 0);
	if (dup2(in, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0 &&
	    dup2(err, STDERR_FILENO) >= 0) {
		close_range(3, ~0U, 0);
		execvp(argv[0], (char *const *)argv);
	}
	dprintf(STDERR_FILENO, "%s\n", strerror(errno));
	_exit(127);
}

/* Moves a descriptor above the standard ones, so that dup2() in the child never steps on it,
 * even where we were started without stdin. */
static int above_standard(int fd)
{
	int ret = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 3);

	if (fd >= 0)
		close(fd);
	return ret;
}

static int make_pipe(int *ret_read, int *ret_write)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC))
		return -1;
	*ret_read = above_standard(ends[0]);
	*ret_write = above_standard(ends[1]);
	return *ret_read < 0 || *ret_write < 0 ? -1 : 0;
}

/* One read into the end of `sb`: how much came, 0 at the end of the file. */
static ssize_t read_some(int fd, struct strbuf *sb)
{
	char chunk[8192];
	ssize_t n;

	do {
		n = read(fd, chunk, sizeof(chunk));
	} while (n < 0 && errno == EINTR);
	if (n > 0)
		strbuf_add(sb, chunk, (size_t)n);
	return n;
}

static void keep_tail(struct strbuf *sb, size_t max)
{
	if (sb->len <= max)
		return;
	memmove(sb->buf, sb->buf + sb->len - max, max);
	strbuf_setlen(sb, max);
}

/* Drains both pipes until both have ended; `out_fd` may be -1. 0; -1 with errno, EFBIG above
 * the cap. */
static int collect(int out_fd, int err_fd, struct strbuf *out, size_t cap, struct strbuf *said)
{
	struct pollfd fds[2] = { { out_fd, POLLIN, 0 }, { err_fd, POLLIN, 0 } };
	struct strbuf *into[2] = { out, said };

	while (fds[0].fd >= 0 || fds[1].fd >= 0) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return -1;
		for (int i = 0; i < 2; i++) {
			ssize_t n = fds[i].revents ? read_some(fds[i].fd, into[i]) : 1;

			if (n < 0)
				return -1;
			if (!n)
				fds[i] = (struct pollfd){ .fd = -1 };
		}
		if (out->len > cap) {
			errno = EFBIG;
			return -1;
		}
		keep_tail(said, STDERR_TAIL);
	}
	return 0;
}

static int wait_for(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

/* The error for a program that ended with `status`, in the words of its last line. */
static int failed(const char *program, int status, struct strbuf *said, struct error *err)
{
	CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;
	const char *last;

	strbuf_rtrim(said);
	last = memrchr(said->buf, '\n', said->len);
	last = last ? last + 1 : said->buf;
	strbuf_add_visible(&line, last, said->len - (size_t)(last - said->buf));
	if (line.len)
		return error_set(err, "%s: %s", program, line.buf);
	if (WIFSIGNALED(status))
		return error_set(err, "%s: died of signal %d", program, WTERMSIG(status));
	return error_set(err, "%s: failed with exit status %d", program, WEXITSTATUS(status));
}

/*
 * As run_child(), but not by fork(): that would copy the tables of all that is mapped here. 0, or
 * an errno.
 */
static int spawn(const char *const *argv, bool asks, int in, int out, int err, pid_t *ret)
{
	const int from[] = { in, out, err };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t how;
	sigset_t none, ignored;
	int failed;

	sigemptyset(&none);
	sigemptyset(&ignored);
	sigaddset(&ignored, SIGPIPE);
	posix_spawnattr_init(&how);
	posix_spawnattr_setsigmask(&how, &none);
	posix_spawnattr_setsigdefault(&how, &ignored);
	posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
					       (asks ? 0 : POSIX_SPAWN_SETPGROUP));
	posix_spawn_file_actions_init(&files);
	for (int i = 0; i < 3; i++)
		posix_spawn_file_actions_adddup2(&files, from[i], i);
	posix_spawn_file_actions_addclosefrom_np(&files, 3);
	failed = posix_spawnp(ret, argv[0], &files, &how, (char *const *)argv, environ);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&how);
	return failed;
}

/* `in` is the stdin of the child. */
static int run(const char *const *argv, bool asks, int in, struct strbuf *out, size_t cap,
	       struct error *err)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT, said = STRBUF_INIT;
	CLEANUP_CLOSE int out_read = -1, out_write = -1, err_read = -1, err_write = -1;
	CLEANUP_CLOSE int null = above_standard(open("/dev/null", O_WRONLY | O_CLOEXEC));
	int status, failure, collected, saved;
	pid_t pid;

	if (null < 0 || (out && make_pipe(&out_read, &out_write)) ||
	    make_pipe(&err_read, &err_write))
		return error_errno(err, "cannot start %s", argv[0]);
	failure = spawn(argv, asks, in, out ? out_write : null, err_write, &pid);
	if (failure)
		return error_set(err, "%s: %s", argv[0], strerror(failure));
	if (out)
		close(steal_fd(&out_write));
	close(steal_fd(&err_write));

	collected = collect(out_read, err_read, &text, cap, &said);
	saved = errno;
	if (collected)
		kill(asks ? pid : -pid, SIGKILL);
	status = wait_for(pid);
	if (collected) {
		errno = saved;
		return error_errno(err, "%s: cannot read its output", argv[0]);
	}
	if (status)
		return failed(argv[0], status, &said, err);
	if (out)
		strbuf_add(out, text.buf, text.len);
	return 0;
}

static int feed(const char *const *argv, bool asks, const char *text, size_t len,
		struct strbuf *out, size_t cap, struct error *err)
{
	CLEANUP_CLOSE int in = above_standard(text_open(text, len, err));

	return in < 0 ? -1 : run(argv, asks, in, out, cap, err);
}

int process_run(const char *const *argv, struct strbuf *out, size_t cap, struct error *err)
{
	return feed(argv, false, NULL, 0, out, cap, err);
}

int process_ask(const char *const *argv, const char *text, size_t len, struct strbuf *out,
		size_t cap, struct error *err)
{
	return feed(argv, true, text, len, out, cap, err);
}

int process_pass(const char *const *argv, struct error *err)
{
	int failed, status;
	pid_t pid;

	failed = posix_spawnp(&pid, argv[0], NULL, NULL, (char *const *)argv, environ);
	if (failed) {
		errno = failed;
		return error_errno(err, "cannot start %s", argv[0]);
	}
	status = wait_for(pid);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int text_open(const char *text, size_t len, struct error *err)
{
	CLEANUP_CLOSE int fd = -1;

	if (!text) {
		fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return error_errno(err, "cannot open /dev/null");
		return steal_fd(&fd);
	}
	fd = memfd_create("text", MFD_CLOEXEC);
	if (fd < 0 || write(fd, text, len) != (ssize_t)len || lseek(fd, 0, SEEK_SET) < 0)
		return error_errno(err, "cannot hold a text for a command");
	return steal_fd(&fd);
}

/* False where it took too long, and was killed with its group. */
static bool wait_at_most(pid_t pid, double seconds, int *ret_status)
{
	CLEANUP_CLOSE int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd end = { .fd = pidfd, .events = POLLIN };
	int ended;

	do {
		ended = poll(&end, 1, (int)(seconds * 1000));
	} while (ended < 0 && errno == EINTR);
	if (!ended)
		kill(-pid, SIGKILL);
	*ret_status = wait_for(pid);
	return ended;
}

int process_tell(const char *const *argv, const char *text, size_t len,
		 const struct string_list *env, double seconds, struct error *err)
{
	CLEANUP_CLOSE int in = text_open(text, len, err);
	CLEANUP_CLOSE int out = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	struct strbuf nothing = STRBUF_INIT;
	int status;
	pid_t pid;

	if (in < 0)
		return -1;
	in = above_standard(in);
	if (out < 0)
		out = above_standard(open("/dev/null", O_WRONLY | O_CLOEXEC));
	pid = fork_bare();
	if (pid < 0)
		return error_errno(err, "cannot start %s", argv[0]);
	if (!pid) {
		for (size_t i = 0; env && i < env->nr; i++)
			putenv(env->items[i]);
		run_child(argv, in, out, out);
	}
	setpgid(pid, pid);
	if (!wait_at_most(pid, seconds, &status))
		return error_set(err, "%s: took longer than %.0f seconds", argv[0], seconds);
	return status ? failed(argv[0], status, &nothing, err) : 0;
}

int process_reap(int pidfd)
{
	siginfo_t info = { 0 };

	waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED);
	return info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
}

pid_t fork_bare(void)
{
	return (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
}

int close_all_but(const int *kept, size_t nr)
{
	unsigned from = 3;

	for (;;) {
		unsigned next = ~0U;

		for (size_t i = 0; i < nr; i++)
			if (kept[i] >= 0 && (unsigned)kept[i] >= from &&
			    (unsigned)kept[i] < next)
				next = (unsigned)kept[i];
		if (next > from && close_range(from, next - (next != ~0U), 0))
			return -1;
		if (next == ~0U)
			return 0;
		from = next + 1;
	}
}
