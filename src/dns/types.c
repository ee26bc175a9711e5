/* SPDX-License-Identifier: ISC */
/* The words of types, rcodes and reasons: each list stands once, in the face. */
#include <m365dnsd/dns.h>

#include <stdio.h>

static const struct name_row type_rows[] = {
#define X(name, number) { DNS_TYPE_##name, #name },
	DNS_TYPES(X)
#undef X
};
NAME_TABLE(dns_type_names, type_rows);

static const struct name_row rcode_rows[] = {
	{ DNS_RCODE_NOERROR,   "NOERROR" },
	{ DNS_RCODE_FORMERR,   "FORMERR" },
	{ DNS_RCODE_SERVFAIL,  "SERVFAIL" },
	{ DNS_RCODE_NXDOMAIN,  "NXDOMAIN" },
	{ DNS_RCODE_NOTIMP,    "NOTIMP" },
	{ DNS_RCODE_REFUSED,   "REFUSED" },
	{ DNS_RCODE_YXDOMAIN,  "YXDOMAIN" },
	{ DNS_RCODE_YXRRSET,   "YXRRSET" },
	{ DNS_RCODE_NXRRSET,   "NXRRSET" },
	{ DNS_RCODE_NOTAUTH,   "NOTAUTH" },
	{ DNS_RCODE_NOTZONE,   "NOTZONE" },
	{ DNS_RCODE_BADVERS,   "BADVERS" },
	{ DNS_RCODE_BADCOOKIE, "BADCOOKIE" },
};
NAME_TABLE(dns_rcode_names, rcode_rows);

static const struct name_row reason_rows[] = {
#define X(id, word) { REASON_##id, word },
	REASONS(X)
#undef X
};
NAME_TABLE(reason_names, reason_rows);

static const struct name_row answer_kind_rows[] = {
	{ ANSWER_POSITIVE,   "positive" },
	{ ANSWER_NODATA,     "nodata" },
	{ ANSWER_NXDOMAIN,   "nxdomain" },
	{ ANSWER_REFERRAL,   "referral" },
	{ ANSWER_CNAME_LOOP, "cname-loop" },
	{ ANSWER_FAILURE,    "failure" },
};
NAME_TABLE(answer_kind_names, answer_kind_rows);

const char *
dns_type_text(uint16_t type, char *buf)
{
	for (size_t i = 0; i < ARRAY_LEN(type_rows); i++)
		if (type_rows[i].id == type)
			return type_rows[i].name;
	snprintf(buf, 16, "TYPE%u", type);
	return buf;
}
