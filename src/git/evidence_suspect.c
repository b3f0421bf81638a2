#include <string.h>

#include "git/evidence.h"
#include "git/internal.h"
#include "git/tree.h"

#define FILE_MAX (256 << 20)

struct suspicion {
	struct ledger *ledger;
	const struct secrets *secrets;
	struct evidence *ret;
	const char *of;		  /* "experiment 3", or a commit */
	bool project;		  /* of a commit: heuristics for our own files alone */
	char first[OID_HEX_SIZE]; /* the commit of the oldest record so far */
};

static bool is_full(const struct suspicion *s)
{
	return s->ret->suspects.nr == SUSPECTS_MAX;
}

/* A source may hold what looks like a secret, and is public all the same; not the very value that
 * the user's environment keeps as one. */
static bool holds_value(const struct secrets *secrets, const struct strbuf *text)
{
	for (size_t i = 0; i < secrets->values.nr; i++)
		if (memmem(text->buf, text->len, secrets->values.items[i],
			   strlen(secrets->values.items[i])))
			return true;
	return false;
}

static int look_at_file(const char *path, unsigned mode, const char *oid, void *data,
			struct error *err)
{
	struct suspicion *s = data;
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT, masked = STRBUF_INIT;
	CLEANUP_FREE char *name = NULL;
	bool found;
	git_oid blob;

	if (mode == GIT_FILEMODE_COMMIT || is_full(s))
		return 0;
	if (oid_from_hex(&blob, oid, err) ||
	    read_blob(s->ledger->repo, &blob, FILE_MAX, &text, err))
		return -1;
	if (s->project && !starts_with(path, ".autoresearch/"))
		found = holds_value(s->secrets, &text);
	else
		found = secrets_mask(s->secrets, SECRET_CODE, text.buf, text.len, &masked) > 0;
	if (!found)
		return 0;
	name = xstrfmt("'%s' of %s", path, s->of);
	string_list_add(&s->ret->suspects, name);
	return 0;
}

static int look_at_record(const struct entry *entry, void *data, struct error *err)
{
	struct suspicion *s = data;
	const struct record *r = &entry->record;
	CLEANUP_FREE char *of = NULL;

	if (r->type == RECORD_EXPERIMENT)
		of = xstrfmt("experiment %lld", (long long)r->experiment);
	else
		of = xstrfmt("the %s %.12s", record_type_name(r->type), entry->oid);
	s->of = of;
	memcpy(s->first, entry->commit, OID_HEX_SIZE);
	if (tree_each_file(s->ledger->repo, entry->oid, look_at_file, s, err) < 0)
		return -1;
	return is_full(s);
}

static int look_at_commit(struct suspicion *s, const char *commit, struct error *err)
{
	CLEANUP_FREE char *of = xstrfmt("commit %.12s", commit);

	s->of = of;
	return tree_each_file(s->ledger->repo, commit, look_at_file, s, err) < 0 ? -1 : 0;
}

int evidence_suspect(struct ledger *ledger, const struct secrets *secrets, struct evidence *ret,
		     struct error *err)
{
	struct suspicion s = { .ledger = ledger, .secrets = secrets, .ret = ret };

	if (ledger_walk(ledger, look_at_record, &s, err) < 0)
		return -1;
	s.project = true;
	if (look_at_commit(&s, s.first, err))
		return -1;
	if (*ledger->branch && strcmp(ledger->branch, s.first))
		return look_at_commit(&s, ledger->branch, err);
	return 0;
}
