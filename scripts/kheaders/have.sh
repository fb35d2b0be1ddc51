#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What kernel/kheaders_compat.h asks about the kernel that it is built for. Usage:
#
#	have.sh TREE [headers]
#
# With "headers", only questions that headers answer: those of a kernel that is built
# already need not come with sources, and kheaders_symvers.c is no part of a module. For each question below, prints "#define KHEADERS_HAVE_NAME 1" if the text is in one of
# the files, else "#undef". It looks at the sources and not at the version, since vendors
# backport changes.
#
# In a tree where "make apply" put kheaders, each build asks again. "make patch" asks
# once: its patches hold the code for the answers, and neither questions nor this file.

set -eu
export LC_ALL=C

# Name, kernels that have it, files, text (whole words, a regular expression). A file in
# parentheses need not be there. CONFIG_NAME is an option, left to this kernel if it has it.
awk -F '\t+' -v tree="$1" -v only="${2-}" '
	only == "headers" && $3 !~ /^include\/[^ ]*$/ { next }
	{
		option = $1 ~ /^CONFIG_/
		name = option ? $1 : "KHEADERS_HAVE_" $1
		text = "(^|[^A-Za-z0-9_])" $4 "([^A-Za-z0-9_]|$)"
		found = 0
		n = split($3, file, " ")
		for (i = 1; i <= n; i++) {
			optional = gsub(/[()]/, "", file[i])
			path = tree "/" file[i]
			while ((got = getline line < path) > 0)
				found = found || line ~ text
			close(path)
			if (got < 0 && !optional) {
				print "kheaders: " path " cannot be read: take a whole kernel" \
					" source tree" > "/dev/stderr"
				exit 1
			}
		}
		if (!found)
			print "#undef " name
		else if (!option)
			print "#define " name " 1"
	}' <<'END'
PROC_OPS			from 5.6	include/linux/proc_fs.h	struct proc_ops
PROC_READ_ITER			from 5.10	include/linux/proc_fs.h	proc_read_iter
PROC_SEQ			from 4.18	include/linux/proc_fs.h	proc_create_seq_private
BIN_ATTR_SIMPLE_READ		from 6.10	include/linux/sysfs.h	sysfs_bin_attr_simple_read
KSYMTAB_INTERNAL		from 5.19	(kernel/module/internal.h)	__start___ksymtab
KFLAGSTAB			from 7.1	(kernel/module/internal.h)	__start___kflagstab
SYMBOL_NAMESPACE		from 5.4	include/linux/export.h (kernel/module/internal.h)	namespace_offset
NAMESPACE_BEFORE_MODULE		5.4.0, 5.5.0	scripts/mod/modpost.c	namespace = strchr[(]symname
CONFIG_MODULE_REL_CRCS		until 5.18	init/Kconfig	config MODULE_REL_CRCS
CONFIG_HAVE_ARCH_PREL32_RELOCATIONS	from 4.19	arch/Kconfig	config HAVE_ARCH_PREL32_RELOCATIONS
END
