/*
 * A process of the host whose timers expire all the time, as setitimer(2) and as timer_create(2)
 * have them: in whatever the processor does then. Ends when it is killed.
 */
#include <signal.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static void ignore(int sig)
{
	(void)sig;
}

int main(void)
{
	const struct itimerval often = { { 0, 2000 }, { 0, 2000 } };
	const struct itimerspec as_often = { { 0, 2000000 }, { 0, 2000000 } };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	timer_t timer;

	signal(SIGALRM, ignore);
	signal(SIGUSR1, ignore);
	if (setitimer(ITIMER_REAL, &often, NULL) ||
	    timer_create(CLOCK_MONOTONIC, &event, &timer) ||
	    timer_settime(timer, 0, &as_often, NULL))
		return 1;
	for (;;)
		pause();
}
