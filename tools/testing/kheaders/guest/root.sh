#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Makes the root file system for guests of another architecture or with another
# release of Debian than this machine's: its compiler, make and what the tests call.
# Usage:
#
#	root.sh NAME
#
# NAME is arm64, arm or riscv, as the kernel names them; a release of Debian for x86_64,
# trixie for example; or systemd: Debian 12 that boots with that, has our package, and a
# package for dkms. Prints the directory, build/root/NAME, which is made once. The packages
# are unpacked and not configured, which would run programs of another architecture here;
# but for systemd's, which only root can make.

set -eu
. "$(dirname "$0")/../lib.sh"

arch=$1
root=$build/root/$arch
packages="base-files busybox-static bash dash coreutils diffutils findutils grep sed mawk
tar xz-utils gzip mount util-linux kmod procps make gcc libc6-dev"
# What the kheaders command is built with, by a compiler here.
libraries=$(sed -n 's/^\(lib[^[:space:]]*\).*/\1/p' "$here/packages/tools")
# That of this machine, whose compiler may have built the kernel with options of its own.
# shellcheck source=/dev/null
suites=$(. /etc/os-release && echo "${VERSION_CODENAME-}")
[ "$suites" = bookworm ] || suites="$suites bookworm"
case $arch in
arm64)	debian=arm64 packages="$packages $libraries clang libbpf-dev" ;;
arm)	debian=armhf packages="$packages $libraries" ;;
# It came with trixie.
riscv)	debian=riscv64 suites="trixie forky" packages="$packages clang libbpf-dev" ;;
systemd) debian=amd64 suites=bookworm
	deb=$("$here/packages/deb.sh")
	# What it depends on, too.
	packages="systemd-sysv kmod dkms gcc make libc6-dev xz-utils procps busybox
		$(dpkg-deb -f "$deb" Depends | sed 's/([^)]*)//g; s/,/ /g')" ;;
# With consumers of the tree, and the libraries of our command.
*)	debian=amd64 suites=$arch
	packages="$packages clang libbpf-dev python3 bpftrace bpfcc-tools dkms systemtap
		libarchive13 libelf1 libkmod2 liblzo2-2 libssl3" ;;
esac

# bootstrap SUITE
bootstrap() {
	rm -rf "$root.tmp"
	mkdir -p "$root.tmp"
	variant=extract
	[ "$arch" != systemd ] || variant=minbase
	debian_root "$1" "$root.tmp" --arch="$debian" --variant="$variant" \
		--include="$(echo "$packages" | tr '\n' ' ')" >"$build/root/$arch.log" 2>&1 || {
		grep '^E: ' "$build/root/$arch.log" | head -n 3 >&2
		say "mmdebstrap can't make Debian $1 for $arch, see $build/root/$arch.log"
		return 1
	}
}

# add_kheaders: our package, with its units, and acpi-call for them to build.
add_kheaders() {
	cp "$deb" "$root.tmp/kheaders.deb"
	"$here/judges/dkms.sh" get acpi-call-dkms >/dev/null || die "there is no acpi-call-dkms"
	cp -r "$build/dkms/usr/src"/acpi-call-* "$root.tmp/usr/src"
	# shellcheck disable=SC2016 # that shell's own
	chroot "$root.tmp" sh -euc '
		mount -t proc proc /proc
		trap "umount /proc" EXIT
		dpkg -i /kheaders.deb
		dkms add "$(ls -d /usr/src/acpi-call-* | sed "s,.*/acpi-call-,acpi-call/,")"
		systemctl enable kheaders.service kheaders-dkms.service kheaders-guest.service' \
		>>"$build/root/$arch.log" 2>&1 || die "our package can't be installed, see $build/root/$arch.log"
}

if [ "$(cat "$root.made" 2>/dev/null)" != "$suites $packages" ] || [ "$arch" = systemd ]; then
	say "making a root file system for $arch in $root"
	rm -rf "$root"
	for suite in $suites; do
		! bootstrap "$suite" || break
	done
	[ -e "$root.tmp/usr/bin/gcc" ] || die "there is no root file system for $arch"
	# What an ordinary user unpacked would become that user, and not root.
	find "$root.tmp" -xdev -type f -perm /6000 -exec chmod ug-s {} +
	# What configuring the packages would have made.
	ln -sf mawk "$root.tmp/usr/bin/awk"
	ln -sf gcc "$root.tmp/usr/bin/cc"
	ln -sf dash "$root.tmp/bin/sh"
	mkdir -p "$root.tmp/proc" "$root.tmp/sys" "$root.tmp/dev" \
		"$root.tmp/mnt" "$root.tmp/tmp"
	echo 'root:x:0:0:root:/root:/bin/sh' >"$root.tmp/etc/passwd"
	if [ "$arch" = systemd ]; then
		cat >"$root.tmp/etc/systemd/system/kheaders-guest.service" <<-'EOT'
			[Unit]
			After=kheaders.service kheaders-dkms.service
			[Service]
			Type=oneshot
			StandardOutput=tty
			StandardError=tty
			TTYPath=/dev/console
			ExecStart=/sbin/guest-init.sh command
			[Install]
			WantedBy=multi-user.target
		EOT
		add_kheaders
	fi
	mv "$root.tmp" "$root"
	echo "$suites $packages" >"$root.made"
fi
# Where this repository is mounted; build/ may be that of another clone.
mkdir -p "$root$top"
echo "$root"
