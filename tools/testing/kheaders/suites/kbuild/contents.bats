#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# What is in the archive, and what is not: no litter, no secrets, no path of the build
# machine; all that the tree's Makefiles name; and, with comments removed, the same tokens
# and rules.

load kbuild

@test "museum 3: the archive is called kheaders_data.tar.xz, and nothing .txz" {
	[ -f "$ref/kernel/kheaders_data.tar.xz" ]
	run ! grep -rn '\.txz' "$tree"/kernel/*kheaders* "$tree"/scripts/kheaders "$tree/init/Kconfig.kheaders"
}

# bats test_tags=generator
@test "xz and tar, busybox, bsdtar, Python's tarfile and 7z read the joined streams as one" {
	local archive=$ref/kernel/kheaders_data.tar.xz reader
	reads() {
		case $1 in
		tar)		tar -xJf "$archive" ;;
		xz)		xz -dc "$archive" | tar -x ;;
		busybox-tar)	busybox tar -xJf "$archive" ;;
		busybox-xz)	busybox xz -dc "$archive" | busybox tar -x ;;
		bsdtar)		bsdtar -xf "$archive" ;;
		python)		/usr/bin/python3 -m tarfile -e "$archive" . ;;
		7z)		7z x -so "$archive" | tar -x ;;
		esac
	}
	[ "$(xz --robot --list "$archive" | sed -n 's/^file\t\([0-9]*\).*/\1/p')" -gt 5 ]
	for reader in tar xz busybox-tar busybox-xz bsdtar python 7z; do
		mkdir $reader
		(cd $reader && reads $reader)
		diff -r tar $reader || { echo $reader; false; }
	done
	[ "$(find 7z -type f | wc -l)" = "$(names "$ref" | wc -l)" ]
}

# bats test_tags=generator
@test "museum 9: the generated file wins over one of the source tree, whatever their ages" {
	clone_tree
	clone_ref
	kbuild "$out" kernel/kheaders.o
	mkdir -p "$src/include/generated"
	echo '#define STALE 1' >"$src/include/generated/autoconf.h"
	touch -d '2 days' "$src/include/generated/autoconf.h"
	kbuild "$out" kernel/kheaders.o
	like_ref "$out"
}

# bats test_tags=generator
@test "museum 16, 17: temporary files of editors, perl, filechk, NFS and AFS are not archived" {
	clone_tree
	clone_ref
	for name in .nfs0001 .__afs1234 .tmp_sched.h .sched.h.swp 'sched.h~' sched.h.orig \
			.nfs0002.h '#sched.h#'; do
		echo litter >"$src/include/linux/$name"
		echo litter >"$out/include/generated/$name"
	done
	kbuild "$out" kernel/kheaders.o
	like_ref "$out"
}

# bats test_tags=generator
@test "museum 13: no file that is made late or tells the time, no symbol versions, keys or seeds" {
	clone_ref
	mkdir -p "$out/certs" "$out/scripts/basic" "$out/scripts/gcc-plugins"
	echo '#define UTS_VERSION "now"' >"$out/include/generated/utsversion.h"
	echo '#define UTS_MACHINE "now"' >"$out/include/generated/compile.h"
	echo secret >"$out/certs/signing_key.pem"
	echo secret >"$out/scripts/basic/randstruct.seed"
	echo secret >"$out/scripts/gcc-plugins/randomize_layout_seed.h"
	echo '0x0 x vmlinux EXPORT_SYMBOL' >"$out/Module.symvers"
	mkdir -p "$out/include/config/cross"
	: >"$out/include/config/cross/compile.h"
	kbuild "$out" kernel/kheaders.o
	like_ref "$out"
}

@test "modules are built for a kernel with trimmed exports, whatever it exports in the end" {
	vary "$out" CONFIG_EXPERT=y CONFIG_TRIM_UNUSED_KSYMS=y
	grep -x CONFIG_TRIM_UNUSED_KSYMS=y "$out/.config"
	kbuild "$out" kernel/kheaders.o
	cp "$out/kernel/kheaders_data.tar.xz" first
	[ ! -e "$out/include/generated/autoksyms.h" ] ||
		echo '#define __KSYM_printk 1' >>"$out/include/generated/autoksyms.h"
	kbuild "$out" kernel/kheaders.o
	cmp first "$out/kernel/kheaders_data.tar.xz"
	unpack "$out"
	on_tree M="$module" kheaders_greeter.o
}

# bats test_tags=generator
@test "museum 37: no path of the build machine is in it, whatever option has it" {
	local option
	mkdir initramfs
	: >hashes
	vary "$out" CONFIG_BLK_DEV_INITRD=y "CONFIG_INITRAMFS_SOURCE=\"$dir/initramfs\"" \
		"CONFIG_DEFAULT_HOSTNAME=\"$out/host\"" CONFIG_MODVERSIONS=y \
		CONFIG_BOOT_CONFIG=y CONFIG_BOOT_CONFIG_EMBED=y \
		"CONFIG_BOOT_CONFIG_EMBED_FILE=\"$dir/hashes\"" \
		CONFIG_UEVENT_HELPER=y 'CONFIG_UEVENT_HELPER_PATH="/sbin/hotplug"'
	kbuild "$out" kernel/kheaders.o
	unpack "$out"
	for option in INITRAMFS_SOURCE BOOT_CONFIG_EMBED_FILE; do
		grep -qx "CONFIG_$option=\"/.*" "$out/.config"
		for file in include/config/auto.conf .config; do
			# auto.conf has no quotes in newer kernels.
			grep -qxE "CONFIG_$option=(\"\")?" "$h/$file"
		done
		grep -qx "#define CONFIG_$option \"\"" "$h/include/generated/autoconf.h"
	done
	# A program on the device has no path of the build machine.
	grep -qx 'CONFIG_UEVENT_HELPER_PATH="/sbin/hotplug"' "$h/.config"
	[ -x "$h/scripts/genksyms/genksyms" ]
	run ! grep -rlF -e "$top" -e "$work" "$h"
}

# bats test_tags=generator
@test "museum 37: string options, in each form of the configuration, are emptied with a path in them, else kept" {
	local strings form value n=0
	strings=$(cd "$tree" && find . -name 'Kconfig*' -exec awk '
		/^[ \t]*(menu)?config / { option = $2 }
		/^[ \t]+string([ \t]|$)/ { print option }' {} + | sort -u)
	[ "$(echo "$strings" | wc -l)" -gt 60 ]
	echo "$strings" | grep -x SYSTEM_BLACKLIST_HASH_LIST
	config() { # VALUE: a file in that form, with each option of that value
		echo "$strings" | sed -e "s~.*~$form~" -e "s~VALUE~${1//[~]/\\~}~"
	}
	carried() { # what the archive has in place of that file
		cp file "$name"
		srctree=$tree sh "$tree/scripts/kheaders/config.sh" "$name"
	}
	# auto.conf has had quotes until 5.15.
	while read -r name form; do
		for value in /home/me/x /lib/firmware '/srv/a /srv/b' 'usr/a /srv/b' ../keys/x.pem \
				'certs/../../x' \~/x 'pkcs11:token=t;pin-value=1' /etc/keys/x /dev/../x /dev/shm/x \
				/usr/bin/../../root/x 'cc 1.0git (/home/me/cc 0123abc)' \
				-I/home/me/inc -isystem/home/me/inc a:/home/me/b init=/home/me/x \
				file:///home/me/x "a,'/home/me/q'" me@/home/me '|/home/me' '[/home/me]' '{/home/me}' \
				'<file>/home/me' +/home/me -L2/home/me x=pkcs11:token=t; do
			config "$value" >file
			carried >got
			case $form in
			--*)	[ ! -s got ] ;;
			*)	config '' | cmp - got ;;
			esac || { echo "$form $value"; head -n 3 got; false; }
			n=$((n + 1))
		done
		for value in certs/x.pem 'a b' 'dyndbg=file +p' 'c++ a-b_c' me@example.org /usr/bin/g++ /sbin/init /usr/bin/x 'root=/dev/sda1 quiet' /dev/console / \
				'cc 1.0git (https://example.org/cc 0123abc)' 'init=/bin/sh' '10:1/2' ''; do
			config "$value" >file
			carried | cmp - file || { echo "$form $value"; false; }
		done
		config "$dir/certs/x.pem $tree/certs/y.pem" >file
		carried >got
		config "certs/x.pem certs/y.pem" | cmp - got
	done <<-'EOT'
		.config CONFIG_&="VALUE"
		auto.conf CONFIG_&="VALUE"
		auto.conf CONFIG_&=VALUE
		autoconf.h #define CONFIG_& "VALUE"
		rustc_cfg --cfg=CONFIG_&="VALUE"
	EOT
	[ "$n" = 135 ]
}

# They name their source where they assert something.
@test "museum 57: gcc's plugins name no path of the build machine, and work" {
	local plugin
	[ -f "$(gcc -print-file-name=plugin)/include/plugin-version.h" ] ||
		skip "this gcc has no plugins (package gcc-12-plugin-dev)"
	vary "$out" CONFIG_GCC_PLUGINS=y CONFIG_GCC_PLUGIN_LATENT_ENTROPY=y
	grep -x CONFIG_GCC_PLUGIN_LATENT_ENTROPY=y "$out/.config"
	kbuild "$out" kernel/kheaders.o
	unpack "$out"
	plugin=scripts/gcc-plugins/latent_entropy_plugin.so
	grep -qF "$tree" "$out/$plugin"
	grep -qF scripts/gcc-plugins/latent_entropy_plugin.c "$h/$plugin"
	run ! grep -rlF -e "$top" -e "$work" "$h"
	on_tree M="$module" V=1 kheaders_greeter.o | grep -e "-fplugin=[^ ]*$plugin"
	[ -e "$module/kheaders_greeter.o" ]
}

# As that of arch/arm/tools/gen-mach-types.
# bats test_tags=generator
@test "museum 58: a comment in a generated header names no path of the build machine, nor with CONFIG_IKHEADERS_STRIP_NONE" {
	vary "$out" CONFIG_IKHEADERS_STRIP_NONE=y
	printf '/*\n * Made from %s!\n */\n#define MACHINE 1\n' "$tree/machines" >"$out/include/generated/machines.h"
	kbuild "$out" kernel/kheaders.o
	[ "$(show "$out" include/generated/machines.h | grep .)" = '#define MACHINE 1' ]
	unpack "$out"
	run ! grep -rlF -e "$top" -e "$work" "$h"
}

@test "museum 37: quotes in an option's value are a part of it" {
	local want
	# The value as Kconfig writes it with quotes, that without, and what is left of the latter.
	while IFS='~' read -r quoted raw want; do
		[ "$want" != same ] || want=$raw
		printf 'CONFIG_CC_VERSION_TEXT=gcc 12\nCONFIG_X=%s\n' "$raw" >auto.conf
		srctree=$tree sh "$tree/scripts/kheaders/config.sh" auto.conf >got
		printf 'CONFIG_CC_VERSION_TEXT=gcc 12\nCONFIG_X=%s\n' "$want" | diff - got
		[ "$want" != "$raw" ] || want=$quoted
		printf 'CONFIG_CC_VERSION_TEXT="gcc 12"\nCONFIG_X="%s"\n' "$quoted" >auto.conf
		srctree=$tree sh "$tree/scripts/kheaders/config.sh" auto.conf >got
		printf 'CONFIG_CC_VERSION_TEXT="gcc 12"\nCONFIG_X="%s"\n' "$want" | diff - got
		sed 's/^\([A-Z_]*\)=/#define \1 /' auto.conf >autoconf.h
		srctree=$tree sh "$tree/scripts/kheaders/config.sh" autoconf.h >got
		printf '#define CONFIG_CC_VERSION_TEXT "gcc 12"\n#define CONFIG_X "%s"\n' "$want" | diff - got
	done <<-'EOT'
		\"q\" /home/u/secret~"q" /home/u/secret~
		abc dyndbg=\"file foo +p\"~abc dyndbg="file foo +p"~same
		\"a\"~"a"~same
		\"~"~same
		a\\b~a\b~same
	EOT
}

# People copy headers in file managers.
@test "headers of any name are archived, but for those that no list can have" {
	local name
	clone_tree
	clone_ref
	mkdir -p "$src/include/linux/a dir" "$src/include/linux/"$'a\ttab'
	for name in 'fs (copy).h' "it's.h" 'back\nslash.h' 'a"quote.h' 'semi;$HOME.h' -dash.h 'a dir/x.h' \
			$'tab\t.h' $'line\n.h' $'a\ttab/y.h'; do
		echo '#include "../a (b).h"' >"$src/include/linux/$name"
	done
	cp "$src/Makefile" "$src/scripts/Makefile.lib (copy)"
	cp "$src/scripts/subarch.include" "$src/scripts/a (copy).sh"
	kbuild "$out" kernel/kheaders.o
	xz -dc "$out/kernel/kheaders_data.tar.xz" |
		python3 -c 'import sys, tarfile; print(*tarfile.open(fileobj=sys.stdin.buffer, mode="r|").getnames(), sep="\n")' |
		sort >have
	names "$ref" | sort | comm -13 - have >new
	printf '%s\n' 'include/linux/fs (copy).h' "include/linux/it's.h" 'include/linux/back\nslash.h' \
		'include/linux/a"quote.h' 'include/linux/semi;$HOME.h' include/linux/-dash.h \
		'include/linux/a dir/x.h' 'scripts/Makefile.lib (copy)' 'scripts/a (copy).sh' | sort | diff - new
	run -0 kbuild "$out" kernel/kheaders.o
	[ -z "$(did)" ]
	echo changed >"$src/include/linux/fs (copy).h"
	kbuild "$out" kernel/kheaders.o
	[ "$(show "$out" 'include/linux/fs (copy).h')" = changed ]
}

@test "the options are all there, in the order of .config" {
	unpack "$ref"
	# Names of those that are on, or have a value.
	options() { # FILE PATTERN
		sed -nE "s/$2.*/\1/p" "$1"
	}
	options "$h/.config" '^CONFIG_([A-Za-z0-9_]+)=' >want
	[ "$(wc -l <want)" -gt 100 ]
	options "$h/include/config/auto.conf" '^CONFIG_([A-Za-z0-9_]+)=' | diff want -
	options "$h/include/generated/autoconf.h" '^#define CONFIG_([A-Za-z0-9_]+) ' >got
	diff <(sed 's/_MODULE$//' want) <(sed 's/_MODULE$//' got)
	options "$ref/include/generated/autoconf.h" '^#define CONFIG_([A-Za-z0-9_]+) ' | sort | diff - <(sort got)
}

@test "museum 44: what the tree's Makefiles name is in it, or of no use to a module" {
	unpack "$ref"
	cd "$h"
	find . -name 'Makefile*' -o -name 'Kbuild*' -o -name '*.include' >../makefiles
	# Paths without variables but for one, whose value is known.
	xargs sed -e 's/#.*//' -e 's/\$[({]SRCARCH[)}]/um/g' <../makefiles |
		grep -oE '\$[({](abs_)?(srctree|objtree)[)}]/[][A-Za-z0-9_./$(){}%*-]+' |
		sed -E 's,^[^/]*/,,; s,[)/]+$,,' | grep -v '[$%*(]' | sort -u >../named
	[ "$(wc -l <../named)" -gt 50 ]
	while read -r path; do
		[ ! -e "$path" ] || continue
		# What only other kernels or configurations have.
		[ -f "$tree/$path" ] || [ -f "$ref/$path" ] || continue
		case $path in
		# The kernel's own targets: image, documents, packages, device trees, tags,
		# configuration, tests, usr/, what its developers check.
		Documentation/*|.rustfmt.toml|scripts/Makefile.package|scripts/dtc/*|scripts/tags.sh|\
		scripts/kconfig/*|tools|tools/testing/*|usr|scripts/check*.pl|scripts/export_report.pl|\
		scripts/headerdep.pl|scripts/headers_install.sh|scripts/misc-check|scripts/gdb/*|\
		scripts/link-vmlinux.sh|scripts/head-object-list.txt|scripts/make_fit.py|scripts/sbom/*|\
		scripts/generate_*|scripts/jobserver-exec|scripts/check-function-names.sh|\
		scripts/tracepoint-update|scripts/syscall.tbl|scripts/asn1_compiler|arch/i386|arch/x86_64|\
		tools/bootconfig|modules.builtin.modinfo|modules.order|vmlinux|arch/um/boot/*|\
		arch/x86/tools/*|tools/arch/*|tools/include|tools/include/*) ;;
		# Rust modules can't be built from the archive.
		rust|rust/*|scripts/target.json|scripts/rust_is_available.sh) ;;
		# Secrets, and gcc's plugins, which this configuration has not.
		scripts/basic/randstruct.seed|include/generated/randstruct_hash.h|scripts/gcc-plugins|\
		scripts/gcc-plugins/*|certs/*) ;;
		# Listings take System.map; comments are not checked.
		scripts/makelst|scripts/kernel-doc|tools/docs/kernel-doc) ;;
		# Of other configurations.
		tools/objtool*|tools/bpf/resolve_btfids*|scripts/recordmcount*|scripts/genksyms/*|\
		scripts/gendwarfksyms/*|scripts/sign-file|arch/um/module.lds) ;;
		# Made on the device, or a vendor's own.
		Module.symvers|.kernelvariables) ;;
		*) echo "$path" ;;
		esac
	done <../named >../missing
	diff /dev/null ../missing
}

# bats test_tags=generator
@test "museum 42: what a vendor's Makefiles include is carried, and make M= works with it" {
	# In-tree, where "./" is the source tree.
	clone_tree
	out=$src
	mkdir "$src/vendor"
	cp "$src/Makefile" "$src/Makefile.new"
	cat >>"$src/Makefile.new" <<-'EOT'
		ifdef SRCARCH
		include ./vendor_config
		-include $(srctree)/vendor/not-here.mk
		include $(srctree)/vendor/$(SRCARCH).mk \
			$(wildcard $(srctree)/vendor/more*.mk) # both
		endif
	EOT
	mv "$src/Makefile.new" "$src/Makefile"
	echo 'VENDOR := of the top' >"$src/vendor_config"
	# um's make also runs for x86, whose headers it borrows.
	printf 'include $(srctree)/vendor/deep.inc\n' | tee "$src/vendor/um.mk" >"$src/vendor/x86.mk"
	echo 'VENDOR_MORE := y' >"$src/vendor/more-1.mk"
	printf '# one\nVENDOR_DEEP := y\n' >"$src/vendor/deep.inc"
	configure "$out"
	kbuild "$out" kernel/kheaders.o
	names "$out" | grep -E '^vendor' >got
	printf '%s\n' vendor/deep.inc vendor/more-1.mk vendor/um.mk vendor_config | diff - got
	unpack "$out"
	ext
	# And it is watched.
	edit "$src/vendor/deep.inc" 's/:= y/:= z/'
	kbuild "$out" kernel/kheaders.o
	show "$out" vendor/deep.inc | grep -x 'VENDOR_DEEP := z'
}

# bats test_tags=generator
@test "without CONFIG_IKHEADERS_HOSTPROGS, as in a cross-built kernel, host programs are there as sources alone" {
	vary "$out" '# CONFIG_IKHEADERS_HOSTPROGS is not set'
	kbuild "$out" kernel/kheaders.o
	unpack "$out"
	run -1 grep -rlaP '^\x7fELF' "$h"
	[ -e "$h/scripts/mod/modpost.c" ]
}

@test "without CONFIG_IKHEADERS_EXTMOD there are headers alone" {
	vary "$out" '# CONFIG_IKHEADERS_EXTMOD is not set'
	kbuild "$out" kernel/kheaders.o
	[ "$(names "$out" | grep -v '\.[hS]$')" = include/config/kheaders.id ]
	names "$out" | grep -x include/generated/autoconf.h
	[ "$(wc -c <"$out/kernel/kheaders_data.tar.xz")" -lt "$(wc -c <"$ref/kernel/kheaders_data.tar.xz")" ]
}

@test "with a randomized structure layout there are headers alone, and no seed" {
	[ -f "$(gcc -print-file-name=plugin)/include/plugin-version.h" ] ||
		skip "this gcc has no plugins (package gcc-12-plugin-dev)"
	# Until 5.18 it was an option of gcc's plugins alone.
	vary "$out" CONFIG_GCC_PLUGINS=y CONFIG_GCC_PLUGIN_RANDSTRUCT=y \
		CONFIG_RANDSTRUCT_FULL=y CONFIG_IKHEADERS_EXTMOD=y
	grep -x CONFIG_GCC_PLUGIN_RANDSTRUCT=y "$out/.config"
	run ! grep IKHEADERS_EXTMOD "$out/.config"
	kbuild "$out" kernel/kheaders.o kernel/kheaders_symvers.o
	ls "$out/scripts/gcc-plugins/randomize_layout_plugin.so"
	[ "$(names "$out" | grep -v '\.[hS]$')" = include/config/kheaders.id ]
	unpack "$out"
	run ! grep -rqF "$(grep -ohE '[0-9a-f]{64}' "$out/scripts/basic/randstruct.seed" \
		"$out/scripts/gcc-plugins/randomize_layout_seed.h" | sort -u)" "$h"
}

# bats test_tags=generator
@test "each way to strip headers: not at all, of comments, of comments and blanks" {
	local file=include/linux/zutil.h
	vary "$out" CONFIG_IKHEADERS_STRIP_NONE=y
	kbuild "$out" kernel/kheaders.o
	show "$out" $file | cmp - "$tree/$file"

	vary "$out" CONFIG_IKHEADERS_STRIP_COMMENTS=y
	kbuild "$out" kernel/kheaders.o
	show "$out" $file >stripped
	# The same line with the same number, but for its comment.
	[ "$(grep -n 'define PRESET_DICT' stripped)" = \
		"$(sed 's, */\* preset .*,,' "$tree/$file" | grep -n 'define PRESET_DICT')" ]

	vary "$out"
	kbuild "$out" kernel/kheaders.o
	for file in $file scripts/mod/modpost.c; do
		show "$out" $file >stripped
		[ -s stripped ]
		run ! grep -n -e '^$' -e '^[[:blank:]]' -e '[[:blank:]]$' stripped
	done
	like_ref "$out"
}

@test "museum 18: no token of any header changes, nor of the sources of host programs" {
	local option
	cd "$tree"
	for option in -s ''; do
		# shellcheck disable=SC2086 # one word or none
		run -0 "$here/strip/tokens.sh" $option include arch/x86/include arch/um/include \
			scripts/basic scripts/mod scripts/gen*ksyms scripts/include
		echo "# ${lines[-1]}, linux $(basename "$tree")" >&3
	done
}

@test "make reads the same from Makefiles without their comments" {
	local file stripped commented=0
	unpack "$ref"
	# All rules and variables, of each make that is called.
	reads() {
		on_tree M="$module" -pn modules | grep -v '^#'
	}
	reads >without
	for file in $(cd "$tree" && ls Makefile scripts/{Makefile,Kbuild}* \
			scripts/*/Makefile* arch/{um,x86}/Makefile*); do
		stripped=$h/${file/#Makefile/Makefile.kernel}
		[ -f "$stripped" ] && ! cmp "$tree/$file" "$stripped" || continue
		cp "$tree/$file" "$stripped"
		commented=$((commented + 1))
	done
	[ "$commented" -gt 20 ]
	reads >with
	grep '^cmd_cc_o_c' with
	diff with without
}
