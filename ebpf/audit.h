#ifndef EBPF_AUDIT_H
#define EBPF_AUDIT_H

/*
 * What the programs in the kernel, the warden that loads them, and the loop that reads their
 * records share: values of fixed width, without pointers. All are of one build and one machine,
 * so there is no byte order and no compatibility to keep; what is kept on disk is the JSON that
 * model/audit.h makes of it.
 *
 * An act is something a process of a trial did or tried. It is emitted: as a record over a ring
 * buffer, or, where it is one of very many of its class, as part of an aggregate. An act whose
 * record found no room is lost, and counted. Critical acts have a ring of their own and are never
 * aggregated: every exec, everything that was denied, and on the network, mounts and credentials
 * all but what stays on the trial's own loopback. So for each class
 *
 *     emitted = recorded + aggregated + lost
 *
 * holds in the kernel; the warden in turn counts as lost what it cannot hand over.
 */

#include <linux/types.h>

#define AUDIT_SLOTS 64	  /* trials at a time */
#define AUDIT_BUCKETS 256 /* of leaves; a power of two */
#define AUDIT_BUCKET_SIZE 4
#define AUDIT_CALLS 512 /* numbers of system calls of x86-64; the last: all others */
#define AUDIT_CALLS_OTHER (AUDIT_CALLS - 1)
#define AUDIT_ERRORS 134   /* errno 0 (unused) to 133 */
#define AUDIT_ADDRESSES 32 /* of an allow-list */
#define AUDIT_RESOLVERS 3  /* as many as resolv.conf(5) has */
#define AUDIT_DEVICES 32
#define AUDIT_PATH_MAX 1024  /* bytes of a record's path */
#define AUDIT_NAME_MAX 256   /* bytes of the name behind it */
#define AUDIT_BULK_MAX 8192  /* records of a bulk class, a CPU and trial; more are aggregated */
#define AUDIT_REFUSED_MAX 64 /* the same of quietly refused calls, of which there are many */

enum audit_class {
	AUDIT_EXEC,
	AUDIT_PROCESS, /* fork, exit */
	AUDIT_CALL,    /* a refused system call */
	AUDIT_NETWORK, /* connect, send, bind, listen, socket, packet */
	AUDIT_FILE,    /* opened for writing, or changed, outside the worktree */
	AUDIT_MOUNT,
	AUDIT_CREDENTIALS, /* setuid and its kind, capset, a new user namespace */
	AUDIT_SIGNAL,	   /* to a process outside the trial */
	AUDIT_DEVICE,	   /* a device node that is not passed through */
	AUDIT_OBJECT, /* another process's memory, a BPF object, a file handed in: by LSM alone */
	AUDIT_CLASSES,
};

enum audit_act {
	ACT_EXEC,
	ACT_FORK,
	ACT_EXIT, /* result: the wait status */
	ACT_CALL, /* `call` says which; result: what it returned */
	ACT_CONNECT,
	ACT_SEND, /* a datagram with an address */
	ACT_BIND,
	ACT_LISTEN,
	ACT_SOCKET, /* one of a kind that is refused: `network.family` and `type` */
	ACT_PACKET, /* a packet on its way out, of no process */
	ACT_OPEN,   /* for writing */
	ACT_CREATE, /* a folder, node or link was made */
	ACT_REMOVE,
	ACT_RENAME,
	ACT_ATTRIBUTES, /* mode, owner, size by path */
	ACT_MOUNT,
	ACT_CREDENTIALS,
	ACT_USERNS,
	ACT_KILL,   /* result: the signal */
	ACT_DEVICE, /* `file` holds its numbers */
	ACT_PTRACE,
	ACT_BPF,
	ACTS,
};

enum audit_verdict {
	AUDIT_ALLOWED,
	AUDIT_REFUSED, /* stopped quietly: honest programs try it */
	AUDIT_DENIED,  /* stopped: a violation */
};

/* Flags of a record. */
#define AUDIT_TRUNCATED (1 << 0) /* the path is longer: its beginning is missing */
#define AUDIT_CLAIMED (1 << 1)	 /* the path is what the process said, not what was opened */
#define AUDIT_DELETED (1 << 2)	 /* no name leads to the file any more; so it is with memfds */

/* IPv4 as ::ffff:a.b.c.d, so that there is one kind of address. Port in host order. */
struct audit_address {
	__u8 ip[16];
	__u16 port;
	__u16 reserved[3];
};

/*
 * One act. Behind the fixed part come `path_len` bytes of path and `name_len` bytes of name.
 * The path of a file is in components from the last to the first, each ended by a NUL ("b\0a\0"
 * is /a/b); one that was claimed, and the address of a UNIX socket (an abstract one begins with a
 * NUL), are as they are. The name is what was given to exec: of a script, whose path would be
 * its interpreter's.
 */
struct audit_record {
	__u32 size; /* of all of it, in bytes; in the ring, of what was reserved */
	__u8 class, act, verdict, flags;
	__u32 slot;
	__u32 pid, tid, parent; /* as in the trial's pid namespace; 0: of no process there */
	__u64 time;		/* ns, CLOCK_MONOTONIC */
	__u64 process_start;	/* ns, CLOCK_MONOTONIC */
	__s64 result;		/* 0, or as the act says; negative: errno */
	char comm[16];
	union {
		struct {
			__u16 family;	/* AF_INET, AF_INET6, AF_UNIX, … */
			__u16 type;	/* SOCK_STREAM, … */
			__u16 protocol; /* IPPROTO_…; of a packet, too */
			__u16 reserved;
			struct audit_address address;
		} network;
		struct {
			__u32 number;
			__u32 arch; /* AUDIT_ARCH_X86_64 or _I386; x32 by the number's bit 30 */
			__u64 args[3];
		} call;
		struct {
			__u64 inode;
			__u32 major, minor; /* of the file system; of ACT_DEVICE, of the node */
			__u32 flags;	    /* of open(2); of ACT_DEVICE, S_IFCHR or S_IFBLK */
			__u32 mode;
		} file;
	} on;
	__u16 path_len, name_len;
	__u32 is_critical; /* of which ring it is */
};

/* Of one CPU in the kernel; summed up in what the warden hands over. */
struct audit_counts {
	__u64 emitted[AUDIT_CLASSES];
	__u64 aggregated[AUDIT_CLASSES];
	__u64 lost[AUDIT_CLASSES];
	__u64 lost_critical;   /* of those, acts of which not one may be lost */
	__u64 refused, denied; /* acts; also those aggregated or lost */
	__u64 calls[AUDIT_CALLS];
	__u64 errors[AUDIT_CALLS]; /* those of `calls` that returned one */
	__u64 by_error[AUDIT_ERRORS];
};

/* Which trial a cgroup is the leaf of; `id` 0: none. It lies in bucket id % AUDIT_BUCKETS. */
struct audit_leaf {
	__u64 id;
	__u32 slot;
	__u32 reserved;
};

struct audit_bucket {
	struct audit_leaf leaves[AUDIT_BUCKET_SIZE];
};

struct audit_device {
	__u32 type; /* S_IFCHR or S_IFBLK */
	__u32 major, minor;
};

/* What a trial may reach and what is said of it. */
struct audit_policy {
	__u32 slot;	     /* set by the warden */
	__u32 filters;	     /* seccomp filters of our own processes: the trial's have more */
	__u32 network_open;  /* 1: the host's network, where every address is allowed */
	__u32 network_quiet; /* 1: what is not allowed is refused without a verdict */
	__u32 addresses_nr, resolvers_nr, devices_nr;
	struct audit_address addresses[AUDIT_ADDRESSES]; /* port 0: every port */
	struct audit_address resolvers[AUDIT_RESOLVERS]; /* refused without a verdict */
	struct audit_device devices[AUDIT_DEVICES];	 /* beside null, zero, ttys, … */
	__u8 calls[AUDIT_CALLS];			 /* AUDIT_CALL_… */
};

/* Of a system call in a policy: its errors come from the filter. */
#define AUDIT_CALL_QUIET 1
#define AUDIT_CALL_FORBIDDEN 2

/* A record with a path, as it lies in the ring; handed over, path and name follow each other. */
struct audit_record_path {
	struct audit_record record;
	char path[AUDIT_PATH_MAX];
	char name[AUDIT_NAME_MAX];
};

#endif
