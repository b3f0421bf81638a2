#!/bin/bash
# Not sanitized: it preloads and kills the program.
# kill -9 in every step in which `promote` moves something: what is left is what was there or what was
# to be, never half of it; the books are in order, and the next one does it.
# shellcheck disable=SC2154 # variables of lib.sh
. "$(dirname "$0")/lib.sh"
. "$here/lib-steps.sh"

compile_faults 'killed in every step'
new_campaign
echo better >"$tell"
git autoresearch start --max-experiments=3 >"$scratch/out" 2>&1
check_equal 'three are accepted' 3 "$(git autoresearch log --accepted | wc -l)"
promote() { # promote <what> <step> <number>...
	local what=$1 step=$2
	shift 2
	LD_PRELOAD=$scratch/faults.so FAULT_BELOW=$PWD/.git FAULT_DO=$what FAULT_AT=$step \
		git-autoresearch promote "$@" >"$scratch/out" 2>"$scratch/err"
}
records() {
	git rev-list --first-parent --count refs/autoresearch/main/ledger ^main
}
# What a promotion left: its branch where the newest one is that is accepted, or where it was before.
is_whole() { # is_whole <tip before>
	local tip newest
	tip=$(git rev-parse results/main)
	newest=$(git show refs/autoresearch/main/ledger:record.json | jq -r .promotion.result)
	[ "$tip" = "$1" ] || [ "$tip" = "$newest" ]
}

FAULT_LOG=$scratch/log promote none none
grep -E '^(rename|open|unlink) .*(refs|logs)/' "$scratch/log" | grep -v worktrees | sort -u >"$scratch/steps"
check 'a path of many steps' test "$(wc -l <"$scratch/steps")" -ge 8
check 'among them the branch' grep -q 'refs/heads/results/main' "$scratch/steps"
missed='' broken='' disordered=''
n=0
while read -r step; do
	n=$((n + 1))
	tip=$(git rev-parse results/main)
	# Each is another promotion than the one before.
	# shellcheck disable=SC2046
	promote kill "$step" $(seq $((n % 3 + 1))) 2>/dev/null
	[ $? -eq 137 ] || missed="$missed $step"
	find .git/refs -name '*.lock' -exec touch -d '1 minute ago' {} +
	is_whole "$tip" || broken="$broken $step"
	# A note that was to be written is mended by the next that works on the campaign.
	git autoresearch promote 99 >/dev/null 2>&1
	git autoresearch verify >"$scratch/verify" || disordered="$disordered $step: $(cat "$scratch/verify")"
done <"$scratch/steps"
check_equal 'every step was met' '' "$missed"
check_equal 'nothing was left half done' '' "$broken"
check_equal 'the books were in order after each' '' "$disordered"
before=$(records)
check_status 'the next one does it' 0 git autoresearch promote
check_equal '  and is on record' $((before + 1)) "$(records)"
check_equal '  with its branch' "$(git rev-parse refs/autoresearch/main/ledger^2)" "$(git rev-parse results/main)"
check 'git finds all in order' git fsck --strict

note 'A disk that is full.'
before=$(git for-each-ref)
promote ENOSPC 'open refs/heads/results/main.lock'
check_equal 'is fatal' 128 $?
check_equal '  and moves nothing' "$before" "$(git for-each-ref)"
check_equal 'nothing is left behind' '' "$(leftovers)"
done_testing
