/* SPDX-License-Identifier: ISC */
/*
 * The zone finder in a scripted Internet.  192.0.2.1 and 192.0.2.2 are the configured resolvers; what is learned from DNS has
 * addresses below 11.0.0.0/8 and 2a00::/12, because the filter of special addresses is on.
 */
#include <m365dnsd/resolver.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/script.h"

static struct bench {
	struct script *net;
	struct conf conf;
	struct conf_resolver resolvers[2];
	struct addr addrs[2];
	struct sources *sources;
	struct prober *prober;
	struct lookup *lookup;
	struct zone_finder *finder;
	struct str got;			/* one line a zone */
	size_t n_got;
	int64_t got_ms;
	struct zone *keep;		/* not NULL: the last zone is kept here */
	bool keeps;
} b;

static void
bench_start(const char *const world[])
{
	static char one[] = "one", two[] = "two", *const names[] = { one, two };
	struct prober_config cfg = { .timeout_ms = 2000, .set_aside_tries = 3, .set_aside_ms = 10000 };
	char addr[16];

	memset(&b, 0, sizeof(b));
	random_seed_for_tests(7);
	b.net = script_new();
	b.conf.window = 64;
	b.conf.authority_port = 53;
	b.conf.resolvers = b.resolvers;
	b.conf.n_resolvers = 2;
	for (size_t i = 0; i < 2; i++) {
		snprintf(addr, sizeof(addr), "192.0.2.%zu", i + 1);
		ck_assert(addr_parse(&b.addrs[i], addr, 53));
		b.resolvers[i] = (struct conf_resolver){
			.name = names[i], .operator = names[i], .addrs = &b.addrs[i], .n_addrs = 1, .window = 64,
		};
	}
	b.sources = sources_new(&b.conf);
	b.prober = prober_new(script_transport(b.net), script_clock(b.net), &cfg);
	b.lookup = lookup_new(b.prober, b.sources, script_clock(b.net));
	b.finder = zone_finder_new(b.prober, b.lookup, b.sources, script_clock(b.net));
	for (size_t i = 0; world != NULL && world[i] != NULL; i++)
		script_rules(b.net, world[i]);
}

static void
bench_stop(void)
{
	zone_free(b.finder, b.keep);
	zone_finder_free(b.finder);
	lookup_free(b.lookup);
	prober_free(b.prober);
	sources_free(b.sources);
	script_free(b.net);
	str_done(&b.got);
}

static void
server_text(const struct zone_server *s, struct str *out)
{
	char name[DNS_NAME_TEXT_MAX], addr[ADDR_TEXT_MAX];

	str_addf(out, " %s=", dns_name_text_lower(&s->name, name));
	if (s->source != NULL)
		str_add(out, addr_text(&s->source->addr, 53, addr));
	if (s->source == NULL || s->reason != REASON_NONE)
		str_addf(out, "(%s)", name_of(&reason_names, s->reason));
	if (s->at_child)
		str_add(out, s->at_parent ? "+child" : "+only-child");
}

/* "found contoso.test < test seen: ns1.contoso.test=11.0.1.1" */
static void
zone_text(const struct zone *z, struct str *out)
{
	char name[DNS_NAME_TEXT_MAX];

	if (z->status == ZONE_FOUND) {
		str_addf(out, "found %s", dns_name_text_lower(&z->apex, name));
		if (z->parent.len > 0)
			str_addf(out, " < %s", dns_name_text_lower(&z->parent, name));
		str_addf(out, "%s%s:", z->parent_seen ? " seen" : "", z->more ? " more" : "");
		for (size_t i = 0; i < z->n_servers; i++)
			server_text(&z->servers[i], out);
	} else if (z->status == ZONE_MISSING) {
		str_addf(out, "missing %s at %s for %u", dns_name_text_lower(&z->asked, name), z->where, z->negative_ttl);
	} else {
		str_addf(out, "unknown %s at %s: ", dns_name_text_lower(&z->asked, name), z->where);
		str_add(out, name_of(&reason_names, z->reason));
	}
}

static void
on_zone(void *ctx, uint64_t tag, struct zone *zone)
{
	(void)ctx;
	(void)tag;
	b.n_got++;
	b.got_ms = script_now(b.net);
	str_clear(&b.got);
	zone_text(zone, &b.got);
	if (!b.keeps) {
		zone_free(b.finder, zone);
		return;
	}
	zone_free(b.finder, b.keep);
	b.keep = zone;
}

static void
start_ctx(const char *domain, void *ctx)
{
	struct dns_name n;

	ck_assert_int_eq(dns_name_parse(&n, domain, NULL), 0);
	zone_find(b.finder, &n, on_zone, ctx, 0);
}

static void
run_for(int64_t ms)
{
	int64_t until = script_now(b.net) + ms;

	script_run(b.net, script_run_prober, b.prober, until);
	if (script_now(b.net) < until)
		clock_fake_advance(script_clock(b.net), until - script_now(b.net));
}

static const char *
find(const char *domain)
{
	size_t before = b.n_got;

	start_ctx(domain, &b);
	ck_assert_uint_eq(b.n_got, before);	/* never from inside */
	script_run(b.net, script_run_prober, b.prober, script_now(b.net) + 120000);
	ck_assert_msg(b.n_got == before + 1, "%s: %zu answers\n%s", domain, b.n_got - before, script_log(b.net));
	return str_c(&b.got);
}

/* ---- worlds ---- */

#define TLD                                                                                                            \
	"192.0.2.1 test NS an @ 3600 NS a.nic.test | an @ 3600 NS b.nic.test | ar a.nic.test 3600 A 11.0.0.1 | "       \
	"ar b.nic.test 3600 A 11.0.0.2\n"                                                                              \
	"192.0.2.2 test NS an @ 3600 NS a.nic.test | an @ 3600 NS b.nic.test | ar a.nic.test 3600 A 11.0.0.1 | "       \
	"ar b.nic.test 3600 A 11.0.0.2\n"
#define NIC_SAYS(name, reply) "11.0.0.1 " name " NS " reply "\n11.0.0.2 " name " NS " reply "\n"
#define SOA(zone)             "ns " zone " 900 SOA a.nic.test h.nic.test 1 2 3 4 300"
#define DENIED(zone)          "aa nxdomain | " SOA(zone)
#define EMPTY(zone)           "aa | " SOA(zone)
#define CONTOSO                                                                                                        \
	NIC_SAYS("contoso.test", "ns contoso.test 7200 NS ns1.contoso.test | ns contoso.test 7200 NS ns2.contoso.test |"\
	    " ar ns1.contoso.test 7200 A 11.0.1.1 | ar ns2.contoso.test 7200 A 11.0.1.2")
#define CONTOSO_IS "ns1.contoso.test=11.0.1.1 ns2.contoso.test=11.0.1.2"

START_TEST(walks)
{
	static const struct {
		const char *name, *world, *domain, *want;
		int max_ms;		/* at most so long */
	} rows[] = {
		{ "glue", TLD CONTOSO, "contoso.test", "found contoso.test < test seen: " CONTOSO_IS, 100 },
		{ "case is no matter", TLD CONTOSO, "CONTOSO.Test", "found contoso.test < test seen: " CONTOSO_IS, 100 },
		{ "IPv6 glue too",
		    TLD NIC_SAYS("contoso.test", "ns @ 60 NS ns1.contoso.test | ar ns1.contoso.test 60 AAAA 2a00::1 |"
			" ar ns1.contoso.test 60 A 11.0.1.1"),
		    "contoso.test", "found contoso.test < test seen: ns1.contoso.test=2a00::1 ns1.contoso.test=11.0.1.1", 100 },
		{ "names elsewhere are looked up",
		    TLD NIC_SAYS("contoso.test", "ns @ 60 NS ns1.host.example | ns @ 60 NS ns2.host.example")
		    "* ns1.host.example A an @ 60 A 11.0.2.1\n* ns1.host.example AAAA an @ 60 AAAA 2a00::2\n"
		    "* ns2.host.example A an @ 60 A 11.0.2.2\n* ns2.host.example AAAA " SOA("example") "\n",
		    "contoso.test",
		    "found contoso.test < test seen: ns1.host.example=11.0.2.1 ns1.host.example=2a00::2 ns2.host.example=11.0.2.2", 200 },
		{ "siblings are looked up, not believed",
		    TLD NIC_SAYS("contoso.test", "ns @ 60 NS ns.host.test | ar ns.host.test 60 A 11.0.2.99")
		    "* ns.host.test A an @ 60 A 11.0.2.1\n* ns.host.test AAAA " SOA("test") "\n",
		    "contoso.test", "found contoso.test < test seen: ns.host.test=11.0.2.1", 200 },
		{ "a sibling's glue is the last resort",
		    TLD NIC_SAYS("contoso.test", "ns @ 60 NS ns.host.test | ar ns.host.test 60 A 11.0.2.99")
		    "* ns.host.test * servfail\n",
		    "contoso.test", "found contoso.test < test seen: ns.host.test=11.0.2.99", 200 },
		{ "glue from beyond the bailiwick is poison",
		    TLD NIC_SAYS("contoso.test", "ns @ 60 NS ns.bank.example | ar ns.bank.example 60 A 11.0.2.99")
		    "* ns.bank.example * nxdomain | " SOA("example") "\n",
		    "contoso.test", "found contoso.test < test seen: ns.bank.example=(none)", 200 },
		{ "a name whose address cannot be had",
		    TLD NIC_SAYS("contoso.test", "ns @ 60 NS ns.host.example | ns @ 60 NS ns1.contoso.test | "
			"ar ns1.contoso.test 60 A 11.0.1.1")
		    "* ns.host.example * servfail\n",
		    "contoso.test", "found contoso.test < test seen: ns.host.example=(servfail) ns1.contoso.test=11.0.1.1", 200 },
		{ "no glue: the parent knows",
		    TLD NIC_SAYS("contoso.test", "ns @ 60 NS ns1.contoso.test")
		    "11.0.0.1 ns1.contoso.test A ns contoso.test 60 NS ns1.contoso.test | ar ns1.contoso.test 60 A 11.0.1.1\n"
		    "11.0.0.2 ns1.contoso.test A ns contoso.test 60 NS ns1.contoso.test | ar ns1.contoso.test 60 A 11.0.1.1\n"
		    "* ns1.contoso.test AAAA ns contoso.test 60 NS ns1.contoso.test\n",
		    "contoso.test", "found contoso.test < test seen: ns1.contoso.test=11.0.1.1", 200 },
		{ "no glue for one: another server of the zone knows",
		    TLD NIC_SAYS("contoso.test", "ns @ 60 NS ns1.contoso.test | ns @ 60 NS ns2.contoso.test | "
			"ar ns1.contoso.test 60 A 11.0.1.1")
		    "* ns2.contoso.test * ns contoso.test 60 NS ns1.contoso.test\n"
		    "11.0.1.1 ns2.contoso.test A aa | an @ 60 A 11.0.1.2\n11.0.1.1 ns2.contoso.test AAAA " EMPTY("contoso.test") "\n",
		    "contoso.test", "found contoso.test < test seen: " CONTOSO_IS, 200 },
		{ "no glue at all",
		    TLD NIC_SAYS("contoso.test", "ns @ 60 NS ns1.contoso.test")
		    "* ns1.contoso.test * ns contoso.test 60 NS ns1.contoso.test\n",
		    "contoso.test", "found contoso.test < test seen: ns1.contoso.test=(none)", 200 },
		{ "a second level of the registry",
		    TLD NIC_SAYS("co.test", "ns @ 900 NS n.nic.test | ar n.nic.test 900 A 11.0.3.1")
		    "11.0.3.1 contoso.co.test NS ns @ 60 NS ns1.contoso.co.test | ar ns1.contoso.co.test 60 A 11.0.1.1\n",
		    "contoso.co.test", "found contoso.co.test < co.test seen: ns1.contoso.co.test=11.0.1.1", 100 },
		{ "the registry's servers hold the second level too",
		    TLD NIC_SAYS("co.test", "aa | an @ 900 NS a.nic.test | ar a.nic.test 900 A 11.0.0.1")
		    NIC_SAYS("contoso.co.test", "ns @ 60 NS ns1.contoso.co.test | ar ns1.contoso.co.test 60 A 11.0.1.1"),
		    "contoso.co.test", "found contoso.co.test < co.test seen: ns1.contoso.co.test=11.0.1.1", 100 },
		{ "the second level is no zone",
		    TLD NIC_SAYS("co.test", EMPTY("test"))
		    NIC_SAYS("contoso.co.test", "ns @ 60 NS ns1.contoso.co.test | ar ns1.contoso.co.test 60 A 11.0.1.1"),
		    "contoso.co.test", "found contoso.co.test < test seen: ns1.contoso.co.test=11.0.1.1", 100 },
		{ "a server that denies empty non-terminals",
		    TLD NIC_SAYS("co.test", DENIED("test"))
		    NIC_SAYS("contoso.co.test", "ns @ 60 NS ns1.contoso.co.test | ar ns1.contoso.co.test 60 A 11.0.1.1"),
		    "contoso.co.test", "found contoso.co.test < test seen: ns1.contoso.co.test=11.0.1.1", 100 },
		{ "the parent's server has the child",
		    TLD NIC_SAYS("contoso.test", "aa | an @ 60 NS a.nic.test | an @ 60 NS ns1.contoso.test | "
			"ar ns1.contoso.test 60 A 11.0.1.1")
		    "* a.nic.test A an @ 60 A 11.0.0.1\n* a.nic.test AAAA " SOA("test") "\n",
		    "contoso.test", "found contoso.test < test seen: a.nic.test=11.0.0.1 ns1.contoso.test=11.0.1.1", 200 },
		{ "a referral in the answer section",
		    TLD NIC_SAYS("contoso.test", "an @ 60 NS ns1.contoso.test | ar ns1.contoso.test 60 A 11.0.1.1"),
		    "contoso.test", "found contoso.test < test seen: ns1.contoso.test=11.0.1.1", 100 },
		{ "subdomain without a delegation of its own",
		    TLD CONTOSO "11.0.1.1 mail.contoso.test NS " EMPTY("contoso.test") "\n11.0.1.2 mail.contoso.test NS " EMPTY("contoso.test"),
		    "mail.contoso.test", "found contoso.test < test seen: " CONTOSO_IS, 100 },
		{ "subdomain without anything yet: its zone is there",
		    TLD CONTOSO "11.0.1.1 mail.contoso.test NS " DENIED("contoso.test") "\n11.0.1.2 mail.contoso.test NS " DENIED("contoso.test"),
		    "mail.contoso.test", "found contoso.test < test seen: " CONTOSO_IS, 100 },
		{ "subdomain that is a CNAME",
		    TLD CONTOSO "* mail.contoso.test NS aa | an @ 60 CNAME x.example",
		    "mail.contoso.test", "found contoso.test < test seen: " CONTOSO_IS, 100 },
		{ "delegated subdomain",
		    TLD CONTOSO "* mail.contoso.test NS ns @ 60 NS ns.mail.contoso.test | ar ns.mail.contoso.test 60 A 11.0.4.1",
		    "mail.contoso.test", "found mail.contoso.test < contoso.test seen: ns.mail.contoso.test=11.0.4.1", 100 },
		{ "all servers of the zone above are lame",
		    TLD CONTOSO "* mail.contoso.test NS refused",
		    "mail.contoso.test", "found contoso.test < test seen: " CONTOSO_IS, 200 },
		{ "all servers of the zone above are dead",
		    TLD CONTOSO, "mail.contoso.test", "unknown mail.contoso.test at *: timeout", 12000 },
		{ "not registered",
		    TLD NIC_SAYS("contoso.test", DENIED("test")), "contoso.test", "missing contoso.test at * for 300", 100 },
		{ "not registered, asked for below",
		    TLD NIC_SAYS("contoso.test", DENIED("test")) NIC_SAYS("mail.contoso.test", DENIED("test")),
		    "mail.contoso.test", "missing contoso.test at * for 300", 100 },
		{ "not registered at a country's second level",
		    "* uk NS an @ 3600 NS a.nic.uk | ar a.nic.uk 3600 A 11.0.0.1\n"
		    "11.0.0.1 co.uk NS aa | an @ 900 NS a.nic.uk | ar a.nic.uk 900 A 11.0.0.1\n"
		    "11.0.0.1 contoso.co.uk NS " DENIED("co.uk"),
		    "contoso.co.uk", "missing contoso.co.uk at a.nic.uk 11.0.0.1 for 300", 100 },
		{ "in the TLD's own zone",
		    TLD NIC_SAYS("contoso.test", EMPTY("test")),
		    "contoso.test", "found test: a.nic.test=11.0.0.1 b.nic.test=11.0.0.2", 100 },
		{ "one server of the TLD is dead",
		    TLD CONTOSO "11.0.0.1 * * drop", "contoso.test", "found contoso.test < test seen: " CONTOSO_IS, 2200 },
		{ "one is lame",
		    TLD CONTOSO "11.0.0.1 * * refused", "contoso.test", "found contoso.test < test seen: " CONTOSO_IS, 200 },
		{ "one refers upwards",
		    TLD CONTOSO "11.0.0.1 * * ns . 60 NS a.root-servers.net", "contoso.test", "found contoso.test < test seen: " CONTOSO_IS, 200 },
		{ "one refers to itself",
		    TLD CONTOSO "11.0.0.1 * * ns test 60 NS a.nic.test", "contoso.test", "found contoso.test < test seen: " CONTOSO_IS, 200 },
		{ "one refers to somewhere else",
		    TLD CONTOSO "11.0.0.1 * * ns fabrikam.test 60 NS a.nic.test", "contoso.test", "found contoso.test < test seen: " CONTOSO_IS, 200 },
		{ "one is a resolver",
		    TLD CONTOSO "11.0.0.1 * * ra | an @ 60 NS ns.evil.example", "contoso.test", "found contoso.test < test seen: " CONTOSO_IS, 200 },
		{ "one sends garbage",
		    TLD CONTOSO "11.0.0.1 * * short", "contoso.test", "found contoso.test < test seen: " CONTOSO_IS, 200 },
		{ "all are lame", TLD "* contoso.test NS refused", "contoso.test", "unknown contoso.test at *: refused", 200 },
		{ "all are dead", TLD, "contoso.test", "unknown contoso.test at *: timeout", 12000 },
		{ "no TLD: NXDOMAIN, and the resolver knows the domain",
		    "* test NS nxdomain | " SOA(".") "\n* contoso.test NS an @ 60 NS ns1.contoso.test | ar ns1.contoso.test 60 A 11.0.1.1",
		    "contoso.test", "found contoso.test: ns1.contoso.test=11.0.1.1", 100 },
		{ "no TLD: SERVFAIL", "* test NS servfail\n* contoso.test NS an @ 60 NS ns1.contoso.test\n"
		    "* ns1.contoso.test A an @ 60 A 11.0.1.1\n* ns1.contoso.test AAAA " SOA("contoso.test"),
		    "contoso.test", "found contoso.test: ns1.contoso.test=11.0.1.1", 200 },
		{ "no TLD: timeouts", "* contoso.test NS an @ 60 NS ns1.contoso.test | ar ns1.contoso.test 60 A 11.0.1.1",
		    "contoso.test", "found contoso.test: ns1.contoso.test=11.0.1.1", 6200 },
		{ "no TLD, subdomain",
		    "* test NS servfail\n* mail.contoso.test NS " SOA("contoso.test") "\n"
		    "* contoso.test NS an @ 60 NS ns1.contoso.test | ar ns1.contoso.test 60 A 11.0.1.1",
		    "mail.contoso.test", "found contoso.test: ns1.contoso.test=11.0.1.1", 200 },
		{ "no TLD, no domain", "* * NS nxdomain | " SOA("."), "contoso.test",
		    "missing contoso.test at the configured resolvers for 300", 200 },
		{ "no TLD, nothing served", "* * NS " SOA("."), "contoso.test", "unknown contoso.test at the configured resolvers: lame", 200 },
		{ "nobody answers", "* * * drop", "contoso.test", "unknown contoso.test at the configured resolvers: timeout", 13000 },
		{ "no network", "* * * network", "contoso.test", "unknown contoso.test at the configured resolvers: network", 200 },
		{ "the TLD's servers have no address",
		    "* test NS an @ 3600 NS a.nic.test\n* a.nic.test * " SOA("test") "\n* contoso.test NS servfail",
		    "contoso.test", "unknown contoso.test at the configured resolvers: servfail", 300 },
		{ "steered into the inside network: shown, not asked",
		    TLD NIC_SAYS("contoso.test", "ns @ 60 NS ns1.contoso.test | ar ns1.contoso.test 60 A 127.0.0.1"),
		    "contoso.test", "found contoso.test < test seen: ns1.contoso.test=127.0.0.1(not-global)", 100 },
		{ "a zone on the way is inside",
		    TLD NIC_SAYS("contoso.test", "ns @ 60 NS ns1.contoso.test | ar ns1.contoso.test 60 A 10.0.0.1"),
		    "mail.contoso.test", "unknown mail.contoso.test at ns1.contoso.test 10.0.0.1: not-global", 100 },
		{ "a TLD itself", TLD, "test", "found test: a.nic.test=11.0.0.1 b.nic.test=11.0.0.2", 100 },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *world[] = { rows[i].world, NULL }, *star = strchr(rows[i].want, '*'), *got;
		int64_t start;
		bool same;

		bench_start(world);
		start = script_now(b.net);
		got = find(rows[i].domain);
		same = strcmp(got, rows[i].want) == 0;
		if (star != NULL) {	/* one of several servers: any */
			size_t head = (size_t)(star - rows[i].want), tail = strlen(star + 1);

			same = strncmp(got, rows[i].want, head) == 0 && strlen(got) > head + tail &&
			    strcmp(got + strlen(got) - tail, star + 1) == 0;
		}
		ck_assert_msg(same, "%s:\n got %s\nwant %s\n%s", rows[i].name, got, rows[i].want, script_log(b.net));
		ck_assert_msg(b.got_ms - start <= rows[i].max_ms, "%s: %lld ms\n%s", rows[i].name, (long long)(b.got_ms - start),
		    script_log(b.net));
		for (size_t k = 0; k < script_n_queries(b.net); k++) {
			const struct script_query *q = script_query(b.net, k);

			ck_assert_msg(q->rd == (q->to.ip[0] == 192), "%s: RD\n%s", rows[i].name, script_log(b.net));
		}
		bench_stop();
	}
}
END_TEST

/* The one promise of the finder: with a TLD, no resolver hears of the domain or of anything below it. */
START_TEST(nothing_is_planted)
{
	static const char *const worlds[] = {
		TLD CONTOSO,
		TLD NIC_SAYS("contoso.test", "ns @ 60 NS ns1.contoso.test") "* ns1.contoso.test * refused\n",
		TLD NIC_SAYS("contoso.test", DENIED("test")),
		TLD,
		TLD NIC_SAYS("contoso.test", "refused"),
	};

	for (size_t i = 0; i < ARRAY_LEN(worlds); i++) {
		const char *world[] = { worlds[i], NULL };

		bench_start(world);
		find("contoso.test");
		for (int r = 1; r <= 2; r++) {
			char addr[24];

			snprintf(addr, sizeof(addr), "192.0.2.%d", r);
			ck_assert_msg(script_count(b.net, addr, "*.contoso.test", "*") == 0, "%s", script_log(b.net));
		}
		bench_stop();
	}
}
END_TEST

START_TEST(ttls)
{
	static const char *const world[] = { TLD CONTOSO NIC_SAYS("gone.test", DENIED("test")), NULL };

	bench_start(world);
	b.keeps = true;
	find("contoso.test");
	ck_assert_uint_eq(b.keep->ttl, 7200);
	ck_assert(b.keep->servers[0].at_parent && !b.keep->servers[0].at_child);
	find("gone.test");
	ck_assert_uint_eq(b.keep->negative_ttl, 300);
	bench_stop();
}
END_TEST

/* 13 names at most, 16 addresses at most, every name once before second addresses. */
START_TEST(caps)
{
	struct str world = STR_INIT;
	const char *rules[2] = { NULL, NULL };
	unsigned names_seen = 0;

	str_add(&world, TLD);
	for (int server = 1; server <= 2; server++) {
		str_addf(&world, "11.0.0.%d contoso.test NS ", server);
		for (int i = 0; i < 30; i++)
			str_addf(&world, "%sns @ 60 NS n%d.contoso.test", i > 0 ? " | " : "", i);
		for (int i = 0; i < 30; i++)
			str_addf(&world, " | ar n%d.contoso.test 60 A 11.1.0.%d | ar n%d.contoso.test 60 A 11.2.0.%d", i, i, i, i);
		str_addc(&world, '\n');
	}
	rules[0] = str_c(&world);
	bench_start(rules);
	b.keeps = true;
	find("contoso.test");
	ck_assert_int_eq(b.keep->status, ZONE_FOUND);
	ck_assert(b.keep->more);
	ck_assert_uint_eq(b.keep->n_servers, ZONE_ADDRESSES_MAX);
	for (size_t i = 0; i < b.keep->n_servers; i++)
		names_seen += i == 0 || !dns_name_equal(&b.keep->servers[i].name, &b.keep->servers[i - 1].name);
	ck_assert_uint_eq(names_seen, ZONE_NAMES_MAX);
	bench_stop();
	str_done(&world);
}
END_TEST

/* A referral that names thirteen servers elsewhere costs 26 look-ups, and nothing is followed from there. */
START_TEST(no_traffic_generator)
{
	struct str world = STR_INIT;
	const char *rules[2] = { NULL, NULL };

	str_add(&world, TLD "* * A nxdomain\n* * AAAA nxdomain\n");
	for (int server = 1; server <= 2; server++) {
		str_addf(&world, "11.0.0.%d contoso.test NS ", server);
		for (int i = 0; i < 40; i++)
			str_addf(&world, "%sns @ 60 NS n%d.victim.example", i > 0 ? " | " : "", i);
		str_addc(&world, '\n');
	}
	rules[0] = str_c(&world);
	bench_start(rules);
	b.keeps = true;
	find("contoso.test");
	ck_assert_uint_eq(b.keep->n_servers, 13);
	ck_assert_uint_eq(script_n_queries(b.net), 1 + 1 + 2 * 26);
	bench_stop();
	str_done(&world);
}
END_TEST

/* ---- sharing ---- */

START_TEST(tld_is_shared)
{
	static const char *const world[] = { TLD, NULL };

	bench_start(world);
	for (unsigned i = 0; i < 500; i++) {
		char rule[256], domain[32];

		snprintf(domain, sizeof(domain), "d%u.test", i);
		snprintf(rule, sizeof(rule), "* %s NS ns @ 60 NS ns.%s | ar ns.%s 60 A 11.9.0.1", domain, domain, domain);
		script_rules(b.net, rule);
		start_ctx(domain, &b);
	}
	run_for(60000);
	ck_assert_uint_eq(b.n_got, 500);
	ck_assert_uint_eq(script_count(b.net, "*", "test", "NS"), 1);
	ck_assert_uint_eq(script_n_queries(b.net), 501);
	run_for(3600000 - 120000);
	find("d1.test");
	ck_assert_uint_eq(script_count(b.net, "*", "test", "NS"), 1);
	run_for(3600000);
	find("d1.test");
	ck_assert_uint_eq(script_count(b.net, "*", "test", "NS"), 2);
	bench_stop();
}
END_TEST

START_TEST(the_domain_itself_is_never_kept)
{
	static const char *const world[] = { TLD CONTOSO, NULL };

	bench_start(world);
	find("contoso.test");
	script_rules(b.net, NIC_SAYS("contoso.test", "ns @ 60 NS new.contoso.test | ar new.contoso.test 60 A 11.0.5.1"));
	ck_assert_str_eq(find("contoso.test"), "found contoso.test < test seen: new.contoso.test=11.0.5.1");
	bench_stop();
}
END_TEST

/* The zone above is known from another domain's walk: the walk begins there. */
START_TEST(zones_on_the_way_are_kept)
{
	static const char *const world[] = {
		TLD CONTOSO "11.0.1.1 *.contoso.test NS " EMPTY("contoso.test") "\n11.0.1.2 *.contoso.test NS " EMPTY("contoso.test"), NULL
	};

	bench_start(world);
	find("a.contoso.test");
	script_clear_log(b.net);
	ck_assert_str_eq(find("b.contoso.test"), "found contoso.test < test seen: " CONTOSO_IS);
	ck_assert_uint_eq(script_n_queries(b.net), 1);
	bench_stop();
}
END_TEST

/* Servers that cannot be asked any more are not believed to the end of their TTL. */
START_TEST(a_dead_tld_is_dropped)
{
	static const char *const world[] = { TLD CONTOSO, NULL };

	bench_start(world);
	find("contoso.test");
	script_on(b.net, "11.0.0.1", "*", "*", "drop");
	script_on(b.net, "11.0.0.2", "*", "*", "drop");
	find("contoso.test");
	for (int i = 0; i < 4; i++)
		run_for(1000000);
	script_rules(b.net, "* test NS an @ 3600 NS c.nic.test | ar c.nic.test 3600 A 11.0.0.3\n"
	    "11.0.0.3 contoso.test NS ns @ 60 NS ns1.contoso.test | ar ns1.contoso.test 60 A 11.0.1.1");
	ck_assert_str_eq(find("contoso.test"), "found contoso.test < test seen: ns1.contoso.test=11.0.1.1");
	bench_stop();
}
END_TEST

/* A registry that says no today says yes soon after. */
START_TEST(denials_are_short)
{
	static const char *const world[] = {
		TLD NIC_SAYS("contoso.test", DENIED("test")) NIC_SAYS("mail.contoso.test", DENIED("test")), NULL
	};

	bench_start(world);
	find("mail.contoso.test");
	script_rules(b.net, CONTOSO);
	script_rules(b.net, NIC_SAYS("mail.contoso.test", "ns contoso.test 60 NS ns1.contoso.test | ar ns1.contoso.test 60 A 11.0.1.1"));
	script_rules(b.net, "11.0.1.1 mail.contoso.test NS " EMPTY("contoso.test"));
	script_rules(b.net, "11.0.1.2 mail.contoso.test NS " EMPTY("contoso.test"));
	/* the denial of contoso.test is still kept, but the referral that comes for the name below says more */
	ck_assert_str_eq(find("mail.contoso.test"), "found contoso.test < test seen: ns1.contoso.test=11.0.1.1");
	bench_stop();
}
END_TEST

/* A server that refers deeper and deeper does not keep us for ever. */
START_TEST(depth_is_bounded)
{
	static const char *const world[] = {
		TLD "11.0.0.1 * NS ns @ 60 NS a.nic.test | ar a.nic.test 60 A 11.0.0.1\n"
		    "11.0.0.2 * NS ns @ 60 NS a.nic.test | ar a.nic.test 60 A 11.0.0.1\n", NULL
	};
	struct str domain = STR_INIT;

	bench_start(world);
	for (int i = 0; i < 100; i++)
		str_add(&domain, "a.");
	str_add(&domain, "test");
	b.keeps = true;
	find(str_c(&domain));
	ck_assert_int_eq(b.keep->status, ZONE_UNKNOWN);
	ck_assert_uint_le(script_n_queries(b.net), 210);
	bench_stop();
	str_done(&domain);
}
END_TEST

/* ---- the child's side ---- */

static const char *
add_child(const char *ns_text)
{
	struct arena *a = arena_new();
	struct answer an = { .qtype = DNS_TYPE_NS, .kind = ANSWER_POSITIVE };
	struct rdata values[20];
	size_t before = b.n_got;
	char *text = xstrdup(ns_text), *rest = text, *word;

	while ((word = strsep(&rest, " ")) != NULL)
		ck_assert_int_eq(rdata_parse(a, DNS_TYPE_NS, word, &values[an.n_values++], NULL), 0);
	an.values = values;
	zone_add_child(b.finder, b.keep, &an, on_zone, &b, 0);
	arena_free(a);		/* what was asked for is copied */
	free(text);
	ck_assert_uint_eq(b.n_got, before);
	run_for(60000);
	ck_assert_uint_eq(b.n_got, before + 1);
	return str_c(&b.got);
}

START_TEST(child_side)
{
	static const struct {
		const char *name, *world, *ns, *want;
	} rows[] = {
		{ "the same", "", "ns1.contoso.test ns2.contoso.test",
		    "found contoso.test < test seen: ns1.contoso.test=11.0.1.1+child ns2.contoso.test=11.0.1.2+child" },
		{ "one less", "", "NS1.contoso.test",
		    "found contoso.test < test seen: ns1.contoso.test=11.0.1.1+child ns2.contoso.test=11.0.1.2" },
		{ "one more, inside: the zone's servers know",
		    "11.0.1.1 ns3.contoso.test A aa | an @ 60 A 11.0.1.3\n11.0.1.2 ns3.contoso.test A aa | an @ 60 A 11.0.1.3\n"
		    "* ns3.contoso.test AAAA " EMPTY("contoso.test"),
		    "ns1.contoso.test ns2.contoso.test ns3.contoso.test",
		    "found contoso.test < test seen: ns1.contoso.test=11.0.1.1+child ns2.contoso.test=11.0.1.2+child "
		    "ns3.contoso.test=11.0.1.3+only-child" },
		{ "one more, elsewhere: looked up",
		    "* ns.host.example A an @ 60 A 11.0.6.1\n* ns.host.example AAAA an @ 60 AAAA 2a00::6",
		    "ns1.contoso.test ns.host.example",
		    "found contoso.test < test seen: ns1.contoso.test=11.0.1.1+child ns2.contoso.test=11.0.1.2 "
		    "ns.host.example=11.0.6.1+only-child ns.host.example=2a00::6+only-child" },
		{ "one that does not exist", "* nowhere.example * nxdomain", "nowhere.example",
		    "found contoso.test < test seen: ns1.contoso.test=11.0.1.1 ns2.contoso.test=11.0.1.2 "
		    "nowhere.example=(none)+only-child" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *world[] = { TLD CONTOSO, rows[i].world, NULL }, *got;

		bench_start(world);
		b.keeps = true;
		find("contoso.test");
		script_clear_log(b.net);
		got = add_child(rows[i].ns);
		ck_assert_msg(strcmp(got, rows[i].want) == 0, "%s:\n got %s\nwant %s\n%s", rows[i].name, got, rows[i].want,
		    script_log(b.net));
		ck_assert_msg(script_count(b.net, "192.0.2.1", "*.contoso.test", "*") == 0, "%s: planted", rows[i].name);
		bench_stop();
	}
}
END_TEST

/* ---- forgetting and going away ---- */

START_TEST(forget)
{
	static const char *const world[] = { TLD CONTOSO, NULL };
	int mine;

	bench_start(world);
	start_ctx("contoso.test", &mine);
	start_ctx("contoso.test", &b);
	prober_run(b.prober);
	zone_finder_forget(b.finder, &mine);
	run_for(60000);
	ck_assert_uint_eq(b.n_got, 1);
	bench_stop();
}
END_TEST

/* At every moment of a walk: everything is given back (the sanitizers look). */
START_TEST(free_at_any_moment)
{
	static const char *const world[] = {
		TLD NIC_SAYS("contoso.test", "ns @ 60 NS ns1.contoso.test | ns @ 60 NS ns.host.example")
		"11.0.0.1 ns1.contoso.test A ns contoso.test 60 NS ns1.contoso.test | ar ns1.contoso.test 60 A 11.0.1.1\n"
		"* ns.host.example A an @ 60 A 11.0.2.1\n", NULL
	};

	for (int steps = 0; steps < 60; steps++) {
		bench_start(world);
		start_ctx("contoso.test", &b);
		start_ctx("mail.contoso.test", &b);
		for (int i = 0; i < steps; i++)
			script_step(b.net, script_run_prober, b.prober, INT64_MAX - 1);
		bench_stop();
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("resolver/zone");
	TCase *tc = tcase_create("all");
	SRunner *sr = srunner_create(suite);
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, walks);
	tcase_add_test(tc, nothing_is_planted);
	tcase_add_test(tc, ttls);
	tcase_add_test(tc, caps);
	tcase_add_test(tc, no_traffic_generator);
	tcase_add_test(tc, tld_is_shared);
	tcase_add_test(tc, the_domain_itself_is_never_kept);
	tcase_add_test(tc, zones_on_the_way_are_kept);
	tcase_add_test(tc, a_dead_tld_is_dropped);
	tcase_add_test(tc, denials_are_short);
	tcase_add_test(tc, depth_is_bounded);
	tcase_add_test(tc, child_side);
	tcase_add_test(tc, forget);
	tcase_add_test(tc, free_at_any_moment);
	suite_add_tcase(suite, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
