#!/bin/bash
# Not sanitized: it looks at what shells make of it.
# What a shell offers behind "git autoresearch": commands, options, campaigns, experiments and files,
# in bash, zsh and fish as they are, through git's completion and for the command by itself.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

share=$scratch/share
mkdir -p "$share"/bash-completion/completions "$share"/fish/vendor_{completions,conf}.d
ln -s "$top/src/completion/git-autoresearch.bash" "$share/bash-completion/completions/"
ln -s "$top/src/completion/git-autoresearch.fish" "$share/fish/vendor_completions.d/"
ln -s "$top/src/completion/conf.d/git-autoresearch.fish" "$share/fish/vendor_conf.d/"
export XDG_DATA_DIRS=$share:/usr/share

# complete_in <shell> <line>: what is offered at the end of the line, a word each.

# The words as readline has them: broken at = too.
complete_in_bash() {
	bash --norc --noprofile -c '
		. /usr/share/bash-completion/bash_completion
		COMP_LINE=$1 COMP_POINT=${#1} COMP_WORDS=()
		while IFS= read -r word; do
			COMP_WORDS+=("$word")
		done < <(printf "%s\n" "$1" | sed "s/=/\n=\n/g; s/ \+/\n/g")
		COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
		_completion_loader "${COMP_WORDS[0]}"
		call=$(complete -p "${COMP_WORDS[0]}" | sed "s/.* -F \([^ ]*\) .*/\1/")
		"$call"
		printf "%s\n" "${COMPREPLY[@]}"' bash "$1" | sed 's/ $//' | sort
}

# Its line editor has to have a terminal; what it would list is caught.
complete_in_zsh() {
	mkdir -p "$scratch/zsh"
	cat >"$scratch/zsh/.zshrc" <<-'RC'
	fpath=($TOP/src/completion $fpath)
	autoload -Uz compinit && compinit -u -d $ZDOTDIR/dump
	compadd() {
		[[ ${@[1,(i)(-|--)]} != *-(O|A|D)\ * ]] || { builtin compadd "$@"; return }
		local -a hits
		builtin compadd -A hits "$@"
		print -rl -- $hits >>$ZDOTDIR/offered
		builtin compadd "$@"
	}
	type-it() { BUFFER=$LINE; CURSOR=$#BUFFER; zle complete-word; exit }
	zle -N zle-line-init type-it
	RC
	: >"$scratch/zsh/offered"
	TOP=$top ZDOTDIR=$scratch/zsh LINE=$1 TERM=xterm timeout 60 script -qec 'zsh -i' /dev/null \
		>"$scratch/zsh/screen" 2>&1 </dev/null
	sort -u "$scratch/zsh/offered" | sed '/^$/d'
}

complete_in_fish() {
	LINE=$1 fish -c 'complete -C"$LINE"' 2>/dev/null | cut -f 1 | sort
}

# offers <text> <line> <expected words in order>, in the shell that we are at.
offers() {
	check_equal "$shell: $1" "$3" "$("complete_in_$shell" "$2" | xargs)"
}

# includes <text> <line> <word>...
includes() {
	local text=$1 offered
	offered=$("complete_in_$shell" "$2")
	shift 2
	for word; do
		check "$shell: $text: $word" grep -qxF -e "$word" <<<"$offered"
	done
}

new_repo here
git autoresearch start --max-experiments=3 --proposer-command="$(proposer countdown <<'PROPOSE'
#!/bin/sh
echo $((100 - AUTORESEARCH_EXPERIMENT)) >value
echo "down to $(cat value)"
PROPOSE
)" >/dev/null 2>&1
git switch -q -c other
git autoresearch start --max-experiments=1 --proposer=sweep >/dev/null 2>&1
git switch -q main
git branch topic
check_equal 'there are two campaigns' 'main other' \
	"$(git for-each-ref --format='%(refname:lstrip=3)' refs/heads/autoresearch | xargs)"

commands=$(git autoresearch 2>&1 | sed -n 's/^   \([a-z-]*\) .*/\1/p' | sort | xargs)
# What the program says.
check_equal 'an experiment comes with what became of it' '3	accepted down to 97' \
	"$(git autoresearch --complete show 3)"
check_equal 'the newest first' '3 2 1 0' "$(git autoresearch --complete show '' | cut -f 1 | xargs)"
for words in audit accept reject promote diff 'diff 3'; do
	# shellcheck disable=SC2086
	check_equal "behind $words as well" '3 2 1 0' \
		"$(git autoresearch --complete $words '' | cut -f 1 | xargs)"
done
check_equal 'of the campaign that is named' '1 0' \
	"$(git autoresearch --complete show --campaign=other '' | cut -f 1 | xargs)"
check_equal 'or named by a word of its own' '1 0' \
	"$(git autoresearch --complete show --campaign other '' | cut -f 1 | xargs)"
check_equal 'a count is no experiment' '' "$(git autoresearch --complete log -n '')"
check_equal 'behind -- there are no options' "$(printf '\tcommands')" \
	"$(git autoresearch --complete sandbox -- --)"
check_equal 'and none of ours behind a command' "$(printf '\tfiles')" \
	"$(git autoresearch --complete sandbox ls -)"
check_equal 'an experiment, or a commit' '--from=3 --from=2 --from=1 --from=0 commits' \
	"$(git autoresearch --complete start --from= | sed 's/\(.\)\t.*/\1/' | xargs)"
check_equal 'a word of several' '--direction=maximize' \
	"$(git autoresearch --complete init --direction=ma | tr -d '\t')"
check_equal 'one kind of verdict' '--verdict=indecisive --verdict=invalid' \
	"$(git autoresearch --complete log --verdict=in | tr -d '\t' | xargs)"
check_equal 'options before the command are skipped' '3' \
	"$(cd / && git autoresearch --complete -C "$scratch/here" --no-pager show 3 | cut -f 1)"
check_equal 'and there are some' '--no-pager' "$(git autoresearch --complete --n | cut -f 1)"
check_equal 'outside a repository nothing is offered, or said' '' \
	"$(cd "$scratch" && git autoresearch --complete show '' 2>&1)"

for shell in bash zsh fish; do
	if ! command -v "$shell" >/dev/null; then
		skip "$shell" "$shell is not installed"
		continue
	elif [ "$shell" = bash ] && ! [ -e /usr/share/bash-completion/completions/git ]; then
		skip "$shell" 'bash-completion is not installed'
		continue
	fi
	offers 'commands' 'git autoresearch ' "$commands"
	offers 'of the command by itself' 'git-autoresearch st' 'start status stop'
	offers 'of git' 'git autoresearch st' 'start status stop'
	for command in log sandbox; do
		mapfile -t options < <(git autoresearch "$command" -h | grep -oE -e '--[a-z]+(-[a-z]+)*=?')
		includes "$command" "git autoresearch $command --" "${options[@]}"
	done
	offers 'campaigns' 'git autoresearch verify ' 'main other'
	offers 'experiments' 'git autoresearch show ' '0 1 2 3'
	offers 'another one' 'git autoresearch promote --squash 2 ' '0 1 2 3'
	offers 'hooks' 'git autoresearch hook pre-' 'pre-push pre-receive'
	includes 'commits' 'git autoresearch try ' topic main
	includes 'commands of others' 'git autoresearch sandbox -- ca' cat
	case $shell in
	bash)
		check_equal 'bash: what a name means to the shell is quoted' 'main other x\;\$\(id\)' \
			"$(git update-ref 'refs/heads/autoresearch/x;$(id)' main
			complete_in_bash 'git autoresearch verify ' | paste -sd ' '
			git update-ref -d 'refs/heads/autoresearch/x;$(id)')"
		offers 'a value' 'git autoresearch sandbox --phase=' 'check evaluate run setup'
		offers 'the end of one' 'git autoresearch log --campaign=o' other
		offers 'a format' 'git autoresearch export --format=' 'csv jsonl tsv'
		offers 'verdicts' 'git autoresearch log --verdict=in' 'indecisive invalid'
		# It is readline that has the files, where nothing is offered.
		offers 'nothing for a file' 'git autoresearch import va' ''
		check 'bash: and files then' grep -q -e '-o default' \
			<<<"$(bash -c '. "$1"; _completion_loader git; complete -p git' bash \
				/usr/share/bash-completion/bash_completion)"
		;;
	*)
		offers 'a value' 'git autoresearch sandbox --phase=' \
			'--phase=check --phase=evaluate --phase=run --phase=setup'
		offers 'the end of one' 'git autoresearch log --campaign=o' --campaign=other
		offers 'a format' 'git autoresearch export --format=' \
			'--format=csv --format=jsonl --format=tsv'
		offers 'verdicts' 'git autoresearch log --verdict=in' \
			'--verdict=indecisive --verdict=invalid'
		offers 'a file' 'git autoresearch import va' value
		includes 'a file behind an option' 'git autoresearch report -o va' value
		;;
	esac
done

done_testing
