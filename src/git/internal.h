#ifndef GIT_INTERNAL_H
#define GIT_INTERNAL_H

/*
 * What the files of this room share: libgit2's types with cleanup attributes, ids as bytes
 * and as hex, and a few services that are nobody else's business. No other room includes
 * this header, nor git2.h.
 */

#include <git2.h>

#include "git/guard.h"
#include "git/ledger.h"
#include "git/repo.h"

#define NOTES_REF "refs/notes/autoresearch"
#define RECORD_FILE "record.json"

struct repo {
	git_repository *git; /* opened on the common directory: all refs are there */
	git_odb *odb;
	struct newest *newest;	      /* the odb's */
	git_refdb *refs, *hasty_refs; /* the first syncs each that it writes */
	char *git_dir;	  /* of the worktree that we were started in; no slash at the end */
	char *common_dir; /* with one */
	char *workdir;	  /* NULL in a bare repository */
	char *user_name, *user_email; /* asked of git at the first commit */
	bool unsynced;		      /* objects were written since the last objects_sync() */
	bool held;		      /* by objects_hold() */
	int keepers;		      /* for whom it stays so */
	struct ref_update *supposed;  /* by repo_suppose() */
	size_t supposed_nr;
	unsigned recorded; /* how often repo_maintain() was called */
	unsigned passed;   /* how often objects_pass() was */
};

#define DEFINE_GIT_CLEANUP(type)                       \
	static inline void cleanup_##type##_(type **p) \
	{                                              \
		type##_free(*p);                       \
	}

DEFINE_GIT_CLEANUP(git_commit)
DEFINE_GIT_CLEANUP(git_config)
DEFINE_GIT_CLEANUP(git_diff)
DEFINE_GIT_CLEANUP(git_index)
DEFINE_GIT_CLEANUP(git_object)
DEFINE_GIT_CLEANUP(git_odb_object)
DEFINE_GIT_CLEANUP(git_reference)
DEFINE_GIT_CLEANUP(git_reference_iterator)
DEFINE_GIT_CLEANUP(git_repository)
DEFINE_GIT_CLEANUP(git_signature)
DEFINE_GIT_CLEANUP(git_transaction)
DEFINE_GIT_CLEANUP(git_tree)
DEFINE_GIT_CLEANUP(git_tree_entry)
DEFINE_GIT_CLEANUP(git_treebuilder)

/* A local of one of these types: CLEANUP_GIT(git_tree) git_tree *tree = NULL; */
#define CLEANUP_GIT(type) CLEANUP(cleanup_##type##_)

/* Before anything else is asked of it, as often as one likes; and as often when all is over. */
int start_libgit2(struct error *err);
void end_libgit2(void);

/* How much of all packs together it maps, in bytes: a small window here and there. */
void use_windows(size_t all);

/* As error_set(), with ": " and libgit2's last message behind it. Returns -1. */
int error_git(struct error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Leaves of the error of a git that we ran what git said. Returns -1. */
int error_of_git(struct error *err);

/* Ids between hex and bytes. Only 40 hex digits are an id. */
int oid_from_hex(git_oid *ret, const char *hex, struct error *err);
static inline void oid_to_hex(const git_oid *oid, char ret[OID_HEX_SIZE])
{
	git_oid_tostr(ret, OID_HEX_SIZE, oid);
}

/* The objects that hex ids name; the tree of a commit where a tree is asked for. */
int lookup_commit(struct repo *repo, const char *hex, git_commit **ret, struct error *err);
int lookup_tree(struct repo *repo, const char *hex, git_tree **ret, struct error *err);

/* Appends a blob's bytes, at most `cap`: -1 where it is larger. */
int read_blob(struct repo *repo, const git_oid *oid, size_t cap, struct strbuf *ret,
	      struct error *err);
int write_blob(struct repo *repo, const void *data, size_t len, git_oid *ret,
	       struct error *err);

/*
 * As git_odb_write() and git_treebuilder_write(), negative on error. `git repack -d` and its kin
 * remove each folder of loose objects that they have emptied, maybe at the moment at which one is
 * put there: what failed for want of a folder (failed_for_folder()) is tried again.
 */
int write_object(struct repo *repo, const void *data, size_t len, git_object_t type,
		 git_oid *ret);
int write_tree(struct repo *repo, git_treebuilder *bld, git_oid *ret);
bool failed_for_folder(void);

/* The same for what need not be in memory: a file from its beginning to its end, and a blob
 * block by block. A result of `fn` other than 0 ends it and is returned. */
int write_blob_file(struct repo *repo, FILE *file, git_oid *ret, struct error *err);
int read_blob_blocks(struct repo *repo, const git_oid *oid, block_fn fn, void *data,
		     struct error *err);

/*
 * Compare-and-swap: moves the ref `name` from `from` ("": it must not exist) to `to`. 0; 1
 * where it did not point to `from`; -1. A lock that another git holds is waited for a while.
 */
int ref_swap(struct repo *repo, const char *name, const char *from, const char *to,
	     const char *log, struct error *err);

/*
 * Takes git's lock of a ref, so that nobody moves it until ref_move_held() has, or the
 * transaction is freed.
 */
int ref_hold(struct repo *repo, const char *name, git_transaction **ret, struct error *err);
int ref_move_held(struct repo *repo, git_transaction *hold, const char *name, const char *to,
		  const char *log, struct error *err);

/*
 * The same as ref_swap() without waiting for the disk, for a ref that is made anew from others: a
 * power failure may take the move back, or leave an empty file, which ref_drop_torn() removes, so
 * that the ref is what it was when git packed it.
 */
int ref_swap_hastily(struct repo *repo, const char *name, const char *from, const char *to,
		     const char *log, struct error *err);
void ref_drop_torn(struct repo *repo, const char *name);

/* Removes the lock of a ref that a killed process left. Younger ones are waited for. */
void ref_unlock_stale(struct repo *repo, const char *name);

/*
 * How two trees differ, in git's order, without looking into subtrees that are the same.
 * Either may be NULL. A side that has no such file has mode 0 and a NULL id. `path` is
 * borrowed for the call. Stops at the first result other than 0, and returns it.
 */
struct tree_change {
	const char *path;
	unsigned old_mode, new_mode;
	const git_oid *old_oid, *new_oid;
};
typedef int (*tree_change_fn)(const struct tree_change *change, void *data, struct error *err);
int tree_diff(struct repo *repo, git_tree *old_tree, git_tree *new_tree, tree_change_fn fn,
	      void *data, struct error *err);

/*
 * Makes all objects that were written durable. It is done before a ref names them, and for
 * all at once: an fsync for each of the dozen objects of an experiment costs ten times more.
 */
int objects_sync(struct repo *repo, struct error *err);

/*
 * To be called for each record, or note, by those who go through all of them. Of every pack libgit2
 * keeps the bases of its deltas, up to 16 MB, and its index, for as long as it has the pack open;
 * nor does it give up the windows of another one for the one that is read now. So every now and
 * then all packs are closed, and those opened again that are looked into, by larger windows from
 * then on. Objects that the caller holds stay as they are.
 */
int objects_pass(struct repo *repo, struct error *err);

/*
 * libgit2 looks for an object in every pack before it does among the loose ones, where those are that
 * were written last: the pages of five indexes, of a hundred thousand records, for each object of a
 * record. From newest_first() on it begins with the loose ones, until one is not there: what is older
 * was packed, too. newest_open() comes after the odb was opened; negative, with libgit2's error.
 */
int newest_open(struct repo *repo);
void newest_first(struct repo *repo);

/*
 * Objects that were written and that no ref names yet are what `git gc --prune=now` looks for: in
 * the middle of an experiment it would take them away, and leave a ref that leads nowhere. So
 * nobody collects from the first of them, which calls this, until the last is named by a ref or by
 * a slot's HEAD, some milliseconds later, or tens of them where records of short trials are
 * published together. A collection that goes on is waited for; one that begins says that another
 * is running, and if it began by itself, that is all. (`git prune` alone asks nobody.) Where the
 * lock cannot be had, all else goes on without it.
 */
void objects_hold(struct repo *repo);
void objects_let_go(struct repo *repo);

/* Of a function that names what was written: CLEANUP_HOLD struct repo *hold = repo; */
void cleanup_hold_(struct repo **repo);
#define CLEANUP_HOLD CLEANUP(cleanup_hold_) __attribute__((unused))

/*
 * A commit of ours: git's user, now. No ref moves. -1 also where its tree or a parent is not there.
 * (Not by git_commit_create(), which reads them all, and says that all is well where the disk is full.)
 */
int write_commit(struct repo *repo, const char *tree, const char *const *parents,
		 size_t parents_nr, const char *message, char ret[OID_HEX_SIZE],
		 struct error *err);

/* The title of a record's commit, by which ledger_find() goes. */
void record_title(const struct record *record, struct strbuf *out);

/* Refuses to move a branch that is checked out somewhere, naming the place. */
int branch_must_be_free(struct repo *repo, const char *refname, struct error *err);

/* As notes_add(), of several at once: one commit, or none where they are all there. */
struct note {
	const char *commit, *text;
};
int notes_add_all(struct repo *repo, const struct note *notes, size_t nr, struct error *err);

/*
 * The same in two steps, of which the first writes the objects and the second moves the ref: so
 * a note is made durable together with the record that it is about.
 */
struct note_draft {
	char from[OID_HEX_SIZE], to[OID_HEX_SIZE]; /* `to` is "" where they are there already */
};
int notes_write(struct repo *repo, const struct note *notes, size_t nr, struct note_draft *ret,
		struct error *err);
/* 0; 1 where somebody else moved the ref meanwhile; -1. */
int notes_publish(struct repo *repo, const struct note_draft *draft, struct error *err);

/* True where `note` holds `text` as paragraphs of its own. */
bool note_holds(const char *note, const char *text);

/*
 * What a branch does not vouch for, a note does; of a decision it tells on the experiment's
 * candidate, whatever became of the branch. Appends the note that the record needs, nothing where it
 * needs none, and returns the id of what it is on: `commit`, the record's, or one of the record.
 */
const char *ledger_note(const struct record *record, const char *digest, const char *commit,
			struct strbuf *ret);

/* The tree of a record: its files, which it is told of, and record.json. */
int write_record_tree(struct repo *repo, struct record *record,
		      const struct record_content *files, size_t nr, char ret[OID_HEX_SIZE],
		      char ret_digest[65], struct error *err);

/* Calls `fn` with the id of each object that has a note, and the note. */
typedef int (*note_fn)(const char *commit, const struct strbuf *note, void *data,
		       struct error *err);
int notes_each(struct repo *repo, note_fn fn, void *data, struct error *err);

/* The folder of a linked worktree by its administrative folder, "…/worktrees/<id>"; NULL
 * where that is broken. The caller owns it. */
char *worktree_path(const char *admin);

/*
 * The files of a tree, in two folders: hidden files below the second, all others below the
 * first. Changes what `old_tree` (NULL: nothing is there yet) laid out to `new_tree`,
 * touching only what differs; either way the result is the same.
 */
int layout_move(struct repo *repo, int tree_fd, int hidden_fd, const struct string_list *hidden,
		git_tree *old_tree, git_tree *new_tree, struct error *err);

/*
 * Makes libgit2 take the index for empty. Where it asks for the attributes of a file, as it does to
 * compare or to merge two, it reads all of the index for those that are not checked out (55 ms and 9 MB
 * of 50,000 files), and fails where that is split or sparse. Those of the worktree are enough.
 */
int use_no_index(git_repository *git);

/* Folders and files of ours on the host. */
int make_folders(const char *path, struct error *err); /* as mkdir -p */
/* As rm -rf of `name` below `dirfd`, which follows no link; absent is fine. */
int remove_all(int dirfd, const char *name, struct error *err);
/* Replaces a file whole, by rename. */
int replace_file(const char *path, const void *data, size_t len, struct error *err);
/*
 * The same of a file of a line that is replaced often: it changes places with `spare`, which stays,
 * where the file system can do that. So no inode is freed, nor searched for, which takes ext4 a
 * millisecond where many were freed a moment ago.
 */
int exchange_file(const char *path, const char *spare, const char *line, size_t len,
		  struct error *err);
/* Whether it is a file with no other name, through which somebody else would see it change, as in a
 * copy of a repository by hard links (cp -al). */
bool file_is_ours(int fd);
/* Opens a file to write over it in its place; where it is not ours alone, makes another. -1 with errno. */
int open_line(const char *path);

#endif
