#include "model/scope.h"

#include <ctype.h>
#include <fnmatch.h>
#include <string.h>
#include <strings.h>

#define MODE_FILE 0100644u
#define MODE_EXECUTABLE 0100755u

/* "./a" is "a", and "." is everything, as git has it at the top. */
static const char *skip_here(const char *spec)
{
	while (spec[0] == '.' && (spec[1] == '/' || !spec[1]))
		spec += spec[1] ? 2 : 1;
	return spec;
}

static bool spec_match(const char *spec, const char *path)
{
	size_t len;

	spec = skip_here(spec);
	len = strlen(spec);
	/* Taken literally first: a folder means its content, and names may hold wildcards. */
	if (!strncmp(spec, path, len)) {
		if (!len || !path[len] || path[len] == '/' || spec[len - 1] == '/')
			return true;
	}
	return strpbrk(spec, "*?[\\") && !fnmatch(spec, path, 0);
}

bool pathspec_match(const struct string_list *specs, const char *path)
{
	for (size_t i = 0; i < specs->nr; i++)
		if (spec_match(specs->items[i], path))
			return true;
	return false;
}

/* The end of the bracket expression at `p`; NULL where it has none. */
static const char *bracket_end(const char *p)
{
	p++;
	p += *p == '!' || *p == '^';
	p += *p == ']'; /* as the first it stands for itself */
	while (*p && *p != ']') {
		const char *end = starts_with(p, "[:") ? strstr(p + 2, ":]") : NULL;

		if (end)
			p = end + 2;
		else
			p += *p == '\\' && p[1] ? 2 : 1;
	}
	return *p ? p : NULL;
}

/* An open one matches nothing in git, but itself in fnmatch(3). */
static bool has_open_bracket(const char *spec)
{
	while (*spec) {
		if (*spec == '[') {
			spec = bracket_end(spec);
			if (!spec)
				return true;
		}
		spec += *spec == '\\' && spec[1] ? 2 : 1;
	}
	return false;
}

int pathspec_check(const char *spec, struct error *err)
{
	const char *p = skip_here(spec);

	if (!*spec)
		return error_set(err, "an empty path");
	if (*spec == ':')
		return error_set(err, "'%s': pathspec magic is not supported", spec);
	if (*p == '/')
		return error_set(err, "'%s': not a path from the top of the repository", spec);
	if (has_open_bracket(spec))
		return error_set(err, "'%s': a '[' that no ']' closes is written '\\['", spec);
	for (; *p; p += strcspn(p, "/"), p += *p == '/') {
		size_t len = strcspn(p, "/");

		if (!len || (len == 1 && *p == '.') || (len == 2 && !strncmp(p, "..", 2)))
			return error_set(
				err, "'%s': a path without '.', '..' and '//' is needed", spec);
	}
	return 0;
}

/* The length of a code point at `s` that HFS+ leaves out of names; 0 for any other. */
static size_t ignorable_len(const char *s, size_t len)
{
	static const char points[][4] = {
		"\u200c", "\u200d", "\u200e", "\u200f", "\u202a", "\u202b", "\u202c", "\u202d",
		"\u202e", "\u206a", "\u206b", "\u206c", "\u206d", "\u206e", "\u206f", "\ufeff",
	};

	for (size_t i = 0; i < ARRAY_SIZE(points); i++)
		if (len >= 3 && !memcmp(s, points[i], 3))
			return 3;
	return 0;
}

/* The component as a file system that minds neither case nor ignorable code points has it. */
static void fold(const char *component, size_t len, struct strbuf *out)
{
	size_t n;

	strbuf_reset(out);
	for (; len; component += n, len -= n) {
		n = ignorable_len(component, len);
		if (!n) {
			strbuf_addch(out, tolower((unsigned char)*component));
			n = 1;
		}
	}
}

/*
 * NTFS's short names: of `.git` and `.gitmodules`, git~1 and gitmod~1; of those in whose place
 * another name stood already, gi and some digits of a hash before the tilde.
 */
static bool is_short_dotgit(const char *name)
{
	size_t len;

	if (!starts_with(name, "gi"))
		return false;
	len = name[2] == 't' ? strcspn(name, "~") : 2 + strspn(name + 2, "0123456789abcdef");
	return len <= 6 && name[len] == '~' && isdigit((unsigned char)name[len + 1]);
}

/* On NTFS dots and spaces at the end do not count, nor does a stream behind a colon. */
static bool is_autoresearch(const char *name)
{
	static const char dir[] = ".autoresearch";
	const char *rest = name + strlen(dir);

	if (starts_with(name, "autore~") && isdigit((unsigned char)name[strlen("autore~")]))
		return true;
	if (!starts_with(name, dir))
		return false;
	rest += strspn(rest, ". ");
	return !*rest || *rest == ':';
}

bool path_is_protected(const char *path)
{
	CLEANUP_STRBUF struct strbuf name = STRBUF_INIT;
	bool top = true;

	while (*path) {
		/* A backslash separates too, on the systems that have the spellings above. */
		size_t len = strcspn(path, "/\\");

		fold(path, len, &name);
		if (starts_with(name.buf, ".git") || is_short_dotgit(name.buf) ||
		    (top && is_autoresearch(name.buf)))
			return true;
		if (len)
			top = false;
		path += len + (path[len] != '\0');
	}
	return false;
}

static bool is_regular(unsigned mode)
{
	return mode == MODE_FILE || mode == MODE_EXECUTABLE;
}

bool scope_allows(const struct string_list *editable, const struct string_list *hidden,
		  const struct change *change)
{
	if (!pathspec_match(editable, change->path) || pathspec_match(hidden, change->path) ||
	    path_is_protected(change->path))
		return false;
	if (!change->old_mode)
		return change->new_mode == MODE_FILE;
	if (!change->new_mode)
		return is_regular(change->old_mode);
	return is_regular(change->old_mode) && change->old_mode == change->new_mode;
}

static bool needs_quotes(unsigned char c)
{
	return c < 0x20 || c >= 0x7f || c == '"' || c == '\\';
}

static void add_escaped(struct strbuf *sb, unsigned char c)
{
	static const char from[] = "\a\b\t\n\v\f\r\"\\", to[] = "abtnvfr\"\\";
	const char *at = strchr(from, c);

	if (at)
		strbuf_addf(sb, "\\%c", to[at - from]);
	else
		strbuf_addf(sb, "\\%03o", c);
}

void strbuf_add_quoted_path(struct strbuf *sb, const char *path)
{
	bool quote = false;

	for (const char *p = path; *p; p++)
		quote |= needs_quotes((unsigned char)*p);
	if (!quote) {
		strbuf_addstr(sb, path);
		return;
	}
	strbuf_addch(sb, '"');
	for (; *path; path++) {
		if (needs_quotes((unsigned char)*path))
			add_escaped(sb, (unsigned char)*path);
		else
			strbuf_addch(sb, *path);
	}
	strbuf_addch(sb, '"');
}
