/* SPDX-License-Identifier: ISC */
/* signals: which ones end a run, and which ones must not. */
#ifndef M365DNSD_DAEMON_SIGNALS_H
#define M365DNSD_DAEMON_SIGNALS_H

#include <m365dnsd/loop.h>

/* SIGINT, SIGTERM and SIGHUP call on_end; SIGWINCH calls on_resize; SIGPIPE becomes an error of write(2). */
void signals_watch(struct loop *l, loop_signal_fn *on_end, loop_signal_fn *on_resize, void *ctx);
/* "SIGINT" */
const char *signals_name(int signo);

#endif
