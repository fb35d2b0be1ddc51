#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# What comes with the kheaders command: its completion, its man page, what starts it at boot
# and when a kernel is installed, and the Debian package of it all.

bats_require_minimum_version 1.5.0

setup_file() {
	top=$(cd "$BATS_TEST_DIRNAME/../../../.." && pwd)
	here=$top/tools/testing/kheaders
	work=$top/build/package
	tool=$top/tools/kheaders
	export top here work tool
	mkdir -p "$work"
	make -s -C "$tool" O="$work"
}

setup() {
	PATH=$work:$PATH
	cd "$BATS_TEST_TMPDIR"
}

# --- Completion ---------------------------------------------------------------

# completes WORD...: what bash offers for the last one, a line each.
completes() {
	bash -c '
		. "$1"; shift
		compopt() { :; }
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
		_kheaders
		printf "%s\n" "${COMPREPLY[@]}"' - "$tool/completion.bash" kheaders "$@" | sort
}

@test "completion: each command, and each option that its usage has" {
	kheaders --help | sed -n 's/^  \([a-z]*\)  .*/\1/p' >commands
	[ "$(wc -l <commands)" -ge 8 ]
	{ cat commands; printf '%s\n' --help --version; } | sort | diff - <(completes "")
	[ "$(completes ver)" = verify ]
	local command
	while read -r command; do
		{ kheaders "$command" --help | sed -n '1{s/Usage: //p; q}' | grep -o -e '--[a-z]\+' || :
		  echo --help; } | sort -u | diff - <(completes "$command" -- | grep -vx -e --)
	done <commands
}

@test "completion: files, directories, and the command of exec" {
	mkdir dir
	touch file
	[ "$(completes symvers '')" = "$(printf 'dir\nfile')" ]
	[ "$(completes install --from f)" = file ]
	[ "$(completes install --root '')" = dir ]
	[ "$(completes verify '')" = dir ]
	completes exec mak | grep -x make
	# What follows is that command's.
	[ "$(completes exec make '')" = "$(printf 'dir\nfile')" ]
	[ -z "$(completes exec make --fr)" ]
	[ -z "$(completes status '')" ]
}

# --- The man page -------------------------------------------------------------

@test "the man page has no errors, and names each command, option and variable that env sets" {
	local word
	run -0 groff -t -man -ww -z "$tool/kheaders.1"
	[ -z "$output" ]
	sed 's/\\-/-/g' "$tool/kheaders.1" >page
	for word in $(kheaders --help | sed -n 's/^  \(-., \)\{0,1\}\([a-z-]*\) .*/\2/p') \
		    $(for command in $(kheaders --help | sed -n 's/^  \([a-z]*\)  .*/\1/p'); do
			kheaders "$command" --help | grep -o -e '--[a-z]\+'
		      done | sort -u) \
		    $(sed -n 's/^\t{ "\([A-Z_]*\)", \(true\|false\) },/\1/p' "$tool/cmd_path.c"); do
		grep -qw -e "$word" page || { echo "no $word"; false; }
	done
	# Kbuild sets it, and Makefiles ask for that.
	run ! grep -w '"KERNELRELEASE"' "$tool/cmd_path.c"
}

# --- At boot ------------------------------------------------------------------

@test "the units are valid, and the sandbox is tight" {
	local unit
	for unit in "$tool"/system/*.service; do
		# No program of theirs need be here.
		sed "s,^ExecStart=[^ ]*,ExecStart=$work/kheaders," "$unit" >"${unit##*/}"
	done
	run -0 systemd-analyze verify --man=no "$PWD"/*.service
	[ -z "$output" ]
	# Tenths: it loads a module, as root.
	systemd-analyze security --offline=yes --no-pager --threshold=20 "$PWD/kheaders.service" >score ||
		{ tail -n 1 score; false; }
}

# --- When a kernel is installed -----------------------------------------------

# kernel RELEASE: prints an image of one that carries headers.
kernel() {
	local tree
	tree=$(mktemp -d -p .)
	mkdir -p "$tree/include/config"
	echo "$1" >"$tree/include/config/kernel.release"
	echo 0123456789abcdef >"$tree/include/config/kheaders.id"
	printf 'prepare:\n\t@:\n' >"$tree/Makefile"
	touch "$tree/.config"
	printf 'a kernel IKHD_ST'
	tar -C "$tree" -cJf - .config Makefile include/config/kernel.release include/config/kheaders.id
	printf 'IKHD_ED'
	rm -r "$tree"
}

# hooks: the hooks where they belong in ./root, and a kheaders in PATH that works there.
hooks() {
	mkdir -p root/usr/src root/lib/modules bin
	make -s -C "$tool" install-system O="$work" PREFIX=/usr DESTDIR="$PWD/root" >/dev/null
	# shellcheck disable=SC2016
	printf '#!/bin/sh\ncommand=$1; shift\nexec %s "$command" --root %s "$@"\n' \
		"$work/kheaders" "$PWD/root" >bin/kheaders
	chmod +x bin/kheaders
	PATH=$PWD/bin:$PATH
	postinst=$PWD/root/etc/kernel/postinst.d/00-kheaders
	postrm=$PWD/root/etc/kernel/postrm.d/00-kheaders
	install=$PWD/root/usr/lib/kernel/install.d/30-kheaders.install
}

# nothing_there: no tree, and no link.
nothing_there() {
	[ -z "$(find root/usr/src root/lib/modules -mindepth 1)" ]
}

# quiet COMMAND...: succeeds and says nothing.
quiet() {
	run -0 "$@"
	echo "$output"
	[ -z "$output" ]
}

@test "hooks: a kernel gets its tree when it is installed, and loses it when it is removed" {
	hooks
	kernel 6.9.1 >img
	for shell in dash 'busybox sh' bash mksh; do
		# By the name only does it know its arguments.
		quiet $shell "$postinst" 6.9.1 "$PWD/img"
		[ "$(readlink root/lib/modules/6.9.1/build)" = /usr/src/linux-headers-6.9.1 ]
		[ -f root/usr/src/linux-headers-6.9.1/Makefile ]
		quiet $shell "$postinst" 6.9.1 "$PWD/img"
		# The next version of the same.
		quiet env DEB_MAINT_PARAMS="upgrade 2" $shell "$postrm" 6.9.1 "$PWD/img"
		[ -d root/usr/src/linux-headers-6.9.1 ]
		# That of another kernel stays.
		quiet env DEB_MAINT_PARAMS=remove $shell "$postrm" 6.9.10 /boot/vmlinuz
		[ -d root/usr/src/linux-headers-6.9.1 ]
		quiet env DEB_MAINT_PARAMS=remove $shell "$postrm" 6.9.1 "$PWD/img"
		nothing_there
	done
}

@test "hooks: kernel-install" {
	hooks
	kernel 6.9.1 >img
	quiet "$install" add 6.9.1 /efi/6.9.1 "$PWD/img"
	[ -f root/usr/src/linux-headers-6.9.1/Makefile ]
	quiet "$install" remove 6.9.1 /efi/6.9.1
	nothing_there
	quiet "$install" inspect 6.9.1
}

@test "hooks: nothing fails because of a kernel without headers, or a bad one, or no command" {
	hooks
	echo "a kernel" >img
	for hook in "$postinst 6.9.1 $PWD/img" "$postinst 6.9.1" "$postinst" "$postrm 6.9.1" \
			"$install add 6.9.1 x $PWD/img" "$install add 6.9.1 x" "$install"; do
		# shellcheck disable=SC2086 # a command
		quiet $hook
	done
	nothing_there
	kernel 6.9.1 >img
	run -0 --separate-stderr "$postinst" 6.9.2 "$PWD/img"
	[ -z "$output" ]
	[ "${#stderr_lines[@]}" = 1 ]
	[[ $stderr = "kheaders: $PWD/img: "*" of another release than --release says"* ]]
	rm bin/kheaders
	quiet env PATH=/usr/bin:/bin "$postinst" 6.9.1 "$PWD/img"
}

@test "hooks: a package's tree stays as it is" {
	hooks
	kernel 6.9.1 >img
	mkdir -p root/usr/src/linux-headers-6.9.1/include/config root/lib/modules/6.9.1
	echo theirs >root/usr/src/linux-headers-6.9.1/Makefile
	echo 6.9.1 >root/usr/src/linux-headers-6.9.1/include/config/kernel.release
	ln -s /usr/src/linux-headers-6.9.1 root/lib/modules/6.9.1/build
	find root | sort >before
	run -0 "$postinst" 6.9.1 "$PWD/img"
	quiet "$postrm" 6.9.1 "$PWD/img"
	find root | sort | diff before -
	[ "$(cat root/usr/src/linux-headers-6.9.1/Makefile)" = theirs ]
}

# --- The package --------------------------------------------------------------

@test "the package has the version that make version prints" {
	[ "$(dpkg-parsechangelog -l "$top/debian/changelog" -S Version)" = \
		"$(make -s --no-print-directory -C "$top" version)" ]
}

# bats test_tags=long
@test "the package is built and lintian finds nothing" {
	local deb
	deb=$("$here/packages/deb.sh")
	run -0 lintian --allow-root --fail-on error,warning "${deb%.deb}.changes"
	[ -z "$output" ] || { echo "$output"; false; }
}

# in_root COMMAND...: in a copy of the bare root.
in_root() {
	chroot "$work/root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C \
		DEBIAN_FRONTEND=noninteractive "$@"
}

# What is in the root but for the records of dpkg.
whole_root() {
	find "$work/root" -xdev \( -path "$work/root/var/lib/dpkg" -o -path "$work/root/var/log" -o \
		-path "$work/root/var/cache" -o -path "$work/root/deb" \) -prune -o -printf '%y %P %l\n' |
		sort
}

# two_versions: $old and $new, packages of the command, with those of kheaders-dkms beside.
two_versions() {
	old=$("$here/packages/deb.sh")
	new=$("$here/packages/deb.sh" "$(make -s --no-print-directory -C "$top" version)+1")
}

# bare_root DEB [,PACKAGE...]: a root with no more than these and what the package DEB
# depends on.
bare_root() {
	local needs
	needs=$(dpkg-deb -f "$1" Depends | sed 's/([^)]*)//g; s/|[^,]*//g; s/ //g')${2-}
	rm -rf "$work/root"
	mkdir "$work/root"
	(set +u; . "$here/lib.sh"; debian_root bookworm "$work/root" --variant=essential --include="$needs") \
		>root.log 2>&1 || { tail root.log; false; }
	mkdir -p "$work/root/deb" "$work/root/lib/modules"
}

# bats test_tags=long
@test "the package in a bare root: installed, upgraded, purged, and nothing is left" {
	[ "$(id -u)" = 0 ] || skip "only root can change its root"
	two_versions
	bare_root "$old"
	cp "$old" "$work/root/deb/old.deb"
	cp "$new" "$work/root/deb/new.deb"
	whole_root >before

	in_root dpkg -i /deb/old.deb
	in_root kheaders --version
	[ -L "$work/root/etc/systemd/system/multi-user.target.wants/kheaders.service" ]
	# Of one that is built in, and of one that is a module; make is not there.
	kernel 6.9.1 >"$work/root/boot/vmlinuz-6.9.1"
	echo "a kernel" >"$work/root/boot/vmlinuz-6.9.2"
	mkdir -p "$work/root/lib/modules/6.9.2/kernel/kernel"
	kernel 6.9.2 | xz >"$work/root/lib/modules/6.9.2/kernel/kernel/kheaders.ko.xz"
	for release in 6.9.1 6.9.2; do
		in_root run-parts --exit-on-error --arg=$release --arg=/boot/vmlinuz-$release \
			/etc/kernel/postinst.d
		in_root test -f "/lib/modules/$release/build/include/config/kernel.release"
	done
	# apt is about to unpack a package over it.
	echo /var/cache/apt/archives/linux-headers-6.9.2_6.9.2-1_amd64.deb |
		in_root sh -c "$(sed -n 's/.*{ "\(.*\)"; };/\1/p' "$top/debian/50kheaders")"
	in_root test ! -e /usr/src/linux-headers-6.9.2
	in_root test -d /usr/src/linux-headers-6.9.1
	in_root kheaders path --from /boot/vmlinuz-6.9.1
	kernel 6.9.3 >"$work/root/boot/vmlinuz-6.9.3"
	in_root kheaders path --from /boot/vmlinuz-6.9.3

	in_root dpkg -i /deb/new.deb
	[ "$(in_root dpkg-query -W -f '${Version}' kheaders)" = "$(dpkg-deb -f "$new" Version)" ]
	# An upgrade leaves the trees.
	in_root test -d /usr/src/linux-headers-6.9.1
	in_root sh -c 'ls /var/lib/kheaders | grep .'

	in_root dpkg --remove kheaders
	# Its hooks and that of apt are still there, and do nothing.
	quiet in_root run-parts --exit-on-error --arg=6.9.1 --arg=/boot/vmlinuz-6.9.1 /etc/kernel/postinst.d
	quiet in_root sh -c "$(sed -n 's/.*{ "\(.*\)"; };/\1/p' "$top/debian/50kheaders")"
	in_root dpkg --purge kheaders
	rm -r "$work/root/boot"/vmlinuz-6.9.? "$work/root/lib/modules/6.9.2"
	whole_root | diff before -
	rm -rf "$work/root"
}

# dkms_of DEB: the package of the module's source beside that of the command.
dkms_of() {
	ls "${1%/*}/kheaders-dkms_$(dpkg-deb -f "$1" Version)"_*.deb
}

teardown() {
	! mountpoint -q "$work/root/proc" || umount "$work/root/proc"
}

# bats test_tags=slow
@test "kheaders-dkms in a bare root: installed, upgraded, purged, and nothing is left" {
	[ "$(id -u)" = 0 ] || skip "only root can change its root"
	local headers release version
	release=$("$here/kernels/stock.sh" 6.1 x86_64 release)
	[ -n "$release" ] || skip "apt knows no linux-image-6.1"
	two_versions
	old=$(dkms_of "$old")
	new=$(dkms_of "$new")
	# As linux-kbuild does, which is copied here.
	bare_root "$old" ,libelf1
	cp "$old" "$work/root/deb/old.deb"
	cp "$new" "$work/root/deb/new.deb"
	headers=$("$here/kernels/stock.sh" 6.1 x86_64 headers)
	mkdir -p "$work/root${headers%/usr/src/*}"
	cp -a "${headers%/src/*}" "$work/root${headers%/usr/src/*}"
	mkdir "$work/root/lib/modules/$release"
	ln -s "$headers" "$work/root/lib/modules/$release/build"
	in_root depmod "$release"
	mount -t proc proc "$work/root/proc"
	whole_root >before

	for deb in old new; do
		in_root dpkg -i /deb/$deb.deb
		version=$(dpkg-deb -f "${!deb}" Version)
		in_root dkms status | diff - <(echo "kheaders/$version, $release, $(uname -m): installed")
		[ "$(in_root modinfo -k "$release" -F vermagic kheaders | cut -d ' ' -f 1)" = "$release" ]
	done
	in_root dpkg --purge kheaders-dkms
	whole_root | diff before -
	umount "$work/root/proc"
	rm -rf "$work/root"
}
