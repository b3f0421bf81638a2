#!/bin/bash
# A person overrules a verdict: `accept` makes what was held the incumbent, `reject` takes back
# what was accepted, by a revert. Both are records of their own, with who, why and when, and
# nothing of the history is rewritten.
# shellcheck disable=SC2154
. "$(dirname "$0")/lib.sh"

propose=$(proposer <<'PROPOSER'
#!/bin/sh
n=$AUTORESEARCH_EXPERIMENT
echo "number $n"
case $n in
1) echo 90 >value; printf '\nSince 90 < 100.\n' ;;
2) echo 3 >value ;;
3) sed -i 's/^20$/twenty/' list ;;
4) echo 89 >value ;;
5) echo 1 >elsewhere ;;
6) echo false >value ;;
7) echo 3 >value ;;
8) echo untestable >value ;;
9) echo 80 >value ;;
10) echo 70 >value ;;
11) sed -i 's/^1$/one/' list; echo 60 >value ;;
*) exit 125 ;;
esac
PROPOSER
)
new_repo
seq 20 >list
git add list
configure <<-'CONFIG'
[campaign]
	editable = list
[run]
	command = "grep -q untestable value && exit 125; echo METRIC loss=$(cat value)"
[verdict]
	minEffect = 2
	maxEffect = 50%
CONFIG
git config autoresearch.proposer command
git config autoresearch.proposerCommand "$propose"
ledger=refs/autoresearch/main/ledger

member() { # member <n> <jq filter>: of show --json
	git autoresearch show --json "$1" | jq -r "$2"
}
status() {
	git autoresearch status --json | jq -r "$1"
}
tip() {
	git rev-parse autoresearch/main
}
start() { # start <n>: with so many experiments more
	git autoresearch start --max-experiments="$1" >"$scratch/start.out" 2>&1
}

unchanged 'without a campaign it is fatal' 128 git autoresearch accept 1 -m 'why not'
start 8
check_equal 'eight experiments' 'accepted -
indecisive implausible
rejected no-improvement
indecisive within-noise
invalid out-of-scope elsewhere
failed no-metric
duplicate same-as 2
skipped untestable' "$(git autoresearch log --json | jq -r '"\(.verdict) \(.reason // "-")"' | tac)"

note 'What nobody can decide.'
unchanged 'without a reason' 129 git autoresearch accept 2
hint 'git autoresearch accept 2 -m <why>'
unchanged 'with an empty one' 129 git autoresearch reject 2 -m ' '
check_status 'without a number: usage' 129 git autoresearch accept -m 'because'
check 'in a synopsis' grep -q '^usage: git autoresearch accept ' "$scratch/err"
unchanged 'of an experiment that is not there' 128 git autoresearch accept 99 -m 'because'
hint 'git autoresearch log'
unchanged 'of the baseline' 128 git autoresearch reject 0 -m 'because'
hint 'measured by the next start'
for n in 5 6 7 8; do
	unchanged "accept what was $(member $n .verdict)" 128 git autoresearch accept $n -m 'because'
	hint .
	unchanged "reject what was $(member $n .verdict)" 128 git autoresearch reject $n -m 'because'
done
unchanged 'accept what was accepted' 128 git autoresearch accept 1 -m 'because'
unchanged 'reject what was rejected' 128 git autoresearch reject 3 -m 'because'
unchanged 'who has no name' 128 env -u GIT_AUTHOR_NAME -u GIT_AUTHOR_EMAIL \
	git -c user.useConfigOnly=true autoresearch accept 2 -m 'because'
hint 'user.name'

note 'What was held for a person is accepted: on the incumbent that it was measured on.'
before=$(tip)
candidate=$(member 2 .commit)
check_status 'accept' 0 env GIT_AUTHOR_NAME='Grace Hopper' GIT_AUTHOR_EMAIL=grace@example.org \
	git autoresearch accept 2 -m 'It is a real gain.' -m 'The loop ran twice.'
check 'says what became of it' grep -qx "main/2: accepted; autoresearch/main is now $(tip | cut -c1-12), loss 3" "$scratch/out"
check_equal 'the branch has its change, on top' "$before 3" "$(git rev-parse autoresearch/main^) $(git show autoresearch/main:value)"
check_equal 'its message gives the reason behind the words, and git reads the trailers' 'number 2

It is a real gain.

The loop ran twice.

Experiment: main/2
Verdict: accepted
Metric: loss=3
Baseline: loss=90
Metric-Source: self-reported' "$(git log -1 --format=%B autoresearch/main | sed '/^Record:/,$d')"
check_equal '  with the digest of its record, who proposed it and who decided' \
	"Record: sha256:$(git show $ledger:record.json | sha256sum | cut -d' ' -f1)
Proposed-by: command/propose
Decided-by: Grace Hopper <grace@example.org>" \
	"$(git log -1 --format=%B autoresearch/main | git interpret-trailers --parse | tail -n 3)"
check_equal 'the commit is theirs' 'Grace Hopper <grace@example.org>' "$(git log -1 --format='%an <%ae>' autoresearch/main)"
check_equal 'the record takes no number, and names the experiment' 'decision null 2 accepted null' \
	"$(git show $ledger:record.json | jq -r '"\(.type) \(.experiment) \(.about) \(.verdict) \(.reason)"')"
check_equal '  and has who, why, and what was overruled' \
	"{\"by\":\"Grace Hopper <grace@example.org>\",\"why\":\"It is a real gain.\\n\\nThe loop ran twice.\",\"was\":\"indecisive\",\"commit\":\"$candidate\",\"reverts\":null}" \
	"$(git show $ledger:record.json | jq -c .decision)"
check 'when: just now' test "$(($(date +%s) - $(date -d "$(git show $ledger:record.json | jq -r .started)" +%s)))" -lt 600
check_equal 'its tree is record.json alone' record.json "$(git ls-tree --name-only $ledger)"
check_equal 'log --json says accepted, and which commit' "accepted null 3 $(tip)" \
	"$(git autoresearch log --json | jq -r 'select(.experiment == 2) | "\(.verdict) \(.reason) \(.metric) \(.commit)"')"
check_equal 'show --json says the same' "$(git autoresearch log --json | jq -c 'select(.experiment == 2)')" \
	"$(git autoresearch show --json 2 | jq -c .)"
check_equal 'log has no line more' 8 "$(git autoresearch log | wc -l)"
check 'but says by whom' sh -c "git autoresearch log | grep -qE '^ *2  accepted .*number 2  \(by Grace Hopper\)\$'"
check 'show tells all of it' sh -c "git autoresearch show 2 | grep -A2 -E '^decided +20.* by Grace Hopper <grace@example.org>; it was indecisive\$' | grep -q 'It is a real gain'"
check_equal 'log --accepted has it' '2 1' "$(git autoresearch log --accepted | awk '{print $1}' | xargs)"
check_equal 'status counts it' '2 1 3' "$(status '"\(.verdicts.accepted) \(.verdicts.indecisive) \(.best)"')"
check_equal 'the last word of the note on the candidate is the decision' 'accepted' \
	"$(git notes --ref=autoresearch show "$candidate" | git interpret-trailers --parse | sed -n 's/^Verdict: //p')"
check_status 'it verifies' 0 git autoresearch verify
count=$(git rev-list --count --first-parent $ledger)
start 1
check_equal 'the next start goes on from it: nothing has to be measured again' \
	"$((count + 1)) rejected 80 3" "$(git rev-list --count --first-parent $ledger) $(newest '"\(.verdict) \(.metric) \(.baseline)"')"

note 'What was accepted is rejected: a commit of the branch takes it back.'
before=$(tip)
check_status 'reject' 0 git autoresearch reject 2 -m 'It skips the test set.'
check_equal 'the branch was not moved back, but goes on' "$before" "$(git rev-parse autoresearch/main^)"
check_equal '  with what was before' "$(git rev-parse 'autoresearch/main~2^{tree}')" "$(git rev-parse 'autoresearch/main^{tree}')"
check_equal '  in words that git revert would use' "Revert \"number 2\"

This reverts commit $before.

It skips the test set.

Experiment: main/2
Verdict: rejected
Reason: by Ada" "$(git log -1 --format=%B autoresearch/main | sed '/^Record:/,$d')"
check_equal 'log says by whom' 'rejected by Ada' "$(member 2 '"\(.verdict) \(.reason)"')"
check_equal '  and its commit is the candidate again' "$candidate" "$(member 2 .commit)"
check_equal 'the best is not known' 'null 1' "$(status '"\(.best) \(.verdicts.accepted)"')"
check 'status says so' sh -c "git autoresearch status | grep -q '^loss  *to be measured, baseline 100'"
check_status 'it verifies' 0 git autoresearch verify
start 1
check_equal 'the next start measures the baseline first' 'baseline 90' \
	"$(git show $ledger~1:record.json | jq -r '"\(.type) \(.metric)"')"
check_equal '  and goes on' 'accepted 70 90' "$(newest '"\(.verdict) \(.metric) \(.baseline)"')"
git autoresearch prompt >"$scratch/prompt"
check 'a proposer is told why' grep -q 'a person decided: It skips the test set\.' "$scratch/prompt"
check_not '  and not by whom' grep -q Ada "$scratch/prompt"

note 'When the incumbent has moved on.'
unchanged 'what conflicts cannot be accepted' 128 git autoresearch accept 4 -m 'every bit counts'
check '  and says where' grep -q 'experiment 4: .*conflict in value' "$scratch/err"
hint 'git autoresearch try'
unchanged 'nor can what later ones build on be rejected' 128 git autoresearch reject 1 -m 'no'
hint 'on top of it first'
check_status 'what does not is carried onto it' 0 git autoresearch accept 3 -m 'It reads better.'
check_equal '  with both changes' '70 twenty' "$(git show autoresearch/main:value) $(git show autoresearch/main:list | tail -n 1)"
check_equal '  it has no metric: that tree was never measured' 'null null' \
	"$(git show $ledger:record.json | jq -r '"\(.metric) \(.totals.incumbent == null | not | if . then null else 0 end)"')"
check_equal '  nor has its commit' '' "$(git log -1 --format='%(trailers:key=Metric,valueonly)' autoresearch/main)"
check_equal '  while log has what was measured then' 90 "$(member 3 .metric)"
check_status 'it verifies' 0 git autoresearch verify
unchanged 'a change that is there cannot be accepted again' 128 git autoresearch accept 3 -m 'really'
start 1
check_equal 'the next start measures it' 'baseline 70 accepted' \
	"$(git show $ledger~1:record.json | jq -r '"\(.type) \(.metric)"') $(newest .verdict)"
check_status 'one below the top is reverted as well, where nothing stands in the way' 0 \
	git autoresearch reject 3 -m 'Words are slow.'
check_equal '  and that alone' '60 one 20' "$(git show autoresearch/main:value) $(git show autoresearch/main:list | sed -n '1p;$p' | xargs)"

note 'What leaves the branch alone.'
before=$(tip)
check_status 'what is indecisive is rejected' 0 git autoresearch reject 4 -m 'not worth it'
check_equal '  the branch stays' "$before" "$(tip)"
check_equal '  the record has the candidate' "$(member 4 .commit)" "$(git rev-parse $ledger^2)"
check_equal '  log says by whom' 'rejected by Ada' "$(member 4 '"\(.verdict) \(.reason)"')"
git worktree add -q "$scratch/person" autoresearch/main
unchanged 'a branch that is checked out is not moved' 128 git autoresearch reject 11 -m 'no'
check '  and it says where' grep -qF "$scratch/person" "$scratch/err"
git -C "$scratch/person" revert --no-edit "$(member 11 .commit)" >/dev/null
git worktree remove "$scratch/person"
before=$(tip)
check_status 'what a person has reverted before needs no commit' 0 git autoresearch reject 11 -m 'as I did'
check_equal '  the branch stays' "$before rejected" "$(tip) $(member 11 .verdict)"
check_status 'it verifies' 0 git autoresearch verify

note 'The rules of today hold.'
git worktree add -q "$scratch/person" autoresearch/main
git -C "$scratch/person" config -f .autoresearch/config campaign.hidden list
git -C "$scratch/person" commit -qam 'the list is nobody'\''s business'
git worktree remove "$scratch/person"
unchanged 'what is out of scope by now is not accepted' 128 git autoresearch accept 3 -m 'still'
check '  and says what' grep -q 'experiment 3 changes list' "$scratch/err"

note 'One at a time.'
slow=$(printf '#!/bin/sh\nsleep 20.%s\n' $$ | proposer slow)
git-autoresearch start --proposer-command="$slow" >"$scratch/start.out" 2>&1 &
start=$!
for _ in $(seq 600); do
	[ "$(status .state)" = running ] && pgrep -xf "sleep 20.$$" >/dev/null && break
	sleep 0.05
done
unchanged 'while start runs it is fatal' 128 git autoresearch accept 2 -m 'now'
check '  and names the process' grep -q "^fatal: .*process $start\$" "$scratch/err"
hint 'git autoresearch stop'
git autoresearch stop --now >/dev/null
wait "$start"

note 'Killed at any moment, it is done or not done.'
began=$(date +%s%N)
check_status 'one that takes its time' 0 git autoresearch reject 10 -m 'for the clock'
took=$((($(date +%s%N) - began) / 1000000 + 1)) # ms
for i in $(seq 20); do
	verb=accept
	[ "$(member 10 .verdict)" = accepted ] && verb=reject
	git-autoresearch $verb 10 -m "round $i" >/dev/null 2>&1 &
	pid=$!
	sleep "$(printf '%d.%03d' $((took * i / 15000)) $((took * i / 15 % 1000)))"
	kill -9 "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
done
verb=accept
[ "$(member 10 .verdict)" = accepted ] && verb=reject
check_status 'the next decision mends what was left' 0 git autoresearch $verb 10 -m 'the last word'
check_status 'every record verifies' 0 git autoresearch verify
check 'git fsck is content' git fsck --strict --no-dangling --no-progress
check_equal 'no lock of a ref is left' '' "$(find .git/refs -name '*.lock')"
check_equal 'the counts add up' "$(git autoresearch log | wc -l)" "$(status '[.verdicts[]] | add')"
check_equal '  as the log has them' "$(git autoresearch log --accepted | wc -l)" "$(status .verdicts.accepted)"

git update-ref $ledger $ledger~1
check_status 'a decision that was cut off shows' 1 git autoresearch verify
check '  by the number of its experiment' grep -q 'experiment 10, and no record does' "$scratch/out"

git autoresearch gc >/dev/null
check_equal 'nothing is left behind' '' "$(leftovers)"

done_testing
