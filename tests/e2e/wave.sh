#!/bin/bash
# Many more trials at a time than there are processors: they sleep side by side, each is recorded, in
# order, and nothing of them stays.
# shellcheck disable=SC2154
. "$(dirname "$0")/lib.sh"

jobs=16 nap=2
new_repo
seq -f 'p%g = 0.5' 10 >value
git config -f .autoresearch/config run.command "sleep $nap && echo METRIC loss=1"
git commit -qam 'what takes its time'

note "Two waves of $jobs, each trial of which sleeps for $nap s."
mkfifo "$scratch/lines"
# Not by way of git, so that the process that is known is the one that is meant.
git-autoresearch start -j $jobs --max-experiments=$((2 * jobs)) --trace="$scratch/trace" \
	>"$scratch/lines" 2>"$scratch/err" &
pid=$!
first=0 later=0 n=0
while read -r line; do
	[[ $line =~ ^[0-9]+\ \ [a-z] ]] || continue
	open=$(find "/proc/$pid/fd" -type l 2>/dev/null | wc -l)
	if [ $((n++)) -le $jobs ]; then
		first=$((open > first ? open : first))
	else
		later=$((open > later ? open : later))
	fi
done <"$scratch/lines"
wait "$pid"
check_equal 'its budget ends it' 3 $?
check_equal 'all are recorded, in order' "$(seq 0 $((2 * jobs)) | paste -sd' ')" \
	"$(git autoresearch log --json | jq -s 'map(.experiment) | reverse | [0] + . | map(tostring) | join(" ")' -r)"
check_equal 'each was measured' "$((2 * jobs)) rejected" \
	"$(git autoresearch status --json | jq -r '.verdicts | to_entries[] | select(.value > 0) | "\(.value) \(.key)"')"
# One by one they sleep for a minute and more.
took=$(jq 'map(select(.name == "run")) | (map(.ts + .dur) | max) - (map(.ts) | min) | . / 1e6 | floor' \
	"$scratch/trace")
check "side by side: $took s" test "$took" -lt $((jobs * nap))
check "descriptors: $later after the first wave's $first" test "$later" -le $((first + jobs))
check_equal 'slots' $jobs "$(git worktree list --porcelain | grep -c '^locked')"
check_equal 'no process, mount or cgroup' '' "$(leftovers)"
check 'verify' git autoresearch verify

note 'No more than can be audited at a time.'
check_status '-j 65' 129 git autoresearch start -j 65
check '  it says so' grep -q -- '--jobs is at most 64' "$scratch/err"

done_testing
