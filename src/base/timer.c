#include "base/timer.h"

#include <math.h>
#include <stdint.h>
#include <sys/timerfd.h>
#include <unistd.h>

int timer_new(struct error *err)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

	if (fd < 0)
		error_errno(err, "cannot make a timer");
	return fd;
}

static struct timespec to_timespec(double seconds)
{
	return (struct timespec){ .tv_sec = (time_t)seconds,
				  .tv_nsec = (long)(fmod(seconds, 1) * 1e9) };
}

int timer_arm(int timer, double seconds, double interval)
{
	struct itimerspec t = { .it_value = to_timespec(seconds),
				.it_interval = to_timespec(interval) };

	if (!t.it_value.tv_sec && !t.it_value.tv_nsec)
		t.it_value.tv_nsec = 1;
	return timerfd_settime(timer, 0, &t, NULL);
}

double seconds_since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return seconds_between(start, &now);
}

double seconds_between(const struct timespec *start, const struct timespec *end)
{
	return (double)(end->tv_sec - start->tv_sec) +
	       (double)(end->tv_nsec - start->tv_nsec) / 1e9;
}

bool timer_take(int timer)
{
	uint64_t expirations;

	return read(timer, &expirations, sizeof(expirations)) > 0;
}
