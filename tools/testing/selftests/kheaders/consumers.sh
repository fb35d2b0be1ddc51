#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# After "kheaders install", programs that others wrote find the kernel's headers where
# they always look: dkms, bpftrace, bcc and SystemTap without an option or a variable, and
# a container that sees /usr/src and /lib/modules alone, read-only.

cd "$(dirname "$0")" || exit 1
. ./tree.sh

prepare_command
trap '"$kheaders" remove >/dev/null; rm -rf "$work"' EXIT
# None of them unpacks the archive itself.
export TMPDIR="$work/tmp"
mkdir "$TMPDIR"

install_tree() {
	"$kheaders" install
	expect "the link" "$tree" "$(readlink "$link")"
}

unpacks_nothing() {
	refuse ls -d "$TMPDIR"/kheaders*
}

# with_dkms ACTION...: of the package that was found.
with_dkms() {
	dkms "$@" --dkmstree "$work/dkms" --sourcetree "$sources" \
		--installtree "$work/installed" >"$work/log" 2>&1 && return
	cat "$work/log" "$work/dkms/$name"/*/build/make.log
	exit 1
}

dkms_autoinstall() {
	if has_symbol acpi_evaluate_object; then
		find_package skip acpi-call
	else
		find_package skip v4l2loopback
	fi
	mkdir -p "$work/dkms" "$work/installed/$(uname -r)"
	# Newer releases of dkms look for headers where they install.
	ln -s "$link" "$work/installed/$(uname -r)/build"
	with_dkms add -m "$name" -v "$version"
	with_dkms autoinstall
	module=$(find "$work/dkms/$name/$version" -name '*.ko')
	echo "# dkms autoinstall built $name $version"
	insmod "$module"
	rmmod "${module##*/}"
}

bpftrace_reads_a_structure() {
	has bpftrace || skip "no bpftrace here"
	needs_ebpf skip
	cat >"$work/task.bt" <<-'EOT'
		#include <linux/sched.h>
		BEGIN { printf("task %s\n", ((struct task_struct *)curtask)->comm); exit(); }
	EOT
	bpftrace "$work/task.bt" >"$work/out" 2>&1 || :
	cat "$work/out"
	grep -x 'task bpftrace' "$work/out"
	echo "# bpftrace read a structure"
	unpacks_nothing
}

bcc_reads_a_structure() {
	has execsnoop-bpfcc || skip "no bcc here (package bpfcc-tools)"
	needs_ebpf skip
	needs_raw_tracepoints skip
	python3 task.py >"$work/out" 2>&1 || { tail -n 30 "$work/out"; exit 1; }
	cat "$work/out"
	grep -E '^task ([1-9][0-9]*) is \1 is \1$' "$work/out"
	echo "# bcc read a structure"
	unpacks_nothing
}

# It compiles a module, and loads that.
systemtap_runs() {
	has stap || skip "no SystemTap here (package systemtap)"
	has_symbol relay_open || skip "no relay files in this kernel (CONFIG_RELAY)"
	status=0
	# A cache of its own, so that it does compile.
	SYSTEMTAP_DIR="$work/stap" stap -e 'probe begin { printf("in %s\n", execname()) exit() }' \
		>"$work/out" 2>&1 || status=$?
	cat "$work/out"
	# Some of its releases are older than a change in the kernel.
	! grep -qE "/systemtap/runtime/.*error:|ERROR: Can't resolve" "$work/out" ||
		skip "SystemTap $(stap --version 2>&1 | sed -n 's/.*(version \([^/]*\).*/\1/p') does not know this kernel"
	expect "its status" 0 "$status"
	grep -x 'in stapio' "$work/out"
	echo "# SystemTap's module ran"
}

# Another root and, of the host, what is handed in.
container() {
	grep -qw overlay /proc/filesystems || skip "no overlayfs in this kernel"
	mkdir "$work/container" "$work/source"
	cp -r testmod "$work/source"
	# shellcheck disable=SC2016 # that shell's arguments
	unshare --mount sh -euc '
		root=$1 in=$2 source=$3
		mount -t tmpfs tmpfs "$in"
		mkdir "$in/upper" "$in/work" "$in/root"
		mount -t overlay -o "lowerdir=$root,upperdir=$in/upper,workdir=$in/work" overlay "$in/root"
		in=$in/root
		for name in /usr/src /lib/modules; do
			mkdir -p "$in$name"
			mount --bind "$name" "$in$name"
			mount -o remount,bind,ro "$in$name"
		done
		mkdir -p "$in/dev" "$in/proc" "$in/sys" "$in/source"
		mount --bind /dev "$in/dev"
		mount -t proc proc "$in/proc"
		mount -t sysfs sysfs "$in/sys"
		mount --bind "$source" "$in/source"
		exec chroot "$in" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin sh -euc "
			touch /usr/src/file 2>/dev/null && exit 1
			touch /lib/modules/file 2>/dev/null && exit 1
			make -C /lib/modules/$(uname -r)/build M=/source/testmod modules"
	' sh "${KHEADERS_ROOT:-/}" "$work/container" "$work/source" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
	has_nothing_to_say
	insmod "$work/source/testmod/kheaders_greeter.ko" name=container
	expect "the first line of its file" "hello container" "$(head -n 1 /proc/kheaders_greeter)"
	rmmod kheaders_greeter
}

remove_tree() {
	"$kheaders" remove
	refuse ls -d "$tree"
	[ ! -h "$link" ]
}

tests "kheaders install" install_tree \
	"dkms autoinstall" dkms_autoinstall \
	"bpftrace without a variable" bpftrace_reads_a_structure \
	"bcc without a variable" bcc_reads_a_structure \
	"SystemTap without an option" systemtap_runs \
	"a container with another root builds a module" container \
	"kheaders remove" remove_tree
