/* SPDX-License-Identifier: ISC */
/*
 * reply_text: DNS replies written as text, for tests.  A reply is lines; one of flags (first, may be left out), then records:
 *
 *	aa nxdomain ede=15
 *	an contoso.test 300 MX 0 contoso-test.mail.protection.outlook.com
 *	ns contoso.test 900 SOA ns1.contoso.test hostmaster.contoso.test 1 2 3 4 60
 *	ar ns1.contoso.test 300 A 192.0.2.1
 *
 * an, ns, ar: answer, authority, additional section.  Owner "@" is the name asked.  The value is as rdata_parse() reads it
 * (TXT: the rest of the line as it stands).  Flags: aa tc ra ad, a rcode in small letters (noerror, nxdomain, servfail,
 * refused, notimp, formerr, notauth, badvers, ...) or rcode=N, ede=N, and ways to be broken:
 *
 *	noedns		no OPT although the query had one
 *	lower		the question comes back in small letters
 *	other		the question is another one
 *	bare		the header alone
 *	short		the last byte is missing
 */
#ifndef TESTS_REPLY_TEXT_H
#define TESTS_REPLY_TEXT_H

#include <m365dnsd/dns.h>

/* Encode a reply to the query; id 0.  Aborts with words on a text that is none: that is a mistake in the test. */
void reply_from_text(struct str *ret, const char *text, const uint8_t *query, size_t query_len);

#endif
