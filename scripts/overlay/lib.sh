# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC2013 # no path here has blanks in it
#
# What apply, revert and patch share. The first half is what differs between
# kernel trees: which files are edited, and how. The second half knows nothing
# of kernels: it works out the tree before (was/) and after (is/), checks both,
# and only then touches anything.
#
# The caller sets $root, the top of this repository.

set -eu
: "${root:?}"
export LC_ALL=C
unset CDPATH
umask 022

die() {
	printf 'kheaders: %s\n' "$*" >&2
	exit 1
}

# --- The payload: files of this repository that land at the same path --------

payload() {
	cd "$root"
	for path in init/Kconfig.kheaders kernel scripts/kheaders scripts/extract-ikheaders \
			Documentation tools/kheaders tools/testing/selftests/kheaders; do
		[ ! -e $path ] || find $path -type f ! -name '*~' ! -name '#*#' ! -name '.*.sw?' \
			! -name '*.orig' ! -name '*.rej' ! -name '*.o' ! -name '*.ko' ! -name '.*.cmd'
	done | sort
}

# --- What differs between kernel trees ---------------------------------------

# Files that are edited where they exist; the first two must.
edits='kernel/Makefile
init/Kconfig
kernel/.gitignore
Documentation/admin-guide/index.rst
Documentation/kbuild/index.rst
MAINTAINERS'

# Mainline's generator: named gen_ikh_data.sh in 5.2-rc and Android's 4.14 and
# 4.19, gen_kheaders.sh since.
superseded='kernel/gen_ikh_data.sh
kernel/gen_kheaders.sh'

# What mainline's own kheaders is called, in any file and version.
old_names='[Kk][Hh][Ee][Aa][Dd][Ee][Rr][Ss]|genikh|gen_ikh'

# The lines that tie the payload in.
# shellcheck disable=SC2016 # make's variables
hook_makefile='include $(srctree)/kernel/Makefile.kheaders'
hook_kconfig='source "init/Kconfig.kheaders"'

# edit PATH: the file on stdin, as it shall be, to stdout. The payload's names
# are in $work/payload.
edit() {
	case $1 in
	kernel/Makefile)	edit_makefile ;;
	kernel/.gitignore)	grep -vE "$old_names" || : ;;
	init/Kconfig)		edit_kconfig ;;
	Documentation/admin-guide/index.rst)
		edit_toctree "$1" kernel-per-CPU-kthreads kernel-parameters ;;
	Documentation/kbuild/index.rst)
		edit_toctree "$1" headers_install kconfig ;;
	MAINTAINERS)		edit_maintainers ;;
	esac
}

# Mainline's rules go, the include line comes last. A unit is an assignment
# with its continuation lines, a rule with its recipe, define to endef, a block
# of comments, or a blank line. What a unit defines decides whether it goes;
# out of a list (clean-files and such) only our words go, unless they are all.
# A comment goes with the lines right below it, if all of those go. Whatever
# else names kheaders stays, and the caller refuses the tree.
edit_makefile() {
	awk -v old="$old_names" -v hook="$hook_makefile" '
	function name(s) {		# what the unit defines
		sub(/\n.*/, "", s)
		sub(/^define[ \t]+/, "", s)
		sub(/[ \t]*([:?+]?=|:).*/, "", s)
		return s
	}
	function all_old(s,	n, i, w) {
		n = split(s, w, /[ \t]+/)
		for (i = 1; i <= n; i++)
			if (w[i] != "" && w[i] !~ old)
				return 0
		return n > 0
	}
	function without_words(s,	n, i, l, out) {
		n = split(s, l, "\n")
		for (i = 1; i <= n; i++) {
			gsub("[ \t]+[^ \t]*(" old ")[^ \t]*", "", l[i])
			if (l[i] !~ /^[ \t]*\\?$/)
				out = out (out == "" ? "" : "\n") l[i]
		}
		sub(/[ \t]*\\$/, "", out)
		return out ~ /=[ \t]*$/ ? "" : out
	}
	{
		if ($0 ~ /^\t/ && kind[n] == "blank" && kind[n - 1] == "code") {
			text[n - 1] = text[n - 1] "\n" text[n]
			n--
		}
		if (more || define || (/^\t/ && kind[n] == "code") ||
		    (/^#/ && kind[n] == "comment")) {
			text[n] = text[n] "\n" $0
		} else {
			text[++n] = $0
			kind[n] = /^[ \t]*$/ ? "blank" : /^#/ ? "comment" : "code"
			define = /^define[ \t]/
		}
		more = /\\$/
		if (/^endef/)
			define = 0
	}
	END {
		for (i = 1; i <= n; i++) {
			if (kind[i] != "code" || text[i] !~ old ||
			    text[i] ~ /^ *(else|endif|ifn?def|ifn?eq)/)
				continue
			if (all_old(name(text[i])))
				gone[i] = 1
			else if (text[i] ~ /^(targets|(no-)?clean-files|extra-|always|obj-)/) {
				text[i] = without_words(text[i])
				gone[i] = text[i] == ""
			}
		}
		for (i = 1; i <= n; i++) {
			if (kind[i] != "comment")
				continue
			for (j = i + 1; kind[j] == "code" && gone[j]; j++)
				;
			gone[i] = text[i] ~ old || (j > i + 1 && kind[j] != "code")
		}
		blank = 1
		for (i = 1; i <= n; i++) {
			if (gone[i]) {
				cut = 1
			} else if (kind[i] != "blank" || !blank || !cut) {
				print text[i]
				blank = kind[i] == "blank"
				cut = 0
			}
		}
		if (!blank)
			print ""
		print hook
	}'
}

# The source line takes the place of mainline's entry (IKHEADERS_PROC in the
# early ones), or else follows IKCONFIG_PROC. With neither it is left out, and
# the caller refuses the tree.
edit_kconfig() {
	awk -v hook="$hook_kconfig" '
	{ line[NR] = $0 }
	/^(menu)?config[ \t]/ { symbol[NR] = $2 }
	END {
		for (i in symbol) {
			i += 0
			last = i
			for (j = i + 1; j <= NR && line[j] !~ /^[^# \t]/; j++)
				if (line[j] ~ /^[ \t]+[^ \t]/)
					last = j
			if (symbol[i] == "IKCONFIG_PROC")
				anchor = last
			if (symbol[i] !~ /^IKHEADERS(_PROC)?$/)
				continue
			for (first = i; line[first - 1] ~ /^#/; first--)
				;
			end[first] = last
			if (!place || first < place)
				place = first
		}
		for (i = 1; i <= NR; i++) {
			if (i in end) {
				if (i == place)
					print hook
				else
					while (line[end[i] + 1] == "" && end[i] < NR)
						end[i]++
				i = end[i]
				continue
			}
			print line[i]
			if (i == anchor && !place)
				print "\n" hook
		}
	}'
}

# edit_toctree INDEX NEIGHBOUR...: below the first of the neighbours that is
# there. Older trees have none, and are fine without.
edit_toctree() {
	if ! grep -qx "${1%/*}/kheaders\.rst" "$work/payload"; then
		cat
		return
	fi
	shift
	awk -v names="$*" '
	{ line[NR] = $0 }
	END {
		n = split(names, name, " ")
		for (k = 1; k <= n && !at; k++)
			for (i = 1; i <= NR && !at; i++)
				if (line[i] ~ "^[ \t]+" name[k] "$")
					at = i
		for (i = 1; i <= NR; i++) {
			print line[i]
			if (i == at) {
				sub(/[^ \t].*/, "kheaders", line[i])
				print line[i]
			}
		}
	}'
}

# No M: line: who maintains it in somebody else's tree is theirs to say.
edit_maintainers() {
	{
		printf '%s\n' 'KHEADERS: KERNEL HEADERS AND BUILD ARTIFACTS IN /PROC' \
			'L:	linux-kbuild@vger.kernel.org' 'S:	Maintained'
		sed -e 's,/kheaders/.*,/kheaders/,' -e 's,^kernel/kheaders.*,kernel/kheaders*,' \
			-e 's,^,F:	,' "$work/payload" | sort -u
	} > "$work/entry"
	# Not all of the list is in order: among its own letter, if it has any.
	awk '
	NR == FNR { entry = entry $0 "\n"; if (NR == 1) title = $0; next }
	{ line[++n] = $0 }
	END {
		for (i = 1; i <= n; i++) {
			if (line[i] !~ /^[A-Z0-9]/ || line[i - 1] != "" || line[i + 1] !~ /^[A-Z]:[ \t]/)
				continue
			if (line[i] > title && !any)
				any = i
			if (line[i] > title && last ~ /^K/ && last < title)
				at = i
			last = line[i]
		}
		if (!at)
			at = any
		for (i = 1; i <= n; i++) {
			if (i == at)
				print entry
			print line[i]
		}
		if (!at)
			printf "\n%s", entry
	}' "$work/entry" -
}

# --- The tree ----------------------------------------------------------------

# open_tree DIR: check that it is a kernel tree, and which; make the work
# directory, elsewhere: a tree that needs nothing is not even written to.
open_tree() {
	[ -n "${1-}" ] || die "KSRC is empty: name a kernel tree, make ${0##*/} KSRC=/path/to/linux"
	[ -d "$1" ] || die "$1 is not a directory: KSRC must name the top of a kernel source tree"
	dir=$1
	tree=$(cd -- "$dir" && pwd -P) || die "cannot enter $dir: check its permissions"
	for path in kernel/Makefile.kheaders init/Kconfig.kheaders; do
		[ -f "$root/$path" ] || die "$root has no $path: take a whole checkout"
	done

	version=$(awk '
		/^(VERSION|PATCHLEVEL|SUBLEVEL|EXTRAVERSION) *=/ {
			name = $1
			sub(/[ =].*/, "", name)
			sub(/^[^=]*=[ \t]*/, "")
			if (!(name in v))
				v[name] = $0
		}
		END {
			if (v["VERSION"] != "" && v["PATCHLEVEL"] != "")
				print v["VERSION"] "." v["PATCHLEVEL"] \
					(v["SUBLEVEL"] == "" ? "" : "." v["SUBLEVEL"]) v["EXTRAVERSION"]
		}' "$tree/Makefile" 2>/dev/null) || :
	[ -n "$version" ] ||
		die "$dir is no kernel source tree (no Makefile with VERSION and PATCHLEVEL): KSRC must name its top"
	for path in kernel/Makefile init/Kconfig; do
		[ -f "$tree/$path" ] || die "$dir (linux $version) has no $path: KSRC must name a whole kernel source tree"
	done

	state=$tree/.kheaders-overlay
	todo=$tree/.kheaders-overlay.todo
	work=$(mktemp -d) || die "cannot make a directory in ${TMPDIR:-/tmp}: free some space there, or set TMPDIR"
	trap 'rm -rf "$work"' EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
	mkdir "$work/was" "$work/is"
	(payload) > "$work/payload"
}

present() {
	[ -e "$1" ] || [ -L "$1" ]
}

# same A B: the same file to a kernel build, or both absent.
same() {
	if [ -L "$1" ] || [ -L "$2" ]; then
		[ -L "$1" ] && [ -L "$2" ] && [ "$(readlink "$1")" = "$(readlink "$2")" ]
	elif [ -f "$1" ] && [ -f "$2" ]; then
		cmp -s "$1" "$2" && { if [ -x "$1" ]; then [ -x "$2" ]; else [ ! -x "$2" ]; fi; }
	else
		! present "$1" && ! present "$2"
	fi
}

# room FILE: make the directory that FILE goes to.
room() {
	[ -d "${1%/*}" ] || mkdir -p "${1%/*}"
}

# keep FROM BASE PATH: copy FROM, as it is, to BASE/PATH.
keep() {
	room "$2/$3"
	cp -pP "$1" "$2/$3"
}

# text BASE PATH: what is in a file that is kept below BASE. It can be a
# symbolic link, which leads somewhere only from its place in the tree.
text() {
	if [ -L "$1/$2" ]; then
		at=$tree/$2
		(cd "${at%/*}" && cat "$(readlink "$1/$2")")
	else
		cat "$1/$2"
	fi
}

# --- Notes of an overlay that is applied -------------------------------------
#
# .kheaders-overlay/manifest holds a line KIND SUM PATH for each file: add,
# replace, edit or remove, and the checksum of what was put there; and one for
# each directory that was made. What stood there before is in orig/, an edited
# file as it was put there in new/.

# Whose overlay is in the tree? none: nobody's. ours: that of these notes. past:
# there are notes, but both hooks are gone: git put another tree in the place of
# the one they are about. foreign: there are hooks, but no notes.
# $noted is the files that the notes name, $altered those of them that are there
# and are not what was put there.
read_notes() {
	if grep -q '^include .*Makefile\.kheaders$' "$tree/kernel/Makefile" ||
	   grep -q '^source .*Kconfig\.kheaders"$' "$tree/init/Kconfig"; then
		overlay=foreign
		[ ! -f "$state/manifest" ] || overlay=ours
	else
		overlay=none
		[ ! -f "$state/manifest" ] || overlay=past
	fi
	manifest=/dev/null
	[ ! -f "$state/manifest" ] || manifest=$state/manifest
	awk '$1 != "dir" { print $3 }' "$manifest" > "$work/noted"
	awk '$1 == "dir" { print $3 }' "$manifest" > "$work/noted-dirs"
	(cd "$tree"; xargs -r sha256sum < "$work/noted" 2> /dev/null) |
		awk 'NR == FNR { sum[$3] = $2; next } sum[$2] != $1 { print $2 }' "$manifest" - > "$work/altered"
	noted=$(cat "$work/noted")
	noted_dirs=$(cat "$work/noted-dirs")
	altered=$(cat "$work/altered")
}

# in_list PATH LIST
in_list() {
	case "
$2
" in
	*"
$1
"*)	return 0 ;;
	esac
	return 1
}

# was PATH: keep in was/ what stands at PATH without the overlay, if anything.
was() {
	[ ! -d "$tree/$1" ] || die "$dir/$1 is a directory, where kheaders has a file: move it away"
	from=$tree/$1
	if in_list "$1" "$noted"; then
		case $overlay in
		ours)	from=$state/orig/$1 ;;
		past)	! present "$from" || in_list "$1" "$altered" || from=$state/orig/$1 ;;
		esac
	fi
	! present "$from" || keep "$from" "$work/was" "$1"
}

# stage_payload: fill is/ with the payload.
stage_payload() {
	{ tar -cf "$work/payload.tar" -C "$root" -T "$work/payload" &&
	  tar -xmf "$work/payload.tar" -C "$work/is"; } 2> "$work/said" ||
		die "can't copy kheaders to $work: $(head -n 1 "$work/said"); is there room? Another directory: TMPDIR=DIR"
	find "$work/is" ! -type d -perm -100 -exec chmod 755 {} +
	find "$work/is" ! -type d ! -perm -100 -exec chmod 644 {} +
}

# settle: the payload in is/ as it is in patches. What a build would ask of the
# tree is asked here, and what only other kernels need goes, with the questions.
settle() {
	in_list scripts/kheaders/have.sh "$(cat "$work/payload")" || return 0
	command -v unifdef > /dev/null ||
		die "no unifdef here, to pick the code that linux $version needs: install it (package unifdef)"
	sh "$work/is/scripts/kheaders/have.sh" "$tree" > "$work/have.h" || exit
	cp -R "$work/is/kernel" "$work/kernel"
	for path in $(grep -xE 'kernel/kheaders[^/]*\.[ch]' "$work/payload"); do
		unifdef -x 2 -B -f "$work/have.h" -o "$work/text" "$work/$path" ||
			die "unifdef cannot read $path of $root, see above"
		# An #elif that comes first now was made "#if   defined(X)".
		sed -e '/kheaders_have\.h/d' -e 's/^#if  *defined(\([A-Z0-9_]*\))$/#ifdef \1/' \
			"$work/text" > "$work/settled"
		cat -s "$work/settled" > "$work/is/$path"
	done
	# Without the paragraph with its rules.
	awk -v RS= '!/kheaders_have\.h/ { printf "%s%s\n", more++ ? "\n" : "", $0 }' \
		"$work/kernel/Makefile.kheaders" > "$work/is/kernel/Makefile.kheaders"
	rm "$work/is/scripts/kheaders/have.sh"
	sed -i '/^scripts\/kheaders\/have\.sh$/d' "$work/payload"
}

# stage_apply: fill was/ and is/ with the trees without and with the overlay,
# whose payload is in is/ already.
stage_apply() {
	for path in $(cat "$work/payload") $superseded; do
		was "$path"
	done
	for path in $edits; do
		was "$path"
		! present "$work/was/$path" || stage_edit "$path"
	done
	for path in $noted; do		# what an older payload had
		present "$work/is/$path" || in_list "$path" "$superseded" || stage_revert "$path"
	done

	grep -qxF "$hook_kconfig" "$work/is/init/Kconfig" ||
		die "init/Kconfig of $dir (linux $version) has no entry IKCONFIG_PROC to stand beside: give it one, or teach edit_kconfig in scripts/overlay/lib.sh"
	for path in kernel/Makefile init/Kconfig; do
		left=$(grep -nE "$old_names" "$work/is/$path" | grep -vF -e "$hook_makefile" -e "$hook_kconfig" | head -n 1)
		[ -z "$left" ] ||
			die "$path of $dir (linux $version) names kheaders in a way not known here, \"${left#*:}\": take that out by hand, or teach scripts/overlay/lib.sh"
	done
}

stage_edit() {
	room "$work/is/$1"
	if [ -L "$work/was/$1" ]; then
		cp -pL "$tree/$1" "$work/is/$1"
	else
		cp -p "$work/was/$1" "$work/is/$1"
	fi
	text "$work/was" "$1" > "$work/text"
	edit "$1" < "$work/text" > "$work/is/$1"
	! cmp -s "$work/text" "$work/is/$1" || keep "$work/was/$1" "$work/is" "$1"
}

stage_revert() {
	was "$1"
	! present "$work/was/$1" || keep "$work/was/$1" "$work/is" "$1"
}

# refuse_changed: what somebody changed since apply must not be lost.
refuse_changed() {
	[ "$overlay" = ours ] || return 0
	for path in $altered; do
		in_list "$path" "$edits" || same "$tree/$path" "$state/orig/$path" || same "$tree/$path" "$work/is/$path" ||
			die "$path in $dir was changed since apply: carry that over to $root, or delete the file"
	done
}

# merge_edits: an edited file that was edited further keeps that.
merge_edits() {
	[ "$overlay" = ours ] || return 0
	for path in $edits; do
		if [ ! -f "$state/new/$path" ] || [ ! -f "$tree/$path" ] ||
		   cmp -s "$state/new/$path" "$tree/$path"; then
			continue
		fi
		text "$work/is" "$path" > "$work/text"
		! cmp -s "$work/text" "$tree/$path" || continue
		merge "$state/new/$path" "$tree/$path" "$work/text" > "$work/merged" ||
			die "$path in $dir was changed where kheaders edits it: put that part back, see diff -u $state/new/$path $tree/$path"
		rm -f "$work/is/$path"
		cp -pL "$tree/$path" "$work/is/$path"
		cmp -s "$work/merged" "$work/is/$path" || cat "$work/merged" > "$work/is/$path"
	done
}

# merge BASE MINE OTHER: MINE, with what was done from BASE to OTHER done to it
# as well; fails where both put something else in place of one line. (diff3
# would also refuse lines that only stand side by side, such as one that was
# added below our last one.)
merge() {
	diff "$1" "$2" > "$work/mine" || [ $? = 1 ] || return
	diff "$1" "$3" > "$work/other" || [ $? = 1 ] || return
	awk '
	side == 0 { base[++n] = $0; next }
	/^[0-9]/ {			# as in 5a6,7 or 3,4c3 or 8d7
		op = $0
		gsub(/[0-9,]/, "", op)
		split($0, half, op)
		if (split(half[1], range, ",") == 1)
			range[2] = range[1]
		at = side " " op " " range[1]
		sub(/[cd]/, "=", at)
		for (i = range[1]; op != "a" && i <= range[2] + 0; i++) {
			cut[side, i] = at
			inside[side, i] = i < range[2] + 0
		}
		next
	}
	/^> / { put[at] = put[at] substr($0, 3) "\n" }
	function both(one, two) {	# of two texts for the same place
		if (one != "" && two != "" && one != two)
			clash = 1
		return one == two ? one : one two
	}
	END {
		for (i = 0; i <= n; i++) {
			mine = cut[1, i]
			other = cut[2, i]
			if (mine != "" && other != "")
				both(put[mine], put[other])
			if (mine != "" || other != "")
				printf "%s", both(put["1 = " i], put["2 = " i])
			else if (i)
				print base[i]
			if ((inside[1, i] && put["2 a " i] != "") || (inside[2, i] && put["1 a " i] != ""))
				clash = 1
			printf "%s", both(put["1 a " i], put["2 a " i])
		}
		exit clash
	}' side=0 "$1" side=1 "$work/mine" side=2 "$work/other"
}

# --- Commit: nothing of the tree is touched before all of this is known ------
#
# $todo holds everything that is to change: put/, the lists mkdir, del and
# rmdir, and state/, the next .kheaders-overlay (none: there shall be none).
# Once it has that name, there is only moving and deleting left to do, which
# can be done again from the start: whoever is interrupted leaves what the
# next run finishes.

# write_notes: state/ as it shall be after apply.
write_notes() {
	mkdir -p "$work/todo/state"
	for path in $(paths); do
		if ! present "$work/is/$path"; then
			! present "$work/was/$path" || echo "remove $path"
		elif ! present "$work/was/$path"; then
			echo "add $path"
		elif same "$work/was/$path" "$work/is/$path"; then
			continue
		elif in_list "$path" "$edits"; then
			echo "edit $path"
			keep "$work/is/$path" "$work/todo/state/new" "$path"
		else
			echo "replace $path"
		fi
		! present "$work/was/$path" || keep "$work/was/$path" "$work/todo/state/orig" "$path"
	done > "$work/kinds"
	(cd "$work/is" && find . ! -type d -exec sha256sum {} +) |
		awk 'NR == FNR { sum[substr($2, 3)] = $1; next }
			{ print $1, $2 in sum ? sum[$2] : "-", $2 }' - "$work/kinds" > "$work/todo/state/manifest"
	awk '$1 == "add" { while (sub("/[^/]*$", "", $2)) print $2 }' "$work/kinds" | sort -u > "$work/parents"
	for path in $(cat "$work/parents"); do
		if [ ! -d "$tree/$path" ] || in_list "$path" "$noted_dirs"; then
			echo "dir - $path"
		fi
	done >> "$work/todo/state/manifest"
}

paths() {
	{
		cat "$work/noted"
		cd "$work"
		find was is ! -type d | sed 's,^[^/]*/,,'
	} | sort -u
}

# write_todo: what has to change in the tree; fails if nothing has to.
write_todo() {
	: > "$work/same"
	: > "$work/todo/del"
	for path in $(paths); do
		if same "$tree/$path" "$work/is/$path"; then
			echo "$path" >> "$work/same"
		elif ! present "$work/is/$path"; then
			echo "$path" >> "$work/todo/del"
		fi
	done
	mv "$work/is" "$work/todo/put"
	(cd "$work/todo/put" && xargs rm -f < "$work/same")
	awk '$1 == "dir" { print $3 }' "$work/todo/state/manifest" > "$work/todo/mkdir"
	grep -vxF -f "$work/todo/mkdir" "$work/noted-dirs" | sort -r > "$work/todo/rmdir" || :
	[ -n "$(find "$work/todo/put" ! -type d)" ] || [ -s "$work/todo/del" ] ||
		! cmp -s "$work/todo/state/manifest" "$manifest"
}

commit() {
	for path in $(cd "$work/todo" && find put ! -type d | cut -c 5-; cat del 2>/dev/null); do
		at=$path
		while [ "$at" != "${at%/*}" ]; do
			at=${at%/*}
			[ ! -L "$tree/$at" ] ||
				die "$dir/$at is a symbolic link to a directory, and $path would go elsewhere: copy that directory in"
			[ ! -d "$tree/$at" ] || [ -w "$tree/$at" ] || die "$dir/$at is not writable: make it so, or work on a copy"
		done
	done
	[ -w "$tree" ] || die "$dir is not writable: make it so, or work on a copy"
	rm -rf "$todo.new"
	cp -pPR "$work/todo" "$todo.new" 2> "$work/error" || {
		rm -rf "$todo.new"
		die "cannot write to $dir, which is left as it was: $(head -n 1 "$work/error")"
	}
	mv "$todo.new" "$todo"
	finish
}

# finish: do what stands in $todo; also what an earlier run was killed in.
finish() {
	rm -rf "$todo.new"
	[ -d "$todo" ] || return 0
	trap '' HUP INT TERM
	stuck="stopped halfway in $dir: mend what is said above, then make apply or revert again"
	for path in $(cat "$todo/mkdir" 2>/dev/null); do
		mkdir -p "$tree/$path" || die "$stuck"
	done
	for path in $(cd "$todo" && find put ! -type d | cut -c 5-); do
		mv -f "$todo/put/$path" "$tree/$path" || die "$stuck"
	done
	for path in $(cat "$todo/del" 2>/dev/null); do
		rm -f "$tree/$path" || die "$stuck"
	done
	for path in $(cat "$todo/rmdir" 2>/dev/null); do
		rmdir "$tree/$path" 2> /dev/null || [ ! -d "$tree/$path" ] || case ${left-} in
		*" $path/"*)	;;
		*)		left="${left-} $path" ;;
		esac
	done
	if [ -d "$todo/state" ]; then
		rm -rf "$state"
		[ ! -s "$todo/state/manifest" ] || mv "$todo/state" "$state" || die "$stuck"
	fi
	mv "$todo" "$todo.new"
	rm -rf "$todo.new"
}
