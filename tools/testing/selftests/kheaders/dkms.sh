#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Has dkms, as it is, build a package that others wrote (Debian's v4l2loopback-dkms)
# against the tree in /proc/kheaders.tar.xz, loads the module, and sends a picture
# through the device it makes.

cd "$(dirname "$0")" || exit 1
. ./tree.sh

prepare_tree
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

find_package skip_all v4l2loopback
tests \
	"unpack" unpack \
	"dkms build --kernelsourcedir TREE" build \
	"the running kernel takes the module" load \
	"a picture goes through its device" picture \
	"rmmod" unload
