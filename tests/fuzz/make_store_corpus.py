#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Write the seeds of the store's fuzzer: tests/fuzz/corpus/store/.  v1.db is made by the program itself and is kept as it is:
every released schema stays a seed, so that an upgrade from it is tried for good.

    tests/fuzz/make_store_corpus.py V1.DB
"""
import os
import shutil
import sqlite3
import sys
import tempfile

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "corpus", "store")


def patched(data, at, new):
    return data[:at] + new + data[at + len(new):]


def small(path):
    """The same with pages of 512 bytes: less for the fuzzer to turn over."""
    with tempfile.TemporaryDirectory() as tmp:
        copy = os.path.join(tmp, "copy.db")
        shutil.copy(path, copy)
        db = sqlite3.connect(copy, isolation_level=None)
        for sql in ("PRAGMA journal_mode = DELETE", "PRAGMA page_size = 512", "VACUUM"):
            db.execute(sql)
        db.close()
        with open(copy, "rb") as f:
            return patched(f.read(), 18, b"\x02\x02")


def main():
    with open(sys.argv[1], "rb") as f:
        whole = f.read()
    v1 = small(sys.argv[1])
    seeds = {
        "v1.db": whole,
        "v1-small.db": v1,
        "empty": b"",
        "text": b"# not a database\n" * 20,
        "header-only": v1[:100],
        "first-page": v1[:512],
        "cut": v1[:len(v1) * 2 // 3],
        "version-99": patched(v1, 60, b"\0\0\0\x63"),
        "version-0": patched(v1, 60, bytes(4)),
        "application": patched(v1, 68, b"TEST"),
        "rollback-mode": patched(v1, 18, b"\x01\x01"),
        "page-size": patched(v1, 16, b"\x10\x00"),
        "schema-flipped": v1.replace(b"CREATE TABLE domain", b"CREATE TABLE dOmaim"),
        "freelist": patched(v1, 32, b"\0\0\0\x02\0\0\0\x09"),
        "zero-page": patched(v1, 512 * 3, bytes(512)),
    }
    os.makedirs(OUT, exist_ok=True)
    for name, data in seeds.items():
        with open(os.path.join(OUT, name), "wb") as f:
            f.write(data)


if __name__ == "__main__":
    main()
