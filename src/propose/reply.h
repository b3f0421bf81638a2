#ifndef PROPOSE_REPLY_H
#define PROPOSE_REPLY_H

/*
 * A model's reply, taken apart: the subject, which is its first line of text, the rationale,
 * which is the rest of what stands outside of fences, and the blocks, which are fences with a
 * file's path alone on the line above:
 *
 *	Lower the learning rate
 *
 *	The loss oscillates from step 400 on.
 *
 *	train.py
 *	```python
 *	<<<<<<< SEARCH
 *	lr = 0.1
 *	=======
 *	lr = 0.05
 *	>>>>>>> REPLACE
 *	```
 *
 * A fence is at least three backticks or tildes, and is closed by as many or more of the same.
 * Around the path is tolerated what models put there: backticks, quotes, bold, a heading's or
 * a list's mark, "File:", a colon, "(new file)", "./", a blank line below. A path that holds
 * white space needs both, "File:" and backticks. A unified diff that names its files itself
 * needs no path above. Every other fence is prose, and so is no part of the change.
 *
 * What a model thought (`<think>…</think>` at the beginning, or all before a `</think>` that
 * nothing opened) is dropped before anything is read. Lines may end in CRLF.
 */

#include <stdbool.h>
#include <stddef.h>

#include "propose/complaint.h"

#define REPLY_MAX (8 << 20) /* bytes; a longer one is refused */
#define REPLY_BLOCKS_MAX 64
#define REPLY_SUBJECT_MAX 200
#define REPLY_RATIONALE_MAX (8 * 1024)

enum block_kind {
	BLOCK_FILE,   /* the whole file */
	BLOCK_SEARCH, /* one or more of SEARCH and REPLACE */
	BLOCK_DIFF,   /* a unified diff */
};

struct reply_block {
	enum block_kind kind;
	char *path; /* as the model wrote it, to be judged; NULL: the diff says it */
	char *text; /* each line ends in LF */
	size_t len;
};

struct reply {
	char *subject;	 /* never NULL in a reply that was parsed; one line, capped */
	char *rationale; /* may be ""; capped */
	struct reply_block *blocks;
	size_t blocks_nr, blocks_alloc;
};

#define REPLY_INIT \
	{          \
		0  \
	}

/*
 * Takes the reply apart; `ret` is empty before. `cut` is the caller's knowledge that it was
 * ended by its length. -1, with `ret` as it was and the complaint set, for a reply that was
 * cut (also by ending inside a fence), holds no block, more than REPLY_BLOCKS_MAX, a NUL, a
 * fence inside one that is no longer than itself, two paths for one block, or an edit that is
 * in no block.
 */
int reply_parse(const char *text, size_t len, bool cut, struct reply *ret,
		struct complaint *why);

void reply_release(struct reply *reply);
#define CLEANUP_REPLY CLEANUP(reply_release)

/*
 * The path that a line holds and nothing else, owned; NULL where it is no such line. A bare
 * word without a dot or slash is one where the line is `adjacent` to its fence. In `ret_paths`
 * how many paths the line is made of: 2 and more are no path either.
 */
char *reply_path(struct line l, bool adjacent, size_t *ret_paths);

#endif
