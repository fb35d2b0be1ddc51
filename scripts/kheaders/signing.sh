#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Makes a tree unpacked from /proc/kheaders.tar.xz ready to sign modules, where the
# kernel has CONFIG_MODULE_SIG. Usage:
#
#	signing.sh TREE build		for DKMS and others that sign with scripts/sign-file
#					what make built: no complaint if that can't be
#					built here, and tried only once
#	signing.sh TREE prepare		the same, but tried again, with the reason
#	signing.sh TREE sign [KEY]	for make to sign with KEY, or else with
#					CONFIG_MODULE_SIG_KEY, of this configuration
#
# Prints one line, as hostprogs.sh does: "ready", "ready: " and what was built, or
# "stop: " and why modules can't be signed. Always returns 0.

tree=${1%/} step=$2 key=${3-}
failed=$tree/scripts/kheaders/no-sign-file

stop() {
	echo "stop: $*"
	exit 0
}

case $step in
build)
	[ ! -e "$failed" ] || { echo ready; exit; } ;;
sign)
	[ -n "$key" ] || key=$(sed -n 's/^CONFIG_MODULE_SIG_KEY="*\([^"]*\)"*$/\1/p' \
		"$tree/include/config/auto.conf")
	case $key in
	pkcs11:*) ;;
	'')	stop "the tree does not name the kernel's key: name yours, as in CONFIG_MODULE_SIG_KEY=FILE" ;;
	*)	[ -f "$key" ] || [ -f "$tree/$key" ] ||
			stop "there is no key $key: put it into $tree, or name yours, as in CONFIG_MODULE_SIG_KEY=FILE" ;;
	esac
	[ -f "$tree/certs/signing_key.x509" ] ||
		stop "the key's certificate is missing: put it into $tree/certs/signing_key.x509" ;;
esac

said=$(sh "$tree/scripts/kheaders/hostprogs.sh" "$tree" scripts/sign-file)
case $said in
ready*)	rm -f "$failed" 2>/dev/null ;;
*)	{ true >"$failed"; } 2>/dev/null
	[ "$step" != build ] || said=ready ;;
esac
echo "$said"
