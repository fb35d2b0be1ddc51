#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Reads /proc/kheaders.symvers with 200 modules and their 10000 exports: the time
# and memory that takes must not grow with them, and nobody who has the file open
# may hold up an rmmod.

cd "$(dirname "$0")" || exit 1
. ./ktap.sh

prepare
file=/proc/kheaders.symvers
one=${KHEADERS_MANY_KO-}
exports=50

[ -e "$file" ] || skip_all "no $file here (CONFIG_IKHEADERS_SYMVERS)"
[ -e "$one" ] || skip_all "no kheaders_many_000.ko (KHEADERS_MANY_KO)"
tracing=/sys/kernel/tracing
[ -e "$tracing/trace" ] || tracing=/sys/kernel/debug/tracing

# numbers FIRST LAST: 003 and the like.
numbers() {
	seq "$1" "$2" | sed 's/^/00/; s/.*\(...\)$/\1/'
}

# load NUMBER...: these modules.
load() {
	for number; do
		LC_ALL=C sed "s/kheaders_many_000/kheaders_many_$number/g" "$one" >"$work/many.ko"
		insmod "$work/many.ko"
	done
}

# unload NUMBER...: these modules.
unload() {
	for number; do
		rmmod "kheaders_many_$number"
	done
}

clean_up() {
	sed -n 's/^\(kheaders_many_...\) .*/\1/p' /proc/modules | while read -r module; do
		rmmod "$module"
	done
	rm -rf "$work"
}
trap clean_up EXIT

# whole_modules FILE: each symbol there is there once, and no module in part. Prints how
# many modules there are.
whole_modules() {
	awk -F '\t' -v exports="$exports" '
		seen[$2]++ { print "twice: " $2; bad = 1 }
		!/^0x[0-9a-f]+\t/ || NF < 4 { print "torn: " $0; bad = 1 }
		match($0, /\tkheaders_many_[0-9]+\t/) { lines[substr($0, RSTART + 1, RLENGTH - 2)]++ }
		END {
			for (module in lines) {
				modules++
				if (lines[module] != exports) {
					print lines[module] " lines of " module
					bad = 1
				}
			}
			if (!bad)
				print modules + 0
			exit bad
		}' "$1"
}

each_is_there_once() {
	# shellcheck disable=SC2046 # numbers
	load $(numbers 0 199)
	cat "$file" >"$work/whole"
	expect modules 200 "$(whole_modules "$work/whole")"
	expect "lines of vmlinux" "$(grep -c '	vmlinux	' "$work/none")" \
		"$(grep -c '	vmlinux	' "$work/whole")"
}

any_length() {
	for bs in 1000 4096 10007 1048576; do
		dd if="$file" bs="$bs" 2>/dev/null | cmp - "$work/whole"
	done
}

any_offset() {
	size=$(wc -c <"$work/whole")
	for bs in 777 4096 65536; do
		for skip in 1 $((size / bs / 3)) $((size / bs / 2)) $((size / bs - 1)) \
				$((size / bs)) $((size / bs + 1)); do
			expect "bs=$bs skip=$skip" \
				"$(part_of "$work/whole" "$bs" "$skip")" \
				"$(part_of "$file" "$bs" "$skip")"
		done
	done
}

# kib_of_100 LINES: how much less memory is free while the file is open 100 times, and
# LINES of it were read each time. To awk, each name is another file.
kib_of_100() {
	awk -v file="${file#/proc}" -v lines="$1" '
		function free(	line, word) {
			while ((getline line < "/proc/meminfo") > 0)
				if (split(line, word) && word[1] == "MemFree:")
					break
			close("/proc/meminfo")
			return word[2]
		}
		BEGIN {
			before = free()
			for (i = 0; i < 100; i++) {
				dots = dots "/."
				for (n = 0; n < lines; n++)
					if ((getline line < ("/proc" dots file)) <= 0)
						break
				if (!n)
					exit 1
			}
			print before - free()
		}'
}

takes_little_memory() {
	# Once for what awk and the kernel keep.
	kib_of_100 1 >/dev/null
	for lines in 1 1000000; do
		kib=$(kib_of_100 "$lines")
		echo "# 100 files, open, read $lines lines at most, $(wc -c <"$work/whole") bytes in all: $kib KiB"
		[ "$kib" -lt 3200 ] || { echo "$kib KiB"; return 1; }
	done
}

# Flags, the fourth of which tells how deep: "cat-123  [000] d..1.  12.34: seq_printf <-..."
formats_no_line_without_preemption() {
	grep -qw function "$tracing/available_tracers" ||
		skip "no function tracer here (CONFIG_FUNCTION_TRACER)"
	echo seq_printf >"$tracing/set_ftrace_filter"
	echo 0 >"$tracing/tracing_on"
	echo function >"$tracing/current_tracer"
	echo >"$tracing/trace"
	# shellcheck disable=SC2016 # that shell's variables
	sh -c 'echo $$ >"$1/set_ftrace_pid"; echo 1 >"$1/tracing_on"; exec cat "$2"' sh \
		"$tracing" "$file" >/dev/null
	echo 0 >"$tracing/tracing_on"
	grep ': seq_printf <-' "$tracing/trace" >"$work/trace"
	stop_tracing
	[ "$(wc -l <"$work/trace")" -gt 10000 ]
	refuse grep -m 3 -E '\] ...[1-9].* seq_printf' "$work/trace"
}

stop_tracing() {
	echo nop >"$tracing/current_tracer"
	echo >"$tracing/set_ftrace_pid"
	echo >"$tracing/set_ftrace_filter"
	echo 1 >"$tracing/options/function-trace"
	echo 1 >"$tracing/tracing_on"
}

# The number is only printed: it also depends on what else the machine does.
longest_without_preemption() {
	grep -qw preemptoff "$tracing/available_tracers" ||
		skip "no such tracer here (CONFIG_PREEMPT_TRACER)"
	echo preemptoff >"$tracing/current_tracer"
	echo 0 >"$tracing/options/function-trace"
	best=999999999
	for i in 1 2 3 4 5; do
		echo 0 >"$tracing/tracing_max_latency"
		cat "$file" >/dev/null
		max=$(cat "$tracing/tracing_max_latency")
		[ "$max" -lt "$best" ] || continue
		best=$max
		by=$(sed -n 's/^#  *| task: \([^ ]*\).*/\1/p; s/^#  => started at: /from /p' \
			"$tracing/trace" | paste -sd ' ')
	done
	stop_tracing
	echo "# longest time without preemption while the file was read, least of 5: $best us ($by)"
}

# ends SECONDS COMMAND...: it succeeds within that.
ends() {
	seconds=$1; shift
	"$@" & pid=$!
	while kill -0 "$pid" 2>/dev/null; do
		[ "$seconds" -gt 0 ] || { echo "not done yet: $*"; return 1; }
		seconds=$((seconds - 1))
		sleep 1
	done
	wait "$pid"
}

# offset_of NUMBER: that of a module's first line.
offset_of() {
	awk -v want="	kheaders_many_$1	" 'index($0, want) { print at; exit }
		{ at += length($0) + 1 }' "$work/whole"
}

# A reader that has read half of a module's lines gets the other half, even after the module
# is unloaded; no line of a module that comes later; and all lines of all others.
unloads_under_paused_readers() {
	for number in 000 050 100 199; do
		for further in 0 1 1000; do
			exec 3<"$file"
			head -c $(($(offset_of "$number") + further)) <&3 >"$work/read"
			if ! ends 30 unload "$number"; then
				exec 3<&-
				return 1
			fi
			cat <&3 >>"$work/read"
			exec 3<&-
			modules=$(whole_modules "$work/read") || { echo "$modules"; return 1; }
			[ "$modules" = 199 ] || [ "$modules" = 200 ]
			grep -v "kheaders_many_$number" "$work/read" >"$work/others"
			grep -v "kheaders_many_$number" "$work/whole" | cmp - "$work/others"
			load "$number"
		done
	done
	cmp "$file" "$work/whole"
}

# Loading a module during a read does not move the lines of others.
loads_under_paused_readers() {
	unload 000
	cat "$file" >"$work/without"
	exec 3<"$file"
	head -c "$(offset_of 100)" <&3 >"$work/read"
	load 000
	cat <&3 >>"$work/read"
	exec 3<&-
	cmp "$work/read" "$work/without"
	cmp "$file" "$work/whole"
}

reads_while_they_come_and_go() {
	trap 'touch "$work/stop"' EXIT
	for bs in 512 4096 65536 1048576; do
		while [ ! -e "$work/stop" ]; do
			dd if="$file" bs="$bs" 2>/dev/null >"$work/read$bs"
			whole_modules "$work/read$bs" >"$work/said$bs" || cat "$work/said$bs" >>"$work/wrong"
			# 040 to 159 stay, and are always there.
			lines=$(grep -cE '	kheaders_many_(0[4-9]|1[0-5])[0-9]	' "$work/read$bs")
			[ "$lines" = $((120 * exports)) ] || echo "few: $lines" >>"$work/wrong"
			echo . >>"$work/reads"
		done &
	done
	i=0
	while [ "$i" -lt 10 ]; do
		some=$(numbers $((i * 4)) $((i * 4 + 3)); numbers $((196 - i * 4)) $((199 - i * 4)))
		# shellcheck disable=SC2086 # numbers
		unload $some
		# shellcheck disable=SC2086
		load $some
		i=$((i + 1))
	done
	touch "$work/stop"
	wait
	[ ! -e "$work/wrong" ] || { cat "$work/wrong"; return 1; }
	[ "$(wc -l <"$work/reads")" -ge 4 ]
	cmp "$file" "$work/whole"
	echo "# $(wc -l <"$work/reads") reads while 80 modules came and went"
}

cat "$file" >"$work/none"
tests \
	"200 modules with 50 exports each, each symbol once" each_is_there_once \
	"reads of any length" any_length \
	"reads at any offset" any_offset \
	"100 open files take little memory" takes_little_memory \
	"no line is formatted with preemption off" formats_no_line_without_preemption \
	"the longest time without preemption can be measured" longest_without_preemption \
	"a module is unloaded while readers are in the middle of the file" unloads_under_paused_readers \
	"a module is loaded while a reader is in the middle of the file" loads_under_paused_readers \
	"reads while modules come and go" reads_while_they_come_and_go
