#ifndef BASE_LEAN_H
#define BASE_LEAN_H

/*
 * A fork copies every mapping of ours and its end takes the copy apart: most of them are libraries,
 * of which a child that execs nothing calls libc alone. Before such a fork: leaves the others out
 * of it and all that follow, also those loaded since it was called last (madvise(2),
 * MADV_DONTFORK). Of a library's data, a model's keys in its buffers say, nothing gets there
 * either.
 *
 * A function of libc's that is called for the first time is looked for in one library after the other:
 * where libc is not the first, by whatever was preloaded or linked before it, all stay. What a library
 * wants to be called for at a fork must not be called in the child: fork_bare() does not, nor clone3(2).
 */
void lean_forks(void);

#endif
