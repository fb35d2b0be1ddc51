# SPDX-License-Identifier: GPL-2.0-only
#
# A list, of documents or of selftests: ours comes below the first neighbour that is
# there. Older trees may have none: they stay as they are.

{ line[NR] = $0 }

END {
	n = split(ENVIRON["ARGUMENT"], neighbour, " ")
	for (k = 1; k <= n && !at; k++)
		for (i = 1; i <= NR && !at; i++)
			if (line[i] ~ "^(TARGETS \\+=)?[ \t]+" neighbour[k] "$")
				at = i
	for (i = 1; i <= NR; i++) {
		print line[i]
		if (i == at) {
			sub(/[^ \t]+$/, "kheaders", line[i])
			print line[i]
		}
	}
}
