/* SPDX-License-Identifier: ISC */
/* What somebody puts into /domains/{domain}: refused with words, or a configuration of that one domain and nothing else. */
#include <m365dnsd/conf.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool ok)
{
	if (!ok)
		abort();
}

static void
check_block(const char *block)
{
	struct conf_problems problems = { NULL, 0 };
	struct conf *c = conf_parse("store", block, &problems);

	must(c != NULL && problems.n == 0);
	must(c->n_domains == 1 && strcmp(c->domains[0].text, "new.test") == 0 && c->n_notify == 0);
	for (size_t i = 0; i < conf_n_keys; i++)
		must(c->places[i].file == NULL);
	for (size_t i = 0; i < c->n_resolvers; i++)
		must(c->resolvers[i].shipped);
	conf_free(c);
}

/* The first byte says how the rest is to be read. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str block = STR_INIT;
	struct err err = { "" };

	if (size == 0)
		return 0;
	if (conf_domain_block("new.test", (const char *)data + 1, size - 1, data[0] == 'j', &block, &err) == 0)
		check_block(str_c(&block));
	else
		must(block.len == 0 && err.msg[0] != '\0');
	str_done(&block);
	return 0;
}
