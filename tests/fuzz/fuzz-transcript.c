/*
 * Whatever an agent prints: wherever its blocks end, the same is read of it, within bounds; and
 * whatever an adapter's file holds, it is read whole or refused.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "propose/transcript.h"

#define CHECK(condition)          \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_by(const struct adapter *adapter, const char *bytes, size_t len, size_t step,
		    bool errors, struct transcript *t)
{
	*t = (struct transcript)TRANSCRIPT_INIT;
	t->adapter = adapter;
	for (size_t at = 0; at < len; at += step)
		transcript_feed(t, errors, bytes + at, len - at < step ? len - at : step);
	transcript_end(t);
	CHECK(t->words.len <= TRANSCRIPT_TEXT_MAX && t->errors.len <= TRANSCRIPT_TEXT_MAX);
	CHECK(t->tokens.prompt >= 0 && t->tokens.cached >= 0 && t->tokens.completion >= 0);
	CHECK(t->tokens.known || !(t->tokens.prompt | t->tokens.cached | t->tokens.completion));
}

static void check(const struct adapter *adapter, const char *bytes, size_t len, size_t step,
		  bool errors)
{
	CLEANUP_STRBUF struct strbuf line = STRBUF_INIT, same = STRBUF_INIT;
	CLEANUP_TRANSCRIPT struct transcript whole, parts;

	read_by(adapter, bytes, len, len + 1, errors, &whole);
	read_by(adapter, bytes, len, step, errors, &parts);
	CHECK(whole.words.len == parts.words.len &&
	      !memcmp(whole.words.buf, parts.words.buf, whole.words.len));
	CHECK(whole.errors.len == parts.errors.len);
	CHECK(whole.tokens.prompt == parts.tokens.prompt &&
	      whole.tokens.completion == parts.tokens.completion);
	CHECK(transcript_judge(&whole, &line) == transcript_judge(&parts, &same));
	CHECK(!strcmp(line.buf, same.buf));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP_ADAPTER struct adapter ours = { 0 }, theirs = { 0 };
	struct error err = ERROR_INIT;
	const char *const *names = adapter_names();
	const char *bytes;
	size_t nr = 0, step;

	if (size < 2)
		return 0;
	while (names[nr])
		nr++;
	bytes = (const char *)data + 2;
	step = data[1] % 16 + 1;
	CHECK(!adapter_builtin(names[data[0] % nr], &ours, &err));
	check(&ours, bytes, size - 2, step, data[1] & 0x80);
	/* A repetition of repetitions is the end of every regcomp(3). */
	if (!memchr(bytes, '{', size - 2) &&
	    !adapter_parse("it", "it.conf", bytes, size - 2, &theirs, &err))
		check(&theirs, "{\"type\":\"end\"}\n", 15, step, false);
	return 0;
}
