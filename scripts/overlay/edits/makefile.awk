# SPDX-License-Identifier: GPL-2.0-only
#
# kernel/Makefile: the rules of mainline's kheaders go, our include line comes
# last.
#
# The file is read in units: an assignment with its continuation lines, a rule
# with its recipe, define to endef, a block of comments, or a blank line.
#
# - A unit goes if what it defines is named after kheaders.
# - A list, such as clean-files, loses the words that name kheaders, and goes if
#   no other word is left.
# - A comment goes if it names kheaders, or if all units right below it go.
# - Anything else that names kheaders stays; check_edits then refuses the tree.

BEGIN { old = ENVIRON["OLD_NAMES"] }

# name UNIT: what it defines.
function name(unit) {
	sub(/\n.*/, "", unit)
	sub(/^define[ \t]+/, "", unit)
	sub(/[ \t]*([:?+]?=|:).*/, "", unit)
	return unit
}

function all_old(words,	n, i, word) {
	n = split(words, word, /[ \t]+/)
	for (i = 1; i <= n; i++)
		if (word[i] != "" && word[i] !~ old)
			return 0
	return n > 0
}

# without_old LIST: "" if nothing else is in it.
function without_old(list,	n, i, line, out) {
	n = split(list, line, "\n")
	for (i = 1; i <= n; i++) {
		gsub("[ \t]+[^ \t]*(" old ")[^ \t]*", "", line[i])
		if (line[i] !~ /^[ \t]*\\?$/)
			out = out (out == "" ? "" : "\n") line[i]
	}
	sub(/[ \t]*\\$/, "", out)
	return out ~ /=[ \t]*$/ ? "" : out
}

{
	# A blank line within a recipe.
	if (/^\t/ && kind[n] == "blank" && kind[n - 1] == "code") {
		text[n - 1] = text[n - 1] "\n" text[n]
		n--
	}
	if (more || define || (/^\t/ && kind[n] == "code") ||
	    (/^#/ && kind[n] == "comment")) {
		text[n] = text[n] "\n" $0
	} else {
		text[++n] = $0
		kind[n] = /^[ \t]*$/ ? "blank" : /^#/ ? "comment" : "code"
		define = /^define[ \t]/
	}
	more = /\\$/
	if (/^endef/)
		define = 0
}

END {
	for (i = 1; i <= n; i++) {
		if (kind[i] != "code" || text[i] !~ old ||
		    text[i] ~ /^ *(else|endif|ifn?def|ifn?eq)/)
			continue
		if (all_old(name(text[i]))) {
			gone[i] = 1
		} else if (text[i] ~ /^(targets|(no-)?clean-files|extra-|always|obj-)/) {
			text[i] = without_old(text[i])
			gone[i] = text[i] == ""
		}
	}
	for (i = 1; i <= n; i++) {
		if (kind[i] != "comment")
			continue
		for (j = i + 1; kind[j] == "code" && gone[j]; j++)
			;
		gone[i] = text[i] ~ old || (j > i + 1 && kind[j] != "code")
	}

	# Of blank lines that meet where something went, one stays.
	blank = 1
	for (i = 1; i <= n; i++) {
		if (gone[i]) {
			cut = 1
		} else if (kind[i] != "blank" || !blank || !cut) {
			print text[i]
			blank = kind[i] == "blank"
			cut = 0
		}
	}
	if (!blank)
		print ""
	print ENVIRON["ARGUMENT"]
}
