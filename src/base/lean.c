#include "base/lean.h"

#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/strbuf.h"

/* A walk over what is loaded, in the order in which symbols are looked for. */
struct walk {
	unsigned long long loaded; /* how often something was, before */
	bool has_libc;
};

static bool is_named(const struct dl_phdr_info *object, const char *prefix)
{
	const char *slash = strrchr(object->dlpi_name, '/');

	return starts_with(slash ? slash + 1 : object->dlpi_name, prefix);
}

static void leave_out(const struct dl_phdr_info *object)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

	for (int i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &object->dlpi_phdr[i];
		uintptr_t begin = object->dlpi_addr + part->p_vaddr;
		uintptr_t end = begin + part->p_memsz;

		begin -= begin % page;
		/* Where it cannot be, a fork costs what it did. */
		if (part->p_type == PT_LOAD)
			madvise((void *)begin, end - begin, MADV_DONTFORK);
	}
}

static int visit(struct dl_phdr_info *object, size_t size, void *data)
{
	struct walk *walk = data;
	bool is_program = !*object->dlpi_name;

	(void)size;
	if (object->dlpi_adds == walk->loaded)
		return 1;
	if (is_program || is_named(object, "linux-vdso."))
		return 0;
	if (is_named(object, "libc.")) {
		walk->has_libc = true;
		return 0;
	}
	if (!walk->has_libc)
		return 1;
	if (!is_named(object, "ld-"))
		leave_out(object);
	return 0;
}

static int count(struct dl_phdr_info *object, size_t size, void *data)
{
	struct walk *walk = data;

	(void)size;
	walk->loaded = object->dlpi_adds;
	return 1;
}

void lean_forks(void)
{
	static struct walk walk;

	walk.has_libc = false;
	dl_iterate_phdr(visit, &walk);
	dl_iterate_phdr(count, &walk);
}
