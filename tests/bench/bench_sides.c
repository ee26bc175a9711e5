/* SPDX-License-Identifier: ISC */
/*
 * What a domain weighs that knows ten answers aside: two of Microsoft's, one of which is the same for all domains, and eight of
 * names of its own that mostly do not exist.
 *
 *   bench_sides [DOMAINS]
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include <m365dnsd/eval.h>

#define DOMAINS 10000

static const struct {
	enum side_at at;
	const char *name;		/* %zu: the number of the domain */
	uint16_t type;
	enum answer_kind kind;
	const char *value;
} rows[] = {
	{ SIDE_LOOKUP, "d%05zu-test.mail.protection.outlook.com", DNS_TYPE_A, ANSWER_POSITIVE, "52.101.68.8" },
	{ SIDE_LOOKUP, "spf.protection.outlook.com", DNS_TYPE_TXT, ANSWER_POSITIVE, "v=spf1 ip4:40.92.0.0/15 ip4:40.107.0.0/16 "
	    "ip4:52.100.0.0/15 ip4:52.102.0.0/16 ip4:52.103.0.0/17 ip4:104.47.0.0/17 ip6:2a01:111:f400::/48 ip6:2a01:111:f403::/49 -all" },
	{ SIDE_LOOKUP, "mta-sts.d%05zu.test", DNS_TYPE_A, ANSWER_NXDOMAIN, NULL },
	{ SIDE_LOOKUP, "mta-sts.d%05zu.test", DNS_TYPE_AAAA, ANSWER_NXDOMAIN, NULL },
	{ SIDE_AUTHORITY, "_dmarc.d%05zu.test", DNS_TYPE_CNAME, ANSWER_NODATA, NULL },
	{ SIDE_AUTHORITY, "d%05zu.test.d%05zu.test", DNS_TYPE_TXT, ANSWER_NXDOMAIN, NULL },
	{ SIDE_AUTHORITY, "selector1._domainkey.d%05zu.test", DNS_TYPE_TXT, ANSWER_NODATA, NULL },
	{ SIDE_AUTHORITY, "selector2._domainkey.d%05zu.test", DNS_TYPE_TXT, ANSWER_NODATA, NULL },
	{ SIDE_AUTHORITY, "_sip._tls.d%05zu.test.d%05zu.test", DNS_TYPE_SRV, ANSWER_NXDOMAIN, NULL },
	{ SIDE_AUTHORITY, "www.d%05zu.test", DNS_TYPE_A, ANSWER_POSITIVE, "192.0.2.80" },
};

static void
name_make(struct dns_name *ret, const char *form, size_t n)
{
	char text[DNS_NAME_TEXT_MAX], *to = text;

	for (; *form != '\0'; form++) {
		if (*form == '%') {
			to += snprintf(to, 12, "%05zu", n % 100000);
			form += sizeof("%05zu") - 2;
		} else {
			*to++ = *form;
		}
	}
	*to = '\0';
	if (dns_name_parse(ret, text, NULL) == -1)
		exit(2);
}

static void
learn(struct sides *s, size_t row, const struct dns_name *home, unsigned id, struct arena *a)
{
	struct answer an = { .qtype = rows[row].type, .kind = rows[row].kind, .ttl = 300, .aa = true };
	struct rdata value;

	if (rows[row].value != NULL) {
		if (rdata_parse(a, rows[row].type, rows[row].value, &value, NULL) == -1)
			exit(2);
		an.values = &value;
		an.n_values = 1;
	} else {
		an.rcode = rows[row].kind == ANSWER_NXDOMAIN ? DNS_RCODE_NXDOMAIN : DNS_RCODE_NOERROR;
		an.has_soa = true;
		an.soa_owner = *home;
	}
	sides_answer(s, id, REASON_NONE, &an, rows[row].at == SIDE_LOOKUP ? "google 8.8.8.8" : "ns1.hoster.example 192.0.2.1",
	    3600000);
}

static struct sides *
fill(struct map *blobs, size_t n, struct arena *a)
{
	struct dns_name home, name;
	struct side_fact fact;
	struct side_want want;
	struct sides *s;

	name_make(&home, "d%05zu.test", n);
	s = sides_new_shared(blobs, &home);
	sides_round(s, 1000, false);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		name_make(&name, rows[i].name, n);
		sides_ask(s, rows[i].at, &name, rows[i].type, a, &fact);
		if (!sides_next(s, &want))
			exit(2);
		learn(s, i, &home, want.id, a);
	}
	return s;
}

int
main(int argc, char **argv)
{
	size_t n = argc > 1 ? (size_t)atol(argv[1]) : DOMAINS, before;
	struct sides **all = xcalloc(n, sizeof(struct sides *));
	struct arena *a = arena_new();
	struct map *blobs = blobs_new();

	arena_alloc(a, 1);
	before = mallinfo2().uordblks;
	for (size_t i = 0; i < n; i++) {
		all[i] = fill(blobs, i, a);
		arena_reset(a);
	}
	printf("sides domains=%zu answers=%zu octets_per_domain=%.0f\n", n, ARRAY_LEN(rows),
	    (double)(mallinfo2().uordblks - before) / (double)n);
	for (size_t i = 0; i < n; i++)
		sides_free(all[i]);
	free(all);
	map_free(blobs, NULL);
	arena_free(a);
	return 0;
}
