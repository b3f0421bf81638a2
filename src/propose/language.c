#include "propose/language.h"

#include <ctype.h>
#include <string.h>

/* The last one is for every other name. */
static const struct language languages[] = {
	{ .names = " c h cc cpp cxx hh hpp hxx cu cuh cl m mm ",
	  .line = { "//" },
	  .open = "/*",
	  .close = "*/",
	  .quotes = "\"'",
	  .suffixes = " f F l L u U ul UL lu LU ll LL ull ULL " },
	{ .names = " java kt scala cs swift dart ",
	  .line = { "//" },
	  .open = "/*",
	  .close = "*/",
	  .quotes = "\"'",
	  .suffixes = " f F d D l L m M u U ",
	  .flags = LANGUAGE_TRIPLE },
	{ .names = " go ",
	  .line = { "//" },
	  .open = "/*",
	  .close = "*/",
	  .quotes = "\"'`",
	  .spanning = "`",
	  .raw = "`" },
	{ .names = " js jsx mjs cjs ts tsx ",
	  .line = { "//" },
	  .open = "/*",
	  .close = "*/",
	  .quotes = "\"'`",
	  .spanning = "`",
	  .suffixes = " n " },
	{ .names = " rs ",
	  .line = { "//" },
	  .open = "/*",
	  .close = "*/",
	  .quotes = "\"'",
	  .spanning = "\"",
	  .suffixes = " f32 f64 i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize ",
	  .flags = LANGUAGE_CHARS },
	{ .names = " py pyi pyx ", .line = { "#" }, .quotes = "\"'", .flags = LANGUAGE_TRIPLE },
	{ .names = " sh bash zsh ksh rb pl pm ",
	  .line = { "#" },
	  .quotes = "\"'",
	  .spanning = "\"'",
	  .raw = "'",
	  .flags = LANGUAGE_DASHES | LANGUAGE_SPACED },
	{ .names = " mk makefile gnumakefile ",
	  .line = { "#" },
	  .quotes = "\"'",
	  .flags = LANGUAGE_DASHES },
	{ .names = " sql ",
	  .line = { "--" },
	  .open = "/*",
	  .close = "*/",
	  .quotes = "\"'",
	  .spanning = "\"'",
	  .raw = "\"'" },
	{ .names = " lua ", .line = { "--" }, .open = "--[[", .close = "]]", .quotes = "\"'" },
	{ .names = " hs elm adb ads vhd vhdl ",
	  .line = { "--" },
	  .open = "{-",
	  .close = "-}",
	  .quotes = "\"" },
	{ .names = " lisp el scm ss rkt clj ",
	  .line = { ";" },
	  .open = "#|",
	  .close = "|#",
	  .quotes = "\"",
	  .spanning = "\"",
	  .flags = LANGUAGE_DASHES },
	{ .names = " r ",
	  .line = { "#" },
	  .quotes = "\"'`",
	  .spanning = "\"'",
	  .suffixes = " L " },
	{ .names = " jl ",
	  .line = { "#" },
	  .open = "#=",
	  .close = "=#",
	  .quotes = "\"'",
	  .spanning = "\"",
	  .flags = LANGUAGE_TRIPLE | LANGUAGE_CHARS },
	{ .names = " toml ",
	  .line = { "#" },
	  .quotes = "\"'",
	  .raw = "'",
	  .flags = LANGUAGE_TRIPLE | LANGUAGE_DASHES },
	{ .names = " yaml yml ",
	  .line = { "#" },
	  .quotes = "\"'",
	  .raw = "'",
	  .flags = LANGUAGE_DASHES | LANGUAGE_SPACED },
	{ .names = " ini cfg conf ",
	  .line = { "#", ";" },
	  .quotes = "\"'",
	  .flags = LANGUAGE_DASHES },
	{ .names = " json jsonc json5 ",
	  .line = { "//" },
	  .open = "/*",
	  .close = "*/",
	  .quotes = "\"" },
	{ .names = "",
	  .line = { "#", "//" },
	  .quotes = "\"'`",
	  .flags = LANGUAGE_DASHES | LANGUAGE_SPACED },
};

static bool has_word(const char *list, const char *word, size_t len)
{
	const char *p = list;

	while (len && (p = strchr(p, ' ')) && p[1]) {
		p++;
		if (!strncmp(p, word, len) && p[len] == ' ')
			return true;
	}
	return false;
}

const struct language *language_of(const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	const char *dot = strrchr(name, '.');
	const struct language *l = languages;
	char key[16] = "";
	size_t n = 0;

	for (name = dot ? dot + 1 : name; name[n] && n < sizeof(key) - 1; n++)
		key[n] = (char)tolower((unsigned char)name[n]);
	while (*l->names && (name[n] || !has_word(l->names, key, n)))
		l++;
	return l;
}

bool language_has_suffix(const struct language *language, const char *s, size_t len)
{
	return language->suffixes && has_word(language->suffixes, s, len);
}
