#!/bin/bash
# The hooks: what they refuse passes without them, what is honest passes with them. On a server
# (pre-receive), before a push (pre-push), before a commit (commit-msg), and at every move of a ref
# (reference-transaction).
# shellcheck disable=SC2154
. "$(dirname "$0")/lib.sh"

propose=$(proposer <<'PROPOSER'
#!/bin/sh
case $AUTORESEARCH_EXPERIMENT in
1) echo 90 >value; echo 'ninety is less' ;;
2) echo 95 >value; echo 'a step back' ;;
3) echo 80 >value; echo 'eighty' ;;
*) exit 125 ;;
esac
PROPOSER
)
export GIT_EDITOR=true
everything=('refs/autoresearch/*' 'refs/heads/autoresearch/*' refs/notes/autoresearch)
ledger=refs/autoresearch/main/ledger
branch=refs/heads/autoresearch/main
notes=refs/notes/autoresearch

new_repo
check_status 'init --hooks' 0 git autoresearch init --hooks
check_equal 'says where, and which' 'pre-push commit-msg reference-transaction' \
	"$(sed 1d "$scratch/out" | xargs)"
check_status 'a campaign runs with them' 0 git autoresearch start --proposer-command="$propose"
check_status 'git gc packs its refs' 0 git gc -q --prune=now
check_status 'and it verifies' 0 git autoresearch verify

git init -q --bare "$scratch/open.git"
git init -q --bare "$scratch/server.git"
check_status 'init --hooks on a server' 0 git -C "$scratch/server.git" autoresearch init --hooks
check_equal 'installs others there' 'pre-receive reference-transaction' \
	"$(sed 1d "$scratch/out" | xargs)"
for place in open server; do
	git remote add $place "$scratch/$place.git"
	check_status "main is pushed ($place)" 0 git push -q $place main
	check_status 'and a campaign, as the manual has it' 0 git push -q $place "${everything[@]}"
done

note 'What must not be pushed.'
# attack <text> <what is said of it> <what is pushed>...
attack() {
	local text=$1 says=$2
	shift 2
	check_status "$text passes where no hook is" 0 git push -q --no-verify -f open "$@"
	git push -q --no-verify -f open "${everything[@]}" main
	check_status '  is refused before the push' 1 git push -q -f open "$@"
	check_equal '    in one line' 1 "$(grep -c '^refused: ' "$scratch/err")"
	check '    that says why' grep -qE "^refused: .*$says" "$scratch/err"
	check_status '  and by the server' 1 git push -q --no-verify -f server "$@"
	check_equal '    in one line' 1 "$(grep -c '^remote: refused: ' "$scratch/err")"
	check '    that says why' grep -qE "^remote: refused: .*$says" "$scratch/err"
}
# A record's commit like $1, to the byte, but with the record.json of stdin and these parents.
record_with() {
	local blob tree like=$1
	shift
	blob=$(git hash-object -w --stdin)
	tree=$(git ls-tree "$like" | sed "s/[0-9a-f]\{40\}\trecord.json/$blob\trecord.json/" | git mktree)
	{
		echo "tree $tree"
		printf 'parent %s\n' "$@"
		git cat-file commit "$like" | sed -n '/^author/,$p'
	} | git hash-object -w -t commit --stdin
}
oid() {
	git rev-parse "$1"
}

attack 'a truncated ledger' 'rewritten' "$ledger~1:$ledger"
better=$(git show $ledger:record.json | sed 's/"metric": *80/"metric": 7/' |
	record_with $ledger "$(oid $ledger~1)" "$(oid $branch)")
attack 'a rewritten record' 'rewritten' "$better:$ledger"
again=$(git show $ledger:record.json | record_with $ledger "$(oid $ledger)" "$(oid $branch)")
attack 'a record on top that was never made' 'experiment 3: it was made after another record' "$again:$ledger"
# To git it goes on from the old chain, which is in the history of what it says was measured.
measured=$(git commit-tree -p "$ledger" -m 'measured' "main^{tree}")
fresh=$(git show $ledger~3:record.json | record_with $ledger~3 "$measured")
attack 'a new chain that has the old one for an ancestor' 'rewritten' "$fresh:$ledger"
attack 'no ledger any more' 'deleted' ":$ledger"
attack 'no notes any more' 'deleted' ":$notes"
forged=$(git log -1 --format=%B autoresearch/main | git commit-tree -p autoresearch/main "main^{tree}")
attack 'a commit on the ledger branch that says it was accepted' 'says that it is experiment 3' \
	"$forged:$branch"
attack 'the ledger branch of before' 'experiment 3: its commit is not on the branch' \
	"$branch~1:$branch"
attack 'an experiment that nobody promoted' 'main: it is protected, and 2 commits hold what nobody promoted: experiment main/3' \
	autoresearch/main:main
rejected=$(git autoresearch log --json | jq -r 'select(.experiment == 2).commit')
attack 'one that was rejected, too' 'main: it is protected, and 2 commits' "$rejected:main"
squashed=$(git log --format=medium main..autoresearch/main | git commit-tree -p main "autoresearch/main^{tree}")
attack 'all of them, squashed to one commit' 'main: it is protected, and 1 commit holds' "$squashed:main"
git notes --ref=autoresearch add -f -m 'Fine.' "$rejected" 2>/dev/null
forged=$(git rev-parse $notes)
git -c core.hooksPath=/dev/null update-ref $notes $notes~1
attack 'a note that was written over' 'experiment 2: its note' "$forged:$notes"
check_status 'afterwards the server has what it had' 0 git -C "$scratch/server.git" autoresearch verify main

note 'Which branches are protected.'
git -C "$scratch/server.git" symbolic-ref HEAD refs/heads/trunk
check_status 'that of HEAD on a server' 1 git push -q --no-verify server autoresearch/main:refs/heads/trunk
check 'is one' grep -q 'refs/heads/trunk: it is protected' "$scratch/err"
check_status 'any other is not' 0 git push -q server autoresearch/main:refs/heads/topic
check_status 'unless autoresearch.protectedBranch names it' 1 \
	git -c autoresearch.protectedBranch='release/*' push -q server autoresearch/main:refs/heads/release/1
check 'by a pattern' grep -q 'refs/heads/release/1: it is protected' "$scratch/err"
check_status 'which takes the place of the others' 0 \
	git -c autoresearch.protectedBranch= push -q open autoresearch/main:refs/heads/master
git push -q --no-verify open :master

note 'What is committed.'
message=$scratch/message
git log -1 --format=%B autoresearch/main >"$message"
commit() { # commit <message>: by a person
	git commit -q --allow-empty -m "$1"
}
# claim <text> <what is said of it> <message>
claim() {
	git commit -q --allow-empty --no-verify -m "$3" || note 'git refuses the message itself'
	git reset -q --hard HEAD^
	check_status "$1 is refused" 1 commit "$3"
	check "  $2" grep -qE "^refused: .*$2" "$scratch/err"
}
claim 'a verdict' "no 'Experiment:'" $'Faster\n\nVerdict: accepted'
claim 'one of an experiment that never was' 'no record says' \
	"$(sed 's/^Experiment: .*/Experiment: main\/7/' "$message")"
claim 'another number' "does not say 'Metric: loss=8'" "$(sed 's/loss=80/loss=8/' "$message")"
claim 'another digest' 'no record says' "$(sed '/^Record:/s/[0-9a-f]\{64\}/'"$(printf %064d 0)/" "$message")"
claim 'another campaign' "no ledger of a campaign 'else'" "$(sed 's/^Experiment: main/Experiment: else/' "$message")"
claim 'a number that is none' 'is not <campaign>/<n>' "$(sed 's/^Experiment: .*/Experiment: three/' "$message")"
claim 'a digest that is none' 'is no digest' "$(sed 's/^Record: .*/Record: it is true/' "$message")"
claim 'a trailer twice' 'is there twice' "$(cat "$message")"$'\nVerdict: accepted'
claim 'one that was rejected' 'was rejected' "$(git notes --ref=autoresearch show "$rejected")"
claim 'the commit of one that was rejected' "no 'Verdict:'" "$(git log -1 --format=%B "$rejected")"
claim 'one behind a line of dashes' "no 'Experiment:'" $'Faster\n\n---\n\nVerdict: accepted'
claim 'in small letters' "no 'Record:'" $'Faster\n\nexperiment: main/3\nverdict: accepted'
check_status 'a word in the prose is none' 0 commit $'Faster\n\nVerdict: it is good.\n\nAnd so to bed.'
check_status 'nor a message like any other' 0 commit $'Faster\n\nSigned-off-by: Ada <ada@example.org>'
git reset -q --hard HEAD^^
check_status 'git cherry-pick of an accepted one passes' 0 git cherry-pick --edit -x autoresearch/main~1
check_status '  and its amending' 0 git commit -q --amend --signoff --no-edit
check_status '  and its revert' 0 git revert --edit HEAD
check_status '  and a merge' 0 git merge -q --no-ff --edit -s ours autoresearch/main
git reset -q --hard HEAD^^^
git merge -q --squash autoresearch/main >/dev/null
check_status '  and a squash of all' 0 git commit -q --no-edit
git reset -q --hard HEAD^

note 'What was promoted.'
check_status 'promote' 0 git autoresearch promote
check_status 'its record has to be there, or come with it' 1 \
	git push -q --no-verify server results/main:main
check_status 'then it may' 0 git push -q server "${everything[@]}" results/main:main
attack 'the ledger branch itself' 'main: it is protected, and 2 commits' autoresearch/main:main
git switch -q -c rebased main~0
git commit -q --allow-empty -m 'meanwhile'
git cherry-pick results/main~1 results/main >/dev/null
check_status 'it may be rebased' 0 git push -q open rebased:main
git push -q --no-verify -f open results/main:main
git switch -q main
check_status 'or promoted once more, as one commit' 0 git autoresearch promote --squash
git merge -q --ff-only results/main
check_equal '  with the trailers of both' 'main/1 main/3' \
	"$(git log -1 --format='%(trailers:key=Experiment,valueonly)' | xargs)"
check_status '  whose message may be worked on' 0 git commit -q --amend --signoff --no-edit
claim '  but not forged' "does not say 'Metric: loss=8'" \
	"$(git log -1 --format=%B | sed 's/loss=80/loss=8/')"
git push -q --no-verify server "${everything[@]}"
git push -q --no-verify open "${everything[@]}"
check_status '  and may come in its place' 0 git push -q -f server main
git reset -q --hard HEAD^

note 'What moves.'
before=$(oid $ledger)
for how in "-d $ledger" "$ledger $ledger~1" "-d $notes" "$notes $notes~1" "$ledger $fresh"; do
	# shellcheck disable=SC2086
	check_status "git update-ref $how is refused" 128 git update-ref $how
	check '  in one line' grep -qE '^refused: refs/(autoresearch/main/ledger|notes/autoresearch): it would be' \
		"$scratch/err"
done
check_status 'packed or not' 128 git update-ref -d $ledger "$before"
git push -q --no-verify -f open "$ledger~1:$ledger"
check_status 'a fetch of less is refused, be it forced' 128 git fetch -q open "+$ledger:$ledger"
git push -q open $ledger
check_equal 'nothing has moved' "$before" "$(oid $ledger)"
check_status 'other refs move as ever' 0 git update-ref refs/heads/autoresearch/other HEAD
check_status '  and go' 0 git update-ref -d refs/heads/autoresearch/other
check_status 'git pack-refs is no deletion' 0 git pack-refs --all --prune
check_status 'who means it has git do it without hooks' 0 git -c core.hooksPath=/dev/null update-ref -d $ledger
git fetch -q server "$ledger:$ledger"
check_status 'and it all verifies' 0 git autoresearch verify

done_testing
