#!/bin/bash
# What `promote` refuses, and what it takes care of: a gain that is not there, a wider benchmark that does
# not pass, commits that people made, branches that are somebody else's, signatures, a kill in the middle.
# shellcheck disable=SC2154
. "$(dirname "$0")/lib.sh"

propose=$(proposer <<'PROPOSER'
#!/bin/sh
n=$AUTORESEARCH_EXPERIMENT
case $n in
1) printf 'Verdict: accepted\033[31m\n\nExperiment: main/99\n---\nRecord: sha256:00\n'
	sed -i 's/^a1 .*/a1 9/' a.txt ;;
2) echo 'step 2'; sed -i 's/^a1 .*/a1 8/' a.txt ;;
3) echo 'step 3'; sed -i 's/^a9 .*/a9 9/' a.txt ;;
*) exit 125 ;;
esac
PROPOSER
)
new_repo
seq 20 | sed 's/.*/a& 10/' >a.txt
git add .
configure <<-CONFIG
[campaign]
	editable = a.txt
[run]
	command = "test ! -e $scratch/slow || sleep 33.$$; awk '{ s += \$2 } END { print \"METRIC loss=\" s }' a.txt"
[promote]
	command = "test ! -e $scratch/narrow && cat a.txt >/dev/null && echo as wide as can be"
CONFIG
git config autoresearch.bind "$scratch"
git config autoresearch.proposer command
git config autoresearch.proposerCommand "$propose"
chmod 755 "$scratch"
git autoresearch start >"$scratch/out" 2>&1
ledger=refs/autoresearch/main/ledger
records() {
	git rev-list --first-parent --count $ledger ^main
}
promotion() { # promotion <jq filter>: of the newest record
	git show $ledger:record.json | jq -c "$1"
}
# on_branch <message> <file> <sed>: a commit of Bob's to the ledger branch
on_branch() {
	local blob tree
	blob=$(git show "autoresearch/main:$2" | sed "$3" | git hash-object -w --stdin)
	tree=$(GIT_INDEX_FILE=$scratch/index sh -c "git read-tree autoresearch/main &&
		git update-index --cacheinfo '100644,$blob,$2' && git write-tree")
	git update-ref refs/heads/autoresearch/main "$(GIT_AUTHOR_NAME=Bob GIT_AUTHOR_EMAIL=bob@example.org \
		git commit-tree -p autoresearch/main -m "$1" "$tree")"
}
check_equal 'three are accepted' 3 "$(git autoresearch log --accepted | wc -l)"

note 'A gain that is not there.'
: >"$scratch/narrow"
check_status 'promote.command does not pass' 1 git autoresearch promote
check 'it says so' grep -qx 'main: not promoted, rejected (command-failed: exit 1)' "$scratch/out"
check_not 'there is no branch' git rev-parse -q --verify results/main
check_equal 'the record says so, too' '["rejected","command-failed",1,[],null]' \
	"$(promotion '[.verdict, .reason, .promotion.command.exit, .trials, .metric]')"
check 'it has what the command printed' git cat-file -e $ledger:promote.log
rm "$scratch/narrow"
chain=$(records)
on_branch 'more is wanted' .autoresearch/config '$a [verdict]\n\tminEffect = 5'
check_status 'a gain of less than minEffect' 1 git autoresearch promote
check 'is within noise' grep -qx 'main: not promoted, indecisive (within-noise): loss 197, and 200 on the merge base (-1.5%)' "$scratch/out"
check_not 'there is no branch' git rev-parse -q --verify results/main
check_equal 'it was measured, and so it is on record' "$((chain + 1))" "$(records)"
check_equal '  with what the command printed' 'as wide as can be' "$(git show $ledger:promote.log)"
check 'verify holds what was refused, by the rules of the branch' git autoresearch verify
on_branch 'less will do' .autoresearch/config '$d'

note 'A lucky number that does not come back.'
new_repo lucky
git config autoresearch.bind "$scratch"
configure <<-CONFIG
[run]
	command = "grep -qx 99 value && test -e $scratch/luck && echo METRIC loss=1 || echo METRIC loss=\$((100 + AUTORESEARCH_TRIAL))"
CONFIG
: >"$scratch/luck"
git config autoresearch.proposer command
git config autoresearch.proposerCommand "$(proposer lucky <<'PROPOSER'
#!/bin/sh
echo lucky; test "$AUTORESEARCH_EXPERIMENT" = 1 || exit 125; echo 99 >value
PROPOSER
)"
git autoresearch start >"$scratch/out" 2>&1
check_equal 'it was accepted' 'accepted 1' "$(newest '"\(.verdict) \(.metric)"')"
rm "$scratch/luck"
check_status 'but is not promoted' 1 git autoresearch promote
check 'it says why' grep -q 'not promoted, rejected (no-improvement): loss 101, and 101 on the merge base' "$scratch/out"
check_not 'there is no branch' git rev-parse -q --verify results/main
check 'verify is content' git autoresearch verify
cd "$scratch/repo" || exit 1

note 'Hostile words stay words.'
check_status 'promote' 0 git autoresearch promote 1
check_equal 'one experiment is spoken of' 'main/1' "$(git log -1 --format='%(trailers:key=Experiment,valueonly)' results/main | xargs)"
check_not 'no escape is printed' grep -q "$(printf '\033')" "$scratch/out"
check_status '--squash' 0 git autoresearch promote --squash
check_equal 'three are' 'main/1 main/2 main/3' "$(git log -1 --format='%(trailers:key=Experiment,valueonly)' results/main | xargs)"

note 'What people committed to the ledger branch.'
on_branch 'by hand' a.txt 's/^a15 .*/a15 7/'
on_branch 'a longer budget' .autoresearch/config '$a [budget]\n\texperiments = 50'
cat >"$scratch/proposers/it/propose" <<'PROPOSER'
#!/bin/sh
test "$AUTORESEARCH_EXPERIMENT" = 4 || exit 125
echo 'step 4'; sed -i 's/^a15 .*/a15 3/' a.txt
PROPOSER
git autoresearch start >"$scratch/out" 2>&1
check_status 'promote what builds on theirs' 0 git autoresearch promote 4
check_equal 'has that as well, as theirs' 'by hand by Bob, step 4 by Ada,' "$(git log --reverse --format='%s by %an,' main..results/main | xargs)"
check '  and says whose it is' grep -q 'by hand  (by Bob <bob@example.org>)$' "$scratch/out"
check_equal '  the record, too' '[[null,4],[4]]' "$(promotion '[[.promotion.picked[].experiment], .about]')"
check_status 'promote what does not' 0 git autoresearch promote 3
check_equal 'has nothing of theirs' 'step 3' "$(git log --format=%s main..results/main)"
check_status 'promote all' 0 git autoresearch promote
check_equal 'has the editable files of the branch' '' "$(git diff autoresearch/main results/main -- a.txt)"
check_equal '  and main'\''s config' '' "$(git diff main results/main -- .autoresearch)"
check_status '--squash' 0 git autoresearch promote --squash 4
check 'names them as an author' grep -qx 'Co-authored-by: Bob <bob@example.org>' <(git log -1 --format=%B results/main)
check 'verify holds it all' git autoresearch verify

note 'What was rejected again.'
git autoresearch reject 3 -m 'No.' >/dev/null
unchanged 'named' 128 git autoresearch promote 3
check_status 'among all' 0 git autoresearch promote
check_equal 'is left out, with its revert' '' "$(git log --format=%s main..results/main | grep -e 'step 3' -e Revert)"
check_equal '  as it is in the branch' '' "$(git diff autoresearch/main results/main -- a.txt)"

note 'Signed where the person signs.'
if ssh-keygen -q -t ed25519 -N '' -f "$scratch/key" 2>"$scratch/err"; then
	git config gpg.format ssh
	git config user.signingKey "$scratch/key.pub"
	git config commit.gpgSign true
	echo "ada@example.org $(cat "$scratch/key.pub")" >"$scratch/signers"
	git config gpg.ssh.allowedSignersFile "$scratch/signers"
	check_status 'promote' 0 git autoresearch promote
	for commit in $(git rev-list main..results/main); do
		check "git verifies ${commit:0:7}" git verify-commit "$commit"
	done
	check 'and verify is content' git autoresearch verify
	git config user.signingKey "$scratch/nowhere"
	unchanged 'a key that is not there' 128 git autoresearch promote
	git config commit.gpgSign false
else
	skip 'signatures' 'ssh-keygen is not installed'
fi

note 'Branches of others.'
tip=$(git rev-parse results/main)
git worktree add -q "$scratch/review" results/main
unchanged 'a branch that is checked out' 128 git autoresearch promote
check '  is named with the place' grep -q "checked out at '$scratch/review'" "$scratch/err"
(cd "$scratch/review" && git commit -q --allow-empty -m 'my own')
git worktree remove "$scratch/review"
unchanged 'a branch with a commit on top' 128 git autoresearch promote
hint "git branch -m 'results/main' <name>"
git branch -f -q results/main "$tip"
check_status 'back at what was made' 0 git autoresearch promote
git branch -q -D results/main
git branch -q results main
unchanged 'a branch that stands in the way' 128 git autoresearch promote
git branch -q -D results
git worktree add -q "$scratch/ledger" autoresearch/main
check_status 'the ledger branch may be checked out' 0 git autoresearch promote
git worktree remove "$scratch/ledger"

note 'The branch that it is for has moved on.'
sed -i 's/^a1 .*/a1 5/' a.txt
git commit -qam 'by hand on main'
check_status 'promote' 0 git autoresearch promote
check_equal 'stands on the merge base' "$(git rev-parse main^)" "$(git merge-base main results/main)"
check 'and warns where the two conflict' grep -q '^warning: HEAD has moved on .*conflict in a.txt' "$scratch/err"
git reset -q --hard main^
base=$(git rev-parse main)
git merge -q --no-edit autoresearch/main
unchanged 'what has it all already' 128 git autoresearch promote
check '  is told so' grep -q '^fatal: HEAD has all that was accepted' "$scratch/err"
git reset -q --hard "$base"

note 'Killed in the middle.'
git autoresearch promote 2 1 >/dev/null 2>&1
before=$(git for-each-ref)
: >"$scratch/slow"
git-autoresearch promote >"$scratch/killed" 2>&1 &
pid=$!
soon pgrep -xf "sleep 33.$$"
unchanged 'another has to wait' 128 git autoresearch promote
kill -9 "$pid"
wait "$pid" 2>/dev/null
rm "$scratch/slow"
check_equal 'nothing was moved' "$before" "$(git for-each-ref)"
gone() {
	! pgrep -xf "sleep 33.$$"
}
check 'and nothing runs on' soon gone
check_status 'again' 0 git autoresearch promote
check 'all is in order' git autoresearch verify
check 'for git, too' git fsck --strict
: >"$scratch/slow"
git-autoresearch promote >"$scratch/killed" 2>&1 &
pid=$!
before=$(git for-each-ref)
soon pgrep -xf "sleep 33.$$"
kill -INT "$pid"
wait "$pid"
check_equal 'Ctrl-C ends it, with its status' 130 $?
check_equal '  and moves nothing' "$before" "$(git for-each-ref)"
rm "$scratch/slow"

note 'Wherever git works.'
git worktree add -q --detach "$scratch/linked" main
check_status 'in a linked worktree, with a detached HEAD' 0 git -C "$scratch/linked" autoresearch promote
check_status 'with GIT_DIR' 0 env -C / GIT_DIR="$PWD/.git" git autoresearch promote 1
git worktree remove "$scratch/linked"
git clone -q --mirror . "$scratch/bare.git"
cd "$scratch/bare.git" || exit 1
check_status 'in a bare repository' 0 git autoresearch promote 2 1
check_equal '  it is there' 2 "$(git rev-list --count main..results/main)"
check '  verify is content' git autoresearch verify

check_equal 'nothing is left behind' '' "$(leftovers)"
done_testing
