# SPDX-License-Identifier: ISC
"""
world: the root zone of the bed.  What lies outside the zones under test: the hosts that records point to, with the
includes and keys behind them.  Addresses are documentation ranges: nobody asks them.  What is to be denied so that it is
believed lies in a zone of its own: of Microsoft's names the program believes Microsoft's zones only.
"""

DKIM_KEY = ("v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAhXe8ntPVtVGBTYb4PM3SSp0J2XaMPgaZjLToPyubHFUKwFeAwEh+c7i0"
            "gS59QNF7fwgainmLYSNe1q8fCaPLPPDyutaJXGseIAoU50AFMNyMCdctmHJ02e/cWlC42xl5hoc2GtpdYTwk3Ow6LqYpaqo3MxwG"
            "U816cIXeDCo+H7PQmX3sfmoFHunpKIbomc8uD0Rk93qmYUDYmY8fnJQG5ib5GFi6BGmuqHMWtZqF4tVx0/8y3HiVOUQ7J0zHAZC3"
            "tJIfHXj9dMimHD+Qlxx5Xl26+WsLtpiw1yYVzDpwO+lXHh8CUKkLFkm8ga15i4QU/Bf+vdJpFVsOR3ahMHsuUwIDAQAB")

WORLD = """
$ORIGIN .
$TTL 3600
@ IN SOA a.nic.test. hostmaster.nic.test. 1 900 300 86400 60
@ IN NS a.nic.test.
test. IN NS a.nic.test.
spf.protection.office365.us. IN TXT "v=spf1 ip4:23.103.191.0/24 -all"
spf.protection.partner.outlook.cn. IN TXT "v=spf1 ip4:42.159.33.192/27 -all"
spf.filter.example. IN TXT "v=spf1 ip4:192.0.2.128/25 -all"
*.mail.protection.office365.us. IN A 192.0.2.26
*.mail.protection.partner.outlook.cn. IN A 192.0.2.27
*.mx.microsoft. IN A 192.0.2.28
mx1.filter.example. IN A 192.0.2.29
mx2.filter.example. IN A 192.0.2.30
mail.old.example. IN A 192.0.2.31
www.example. IN A 192.0.2.32
edge.example. IN A 192.0.2.33
contoso.crm4.dynamics.example. IN A 192.0.2.34
alias.example. IN CNAME www.example.
autodiscover.office365.us. IN A 192.0.2.41
autodiscover-dod.office365.us. IN A 192.0.2.42
autodiscover.partner.outlook.cn. IN A 192.0.2.43
enterpriseregistration.windows.net. IN A 192.0.2.44
enterpriseregistration.microsoftonline.us. IN A 192.0.2.45
enterpriseregistration.partner.microsoftonline.cn. IN A 192.0.2.46
enterpriseenrollment-s.manage.microsoft.com. IN A 192.0.2.47
enterpriseenrollment.manage.microsoft.com. IN A 192.0.2.47
manage.microsoft.com. IN A 192.0.2.47
enterpriseenrollment-s.manage.microsoft.us. IN A 192.0.2.48
enterpriseenrollment-s.manage.microsoftonline.cn. IN A 192.0.2.49
sipfed.online.lync.com. IN A 192.0.2.50
sipdir.online.lync.com. IN A 192.0.2.50
webdir.online.lync.com. IN A 192.0.2.50
sipfed.online.gov.skypeforbusiness.us. IN A 192.0.2.51
sipdir.online.gov.skypeforbusiness.us. IN A 192.0.2.51
webdir.online.gov.skypeforbusiness.us. IN A 192.0.2.51
sipfed.online.dod.skypeforbusiness.us. IN A 192.0.2.52
sipdir.online.dod.skypeforbusiness.us. IN A 192.0.2.52
webdir.online.dod.skypeforbusiness.us. IN A 192.0.2.52
sipfed.online.partner.lync.cn. IN A 192.0.2.53
sipdir.online.partner.lync.cn. IN A 192.0.2.53
webdir.online.partner.lync.cn. IN A 192.0.2.53
clientconfig.partner.microsoftonline-p.net.cn. IN A 192.0.2.54
clientconfig.microsoftonline-p.net. IN A 192.0.2.54
sts-policy.example. IN A 192.0.2.55
*.dkim.mail.microsoft. IN TXT "%(key)s"
*.onmicrosoft.us. IN TXT "%(key)s"
*.partner.onmschina.cn. IN TXT "%(key)s"
""" % {"key": DKIM_KEY[:200] + '" "' + DKIM_KEY[200:]}

HEAD = "$ORIGIN %s\n$TTL 3600\n@ IN SOA a.nic.test. hostmaster.nic.test. 1 900 300 86400 60\n@ IN NS a.nic.test.\n"
ZONES = {   # beside the root, at the same server: a denial of Microsoft's names is believed when Microsoft's zone says it
    "outlook.com.": """
spf.protection IN TXT "v=spf1 ip4:40.92.0.0/15 ip4:52.100.0.0/15 ip6:2a01:111:f400::/48 -all"
*.mail.protection IN A 192.0.2.25
autodiscover IN A 192.0.2.40
unresolvable-test.mail.protection IN TXT "a host without an address"
""",
    "onmicrosoft.com.": """
*.contoso IN TXT "%(key)s"
*._domainkey.contoso IN TXT "%(key)s"
selector1-half-test._domainkey.half IN TXT "%(key)s"
nokey IN A 192.0.2.60
*._domainkey.revoked IN TXT "v=DKIM1; k=rsa; p="
*._domainkey.cutkey IN TXT "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCt"
*._domainkey.weakkey IN TXT "v=DKIM1; k=rsa; p=MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAK8jIDLt+sVC4GP7cIqPRd1SvbsUzv+AsjpyjlwxqctS1JOs40nYgepD6nuM36xEiLo0KSqDguFBP8OdV42lEgUCAwEAAQ=="
selector1-rightdkimonekey-test01cee._domainkey.onekey IN TXT "%(key)s"
deadkey IN NS gone.hosting.test.
""",
}
ZONES = {name: HEAD % name + text % {"key": DKIM_KEY[:200] + '" "' + DKIM_KEY[200:]} for name, text in ZONES.items()}
