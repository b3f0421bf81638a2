#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "model/kept.h"

static struct kept of_number_twelve(void)
{
	struct kept kept = { .number = 12, .seed = 0xfffffffffffff };

	strcpy(kept.base, "0123456789abcdef0123456789abcdef01234567");
	return kept;
}

static void say(struct proposal *p)
{
	proposal_describe(p, "try 3", "Because\n\nof two paragraphs.\n", "endpoint/m");
	p->prompt = xstrdup("prompt 5\nabcde\n"); /* looks like a field */
	p->reply = xstrdup("");
	strcpy(p->base, "89abcdef0123456789abcdef0123456789abcdef");
	p->searched = (struct searched){ .known = true, .rung = LADDER_RESTART, .widen = 1.5 };
	strcpy(p->searched.proposer, "endpoint:m 2");
	proposal_add_edit(p, "a b\nc", 0100755, "x\0y\n", 4);
	proposal_add_edit(p, "gone", 0, NULL, 0);
	proposal_add_edit(p, "empty", 0100644, "", 0);
}

static void ask(struct proposal *p)
{
	p->asked = xcalloc(1, sizeof(*p->asked));
	*p->asked = (struct asked){ .endpoint = xstrdup("unix:/a b"),
				    .model = xstrdup("m"),
				    .served = xstrdup(""),
				    .temperature = 0.7,
				    .max_tokens = -1,
				    .seed = 268435455,
				    .turns = 2,
				    .seconds = 0.1 + 0.2,
				    .prompt = 1234567,
				    .completion = 0,
				    .cached = 17,
				    .estimated = true };
	memset(p->asked->digest, 'a', sizeof(p->asked->digest) - 1);
}

static void what_was_written_is_read(void **state)
{
	CLEANUP_PROPOSAL struct proposal p = PROPOSAL_INIT;
	CLEANUP_KEPT struct kept back = { .proposal = PROPOSAL_INIT };
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT, again = STRBUF_INIT;
	struct kept kept = of_number_twelve();
	struct error err = ERROR_INIT;
	const struct proposal *q = &back.proposal;

	(void)state;
	say(&p);
	ask(&p);
	kept_write(&kept, &p, &text);
	assert_int_equal(kept_parse(text.buf, text.len, &back, &err), 0);
	assert_int_equal(back.number, 12);
	assert_true(back.seed == 0xfffffffffffff);
	assert_string_equal(back.base, kept.base);
	assert_string_equal(q->subject, "try 3");
	assert_string_equal(q->rationale, p.rationale);
	assert_string_equal(q->proposed_by, "endpoint/m");
	assert_null(q->refused);
	assert_string_equal(q->prompt, p.prompt);
	assert_string_equal(q->reply, "");
	assert_string_equal(q->base, p.base);
	assert_true(q->searched.known);
	assert_int_equal(q->searched.rung, LADDER_RESTART);
	assert_true(q->searched.widen == 1.5);
	assert_string_equal(q->searched.proposer, "endpoint:m 2");
	assert_int_equal(q->edits_nr, 3);
	assert_string_equal(q->edits[0].path, "a b\nc");
	assert_int_equal(q->edits[0].mode, 0100755);
	assert_int_equal(q->edits[0].len, 4);
	assert_memory_equal(q->edits[0].content, "x\0y\n", 4);
	assert_null(q->edits[1].content);
	assert_non_null(q->edits[2].content);
	assert_int_equal(q->edits[2].len, 0);
	assert_int_equal(q->asked->prompt, 1234567);
	assert_int_equal(q->asked->max_tokens, -1);
	assert_true(q->asked->seconds == 0.1 + 0.2);
	assert_true(q->asked->estimated);
	assert_string_equal(q->asked->endpoint, "unix:/a b");
	kept_write(&back, q, &again);
	assert_int_equal(again.len, text.len);
	assert_memory_equal(again.buf, text.buf, text.len);
}

static void what_nobody_was_asked_for_has_no_cost(void **state)
{
	CLEANUP_PROPOSAL struct proposal p = PROPOSAL_INIT;
	CLEANUP_KEPT struct kept back = { .proposal = PROPOSAL_INIT };
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	struct kept kept = of_number_twelve();
	struct error err = ERROR_INIT;

	(void)state;
	proposal_describe(&p, "s", "", "command/x");
	p.refused = xstrdup("malformed");
	kept_write(&kept, &p, &text);
	assert_int_equal(kept_parse(text.buf, text.len, &back, &err), 0);
	assert_null(back.proposal.asked);
	assert_string_equal(back.proposal.base, "");
	assert_false(back.proposal.searched.known);
	assert_null(back.proposal.prompt);
	assert_null(back.proposal.reply);
	assert_string_equal(back.proposal.refused, "malformed");
	assert_int_equal(back.proposal.edits_nr, 0);
}

static void what_was_torn_is_refused(void **state)
{
	CLEANUP_PROPOSAL struct proposal p = PROPOSAL_INIT;
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	struct kept kept = of_number_twelve(), back;
	struct error err = ERROR_INIT;

	(void)state;
	say(&p);
	kept_write(&kept, &p, &text);
	for (size_t len = 0; len < text.len; len++) {
		/* Of its own size, so that a tool sees who reads behind it. */
		CLEANUP_FREE char *part = xmalloc(len + 1);

		memcpy(part, text.buf, len);
		assert_int_equal(kept_parse(part, len, &back, &err), -1);
	}
	for (size_t i = 0; i < text.len; i++) {
		text.buf[i] ^= 1;
		assert_int_equal(kept_parse(text.buf, text.len, &back, &err), -1);
		text.buf[i] ^= 1;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_written_is_read),
		cmocka_unit_test(what_nobody_was_asked_for_has_no_cost),
		cmocka_unit_test(what_was_torn_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
