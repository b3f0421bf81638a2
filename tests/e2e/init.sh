#!/bin/bash
# `git autoresearch init` writes two files, which git and we read back, and overwrites nothing.
# shellcheck disable=SC2154
. "$(dirname "$0")/lib.sh"

git init -q "$scratch/repo"
cd "$scratch/repo" || exit 1
config=.autoresearch/config

check_status 'init without options, before the first commit' 0 git autoresearch init
check 'writes the config' test -s $config
check 'and the prose' test -s .autoresearch/program.md
check 'git reads it' git config --file $config --list
check_equal 'what nobody knows has no value' '' "$(git config --file $config campaign.metric)"
check_equal 'nothing is staged' '?? .autoresearch/' "$(git status --porcelain)"
git add -A
git commit -qm one
check_status 'until it is filled in, start is fatal' 128 git autoresearch start
check 'with the file' grep -q '^fatal: .*\.autoresearch/config.*' "$scratch/err"
check 'the line, and the first key that is missing' \
	grep -q "config:$(grep -n 'metric =$' $config | cut -d: -f1): 'campaign.metric' is required" "$scratch/err"

cp $config "$scratch/config"
check_status 'again it is fatal' 128 git autoresearch init --metric=x --direction=minimize --run=true --editable=x
check 'and says that the file exists' grep -q '^fatal: .*exists already' "$scratch/err"
check 'with a hint' grep -q '^hint: ' "$scratch/err"
check 'nothing was overwritten' cmp $config "$scratch/config"
rm $config
check_status 'nor is program.md' 128 git autoresearch init
check_not 'and no half of the two is written' test -e $config
rm -r .autoresearch

note 'Values come back whatever is in them.'
mkdir sub
echo 100 >'a file'
printf 'cat "a file" >/dev/null # "quoted" \\ ; $(echo)\n\techo METRIC "loss=$(cat '\''a file'\'')"' >"$scratch/command"
cd sub || exit 1
check_status 'init with options, in a subdirectory' 0 git autoresearch init --metric=loss --direction minimize \
	--run="$(cat "$scratch/command")" --editable='a file' --editable='src/*.c'
cd .. || exit 1
check 'the files are at the top' test -e $config
check_equal 'metric' loss "$(git config --file $config campaign.metric)"
check_equal 'direction' minimize "$(git config --file $config campaign.direction)"
check_equal 'run.command' "$(cat "$scratch/command")" "$(git config --file $config run.command)"
check_equal 'campaign.editable, twice' 'a file
src/*.c' "$(git config --file $config --get-all campaign.editable)"
git add -A
git commit -qm two
check_status 'and start works with it' 3 git autoresearch start --max-experiments=1
check 'without a warning' sh -c "! grep -q warning '$scratch/err'"
check_equal 'the command ran' 100 "$(git autoresearch status --json | jq .baseline)"

note 'What cannot be right is refused, and nothing is written.'
rm -r .autoresearch
refuse() { # refuse <text> <option>...
	local text=$1
	shift
	check_status "$text" 129 git autoresearch init --metric=m --direction=minimize --run=true --editable=x "$@"
	check_not '  nothing is written' test -e .autoresearch
}
refuse 'a direction that is none' --direction=sideways
refuse 'a pathspec with magic' --editable=':!x'
refuse 'an absolute path' --editable=/etc/passwd
refuse 'an unknown option' --speed=9
refuse 'an argument' extra
check_status '-h prints the synopsis' 129 git autoresearch init -h
check 'on stdout' grep -q '^usage: git autoresearch init' "$scratch/out"

note 'Links lead nowhere.'
ln -s "$scratch/elsewhere" .autoresearch
mkdir "$scratch/elsewhere"
check_status 'a linked .autoresearch is not followed' 128 git autoresearch init
check_equal 'nothing is written there' '' "$(ls -A "$scratch/elsewhere")"

done_testing
