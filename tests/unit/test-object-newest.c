#include "ledger-fixture.h"

#include "git/internal.h"

/* Whether this process has looked into a pack. */
static bool is_pack_open(void)
{
	return !sh("grep -q '[.]idx$' /proc/%d/maps", (int)getpid());
}

static int note(const struct entry *entry, void *data, struct error *e)
{
	(void)e;
	strbuf_addf(data, "%lld%s ", (long long)entry->record.experiment,
		    is_pack_open() ? " pack" : "");
	return 0;
}

static void assert_walk(struct lab *lab, const char *seen)
{
	CLEANUP_STRBUF struct strbuf numbers = STRBUF_INIT;

	lab_reopen(lab);
	assert_done(ledger_walk(&lab->ledger, note, &numbers, &err));
	assert_string_equal(numbers.buf, seen);
}

/* Three records, the first in a pack that holds it alone. */
static void lab_begin(struct lab *lab)
{
	lab_open(lab);
	lab_baseline(lab, 2.5);
	assert_int_equal(sh("git repack -adq"), 0);
	assert_done(lab_try(lab, VERDICT_REJECTED, "1\n", 3));
	assert_done(lab_try(lab, VERDICT_ACCEPTED, "2\n", 2));
}

static void the_newest_are_read_without_a_look_into_packs(void **state)
{
	CLEANUP_LAB struct lab lab = { 0 };

	(void)state;
	lab_begin(&lab);
	assert_walk(&lab, "2 1 0 pack ");
	/* Also where they were packed meanwhile. */
	assert_int_equal(sh("git repack -dq"), 0);
	assert_walk(&lab, "2 pack 1 pack 0 pack ");
}

/* The loose one of what a record says. */
#define BREAK                                                                 \
	"f=.git/objects/$(git rev-parse %s:record.json | sed 's|..|&/|') && " \
	"chmod +w $f && echo broken >$f"

/* The same, as another blob that is whole in itself. */
#define EXCHANGE                                                              \
	"f=.git/objects/$(git rev-parse %s:record.json | sed 's|..|&/|') && " \
	"g=$(echo other | git hash-object -w --stdin | sed 's|..|&/|') && "   \
	"cp -f .git/objects/$g $f"

/* Of two of an object, the good one is found; a broken one alone is an error that names it. */
static void what_is_broken_is_not_believed(void **state)
{
	CLEANUP_LAB struct lab lab = { 0 };
	CLEANUP_STRBUF struct strbuf numbers = STRBUF_INIT;

	(void)state;
	lab_begin(&lab);
	assert_int_equal(sh("git repack -q"), 0);
	assert_int_equal(sh(BREAK, lab.ledger.tip), 0);
	assert_walk(&lab, "2 pack 1 pack 0 pack ");
	assert_int_equal(sh(EXCHANGE, lab.ledger.tip), 0);
	assert_walk(&lab, "2 pack 1 pack 0 pack ");
	assert_done(lab_try(&lab, VERDICT_REJECTED, "3\n", 2));
	assert_int_equal(sh(BREAK, lab.ledger.tip), 0);
	lab_reopen(&lab);
	assert_refused(ledger_walk(&lab.ledger, note, &numbers, &err),
		       "cannot read the object");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(the_newest_are_read_without_a_look_into_packs),
		fixture_test(what_is_broken_is_not_believed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
