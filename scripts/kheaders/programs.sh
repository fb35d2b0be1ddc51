#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Which host programs "make M=" runs for the kernel that is built, by the table hostprogs.
# Usage, from the object tree:
#
#	programs.sh names	prints USE:PROGRAM for each that is there, or must be
#	programs.sh files	prints what the archive carries of them, a pattern a
#				line; @FILE: what tool.sh finds for FILE
#
# The last line is "end": without it, this failed.

set -euf
export LC_ALL=C

# is_on OPTION: A, or A|B for either.
is_on() {
	status=0
	grep -qE "^CONFIG_($1)=[ym]" include/config/auto.conf || status=$?
	[ "$status" -le 1 ] || exit 1
	return "$status"
}

all_on() {
	for option; do
		case $option in
		!*)	! is_on "${option#!}" || return 1 ;;
		*)	is_on "$option" || return 1 ;;
		esac
	done
}

# names PROGRAM USE BUT
names() {
	case $1 in
	'('*')') ;;
	*)	echo "$2:$1"; return ;;
	esac
	set +f
	optional=${1#?}
	for name in ${optional%?}; do
		case " $3 " in
		*" $name "*) ;;
		*)	[ ! -e "$name" ] || echo "$2:$name" ;;
		esac
	done
	set -f
}

# files FILES SOURCES
files() {
	# shellcheck disable=SC2086 # patterns
	for word in $1 $2; do
		case $word in
		-*) ;;
		*)	echo "$word" ;;
		esac
	done
}

program=''
# A paragraph ends with an empty line, or with the table.
paragraph() {
	# shellcheck disable=SC2086 # words
	if [ "$program" ] && all_on $options; then
		case $what in
		names)	names "$program" "$use" "$but" ;;
		files)	files "$files" "$sources" ;;
		esac
	fi
	program='' use='' options='' files='' sources='' but=''
}

what=$1
paragraph
while read -r key value; do
	case $key in
	program:)	program=$value ;;
	use:)		use=$value ;;
	options:)	options=$value ;;
	files:)		files=$value ;;
	sources:)	sources=$value ;;
	but:)		but=$value ;;
	'')		paragraph ;;
	esac
done <"${0%/*}/hostprogs"
paragraph
echo end
