/* SPDX-License-Identifier: ISC */
/*
 * systemd: what a service manager hands over in the environment, and what it wants to be told, without libsystemd.
 *
 * Started by anything else, all of this is there and does nothing: no socket is handed over, no watchdog wants to be fed, and
 * nobody listens to what is told.  Any manager that speaks the same protocols will do.
 */
#ifndef M365DNSD_DAEMON_SYSTEMD_H
#define M365DNSD_DAEMON_SYSTEMD_H

#include <m365dnsd/base.h>

struct systemd;

/*
 * Reads NOTIFY_SOCKET, WATCHDOG_* and LISTEN_* and removes them from the environment, so that no child takes them for its own.
 * Once in the life of a process, before the first thread and before any descriptor is opened.  What is not usable there
 * is logged and passed over.
 */
struct systemd *systemd_new(const struct clock *clock);
/* Closes the sockets that were handed over. */
void systemd_free(struct systemd *s);

/* ---- systemd_notify.c: sd_notify(3); false when nobody listens or the message was not taken ---- */

/* The service is up, or done with a reload. */
bool systemd_ready(struct systemd *s);
/* Tell before a reload; systemd_ready() ends it, however it went. */
bool systemd_reloading(struct systemd *s);
bool systemd_stopping(struct systemd *s);
/* Starting, reloading or stopping takes up to ms longer, counted from now. */
bool systemd_extend_timeout(struct systemd *s, int64_t ms);
/*
 * One line for "systemctl status".  Sent at most each 10 s: the last text waits for the first call (of this or of
 * systemd_watchdog()) after that, or goes with a message about ready, reloading or stopping.
 */
void systemd_status(struct systemd *s, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* How often to call systemd_watchdog(): half of what the manager asks for, in ms; 0 = it has no watchdog on us. */
int64_t systemd_watchdog_ms(const struct systemd *s);
/* Still alive.  Only when everything that may hang has made progress. */
bool systemd_watchdog(struct systemd *s);

/* ---- systemd_sockets.c: socket activation, sd_listen_fds(3) ---- */

/*
 * The listening stream sockets (IPv4, IPv6, unix) that were handed over, non-blocking and close-on-exec; they stay ours.
 * Others were closed with a warning.  *ret_n = 0 without any.
 */
const int *systemd_sockets(const struct systemd *s, size_t *ret_n);
/* The name of socket i: FileDescriptorName= of its unit, "" when there is none. */
const char *systemd_socket_name(const struct systemd *s, size_t i);
/* Where socket i listens, for the log: "127.0.0.1:8365", "/run/x.sock", "@abstract". */
const char *systemd_socket_text(const struct systemd *s, size_t i);
/* Can only processes of this machine reach socket i?  Loopback and unix sockets. */
bool systemd_socket_is_local(const struct systemd *s, size_t i);

/* ---- systemd_dirs.c: directories and secrets of the service ---- */

enum systemd_dir { SYSTEMD_STATE, SYSTEMD_CONFIGURATION };

/* The directory that StateDirectory= and its like made, the first of several; NULL when there is none.  The caller frees it. */
char *systemd_directory(enum systemd_dir dir);

/*
 * A bearer token from a file: one word of visible ASCII, blanks around it do not count.  -1 with words when it cannot be read,
 * is none, or anybody on this machine may read it.  *ret: to be freed with secret_free().
 */
int secret_read(const char *path, char **ret, struct err *err);
/* The same from a credential of LoadCredential= or SetCredential=, whose directory nobody else can enter; *ret NULL: there is none. */
int secret_credential(const char *name, char **ret, struct err *err);
/* Wipes it first; takes NULL. */
void secret_free(char *secret);

#endif
