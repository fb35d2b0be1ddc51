#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""
Is the archive's header set complete? Usage:

	includes.py OBJTREE

Each #include of each header in OBJTREE/kernel/kheaders_data.tar.xz that leads to a file
in the build's own trees, by the directories it was given with -I, must lead to one in
the archive. Prints those that do not, and how many do; returns 1 if there are any.
"""

import os
import re
import sys
import tarfile

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^">\s]+)[">]', re.M)


def read_archive(name):
    """The names of all files in it, and the text of its headers by name."""
    names, headers = set(), {}
    with tarfile.open(name) as tar:
        for member in tar:
            if member.isfile():
                names.add(member.name)
                if member.name.endswith(".h"):
                    headers[member.name] = tar.extractfile(member).read().decode("latin-1")
    return names, headers


def include_dirs(obj, src):
    """What the compiler was given with -I, relative to the trees, in that order."""
    with open(os.path.join(obj, "scripts/mod/.empty.o.cmd")) as file:
        command = next(line for line in file if "cmd_scripts/mod/empty.o" in line)
    dirs = []
    for flag in re.findall(r"\s-I\s*(\S+)", command):
        path = os.path.relpath(os.path.join(obj, flag), src)
        if path.startswith(".."):
            path = os.path.relpath(os.path.join(obj, flag), obj)
        if path not in dirs:
            dirs.append(path)
    return dirs


def main(obj):
    obj = os.path.realpath(obj)
    source = os.path.join(obj, "source")
    src = os.path.realpath(source) if os.path.exists(source) else obj
    names, headers = read_archive(os.path.join(obj, "kernel/kheaders_data.tar.xz"))
    dirs = include_dirs(obj, src)
    resolved = lost = 0
    for header, text in sorted(headers.items()):
        for quote, name in INCLUDE.findall(text):
            where = dirs if quote == "<" else [os.path.dirname(header)] + dirs
            where = [os.path.normpath(os.path.join(path, name)) for path in where]
            if any(path in names for path in where):
                resolved += 1
                continue
            for path in where:
                if any(os.path.isfile(os.path.join(tree, path)) for tree in (src, obj)):
                    print(f"{header} includes {name}: {path} is not in the archive")
                    lost += 1
                    break
    print(f"{resolved} includes of {len(headers)} headers lead to files of the archive, {lost} don't")
    return lost != 0 or not resolved


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
