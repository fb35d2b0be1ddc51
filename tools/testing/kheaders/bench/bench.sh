#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Measures how kernel/kheaders_data.tar.xz is made, by the kernel's own generator and
# by ours, side by side. Usage:
#
#	bench.sh ROUNDS KERNEL...
#
# With CONFIG in the environment, the configuration is that file, in place of the tests'
# own, and nothing is booted.
#
# Three builds of one configuration (ARCH=x86_64): "mainline" is the kernel as it
# comes; "headers" is ours with the headers alone, so the same job; "extmod" is ours
# with all that external modules need. Timed is what make runs for the archive, by
# bench/shell, which goes between make and the shell. In each round each build does each
# step; medians count.
#
# Then one boot: the archive is read from /proc/kheaders.tar.xz, and from
# /sys/kernel/kheaders.tar.xz, mainline's way, at several sizes of the buffer.
#
# Prints tables; the single values are in build/bench/KERNEL.csv, -sizes.csv and
# -read.csv, the plot is build/bench/KERNEL.svg.

set -eu
. "$(dirname "$0")/../lib.sh"

[ -z "${CONFIG-}" ] || [ -r "$CONFIG" ] || die "CONFIG=$CONFIG can't be read"
[ $# -ge 2 ] || die "usage: bench.sh ROUNDS KERNEL..."
case $1 in
*[!0-9]*|0|'') die "ROUNDS=$1 is not a number of rounds; take 3 or more" ;;
esac
rounds=$1; shift
arch=x86_64

# Where steps change a header: in a big chunk, and in a place few look at.
busy=include/linux/fs.h
rare=include/sound/core.h

# bench_tree NAME FROM: a tree of its own in which headers can be edited; hard links.
bench_tree() {
	rm -rf "$bench/src/$1"
	mkdir -p "$bench/src"
	cp -al "$2" "$bench/src/$1"
}

edit() {
	cp -p "$1" "$1.new"
	echo "struct kheaders_bench_$2;" >>"$1.new"
	mv "$1.new" "$1"
}

# of BUILD: its source tree.
of() {
	case $1 in
	mainline) echo "$bench/src/mainline" ;;
	*) echo "$bench/src/ours" ;;
	esac
}

# kmake BUILD ARG...
kmake() {
	made=$1; shift
	# shellcheck disable=SC2086 # variables
	make -C "$(of "$made")" $without O="$objects/$made" ARCH=$arch CC="ccache gcc" \
		HOSTCC="ccache gcc" "$@" >>"$bench/$made.log" 2>&1 ||
		die "make $* failed, see $bench/$made.log"
}

# configure BUILD LINE...
configure() {
	one=$1; shift
	mkdir -p "$objects/$one"
	{
		# shellcheck disable=SC2046 # a list of names
		[ "${CONFIG-}" ] || cat $(fragments "$(of "$one")" $arch)
		printf '%s\n' CONFIG_IKHEADERS=y '# CONFIG_IKHEADERS_KUNIT_TEST is not set' "$@"
	} >"$bench/$one.config"
	if [ "${CONFIG-}" ]; then
		cp "$CONFIG" "$objects/$one/.config"
	else
		kmake "$one" tinyconfig
	fi
	(cd "$objects/$one" && ARCH=$arch "$(of "$one")/scripts/kconfig/merge_config.sh" \
		-m .config "$bench/$one.config") >>"$bench/$one.log" 2>&1
	kmake "$one" olddefconfig
	# Twice, and as when it counts, so that all else is built and stays.
	for _ in 1 2; do
		KHEADERS_BENCH_LOG="$bench/time" kmake "$one" -j"$jobs" \
			SHELL="$here/bench/shell" kernel/kheaders.o
	done
}

# timed BUILD STEP JOBS: has the archive made, and appends to the CSV.
timed() {
	: >"$bench/time"
	KHEADERS_BENCH_LOG="$bench/time" kmake "$1" -j"$3" SHELL="$here/bench/shell" kernel/kheaders.o
	[ -s "$bench/time" ] || die "make did nothing for the archive in $bench/$1"
	while read -r wall cpu peak; do
		echo "$1,$2,$round,$wall,$cpu,$peak" >>"$csv"
	done <"$bench/time"
}

# forget BUILD: as make clean does, for the archive alone.
forget() {
	rm -rf "$objects/$1/kernel/kheaders_data.tar.xz" "$objects/$1/kernel/kheaders.md5" \
		"$objects/$1/scripts/kheaders" "$objects/$1/kernel/.kheaders"
}

steps() {
	for one in $builds; do
		forget "$one"
		timed "$one" "all with -j$jobs" "$jobs"
	done
	for one in $builds; do
		timed "$one" "nothing changed" "$jobs"
	done
	for header in "$busy" "$rare"; do
		for tree in $trees; do
			edit "$tree/$header" "$round"
		done
		for one in $builds; do
			timed "$one" "$header changed" "$jobs"
		done
	done
	for one in $builds; do
		forget "$one"
		timed "$one" "all with -j1" 1
	done
}

# medians CSV COLUMN: lines of STEP and for each build the median, with commas.
medians() {
	awk -F , -v column="$2" -v builds="$builds" '
		NR == 1 { next }
		!($2 in seen) { seen[$2]; step[++steps] = $2 }
		{ value[$2, $1, ++count[$2, $1]] = $column }
		function median(s, b,	n, i, j, t, v) {
			n = count[s, b]
			if (!n)
				return "-"
			for (i = 1; i <= n; i++)
				v[i] = value[s, b, i] + 0
			for (i = 2; i <= n; i++)
				for (j = i; j > 1 && v[j - 1] > v[j]; j--) {
					t = v[j]; v[j] = v[j - 1]; v[j - 1] = t
				}
			return n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
		}
		END {
			n = split(builds, build, " ")
			for (i = 1; i <= steps; i++) {
				printf "%s", step[i]
				for (j = 1; j <= n; j++)
					printf ",%s", median(step[i], build[j])
				print ""
			}
		}' "$1"
}

# table TITLE FORMAT: medians as a table, with ratios if the first is mainline.
table() {
	echo " $1"
	awk -F , -v format="$2" -v compare="$compare" '{
		line = sprintf("  %-32s", $1)
		for (i = 2; i <= NF; i++) {
			line = line sprintf("%12s", $i == "-" ? $i : sprintf(format, $i))
			if (compare && i > 2)
				line = line sprintf("%8s", $2 > 0 ? sprintf("%.3f", $i / $2) : "-")
		}
		print line
	}'
}

heading() {
	printf '  %-32s' ''
	for one in $builds; do
		printf '%12s' "$one"
		[ -z "$compare" ] || [ "$one" = mainline ] || printf '%8s' ratio
	done
	echo
}

# Bytes, files, and the time to unpack: by tar, and as a tree by the kheaders command, which
# also makes what modules need ready in the archive that has it.
sizes() {
	for one in $builds; do
		archive=$objects/$one/kernel/kheaders_data.tar.xz
		echo "$one,bytes,$round,$(wc -c <"$archive")"
		echo "$one,files,$round,$(xz -dc "$archive" | tar -tf - | grep -c '[^/]$')"
		unpacked=$objects/unpacked
		mkdir "$unpacked"
		start=$(date +%s%N)
		xz -dc "$archive" | tar -xf - -C "$unpacked"
		echo "$one,ms to unpack by tar,$round,$((($(date +%s%N) - start) / 1000000))"
		rm -rf "$unpacked"
		mkdir "$unpacked"
		start=$(date +%s%N)
		"$objects/command/kheaders" install --from "$archive" --root "$unpacked" \
			>"$bench/install.log" 2>&1 || die "kheaders install failed, see $bench/install.log"
		echo "$one,ms to unpack by kheaders,$round,$((($(date +%s%N) - start) / 1000000))"
		rm -rf "$unpacked"
	done
}

# How long the archive takes to read in a guest, with one size of the buffer a line.
reading() {
	out=$("$here/kernels/kernel.sh" "$kernel" $arch)
	cc -O2 -static -o "$bench/read" "$here/bench/read.c"
	{
		echo "file,bytes_a_call,round,ms"
		"$here/guest/boot.sh" "$out" 600 "$bench/read" /sys/kernel/kheaders.tar.xz \
			/proc/kheaders.tar.xz | grep -E '^/(proc|sys)/'
	} >"$bench-read.csv"
}

# Object trees are in memory: a disk tells of what it did before. ext4, for one, takes
# its time where many files were removed a minute ago.
objects=$(mktemp -d /dev/shm/kheaders-bench.XXXXXX)
trap 'rm -rf "$objects"' EXIT
trap 'exit 1' HUP INT TERM

for kernel; do
	tree=$("$here/kernels/source.sh" "$kernel")
	name=$(basename "$tree" | sed 's/^linux-//')
	bench=$top/build/bench/$name
	csv=$bench.csv
	rm -rf "$bench" "${objects:?}"/*
	mkdir -p "$bench"

	say "preparing trees of linux $name (logs: $bench/*.log)"
	bench_tree ours "$tree"
	bench_tree mainline "$tree"
	"$top/scripts/overlay/revert" "$bench/src/mainline" >"$bench/revert.log"
	builds="headers extmod" trees=$bench/src/ours compare=
	if grep -q IKHEADERS "$bench/src/mainline/init/Kconfig"; then
		builds="mainline $builds" trees="$trees $bench/src/mainline" compare=y
		configure mainline
	else
		say "linux $name has no kheaders of its own (5.2 and later have): nothing to compare with"
	fi
	make -s -C "$top/tools/kheaders" O="$objects/command" >"$bench/command.log" 2>&1 ||
		die "building the kheaders command failed, see $bench/command.log"
	configure extmod CONFIG_IKHEADERS_EXTMOD=y
	configure headers '# CONFIG_IKHEADERS_EXTMOD is not set'

	echo "build,step,round,wall_s,cpu_s,peak_kib" >"$csv"
	echo "build,what,round,value" >"$bench-sizes.csv"
	round=0
	while [ $round -lt "$rounds" ]; do
		round=$((round + 1))
		say "linux $name, round $round of $rounds"
		steps
		sizes >>"$bench-sizes.csv"
	done

	echo
	echo "Linux $name, $arch, $jobs CPUs; medians of $rounds rounds; ratios are ours to mainline's"
	echo
	heading
	medians "$csv" 4 >"$bench/wall.csv"
	table "wall time, s" %.2f <"$bench/wall.csv"
	medians "$csv" 5 | table "CPU time, s" %.2f
	medians "$csv" 6 | table "peak memory of one process, KiB" %d
	medians "$bench-sizes.csv" 4 | table "archive" %d
	echo
	gnuplot -e "medians='$bench/wall.csv'; svg='$bench/plot.svg'; name='$name'; compare='$compare'" \
		"$here/bench/plot.gnuplot"
	sed '1a <!-- SPDX-License-Identifier: GPL-2.0-only -->' "$bench/plot.svg" >"$bench.svg"
	if [ -z "${CONFIG-}" ]; then
		reading
		printf '  %-32s%12s%12s%8s\n' '' /sys /proc ratio
		builds='/sys/kernel/kheaders.tar.xz /proc/kheaders.tar.xz' compare=y
		medians "$bench-read.csv" 4 | table "reading it all in a guest, ms, by bytes a call" %.2f
		echo
	fi
	say "single values: $bench*.csv; plot: $bench.svg"
done
