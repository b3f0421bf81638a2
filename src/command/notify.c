#include "command/notify.h"

#include "base/process.h"

#define NOTIFY_MAX 60.0 /* s */

static void add_pair(struct notice *n, const char *name, const char *value)
{
	CLEANUP_FREE char *pair = xstrfmt("AUTORESEARCH_%s=%s", name, value);

	string_list_add(&n->env, pair);
}

void notice_write(struct notice *n, const struct search *s, const struct start_result *r,
		  const struct strbuf *text)
{
	CLEANUP_FREE char *status = xstrfmt("%d", r->status);

	if (!s->settings.notify || !*s->settings.notify)
		return;
	n->command = xstrdup(s->settings.notify);
	strbuf_add(&n->text, text->buf, text->len);
	add_pair(n, "CAMPAIGN", s->campaign);
	add_pair(n, "STATE", state_name(r->state));
	add_pair(n, "REASON", r->reason);
	add_pair(n, "STATUS", status);
}

void notice_send(const struct notice *n)
{
	const char *const argv[] = { "sh", "-c", n->command, NULL };
	struct error err = ERROR_INIT;

	if (n->command &&
	    process_tell(argv, n->text.buf, n->text.len, &n->env, NOTIFY_MAX, &err))
		warning("autoresearch.notify: %s", err.message);
}

void notice_release(struct notice *n)
{
	free(n->command);
	strbuf_release(&n->text);
	string_list_release(&n->env);
}
