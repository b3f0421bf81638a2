#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/strbuf.h"
#include "model/proposal.h"

static void edits_are_kept_in_order_as_copies(void **state)
{
	CLEANUP_PROPOSAL struct proposal p = PROPOSAL_INIT;
	char path[] = "src/a b.c", content[] = "x\0y";

	(void)state;
	proposal_add_edit(&p, path, 0100644, content, 3);
	proposal_add_edit(&p, "gone.c", 0, NULL, 0);
	for (int i = 0; i < 10; i++)
		proposal_add_edit(&p, "more", 0100755, "", 0);
	path[0] = content[0] = '?';

	assert_int_equal(p.edits_nr, 12);
	assert_string_equal(p.edits[0].path, "src/a b.c");
	assert_int_equal(p.edits[0].mode, 0100644);
	assert_int_equal(p.edits[0].len, 3);
	assert_memory_equal(p.edits[0].content, "x\0y", 3);
	assert_string_equal(p.edits[1].path, "gone.c");
	assert_null(p.edits[1].content);
	assert_non_null(p.edits[11].content); /* an empty file is not a removed one */
	assert_int_equal(p.edits[11].len, 0);
}

static void words_can_be_set_again_from_themselves(void **state)
{
	CLEANUP_PROPOSAL struct proposal p = PROPOSAL_INIT;

	(void)state;
	proposal_describe(&p, "lower lr", "", "sweep");
	assert_string_equal(p.subject, "lower lr");
	assert_string_equal(p.rationale, "");
	assert_string_equal(p.proposed_by, "sweep");
	proposal_describe(&p, p.subject + 6, p.subject, "try");
	assert_string_equal(p.subject, "lr");
	assert_string_equal(p.proposed_by, "try");
}

static void a_released_proposal_is_empty(void **state)
{
	struct proposal p = PROPOSAL_INIT;

	(void)state;
	proposal_add_edit(&p, "a", 0100644, "1", 1);
	proposal_describe(&p, "s", "r", "try");
	proposal_release(&p);
	assert_int_equal(p.edits_nr, 0);
	assert_null(p.subject);
	proposal_release(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(edits_are_kept_in_order_as_copies),
		cmocka_unit_test(words_can_be_set_again_from_themselves),
		cmocka_unit_test(a_released_proposal_is_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
