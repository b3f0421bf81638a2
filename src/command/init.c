#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command/options.h"
#include "model/campaign.h"

static const char program_text[] =
	"# What this search is for\n"
	"\n"
	"Say here, in prose, what whoever proposes should know: what the metric means, what was\n"
	"tried before, what must not change. A model or an agent reads it before every proposal.\n";

struct arguments {
	const char *metric, *direction, *run;
	struct string_list editable;
};

static void arguments_release(struct arguments *a)
{
	string_list_release(&a->editable);
}

static int parse(int argc, char **argv, struct arguments *a)
{
	static const struct option longs[] = {
		{ "metric", required_argument, NULL, 'm' },
		{ "direction", required_argument, NULL, 'd' },
		{ "run", required_argument, NULL, 'r' },
		{ "editable", required_argument, NULL, 'e' },
		{ 0 },
	};
	int c;

	while ((c = next_option(argc, argv, ":h", longs)) != -1) {
		if (c == 'm')
			a->metric = optarg;
		else if (c == 'd')
			a->direction = optarg;
		else if (c == 'r')
			a->run = optarg;
		else if (c == 'e')
			string_list_add(&a->editable, optarg);
		else
			return usage(argc, argv);
	}
	return optind < argc ? usage(argc, argv) : 0;
}

/* A value as git's syntax takes it back whatever is in it. */
static void add_value(struct strbuf *out, const char *key, const char *value)
{
	strbuf_addf(out, "\t%s = \"", key);
	for (; *value; value++) {
		if (*value == '\n')
			strbuf_addstr(out, "\\n");
		else if (*value == '\t')
			strbuf_addstr(out, "\\t");
		else {
			if (*value == '"' || *value == '\\')
				strbuf_addch(out, '\\');
			strbuf_addch(out, *value);
		}
	}
	strbuf_addstr(out, "\"\n");
}

/* What was not given is there as a line to fill in; the parser says which until then. */
static void compose(const struct arguments *a, struct strbuf *out)
{
	strbuf_addstr(out, "; See git-autoresearch-config(5) for every key.\n[campaign]\n");
	if (a->metric)
		add_value(out, "metric", a->metric);
	else
		strbuf_addstr(out, "\t; metric = val_loss\n");
	if (a->direction)
		add_value(out, "direction", a->direction);
	else
		strbuf_addstr(out, "\t; direction = minimize\n");
	for (size_t i = 0; i < a->editable.nr; i++)
		add_value(out, "editable", a->editable.items[i]);
	if (!a->editable.nr)
		strbuf_addstr(out, "\t; editable = train.py\n");
	strbuf_addstr(out, "[run]\n");
	if (a->run)
		add_value(out, "command", a->run);
	else
		strbuf_addstr(out, "\t; command = python3 train.py\n");
	strbuf_addstr(out, "\ttimeout = 5m\n"
			   "; [evaluate]\n"
			   ";\tcommand = python3 score.py\n"
			   "[limits]\n"
			   "\tmemory = 4G\n"
			   "\tpids = 256\n"
			   "\tdisk = 2G\n"
			   "\toutput = 10M\n"
			   "[budget]\n"
			   "\texperiments = 100\n");
}

/* Where everything was given, what is written must also be read. */
static int check(const struct arguments *a, const struct strbuf *text, struct error *err)
{
	CLEANUP_CAMPAIGN_CONFIG struct campaign_config config = { 0 };
	CLEANUP_STRING_LIST struct string_list warnings = STRING_LIST_INIT;

	if (!a->metric || !a->direction || !a->run || !a->editable.nr)
		return 0;
	if (campaign_config_parse(CONFIG_PATH, text->buf, text->len, &config, &warnings, err))
		return error_status(err, EXIT_USAGE);
	return 0;
}

static int exists_already(const char *path, struct error *err)
{
	error_set(err, "'%s' exists already", path);
	return error_hint(err, "edit it, or remove it first");
}

static int write_file(int dir, const char *name, const char *path, const char *text, size_t len,
		      struct error *err)
{
	CLEANUP_CLOSE int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);

	if (fd < 0 && errno == EEXIST)
		return exists_already(path, err);
	if (fd < 0 || write(fd, text, len) != (ssize_t)len)
		return error_errno(err, "cannot write '%s'", path);
	return 0;
}

/* The repository may be a stranger's: a link in the folder's place is not followed. */
static int open_folder(const char *top, struct error *err)
{
	CLEANUP_FREE char *dir = xstrfmt("%s/.autoresearch", top);
	int fd;

	if (mkdir(dir, 0777) && errno != EEXIST)
		return error_errno(err, "cannot make '%s'", dir);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return error_errno(err, "cannot open the folder '%s'", dir);
	return fd;
}

static int write_both(const char *top, const struct strbuf *config, struct error *err)
{
	CLEANUP_CLOSE int dir = open_folder(top, err);
	struct stat st;

	if (dir < 0)
		return -1;
	if (!fstatat(dir, "program.md", &st, AT_SYMLINK_NOFOLLOW))
		return exists_already(PROGRAM_PATH, err);
	if (write_file(dir, "config", CONFIG_PATH, config->buf, config->len, err))
		return -1;
	if (write_file(dir, "program.md", PROGRAM_PATH, program_text, strlen(program_text),
		       err)) {
		unlinkat(dir, "config", 0);
		return -1;
	}
	printf("wrote %s and %s\n", CONFIG_PATH, PROGRAM_PATH);
	return 0;
}

int cmd_init(int argc, char **argv, struct error *err)
{
	CLEANUP_REPO struct repo *repo = NULL;
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	CLEANUP(arguments_release) struct arguments a = { 0 };
	CLEANUP_FREE char *top = NULL;
	int ret = parse(argc, argv, &a);

	if (ret)
		return ret;
	if (repo_open(&repo, err))
		return -1;
	if (!repo_workdir(repo)) {
		error_set(err, "a bare repository has no working tree to write to");
		return error_hint(err, "run it in a clone, commit and push");
	}
	top = xstrdup(repo_workdir(repo));
	while (strlen(top) > 1 && ends_with(top, "/"))
		top[strlen(top) - 1] = '\0';
	compose(&a, &text);
	ret = check(&a, &text, err) || write_both(top, &text, err) ? -1 : 0;
	if (!ret)
		printf("next: edit them, commit them, and run 'git autoresearch start --smoke'\n");
	return ret;
}
