#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Builds a kernel with kheaders for the tests. Usage:
#
#	kernel.sh KERNEL ARCH [VARIANT]
#
# KERNEL is a version of which Debian has a linux-source package (6.12), or the
# path of a kernel tree, which is copied and not touched. ARCH is x86_64, um, or one
# that is cross-built: arm64, arm or riscv.
# VARIANT names fragments of kconfig/ to add, joined by +; "llvm" builds with LLVM=1. "stock"
# alone is Debian's own kernel, see stock.sh.
# What is built already is only brought up to date. Prints the object tree,
# build/kernel/NAME; the log is build/kernel/NAME.log.

set -eu
. "$(dirname "$0")/../lib.sh"

[ $# -ge 2 ] || die "usage: kernel.sh KERNEL ARCH [VARIANT]"
kernel=$1 arch=$2 variant=${3-}

case $arch in
x86_64|um) cross= ;;
arm64)	cross=aarch64-linux-gnu- ;;
arm)	cross=arm-linux-gnueabihf- ;;
riscv)	cross=riscv64-linux-gnu- ;;
*)	die "ARCH=$arch is not one that is built here: take x86_64, um, arm64, arm or riscv" ;;
esac

[ "$variant" != stock ] || CROSS_COMPILE=$cross exec "$here/kernels/stock.sh" "$kernel" "$arch"

tree=$("$here/kernels/source.sh" "$kernel")
name=$(basename "$tree" | sed 's/^linux-//')-$arch${variant:+-$variant}
out=$build/kernel/$name
log=$out.log

fragments=$(fragments "$tree" "$arch" "$variant")
cc=${cross}gcc hostcc=gcc llvm=
case +$variant+ in
*+llvm+*) cc=clang hostcc=clang llvm=1 ;;
esac
case +$variant+ in
*+btf+*) without="$without PAHOLE=pahole" ;;
esac
mkdir -p "$out"
case +$variant+ in
*+signed+*)
	if [ ! -e "$out/owner.der" ]; then
		openssl req -new -x509 -nodes -days 36500 -subj /CN=owner -newkey rsa:2048 \
			-keyout "$out/owner.key" -out "$out/owner.pem" >"$log" 2>&1 ||
			die "openssl can't make $out/owner.key, see $log"
		openssl x509 -in "$out/owner.pem" -outform der -out "$out/owner.der"
	fi ;;
esac
# Two objects of an old dtc define the same variable; -fcommon makes it one.
! grep -qs '^YYLTYPE yylloc;' "$tree/scripts/dtc/dtc-lexer.l" || hostcc="$hostcc -fcommon"

# ccache without running the preprocessor first, which takes a fifth of the time; and no
# ccache if its directory does not exist.
case +$variant+ in
# It would miss the certificates, included by .incbin, which no dependency file names.
*+signed+*) export CCACHE_NODIRECT=1 ;;
*)	export CCACHE_DEPEND=1 ;;
esac
[ -d "$CCACHE_DIR" ] || export CCACHE_DISABLE=1
# To run make there again, also in a copy of the object tree. WERROR=0 because today's
# compilers warn about the sources of old objtools.
cat >"$out/kmake" <<EOT
#!/bin/sh
exec make -C '$tree' O="\$(cd "\$(dirname "\$0")" && pwd)" ARCH='$arch' CROSS_COMPILE='$cross' LLVM='$llvm' \\
	CC='ccache $cc' HOSTCC='ccache $hostcc' $without WERROR=0 "\$@"
EOT
chmod +x "$out/kmake"
kmake() {
	"$out/kmake" "$@" >>"$log" 2>&1
}

failed() {
	grep -E 'error|Error|\*\*\*|kheaders:' "$log" | head -n 5 >&2
	die "$1 failed, see $log"
}

: >"$log"
# shellcheck disable=SC2086 # a list of names
cat $fragments >"$out/.fragments.new"
if ! cmp -s "$out/.fragments" "$out/.fragments.new"; then
	kmake tinyconfig || failed "make tinyconfig"
	# shellcheck disable=SC2086
	(cd "$out" && ARCH=$arch "$tree/scripts/kconfig/merge_config.sh" -m .config \
		$fragments) >>"$log" 2>&1 || failed "merging $fragments"
	kmake olddefconfig || failed "make olddefconfig"
	# olddefconfig silently drops an option whose dependencies are missing.
	lacks=$(awk -F '[= ]' '
		FNR != NR { has[$0]; next }
		/^CONFIG_.*=[ym]$/ { want[$1] = $0 }
		/^# CONFIG_.* is not set$/ { delete want[$2] }
		END { for (option in want) if (!(want[option] in has)) print want[option] }
		' "$out/.fragments.new" "$out/.config")
	# shellcheck disable=SC2086 # as one line
	[ -z "$lacks" ] || die "linux $name can't have what the fragments ask for:" $lacks
	mv "$out/.fragments.new" "$out/.fragments"
fi

say "building linux $name with -j$jobs (log: $log)"
start=$(date +%s)
kmake -j"$jobs" || failed "the build of linux $name"
# The same modules as the tests build on the target, to compare with, and one that they
# load many of.
for modules in testmod manymod; do
	mkdir -p "$out/$modules"
	cp -u "$top/tools/testing/selftests/kheaders/$modules"/* "$out/$modules"
	kmake M="$out/$modules" modules || failed "building $modules for linux $name"
done
rm -rf "$out/installed"
kmake INSTALL_MOD_PATH="$out/installed" modules_install ||
	failed "installing the modules of linux $name"
build_command "$out" "$arch" "$cross" >>"$log" 2>&1 || failed "building the kheaders command"
say "built linux $name in $(($(date +%s) - start)) s:" \
	"image $(wc -c <"$(image_of "$out")") bytes," \
	"archive $(wc -c <"$out/kernel/kheaders_data.tar.xz") bytes"
echo "$out"
