/* SPDX-License-Identifier: ISC */
/*
 * policy: see policy.h.  libcurl is started with the first wish: most domains have no policy.  Certificates are checked against
 * those that the system trusts, or those of the file that SSL_CERT_FILE names in the environment (OpenSSL's custom).
 */
#include "policy.h"

#include <stdlib.h>

#include <m365dnsd/notify.h>

#define PATH "/.well-known/mta-sts.txt"

struct policies {
	struct loop *loop;
	struct pipeline *pipeline;
	struct fetcher *fetcher;	/* NULL until the first wish */
	struct fetch_config cfg;
	bool allowed, broken;
};

static void
on_fetched(void *ctx, uint64_t tag, enum reason reason, const char *text, size_t n, const char *words)
{
	struct policies *p = ctx;

	pipeline_policy(p->pipeline, tag, reason, text, n, words);
}

static bool
policies_start(struct policies *p)
{
	struct err err;

	if (p->fetcher == NULL && !p->broken)
		p->fetcher = fetcher_new(p->loop, &p->cfg, on_fetched, p, &err);
	if (p->fetcher == NULL && !p->broken)
		log_warn("no MTA-STS policies are fetched: %s", err.msg);
	p->broken = p->fetcher == NULL;
	return p->fetcher != NULL;
}

enum reason
policies_ask(struct policies *p, uint64_t tag, const struct dns_name *name, const struct addr *addrs, size_t n_addrs)
{
	char text[DNS_NAME_TEXT_MAX], *host;
	bool begun;

	if (!p->allowed || !policies_start(p))
		return REASON_STOPPED;
	host = xasprintf("mta-sts.%s", dns_name_text_lower(name, text));
	begun = fetch_start(p->fetcher, tag, host, PATH, addrs, n_addrs);
	free(host);
	return begun ? REASON_NONE : REASON_NOT_GLOBAL;
}

void
policies_configure(struct policies *p, const struct conf *conf)
{
	p->allowed = conf->mta_sts_policy;
	p->cfg = (struct fetch_config){ .port = (uint16_t)conf->policy_port, .private_allowed = conf->authority_private,
		.bytes_max = SIDE_TEXT_MAX, .ca_file = getenv("SSL_CERT_FILE") };
	if (p->fetcher != NULL)
		fetcher_configure(p->fetcher, &p->cfg);
}

struct policies *
policies_new(struct loop *l, const struct conf *conf)
{
	struct policies *p = xcalloc(1, sizeof(*p));

	p->loop = l;
	policies_configure(p, conf);
	return p;
}

void
policies_tell(struct policies *p, struct pipeline *pipeline)
{
	p->pipeline = pipeline;
}

void
policies_free(struct policies *p)
{
	if (p == NULL)
		return;
	fetcher_free(p->fetcher);
	free(p);
}
