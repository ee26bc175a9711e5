/* SPDX-License-Identifier: ISC */
#include "signals.h"

#include <signal.h>

static const struct name_row rows[] = { { SIGINT, "SIGINT" }, { SIGTERM, "SIGTERM" }, { SIGHUP, "SIGHUP" } };
static NAME_TABLE(ending, rows);

/* nohup(1) */
static bool
is_ignored(int signo)
{
	struct sigaction sa;

	return sigaction(signo, NULL, &sa) == 0 && sa.sa_handler == SIG_IGN;
}

void
signals_watch(struct loop *l, loop_signal_fn *on_end, loop_signal_fn *on_resize, void *ctx)
{
	/* A server that closes a TCP connection, or a reader that went away, must not kill us. */
	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < ending.n; i++)
		if (ending.rows[i].id != SIGHUP || !is_ignored(SIGHUP))
			loop_on_signal(l, ending.rows[i].id, on_end, ctx);
	loop_on_signal(l, SIGWINCH, on_resize, ctx);
}

const char *
signals_name(int signo)
{
	return name_of(&ending, signo);
}
