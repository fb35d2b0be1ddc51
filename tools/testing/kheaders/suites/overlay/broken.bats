#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# make apply and revert where there is no room, and killed anywhere.

bats_require_minimum_version 1.5.0
load overlay

@test "apply without room for temporary files says so in one line" {
	plain
	refused "can't copy kheaders to " bash -c 'ulimit -f 4; trap "" XFSZ; "$@"' - \
		repo/scripts/overlay/apply "$tree"
}

# bats test_tags=slow
@test "the directory for temporary files can be relative, and is left empty" {
	plain
	mkdir "a tmp"
	export TMPDIR="a tmp"
	apply
	patch
	ls out/0001-*
	revert
	[ -z "$(ls "$TMPDIR")" ]
}

# killed N VERB: run VERB in a session of its own, and kill that session at the
# Nth call of a tool that touches the tree. Fails if there is no Nth call.
killed() {
	: >"calls.$2"
	! AT=$1 CALLS=$PWD/calls.$2 TREE=$tree PATH=$PWD/bin:$PATH \
		setsid --wait "repo/scripts/overlay/$2" "$tree" >/dev/null 2>&1
}

# kill_each VERB FROM: kill it at each N, from the tree FROM. The next apply and
# the next revert finish; equal trees that were left are tried once.
kill_each() {
	local n=0 tree=$PWD/tree.$1 way
	local -A seen=()
	while rm -rf "$tree" && cp -a "$2" "$tree" && killed $((n + 1)) "$1"; do
		n=$((n + 1))
		way=$(cd "$tree" && find . -printf '%p %s\n' | sort | sha256sum)
		[ -z "${seen[$way]-}" ] || continue
		seen[$way]=$n
		rm -rf "half.$1"
		cp -a "$tree" "half.$1"
		apply >/dev/null
		diff -r --no-dereference applied "$tree"
		rm -rf "$tree"
		mv "half.$1" "$tree"
		revert >/dev/null
		look_files "$tree" | diff before -
	done
	echo "$1: killed at $n places, which left the tree in ${#seen[@]} ways"
	[ ${#seen[@]} -gt 7 ]
}

# bats test_tags=slow
@test "an apply or revert that was killed anywhere is finished by the next one" {
	rm -r repo/scripts/kheaders repo/Documentation
	mainline
	rm -r "$tree/Documentation" "$tree/MAINTAINERS" "$tree/kernel/.gitignore"
	mv "$tree" pristine
	cp -a pristine "$tree"
	look_files "$tree" >before
	apply
	mv "$tree" applied
	for tool in mv rm rmdir mkdir cp; do
		file "bin/$tool" <<-END
		#!/bin/sh
		case "\$*" in
		*"\$TREE"*)
			echo >>"\$CALLS"
			[ "\$(wc -l <"\$CALLS")" -lt "\$AT" ] || kill -9 0
		esac
		exec $(command -v $tool) "\$@"
		END
		chmod 755 "bin/$tool"
	done
	kill_each apply pristine &
	kill_each revert applied
	wait $!
}

@test "a full disk leaves the tree as it was" {
	mkdir "$tree"
	mount -t tmpfs -o size=256k tmpfs "$tree" || skip "cannot mount a tmpfs here"
	plain
	dd if=/dev/zero of="$tree/fill" bs=4k 2>/dev/null || :
	truncate -s -16k "$tree/fill"
	run -1 --separate-stderr apply
	truncate -s -160k "$tree/fill"
	touch -d 2001-02-03 "$tree/fill"
	look_files "$tree" >full
	found=$stderr
	again=0
	apply || again=$?
	revert || again=$?
	look_files "$tree" >after
	umount "$tree"
	[[ $found == "kheaders: cannot write to $tree, which is left as it was: "*"No space left on device" ]]
	[ $again = 0 ]
	run ! grep overlay full
	diff full after
}
