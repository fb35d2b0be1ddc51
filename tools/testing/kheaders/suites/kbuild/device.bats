#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# What make does in an unpacked archive, with M= and without: each goal and argument, what
# it prints, which symbol versions modules get, and how they are signed. What can't be
# done is one line that says why.

load kbuild

# is_untouched: whether $h has what the reference's archive has, and no more. It is
# unpacked anew for that.
is_untouched() {
	mv "$h" used
	unpack "$ref"
	diff -r used "$h"
}

# says TEXT: whether the last make that was "run" says that, and nothing else of ours but
# that no kernel of ours runs here.
says() {
	echo "$output"
	[ "$(sed -n '/Module.symvers/d; s/^.*kheaders: //p' <<<"$output")" = "$1" ]
}

# OLD_MAKE names another make to try, as one of before 4.3.
# bats test_tags=generator
@test "museum 34: make's standard output is the kernel's own, and old makes find the compiler" {
	local make
	for make in make ${OLD_MAKE-}; do
		unpack "$ref"
		foreign "$h/scripts/basic/fixdep"
		run -0 --separate-stderr env -u MAKEFLAGS -u MAKELEVEL \
			"$make" -s -C "$h" M="$module" kernelrelease
		[ "$output" = "$(show "$ref" include/config/kernel.release)" ]
		[ "$(echo "$stderr" | grep -c '^kheaders: built for')" = 1 ]
		env -u MAKEFLAGS -u MAKELEVEL "$make" -C "$h" M="$module" kheaders_greeter.o
		rm "$module"/*.o
	done
	# Before 4.3, make starts a command that has none of a shell's characters without a
	# shell, and there is no program "command".
	grep -o '\$(shell .*' "$h/Makefile" | sed 's/\$([^()]*)//g' >calls
	grep -F '$(shell command -v' calls
	run ! grep -v "[<>|&;'\"]" calls
}

# bats test_tags=generator
@test "without M= the tree says what it is for, and stays whole" {
	local before goals
	unpack "$ref"
	before=$(ls -lR --time-style=full-iso "$h")
	for goals in '' modules all clean mrproper nsdeps oldconfig headers_install 'prepare modules' 'M= modules'; do
		# shellcheck disable=SC2086 # words
		run -2 on_tree $goals
		echo "$output" | grep "kheaders: this tree only builds modules: name the directory of one, as in \"make -C $h M=DIR\"" ||
			{ echo "make $goals: $output"; false; }
	done
	# Kbuild does not look for it in the environment.
	M=$module run -2 on_tree modules
	W=1 run -0 on_tree M="$module" kheaders_greeter.o
	echo "$output" | run ! grep 'W=1'
	[ "$(on_tree -s kernelversion)" = "$(make -s -C "$tree" kernelversion)" ]
	[ "$before" = "$(ls -lR --time-style=full-iso "$h")" ]
	ext
}

# bats test_tags=generator
@test "make -n builds no host program, and without hostprogs.sh one line says to unpack again" {
	unpack "$ref"
	rm "$h/scripts/mod/modpost"
	on_tree -n prepare
	on_tree -n M="$module" modules >dry 2>&1 || :
	[ ! -e "$h/scripts/mod/modpost" ]
	rm "$h/scripts/kheaders/hostprogs.sh"
	run -2 ext
	echo "$output" | grep 'kheaders: scripts/kheaders/hostprogs.sh failed: unpack'
}

# bats test_tags=generator
@test "where the directory's name is special to shells, one line says to unpack elsewhere" {
	local name
	unpack "$ref"
	for name in 'p(q' 'a&b' 'a;b' "a'b" 'a$b'; do
		mv "$h" "$dir/$name"
		h=$dir/$name
		run -2 on_tree M="$module" modules
		[ "$(echo "$output" | grep -c '')" -le 4 ]
		echo "$output" | grep 'kheaders: .* contains ., which is special to make or shells: unpack'
	done
}

@test "museum 45: where the directory's name is special to make, one line says to unpack elsewhere" {
	local name
	unpack "$ref"
	for name in 'a tree' a:tree 'a\tree'; do
		mv "$h" "$dir/$name"
		h=$dir/$name
		run -2 on_tree prepare
		[[ "$output" = *"kheaders: $(realpath "$dir")/$name contains "*", which "*": unpack /proc/kheaders.tar.xz in another directory"* ]]
	done
}

@test "museum 26, 45: each goal and argument of external modules works" {
	local goals
	unpack "$ref"
	for goals in kheaders_caller.{i,s,o,ko} compile_commands.json modules_prepare prepare help \
			"W=2 clean modules" "W=c clean modules" "KBUILD_EXTRA_WARN=e clean modules" \
			C=1 C=2 "CC=clang clean modules" "LLVM=1 clean modules" \
			"clean modules" "KBUILD_EXTRA_SYMBOLS=$module/Module.symvers modules" \
			"INSTALL_MOD_PATH=$dir/root modules_install" clean; do
		# shellcheck disable=SC2086 # words
		run -0 on_tree M="$module" $goals
	done
	if grep -q 'origin MO' "$h/Makefile.kernel"; then
		run -0 on_tree M="$module" MO="$dir/objects" modules
		[ -f objects/kheaders_caller.ko ]
		[ ! -e "$module/kheaders_caller.ko" ]
	fi
	run -0 on_tree -s help
	[[ "$output" = *"make M=DIR "* ]]
	is_untouched
}

@test "museum 45: for a goal or argument that can't work, one line says why" {
	local goals reason
	unpack "$ref"
	while IFS=: read -r goals reason; do
		# shellcheck disable=SC2086 # words
		run -2 on_tree M="$module" $goals
		says "$reason.  Stop."
	done <<-EOT
		oldconfig:make oldconfig: the configuration is that of the kernel; it is $(realpath "$h")/.config and stays as it is
		kheaders_caller.lst:make kheaders_caller.lst: listings need System.map. "objdump -dS" of a .o shows the same without addresses
		coccicheck:make coccicheck: its semantic patches are not in this tree
		tags:make tags: scripts/tags.sh is not in this tree: call ctags in the directory of the module
		rust-analyzer:make rust-analyzer: Rust modules need the crates of the kernel, which are not in this tree
		kheaders_caller.symtypes:make kheaders_caller.symtypes: genksyms is not in this tree: it has no part in this kernel's symbol versions
		CC=no-gcc modules:there is no CC=no-gcc here: name another, or none
	EOT
	if grep -q RUSTC_OR_CLIPPY "$h/scripts/Makefile.build"; then
		mkdir rust
		echo 'obj-m := kheaders_rust.o' >rust/Kbuild
		echo '//! Rust' >rust/kheaders_rust.rs
		run -2 on_tree M="$dir/rust"
		says "Rust modules need the crates of the kernel, which are not in this tree"
	fi
	is_untouched
}

@test "museum 44: with W=1, modules are built and one line says what is not checked" {
	unpack "$ref"
	run -0 ext W=1 KBUILD_MODPOST_WARN=1
	[ "$(echo "$output" | grep -c '^kheaders: W=')" = 1 ]
}

@test "museum 46: configure scripts: tiny makes at once, each its own question, with no environment" {
	local n want code
	unpack "$ref"
	# Each also finds host programs to build.
	foreign "$h/scripts/basic/fixdep" "$h/scripts/mod/modpost"
	for n in $(seq "${CONFTESTS:-12}"); do
		mkdir $n
		echo "obj-m := conftest.o" >$n/Makefile
		code='yield()'
		[ $((n % 2)) = 0 ] || code='no_such_function()'
		printf '%s\n' '#include <linux/sched.h>' '#include <linux/module.h>' 'MODULE_LICENSE("GPL");' \
			"void f$n(void);" "void f$n(void) { $code; }" >$n/conftest.c
	done
	seq "${CONFTESTS:-12}" | xargs -P 6 -I N sh -c '
		env -i PATH="$PATH" make -C "$1" M="$2/N" -j2 modules >"$2/N.log" 2>&1
		echo $? >"$2/N.status"' sh "$h" "$dir"
	for n in $(seq "${CONFTESTS:-12}"); do
		want=$((n % 2 * 2))
		[ "$(cat $n.status)" = $want ] || { cat $n.log; false; }
		if [ $want = 0 ]; then
			[ -f $n/conftest.ko ]
		else
			grep -q 'conftest.c.*no_such_function' $n.log
		fi
	done
	[ -z "$(find "$h/scripts" -name 'fixdep.??????' -o -name 'modpost.??????')" ]
}

@test "museum 46: configure scripts: what they read, and what they ask of make" {
	local release want goal
	unpack "$ref"
	release=$(cat "$ref/include/config/kernel.release")
	grep -qxF "#define UTS_RELEASE \"$release\"" "$h/include/generated/utsrelease.h"
	grep -qx CONFIG_MODULES=y "$h/.config"
	grep -qx '#define CONFIG_MODULES 1' "$h/include/generated/autoconf.h"
	cmp "$ref/include/generated/uapi/linux/version.h" "$h/include/generated/uapi/linux/version.h"
	for goal in kernelrelease kernelversion image_name; do
		want=$(kbuild "$ref" -s --no-print-directory $goal)
		[ "$(env -i PATH="$PATH" make -s -C "$h" --no-print-directory $goal 2>&1)" = "$want" ]
		[ "$(env -i PATH="$PATH" make -s -C "$h" --no-print-directory M="$module" $goal 2>/dev/null)" = "$want" ]
	done
}

# Debian's build passes KERNELRELEASE, and others LOCALVERSION, which no configuration has.
@test "the release is that of the kernel's build, with M= and without" {
	local version
	unpack "$ref"
	version=$(on_tree -s kernelversion)
	echo "$version-by-hand" >"$h/include/config/kernel.release"
	[ "$(on_tree -s kernelrelease)" = "$version-by-hand" ]
	[ "$(on_tree -s kernelrelease kernelversion)" = "$version-by-hand
$version" ]
	[ "$(on_tree -s M="$module" kernelrelease 2>/dev/null)" = "$version-by-hand" ]
	run -2 on_tree kernelrelease clean
	[[ $output = *"kheaders: this tree only builds modules"* ]]
}

@test "the compiler is the one of the kernel's build, by its name, where it is" {
	local name
	[[ $(sed -n 's/^CONFIG_CC_VERSION_TEXT="//p' "$ref/.config") = "gcc "* ]]
	unpack "$ref"
	run ! grep '@CC@' "$h/Makefile"
	grep -F '$(filter-out gcc cc,gcc)' "$h/Makefile"
	sed -i 's/(filter-out gcc cc,gcc)/(filter-out gcc cc,some-linux-gnu-gcc-12)/' "$h/Makefile"
	ext kheaders_greeter.o
	rm "$module"/*.o
	mkdir bin
	for name in some-linux-gnu-gcc-12 other-gcc; do
		printf '#!/bin/sh\necho "%s" >>"%s/called"\nexec gcc "$@"\n' "$name" "$dir" >"bin/$name"
		chmod 755 "bin/$name"
	done
	PATH=$dir/bin:$PATH ext kheaders_greeter.o
	[ "$(sort -u called)" = some-linux-gnu-gcc-12 ]
	rm "$module"/*.o called
	PATH=$dir/bin:$PATH ext CC=other-gcc kheaders_greeter.o
	[ "$(sort -u called)" = other-gcc ]
}

@test "museum 46: an object alone says nothing of symbol versions, a module after it in the same make does" {
	unpack "$ref"
	printf '%s\n' all: '	$(MAKE) -C $(H) M=$(MODULE) kheaders_greeter.o' \
		'	$(MAKE) -C $(H) M=$(MODULE) modules' >both
	run -0 on_tree M="$module" kheaders_greeter.o
	[[ "$output" != *"symbol versions"* ]]
	run -0 env -i PATH="$PATH" make -f both H="$h" MODULE="$module"
	[[ "$output" = *"symbol versions"* ]]
}

# unpack_gendwarfksyms: an archive of a kernel whose symbol versions are made of debugging
# information.
unpack_gendwarfksyms() {
	local lines
	[ -d "$tree/scripts/gendwarfksyms" ] ||
		skip "linux $(basename "$tree") has no gendwarfksyms, which came with 6.14"
	mapfile -t lines <"$here/kernels/kconfig/gendwarfksyms.config"
	# For extended versions, modpost needs those of a whole kernel, or writes what is no C.
	shared gendwarfksyms modules_prepare "${lines[@]}" '# CONFIG_EXTENDED_MODVERSIONS is not set'
	grep -x CONFIG_GENDWARFKSYMS=y "$out/.config"
	unpack "$out"
}

# crcs DIR: the versions of what the modules in it export.
crcs() {
	cut -f 1,2 "$1/Module.symvers" | sort
}

@test "museum 31: symbol versions from debugging information are those that the kernel's own tree gives" {
	unpack_gendwarfksyms
	cp -r "$module" full
	kbuild "$out" M="$dir/full" KBUILD_MODPOST_WARN=1 modules
	crcs full >want
	[ "$(grep -c '	kheaders_' want)" = 3 ]
	run ! grep '^0x00000000' want
	[ ! -e "$h/scripts/genksyms" ]
	[ ! -e "$h/scripts/gendwarfksyms/examples" ]
	# Though the headers of the archive have no comments and other numbers of lines.
	run -0 ext
	says_nothing_built
	crcs "$module" | diff want -
}

@test "museum 31: gendwarfksyms is built on the device where it does not run, or one line says why not" {
	local hostcc program=scripts/gendwarfksyms/gendwarfksyms
	unpack_gendwarfksyms
	ext
	crcs "$module" >want
	for hostcc in gcc clang; do
		foreign "$h/$program"
		run -0 ext HOSTCC=$hostcc
		says_built gendwarfksyms
		crcs "$module" | diff want -
	done

	# With another C library, for which there is no libdw here.
	foreign "$h/$program"
	run -2 ext HOSTCC="$(other_libc)"
	echo "$output"
	[ "$(echo "$output" | grep -c 'kheaders: ')" = 1 ]
	echo "$output" | grep "kheaders: $program .* musl-gcc .* can't build it: .*dwarf.h: No such file.* (packages gcc, libc6-dev, libdw-dev, libelf-dev, zlib1g-dev)"
}

@test "museum 31: with KBUILD_GENDWARFKSYMS_STABLE, the use of a reserved member changes no version" {
	unpack_gendwarfksyms
	module=$dir/kabi
	mkdir "$module"
	echo 'obj-m := kabi.o' >"$module/Kbuild"
	# In a header, as what only a .c file knows has no part in a version.
	cat >"$module/kabi.h" <<-EOT
		#include "$tree/scripts/gendwarfksyms/examples/kabi.h"
		struct kabi {
			int a;
			MEMBER;
		};
	EOT
	cat >"$module/kabi.c" <<-EOT
		#include <linux/module.h>
		#include "kabi.h"
		int kheaders_kabi(struct kabi *k) { return k->a; }
		EXPORT_SYMBOL(kheaders_kabi);
		MODULE_LICENSE("GPL");
	EOT
	# kabi MAKE-ARG...: how many versions it has, with the member unused and used.
	kabi() {
		for member in 'KABI_RESERVE(0)' 'KABI_USE(0, int b)'; do
			ext KCFLAGS="-D'MEMBER=$member'" "$@" >kabi.log 2>&1 || { cat kabi.log >&2; return 1; }
			crcs "$module"
		done | sort -u | wc -l
	}
	[ "$(kabi)" = 2 ]
	cp -a "$out" stable
	kbuild "$dir/stable" KBUILD_GENDWARFKSYMS_STABLE=1 kernel/kheaders.o
	unpack stable
	[ "$(kabi)" = 1 ]
	[ "$(kabi KBUILD_GENDWARFKSYMS_STABLE=)" = 2 ]
}

# unpack_signing: an archive of a kernel whose modules are signed.
unpack_signing() {
	shared signing scripts CONFIG_MODULE_SIG=y CONFIG_MODULE_SIG_ALL=y CONFIG_MODULE_SIG_SHA256=y
	grep -x CONFIG_MODULE_SIG_ALL=y "$out/.config"
	unpack "$out"
}

# make_key: key.pem, and its certificate key.x509.
make_key() {
	openssl req -new -x509 -nodes -days 36500 -subj /CN=test -newkey rsa:2048 \
		-keyout key.pem -outform DER -out key.x509
}

# add_key: one that every "make modules_install" in $h finds.
add_key() {
	make_key
	mkdir "$h/certs"
	cp key.pem "$h/certs/signing_key.pem"
	cp key.x509 "$h/certs/signing_key.x509"
}

# install_modules MAKE-ARG...: $installed becomes one that was installed.
install_modules() {
	rm -rf root
	run -0 on_tree M="$module" INSTALL_MOD_PATH="$dir/root" "$@" modules_install
	echo "$output"
	installed=$(find root -name kheaders_caller.ko)
	# depmod knows what was installed, though there is no System.map.
	grep -q kheaders_caller.ko: root/lib/modules/*/modules.dep
	[[ "$output" != *System.map* && "$output" != *"SSL error"* ]]
}

# is_signed: whether it is.
is_signed() {
	grep -qa '~Module signature appended~' "$installed"
}

unsigned='the modules stay unsigned:' no_key='there is no key certs/signing_key.pem'

@test "museum 38: without a key, modules are installed unsigned, and one line says so" {
	unpack_signing
	[ -x "$h/scripts/sign-file" ]
	[ -z "$(find "$h" -name '*.pem' -o -name '*.x509')" ]
	run -0 ext
	says ''
	install_modules
	says "$unsigned $no_key: put it into $(realpath "$h"), or name yours, as in CONFIG_MODULE_SIG_KEY=FILE"
	run ! is_signed
	run -2 on_tree M="$module" modules_sign
	[[ "$output" = *"kheaders: modules can't be signed: $no_key: "* ]]
}

@test "museum 38: modules_install signs with the owner's key, if its certificate is there" {
	unpack_signing
	make_key
	ext
	install_modules CONFIG_MODULE_SIG_KEY="$dir/key.pem"
	says "$unsigned the key's certificate is missing: put it into $(realpath "$h")/certs/signing_key.x509"
	run ! is_signed
	mkdir "$h/certs"
	cp key.x509 "$h/certs/signing_key.x509"
	install_modules CONFIG_MODULE_SIG_KEY="$dir/key.pem"
	says ''
	is_signed
	[ "$(modinfo -F signer "$installed")" = test ]
}

@test "museum 38: sign-file of another machine is built again, also by who only builds modules" {
	unpack_signing
	add_key
	foreign "$h/scripts/sign-file"
	run -0 ext
	says "built for this machine ($(uname -m)): sign-file"
	install_modules
	says ''
	is_signed
}

@test "museum 38: where sign-file can't be built, modules are, and who signs is told" {
	local libc
	unpack_signing
	add_key
	libc=$(other_libc)
	foreign "$h/scripts/sign-file"
	rm "$h/scripts/basic/fixdep"
	run -0 ext HOSTCC="$libc"
	says "built for this machine ($(uname -m)): fixdep"
	run -0 ext HOSTCC="$libc"
	says ''
	install_modules HOSTCC="$libc"
	[[ "$output" = *"kheaders: $unsigned scripts/sign-file "*"openssl/opensslv.h: No such file"*"(packages gcc, libc6-dev, libssl-dev)"* ]]
	run ! is_signed
	cmp foreign "$h/scripts/sign-file"
	# When that is mended.
	run -0 on_tree prepare
	says "built for this machine ($(uname -m)): sign-file"
	install_modules
	is_signed
}
