#!/bin/bash
# `pause` lets the trial in flight end and makes no further one, while the process stays; `resume`
# goes on. A stop and signals work meanwhile, and the time counts for nothing.
# shellcheck disable=SC2154
. "$(dirname "$0")/lib.sh"

new_repo
configure <<-'CONFIG'
[run]
	command = "sleep $(cat pause || echo 0); echo METRIC loss=$(cat value)"
[campaign]
	editable = pause
CONFIG
# Where there is a file `wait` beside it, it proposes once that is taken away.
propose=$(proposer <<'PROPOSER'
#!/bin/sh
here=$(dirname "$0")
echo "$((2000 - AUTORESEARCH_EXPERIMENT))" >value
test ! -e "$here/pause" || cp "$here/pause" pause
while test -e "$here/wait"; do sleep 0.05; done
echo "number $AUTORESEARCH_EXPERIMENT"
PROPOSER
)
here=$(dirname "$propose")
git config autoresearch.proposer command
git config autoresearch.proposerCommand "$propose"
state() {
	git autoresearch status --json | jq -r .state
}
records() {
	git autoresearch log --json 2>/dev/null | wc -l
}
more_than() { # more_than <n> records
	[ "$(records)" -gt "$1" ]
}
begin() { # begin <option>...: start in the background; $start is the process that has the lock
	git-autoresearch start "$@" >"$scratch/start.out" 2>"$scratch/start.err" &
	start=$!
}
in_trial() {
	pgrep -xf "sleep $(cat "$here/pause")" >/dev/null
}
proposing() {
	pgrep -f "$here/propose" >/dev/null
}
waiting() { # the processes of trials
	while read -r group; do
		cat "$group"/t*/cgroup.procs
	done <.git/autoresearch/cgroups 2>/dev/null | sort -u
}
nurseries() { # who starts the processes of trials, and of the proposer
	local pid
	for pid in $(pgrep -P "$start" -f '^git-autoresearch start'); do
		! cmp -s "/proc/$pid/cgroup" "/proc/$start/cgroup" || echo "$pid"
	done
}
finish() {
	wait "$start"
	status=$?
}

check_status 'pause where there is no campaign is fatal' 128 git autoresearch pause
check_status 'a campaign' 3 git autoresearch start --max-experiments=1
check_status 'pause where nothing runs is a negative answer' 1 git autoresearch pause
check_equal 'and says so' "no start of 'main' is running" "$(cat "$scratch/err")"
check_status 'resume as well' 1 git autoresearch resume
check_status 'what nobody knows is usage' 129 git autoresearch pause now

note 'The trial in flight ends, and no other begins.'
echo "1.2$$" >"$here/pause" # nobody else sleeps as long
begin
soon in_trial
count=$(records)
check_status 'pause' 0 git autoresearch pause
check_equal 'says when it has come to it' 'main: paused' "$(cat "$scratch/out")"
check 'the trial was recorded' more_than "$count"
count=$(records)
check_not 'no other is in flight' in_trial
check_equal 'status --json' paused "$(state)"
check_equal 'status' 'campaign    main, paused' "$(git autoresearch status | head -n 1)"
check_status 'once more changes nothing' 0 git autoresearch pause
check_status 'whoever wants the campaign cannot have it' 128 git autoresearch reject 1 -m 'no'
check 'and is told who has it' grep -q "process $start\$" "$scratch/err"
sleep 1
check_equal 'a second later nothing has come' "$count" "$(records)"
check 'and the process is there' kill -0 "$start"
check 'the next sandbox waits for its order' test -n "$(waiting)"
# It is nothing that anybody would miss.
# shellcheck disable=SC2046 # words are wanted
kill -9 $(waiting)
# Nor is who has started it.
nurseries >"$scratch/nurseries"
check 'there is one who started it' test -s "$scratch/nurseries"
# shellcheck disable=SC2046
kill -9 $(nurseries)
check_status 'resume' 0 git autoresearch resume
check_equal 'says so' 'main: running' "$(cat "$scratch/out")"
check_equal 'and so does status' running "$(state)"
check_status 'resume of what is not paused is a negative answer' 1 git autoresearch resume
check_equal 'and says so' "'main' is not paused" "$(cat "$scratch/err")"
check 'and the next trial is made' soon in_trial
check 'it goes on' soon more_than "$count"
check 'with another one' test -n "$(nurseries)"
check_not '  which is not the one that was killed' grep -qxFf <(nurseries) "$scratch/nurseries"
# One that stands still is not waited for longer than some seconds.
# shellcheck disable=SC2046
kill -STOP $(nurseries)
count=$(($(records) + 1))
check 'also where that is stopped' soon more_than "$count"

note 'It can be ended.'
check_status 'paused again' 0 git autoresearch pause
check_status 'stop' 0 git autoresearch stop
finish
check_equal 'start ends with 0' 0 "$status"
check_equal 'state' stopped "$(state)"
begin
soon in_trial
check_status 'a fresh start goes; and is paused' 0 git autoresearch pause
kill -TERM "$start"
finish
check_equal 'SIGTERM ends start with 143' 143 "$status"
check_equal 'state' stopped "$(state)"
begin
soon in_trial
git autoresearch pause >/dev/null
kill -9 "$start"
wait "$start" 2>/dev/null
check_equal 'killed while it is paused: a person has to know' failing "$(state)"
rm "$here/pause"
count=$(records)
check_status 'an explicit start goes' 3 git autoresearch start --max-experiments=1
check_equal 'and makes what it should' $((count + 1)) "$(records)"
check_equal 'its state is not paused' stopped "$(state)"

note 'What is proposed meanwhile waits for its trial; the time counts for nothing.'
time_of() {
	git show refs/autoresearch/main/ledger:record.json | jq .totals.time
}
count=$(records)
before=$(time_of)
touch "$here/wait"
began=$(date +%s.%N)
begin --max-time=4s
soon proposing
git-autoresearch pause >"$scratch/out" 2>"$scratch/err" &
pause=$!
check 'it is asked while the proposer is at it' soon grep -qx "$start" .git/autoresearch/campaigns/main/pause
rm "$here/wait"
wait "$pause"
check_equal 'pause ends when the proposal is there' 'main: paused' "$(cat "$scratch/out")"
sleep 4.2
check_equal 'it was not tried' "$count" "$(records)"
check_equal 'and the proposer is not asked again' '' "$(pgrep -f "$here/propose")"
git autoresearch resume >/dev/null
check 'after resume it is' soon more_than "$count"
git autoresearch stop >/dev/null 2>&1
finish
worked=$(jq -n "$(date +%s.%N) - $began - 4.2")
check_equal 'by the proposal that was made' "number $((count + 1))" \
	"$(git autoresearch log --json | jq -r "select(.experiment == $count + 1).subject")"
check "its time does not count for the budget" jq -en "$(time_of) - $before <= $worked"
if jq -en "$worked < 3" >/dev/null; then
	check_equal 'nor for --max-time: it was stopped, not over' 0 "$status"
else
	skip 'nor for --max-time' "this machine takes $worked s for nothing"
fi

check_status 'the ledger verifies' 0 git autoresearch verify
check_equal 'nothing is left behind' '' "$(git autoresearch gc >/dev/null; leftovers)"

done_testing
