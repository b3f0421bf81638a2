#include "loop/mark.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define MARK_MAX 4096

int mark_open(const char *dir, struct error *err)
{
	CLEANUP_FREE char *path = xstrfmt("%s/mark", dir);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0)
		error_errno(err, "cannot open '%s'", path);
	return fd;
}

int mark_write(const char *dir, const char *why, struct error *err)
{
	CLEANUP_CLOSE int fd = mark_open(dir, err);
	CLEANUP_FREE char *line = xstrfmt("%s\n", why);

	if (fd < 0)
		return -1;
	if (write(fd, line, strlen(line)) != (ssize_t)strlen(line) || fsync(fd))
		return error_errno(err, "cannot write '%s/mark'", dir);
	return 0;
}

bool mark_read(const char *dir, struct strbuf *ret)
{
	CLEANUP_FREE char *path = xstrfmt("%s/mark", dir);
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	if (strbuf_read_file(&text, path, MARK_MAX))
		return false;
	strbuf_rtrim(&text);
	strbuf_add_visible(ret, text.buf, strcspn(text.buf, "\n"));
	return text.len > 0;
}
