/* SPDX-License-Identifier: ISC */
/* options_words: what may stand behind an option, for the completions of shells. */
#ifndef M365DNSD_DAEMON_OPTIONS_WORDS_H
#define M365DNSD_DAEMON_OPTIONS_WORDS_H

#include "options.h"

extern const struct name_table when_names;

/* Adds the words that the option takes, blanks between them; false when they are not known beforehand (a file, an address). */
bool options_words(const struct option_row *row, struct str *ret);

#endif
