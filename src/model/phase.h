#ifndef MODEL_PHASE_H
#define MODEL_PHASE_H

/*
 * The phases in which code of the user's repository runs. Each has a sandbox of its own
 * shape: what it sees, what it may write, how long it may take.
 */

enum phase {
	PHASE_SETUP,	/* once: what it leaves is the warm snapshot */
	PHASE_RUN,	/* the candidate's own code: untrusted */
	PHASE_CHECK,	/* must exit 0 for the metric to count */
	PHASE_EVALUATE, /* the trusted scorer; alone sees hidden files */
	PHASE_PROPOSE,	/* an external proposer, in a scratch copy */
	PHASE_NR,
};

/* "setup", "run", "check", "evaluate", "propose". */
const char *phase_name(enum phase phase);

/* 0, or -1 where `name` is none of them. */
int phase_parse(const char *name, enum phase *ret);

#endif
