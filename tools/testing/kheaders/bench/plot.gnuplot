# SPDX-License-Identifier: GPL-2.0-only
#
# The plot of bench.sh. Wants set: medians, a CSV of STEP and the seconds of each
# build; compare, not empty if the first of them is mainline; name; svg.

set datafile separator ','
set terminal svg size 900,420 font 'sans,11' noenhanced background 'white'
set output svg
set title sprintf('Making kheaders_data.tar.xz of Linux %s, x86_64', name)
set ylabel 'wall time, seconds (logarithmic)'
set logscale y
set yrange [0.01:100]
set grid ytics
set style data histogram
set style histogram clustered gap 1
set style fill solid 0.85 noborder
set xtics rotate by -12
set key above

shift = compare eq '' ? 0 : 1
array build[3] = ['mainline, headers alone', 'kheaders, headers alone', 'kheaders, headers and all that modules need']
array color[3] = ['#999999', '#4477aa', '#ee8833']
plot for [i = (compare eq '' ? 2 : 1):3] medians using (column(i + shift)):xtic(1) \
	title build[i] linecolor rgb color[i]
