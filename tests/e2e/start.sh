#!/bin/bash
# From `git autoresearch start` to a ledger: a campaign that the built-in sweep works on.
. "$(dirname "$0")/lib.sh"

new_repo
configure <<-'CONFIG'
[budget]
	experiments = 9
CONFIG
# Far enough from zero, where the sweep would have no more ideas.
echo 100000 >value
git commit -qam 'a larger number'
before=$(git status --porcelain --ignored; git rev-parse HEAD; git symbolic-ref HEAD)

check_status 'a smoke run ends with 0' 0 git autoresearch start --smoke --trace="$scratch/trace"
check_equal 'its trace has a span for each of the six experiments' 6 \
	"$(jq '[.[] | select(.name == "experiment")] | length' "$scratch/trace")"
check_equal 'whose commands ran within their trials' 6 "$(jq '. as $all | [.[] | select(.name == "run")] | map(
	. as $run | select(any($all[]; .name == "phase" and .tid == $run.tid and .tid > 0 and
		.ts <= $run.ts and .ts + .dur >= $run.ts + $run.dur))) | length' "$scratch/trace")"
check_equal 'it made six experiments' 6 "$(git autoresearch log --json | wc -l)"
check_equal 'the baseline is what was committed' 100000 "$(git autoresearch status --json | jq .baseline)"
check 'something was accepted' test "$(git autoresearch status --json | jq .verdicts.accepted)" -gt 0
check_equal 'the best is the incumbent'\''s value' \
	"$(git show autoresearch/main:value)" "$(git autoresearch status --json | jq .best)"
check_equal 'the state is stopped' stopped "$(git autoresearch status --json | jq -r .state)"

check_status 'started again it resumes, until the budget runs out' 3 git autoresearch start
check_equal 'the budget is the campaign'\''s' 9 "$(git autoresearch log --json | wc -l)"
check_equal 'the numbers go on' "$(seq 9 -1 1)" "$(git autoresearch log --json | jq .experiment)"
check_status 'and every later start says so' 3 git autoresearch start
check_equal 'the state is budget' budget "$(git autoresearch status --json | jq -r .state)"

check_status 'a trace that cannot be written is fatal' 128 git autoresearch start --trace=no/where
check_status 'the ledger verifies' 0 git autoresearch verify
check 'git fsck is content' git fsck --strict --no-dangling
check_equal 'working tree, index and HEAD are as they were' "$before" \
	"$(git status --porcelain --ignored; git rev-parse HEAD; git symbolic-ref HEAD)"
check_equal 'accepted commits follow each other' \
	"$(git autoresearch log --json --accepted | jq -r .commit)" \
	"$(git log --first-parent --format=%H main..autoresearch/main)"
note 'Records of short trials are written down together, but none waits for a long one.'
gate=$scratch/gate
mkdir "$gate"
git config autoresearch.bind "$gate"
git config -f .autoresearch/config run.command \
	"test \$AUTORESEARCH_EXPERIMENT -lt 3 || while ! test -e $gate/open; do sleep 0.05; done; echo METRIC loss=1"
git commit -qam 'the third takes its time'
git autoresearch start seen --max-experiments=3 >/dev/null &
two_are_seen() {
	[ "$(git autoresearch log --json --campaign=seen | wc -l)" = 2 ]
}
check 'two are seen while the third runs' soon two_are_seen
check_equal 'they have their notes' 2 \
	"$(git log --notes=autoresearch --format=%N refs/autoresearch/seen/ledger | grep -c '^Experiment: seen/[12]$')"
touch "$gate/open"
wait $!
check_equal 'it ends as ever' 3 $?
check_status 'and verifies' 0 git autoresearch verify --campaign=seen
check_equal 'nothing is left behind' '' "$(leftovers)"

done_testing
