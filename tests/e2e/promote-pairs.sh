#!/bin/bash
# A noisy metric: what is promoted is measured in pairs with the merge base, as a candidate is beside the
# incumbent. What a person believed in, against the numbers, is held against them here once more.
# shellcheck disable=SC2154
. "$(dirname "$0")/lib.sh"

new_repo
echo nothing >luck
git add luck
configure <<-'CONFIG'
[campaign]
	editable = luck
[run]
	command = "echo METRIC loss=$(($(cat value) * 1000 + $(od -An -N2 -tu2 /dev/urandom) % 1000))"
[verdict]
	trials = 2
CONFIG
git config autoresearch.proposer command
git config autoresearch.proposerCommand "$(proposer <<'PROPOSER'
#!/bin/sh
case $AUTORESEARCH_EXPERIMENT in
1) echo 'a better number'; echo 98 >value ;;
2) echo 'a lucky charm'; echo clover >luck ;;
*) exit 125 ;;
esac
PROPOSER
)"
git autoresearch start >"$scratch/out" 2>&1
check_equal 'the one is accepted, the other is not' 'accepted false' \
	"$(git autoresearch log --json | jq -rs '[.[1].verdict, (.[0].verdict == "accepted" | tostring)] | join(" ")')"
check_status 'but a person believes in it' 0 git autoresearch accept 2 -m 'It brings luck.'

check_status 'what is better is promoted' 0 git autoresearch promote 1
check 'with the interval of its gain' grep -qE '^loss [0-9.]+, and [0-9.]+ on the merge base \(-[0-9.]+%\); the gain is [0-9.]+ to [0-9.]+, at a confidence of 0.95$' "$scratch/out"
promotion() {
	git show refs/autoresearch/main/ledger:record.json | jq -r "$1"
}
check_equal 'all pairs that confirm it are on record' 'done true' \
	"$(promotion '[.comparison.ended, (.trials | length >= 20 | tostring)] | join(" ")')"
check_equal 'with seeds that no experiment had' 0 "$(
	for commit in $(git rev-list --first-parent refs/autoresearch/main/ledger ^main); do
		git show "$commit:record.json" | jq -r '.type as $type | .trials[] | "\($type) \(.seed)"'
	done | sort -u | awk '{ n[$2] += $1 == "promotion"; of[$2]++ } END { for (s in n) bad += n[s] && of[s] > 1; print bad + 0 }')"
tip=$(git rev-parse results/main)
check_status 'luck is not' 1 git autoresearch promote 2
check 'it says why' grep -qE '^main: not promoted, (rejected|indecisive) \((no-improvement|within-noise)\): loss' "$scratch/out"
check_equal 'the branch stays' "$tip" "$(git rev-parse results/main)"
check_equal 'and what was tried is on record' '[2]' "$(promotion '.about | tojson')"
check 'verify judges both again' git autoresearch verify

note 'A merge base that cannot be measured.'
git update-ref refs/heads/autoresearch/main "$(git commit-tree -p autoresearch/main -m 'more is asked for' "$(
	blob=$(git show autoresearch/main:.autoresearch/config | sed 's/^command = "/&grep -q clover luck \&\& /' | git hash-object -w --stdin)
	GIT_INDEX_FILE=$scratch/index sh -c "git read-tree autoresearch/main &&
		git update-index --cacheinfo '100644,$blob,.autoresearch/config' && git write-tree")")"
before=$(git for-each-ref)
check_status 'is no fault of the result' 2 git autoresearch promote 2
check 'it says so' grep -q '^fatal: the merge base, measured beside the result, came to nothing 3 times: exit 1$' "$scratch/err"
check_equal 'and nothing moves' "$before" "$(git for-each-ref)"

check_equal 'nothing is left behind' '' "$(leftovers)"
done_testing
