#ifndef LOOP_PROGRAM_H
#define LOOP_PROGRAM_H

/*
 * The programs of the user's that a proposer is made of: where they lie on the host, and what
 * of the host its sandbox has to show for them to run.
 */

#include "loop/propose.h"

/*
 * The program that a shell would run for `word`, with every link followed: by a path (from
 * the current directory, else from the top of the working tree, `workdir`, which may be NULL) or by
 * PATH. NULL where there is none. The caller owns it.
 */
char *program_find(const char *workdir, const char *word);

/*
 * Adds what it needs to p->binds: the folder that it lies in; where that is in a
 * folder node_modules, all of it; where it is of a virtual environment of Python's, that and its
 * interpreter's. But of a folder that holds the repository, or that belongs to it, only the
 * program itself is shown, since a proposer sees no history and no hidden file.
 */
void program_show(struct proposer *p, const char *program);

/* The word that a script asks env(1) for in its first line, as in "#!/usr/bin/env node"; NULL
 * where it does not. The caller owns it. */
char *program_interpreter(const char *program);

/* True for what every sandbox shows, where programs are found by its PATH. */
bool program_is_of_the_system(const char *program);

#endif
