#include "git-fixture.h"

#include <sys/wait.h>

#include "git/internal.h"

static struct error err = ERROR_INIT;

static void assert_note(struct repo *repo, const char *oid, const char *expected)
{
	CLEANUP_STRBUF struct strbuf note = STRBUF_INIT;

	assert_done(notes_read(repo, oid, &note, &err));
	assert_string_equal(note.buf, expected);
	assert_int_equal(sh("git notes --ref=autoresearch show %s >../note", oid), 0);
	strbuf_reset(&note);
	assert_int_equal(strbuf_read_file(&note, "../note", 1 << 20), 0);
	assert_string_equal(note.buf, expected);
}

/* The n-th of many object ids; notes need no object to be there. */
static void nth_oid(int n, char ret[OID_HEX_SIZE])
{
	uint64_t x = 0x9e3779b97f4a7c15u * (n + 1), y = x ^ x >> 29;

	snprintf(ret, OID_HEX_SIZE, "%016lx%016lx%08x",
		 (unsigned long)(y * 0xbf58476d1ce4e5b9u), (unsigned long)x, n);
}

static void git_shows_what_was_added(void **state)
{
	CLEANUP_REPO struct repo *repo = NULL;
	CLEANUP_STRBUF struct strbuf none = STRBUF_INIT;
	char head[OID_HEX_SIZE];

	(void)state;
	assert_done(repo_open(&repo, &err));
	assert_done(repo_head(repo, head, &err));
	assert_int_equal(notes_read(repo, head, &none, &err), 1);
	assert_done(notes_add(repo, head, "title\n\nVerdict: rejected\n", &err));
	assert_note(repo, head, "title\n\nVerdict: rejected\n");
	assert_string_equal(out_of("git log -1 --notes=autoresearch --format=%%N | "
				   "git interpret-trailers --parse"),
			    "Verdict: rejected");
	assert_string_equal(
		out_of("git log --format='%%an <%%ae> %%s' refs/notes/autoresearch"),
		"Tester <t@example.com> Notes added by 'git autoresearch'");
	assert_int_equal(sh("git fsck --strict"), 0);
}

static void a_second_note_is_a_second_paragraph(void **state)
{
	CLEANUP_REPO struct repo *repo = NULL;
	char head[OID_HEX_SIZE], tip[OID_HEX_SIZE], again[OID_HEX_SIZE];

	(void)state;
	assert_done(repo_open(&repo, &err));
	assert_done(repo_head(repo, head, &err));
	assert_done(notes_add(repo, head, "one\n\nA: 1\n", &err));
	assert_done(notes_add(repo, head, "two\n\nA: 2\n", &err));
	assert_note(repo, head, "one\n\nA: 1\n\ntwo\n\nA: 2\n");
	/* What is there is not added, and no commit is made. */
	assert_done(repo_ref(repo, "refs/notes/autoresearch", tip, &err));
	assert_done(notes_add(repo, head, "one\n\nA: 1\n", &err));
	assert_done(notes_add(repo, head, "two\n\nA: 2\n", &err));
	assert_done(repo_ref(repo, "refs/notes/autoresearch", again, &err));
	assert_string_equal(tip, again);
	/* A part of a paragraph is something else. */
	assert_done(notes_add(repo, head, "A: 1\n\ntw", &err));
	assert_note(repo, head, "one\n\nA: 1\n\ntwo\n\nA: 2\n\nA: 1\n\ntw\n");
}

static void a_persons_note_is_kept(void **state)
{
	CLEANUP_REPO struct repo *repo = NULL;
	char head[OID_HEX_SIZE];

	(void)state;
	assert_int_equal(sh("git notes --ref=autoresearch add -m 'by hand' HEAD"), 0);
	assert_done(repo_open(&repo, &err));
	assert_done(repo_head(repo, head, &err));
	assert_done(notes_add(repo, head, "ours\n", &err));
	assert_note(repo, head, "by hand\n\nours\n");
	assert_string_equal(out_of("git notes --ref=autoresearch list | wc -l"), "1");
}

/* A notes tree with the same note in each way that git knows to store one. */
static void every_fan_out_is_read_and_written(void **state)
{
	static const char *const splits[] = { "", "s,^..,&/,", "s,^\\(..\\)\\(..\\),\\1/\\2/,",
					      "s,^\\(..\\)\\(..\\)\\(..\\),\\1/\\2/\\3/," };
	CLEANUP_REPO struct repo *repo = NULL;
	char oid[OID_HEX_SIZE], other[OID_HEX_SIZE];

	(void)state;
	assert_done(repo_open(&repo, &err));
	nth_oid(1, oid);
	for (size_t i = 0; i < ARRAY_SIZE(splits); i++) {
		strcpy(other, oid);
		other[39] = other[39] == '0' ? '1' : '0';
		assert_int_equal(sh("export GIT_INDEX_FILE=../i; rm -f ../i; "
				    "b=$(echo theirs | git hash-object -w --stdin); "
				    "for o in %s %s; do git update-index --add --cacheinfo "
				    "100644,$b,$(echo $o | sed '%s'); done; "
				    "git update-index --add --cacheinfo 100644,$b,no/note; "
				    "git update-ref refs/notes/autoresearch "
				    "$(git commit-tree -m x $(git write-tree))",
				    oid, other, splits[i]),
				 0);
		assert_note(repo, oid, "theirs\n");
		assert_done(notes_add(repo, oid, "ours\n", &err));
		assert_note(repo, oid, "theirs\n\nours\n");
		assert_note(repo, other, "theirs\n");
		assert_string_equal(out_of("git notes --ref=autoresearch list | wc -l"), "2");
		assert_string_equal(out_of("git show autoresearch:no/note 2>/dev/null || "
					   "git cat-file blob refs/notes/autoresearch:no/note"),
				    "theirs");
		/* And back into git's hands, which may lay it out anew. */
		assert_int_equal(sh("git notes --ref=autoresearch add -m more HEAD"), 0);
		assert_note(repo, oid, "theirs\n\nours\n");
		assert_note(repo, other, "theirs\n");
		assert_int_equal(sh("git fsck --strict --no-dangling 2>&1"), 0);
	}
}

static void one_object_in_two_places_becomes_one(void **state)
{
	CLEANUP_REPO struct repo *repo = NULL;
	char oid[OID_HEX_SIZE];

	(void)state;
	assert_done(repo_open(&repo, &err));
	nth_oid(1, oid);
	assert_int_equal(sh("export GIT_INDEX_FILE=../i; "
			    "a=$(echo flat | git hash-object -w --stdin); "
			    "b=$(echo deep | git hash-object -w --stdin); "
			    "git update-index --add --cacheinfo 100644,$a,%s --cacheinfo "
			    "100644,$b,$(echo %s | sed 's,^..,&/,'); "
			    "git update-ref refs/notes/autoresearch "
			    "$(git commit-tree -m x $(git write-tree))",
			    oid, oid),
			 0);
	assert_done(notes_add(repo, oid, "ours\n", &err));
	assert_note(repo, oid, "flat\n\ndeep\n\nours\n");
	assert_string_equal(out_of("git ls-tree -r refs/notes/autoresearch | wc -l"), "1");
}

static int count_list(void)
{
	return atoi(out_of("git notes --ref=autoresearch list | wc -l"));
}

/* The 600th note costs what the 100th did; git finds all, also after it rewrote them. */
static void many_notes_cost_no_more_each(void **state)
{
	enum { NOTES = 600, SPAN = 100 };
	CLEANUP_REPO struct repo *repo = NULL;
	double begin, first = 0, last = 0;
	char oid[OID_HEX_SIZE];

	(void)state;
	assert_done(repo_open(&repo, &err));
	for (int i = 0; i < NOTES; i++) {
		CLEANUP_FREE char *text = xstrfmt("note %d\n\nExperiment: c/%d\n", i, i);

		nth_oid(i, oid);
		begin = now_ms();
		assert_done(notes_add(repo, oid, text, &err));
		if (i >= SPAN && i < 2 * SPAN)
			first += now_ms() - begin;
		if (i >= NOTES - SPAN)
			last += now_ms() - begin;
	}
	print_message("a note: %.2f ms at %d, %.2f ms at %d\n", first / SPAN, SPAN, last / SPAN,
		      NOTES);
	assert_true(last < 10 * first);
	assert_int_equal(count_list(), NOTES);
	nth_oid(17, oid);
	assert_note(repo, oid, "note 17\n\nExperiment: c/17\n");

	assert_int_equal(sh("git notes --ref=autoresearch add -m mine HEAD"), 0);
	assert_int_equal(count_list(), NOTES + 1);
	nth_oid(NOTES, oid);
	assert_done(notes_add(repo, oid, "after git\n", &err));
	assert_note(repo, oid, "after git\n");
	assert_int_equal(count_list(), NOTES + 2);
	nth_oid(471, oid);
	assert_note(repo, oid, "note 471\n\nExperiment: c/471\n");
	assert_int_equal(sh("git gc -q --prune=now && git fsck --strict"), 0);
	assert_int_equal(count_list(), NOTES + 2);
}

/* All in the folder ab: as if there were 256 times as many. */
static void a_full_folder_gets_folders(void **state)
{
	enum { NOTES = 100, FLAT = 64 };
	CLEANUP_REPO struct repo *repo = NULL;
	char oid[OID_HEX_SIZE];

	(void)state;
	assert_done(repo_open(&repo, &err));
	for (int i = 0; i < NOTES; i++) {
		CLEANUP_FREE char *text = xstrfmt("note %d\n", i);

		nth_oid(i, oid);
		memcpy(oid, "ab", 2);
		assert_done(notes_add(repo, oid, text, &err));
	}
	assert_int_equal(atoi(out_of("git ls-tree refs/notes/autoresearch:ab | grep -c blob")),
			 FLAT);
	assert_int_equal(count_list(), NOTES);
	for (int i = 0; i < NOTES; i += 33) {
		CLEANUP_FREE char *text = xstrfmt("note %d\n", i);
		CLEANUP_FREE char *both = xstrfmt("note %d\n\nmore\n", i);

		nth_oid(i, oid);
		memcpy(oid, "ab", 2);
		assert_note(repo, oid, text);
		assert_done(notes_add(repo, oid, "more\n", &err));
		assert_note(repo, oid, both);
	}
	assert_int_equal(count_list(), NOTES);
	assert_int_equal(
		sh("git notes --ref=autoresearch add -m mine HEAD && git fsck --strict"), 0);
	assert_int_equal(count_list(), NOTES + 1);
}

/* Every other one in the folder ab, which becomes full in the middle of it; some have their note
 * already, or two texts. */
static void several_are_added_by_one_commit(void **state)
{
	enum { NOTES = 200, BATCH = 50 };
	CLEANUP_REPO struct repo *repo = NULL;
	char oids[NOTES][OID_HEX_SIZE];
	struct note notes[BATCH + 2];

	(void)state;
	assert_done(repo_open(&repo, &err));
	for (int i = 0; i < NOTES; i++) {
		nth_oid(i, oids[i]);
		if (i % 2)
			memcpy(oids[i], "ab", 2);
	}
	assert_done(notes_add(repo, oids[7], "one\n", &err));
	for (int first = 0; first < NOTES; first += BATCH) {
		for (int i = 0; i < BATCH; i++)
			notes[i] = (struct note){ oids[first + i], "one\n" };
		notes[BATCH] = (struct note){ oids[first], "two\n" };
		notes[BATCH + 1] = (struct note){ oids[first + 1], "one\n" };
		assert_done(notes_add_all(repo, notes, ARRAY_SIZE(notes), &err));
	}
	for (int i = 0; i < NOTES; i++)
		assert_note(repo, oids[i], i % BATCH ? "one\n" : "one\n\ntwo\n");
	assert_int_equal(count_list(), NOTES);
	assert_int_equal(atoi(out_of("git ls-tree refs/notes/autoresearch:ab | grep -c blob")),
			 64);
	/* What is there already adds none. */
	assert_done(notes_add_all(repo, notes, ARRAY_SIZE(notes), &err));
	assert_string_equal(out_of("git rev-list --count refs/notes/autoresearch"), "5");
	assert_int_equal(sh("git fsck --strict"), 0);
}

/* Two processes at once: each note of both is there in the end. */
static void writers_do_not_lose_each_others_notes(void **state)
{
	enum { EACH = 100 };
	char oid[OID_HEX_SIZE];
	int status;
	pid_t pid;

	(void)state;
	pid = fork();
	for (int i = 0; i < EACH; i++) {
		struct repo *repo = NULL;
		int n = pid ? i : EACH + i;

		if (repo_open(&repo, &err) < 0)
			_exit(2);
		nth_oid(n, oid);
		if (notes_add(repo, oid, "text\n", &err) < 0) {
			fprintf(stderr, "%s\n", err.message);
			_exit(3);
		}
		repo_free(repo);
	}
	if (!pid)
		_exit(0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(count_list(), 2 * EACH);
}

static void a_ref_in_the_way_is_an_error_with_a_hint(void **state)
{
	CLEANUP_REPO struct repo *repo = NULL;
	char head[OID_HEX_SIZE];

	(void)state;
	assert_done(repo_open(&repo, &err));
	assert_done(repo_head(repo, head, &err));
	assert_int_equal(sh("git update-ref refs/notes/autoresearch/x HEAD"), 0);
	assert_refused(notes_add(repo, head, "x\n", &err), "refs/notes/autoresearch");
	assert_int_not_equal(*err.hint, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(git_shows_what_was_added),
		fixture_test(a_second_note_is_a_second_paragraph),
		fixture_test(a_persons_note_is_kept),
		fixture_test(every_fan_out_is_read_and_written),
		fixture_test(one_object_in_two_places_becomes_one),
		fixture_test(many_notes_cost_no_more_each),
		fixture_test(a_full_folder_gets_folders),
		fixture_test(several_are_added_by_one_commit),
		fixture_test(writers_do_not_lose_each_others_notes),
		fixture_test(a_ref_in_the_way_is_an_error_with_a_hint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
