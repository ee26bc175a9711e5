/* SPDX-License-Identifier: ISC */
/* What holds of every import: words, or a block of that one domain that the configuration takes. */
#ifndef FUZZ_IMPORT_H
#define FUZZ_IMPORT_H

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
check_import(const char *text, size_t n)
{
	static struct catalog *catalog;
	struct conf_problems notes = { NULL, 0 }, problems = { NULL, 0 };
	struct str block = STR_INIT, said = STR_INIT;
	struct err err = { "" };
	struct conf *c;

	if (catalog == NULL)
		catalog = catalog_load(NULL, &problems);
	if (conf_import(catalog, "new.test", "import", text, n, &block, &notes, &err) == 0) {
		c = conf_parse("block", str_c(&block), &problems);
		must(c != NULL && c->n_domains == 1 && strcmp(c->domains[0].text, "new.test") == 0 && c->n_notify == 0);
		conf_free(c);
	} else
		must(block.len == 0 && err.msg[0] != '\0');
	conf_problems_text(&notes, &said);
	for (size_t i = 0; i < said.len; i++)
		must(said.p[i] == '\n' || ((uint8_t)said.p[i] >= 0x20 && said.p[i] != 0x7f));
	str_done(&block);
	str_done(&said);
	conf_problems_done(&notes);
	conf_problems_done(&problems);
}

#endif
