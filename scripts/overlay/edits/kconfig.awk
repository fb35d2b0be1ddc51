# SPDX-License-Identifier: GPL-2.0-only
#
# init/Kconfig: our source line takes the place of mainline's entry, IKHEADERS
# or, in the first versions, IKHEADERS_PROC. If there is none, it follows
# IKCONFIG_PROC. If that is missing, too, the line is left out, and check_edits
# refuses the tree.

{ line[NR] = $0 }
/^(menu)?config[ \t]/ { symbol[NR] = $2 }

END {
	for (i in symbol) {
		i += 0
		last = i		# the entry: lines i to last
		for (j = i + 1; j <= NR && line[j] !~ /^[^# \t]/; j++)
			if (line[j] ~ /^[ \t]+[^ \t]/)
				last = j
		if (symbol[i] == "IKCONFIG_PROC")
			anchor = last
		if (symbol[i] !~ /^IKHEADERS(_PROC)?$/)
			continue
		for (first = i; line[first - 1] ~ /^#/; first--)
			;
		end[first] = last
		if (!place || first < place)
			place = first
	}
	for (i = 1; i <= NR; i++) {
		if (i in end) {
			if (i == place)
				print ENVIRON["ARGUMENT"]
			else
				while (line[end[i] + 1] == "" && end[i] < NR)
					end[i]++
			i = end[i]
			continue
		}
		print line[i]
		if (i == anchor && !place)
			print "\n" ENVIRON["ARGUMENT"]
	}
}
