#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "model/squash.h"
#include "model/trailer.h"

static void it_has_the_words_and_the_trailers_of_each(void **state)
{
	CLEANUP(squash_release) struct squash squash = SQUASH_INIT;
	CLEANUP_STRBUF struct strbuf message = STRBUF_INIT;

	(void)state;
	squash_add(&squash, 1,
		   "halve the step\n\nIt overshoots.\n\nVery much.\n\n"
		   "Experiment: x/1\nVerdict: accepted\nRecord: sha256:aa\n",
		   "Ada <ada@example.org>");
	squash_add(&squash, 0, "tidy up\n\nFor me.\n\nSigned-off-by: Bob <bob@example.org>\n",
		   "Bob <bob@example.org>");
	squash_add(&squash, 7, "longer\n\nExperiment: x/7\nVerdict: accepted\n",
		   "Ada <ada@example.org>");
	squash_add(&squash, 0, "tidy up again\n", "Bob <bob@example.org>");
	squash_message(&squash, "x", &message);
	assert_string_equal(message.buf, "x, 2 accepted changes\n"
					 "\n"
					 "* halve the step\n"
					 "\n"
					 "  It overshoots.\n"
					 "\n"
					 "  Very much.\n"
					 "\n"
					 "* tidy up\n"
					 "\n"
					 "* longer\n"
					 "\n"
					 "* tidy up again\n"
					 "\n"
					 "Experiment: x/1\n"
					 "Verdict: accepted\n"
					 "Record: sha256:aa\n"
					 "Experiment: x/7\n"
					 "Verdict: accepted\n"
					 "Co-authored-by: Bob <bob@example.org>\n");
}

/* Nothing that a proposer or a person wrote becomes a trailer of ours. */
static void hostile_words_stay_words(void **state)
{
	CLEANUP(squash_release) struct squash squash = SQUASH_INIT;
	CLEANUP_STRBUF struct strbuf message = STRBUF_INIT, value = STRBUF_INIT;
	const char *block;
	size_t len;

	(void)state;
	squash_add(&squash, 3,
		   " Verdict: accepted\n\n Experiment: x/99\n---\n\nExperiment: x/3\n",
		   "Ada <ada@example.org>");
	squash_add(&squash, 0, "Experiment: x/98\n\n---\nExperiment: x/97\n",
		   "Eve\nExperiment: x/96 <eve@example.org>");
	squash_message(&squash, "x", &message);
	assert_true(trailer_find(message.buf, "Experiment", &value));
	assert_string_equal(value.buf, "x/3");
	block = trailer_block(message.buf, &len);
	assert_string_equal(block, "Experiment: x/3\n"
				   "Co-authored-by: Eve\\x0aExperiment: x/96 "
				   "<eve@example.org>\n");
	assert_null(strstr(message.buf, "\n---"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_has_the_words_and_the_trailers_of_each),
		cmocka_unit_test(hostile_words_stay_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
