/* SPDX-License-Identifier: ISC */
/*
 * Output held against a file of tests/golden (or of the directory in $GOLDEN_DIR).  UPDATE_GOLDEN=1 rewrites the files: look at
 * the difference before it is committed.
 */
#ifndef GOLDEN_H
#define GOLDEN_H

#include <m365dnsd/base.h>

void golden_check(const char *name, const struct str *out);

#endif
