#include "propose/text.h"

#include <string.h>

/* Of the lines looked for; further ones do not change what is most alike. */
#define LINES_COMPARED 12
#define BYTES_COMPARED 256

/* From 0 to 100: the share of both that begins and ends them alike. */
static size_t likeness(struct line a, struct line b)
{
	size_t head = 0, tail = 0, shorter;

	a = line_trim(a);
	b = line_trim(b);
	a.len = a.len < BYTES_COMPARED ? a.len : BYTES_COMPARED;
	b.len = b.len < BYTES_COMPARED ? b.len : BYTES_COMPARED;
	shorter = a.len < b.len ? a.len : b.len;
	while (head < shorter && a.s[head] == b.s[head])
		head++;
	while (tail < shorter - head && a.s[a.len - 1 - tail] == b.s[b.len - 1 - tail])
		tail++;
	return shorter ? 200 * (head + tail) / (a.len + b.len) : 0;
}

bool text_find_similar(const struct text *text, const struct line *old, size_t nr, size_t *work,
		       size_t *ret)
{
	size_t best = 0, told = 0;

	nr = nr < LINES_COMPARED ? nr : LINES_COMPARED;
	for (size_t i = 0; i < nr; i++)
		told += !line_is_blank(old[i]);
	for (size_t i = 0; i < text->nr; i++) {
		size_t sum = 0;

		for (size_t j = 0; j < nr && i + j < text->nr; j++) {
			*work += 4 + (old[j].len + text->lines[i + j].len) / 32;
			sum += likeness(old[j], text->lines[i + j]);
		}
		if (*work > TEXT_WORK_MAX)
			return false;
		if (sum > best) {
			best = sum;
			*ret = i;
		}
	}
	return told && best >= 40 * told;
}
