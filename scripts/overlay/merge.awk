# SPDX-License-Identifier: GPL-2.0-only
#
# Merges two edits of a file, line by line:
#
#	awk -f merge.awk side=0 BASE side=1 MINE.diff side=2 OTHER.diff
#
# BASE is the file before both, the others are what diff says of it and each of
# the edited files. Prints the file with both edits; the status is 1 if they put
# different lines in the same place.
#
# git merge-file, diff3 and patch refuse, or misplace, edits of lines that are
# side by side, such as a line that somebody added right below our last one.

side == 0 { base[++n] = $0; next }

/^[0-9]/ {			# as in 5a6,7 or 3,4c3 or 8d7
	op = $0
	gsub(/[0-9,]/, "", op)
	split($0, half, op)
	if (split(half[1], range, ",") == 1)
		range[2] = range[1]
	at = side " " op " " range[1]
	sub(/[cd]/, "=", at)
	for (i = range[1]; op != "a" && i <= range[2] + 0; i++) {
		cut[side, i] = at
		inside[side, i] = i < range[2] + 0
	}
	next
}

/^> / { put[at] = put[at] substr($0, 3) "\n" }

# both ONE TWO: what two texts for the same place make.
function both(one, two) {
	if (one != "" && two != "" && one != two)
		clash = 1
	return one == two ? one : one two
}

END {
	for (i = 0; i <= n; i++) {
		mine = cut[1, i]
		other = cut[2, i]
		if (mine != "" && other != "")
			both(put[mine], put[other])
		if (mine != "" || other != "")
			printf "%s", both(put["1 = " i], put["2 = " i])
		else if (i)
			print base[i]
		if ((inside[1, i] && put["2 a " i] != "") || (inside[2, i] && put["1 a " i] != ""))
			clash = 1
		printf "%s", both(put["1 a " i], put["2 a " i])
	}
	exit clash
}
