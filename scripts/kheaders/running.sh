# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# For scripts of a tree unpacked from /proc/kheaders.tar.xz, which source it: is the
# tree that of the running kernel?

proc=/proc/kheaders.symvers
id_of_running=/sys/module/kheaders_symvers/version
# That of a kheaders.ko for a kernel which was built before, and loads no other's.
id_of_module=/sys/module/kheaders/version

# release_of TREE: prints the release of its kernel.
release_of() {
	cat "$1/include/config/kernel.release"
}

# not_running TREE: prints why not, or nothing.
not_running() {
	release=$(release_of "$1")
	id=$(cat "$1/include/config/kheaders.id" 2>/dev/null)
	if [ "$(uname -r)" != "$release" ]; then
		echo "Linux $(uname -r) is running, and the tree is of $release"
	elif [ ! -e $proc ] && [ ! -e $id_of_module ]; then
		echo "this kernel has no $proc (CONFIG_IKHEADERS_SYMVERS)"
	elif [ ! -e $id_of_running ] && [ -e $proc ]; then
		echo "can't tell whether the tree is of this build of Linux $release: there is no $id_of_running (is /sys mounted?)"
	elif [ -z "$id" ] || ! cat $id_of_running $id_of_module 2>/dev/null | grep -qx "$id"; then
		echo "the tree is of another build of Linux $release than the one that is running (unpack /proc/kheaders.tar.xz again)"
	fi
}
