#include "model/offer_metric.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "model/measurement.h"

#define WORD_MAX 32
#define WORDS_MAX 8
#define LINE_READ 1000 /* of a source's line */
#define ALIGNED_MAX 24 /* blanks between a name and its value */

/* The value behind a name, as group 1. */
#define VALUE_PATTERN " *[:=]? *([-+]?[0-9.]+([eE][-+]?[0-9]+)?)"

/* --- Words of a name */

static const struct measure {
	const char *word;
	enum direction direction;
	int rank; /* a program that prints a loss and a time is about the loss */
} measures[] = {
	{ "loss", MINIMIZE, 10 },	 { "nll", MINIMIZE, 10 },
	{ "bpb", MINIMIZE, 10 },	 { "bpc", MINIMIZE, 10 },
	{ "ppl", MINIMIZE, 9 },		 { "perplexity", MINIMIZE, 9 },
	{ "err", MINIMIZE, 8 },		 { "error", MINIMIZE, 8 },
	{ "errors", MINIMIZE, 8 },	 { "mse", MINIMIZE, 9 },
	{ "rmse", MINIMIZE, 9 },	 { "mae", MINIMIZE, 9 },
	{ "mape", MINIMIZE, 9 },	 { "wer", MINIMIZE, 9 },
	{ "cer", MINIMIZE, 9 },		 { "cost", MINIMIZE, 8 },
	{ "regret", MINIMIZE, 8 },	 { "misses", MINIMIZE, 6 },
	{ "latency", MINIMIZE, 6 },	 { "runtime", MINIMIZE, 4 },
	{ "time", MINIMIZE, 4 },	 { "elapsed", MINIMIZE, 4 },
	{ "duration", MINIMIZE, 4 },	 { "seconds", MINIMIZE, 4 },
	{ "secs", MINIMIZE, 4 },	 { "sec", MINIMIZE, 4 },
	{ "ms", MINIMIZE, 4 },		 { "us", MINIMIZE, 4 },
	{ "ns", MINIMIZE, 4 },		 { "cycles", MINIMIZE, 5 },
	{ "instructions", MINIMIZE, 5 }, { "allocs", MINIMIZE, 5 },
	{ "allocations", MINIMIZE, 5 },	 { "size", MINIMIZE, 3 },
	{ "bytes", MINIMIZE, 3 },	 { "kb", MINIMIZE, 2 },
	{ "mb", MINIMIZE, 2 },		 { "memory", MINIMIZE, 2 },
	{ "rss", MINIMIZE, 2 },		 { "acc", MAXIMIZE, 9 },
	{ "accuracy", MAXIMIZE, 9 },	 { "score", MAXIMIZE, 9 },
	{ "f1", MAXIMIZE, 9 },		 { "auc", MAXIMIZE, 9 },
	{ "auroc", MAXIMIZE, 9 },	 { "r2", MAXIMIZE, 9 },
	{ "precision", MAXIMIZE, 7 },	 { "recall", MAXIMIZE, 7 },
	{ "ndcg", MAXIMIZE, 9 },	 { "mrr", MAXIMIZE, 9 },
	{ "bleu", MAXIMIZE, 9 },	 { "rouge", MAXIMIZE, 9 },
	{ "psnr", MAXIMIZE, 9 },	 { "ssim", MAXIMIZE, 9 },
	{ "iou", MAXIMIZE, 9 },		 { "dice", MAXIMIZE, 9 },
	{ "reward", MAXIMIZE, 9 },	 { "elo", MAXIMIZE, 9 },
	{ "wins", MAXIMIZE, 8 },	 { "solved", MAXIMIZE, 8 },
	{ "passed", MAXIMIZE, 6 },	 { "pass", MAXIMIZE, 6 },
	{ "hits", MAXIMIZE, 6 },	 { "speedup", MAXIMIZE, 8 },
	{ "throughput", MAXIMIZE, 7 },	 { "ops", MAXIMIZE, 6 },
	{ "qps", MAXIMIZE, 7 },		 { "rps", MAXIMIZE, 7 },
	{ "fps", MAXIMIZE, 7 },		 { "flops", MAXIMIZE, 6 },
	{ "gflops", MAXIMIZE, 6 },	 { "mfu", MAXIMIZE, 5 },
};

static const char *const seconds_words[] = { "sec", "s", "second", "ms", "us", "ns", "minute" };

struct words {
	char items[WORDS_MAX][WORD_MAX];
	size_t nr;
};

/* "valLoss", "val_loss", "val/loss": all are val and loss. */
static void split(const char *name, struct words *ret)
{
	size_t len = 0;

	ret->nr = 0;
	for (const char *p = name; *p && ret->nr < WORDS_MAX; p++) {
		bool begins = p > name && isupper((unsigned char)p[0]) &&
			      islower((unsigned char)p[-1]);

		if ((begins || !isalnum((unsigned char)*p)) && len) {
			ret->items[ret->nr++][len] = '\0';
			len = 0;
			if (ret->nr == WORDS_MAX)
				return;
		}
		if (isalnum((unsigned char)*p) && len < WORD_MAX - 1)
			ret->items[ret->nr][len++] = (char)tolower((unsigned char)*p);
	}
	if (len)
		ret->items[ret->nr++][len] = '\0';
}

static bool is_one_of(const char *word, const char *const *list, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (!strcmp(word, list[i]))
			return true;
	return false;
}

#define IS_ONE_OF(word, list) is_one_of(word, list, ARRAY_SIZE(list))

/* What a name measures: its last word that is known, since a loss_time is a time. */
static const struct measure *measure_of(const struct words *words)
{
	for (size_t i = words->nr; i-- > 0;)
		for (size_t k = 0; k < ARRAY_SIZE(measures); k++)
			if (!strcmp(words->items[i], measures[k].word))
				return &measures[k];
	return NULL;
}

static bool is_per_second(const struct words *words)
{
	for (size_t i = 1; i + 1 < words->nr; i++)
		if (!strcmp(words->items[i], "per") &&
		    IS_ONE_OF(words->items[i + 1], seconds_words))
			return true;
	return false;
}

bool direction_of_name(const char *name, enum direction *ret, const char **ret_word)
{
	const struct measure *measure;
	struct words words;

	split(name, &words);
	measure = measure_of(&words);
	if (is_per_second(&words)) {
		*ret = MAXIMIZE;
		if (ret_word)
			*ret_word = "per second";
		return true;
	}
	if (!measure)
		return false;
	*ret = measure->direction;
	if (ret_word)
		*ret_word = measure->word;
	return true;
}

/* Held out data say more than that of the training. */
static int rank_of(const char *name)
{
	static const char *const better[] = { "val",  "valid", "validation", "test",
					      "eval", "dev",   "heldout",    "holdout" };
	const struct measure *measure;
	struct words words;
	int rank;

	split(name, &words);
	measure = measure_of(&words);
	if (!measure && !is_per_second(&words))
		return 0;
	rank = measure ? measure->rank : 6;
	/* "error: %s" is a message. */
	if (measure && words.nr == 1 && !strncmp(measure->word, "err", 3))
		return 0;
	for (size_t i = 0; i < words.nr; i++) {
		if (!strcmp(words.items[i], "train") || !strcmp(words.items[i], "training"))
			rank -= 20;
		else if (IS_ONE_OF(words.items[i], better))
			rank += 20;
	}
	return rank;
}

/* --- Lines of a source */

static bool is_name_char(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '/' || c == '.';
}

static bool is_quote(char c)
{
	return c == '"' || c == '\'' || c == '`';
}

/* Whether text that is printed has a place for a value here: "{x}", "%g", "$x", or its end
 * with more to print behind. */
static bool is_value(const char *p)
{
	if (*p == '{' || *p == '$' || (*p == '#' && p[1] == '{'))
		return true;
	if (*p == '%')
		return p[1] && strchr("0123456789.+-*aefgduilsvh", p[1]);
	if (!is_quote(*p))
		return false;
	for (p++; *p == ' '; p++)
		;
	return *p == ',' || *p == '+' || *p == '.' || *p == '<' || *p == '$' || *p == '%';
}

static bool prints(const char *line)
{
	static const char *const ways[] = { "print", "echo", "puts", "write", "log",
					    "<<",    "fmt.", "say ", "cat(",  "METRIC " };

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++)
		if (strstr(line, ways[i]))
			return true;
	return false;
}

/* A word before the name that belongs to it: "val loss". Its begin, or `name`. */
static const char *with_kind(const char *line, const char *name)
{
	static const char *const kinds[] = { "train", "training", "val",  "valid", "validation",
					     "test",  "eval",	  "dev",  "best",  "final",
					     "mean",  "median",	  "total" };
	const char *end = name, *p;
	char word[WORD_MAX];
	size_t len;

	if (end == line || end[-1] != ' ')
		return name;
	for (p = end - 1; p > line && isalpha((unsigned char)p[-1]); p--)
		;
	len = (size_t)(end - 1 - p);
	if (!len || len >= WORD_MAX)
		return name;
	for (size_t i = 0; i < len; i++)
		word[i] = (char)tolower((unsigned char)p[i]);
	word[len] = '\0';
	return IS_ONE_OF(word, kinds) ? p : name;
}

/* Whether a printed line begins here: at the begin of a text, or behind an escaped newline. A
 * logger puts something before it. */
static bool begins_line(const char *line, const char *p)
{
	const char *log = strstr(line, "log");

	if (log && log < p && !strstr(line, "console.log"))
		return false;
	if (p > line && is_quote(p[-1]))
		return true;
	if (p > line + 1 && p[-2] == '\\' && p[-1] == 'n')
		return true;
	return p - line >= 5 && !strncmp(p - 5, "echo ", 5);
}

/* "name: value" is read as it is; all else takes a pattern. */
static void note_pattern(const char *line, const char *begin, const char *end,
			 struct printed *ret)
{
	bool plain = begins_line(line, begin) && !memchr(begin, ' ', (size_t)(end - begin)) &&
		     end[0] == ':' &&
		     (end[1] == ' ' || (is_quote(end[1]) && strchr(end + 1, ',')));
	size_t n = 0;

	ret->pattern[0] = '\0';
	if (plain)
		return;
	/* "loss" is in "train_loss" as well. */
	if (begin > line && begin[-1] == ' ' && !begins_line(line, begin))
		begin--;
	for (const char *p = begin; p < end && n < 100; p++) {
		if (*p == '.')
			ret->pattern[n++] = '\\';
		ret->pattern[n++] = *p;
	}
	snprintf(ret->pattern + n, sizeof(ret->pattern) - n, "%s", VALUE_PATTERN);
}

/* The name that begins at `p`, where a number of a known kind is printed by it. */
static bool look_at_text(const char *line, const char *p, const char *wanted,
			 struct printed *ret)
{
	const char *begin = with_kind(line, p), *end = p, *q;
	size_t len;

	while (is_name_char(*end))
		end++;
	len = (size_t)(end - begin);
	if (len >= sizeof(ret->name))
		return false;
	for (size_t i = 0; i < len; i++)
		ret->name[i] = begin[i] == ' ' ? '_' : begin[i];
	ret->name[len] = '\0';
	q = end + strspn(end, " :=");
	if (q - end > ALIGNED_MAX || !is_value(q) || !metric_name_is_valid(ret->name))
		return false;
	if (wanted && strcmp(wanted, ret->name))
		return false;
	ret->rank = rank_of(ret->name);
	if (!wanted && !ret->rank)
		return false;
	note_pattern(line, begin, end, ret);
	return true;
}

/* "METRIC name=" leaves nothing to guess, unless the name is itself a place for one. */
static bool look_at_metric(const char *p, const char *wanted, struct printed *ret)
{
	size_t len = 0;

	while (is_name_char(p[len]))
		len++;
	if (!len || len >= sizeof(ret->name) || p[len] != '=')
		return false;
	memcpy(ret->name, p, len);
	ret->name[len] = '\0';
	/* Whoever explains it writes "METRIC name=value". */
	if (!strcmp(ret->name, "name") || !metric_name_is_valid(ret->name) ||
	    (wanted && strcmp(wanted, ret->name)))
		return false;
	ret->pattern[0] = '\0';
	ret->rank = 100 + rank_of(ret->name);
	return true;
}

static bool is_comment(const char *line)
{
	line += strspn(line, " \t@");
	return *line == '#' || starts_with(line, "//") || starts_with(line, "--") ||
	       starts_with(line, "* ");
}

/* The best of a line; of equals the last, since the final number is printed last. */
static void look_at_line(const char *line, int number, const char *wanted, struct printed *best)
{
	struct printed found = { .line = number };

	if (!prints(line) || is_comment(line))
		return;
	for (const char *p = line; *p; p++) {
		bool hit;

		if (!isalpha((unsigned char)*p) ||
		    (p > line && is_name_char(p[-1]) && !begins_line(line, p)))
			continue;
		hit = starts_with(p, "METRIC ") ? look_at_metric(p + 7, wanted, &found)
						: look_at_text(line, p, wanted, &found);
		if (hit && found.rank >= best->rank)
			*best = found;
	}
}

bool printed_find(const char *text, size_t len, const char *name, struct printed *ret)
{
	struct printed best = { .rank = -1000 };
	const char *end = text + len;
	char line[LINE_READ];
	int number = 0;

	for (const char *p = text; p < end;) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		size_t all = (size_t)((newline ? newline : end) - p);
		size_t size = all < LINE_READ - 1 ? all : LINE_READ - 1;

		memcpy(line, p, size);
		line[size] = '\0';
		look_at_line(line, ++number, name, &best);
		p += all + 1;
	}
	if (best.rank == -1000)
		return false;
	*ret = best;
	return true;
}
