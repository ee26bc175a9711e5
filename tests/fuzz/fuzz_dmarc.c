/* SPDX-License-Identifier: ISC */
/* A DMARC record as text: parsing ends, what it says lies in its closed lists, and its words are printable. */
#include <src/eval/dmarc.h>

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
check_words(const char *words)
{
	for (const char *p = words; *p != '\0'; p++)
		must((unsigned char)*p >= ' ' && *p != 0x7f);
}

static void
check_hosts(struct text list, const uint8_t *data, size_t size)
{
	struct text host;
	size_t n = 0;

	while (dmarc_next_host(&list, &host)) {
		must(n++ <= size);
		must(host.n == 0 || (host.p >= (const char *)data && host.p + host.n <= (const char *)data + size));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct text text = { (const char *)data, size };
	struct dmarc_record r;

	if (dmarc_is_record(text)) {
		dmarc_parse(a, text, &r);
		must(r.p <= DMARC_REJECT && r.sp <= DMARC_REJECT && r.np <= DMARC_REJECT);
		must(strchr("ynu", r.psd) != NULL && r.psd != '\0');
		must(r.n_remarks <= DMARC_REMARKS_MAX);
		for (size_t i = 0; i < r.n_remarks; i++)
			check_words(r.remarks[i]);
		check_words(r.mistake != NULL ? r.mistake : "");
		check_words(r.removed != NULL ? r.removed : "");
		check_hosts(r.rua, data, size);
		check_hosts(r.ruf, data, size);
	}
	arena_free(a);
	return 0;
}
