#ifndef SANDBOX_ORDER_H
#define SANDBOX_ORDER_H

/*
 * What a phase's init is told to do. It was forked before anybody knew, so the part of a struct
 * trial_command that is its business goes to it as a text: one field behind the other, each a
 * letter and its value, which ends in a NUL.
 */

#include "base/error.h"
#include "base/strbuf.h"
#include "sandbox/trial.h"

/* Appends what init needs of `command`: all but time, stdin and what takes its output. */
void order_write(const struct trial_command *command, struct strbuf *ret);

/*
 * Reads it into `ret`, whose texts are part of `text` and whose lists are allocated; both live as
 * long as the process, which becomes another program soon. -1 where it is cut.
 */
int order_read(const struct strbuf *text, struct trial_command *ret, struct error *err);

#endif
