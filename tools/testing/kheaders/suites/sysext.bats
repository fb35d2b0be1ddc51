#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# kheaders sysext, built with ASan and UBSan.

bats_require_minimum_version 1.5.0
load command

# sysext ARG...
sysext() {
	kheaders sysext --from a.tar.xz "$@"
}

# extension DIR NAME: what an extension has.
extension() {
	whole "$1/usr/src/linux-headers-6.9.1"
	[ "$(readlink "$1/usr/lib/modules/6.9.1/build")" = /usr/src/linux-headers-6.9.1 ]
	grep -E '^(ID|VERSION_ID|SYSEXT_LEVEL)=' /etc/os-release | diff - "$1/usr/lib/extension-release.d/extension-release.$2"
	[ "$(cd "$1" && find . ! -path './usr/src/*/*' ! -type d | wc -l)" = 2 ]
}

# nothing_of NAME: neither it nor what it was made in is there.
nothing_of() {
	[ -z "$(find . -maxdepth 1 \( -name .kheaders -o -name "$1*" \))" ]
}

@test "sysext: a directory" {
	succeeds "one: made" sysext one
	extension one one
	fails 1 "one: is there; remove it, or name another" sysext one
	fails 1 ".hidden: is not a name for an extension; name another" sysext .hidden
	fails 1 "gone/one: No such file or directory; make the directory that it is to be in" sysext gone/one
	nothing_of gone
}

@test "sysext: a squashfs" {
	succeeds "two.raw: made" sysext two.raw
	unsquashfs -quiet -no-progress -d two two.raw >/dev/null
	extension two two
}

@test "sysext: no mksquashfs: nothing is done" {
	ln -s "$(type -P make)" bin
	printf 'prepare:\n\t: >%s/prepared\n' "$place" >tree/Makefile
	single a.tar.xz
	fails 1 "three.raw: there is no mksquashfs here; install it (package squashfs-tools), or name a directory" \
		env PATH="$place/bin" kheaders sysext --from a.tar.xz three.raw
	[ ! -e prepared ]
	env PATH="$place/bin" kheaders sysext --from a.tar.xz three
	[ -e prepared ]
	rm -r three
	nothing_of three
}

@test "sysext: interrupted while mksquashfs runs: both end, and nothing is left" {
	printf '#!/bin/sh\necho $$ >%s/pid\nexec sleep 20\n' "$place" >bin/mksquashfs
	chmod 755 bin/mksquashfs
	"$place/bin/kheaders" sysext --from a.tar.xz four.raw 2>said &
	until [ -s pid ]; do sleep 0.1; done
	kill -TERM $!
	status=0
	wait $! || status=$?
	[ "$status" = 143 ]
	[ "$(cat said)" = "kheaders: $place: was interrupted; nothing there has changed" ]
	run ! kill -0 "$(cat pid)"
	nothing_of four
}

@test "sysext: an mksquashfs that fails" {
	printf '#!/bin/sh\nexit 1\n' >bin/mksquashfs
	chmod 755 bin/mksquashfs
	fails 1 "$place: mksquashfs failed; is there room? or name a directory" sysext five.raw
	nothing_of five
}
