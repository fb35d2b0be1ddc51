#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The configuration as it goes into kheaders_data.tar.xz: without paths of the machine
# that built the kernel, which mean nothing elsewhere and are private. Usage,
# from the object tree and with the environment of Kbuild:
#
#	config.sh FILE [CONFIG]
#
# FILE is auto.conf, autoconf.h, rustc_cfg or a .config; what it becomes is printed, the
# options in the order in which those of CONFIG are.
# By rule, not by name: a path in the tree loses the tree's own; any other string
# with a path in it becomes empty, be it one of several words; and so does a key's
# PKCS#11 URI, which can hold a PIN. Programs and device nodes are the
# device's own, as in CONFIG_MODPROBE_PATH, and stay.

set -eu
export LC_ALL=C
: "${srctree:?is set by Kbuild}"

# Each by the name it was called and by its real one, the longest first: one tree may be
# in the other.
trees=$(for dir in . "$srctree"; do
	(cd "$dir" && pwd && pwd -P)
done)
# auto.conf has had no quotes since 5.16. Before, each string had, and no other value.
raw=
case ${1##*/} in
auto.conf)
	status=0
	grep -qvE '^(#.*)?$|^CONFIG_[A-Za-z0-9_]+=([ymn]|-?[0-9]+|0[xX][0-9A-Fa-f]+|".*")$' "$1" || status=$?
	[ "$status" -le 1 ]
	[ "$status" = 1 ] || raw=y ;;
esac
TREES=$trees RAW=$raw exec awk '
	BEGIN {
		raw = ENVIRON["RAW"]
		separator = "[][\"\047(),:;=@|{}<>+\\\\&!?*#%^`$]"
		before_path = "(^|[ \t]|" separator ")(-[A-Za-z0-9_-]*)?$"
		trees = split(ENVIRON["TREES"], tree, "\n")
		for (i = 1; i <= trees; i++)
			for (j = i + 1; j <= trees; j++)
				if (length(tree[j]) > length(tree[i])) {
					swap = tree[i]; tree[i] = tree[j]; tree[j] = swap
				}
	}
	# A path begins a word, or follows a separator or an option of a compiler.
	function without(text, tree,	at, out) {
		while (tree != "/" && (at = index(text, tree "/"))) {
			out = out substr(text, 1, at - 1)
			if (out !~ before_path)
				out = out tree "/"
			text = substr(text, at + length(tree) + 1)
		}
		return out text
	}
	function outside(word,	i, n, part) {
		if (word ~ /(^|[^A-Za-z0-9])pkcs11:/)
			return 1
		gsub(/(https?|git):\/\/[^"\047(),;]*/, "", word)
		n = split(word, part, separator "+")
		for (i = 1; i <= n; i++) {
			sub(/^-[A-Za-z0-9_-]*/, "", part[i])
			if (part[i] ~ /(^|\/)\.\.(\/|$)|^~[^\/]*\// || part[i] ~ /^\/./ &&
			    (part[i] !~ /^(\/usr|\/system|\/vendor)?\/s?bin\/[^\/]*$|^\/dev\// ||
			     part[i] ~ /^\/dev\/shm\//))
				return 1
		}
		return 0
	}
	ordered {
		if (match($0, /CONFIG_[A-Za-z0-9_]+/))
			rank[substr($0, RSTART, RLENGTH)] = last = FNR
		next
	}
	raw && /^CONFIG_/ || /^(#define |--cfg=)?CONFIG_[A-Za-z0-9_]+[ =]".*"$/ {
		quote = raw ? "" : "\""
		begin = match($0, /CONFIG_[A-Za-z0-9_]+[ =]/) + RLENGTH
		head = substr($0, 1, begin - 1) quote
		value = substr($0, begin + length(quote))
		value = substr(value, 1, length(value) - length(quote))
		for (i = 1; i <= trees; i++)
			value = without(value, tree[i])
		n = split(value, word, /[ \t]+/)
		for (i = 1; i <= n; i++)
			if (outside(word[i])) {
				value = ""
				# rustc gets no option rather than an empty string.
				if (/^--cfg=/)
					next
			}
		$0 = head value quote
	}
	{
		name = match($0, /CONFIG_[A-Za-z0-9_]+/) ? substr($0, RSTART, RLENGTH) : ""
		if (!(name in rank))
			sub(/_MODULE$/, "", name)
		if (name in rank)
			line[rank[name]] = line[rank[name]] $0 "\n"
		else
			print
	}
	END {
		for (i = 1; i <= last; i++)
			if (i in line)
				printf "%s", line[i]
	}' ${2:+ordered=1 "$2" ordered=0} "$1"
