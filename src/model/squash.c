#include "model/squash.h"

#include <string.h>

#include "model/trailer.h"

void squash_release(struct squash *squash)
{
	strbuf_release(&squash->words);
	strbuf_release(&squash->trailers);
	string_list_release(&squash->others);
}

/* Indented below its subject, where git takes no line for more than prose. */
static void add_rationale(struct strbuf *out, const char *text, size_t len)
{
	CLEANUP_FREE char *raw = xstrndup(text, len);
	CLEANUP_STRBUF struct strbuf clean = STRBUF_INIT;
	const char *end;

	rationale_clean(raw, &clean);
	if (clean.len)
		strbuf_addch(out, '\n');
	for (const char *line = clean.buf; *line; line = end + 1) {
		end = strchr(line, '\n');
		strbuf_addf(out, "%s%.*s\n", end > line ? "  " : "", (int)(end - line), line);
	}
}

void squash_add(struct squash *squash, int64_t experiment, const char *message,
		const char *author)
{
	CLEANUP_FREE char *title = xstrndup(message, strcspn(message, "\n"));
	const char *rest = message + strlen(title);
	size_t len;
	const char *trailers = trailer_block(message, &len);

	rest += strspn(rest, "\n");
	if (squash->words.len)
		strbuf_addch(&squash->words, '\n');
	strbuf_addstr(&squash->words, "* ");
	subject_clean(title, experiment, &squash->words);
	strbuf_addch(&squash->words, '\n');
	if (!experiment) {
		if (!string_list_has(&squash->others, author))
			string_list_add(&squash->others, author);
		return;
	}
	squash->experiments++;
	add_rationale(&squash->words, rest,
		      trailers ? (size_t)(trailers - rest) : strlen(rest));
	if (trailers)
		strbuf_add(&squash->trailers, trailers, len);
}

void squash_message(const struct squash *squash, const char *campaign, struct strbuf *out)
{
	CLEANUP_FREE char *title = xstrfmt("%s, %zu accepted change%s", campaign,
					   squash->experiments,
					   squash->experiments == 1 ? "" : "s");

	subject_clean(title, 0, out);
	strbuf_addf(out, "\n\n%s\n%s", squash->words.buf, squash->trailers.buf);
	for (size_t i = 0; i < squash->others.nr; i++) {
		strbuf_addstr(out, "Co-authored-by: ");
		strbuf_add_visible(out, squash->others.items[i],
				   strlen(squash->others.items[i]));
		strbuf_addch(out, '\n');
	}
}
