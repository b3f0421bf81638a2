#include "loop/audit_log.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/digest.h"
#include "sandbox/syscalls.h"

#define BLOCK_SIZE (64 << 10)

struct audit_log {
	char *path; /* of the folder, or of the file; for messages */
	/* What is not in the file yet, a block at most; between trials, nothing if there is a file. */
	struct strbuf end;
	FILE *file;	/* NULL: `end` is all of it */
	bool on_record; /* a trial was added that has records */
	uint64_t seq;	/* of the next line */
	bool any;	/* a trial was added */
	struct digest digest;
	struct audit_summary summary;
};

static struct audit_log *log_new(const char *path)
{
	struct audit_log *log = xcalloc(1, sizeof(*log));

	log->path = xstrdup(path);
	log->end = (struct strbuf)STRBUF_INIT;
	log->seq = 1;
	digest_init(&log->digest);
	return log;
}

void audit_log_open(struct audit_log **ret, const char *dir)
{
	*ret = log_new(dir);
}

int audit_log_create(struct audit_log **ret, const char *path, struct error *err)
{
	FILE *file = fopen(path, "w+e");

	if (!file)
		return error_errno(err, "cannot write '%s'", path);
	*ret = log_new(path);
	(*ret)->file = file;
	return 0;
}

void audit_log_free(struct audit_log *log)
{
	if (!log)
		return;
	if (log->file)
		fclose(log->file);
	strbuf_release(&log->end);
	free(log->path);
	free(log);
}

/* Without a name it is gone when we are. */
static int make_file(struct audit_log *log, struct error *err)
{
	CLEANUP_FREE char *path = xstrfmt("%s/audit.XXXXXX", log->path);
	CLEANUP_CLOSE int fd = -1;

	if (log->file)
		return 0;
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0 || unlink(path) || !(log->file = fdopen(fd, "w+")))
		return error_errno(err, "cannot make a file in '%s'", log->path);
	steal_fd(&fd);
	return 0;
}

/* To the file what is not there yet. */
static int write_end(struct audit_log *log, struct error *err)
{
	if (make_file(log, err))
		return -1;
	if (fwrite(log->end.buf, 1, log->end.len, log->file) != log->end.len)
		return error_errno(err, "cannot write the audit's log to '%s'", log->path);
	digest_add(&log->digest, log->end.buf, log->end.len);
	strbuf_reset(&log->end);
	return 0;
}

static int flush(struct audit_log *log, struct error *err)
{
	if (fflush(log->file))
		return error_errno(err, "cannot write the audit's log to '%s'", log->path);
	return 0;
}

/* A part of the kernel's records that is in memory. */
struct window {
	char bytes[BLOCK_SIZE];
	size_t begin, len;
	off_t next; /* of the file */
};

/* Makes place and reads on. 0 at the end of the file; -1. */
static ssize_t read_on(struct window *w, int fd, struct error *err)
{
	ssize_t n;

	memmove(w->bytes, w->bytes + w->begin, w->len);
	w->begin = 0;
	n = pread(fd, w->bytes + w->len, sizeof(w->bytes) - w->len, w->next);
	if (n < 0)
		return error_errno(err, "cannot read the audit's records");
	w->len += (size_t)n;
	w->next += n;
	return n;
}

/* The next event; 1 after the last one. */
static int next_event(struct window *w, int fd, struct audit_event *ret, struct error *err)
{
	for (;;) {
		ssize_t n = audit_event_next(w->bytes + w->begin, w->len, ret, err);

		if (n < 0)
			return -1;
		if (n > 0) {
			w->begin += (size_t)n;
			w->len -= (size_t)n;
			return 0;
		}
		n = read_on(w, fd, err);
		if (n < 0)
			return -1;
		if (!n)
			return w->len ? error_set(err, "the audit's records end within one")
				      : 1;
	}
}

static int add_events(struct audit_log *log, const struct trial_audit *audit,
		      uint64_t recorded[AUDIT_CLASSES], struct error *err)
{
	CLEANUP_FREE struct window *window = xcalloc(1, sizeof(*window));
	struct audit_clock clock = { .start = audit->start };
	struct audit_event event;
	int r;

	memcpy(clock.phase_start, audit->phase_start, sizeof(clock.phase_start));
	while (!(r = next_event(window, audit->records, &event, err))) {
		recorded[event.record.class]++;
		audit_event_write(&event, log->seq++, &clock, syscall_name, &log->end);
		if (log->end.len >= BLOCK_SIZE && write_end(log, err))
			return -1;
	}
	return r < 0 ? -1 : 0;
}

static void add_totals(struct audit_log *log, const struct audit_totals *totals)
{
	for (int class = 0; class < AUDIT_CLASSES; class ++)
		if (totals->counts->aggregated[class])
			audit_aggregate_write((enum audit_class) class,
					      totals->counts->aggregated[class], log->seq++,
					      &log->end);
	audit_totals_write(totals, log->seq++, syscall_name, &log->end);
}

static int add_trial(struct audit_log *log, const struct trial_audit *audit,
		     struct audit_summary *summary, struct error *err)
{
	struct audit_totals totals = {
		.level = audit->level,
		.counts = audit->counts,
		.policy = audit->policy,
		.kernel = audit->kernel,
		.programs = &audit->programs,
	};

	if (!audit->counts)
		return error_set(err, "the audit's records came without their counts");
	if (add_events(log, audit, totals.recorded, err))
		return -1;
	add_totals(log, &totals);
	/* Whoever follows the file, or breaks off, finds in it what was. */
	if (log->file && (write_end(log, err) || flush(log, err)))
		return -1;
	log->on_record = true;
	audit_summary_add(summary, &totals);
	return 0;
}

int audit_log_add(struct audit_log *log, const struct trial_audit *audit, bool *ret_complete,
		  struct error *err)
{
	struct audit_summary *sum = &log->summary, trial = { .level = audit->level };

	if (audit->records >= 0 && add_trial(log, audit, &trial, err))
		return -1;
	if (!log->any || trial.level < sum->level)
		sum->level = trial.level;
	log->any = true;
	sum->events += trial.events;
	sum->denied += trial.denied;
	sum->lost += trial.lost;
	sum->incomplete |= trial.incomplete;
	*ret_complete = !trial.incomplete;
	return 0;
}

void audit_log_end(struct audit_log *log, struct audit_summary *ret)
{
	if (!log->file)
		digest_add(&log->digest, log->end.buf, log->end.len);
	*ret = log->summary;
	if (log->on_record)
		digest_hex(&log->digest, ret->digest);
}

bool audit_log_content(const struct audit_log *log, struct record_content *ret)
{
	if (!log || !log->on_record)
		return false;
	*ret = (struct record_content){ .name = AUDIT_FILE_NAME,
					.data = log->end.buf,
					.len = log->end.len,
					.file = log->file };
	return true;
}
