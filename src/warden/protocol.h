#ifndef WARDEN_PROTOCOL_H
#define WARDEN_PROTOCOL_H

/*
 * What goes over the socket between the loop and the warden (base/channel.h). The loop asks and
 * the warden answers each question, in order, with one message: ERROR holds a text. Between
 * answers the warden tells of denied acts by itself.
 *
 * A log is a file that the loop gives: struct audit_records, one after the other, go behind
 * what is in it.
 *
 * A mark is one, too: where the loop dies, is stopped, or says nothing for longer than it was given,
 * the trials are killed and a line in the mark says for which of these. GUARD without anything
 * takes it back: then an end is an end.
 */

#include "ebpf/audit.h"

enum warden_message {
	/* questions */
	WARDEN_OPEN = 'O',  /* fd: the cgroup that all leaves lie in. READY */
	WARDEN_ADD = 'A',   /* struct audit_policy; fds: the leaf, its log. ADDED */
	WARDEN_LOOK = 'L',  /* LOOKED: whatever was denied until now has been told */
	WARDEN_END = 'E',   /* uint32_t slot; the leaf is empty. ENDED: the log is complete */
	WARDEN_GUARD = 'G', /* struct warden_patience; fd: the mark; or nothing. GUARDING */
	/* told, and not answered */
	WARDEN_BEAT = 'B', /* the loop is well */
	/* answers */
	WARDEN_READY = 'R', /* struct warden_ready */
	WARDEN_ADDED = 'a', /* uint32_t slot */
	WARDEN_LOOKED = 'l',
	WARDEN_ENDED = 'e', /* struct audit_counts */
	WARDEN_GUARDING = 'g',
	WARDEN_ERROR = 'X',
	/* at any time */
	WARDEN_DENIED = 'D', /* struct audit_record: the first denied act of a trial */
};

#define WARDEN_LOG_MAX (64 << 20) /* bytes of a log; what would come behind is lost */

/* In ms. */
struct warden_patience {
	uint32_t working; /* while there are trials: the loop watches over them */
	uint32_t idle;	  /* while there are none */
};

struct warden_ready {
	uint32_t lsm;	     /* 1: the programs of BPF LSM are attached as well */
	char lsm_error[160]; /* why not */
	char programs[2048]; /* "name:tag", a line each */
};

#endif
