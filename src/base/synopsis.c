#include "base/synopsis.h"

#include <string.h>

#define BETWEEN " []|()."

static struct piece take(const char **p, size_t len)
{
	struct piece piece = { *p, len };

	*p += len;
	return piece;
}

/* "<value>" at *p: what stands between the two. */
static struct piece take_value(const char **p)
{
	struct piece value;

	(*p)++;
	value = take(p, strcspn(*p, ">"));
	if (**p)
		(*p)++;
	return value;
}

/* An option, with the value that stands behind it, "=", "[=" or a blank. */
static void take_option(const char **p, struct synopsis_item *ret)
{
	bool is_long = (*p)[1] == '-';

	ret->kind = SYNOPSIS_OPTION;
	ret->name = take(p, strcspn(*p, " =[]|<"));
	if (!strncmp(*p, "[=<", 3)) {
		ret->optional = true;
		*p += 2;
	} else if (!strncmp(*p, is_long ? "=<" : " <", 2)) {
		*p += 1;
	}
	if (**p == '<')
		ret->value = take_value(p);
}

bool synopsis_next(const char **cursor, struct synopsis_item *ret)
{
	const char *p = *cursor;

	*ret = (struct synopsis_item){ 0 };
	for (;;) {
		p += strspn(p, BETWEEN);
		if (*p == '<' || *p == '-' || !*p)
			break;
		p += strcspn(p, BETWEEN "<");
	}
	if (!*p)
		return false;
	if (*p == '<') {
		ret->kind = SYNOPSIS_ARGUMENT;
		ret->value = take_value(&p);
	} else {
		take_option(&p, ret);
		if (piece_is(&ret->name, "--"))
			ret->kind = SYNOPSIS_SEPARATOR;
	}
	ret->repeated = !strncmp(p, "...", 3) || !strncmp(p, "]...", 4);
	*cursor = p;
	return true;
}

bool synopsis_alternative(struct piece *value, struct piece *ret)
{
	size_t len = 0;

	if (!value->text)
		return false;
	while (len < value->len && value->text[len] != '|')
		len++;
	*ret = (struct piece){ value->text, len };
	if (len < value->len)
		*value = (struct piece){ value->text + len + 1, value->len - len - 1 };
	else
		*value = (struct piece){ 0 };
	return true;
}

bool piece_is(const struct piece *piece, const char *text)
{
	return piece->text && piece->len == strlen(text) &&
	       !strncmp(piece->text, text, piece->len);
}
