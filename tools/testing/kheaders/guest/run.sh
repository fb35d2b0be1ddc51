#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The main job: builds a kernel, boots it, and there unpacks its headers, builds
# and loads modules, and compiles and attaches eBPF. Usage:
#
#	run.sh KERNEL ARCH

set -eu
. "$(dirname "$0")/../lib.sh"

kernel=$1 arch=$2
start=$(date +%s)
room 3500 "make run"

out=$("$here/kernels/kernel.sh" "$kernel" "$arch")
say "booting $(basename "$out")"
status=0
"$here/guest/boot.sh" "$out" 3600 "$(selftests "$out")" read symvers extmod bpf || status=$?
log=$out.boot.log

# told WORD: what a test in the guest said of the main job, see extmod.sh and bpf.sh.
told() {
	sed -n -e "s/^  # \(.*$1.*\)/\1/p" -e '$s/.*/(nothing of it in the log)/p' "$log" | head -n 1
}

# The root file system for other architectures has no clang.
ebpf() {
	if grep -q '^ok [0-9]* bpf # SKIP .*clang' "$log"; then
		echo "not run: no clang in the guest"
	else
		told 'khd_send was'
	fi
}

archive=$out/kernel/kheaders_data.tar.xz
cat <<EOT

Kernel:   Linux $(cat "$out/include/config/kernel.release") for $arch, built and booted in $(($(date +%s) - start)) s
Image:    $(image_of "$out"), $(wc -c <"$(image_of "$out")") bytes
Archive:  $(wc -c <"$archive") bytes with $(xz -dc "$archive" | tar -tf - | wc -l) files, in /proc/kheaders.tar.xz
Symbols:  $(told 'symbols compared'), in /proc/kheaders.symvers
Module:   $(told 'hello kernel'), $(told 'release '), $(told 'reader ')
eBPF:     $(ebpf)
Log:      $log
EOT
[ "$status" = 0 ] || die "a test failed on $(basename "$out"), see 'not ok' above"
