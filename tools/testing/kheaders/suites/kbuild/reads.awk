# SPDX-License-Identifier: GPL-2.0-only
#
# Which files of two trees the make in scripts/kheaders and its children read, and did not
# write. Usage:
#
#	awk -v tree=DIR/ -v out=DIR/ -f reads.awk TRACE
#
# TRACE is of strace -f -y.

/execve\(.*"obj=scripts\/kheaders"/ {
	ours[$1] = 1
}

/(fork|clone3?)\(.*= [0-9]+$/ || /<\.\.\. (v?fork|clone3?) resumed>.*= [0-9]+$/ {
	if ($1 in ours)
		ours[$NF] = 1
}

# A child may be seen before its parent is told of it: files are looked at in the end.
{
	line[NR] = $0
	pid[NR] = $1
}

END {
	for (i = 1; i <= NR; i++) {
		if (!(pid[i] in ours) || !match(line[i], /= [0-9]+<.*>$/))
			continue
		file = substr(line[i], RSTART, RLENGTH - 1)
		sub(/^= [0-9]+</, "", file)
		if (line[i] ~ /O_(WRONLY|RDWR|CREAT)/)
			written[file] = 1
		else if (line[i] !~ /O_DIRECTORY/ &&
			 (index(file, tree) == 1 || index(file, out) == 1))
			seen[file] = 1
	}
	for (file in seen)
		if (!(file in written))
			print file
}
