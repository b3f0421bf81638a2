#!/bin/bash
# Not sanitized: the memory that it measures is not the one that a program has without.
# A ledger of thousands of records, packed as git packs it: whoever reads all of it comes to its end,
# finds what is amiss far back, and needs no more memory than for a few.
# shellcheck disable=SC2154
. "$(dirname "$0")/lib.sh"

new_repo
{
	printf 'commit\tval_bpb\tmemory_gb\tstatus\tdescription\n'
	seq 3000 | awk '{ printf "%07x\t%.6f\t44.0\tdiscard\tidea number %d\n", $1, 1 + 1 / $1, $1 }'
} >"$scratch/results.tsv"
check_status 'thousands are imported' 0 git autoresearch import --campaign=long "$scratch/results.tsv"
git gc -q
check_equal 'log has them all, newest first' "$(seq 3000 -1 1 | md5sum)" \
	"$(git autoresearch log --json | jq .experiment | md5sum)"
check_status 'they are in order' 0 git autoresearch verify
check_equal 'which is said of each' 'long: 3000 records, all in order' "$(cat "$scratch/out")"

# What the data of a process may come to, in kilobytes.
within() { (ulimit -d "$1" && shift && "$@" >/dev/null 2>&1); }
least=2000
until within "$least" git-autoresearch log -n 1; do least=$((least + 500)); done
check 'all takes no more memory than the newest one' \
	within $((least + 1500)) git-autoresearch log --json
check 'nor does holding it against its evidence, but for some words of each' \
	within $((least + 3500)) git-autoresearch verify

commit=$(git autoresearch log --json | jq -r 'select(.experiment == 7).commit')
git notes --ref=autoresearch remove "$commit" 2>/dev/null
check_status 'one note of them all is missing' 1 git autoresearch verify
check 'and is missed' grep -q '^experiment 7: its commit has no note' "$scratch/out"

done_testing
