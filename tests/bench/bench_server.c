/* SPDX-License-Identifier: ISC */
/*
 * Eight resolvers that are never the bottleneck: one thread, recvmmsg() and sendmmsg(), answers of
 * bench_answers.h.
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

#include "bench_answers.h"

#define ADDRESSES 8
#define BATCH     64

static volatile sig_atomic_t stopping;
static unsigned long queries[ADDRESSES];
static FILE *record;		/* of what the first one is asked */

static void
on_term(int signo)
{
	(void)signo;
	stopping = 1;
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
		struct name name;
		size_t len;

		queries[number]++;
		len = silent ? 0 : answer_make(out_bytes[m], in_bytes[i], in[i].msg_len, &name);
		if (len == 0)
			continue;
		if (number == 0 && record != NULL)
			name_record(&name);
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
