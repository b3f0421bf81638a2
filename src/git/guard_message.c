#include <string.h>
#include <strings.h>

#include "base/number.h"
#include "base/process.h"
#include "git/guard.h"
#include "git/internal.h"
#include "model/trailer.h"

#define DIGEST "sha256:"
#define TRAILERS_MAX (16 << 20)

/* The keys that are ours. Whoever claims anything by one of the first three has to have all of
 * these; the others are other people's words as well, where they stand alone. */
#define CLAIMS 3
static const char *const keys[] = {
	"Experiment", "Verdict",    "Record",	   "Reason",	 "Metric",	"Baseline",
	"Trials",     "Confidence", "Duration",	   "Cpu-Time",	 "Memory-Peak", "Metric-Source",
	"Audit",      "Policy",	    "Proposed-by", "Decided-by", "Tokens",
};

static const char *value_of(const char *line, const char *key)
{
	size_t len = strlen(key);

	return !strncasecmp(line, key, len) && starts_with(line + len, ": ") ? line + len + 2
									     : NULL;
}

static bool has_key(const char *line, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (value_of(line, keys[i]))
			return true;
	return false;
}

/* The trailers as git reads them in a commit, where no line of dashes ends the message. */
static int read_trailers(const char *file, struct string_list *ret, struct error *err)
{
	const char *argv[] = {
		"git", "interpret-trailers", "--no-divider", "--parse", "--", file, NULL
	};
	CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;
	char *line, *end;

	if (process_run(argv, &out, TRAILERS_MAX, err))
		return -1;
	for (line = out.buf; *line; line = end) {
		end = strchrnul(line, '\n');
		if (*end)
			*end++ = '\0';
		string_list_add(ret, line);
	}
	return 0;
}

static int refuse(struct error *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static int refuse(struct error *err, const char *fmt, ...)
{
	CLEANUP_STRBUF struct strbuf why = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&why, fmt, ap);
	va_end(ap);
	error_set(err, "%s", why.buf);
	error_hint(err, "leave our trailers out: a record vouches for what they say, and only "
			"git autoresearch writes one");
	return 1;
}

/* The three claims among `nr` trailers, once each: 0; 1 with the reason. */
static int read_claims(char *const *trailers, size_t nr, const char *ret[CLAIMS],
		       struct error *err)
{
	for (size_t i = 0; i < nr; i++)
		for (size_t k = 0; k < CLAIMS; k++) {
			const char *value = value_of(trailers[i], keys[k]);

			if (value && ret[k])
				return refuse(err, "the trailer '%s:' is there twice", keys[k]);
			if (value)
				ret[k] = value;
		}
	for (size_t k = 0; k < CLAIMS; k++)
		if (!ret[k])
			return refuse(err,
				      "the message has trailers of an experiment, but no '%s:'",
				      keys[k]);
	return 0;
}

/* "<campaign>/<n>" and "sha256:<64 hex digits>". The caller owns the campaign's name. */
static int parse_claims(const char *const claims[CLAIMS], char **ret_campaign, int64_t *ret_n,
			struct error *err)
{
	const char *slash = strrchr(claims[0], '/');

	if (!slash || slash == claims[0] || number_parse_count(slash + 1, ret_n))
		return refuse(err, "'Experiment: %s' is not <campaign>/<n>", claims[0]);
	if (!starts_with(claims[2], DIGEST) || strlen(claims[2]) != strlen(DIGEST) + 64)
		return refuse(err, "'Record: %s' is no digest of a record", claims[2]);
	*ret_campaign = xstrndup(claims[0], (size_t)(slash - claims[0]));
	return 0;
}

/* Whether `text` has this line. */
static bool has_line(const char *text, const char *line)
{
	size_t len = strlen(line);

	for (const char *p = text; (p = strstr(p, line)); p++)
		if ((p == text || p[-1] == '\n') && (!p[len] || p[len] == '\n'))
			return true;
	return false;
}

/* The record that vouches for these claims. 0; 1 with the reason; -1. */
static int find_record(struct repo *repo, const char *const claims[CLAIMS], struct entry *ret,
		       struct error *err)
{
	CLEANUP_LEDGER struct ledger ledger = { 0 };
	CLEANUP_FREE char *campaign = NULL;
	int64_t n = -1;
	int r = parse_claims(claims, &campaign, &n, err);

	if (r)
		return r;
	if (ledger_open(&ledger, repo, campaign, err))
		return 1;
	if (!*ledger.tip) {
		error_set(err, "there is no ledger of a campaign '%s' here", campaign);
		error_hint(err, "fetch it: see git-autoresearch-sharing(7)");
		return 1;
	}
	r = ledger_find_digest(&ledger, n, claims[2] + strlen(DIGEST), ret, err);
	if (r == 1)
		return refuse(err,
			      "no record says what the trailer 'Experiment: %s' and those "
			      "with it claim",
			      claims[0]);
	return r;
}

/* Each trailer of ours is one of the record's own. */
static int hold_against(const struct entry *entry, char *const *trailers, size_t nr,
			struct error *err)
{
	const struct record *record = &entry->record;
	CLEANUP_STRBUF struct strbuf message = STRBUF_INIT;

	if (!record_is_on_branch(record))
		return refuse(err, "that experiment was %s, so no commit carries its trailers",
			      verdict_name(record->verdict.kind));
	message_accepted(record, entry->digest, &message);
	for (size_t i = 0; i < nr; i++)
		if (has_key(trailers[i], ARRAY_SIZE(keys)) &&
		    !has_line(message.buf, trailers[i]))
			return refuse(err, "its record does not say '%s'", trailers[i]);
	return 0;
}

/* The trailers of one experiment. */
static int check_experiment(struct repo *repo, char *const *trailers, size_t nr,
			    struct error *err)
{
	CLEANUP_ENTRY struct entry entry = { 0 };
	const char *claims[CLAIMS] = { NULL };
	bool any = false;
	int r;

	for (size_t i = 0; i < nr; i++)
		any |= has_key(trailers[i], CLAIMS);
	if (!any)
		return 0;
	r = read_claims(trailers, nr, claims, err);
	if (!r)
		r = find_record(repo, claims, &entry, err);
	return r ? r : hold_against(&entry, trailers, nr, err);
}

/* A promotion that was squashed has the trailers of one experiment behind those of another. */
int guard_message(struct repo *repo, const char *file, struct error *err)
{
	CLEANUP_STRING_LIST struct string_list trailers = STRING_LIST_INIT;
	size_t first = 0;
	int r = read_trailers(file, &trailers, err);

	for (size_t i = 1; !r && i <= trailers.nr; i++)
		if (i == trailers.nr || value_of(trailers.items[i], keys[0])) {
			r = check_experiment(repo, trailers.items + first, i - first, err);
			first = i;
		}
	return r;
}
