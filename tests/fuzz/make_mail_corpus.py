#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Write the seeds of the fuzzers of mail records: tests/fuzz/corpus/{dmarc,dkim,sts}/, always the same ones."""
import os

RSA2048 = ("MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAhXe8ntPVtVGBTYb4PM3SSp0J2XaMPgaZjLToPyubHFUKwFeAwEh+c7i0gS59QNF7fwga"
           "inmLYSNe1q8fCaPLPPDyutaJXGseIAoU50AFMNyMCdctmHJ02e/cWlC42xl5hoc2GtpdYTwk3Ow6LqYpaqo3MxwGU816cIXeDCo+H7PQmX3sfmoF"
           "HunpKIbomc8uD0Rk93qmYUDYmY8fnJQG5ib5GFi6BGmuqHMWtZqF4tVx0/8y3HiVOUQ7J0zHAZC3tJIfHXj9dMimHD+Qlxx5Xl26+WsLtpiw1yYV"
           "zDpwO+lXHh8CUKkLFkm8ga15i4QU/Bf+vdJpFVsOR3ahMHsuUwIDAQAB")
RSA512 = "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAK8jIDLt+sVC4GP7cIqPRd1SvbsUzv+AsjpyjlwxqctS1JOs40nYgepD6nuM36xEiLo0KSqDguFBP8OdV42lEgUCAwEAAQ=="
SEEDS = {
    "dmarc": {
        "all-tags": "v=DMARC1; p=reject; sp=none; np=reject; adkim=s; aspf=r; fo=1:d:s; psd=n; t=y; rua=mailto:a@b.example,mailto:c@d.example!10m; ruf=mailto:e@f.example",
        "short": "v=DMARC1;p=none",
        "blanks": "v = DMARC1 ; p = quarantine ;",
        "removed": "v=DMARC1; p=none; pct=50; rf=afrf; ri=86400",
        "semicolon-missing": "v=DMARC1; p=reject rua=mailto:a@b.example",
        "uris": "v=DMARC1; p=none; rua=mailto:,mailto:@,mailto:a@,mailto:a@b@c.example,https://x.example/r?a=b,,mailto:a@b.example?subject=x",
        "many": "v=DMARC1; " + "; ".join("x%d=y" % i for i in range(40)),
        "letters": "v=DMARC1; p=none; psd=x; t=; adkim=; fo=:::9",
        "bytes": "v=DMARC1; p=\x1b[31m\x00; \xff=\x80",
    },
    "dkim": {
        "rsa-2048": "v=DKIM1; k=rsa; p=" + RSA2048,
        "rsa-512": "v=DKIM1; p=" + RSA512,
        "blanks": "v=DKIM1; p=" + " ".join(RSA512[i:i + 20] for i in range(0, len(RSA512), 20)),
        "cut": "v=DKIM1; k=rsa; p=" + RSA2048[:200],
        "bare": "p=MEgCQQCvIyAy7frFQuBj+3CKj0XdUr27FM7/gLI6co5cManLUtSTrONJ2IHqQ+p7jN+sRIi6NCkqg4LhQT/DnVeNpRIFAgMBAAE=",
        "ed25519": "v=DKIM1; k=ed25519; p=XL7AL8B0u1Fq+8cNFpTUq5B+ewZoxQfyJxDRfqirmaw=",
        "revoked": "v=DKIM1; p=",
        "flags": "v=DKIM1; k=rsa; t=y:s; s=email:*; h=sha256; n=note; p=" + RSA512,
        "not-base64": "v=DKIM1; p=!?",
        "base64-cut": "v=DKIM1; p=QUJ",
        "no-key": "v=DKIM1; k=rsa",
        "twice": "v=DKIM1; k=rsa; k=rsa; p=",
        "no-tag": "v=DKIM1; nonsense; p=",
        "version-last": "k=rsa; p=; v=DKIM1",
        "not-for-mail": "v=DKIM1; s=tlsrpt; p=",
        "ed25519-short": "v=DKIM1; k=ed25519; p=QUJD",
        "leading-zeros": "v=DKIM1; p=MAoCBAAAAAECAQM=",
        "long-form": "v=DKIM1; p=MIQAAAAKAgQAAAABAgED",
        "lengths": "v=DKIM1; p=MIP///8AMIP//w==",
    },
    "sts": {
        "enforce": "version: STSv1\r\nmode: enforce\r\nmx: *.mail.protection.outlook.com\r\nmx: mail.contoso.com\r\nmax_age: 604800\r\n",
        "testing": "version: STSv1\nmode: testing\nmx: contoso-com.o-v1.mx.microsoft\nmax_age: 86400",
        "none": "version: STSv1\nmode: none\nmax_age: 0\n",
        "double": "mode: none\nmode: enforce\nversion: STSv1\nversion: 2\nmax_age: 1\nmax_age: x\n",
        "extension": "version: STSv1\nmode: enforce\nmx: a.example\nmax_age: 1\nx-new: y\n\n",
        "max-age": "version: STSv1\nmode: enforce\nmx: a.example\nmax_age: 1x\n",
        "max-age-large": "version: STSv1\nmode: enforce\nmx: a.example\nmax_age: 31557601\n",
        "mx-long": "version: STSv1\nmx: " + "a" * 64 + ".example\n",
        "mx-dot": "version: STSv1\nmx: a..example\n",
        "mx-final-dot": "version: STSv1\nmx: a.example.\n",
        "mx-many": "version: STSv1\n" + "mx: a.example\n" * 600,
        "version": "version: STSv2\n",
        "version-missing": "mode: none\nmax_age: 1\n",
        "mx-missing": "version: STSv1\nmode: testing\nmax_age: 1\n",
        "html": "<!DOCTYPE html>\n<html><title>404: not found</title></html>\n",
        "bytes": "version: STSv1\nmode: \x00\nmx: \x1b[31m.\xff\nmax_age: 99999999999999999999\n",
    },
}

for target, seeds in SEEDS.items():
    where = os.path.join(os.path.dirname(__file__), "corpus", target)
    os.makedirs(where, exist_ok=True)
    for name, text in seeds.items():
        with open(os.path.join(where, name), "wb") as f:
            f.write(text.encode("latin-1"))
