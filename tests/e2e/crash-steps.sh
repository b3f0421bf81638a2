#!/bin/bash
# Not sanitized: it preloads and kills the program.
# kill -9 in every step of the path, from the first file that is touched to the last: the next start
# goes on, and no experiment is lost, doubled or misnumbered, no change is accepted without its
# record, and no proposal is asked for again once it has come.
# shellcheck disable=SC2154 # variables of lib.sh
. "$(dirname "$0")/lib.sh"
. "$here/lib-steps.sh"

compile_faults 'killed in every step'
new_campaign
check_status 'a campaign of two' 3 git autoresearch start --max-experiments=2

# Of a change that is accepted only what is not as it is for others.
steps_of worse >"$scratch/worse"
steps_of better | grep 'refs/heads' >"$scratch/better"
check 'a path of many steps' test "$(wc -l <"$scratch/worse")" -gt 60
check 'among them the branch' test "$(wc -l <"$scratch/better")" -gt 3

# A proposal that is not on disk yet when we are killed was never there; it is the only thing that
# can be lost, and is only by these.
too_early='^\|(unlink .*/audit\.|.*proposals/\*)'
# The lock of a ref that is younger might be somebody's, and is waited for.
a_minute_passes() {
	find .git/refs -name '*.lock' -exec touch -d '1 minute ago' {} +
}
count=0 lost=0 missed='' died=''
for kind in worse better; do
	echo "$kind" >"$tell"
	while IFS='|' read -r after step; do
		# Each goes on from where the one before was killed.
		with_fault kill "$step" "$after" 2>/dev/null
		status=$?
		a_minute_passes
		# A proposal that is begun six times and never finished is not begun again.
		count=$((count + 1))
		[ $((count % 5)) -ne 0 ] || git autoresearch start --max-experiments=1 >/dev/null 2>&1
		case $status in
		137) ;;
		3) missed="$missed $step" ;;
		*) died="$died $status:$step: $(cat "$scratch/err")" ;;
		esac
		if [ "$status" -eq 137 ] && grep -qE "$too_early" <<<"$after|$step"; then
			lost=$((lost + 1))
		fi
	done <"$scratch/$kind"
done
check_equal 'every step was met' '' "$missed"
check_equal 'and nothing else ended it' '' "$died"

note 'In the middle of every phase.'
for phase in propose run check evaluate; do
	touch "$scratch/slow/$phase"
	git-autoresearch start >/dev/null 2>&1 &
	started=$!
	for _ in $(seq 600); do
		pgrep -xf "sleep 31.$$" >/dev/null && break
		sleep 0.02
	done
	check "$phase: it is killed in it" kill -9 "$started"
	wait "$started" 2>/dev/null
	rm "$scratch/slow/$phase"
	[ "$phase" != propose ] || lost=$((lost + 1))
	for _ in $(seq 400); do
		pgrep -xf "sleep 31.$$" >/dev/null || break
		sleep 0.05
	done
	check_not "$phase: nothing of it lives" pgrep -xf "sleep 31.$$"
done

check_status 'start goes on' 3 git autoresearch start --max-experiments=1
records=$(git autoresearch log --json | wc -l)
check_equal 'no experiment was lost, doubled or misnumbered' "$(seq "$records" -1 1)" \
	"$(git autoresearch log --json | jq .experiment)"
check_equal 'no proposal was measured twice' '' \
	"$(git autoresearch log --json | jq -r .subject | sort | uniq -d)"
check_equal 'none that had come was asked for again' "$(wc -l <"$asked_for")" $((records + lost))
check_equal 'none is kept that has its record' '' \
	"$(find .git/autoresearch/campaigns/main/proposals -name '[0-9]*')"
check_equal 'the branch is the accepted ones' "$(git autoresearch log --json --accepted | jq -r .commit)" \
	"$(git log --first-parent --format=%H main..autoresearch/main)"
check 'some were' git autoresearch log --accepted
check_equal 'each of the others has its note' '' "$(git autoresearch log --json --rejected |
	jq -r .commit | while read -r commit; do
	git notes --ref=autoresearch show "$commit" >/dev/null || echo "$commit"
done)"
check_status 'every record verifies' 0 git autoresearch verify
check 'git fsck is content' git fsck --strict --no-dangling --no-progress
check_equal 'no lock of a ref is left' '' "$(find .git -name '*.lock' -o -name '*.new')"
check_status 'gc' 0 git autoresearch gc
check_equal 'removes every slot' 1 "$(git worktree list | wc -l)"
check_equal 'nothing is left behind' '' "$(leftovers)"
done_testing
