#!/bin/bash
# A campaign that ends, however it ends, goes on where it was: `stop`, `stop --now`, signals, and
# kill -9 at any moment. One `start` a campaign at a time, by a lock that a dead process does not
# hold.
# shellcheck disable=SC2154
. "$(dirname "$0")/lib.sh"

new_repo
configure <<-'CONFIG'
[run]
	command = "sleep $(cat pause || echo 0); echo METRIC loss=$(cat value)"
[campaign]
	editable = pause
CONFIG
propose=$(proposer <<'PROPOSER'
#!/bin/sh
echo "$((200 - AUTORESEARCH_EXPERIMENT))" >value
test ! -e "$(dirname "$0")/pause" || cp "$(dirname "$0")/pause" pause
echo "number $AUTORESEARCH_EXPERIMENT"
PROPOSER
)
pause=$(dirname "$propose")/pause
git config autoresearch.proposer command
git config autoresearch.proposerCommand "$propose"
state() {
	git autoresearch status --json | jq -r .state
}
records() {
	git autoresearch log --json 2>/dev/null | wc -l
}
# The program itself, not git around it, so that $start is the process that the lock names.
begin() { # start in the background, until its trial sleeps
	git-autoresearch start >"$scratch/start.out" 2>"$scratch/start.err" &
	start=$!
	for _ in $(seq 600); do
		pgrep -xf "sleep $(cat "$pause")" >/dev/null && return
		sleep 0.02
	done
	note 'no trial began'
}
finish() { # the exit status of what begin() started
	wait "$start"
	status=$?
}

check_status 'a campaign of two' 3 git autoresearch start --max-experiments=2
check_equal 'its state is stopped: the bound was this run'\''s' stopped "$(state)"

note 'stop: after the trials in flight.'
echo 1.177 >"$pause"
begin
check_equal 'state while it runs' running "$(state)"
check_status 'a second start is fatal' 128 git autoresearch start
check 'and names the process' grep -q "^fatal: campaign 'main' is being worked on by process $start\$" "$scratch/err"
check 'with a hint' grep -q '^hint: .*git autoresearch stop' "$scratch/err"
check_status 'stop' 0 git autoresearch stop
finish
check_equal 'start ends with 0' 0 "$status"
check_equal 'the trial in flight was recorded' 3 "$(records)"
check_equal 'state' stopped "$(state)"
check_status 'stop where nothing runs is a negative answer' 1 git autoresearch stop

note 'stop --now, Ctrl-C, SIGTERM: at once.'
echo 61.177 >"$pause"
begin
SECONDS=0
check_status 'stop --now' 0 git autoresearch stop --now
finish
check_equal 'start ends with 0' 0 "$status"
check 'at once' test "$SECONDS" -lt 5
check_equal 'the trial is no experiment' 3 "$(records)"
check_equal 'state' stopped "$(state)"
for signal in INT:130 TERM:143; do
	# A shell starts background jobs with SIGINT ignored: this puts it back, as a terminal has it.
	python3 -c '
import os, signal
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execvp("git-autoresearch", ["git-autoresearch", "start"])' >"$scratch/start.out" 2>&1 &
	start=$!
	for _ in $(seq 600); do
		pgrep -xf "sleep 61.177" >/dev/null && break
		sleep 0.02
	done
	SECONDS=0
	kill -"${signal%:*}" "$start"
	finish
	check_equal "SIG${signal%:*} ends start with ${signal#*:}" "${signal#*:}" "$status"
	check 'at once' test "$SECONDS" -lt 5
	check_equal 'state' stopped "$(state)"
	check_equal 'the trial is no experiment' 3 "$(records)"
	check_equal 'nothing of it lives' '' "$(pgrep -xf 'sleep 61.177')"
	check_status 'the ledger verifies' 0 git autoresearch verify
done

note 'kill -9.'
begin
kill -9 "$start"
wait "$start" 2>/dev/null
sleep 2
check_equal 'two seconds later nothing of the trial lives' '' "$(pgrep -xf 'sleep 61.177')"
check_equal 'the state is failing, since nobody holds the lock: a person should know' failing "$(state)"
rm "$pause"
check_status 'start goes on' 3 git autoresearch start --max-experiments=1
check_equal 'with the next number' 'number 4' "$(newest .subject)"

note 'kill -9 at any moment, twenty times.'
total=$(records)
killed=0
# A moment is one of the first experiments, on a machine that is slow as well.
begin=${EPOCHREALTIME/./}
git autoresearch start --max-experiments=1 >/dev/null 2>&1
took=$((${EPOCHREALTIME/./} - begin))
for i in $(seq 20); do
	git-autoresearch start >/dev/null 2>&1 &
	start=$!
	sleep "$(awk -v share=$RANDOM -v took=$took 'BEGIN { print 0.03 + 2 * took / 1e6 * share / 32768 }')"
	kill -9 "$start" 2>/dev/null && killed=$((killed + 1))
	wait "$start" 2>/dev/null
	# The lock of a ref that is younger might be somebody's, and is waited for.
	find .git/refs -name '*.lock' -exec touch -d '1 minute ago' {} +
	now=$(records)
	[ "$now" -ge "$total" ] || note "round $i: there were $total records, now $now"
	[ "$now" -ge "$total" ] && total=$now
done
check_equal 'it was running every time' 20 "$killed"
check 'experiments were made in between' test "$total" -gt 10
check_status 'start goes on' 3 git autoresearch start --max-experiments=3
check_equal 'no experiment was lost, doubled or misnumbered' "$(seq "$((total + 3))" -1 1)" \
	"$(git autoresearch log --json | jq .experiment)"
check_equal 'each has the words of its number' "$(seq -f 'number %g' "$((total + 3))" -1 4)" \
	"$(git autoresearch log --json | jq -r .subject | head -n "$total")"
check_equal 'the branch is the accepted ones' "$(git autoresearch log --json --accepted | jq -r .commit)" \
	"$(git log --first-parent --format=%H main..autoresearch/main)"
check_status 'every record verifies' 0 git autoresearch verify
check 'git fsck is content' git fsck --strict --no-dangling --no-progress
check_equal 'no lock of a ref is left' '' "$(find .git/refs -name '*.lock')"
check_status 'gc' 0 git autoresearch gc
check_equal 'removes every slot' 1 "$(git worktree list | wc -l)"
check_equal 'nothing is left behind' '' "$(leftovers)"

done_testing
