#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Loads and unloads kheaders.ko, also under readers.

cd "$(dirname "$0")" || exit 1
. ./ktap.sh

file=/proc/kheaders.tar.xz
grep -qs '^kheaders ' /proc/modules || load_kheaders 2>/dev/null ||
	skip_all "kheaders is not a module here"
prepare

is_there() {
	cat "$file" >"$work/first"
	xz -t "$work/first"
}

goes() {
	rmmod kheaders
	[ ! -e "$file" ]
	[ ! -e /sys/kernel/kheaders.tar.xz ]
}

comes_back() {
	load_kheaders
	cmp "$file" "$work/first"
}

# A reader that has the file open gets no more of it, and rmmod does not wait for it.
goes_while_open() {
	exec 4<"$file"
	head -c 1000 <&4 >/dev/null
	rmmod kheaders
	refuse head -c 1000 <&4
	exec 4<&-
	load_kheaders
	cmp "$file" "$work/first"
}

# Every read ends with the right bytes or an error.
goes_under_readers() {
	trap 'touch "$work/stop"' EXIT
	for i in 1 2 3 4; do
		while [ ! -e "$work/stop" ]; do
			if cat "$file" >"$work/copy$i" 2>/dev/null &&
			   ! cmp -s "$work/copy$i" "$work/first"; then
				touch "$work/wrong"
			fi
		done &
	done
	i=0
	while [ "$i" -lt 20 ]; do
		rmmod kheaders
		load_kheaders
		i=$((i + 1))
	done
	touch "$work/stop"
	wait
	[ ! -e "$work/wrong" ]
	cmp "$file" "$work/first"
}

tests \
	"load and read" is_there \
	"unload" goes \
	"load again, the same bytes" comes_back \
	"museum 25: unload while open" goes_while_open \
	"load and unload under readers" goes_under_readers
