/* SPDX-License-Identifier: ISC */
/* The journal played by a socket of our own, with a reader of the native protocol that trusts nobody. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "src/daemon/journal.h"

static char dir[] = "/tmp/check-journal-XXXXXX";
static char path[64];
static int server;
static char entry[65536];
static size_t entry_len;
static struct str lines;		/* what went to the log instead, "<level>line\n" each */

static void
keep_line(void *ctx, enum log_level level, const char *line)
{
	(void)ctx;
	str_addf(&lines, "<%d>%s\n", (int)level, line);
}

static void
setup(void)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };

	memcpy(dir + sizeof(dir) - 7, "XXXXXX", 6);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/socket", dir);
	memcpy(un.sun_path, path, strlen(path) + 1);
	server = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(server, (struct sockaddr *)&un, sizeof(un)), 0);
	log_redirect(keep_line, NULL);
	str_clear(&lines);
}

static void
teardown(void)
{
	close(server);
	unlink(path);
	rmdir(dir);
	log_redirect(NULL, NULL);
	str_done(&lines);
}

static bool
receive(void)
{
	ssize_t n = recv(server, entry, sizeof(entry), MSG_DONTWAIT);

	entry_len = n > 0 ? (size_t)n : 0;
	return n > 0;
}

/* The field at *p: name and value, and *p behind it; false at the end.  A broken entry fails the test. */
static bool
next_field(const char **p, struct str *name, struct str *value)
{
	const char *end = entry + entry_len, *q = *p;
	uint64_t n = 0;

	if (q == end)
		return false;
	while (q < end && *q != '=' && *q != '\n')
		q++;
	ck_assert_msg(q < end, "a field without value");
	str_clear(name);
	str_addn(name, *p, (size_t)(q - *p));
	if (*q++ == '=') {
		const char *stop = memchr(q, '\n', (size_t)(end - q));
		ck_assert_ptr_nonnull(stop);
		n = (uint64_t)(stop - q);
	} else {
		ck_assert_int_ge(end - q, 8);
		for (unsigned i = 0; i < 8; i++)
			n |= (uint64_t)(uint8_t)*q++ << 8 * i;
	}
	ck_assert_uint_lt(n, (uint64_t)(end - q));
	str_clear(value);
	str_addn(value, q, (size_t)n);
	ck_assert_int_eq(q[n], '\n');
	*p = q + n + 1;
	return true;
}

/* The value of the field, NULL when the entry has none; it may not be there twice. */
static char *
field(const char *wanted)
{
	struct str name = STR_INIT, value = STR_INIT;
	const char *p = entry;
	char *ret = NULL;

	while (next_field(&p, &name, &value))
		if (strcmp(str_c(&name), wanted) == 0) {
			ck_assert_msg(ret == NULL, "%s twice", wanted);
			ret = xstrdup(str_c(&value));
		}
	str_done(&name);
	str_done(&value);
	return ret;
}

static void
expect_field(const char *row, const char *name, const char *want)
{
	char *value = field(name);

	ck_assert_msg(want == NULL ? value == NULL : value != NULL && strcmp(value, want) == 0, "%s: %s is \"%s\"", row, name,
	    value);
	free(value);
}

#define DOMAIN(from_, to_, event_)        { .revision = 7, .domain = "contoso.com", .from = from_, .to = to_, .event = event_ }
#define RECORD(id, from_, to_, event_)                                                                                         \
	{ .revision = 7, .domain = "contoso.com", .record = id, .from = from_, .to = to_, .event = event_ }

static const struct {
	const char *name;
	struct transition t;
	const char *message, *id, *priority;
} cases[] = {
	{ "published", DOMAIN("unpublished", "published", EVENT_PUBLISHED), "contoso.com: unpublished -> published",
	    "c7376ec86f7b44d0899c4a764ce8d948", "5" },
	{ "visible", RECORD("mx", "published", "visible", EVENT_VISIBLE), "contoso.com mx: published -> visible",
	    "b0612e254c994318b7a47d8399dd7ea7", "6" },
	{ "complete", DOMAIN("published", "complete", EVENT_COMPLETE), "contoso.com: published -> complete",
	    "44fdc457dcf84bc2905bbd33efa02e04", "5" },
	{ "regressed", DOMAIN("complete", "regressed", EVENT_REGRESSED), "contoso.com: complete -> regressed",
	    "14abf77baf63417d9a19e153bec865a8", "4" },
	{ "record regressed", RECORD("spf", "visible", "regressed", EVENT_REGRESSED), "contoso.com spf: visible -> regressed",
	    "14abf77baf63417d9a19e153bec865a8", "4" },
	{ "unknown", DOMAIN("complete", "unknown", EVENT_UNKNOWN), "contoso.com: complete -> unknown",
	    "2a0dcc44e6664a04baa7db7d4423d84b", "4" },
	{ "recovered", DOMAIN("unknown", "published", EVENT_RECOVERED), "contoso.com: unknown -> published",
	    "894ece9f340e43e18e710b46866cce87", "5" },
	{ "changed", DOMAIN("pending", "unpublished", EVENT_CHANGED), "contoso.com: pending -> unpublished",
	    "46cc23a645574a158b5874a4497f8883", "5" },
	{ "at a source", { .domain = "contoso.com", .record = "mx", .source = "google", .from = "stale", .to = "ok",
	    .event = EVENT_CHANGED }, "contoso.com mx at google: stale -> ok", "46cc23a645574a158b5874a4497f8883", "6" },
	{ "without a state before", { .domain = "contoso.com", .to = "pending", .event = EVENT_CHANGED },
	    "contoso.com: pending", "46cc23a645574a158b5874a4497f8883", "5" },
	{ "detail", { .domain = "contoso.com", .from = "complete", .to = "regressed", .event = EVENT_REGRESSED,
	    .detail = "mx-extra" }, "contoso.com: complete -> regressed (mx-extra)", "14abf77baf63417d9a19e153bec865a8", "4" },
	{ "detail that wants to be fields", { .domain = "contoso.com", .from = "complete", .to = "regressed",
	    .event = EVENT_REGRESSED, .detail = "v=spf1\nPRIORITY=0\nM365_STATE=complete\n" },
	    "contoso.com: complete -> regressed (v=spf1\\x0aPRIORITY=0\\x0aM365_STATE=complete\\x0a)",
	    "14abf77baf63417d9a19e153bec865a8", "4" },
	{ "detail for a terminal", { .domain = "contoso.com", .from = "complete", .to = "regressed",
	    .event = EVENT_REGRESSED, .detail = "\x1b]0;x\x07" },
	    "contoso.com: complete -> regressed (\\x1b]0;x\\x07)", "14abf77baf63417d9a19e153bec865a8", "4" },
};

/* A domain whose records are seen for the first time is one line, not one for each of them. */
START_TEST(first_look)
{
	static const struct {
		const char *to;
		enum event event;
		enum log_level domain, later;
	} rows[] = {
		{ "unknown", EVENT_UNKNOWN, LOG_LVL_WARNING, LOG_LVL_WARNING },
		{ "unpublished", EVENT_CHANGED, LOG_LVL_NOTICE, LOG_LVL_INFO },
		{ "published", EVENT_PUBLISHED, LOG_LVL_NOTICE, LOG_LVL_INFO },
		{ "visible", EVENT_VISIBLE, LOG_LVL_NOTICE, LOG_LVL_INFO },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct transition t = RECORD("mx", "pending", rows[i].to, rows[i].event);

		ck_assert_msg(journal_priority(&t) == LOG_LVL_DEBUG, "%s", rows[i].to);
		t.record = NULL;
		ck_assert_msg(journal_priority(&t) == rows[i].domain, "%s", rows[i].to);
		t.record = "mx";
		t.from = "regressed";
		ck_assert_msg(journal_priority(&t) == rows[i].later, "%s", rows[i].to);
	}
}
END_TEST

START_TEST(fields_of_an_entry)
{
	const struct transition *t = &cases[_i].t;
	struct journal *j = journal_new(path);
	char revision[24];

	log_init(LOG_LVL_INFO);
	journal_transition(j, t);
	ck_assert_msg(receive(), "%s: nothing came", cases[_i].name);
	snprintf(revision, sizeof(revision), "%llu", (unsigned long long)t->revision);
	expect_field(cases[_i].name, "MESSAGE", cases[_i].message);
	expect_field(cases[_i].name, "MESSAGE_ID", cases[_i].id);
	expect_field(cases[_i].name, "PRIORITY", cases[_i].priority);
	expect_field(cases[_i].name, "SYSLOG_IDENTIFIER", "m365dnsd");
	expect_field(cases[_i].name, "M365_DOMAIN", t->domain);
	expect_field(cases[_i].name, "M365_RECORD", t->record);
	expect_field(cases[_i].name, "M365_SOURCE", t->source);
	expect_field(cases[_i].name, "M365_EVENT", name_of(&event_names, t->event));
	expect_field(cases[_i].name, "M365_PREVIOUS", t->from);
	expect_field(cases[_i].name, "M365_STATE", t->to);
	expect_field(cases[_i].name, "M365_DETAIL", t->detail);
	expect_field(cases[_i].name, "M365_REVISION", revision);
	ck_assert_uint_eq(lines.len, 0);
	ck_assert_uint_eq(journal_refused(j), 0);
	journal_free(j);
}
END_TEST

START_TEST(each_event_has_an_id_of_its_own)
{
	for (size_t i = 0; i < event_names.n; i++) {
		const char *id = journal_message_id((enum event)event_names.rows[i].id);

		ck_assert_ptr_nonnull(id);
		ck_assert_uint_eq(strlen(id), 32);
		ck_assert_uint_eq(strspn(id, "0123456789abcdef"), 32);
		for (size_t k = 0; k < i; k++)
			ck_assert_str_ne(id, journal_message_id((enum event)event_names.rows[k].id));
	}
}
END_TEST

/* What administrators filter by stands in the manual. */
START_TEST(man_page_has_the_ids)
{
	const char *srcdir = getenv("srcdir");
	char *page = xasprintf("%s/man/m365dnsd.8", srcdir != NULL ? srcdir : ".");
	FILE *f = fopen(page, "re");
	struct str man = STR_INIT;
	char buf[4096];
	size_t n;

	ck_assert_msg(f != NULL, "cannot open %s: start the tests in the source tree, or set srcdir", page);
	free(page);
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		str_addn(&man, buf, n);
	fclose(f);
	for (size_t i = 0; i < event_names.n; i++) {
		struct transition t = { .domain = "contoso.com", .event = (enum event)event_names.rows[i].id };
		char *row = xasprintf(".It %s Ta %s Ta %s\n", event_names.rows[i].name, journal_message_id(t.event),
		    journal_priority(&t) == LOG_LVL_WARNING ? "warning" : "notice");

		ck_assert_msg(strstr(str_c(&man), row) != NULL, "man/m365dnsd.8 has no line %s", row);
		free(row);
	}
	str_done(&man);
}
END_TEST

START_TEST(long_values_are_cut)
{
	struct transition t = cases[0].t;
	struct journal *j = journal_new(path);
	char *detail = xmalloc(1000001);
	char *value;

	memset(detail, '\n', 1000000);
	detail[1000000] = '\0';
	t.detail = detail;
	journal_transition(j, &t);
	ck_assert(receive());
	value = field("M365_DETAIL");
	ck_assert_uint_eq(strlen(value), 4096);
	free(value);
	free(detail);
	journal_free(j);
}
END_TEST

/* Nobody there, or a journal that does not read: the log has it, and nothing waits. */
START_TEST(falls_back_to_the_log)
{
	struct journal *j = journal_new(path);
	uint64_t n;

	log_init(LOG_LVL_INFO);
	for (n = 0; n < 100000 && journal_refused(j) == 0; n++)
		journal_transition(j, &cases[0].t);
	ck_assert_uint_eq(journal_refused(j), 1);
	ck_assert_str_eq(str_c(&lines), "<5>contoso.com: unpublished -> published\n");
	while (receive())
		n--;
	ck_assert_uint_eq(n, 1);
	journal_transition(j, &cases[0].t);
	ck_assert(receive());
	close(server);
	server = -1;
	journal_transition(j, &cases[3].t);
	ck_assert_ptr_nonnull(strstr(str_c(&lines), "<4>contoso.com: complete -> regressed\n"));
	journal_free(j);
}
END_TEST

START_TEST(without_a_journal)
{
	struct journal *j = journal_new(NULL);

	log_init(LOG_LVL_INFO);
	journal_transition(j, &cases[0].t);
	ck_assert_str_eq(str_c(&lines), "<5>contoso.com: unpublished -> published\n");
	ck_assert_uint_eq(journal_refused(j), 0);
	journal_free(j);
}
END_TEST

START_TEST(only_what_is_wanted)
{
	struct journal *j = journal_new(path);

	log_init(LOG_LVL_WARNING);
	journal_transition(j, &cases[0].t);
	ck_assert(!receive());
	journal_transition(j, &cases[3].t);
	ck_assert(receive());
	log_init(LOG_LVL_INFO);
	journal_free(j);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("journal");
	TCase *t = tcase_create("journal");
	SRunner *sr = srunner_create(s);
	int failed;

	suite_add_tcase(s, t);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, first_look);
	tcase_add_loop_test(t, fields_of_an_entry, 0, (int)ARRAY_LEN(cases));
	tcase_add_test(t, each_event_has_an_id_of_its_own);
	tcase_add_test(t, man_page_has_the_ids);
	tcase_add_test(t, long_values_are_cut);
	tcase_add_test(t, falls_back_to_the_log);
	tcase_add_test(t, without_a_journal);
	tcase_add_test(t, only_what_is_wanted);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed > 0;
}
