#!/bin/bash
# The good part is taken home: `promote` puts accepted changes on the merge base with one's own branch,
# as results/<campaign>, measures them there again, and says how to push them. It touches no other branch,
# and git finds all of it in order.
# shellcheck disable=SC2154
. "$(dirname "$0")/lib.sh"

propose=$(proposer <<'PROPOSER'
#!/bin/sh
n=$AUTORESEARCH_EXPERIMENT
printf 'step %s\n\nBecause of %s.\n' "$n" "$n"
case $n in
1) sed -i 's/^a1 .*/a1 9/' a.txt ;;
2) sed -i 's/^b1 .*/b1 8/' b.txt ;;
3) sed -i 's/^a1 .*/a1 7/' a.txt ;;
4) sed -i 's/^a9 .*/a9 60/' a.txt ;;
5) sed -i 's/^b1 .*/b1 2/' b.txt ;;
6) sed -i 's/^a19 .*/a19 6/' a.txt ;;
*) exit 125 ;;
esac
PROPOSER
)
new_repo
for f in a b; do
	seq 20 | sed "s/.*/$f& 10/" >$f.txt
done
git add .
configure <<-'CONFIG'
[campaign]
	editable = *.txt
[run]
	command = "awk '{ s += $2 } END { print \"METRIC loss=\" s }' *.txt"
[verdict]
	minEffect = 1
	maxEffect = 3%
CONFIG
git config autoresearch.proposer command
git config autoresearch.proposerCommand "$propose"
base=$(git rev-parse main)
ledger=refs/autoresearch/main/ledger

# What is a person's: the branch, the index, the working tree, and all refs but those of the program.
theirs() {
	git for-each-ref --format='%(refname) %(objectname)' refs/heads/main refs/tags refs/heads/autoresearch
	git symbolic-ref HEAD
	git status --porcelain
	git ls-files --stage
}
results() { # results <format>: of its commits, the oldest first
	git log --reverse --format="$1" main..results/main | xargs
}
record() { # record <jq filter>: of the newest promotion
	git show $ledger:record.json | jq -c "$1"
}

unchanged 'without a campaign it is fatal' 128 git autoresearch promote
hint 'git autoresearch start'
check_status 'two forms at a time: usage' 129 git autoresearch promote --squash --split
check_status 'what is no number: usage' 129 git autoresearch promote x
git autoresearch start >"$scratch/out" 2>&1
check_equal 'five are accepted, one is not' '1 2 3 5 6' \
	"$(git autoresearch log --json --accepted | jq .experiment | sort -n | xargs)"
before=$(theirs)

note 'All of it, a commit each.'
check_status 'promote' 0 env GIT_COMMITTER_NAME='Grace Hopper' git autoresearch promote
check_equal 'the commits of the ledger branch' "$(git log --reverse --format='%s by %an at %ad' main..autoresearch/main)" \
	"$(git log --reverse --format='%s by %an at %ad' main..results/main)"
check_equal '  with every word and trailer of theirs' "$(git log --format=%B main..autoresearch/main)" \
	"$(git log --format=%B main..results/main)"
check_equal '  committed by who promotes' 'Grace Hopper' "$(git log -1 --format=%cn results/main)"
check_equal 'it has what the incumbent has' '' "$(git diff autoresearch/main results/main)"
check_equal 'git reads the trailers of each' 5 \
	"$(git log --format='%(trailers:key=Experiment,valueonly)' main..results/main | grep -c '^main/[1-6]$')"
check 'it says where it is' grep -qx "results/main is now $(git rev-parse results/main | cut -c1-12), on ${base:0:12}" "$scratch/out"
check 'what it measured' grep -qx 'loss 385, and 400 on the merge base (-3.75%)' "$scratch/out"
check 'what builds on what' grep -qE '^  [0-9a-f]{12} +3  step 3  \(builds on 1\)$' "$scratch/out"
check 'status tells of it' grep -qE "^promoted +results/main at $(git rev-parse results/main | cut -c1-12), 20" \
	<(git autoresearch status)
git autoresearch report -o "$scratch/report.html"
check '  and the report' grep -q "Promoted 5 experiments on 20.*, as <code>results/main</code>" "$scratch/report.html"
check_equal '  beside each' 5 "$(grep -c '<small class="good">promoted</small>' "$scratch/report.html")"
check 'and how to push it' grep -qx '  git push <remote> results/main' "$scratch/out"
check_equal 'nothing of the person is touched' "$before" "$(theirs)"
check_equal 'the record says who, what, and what was measured' \
	'["promotion",null,[1,2,3,5,6],"accepted",385,400,"Ada <ada@example.org>","commits",null]' \
	"$(record '[.type, .experiment, .about, .verdict, .metric, .baseline, .promotion.by, .promotion.form, .promotion.replaced]')"
check_equal '  with the result as its second parent' "$(git rev-parse results/main)" "$(git rev-parse $ledger^2)"
check_equal '  and that its note vouches for it' \
	"sha256:$(git show $ledger:record.json | sha256sum | cut -d' ' -f1)" \
	"$(git notes --ref=autoresearch show results/main | git interpret-trailers --parse | sed -n 's/^Record: //p')"
check_equal '  the note has no words but its trailers' 'Promotion Verdict Metric Baseline Trials Duration Cpu-Time Memory-Peak Metric-Source Audit Policy Record Promoted-by' \
	"$(git notes --ref=autoresearch show results/main | git interpret-trailers --parse | cut -d: -f1 | xargs)"
check 'git finds all in order' git fsck --strict
check 'so does verify' git autoresearch verify

note 'Those that are named.'
first=$(git rev-parse results/main)
unchanged 'what builds on one that is not named' 128 git autoresearch promote 3
check '  is named with that' grep -qx 'fatal: experiment 3 builds on experiment 1, which is not named' "$scratch/err"
hint 'git autoresearch promote 1 3$'
unchanged 'also of two' 128 git autoresearch promote 6 5 3
hint 'git autoresearch promote 1 2 3 5 6$'
unchanged 'what was rejected' 128 git autoresearch promote 4
check '  is named with why' grep -q 'experiment 4 is rejected (no-improvement)' "$scratch/err"
hint 'git autoresearch accept 4'
unchanged 'the baseline' 128 git autoresearch promote 0
unchanged 'one that is not there' 128 git autoresearch promote 1 99
hint 'git autoresearch log'
check_status 'two that stand together, and one alone' 0 git autoresearch promote 6 5 2 2
check_equal 'in the order of the ledger branch' 'step 2 step 5 step 6' "$(results %s)"
check_equal '  and nothing else' '-b1 10 +b1 2 -a19 10 +a19 6' \
	"$(git diff -U0 main results/main -- b.txt a.txt | grep -E '^[-+][ab][0-9]' | sort -k1.2,1.2r -s | xargs)"
check 'what became of the others is told by git' grep -qE '^  1:  [0-9a-f]{7} < -:  -------+ step 1$' "$scratch/out"
check '  and what stayed' grep -qE '= 3:  [0-9a-f]{7} step 6$' "$scratch/out"
check_equal 'the old tip is in the record' "\"$first\"" "$(record .promotion.replaced)"
check_equal '  and in the reflog' "$first" "$(git rev-parse 'results/main@{1}')"

note 'Apart, and together.'
check_status '--split' 0 git autoresearch promote --split
check_equal 'each right behind what it needs' 'step 1 step 3 step 2 step 5 step 6' "$(results %s)"
check_equal 'the same in the end' '' "$(git diff autoresearch/main results/main)"
for alone in 'step 1' 'step 2' 'step 6'; do
	check "$alone can be taken alone" sh -c "git show 'results/main^{/$alone}' | git apply --check"
done
check_not 'step 3 cannot' sh -c "git show 'results/main^{/step 3}' | git apply --check"
check_status '--squash' 0 git autoresearch promote --squash
check_equal 'one commit' '1 main, 5 accepted changes' "$(git rev-list --count main..results/main) $(results %s)"
check_equal '  the same in the end' '' "$(git diff autoresearch/main results/main)"
check_equal '  with the trailers of each' "$(git log --reverse --format='%(trailers:only)' main..autoresearch/main | grep .)" \
	"$(git log -1 --format=%B results/main | git interpret-trailers --parse)"
check '  and the words' grep -qx '  Because of 5.' <(git log -1 --format=%B results/main)
check_status 'of one alone nothing is squashed' 0 git autoresearch promote --squash 6
check_equal '  it keeps its words' "$(git log --format=%B --grep 'step 6' autoresearch/main)" "$(git log -1 --format=%B results/main)"

note 'The campaign goes on as before.'
check_equal 'no number was taken' 6 "$(git autoresearch status --json | jq .experiments)"
check_equal 'log and show know nothing of it' '6 6' \
	"$(git autoresearch log | wc -l) $(git autoresearch show --json 6 | jq .experiment)"
check_status 'start goes on' 0 git autoresearch start
check_status 'accept' 0 git autoresearch accept 4 -m 'It is worth it.' || git autoresearch log
git autoresearch reject 1 -m 'It is in the way.' >"$scratch/out" 2>&1
check_status 'try' 1 git autoresearch try -m 'the same tree' results/main
check_status 'and verify' 0 git autoresearch verify
check_equal '  counts it all' "$(git rev-list --first-parent --count $ledger ^main)" "$(git autoresearch verify | sed 's/.*: \([0-9]*\) records.*/\1/')"

note 'It is pushed by the command that was printed.'
git init -q --bare "$scratch/there"
git remote add there "$scratch/there"
check_status 'promote' 0 git autoresearch promote 2
# pushes: what it says how to push by, the branch alone first
pushes() {
	sed -n 's/^  git push/git push/p' "$scratch/out"
}
push=$(pushes | head -n 1)
check_equal 'to the remote that there is' 'git push there results/main' "$push"
check 'it pushes' eval "$push"
check_status 'what replaces it' 0 git autoresearch promote 6
push=$(pushes | head -n 1)
check_not 'cannot be pushed over it' git push -q there results/main
check 'but with the lease that is printed' eval "$push"
check_equal '  it is there' "$(git rev-parse results/main)" "$(git -C "$scratch/there" rev-parse results/main)"
with_ledgers=$(pushes | tail -n 1)
git init -q --bare "$scratch/server"
git -C "$scratch/server" symbolic-ref HEAD refs/heads/main
(cd "$scratch/server" && git autoresearch init --hooks) >"$scratch/out"
git remote set-url there "$scratch/server"
check_status 'a server with hooks' 0 git push -q there main
check_not '  merges no branch of which it has no record' git push -q there results/main:main
check '  but has it by the other command' eval "${with_ledgers/--force-with-lease=* there/there}"
check '  and merges it then' git push -q there results/main:main

check_equal 'nothing is left behind' '' "$(leftovers)"
done_testing
