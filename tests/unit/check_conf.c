/* SPDX-License-Identifier: ISC */
#include <m365dnsd/conf.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROWS(tc, test, table) tcase_add_loop_test(tc, test, 0, (int)ARRAY_LEN(table))

/* ---- mistakes: text -> exactly these problems ---- */

static const struct {
	const char *name, *text, *problems;
} mistakes[] = {
	{ "unknown key", "confrim = 2\n", "f:1: unknown key \"confrim\": is it \"confirm\"?\n" },
	{ "unknown key, nothing like it", "bogus = 2\n", "f:1: unknown key \"bogus\"\n" },
	{ "unknown block", "reslover \"a\" { address = {\"192.0.2.1\"} }\n", "f:1: unknown block \"reslover\": is it \"resolver\"?\n" },
	{ "unknown key with a list", "\nfoo = {1, 2}\nconfirm = 3\n", "f:2: unknown key \"foo\"\n" },
	{ "unknown empty list", "foo = {}\n", "f:1: unknown key \"foo\"\n" },
	{ "unknown block with a title", "foo \"x\" {\n a = 1\n b { c = 2 }\n}\n", "f:1: unknown block \"foo\"\n" },
	{ "unknown block without", "\n\nfoo {\n a = 1\n}\n", "f:3: unknown block \"foo\"\n" },
	{ "an unknown key at every place", "domain \"a.de\" { foo = 1 }\ndomain \"b.de\" {\n foo = 2 }\n",
	    "f:1: unknown key \"foo\"\nf:3: unknown key \"foo\"\n" },
	{ "a key of another block", "domain \"a.de\" {\n confirm = 2\n}\nip4 = {\"192.0.2.1\"}\n",
	    "f:2: unknown key \"confirm\" here: it belongs outside of all blocks\n"
	    "f:4: unknown key \"ip4\" here: it belongs into a block domain/spf\n" },
	{ "a block at the wrong place", "record \"x\" { type = A value = \"192.0.2.1\" }\n",
	    "f:1: unknown block \"record\" here: it belongs into a block domain\n" },
	{ "a name no one can type", "\"\\1\" = \"begin\"\n", "f:1: unknown key \"\\x01\"\n" },
	{ "a name no one can type, in a block", "domain \"a.de\" {\n \"\\1\" = \"begin\"\n}\n", "f:2: unknown key \"\\x01\"\n" },
	{ "include is none of ours", "include(\"/etc/passwd\")\n",
	    "f:1: unknown key \"include\"\n" },
	{ "given twice", "confirm = 2\n\nconfirm = 3\n", "f:3: \"confirm\" is given twice, first in line 1\n" },
	{ "number: word", "confirm = two\n", "f:1: confirm: \"two\" is not a whole number, 1 to 10\n" },
	{ "number: negative", "confirm = -1\n", "f:1: confirm: \"-1\" is not a whole number, 1 to 10\n" },
	{ "number: rest", "confirm = 2x\n", "f:1: confirm: \"2x\" is not a whole number, 1 to 10\n" },
	{ "number: low", "confirm = 0\n", "f:1: confirm: 0 is out of range, 1 to 10\n" },
	{ "number: high", "confirm = 11\n", "f:1: confirm: 11 is out of range, 1 to 10\n" },
	{ "number: huge", "confirm = 99999999999999999999\n",
	    "f:1: confirm: \"99999999999999999999\" is not a whole number, 1 to 10\n" },
	{ "floor: low", "interval_floor = 0\n", "f:1: interval_floor: 0 is out of range, 1 to 3600 seconds\n" },
	{ "floor: high", "interval_floor = 2h\ninterval_ceiling = 1d\n",
	    "f:1: interval_floor: 7200 is out of range, 1 to 3600 seconds\n" },
	{ "guard: low", "guard_interval = 9\n", "f:1: guard_interval: 9 is out of range, 10 to 604800 seconds\n" },
	{ "guard: high", "guard_interval = 604801\n", "f:1: guard_interval: 604801 is out of range, 10 to 604800 seconds\n" },
	{ "seconds: word", "interval_floor = soon\n",
	    "f:1: interval_floor: \"soon\" is not a time in seconds (\"90\", \"15m\" or \"2h\")\n" },
	{ "floor above ceiling", "interval_floor = 20\ninterval_ceiling = 10\n",
	    "f:2: interval_ceiling (10) is below interval_floor (20)\n" },
	{ "bool", "listen_public = maybe\n", "f:1: listen_public: \"maybe\" is neither yes nor no\n" },
	{ "word", "metrics = all\n", "f:1: metrics: \"all\" is not one of records, domains or cells\n" },
	{ "quorum", "quorum = \"0%\"\n", "f:1: quorum: \"0%\" is none, 1% to 100%, or a count from 1 to 1000\n" },
	{ "quorum over all", "quorum = \"101%\"\n", "f:1: quorum: \"101%\" is none, 1% to 100%, or a count from 1 to 1000\n" },
	{ "path", "database = foo.db\n", "f:1: database: \"foo.db\" is not an absolute path\n" },
	{ "listen without a port", "listen = {\"127.0.0.1:80\", \"127.0.0.1\"}\n",
	    "f:1: listen: \"127.0.0.1\" is not a numeric address with a port, as in \"127.0.0.1:8365\" or \"[::1]:8365\"\n" },
	{ "listen not loopback", "\nlisten = {\"[::1]:80\", \"0.0.0.0:80\"}\n",
	    "f:2: listen: \"0.0.0.0:80\" is not loopback: that needs token_file, or listen_public = yes\n" },
	{ "unknown resolver", "resolvers = {\"google\",\n  \"gogle\"}\n",
	    "f:2: resolvers: \"gogle\" is neither a shipped resolver (see --list-resolvers) nor an address\n" },
	{ "resolver address", "resolver \"r\" {\n address = {\"10.0.0.53\", \"10.0.0.530\"}\n}\n",
	    "f:2: address: \"10.0.0.530\" is no address (\"10.0.0.53\", \"127.0.0.1:5300\" or \"[::1]:5300\")\n" },
	{ "resolver without", "\nresolver \"r\" { }\n", "f:2: resolver \"r\" has no address\n" },
	{ "resolver twice", "resolver \"r\" { address = 10.0.0.1 }\nresolver \"R\" { address = 10.0.0.2 }\n",
	    "f:2: resolver \"R\" is given twice, first at f:1\n" },
	{ "address of another", "resolver \"r\" { address = 8.8.8.8 }\n",
	    "f:1: resolver \"r\": address 8.8.8.8 is that of resolver \"google\" already\n" },
	{ "class and view", "resolver \"r\" { address = 10.0.0.1 class = all\n view = inside }\n",
	    "f:1: class: \"all\" is not one of required, quorum or info\n"
	    "f:2: view: \"inside\" is not one of public or internal\n" },
	{ "domain twice", "domain \"contoso.com\" { }\ndomain \"x.de\" { }\ndomain \"CONTOSO.com.\" { }\n",
	    "f:3: domain \"contoso.com\" is given twice, first at f:1\n" },
	{ "domain twice by IDNA", "domain \"b\xc3\xbc" "cher.example\" { }\ndomain \"xn--bcher-kva.example\" { }\n",
	    "f:2: domain \"xn--bcher-kva.example\" is given twice, first at f:1\n" },
	{ "one label", "domain \"localhost\" { }\n", "f:1: domain \"localhost\" is no domain name: it needs two labels at least\n" },
	{ "empty label", "domain \"contoso..test\" { }\n",
	    "f:1: domain \"contoso..test\" is no domain name: the name has an empty label\n" },
	{ "backslash in a domain", "domain 'a\\b\"c.test' { }\n",
	    "f:1: domain \"a\\\\b\"c.test\" is no domain name: a name is made of letters, digits, hyphens, underscores and dots\n" },
	{ "address as domain", "domain \"192.0.2.1\" { }\n",
	    "f:1: domain \"192.0.2.1\" is no domain name: an address or a wildcard has no records of its own\n" },
	{ "wildcard as domain", "domain \"*.contoso.com\" { }\n",
	    "f:1: domain \"*.contoso.com\" is no domain name: an address or a wildcard has no records of its own\n" },
	{ "initial domain", "domain \"contoso.onmicrosoft.com\" { }\n",
	    "f:1: domain \"contoso.onmicrosoft.com\" is the tenant's initial domain: Microsoft runs its zone, there is nothing"
	    " to add\n" },
	{ "service", "domain \"a.de\" {\n services = {exchange,\n teamz}\n}\n",
	    "f:3: services: \"teamz\" is no service; there are none, exchange, teams, skype, intune, dkim, dmarc, mta-sts or"
	    " tls-rpt\n" },
	{ "cloud and profile", "domain \"a.de\" {\n cloud = moon\n profile = cloudy\n}\n",
	    "f:2: cloud: \"moon\" is not one of worldwide, gcc, gcc-high, dod or 21vianet\n"
	    "f:3: profile: \"cloudy\" is not one of cloud-only, hybrid, hybrid-mx-onprem, filtered, relay, parked or"
	    " verify-only\n" },
	{ "verification", "domain \"a.de\" { verification = \"ms12345678\" }\n",
	    "f:1: verification: \"ms12345678\" does not start with \"MS=\"\n" },
	{ "verification with a blank", "domain \"a.de\" { verification = \"MS=ms123 45\" }\n",
	    "f:1: verification: \"MS=ms123 45\" is not of the form \"MS=ms12345678\"\n" },
	{ "tenant", "domain \"a.de\" { tenant = \"contoso.com\" }\n",
	    "f:1: tenant: \"contoso.com\" is no tenant (\"contoso\" or \"contoso.onmicrosoft.com\")\n" },
	{ "host that is an address", "domain \"a.de\" { autodiscover = \"192.0.2.1\" }\n",
	    "f:1: autodiscover: \"192.0.2.1\" is an address; a host name is wanted\n" },
	{ "spf", "domain \"a.de\" { spf {\n ip4 = {\"192.0.2.0/24\", \"2001:db8::1\", \"192.0.2.1/33\", \"192.0.2.1:53\"}\n"
	    " ip6 = \"192.0.2.1\"\n all = \"+all\" } }\n",
	    "f:2: ip4: \"2001:db8::1\" is no IPv4 address or network (\"203.0.113.25\" or \"203.0.113.0/28\")\n"
	    "f:2: ip4: \"192.0.2.1/33\" is no IPv4 address or network (\"203.0.113.25\" or \"203.0.113.0/28\")\n"
	    "f:2: ip4: \"192.0.2.1:53\" is no IPv4 address or network (\"203.0.113.25\" or \"203.0.113.0/28\")\n"
	    "f:3: ip6: \"192.0.2.1\" is no IPv6 address or network (\"2001:db8::25\" or \"2001:db8::/48\")\n"
	    "f:4: all: \"+all\" is not one of \"-all\", \"~all\" or \"?all\"\n" },
	{ "spf twice", "domain \"a.de\" {\n spf { }\n spf { }\n}\n", "f:3: block \"spf\" is given twice\n" },
	{ "record without type", "domain \"a.de\" {\n record \"x\" {\n value = \"y\" }\n}\n", "f:2: record \"x\" has no type\n" },
	{ "record without value", "domain \"a.de\" {\n record \"x\" {\n type = A }\n}\n", "f:2: record \"x\" has no value\n" },
	{ "record type", "domain \"a.de\" { record \"x\" { type = FOO value = y } }\n",
	    "f:1: type: \"FOO\" is not one of A, AAAA, CNAME, MX, NS, PTR, SRV or TXT\n" },
	{ "record twice", "domain \"a.de\" {\n record \"x\" { type = TXT value = y }\n record \"x\" { type = TXT value = z }\n}\n",
	    "f:3: record \"x\" is given twice, first in line 2\n" },
	{ "record id", "domain \"a.de\" { record \"X y\" { type = TXT value = y } }\n",
	    "f:1: record \"X y\": an id is made of a to z, 0 to 9, \"-\", \"_\" and \".\"\n" },
	{ "record of the catalog", "domain \"a.de\" {\n record \"mx\" { type = MX value = \"10 b.de\" }\n}\n",
	    "f:2: record \"mx\": the catalog has a record of this id; use the key \"mx\"\n" },
	{ "record name with the domain", "domain \"a.de\" {\n record \"x\" { name = \"crm.a.de\" type = TXT value = y }\n}\n",
	    "f:2: record \"x\": name \"crm.a.de\" would be crm.a.de.a.de; leave the domain out, or end the name with a dot\n" },
	{ "record name outside", "domain \"a.de\" {\n record \"x\" { name = \"crm.b.de.\" type = TXT value = y }\n}\n",
	    "f:2: record \"x\": name \"crm.b.de.\" is not inside the domain\n" },
	{ "view", "domain \"a.de\" {\n view \"outside\" { skip = {\"mx\"} }\n}\n",
	    "f:2: view \"outside\" is not one of public or internal\n" },
	{ "view twice", "domain \"a.de\" {\n view \"internal\" { }\n view \"internal\" { }\n}\n",
	    "f:3: view \"internal\" is given twice\n" },
	{ "notify without", "\nnotify \"n\" { events = complete }\n", "f:2: notify \"n\" has neither url nor command\n" },
	{ "notify with both", "notify \"n\" { url = \"http://a/\" command = /b }\n",
	    "f:1: notify \"n\" has both url and command; make two of it\n" },
	{ "notify url", "notify \"n\" { url = \"ftp://a/\" }\n", "f:1: url: \"ftp://a/\" is no http:// or https:// address\n" },
	{ "notify event", "notify \"n\" { command = /b events = {done} }\n",
	    "f:1: events: \"done\" is not one of published, visible, complete, regressed, unknown, recovered or changed\n" },
	{ "notify twice", "notify \"n\" { command = /b }\nnotify \"n\" { command = /b }\n", "f:2: notify \"n\" is given twice\n" },
	/* syntax: what stands before is judged, what comes after is not */
	{ "no equal sign", "confirm = 0\nrate 5\nconfirm = 99\n",
	    "f:1: confirm: 0 is out of range, 1 to 10\nf:2: missing equal sign after option 'rate'\n" },
	{ "no closing brace", "domain \"a.de\" {\n cloud = x\n",
	    "f:1: { without its }\nf:2: cloud: \"x\" is not one of worldwide, gcc, gcc-high, dod or 21vianet\n" },
	{ "a block as a key", "domain \"a.de\" {\n spf = 1 }\n", "f:2: missing opening brace for section 'spf'\n" },
	{ "nothing at all", "confirm = 2\nfoo bar baz\n", "f:2: unknown key \"foo\"\n" },
	{ "one brace too many", "confirm = 0\n}\n", "f:1: confirm: 0 is out of range, 1 to 10\nf:2: unexpected closing brace\n" },
	{ "no value", "confirm = \n", "f:2: premature end of file\n" },
	{ "open string", "confirm = 0\ndatabase = \"/x\nrate = 5\n",
	    "f:1: confirm: 0 is out of range, 1 to 10\nf:2: string without its closing \" on the same line\n" },
	{ "open comment", "confirm = 0\n/* x\n\n", "f:1: confirm: 0 is out of range, 1 to 10\nf:2: comment without end\n" },
	{ "bad escape", "database = \"/\\999\"\n", "f:1: bad escape after a backslash in a string\n" },
	{ "environment", "database = ${HOME}\n", "f:1: ${...} is not replaced here; put a value that has it in quotes\n" },
	{ "hostile value", "metrics = \"\\e[31m\\n\"\n",
	    "f:1: metrics: \"\\x1b[31m\\x0a\" is not one of records, domains or cells\n" },
};

START_TEST(mistake_rows)
{
	struct conf_problems p = { NULL, 0 };
	struct str s = STR_INIT;
	struct conf *c = conf_parse("f", mistakes[_i].text, &p);

	conf_problems_text(&p, &s);
	ck_assert_msg(strcmp(str_c(&s), mistakes[_i].problems) == 0, "%s: got\n%swanted\n%s", mistakes[_i].name, str_c(&s),
	    mistakes[_i].problems);
	ck_assert_msg(c == NULL, "%s: no configuration comes of mistakes", mistakes[_i].name);
	str_done(&s);
	conf_problems_done(&p);
}
END_TEST

/* All mistakes of a file in one run, in the order of its lines, comments and all. */
START_TEST(all_at_once)
{
	static const char text[] =
	    "# comment\n"
	    "/* of\n"
	    "   lines */ confirm = 99 // more\n"
	    "resolvers = {\"google\", # inside a list\n"
	    "  \"nobody\"}\n"
	    "domain \"a.de\" {\n"
	    "  # comment\n"
	    "  cloud = moon   frobnicate = 1\n"
	    "  record \"r\" { name = \"r.a.de\" type = A\n"
	    "    value = \"1.2.3\" }\n"
	    "}\n"
	    "interval_ceiling = 1\n"
	    "domain \"a.de\" { services = {} }\n";
	static const int lines[] = { 3, 5, 8, 8, 9, 9, 12, 13 };
	struct conf_problems p = { NULL, 0 };

	ck_assert_ptr_null(conf_parse("f", text, &p));
	struct str s = STR_INIT;
	conf_problems_text(&p, &s);
	ck_assert_msg(p.n == ARRAY_LEN(lines), "%s", str_c(&s));
	for (size_t i = 0; i < p.n; i++)
		ck_assert_msg(p.list[i].line == lines[i], "problem %zu is in line %d: %s", i, lines[i], str_c(&s));
	str_done(&s);
	conf_problems_done(&p);
}
END_TEST

/* ---- what is right ---- */

static struct conf *
parse_good(const char *text)
{
	struct conf_problems p = { NULL, 0 };
	struct conf *c = conf_parse("f", text, &p);
	struct str s = STR_INIT;

	conf_problems_text(&p, &s);
	ck_assert_msg(c != NULL, "%s", str_c(&s));
	str_done(&s);
	conf_problems_done(&p);
	return c;
}

START_TEST(example_of_the_manual)
{
	struct conf *c = parse_good(
	    "listen = {\"127.0.0.1:8365\", \"[::1]:8365\"}\n"
	    "resolvers = {\"google\", \"quad9\", \"192.0.2.53:5300\"}\n"
	    "quorum = \"75%\" confirm = 3 interval_floor = 1m interval_ceiling = 1h\n"
	    "rate = 10 metrics = cells authorities = majority authority_port = 5353 authority_private = yes\n"
	    "mta_sts_policy = no policy_port = 8443 hosts = \"Status.Example.NET\"\n"
	    "resolver \"office\" { address = {\"10.0.0.53\", \"[fd00::53]:5353\"} view = internal class = info rate = 0 }\n"
	    "resolver \"cloudflare\" { class = required }\n"
	    "domain \"contoso.com\" {\n"
	    "  verification = 'MS=ms12345678' tenant = \"Contoso.onmicrosoft.com\"\n"
	    "  services = {\"exchange\", \"teams\", \"dkim\"} cloud = gcc-high profile = hybrid-mx-onprem\n"
	    "  mx = {\"10 mail.contoso.com\", \"20 mail2.contoso.com\"} autodiscover = \"Mail.Contoso.com.\"\n"
	    "  spf { ip4 = {\"203.0.113.5\"} all = \"~all\" }\n"
	    "  record \"crm\" { name = crm type = cname value = \"contoso.crm4.dynamics.com\" }\n"
	    "  record \"note\" { type = TXT value = \"costs $5 ${HOME}\" }\n"
	    "  nameservers = {\"ns-1.awsdns-01.org\"} authorities = none\n"
	    "  view \"internal\" { autodiscover = \"in.contoso.com\" skip = {\"mx\", \"spf\"} }\n"
	    "}\n"
	    "domain \"b\xc3\xbc" "cher.example\" { services = {} }\n"
	    "notify \"ops\" { url = \"https://hooks.example//x#y\" events = {\"complete\"} }\n"
	    "notify \"cmd\" { command = /usr/local/bin/hook }\n");
	const struct conf_domain *d = &c->domains[0];

	ck_assert_uint_eq(c->n_listen, 2);
	ck_assert_uint_eq(c->quorum, 75);
	ck_assert(c->quorum_percent);
	ck_assert_uint_eq(c->interval_floor, 60);
	ck_assert_uint_eq(c->interval_ceiling, 3600);
	ck_assert_int_eq(c->metrics, METRICS_CELLS);
	ck_assert_int_eq(c->authorities, AUTHORITIES_MAJORITY);
	ck_assert_uint_eq(c->authority_port, 5353);
	ck_assert(c->authority_private);
	ck_assert(!c->mta_sts_policy);
	ck_assert_uint_eq(c->policy_port, 8443);
	ck_assert_str_eq(c->hosts[0], "status.example.net");
	ck_assert_uint_eq(c->n_resolvers, 5);
	ck_assert_str_eq(c->resolvers[2].name, "192.0.2.53:5300");
	ck_assert_uint_eq(c->resolvers[2].rate, 10);
	ck_assert_str_eq(c->resolvers[3].name, "office");
	ck_assert_uint_eq(c->resolvers[3].rate, 0);
	ck_assert_uint_eq(c->resolvers[3].window, 64);
	ck_assert_uint_eq(c->resolvers[3].addrs[1].port, 5353);
	ck_assert_int_eq(c->resolvers[3].view, VIEW_INTERNAL);
	ck_assert_str_eq(c->resolvers[4].operator, "cloudflare");
	ck_assert_int_eq(c->resolvers[4].class, CLASS_REQUIRED);
	ck_assert_uint_eq(c->resolvers[4].n_addrs, 4);

	ck_assert_uint_eq(c->n_domains, 2);
	ck_assert_str_eq(d->text, "contoso.com");
	ck_assert_int_eq(d->line, 8);
	ck_assert_str_eq(d->file, "f");
	ck_assert_str_eq(d->tenant, "contoso");
	ck_assert_uint_eq(d->services, 1u << SERVICE_EXCHANGE | 1u << SERVICE_TEAMS | 1u << SERVICE_DKIM);
	ck_assert_int_eq(d->cloud, CLOUD_GCC_HIGH);
	ck_assert_int_eq(d->profile, PROFILE_HYBRID_MX_ONPREM);
	ck_assert_int_eq(d->authorities, AUTHORITIES_NONE);
	ck_assert_uint_eq(d->overrides->n_mx, 2);
	ck_assert_str_eq(d->overrides->autodiscover, "mail.contoso.com");
	ck_assert_ptr_null(d->view[VIEW_PUBLIC]);
	ck_assert_uint_eq(d->view[VIEW_INTERNAL]->n_skip, 2);
	ck_assert_str_eq(d->spf->all, "~all");
	ck_assert_uint_eq(d->n_records, 2);
	ck_assert_uint_eq(d->records[0].type, DNS_TYPE_CNAME);
	ck_assert_str_eq(d->records[1].name, "@");
	ck_assert_str_eq(d->records[1].values[0], "costs $5 ${HOME}");
	ck_assert_str_eq(c->domains[1].text, "xn--bcher-kva.example");
	ck_assert_uint_eq(c->domains[1].services, 0);
	ck_assert_int_eq(c->domains[1].authorities, AUTHORITIES_UNSET);
	ck_assert_uint_eq(c->notify[1].n_events, 2);
	ck_assert_str_eq(c->notify[0].url, "https://hooks.example//x#y");
	conf_free(c);
}
END_TEST

START_TEST(defaults)
{
	struct conf *c = parse_good("domain \"contoso.com\" { }\n");

	ck_assert_uint_eq(c->n_resolvers, 4);
	ck_assert_str_eq(c->resolvers[0].name, "google");
	ck_assert_str_eq(c->resolvers[3].name, "opendns");
	ck_assert_str_eq(c->listen[0], "127.0.0.1:8365");
	ck_assert_uint_eq(c->domains[0].services, 1u << SERVICE_EXCHANGE);
	ck_assert_ptr_null(c->domains[0].overrides);
	ck_assert_ptr_null(c->domains[0].spf);
	ck_assert_uint_le(sizeof(c->domains[0]), 400);	/* there may be 100,000 */
	conf_free(c);
}
END_TEST

START_TEST(lists_can_grow_and_be_emptied)
{
	struct conf *c = parse_good("listen = {}\nresolvers = {}\nhosts = {a.de}\nhosts += {b.de, c.de}\n"
	    "resolver \"r\" { address = 127.0.0.1:5300 }");

	ck_assert_uint_eq(c->n_listen, 0);
	ck_assert_uint_eq(c->n_resolvers, 1);
	ck_assert_uint_eq(c->n_hosts, 3);
	conf_free(c);
}
END_TEST

/* ---- the table of keys ---- */

/* A default that the table prints must be the one that conf_new sets: give it as text and nothing may change. */
START_TEST(keys_defaults_are_true)
{
	struct str text = STR_INIT;

	for (size_t i = 0; i < conf_n_keys; i++) {
		const struct conf_key *k = &conf_keys[i];
		ck_assert_msg(*k->help != '\0' && *k->range != '\0' && *k->type != '\0' && *k->deflt != '\0', "%s", k->name);
		if (*k->section != '\0' || strcmp(k->deflt, "none") == 0 || strcmp(k->deflt, "compiled in") == 0)
			continue;
		bool list = strcmp(k->type, "list") == 0;
		str_addf(&text, "%s = %s%s%s\n", k->name, list ? "{" : "", k->deflt, list ? "}" : "");
	}
	struct conf *c = parse_good(str_c(&text)), *d = conf_new();
	ck_assert_str_eq(c->listen[0], d->listen[0]);
	ck_assert_str_eq(c->database, d->database);
	ck_assert_uint_eq(c->n_resolvers, d->n_resolvers);
	ck_assert_uint_eq(c->quorum, d->quorum);
	ck_assert_uint_eq(c->quorum_percent, d->quorum_percent);
	ck_assert_uint_eq(c->confirm, d->confirm);
	ck_assert_uint_eq(c->interval_floor, d->interval_floor);
	ck_assert_uint_eq(c->interval_ceiling, d->interval_ceiling);
	ck_assert_uint_eq(c->guard_interval, d->guard_interval);
	ck_assert_uint_eq(c->stale_recheck, d->stale_recheck);
	ck_assert_uint_eq(c->history_days, d->history_days);
	ck_assert_uint_eq(c->rate, d->rate);
	ck_assert_uint_eq(c->window, d->window);
	ck_assert_uint_eq(c->authority_port, d->authority_port);
	ck_assert_int_eq(c->authorities, d->authorities);
	ck_assert_int_eq(c->metrics, d->metrics);
	ck_assert_uint_eq(c->listen_public, d->listen_public);
	ck_assert_uint_eq(c->authority_private, d->authority_private);
	ck_assert_uint_eq(c->mta_sts_policy, d->mta_sts_policy);
	ck_assert_uint_eq(c->policy_port, d->policy_port);
	conf_free(c);
	conf_free(d);
	str_done(&text);
}
END_TEST

/* ---- files ---- */

static void
write_file(const char *dir, const char *name, const char *text)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	FILE *f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

static void
remove_file(const char *dir, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	unlink(path);
}

START_TEST(files_of_a_directory)
{
	char dir[] = "/tmp/check_conf.XXXXXX", main_file[64];
	struct conf_problems p = { NULL, 0 };
	struct str s = STR_INIT, want = STR_INIT;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(main_file, sizeof(main_file), "%s/main", dir);
	write_file(dir, "main", "confirm = 3\n");
	write_file(dir, "b.conf", "domain \"b.de\" { }\n");
	write_file(dir, "a.conf", "domain \"a.de\" { }\n");
	write_file(dir, "ignored", "nonsense\n");
	write_file(dir, ".hidden.conf", "nonsense\n");
	struct conf *c = conf_load(main_file, dir, &p);
	ck_assert_ptr_nonnull(c);
	ck_assert_uint_eq(c->n_domains, 2);
	ck_assert_str_eq(c->domains[0].text, "a.de");
	conf_free(c);

	/* a string left open ends its file and no other */
	write_file(dir, "a.conf", "database = \"/x\n");
	write_file(dir, "b.conf", "domain \"b.de\" { cloud = x }\n");
	write_file(dir, "c.conf", "domain \"c.de\" { }\ndomain \"b.de\" { }\n");
	ck_assert_ptr_null(conf_load(main_file, dir, &p));
	conf_problems_text(&p, &s);
	str_addf(&want, "%s/a.conf:1: string without its closing \" on the same line\n", dir);
	str_addf(&want, "%s/b.conf:1: cloud: \"x\" is not one of worldwide, gcc, gcc-high, dod or 21vianet\n", dir);
	str_addf(&want, "%s/c.conf:2: domain \"b.de\" is given twice, first at %s/b.conf:1\n", dir, dir);
	ck_assert_str_eq(str_c(&s), str_c(&want));
	conf_problems_done(&p);

	static const char *const names[] = { "main", "a.conf", "b.conf", "c.conf", "ignored", ".hidden.conf" };
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		remove_file(dir, names[i]);
	rmdir(dir);
	ck_assert_ptr_null(conf_load(main_file, dir, &p));
	ck_assert_uint_eq(p.n, 1);
	ck_assert_str_eq(p.list[0].text, "No such file or directory");
	conf_problems_done(&p);
	str_done(&s);
	str_done(&want);
}
END_TEST

/* ---- the command line ---- */

START_TEST(command_line)
{
	struct conf *c = conf_new();
	struct err err;
	unsigned bits;
	size_t i;

	ck_assert_int_eq(conf_add_domain(c, "Contoso.COM.", &i, &err), 0);
	ck_assert_uint_eq(i, 0);
	ck_assert_int_eq(conf_add_domain(c, "fabrikam.com", &i, &err), 0);
	ck_assert_int_eq(conf_add_domain(c, "contoso.com", &i, &err), 0);
	ck_assert_uint_eq(i, 0);
	ck_assert_uint_eq(c->n_domains, 2);
	ck_assert_int_eq(conf_add_domain(c, "no domain", &i, &err), -1);
	ck_assert_int_eq(conf_add_domain(c, "x.partner.onmschina.cn", &i, &err), -1);

	conf_clear_resolvers(c);
	ck_assert_int_eq(conf_add_resolver(c, "quad9", &err), 0);
	ck_assert_int_eq(conf_add_resolver(c, "127.0.0.1:5300", &err), 0);
	ck_assert_int_eq(conf_add_resolver(c, "quad9", &err), 0);
	ck_assert_int_eq(conf_add_resolver(c, "quad10", &err), -1);
	ck_assert_uint_eq(c->n_resolvers, 2);
	ck_assert_uint_eq(c->resolvers[1].addrs[0].port, 5300);

	ck_assert_int_eq(conf_services_parse("exchange,teams, dkim", &bits, &err), 0);
	ck_assert_uint_eq(bits, 1u << SERVICE_EXCHANGE | 1u << SERVICE_TEAMS | 1u << SERVICE_DKIM);
	ck_assert_int_eq(conf_services_parse("none", &bits, &err), 0);
	ck_assert_uint_eq(bits, 0);
	ck_assert_int_eq(conf_services_parse("exchange,mail", &bits, &err), -1);
	conf_free(c);
}
END_TEST

static const struct {
	const char *name, *text;
	enum until until;
	const char *problems;
} votes[] = {
	{ "defaults", "", UNTIL_COMPLETE, "" },
	{ "nobody", "\nresolvers = {}\n", UNTIL_COMPLETE,
	    "f:2: nobody votes: no public resolver of class quorum or required (enough only for --until published)\n" },
	{ "nobody is enough", "resolvers = {}\n", UNTIL_PUBLISHED, "" },
	{ "nobody at all", "resolvers = {}\nauthorities = none\n", UNTIL_PUBLISHED,
	    "f:1: nobody can tell: authorities = none, and no public resolver of class quorum or required\n" },
	{ "info does not vote", "resolvers = {\"cleanbrowsing\"}\n", UNTIL_VISIBLE,
	    "f:1: nobody votes: no public resolver of class quorum or required (enough only for --until published)\n" },
	{ "internal does not vote", "resolvers = {} resolver \"r\" { address = 10.0.0.1 view = internal }\n", UNTIL_VISIBLE,
	    "f:1: nobody votes: no public resolver of class quorum or required (enough only for --until published)\n" },
	{ "required votes", "resolvers = {} resolver \"r\" { address = 10.0.0.1 class = required }\n", UNTIL_COMPLETE, "" },
	{ "quorum", "\nquorum = 5\n", UNTIL_COMPLETE, "f:2: quorum: 5 are wanted, but only 4 operators vote\n" },
	{ "one operator, one vote", "resolvers = {\"opendns\", \"opendns-sandbox\"}\nquorum = 2\n", UNTIL_COMPLETE,
	    "f:2: quorum: 2 are wanted, but only 1 operators vote\n" },
};

START_TEST(vote_rows)
{
	struct conf_problems p = { NULL, 0 };
	struct str s = STR_INIT;
	struct conf *c = parse_good(votes[_i].text);

	conf_check(c, votes[_i].until, &p);
	conf_problems_text(&p, &s);
	ck_assert_msg(strcmp(str_c(&s), votes[_i].problems) == 0, "%s: %s", votes[_i].name, str_c(&s));
	str_done(&s);
	conf_problems_done(&p);
	conf_free(c);
}
END_TEST

START_TEST(shipped_resolvers)
{
	size_t n;
	const struct conf_resolver *list = conf_shipped_resolvers(&n);

	ck_assert_uint_ge(n, 4);
	for (size_t i = 0; i < n; i++) {
		const struct conf_resolver *r = &list[i];
		ck_assert_msg(r->n_addrs > 0 && *r->operator != '\0' && *r->text != '\0' && r->shipped, "%s", r->name);
		ck_assert_msg(!r->filters || r->class == CLASS_INFO, "%s", r->name);
		for (size_t k = 0; k < r->n_addrs; k++)
			ck_assert_msg(addr_is_global(&r->addrs[k]) && r->addrs[k].port == 53, "%s", r->name);
		for (size_t k = 0; k < i; k++)
			ck_assert_str_ne(list[k].name, r->name);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("conf");
	TCase *tc = tcase_create("conf");
	SRunner *sr = srunner_create(s);
	int failed;

	unsetenv("CREDENTIALS_DIRECTORY");
	ROWS(tc, mistake_rows, mistakes);
	tcase_add_test(tc, all_at_once);
	tcase_add_test(tc, example_of_the_manual);
	tcase_add_test(tc, defaults);
	tcase_add_test(tc, lists_can_grow_and_be_emptied);
	tcase_add_test(tc, keys_defaults_are_true);
	tcase_add_test(tc, files_of_a_directory);
	tcase_add_test(tc, command_line);
	ROWS(tc, vote_rows, votes);
	tcase_add_test(tc, shipped_resolvers);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
