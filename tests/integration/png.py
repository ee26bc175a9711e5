# SPDX-License-Identifier: ISC
"""png: a picture of a page in 256 colours is a third of its size, and nobody sees the difference."""

import collections
import struct
import zlib


def chunks(data):
    at = 8
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at:at + 8])
        yield kind, data[at + 8:at + 8 + size]
        at += 12 + size


def unfilter(raw, width, height, n):
    """The bytes of all rows, n a pixel (PNG, section 9)."""
    stride, out, above = width * n, bytearray(), bytes(width * n)
    for y in range(height):
        kind, row = raw[y * (stride + 1)], bytearray(raw[y * (stride + 1) + 1:(y + 1) * (stride + 1)])
        for x in range(stride) if kind else ():
            a, b, c = row[x - n] if x >= n else 0, above[x], above[x - n] if x >= n else 0
            if kind == 4:
                p = a + b - c
                pa, pb, pc = abs(p - a), abs(p - b), abs(p - c)
                guess = a if pa <= pb and pa <= pc else b if pb <= pc else c
            else:
                guess = (0, a, b, (a + b) // 2)[kind]
            row[x] = row[x] + guess & 255
        out += row
        above = row
    return out


def distance(a, b):
    return sum((x - y) ** 2 for x, y in zip(a, b))


def palette(counts):
    """The 192 commonest colours and 64 that are farthest from those before them; and for every colour the nearest of these."""
    best = [c for c, _ in counts.most_common(192)]
    near = {c: min(distance(c, b) for b in best) for c in counts}
    for _ in range(256 - 192):
        far = max(near, key=near.get)
        best.append(far)
        near = {c: min(d, distance(c, far)) for c, d in near.items()}
    return best, {c: min(range(len(best)), key=lambda i: distance(best[i], c)) for c in counts}


def small(data):
    """A PNG of eight bits a channel, as one with a palette."""
    parts = list(chunks(data))
    width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", parts[0][1])
    n = {2: 3, 6: 4}[colour]
    if depth != 8 or interlaced:
        return data
    pixels = unfilter(zlib.decompress(b"".join(p for k, p in parts if k == b"IDAT")), width, height, n)
    colours = list(zip(pixels[0::n], pixels[1::n], pixels[2::n]))
    best, index = palette(collections.Counter(colours))
    rows = b"".join(b"\0" + bytes(index[c] for c in colours[y * width:(y + 1) * width]) for y in range(height))

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    return data[:8] + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)) + \
        chunk(b"PLTE", b"".join(bytes(c) for c in best)) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")
