# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Completion of kheaders(1) for bash.

_kheaders()
{
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}
	local command=${COMP_WORDS[1]} i options='' operands=''

	COMPREPLY=()
	if [ "$COMP_CWORD" -eq 1 ]; then
		mapfile -t COMPREPLY < <(compgen -W \
			"install remove status verify path env exec sysext symvers --help --version" -- "$word")
		return
	fi
	case $before in
	--from)
		operands='file' ;;
	--root)
		operands=directory ;;
	--release)
		mapfile -t COMPREPLY < <(cd /lib/modules 2>/dev/null && compgen -d -- "$word")
		return ;;
	esac
	case $command in
	install) options="--force --from --release --root" ;;
	remove)	options="--release --stale --all --root" ;;
	status)	options="--json --from --release --root" ;;
	path|env)
		options="--from --release" ;;
	exec)	options="--from --release --" operands=${operands:-command} ;;
	verify)	options="--from --release" operands=${operands:-directory} ;;
	sysext)	options="--from --release" operands=${operands:-file} ;;
	symvers) options="--xz --release --root" operands=${operands:-file} ;;
	*)	return ;;
	esac
	# What comes after the command of exec is that command's.
	if [ "$command" = exec ]; then
		for ((i = 2; i < COMP_CWORD; i++)); do
			case ${COMP_WORDS[i]} in
			--from|--release) ((i++)) ;;
			--) ;;
			-*) ;;
			*)	operands='file' options=''; break ;;
			esac
		done
	fi
	case $word in
	-*)	mapfile -t COMPREPLY < <(compgen -W "$options --help" -- "$word") ;;
	*)	case $operands in
		file)	compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
		directory) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$word") ;;
		command) mapfile -t COMPREPLY < <(compgen -c -- "$word") ;;
		esac ;;
	esac
}
complete -F _kheaders kheaders
