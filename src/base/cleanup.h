#ifndef BASE_CLEANUP_H
#define BASE_CLEANUP_H

/*
 * Ownership by scope. A local that owns something begins as NULL or -1, carries one of
 * these attributes, and is released on every way out of its block; steal_ptr() and
 * steal_fd() hand it on. Every destructor takes NULL (or -1).
 */

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CLEANUP(fn) __attribute__((cleanup(fn)))

static inline void cleanup_free_(void *p)
{
	free(*(void **)p);
}

static inline void cleanup_close_(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void cleanup_fclose_(FILE **f)
{
	if (*f)
		fclose(*f);
}

static inline void cleanup_closedir_(DIR **d)
{
	if (*d)
		closedir(*d);
}

#define CLEANUP_FREE CLEANUP(cleanup_free_)
#define CLEANUP_CLOSE CLEANUP(cleanup_close_)
#define CLEANUP_FCLOSE CLEANUP(cleanup_fclose_)
#define CLEANUP_CLOSEDIR CLEANUP(cleanup_closedir_)

static inline int steal_fd(int *fd)
{
	int ret = *fd;

	*fd = -1;
	return ret;
}

static inline void *steal_ptr_(void *pp)
{
	void **p = pp;
	void *ret = *p;

	*p = NULL;
	return ret;
}

/* The owned pointer in `p`, which becomes NULL; keeps the type. */
#define steal_ptr(p) ((__typeof__(p))steal_ptr_(&(p)))

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#endif
