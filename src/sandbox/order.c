#include "sandbox/order.h"

#include <string.h>

/* The letters: a value, the lack of one, and the end of a list. */
#define VALUE '='
#define NOTHING '-'

static void put(struct strbuf *out, const char *text)
{
	strbuf_addch(out, text ? VALUE : NOTHING);
	if (text)
		strbuf_add(out, text, strlen(text) + 1);
}

static void put_list(struct strbuf *out, const char *const *list)
{
	for (; *list; list++)
		put(out, *list);
	put(out, NULL);
}

void order_write(const struct trial_command *c, struct strbuf *ret)
{
	const char phase[] = { (char)('0' + c->phase), '\0' };

	put(ret, phase);
	put(ret, c->out_writable ? "" : NULL);
	put(ret, c->tree);
	put(ret, c->hidden);
	put(ret, c->warm);
	put(ret, c->upper);
	put(ret, c->home);
	put_list(ret, c->argv);
	put_list(ret, c->env);
	for (size_t i = 0; c->masked && i < c->masked->nr; i++)
		put(ret, c->masked->items[i]);
	put(ret, NULL);
}

struct reader {
	char *next, *end;
	bool is_cut;
};

static char *take(struct reader *r)
{
	char *value;

	if (r->next == r->end) {
		r->is_cut = true;
		return NULL;
	}
	if (*r->next++ == NOTHING)
		return NULL;
	value = r->next;
	r->next = memchr(value, '\0', (size_t)(r->end - value));
	if (!r->next) {
		r->next = r->end;
		r->is_cut = true;
		return NULL;
	}
	r->next++;
	return value;
}

/* NULL-terminated; how many there are in `ret_nr`. */
static char **take_list(struct reader *r, size_t *ret_nr)
{
	char **list = NULL, *value;
	size_t nr = 0;

	do {
		value = take(r);
		if (!(nr & (nr - 1)))
			list = xrealloc(list, (nr ? 2 * nr : 1) * sizeof(*list));
		list[nr++] = value;
	} while (value);
	*ret_nr = nr - 1;
	return list;
}

int order_read(const struct strbuf *text, struct trial_command *ret, struct error *err)
{
	struct reader r = { text->buf, text->buf + text->len, false };
	struct string_list *masked = xcalloc(1, sizeof(*masked));
	const char *phase = take(&r);
	size_t ignored;

	*ret = (struct trial_command){ .phase = phase ? (enum phase)(*phase - '0')
						      : PHASE_RUN };
	ret->out_writable = take(&r);
	ret->tree = take(&r);
	ret->hidden = take(&r);
	ret->warm = take(&r);
	ret->upper = take(&r);
	ret->home = take(&r);
	ret->argv = (const char *const *)take_list(&r, &ignored);
	ret->env = (const char *const *)take_list(&r, &ignored);
	masked->items = take_list(&r, &masked->nr);
	ret->masked = masked;
	return r.is_cut || !phase ? error_set(err, "the order of a phase is cut") : 0;
}
