#ifndef REPORT_PATCH_H
#define REPORT_PATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/*
 * Prints a unified diff that somebody else wrote: control characters made visible, and in the
 * colours that git has for one (color.diff.<slot>), which git is asked for once.
 */
void report_patch(const char *text, size_t len, bool color, FILE *out);

#endif
