# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# What the tests here share: TAP as kselftest has it, on plain sh, so that they
# run on any board. A test is a function; "check NAME FUNCTION" runs it in a
# subshell with set -e, and what it prints is shown if it fails.

ktap_number=0
ktap_failed=0

# Where kheaders is a module. KHEADERS_KO is its path; without it, modprobe finds it.
load_kheaders() {
	if [ -n "${KHEADERS_KO-}" ]; then
		insmod "$KHEADERS_KO"
	else
		modprobe kheaders
	fi
}

# What most tests begin with: /proc/kheaders.tar.xz, if the kernel has it at all, and
# an empty directory $work that goes when the test does.
prepare() {
	[ -e /proc/kheaders.tar.xz ] || load_kheaders 2>/dev/null
	work=$(mktemp -d) || exit 1
	trap 'rm -rf "$work"' EXIT
	trap 'exit 1' HUP INT TERM
}

# Ends a test program that can't run here, with the status that kselftest takes for that.
skip_all() {
	echo "1..0 # SKIP $1"
	exit 4
}

plan() {
	echo "TAP version 13"
	echo "1..$1"
}

check() {
	ktap_number=$((ktap_number + 1))
	ktap_name=$1; shift
	if ktap_output=$(set -e; exec 2>&1; "$@"); then
		echo "ok $ktap_number $ktap_name"
	else
		echo "not ok $ktap_number $ktap_name"
		echo "$ktap_output" | tail -n 40 | sed 's/^/# /'
		ktap_failed=$((ktap_failed + 1))
	fi
}

skip() {
	ktap_number=$((ktap_number + 1))
	echo "ok $ktap_number $1 # SKIP $2"
}

# expect WHAT WANT GOT
expect() {
	[ "$2" = "$3" ] && return
	echo "$1: expected '$2', got '$3'"
	exit 1
}

# The command must fail. (set -e does not see "! command".)
refuse() {
	if "$@"; then
		echo "should have failed: $*"
		exit 1
	fi
}

has() {
	command -v "$1" >/dev/null
}

# What eBPF programs here attach to, by the kernel's own headers.
has_raw_tracepoints() {
	xz -dc /proc/kheaders.tar.xz | tar -xOf - include/uapi/linux/bpf.h |
		grep -q BPF_PROG_TYPE_RAW_TRACEPOINT
}

# Ends the test program.
finish() {
	[ "$ktap_failed" = 0 ]
	exit
}

# part_of FILE BS SKIP: a checksum of two blocks of it, to compare reads. A read() may give
# less than one.
part_of() {
	dd if="$1" bs="$2" skip="$3" 2>/dev/null | head -c $(($2 * 2)) | cksum
}
