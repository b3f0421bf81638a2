#!/bin/bash
# Not sanitized: it is the kernel that works.
# Loss is never hidden. A program (flood.c) does very many acts on every processor at once. Each is
# counted where it happens, so what was received, what was put together to one line, and what was
# lost add up to what was done; a bad act in the midst of it is on record. A trial of which an act
# was lost that must not be is no measurement.
# shellcheck disable=SC2154 # variables of lib.sh
. "$(dirname "$0")/lib.sh"

new_repo
git config -f .autoresearch/config limits.memory 256M
git config -f .autoresearch/config limits.pids 64
if ! compile flood.c flood; then
	skip 'floods' 'no compiler'
	done_testing
	exit 0
fi
git add -A
git commit -qm 'floods'
need_audit 'floods'

emitted() { # emitted <class>: beside what the start of the program itself takes
	totals ".totals.emitted.$1"
}
of() { # of <kind>: how many acts the flood says that it did
	sed -n "s/^$1 //p" "$scratch/out"
}
holds() { # what is true of every log
	check_equal '  what was received, put together and lost is what was emitted' '' "$(unbalanced)"
	check_equal '  the log is whole' true "$(jq -s '.[-1] | has("totals")' "$scratch/log")"
}

# --- Floods

inside ./flood 20000 - open
check_equal 'files opened for writing by the ten thousand' 0 $?
check_equal '  each is counted' "$(of open)" "$(emitted file)"
check 'those that are very many are put together' test "$(totals '.totals.aggregated.file')" -gt 0
holds
inside ./flood 2000 - fork
check_equal 'processes that come and go' 0 $?
# the others: one for each processor, and the program itself, which ends
check_equal '  each is counted, birth and death' "$(($(of fork) * 2 + $(nproc) * 2 + 1))" "$(emitted process)"
holds
inside ./flood 20000 - udp connect
check_equal 'datagrams and connections on loopback' 0 $?
# the other: its socket is bound
check_equal '  each is counted' "$(($(of udp) + $(of connect) + 1))" "$(emitted network)"
holds
inside ./flood 10000 - credentials
check_equal 'calls that ask for another user' 0 $?
check_equal '  each is received' "$(of credentials) $(of credentials)" \
	"$(emitted credentials) $(totals .totals.received.credentials)"
holds
inside ./flood 20000 - refused
check_equal 'calls that are refused' "$(of refused)" "$(totals .refused)"
check_equal '  are known by their error' "$(of refused)" "$(totals .calls.io_uring_setup.errors)"
holds

# --- Around one bad act

inside ./flood 1000000 bad open fork udp connect
check_equal 'a bad act in a flood of everything ends the trial' 'killed: network 192.0.2.1:80' \
	"$(grep ^killed "$scratch/err")"
check_equal 'it is on record, once' 'network connect denied 192.0.2.1:80' "$(in_log '.verdict == "denied"')"
check 'the flood was one' test "$(totals '.totals.emitted | add')" -gt 1000
holds
check_equal 'nothing that must not be lost was lost' 0 "$(totals '.totals.lost.exec // 0')"
check_equal 'the trials after it are not touched' 'exec exec allowed 0' \
	"$(inside true; echo "$(in_log '.class == "exec"' | cut -d' ' -f1-3) $(totals '.totals.lost | add')")"

# --- What is lost

# The warden is stopped while the flood goes on: what it does not take in time finds no room.
git config -f .autoresearch/config run.command '. ./value'
echo 'echo METRIC loss=100' >value
git commit -qam 'a candidate of shell'
git autoresearch start --proposer=command --proposer-command=/bin/false --max-experiments=1 \
	>"$scratch/out" 2>&1
await() { # await <process name>: its number
	local i pid
	for ((i = 0; i < 200; i++)); do
		pid=$(pgrep -x "$1") && echo "$pid" && return
		sleep 0.05
	done
	return 1
}
warden_of() { # warden_of <process>: the warden that it started
	pgrep -P "$1" -f '^git-autoresearch-warden'
}
starve() { # starve <text> <n> <kind>: a candidate that floods while its warden sleeps
	local name=$$ try warden
	echo "./flood $2 $name $3 >/dev/null; echo METRIC loss=1" >value
	git-autoresearch try -m "$1" >"$scratch/out" 2>"$scratch/err" &
	try=$!
	if ! await "w$name" >"$scratch/pid" || ! warden=$(warden_of "$try"); then
		check "$1: the flood waits, and the warden is there" false
		kill "$try"
		wait "$try"
	else
		kill -STOP "$warden"
		kill -USR1 "$(cat "$scratch/pid")"
		await "d$name" >/dev/null
		kill -CONT "$warden"
		kill -USR1 "$(cat "$scratch/pid")"
		wait "$try"
	fi
	git checkout -q value
	git autoresearch audit "$(newest .experiment)" >"$scratch/log"
}
starve 'many acts that must not be lost' 100000 credentials
check_equal 'a trial that lost one of them has failed' 'failed audit-incomplete' \
	"$(newest '"\(.verdict) \(.reason)"')"
check 'what was lost is told' test "$(totals .totals.lost.credentials)" -gt 0
check_equal 'and log says so' "$(totals '.totals.lost | add')" "$(newest .audit.lost)"
holds
starve 'many acts that may be put together' 30000 open
check_equal 'a trial that lost none that counts is measured' 'accepted null' "$(newest '"\(.verdict) \(.reason)"')"
holds
check_status 'the records stand' 0 git autoresearch verify
done_testing
