/* SPDX-License-Identifier: ISC */
/* Prints every configuration key as "section key", a line each, for tools/lint-conf.sh. */
#include <m365dnsd/conf.h>

#include <stdio.h>

int
main(void)
{
	for (size_t i = 0; i < conf_n_keys; i++) {
		const struct conf_key *k = &conf_keys[i];

		printf("%s %s\n", k->section[0] != '\0' ? k->section : "global", k->name);
	}
	return 0;
}
