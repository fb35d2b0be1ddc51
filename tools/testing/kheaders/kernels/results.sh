#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Writes a row of RESULTS.md, the table of make check-kernels: check.sh calls it when
# all of a row of kernels/list was run. Usage:
#
#	results.sh KERNEL ARCH VARIANT RELEASE COMMIT COUNTS TAP...
#
# The first three name the row; VARIANT is - where there is none. COUNTS is what
# check.sh counted in the TAP files, which are named build-*.tap, changed-*.tap and
# boot-*.tap. The row takes the place of its predecessor. All other rows stay as they
# are, in the order of the list, but for those that the list does not have any more.

set -eu
. "$(dirname "$0")/../lib.sh"

page=$here/RESULTS.md
row="| $1 | $4 | $2 | $3 "
commit=$5 counts=$6
shift 6

# What ran in the guest: in the KTAP of run.sh there, each program is a test with subtests.
cells=$(awk -v counts="$counts" '
	function add(list, name) { return list (list == "" ? "" : ", ") name }
	# A program that did not come to its end, and a test that is none.
	function file_ended() {
		if (name != "") failed = add(failed, name)
		if (stray) failed = add(failed, part)
		name = ""
	}
	FNR == 1 {
		file_ended()
		part = FILENAME
		sub(".*/", "", part); sub("-.*", "", part)
		stray = 0
	}
	/^  # Subtest: /		{ name = $3 }
	/^not ok / && name == ""	{ stray = 1 }
	/^not ok / && $4 == name	{ failed = add(failed, name); name = "" }
	/^ok / && $3 == name		{
		if (/# SKIP/) skipped = add(skipped, name)
		else passed = add(passed, name)
		name = ""
	}
	/^  # [0-9]+ symbols compared /	{ symbols = $2 ", " $(NF - 1) " " $NF }
	END {
		file_ended()
		ran = failed == "" ? "" : "**failed: " failed "**; "
		ran = ran (passed == "" ? "nothing" : passed)
		print ran (skipped == "" ? "" : "; skipped: " skipped), "|", counts, "|", \
			(symbols == "" ? "none" : symbols)
	}' "$@")

exec 8>"$build/results.lock"
flock 8
[ -f "$page" ] || : >"$page"
{
	cat <<'EOT'
<!-- SPDX-License-Identifier: GPL-2.0-only -->
# Kernels that were tested

`make check-kernels` writes this page: it builds, boots and tests each kernel of the list
[kernels/list](kernels/list), and writes the row of each as its tests end. No row is written by hand.

- *kernel*, *for*, *variant*: the row of the list. `newest` is the newest that Debian's backports had.
- *ran there*: the suites of [tools/testing/selftests/kheaders](../selftests/kheaders) that passed in the
  booted kernel; those that can't run there, by name; and those that failed, where `build` means that the
  kernel did not build, `changed` that it did not build with one structure changed, and `boot` that the
  guest did not come to its end.
- *symbols*: how many symbols of `/proc/kheaders.symvers` were compared with the build's `Module.symvers`,
  and how many of them differ.
- *commit*: that of this repository which ran. With a `+`, there were changes that were not committed.

| kernel | release | for | variant | ran there | tests | symbols | commit | date |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
EOT
	echo "$row| $cells | $commit | $(date +%F) |" | awk -F ' *[|] *' '
		FILENAME == list	{ if (!/^(#|$)/) { split($0, w, " "); order[++n] = w[1] SUBSEP w[2] SUBSEP w[3] }; next }
		/^\| /			{ rows[$2, $4, $5] = $0 }
		END { for (i = 1; i <= n; i++) if (order[i] in rows) print rows[order[i]] }
		' list="$here/kernels/list" "$here/kernels/list" "$page" -
} >"$page.new"
mv "$page.new" "$page"
