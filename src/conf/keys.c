/* SPDX-License-Identifier: ISC */
/* Every key, one row each.  Defaults are set in conf.c; tests hold them, m365dnsd.conf(5) and the example to this table. */
#include "load.h"

#define NUMBER(member, deflt, lo, hi)                                                                                  \
	"number", deflt, #lo " to " #hi, .kind = &kind_uint, .offset = offsetof(OF, member), .min = (lo), .max = (hi)
#define SECONDS(member, deflt, lo, hi)                                                                                 \
	"seconds", deflt, #lo " to " #hi, .kind = &kind_seconds, .offset = offsetof(OF, member), .min = (lo), .max = (hi)
#define BOOL(member, deflt)                                                                                            \
	"yes or no", deflt, "yes, no", .kind = &kind_bool, .offset = offsetof(OF, member)
#define WORD(member, deflt, range, table)                                                                              \
	"word", deflt, range, .kind = &kind_word, .offset = offsetof(OF, member), .words = &(table)
#define OTHER(member, type, deflt, range, k)                                                                           \
	type, deflt, range, .kind = &(k), .offset = offsetof(OF, member)

#define CLOUDS   "worldwide, gcc, gcc-high, dod, 21vianet"
#define PROFILES "cloud-only, hybrid, hybrid-mx-onprem, filtered, relay, parked, verify-only"
#define SERVICES "none, exchange, teams, skype, intune, dkim, dmarc, mta-sts, tls-rpt"
#define POLICIES "all-but-dead, all, majority, none"
#define EVENTS   "published, visible, complete, regressed, unknown, recovered, changed"

const struct conf_key conf_keys[] = {
#define OF struct conf
	{ "", "listen", OTHER(listen, "list", "\"127.0.0.1:8365\"", "addresses with a port", kind_listen),
	    .help = "where HTTP is served" },
	{ "", "listen_public", BOOL(listen_public, "no"),
	    .help = "serve other than loopback addresses without a token" },
	{ "", "hosts", OTHER(hosts, "list", "none", "host names", kind_hosts),
	    .help = "names the Host header may carry besides the addresses" },
	{ "", "database", OTHER(database, "path", "\"/var/lib/m365dnsd/m365dnsd.db\"", "an absolute path; \"\": none",
	    kind_path), .help = "the history and what survives a restart" },
	{ "", "catalog", OTHER(catalog_file, "path", "compiled in", "an absolute path", kind_path),
	    .help = "newer list of what Microsoft 365 asks for" },
	{ "", "token_file", OTHER(token_file, "path", "none", "an absolute path", kind_path),
	    .help = "bearer token of the requests that change something" },
	{ "", "resolvers", OTHER(resolvers, "list", "\"google\", \"cloudflare\", \"quad9\", \"opendns\"",
	    "shipped names or addresses", kind_resolvers), .help = "public resolvers to ask, see --list-resolvers" },
	{ "", "quorum", OTHER(quorum, "share", "\"100%\"", "1% to 100%, or a count from 1 to 1000", kind_quorum),
	    .help = "operators that must have confirmed a record to call it visible" },
	{ "", "confirm", NUMBER(confirm, "2", 1, 10), .help = "good answers in a row that confirm" },
	{ "", "interval_floor", SECONDS(interval_floor, "5", 1, 3600), .help = "no source is asked one thing more often" },
	{ "", "interval_ceiling", SECONDS(interval_ceiling, "300", 1, 86400),
	    .help = "longest wait between looks at an authority before publication" },
	{ "", "guard_interval", SECONDS(guard_interval, "3600", 10, 604800),
	    .help = "between looks at the authorities after completion" },
	{ "", "stale_recheck", SECONDS(stale_recheck, "3600", 1, 604800),
	    .help = "between looks at a resolver that holds an old answer for longer" },
	{ "", "history_days", NUMBER(history_days, "90", 1, 36500), .help = "how long transitions are kept" },
	{ "", "rate", NUMBER(rate, "50", 0, 100000), .help = "queries a second to one operator or authority; 0: no limit" },
	{ "", "window", NUMBER(window, "64", 1, 10000), .help = "queries in flight to one address" },
	{ "", "authorities", WORD(authorities, "all-but-dead", POLICIES, authorities_names),
	    .help = "which authoritative servers must be right" },
	{ "", "authority_port", NUMBER(authority_port, "53", 1, 65535), .help = "port of authoritative servers, for laboratories" },
	{ "", "authority_private", BOOL(authority_private, "no"),
	    .help = "ask authorities with private addresses, for laboratories" },
	{ "", "mta_sts_policy", BOOL(mta_sts_policy, "yes"),
	    .help = "fetch the MTA-STS policy by HTTPS, of domains that use the service mta-sts" },
	{ "", "policy_port", NUMBER(policy_port, "443", 1, 65535), .help = "port of the hosts of policies, for laboratories" },
	{ "", "metrics", WORD(metrics, "records", "records, domains, cells", metrics_names),
	    .help = "how much detail /metrics has" },
#undef OF
#define OF struct conf_resolver
	{ "resolver", "address", OTHER(addrs, "list", "those of a shipped resolver of this name", "addresses, with or without port",
	    kind_address), .help = "where it is asked" },
	{ "resolver", "operator", OTHER(operator, "text", "the block's name", "a name", kind_text),
	    .help = "blocks with one operator have one vote together" },
	{ "resolver", "view", WORD(view, "public", "public, internal", view_names), .help = "which side of a split zone it sees" },
	{ "resolver", "class", WORD(class, "quorum", "required, quorum, info", class_names), .help = "what its answers decide" },
	{ "resolver", "rate", NUMBER(rate, "the global rate", 0, 100000), .help = "queries a second; 0: no limit" },
	{ "resolver", "window", NUMBER(window, "the global window", 1, 10000), .help = "queries in flight" },
#undef OF
#define OF struct conf_domain
	{ "domain", "verification", OTHER(verification, "text", "none", "\"MS=...\"", kind_verification),
	    .help = "proof of ownership; makes it required" },
	{ "domain", "tenant", OTHER(tenant, "name", "none", "\"contoso\" or \"contoso.onmicrosoft.com\"", kind_tenant),
	    .help = "what stands before .onmicrosoft.com; sharpens the DKIM check" },
	{ "domain", "services", OTHER(services, "list", "\"exchange\"", SERVICES, kind_services),
	    .help = "what is used; makes their records required" },
	{ "domain", "cloud", WORD(cloud, "worldwide", CLOUDS, cloud_names), .help = "which Microsoft cloud" },
	{ "domain", "profile", WORD(profile, "cloud-only", PROFILES, profile_names), .help = "where mail goes" },
	{ "domain", "authorities", WORD(authorities, "the global one", POLICIES, authorities_names),
	    .help = "which authoritative servers must be right" },
	{ "domain", "nameservers", OTHER(nameservers, "list", "none", "host names", kind_hosts),
	    .help = "servers of the zone you edit, if not sure that it is the delegated one" },
#undef OF
#define OF struct conf_overrides
	{ "domain", "mx", OTHER(mx, "list", "the catalog's", "\"10 mail.example.com\"", kind_mx),
	    .help = "the whole MX set, instead of the catalog's" },
	{ "domain", "autodiscover", OTHER(autodiscover, "host", "the catalog's", "a host name", kind_host),
	    .help = "target of autodiscover, instead of the catalog's" },
	{ "domain", "dkim_selector1", OTHER(dkim_selector1, "host", "the catalog's", "a host name", kind_host),
	    .help = "exact target of selector1._domainkey" },
	{ "domain", "dkim_selector2", OTHER(dkim_selector2, "host", "the catalog's", "a host name", kind_host),
	    .help = "exact target of selector2._domainkey" },
#undef OF
#define OF struct conf_spf
	{ "spf", "ip4", OTHER(ip4, "list", "none", "IPv4 addresses or networks", kind_spf_ip),
	    .help = "senders whose mail must pass SPF" },
	{ "spf", "ip6", OTHER(ip6, "list", "none", "IPv6 addresses or networks", kind_spf_ip),
	    .help = "senders whose mail must pass SPF" },
	{ "spf", "include", OTHER(include, "list", "none", "host names", kind_list), .help = "other includes it must reach" },
	{ "spf", "all", OTHER(all, "text", "\"-all\"", "\"-all\", \"~all\", \"?all\"", kind_spf_all),
	    .help = "how the record must end" },
#undef OF
#define OF struct conf_record
	{ "record", "name", OTHER(name, "name", "the domain itself", "relative, or absolute with a final dot", kind_text),
	    .help = "owner of a record of your own" },
	{ "record", "type", OTHER(type, "word", "must be given", "A, AAAA, CNAME, MX, NS, PTR, SRV, TXT", kind_record_type),
	    .help = "its type" },
	{ "record", "value", OTHER(values, "list", "must be given", "as in a zone file", kind_list),
	    .help = "its whole set of values; TXT: a value that is among them" },
#undef OF
#define OF struct conf_overrides
	{ "view", "mx", OTHER(mx, "list", "the domain's", "\"10 mail.example.com\"", kind_mx),
	    .help = "the whole MX set in this view" },
	{ "view", "autodiscover", OTHER(autodiscover, "host", "the domain's", "a host name", kind_host),
	    .help = "target of autodiscover in this view" },
	{ "view", "dkim_selector1", OTHER(dkim_selector1, "host", "the domain's", "a host name", kind_host),
	    .help = "target of selector1._domainkey in this view" },
	{ "view", "dkim_selector2", OTHER(dkim_selector2, "host", "the domain's", "a host name", kind_host),
	    .help = "target of selector2._domainkey in this view" },
	{ "view", "skip", OTHER(skip, "list", "none", "record ids, see --list-records", kind_list),
	    .help = "records that this view need not have" },
#undef OF
#define OF struct conf_notify
	{ "notify", "url", OTHER(url, "url", "none", "http:// or https://", kind_url), .help = "where transitions are posted to" },
	{ "notify", "command", OTHER(command, "path", "none", "an absolute path", kind_command),
	    .help = "program that gets each transition on its standard input" },
	{ "notify", "events", OTHER(events, "list", "\"complete\", \"regressed\"", EVENTS, kind_events),
	    .help = "which transitions" },
#undef OF
};
const size_t conf_n_keys = ARRAY_LEN(conf_keys);
