# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# What the tests that build modules share.

. ./ktap.sh

# As prepare; $tree is where unpack puts the archive. Ends the test where no
# modules can be built.
prepare_tree() {
	prepare
	tree=$work/h
	[ -e /proc/kheaders.tar.xz ] || skip_all "no /proc/kheaders.tar.xz here"
	xz -dc /proc/kheaders.tar.xz >"$work/archive"
	tar -tf "$work/archive" Makefile >/dev/null 2>&1 ||
		skip_all "the archive holds headers only (CONFIG_IKHEADERS_EXTMOD is off)"
	rm "$work/archive"
	has gcc || has cc || has clang || skip_all "no compiler here"
}

unpack() {
	mkdir "$tree"
	# shellcheck disable=SC2002 # as it is documented
	(cd "$tree" && cat /proc/kheaders.tar.xz | tar xJ)
}

# make_in DIR: builds the modules there; what make said is in $work/log.
make_in() {
	make -C "$tree" M="$1" modules >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
}

# That programs were built for this machine is none of its worries, nor which
# compiler builds, and whether there is a pahole.
has_nothing_to_say() {
	grep -vE '^kheaders: (built for this machine|no gcc here|modules get no BTF: there is no)' "$work/log" >"$work/worries"
	refuse grep -E 'WARNING|ERROR|^kheaders:' "$work/worries"
}
