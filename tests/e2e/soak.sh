#!/bin/bash
# Not sanitized: it measures memory, which sanitizers keep.
# A campaign that is left alone for long, and all that can happen to it at random: candidates that
# crash, hang, eat memory and leave processes; kill -9 of the loop, a second start, a garbage
# collection. Then every record verifies, memory is flat, and nothing is left.
#
# SOAK=<n> experiments; 60 of them where nobody says otherwise. 2000 take some minutes.
# shellcheck disable=SC2154 # variables of lib.sh
. "$(dirname "$0")/lib.sh"

experiments=${SOAK:-60}

new_repo
git config -f .autoresearch/config run.command 'sh ./value'
git config -f .autoresearch/config run.timeout 500ms
git config -f .autoresearch/config budget.experiments "$experiments"
git config -f .autoresearch/config budget.failures 1000000
# However long nothing is accepted.
git config -f .autoresearch/config search.patience 0
echo 'echo METRIC loss=100000' >value
git commit -qam 'a program'
git config autoresearch.proposer command
# What a number comes to is always the same, and looks like chance.
git config autoresearch.proposerCommand "$(proposer <<'PROPOSER'
#!/bin/bash
n=$AUTORESEARCH_EXPERIMENT
chance=$((n * 7919 % 101))
{
	case $chance in
	[0-3]) echo 'kill -SEGV $$' ;;
	[4-6]) echo 'exit 3' ;;
	7) echo 'sleep 60' ;;
	8) echo 'head -c 1G /dev/zero | tail' ;;
	9) echo 'sleep 60 & (setsid sleep 61 &)' ;;
	10) echo 'yes | head -c 3M' ;;
	11) echo 'head -c 20M /dev/zero >large' ;;
	esac
	[ $chance -lt 90 ] && echo "echo METRIC loss=$((200000 + n))" || echo "echo METRIC loss=$((90000 - n))"
} >value
echo "number $n"
PROPOSER
)"

# Each line: descriptors, memory in kB of the loop, and which start it is of.
watch() {
	local pid=$1 fds memory
	# Those of a trial come and go: the fewest of a few looks are what is held.
	fds=$(for _ in 1 2 3 4 5; do
		find "/proc/$pid/fd" -mindepth 1 2>/dev/null | wc -l
		sleep 0.01
	done | sort -n | head -n 1)
	memory=$(awk '/^VmRSS/ { print $2 }' "/proc/$pid/status" 2>/dev/null)
	[ -z "$memory" ] || echo "$fds $memory $starts" >>"$scratch/watched"
}

begin=$SECONDS
starts=0 kills=0 seconds=0 refused=0 collections=0 died='' over=''
mounts=$(grep -c . /proc/self/mountinfo)
RANDOM=1
while [ -z "$over" ]; do
	git-autoresearch start >"$scratch/out" 2>"$scratch/err" &
	started=$!
	starts=$((starts + 1))
	# The longer the soak, the longer one lives.
	lives=$((RANDOM % (10 + experiments / 10) + 10))
	# The first not as long as a fast machine takes for all.
	[ "$starts" -gt 1 ] || lives=5
	for ((tick = 0; tick < lives; tick++)); do
		kill -0 "$started" 2>/dev/null || break
		watch "$started"
		case $((RANDOM % 60)) in
		0)
			seconds=$((seconds + 1))
			git autoresearch start >/dev/null 2>"$scratch/second"
			! grep -q 'is being worked on by process' "$scratch/second" || refused=$((refused + 1))
			;;
		1)
			git gc --quiet --prune=now 2>/dev/null && collections=$((collections + 1))
			;;
		esac
		sleep 0.05
	done
	if kill -9 "$started" 2>/dev/null; then
		kills=$((kills + 1))
	fi
	wait "$started" 2>/dev/null
	status=$?
	# The lock of a ref that is younger might be somebody's, and is waited for.
	find .git/refs -name '*.lock' -exec touch -d '1 minute ago' {} +
	case $status in
	3) over=yes ;;
	137) ;;
	*)
		died="$died $status: $(tail -n 2 "$scratch/err")"
		[ "${#died}" -lt 2000 ] || over=yes
		;;
	esac
done
check_equal 'nothing but us ended it' '' "$died"
note "$experiments experiments in $((SECONDS - begin)) s, $starts starts, $kills killed, $seconds second starts ($refused refused), $collections collections"

check_equal 'no experiment is missing, doubled or misnumbered' "$(seq "$experiments" -1 1)" \
	"$(git autoresearch log --json | jq .experiment)"
check_equal 'each is that of its number' "$(seq -f 'number %g' "$experiments" -1 1)" \
	"$(git autoresearch log --json | jq -r .subject)"
note "$(git autoresearch log --json | jq -r '"\(.verdict) \(.reason // "" | split(" ")[0])"' | sort | uniq -c | sort -rn)"
check 'all kinds of verdicts' test "$(git autoresearch log --json | jq -r .verdict | sort -u | wc -l)" -ge 3
check_equal 'the branch is the accepted ones' "$(git autoresearch log --json --accepted | jq -r .commit)" \
	"$(git log --first-parent --format=%H main..autoresearch/main)"
check_status 'every record verifies' 0 git autoresearch verify
check 'git fsck is content' git fsck --strict --no-dangling --no-progress
check 'it was killed, and went on' test "$kills" -ge 1

# Of a start's life: in its second quarter, when all is warm, and in the last. Of descriptors the fewest,
# since all looks of a moment may fall into a trial that hangs.
awk '{ fds[$3, ++n[$3]] = $1; memory[$3, n[$3]] = $2; if (n[$3] > longest) { longest = n[$3]; s = $3 } }
	function fewest(from, to, i, few) {
		few = fds[s, from]
		for (i = from; i <= to; i++) if (fds[s, i] < few) few = fds[s, i]
		return few
	}
	END {
		q = int(longest / 4)
		print fewest(q + 1, 2 * q + 1), fewest(longest - q, longest), memory[s, q + 1], memory[s, longest]
	}' "$scratch/watched" >"$scratch/flat"
read -r fds_then fds_now memory_then memory_now <"$scratch/flat"
note "of the longest start: descriptors $fds_then, then $fds_now; memory $memory_then kB, then $memory_now kB"
check 'no descriptor is left open' test "$fds_now" -le $((fds_then + 8))
check 'memory is flat' test "$memory_now" -le $((memory_then + memory_then / 4 + 1024))

check_status 'gc' 0 git autoresearch gc
check_equal 'removes every slot' 1 "$(git worktree list | wc -l)"
check_equal 'no mount is left' "$mounts" "$(grep -c . /proc/self/mountinfo)"
check_equal 'no process, cgroup or mount is left' '' "$(leftovers)"
check_equal 'no proposal is left' '' "$(find .git/autoresearch/campaigns/main/proposals -name '[0-9]*')"
check_equal 'no file of an audit or a write is left' '' \
	"$(find .git -name 'audit.??????' -o -name '*.new' -o -name '*.lock' -o -name 'gc.pid*')"
done_testing
