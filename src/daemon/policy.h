/* SPDX-License-Identifier: ISC */
/* policy: the pipeline's wish for an MTA-STS policy, granted by a fetch. */
#ifndef DAEMON_POLICY_H
#define DAEMON_POLICY_H

#include <m365dnsd/conf.h>
#include <m365dnsd/loop.h>

#include "pipeline.h"

struct policies;

struct policies *policies_new(struct loop *l, const struct conf *conf);
/* Whom the answers go to; before it asks. */
void policies_tell(struct policies *p, struct pipeline *pipeline);
/* A configuration has been read. */
void policies_configure(struct policies *p, const struct conf *conf);
/* See pipeline_config.ask_policy. */
enum reason policies_ask(struct policies *p, uint64_t tag, const struct dns_name *name, const struct addr *addrs, size_t n_addrs);
void policies_free(struct policies *p);

#endif
