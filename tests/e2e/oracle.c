/*
 * Does known acts, each named by one argument, and prints for each the lines that a log of the
 * trial must hold: process, parent, class, act, verdict, object, result, separated by tabs. Every
 * act but `listen` and `bind` is done by a child of its own. What can stand in an argument:
 *
 *	bind|listen|connect|sendto|sendmsg|sendmmsg|fastopen <type> <address> <port> <verdict>
 *	socket <family> <type> <verdict>
 *	exec path|relative|at|link|script|loader|memfd|removed|deep
 *	open open|openat|creat|openat2|readwrite <path>
 *	call x86_64|i386|x32 <number> <name> <verdict>
 *	credentials <name>
 *	exit <status>|killed              from a thread, of which there are eight
 *
 * with a word before it that says who does it: `thread`, `setsid` (a grandchild in a session of
 * its own), `orphan` (a grandchild whose parent is gone), `twice` (this one and its child). An
 * address that begins with / or @ is of a UNIX socket. A line that begins with "error" says that
 * the act did not do what it should have.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOADER "/lib64/ld-linux-x86-64.so.2"

extern char **environ;

/* One write a line, so that those of several processes do not mix. */
static void line(const char *class, const char *act, const char *verdict, const char *result,
		 const char *format, ...)
{
	char object[4096];
	va_list args;

	va_start(args, format);
	vsnprintf(object, sizeof(object), format, args);
	va_end(args);
	dprintf(1, "%d\t%d\t%s\t%s\t%s\t%s\t%s\n", getpid(), getppid(), class, act, verdict,
		object, result);
}

static void __attribute__((noreturn)) wrong(const char *what)
{
	dprintf(1, "error\t%s\t%s\n", what, strerror(errno));
	_exit(1);
}

/* --- Network */

struct way {
	const char *act, *type, *address, *verdict;
	int port;
};

static socklen_t address_of(const struct way *way, struct sockaddr_storage *ret)
{
	struct sockaddr_in *in = (void *)ret;
	struct sockaddr_in6 *in6 = (void *)ret;
	struct sockaddr_un *un = (void *)ret;
	size_t len = strlen(way->address);

	memset(ret, 0, sizeof(*ret));
	if (way->address[0] == '/' || way->address[0] == '@') {
		un->sun_family = AF_UNIX;
		memcpy(un->sun_path, way->address, len);
		if (way->address[0] == '@') {
			un->sun_path[0] = '\0';
			return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
		}
		return sizeof(*un);
	}
	if (inet_pton(AF_INET, way->address, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = htons((unsigned short)way->port);
		return sizeof(*in);
	}
	if (inet_pton(AF_INET6, way->address, &in6->sin6_addr) != 1)
		wrong(way->address);
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons((unsigned short)way->port);
	return sizeof(*in6);
}

static int type_of(const char *name)
{
	return !strcmp(name, "stream") ? SOCK_STREAM
	       : !strcmp(name, "raw")  ? SOCK_RAW
				       : SOCK_DGRAM;
}

static void expect_network(const struct way *way, int family)
{
	static const char mapped[] = "::ffff:";
	const char *act = way->act, *address = way->address;

	if (!strcmp(act, "fastopen"))
		act = "connect";
	else if (!strncmp(act, "send", 4))
		act = "send";
	if (family == AF_UNIX) {
		line("network", act, way->verdict, "-", "unix %s", address);
		return;
	}
	/* A mapped address is the IPv4 address that it leads to. */
	if (!strncmp(address, mapped, strlen(mapped)))
		address += strlen(mapped);
	line("network", act, way->verdict, "-", "%s %s %s %d",
	     family == AF_INET ? "inet" : "inet6", way->type, address, way->port);
}

/* Its descriptor, or -1. */
static int reach(const struct way *way)
{
	struct sockaddr_storage to;
	socklen_t len = address_of(way, &to);
	struct iovec data = { .iov_base = "x", .iov_len = 1 };
	struct mmsghdr message = { .msg_hdr = { .msg_name = &to,
						.msg_namelen = len,
						.msg_iov = &data,
						.msg_iovlen = 1 } };
	int fd = socket(to.ss_family, type_of(way->type), 0), ret = 0, no = 0;

	if (fd < 0)
		wrong("socket");
	if (!strcmp(way->act, "bind") || !strcmp(way->act, "listen")) {
		if (to.ss_family == AF_INET6)
			setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof(no));
		expect_network(way, to.ss_family);
		return bind(fd, (void *)&to, len) ? -1 : fd;
	}
	expect_network(way, to.ss_family);
	if (!strcmp(way->act, "connect"))
		ret = connect(fd, (void *)&to, len);
	else if (!strcmp(way->act, "fastopen"))
		ret = (int)sendto(fd, "x", 1, MSG_FASTOPEN, (void *)&to, len);
	else if (!strcmp(way->act, "sendto"))
		ret = (int)sendto(fd, "x", 1, 0, (void *)&to, len);
	else if (!strcmp(way->act, "sendmsg"))
		ret = (int)sendmsg(fd, &message.msg_hdr, 0);
	else if (!strcmp(way->act, "sendmmsg"))
		ret = sendmmsg(fd, &message, 1, 0);
	return ret < 0 ? -1 : fd;
}

static void do_network(const struct way *way)
{
	int fd;

	if (!strcmp(way->act, "listen")) {
		struct way bound = *way;

		bound.act = "bind";
		fd = reach(&bound);
		if (fd < 0 || (expect_network(way, strchr("/@", way->address[0]) ? AF_UNIX
						   : strchr(way->address, ':')	 ? AF_INET6
										 : AF_INET),
			       listen(fd, 64)))
			wrong("listen");
		return;
	}
	fd = reach(way);
	if (!strcmp(way->verdict, "allowed") && fd < 0)
		wrong(way->act);
	if (!strcmp(way->verdict, "refused") && fd >= 0)
		wrong("not refused");
}

/* --- Exec */

/* The rest of the object: which file it is, and what is said of its path. */
static void expect_exec(const char *name, const char *path, int fd, const char *flags)
{
	char real[4096];
	struct stat st;

	if (fd >= 0 ? fstat(fd, &st) : (!realpath(path, real) || stat(path, &st)))
		wrong(path);
	line("exec", "exec", "allowed", "-", "%s %s %u:%u %lu %s", name, fd >= 0 ? path : real,
	     major(st.st_dev), minor(st.st_dev), (unsigned long)st.st_ino, flags);
}

static int copy(const char *from, int to)
{
	int fd = open(from, O_RDONLY | O_CLOEXEC);
	struct stat st;
	off_t done = 0;

	if (fd < 0 || to < 0 || fstat(fd, &st))
		wrong(from);
	while (done < st.st_size) {
		char buf[65536];
		ssize_t n = read(fd, buf, sizeof(buf));

		if (n <= 0 || write(to, buf, (size_t)n) != n)
			wrong("copy");
		done += n;
	}
	close(fd);
	return to;
}

static void exec_removed(char **argv)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/tmp/removed-%d", getpid());
	close(copy("/bin/true", open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0755)));
	fd = open(path, O_RDONLY);
	unlink(path);
	expect_exec("/dev/fd/N", path, fd, "deleted");
	fexecve(fd, argv, environ);
}

static void exec_deep(char **argv)
{
	if (chdir("/tmp"))
		wrong("/tmp");
	for (int i = 0; i < 70; i++)
		if ((mkdir("deep", 0755) && errno != EEXIST) || chdir("deep"))
			wrong("deep");
	close(copy("/bin/true", open("true", O_WRONLY | O_CREAT | O_CLOEXEC, 0755)));
	expect_exec("./true", "./true", -1, "truncated");
	execv("./true", argv);
}

static void do_exec(const char *how)
{
	char *argv[] = { "true", NULL, NULL };
	char text[64];
	int fd;

	if (!strcmp(how, "path")) {
		expect_exec("/bin/true", "/bin/true", -1, "-");
		execv("/bin/true", argv);
	} else if (!strcmp(how, "relative")) {
		expect_exec("../usr/bin/true", "/usr/bin/true", -1, "-");
		if (!chdir("/etc"))
			execv("../usr/bin/true", argv);
	} else if (!strcmp(how, "at")) {
		fd = open("/usr/bin", O_PATH | O_DIRECTORY);
		expect_exec("/dev/fd/N/true", "/usr/bin/true", -1, "-");
		syscall(SYS_execveat, fd, "true", argv, environ, 0);
	} else if (!strcmp(how, "link")) {
		snprintf(text, sizeof(text), "/tmp/link-%d", getpid());
		if (symlink("/bin/true", text))
			wrong("symlink");
		expect_exec("/tmp/link-N", text, -1, "-");
		execv(text, argv);
	} else if (!strcmp(how, "script")) {
		expect_exec("./script", "/bin/sh", -1, "-");
		execv("./script", argv);
	} else if (!strcmp(how, "loader")) {
		argv[0] = LOADER;
		argv[1] = "/bin/true";
		expect_exec(LOADER, LOADER, -1, "-");
		execv(LOADER, argv);
	} else if (!strcmp(how, "memfd")) {
		fd = copy("/bin/true", memfd_create("oracle", 0));
		expect_exec("/dev/fd/N", "/memfd:oracle", fd, "deleted");
		fexecve(fd, argv, environ);
	} else if (!strcmp(how, "removed")) {
		exec_removed(argv);
	} else if (!strcmp(how, "deep")) {
		exec_deep(argv);
	}
	wrong(how);
}

/* --- Files, calls, credentials */

static void do_open(const char *how, const char *path)
{
	struct open_how at = { .flags = O_WRONLY | O_CREAT, .mode = 0644 };
	struct stat st;
	char real[4096];
	long fd = -1;

	if (!strcmp(how, "open"))
		fd = syscall(SYS_open, path, O_WRONLY | O_CREAT, 0644);
	else if (!strcmp(how, "openat"))
		fd = openat(AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND, 0644);
	else if (!strcmp(how, "creat"))
		fd = syscall(SYS_creat, path, 0644);
	else if (!strcmp(how, "openat2"))
		fd = syscall(SYS_openat2, AT_FDCWD, path, &at, sizeof(at));
	else if (!strcmp(how, "readwrite"))
		fd = open(path, O_RDWR | O_CREAT, 0644);
	if (fd < 0 || fstat((int)fd, &st) || !realpath(path, real))
		wrong(path);
	line("file", "open", "allowed", "-", "%s %u:%u %lu", real, major(st.st_dev),
	     minor(st.st_dev), (unsigned long)st.st_ino);
}

static long call(const char *kind, long nr)
{
	long ret;

	if (!strcmp(kind, "i386")) {
		__asm__ volatile("int $0x80"
				 : "=a"(ret)
				 : "0"(nr), "b"(0L), "c"(0L), "d"(0L)
				 : "r8", "r9", "r10", "r11", "memory");
		return ret;
	}
	if (!strcmp(kind, "x32"))
		nr |= 0x40000000;
	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "0"(nr), "D"(-1L), "S"(-1L), "d"(-1L)
			 : "rcx", "r8", "r9", "r10", "r11", "memory");
	return ret;
}

/* The error that a quiet refusal gives is on record; one that ends the trial gives none. */
static void do_call(const char *kind, long nr, const char *name, const char *verdict)
{
	char text[32] = "-";
	long ret;

	if (!strcmp(verdict, "denied")) {
		line("call", "call", verdict, "-", "%s %s", kind, name);
		call(kind, nr);
		return;
	}
	ret = call(kind, nr);
	snprintf(text, sizeof(text), "%ld", ret);
	line("call", "call", verdict, text, "%s %s", kind, name);
}

static void do_credentials(const char *name)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = { 0 };
	const struct {
		const char *name;
		long nr, a, b, c;
	} calls[] = {
		{ "setuid", SYS_setuid, 0, 0, 0 },
		{ "setgid", SYS_setgid, 0, 0, 0 },
		{ "setreuid", SYS_setreuid, 0, 0, 0 },
		{ "setregid", SYS_setregid, 0, 0, 0 },
		{ "setresuid", SYS_setresuid, 1, 1, 1 },
		{ "setresgid", SYS_setresgid, 0, 0, 0 },
		{ "setfsuid", SYS_setfsuid, 0, 0, 0 },
		{ "setfsgid", SYS_setfsgid, 0, 0, 0 },
		{ "setgroups", SYS_setgroups, 0, 0, 0 },
		{ "capset", SYS_capset, (long)&header, (long)none, 0 },
	};
	char result[32];

	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
		if (!strcmp(calls[i].name, name)) {
			long ret = syscall(calls[i].nr, calls[i].a, calls[i].b, calls[i].c);

			snprintf(result, sizeof(result), "%ld", ret < 0 ? -errno : ret);
			line("credentials", "credentials", "allowed", result, "%s", name);
			return;
		}
	wrong(name);
}

/* --- Who does it */

static void do_socket(int family, const char *type, const char *verdict)
{
	line("network", "socket", verdict, "-", "%d %s", family, type);
	if (socket(family, type_of(type), 0) >= 0)
		wrong("socket");
}

static char *word(char **rest)
{
	char *ret = strsep(rest, " ");

	return ret ? ret : "";
}

static void *perform(void *text)
{
	char *rest = text, *what = word(&rest), *a = word(&rest), *b = word(&rest),
	     *c = word(&rest), *d = word(&rest);

	if (!strcmp(what, "exec"))
		do_exec(a);
	else if (!strcmp(what, "open"))
		do_open(a, b);
	else if (!strcmp(what, "socket"))
		do_socket(atoi(a), b, c);
	else if (!strcmp(what, "credentials"))
		do_credentials(a);
	else if (!strcmp(what, "call"))
		do_call(a, atol(b), c, d);
	else
		do_network(&(struct way){
			.act = what, .type = a, .address = b, .port = atoi(c), .verdict = d });
	return NULL;
}

static void born(pid_t child)
{
	char number[32];

	snprintf(number, sizeof(number), "%d", child);
	line("process", "fork", "allowed", number, "-");
}

static void will_exit(void)
{
	line("process", "exit", "allowed", "0", "-");
}

/* So that all of them end at the same time, which is one end of one process. */
static void *end_together(void *arg)
{
	static int ready;

	if (__atomic_add_fetch(&ready, 1, __ATOMIC_SEQ_CST) == 8) {
		if (strcmp(arg, "killed"))
			syscall(SYS_exit_group, atoi(arg));
		kill(getpid(), SIGKILL);
	}
	for (;;)
		;
	return NULL;
}

static void __attribute__((noreturn)) do_exit(char *how)
{
	char status[32];
	pthread_t thread;

	snprintf(status, sizeof(status), "%d",
		 strcmp(how, "killed") ? atoi(how) << 8 : SIGKILL);
	line("process", "exit", "allowed", status, "-");
	for (int i = 0; i < 8; i++)
		if (pthread_create(&thread, NULL, end_together, how))
			wrong("thread");
	for (;;)
		pause();
}

/* A child that is on record; false in it. */
static int fork_known(void)
{
	pid_t pid = fork();

	if (pid < 0)
		wrong("fork");
	if (pid)
		born(pid);
	return pid;
}

/* Waits until its parent is gone. */
static void become_orphan(void)
{
	int told[2];

	if (pipe(told))
		wrong("pipe");
	if (fork_known()) {
		char c;

		close(told[1]);
		if (read(told[0], &c, 1))
			wrong("read");
		will_exit();
		_exit(0);
	}
	close(told[0]);
	close(told[1]);
	while (getppid() != 1)
		usleep(1000);
}

static void act(char *text)
{
	char *rest = text;
	pthread_t thread;
	int status;

	if (!strncmp(text, "exit ", 5))
		do_exit(text + 5);
	if (!strncmp(text, "setsid ", 7) || !strncmp(text, "twice ", 6)) {
		if (fork_known()) {
			will_exit();
			wait(&status);
			if (*text == 's')
				_exit(0);
		} else {
			setsid();
			will_exit();
		}
		word(&rest);
	} else if (!strncmp(text, "orphan ", 7)) {
		become_orphan();
		will_exit();
		word(&rest);
	} else {
		will_exit();
	}
	if (!strncmp(rest, "thread ", 7)) {
		word(&rest);
		if (pthread_create(&thread, NULL, perform, rest))
			wrong("thread");
		pthread_join(thread, NULL);
	} else {
		perform(rest);
	}
	_exit(0);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		int over[2];
		char c;
		pid_t pid;

		/* Held by all that descend from here, so that its end says that they are gone. */
		if (pipe(over))
			wrong("pipe");
		/* Listeners stay, in this process. */
		if (!strncmp(argv[i], "listen ", 7) || !strncmp(argv[i], "bind ", 5)) {
			perform(argv[i]);
			continue;
		}
		pid = fork();
		if (!pid) {
			close(over[0]);
			act(argv[i]);
		}
		born(pid);
		close(over[1]);
		if (pid < 0 || read(over[0], &c, 1))
			wrong("fork");
		waitpid(pid, NULL, 0);
		close(over[0]);
	}
	return 0;
}
