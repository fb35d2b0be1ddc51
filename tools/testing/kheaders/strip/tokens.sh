#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Do all headers and C sources below some directories lex alike before and after the comment
# stripper?  Judge: clang's raw lexer, which knows no kernel configuration and so
# sees both sides of each #if.
#
# Compared are the kind and spelling of each token, where each directive ends, and
# on which line each line's first token stands.  (The raw lexer takes a // or /* in
# the <name> of an #include for a comment, as it does not run directives; a header
# with a /* there may be reported as differing though gcc and clang read it alike.)
#
# Usage: tokens.sh [-s] DIR...
# With -s, white space goes, too, and lines may have other numbers.
# With TOKENS_EVERY=N in the environment, only each Nth file is looked at.
# Prints the names that differ and, last, "N files, N differ"; exits 1 if any do.

set -eu

# shellcheck disable=SC2016 # the $ are awk's
# One line per token: FILE <tab> [@LINE if first on its line] KIND 'SPELLING'
normalize='
	{ rec = more ? rec "\n" $0 : $0 }
	!/\tLoc=<[^>]*>$/ { more = 1; next }
	{
		more = 0
		match(rec, /\tLoc=<[^>]*>$/)
		loc = substr(rec, RSTART + 6, RLENGTH - 7)
		n = split(loc, part, ":")
		line = part[n - 1]
		file = substr(loc, 1, length(loc) - length(line) - length(part[n]) - 2)
		if (file != last) {
			last = file
			name = substr(file, skip + 1)
			first = 1
			directive = 0
		}
		if (rec ~ /^comment /)
			next
		if (rec ~ /^unknown \047[ \t\n\v\f\r]+\047\t/) {
			if (substr(rec, 1, index(rec, "\047\t")) ~ /\n/) {
				if (directive)
					print name "\tend of directive"
				first = 1
				directive = 0
			}
			next
		}
		if (match(rec, /\047\t( \[StartOfLine\])?( \[LeadingSpace\])?( \[UnClean=\047.*\047\])?\tLoc=/))
			rec = substr(rec, 1, RSTART)
		gsub(/\n/, "\\n", rec)
		if (first) {
			directive = rec ~ /^hash /
			rec = "@" (squeeze ? "" : line) " " rec
			first = 0
		}
		print name "\t" rec
	}
'

# dump SKIP FILE...: the tokens of the files, their names without SKIP characters
dump() {
	skip=$1
	shift
	clang -cc1 -x c -std=gnu11 -dump-raw-tokens "$@" 2>&1 >/dev/null |
		LC_ALL=C awk -v skip="$skip" -v squeeze="$SQUEEZE" "$normalize"
}

if [ "${1-}" = --batch ]; then
	shift
	dir=$(mktemp -d "$STRIP_TMP/batch.XXXXXX")
	printf '%s\n' "$@" | sed "s|/[^/]*\$||; s|^|$dir/|" | sort -u | tr '\n' '\0' |
		xargs -0 mkdir -p
	"$STRIP_TMP/main" ${SQUEEZE:+-s} "$dir" "$@"
	dump 0 "$@" >"$dir.before"
	for f; do
		set -- "$@" "$dir/$f"
		shift
	done
	dump $((${#dir} + 1)) "$@" >"$dir.after"
	if ! cmp -s "$dir.before" "$dir.after"; then
		diff "$dir.before" "$dir.after" | sed -n 's/^[<>] \([^	]*\)	.*/\1/p' |
			sort -u >"$dir.differ"
	fi
	# A file with no token at all says nothing: count those that say something
	cut -f1 "$dir.before" | uniq | wc -l >"$dir.count"
	rm -rf "$dir" "$dir.before" "$dir.after"
	exit 0
fi

SQUEEZE=
if [ "${1-}" = -s ]; then
	SQUEEZE=-s
	shift
fi
export SQUEEZE
if [ $# -eq 0 ]; then
	echo "usage: tokens.sh [-s] DIR..." >&2
	exit 2
fi

here=$(dirname "$0")
sources=$here/../../../../scripts/kheaders
STRIP_TMP=$(mktemp -d)
trap 'rm -rf "$STRIP_TMP"' EXIT
trap 'exit 130' INT TERM
cc -O2 -std=gnu11 -o "$STRIP_TMP/main" "$here/main.c" \
	"$sources/scan.c" "$sources/strip.c" "$sources/squeeze.c"
export STRIP_TMP

find "$@" -type f -name '*.[ch]' -print0 | sort -z | sed -nz "1~${TOKENS_EVERY:-1}p" >"$STRIP_TMP/list"
xargs -0 -n 200 -P "$(nproc)" sh "$0" --batch <"$STRIP_TMP/list"

cd "$STRIP_TMP"
total=$(tr -dc '\0' <list | wc -c)
seen=$(cat batch.*.count | awk '{ n += $1 } END { print n + 0 }')
cat batch.*.differ >differ 2>/dev/null || :
differ=$(wc -l <differ)
cat differ
[ "$total" -eq "$seen" ] || echo "$((total - seen)) files hold no token"
echo "$total files, $differ differ"
[ "$differ" -eq 0 ] && [ "$seen" -gt 0 ]
