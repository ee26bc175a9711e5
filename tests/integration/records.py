# SPDX-License-Identifier: ISC
"""records: right zones for every cloud and profile; from Microsoft's documentation, not from the program's catalog."""

SERVICES = {
    "verify": ["verification"],
    "exchange": ["mx", "spf", "autodiscover"],
    "teams": ["sipfederationtls"],
    "skype": ["sipfederationtls", "sip-tls", "sip", "lyncdiscover"],
    "intune": ["enterpriseregistration", "enterpriseenrollment"],
    "dkim": ["dkim-selector1", "dkim-selector2"],
    "dmarc": ["dmarc"],
    "mta-sts": ["mta-sts", "mta-sts-host"],
    "tls-rpt": ["tls-rpt"],
}
ALL_SERVICES = "exchange,teams,skype,intune,dkim,dmarc,mta-sts,tls-rpt"

CLOUDS = {  # mx, spf, autodiscover, lync, enterpriseregistration, enterpriseenrollment, initial domain
    "worldwide": ("mail.protection.outlook.com", "spf.protection.outlook.com", "autodiscover.outlook.com",
                  "online.lync.com", "enterpriseregistration.windows.net",
                  "enterpriseenrollment-s.manage.microsoft.com", "onmicrosoft.com"),
    "gcc-high": ("mail.protection.office365.us", "spf.protection.office365.us", "autodiscover.office365.us",
                 "online.gov.skypeforbusiness.us", "enterpriseregistration.microsoftonline.us",
                 "enterpriseenrollment-s.manage.microsoft.us", "onmicrosoft.us"),
    "dod": ("mail.protection.office365.us", "spf.protection.office365.us", "autodiscover-dod.office365.us",
            "online.dod.skypeforbusiness.us", "enterpriseregistration.microsoftonline.us",
            "enterpriseenrollment-s.manage.microsoft.us", "onmicrosoft.us"),
    "21vianet": ("mail.protection.partner.outlook.cn", "spf.protection.partner.outlook.cn",
                 "autodiscover.partner.outlook.cn", "online.partner.lync.cn",
                 "enterpriseregistration.partner.microsoftonline.cn",
                 "enterpriseenrollment-s.manage.microsoftonline.cn", "partner.onmschina.cn"),
}
CLOUDS["gcc"] = CLOUDS["worldwide"]


def domain_key(domain):
    """Dots to dashes; dashes go and their positions are coded behind a 0, four to a letter."""
    domain = domain.rstrip(".").lower()
    base = domain.replace("-", "").replace(".", "-")
    at = [i for i, c in enumerate(domain) if c == "-"]
    if not at:
        return base
    groups = [0] * (at[-1] // 4 + 1)
    for i in at:
        groups[i // 4] |= 1 << i % 4
    code, run = "", 0
    for g in groups:
        if g == 0:
            run += 1
            continue
        code += (str(run) if run else "") + chr(ord("a") + g)
        run = 0
    return base + "0" + code


def rows(domain, cloud="worldwide", tenant="contoso"):
    """id -> zone line of every record that Microsoft 365 may want of a domain."""
    mx, spf, autodiscover, lync, reg, enroll, initial = CLOUDS[cloud]
    key = domain_key(domain)
    out = {
        "verification": '@ IN TXT "MS=ms12345678"',
        "mx": "@ IN MX 0 %s.%s." % (key, mx),
        "spf": '@ IN TXT "v=spf1 include:%s -all"' % spf,
        "autodiscover": "autodiscover IN CNAME %s." % autodiscover,
        "sipfederationtls": "_sipfederationtls._tcp IN SRV 100 1 5061 sipfed.%s." % lync,
        "sip-tls": "_sip._tls IN SRV 100 1 443 sipdir.%s." % lync,
        "sip": "sip IN CNAME sipdir.%s." % lync,
        "lyncdiscover": "lyncdiscover IN CNAME webdir.%s." % lync,
        "enterpriseregistration": "enterpriseregistration IN CNAME %s." % reg,
        "enterpriseenrollment": "enterpriseenrollment IN CNAME %s." % enroll,
        "dkim-selector1": "selector1._domainkey IN CNAME selector1-%s._domainkey.%s.%s." % (key, tenant, initial),
        "dkim-selector2": "selector2._domainkey IN CNAME selector2-%s._domainkey.%s.%s." % (key, tenant, initial),
        "dmarc": '_dmarc IN TXT "v=DMARC1; p=reject"',
        "mta-sts": '_mta-sts IN TXT "v=STSv1; id=20261121000000Z;"',
        "mta-sts-host": "mta-sts IN CNAME sts-policy.example.",
        "tls-rpt": '_smtp._tls IN TXT "v=TLSRPTv1; rua=mailto:tlsrpt@%s"' % domain,
    }
    if cloud == "21vianet":
        out["msoid"] = "msoid IN CNAME clientconfig.partner.microsoftonline-p.net.cn."
    return out


def service_ids(services):
    if services == "all":
        services = "verify," + ALL_SERVICES
    return [i for s in services.split(",") if s for i in SERVICES[s]]


def right(domain, services="exchange", cloud="worldwide"):
    return zone_text(domain, services, cloud=cloud)


def zone_text(domain, services="exchange", drop=(), replace=None, add="", cloud="worldwide"):
    """Right records of these services, some left out, some replaced by other text, and more added."""
    all_rows, replace = rows(domain, cloud), replace or {}
    ids = [i for i in dict.fromkeys(service_ids(services)) if i not in drop]
    out = [replace.get(i, all_rows[i]) for i in ids] + [replace[i] for i in replace if i not in ids and i not in drop]
    if "msoid" in all_rows and "msoid" not in drop:
        out.append(all_rows["msoid"])
    return "\n".join(out) + "\n" + add + "\n"


# ---- a right zone for every profile ----

ONPREM = "mail IN A 192.0.2.10\n"


def profile_zone(domain, cloud, profile):
    """(zone text, lines for the domain block)"""
    r = rows(domain, cloud)
    spf = CLOUDS[cloud][1]
    conf = 'services = {"exchange"} tenant = "contoso" cloud = %s profile = %s\n' % (cloud, profile)
    extra = r.get("msoid", "") + "\n"
    if profile == "cloud-only":
        return "\n".join([r["mx"], r["spf"], r["autodiscover"], extra]), conf
    if profile == "hybrid":
        return "\n".join([r["mx"], '@ IN TXT "v=spf1 ip4:198.51.99.5 include:%s -all"' % spf,
                          "autodiscover IN CNAME mail." + domain + ".", ONPREM, extra]), \
            conf + 'autodiscover = "mail.%s" spf { ip4 = {"198.51.99.5"} }\n' % domain
    if profile == "hybrid-mx-onprem":
        return "\n".join(["@ IN MX 10 mail", '@ IN TXT "v=spf1 ip4:198.51.99.5 include:%s -all"' % spf,
                          "autodiscover IN A 192.0.2.10", ONPREM, extra]), \
            conf + 'mx = {"10 mail.%s"} autodiscover = "autodiscover.%s" spf { ip4 = {"198.51.99.5"} }\n' % (domain, domain)
    if profile == "filtered":
        mx = "@ IN MX 10 mx1.filter.example.\n@ IN MX 20 mx2.filter.example."
        return "\n".join([mx, r["spf"], r["autodiscover"], extra]), \
            conf + 'mx = {"10 mx1.filter.example", "20 mx2.filter.example"}\n'
    if profile == "relay":
        spf = '@ IN TXT "v=spf1 ip4:198.51.99.5 include:%s ~all"' % spf
        return "\n".join([r["mx"], spf, r["autodiscover"], extra]), \
            conf + 'spf { ip4 = {"198.51.99.5"} all = "~all" }\n'
    if profile == "parked":
        return "\n".join(["@ IN MX 0 .", '@ IN TXT "v=spf1 -all"', r["dmarc"], extra]), conf
    if profile == "verify-only":
        return "\n".join([r["verification"], extra]), conf + 'verification = "MS=ms12345678"\n'
    raise ValueError(profile)


PROFILES = ["cloud-only", "hybrid", "hybrid-mx-onprem", "filtered", "relay", "parked", "verify-only"]
