# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC2013,SC2034,SC2154 # no path has blanks; engine.sh shares names
#
# What apply, revert and patch know of kernels: which files are edited, and how,
# and which files of this repository land there, by the table in changes.

# What is in the names of mainline's kheaders, in all its versions.
old_names='[Kk][Hh][Ee][Aa][Dd][Ee][Rr][Ss]|genikh|gen_ikh'

# --- The table ---------------------------------------------------------------

table=$root/scripts/overlay/changes
tab=$(printf '\t')

# paths_to ACTION: the paths of the rows with that action.
paths_to() {
	awk -F '\t+' -v action="$1" '!/^#/ && $2 == action { print $3 }' "$table"
}

# column N PATH: column N of the row for PATH.
column() {
	awk -F '\t+' -v n="$1" -v path="$2" '!/^#/ && $3 == path { print $n }' "$table"
}

# hook PATH: the line in that file that makes kheaders part of the build.
hook() {
	column 5 "$1"
}

edits=$(paths_to edit)
removals=$(paths_to remove)

# --- The kernel --------------------------------------------------------------

# check_kernel: refuse what is not a kernel tree; set $version.
check_kernel() {
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
		die "$dir is not a kernel source tree (no Makefile with VERSION and PATCHLEVEL): KSRC must name its top"
	for path in kernel/Makefile init/Kconfig; do
		[ -f "$tree/$path" ] || die "$dir (linux $version) has no $path: KSRC must name a whole kernel source tree"
	done
}

# hooked: whether such lines are in the tree, also those of older overlays.
hooked() {
	grep -q '^include .*Makefile\.kheaders$' "$tree/kernel/Makefile" ||
	grep -q '^source .*Kconfig\.kheaders"$' "$tree/init/Kconfig"
}

# --- Edits -------------------------------------------------------------------

# edit PATH: stdin is that file, stdout the edited file.
edit() {
	program=$(column 4 "$1")
	argument=$(column 5 "$1")
	case $program in
	neighbour)
		grep -q "^${1%/*}/kheaders[./]" "$work/payload" || argument= ;;
	maintainers)
		argument=$(maintainers_entry) ;;
	esac
	OLD_NAMES=$old_names ARGUMENT=$argument awk -f "$root/scripts/overlay/edits/$program.awk"
}

# maintainers_entry: the entry for the files that land. patch knows who signs, and
# sets $maintainer; apply knows nobody.
maintainer=
maintainers_entry() {
	echo 'KHEADERS: KERNEL HEADERS AND BUILD ARTIFACTS IN /PROC'
	if [ -n "$maintainer" ]; then
		printf '%s\t%s\n' M: "$maintainer" S: Maintained
	else
		printf '%s\t%s\n' S: Orphan
	fi
	awk 'NR == FNR { lands[$1]; next } $2 in lands { print "F:\t" $3 }' \
		"$work/payload" "$work/changes" | sort -u
}

# check_edits: refuse a tree of unknown shape, by what the edits made of it.
check_edits() {
	grep -qxF "$(hook init/Kconfig)" "$work/is/init/Kconfig" ||
		die "init/Kconfig of $dir (linux $version) has no entry IKCONFIG_PROC, which ours goes below: add it, or teach scripts/overlay/edits/kconfig.awk this shape"
	for path in kernel/Makefile init/Kconfig; do
		left=$(grep -nE "$old_names" "$work/is/$path" | grep -vF "$(hook "$path")" | head -n 1)
		[ -z "$left" ] ||
			die "$path of $dir (linux $version) names kheaders in a way not known here, \"${left#*:}\": take that out by hand, or teach scripts/overlay/edits this shape"
	done
}

# --- The payload -------------------------------------------------------------

# matching PATTERN: rows of $work/changes for the files that match.
matching() {
	for file in $files; do
		# shellcheck disable=SC2254 # a pattern
		case $file in
		$1)	echo "$patch $file $path" ;;
		esac
	done
}

# read_payload: write the files that land to $work/payload, and the table to
# $work/changes, as PATCH FILE PATH, with a row for each file.
read_payload() {
	for path in kernel/Makefile.kheaders init/Kconfig.kheaders; do
		[ -f "$root/$path" ] || die "$root has no $path: take a whole checkout"
	done
	command -v git >/dev/null ||
		die "no git here, to tell the files of $root from what .gitignore excludes: install it (package git)"
	{ list_files >"$work/files" 2>"$work/said" && [ ! -s "$work/said" ]; } ||
		die "git cannot list the files of $root: $(head -n 1 "$work/said")"
	files=$(cat "$work/files")
	while IFS=$tab read -r patch action path rest; do
		case $patch:$action:$path in
		'#'*)	;;
		*:add:*/) matching "$path*" ;;
		*:add:*) matching "$path" ;;
		*:edit:*|*:remove:*) echo "$patch $path $path" ;;
		*)	die "scripts/overlay/changes has the row \"$patch\" without an action: put tabs between its columns" ;;
		esac
	done <"$table" >"$work/changes"
	awk 'NR == FNR { file[$1]; next } $2 in file { print $2 }' \
		"$work/files" "$work/changes" >"$work/payload"
}

# list_files: the files of the rows "add" that .gitignore does not exclude. git is
# asked with an empty repository, so that new files are listed, too, and the files
# of a release without .git.
list_files() (
	only_these_settings
	set -f
	git init -q --bare --template= "$work/list.git" || exit
	# shellcheck disable=SC2046 # a list of names
	git -C "$root" --git-dir="$work/list.git" --work-tree=. \
		ls-files --others --exclude-standard -- $(paths_to add)
)

# only_these_settings: hide other repositories, and the settings of the user and the
# machine, from git.
only_these_settings() {
	# shellcheck disable=SC2046 # a list of names
	unset XDG_CONFIG_HOME $(git rev-parse --local-env-vars)
	export HOME="$work" GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 GIT_ATTR_NOSYSTEM=1
}

# stage_payload: copy the files that land to is/.
stage_payload() {
	read_payload
	{ tar -cf "$work/payload.tar" -C "$root" -T "$work/payload" &&
	  tar -xmf "$work/payload.tar" -C "$work/is"; } 2>"$work/said" ||
		die "can't copy kheaders to $work: $(head -n 1 "$work/said"); is there room? Another directory: TMPDIR=DIR"
	find "$work/is" ! -type d -perm -100 -exec chmod 755 {} +
	find "$work/is" ! -type d ! -perm -100 -exec chmod 644 {} +
}

# settle: turn the payload in is/ into that of patches. have.sh is called here, for this
# kernel, and not in each build. Code that only other kernels need is removed, and so are
# the rules that call have.sh.
settle() {
	in_list scripts/kheaders/have.sh "$(cat "$work/payload")" || return 0
	command -v unifdef >/dev/null ||
		die "no unifdef here, to pick the code that linux $version needs: install it (package unifdef)"
	sh "$work/is/scripts/kheaders/have.sh" "$tree" >"$work/have.h" || exit
	cp -R "$work/is/kernel" "$work/kernel"
	for path in $(grep -xE 'kernel/kheaders[^/]*\.[ch]' "$work/payload"); do
		unifdef -x 2 -B -f "$work/have.h" -o "$work/text" "$work/$path" ||
			die "unifdef cannot read $path of $root, see above"
		# unifdef makes "#if   defined(X)" of an #elif that comes first now.
		sed -e '/kheaders_have\.h/d' -e 's/^#if  *defined(\([A-Z0-9_]*\))$/#ifdef \1/' \
			"$work/text" >"$work/settled"
		cat -s "$work/settled" >"$work/is/$path"
	done
	# Without the paragraph with the rules of kheaders_have.h.
	awk -v RS= '!/kheaders_have\.h/ { printf "%s%s\n", more++ ? "\n" : "", $0 }' \
		"$work/kernel/Makefile.kheaders" >"$work/is/kernel/Makefile.kheaders"
	rm "$work/is/scripts/kheaders/have.sh"
	sed -i '/^scripts\/kheaders\/have\.sh$/d' "$work/payload"
}
