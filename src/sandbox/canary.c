#include "sandbox/canary.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/process.h"
#include "sandbox/internal.h"
#include "sandbox/policy.h"
#include "sandbox/warden.h"

/* Addresses for documentation, RFC 5737 and 3849: nobody is there. */
#define V4 "192.0.2.1"
#define V6 "2001:db8::1"
#define PORT 9 /* discard */

/* What must stand in the log, once each. */
static const struct expected {
	const char *what;
	enum audit_class class;
	enum audit_act act;
	enum audit_verdict verdict;
	int family, type; /* of a network act; 0: any */
	enum audit_level level;
	const char *file; /* the last part of the path; NULL: any */
} expected[] = {
	{ "exec", AUDIT_EXEC, ACT_EXEC, AUDIT_ALLOWED, 0, 0, AUDIT_LEVEL_B, NULL },
	{ "fork", AUDIT_PROCESS, ACT_FORK, AUDIT_ALLOWED, 0, 0, AUDIT_LEVEL_B, NULL },
	{ "exit", AUDIT_PROCESS, ACT_EXIT, AUDIT_ALLOWED, 0, 0, AUDIT_LEVEL_B, NULL },
	{ "a forbidden call", AUDIT_CALL, ACT_CALL, AUDIT_DENIED, 0, 0, AUDIT_LEVEL_B, NULL },
	{ "a refused call", AUDIT_CALL, ACT_CALL, AUDIT_REFUSED, 0, 0, AUDIT_LEVEL_B, NULL },
	{ "connect, IPv4", AUDIT_NETWORK, ACT_CONNECT, AUDIT_DENIED, AF_INET, SOCK_STREAM,
	  AUDIT_LEVEL_B, NULL },
	{ "connect, IPv6", AUDIT_NETWORK, ACT_CONNECT, AUDIT_DENIED, AF_INET6, SOCK_STREAM,
	  AUDIT_LEVEL_B, NULL },
	{ "sendto, IPv4", AUDIT_NETWORK, ACT_SEND, AUDIT_DENIED, AF_INET, SOCK_DGRAM,
	  AUDIT_LEVEL_B, NULL },
	{ "sendto, IPv6", AUDIT_NETWORK, ACT_SEND, AUDIT_DENIED, AF_INET6, SOCK_DGRAM,
	  AUDIT_LEVEL_B, NULL },
	{ "bind, IPv4", AUDIT_NETWORK, ACT_BIND, AUDIT_ALLOWED, AF_INET, SOCK_STREAM,
	  AUDIT_LEVEL_B, NULL },
	{ "bind, IPv6", AUDIT_NETWORK, ACT_BIND, AUDIT_ALLOWED, AF_INET6, SOCK_STREAM,
	  AUDIT_LEVEL_B, NULL },
	{ "listen", AUDIT_NETWORK, ACT_LISTEN, AUDIT_ALLOWED, AF_INET, SOCK_STREAM,
	  AUDIT_LEVEL_B, NULL },
	{ "connect, UNIX", AUDIT_NETWORK, ACT_CONNECT, AUDIT_ALLOWED, AF_UNIX, SOCK_STREAM,
	  AUDIT_LEVEL_B, NULL },
	{ "bind, UNIX", AUDIT_NETWORK, ACT_BIND, AUDIT_ALLOWED, AF_UNIX, SOCK_DGRAM,
	  AUDIT_LEVEL_B, NULL },
	{ "sendto, UNIX", AUDIT_NETWORK, ACT_SEND, AUDIT_ALLOWED, AF_UNIX, SOCK_DGRAM,
	  AUDIT_LEVEL_B, NULL },
	{ "a raw socket", AUDIT_NETWORK, ACT_SOCKET, AUDIT_REFUSED, AF_INET, SOCK_RAW,
	  AUDIT_LEVEL_B, NULL },
	{ "a packet", AUDIT_NETWORK, ACT_PACKET, AUDIT_DENIED, AF_INET, 0, AUDIT_LEVEL_B,
	  NULL },
	{ "an open for writing", AUDIT_FILE, ACT_OPEN, AUDIT_ALLOWED, 0, 0, AUDIT_LEVEL_B,
	  NULL },
	{ "a change of user", AUDIT_CREDENTIALS, ACT_CREDENTIALS, AUDIT_ALLOWED, 0, 0,
	  AUDIT_LEVEL_B, NULL },
	{ "a device", AUDIT_DEVICE, ACT_DEVICE, AUDIT_REFUSED, 0, 0, AUDIT_LEVEL_B, NULL },
	{ "mkdir", AUDIT_FILE, ACT_CREATE, AUDIT_ALLOWED, 0, 0, AUDIT_LEVEL_A, "folder" },
	{ "mknod", AUDIT_FILE, ACT_CREATE, AUDIT_ALLOWED, 0, 0, AUDIT_LEVEL_A, "file" },
	{ "symlink", AUDIT_FILE, ACT_CREATE, AUDIT_ALLOWED, 0, 0, AUDIT_LEVEL_A, "symlink" },
	{ "link", AUDIT_FILE, ACT_CREATE, AUDIT_ALLOWED, 0, 0, AUDIT_LEVEL_A, "link" },
	{ "rename", AUDIT_FILE, ACT_RENAME, AUDIT_ALLOWED, 0, 0, AUDIT_LEVEL_A, "symlink" },
	{ "unlink", AUDIT_FILE, ACT_REMOVE, AUDIT_ALLOWED, 0, 0, AUDIT_LEVEL_A, "renamed" },
	{ "rmdir", AUDIT_FILE, ACT_REMOVE, AUDIT_ALLOWED, 0, 0, AUDIT_LEVEL_A, "folder" },
	{ "chmod", AUDIT_FILE, ACT_ATTRIBUTES, AUDIT_ALLOWED, 0, 0, AUDIT_LEVEL_A, "folder" },
	{ "chown", AUDIT_FILE, ACT_ATTRIBUTES, AUDIT_ALLOWED, 0, 0, AUDIT_LEVEL_A, "link" },
	{ "truncate", AUDIT_FILE, ACT_ATTRIBUTES, AUDIT_ALLOWED, 0, 0, AUDIT_LEVEL_A, "file" },
	{ "an open of a foreign file", AUDIT_OBJECT, ACT_OPEN, AUDIT_REFUSED, 0, 0,
	  AUDIT_LEVEL_A, NULL },
	{ "an exec of a foreign file", AUDIT_OBJECT, ACT_EXEC, AUDIT_REFUSED, 0, 0,
	  AUDIT_LEVEL_A, NULL },
	{ "a socket of another family", AUDIT_NETWORK, ACT_SOCKET, AUDIT_REFUSED, AF_NETLINK, 0,
	  AUDIT_LEVEL_A, NULL },
	{ "ptrace", AUDIT_OBJECT, ACT_PTRACE, AUDIT_REFUSED, 0, 0, AUDIT_LEVEL_A, NULL },
	{ "bpf", AUDIT_OBJECT, ACT_BPF, AUDIT_REFUSED, 0, 0, AUDIT_LEVEL_A, NULL },
	{ "a user namespace", AUDIT_CREDENTIALS, ACT_USERNS, AUDIT_REFUSED, 0, 0, AUDIT_LEVEL_A,
	  NULL },
	{ "mount", AUDIT_MOUNT, ACT_MOUNT, AUDIT_REFUSED, 0, 0, AUDIT_LEVEL_A, "other" },
	{ "move_mount", AUDIT_MOUNT, ACT_MOUNT, AUDIT_REFUSED, 0, 0, AUDIT_LEVEL_A, "file" },
	{ "a signal to outside", AUDIT_SIGNAL, ACT_KILL, AUDIT_REFUSED, 0, 0, AUDIT_LEVEL_A,
	  NULL },
};

/* Only what lies behind a filter counts; this one lets everything through. */
static int install_filter(void)
{
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = { .len = 1, .filter = &allow };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	       syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}

static struct sockaddr_in v4_address(const char *ip, int port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };

	inet_pton(AF_INET, ip, &a.sin_addr);
	return a;
}

static struct sockaddr_in6 v6_address(const char *ip, int port)
{
	struct sockaddr_in6 a = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };

	inet_pton(AF_INET6, ip, &a.sin6_addr);
	return a;
}

/* The loopback device is up, and has a route to the address that nothing may be sent to. */
static int open_network(void)
{
	struct sockaddr_in there = v4_address(V4, 0);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = { .ifr_name = "lo" };
	int failed;

	request.ifr_flags = IFF_UP;
	failed = fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request);
	strcpy(request.ifr_name, "lo:1");
	memcpy(&request.ifr_addr, &there, sizeof(there));
	failed = failed || ioctl(fd, SIOCSIFADDR, &request);
	if (fd >= 0)
		close(fd);
	return failed;
}

static bool put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	close(fd);
	return done;
}

/* The user as he is, and an empty folder of the canary's own, in which it is then. */
static int open_folder(unsigned user, unsigned group)
{
	char text[64];

	snprintf(text, sizeof(text), "%u %u 1", user, user);
	if (!put("/proc/self/uid_map", text) || !put("/proc/self/setgroups", "deny"))
		return -1;
	snprintf(text, sizeof(text), "%u %u 1", group, group);
	return !put("/proc/self/gid_map", text) || mount("canary", "/tmp", "tmpfs", 0, NULL) ||
	       chdir("/tmp");
}

static void act_on_network(void)
{
	const struct sockaddr_in there = v4_address(V4, PORT),
				 here = v4_address("127.0.0.1", 0);
	const struct sockaddr_in6 there6 = v6_address(V6, PORT), here6 = v6_address("::1", 0);
	const struct sockaddr_un named = { .sun_family = AF_UNIX, .sun_path = "/nobody" },
				 own = { .sun_family = AF_UNIX, .sun_path = "\0canary" };
	int fd;

	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	bind(fd, (const void *)&here, sizeof(here));
	listen(fd, 1);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	connect(fd, (const void *)&there, sizeof(there));
	fd = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, 0);
	connect(fd, (const void *)&there6, sizeof(there6));
	bind(fd, (const void *)&here6, sizeof(here6));
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	sendto(fd, "", 0, 0, (const void *)&there, sizeof(there));
	fd = socket(AF_INET6, SOCK_DGRAM, 0);
	sendto(fd, "", 0, 0, (const void *)&there6, sizeof(there6));
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	connect(fd, (const void *)&named, sizeof(named));
	fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	bind(fd, (const void *)&own, sizeof(own));
	sendto(fd, "", 0, 0, (const void *)&named, sizeof(named));
	socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
	socket(AF_NETLINK, SOCK_RAW, 0);
}

/* Whether an act is let pass is told by the log alone. */
static void tried(long result)
{
	(void)result;
}

static void act_on_files(void)
{
	tried(mkdir("folder", 0700));
	tried(mkdir("other", 0700));
	tried(mknod("file", S_IFREG | 0600, 0));
	tried(symlink("file", "symlink"));
	tried(link("file", "link"));
	tried(rename("symlink", "renamed"));
	tried(unlink("renamed"));
	tried(chmod("folder", 0755));
	tried(chown("link", (uid_t)-1, (gid_t)-1));
	tried(truncate("file", 1));
	tried(rmdir("folder"));
	tried(mount("canary", "other", "tmpfs", 0, NULL));
	tried(syscall(SYS_move_mount, AT_FDCWD, ".", AT_FDCWD, "file", 0));
}

/* On what is another's, or the kernel's. `host`: the root, in the host's mount namespace. */
static void act_on_objects(int host)
{
	char zeros[128] = { 0 };
	pid_t pid = fork_bare();

	if (!pid) {
		pause();
		_exit(0);
	}
	/* To -1, a signal goes to everybody. */
	if (pid < 0)
		_exit(5);
	ptrace(PTRACE_ATTACH, pid, NULL, NULL);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	tried(kill(getppid(), 0));
	tried(openat(host, "bin/true", O_RDONLY | O_CLOEXEC));
	tried(syscall(SYS_bpf, BPF_MAP_LOOKUP_ELEM, zeros, sizeof(zeros)));
}

/* Who sings: the host's root, and the user. */
struct song {
	int host;
	unsigned user, group;
};

/*
 * A process of its own in the leaf: waits on `go` until it is watched, and sings for the level that
 * it is told there. Its parent may die before it asks to be killed then: `parent_go` is closed, so
 * that nobody can tell it anything any more, and it knows.
 */
static void __attribute__((noreturn)) sing(int go, int parent_go, const struct song *song)
{
	const struct sockaddr_in there = v4_address(V4, PORT);
	int connected, fd;
	pid_t pid;
	char level;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	close(parent_go);
	if (open_network() || open_folder(song->user, song->group))
		_exit(2);
	/* Connected before anybody watches, so that only the packet itself can give it away. */
	connected = socket(AF_INET, SOCK_DGRAM, 0);
	if (connect(connected, (const void *)&there, sizeof(there)) || install_filter())
		_exit(3);
	if (read(go, &level, 1) != 1)
		_exit(4);
	send(connected, "", 1, 0);
	act_on_network();
	if (level == AUDIT_LEVEL_A) {
		act_on_files();
		act_on_objects(song->host);
	}
	ptrace(PTRACE_CONT, 0, NULL, NULL);
	syscall(SYS_keyctl, -1);
	fd = open("/proc/self/comm", O_WRONLY);
	if (setuid(getuid()))
		errno = 0;
	fd = open("/dev/kmsg", O_RDONLY);
	close(fd);
	pid = fork_bare();
	if (!pid) {
		char *const argv[] = { "true", NULL };

		if (level == AUDIT_LEVEL_A) {
			tried(unshare(CLONE_NEWUSER));
			tried(syscall(SYS_execveat, song->host, "bin/true", argv, environ, 0));
		}
		execl("/bin/true", "true", NULL);
		_exit(127);
	}
	waitpid(pid, NULL, 0);
	_exit(0);
}

static bool matches(const struct expected *e, const struct audit_event *event)
{
	const struct audit_record *r = &event->record;
	size_t len = e->file ? strlen(e->file) + 1 : 0;

	if (e->file && (r->path_len < len || memcmp(event->path, e->file, len)))
		return false;
	if (r->class != e->class || r->act != e->act || r->verdict != e->verdict)
		return false;
	if (e->family && r->on.network.family != e->family)
		return false;
	return !e->type || r->on.network.type == e->type;
}

static bool is_in_log(const struct strbuf *log, const struct expected *e)
{
	struct error ignored = ERROR_INIT;
	struct audit_event event;
	ssize_t size;

	for (size_t at = 0; at < log->len; at += (size_t)size) {
		size = audit_event_next(log->buf + at, log->len - at, &event, &ignored);
		if (size <= 0)
			return false;
		if (matches(e, &event))
			return true;
	}
	return false;
}

static enum audit_level judge(const struct strbuf *log, enum audit_level loaded,
			      struct error *lacks)
{
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		const struct expected *e = &expected[i];

		if (e->level > loaded || is_in_log(log, e))
			continue;
		/* Where there is no such device nobody can open it. */
		if (e->class == AUDIT_DEVICE && access("/dev/kmsg", F_OK))
			continue;
		error_set(lacks, "the programs were loaded, but did not see %s", e->what);
		return e->level == AUDIT_LEVEL_A ? AUDIT_LEVEL_B : AUDIT_LEVEL_C;
	}
	return loaded;
}

/* Told of what the canary was denied: that is what it is for. */
static void ignore(const struct audit_record *record, void *data)
{
	(void)record;
	(void)data;
}

struct canary {
	struct cgroup_leaf leaf;
	int go, pidfd, log; /* descriptors */
	pid_t pid;	    /* 0: it has sung */
};

static int hatch(struct canary *c, struct error *err)
{
	CLEANUP_CLOSE int leaf = cgroup_leaf_fd(&c->leaf, err), stay = -1;
	CLEANUP_CLOSE int host = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	const struct song song = { .host = host, .user = geteuid(), .group = getegid() };
	int pipes[2];

	c->log = memfd_create("canary", MFD_CLOEXEC);
	if (leaf < 0 || c->log < 0 || host < 0 || pipe2(pipes, O_CLOEXEC))
		return error_errno(err, "cannot prepare the canary");
	stay = pipes[0];
	c->go = pipes[1];
	c->pid = clone_process(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS, leaf, &c->pidfd);
	if (!c->pid)
		sing(stay, c->go, &song);
	return c->pid < 0 ? error_errno(err, "cannot start the canary") : 0;
}

struct canary *canary_hatch(struct cgroup_base *base, struct error *lacks)
{
	const struct limits limits = {
		.memory = 64 << 20, .cpus = 1, .pids = 8, .disk = 1 << 20, .output = 1 << 20
	};
	struct canary *c = xcalloc(1, sizeof(*c));

	c->go = c->pidfd = c->log = -1;
	if (cgroup_leaf_make(base, &limits, 1, &c->leaf, lacks)) {
		free(c);
		return NULL;
	}
	if (hatch(c, lacks)) {
		canary_free(c);
		return NULL;
	}
	return c;
}

static int listen_to(struct canary *c, struct warden *warden, enum audit_level level,
		     struct strbuf *log, struct error *err)
{
	struct audit_policy policy = { .filters = own_filters() };
	struct audit_counts counts = { 0 };
	siginfo_t info = { 0 };
	char word = (char)level;
	int slot;

	policy.calls[SYS_ptrace] = AUDIT_CALL_FORBIDDEN;
	policy.calls[SYS_keyctl] = AUDIT_CALL_QUIET;
	if (warden_add(warden, &c->leaf, c->log, &policy, ignore, NULL, &slot, err))
		return -1;
	if (write(c->go, &word, 1) != 1 || waitid(P_PIDFD, (id_t)c->pidfd, &info, WEXITED))
		return error_errno(err, "cannot hear the canary");
	c->pid = 0;
	if (info.si_code != CLD_EXITED || info.si_status)
		return error_set(err, "the canary died (%d)", info.si_status);
	return warden_end(warden, slot, &counts, err) || lseek(c->log, 0, SEEK_SET) < 0 ||
			       strbuf_read_fd(log, c->log, 1 << 20)
		       ? -1
		       : 0;
}

enum audit_level canary_level(struct canary *c, struct warden *warden, enum audit_level loaded,
			      struct error *lacks)
{
	CLEANUP_STRBUF struct strbuf log = STRBUF_INIT;

	return listen_to(c, warden, loaded, &log, lacks) || cgroup_leaf_clear(&c->leaf, lacks)
		       ? AUDIT_LEVEL_C
		       : judge(&log, loaded, lacks);
}

void canary_free(struct canary *c)
{
	struct error ignored = ERROR_INIT;
	siginfo_t info;

	if (!c)
		return;
	if (c->pid > 0) {
		kill(c->pid, SIGKILL);
		waitid(P_PIDFD, (id_t)c->pidfd, &info, WEXITED);
	}
	cgroup_leaf_clear(&c->leaf, &ignored);
	cgroup_leaf_remove(&c->leaf);
	if (c->go >= 0)
		close(c->go);
	if (c->pidfd >= 0)
		close(c->pidfd);
	if (c->log >= 0)
		close(c->log);
	free(c);
}
