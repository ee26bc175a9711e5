/* SPDX-License-Identifier: ISC */
/* What the command line does to a configuration that was read, or to one that is all defaults. */
#include <string.h>

#include "load.h"

/* The row of a domain key sets it, as it does when a file gives it: one set of checks for both. */
int
conf_set_domain(struct conf_domain *d, const char *key, const char *value, struct err *err)
{
	struct conf_problems problems = { NULL, 0 };
	struct loader l = { .problems = &problems };
	const struct syntax_value v = { .text = value, .first = true };
	int rc = -1;

	for (size_t i = 0; i < conf_n_keys; i++) {
		const struct conf_key *k = &conf_keys[i];

		if (strcmp(k->section, "domain") == 0 && strcmp(k->name, key) == 0 && k->kind != NULL) {
			k->kind->set(&l, k, d, &v);
			rc = problems.n == 0 ? 0 : -1;
			break;
		}
	}
	if (rc == -1)
		err_set(err, "%s", problems.n > 0 ? problems.list[0].text : "no such key of a domain");
	conf_problems_done(&problems);
	return rc;
}

void
conf_keep_domains(struct conf *c, const bool *keep)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n_domains; i++)
		if (keep[i])
			c->domains[n++] = c->domains[i];
		else
			conf_domain_done(&c->domains[i]);
	c->n_domains = n;
}
