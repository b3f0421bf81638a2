#include "git/internal.h"

#define BLOCK_SIZE (64 << 10)

DEFINE_GIT_CLEANUP(git_odb_stream)

static int copy_file(FILE *from, git_odb_stream *to, int64_t size, struct error *err)
{
	char block[BLOCK_SIZE];
	size_t n;

	rewind(from);
	for (; size > 0; size -= (int64_t)n) {
		n = fread(block, 1, size < BLOCK_SIZE ? (size_t)size : BLOCK_SIZE, from);
		if (!n)
			return error_set(err, "a file of a record could not be read again");
		if (git_odb_stream_write(to, block, n) < 0)
			return error_git(err, "cannot write an object");
	}
	return 0;
}

static int write_stream(struct repo *repo, FILE *file, int64_t size, git_oid *ret,
			struct error *err)
{
	CLEANUP_GIT(git_odb_stream) git_odb_stream *stream = NULL;

	if (git_odb_open_wstream(&stream, repo->odb, (git_object_size_t)size, GIT_OBJECT_BLOB) <
	    0)
		return error_git(err, "cannot write an object");
	if (copy_file(file, stream, size, err))
		return -1;
	if (git_odb_stream_finalize_write(ret, stream) < 0)
		return error_git(err, "cannot write an object");
	return 0;
}

int write_blob_file(struct repo *repo, FILE *file, git_oid *ret, struct error *err)
{
	off_t size;
	int r;

	if (fseeko(file, 0, SEEK_END) < 0 || (size = ftello(file)) < 0)
		return error_errno(err, "cannot read a file of a record");
	objects_hold(repo);
	repo->unsynced = true;
	r = write_stream(repo, file, size, ret, err);
	return r < 0 && failed_for_folder() ? write_stream(repo, file, size, ret, err) : r;
}

/* What git has packed comes in one piece: libgit2 cannot take it apart. */
static int read_packed(struct repo *repo, const git_oid *oid, block_fn fn, void *data,
		       struct error *err)
{
	CLEANUP_GIT(git_odb_object) git_odb_object *object = NULL;
	char hex[OID_HEX_SIZE];

	oid_to_hex(oid, hex);
	if (git_odb_read(&object, repo->odb, oid) < 0)
		return error_git(err, "cannot read the object %s", hex);
	if (git_odb_object_type(object) != GIT_OBJECT_BLOB)
		return error_set(err, "the object %s is no blob", hex);
	return fn(git_odb_object_data(object), git_odb_object_size(object), data, err);
}

int read_blob_blocks(struct repo *repo, const git_oid *oid, block_fn fn, void *data,
		     struct error *err)
{
	CLEANUP_GIT(git_odb_stream) git_odb_stream *stream = NULL;
	char block[BLOCK_SIZE], hex[OID_HEX_SIZE];
	git_object_t type;
	size_t left;
	int n, r = 0;

	oid_to_hex(oid, hex);
	if (git_odb_open_rstream(&stream, &left, &type, repo->odb, oid) < 0)
		return read_packed(repo, oid, fn, data, err);
	if (type != GIT_OBJECT_BLOB)
		return error_set(err, "the object %s is no blob", hex);
	while (left && !r) {
		n = git_odb_stream_read(stream, block, sizeof(block));
		if (n <= 0 || (size_t)n > left)
			return error_set(err, "the object %s is damaged", hex);
		r = fn(block, (size_t)n, data, err);
		left -= (size_t)n;
	}
	return r;
}
