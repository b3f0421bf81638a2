#include "loop/program.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool program_is_of_the_system(const char *program)
{
	static const char *const dirs[] = { "/usr/", "/bin/", "/sbin/", "/lib", "/etc/" };

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		if (starts_with(program, dirs[i]))
			return true;
	return false;
}

/* As a shell finds it; absolute. */
static char *find(const char *workdir, const char *word)
{
	CLEANUP_FREE char *copy = NULL;
	const char *path = getenv("PATH");
	char *dir, *save;

	if (strchr(word, '/')) {
		CLEANUP_FREE char *cwd = word[0] == '/' ? xstrdup("") : getcwd(NULL, 0);
		CLEANUP_FREE char *full =
			xstrfmt("%s%s%s", cwd ? cwd : "", word[0] == '/' ? "" : "/", word);

		if (!access(full, X_OK))
			return steal_ptr(full);
		if (word[0] == '/' || !workdir)
			return NULL;
		free(full);
		full = xstrfmt("%s/%s", workdir, word);
		return access(full, X_OK) ? NULL : steal_ptr(full);
	}
	copy = xstrdup(path ? path : "/usr/bin:/bin");
	for (dir = strtok_r(copy, ":", &save); dir; dir = strtok_r(NULL, ":", &save)) {
		CLEANUP_FREE char *full = xstrfmt("%s/%s", dir, word);

		if (dir[0] == '/' && !access(full, X_OK))
			return steal_ptr(full);
	}
	return NULL;
}

char *program_find(const char *workdir, const char *word)
{
	CLEANUP_FREE char *program = find(workdir, word);

	return program ? realpath(program, NULL) : NULL;
}

char *program_interpreter(const char *program)
{
	CLEANUP_CLOSE int fd = open(program, O_RDONLY | O_CLOEXEC);
	char line[256] = "";
	ssize_t len = fd < 0 ? -1 : read(fd, line, sizeof(line) - 1);
	char *word, *save;

	if (len < 2 || memcmp(line, "#!", 2))
		return NULL;
	line[strcspn(line, "\n")] = '\0';
	word = strtok_r(line + 2, " \t", &save);
	if (!word || !ends_with(word, "/env"))
		return NULL;
	/* "env -S node --flag" takes all of it for a command. */
	do
		word = strtok_r(NULL, " \t", &save);
	while (word && *word == '-');
	return word && !strchr(word, '/') ? xstrdup(word) : NULL;
}

/* True where `dir` is the top of the repository or lies above it or its git directory. */
static bool holds_repository(const struct search *s, const char *dir)
{
	const char *tops[] = { repo_workdir(s->repo), repo_common_dir(s->repo) };
	size_t len = strlen(dir);

	for (size_t i = 0; i < ARRAY_SIZE(tops); i++)
		if (tops[i] && !strncmp(tops[i], dir, len) &&
		    (!tops[i][len] || tops[i][len] == '/'))
			return true;
	return false;
}

/* Inside the working tree, a folder may hold hidden files; inside the git directory, history. */
static bool is_in_repository(const struct search *s, const char *dir)
{
	const char *tops[] = { repo_workdir(s->repo), repo_common_dir(s->repo) };

	for (size_t i = 0; i < ARRAY_SIZE(tops); i++) {
		size_t len = tops[i] ? strlen(tops[i]) : 0;

		while (len && tops[i][len - 1] == '/')
			len--;
		if (len && !strncmp(dir, tops[i], len) && (!dir[len] || dir[len] == '/'))
			return true;
	}
	return false;
}

/* `program` has no link and no dots in it, so that its place is compared as what it is. */
static void show(struct proposer *p, const char *program, const char *folder)
{
	const char *shown = program;

	if (program_is_of_the_system(program))
		return;
	if (*folder && !holds_repository(p->s, folder) && !is_in_repository(p->s, folder))
		shown = folder;
	if (!string_list_has(&p->binds, shown))
		string_list_add(&p->binds, shown);
}

/* The folder above the one that a program lies in, as of "<prefix>/bin/python3"; "". */
static char *prefix_of(const char *program)
{
	char *prefix = xstrdup(program);

	*strrchr(prefix, '/') = '\0';
	if (strrchr(prefix, '/'))
		*strrchr(prefix, '/') = '\0';
	return prefix;
}

/* True where it is of a virtual environment; then that is shown. */
static bool show_venv(struct proposer *p, const char *program)
{
	CLEANUP_FREE char *venv = prefix_of(program);
	CLEANUP_FREE char *mark = xstrfmt("%s/pyvenv.cfg", venv);
	CLEANUP_FREE char *python = xstrfmt("%s/bin/python", venv);
	CLEANUP_FREE char *real = NULL, *prefix = NULL;

	if (access(mark, F_OK))
		return false;
	show(p, program, venv);
	real = realpath(python, NULL);
	if (real) {
		prefix = prefix_of(real);
		show(p, real, prefix);
	}
	return true;
}

void program_show(struct proposer *p, const char *program)
{
	static const char modules[] = "/node_modules/";
	const char *package = strstr(program, modules);
	CLEANUP_FREE char *folder = xstrdup(program);

	if (package)
		folder[package - program + (ptrdiff_t)strlen(modules) - 1] = '\0';
	else
		*strrchr(folder, '/') = '\0';
	if (package || !show_venv(p, program))
		show(p, program, folder);
}
