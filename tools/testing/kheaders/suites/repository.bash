# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What suites that look at all of this repository share.

# repository_files DIR: the files of the repository in DIR that are not ignored. A release
# without .git has the same.
repository_files() {
	{ git -C "$1" ls-files --cached --others --exclude-standard 2>/dev/null ||
		(cd "$1" && find . -path ./build -prune -o -type f -print | sed 's,^\./,,'); } |
		while read -r file; do
			[ ! -f "$1/$file" ] || echo "$file"
		done
}
