#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""
Do sources compile to the same with the archive's headers as with the kernel's? Usage:

	objects.py OBJTREE SOURCE...

Each SOURCE that was built in OBJTREE is compiled twice, as the build did: with the
headers of its trees, and with those of OBJTREE/kernel/kheaders_data.tar.xz. The objects
must have the same bytes. What tells where something stands in a header is left out: line
numbers, and debugging and sanitizers' information. Prints those that differ, and how many
there were; returns 1 if any do, or none was built.
"""

import os
import shlex
import subprocess
import sys
import tarfile
import tempfile

FLAGS = ["-g0", "-Wno-builtin-macro-redefined", "-D__LINE__=0", "-w"]


def command_of(obj, source):
    """The words of the compiler's command, or None if the build has none."""
    directory, name = os.path.split(os.path.splitext(source)[0] + ".o")
    try:
        with open(os.path.join(obj, directory, "." + name + ".cmd")) as file:
            line = next(line for line in file if "cmd_" in line.split(":=")[0])
    except FileNotFoundError:
        return None
    # What objtool and others do to it follows behind a semicolon.
    words = shlex.split(line.split(":=", 1)[1].split(" ; ")[0].replace("$(pound)", "#"))
    return [word for word in words if not word.startswith(("-Wp,-M", "-fsanitize", "-fasan"))]


def compiled(words, obj, trees, archive, out):
    """The object, and what it was made of: with the headers of TREES, or of ARCHIVE, if any."""
    result, include = [], False
    for word in words[:words.index("-o")] + words[words.index("-o") + 2:]:
        if include or word.startswith("-I") and word != "-I":
            flag = "" if include else "-I"
            path = os.path.normpath(os.path.join(obj, word[len(flag):]))
            word = flag + moved(path, trees, archive)
        include = word in ("-I", "-include")
        result.append(word)
    result += FLAGS + [f"-fmacro-prefix-map={tree}/=" for tree in trees + [archive or obj]]
    # ccache may write other paths into the command, and so into the object.
    subprocess.run(result + ["-MD", "-MF", out + ".d", "-o", out], cwd=obj, check=True,
                   env={**os.environ, "CCACHE_DISABLE": "1"})
    with open(out, "rb") as file, open(out + ".d") as made_of:
        return file.read(), made_of.read().split()


def moved(path, trees, archive):
    """What stands in ARCHIVE where PATH stands in one of TREES, or else PATH."""
    for tree in trees if archive else []:
        inside = os.path.relpath(path, tree)
        if not inside.startswith("..") and os.path.exists(os.path.join(archive, inside)):
            return os.path.join(archive, inside)
    return path


def main(obj, sources):
    obj = os.path.realpath(obj)
    src = os.path.join(obj, "source")
    trees = [obj, os.path.realpath(src)] if os.path.exists(src) else [obj]
    total = differ = headers = 0
    with tempfile.TemporaryDirectory() as work:
        tree = os.path.join(work, "tree")
        with tarfile.open(os.path.join(obj, "kernel/kheaders_data.tar.xz")) as tar:
            tar.extractall(tree)
        out = os.path.join(work, "object.o")
        for source in sources:
            words = command_of(obj, source)
            if not words:
                continue
            total += 1
            want, _ = compiled(words, obj, trees, None, out)
            got, made_of = compiled(words, obj, trees, tree, out)
            headers += sum(name.startswith(tree + "/") for name in made_of)
            if got != want:
                print(f"{source}: another object")
                differ += 1
    print(f"{total} objects, made with {headers} headers of the archive, {differ} differ")
    return differ != 0 or not headers


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
