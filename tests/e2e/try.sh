#!/bin/bash
# `git autoresearch try`: a change of one's own, from a commit, a patch or the working tree, is
# measured like any candidate. It is put on the incumbent; where it conflicts nothing is recorded.
# shellcheck disable=SC2154
. "$(dirname "$0")/lib.sh"

new_repo
seq 1 20 >list
echo '*.tmp' >.gitignore
mkdir folder
echo 1 >folder/a
git add -A
configure <<-'CONFIG'
[campaign]
	editable = list
	editable = folder/**
	editable = *.txt
[run]
	command = "test -e folder/wait && sleep 5; echo METRIC loss=$(cat value)"
CONFIG
nothing=$(printf '#!/bin/sh\nexit 125\n' | proposer nothing)
git config autoresearch.proposer command
git config autoresearch.proposerCommand "$nothing"

user() { # what belongs to the user
	git status --porcelain --ignored
	git rev-parse HEAD
	git symbolic-ref -q HEAD
	git stash list
	sha256sum .git/index
	find . -path ./.git -prune -o -type f -exec sha256sum {} + | sort
}
records() {
	git autoresearch log --json | wc -l
}

echo 90 >value
check_status 'without a campaign it is fatal' 128 git autoresearch try
check 'in one line' grep -q '^fatal: there is no campaign' "$scratch/err"
check 'and a hint says what to do' grep -q '^hint: .*git autoresearch start' "$scratch/err"
check_equal 'nothing was made' '' "$(git for-each-ref refs/autoresearch refs/notes refs/heads/autoresearch)"
git reset -q --hard
check_status 'a campaign' 0 git autoresearch start

note 'The working tree against HEAD.'
echo 90 >value
echo new >folder/untracked
echo ignored >folder/x.tmp
git add folder/untracked
rm folder/a
before=$(user)
check_status 'a better one exits 0' 0 git autoresearch try -m 'by hand

I thought about it.'
check_equal 'and is accepted' 'accepted 90' "$(newest '"\(.verdict) \(.metric)"')"
check_equal 'it holds untracked files, no ignored ones, and not what was removed' \
	'.autoresearch/config .autoresearch/program.md .gitignore folder/untracked list value' \
	"$(git ls-tree -r --name-only autoresearch/main | xargs)"
check_equal 'the message is -m'\''s' 'by hand

I thought about it.

Experiment: main/1' "$(git log -1 --format=%B autoresearch/main | sed '/^Experiment/q')"
check_equal 'Proposed-by: says who' try \
	"$(git log -1 --format='%(trailers:key=Proposed-by,valueonly)' autoresearch/main | xargs)"
check_equal 'working tree, index, HEAD and stash are as they were' "$before" "$(user)"
check_status 'the same again is empty, and exits 1' 1 git autoresearch try
check_equal 'as the record says' 'invalid empty' "$(newest '"\(.verdict) \(.reason)"')"
git reset -q --hard
git clean -fdxq

note 'A commit: its diff to its parent, on the incumbent.'
git checkout -q -b work
sed -i 's/^20$/twenty/' list
echo 95 >value
git commit -qam 'twenty' -m 'A longer reason.'
sed -i 's/^1$/one/' list
git commit -qam 'one'
git checkout -q main
before=$(user)
count=$(records)
check_status 'a commit that does no better exits 1' 1 git autoresearch try work
check_equal 'it is measured on the incumbent' 'rejected 90' "$(newest '"\(.verdict) \(.metric)"')"
check_equal 'and holds that commit'\''s change alone' 'one
20
new' "$(git show "$(newest .commit):list" | sed -n '1p;20p'; git show "$(newest .commit):folder/untracked")"
check_equal 'its message is the commit'\''s' one "$(newest .subject)"
check_status 'a commit that conflicts exits 128' 128 git autoresearch try work~1
check 'and says where' grep -q '^fatal: .*value' "$scratch/err"
check_equal 'nothing is recorded' "$((count + 1))" "$(records)"
check_equal 'everything of the user'\''s is as it was' "$before" "$(user)"
git commit -q --allow-empty -m 'nothing'
check_status 'a commit without a change is recorded as empty' 1 git autoresearch try HEAD
check_equal '  so' 'invalid empty' "$(newest '"\(.verdict) \(.reason)"')"
check_status 'a commit that is not there is fatal' 128 git autoresearch try nowhere
check 'in one line' grep -q '^fatal: .*nowhere' "$scratch/err"
check_equal 'one line' 1 "$(grep -c '^fatal:' "$scratch/err")"

note 'A patch.'
git diff autoresearch/main work~1 -- list >"$scratch/patch"
check_status 'a patch' 1 git autoresearch try -m 'from a patch' --patch="$scratch/patch"
check_equal 'is measured' 'rejected from a patch' "$(newest '"\(.verdict) \(.subject)"')"
printf -- '--- a/value\n+++ b/value\n@@ -1 +1 @@\n-90\n+80\n' >"$scratch/better"
check_status 'a better one, which diff -u made' 0 git autoresearch try --patch "$scratch/better"
check_equal 'is accepted' 'accepted 80' "$(newest '"\(.verdict) \(.metric)"')"
count=$(records)
check_status 'applied again it conflicts: 128' 128 git autoresearch try --patch="$scratch/better"
check 'and says so' grep -q '^fatal: .*does not apply' "$scratch/err"
printf 'this is no patch\n' >"$scratch/bad"
check_status 'what is no patch is fatal' 128 git autoresearch try --patch="$scratch/bad"
check_status 'nor is what is not there' 128 git autoresearch try --patch="$scratch/missing"
printf -- '--- a/../../outside\n+++ b/../../outside\n@@ -0,0 +1 @@\n+1\n' >"$scratch/evil"
check_status 'nor one that leads outside' 128 git autoresearch try --patch="$scratch/evil"
check_equal 'nothing was recorded of them' "$count" "$(records)"
check_not 'and nothing written' test -e "$scratch/outside"
( cd folder && printf -- '--- a/value\n+++ b/value\n@@ -1 +1 @@\n-80\n+79\n' >../../relative &&
	git autoresearch try --patch=../../relative ) >/dev/null 2>&1
check_equal 'from a subdirectory the path is relative to it' 'accepted 79' "$(newest '"\(.verdict) \(.metric)"')"
check_status 'a commit and a patch at once are a usage error' 129 \
	git autoresearch try --patch="$scratch/better" HEAD

note 'While start holds the campaign.'
slow=$(printf '#!/bin/sh\necho >folder/wait\n' | proposer slow)
git autoresearch start --proposer-command="$slow" --max-experiments=1 >"$scratch/start.out" 2>&1 &
start=$!
for _ in $(seq 600); do
	[ "$(git autoresearch status --json | jq -r .state)" = running ] && break
	sleep 0.05
done
count=$(records)
check_status 'try is fatal' 128 git autoresearch try HEAD
check 'names the process' grep -q "^fatal: .*campaign 'main'.*process [0-9]" "$scratch/err"
check 'and gives a hint' grep -q '^hint: .*git autoresearch stop' "$scratch/err"
check_status 'stop --now' 0 git autoresearch stop --now
wait "$start"
check_equal 'nothing was recorded' "$count" "$(records)"

check_status 'the ledger verifies' 0 git autoresearch verify
check 'git fsck is content' git fsck --strict --no-dangling --no-progress
check_equal 'no scratch folder is left in .git' '' "$(find .git -maxdepth 1 -name 'autoresearch-try*')"
check_equal 'nothing is left behind' '' "$(leftovers)"

note 'A change in the same second, of the same size, as the checkout.'
new_repo moment
git config core.trustctime false
git autoresearch start --proposer-command="$nothing" >/dev/null 2>&1
touch -d @1700000000 value
git update-index -q --refresh
echo 099 >value
touch -d @1700000000 value .git/index
check_status 'is seen, as git sees it' 0 git autoresearch try
check_equal '  and measured' 99 "$(newest .metric)"

done_testing
