/*
 * acts <what> <n>, acts run <command>…: does something n times, or runs a command once, and prints
 * the nanoseconds of one. It is the same program bare, in a sandbox and under a tracer, and what
 * these take to start is not in it.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int spawn(char *const *argv)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		int null = open("/dev/null", O_WRONLY);

		dup2(null, 1);
		execvp(argv[0], argv);
		_exit(127);
	}
	return waitpid(pid, &status, 0) == pid && !status ? 0 : -1;
}

static int act(const char *what)
{
	char *const nothing[] = { "/bin/true", NULL };

	if (!strcmp(what, "getppid"))
		return syscall(SYS_getppid) < 0;
	if (!strcmp(what, "open"))
		return close(open("file", O_RDWR | O_CREAT, 0644));
	if (!strcmp(what, "fork"))
		return spawn(nothing);
	return -1;
}

int main(int argc, char **argv)
{
	long n = 1;
	double begin = now();

	if (argc > 2 && !strcmp(argv[1], "run")) {
		if (spawn(argv + 2))
			return 1;
	} else if (argc == 3) {
		n = atol(argv[2]);
		for (long i = 0; i < n; i++)
			if (act(argv[1]))
				return 1;
	} else {
		return 1;
	}
	fprintf(stderr, "%.0f\n", (now() - begin) / (double)n);
	return 0;
}
