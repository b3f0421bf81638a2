# Completion of git autoresearch for bash, as a part of git's own, which finds this file by its name
# and calls _git_autoresearch. What may stand where is asked of the program itself.
# shellcheck shell=bash disable=SC2034,SC2154

_git_autoresearch ()
{
	local line word before=

	# Behind a "=" that breaks words, bash completes what follows alone.
	[[ $cur != --*=* || $COMP_WORDBREAKS != *=* ]] || before=${cur%%=*}=
	COMPREPLY=()
	while IFS= read -r line; do
		case $line in
		$'\tfiles') ;; # those are what bash offers where we offer nothing
		$'\tcommits') __git_complete_refs --cur="${cur#"$before"}" ;;
		$'\tcommands') mapfile -t COMPREPLY < <(compgen -c -S ' ' -- "$cur") ;;
		*)
			# Campaigns that were fetched have names of others, who may mean the shell.
			printf -v word %q "${line%%$'\t'*}"
			[[ $word == *= ]] || word+=' '
			COMPREPLY+=("${word#"$before"}")
			;;
		esac
	done < <(__git autoresearch --complete "${words[@]:__git_cmd_idx + 1:cword - __git_cmd_idx}")
}

# As a command of its own.
declare -F __git_complete >/dev/null || _completion_loader git
__git_complete git-autoresearch _git_autoresearch
