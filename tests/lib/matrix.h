/* SPDX-License-Identifier: ISC */
/*
 * matrix: answers and matrices for tests, written as text.
 *
 * An answer: "NXDOMAIN", "NODATA", "REFERRAL", "LOOP", or values and links of the chain, separated by ";":
 *   "MX 0 a.example; MX 10 b.example"     "TXT v=spf1 -all"     "-> a.example; A 192.0.2.1"     "-> a.example; NXDOMAIN"
 * In TXT values \xNN is a byte.
 *
 * A matrix has columns, one a word, authorities first:
 *   "ns1@192.0.2.1 ns2@192.0.2.2/noparent google@8.8.8.8/q google@8.8.4.4/q office@10.0.0.53/q/internal"
 *   a resolver has a class: /q quorum, /r required, /i info; more: /internal /aside /blocked /noaddr /noparent /nochild /nofamily
 *   /tcp /cache /hijacked (intercepted)
 *
 * and cells, a line a row, "ID = cell cell ..." with the record id of an expectation of the row, "soa", "ns", or "*" for all rows
 * not named.  A cell is
 *   ok        what the plan wants of the row; absent when it requires nothing
 *   old, none, nodata, -      another value; NXDOMAIN; no such type; never asked
 *   timeout, servfail, ...    a reason, final; with "?" behind it: tries are left
 *   {answer}                  any answer as above
 * and may end in *N (confirmed N times), @N (TTL N, 300 otherwise; asked just now) and ! (not authoritative).
 * For soa the cell is the serial.  For ns, "ok" names all columns, {NS ..} anything.
 */
#ifndef TESTS_LIB_MATRIX_H
#define TESTS_LIB_MATRIX_H

#include <m365dnsd/eval.h>

#define MATRIX_NOW_MS INT64_C(1000000000)

/* The plan of the only domain of a configuration in text; aborts with words when there is none.  Lives until plans_done. */
struct plan *plan_of(const char *conf);
void plans_done(void);
/* The answer to a question of that type; aborts on bad text. */
struct answer *answer_of(struct arena *a, uint16_t qtype, const char *text);
/* zone: "found", "missing", "unknown", "none" (not known yet).  Policy: all-but-dead, 100 %, confirm 2. */
struct matrix *matrix_of(struct arena *a, struct plan *plan, const char *zone, const char *columns, const char *cells);
/* "mx-extra:error(mx) no-ipv6-here:info" */
const char *findings_text(struct arena *a, const struct plan *plan, const struct domain_result *r);
/* Those whose code is wanted. */
const char *findings_text_of(struct arena *a, const struct plan *plan, bool (*wanted)(enum finding_code code),
    const struct domain_result *r);
/*
 * The table of findings names a test for each code, and one of its rows has to provoke it: the first code of test that no word
 * ("mx-extra:error(mx)") of findings has; "" = none.
 */
const char *findings_of_test_not_in(const char *test, const char *findings);
/* \xNN -> a byte, in place; returns the length. */
size_t matrix_unescape(char *p);

/*
 * eval_domain with what is known aside, as often as it takes until nothing is wanted any more.  facts: a line each,
 *   authority sip.contoso.test.contoso.test A = A 192.0.2.1
 *   lookup mail.example A = NXDOMAIN example	the name behind it is the zone that denies; without it the last two labels
 *   lookup * AAAA = timeout			a reason; "*" is any name, any type
 *   policy contoso.test = version: STSv1\x0amode: enforce
 * The first that fits holds; what none fits fails with "timeout".  Returns what was asked, "lookup mail.example A" a line.
 */
const char *matrix_eval(struct matrix *m, const struct domain_prior *prior, struct arena *a, const char *facts,
    struct domain_result *ret);

#endif
