/* SPDX-License-Identifier: ISC */
/* The words of the configuration and of the catalog, one list each. */
#include <string.h>

#include <m365dnsd/conf.h>

static const struct name_row views[] = {
	{ VIEW_PUBLIC, "public" },
	{ VIEW_INTERNAL, "internal" },
};
NAME_TABLE(view_names, views);

static const struct name_row clouds[] = {
	{ CLOUD_WORLDWIDE, "worldwide" },
	{ CLOUD_GCC, "gcc" },
	{ CLOUD_GCC_HIGH, "gcc-high" },
	{ CLOUD_DOD, "dod" },
	{ CLOUD_21VIANET, "21vianet" },
};
NAME_TABLE(cloud_names, clouds);

static const struct name_row profiles[] = {
	{ PROFILE_CLOUD_ONLY, "cloud-only" },
	{ PROFILE_HYBRID, "hybrid" },
	{ PROFILE_HYBRID_MX_ONPREM, "hybrid-mx-onprem" },
	{ PROFILE_FILTERED, "filtered" },
	{ PROFILE_RELAY, "relay" },
	{ PROFILE_PARKED, "parked" },
	{ PROFILE_VERIFY_ONLY, "verify-only" },
};
NAME_TABLE(profile_names, profiles);

static const struct name_row services[] = {
	{ SERVICE_NONE, "none" },
	{ SERVICE_EXCHANGE, "exchange" },
	{ SERVICE_TEAMS, "teams" },
	{ SERVICE_SKYPE, "skype" },
	{ SERVICE_INTUNE, "intune" },
	{ SERVICE_DKIM, "dkim" },
	{ SERVICE_DMARC, "dmarc" },
	{ SERVICE_MTA_STS, "mta-sts" },
	{ SERVICE_TLS_RPT, "tls-rpt" },
};
NAME_TABLE(service_names, services);

static const struct name_row needs[] = {
	{ NEED_REQUIRED, "required" },
	{ NEED_RECOMMENDED, "recommended" },
	{ NEED_OPTIONAL, "optional" },
	{ NEED_LEGACY, "legacy" },
	{ NEED_FORBIDDEN, "forbidden" },
};
NAME_TABLE(need_names, needs);

static const struct name_row classes[] = {
	{ CLASS_REQUIRED, "required" },
	{ CLASS_QUORUM, "quorum" },
	{ CLASS_INFO, "info" },
};
NAME_TABLE(class_names, classes);

static const struct name_row authorities[] = {
	{ AUTHORITIES_ALL_BUT_DEAD, "all-but-dead" },
	{ AUTHORITIES_ALL, "all" },
	{ AUTHORITIES_MAJORITY, "majority" },
	{ AUTHORITIES_NONE, "none" },
};
NAME_TABLE(authorities_names, authorities);

static const struct name_row untils[] = {
	{ UNTIL_PUBLISHED, "published" },
	{ UNTIL_VISIBLE, "visible" },
	{ UNTIL_COMPLETE, "complete" },
};
NAME_TABLE(until_names, untils);

static const struct name_row rules[] = {
	{ RULE_TXT_VALUE, "txt-value" },
	{ RULE_MX_VERIFICATION, "mx-verification" },
	{ RULE_MX_SET, "mx-set" },
	{ RULE_CNAME, "cname" },
	{ RULE_HOST, "host" },
	{ RULE_SRV, "srv" },
	{ RULE_SPF, "spf" },
	{ RULE_DKIM, "dkim" },
	{ RULE_DMARC, "dmarc" },
	{ RULE_MTA_STS, "mta-sts" },
	{ RULE_TLS_RPT, "tls-rpt" },
	{ RULE_ABSENT, "absent" },
	{ RULE_EXACT, "exact" },
	{ RULE_CONTAINS, "contains" },
};
NAME_TABLE(rule_names, rules);
_Static_assert(ARRAY_LEN(rules) == RULE_MAX, "a rule has no word");
_Static_assert(ARRAY_LEN(services) == SERVICE_MAX, "a service has no word");
_Static_assert(ARRAY_LEN(profiles) == PROFILE_MAX, "a profile has no word");

static const struct name_row metrics[] = {
	{ METRICS_RECORDS, "records" },
	{ METRICS_DOMAINS, "domains" },
	{ METRICS_CELLS, "cells" },
};
NAME_TABLE(metrics_names, metrics);

static const struct name_row events[] = {
	{ EVENT_PUBLISHED, "published" },
	{ EVENT_VISIBLE, "visible" },
	{ EVENT_COMPLETE, "complete" },
	{ EVENT_REGRESSED, "regressed" },
	{ EVENT_UNKNOWN, "unknown" },
	{ EVENT_RECOVERED, "recovered" },
	{ EVENT_CHANGED, "changed" },
};
NAME_TABLE(event_names, events);

/* One word of a list of services; 0 with words when it is none. */
static int
service_bit(const char *word, size_t n, unsigned *ret, struct err *err)
{
	char buf[32];
	int id;

	if (n < sizeof(buf)) {
		memcpy(buf, word, n);
		buf[n] = '\0';
		if (name_find(&service_names, buf, &id)) {
			*ret |= id == SERVICE_NONE ? 0 : 1u << id;
			return 0;
		}
	}
	struct str list = STR_INIT;
	err_set(err, "\"%.*s\" is no service; there are %s", (int)n, word, name_list(&service_names, &list));
	str_done(&list);
	return -1;
}

int
conf_services_parse(const char *words, unsigned *ret, struct err *err)
{
	unsigned bits = 0;

	for (;;) {
		words += strspn(words, ", \t");
		size_t n = strcspn(words, ", \t");
		if (n == 0)
			break;
		if (service_bit(words, n, &bits, err) == -1)
			return -1;
		words += n;
	}
	*ret = bits;
	return 0;
}
