/*
 * Whatever bytes stand where the kernel's records should be: they are read to their end or
 * refused, and every line that is made of them is JSON, in one line.
 */

#include <linux/audit.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "model/audit.h"

#define CHECK(condition)          \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *call_name(uint32_t arch, uint32_t number)
{
	static char name[32];

	snprintf(name, sizeof(name), "call%u", number);
	return arch == AUDIT_ARCH_I386 || number % 3 ? NULL : name;
}

static void check_line(const struct strbuf *line)
{
	CLEANUP_JSON struct json *back = NULL;
	struct error err = ERROR_INIT;

	CHECK(line->len && strchr(line->buf, '\n') == line->buf + line->len - 1);
	CHECK(!json_parse(line->buf, line->len, &back, &err));
	CHECK(json_is_object(json_get(back, "object")) ||
	      json_is_object(json_get(back, "totals")));
}

/* As far as they are records: how many bytes those have. */
static size_t check_records(const uint8_t *data, size_t size)
{
	struct audit_clock clock = { .start = 1, .phase_start = { 0, 1, 2, 1u << 31, 0 } };
	struct error err = ERROR_INIT;
	struct audit_event event;
	size_t done = 0;
	ssize_t n;

	while ((n = audit_event_next(data + done, size - done, &event, &err)) > 0) {
		CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;

		CHECK((size_t)n <= size - done && (size_t)n <= AUDIT_RECORD_MAX);
		CHECK(event.record.class < AUDIT_CLASSES);
		audit_event_write(&event, event.record.time, &clock, call_name, &line);
		check_line(&line);
		done += (size_t)n;
	}
	CHECK(n == 0 || *err.message);
	return done;
}

/* The input, as far as it goes, for the counts. */
static void check_totals(const uint8_t *data, size_t size)
{
	static const struct string_list programs;
	CLEANUP_FREE struct audit_counts *counts = xcalloc(1, sizeof(*counts));
	CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;
	struct audit_totals totals = {
		.counts = counts, .policy = "", .kernel = "", .programs = &programs
	};

	memcpy(counts, data, size < sizeof(*counts) ? size : sizeof(*counts));
	/* Below what a signed number holds, as the counts of a few days are. */
	for (uint64_t *n = (uint64_t *)counts; n < (uint64_t *)(counts + 1); n++)
		*n >>= 16;
	audit_totals_write(&totals, 0, call_name, &line);
	check_line(&line);
}

/* A record of the right size with names of any bytes: chance alone seldom makes one. */
static void check_names(const uint8_t *data, size_t size)
{
	CLEANUP_STRBUF struct strbuf bytes = STRBUF_INIT;
	struct audit_record r;
	size_t names;

	if (size < sizeof(r))
		return;
	memcpy(&r, data, sizeof(r));
	names = size - sizeof(r);
	r.class %= AUDIT_CLASSES;
	r.act %= ACTS;
	r.verdict %= AUDIT_DENIED + 1;
	r.flags &= AUDIT_TRUNCATED | AUDIT_CLAIMED | AUDIT_DELETED;
	r.name_len = (uint16_t)(names && names < AUDIT_PATH_MAX ? r.name_len % names : 0);
	r.path_len = (uint16_t)(names < AUDIT_PATH_MAX ? names - r.name_len : 0);
	r.size = sizeof(r) + r.path_len + r.name_len;
	strbuf_add(&bytes, &r, sizeof(r));
	strbuf_add(&bytes, data + sizeof(r), names);
	if (r.path_len)
		bytes.buf[sizeof(r) + r.path_len - 1] = '\0';
	CHECK(check_records((const uint8_t *)bytes.buf, r.size) == r.size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	if (*data % 3 == 0)
		check_totals(data + 1, size - 1);
	else if (*data % 3 == 1)
		check_names(data + 1, size - 1);
	else
		check_records(data + 1, size - 1);
	return 0;
}
