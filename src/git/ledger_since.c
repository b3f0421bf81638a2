#include <string.h>

#include "git/internal.h"

/* What a record's commit is titled with tells its type without reading it. */
static bool is_numbered(const git_commit *commit)
{
	const char *title = git_commit_message_raw(commit);

	return starts_with(title, "experiment ") || starts_with(title, "baseline");
}

int ledger_since(struct ledger *ledger, const char *oid, entry_fn fn, void *data,
		 struct error *err)
{
	char at[OID_HEX_SIZE];

	memcpy(at, ledger->tip, sizeof(at));
	while (strcmp(at, oid)) {
		CLEANUP_GIT(git_commit) git_commit *commit = NULL;
		CLEANUP_ENTRY struct entry entry = { 0 };
		int r;

		if (lookup_commit(ledger->repo, at, &commit, err))
			return -1;
		if (!is_numbered(commit)) {
			if (ledger_read(ledger, at, &entry, err))
				return -1;
			r = fn(&entry, data, err);
			if (r)
				return r;
		}
		if (git_commit_parentcount(commit) < 2)
			break;
		oid_to_hex(git_commit_parent_id(commit, 0), at);
	}
	return 0;
}
