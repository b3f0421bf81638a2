/*
 * The files of a repository that `init` looks at, which may be a stranger's. Whatever is in
 * them, nothing is read beyond their ends, and what is offered is taken back by the config's
 * parser, but for what is missing.
 */

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "model/campaign.h"
#include "model/offer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FILES_MAX 12

/* Of each file the first byte says its name; one that is above all of them, that it has a name of
 * its own, up to a newline. */
static const char *const names[] = {
	"Makefile",    "package.json", "CMakeLists.txt",  "train.py",
	"evaluate.py", "bench.c",      "go.mod",	  "x_test.go",
	"Cargo.toml",  "Cargo.lock",   "src/main.rs",	  "requirements.txt",
	"score.sh",    "model.py",     "tests/test_x.py", "prompts/a.md",
	"heldout/x",   "run",
};

static void read_file(const char *begin, size_t len, struct offer_file *ret)
{
	unsigned char name = len ? (unsigned char)*begin : 0;
	const char *newline;

	begin += len > 0;
	len -= len > 0;
	newline = memchr(begin, '\n', len);
	if (name < ARRAY_SIZE(names)) {
		ret->path = xstrdup(names[name]);
	} else {
		size_t path = newline ? (size_t)(newline - begin) : len;
		char *own = xstrndup(begin, path);

		/* As a path of git's is: not empty. */
		ret->path = *own ? own : (free(own), xstrdup("x"));
		begin += path;
		len -= path;
	}
	ret->text = xstrndup(begin, len);
	ret->len = strlen(ret->text);
}

static void check(const struct offer *offer)
{
	CLEANUP_CAMPAIGN_CONFIG struct campaign_config config = { 0 };
	CLEANUP_STRING_LIST struct string_list warnings = STRING_LIST_INIT;
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	const char *missing[OFFER_REQUIRED];
	struct error err = ERROR_INIT;

	assert(!offer_check(offer, &err));
	offer_write(offer, &text);
	if (campaign_config_parse("c", text.buf, text.len, &config, &warnings, &err)) {
		assert(offer_missing(offer, missing));
		return;
	}
	assert(!offer_missing(offer, missing));
	assert(!strcmp(config.metric, offer->metric.value));
	assert(!strcmp(config.phases[PHASE_RUN].command, offer->run.value));
	assert(config.editable.nr == offer->editable.nr &&
	       config.hidden.nr == offer->hidden.nr);
	for (size_t i = 0; i < config.editable.nr; i++)
		assert(!strcmp(config.editable.items[i], offer->editable.items[i].value));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP_OFFER struct offer offer = OFFER_INIT;
	struct offer_file files[FILES_MAX];
	const char *p = (const char *)data, *end = p + size;
	size_t nr = 0;

	while (nr < FILES_MAX && p < end) {
		const char *next = memchr(p, 0xff, (size_t)(end - p));
		size_t len = (size_t)((next ? next : end) - p);

		read_file(p, len, &files[nr++]);
		p += len + 1;
	}
	offer_find(&offer, files, nr);
	check(&offer);
	for (size_t i = 0; i < nr; i++) {
		free((char *)files[i].path);
		free((char *)files[i].text);
	}
	return 0;
}
