#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# What setup.sh installs, and as whom, with an apt that only writes down what it is told.

bats_require_minimum_version 1.5.0

setup() {
	cd "$BATS_TEST_TMPDIR"
	tests=$PWD/repo/tools/testing/kheaders
	mkdir -p "$tests/packages" bin known
	cp "$BATS_TEST_DIRNAME/../lib.sh" "$tests"
	cp "$BATS_TEST_DIRNAME/../packages/setup.sh" "$tests/packages"
	printf '%s\t%s\n' good sh '# comment' '' 'new-name|old-name' no_such_command \
		'perhaps|-' /no/such/file files '/etc/pass*' >"$tests/packages/tests"
	touch "$tests/packages"/{tools,deb}
	program apt-get 'echo "${SUDO-}${SUDO:+$DEBIAN_FRONTEND }apt-get $*" >>"$dir/calls"'
	program apt-cache 'ls "$dir/known" | grep "^$2"'
	program id 'echo "${USER_ID-0}"'
	PATH=$PWD/bin:$PATH
}

program() {
	printf '#!/bin/sh\ndir=%s\n%s\n' "$PWD" "$2" >"bin/$1"
	chmod +x "bin/$1"
}

@test "of several names, the one that this release has is installed" {
	touch known/new-name-of-another
	for name in old-name new-name; do
		touch "known/$name"
		run -0 "$tests/packages/setup.sh"
		[ "$output" = "kheaders: installing Debian packages: $name" ]
		[ "$(tail -n 1 calls)" = "apt-get install -y --no-install-recommends $name" ]
	done
}

@test "an optional package that apt does not know is not asked for" {
	[ -n "$(ls /var/lib/apt/lists/*_Packages* 2>/dev/null)" ] || skip "apt has no lists here"
	sed -i '/new-name/d' "$tests/packages/tests"
	run -0 "$tests/packages/setup.sh"
	[ "$output" = "" ]
	[ ! -e calls ]
	touch known/perhaps
	run -0 "$tests/packages/setup.sh"
	[ "$output" = "kheaders: installing Debian packages: perhaps" ]
}

@test "make tools and make deb install what they need alone; tests install it, too" {
	touch known/new-name
	printf '%s\t%s\n' libtool /no/such/tool >"$tests/packages/tools"
	printf '%s\t%s\n' debtool /no/such/tool >"$tests/packages/deb"
	run -0 "$tests/packages/setup.sh" tools
	[ "$output" = "kheaders: installing Debian packages: libtool" ]
	run -0 "$tests/packages/setup.sh" deb
	[ "$output" = "kheaders: installing Debian packages: libtool debtool" ]
	run -0 "$tests/packages/setup.sh"
	[ "$output" = "kheaders: installing Debian packages: new-name libtool debtool" ]
}

@test "an ordinary user installs by sudo or, without, is told what to call" {
	touch known/new-name
	export USER_ID=1000
	# As sudo does, it passes no variables on.
	program sudo 'case $1 in -v) exit "${SUDO_FAILS-0}" ;; esac
exec env -i PATH="$PATH" SUDO="sudo " "$@"'
	run -0 "$tests/packages/setup.sh"
	[ "${lines[0]}" = "kheaders: Debian packages are missing: new-name" ]
	[ "$(tail -n 1 calls)" = "sudo noninteractive apt-get install -y --no-install-recommends new-name" ]

	told="kheaders: only root can install packages: as root, call \"apt-get update\" and \"$tests/packages/setup.sh arm\", then start again"
	# Root is in another directory then.
	SUDO_FAILS=1 run -1 "repo/tools/testing/kheaders/packages/setup.sh" arm
	[ "${lines[-1]}" = "$told" ]
	rm bin/sudo
	mkdir few
	for tool in sh dirname cat tr nproc sed mkdir ls grep; do
		ln -s "$(type -P $tool)" few
	done
	PATH=$PWD/bin:$PWD/few run -1 "$tests/packages/setup.sh" arm
	[ "${lines[-1]}" = "$told" ]
}

@test "a build/ that belongs to another user is named" {
	[ "$EUID" = 0 ] || skip "needs root, to become another user"
	touch known/new-name
	mkdir repo/build
	chmod -R a+rX "$BATS_RUN_TMPDIR" .
	run -1 setpriv --reuid=nobody --regid=nogroup --clear-groups "$tests/packages/setup.sh"
	[ "$output" = "kheaders: $PWD/repo/build can't be written: is it another user's? Remove it, or take another clone" ]
}

@test "what root makes in a user's clone belongs to that user" {
	[ "$EUID" = 0 ] || skip "needs root, to have a clone of another user's"
	touch known/new-name
	chown -R nobody:nogroup repo
	run -0 "$tests/packages/setup.sh"
	[ "$(stat -c %U repo/build repo/build/setup.log | sort -u)" = nobody ]
}

@test "with an ordinary user's PATH, installed packages are found" {
	[ -x /usr/sbin/insmod ] || skip "no insmod here"
	printf 'kmod\tinsmod\n' >"$tests/packages/tests"
	PATH=$PWD/bin:/usr/local/bin:/usr/bin:/bin:/usr/games
	run -0 "$tests/packages/setup.sh"
	[ "$output" = "" ]
}

@test "mmdebstrap has file descriptors left that dash can name, whatever is open" {
	program mmdebstrap 'for fd in 3 4 5 6 7 8 9; do [ ! -e /proc/$$/fd/$fd ] || echo "$fd is open"; done'
	run -0 sh -c '. "$1"; debian_root bookworm root' "$tests/packages/setup.sh" "$tests/lib.sh" \
		3>x 4>x 5>x 6>x 7>x 8>x 9>x
	[ "$output" = "" ]
}

@test "a clone in a directory with white space or what shells read is refused at once" {
	for name in 'a clone' a,clone a:clone "a'clone" 'a"clone' 'a&b' 'a;b' 'a$b' 'a(b' 'a\b'; do
		cp -r repo "$name"
		run -1 "$name/tools/testing/kheaders/packages/setup.sh"
		echo "$output"
		[ "$output" = "kheaders: \"$PWD/$name\" has white space or one of :,'\"\`&;|<>\$()\\ in it: move the clone to another directory" ]
	done
}

@test "roots for guests that an ordinary user makes take no user namespaces, and are that user's" {
	program mmdebstrap 'echo "$2 $3" >>"$dir/calls"'
	for id in 0 1000; do
		USER_ID=$id sh -c ". '$tests/lib.sh'; debian_root bookworm root" "$tests/packages/setup.sh"
	done
	[ "$(cut -d ' ' -f 1 calls | xargs)" = "--mode=root --mode=fakechroot" ]
}

@test "museum 48: a disk too small for the kernels that will be built is told at once, with the sizes" {
	program df 'echo Filesystem; echo "disk 9000 5000 ${FREE-} 50% /"'
	program du 'printf "%s\t%s\n" 1500 "$2"'
	room() {
		FREE=$1 run -"$2" sh -c ". '$tests/lib.sh'; room 2000 'make run'" "$tests/packages/setup.sh"
	}
	room 2000 0
	room 500 0
	[ "$output" = "" ]
	room 499 1
	echo "$output"
	[ "$output" = "kheaders: make run needs 2000 MiB in $PWD/repo/build: it has 1500 there and 499 are free; make room, or take a clone on another disk" ]
}
