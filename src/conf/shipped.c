/* SPDX-License-Identifier: ISC */
/*
 * The shipped resolvers: well-known public ones whose addresses their operators publish.  One operator is one
 * vote, however many of its services are chosen.  "quad9" is the service that blocks nothing (9.9.9.10): a block list says
 * nothing about propagation.  Services that filter are shown and never gate (class info).
 */
#include <stdlib.h>
#include <string.h>

#include "load.h"

#define ADDRS_MAX 4

static const struct shipped {
	const char *name, *operator;
	const char *addrs[ADDRS_MAX];
	bool filters;
	const char *text;
} shipped[] = {
	{ "google", "google", { "8.8.8.8", "8.8.4.4", "2001:4860:4860::8888", "2001:4860:4860::8844" }, false,
	    "Google Public DNS; validates DNSSEC; flush at https://dns.google/cache" },
	{ "cloudflare", "cloudflare", { "1.1.1.1", "1.0.0.1", "2606:4700:4700::1111", "2606:4700:4700::1001" }, false,
	    "Cloudflare 1.1.1.1; validates DNSSEC; purge at https://one.one.one.one/purge-cache/" },
	{ "quad9", "quad9", { "9.9.9.10", "149.112.112.10", "2620:fe::10", "2620:fe::fe:10" }, false,
	    "Quad9, the service that blocks nothing; no way to flush" },
	{ "opendns", "opendns", { "208.67.222.222", "208.67.220.220", "2620:119:35::35", "2620:119:53::53" }, false,
	    "Cisco OpenDNS; refresh at https://cachecheck.opendns.com/" },
	{ "adguard", "adguard", { "94.140.14.140", "94.140.14.141", "2a10:50c0::1:ff", "2a10:50c0::2:ff" }, false,
	    "AdGuard DNS, not filtering" },
	{ "ultradns", "ultradns", { "156.154.70.5", "156.154.71.5", "2610:a1:1018::5", "2610:a1:1019::5" }, false,
	    "UltraDNS Public, not filtering" },
	{ "yandex", "yandex", { "77.88.8.8", "77.88.8.1", "2a02:6b8::feed:0ff", "2a02:6b8:0:1::feed:0ff" }, false,
	    "Yandex.DNS basic" },
	{ "controld", "controld", { "76.76.2.0", "76.76.10.0", "2606:1a40::", "2606:1a40:1::" }, false,
	    "Control D, not filtering" },
	{ "dns-sb", "dns-sb", { "185.222.222.222", "45.11.45.11", "2a09::", "2a11::" }, false, "DNS.SB" },
	{ "dns4eu", "dns4eu", { "86.54.11.100", "86.54.11.200", "2a13:1001::86:54:11:100" }, false,
	    "DNS4EU, not filtering; Europe" },
	{ "he", "he", { "74.82.42.42", "2001:470:20::2" }, false, "Hurricane Electric" },
	{ "cira", "cira", { "149.112.121.10", "149.112.122.10", "2620:10a:80bb::10", "2620:10a:80bc::10" }, false,
	    "CIRA Canadian Shield private; Canada" },
	{ "odvr", "odvr", { "193.17.47.1", "185.43.135.1", "2001:148f:ffff::1", "2001:148f:fffe::1" }, false,
	    "CZ.NIC ODVR; Czechia" },
	{ "quad101", "quad101", { "101.101.101.101", "101.102.103.104", "2001:de4::101", "2001:de4::102" }, false,
	    "TWNIC Quad101; Taiwan" },
	{ "alidns", "alidns", { "223.5.5.5", "223.6.6.6", "2400:3200::1", "2400:3200:baba::1" }, false,
	    "AliDNS; the view from China, for 21vianet" },
	{ "dnspod", "dnspod", { "119.29.29.29", "2402:4e00::" }, false, "DNSPod; the view from China" },
	{ "114dns", "114dns", { "114.114.114.114", "114.114.115.115" }, false, "114DNS; the view from China" },
	{ "opendns-sandbox", "opendns", { "208.67.222.2", "208.67.220.2", "2620:0:ccc::2", "2620:0:ccd::2" }, false,
	    "Cisco OpenDNS, the service that blocks nothing" },
	{ "quad9-secure", "quad9", { "9.9.9.9", "149.112.112.112", "2620:fe::fe", "2620:fe::9" }, true,
	    "Quad9, blocking known threats" },
	{ "quad9-ecs", "quad9", { "9.9.9.11", "149.112.112.11", "2620:fe::11" }, true,
	    "Quad9, blocking known threats, sends the client subnet" },
	{ "cloudflare-security", "cloudflare", { "1.1.1.2", "1.0.0.2" }, true, "Cloudflare, blocking malware" },
	{ "cloudflare-family", "cloudflare", { "1.1.1.3", "1.0.0.3" }, true, "Cloudflare, blocking malware and adult sites" },
	{ "adguard-filtered", "adguard", { "94.140.14.14", "94.140.15.15", "2a10:50c0::ad1:ff", "2a10:50c0::ad2:ff" }, true,
	    "AdGuard DNS, blocking advertisements" },
	{ "comodo", "comodo", { "8.26.56.26", "8.20.247.20" }, true, "Comodo Secure DNS, filtering" },
	{ "cleanbrowsing", "cleanbrowsing", { "185.228.168.9", "185.228.169.9", "2a0d:2a00:1::2", "2a0d:2a00:2::2" }, true,
	    "CleanBrowsing security filter" },
};

/* Made on first use and kept: callers hold pointers into it. */
const struct conf_resolver *
conf_shipped_resolvers(size_t *ret_n)
{
	static struct conf_resolver list[ARRAY_LEN(shipped)];

	for (size_t i = 0; i < ARRAY_LEN(shipped) && list[i].name == NULL; i++) {
		const struct shipped *s = &shipped[i];
		struct conf_resolver *r = &list[i];

		r->name = xstrdup(s->name);
		r->operator = xstrdup(s->operator);
		r->class = s->filters ? CLASS_INFO : CLASS_QUORUM;
		r->view = VIEW_PUBLIC;
		r->rate = 50;
		r->window = 64;
		r->filters = s->filters;
		r->shipped = true;
		r->text = xstrdup(s->text);
		r->addrs = xcalloc(ADDRS_MAX, sizeof(*r->addrs));
		for (size_t k = 0; k < ADDRS_MAX && s->addrs[k] != NULL; k++) {
			if (addr_parse(&r->addrs[r->n_addrs], s->addrs[k], 53))
				r->n_addrs++;
		}
	}
	*ret_n = ARRAY_LEN(list);
	return list;
}
