#include "propose/edits.h"

#include <stdlib.h>
#include <string.h>

#include "model/scope.h"
#include "model/secret.h"
#include "propose/elision.h"

#define MODE_FILE 0100644u
#define NAME_MAX_LEN 255

/* So many of a file's lines, or this share of them, are much to lose in a comment. */
#define LOST_LINES 3
#define LOST_SHARE 4

struct file {
	char *path;
	struct edits_file old; /* zeroed where the incumbent has none */
	struct text text;
	bool existed, exists;
	bool edited; /* by a block before */
};

struct editing {
	const struct edits_base *base;
	struct complaint *why;
	struct file *files;
	size_t nr;
	size_t size; /* of the old content of `files` */
	size_t work;
	size_t indented; /* what indenting new lines may have added, at most */
};

bool edits_path_is_sound(const char *path)
{
	if (!*path || strlen(path) > EDITS_PATH_MAX || path_is_protected(path))
		return false;
	for (const char *p = path; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return false;
	for (const char *p = path;; p++) {
		size_t len = strcspn(p, "/");

		if (!len || len > NAME_MAX_LEN || (len == 1 && *p == '.') ||
		    (len == 2 && p[0] == '.' && p[1] == '.'))
			return false;
		p += len;
		if (!*p)
			return true;
	}
}

static int refuse_path(struct editing *e, const char *path)
{
	CLEANUP_STRBUF struct strbuf quoted = STRBUF_INIT;

	complaint_set(e->why,
		      edits_path_is_sound(path)
			      ? "'%s' is not one of the editable files"
			      : "'%s' is no path of a file that may be changed",
		      path);
	if (!*path || strlen(path) > EDITS_PATH_MAX)
		return -1;
	strbuf_add_quoted_path(&quoted, path);
	return complaint_reason(e->why, "out-of-scope %s", quoted.buf);
}

static int too_large(struct editing *e)
{
	return complaint_set(e->why, "the files that it edits are larger than %d bytes",
			     EDITS_MAX);
}

/* The file that a block is about, from the incumbent or as earlier blocks left it. */
static struct file *open_file(struct editing *e, const char *path)
{
	const struct edits_base *base = e->base;
	struct file *file;

	for (size_t i = 0; i < e->nr; i++)
		if (!strcmp(e->files[i].path, path))
			return &e->files[i];
	if (!edits_path_is_sound(path) || !base->is_editable(path, base->data)) {
		refuse_path(e, path);
		return NULL;
	}
	if (e->nr == EDITS_FILES_MAX) {
		complaint_set(e->why, "it edits more than %d files", EDITS_FILES_MAX);
		return NULL;
	}
	e->files = xrealloc(e->files, (e->nr + 1) * sizeof(*e->files));
	file = &e->files[e->nr++];
	*file = (struct file){ .path = xstrdup(path) };
	file->existed = file->exists = base->find(path, &file->old, base->data);
	if (!file->existed)
		file->old = (struct edits_file){ .content = "", .mode = MODE_FILE };
	if (file->old.len > EDITS_MAX - e->size) {
		too_large(e);
		return NULL;
	}
	e->size += file->old.len;
	text_split(&file->text, file->old.content, file->old.len);
	return file;
}

static int refuse_elision(struct editing *e, const char *path, struct line l)
{
	complaint_set(
		e->why,
		"what is written to '%s' leaves lines out: write every line, or word this "
		"comment otherwise",
		path);
	complaint_quote(e->why, "The line that stands for others:", &l, 1, 0);
	return -1;
}

static int over_work(struct editing *e)
{
	return complaint_set(e->why, "its edits take too long to place");
}

static int write_whole(struct editing *e, const struct reply_block *block)
{
	struct file *file = open_file(e, block->path);
	CLEANUP_TEXT struct text new = TEXT_INIT;
	size_t lost;
	struct line l;

	if (!file)
		return -1;
	if (file->edited)
		return complaint_set(e->why, "'%s' is written whole after another block of it",
				     file->path);
	text_split(&new, block->text, block->len);
	if (!new.nr && file->text.nr)
		return complaint_set(e->why,
				     "the block for '%s' is empty: a diff to /dev/null "
				     "removes a file",
				     file->path);
	lost = elision_lost(&file->text, &new);
	if ((lost >= LOST_LINES || LOST_SHARE * lost > file->text.nr) &&
	    elision_find(new.lines, new.nr, &file->text, &e->work, &l))
		return refuse_elision(e, file->path, l);
	if (e->work > TEXT_WORK_MAX)
		return over_work(e);
	/* A fence cannot say how the file's lines end. */
	new.crlf = file->text.crlf;
	new.open_end = file->text.nr && file->text.open_end;
	text_release(&file->text);
	file->text = new;
	new = (struct text)TEXT_INIT;
	file->exists = file->edited = true;
	return 0;
}

/* The lines of a change that are in the file (`old`), or that come. */
static struct line *lines_of(const struct patch_change *change, bool old, size_t *ret_nr)
{
	struct line *lines = xcalloc(change->nr, sizeof(*lines));

	*ret_nr = 0;
	for (size_t i = 0; i < change->nr; i++)
		if ((change->lines[i].kind != '+') == old)
			lines[(*ret_nr)++] = change->lines[i].line;
	return lines;
}

static int refuse_missing(struct editing *e, const struct file *file,
			  const struct patch_change *change, const struct line *old, size_t nr)
{
	size_t at, shown;
	struct line l;

	if (elision_find(old, nr, &file->text, &e->work, &l))
		return refuse_elision(e, file->path, l);
	complaint_set(e->why,
		      "%s %zu for '%s' does not stand in that file: its old lines must be "
		      "copied from it exactly",
		      change->name, change->number, file->path);
	complaint_quote(e->why, "Not found:", old, nr, 0);
	if (!text_find_similar(&file->text, old, nr, &e->work, &at))
		return -1;
	shown = nr < file->text.nr - at ? nr : file->text.nr - at;
	complaint_quote(e->why, "The most similar lines of the file, with their numbers:",
			file->text.lines + at, shown, at + 1);
	return -1;
}

static int refuse_ambiguous(struct editing *e, const struct file *file,
			    const struct patch_change *change, const struct line *old,
			    size_t nr, const struct places *found)
{
	CLEANUP_STRBUF struct strbuf at = STRBUF_INIT;

	for (size_t i = 0; i < found->nr && i < PLACES_MAX; i++)
		strbuf_addf(&at, "%s%zu", i ? ", " : "", found->at[i] + 1);
	if (found->nr > PLACES_MAX)
		strbuf_addstr(&at, ", ...");
	complaint_set(
		e->why,
		"%s %zu for '%s' stands in %zu places of that file (lines %s): more of the "
		"lines around it tell which one is meant",
		change->name, change->number, file->path, found->nr, at.buf);
	complaint_quote(e->why, "Found more than once:", old, nr, 0);
	return -1;
}

/* Where a hunk's line number says it is, from 0. `moved` is by how many lines the hunks before
 * it made the file longer. */
static size_t hint_of(const struct patch_change *change, long moved)
{
	long at = (long)change->hint - 1 + moved;

	return change->hint && at >= 0 ? (size_t)at : TEXT_NO_HINT;
}

static bool all_blank(const struct line *lines, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (!line_is_blank(lines[i]))
			return false;
	return true;
}

/* Refuses new lines that stand for others: something went, and they came. */
static int check_elision(struct editing *e, const struct file *file,
			 const struct patch_change *change)
{
	CLEANUP_FREE struct line *new = NULL;
	bool removes = false;
	size_t nr;
	struct line l;

	for (size_t i = 0; i < change->nr; i++)
		removes |= change->lines[i].kind == '-';
	new = lines_of(change, false, &nr);
	if (removes && elision_find(new, nr, &file->text, &e->work, &l))
		return refuse_elision(e, file->path, l);
	return 0;
}

/* An empty file, or none, becomes the new lines. */
static void fill(struct file *file, const struct patch_change *change)
{
	const struct places start = { .nr = 1 };
	struct patch_change only = { .end = change->end };
	struct line ignored;

	for (size_t i = 0; i < change->nr; i++)
		if (change->lines[i].kind == '+')
			patch_add_line(&only, '+', change->lines[i].line);
	file->text.open_end = false;
	text_apply(&file->text, &only, &start, &ignored);
	file->exists = true;
	free(only.lines);
}

static int apply_change(struct editing *e, struct file *file, const struct patch_change *change,
			long *moved)
{
	CLEANUP_FREE struct line *old = NULL;
	size_t nr, before = file->text.nr;
	struct places found;
	struct line l;

	old = lines_of(change, true, &nr);
	if (!file->text.nr && all_blank(old, nr)) {
		fill(file, change);
		return 0;
	}
	if (!file->exists)
		return complaint_set(e->why,
				     "there is no file '%s': an empty SEARCH, or its whole "
				     "content, makes one",
				     file->path);
	if (!nr)
		return complaint_set(e->why,
				     "%s %zu for '%s' has no old line that tells its place",
				     change->name, change->number, file->path);
	if (!text_find(&file->text, old, nr, hint_of(change, *moved), &e->work, &found))
		return over_work(e);
	if (!found.nr)
		return refuse_missing(e, file, change, old, nr);
	if (found.nr > 1)
		return refuse_ambiguous(e, file, change, old, nr, &found);
	if (check_elision(e, file, change))
		return -1;
	e->indented += change->nr * found.indent.len;
	if (e->indented > EDITS_MAX)
		return too_large(e);
	if (!text_apply(&file->text, change, &found, &l)) {
		complaint_set(
			e->why,
			"%s %zu for '%s' is indented more than the file, and a new line of "
			"it is not",
			change->name, change->number, file->path);
		complaint_quote(e->why, "The line:", &l, 1, 0);
		return -1;
	}
	/* Moving the lines behind it costs as well. */
	e->work += file->text.nr / 8 + change->nr;
	*moved += (long)file->text.nr - (long)before;
	return 0;
}

static int apply_file(struct editing *e, const struct patch_file *patch)
{
	struct file *file = open_file(e, patch->path);
	long moved = 0;

	if (!file)
		return -1;
	if (patch->kind == PATCH_CREATE && file->text.nr)
		return complaint_set(e->why, "a diff makes '%s' anew, which is there",
				     file->path);
	if (patch->kind == PATCH_REMOVE && !file->exists)
		return complaint_set(e->why, "a diff removes '%s', which is not there",
				     file->path);
	for (size_t i = 0; i < patch->nr; i++)
		if (apply_change(e, file, &patch->changes[i], &moved))
			return -1;
	file->edited = true;
	if (patch->kind != PATCH_REMOVE)
		return 0;
	if (patch->nr && file->text.nr)
		return complaint_set(e->why, "a diff removes '%s', but leaves %zu lines of it",
				     file->path, file->text.nr);
	text_release(&file->text);
	file->exists = false;
	return 0;
}

static int apply_patch(struct editing *e, const struct reply_block *block)
{
	CLEANUP_PATCH struct patch patch = { 0 };

	if (patch_parse(block, &patch, e->why))
		return -1;
	for (size_t i = 0; i < patch.nr; i++)
		if (apply_file(e, &patch.files[i]))
			return -1;
	return 0;
}

static bool is_changed(const struct file *file, const struct strbuf *new)
{
	if (file->exists != file->existed)
		return true;
	return file->exists &&
	       (new->len != file->old.len || memcmp(new->buf, file->old.content, new->len));
}

static size_t count_masks(const char *text, size_t len)
{
	const char *end = text + len;
	size_t nr = 0;

	while ((text = memmem(text, (size_t)(end - text), SECRET_MASK, strlen(SECRET_MASK)))) {
		text += strlen(SECRET_MASK);
		nr++;
	}
	return nr;
}

/* What the prompt shows for a secret must not take the secret's place in a file. */
static int check_masks(struct editing *e)
{
	for (size_t i = 0; i < e->nr; i++) {
		CLEANUP_STRBUF struct strbuf new = STRBUF_INIT;
		const struct file *file = &e->files[i];

		text_join(&file->text, &new);
		if (count_masks(new.buf, new.len) >
		    count_masks(file->old.content, file->old.len))
			return complaint_set(e->why,
					     "it writes " SECRET_MASK
					     " to '%s', which stands for a secret that is not "
					     "shown: leave lines that hold one as they are",
					     file->path);
	}
	return 0;
}

static int finish(struct editing *e, struct proposal *ret)
{
	size_t size = 0, nr = ret->edits_nr;

	for (size_t i = 0; i < e->nr; i++)
		size += text_size(&e->files[i].text);
	if (size > EDITS_MAX)
		return complaint_set(e->why,
				     "the files that it edits would be larger than %d bytes",
				     EDITS_MAX);
	if (check_masks(e))
		return -1;
	for (size_t i = 0; i < e->nr; i++) {
		CLEANUP_STRBUF struct strbuf new = STRBUF_INIT;
		const struct file *file = &e->files[i];

		text_join(&file->text, &new);
		if (is_changed(file, &new))
			proposal_add_edit(ret, file->path, file->exists ? file->old.mode : 0,
					  file->exists ? new.buf : NULL, new.len);
	}
	if (ret->edits_nr > nr)
		return 0;
	complaint_set(e->why, "its edits change nothing: every file is as it was");
	return complaint_reason(e->why, COMPLAINT_EMPTY);
}

int edits_apply(const struct reply *reply, const struct edits_base *base, struct proposal *ret,
		struct complaint *why)
{
	struct editing e = { .base = base, .why = why };
	int failed = 0;

	for (size_t i = 0; i < reply->blocks_nr && !failed; i++) {
		const struct reply_block *block = &reply->blocks[i];

		failed = block->kind == BLOCK_FILE ? write_whole(&e, block)
						   : apply_patch(&e, block);
	}
	if (!failed)
		failed = finish(&e, ret);
	for (size_t i = 0; i < e.nr; i++) {
		free(e.files[i].path);
		text_release(&e.files[i].text);
	}
	free(e.files);
	return failed;
}
