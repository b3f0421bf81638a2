#include "model/offer_run.h"

#include <string.h>

#define VENV "python3 -m venv --system-site-packages .venv && .venv/bin/pip install -q"

/* --- Setup */

static void needs_network(struct plan *plan)
{
	string_list_add(
		&plan->offer->notes,
		"setup fetches packages; let it: git config autoresearch.setupNetwork '*'");
}

static bool has_requirements(const struct offer_file *file)
{
	bool begins = true;

	for (size_t i = 0; file && file->text && i < file->len; i++) {
		if (begins && !strchr("#-\r\n \t", file->text[i]))
			return true;
		begins = file->text[i] == '\n';
		if (!begins && file->text[i] == '#')
			while (i + 1 < file->len && file->text[i + 1] != '\n')
				i++;
	}
	return false;
}

static bool setup_of_make(struct plan *plan)
{
	static const char *const targets[] = { "deps", "setup", "prepare", "data" };

	for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
		CLEANUP_MAKE_TARGET struct make_target target = MAKE_TARGET_INIT;

		if (!make_target_find(plan->makefile, targets[i], &target))
			continue;
		offer_set(&plan->offer->setup,
			  xstrfmt("%s has a target %s", plan->makefile->path, targets[i]),
			  "make %s", targets[i]);
		if (!strcmp(targets[i], "deps"))
			needs_network(plan);
		return true;
	}
	return false;
}

static void setup_of_python(struct plan *plan)
{
	const struct offer_file *project = offer_file_at(plan->files, "pyproject.toml");

	if (has_requirements(offer_file_at(plan->files, "requirements.txt"))) {
		offer_set(&plan->offer->setup, xstrdup("requirements.txt"),
			  VENV " -r requirements.txt");
		plan->python = ".venv/bin/python";
	} else if (offer_file_at(plan->files, "uv.lock")) {
		offer_set(&plan->offer->setup, xstrdup("uv.lock"),
			  "uv sync --frozen --no-install-project");
		plan->python = ".venv/bin/python";
	} else {
		if (offer_file_has(project, "\ndependencies = [\n") ||
		    offer_file_has(project, "\ndependencies = [\"") ||
		    offer_file_has(project, "[tool.poetry.dependencies]"))
			string_list_add(
				&plan->offer->notes,
				"pyproject.toml names packages: those that this machine "
				"lacks are for [setup] to install");
		return;
	}
	needs_network(plan);
}

static void setup_of_node(struct plan *plan)
{
	static const struct {
		const char *lock, *command;
	} ways[] = {
		{ "package-lock.json", "npm ci" },
		{ "pnpm-lock.yaml", "pnpm install --frozen-lockfile" },
		{ "yarn.lock", "yarn install --frozen-lockfile" },
		{ "package.json", "npm install" },
	};

	if (!package_has_dependencies(plan->package))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		if (!offer_file_at(plan->files, ways[i].lock))
			continue;
		offer_set(&plan->offer->setup, xstrdup(ways[i].lock), "%s", ways[i].command);
		needs_network(plan);
		return;
	}
}

/* Setup does not see what candidates may change, but cargo wants to see some source. */
static void setup_of_cargo(struct plan *plan)
{
	if (!offer_file_has(offer_file_at(plan->files, "Cargo.lock"), "\nsource = "))
		return;
	offer_set(&plan->offer->setup, xstrdup("Cargo.lock has packages of others"),
		  "mkdir -p src && touch src/lib.rs && "
		  "CARGO_HOME=$PWD/.cargo-home cargo fetch --locked && rm src/lib.rs");
	plan->cargo_home = "CARGO_HOME=$PWD/.cargo-home ";
	needs_network(plan);
}

static void setup_of_go(struct plan *plan)
{
	if (!offer_file_has(plan->go, "\nrequire") ||
	    offer_file_at(plan->files, "vendor/modules.txt"))
		return;
	offer_set(&plan->offer->setup, xstrdup("go.mod requires packages of others"),
		  "go mod vendor");
	needs_network(plan);
}

void plan_setup(struct plan *plan)
{
	if (plan->offer->setup.value || setup_of_make(plan))
		return;
	setup_of_python(plan);
	if (!plan->offer->setup.value)
		setup_of_node(plan);
	if (!plan->offer->setup.value)
		setup_of_cargo(plan);
	if (!plan->offer->setup.value)
		setup_of_go(plan);
}

/* --- Check */

static bool any_test_has(const struct plan *plan, const char *ending, const char *word)
{
	for (size_t i = 0; i < plan->files->nr; i++) {
		const struct offer_file *file = &plan->files->items[i];

		if (offer_role(file->path) == OFFER_TEST &&
		    !strcmp(offer_ending(file->path), ending) && offer_file_has(file, word))
			return true;
	}
	return false;
}

static bool any_source_has(const struct plan *plan, const char *ending, const char *word)
{
	for (size_t i = 0; i < plan->files->nr; i++)
		if (!strcmp(offer_ending(plan->files->items[i].path), ending) &&
		    offer_file_has(&plan->files->items[i], word))
			return true;
	return false;
}

static bool check_of_make(struct plan *plan)
{
	static const char *const targets[] = { "test", "tests", "check" };

	for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
		CLEANUP_MAKE_TARGET struct make_target target = MAKE_TARGET_INIT;

		if (!make_target_find(plan->makefile, targets[i], &target))
			continue;
		offer_set(&plan->offer->check,
			  xstrfmt("%s has a target %s", plan->makefile->path, targets[i]),
			  "make -s %s", targets[i]);
		return true;
	}
	return false;
}

static bool check_of_node(struct plan *plan)
{
	CLEANUP_FREE char *script = package_script(plan->package, "test");

	/* What `npm init` writes. */
	if (!script || strstr(script, "no test specified"))
		return false;
	offer_set(&plan->offer->check, xstrdup("package.json has a script test"),
		  "npm test -s");
	return true;
}

/* Which unittest finds by itself only where it is a package. */
static bool tests_are_folder(const struct plan *plan)
{
	for (size_t i = 0; i < plan->files->nr; i++)
		if (starts_with(plan->files->items[i].path, "tests/"))
			return !offer_file_at(plan->files, "tests/__init__.py");
	return false;
}

static void check_of_python(struct plan *plan)
{
	bool unittest = any_test_has(plan, ".py", "unittest");

	if (any_test_has(plan, ".py", "import pytest") ||
	    (any_test_has(plan, ".py", "def test_") && !unittest))
		offer_set(&plan->offer->check, xstrdup("there are tests for pytest"),
			  "%s -m pytest -q", plan->python);
	else if (unittest)
		offer_set(&plan->offer->check, xstrdup("there are tests for unittest"),
			  "%s -m unittest discover -q%s", plan->python,
			  tests_are_folder(plan) ? " -s tests" : "");
}

void plan_check(struct plan *plan)
{
	if (check_of_make(plan) || check_of_node(plan))
		return;
	check_of_python(plan);
	if (plan->cargo && any_source_has(plan, ".rs", "#[test]"))
		offer_set(&plan->offer->check, xstrdup("there are tests for cargo"),
			  "%scargo test -q --offline", plan->cargo_home);
	if (plan->go && any_test_has(plan, ".go", "\nfunc Test"))
		offer_set(&plan->offer->check, xstrdup("there are tests for go"),
			  "go test ./...");
	if (offer_file_has(plan->cmake, "add_test("))
		offer_set(&plan->offer->check, xstrdup("CMakeLists.txt has tests"),
			  "cmake -S . -B build >/dev/null && cmake --build build >/dev/null && "
			  "ctest --test-dir build --output-on-failure");
}
