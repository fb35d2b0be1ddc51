#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""
Are the modules in two directories the same? Usage:

	modules.py DIR DIR

Compares the kernel modules (*.ko) below the two by their names, section by section: code,
data, symbol versions, dependencies, relocations. Left out are the release they are for,
debugging information, and the numbers of lines in __bug_table. Prints what differs, and
how many sections of how many modules were compared; returns 1 if any differ, a module is
in one of the directories only, or there is none.
"""

import os
import subprocess
import sys
import tempfile

# Of debugging, of the linker, and with addresses into these.
IGNORED = (".debug", ".rela.debug", ".symtab", ".strtab", ".shstrtab", ".note", ".comment",
           ".BTF", ".gnu.linkonce.this_module")
OF_RELEASE = (b"vermagic=", b"srcversion=")
# struct bug_entry with relative pointers: the line is its third member.
BUG_ENTRY, LINE = 12, 8


def modules(top):
    return {name: os.path.join(directory, name) for directory, _, names in os.walk(top)
            for name in names if name.endswith(".ko")}


def sections(module):
    """The names of those that are compared."""
    lines = subprocess.run(["readelf", "-SW", module], check=True, capture_output=True,
                           text=True).stdout.splitlines()
    names = [line.split("]", 1)[1].split()[0] for line in lines
             if line.lstrip().startswith("[") and "]" in line]
    return {name for name in names if name.startswith((".", "_")) and
            not name.startswith(IGNORED)}


def content(module, name):
    with tempfile.NamedTemporaryFile() as file:
        subprocess.run(["objcopy", "-O", "binary", f"--set-section-flags={name}=alloc",
                        f"--only-section={name}", module, file.name], check=True,
                       stderr=subprocess.DEVNULL)
        with open(file.name, "rb") as out:
            data = out.read()
    if name == ".modinfo":
        return sorted(line for line in data.split(b"\0") if not line.startswith(OF_RELEASE))
    if name == "__bug_table":
        return [data[at:at + LINE] + data[at + LINE + 2:at + BUG_ENTRY]
                for at in range(0, len(data), BUG_ENTRY)]
    return data


def main(one, other):
    one, other = modules(one), modules(other)
    differ = [f"{name}: in one directory only" for name in sorted(one.keys() ^ other.keys())]
    count = 0
    for module in sorted(one.keys() & other.keys()):
        of_one, of_other = sections(one[module]), sections(other[module])
        differ += [f"{module}: {name}: in one of them only" for name in sorted(of_one ^ of_other)]
        for name in sorted(of_one & of_other):
            count += 1
            if content(one[module], name) != content(other[module], name):
                differ.append(f"{module}: {name}")
    for line in differ:
        print(line)
    print(f"{count} sections of {len(one)} modules compared, {len(differ)} differ")
    return bool(differ) or not count


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
