/* SPDX-License-Identifier: ISC */
/* check_eval_side: what a diagnosis asked aside: wanted, being asked, known, out of date, dropped. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tests/lib/matrix.h>
#include <tests/lib/suite.h>

static struct arena *a;
static struct sides *s;

static void
begin(void)
{
	a = arena_new();
	s = sides_new();
	sides_round(s, 1000, false);
}

static void
end(void)
{
	sides_free(s);
	arena_free(a);
}

static struct dns_name
name_of_text(const char *text)
{
	struct dns_name n;

	ck_assert_int_eq(dns_name_parse(&n, text, NULL), 0);
	return n;
}

static struct side_fact
ask(enum side_at at, const char *text, uint16_t type)
{
	struct dns_name n = name_of_text(text);
	struct side_fact fact;

	sides_ask(s, at, &n, type, a, &fact);
	return fact;
}

static struct side_want
next(void)
{
	struct side_want w;

	ck_assert(sides_next(s, &w));
	return w;
}

START_TEST(nothing_to_ask_with)
{
	struct dns_name n = name_of_text("mail.example");
	struct side_fact fact;
	struct side_want w;

	sides_ask(NULL, SIDE_LOOKUP, &n, DNS_TYPE_A, a, &fact);
	ck_assert_int_eq(fact.state, SIDE_FAILED);
	ck_assert_int_eq(fact.reason, REASON_STOPPED);
	ck_assert(!sides_next(NULL, &w));
	ck_assert_uint_eq(sides_pending(NULL), 0);
	ck_assert_uint_eq(sides_count(NULL), 0);
	sides_free(NULL);
}
END_TEST

START_TEST(asked_once_and_in_order)
{
	struct side_want w;

	ck_assert_int_eq(ask(SIDE_LOOKUP, "a.example", DNS_TYPE_A).state, SIDE_PENDING);
	ck_assert_int_eq(ask(SIDE_LOOKUP, "b.example", DNS_TYPE_A).state, SIDE_PENDING);
	ck_assert_int_eq(ask(SIDE_LOOKUP, "A.Example", DNS_TYPE_A).state, SIDE_PENDING);	/* the same */
	ck_assert_int_eq(ask(SIDE_LOOKUP, "a.example", DNS_TYPE_AAAA).state, SIDE_PENDING);
	ck_assert_int_eq(ask(SIDE_AUTHORITY, "a.example", DNS_TYPE_A).state, SIDE_PENDING);
	ck_assert_uint_eq(sides_pending(s), 4);
	w = next();
	ck_assert_int_eq(w.at, SIDE_LOOKUP);
	ck_assert_uint_eq(w.q.type, DNS_TYPE_A);
	w = next();
	ck_assert(dns_name_equal(&w.q.name, &(struct dns_name){ 11, "\1b\7example" }));
	ck_assert_uint_eq(next().q.type, DNS_TYPE_AAAA);
	w = next();
	ck_assert_int_eq(w.at, SIDE_AUTHORITY);
	ck_assert(!sides_next(s, &(struct side_want){ .id = 0 }));
	ck_assert_uint_eq(sides_pending(s), 4);		/* being asked */
	sides_put_back(s, w.id);
	ck_assert_int_eq(next().at, SIDE_AUTHORITY);
}
END_TEST

START_TEST(answers_come_back)
{
	struct side_fact fact;
	struct answer *an = answer_of(a, DNS_TYPE_A, "-> b.example; A 192.0.2.1");

	ask(SIDE_LOOKUP, "a.example", DNS_TYPE_A);
	ck_assert(sides_answer(s, next().id, REASON_NONE, an, "google 8.8.8.8", 61000));
	ck_assert_uint_eq(sides_pending(s), 0);
	fact = ask(SIDE_LOOKUP, "a.example", DNS_TYPE_A);
	ck_assert_int_eq(fact.state, SIDE_ANSWERED);
	ck_assert_int_eq(fact.answer->kind, ANSWER_POSITIVE);
	ck_assert_uint_eq(fact.answer->n_chain, 1);
	ck_assert_uint_eq(fact.answer->n_values, 1);
	ck_assert_str_eq(fact.where, "google 8.8.8.8");
}
END_TEST

START_TEST(who_denies_is_kept)
{
	struct answer *an = answer_of(a, DNS_TYPE_A, "NXDOMAIN");
	struct side_fact fact;

	an->has_soa = true;
	an->soa_owner = name_of_text("example");
	ask(SIDE_LOOKUP, "a.example", DNS_TYPE_A);
	sides_answer(s, next().id, REASON_NONE, an, "google", 61000);
	fact = ask(SIDE_LOOKUP, "a.example", DNS_TYPE_A);
	ck_assert_int_eq(fact.answer->kind, ANSWER_NXDOMAIN);
	ck_assert(fact.answer->has_soa);
	ck_assert(dns_name_equal(&fact.answer->soa_owner, &an->soa_owner));
}
END_TEST

START_TEST(a_failure_is_no_denial)
{
	struct side_fact fact;

	ask(SIDE_LOOKUP, "a.example", DNS_TYPE_A);
	ck_assert(sides_answer(s, next().id, REASON_TIMEOUT, NULL, NULL, 31000));
	fact = ask(SIDE_LOOKUP, "a.example", DNS_TYPE_A);
	ck_assert_int_eq(fact.state, SIDE_FAILED);
	ck_assert_int_eq(fact.reason, REASON_TIMEOUT);
	ck_assert_ptr_null(fact.answer);
	ck_assert_str_eq(fact.where, "");
}
END_TEST

START_TEST(out_of_date_stays_until_the_new_one)
{
	struct answer *an = answer_of(a, DNS_TYPE_A, "A 192.0.2.1"), *other = answer_of(a, DNS_TYPE_A, "A 192.0.2.2");
	struct side_want w;

	ask(SIDE_LOOKUP, "a.example", DNS_TYPE_A);
	sides_answer(s, next().id, REASON_NONE, an, "google", 61000);
	sides_round(s, 60000, false);
	ask(SIDE_LOOKUP, "a.example", DNS_TYPE_A);
	ck_assert_uint_eq(sides_pending(s), 0);
	sides_round(s, 61000, false);
	ck_assert_int_eq(ask(SIDE_LOOKUP, "a.example", DNS_TYPE_A).state, SIDE_ANSWERED);
	ck_assert_uint_eq(sides_pending(s), 1);
	w = next();
	ck_assert_int_eq(ask(SIDE_LOOKUP, "a.example", DNS_TYPE_A).state, SIDE_ANSWERED);
	ck_assert(!sides_answer(s, w.id, REASON_NONE, an, "google", 121000));	/* no news */
	sides_round(s, 62000, true);						/* the zone has changed */
	ask(SIDE_LOOKUP, "a.example", DNS_TYPE_A);
	ck_assert(sides_answer(s, next().id, REASON_NONE, other, "google", 122000));
}
END_TEST

/* Perhaps it was answered before the zone changed: known for now, but asked once more. */
START_TEST(out_of_date_on_its_way)
{
	struct answer *an = answer_of(a, DNS_TYPE_A, "A 192.0.2.1");
	struct side_want w, again;

	ask(SIDE_LOOKUP, "a.example", DNS_TYPE_A);
	w = next();
	sides_round(s, 2000, true);
	ck_assert_int_eq(ask(SIDE_LOOKUP, "a.example", DNS_TYPE_A).state, SIDE_PENDING);
	ck_assert(!sides_next(s, &again));
	ck_assert(sides_answer(s, w.id, REASON_NONE, an, "google", 61000));
	ck_assert_int_eq(ask(SIDE_LOOKUP, "a.example", DNS_TYPE_A).state, SIDE_ANSWERED);
	ck_assert_uint_eq(sides_pending(s), 1);
	ck_assert_uint_eq(next().id, w.id);
	ck_assert(!sides_answer(s, w.id, REASON_NONE, an, "google", 62000));
	ck_assert_uint_eq(sides_pending(s), 0);
	ask(SIDE_LOOKUP, "b.example", DNS_TYPE_A);
	w = next();
	sides_round(s, 3000, true);
	sides_answer(s, w.id, REASON_TIMEOUT, NULL, NULL, 33000);
	ck_assert_uint_eq(next().failures, 1);
	ck_assert(!sides_next(s, &again));
}
END_TEST

START_TEST(failures_are_counted)
{
	struct answer *an = answer_of(a, DNS_TYPE_A, "A 192.0.2.1");
	struct side_want w;

	for (unsigned i = 0; i < 3; i++) {
		ask(SIDE_LOOKUP, "a.example", DNS_TYPE_A);
		w = next();
		ck_assert_uint_eq(w.failures, i);
		sides_answer(s, w.id, REASON_TIMEOUT, NULL, NULL, 0);
	}
	ask(SIDE_LOOKUP, "a.example", DNS_TYPE_A);
	sides_answer(s, next().id, REASON_NONE, an, NULL, 0);
	ask(SIDE_LOOKUP, "a.example", DNS_TYPE_A);
	ck_assert_uint_eq(next().failures, 0);
}
END_TEST

START_TEST(what_nobody_asks_for_goes)
{
	struct side_want w;

	ask(SIDE_LOOKUP, "a.example", DNS_TYPE_A);
	ask(SIDE_LOOKUP, "b.example", DNS_TYPE_A);
	w = next();
	sides_round(s, 2000, false);
	sides_round(s, 3000, false);
	ck_assert_uint_eq(sides_count(s), 1);		/* somebody answers it still */
	sides_answer(s, w.id, REASON_TIMEOUT, NULL, NULL, 60000);
	sides_round(s, 4000, false);
	ck_assert_uint_eq(sides_count(s), 0);
	ck_assert(!sides_answer(s, w.id, REASON_TIMEOUT, NULL, NULL, 60000));	/* too late */
}
END_TEST

START_TEST(there_is_a_limit)
{
	for (unsigned i = 0; i < SIDES_MAX; i++)
		ck_assert_int_eq(ask(SIDE_LOOKUP, arena_printf(a, "n%u.example", i), DNS_TYPE_A).state, SIDE_PENDING);
	ck_assert_int_eq(ask(SIDE_LOOKUP, "more.example", DNS_TYPE_A).state, SIDE_FAILED);
	ck_assert_int_eq(ask(SIDE_LOOKUP, "n0.example", DNS_TYPE_A).state, SIDE_PENDING);
	ck_assert_uint_eq(sides_count(s), SIDES_MAX);
}
END_TEST

START_TEST(a_policy_is_a_text)
{
	char *big = arena_alloc(a, SIDE_TEXT_MAX + 10);
	struct side_fact fact;

	ask(SIDE_POLICY, "contoso.test", 0);
	ck_assert(sides_answer_text(s, next().id, "version: STSv1\0more", 19, "mta-sts.contoso.test", 60000));
	fact = ask(SIDE_POLICY, "contoso.test", 0);
	ck_assert_int_eq(fact.state, SIDE_ANSWERED);
	ck_assert_uint_eq(fact.n_text, 19);
	ck_assert_int_eq(memcmp(fact.text, "version: STSv1\0more", 20), 0);
	sides_round(s, 60000, false);
	ask(SIDE_POLICY, "contoso.test", 0);
	memset(big, 'x', SIDE_TEXT_MAX + 10);
	ck_assert(sides_answer_text(s, next().id, big, SIDE_TEXT_MAX + 10, NULL, 90000));
	ck_assert_uint_eq(ask(SIDE_POLICY, "contoso.test", 0).n_text, SIDE_TEXT_MAX);
}
END_TEST

/* One TXT record of about n bytes, filled with c. */
static struct answer *
long_answer(size_t n, char c)
{
	struct answer *an = arena_alloc(a, sizeof(*an));
	struct rdata *r = arena_alloc(a, sizeof(*r));
	uint8_t *bytes = arena_alloc(a, n);

	memset(bytes, c, n);
	for (size_t at = 0; at < n; at += 256)
		bytes[at] = (uint8_t)(n - at > 256 ? 255 : n - at - 1);
	*r = (struct rdata){ DNS_TYPE_TXT, (uint16_t)n, bytes };
	*an = (struct answer){ .kind = ANSWER_POSITIVE, .qtype = DNS_TYPE_TXT, .values = r, .n_values = 1, .ttl = 300 };
	return an;
}

/* A stranger's zone decides what is asked and what comes back: neither one answer nor all of them take what they like. */
START_TEST(bytes_are_bounded)
{
	char name[32];
	size_t kept = 0;
	struct side_fact fact;

	ask(SIDE_LOOKUP, "long.example", DNS_TYPE_TXT);
	ck_assert(sides_answer(s, next().id, REASON_NONE, long_answer(SIDE_BYTES_MAX, 'x'), "google", 61000));
	fact = ask(SIDE_LOOKUP, "long.example", DNS_TYPE_TXT);
	ck_assert_int_eq(fact.state, SIDE_FAILED);
	ck_assert_int_eq(fact.reason, REASON_TRUNCATED);

	for (unsigned i = 0; i < SIDES_MAX - 1; i++) {
		snprintf(name, sizeof(name), "n%u.example", i);
		ask(SIDE_LOOKUP, name, DNS_TYPE_TXT);
		sides_answer(s, next().id, REASON_NONE, long_answer(8000, 'x'), "google", 61000);
		fact = ask(SIDE_LOOKUP, name, DNS_TYPE_TXT);
		ck_assert_int_eq(fact.state, (kept + 1) * 8019 <= SIDES_BYTES_MAX ? SIDE_ANSWERED : SIDE_FAILED);
		kept += fact.state == SIDE_ANSWERED;
	}
	ck_assert_uint_eq(kept, SIDES_BYTES_MAX / 8019);
	/* an answer in the place of another needs no more room than that */
	sides_round(s, 61000, false);
	ask(SIDE_LOOKUP, "n0.example", DNS_TYPE_TXT);
	ck_assert(sides_answer(s, next().id, REASON_NONE, long_answer(8000, 'y'), "google", 120000));
	ck_assert_int_eq(ask(SIDE_LOOKUP, "n0.example", DNS_TYPE_TXT).state, SIDE_ANSWERED);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("eval side");
	TCase *t = tcase_create("side");

	tcase_add_checked_fixture(t, begin, end);
	tcase_add_test(t, nothing_to_ask_with);
	tcase_add_test(t, asked_once_and_in_order);
	tcase_add_test(t, answers_come_back);
	tcase_add_test(t, who_denies_is_kept);
	tcase_add_test(t, a_failure_is_no_denial);
	tcase_add_test(t, out_of_date_stays_until_the_new_one);
	tcase_add_test(t, out_of_date_on_its_way);
	tcase_add_test(t, failures_are_counted);
	tcase_add_test(t, what_nobody_asks_for_goes);
	tcase_add_test(t, there_is_a_limit);
	tcase_add_test(t, a_policy_is_a_text);
	tcase_add_test(t, bytes_are_bounded);
	suite_add_tcase(suite, t);
	return suite_run(suite);
}
