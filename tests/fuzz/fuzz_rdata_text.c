/* SPDX-License-Identifier: ISC */
/*
 * Record data as text: the first octet picks the type, the rest is what somebody wrote.  What is taken prints, and what is
 * printed is taken again as the same data.  The rest as bytes must print too, whatever it holds.
 */
#include <m365dnsd/dns.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint16_t types[] = {
#define X(name, number) number,
	DNS_TYPES(X)
#undef X
	65280,
};

static void
must(bool ok)
{
	if (!ok)
		abort();
}

static void
check_accessors(const struct rdata *r)
{
	struct dns_name name;
	struct rdata_soa soa;
	struct addr addr;
	uint16_t a, b, c;

	rdata_name(r, &name);
	rdata_mx(r, &a, &name);
	rdata_srv(r, &a, &b, &c, &name);
	rdata_soa(r, &soa);
	rdata_addr(r, &addr);
}

static void
check_text(struct arena *a, const struct rdata *r)
{
	struct str text = STR_INIT, quoted = STR_INIT;
	struct rdata back;

	rdata_text(r, &text);
	rdata_text_quoted(r, &quoted);
	must(rdata_parse(a, r->type, str_c(&text), &back, NULL) == 0);
	must(rdata_compare(r, &back) == 0);
	str_done(&text);
	str_done(&quoted);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct str shown = STR_INIT;
	struct rdata r;
	struct err err;
	uint16_t type;
	char *text;

	if (size > 0) {
		type = types[data[0] % ARRAY_LEN(types)];
		text = arena_alloc(a, size);	/* zeroed: the last octet ends the text */
		memcpy(text, data + 1, size - 1);
		if (rdata_parse(a, type, text, &r, &err) == 0) {
			check_text(a, &r);
			check_accessors(&r);
		}
		r = (struct rdata){ type, (uint16_t)(size - 1), data + 1 };
		rdata_text(&r, &shown);
		rdata_text_quoted(&r, &shown);
		must(rdata_compare(&r, &r) == 0);
		check_accessors(&r);
	}
	str_done(&shown);
	arena_free(a);
	return 0;
}
