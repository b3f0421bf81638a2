#!/bin/bash
# Several trials at a time, each on processors and devices of its own: a round's candidates race
# from one incumbent, and the best of those that pass is accepted.
# shellcheck disable=SC2154
. "$(dirname "$0")/lib.sh"

# The proposer writes what its script says for each number: a line "file value", or several.
proposals() { # proposals <number>=<file>:<value>[,…] …
	local p edits e
	mkdir -p "$scratch/proposers"
	{
		for p in "$@"; do
			IFS=, read -ra edits <<<"${p#*=}"
			echo "if [ \$AUTORESEARCH_EXPERIMENT = ${p%%=*} ]; then"
			for e in "${edits[@]}"; do
				echo "	echo ${e#*:} >${e%%:*}"
			done
			printf '\techo %s\n\texit\nfi\n' "$p"
		done
		echo 'exit 125'
	} >"$scratch/proposers/propose"
	chmod +x "$scratch/proposers/propose"
}
start() {
	git autoresearch start --proposer-command="$scratch/proposers/propose" "$@"
}
write_config() { # write_config <command>: and more of the config on stdin
	echo "$1" >run.sh
	printf '[campaign]\n\tmetric = loss\n\tdirection = minimize\n[run]\n\tcommand = sh run.sh\n' \
		>.autoresearch/config
	cat >>.autoresearch/config
	git add run.sh
}
verdicts() { # the experiments, a line each
	git autoresearch log --json --campaign="$1" |
		jq -sr 'reverse[] | "\(.experiment) \(.verdict) \(.metric) \(.baseline)"'
}

new_repo
git rm -qf value
mkdir x
echo 50 >x/a
echo 50 >x/b
echo 0 >x/nap
write_config 'sleep "$(cat x/nap)"; echo "METRIC loss=$(($(cat x/a) + $(cat x/b)))"' <<'CONFIG'
[campaign]
	editable = x
[search]
	candidates = 3
CONFIG
git add -A
git commit -qm 'two numbers'

note 'The best of a round is accepted; what was good as well is tried on top of it.'
proposals 1=x/a:45 2=x/b:30,x/nap:1 3=x/a:70
check_status 'start' 0 start one -j 2
check_equal 'one of the three, and the other on top' '1 rejected 95 80
2 accepted 80 100
3 rejected 120 100
4 accepted 75 80' "$(verdicts one)"
check_equal 'it says which one was better' 2 \
	"$(git autoresearch show --json --campaign=one 1 | jq .beatenBy)"
check_equal 'the branch has both changes' '45 30' \
	"$(git show autoresearch/one:x/a autoresearch/one:x/b | xargs)"
check_status 'the ledger verifies' 0 git autoresearch verify one

note 'Slots do not wait for a slow one: the next round goes on beside it.'
git branch two
proposals 1=x/a:49,x/nap:4 2=x/a:60 3=x/a:61 4=x/b:40 5=x/a:62 6=x/a:63
check_status 'start' 0 start two -j 2
check_equal 'what passed beside the old incumbent is measured again beside the new' '1 accepted 99 100
2 rejected 110 100
3 rejected 111 100
4 accepted 89 99
5 rejected 112 100
6 rejected 113 100' "$(verdicts two)"
check_equal 'and was carried onto it' '49 40' "$(git show autoresearch/two:x/a autoresearch/two:x/b | xargs)"
check_equal 'in less time than one by one would take' yes "$(
	git autoresearch log --json --campaign=two | jq -sr 'sort_by(.experiment) |
		(.[5].started | fromdate) - (.[0].started | fromdate) < 4 | if . then "yes" else "no" end')"
check_status 'the ledger verifies' 0 git autoresearch verify two

note 'The same candidate twice in a round, one out of scope, one that fails.'
git branch three
proposals 1=x/a:40,x/nap:1 2=x/a:40,x/nap:1 3=value:1 4=x/a:08
check_status 'start' 0 start three -j 4 --candidates=4
check_equal 'each has its verdict' '1 accepted - - 2 duplicate same-as 1 3 invalid out-of-scope value 4 failed exit 2' \
	"$(git autoresearch log --json --campaign=three | jq -sr 'reverse[] |
		"\(.experiment) \(.verdict) \(.reason // "- -")"' | xargs)"
check_status 'the ledger verifies' 0 git autoresearch verify three

note 'A person who stops it loses nothing that was measured.'
git branch four
proposals 1=x/a:40 2=x/a:41,x/nap:60 3=x/a:42,x/nap:60
# A shell starts background jobs with SIGINT ignored.
(trap - INT; exec env --default-signal=INT git autoresearch start four -j 3 \
	--proposer-command="$scratch/proposers/propose") >"$scratch/out" 2>&1 &
started=$!
# Once both others sleep the first may be done, or is soon.
for _ in {1..300}; do
	[ "$(pgrep -fc '^sleep 60')" -ge 2 ] && break
	sleep 0.1
done
sleep 1
kill -INT "$started"
wait "$started"
check_equal 'it ends by the signal' 130 $?
check_equal 'the one that was measured is on record' '1 accepted 90 100' "$(verdicts four)"
check_equal 'nothing is left behind' '' "$(leftovers)"

note 'A proposer that fails three times in a row ends it; what it proposed before counts.'
git branch mute
cat >"$scratch/proposers/propose" <<'PROPOSE'
#!/bin/sh
[ "$AUTORESEARCH_EXPERIMENT" = 1 ] || exit 7
echo 40 >x/a
echo 1 >x/nap
PROPOSE
check_status 'start' 2 timeout 120 git autoresearch start mute -j 2 --candidates=4 \
	--proposer-command="$scratch/proposers/propose"
check_equal 'it says why' 'fatal: the proposer failed: exit 7' "$(tail -n 1 "$scratch/err")"
check_equal 'what was measured is on record' '1 accepted 90 100' "$(verdicts mute)"

note 'Of equal ones the first counts, whichever came first, and whoever comes to nothing between.'
git branch twins
cat >"$scratch/proposers/propose" <<'PROPOSE'
#!/bin/sh
case $AUTORESEARCH_EXPERIMENT in
1) echo 60 >x/a; echo 3 >x/nap ;;
2) sleep 1; echo 40 >x/a ;;
3) sleep 2; exit 7 ;;
4) echo 40 >x/a ;;
*) exit 125 ;;
esac
PROPOSE
check_status 'start' 0 start twins -j 4 --candidates=8
check_equal 'the numbers are right' \
	'1 no-improvement 2 accepted 3 same-as 2 4 same-as 2' \
	"$(git autoresearch log --json --campaign=twins | jq -sr 'reverse[] |
		"\(.experiment) \(.reason // .verdict)"' | xargs)"
check_status 'the ledger verifies' 0 git autoresearch verify twins

note 'What waits for its round is not pruned.'
git branch pruned
proposals 1=x/a:60,x/nap:4 2=x/a:40 3=x/a:61 4=x/a:62
start pruned -j 2 --candidates=4 >"$scratch/out" 2>&1 &
started=$!
# The slot of the second shows the third or the fourth then, and nothing else does the second.
for _ in {1..300}; do
	grep -q '^40$' .git/autoresearch/*/pruned/slots/*/tree/x/a 2>/dev/null && break
	sleep 0.1
done
while kill -0 "$started" 2>/dev/null; do
	git gc -q --prune=now 2>/dev/null
	sleep 0.1
done
wait "$started"
check_equal 'it ends well' 0 $?
check_equal 'all of it is there' '' "$(git fsck --strict 2>&1 | grep -v dangling)"
check_status 'the ledger verifies' 0 git autoresearch verify pruned

note 'Each has processors of its own, if there are as many.'
git branch five
git checkout -q five
write_config 'grep Cpus_allowed_list /proc/self/status; sleep 1; echo "METRIC loss=$(($(cat x/a) + $(cat x/b)))"' <<'CONFIG'
[campaign]
	editable = x
CONFIG
git commit -qam 'tell of processors'
proposals 1=x/a:51 2=x/a:52 3=x/a:53 4=x/a:54
if [ "$(nproc)" -ge 2 ]; then
	check_status 'start' 3 start five -j 2 --max-experiments=2
	sets=$(for n in 1 2; do
		git autoresearch show "$n" | grep -o 'Cpus_allowed_list.*' | grep -o '[0-9].*'
	done)
	check_equal 'two sets' 2 "$(sort -u <<<"$sets" | wc -l)"
	check_equal 'none larger than its share' 0 "$(while read -r set; do
		[ "$(sed 's/-/ /;s/,/\n/g' <<<"$set" | awk '{ n += NF > 1 ? $2 - $1 + 1 : 1 } END { print n }')" -le "$(($(nproc) / 2))" ] || echo "$set"
	done <<<"$sets" | wc -l)"
else
	skip 'processors of their own' 'there is one processor'
fi

note 'Groups of devices are handed out, and what is held is counted.'
git branch six
git checkout -q six
read -r first second <<<"$(for device in kmsg hwrng fuse loop-control tty0; do
	[ ! -c "/dev/$device" ] || echo "/dev/$device"
done | head -n 2 | xargs)"
git config autoresearch.device /dev/null
git config --add autoresearch.device "one:$first"
git config --add autoresearch.device "two:$second"
write_config 'echo "group $CUDA_VISIBLE_DEVICES"; ls /dev; sleep 1; echo "METRIC loss=$(cat x/a)"' <<'CONFIG'
[campaign]
	editable = x
CONFIG
git commit -qam 'tell of devices'
check_status 'start' 3 start six -j 2 --max-experiments=2
check_equal 'each has one' 'group one group two' "$(for n in 1 2; do
	git autoresearch show "$n" | grep -o 'group .*'
done | sort | xargs)"
check_equal 'and does not see that of the other' '1 1' "$(for n in 1 2; do
	git autoresearch show "$n" | grep -c -x -e "    ${first#/dev/}" -e "    ${second#/dev/}"
done | xargs)"
check_equal 'what they were held is counted' true "$(git show refs/autoresearch/six/ledger:record.json |
	jq '.gpuHours > 0 and .totals.gpuHours > .gpuHours')"
check_status 'more trials than groups are refused' 128 start six -j 3
check_equal 'with what to do' 'fatal: 3 trials at a time want a group of devices each, and there are 2
hint: git autoresearch start -j 2' "$(cat "$scratch/err")"

note 'What cannot be is refused.'
git config --unset-all autoresearch.device
for bad in 0 65 x; do
	check_status "-j $bad" 129 start six -j "$bad"
done
git config autoresearch.jobs none
check_status 'autoresearch.jobs' 128 start six
check_equal 'nothing is left behind' '' "$(leftovers)"
done_testing
