#include "propose/parts.h"

#include <string.h>

/* How many files that are not shown are named. */
#define NAMED_MAX 50

/* The content that a file is shown with, below its path; false where it is only named. */
static bool show_file(const struct fence *f, const struct prompt_file *file, size_t max,
		      size_t *room, struct strbuf *out)
{
	CLEANUP_STRBUF struct strbuf body = STRBUF_INIT, block = STRBUF_INIT;

	if (!file->content || file->len > max || file->len > *room ||
	    memchr(file->content, '\0', file->len))
		return false;
	fence_line(f, file->path, PROMPT_PATH_MAX, &body);
	strbuf_addch(&body, '\n');
	fence_lines(f, SECRET_CODE, file->content, file->len, SIZE_MAX, &body);
	fence_add(f, "file", &body, &block);
	if (block.len > *room)
		return false;
	*room -= block.len;
	strbuf_add(out, block.buf, block.len);
	strbuf_addch(out, '\n');
	return true;
}

static void name_file(const struct fence *f, const struct prompt_file *file, struct strbuf *out)
{
	fence_line(f, file->path, PROMPT_PATH_MAX, out);
	if (!file->content)
		strbuf_addstr(out, ", too large to read\n");
	else if (memchr(file->content, '\0', file->len))
		strbuf_addf(out, ", binary, %zu bytes\n", file->len);
	else
		strbuf_addf(out, ", %zu bytes\n", file->len);
}

static void add_files(const struct fence *f, const struct prompt_file *files, size_t nr,
		      size_t max, size_t room, struct strbuf *out)
{
	CLEANUP_STRBUF struct strbuf names = STRBUF_INIT;
	size_t named = 0;

	for (size_t i = 0; i < nr; i++) {
		if (show_file(f, &files[i], max, &room, out))
			continue;
		if (named++ < NAMED_MAX)
			name_file(f, &files[i], &names);
	}
	if (!named)
		return;
	if (named > NAMED_MAX)
		strbuf_addf(&names, "and %zu more\n", named - NAMED_MAX);
	strbuf_addstr(out, "Not shown:\n");
	fence_add(f, "names", &names, out);
	strbuf_addch(out, '\n');
}

void part_context(const struct prompt_input *input, size_t room, struct strbuf *out)
{
	struct fence f = prompt_fence(input);

	if (!input->context_nr)
		return;
	strbuf_addstr(out, "# Files to know, not to change\n\n");
	add_files(&f, input->context, input->context_nr, PROMPT_FILE_MAX, room, out);
}

void part_editable(const struct prompt_input *input, size_t max, size_t room,
		   struct strbuf *out)
{
	const struct string_list *editable = &input->config->editable;
	struct fence f = prompt_fence(input);

	strbuf_addstr(out, "# Editable files\n\nEditable is what matches:");
	for (size_t i = 0; i < editable->nr; i++) {
		strbuf_addstr(out, i ? ", `" : " `");
		fence_line(&f, editable->items[i], PROMPT_LINE_MAX, out);
		strbuf_addch(out, '`');
	}
	strbuf_addstr(out, input->earlier
				   ? "\nThese are not the incumbent's, but earlier ones:\n\n"
				   : "\nThese are the incumbent's:\n\n");
	add_files(&f, input->editable, input->editable_nr, max, room, out);
}
