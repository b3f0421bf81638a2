#ifndef SANDBOX_INTERNAL_H
#define SANDBOX_INTERNAL_H

/* What the files of this room share, and no other room sees. */

#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

#include "sandbox/sandbox.h"
#include "sandbox/trial.h"

struct nursery;

struct sandbox {
	int userns;
	int skeleton;	    /* mount namespace */
	char *store;	    /* absolute */
	bool upper_on_disk; /* see upper.h */
	struct nursery *nursery;
	struct string_list in_tmp; /* shown paths below /tmp, which each phase mounts anew */
};

/* Mount points of the skeleton that are gone before a command starts. */
#define INSIDE_BELOW "/.below" /* a mount of its own, which takes the two along */
#define INSIDE_STORE INSIDE_BELOW "/store"
#define INSIDE_DISK INSIDE_BELOW "/disk"
#define INSIDE_METRICS_DIR "/autoresearch/metrics"

/* The id that root's sandboxes have outside: "nobody", who owns nothing. */
#define NOBODY 65534

/* A fork by clone3(2) with namespace flags, into the cgroup of `cgroup` unless it is -1. The
 * child's pid (0 in the child), or -1; a pidfd in `ret_pidfd` where it is not NULL. */
pid_t clone_process(unsigned long long flags, int cgroup, int *ret_pidfd);

/* Enters the sandbox's user namespace and becomes its user 0. */
int enter_user(const struct sandbox *sandbox, struct error *err);

/*
 * The child's side of a phase: never returns. `control` is the socket to the parent (see
 * child.c for what goes over it), on which its order comes (order.h).
 */
struct phase_launch {
	const struct sandbox *sandbox;
	const struct limits *limits;
	const struct cgroup_leaf *leaf;
	const char *upper; /* folder of the store for the overlay's upper; NULL: on the tmpfs */
	int trial_ns;	   /* mount namespace of the trial; -1: make it */
	const struct network_allow *network; /* resolved: what it may reach; NULL: nothing */
	const struct syscall_filter *filter;
	const cpu_set_t *processors; /* NULL: all */
	int control, stdout_fd, stderr_fd;
	pid_t parent;
};
void phase_child(const struct phase_launch *launch) __attribute__((noreturn));

/* Messages from the child, by their type; see base/channel.h. */
enum message {
	MESSAGE_TRIAL = 'T',	/* fds: the trial's mount namespace, its disk */
	MESSAGE_INIT = 'I',	/* fd: the pidfd of the phase's init */
	MESSAGE_ADMITTED = 'A', /* init is in every cgroup: it may have its order */
	MESSAGE_FILTER = 'S',	/* fd: tells of forbidden calls */
	MESSAGE_STARTED = 'R',	/* struct moment: the command begins: the clock starts */
	MESSAGE_ENDED = 'X',	/* struct moment: it is dead, and how */
	MESSAGE_REMOVED = 'O',	/* text: a name that was taken out of OUT */
	MESSAGE_LISTENERS =
		'L',	     /* size_t each: items of the network list; fds: their sockets */
	MESSAGE_ERROR = 'E', /* text: we could not start it */
};

/* When it happened: the parent may have much else to do before it reads of it. */
struct moment {
	struct timespec at; /* CLOCK_MONOTONIC */
	int status;	    /* of waitpid(2), at the end */
};

/* To the child, once: fds: its order, the command's stdin. */
#define MESSAGE_ORDER 'G'

/*
 * Builds the phase's file system in the calling process, pid 1 of its namespaces: first what is the
 * same for all, before there is an order, and then what the order asks for.
 */
int view_prepare(struct error *err);
int view_build(const struct phase_launch *launch, const struct trial_command *command,
	       struct error *err);

/* Makes an empty file or folder, of the kind of `mount`, at `path` to mount it on. */
int make_mount_point(int mount, const char *path, struct error *err);

/* Empties the folder `name` of `dirfd` and removes it, however deep it is. */
int tree_remove(int dirfd, const char *name, struct error *err);

#endif
