# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# What the tests that unpack the archive share.

. ./ktap.sh

# prepare_tree: as prepare_archive; $tree is where unpack puts the archive. Ends the program where
# no modules can be built.
prepare_tree() {
	prepare_archive
	tree=$work/h
	xz -dc /proc/kheaders.tar.xz >"$work/archive"
	tar -tf "$work/archive" Makefile >/dev/null 2>&1 ||
		skip_all "the archive holds headers only (CONFIG_IKHEADERS_EXTMOD is off)"
	rm "$work/archive"
	has gcc || has cc || has clang || skip_all "no compiler here"
}

# prepare_command: as prepare_tree, for what the kheaders command makes: $kheaders is the
# command, $tree where it installs the tree, and $link the link to that. Ends the program
# where there is no such command, or a tree of someone else's.
prepare_command() {
	prepare_tree
	kheaders=${KHEADERS:-kheaders}
	has "$kheaders" || skip_all "there is no kheaders command here"
	tree=/usr/src/linux-headers-$(uname -r)
	link=/lib/modules/$(uname -r)/build
	for there in "$tree" "$link"; do
		! ls -d "$there" >/dev/null 2>&1 || skip_all "$there is there"
	done
}

# unpack: makes $tree, as it is documented.
unpack() {
	mkdir "$tree"
	# shellcheck disable=SC2002 # as it is documented
	(cd "$tree" && cat /proc/kheaders.tar.xz | tar xJ)
}

# find_package SKIP NAME: sets $name to that package of DKMS modules, and $sources and $version
# to where it is. Where it is not, or where it is of no use to the kernel, ends the test or
# the program, as SKIP is skip or skip_all.
find_package() {
	has dkms || $1 "no dkms here"
	name=$2
	case $name in
	v4l2loopback)
		has_symbol video_ioctl2 || $1 "no video devices in this kernel (CONFIG_VIDEO_DEV)" ;;
	esac
	sources=${KHEADERS_DKMS:-/usr/src}
	conf=$(find "$sources" -path "*/$name-*/dkms.conf" 2>/dev/null | sort | tail -n 1)
	[ -n "$conf" ] || $1 "no source of $name in $sources (package $name-dkms)"
	# shellcheck disable=SC2034 # for the program
	version=$(sed -n 's/^PACKAGE_VERSION="*\([^"]*\)"*$/\1/p' "$conf")
}

# is_on OPTION: whether the tree's configuration has that option on.
is_on() {
	grep -q "^$1=y" "$tree/include/config/auto.conf"
}

# make_in DIR: builds the modules there; what make said is in $work/log.
make_in() {
	make -C "$tree" M="$1" modules >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
}

# has_nothing_to_say: whether that was all well. Which programs were built for this
# machine, which compiler builds, and that there is no pahole, does not count.
has_nothing_to_say() {
	grep -vE '^kheaders: (built for this machine|no gcc here|modules get no BTF: there is no)' "$work/log" >"$work/complaints"
	refuse grep -E 'WARNING|ERROR|^kheaders:' "$work/complaints"
}
