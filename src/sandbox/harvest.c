#include "sandbox/harvest.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "sandbox/internal.h"
#include "sandbox/outdir.h"

struct walk {
	harvest_skip_fn skip;
	harvest_fn fn;
	void *data;
	struct strbuf path;
	size_t bytes;
	struct error *err;
};

static int walk_folder(struct walk *w, int fd, int depth);

static int tell(struct walk *w, enum harvest_kind kind, bool executable,
		const struct strbuf *content)
{
	struct harvest change = { .kind = kind,
				  .path = w->path.buf,
				  .executable = executable,
				  .content = content ? content->buf : NULL,
				  .len = content ? content->len : 0 };

	return w->fn(&change, w->data, w->err);
}

static int take_file(struct walk *w, int dir, const char *name, const struct stat *st)
{
	CLEANUP_STRBUF struct strbuf content = STRBUF_INIT;

	if (st->st_nlink != 1)
		return tell(w, HARVEST_OTHER, false, NULL);
	if (outdir_read(dir, name, HARVEST_MAX - w->bytes, &content, w->err))
		return error_context(w->err, "'%s'", w->path.buf);
	w->bytes += content.len;
	return tell(w, HARVEST_FILE, st->st_mode & 0100, &content);
}

static int take_link(struct walk *w, int dir, const char *name)
{
	CLEANUP_STRBUF struct strbuf target = STRBUF_INIT;
	char buf[4096];
	ssize_t len = readlinkat(dir, name, buf, sizeof(buf));

	if (len < 0)
		return error_errno(w->err, "cannot read the link '%s'", w->path.buf);
	strbuf_add(&target, buf, (size_t)len);
	return tell(w, HARVEST_LINK, false, &target);
}

static bool is_opaque(int fd)
{
	char value;

	return fgetxattr(fd, "user.overlay.opaque", &value, 1) == 1 && value == 'y';
}

static int take_entry(struct walk *w, int dir, const char *name, int depth)
{
	CLEANUP_CLOSE int fd = -1;
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW))
		return error_errno(w->err, "cannot look at '%s'", w->path.buf);
	if (S_ISREG(st.st_mode))
		return take_file(w, dir, name, &st);
	if (S_ISLNK(st.st_mode))
		return take_link(w, dir, name);
	if (S_ISCHR(st.st_mode) && !st.st_rdev)
		return tell(w, HARVEST_REMOVED, false, NULL);
	if (!S_ISDIR(st.st_mode))
		return tell(w, HARVEST_OTHER, false, NULL);
	if (depth >= OUT_DEPTH_MAX)
		return error_set(w->err, "'%.80s…' is nested too deep", w->path.buf);
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return error_errno(w->err, "cannot open '%s'", w->path.buf);
	if (is_opaque(fd) && tell(w, HARVEST_OPAQUE, false, NULL))
		return -1;
	return walk_folder(w, fd, depth + 1);
}

static int walk_folder(struct walk *w, int fd, int depth)
{
	CLEANUP_STRING_LIST struct string_list names = STRING_LIST_INIT;
	CLEANUP_CLOSEDIR DIR *d = fdopendir(dup(fd));
	size_t len = w->path.len;
	struct dirent *e;

	if (!d)
		return error_errno(w->err, "cannot read the scratch copy");
	while ((e = readdir(d)))
		if (strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
			string_list_add(&names, e->d_name);
	string_list_sort(&names);
	for (size_t i = 0; i < names.nr; i++) {
		strbuf_addf(&w->path, "%s%s", len ? "/" : "", names.items[i]);
		if (!(w->skip && w->skip(w->path.buf, w->data)) &&
		    take_entry(w, fd, names.items[i], depth))
			return -1;
		strbuf_setlen(&w->path, len);
	}
	return 0;
}

int harvest_upper(int upper, harvest_skip_fn skip, harvest_fn fn, void *data, struct error *err)
{
	struct walk w = {
		.skip = skip, .fn = fn, .data = data, .path = STRBUF_INIT, .err = err
	};
	int ret = walk_folder(&w, upper, 0);

	strbuf_release(&w.path);
	return ret;
}
