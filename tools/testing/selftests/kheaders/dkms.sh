#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Has dkms, as it is, build a package that others wrote (Debian's v4l2loopback-dkms)
# against the tree in /proc/kheaders.tar.xz, loads the module, and sends a picture
# through the device it makes. KHEADERS_DKMS is where its source is, if not /usr/src.

cd "$(dirname "$0")" || exit 1
. ./tree.sh

prepare_tree
name=v4l2loopback
sources=${KHEADERS_DKMS:-/usr/src}
sys=/sys/class/video4linux/video7

build() {
	mkdir "$work/dkms"
	dkms build -m "$name" -v "$version" -k "$(uname -r)" --kernelsourcedir "$tree" \
		--dkmstree "$work/dkms" --sourcetree "$sources" >"$work/log" 2>&1 || {
		cat "$work/log" "$work/dkms/$name/$version/build/make.log"
		exit 1
	}
	find "$work/dkms" -name "$name.ko" >"$work/found"
	expect "modules built" 1 "$(wc -l <"$work/found")"
}

load() {
	insmod "$(cat "$work/found")" video_nr=7 card_label=kheaders
	expect "the name of the device" kheaders "$(cat "$sys/name")"
}

picture() {
	mknod "$work/video" c "$(cut -d : -f 1 "$sys/dev")" "$(cut -d : -f 2 "$sys/dev")"
	cc=gcc
	has gcc || cc=clang
	$cc -O2 -Wall -o "$work/send" video.c
	timeout 60 "$work/send" "$work/video"
}

unload() {
	rmmod "$name"
	[ ! -e "$sys" ]
}

has dkms || skip_all "no dkms here"
conf=$(find "$sources" -path "*/$name-*/dkms.conf" 2>/dev/null | sort | tail -n 1)
[ -n "$conf" ] || skip_all "no source of $name in $sources (package $name-dkms)"
version=$(sed -n 's/^PACKAGE_VERSION="*\([^"]*\)"*$/\1/p' "$conf")
has_symbol video_ioctl2 || skip_all "no video devices in this kernel (CONFIG_VIDEO_DEV)"
tests \
	"unpack" unpack \
	"dkms build --kernelsourcedir TREE" build \
	"the running kernel takes the module" load \
	"a picture goes through its device" picture \
	"rmmod" unload
