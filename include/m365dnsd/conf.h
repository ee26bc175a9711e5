/* SPDX-License-Identifier: ISC */
/*
 * conf: files -> struct conf and struct catalog, with every mistake as file:line.  The only room that knows libConfuse.
 * Nothing here asks the network.
 */
#ifndef M365DNSD_CONF_H
#define M365DNSD_CONF_H

#include <m365dnsd/base.h>
#include <m365dnsd/dns.h>

/* ---- words (each with a name table; m365dnsd.conf(5) says what they mean) ---- */

enum view { VIEW_PUBLIC, VIEW_INTERNAL, VIEW_MAX };
enum cloud { CLOUD_WORLDWIDE, CLOUD_GCC, CLOUD_GCC_HIGH, CLOUD_DOD, CLOUD_21VIANET, CLOUD_MAX };
enum profile {
	PROFILE_CLOUD_ONLY, PROFILE_HYBRID, PROFILE_HYBRID_MX_ONPREM, PROFILE_FILTERED, PROFILE_RELAY, PROFILE_PARKED,
	PROFILE_VERIFY_ONLY, PROFILE_MAX
};
enum service {		/* bit numbers of conf_domain.services */
	SERVICE_NONE, SERVICE_EXCHANGE, SERVICE_TEAMS, SERVICE_SKYPE, SERVICE_INTUNE, SERVICE_DKIM, SERVICE_DMARC,
	SERVICE_MTA_STS, SERVICE_TLS_RPT, SERVICE_MAX
};
enum need { NEED_REQUIRED, NEED_RECOMMENDED, NEED_OPTIONAL, NEED_LEGACY, NEED_FORBIDDEN, NEED_MAX };
enum resolver_class { CLASS_REQUIRED, CLASS_QUORUM, CLASS_INFO, CLASS_MAX };
enum authorities_policy {
	AUTHORITIES_ALL_BUT_DEAD, AUTHORITIES_ALL, AUTHORITIES_MAJORITY, AUTHORITIES_NONE, AUTHORITIES_UNSET
};
enum event {		/* what a transition is about; notify blocks choose among them */
	EVENT_PUBLISHED, EVENT_VISIBLE, EVENT_COMPLETE, EVENT_REGRESSED, EVENT_UNKNOWN, EVENT_RECOVERED, EVENT_CHANGED
};
enum until { UNTIL_PUBLISHED, UNTIL_VISIBLE, UNTIL_COMPLETE };
/* How an expectation is judged; eval has one function a rule. */
enum rule {
	RULE_TXT_VALUE,		/* one of the TXT values equals a wanted one: verification */
	RULE_MX_VERIFICATION,	/* the ms########.msv1.invalid form */
	RULE_MX_SET,		/* wanted hosts or families, no foreign companion, order */
	RULE_CNAME,		/* wanted target, a family, or a tolerated one */
	RULE_HOST,		/* answers with an address or through a CNAME; wanted names when known */
	RULE_SRV, RULE_SPF, RULE_DKIM, RULE_DMARC, RULE_MTA_STS, RULE_TLS_RPT,
	RULE_ABSENT,		/* no answer of any type: forbidden rows */
	RULE_EXACT,		/* the admin's own: the set is exactly the wanted one */
	RULE_CONTAINS,		/* the admin's own TXT: the wanted value is among the set */
	RULE_MAX
};

extern const struct name_table view_names, cloud_names, profile_names, service_names, need_names, class_names,
    authorities_names, until_names, rule_names, metrics_names, event_names;

/* ---- what was wrong: all of it in one run ---- */

struct conf_problem {
	char *file;		/* NULL: the command line */
	int line;		/* 0: the file as a whole */
	char *text;		/* raw: it quotes what was typed, which may be any bytes */
	size_t seq;		/* order of discovery, for sorting */
};
struct conf_problems {
	struct conf_problem *list;
	size_t n;
};
void conf_problem_add(struct conf_problems *p, const char *file, int line, const char *fmt, ...) PRINTF_LIKE(4, 5);
/* "file:line: text" per line, printable. */
void conf_problems_text(const struct conf_problems *p, struct str *ret);
void conf_problems_done(struct conf_problems *p);

/* ---- the configuration ---- */

struct conf_resolver {
	char *name;		/* "google", "office", or the address as typed on the command line */
	char *operator;		/* one vote each; = name unless the shipped list says otherwise */
	struct addr *addrs;
	size_t n_addrs;
	enum resolver_class class;
	enum view view;
	unsigned rate, window;	/* queries a second (0 = unlimited), in flight */
	bool filters;		/* known to filter: shown, never gates (shipped list) */
	bool shipped;
	char *text;		/* a line for --list-resolvers */
};
struct conf_record {		/* record "id" { name type value } : the admin's own */
	char *id, *name;	/* name relative to the domain, or absolute with a final dot inside the domain */
	uint16_t type;
	char **values;
	size_t n_values;
	int line;
};
/* Keys that override what the catalog says.  NULL / 0 = not given. */
struct conf_overrides {
	char **mx;		/* "10 mail.contoso.com" each */
	size_t n_mx;
	char *autodiscover, *dkim_selector1, *dkim_selector2;
	char **skip;		/* record ids without cells in this view; in view blocks only */
	size_t n_skip;
};
struct conf_spf {
	char **ip4;
	size_t n_ip4;
	char **ip6;
	size_t n_ip6;
	char **include;
	size_t n_include;
	char *all;		/* "-all"; NULL = not given */
};
struct conf_domain {
	char *text;		/* its name: lower-case A-labels, no final dot */
	const char *file;	/* of conf.files; NULL = the command line */
	int line;
	char *verification, *tenant;	/* NULL = not given */
	unsigned services;	/* 1u << enum service */
	enum cloud cloud;
	enum profile profile;
	enum authorities_policy authorities;	/* AUTHORITIES_UNSET = the global one */
	/* Mostly NULL (nothing given): there may be 100,000 of these */
	struct conf_overrides *overrides;	/* for both views */
	struct conf_overrides *view[VIEW_MAX];	/* of one view: wins over those, key by key */
	struct conf_spf *spf;
	struct conf_record *records;
	size_t n_records;
	char **nameservers;	/* of the zone the admin edits */
	size_t n_nameservers;
};
struct conf_notify {
	char *name, *url, *command;
	char **events;		/* words of event_names; never empty */
	size_t n_events;
};
struct conf {
	char **listen;
	size_t n_listen;
	bool listen_public;
	char **hosts;		/* more names for the Host check */
	size_t n_hosts;
	char *database, *catalog_file, *token_file;
	struct conf_resolver *resolvers;	/* shipped ones chosen by name, then the blocks */
	size_t n_resolvers;
	unsigned quorum;	/* see quorum_percent */
	bool quorum_percent;
	unsigned confirm;	/* good answers in a row */
	unsigned interval_floor, interval_ceiling, guard_interval, stale_recheck;	/* seconds */
	unsigned history_days;
	unsigned rate, window;	/* defaults for resolvers and learned authorities */
	enum authorities_policy authorities;
	unsigned authority_port;
	bool authority_private;
	bool mta_sts_policy;	/* fetch it, of domains that use the service */
	unsigned policy_port;
	int metrics;		/* enum metrics_detail below */
	struct conf_notify *notify;
	size_t n_notify;
	struct conf_domain *domains;
	size_t n_domains;
	char **files;		/* all that were read, in order */
	size_t n_files;
	struct conf_place *places;	/* where each key of conf_keys was given globally; NULL = nowhere */
};
struct conf_place {
	const char *file;	/* NULL = default */
	int line;
};
enum metrics_detail { METRICS_RECORDS, METRICS_DOMAINS, METRICS_CELLS };

/*
 * Every key with its default, range and one line of help: a test holds table, man page and example together.
 * The row is all there is of a key: reading, checking and storing go by it.
 */
struct conf_key {
	const char *section;	/* "" global, "resolver", "domain", "spf", "record", "view", "notify" */
	const char *name, *type, *deflt, *range, *help;
	/* how it is read (src/conf/values.c) */
	const struct conf_kind *kind;
	size_t offset;		/* of the member in the struct of the section */
	long min, max;
	const struct name_table *words;
};
extern const struct conf_key conf_keys[];
extern const size_t conf_n_keys;

/* All defaults, no domain, the default resolvers (google, cloudflare, quad9, opendns). */
struct conf *conf_new(void);
/*
 * Read path, and when conf_d is not NULL every *.conf in it in the order of their names (no such directory: none).  A mistake
 * adds to problems and the reading goes on.  Returns NULL when there was any problem.
 */
struct conf *conf_load(const char *path, const char *conf_d, struct conf_problems *problems);
/* The same from memory (tests, fuzzing, PUT /domains); `name` stands for the file name. */
struct conf *conf_parse(const char *name, const char *text, struct conf_problems *problems);
/*
 * The inside of a domain block as somebody sent it, text in the language of the files or a JSON object with the same keys ->
 * the block as text for conf_parse().  domain: lower-case A-labels.  -1 with all that is wrong.
 */
int conf_domain_block(const char *domain, const char *body, size_t len, bool json, struct str *ret, struct err *err);
void conf_free(struct conf *c);
/* A domain from the command line; -1 with words when the name is none.  Returns its index in *ret. */
int conf_add_domain(struct conf *c, const char *name, size_t *ret, struct err *err);
/* Set a key of the section "domain" ("tenant") as a file would; -1 with words. */
int conf_set_domain(struct conf_domain *d, const char *key, const char *value, struct err *err);
/* Forget the domains whose keep[index] is false. */
void conf_keep_domains(struct conf *c, const bool *keep);
/* NAME of the shipped list, or ADDR[:PORT]; the first one on the command line replaces the defaults (caller clears). */
int conf_add_resolver(struct conf *c, const char *name_or_addr, struct err *err);
void conf_clear_resolvers(struct conf *c);
/* "contoso.onmicrosoft.com" and its kin of the other clouds: Microsoft's own zone, nothing for the customer to add. */
bool conf_is_initial_domain(const struct dns_name *domain);
/* "exchange,teams" -> bits. */
int conf_services_parse(const char *words, unsigned *ret, struct err *err);
/* What depends on the command line too: who votes, the quorum.  Call it last; conf_load has done all other checks. */
void conf_check(const struct conf *c, enum until until, struct conf_problems *problems);
/* "m365dnsd.conf:12", or "command line": for messages about a domain. */
const char *conf_domain_place(const struct conf_domain *d, struct str *buf);
/* Of libConfuse, at run time. */
const char *conf_library_version(void);
/* The shipped resolver list, also for --list-resolvers. */
const struct conf_resolver *conf_shipped_resolvers(size_t *ret_n);

/* ---- the catalog: what Microsoft 365 asks for, as dated data ---- */

struct catalog_row {
	char *id;		/* "mx"; several rows may share it when clouds or profiles differ */
	char *owner;		/* relative: "@", "autodiscover", "_sip._tls" */
	uint16_t type;		/* of the record an admin adds */
	uint16_t ask;		/* type asked for; differs for hosts (CNAME or addresses: A is asked) */
	enum rule rule;
	enum need need;		/* when its service is asked for; otherwise: optional (legacy and forbidden stay) */
	enum service service;		/* the first one of services: what JSON shows */
	unsigned services;		/* bits: any of them in use makes need what it says; 0 = needs no service */
	unsigned clouds, profiles;	/* bits */
	unsigned views;		/* bits of the views it holds in */
	char **want;		/* templates of right values, "{key}.mail.protection.outlook.com" */
	size_t n_want;
	char **family;		/* patterns of targets that are right when the exact value cannot be known: "*" is one label,
				   "?" one character, both inside a label: "*.?-v1.mx.microsoft" */
	size_t n_family;
	char **tolerate;	/* templates and patterns that work but are old or second best: a warning */
	size_t n_tolerate;
	bool foreign;		/* any host that is not Microsoft's is right too, unless the configuration names one */
	bool wrong_breaks;	/* present but wrong is an error even where the row is optional or legacy */
	char *since, *until;	/* dates for people, "" = open */
	char *source;		/* keys of the list at the end of catalog.conf, or URLs */
	char *text;		/* what it is for, for people */
	uint32_t ttl;		/* advised, seconds */
	int line;
};
struct catalog {
	struct catalog_row *rows;
	size_t n_rows;
	char *version;		/* the date of the data */
	/* Suffixes of Microsoft's own hosts, each with its cloud: to tell foreign from ours and one cloud from another. */
	struct catalog_suffix {
		char *suffix;
		unsigned clouds;	/* bits; 0 = closed or consumer */
		char *what;		/* "mx", "autodiscover", "spf", "sip", "consumer" ... */
	} *suffixes;
	size_t n_suffixes;
	uint64_t digest;	/* hash_bytes() of the text that it was read from */
};
/* From a file, or with NULL the compiled-in one (etc/catalog.conf).  NULL on any problem. */
struct catalog *catalog_load(const char *path, struct conf_problems *problems);
struct catalog *catalog_parse(const char *name, const char *text, struct conf_problems *problems);
void catalog_free(struct catalog *c);

/*
 * What Microsoft gives (Graph JSON, PowerShell's JSON of it, Get-DkimSigningConfig, CSV with a header row, zone text; UTF-8 or
 * UTF-16) -> `domain "name" { ... }`, checked.  notes get all that was left out or is to be looked at, under the name file.
 * -1 with words when nothing can be read.
 */
int conf_import(const struct catalog *catalog, const char *domain, const char *file, const char *bytes, size_t len,
    struct str *ret, struct conf_problems *notes, struct err *err);

#endif
