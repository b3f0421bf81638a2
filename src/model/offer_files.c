#include "model/offer_files.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"

const char *offer_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

const char *offer_ending(const char *path)
{
	const char *dot = strrchr(offer_name(path), '.');

	return dot && dot != offer_name(path) ? dot : "";
}

static bool is_any(const char *word, const char *const *list)
{
	for (; *list; list++)
		if (!strcasecmp(word, *list))
			return true;
	return false;
}

bool offer_is_code(const char *path)
{
	static const char *const endings[] = { ".py", ".sh", ".js",   ".mjs", ".cjs", ".ts",
					       ".rb", ".pl", ".r",    ".jl",  ".lua", ".c",
					       ".h",  ".cc", ".cpp",  ".cxx", ".hh",  ".hpp",
					       ".rs", ".go", ".java", ".cu",  ".zig", NULL };

	return is_any(offer_ending(path), endings);
}

bool offer_is_prompt(const char *path)
{
	static const char *const endings[] = {
		".sql", ".prompt", ".j2", ".tmpl", ".jinja", NULL
	};
	const char *name = offer_name(path);

	return is_any(offer_ending(path), endings) || !strncasecmp(name, "prompt", 6) ||
	       !strncmp(path, "prompts/", 8) || strstr(path, "/prompts/");
}

/* How much of a path is a folder of one of these names, with its slash; 0 for none. */
static size_t folder_of(const char *path, const char *const *names)
{
	const char *p = path;

	for (const char *slash; (slash = strchr(p, '/')); p = slash + 1) {
		CLEANUP_FREE char *folder = xstrndup(p, (size_t)(slash - p));

		if (is_any(folder, names))
			return (size_t)(slash + 1 - path);
	}
	return 0;
}

/* The name without its ending, in lower case. */
static char *stem_of(const char *path)
{
	const char *name = offer_name(path);
	char *stem = xstrndup(name, (size_t)(offer_ending(path) - name));

	if (!*offer_ending(path)) {
		free(stem);
		stem = xstrdup(name);
	}
	for (char *p = stem; *p; p++)
		*p = *p == '-' ? '_' : (char)tolower((unsigned char)*p);
	return stem;
}

size_t offer_held_out(const char *path)
{
	static const char *const names[] = { "heldout",	 "held_out", "held-out", "holdout",
					     "hold_out", "hold-out", "hidden",	 "private",
					     "gold",	 "answers",  NULL };
	static const char *const data[] = { ".csv", ".tsv",	".json", ".jsonl", ".txt",
					    ".npz", ".parquet", ".bin",	 NULL };
	CLEANUP_FREE char *stem = stem_of(path);
	size_t folder = folder_of(path, names);

	if (folder || offer_is_code(path))
		return folder;
	if (is_any(stem, names))
		return strlen(path);
	return is_any(offer_ending(path), data) &&
			       (!strcmp(stem, "test") || ends_with(stem, "_test") ||
				starts_with(stem, "test_"))
		       ? strlen(path)
		       : 0;
}

static bool is_or_begins(const char *stem, const char *const *words)
{
	for (; *words; words++) {
		size_t len = strlen(*words);

		if (!strncmp(stem, *words, len) && (!stem[len] || stem[len] == '_'))
			return true;
	}
	return false;
}

enum offer_role offer_role(const char *path)
{
	static const char *const foreign[] = {
		"node_modules",	 "vendor",   "third_party", ".venv", "venv",	"target",
		"build",	 "dist",     "docs",	    "doc",   ".github", ".autoresearch",
		"site-packages", "external", "deps",	    NULL
	};
	static const char *const tests[] = { "test", "tests", "spec", "__tests__", NULL };
	static const char *const benches[] = { "bench", "benches", "benchmark", "benchmarks",
					       NULL };
	static const char *const train[] = { "train", "training", "fit", "pretrain", NULL };
	static const char *const score[] = { "evaluate", "evaluation", "eval",
					     "score",	 "scorer",     "grade",
					     "grader",	 "judge",      NULL };
	static const char *const bench[] = { "bench", "benchmark", "perf", NULL };
	static const char *const start[] = { "main",   "run",	   "app",    "solve",
					     "solver", "optimize", "search", "simulate",
					     "index",  NULL };
	CLEANUP_FREE char *stem = stem_of(path);

	if (folder_of(path, foreign))
		return OFFER_FOREIGN;
	if (!offer_is_code(path) && *offer_ending(path))
		return OFFER_OTHER;
	if (folder_of(path, tests) || starts_with(stem, "test_") || ends_with(stem, "_test") ||
	    ends_with(stem, ".test") || ends_with(stem, ".spec") || !strcmp(stem, "conftest"))
		return OFFER_TEST;
	if (is_or_begins(stem, train))
		return OFFER_TRAIN;
	if (is_or_begins(stem, score))
		return OFFER_SCORE;
	if (folder_of(path, benches) || is_or_begins(stem, bench) || ends_with(stem, "_bench"))
		return OFFER_BENCH;
	return is_or_begins(stem, start) ? OFFER_MAIN : OFFER_OTHER;
}

bool offer_wants(const char *path)
{
	static const char *const names[] = { "Makefile",
					     "makefile",
					     "GNUmakefile",
					     "package.json",
					     "pyproject.toml",
					     "setup.cfg",
					     "pytest.ini",
					     "requirements.txt",
					     "Cargo.toml",
					     "Cargo.lock",
					     "go.mod",
					     "CMakeLists.txt",
					     NULL };

	if (offer_role(path) == OFFER_FOREIGN)
		return false;
	/* What has no ending may be a script. */
	return offer_is_code(path) || !*offer_ending(path) || is_any(offer_name(path), names);
}

/* --- Files and their texts */

const struct offer_file *offer_file_at(const struct offer_files *files, const char *path)
{
	for (size_t i = 0; i < files->nr; i++)
		if (!strcmp(files->items[i].path, path))
			return &files->items[i];
	return NULL;
}

bool offer_file_has(const struct offer_file *file, const char *word)
{
	return file && file->text && memmem(file->text, file->len, word, strlen(word));
}

static bool is_word_char(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-';
}

/* `word` between characters that belong to no word; a path may begin with "./". */
static bool has_word(const char *text, size_t len, const char *word)
{
	size_t word_len = strlen(word);
	const char *p = text, *end = text + len;

	while (word_len && (p = memmem(p, (size_t)(end - p), word, word_len))) {
		const char *behind = p + word_len;

		if ((p == text || !is_word_char(p[-1])) &&
		    (behind == end || !is_word_char(*behind)))
			return true;
		p++;
	}
	return false;
}

bool offer_mentions(const char *text, size_t len, const char *path)
{
	CLEANUP_FREE char *stem = NULL;
	const char *name = offer_name(path);

	if (!text)
		return false;
	if (has_word(text, len, path) || has_word(text, len, name))
		return true;
	if (!offer_is_code(path))
		return false;
	stem = xstrndup(name, strlen(name) - strlen(offer_ending(path)));
	return strlen(stem) > 2 && has_word(text, len, stem);
}

bool offer_file_is_code(const struct offer_file *file)
{
	return offer_is_code(file->path) ||
	       (!*offer_ending(file->path) && file->text && starts_with(file->text, "#!"));
}

/* --- Who uses whom */

/* Of a path the part before its ending; of a package of Python's, its folder. */
static char *module_of(const char *path)
{
	const char *name = offer_name(path);
	size_t len = strlen(path) - strlen(offer_ending(path));

	if (!strcmp(name, "__init__.py") && name > path)
		len = (size_t)(name - path) - 1;
	return xstrndup(path, len);
}

/* Whether a line that imports has the module: "from models.net import Net". */
static bool imports(const struct offer_file *file, const char *module)
{
	const char *end = file->text + file->len;

	for (const char *p = file->text; p < end;) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		size_t len = (size_t)((newline ? newline : end) - p);
		CLEANUP_FREE char *line = xstrndup(p, len);
		const char *begin = line + strspn(line, " \t");

		if ((starts_with(begin, "import ") || starts_with(begin, "from ")) &&
		    has_word(begin, strcspn(begin, "#"), module))
			return true;
		p += len + 1;
	}
	return false;
}

/* By its place below the top, or below the folder of who imports it. */
static bool python_uses(const struct offer_file *file, const char *path)
{
	size_t folder = (size_t)(offer_name(file->path) - file->path);
	CLEANUP_FREE char *module = module_of(path);
	char *near = strncmp(module, file->path, folder) ? module : module + folder;

	for (char *p = module; *p; p++)
		if (*p == '/')
			*p = '.';
	return imports(file, module) || (*near && imports(file, near));
}

static bool is_c(const char *path)
{
	static const char *const endings[] = { ".c",   ".h",   ".cc", ".hh", ".cpp",
					       ".hpp", ".cxx", ".cu", NULL };

	return is_any(offer_ending(path), endings);
}

bool offer_uses(const struct offer_file *file, const struct offer_file *other)
{
	static const char *const behind[] = { ".h\"", ".hpp\"", ".hh\"" };
	CLEANUP_FREE char *module = module_of(other->path);
	const char *stem = offer_name(module);

	if (!file->text)
		return false;
	if (ends_with(file->path, ".py") && ends_with(other->path, ".py"))
		return python_uses(file, other->path);
	for (size_t i = 0; i < ARRAY_SIZE(behind) && is_c(file->path) && is_c(other->path);
	     i++) {
		CLEANUP_FREE char *header = xstrfmt("%s%s", stem, behind[i]);

		if (has_word(file->text, file->len, header))
			return true;
	}
	if (starts_with(offer_ending(other->path), ".js") ||
	    starts_with(offer_ending(other->path), ".ts")) {
		CLEANUP_FREE char *single = xstrfmt("/%s'", stem);
		CLEANUP_FREE char *twice = xstrfmt("/%s\"", stem);

		if (offer_file_has(file, single) || offer_file_has(file, twice))
			return true;
	}
	return has_word(file->text, file->len, other->path) ||
	       has_word(file->text, file->len, offer_name(other->path));
}

/* --- Makefile */

void make_target_release(struct make_target *target)
{
	strbuf_release(&target->needs);
	strbuf_release(&target->recipe);
}

/* "a b: c d" has the targets a and b; "a := b" none. Where the needs begin, or NULL. */
static const char *rule_for(const char *line, size_t len, const char *name)
{
	const char *colon = memchr(line, ':', len);

	if (!colon || *line == '\t' || *line == '#' ||
	    (colon + 1 < line + len && colon[1] == '='))
		return NULL;
	if (memchr(line, '=', (size_t)(colon - line)))
		return NULL;
	for (const char *p = line; p < colon;) {
		size_t word = strcspn(p, " \t:");

		if (word == strlen(name) && !strncmp(p, name, word))
			return colon + 1;
		p += word + 1;
	}
	return NULL;
}

bool make_target_find(const struct offer_file *makefile, const char *name,
		      struct make_target *ret)
{
	bool found = false, inside = false;
	const char *end;

	if (!makefile || !makefile->text)
		return false;
	end = makefile->text + makefile->len;
	for (const char *p = makefile->text; p < end;) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		size_t len = (size_t)((newline ? newline : end) - p);
		CLEANUP_FREE char *line = xstrndup(p, len);
		const char *needs;

		p += len + 1;
		if (*line == '\t') {
			if (inside)
				strbuf_addf(&ret->recipe, "%s\n", line + 1);
			continue;
		}
		needs = rule_for(line, strlen(line), name);
		inside = needs != NULL;
		found |= inside;
		if (needs)
			strbuf_addf(&ret->needs, "%s ", needs);
	}
	return found;
}

/* --- package.json */

static struct json *package_parse(const struct offer_file *package)
{
	struct error ignored = ERROR_INIT;
	struct json *json = NULL;

	if (!package || !package->text ||
	    json_parse(package->text, package->len, &json, &ignored))
		return NULL;
	return json;
}

char *package_script(const struct offer_file *package, const char *name)
{
	CLEANUP_JSON struct json *json = package_parse(package);
	struct error ignored = ERROR_INIT;
	const char *script;

	if (!json || json_get_string(json_get(json, "scripts"), name, &script, &ignored))
		return NULL;
	return xstrdup(script);
}

bool package_has_dependencies(const struct offer_file *package)
{
	CLEANUP_JSON struct json *json = package_parse(package);
	const char *key;

	return json && (json_member_at(json_get(json, "dependencies"), 0, &key) ||
			json_member_at(json_get(json, "devDependencies"), 0, &key));
}
