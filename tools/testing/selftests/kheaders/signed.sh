#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# On a kernel that refuses modules without a signature (CONFIG_MODULE_SIG_FORCE): modules
# built with /proc/kheaders.tar.xz are signed with an owner's key by make and by dkms, and
# are taken then.

cd "$(dirname "$0")" || exit 1
. ./tree.sh

prepare_tree
module=$work/testmod
release=$(uname -r)
installed=$work/root/lib/modules/$release
link=/lib/modules/$release/build
conf=/etc/dkms/framework.conf.d/kheaders-test.conf

no_key() {
	tar -tJf /proc/kheaders.tar.xz >"$work/names"
	refuse grep -E '\.(pem|x509|key|der)$' "$work/names"
	grep -x scripts/sign-file "$work/names"
}

build() {
	cp -r testmod "$module"
	make_in "$module"
	has_nothing_to_say
}

# rejects FILE: the kernel refuses that module, because of its signature.
rejects() {
	refuse insmod "$1" 2>"$work/said"
	cat "$work/said"
	grep -E 'Key was rejected|Required key not available|Bad message' "$work/said"
}

# install_modules MAKE-ARG...: installs the modules, of which $ko is the greeter.
install_modules() {
	make -C "$tree" M="$module" INSTALL_MOD_PATH="$work/root" "$@" modules_install >"$work/log" 2>&1 ||
		{ cat "$work/log"; exit 1; }
	ko=$(find "$installed" -name kheaders_greeter.ko)
}

unsigned() {
	install_modules
	expect "lines" 1 "$(grep -c '^kheaders: the modules stay unsigned: there is no key' "$work/log")"
	rejects "$ko"
}

signed() {
	mkdir -p "$tree/certs"
	cp "$KHEADERS_CERT" "$tree/certs/signing_key.x509"
	# shellcheck disable=SC2153 # from the environment
	install_modules CONFIG_MODULE_SIG_KEY="$KHEADERS_KEY"
	refuse grep -E '^kheaders:|System.map|SSL error' "$work/log"
	insmod "$ko" name=owner
	expect "the first line of its file" "hello owner" "$(head -n 1 /proc/kheaders_greeter)"
	rmmod kheaders_greeter
}

# One bit of the signed module is flipped.
changed() {
	ko=$(find "$installed" -name kheaders_greeter.ko)
	sed 's/whom to greet/whom to greeu/' "$ko" >"$work/changed.ko"
	expect "bytes that differ" 1 "$(cmp -l "$ko" "$work/changed.ko" | wc -l)"
	rejects "$work/changed.ko"
}

# dkms finds sign-file where the kernel's release says.
by_dkms() {
	has dkms || skip "no dkms here"
	[ ! -e "$link" ] || skip "$link is there"
	[ ! -L "$link" ] || skip "$link is there"
	mkdir -p "$work/src/kheaders-test-1" "$work/dkms" "${conf%/*}"
	cp testmod/* "$work/src/kheaders-test-1"
	mv "$work/src/kheaders-test-1/Kbuild" "$work/src/kheaders-test-1/Makefile"
	cat >"$work/src/kheaders-test-1/dkms.conf" <<-'EOT'
		PACKAGE_NAME=kheaders-test
		PACKAGE_VERSION=1
		MAKE[0]="make -C $kernel_source_dir M=$dkms_tree/$PACKAGE_NAME/$PACKAGE_VERSION/build modules"
		BUILT_MODULE_NAME[0]=kheaders_greeter
		DEST_MODULE_LOCATION[0]=/updates
	EOT
	trap 'rm -f "$link" "$conf"' EXIT
	trap 'exit 1' HUP INT TERM
	printf 'mok_signing_key=%s\nmok_certificate=%s\n' "$KHEADERS_KEY" "$KHEADERS_CERT" >"$conf"
	mkdir -p "${link%/*}"
	ln -s "$tree" "$link"
	status=0
	dkms build -m kheaders-test -v 1 -k "$release" --dkmstree "$work/dkms" \
		--sourcetree "$work/src" >"$work/log" 2>&1 || status=$?
	[ "$status" = 0 ] || { cat "$work/log" "$work/dkms/kheaders-test/1/build/make.log"; exit 1; }
	ko=$(find "$work/dkms" -name kheaders_greeter.ko ! -path '*/build/*')
	expect "who signed it" owner "$(modinfo -F signer "$ko")"
	insmod "$ko"
	rmmod kheaders_greeter
}

[ "$(cat /sys/module/module/parameters/sig_enforce 2>/dev/null)" = Y ] ||
	skip_all "this kernel takes modules without a signature"
[ "${KHEADERS_KEY:+key}${KHEADERS_CERT:+cert}" = keycert ] ||
	skip_all "no key that this kernel trusts (KHEADERS_KEY, KHEADERS_CERT)"
tests \
	"unpack" unpack \
	"sign-file is in the archive, and no key" no_key \
	"modules are built" build \
	"without a key, one line, and the kernel refuses them" unsigned \
	"museum 38: make modules_install signs with the owner's key, and the kernel takes them" signed \
	"the kernel refuses a module that was changed after that" changed \
	"dkms signs with the owner's key, and the kernel takes the module" by_dkms
