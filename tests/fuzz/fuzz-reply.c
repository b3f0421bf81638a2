/*
 * Hostile replies of a model, applied to an incumbent. Whatever comes in, the program lives;
 * what comes out is all of it or nothing: paths inside the repository that may be edited, no
 * path twice, each file other than it was, modes as they were, nothing over its cap. What is
 * refused says why, in text that is safe to show.
 *
 * The input up to a byte 0xff is the incumbent's one file, the rest is the reply; without that
 * byte all is the reply.
 */

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "propose/edits.h"
#include "propose/repair.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char code[] = "lr = 0.1\n\ndef f(x):\n    return x\n\ndef g(x):\n    return x\n";
static const struct edits_file script = { "make\r\nrun\r\n", 11, 0100755 };

static bool find(const char *path, struct edits_file *ret, void *data)
{
	if (!strcmp(path, "a.py"))
		*ret = *(const struct edits_file *)data;
	else if (!strcmp(path, "b.sh"))
		*ret = script;
	else
		return false;
	return true;
}

static bool is_editable(const char *path, void *data)
{
	(void)data;
	assert(edits_path_is_sound(path));
	return *path != 'z';
}

static void check_shown(const struct strbuf *text, bool lines)
{
	assert(strlen(text->buf) == text->len);
	for (size_t i = 0; i < text->len; i++)
		assert((unsigned char)text->buf[i] >= 0x20 || text->buf[i] == '\t' ||
		       (lines && text->buf[i] == '\n'));
}

static void check_complaint(const struct complaint *why)
{
	CLEANUP_STRBUF struct strbuf turn = STRBUF_INIT;

	assert(why->sentence.len && why->sentence.len < 4 * COMPLAINT_SENTENCE_MAX + 8);
	assert(!strcmp(why->reason, "malformed") || !strcmp(why->reason, "empty") ||
	       starts_with(why->reason, "out-of-scope "));
	check_shown(&why->sentence, false);
	check_shown(&why->quote, true);
	repair_build(why, &turn);
	assert(turn.len < 64 * 1024);
}

static void check_proposal(const struct proposal *p, const struct edits_base *base)
{
	size_t total = 0;

	assert(p->edits_nr && p->edits_nr <= EDITS_FILES_MAX);
	for (size_t i = 0; i < p->edits_nr; i++) {
		const struct edit *e = &p->edits[i];
		struct edits_file old = { 0 };
		bool existed = base->find(e->path, &old, base->data);

		assert(edits_path_is_sound(e->path) && *e->path != 'z');
		for (size_t j = 0; j < i; j++)
			assert(strcmp(p->edits[j].path, e->path));
		total += e->len;
		if (!e->content) {
			assert(existed && !e->mode);
			continue;
		}
		assert(e->mode == (existed ? old.mode : 0100644));
		assert(!existed || e->len != old.len ||
		       memcmp(e->content, old.content, e->len));
	}
	assert(total <= EDITS_MAX);
}

static void check_reply(const struct reply *reply)
{
	assert(reply->blocks_nr && reply->blocks_nr <= REPLY_BLOCKS_MAX);
	assert(*reply->subject && strlen(reply->subject) <= REPLY_SUBJECT_MAX);
	assert(!strchr(reply->subject, '\n'));
	assert(strlen(reply->rationale) <= REPLY_RATIONALE_MAX);
	for (size_t i = 0; i < reply->blocks_nr; i++)
		assert(reply->blocks[i].path || reply->blocks[i].kind == BLOCK_DIFF);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *split = size ? memchr(data, 0xff, size) : NULL;
	size_t head = split ? (size_t)(split - data) : 0, skip = split ? head + 1 : 0;
	struct edits_file file = { code, strlen(code), 0100644 };
	const struct edits_base base = { find, is_editable, &file };
	CLEANUP_COMPLAINT struct complaint why = COMPLAINT_INIT;
	CLEANUP_PROPOSAL struct proposal proposal = PROPOSAL_INIT;
	CLEANUP_REPLY struct reply reply = REPLY_INIT;
	CLEANUP_FREE char *own = NULL;

	if (split) {
		own = xmalloc(head);
		memcpy(own, data, head);
		file = (struct edits_file){ own, head, 0100644 };
	}
	if (reply_parse((const char *)data + skip, size - skip, false, &reply, &why)) {
		assert(!reply.blocks_nr && !reply.subject);
		check_complaint(&why);
		return 0;
	}
	check_reply(&reply);
	if (edits_apply(&reply, &base, &proposal, &why)) {
		assert(!proposal.edits_nr);
		check_complaint(&why);
	} else {
		check_proposal(&proposal, &base);
	}
	return 0;
}
