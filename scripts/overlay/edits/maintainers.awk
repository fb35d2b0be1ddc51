# SPDX-License-Identifier: GPL-2.0-only
#
# MAINTAINERS: our entry comes where the alphabet puts it. The list is not quite
# sorted, so the entries of the same letter decide, if there are any.

BEGIN {
	entry = ENVIRON["ARGUMENT"]
	title = entry
	sub(/\n.*/, "", title)
	letter = substr(title, 1, 1)
}

{ line[NR] = $0 }

END {
	for (i = 1; i <= NR; i++) {
		if (line[i] !~ /^[A-Z0-9]/ || line[i - 1] != "" || line[i + 1] !~ /^[A-Z]:[ \t]/)
			continue
		if (line[i] > title && !any)
			any = i
		if (line[i] > title && substr(last, 1, 1) == letter && last < title)
			at = i
		last = line[i]
	}
	if (!at)
		at = any
	for (i = 1; i <= NR; i++) {
		if (i == at)
			print entry "\n"
		print line[i]
	}
	if (!at)
		print "\n" entry
}
