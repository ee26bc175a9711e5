/* SPDX-License-Identifier: ISC */
/*
 * check_fetch: whom a fetch may contact, and how it ends when nobody speaks TLS.  What a real HTTPS server says is in
 * tests/integration/test_policy.py.
 */
#include <check.h>
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <m365dnsd/notify.h>

static struct loop *loop;
static struct fetcher *fetcher;
static enum reason got_reason;
static uint64_t got_tag;
static unsigned n_got;
static char got_words[256];

static void
on_done(void *ctx, uint64_t tag, enum reason reason, const char *text, size_t n, const char *words)
{
	(void)ctx;
	(void)n;
	ck_assert(reason != REASON_NONE && text == NULL);
	got_reason = reason;
	got_tag = tag;
	n_got++;
	snprintf(got_words, sizeof(got_words), "%s", words);
	loop_stop(loop);
}

static void
begin(uint16_t port, bool private)
{
	struct fetch_config cfg = { .port = port, .private_allowed = private, .bytes_max = 65536 };
	struct err err;

	signal(SIGPIPE, SIG_IGN);
	n_got = 0;
	loop = loop_new(&err);
	ck_assert_ptr_nonnull(loop);
	fetcher = fetcher_new(loop, &cfg, on_done, NULL, &err);
	ck_assert_ptr_nonnull(fetcher);
}

static void
end(void)
{
	fetcher_free(fetcher);
	loop_free(loop);
}

static bool
start(uint64_t tag, const char *list)
{
	struct addr addrs[8];
	char copy[256], *rest = copy, *one;
	size_t n = 0;

	snprintf(copy, sizeof(copy), "%s", list);
	while ((one = strsep(&rest, " ")) != NULL)
		if (*one != '\0')
			ck_assert(addr_parse(&addrs[n++], one, 0));
	return fetch_start(fetcher, tag, "mta-sts.contoso.test", "/.well-known/mta-sts.txt", addrs, n);
}

static const struct {
	const char *name, *addrs;
	bool private;
} refused[] = {
	{ "no address", "", false },
	{ "loopback", "127.0.0.1", false },
	{ "private", "10.0.0.1 192.168.1.1 172.16.0.1", false },
	{ "link-local and metadata", "169.254.169.254", true },
	{ "unspecified", "0.0.0.0", true },
	{ "multicast", "224.0.0.1", true },
	{ "for examples, also in a laboratory", "192.0.2.55 198.51.100.1 203.0.113.1 2001:db8::1", true },
	{ "IPv6 loopback", "::1", false },
	{ "IPv6 private", "fd00::1", false },
	{ "IPv4 in IPv6", "::ffff:127.0.0.1", false },
	{ "IPv4 in IPv6, also in a laboratory", "::ffff:169.254.169.254", true },
};

START_TEST(these_are_never_contacted)
{
	begin(443, refused[_i].private);
	ck_assert_msg(!start(1, refused[_i].addrs), "%s", refused[_i].name);
	ck_assert_uint_eq(n_got, 0);
	end();
}
END_TEST

/* A port of loopback: listening, or closed. */
static int
port_of(bool listening, uint16_t *ret)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(sin);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&sin, len), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&sin, &len), 0);
	if (listening)
		ck_assert_int_eq(listen(fd, 4), 0);
	*ret = ntohs(sin.sin_port);
	return fd;
}

START_TEST(a_closed_port_is_the_network)
{
	uint16_t port;
	int fd = port_of(false, &port);

	begin(port, true);
	ck_assert(start(7, "127.0.0.1 127.0.0.2"));	/* one after the other */
	ck_assert_uint_eq(n_got, 0);			/* never from within */
	loop_run(loop);
	ck_assert_uint_eq(n_got, 1);
	ck_assert_uint_eq(got_tag, 7);
	ck_assert_int_eq(got_reason, REASON_NETWORK);
	ck_assert_str_ne(got_words, "");
	end();
	close(fd);
}
END_TEST

static void
on_client(void *ctx, int listening, unsigned events)
{
	int fd = accept(listening, NULL, NULL);

	(void)ctx;
	(void)events;
	if (fd == -1)
		return;
	ck_assert_int_ge(send(fd, "HTTP/1.1 200 OK\r\n\r\nversion: STSv1\n", 33, MSG_NOSIGNAL), 0);
	close(fd);
}

/* What is not TLS is not listened to, whatever it says. */
START_TEST(plain_text_is_not_taken)
{
	struct loop_fd *watch;
	uint16_t port;
	int fd = port_of(true, &port);

	begin(port, true);
	watch = loop_fd_new(loop, fd, on_client, NULL);
	loop_fd_set(watch, LOOP_READ);
	ck_assert(start(8, "127.0.0.1"));
	loop_run(loop);
	ck_assert_int_eq(got_reason, REASON_NETWORK);
	loop_fd_free(watch);
	end();
	close(fd);
}
END_TEST

START_TEST(what_is_on_its_way_may_be_left)
{
	uint16_t port;
	int fd = port_of(true, &port);

	begin(port, true);
	ck_assert(start(9, "127.0.0.1"));
	ck_assert(start(10, "127.0.0.1"));
	end();
	ck_assert_uint_eq(n_got, 0);
	close(fd);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("fetch");
	TCase *t = tcase_create("fetch");
	SRunner *r;
	int failed;

	tcase_set_timeout(t, 30);
	tcase_add_loop_test(t, these_are_never_contacted, 0, ARRAY_LEN(refused));
	tcase_add_test(t, a_closed_port_is_the_network);
	tcase_add_test(t, plain_text_is_not_taken);
	tcase_add_test(t, what_is_on_its_way_may_be_left);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
