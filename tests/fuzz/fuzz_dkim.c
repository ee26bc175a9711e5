/* SPDX-License-Identifier: ISC */
/* A DKIM key as text, with base64 and DER inside: parsing ends, and what it says holds together. */
#include <src/eval/dkim.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool ok)
{
	if (!ok)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct text text = { (const char *)data, size };
	struct err err = { "" };
	struct dkim_key key;

	if (dkim_is_key(text)) {
		if (dkim_key_parse(a, text, &key, &err) == -1)
			must(err.msg[0] != '\0');
		else
			must(key.revoked || key.algorithm != DKIM_RSA || key.bits > 0);
		must(key.algorithm == DKIM_RSA || key.bits == 0);
		must(key.bits <= 8 * size);
	}
	arena_free(a);
	return 0;
}
