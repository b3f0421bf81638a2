#!/bin/bash
# A search that stalls goes up a ladder: wider temperatures and steps, with proposers being told to
# take another direction; then earlier accepted commits to propose on; then it is exhausted. All of
# it is on record, what is accepted begins it again, and a person may choose where to go on from.
# shellcheck disable=SC2154
. "$(dirname "$0")/lib.sh"
. "$here/lib-endpoint.sh"

state() {
	git autoresearch status --json | jq -r .state
}
searched() { # of each experiment from $1 on, oldest first: what its record says
	git autoresearch log --json | jq -rs "reverse | .[] | select(.experiment >= $1) |
		\"\(.experiment) \(.verdict) \(.search.rung) \(.search.temperatureScale) \(.search.from)\""
}
commit_of() {
	git autoresearch show --json "$1" | jq -r .commit
}

new_repo
configure <<-'CONFIG'
[search]
	candidates = 1
	patience = 2
CONFIG
base=$(git rev-parse HEAD)
# Three good ideas, and then bad ones. It writes down what it found, and what it was told.
propose=$(proposer <<'PROPOSER'
#!/bin/sh
n=$AUTORESEARCH_EXPERIMENT
cat >"$HOME/prompt.$n"
cp value "$HOME/value.$n"
if [ -e "$(dirname "$0")/idea" ]; then
	cp "$(dirname "$0")/idea" value
else
	[ "$n" -gt 3 ] && echo "$((1000 + n))" >value || echo "$((100 - n))" >value
fi
echo "number $n"
PROPOSER
)
idea=$(dirname "$propose")/idea
home=.git/autoresearch/campaigns/main/home
git config autoresearch.proposer command
git config autoresearch.proposerCommand "$propose"

note 'Up the ladder, in two runs.'
check_status 'three are accepted, and three are not' 3 git autoresearch start --max-experiments=6
check_equal 'the newest record says how many were in vain' 3 \
	"$(git show refs/autoresearch/main/ledger:record.json | jq .totals.stalled)"
check 'and so does status' sh -c "git autoresearch status | grep -q '^stalled .*nothing accepted in 3 experiments; the last one: wider'"
check_status 'the next start goes on, to the end' 0 git autoresearch start
check 'it says why it ended' grep -q '^main: exhausted (nothing was accepted for long)' "$scratch/out"
check 'and how to go on' grep -q '^  git autoresearch start main --from=3  *go on all the same$' "$scratch/out"
check_equal 'its state' exhausted "$(state)"
check_equal 'two experiments a stage: wider, and back by one, two and all' \
"1 accepted greedy 1 null
2 accepted greedy 1 null
3 accepted greedy 1 null
4 rejected greedy 1 null
5 rejected greedy 1 null
6 rejected wider 1.5 null
7 rejected wider 1.5 null
8 rejected restart 1.5 $(commit_of 2)
9 rejected restart 1.5 $(commit_of 2)
10 rejected restart 1.5 $(commit_of 1)
11 rejected restart 1.5 $(commit_of 1)
12 rejected restart 1.5 $base
13 rejected restart 1.5 $base" "$(searched 1 | head -n 13)"
check_equal 'that is what the proposer found' '97 97 98 98 99 99 100 100' \
	"$(for n in $(seq 6 13); do cat "$home/value.$n"; done | xargs)"
check_equal 'the base of all of them is the incumbent, which they are measured against' "$(commit_of 3) 97" \
	"$(git autoresearch log --json --rejected | jq -r '"\(.base) \(.baseline)"' | sort -u)"
check 'show says so' sh -c "git autoresearch show 8 | grep -qx 'search     restart, proposed on $(commit_of 2)'"
check_not 'at first it is told nothing' grep -q 'different' "$home/prompt.5"
check 'then that another direction is wanted' grep -q 'take a different' "$home/prompt.6"
check 'and where it stands' grep -q 'those of an earlier accepted state' "$home/prompt.8"
check_equal 'in the last part alone: the front is the same' \
	"$(sed '/^# What was tried/,$d' "$home/prompt.5" | cksum)" "$(sed '/^# What was tried/,$d' "$home/prompt.6" | cksum)"
check_status 'a later start has nothing to add' 0 git autoresearch start
check_equal 'it stays exhausted' 'exhausted 53' "$(state) $(git autoresearch log --json | wc -l)"

note 'A person chooses where to go on from.'
check_status 'not an experiment that was rejected' 128 git autoresearch start --from=5
check 'says so' grep -qx 'fatal: --from: experiment 5 is rejected: it is not on the branch' "$scratch/err"
check 'with a hint' grep -qx 'hint: git autoresearch log --accepted' "$scratch/err"
check_status 'not a commit from elsewhere' 128 git autoresearch start --from="$(git commit-tree -m x 'HEAD^{tree}')"
check 'says so' grep -q "^fatal: --from: .* not in the first-parent history" "$scratch/err"
check_status 'not what is no commit' 128 git autoresearch start --from=nowhere
check 'with a hint' grep -q '^hint: the number of an accepted experiment, or a commit' "$scratch/err"
check_status 'not from before a change of the config' 128 git autoresearch start --from="$base~1"
check 'says which file' grep -q "^fatal: --from: .* has another '.autoresearch/config'" "$scratch/err"
check_equal 'nothing was recorded' 53 "$(git autoresearch log --json | wc -l)"
check_status 'from the first accepted one' 3 git autoresearch start --from=1 --max-experiments=2
check_equal 'the ladder begins at its foot, on that commit' \
"54 rejected greedy 1 $(commit_of 1)
55 rejected greedy 1 $(commit_of 1)" "$(searched 54)"
check_status 'that was for one run: without it, the incumbent' 3 git autoresearch start --max-experiments=1
check_equal 'and the count goes on' '56 rejected wider 1.5 null' "$(searched 56)"
echo 50 >"$idea"
check_status 'by a commit of the branch, with an idea' 3 git autoresearch start --from="$(commit_of 2)" --max-experiments=2
check_equal 'it is accepted, and the next one is on top of that' \
"57 accepted greedy 1 $(commit_of 2)
58 invalid greedy 1 null" "$(searched 57)"
check_equal 'the branch is linear' "$(commit_of 57) $(commit_of 3) $(commit_of 2) $(commit_of 1) $base" \
	"$(git log --format=%H autoresearch/main | head -n 5 | xargs)"
check_status 'the ledger verifies' 0 git autoresearch verify

note 'An earlier commit leads on; a person begins it again.'
new_repo sum
printf 'a=10\n' >a
printf 'b=10\n' >b
git rm -qf value
sed -i 's/editable = value/editable = a\n\teditable = b/; s/loss=.*"/loss=$(awk -F= \x27{ s += $2 } END { print s }\x27 a b)"/' .autoresearch/config
printf '[search]\n\tcandidates = 1\n\tpatience = 2\n' >>.autoresearch/config
git add -A
git commit -qm 'a sum'
propose=$(proposer sum <<'PROPOSER'
#!/bin/sh
n=$AUTORESEARCH_EXPERIMENT
case $n in
1) echo a=9 >a ;;
2) echo b=9 >b ;;
*) grep -q 'b=10' b && echo a=1 >a || echo "a=$((20 + n))" >a ;;
esac
echo "number $n"
PROPOSER
)
git config autoresearch.proposer "command:$propose"
check_status 'it gets out of a dead end' 3 git autoresearch start --max-experiments=7
check_equal 'by what is proposed on the first of two' "7 accepted restart 1.5 $(commit_of 1)" "$(searched 7)"
check_equal 'its commit is a child of the second' "$(commit_of 2)" "$(git rev-parse autoresearch/main^)"
check_equal 'and takes back what that did' 'a=1 b=10' \
	"$(git show autoresearch/main:a) $(git show autoresearch/main:b)"
check_equal 'it begins at the foot again' 0 "$(git show refs/autoresearch/main/ledger:record.json | jq .totals.stalled)"
check_status 'exhausted once more' 0 git autoresearch start
git switch -q autoresearch/main
echo 'Try both.' >.autoresearch/program.md
git commit -qam 'a hint'
git switch -q main
check_status 'but not where a person has committed' 3 git autoresearch start --max-experiments=5
check_equal 'nothing older is proposed on then, since it has another program.md' \
	'greedy null greedy null wider null wider null wider null' \
	"$(git autoresearch log --json -n 5 | jq -rs 'reverse | .[].search | "\(.rung) \(.from)"' | xargs)"
check_status 'the ledger verifies' 0 git autoresearch verify

note 'The sweep goes up when it has tried all that it can.'
new_repo steps
cat >value <<'C'
x = 4  # autoresearch: 1..1000
C
sed -i 's/loss=.*"/loss=$(awk \x27{ print ($3 == 4 ? 5 : $3 >= 15 ? 1 : 9) }\x27 value)"/' .autoresearch/config
git commit -qam 'a valley, and a lower one beyond a hill'
check_status 'it comes to an end' 0 git autoresearch start
check 'since it says so itself' grep -q '^main: exhausted (the proposer has no more ideas)' "$scratch/out"
check_equal 'a wide step led over the hill' 'x = 16' "$(git show autoresearch/main:value | cut -d' ' -f1-3)"
check_equal '  which was tried after the others' wider \
	"$(git autoresearch log --json --accepted | jq -r .search.rung)"
count=$(git autoresearch log --json | wc -l)
check_status 'a later start ends as well' 0 git autoresearch start
check_equal '  and finds nothing' "$count" "$(git autoresearch log --json | wc -l)"
check_equal 'nothing was tried twice' '' "$(git autoresearch log --json | jq -r 'select(.verdict == "duplicate")')"

note 'A model is asked hotter.'
new_repo model
configure <<-'CONFIG'
[search]
	candidates = 2
	patience = 4
CONFIG
git config autoresearch.temperature 0.2..0.8
ask_model hot <<'SCRIPT'
[{"content": "Worse\n\nvalue\n```\n200\n```\n"}]
SCRIPT
check_status 'eight that are of no use' 3 git autoresearch start --max-experiments=8
# The third round is asked for before the fourth experiment, the last of the second, has a verdict.
check_equal 'the round ends hotter than it did, and begins where it did' '0.2 0.8 0.2 0.8 0.2 0.8 0.2 1.2' \
	"$(git autoresearch log --json | jq -r .experiment | sort -n | while read -r n; do
		git show "$(git log --format=%H --grep="^experiment $n:" refs/autoresearch/main/ledger):record.json" | jq .asked.temperature
	done | xargs)"
check 'prompt shows what it is told' sh -c "git autoresearch prompt | grep -qx 'Nothing has been accepted in the last 8 experiments.'"
check_equal 'nothing is left behind' '' "$(leftovers)"

done_testing
