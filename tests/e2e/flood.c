/*
 * flood <n> <end> <kind>…: on every processor, for each kind, a process that does n acts of it. Then a
 * line for each class says how many acts there were in all. Kinds: open (a file of /tmp, for
 * writing), fork (and exit), udp (a datagram to our own loopback), connect (to a port of it where
 * nobody listens), credentials, refused (a call that the filter refuses). <end>:
 *
 *	-        nothing more
 *	bad      in the midst of it, a connection to 192.0.2.1
 *	<name>   before it, the program waits for SIGUSR1, called w<name>, and after it, called
 *	         d<name>
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static struct sockaddr_in address(const char *ip, int port)
{
	struct sockaddr_in ret = { .sin_family = AF_INET,
				   .sin_port = htons((unsigned short)port) };

	inet_pton(AF_INET, ip, &ret.sin_addr);
	return ret;
}

static int act(const char *kind, int socket_fd, const struct sockaddr_in *to)
{
	int fd;
	pid_t pid;

	if (!strcmp(kind, "open")) {
		fd = open("/tmp/flood", O_WRONLY | O_CREAT, 0644);
		return fd < 0 ? -1 : close(fd);
	}
	if (!strcmp(kind, "fork")) {
		pid = fork();
		if (!pid)
			_exit(0);
		return pid < 0 ? -1 : (waitpid(pid, NULL, 0), 0);
	}
	if (!strcmp(kind, "udp"))
		return sendto(socket_fd, "x", 1, 0, (const void *)to, sizeof(*to)) == 1 ? 0
											: -1;
	if (!strcmp(kind, "connect")) {
		fd = socket(AF_INET, SOCK_STREAM, 0);
		connect(fd, (const void *)to, sizeof(*to));
		return close(fd);
	}
	if (!strcmp(kind, "credentials"))
		return (int)syscall(SYS_setuid, 0);
	if (!strcmp(kind, "refused"))
		return syscall(SYS_io_uring_setup, 1, NULL) < 0 ? 0 : -1;
	return -1;
}

static void flood(const char *kind, int cpu, long n)
{
	int is_udp = !strcmp(kind, "udp");
	struct sockaddr_in to = address("127.0.0.1", is_udp ? 7001 : 7009);
	int fd = is_udp ? socket(AF_INET, SOCK_DGRAM, 0) : -1;
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
	for (long i = 0; i < n; i++)
		if (act(kind, fd, &to)) {
			perror(kind);
			_exit(1);
		}
	_exit(0);
}

static void wait_as(char prefix, const char *name)
{
	char text[16];
	sigset_t usr1;
	int which;

	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	sigprocmask(SIG_BLOCK, &usr1, NULL);
	snprintf(text, sizeof(text), "%c%s", prefix, name);
	prctl(PR_SET_NAME, text);
	sigwait(&usr1, &which);
}

int main(int argc, char **argv)
{
	long n = argc > 3 ? atol(argv[1]) : 0;
	const char *end = argc > 3 ? argv[2] : "-";
	int cpus = (int)sysconf(_SC_NPROCESSORS_ONLN), waits, status, failed = 0;
	struct sockaddr_in here = address("127.0.0.1", 7001), there = address("192.0.2.1", 80);
	int receiver = socket(AF_INET, SOCK_DGRAM, 0);

	if (bind(receiver, (void *)&here, sizeof(here)))
		return 2;
	waits = strcmp(end, "-") && strcmp(end, "bad");
	if (waits)
		wait_as('w', end);
	for (int i = 3; i < argc; i++)
		for (int cpu = 0; cpu < cpus; cpu++)
			if (!fork())
				flood(argv[i], cpu, n);
	if (!strcmp(end, "bad")) {
		usleep(150000);
		connect(socket(AF_INET, SOCK_STREAM, 0), (void *)&there, sizeof(there));
	}
	while (wait(&status) > 0)
		failed |= status;
	for (int i = 3; i < argc; i++)
		printf("%s %ld\n", argv[i], n * cpus);
	fflush(stdout);
	if (waits)
		wait_as('d', end);
	return failed ? 1 : 0;
}
