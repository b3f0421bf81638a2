#!/bin/bash
# What log, show and diff print, to people and to scripts: shapes and formats, colours and the
# pager as git has them, and nothing that a candidate wrote drives a terminal.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

export TERM=xterm-256color
unset NO_COLOR GIT_PAGER PAGER LESS COLUMNS
esc=$'\033'

# on_terminal <command>: what a terminal gets, without its carriage returns.
on_terminal() {
	script -qefc "$1" /dev/null </dev/null | tr -d '\r'
}

# A pager that marks each line, and tells at its end that it had one.
mkdir "$scratch/bin"
cat >"$scratch/bin/marker" <<-'PAGER'
	#!/bin/sh
	echo "LESS=$LESS GIT_PAGER_IN_USE=$GIT_PAGER_IN_USE"
	sed 's/^/| /'
PAGER
chmod +x "$scratch/bin/marker"
PATH=$PATH:$scratch/bin

new_repo look
configure <<-'CONFIG'
[verdict]
	minEffect = 1%
[search]
	patience = 0
CONFIG
proposer=$(proposer it <<-'SCRIPT'
	#!/bin/sh
	case $AUTORESEARCH_EXPERIMENT in
	1) echo 90 >value; echo 'make it less' ;;
	2) echo 95 >value; printf 'go up \033[2J\n\nThe rationale.\n' ;;
	3) echo 89.9 >value; echo 'hardly less' ;;
	4) echo '$(exit 1)' >value; echo 'no number' ;;
	5) echo 1 >other; echo 'out of bounds' ;;
	6) printf '80 \033[8mhidden\033[m\n' >value; echo 'hide' ;;
	*) exit 125 ;;
	esac
SCRIPT
)
need_audit 'a campaign to look at'
git autoresearch start --proposer=command --proposer-command="$proposer" --candidates=1 \
	>"$scratch/out" 2>&1
check_equal 'six experiments of five kinds' \
	'accepted rejected indecisive failed invalid failed' \
	"$(git autoresearch log --reverse --format='%(verdict)' | xargs)"

note 'log: which ones'
numbers() {
	git autoresearch log --format='%(experiment)' "$@" | xargs
}
check_equal 'the newest first' '6 5 4 3 2 1' "$(numbers)"
check_equal 'so many' '6 5' "$(numbers -n 2)"
check_equal 'the oldest of them first' '5 6' "$(numbers -n 2 --reverse)"
check_equal 'of one verdict' '1' "$(numbers --accepted)"
check_equal 'and of several' '6 5 4' "$(numbers --verdict=failed --verdict=invalid)"
check_equal 'since a date that git understands' '6 5 4 3 2 1' "$(numbers --since='2 hours ago')"
check_equal 'until one' '' "$(numbers --until=yesterday)"
check_status 'two at once make no sense' 129 git autoresearch log --accepted --rejected
check_status 'nor does a verdict that is none' 129 git autoresearch log --verdict=bad
check 'which is told' grep -qx "fatal: 'bad' is no verdict" "$scratch/err"

note 'log: how'
check_equal 'a line is aligned' '    1  accepted              90    -10.0%  make it less' \
	"$(git autoresearch log | tail -n 1)"
check_equal 'a format has letters as git has them' \
	"$(git log -1 --format='%H %h %s' --abbrev=10 autoresearch/main)" \
	"$(git autoresearch log --format='%H %h %s' --accepted)"
check_equal 'and the trailers' "$(git log -1 --format='%(trailers:key=Verdict,valueonly)' autoresearch/main)" \
	"$(git autoresearch log --accepted --format='%(trailers:key=Verdict,valueonly)')"
check_equal 'and names of the rest' '2 rejected 95 90 +5.56% B|A' "$(git autoresearch log --verdict=rejected \
	--format='%(experiment) %(verdict) %(metric) %(baseline) %(change) %(audit.level)' | sed 's/ [AB]$/ B|A/')"
check_status 'a placeholder that is none is refused' 129 git autoresearch log --format='%h %Q'
check 'by name' grep -q "begins at '%Q'" "$scratch/err"
check 'medium has the rationale' grep -qx '    The rationale.' <(git autoresearch log --format=medium)
check_equal 'json is an object a line' 6 "$(git autoresearch log --json | jq -s length)"
check_equal 'porcelain has eleven fields' 11 \
	"$(git autoresearch log --porcelain | awk -F '\t' '{ print NF }' | sort -u)"
check_equal 'of which the first are these' '4 failed no-metric' \
	"$(git autoresearch log --porcelain | awk -F '\t' '$1 == 4 { print $1, $2, $3 }')"
check_equal '-z ends each with a NUL' 6 "$(git autoresearch log --porcelain -z | tr -dc '\0' | wc -c)"

note 'show'
check_equal 'without a number it is the newest' "$(git autoresearch show 6)" "$(git autoresearch show)"
why() {
	git autoresearch show "$1" | sed -n 's/^why *//p'
}
check_equal 'why one was accepted' '10 (10%) better than the incumbent' "$(why 1)"
check_equal 'and one was not' '5 (5.56%) worse than the incumbent' "$(why 2)"
check_equal 'and nobody knows' \
	'0.1 (0.111%) better than the incumbent; less than verdict.minEffect, 1%' "$(why 3)"
check_equal 'and one may not be' 'it changes other, which it may not' "$(why 5)"
check 'the patch stands in it' grep -qx -e '+95' <(git autoresearch show 2)

note 'diff'
change() {
	git autoresearch diff "$@" | grep '^[-+][^-+]' | xargs
}
check_equal 'of one, against its base' '-90 +95' "$(change 2)"
check_equal 'it is what git prints' \
	"$(git diff "$(git autoresearch log --format=%P --verdict=rejected)" "$(git autoresearch log --format=%H --verdict=rejected)")" \
	"$(git autoresearch diff 2)"
check_equal 'of two' '-95 +89.9' "$(change 2 3)"
check_equal 'from the baseline' '-100 +95' "$(change 0 2)"
check_equal 'names alone' value "$(git autoresearch diff --name-only 2)"
check_equal 'with paths' '' "$(git autoresearch diff 0 2 -- program.md)"
check 'what was proposed of an invalid one' grep -qx -e '+1' <(git autoresearch diff 5 2>"$scratch/err")
check 'which is told' grep -q '^warning: experiment 5 is invalid' "$scratch/err"
check_status 'but it has no tree' 128 git autoresearch diff 5 2
check_status 'one that there is not is fatal' 128 git autoresearch diff 99
check 'with a hint' grep -q '^hint: git autoresearch log' "$scratch/err"
git config diff.evil.command "touch $scratch/started"
git config diff.evil.textconv "touch $scratch/started;cat"
echo '* diff=evil' >.git/info/attributes
GIT_EXTERNAL_DIFF="touch $scratch/started" git autoresearch diff 2 >"$scratch/out"
check_not 'no attribute starts a program' test -e "$scratch/started"
check 'and the diff is there' grep -qx -e '+95' "$scratch/out"
rm .git/info/attributes

note 'Colours'
colored() {
	grep -qF "${esc}["
}
check_not 'a pipe gets none' colored < <(git autoresearch log)
check 'a terminal does' colored < <(on_terminal 'git autoresearch -P log')
check 'accepted is green' grep -qF "${esc}[32maccepted" <(git autoresearch log --color)
check_not 'NO_COLOR means none' colored < <(on_terminal 'NO_COLOR=1 git autoresearch -P log')
check_not 'nor does a dumb terminal' colored < <(on_terminal 'TERM=dumb git autoresearch -P log')
check 'which --color overrides' colored < <(NO_COLOR=1 git autoresearch log --color=always)
check_not 'color.ui is obeyed' colored < <(on_terminal 'git -c color.ui=never autoresearch -P log')
check 'always' colored < <(git -c color.ui=always autoresearch log)
check 'color.autoresearch wins over it' colored < <(git -c color.ui=never -c color.autoresearch=always autoresearch log)
for scope in local global; do
	git config --$scope color.ui always
	check "a $scope file says so" colored < <(git autoresearch log)
	check '  of one' colored < <(git autoresearch show 2)
	git config --$scope --unset color.ui
done
check_not 'and no more' colored < <(git autoresearch show 2)
check 'a diff is coloured by git' grep -qF "${esc}[31m-90" <(on_terminal 'git autoresearch -P diff 2')
check 'and a patch as git would' grep -qF "${esc}[34m-90" <(git -c color.diff.old=blue autoresearch show --color 2)
check_status 'another word is refused' 129 git autoresearch log --color=red

note 'The pager'
paged() {
	grep -q '^| '
}
for command in log 'show 1' 'diff 1' 'audit 1' prompt; do
	check "$command goes through it" paged < <(on_terminal "GIT_PAGER=marker git autoresearch $command")
done
check 'it is told what git tells one' grep -qx 'LESS=FRX GIT_PAGER_IN_USE=true' \
	<(on_terminal 'GIT_PAGER=marker git autoresearch log')
check 'it is coloured' colored < <(on_terminal 'GIT_PAGER=marker git autoresearch log')
check 'core.pager names it' paged < <(on_terminal 'git -c core.pager=marker autoresearch log')
check 'and PAGER' paged < <(on_terminal 'PAGER=marker git autoresearch log')
check 'and pager.autoresearch' paged < <(on_terminal 'git -c pager.autoresearch=marker autoresearch log')
check_not 'which may be false' paged < <(on_terminal 'PAGER=marker git -c pager.autoresearch=false autoresearch log')
git config pager.autoresearch false
check_not 'also where git did not start us' paged < <(on_terminal 'PAGER=marker git-autoresearch log')
git config --unset pager.autoresearch
check_not '--no-pager means none' paged < <(on_terminal 'PAGER=marker git --no-pager autoresearch log')
check_not 'and -P' paged < <(on_terminal 'PAGER=marker git autoresearch -P log')
check_not 'and a pipe' paged < <(PAGER=marker git autoresearch log)
check 'one that is not installed is no loss' grep -q 'make it less' <(on_terminal 'PAGER=no-such-pager git autoresearch log')
status_on_terminal() {
	script -qefc "$1" /dev/null </dev/null
}
check_status 'the exit status is ours' 0 status_on_terminal "PAGER='cat; exit 7' git autoresearch log"
check_status 'also where somebody quits early' 0 \
	status_on_terminal "PAGER='head -n 1' git autoresearch show"
check_status 'and where it is fatal' 128 status_on_terminal 'PAGER=marker git autoresearch show 99'

note 'What a candidate wrote'
check_not 'never reaches a terminal raw' grep -qE "${esc}\[(2J|8m)" <(
	for command in log 'log --format=medium' 'log --format=%B' 'log --json' 'show 2' 'show 6' 'diff 6' prompt; do
		on_terminal "git autoresearch -P $command"
	done)
check 'it is made visible' grep -qF -e '+80 \x1b[8mhidden' <(on_terminal 'git autoresearch -P diff 6')
check 'but a patch for git is what it was' grep -qF "+80 ${esc}[8mhidden" <(git autoresearch diff 6)

note 'A proposal that changes nothing'
nothing=$(proposer nothing <<-'SCRIPT'
	#!/bin/sh
	echo 'as it is'
SCRIPT
)
git autoresearch start --proposer=command --proposer-command="$nothing" --max-experiments=1 \
	>"$scratch/out" 2>&1
check_equal 'shows as that' 'it changes nothing' "$(why 7)"
check_status 'and has no diff' 128 git autoresearch diff 7
check 'which is told' grep -q '^fatal: experiment 7 is invalid (empty)' "$scratch/err"

done_testing
