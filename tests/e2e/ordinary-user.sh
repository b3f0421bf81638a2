#!/bin/bash
# An ordinary user, to whom a cgroup was given, gets all of it: every limit, a campaign, a ledger
# that verifies. One to whom none was given is told so in one line, with what mends it, and
# nothing was run. What the audit adds for members of the warden's group is in ordinary-audit.sh.
# shellcheck disable=SC2154 # variables of lib.sh
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-user.sh"

new_repo
git config --file .autoresearch/config run.timeout 1s
git config --file .autoresearch/config limits.cpus 0.5
git commit -qam 'less time and half a processor'
# This user has nothing but a cgroup: no group whose members may start the warden.
git config autoresearch.audit warn
give_repo

# Not given: told, and nothing was made.
check_status 'without a cgroup of theirs, start is fatal' 128 as_stranger git autoresearch start --smoke
check_equal 'in one line' 1 "$(grep -c '^fatal: ' "$scratch/err")"
check 'which speaks of cgroups' grep -q '^fatal: .*cgroup' "$scratch/err"
check 'with a hint that says what to do' grep -Eq '^hint: .*(Delegate|chown|cgroup)' "$scratch/err"
check_equal 'and with nothing else' 2 "$(wc -l <"$scratch/err")"
check_equal 'no campaign was begun' '' "$(as_stranger git for-each-ref refs/heads/autoresearch refs/autoresearch)"
check_status 'sandbox is fatal as well' 128 as_stranger git autoresearch sandbox true
check_status 'doctor says no' 1 as_stranger git autoresearch doctor --json
check_equal 'to cgroups' false "$(jq '.checks[] | select(.name == "cgroups").ok' "$scratch/out")"
check 'and what mends it is not to ask doctor' jq -e '.checks[] | select(.name == "cgroups").remedy |
	strings | test("Delegate|chown|cgroup")' "$scratch/out"

if ! delegate; then
	skip 'an ordinary user with a cgroup' 'no cgroup can be given away below the one that this runs in'
	done_testing
	exit
fi

check_status 'with it, doctor still says no' 1 as_user git autoresearch doctor --json
check_equal 'but to the audit alone' audit \
	"$(jq -r '.checks[] | select(.ok | not).name' "$scratch/out")"

check_status 'start runs a campaign' 0 as_user git autoresearch start --smoke
check_equal 'of six experiments' 6 "$(as_user git autoresearch log --json | wc -l)"
check 'in which something was accepted' test "$(as_user git autoresearch status --json |
	jq .verdicts.accepted)" -gt 0
check_status 'the ledger verifies' 0 as_user git autoresearch verify
check_equal 'all of the store is the user'\''s' '' "$(find .git -not -user "$user")"

# killed <text> <reason> <command>: the sandbox kills the command, for that reason.
killed() {
	local reason

	as_user git autoresearch sandbox --summary="$place/summary" -- sh -c "$3" \
		>"$scratch/out" 2>"$scratch/err"
	reason="$? $(jq -r .killed "$place/summary" 2>/dev/null)"
	check_equal "$1" "137 $2" "$reason"
	rm -f "$place/summary"
}

check_status 'sandbox passes an exit status on' 7 as_user git autoresearch sandbox -- sh -c 'exit 7'
killed 'memory has its limit' out-of-memory 'head -c 300M /dev/zero | tail'
killed 'processes have theirs' too-many-processes \
	'i=0; while [ $i -lt 40 ]; do sleep 60 & i=$((i + 1)); done; wait'
killed 'the disk' out-of-disk 'cat /dev/zero >f'
killed 'OUT, which is on it' out-of-disk 'cat /dev/zero >$AUTORESEARCH_OUT/f'
killed 'and /tmp' out-of-disk 'cat /dev/zero >/tmp/f'
killed 'output' output-limit 'cat /dev/zero'
killed 'forbidden calls' 'syscall unshare' 'unshare --net true'

killed 'and time' timeout 'sleep 60'

# Half a processor for 0.8 seconds of the clock: 0.4 seconds, and a period at most.
as_user git autoresearch sandbox --summary="$place/summary" -- \
	timeout 0.8 sh -c 'while :; do :; done' >"$scratch/out" 2>&1
check 'the processor is shared out as configured' jq -e '.cpu > 0.05 and .cpu < 0.5 * .wall + 0.2' \
	"$place/summary"

# Whom the candidate is: the user outside, nobody special inside.
(
	cd "$place/repo" || exit
	as_user git autoresearch sandbox -- sleep 0.8 &
	for _ in $(seq 600); do
		pgrep -u "$user" -x sleep >"$scratch/pids" && break
		sleep 0.02
	done
	head -n 1 "$scratch/pids" | xargs -I{} cat /proc/{}/status >"$scratch/status"
	wait
)
check_equal 'a candidate runs as the user' "$(id -u "$user")" \
	"$(awk '/^Uid:/ { print $2 }' "$scratch/status")"
check_equal 'without any capability' 0000000000000000 \
	"$(awk '/^CapBnd:/ { print $2 }' "$scratch/status")"
check 'the user can read a file of their own' as_user test -r "$place/repo/value"
check_not 'which a candidate cannot' as_user git autoresearch sandbox -- test -r "$place/repo/value"

# A service of the host, by the relay and by the host's network; and an address that nobody has
# outside, with a port that takes privilege there.
python3 -c 'import socket, sys
s = socket.create_server(("127.0.0.1", 0))
print(s.getsockname()[1], flush=True)
while True:
    s.accept()[0].sendall(b"hello\n")' >"$scratch/port" &
server=$!
for _ in $(seq 200); do
	[ ! -s "$scratch/port" ] || break
	sleep 0.05
done
greet="exec 3<>/dev/tcp/localhost/$(cat "$scratch/port") && head -n 1 <&3"
check_equal 'what the user allows is reached' hello "$(as_user git -c \
	autoresearch.allowNetwork="localhost:$(cat "$scratch/port")" autoresearch sandbox -- bash -c "$greet")"
check_equal 'and the network of the host by setup' hello "$(as_user git -c \
	'autoresearch.setupNetwork=*' autoresearch sandbox --phase=setup -- bash -c "$greet")"
check_equal 'but not without' '' "$(as_user git autoresearch sandbox -- bash -c "$greet" 2>/dev/null)"
check_equal 'any address can stand inside' 070200C0:0050 "$(as_user git -c \
	autoresearch.allowNetwork=192.0.2.7:80 autoresearch sandbox -- awk '$4 == "0A" { print $2 }' /proc/net/tcp)"
kill $server

# stop, and a death without warning.
configure_slow() {
	as_user git config --file .autoresearch/config run.command \
		'echo METRIC loss=$(cat value); sleep 0.3'
	as_user git -c user.name=Ada -c user.email=ada@example.org commit -qam slow
}

wait_for_experiment() {
	for _ in $(seq 600); do
		[ "$(as_user git autoresearch log --campaign=slow --json 2>/dev/null | wc -l)" -ge "$1" ] &&
			return
		sleep 0.05
	done
	return 1
}

configure_slow
as_user git autoresearch start slow >"$scratch/run" 2>&1 &
started=$!
check 'another campaign is under way' wait_for_experiment 1
check_status 'stop ends it' 0 as_user git autoresearch stop --campaign=slow
wait $started
check_equal 'with a clean end' 0 $?
as_user git autoresearch start slow >"$scratch/run" 2>&1 &
check 'it goes on' wait_for_experiment 3
# The oldest of that name is the one that was started; the others are its sandbox's.
kill -KILL "$(pgrep -o -u "$user" -x git-autoresearc)"
wait
for _ in $(seq 200); do
	[ -n "$(processes)" ] || break
	sleep 0.05
done
check_equal 'killed, it leaves no process behind for long' '' "$(processes)"
check_status 'and what was recorded verifies' 0 as_user git autoresearch verify slow
check_status 'started again it goes on' 3 as_user git autoresearch start slow --max-experiments=1
check_status 'gc clears up' 0 as_user git autoresearch gc

check_equal 'nothing is left behind' '' "$(left_by_user)"

done_testing
