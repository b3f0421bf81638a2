#include "model/offer_run.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "model/offer_metric.h"

void plan_init(struct plan *plan, const struct offer_files *files, struct offer *offer)
{
	static const char *const makefiles[] = { "GNUmakefile", "makefile", "Makefile" };

	*plan = (struct plan){ .files = files,
			       .offer = offer,
			       .package = offer_file_at(files, "package.json"),
			       .cargo = offer_file_at(files, "Cargo.toml"),
			       .go = offer_file_at(files, "go.mod"),
			       .cmake = offer_file_at(files, "CMakeLists.txt"),
			       .python = "python3",
			       .cargo_home = "",
			       .text = STRBUF_INIT };
	for (size_t i = 0; i < ARRAY_SIZE(makefiles) && !plan->makefile; i++)
		plan->makefile = offer_file_at(files, makefiles[i]);
}

void plan_release(struct plan *plan)
{
	strbuf_release(&plan->text);
	free(plan->score);
}

void offer_set(struct offer_value *value, char *why, const char *fmt, ...)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	va_list ap;

	if (value->value) {
		free(why);
		return;
	}
	va_start(ap, fmt);
	strbuf_vaddf(&text, fmt, ap);
	va_end(ap);
	value->value = strbuf_detach(&text, NULL);
	value->why = why;
}

bool plan_prints(const struct offer_file *file, struct printed *ret)
{
	return file && file->text && printed_find(file->text, file->len, NULL, ret);
}

/* --- Programs */

/* "python3 -m a.b" for a module of a package, whose imports else are not found. */
static char *python_command(const struct plan *plan, const char *path)
{
	CLEANUP_FREE char *folder = xstrndup(path, (size_t)(offer_name(path) - path));
	CLEANUP_FREE char *init = xstrfmt("%s__init__.py", folder);
	CLEANUP_FREE char *module = NULL, *word = shell_word(path);

	if (!*folder || *word == '\'' || !offer_file_at(plan->files, init))
		return xstrfmt("%s %s", plan->python, word);
	module = xstrndup(path, strlen(path) - strlen(".py"));
	for (char *p = module; *p; p++)
		if (*p == '/')
			*p = '.';
	return xstrfmt("%s -m %s", plan->python, module);
}

/* How a source is run by itself: of a script by its interpreter, of a lone C file by the
 * compiler. NULL where it takes more. */
static char *command_of(const struct plan *plan, const struct offer_file *file)
{
	static const char *const interpreters[][2] = {
		{ ".sh", "sh" },     { ".js", "node" },	 { ".mjs", "node" },
		{ ".cjs", "node" },  { ".rb", "ruby" },	 { ".pl", "perl" },
		{ ".r", "Rscript" }, { ".jl", "julia" }, { ".lua", "lua" },
	};
	const char *ending = offer_ending(file->path);
	CLEANUP_FREE char *word = shell_word(file->path);

	if (!strcmp(ending, ".py"))
		return python_command(plan, file->path);
	if (!strcmp(ending, ".sh") && file->text && file->len > 2 &&
	    memmem(file->text, strcspn(file->text, "\n"), "bash", 4))
		return xstrfmt("bash %s", word);
	for (size_t i = 0; i < ARRAY_SIZE(interpreters); i++)
		if (!strcasecmp(ending, interpreters[i][0]))
			return xstrfmt("%s %s", interpreters[i][1], word);
	if (!*ending && offer_file_is_code(file))
		return xstrfmt("%s%s", strchr(word, '/') ? "" : "./", word);
	if (!strcmp(ending, ".c") && !offer_file_has(file, "#include \"") &&
	    offer_file_has(file, "main("))
		return xstrfmt("cc -O2 -o /tmp/program %s -lm && /tmp/program", word);
	return NULL;
}

static int depth_of(const char *path)
{
	int depth = 0;

	for (; *path; path++)
		depth += *path == '/';
	return depth;
}

/* The likeliest program of a role: one that prints a number, and the nearest to the top. */
static const struct offer_file *program_of(const struct plan *plan, enum offer_role role,
					   bool must_print)
{
	const struct offer_file *best = NULL;
	int best_rank = 0;

	for (size_t i = 0; i < plan->files->nr; i++) {
		const struct offer_file *file = &plan->files->items[i];
		struct printed printed;
		CLEANUP_FREE char *command = NULL;
		int rank;

		if (offer_role(file->path) != role)
			continue;
		rank = 100 - depth_of(file->path);
		if (plan_prints(file, &printed))
			rank += 100;
		else if (must_print)
			continue;
		command = command_of(plan, file);
		if (command && rank > best_rank) {
			best_rank = rank;
			best = file;
		}
	}
	return best;
}

/* Whether a recipe makes a program of the target's name, and does not run it. */
static bool makes_program(const struct make_target *target, const char *name)
{
	CLEANUP_FREE char *run = xstrfmt("./%s", name);

	if (strstr(target->recipe.buf, run))
		return false;
	if (strstr(target->recipe.buf, "-o $@") || strstr(target->recipe.buf, "-o $("))
		return true;
	return !target->recipe.len && strstr(target->needs.buf, ".c");
}

static bool find_make(struct plan *plan, const char *name, struct strbuf *ret_text,
		      char **ret_command)
{
	CLEANUP_MAKE_TARGET struct make_target target = MAKE_TARGET_INIT;

	if (!make_target_find(plan->makefile, name, &target))
		return false;
	*ret_command = makes_program(&target, name) ? xstrfmt("make -s %s && ./%s", name, name)
						    : xstrfmt("make -s %s", name);
	strbuf_addf(ret_text, "%s\n%s", target.needs.buf, target.recipe.buf);
	return true;
}

/* The code that a text names, best of the target's own name. */
static const struct offer_file *named_in(const struct plan *plan, const struct strbuf *text,
					 const char *name)
{
	const struct offer_file *first = NULL;

	for (size_t i = 0; i < plan->files->nr; i++) {
		const struct offer_file *file = &plan->files->items[i];

		if (!offer_file_is_code(file) || offer_role(file->path) == OFFER_FOREIGN ||
		    !offer_mentions(text->buf, text->len, file->path))
			continue;
		if (name && starts_with(offer_name(file->path), name))
			return file;
		if (!first ||
		    (*offer_ending(first->path) && !strcmp(offer_ending(first->path), ".h")))
			first = file;
	}
	return first;
}

/* --- The scorer */

void plan_scorer(struct plan *plan)
{
	static const char *const targets[] = { "evaluate", "eval", "score" };

	for (size_t i = 0; i < ARRAY_SIZE(targets) && !plan->score; i++) {
		CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

		if (find_make(plan, targets[i], &text, &plan->score))
			plan->scorer = named_in(plan, &text, targets[i]);
	}
	if (plan->score)
		return;
	plan->scorer = program_of(plan, OFFER_SCORE, false);
	if (plan->scorer)
		plan->score = command_of(plan, plan->scorer);
}

/* --- Run */

static bool run_of_make(struct plan *plan, const char *name)
{
	char *command;

	if (!find_make(plan, name, &plan->text, &command))
		return false;
	offer_set(&plan->offer->run, xstrfmt("%s has a target %s", plan->makefile->path, name),
		  "%s", command);
	free(command);
	plan->main = named_in(plan, &plan->text, name);
	return true;
}

static bool run_of_package(struct plan *plan, const char *name)
{
	CLEANUP_FREE char *script = package_script(plan->package, name);

	if (!script)
		return false;
	offer_set(&plan->offer->run, xstrfmt("package.json has a script %s", name),
		  "npm run -s %s", name);
	strbuf_addstr(&plan->text, script);
	plan->main = named_in(plan, &plan->text, name);
	return true;
}

static bool run_of_program(struct plan *plan, enum offer_role role, bool must_print)
{
	const struct offer_file *file = program_of(plan, role, must_print);
	CLEANUP_FREE char *command = file ? command_of(plan, file) : NULL;

	if (!command)
		return false;
	offer_set(&plan->offer->run, xstrfmt("there is %s", file->path), "%s", command);
	strbuf_addstr(&plan->text, file->path);
	plan->main = file;
	return true;
}

static void run_by(struct plan *plan, const struct offer_file *file, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static void run_by(struct plan *plan, const struct offer_file *file, const char *fmt, ...)
{
	CLEANUP_STRBUF struct strbuf command = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&command, fmt, ap);
	va_end(ap);
	offer_set(&plan->offer->run, xstrfmt("there is %s", file->path), "%s", command.buf);
	strbuf_addstr(&plan->text, file->path);
	plan->main = file;
}

/* src/main.rs or src/bin/x.rs where it prints a number; else what is in benches/. */
static bool run_of_cargo(struct plan *plan)
{
	const struct offer_file *bench = NULL;
	struct printed printed;

	for (size_t i = 0; plan->cargo && i < plan->files->nr; i++) {
		const struct offer_file *file = &plan->files->items[i];
		const char *name = offer_name(file->path);
		int stem = (int)(strlen(name) - strlen(offer_ending(name)));
		bool is_bin = starts_with(file->path, "src/bin/");

		if (strcmp(offer_ending(name), ".rs"))
			continue;
		if (!bench && starts_with(file->path, "benches/"))
			bench = file;
		if ((!is_bin && strcmp(file->path, "src/main.rs")) ||
		    !plan_prints(file, &printed))
			continue;
		run_by(plan, file, "%scargo run -q --release --offline%s%.*s", plan->cargo_home,
		       is_bin ? " --bin " : "", is_bin ? stem : 0, name);
		return true;
	}
	if (!bench)
		return false;
	run_by(plan, bench, "%scargo bench -q --offline --bench %.*s", plan->cargo_home,
	       (int)strlen(offer_name(bench->path)) - 3, offer_name(bench->path));
	plan->benches = true;
	return true;
}

/* The first benchmark or test of a Go file: its name, of `ret`'s size. */
static bool first_benchmark(const struct offer_file *file, char *ret, size_t size)
{
	static const char begin[] = "\nfunc Benchmark";
	const char *p = file->text ? memmem(file->text, file->len, begin, strlen(begin)) : NULL;
	const char *end = p ? file->text + file->len : NULL;
	size_t len = 0;

	if (!p)
		return false;
	p += strlen("\nfunc ");
	while (p + len < end && len < size - 1 &&
	       (isalnum((unsigned char)p[len]) || p[len] == '_'))
		len++;
	memcpy(ret, p, len);
	ret[len] = '\0';
	return true;
}

/* "." or "./cmd/x": the package that a file is of. */
static char *go_package(const char *path)
{
	const char *name = offer_name(path);

	return name == path ? xstrdup(".") : xstrfmt("./%.*s", (int)(name - path) - 1, path);
}

/* A program that prints a number, else the first benchmark. */
static bool run_of_go(struct plan *plan)
{
	struct printed printed;
	char name[64];

	for (size_t i = 0; plan->go && i < plan->files->nr; i++) {
		const struct offer_file *file = &plan->files->items[i];
		CLEANUP_FREE char *package = go_package(file->path);

		if (strcmp(offer_ending(file->path), ".go") ||
		    offer_role(file->path) == OFFER_TEST ||
		    !offer_file_has(file, "func main()") || !plan_prints(file, &printed))
			continue;
		run_by(plan, file, "go run %s", package);
		return true;
	}
	for (size_t i = 0; plan->go && i < plan->files->nr; i++) {
		const struct offer_file *file = &plan->files->items[i];
		CLEANUP_FREE char *package = go_package(file->path);

		if (!ends_with(file->path, "_test.go") ||
		    !first_benchmark(file, name, sizeof(name)))
			continue;
		run_by(plan, file, "go test -run '^$' -bench '^%s$' %s", name, package);
		plan->benches = true;
		offer_set(&plan->offer->metric, xstrfmt("%s has %s", file->path, name),
			  "ns_per_op");
		offer_set(&plan->offer->pattern, NULL, "([0-9.]+) ns/op");
		return true;
	}
	return false;
}

/* The program of CMakeLists.txt that is called like a benchmark or a training; else its first. */
static bool cmake_program(const struct plan *plan, char *ret, size_t size)
{
	static const char add[] = "add_executable(";
	const char *p = plan->cmake ? plan->cmake->text : NULL;
	const char *end = p ? p + plan->cmake->len : NULL;
	bool found = false;

	while (p && (p = memmem(p, (size_t)(end - p), add, strlen(add)))) {
		size_t len = 0;

		p += strlen(add);
		while (p < end && isspace((unsigned char)*p))
			p++;
		while (p + len < end && len < size - 1 &&
		       (isalnum((unsigned char)p[len]) || (p[len] && strchr("_.+-", p[len]))))
			len++;
		if (!len ||
		    (found && !memmem(p, len, "bench", 5) && !memmem(p, len, "train", 5)))
			continue;
		memcpy(ret, p, len);
		ret[len] = '\0';
		found = true;
	}
	return found;
}

static bool run_of_cmake(struct plan *plan)
{
	char name[64];

	if (!cmake_program(plan, name, sizeof(name)))
		return false;
	offer_set(&plan->offer->run, xstrfmt("CMakeLists.txt makes %s", name),
		  "cmake -S . -B build -DCMAKE_BUILD_TYPE=Release >/dev/null && "
		  "cmake --build build >/dev/null && build/%s",
		  name);
	strbuf_addstr(&plan->text, name);
	plan->main = named_in(plan, &plan->text, name);
	plan->benches = strstr(name, "bench") != NULL;
	return true;
}

static bool run_of_benchmarks(struct plan *plan)
{
	static const char *const names[] = { "bench", "benchmark", "perf" };

	plan->benches = true;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (run_of_make(plan, names[i]) || run_of_package(plan, names[i]))
			return true;
	plan->benches = false;
	return false;
}

void plan_run(struct plan *plan)
{
	const struct offer_value *run = &plan->offer->run;

	if (run->value) {
		strbuf_addstr(&plan->text, run->value);
		plan->main = named_in(plan, &plan->text, NULL);
		plan->benches = plan->main && offer_role(plan->main->path) == OFFER_BENCH;
		return;
	}
	if (run_of_make(plan, "train") || run_of_package(plan, "train") ||
	    run_of_program(plan, OFFER_TRAIN, false) || run_of_benchmarks(plan) ||
	    run_of_cargo(plan) || run_of_go(plan) || run_of_cmake(plan))
		return;
	plan->benches = run_of_program(plan, OFFER_BENCH, false);
	if (plan->benches || run_of_make(plan, "run") ||
	    run_of_program(plan, OFFER_MAIN, true) || run_of_program(plan, OFFER_OTHER, true))
		return;
	/* Whoever scores starts what it scores, or looks at words. */
	if (!plan->scorer)
		run_of_program(plan, OFFER_MAIN, false);
}
