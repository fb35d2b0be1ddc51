#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Makes archives that no kernel build makes, in the directory DIR: archive.py DIR. Prints the
name of each, and what the kheaders command has to say of it, or "same": there is no harm in
it, and the tree is that of the plain one."""

import io
import lzma
import os
import struct
import sys
import tarfile
import zlib

MIB = 1 << 20
END = bytes(1024)


def pack(data):
    return lzma.compress(data, check=lzma.CHECK_CRC32, preset=1)


def member(name, data=b"", **fields):
    """A member of a tar archive, which can be anything."""
    info = tarfile.TarInfo(name)
    info.size = len(data)
    info.mtime = 1700000000
    form = fields.pop("format", tarfile.USTAR_FORMAT)
    for key, value in fields.items():
        setattr(info, key, value)
    head = info.tobuf(form, "utf-8", "surrogateescape")
    return head + data + bytes(-len(data) % 512)


def patched(block, at, value):
    """A header with other bytes in it, and the checksum of these."""
    head = bytearray(block)
    head[at:at + len(value)] = value
    head[148:156] = b" " * 8
    head[148:156] = b"%06o\0 " % sum(head[:512])
    return bytes(head)


PLAIN = [
    member("include/config/kernel.release", b"6.9.1\n"),
    member("include/config/kheaders.id", b"0123456789abcdef\n"),
    member("include/linux/a.h", b"a\n" * 700),
]


def single(*more):
    """All in one stream, as by hand."""
    return pack(b"".join(PLAIN) + b"".join(more) + END)


def streams(*more):
    """A stream for each member, as from a kernel's build."""
    return b"".join(map(pack, PLAIN)) + b"".join(map(pack, more)) + pack(END)


def cut(*places):
    """Members cut across streams."""
    data = b"".join(PLAIN) + END
    places = [0, *places, len(data)]
    return b"".join(pack(data[a:b]) for a, b in zip(places, places[1:]))


def number(n):
    """As in an index of xz."""
    out = bytearray()
    while n >= 128:
        out.append(n & 127 | 128)
        n >>= 7
    return bytes(out + bytes([n]))


def lie(packed, size):
    """A stream whose index says that it unpacks to so much."""
    backward = (struct.unpack("<I", packed[-8:-4])[0] + 1) * 4
    at = len(packed) - 12 - backward
    index = packed[at:]
    pos, unpadded, shift = 2, 0, 0
    while True:
        unpadded |= (index[pos] & 127) << shift
        shift += 7
        pos += 1
        if not index[pos - 1] & 128:
            break
    new = b"\0\1" + number(unpadded) + number(size)
    new += bytes(-len(new) % 4)
    new += struct.pack("<I", zlib.crc32(new))
    foot = struct.pack("<I", len(new) // 4 - 1) + packed[-4:-2]
    return packed[:at] + new + struct.pack("<I", zlib.crc32(foot)) + foot + b"YZ"


def crowd():
    """More files than any kernel has."""
    plain = member("0000000")
    head = bytearray(plain)
    total = sum(plain[:512]) - sum(plain[148:156]) + 8 * 32 - sum(plain[:7])
    out = io.BytesIO()
    for n in range(140000):
        name = b"%07d" % n
        head[0:7] = name
        head[148:156] = b"%06o\0 " % (total + sum(name))
        out.write(head)
    return pack(out.getvalue()) + pack(END)


LEADS_OUT = "a path in the archive leads out of it, or is odd"
LINK_OUT = "is a link out of the archive"
LINK_LOST = "is a link to no file in the archive"
DEVICE = "is a device in the archive"
TWICE = "is in the archive twice"
DAMAGED = "the archive is damaged"
LARGE = "unpacks to more than 512 MiB"
SETUID = "is setuid, setgid or sticky in the archive"


def link(name, target, **fields):
    return member(name, type=tarfile.SYMTYPE, linkname=target, **fields)


# What there is behind the plain members, and what is said of it.
MEMBERS = {
    "absolute": (member("/tmp/kheaders-hostile", b"x"), LEADS_OUT),
    "dot-dot": (member("../kheaders-hostile", b"x"), LEADS_OUT),
    "dot-dot-within": (member("include/../../kheaders-hostile", b"x"), LEADS_OUT),
    "dot-dot-at-end": (member("include/..", b"x"), LEADS_OUT),
    "dot": (member("include/./x", b"x"), LEADS_OUT),
    "two-slashes": (member("include//x", b"x"), LEADS_OUT),
    "newline": (member("include/x\nkheaders: made", b"x"), LEADS_OUT),
    "escape": (member("include/\033[2Jx", b"x"), LEADS_OUT),
    "delete": (member("include/\177x", b"x"), LEADS_OUT),
    "long-path": (member("x/" * 600 + "y", b"x", format=tarfile.GNU_FORMAT), LEADS_OUT),
    "gnu-dot-dot": (member("../" + "x" * 200, b"x", format=tarfile.GNU_FORMAT), LEADS_OUT),
    "pax-dot-dot": (member("a", b"x", format=tarfile.PAX_FORMAT,
                           pax_headers={"path": "../../etc/x"}), LEADS_OUT),
    "pax-absolute": (member("a", b"x", format=tarfile.PAX_FORMAT,
                            pax_headers={"path": "/etc/x"}), LEADS_OUT),
    "long-name": (member("x" * 300, b"x", format=tarfile.GNU_FORMAT), ""),
    "symlink": (link("include/etc", "/etc"), LINK_OUT),
    "through-symlink": (link("include/etc", "/etc") + member("include/etc/x", b"x"), LINK_OUT),
    "symlink-dot-dot": (link("include/etc", "../../etc/passwd"), LINK_OUT),
    "symlink-out-and-in": (link("include/x", "../../include/linux/a.h"), LINK_OUT),
    "symlink-to-the-top": (link("include/x", ".."), LINK_OUT),
    "symlink-to-nothing": (link("include/x", "linux/b.h"), LINK_LOST),
    "symlink-to-itself": (link("include/x", "x"), LINK_LOST),
    "symlink-to-symlink": (link("include/x", "y") + link("include/y", "linux/a.h"), LINK_LOST),
    "symlink-to-directory": (link("include/x", "linux"), LINK_LOST),
    "through-symlink-within": (link("include/x", "linux") + member("include/x/b.h", b"x"),
                               LINK_LOST),
    "symlink-for-a-file": (link("include/linux/a.h", "../config/kernel.release"), TWICE),
    "symlink-twice": (link("include/x", "linux/a.h") * 2, TWICE),
    "symlink-path-out": (link("../kheaders-hostile", "include/linux/a.h"), LEADS_OUT),
    "many-symlinks": (b"".join(link(f"include/x{n}", "linux/a.h") for n in range(257)),
                      "has more links than any kernel"),
    "symlink-bomb": (member("a", bytes(3 << 20)) +
                     b"".join(link(f"include/x{n}", "../a") for n in range(200)), LARGE),
    "hard-link": (member("x", type=tarfile.LNKTYPE, linkname="/etc/passwd"), LINK_OUT),
    "hard-link-to-nothing": (member("x", type=tarfile.LNKTYPE, linkname="b"), LINK_LOST),
    "character-device": (member("x", type=tarfile.CHRTYPE, devmajor=1, devminor=3), DEVICE),
    "block-device": (member("x", type=tarfile.BLKTYPE, devmajor=8), DEVICE),
    "fifo": (member("x", type=tarfile.FIFOTYPE), DEVICE),
    "setuid": (member("x", b"x", mode=0o4755), SETUID),
    "setgid": (member("x", b"x", mode=0o2755), SETUID),
    "sticky": (member("x", b"x", mode=0o1755), SETUID),
    "twice": (member("include/linux/a.h", b"other"), TWICE),
    "twice-with-dot": (member("./include/linux/a.h", b"other"), TWICE),
    "file-is-directory": (member("include/linux", b"x"), TWICE),
    "directory-is-file": (member("include/linux/a.h/b", b"x"), TWICE),
    "note": (member(".kheaders", b"release 6.9.1\narchive 0\n"), ""),
    "under-note": (member(".kheaders/x", b"x"), ""),
    "size-beyond-end": (patched(member("x"), 124, b"00000100000\0"), DAMAGED),
    "size-enormous": (patched(member("x"), 124, b"77777777777\0"), "is too large in the archive"),
    "size-beyond-64-bits": (patched(member("x"), 124, b"\x80" + b"\x7f" * 11), ""),
    "size-negative": (patched(member("x"), 124, b"\xff" * 12), ""),
    "bad-checksum": (b"x" * 512, DAMAGED),
    "sparse": (patched(member("x", b"x" * 512, type=tarfile.GNUTYPE_SPARSE,
                              format=tarfile.GNU_FORMAT), 386,
                       b"00004000000\0" + b"00000001000\0" + bytes(72) + b"\0" +
                       b"00004001000\0"), ""),
    "directory": (member("include/", type=tarfile.DIRTYPE, mode=0o7777), "same"),
    "directory-outside": (member("../hostile/", type=tarfile.DIRTYPE), "same"),
}


def kinds():
    for name, (block, says) in MEMBERS.items():
        yield name, says, lambda block=block: single(block)
        yield name + "-in-streams", says, lambda block=block: streams(block)
    zeros = pack(bytes(64 * MIB))
    first = pack(PLAIN[0])
    yield "plain", "same", single
    yield "plain-in-streams", "same", streams
    yield "cut-in-header", "same", lambda: cut(700)
    yield "cut-in-data", "same", lambda: cut(3000, 3500)
    yield "cut-at-members", "same", lambda: cut(1024, 2048)
    # The last stream is as large as the end of an archive, and is not.
    yield "member-for-an-end", DAMAGED, lambda: pack(PLAIN[0] + PLAIN[2]) + pack(PLAIN[1])
    yield "empty-streams", DAMAGED, lambda: (
        b"".join(map(pack, PLAIN)) + pack(b"") * 3000 + pack(END))
    yield "no-end", DAMAGED, lambda: pack(b"".join(PLAIN))
    yield "cut-short-after-a-stream", DAMAGED, lambda: b"".join(map(pack, PLAIN[:2]))
    yield "cut-short-before-the-end", DAMAGED, lambda: b"".join(map(pack, PLAIN))
    yield "padding", "same", lambda: streams() + bytes(64)
    yield "nothing", "no kernel headers in it", lambda: pack(b"")
    yield "no-member", "no kernel headers in it", lambda: pack(END)
    yield "zeros", "no kernel headers in it", lambda: zeros
    yield "bomb", LARGE, lambda: first + zeros * 10 + pack(END)
    yield "bomb-in-a-member", "", lambda: (
        streams(patched(member("x"), 124, b"05000000000\0")))
    yield "index-says-more", DAMAGED, lambda: (
        lie(first, 4096) + b"".join(map(pack, PLAIN[1:])) + pack(END))
    yield "index-says-less", DAMAGED, lambda: (
        lie(first, 512) + b"".join(map(pack, PLAIN[1:])) + pack(END))
    yield "index-says-much-more", LARGE, lambda: lie(single(), 600 * MIB)
    yield "index-says-all", LARGE, lambda: lie(single(), (1 << 63) - 4096)
    yield "index-hides-a-bomb", DAMAGED, lambda: (
        lie(pack(PLAIN[0] + bytes(600 * MIB)), 1024) + pack(PLAIN[1]) + pack(END))
    yield "crowd", "has more files than any kernel", crowd


for name, says, make in kinds():
    with open(os.path.join(sys.argv[1], name), "wb") as file:
        file.write(make())
    print(name, says, sep="\t")
