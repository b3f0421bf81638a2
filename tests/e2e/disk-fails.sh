#!/bin/bash
# Not sanitized: it preloads the program.
# A disk that fails in one step of the path, or is full: the program says so in one line, or goes on
# where that does no harm; and the next start goes on. Nothing is lost, doubled or misnumbered.
# shellcheck disable=SC2154 # variables of lib.sh
. "$(dirname "$0")/lib.sh"
. "$here/lib-steps.sh"

compile_faults 'a disk that fails in every step'

# holds_together: nothing was lost, nothing done twice.
holds_together() {
	local records
	check_status 'start goes on' 3 git autoresearch start --max-experiments=1
	records=$(git autoresearch log --json | wc -l)
	check_equal 'no experiment was lost, doubled or misnumbered' "$(seq "$records" -1 1)" \
		"$(git autoresearch log --json | jq .experiment)"
	check_equal 'no proposal was measured twice' '' \
		"$(git autoresearch log --json | jq -r .subject | sort | uniq -d)"
	check_equal 'the branch is the accepted ones' \
		"$(git autoresearch log --json --accepted | jq -r .commit)" \
		"$(git log --first-parent --format=%H main..autoresearch/main)"
	check_status 'every record verifies' 0 git autoresearch verify
	check 'git fsck is content' git fsck --strict --no-dangling --no-progress
	check_equal 'no lock of a ref is left, and no file half-written' '' \
		"$(find .git -name '*.lock' -o -name '*.new' -o -name 'tmp_object*')"
	check_equal 'nothing is left behind' '' "$(leftovers)"
}

new_campaign
check_status 'a campaign of two' 3 git autoresearch start --max-experiments=2
steps_of worse >"$scratch/worse"
steps_of better | grep 'refs/heads' >"$scratch/better"
check 'a path of many steps' test "$(wc -l <"$scratch/worse")" -gt 60

died='' wordy='' unsaid='' fatal=0 count=0
for kind in worse better; do
	echo "$kind" >"$tell"
	while IFS='|' read -r after step; do
		with_fault EIO "$step" "$after"
		status=$?
		cat "$scratch/err" >>"$scratch/said"
		said=$(grep -c '^fatal: ' "$scratch/err")
		case $status-$said in
		3-0) ;; # what may fail: that makes a warning, or none
		128-1)
			fatal=$((fatal + 1))
			grep -q '^fatal: .*Input/output error' "$scratch/err" ||
				unsaid="$unsaid $step: $(cat "$scratch/err");"
			;;
		*) died="$died $status:$step: $(cat "$scratch/err");" ;;
		esac
		# The sandbox does not show what is preloaded.
		! grep -vE '^(fatal|hint|warning): |^ERROR: ld.so: ' "$scratch/err" | grep -q . ||
			wordy="$wordy $step: $(cat "$scratch/err");"
		count=$((count + 1))
		[ $((count % 5)) -ne 0 ] || git autoresearch start --max-experiments=1 >/dev/null 2>&1
	done <"$scratch/$kind"
done
check_equal 'it goes on, or is fatal' '' "$died"
check_equal 'in one line' '' "$wordy"
check_equal 'that says why' '' "$unsaid"
check 'most steps are' test "$fatal" -gt 40
check_equal 'no proposal that had come was lost' "$(wc -l <"$asked_for")" \
	"$(git autoresearch log --json | wc -l)"
check_not 'no hint is beside the point' grep -rl 'stands in the way' "$scratch/said"
holds_together

# --- Side by side: what one cannot write ends the other as well, whose trial goes on meanwhile

step=$(cut -d'|' -f2 "$scratch/worse" | grep 'fsync .*refs/autoresearch/main/ledger' | head -n 1)
check 'the ref of the chain is synced' test -n "$step"
for try in 1 2 3; do
	LD_PRELOAD=$scratch/faults.so FAULT_BELOW=$PWD/.git FAULT_DO=EIO FAULT_AT=$step \
		timeout 60 git-autoresearch start -j 2 --max-experiments=6 >"$scratch/out" 2>"$scratch/err"
	check_equal "two at a time, try $try: it is fatal" '128 1' "$? $(grep -c '^fatal: .*Input/output error' "$scratch/err")"
done
holds_together

# --- A disk that is full, as file systems are

if [ "$(id -u)" -ne 0 ]; then
	skip 'a full disk' 'only root can make one'
	done_testing
	exit 0
fi
# on_a_disk <folder> <size> <function>: runs it with a file system of that size where the folder is,
# which has its content. What is written there is gone with it.
on_a_disk() {
	unshare -m --propagation private bash -c '
		mkdir "$0.disk" && mount -t tmpfs -o size="$1" tmpfs "$0.disk" && cp -a "$0/." "$0.disk" &&
			mount --move "$0.disk" "$0" && "$2"' "$PWD/$1" "$2" "$3"
}
fill() { # until nothing goes in any more
	dd if=/dev/zero of="$1/filler" bs=4k 2>/dev/null
}
export proposals=.git/autoresearch/campaigns/main/proposals scratch
export -f fill

note 'No room for objects.'
new_campaign objects
git autoresearch start --max-experiments=2 >/dev/null
without_objects() {
	fill .git/objects
	git autoresearch start --max-experiments=1 >/dev/null 2>"$scratch/err"
	echo "start: $?, kept: $(cd $proposals && echo [0-9]*)"
	rm .git/objects/filler
	git autoresearch start --max-experiments=1 >/dev/null 2>&1
	echo "start: $?, $(git autoresearch log --json -n 1 | jq -r '"\(.experiment) \(.subject)"')"
	git autoresearch verify >/dev/null || echo 'does not verify'
	git fsck --strict --no-dangling --no-progress 2>&1
}
export -f without_objects
check_equal 'start is fatal, and goes on where there is room, with the proposal that came' \
	'start: 128, kept: 3
start: 3, 3 idea 3' "$(on_a_disk .git/objects 4m without_objects)"
check_equal 'it says why, in one line' 1 "$(grep -c '^fatal: .*No space left on device' "$scratch/err")"
check_equal 'and nothing else' 1 "$(grep -vc -e '^hint: ' "$scratch/err")"

note 'No room for a proposal: a reserve is held for that.'
new_campaign reserve
git autoresearch start --max-experiments=2 >/dev/null
without_room() {
	fill $proposals
	with_fault kill 'rename worktrees/tree/HEAD' 'rename autoresearch/campaigns/main/proposals/*' 2>/dev/null
	echo "start: $?, kept: $(cd $proposals && echo [0-9]*)"
	rm $proposals/filler
	git autoresearch start --max-experiments=1 >/dev/null 2>&1
	echo "start: $?, $(git autoresearch log --json -n 1 | jq -r '"\(.experiment) \(.subject)"')"
}
export -f without_room with_fault
check_equal 'it is kept, and tried by the next start' 'start: 137, kept: 3
start: 3, 3 idea 3' "$(on_a_disk $proposals 4m without_room)"
check_equal 'nothing is left behind' '' "$(leftovers)"
done_testing
