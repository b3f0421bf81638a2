#ifndef REPORT_EVIDENCE_H
#define REPORT_EVIDENCE_H

/*
 * The page that comes with a campaign's bundle: what it holds, by what a reviewer asks, and how to
 * check it with git, sha256sum and a shell. Every command on it stands in a <pre class="run">, and a
 * test runs them as they are printed. Self-contained HTML; the same campaign gives the same bytes.
 */

#include "git/evidence.h"

#define EVIDENCE_BUNDLE "evidence.bundle"

int report_evidence(struct ledger *ledger, const struct evidence *evidence, struct strbuf *out,
		    struct error *err);

#endif
