#ifndef PROPOSE_PARTS_H
#define PROPOSE_PARTS_H

/* The parts that prompt.c puts together; for that file alone. Each appends its text. */

#include "propose/fence.h"
#include "propose/prompt.h"

struct fence prompt_fence(const struct prompt_input *input);

/* program.md; the metric and its rules; what a trial may use. */
void part_program(const struct prompt_input *input, struct strbuf *out);
void part_metric(const struct prompt_input *input, struct strbuf *out);
void part_limits(const struct prompt_input *input, struct strbuf *out);

/* Files to know, of which those are shown that fit in `room` bytes; the others are named. */
void part_context(const struct prompt_input *input, size_t room, struct strbuf *out);

/* Editable files: those that fit in `room`, none of them above `max` bytes. */
void part_editable(const struct prompt_input *input, size_t max, size_t room,
		   struct strbuf *out);

/* What was tried, in at most `room` bytes (but its first lines, which are always there). */
void part_history(const struct prompt_input *input, size_t room, struct strbuf *out);

#endif
