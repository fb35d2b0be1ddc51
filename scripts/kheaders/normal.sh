#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Takes the "." and ".." out of the paths on standard input, one a line, that begin
# with "/". What goes higher than "/" begins with "/../" after it.

exec sed -e ':again' -e 's,///*,/,g' -e 's,/\./,/,' -e 't again' \
	-e 's,/[^/.][^/]*/\.\./,/,' -e 't again' -e 's,/\.[^/.][^/]*/\.\./,/,' -e 't again' -e 's,\(.\)/$,\1,'
