/* SPDX-License-Identifier: ISC */
/*
 * Eight resolvers that are never the bottleneck: one thread, recvmmsg() and sendmmsg(), answers built by looking at
 * the first label.  Every domain dNNNNN.test has all that Microsoft 365 asks for, everything else is NXDOMAIN.
 *
 *   bench_server PORT [SILENT]     listens on 127.53.0.1 to .8; number SILENT (1 to 8) takes queries and says
 *                                  nothing.  Prints "ready", and on SIGTERM how many queries each got.
 *   bench_server PORT 0 LIST       also writes what 127.53.0.1 is asked to the file LIST, "name TYPE" a line
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ADDRESSES 8
#define BATCH     64
#define WIRE_MAX  1232
#define TTL       300

enum { TYPE_A = 1, TYPE_CNAME = 5, TYPE_MX = 15, TYPE_TXT = 16, TYPE_SRV = 33 };

struct name {
	const uint8_t *label[16];	/* the first ones, length octet first */
	unsigned n;
	uint16_t type;
	size_t end;			/* of the question */
};

static volatile sig_atomic_t stopping;
static unsigned long queries[ADDRESSES];
static FILE *record;		/* of what the first one is asked */

static void
on_term(int signo)
{
	(void)signo;
	stopping = 1;
}

static bool
name_read(struct name *ret, const uint8_t *q, size_t len)
{
	size_t at = 12;

	ret->n = 0;
	while (at < len && q[at] != 0) {
		if (ret->n < 16)
			ret->label[ret->n++] = q + at;
		at += q[at] + (size_t)1;
	}
	if (at + 5 > len || ret->n == 0)
		return false;
	ret->type = (uint16_t)(q[at + 1] << 8 | q[at + 2]);
	ret->end = at + 5;
	return true;
}

static bool
label_is(const struct name *n, unsigned i, const char *text)
{
	return i < n->n && n->label[i][0] == strlen(text) &&
	    strncasecmp((const char *)n->label[i] + 1, text, n->label[i][0]) == 0;
}

static void
name_record(const struct name *n)
{
	static const struct {
		uint16_t type;
		const char *word;
	} types[] = { { TYPE_A, "A" }, { 2, "NS" }, { TYPE_CNAME, "CNAME" }, { 6, "SOA" }, { TYPE_MX, "MX" },
		{ TYPE_TXT, "TXT" }, { 28, "AAAA" }, { TYPE_SRV, "SRV" } };

	for (unsigned i = 0; i < n->n; i++) {
		for (unsigned k = 0; k <= n->label[i][0]; k++) {
			if (k > 0)
				fputc(tolower(n->label[i][k]), record);
			else if (i > 0)
				fputc('.', record);
		}
	}
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (types[i].type == n->type)
			fprintf(record, " %s\n", types[i].word);
}

/* ---- writing ---- */

static uint8_t *
put16(uint8_t *p, unsigned v)
{
	*p++ = (uint8_t)(v >> 8);
	*p++ = (uint8_t)v;
	return p;
}

/* "autodiscover.outlook.com", uncompressed. */
static uint8_t *
put_name(uint8_t *p, const char *text)
{
	while (*text != '\0') {
		size_t n = strcspn(text, ".");

		*p++ = (uint8_t)n;
		memcpy(p, text, n);
		p += n;
		text += n + (text[n] == '.');
	}
	*p++ = 0;
	return p;
}

static uint8_t *
rr_begin(uint8_t *p, unsigned type)
{
	p = put16(p, 0xc00c);
	p = put16(p, type);
	p = put16(p, 1);
	p = put16(p, 0);
	p = put16(p, TTL);
	return p + 2;
}

static uint8_t *
rr_end(uint8_t *begin, uint8_t *p)
{
	put16(begin - 2, (unsigned)(p - begin));
	return p;
}

static uint8_t *
put_txt(uint8_t *p, const char *text)
{
	uint8_t *begin = rr_begin(p, TYPE_TXT);
	size_t n = strlen(text);

	*begin = (uint8_t)n;
	memcpy(begin + 1, text, n);
	return rr_end(begin, begin + 1 + n);
}

static uint8_t *
put_mx(uint8_t *p, const struct name *n)
{
	uint8_t *begin = rr_begin(p, TYPE_MX);
	char target[128];

	snprintf(target, sizeof(target), "%.*s-test.mail.protection.outlook.com", n->label[0][0], n->label[0] + 1);
	return rr_end(begin, put_name(put16(begin, 0), target));
}

static uint8_t *
put_srv(uint8_t *p)
{
	uint8_t *begin = rr_begin(p, TYPE_SRV);

	return rr_end(begin, put_name(put16(put16(put16(begin, 100), 1), 5061), "sipfed.online.lync.com"));
}

static uint8_t *
put_cname(uint8_t *p, const char *target)
{
	uint8_t *begin = rr_begin(p, TYPE_CNAME);

	return rr_end(begin, put_name(begin, target));
}

/* The SOA of an answer without records. */
static uint8_t *
put_soa(uint8_t *p)
{
	uint8_t *begin = put_name(p, "test");

	begin = put16(begin, 6);
	begin = put16(put16(put16(begin, 1), 0), TTL) + 2;
	p = put_name(put_name(begin, "ns.test"), "hostmaster.test");
	for (int i = 0; i < 5; i++)
		p = put16(put16(p, 0), TTL);
	return rr_end(begin, p);
}

/* The records of the question; *ret_n of them. */
static uint8_t *
answer_records(uint8_t *p, const struct name *n, unsigned *ret_n)
{
	bool apex = n->n == 2;

	*ret_n = 1;
	if (apex && n->type == TYPE_MX)
		return put_mx(p, n);
	if (apex && n->type == TYPE_TXT) {
		*ret_n = 2;
		return put_txt(put_txt(p, "v=spf1 include:spf.protection.outlook.com -all"), "MS=ms12345678");
	}
	if (label_is(n, 0, "autodiscover"))
		return put_cname(p, "autodiscover.outlook.com");
	if (label_is(n, 0, "_sipfederationtls") && n->type == TYPE_SRV)
		return put_srv(p);
	if (label_is(n, 0, "spf") && n->type == TYPE_TXT)
		return put_txt(p, "v=spf1 ip4:192.0.2.0/24 -all");
	*ret_n = 0;
	return p;
}

static size_t
answer_make(uint8_t *w, const uint8_t *q, size_t len, unsigned number)
{
	struct name n;
	unsigned count;
	bool exists;
	uint8_t *p;

	if (len < 12 || !name_read(&n, q, len))
		return 0;
	if (number == 0 && record != NULL)
		name_record(&n);
	memcpy(w, q, n.end);
	memset(w + 6, 0, 6);
	w[2] = 0x81;
	w[3] = 0x80;
	p = answer_records(w + n.end, &n, &count);
	exists = count > 0 || n.n == 2 || label_is(&n, n.n - 1, "com");
	if (count == 0) {
		p = put_soa(p);
		put16(w + 8, 1);
		w[3] |= exists ? 0 : 3;
	}
	put16(w + 6, count);
	put16(w + 10, 1);
	memcpy(p, "\0\0\51\4\320\0\0\0\0\0\0", 11);	/* OPT, 1232 */
	return (size_t)(p + 11 - w);
}

/* ---- batches ---- */

static struct mmsghdr in[BATCH], out[BATCH];
static struct iovec in_iov[BATCH], out_iov[BATCH];
static struct sockaddr_in from[BATCH];
static uint8_t in_bytes[BATCH][512], out_bytes[BATCH][WIRE_MAX];

static void
serve(int fd, unsigned number, bool silent)
{
	int n, m = 0;

	for (int i = 0; i < BATCH; i++) {
		in_iov[i] = (struct iovec){ in_bytes[i], sizeof(in_bytes[i]) };
		in[i].msg_hdr = (struct msghdr){
			.msg_name = &from[i], .msg_namelen = sizeof(from[i]), .msg_iov = &in_iov[i], .msg_iovlen = 1
		};
	}
	n = recvmmsg(fd, in, BATCH, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++) {
		size_t len;

		queries[number]++;
		len = silent ? 0 : answer_make(out_bytes[m], in_bytes[i], in[i].msg_len, number);
		if (len == 0)
			continue;
		out_iov[m] = (struct iovec){ out_bytes[m], len };
		out[m].msg_hdr = (struct msghdr){
			.msg_name = &from[i], .msg_namelen = sizeof(from[i]), .msg_iov = &out_iov[m], .msg_iovlen = 1
		};
		m++;
	}
	for (int done = 0; done < m;) {
		int sent = sendmmsg(fd, out + done, (unsigned)(m - done), 0);

		done += sent > 0 ? sent : 1;	/* a client that is gone: on with the next */
	}
}

static int
open_one(unsigned number, unsigned port)
{
	const int size = 8 << 20;
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	sin.sin_addr.s_addr = htonl(0x7f350001 + number);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (fd == -1 || bind(fd, (struct sockaddr *)&sin, sizeof(sin)) == -1) {
		fprintf(stderr, "bench_server: 127.53.0.%u:%u: %s\n", number + 1, port, strerror(errno));
		exit(1);
	}
	return fd;
}

int
main(int argc, char **argv)
{
	unsigned port = argc > 1 ? (unsigned)atoi(argv[1]) : 5399, silent = argc > 2 ? (unsigned)atoi(argv[2]) : 0;
	struct sigaction sa = { .sa_handler = on_term };
	struct pollfd fds[ADDRESSES];

	if (argc > 3 && (record = fopen(argv[3], "w")) == NULL) {
		perror(argv[3]);
		return 1;
	}
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	for (unsigned i = 0; i < ADDRESSES; i++)
		fds[i] = (struct pollfd){ .fd = open_one(i, port), .events = POLLIN };
	puts("ready");
	fflush(stdout);
	while (!stopping) {
		if (poll(fds, ADDRESSES, -1) <= 0)
			continue;
		for (unsigned i = 0; i < ADDRESSES; i++)
			if ((fds[i].revents & POLLIN) != 0)
				serve(fds[i].fd, i, silent == i + 1);
	}
	for (unsigned i = 0; i < ADDRESSES; i++)
		printf("127.53.0.%u %lu\n", i + 1, queries[i]);
	if (record != NULL)
		fclose(record);
	return 0;
}
