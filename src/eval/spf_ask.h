/* SPDX-License-Identifier: ISC */
/*
 * spf_ask: how SPF asks.  Check and tree are functions of the answers known so far: they ask as if the answer were there, stop
 * where one is missing, and are run again when it has come.  Who asks and who remembers stands behind struct spf_asker.
 */
#ifndef EVAL_SPF_ASK_H
#define EVAL_SPF_ASK_H

#include <m365dnsd/eval.h>

#include "spf.h"

struct spf_asker {
	void (*ask)(void *ctx, const struct dns_name *name, uint16_t type, struct side_fact *ret);
	/* May the denial not be believed?  It counts as what could not be asked then.  NULL: all are believed. */
	bool (*doubts)(void *ctx, const struct dns_name *name, const struct answer *an);
	void *ctx;
	/* The domain's own record, when it is known already: it is not asked for then. */
	const struct dns_name *own;
	const char *record;		/* NULL: it is not */
	size_t n_record;
};

enum spf_asked {
	SPF_ASKED_VALUES,
	SPF_ASKED_VOID,			/* no such name, or no such record */
	SPF_ASKED_PENDING,
	SPF_ASKED_FAILED		/* could not be asked, or an alias that leads nowhere */
};
/* words (of a failure, in a): "mail.contoso.test A: timeout". */
enum spf_asked spf_ask(const struct spf_asker *k, const struct dns_name *name, uint16_t type, struct arena *a,
    struct side_fact *ret, const char **ret_words);

/* The SPF record of a name (sections 4.4 to 4.6). */
enum spf_fetch {
	SPF_FETCHED,
	SPF_FETCH_VOID,			/* no such name, or no TXT record */
	SPF_FETCH_NONE,			/* TXT records, but no SPF record */
	SPF_FETCH_MANY,
	SPF_FETCH_BROKEN,		/* a mistake of syntax */
	SPF_FETCH_PENDING,
	SPF_FETCH_FAILED
};
struct spf_fetched {
	const char *text;		/* the record, with whatever bytes are in it */
	size_t n;
	struct spf_record record;	/* of SPF_FETCHED */
	const char *words;		/* why there is none, for people */
};
enum spf_fetch spf_fetch(const struct spf_asker *k, const struct dns_name *name, struct arena *a, struct spf_fetched *ret);

/* ---- spf_check.c ---- */

/* check_host() with what is known; false while an answer is missing.  What is in ret lives in a. */
bool spf_check_run(const struct spf_asker *k, const struct dns_name *domain, const struct spf_client *client, struct arena *a,
    struct spf_check *ret);

#endif
