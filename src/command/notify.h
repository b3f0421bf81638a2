#ifndef COMMAND_NOTIFY_H
#define COMMAND_NOTIFY_H

/*
 * `autoresearch.notify`: the user's own command, on the host, that is told of the end of a campaign
 * which nobody watched.
 */

#include "base/strbuf.h"
#include "loop/start.h"

struct notice {
	char *command; /* NULL: nobody is to be told */
	struct strbuf text;
	struct string_list env; /* AUTORESEARCH_CAMPAIGN=… and so on */
};

#define NOTICE_INIT                 \
	{                           \
		.text = STRBUF_INIT \
	}

/* Writes one of what a run came to; `text` is the summary. */
void notice_write(struct notice *notice, const struct search *s,
		  const struct start_result *result, const struct strbuf *text);

/* Sends it, once the campaign's lock is given back, so that the command may look at the campaign, or
 * start it again. It has a minute; what goes wrong is warned of. */
void notice_send(const struct notice *notice);

void notice_release(struct notice *notice);
#define CLEANUP_NOTICE CLEANUP(notice_release)

#endif
