/* SPDX-License-Identifier: ISC */
/* A name as text: whatever is taken prints, and what is printed is taken again as the same name. */
#include <m365dnsd/dns.h>

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
check_text(const struct dns_name *n)
{
	char text[DNS_NAME_TEXT_MAX], lower[DNS_NAME_TEXT_MAX];
	struct dns_name back;

	must(dns_name_parse(&back, dns_name_text(n, text), NULL) == 0);
	must(back.len == n->len && memcmp(back.wire, n->wire, n->len) == 0);
	must(dns_name_parse(&back, dns_name_text_lower(n, lower), NULL) == 0);
	must(dns_name_equal(&back, n) && dns_name_compare(&back, n) == 0 && dns_name_hash(&back) == dns_name_hash(n));
}

static void
check_parts(const struct dns_name *n)
{
	struct dns_name tail, joined, origin;
	unsigned labels = dns_name_labels(n);

	must(labels <= DNS_LABELS_MAX);
	for (unsigned i = 0; i <= labels; i++) {
		dns_name_suffix(&tail, n, i);
		must(dns_name_labels(&tail) == labels - i && dns_name_is_below(n, &tail));
		must(i == 0 || (dns_name_compare(n, &tail) > 0 && !dns_name_is_below(&tail, n)));
	}
	must(dns_name_parse(&origin, "contoso.test", NULL) == 0);
	if (dns_name_concat(&joined, n, &origin)) {
		must(dns_name_labels(&joined) == labels + 2 && dns_name_is_below(&joined, &origin));
		check_text(&joined);
	}
}

static void
check_user(const char *text)
{
	struct str unicode = STR_INIT;
	struct dns_name n, back;
	struct err err;

	if (dns_name_from_user(&n, text, &err) == 0) {
		check_text(&n);
		if (dns_name_to_unicode(&n, &unicode))
			must(dns_name_from_user(&back, str_c(&unicode), NULL) == 0 && dns_name_equal(&back, &n));
	}
	str_done(&unicode);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = xstrndup((const char *)data, size);
	struct dns_name n, domain;
	struct err err;

	if (dns_name_parse(&n, text, &err) == 0) {
		check_text(&n);
		check_parts(&n);
	}
	must(dns_name_parse(&domain, "example.test", NULL) == 0);
	if (dns_name_relative(&n, text, &domain))
		check_text(&n);
	check_user(text);
	free(text);
	return 0;
}
