#!/bin/bash
# Not sanitized: it measures times.
# The ceilings of a trial hold: what hits one is stopped there, recorded with its reason, and
# never measured. Each command does plainly, outside, what it is stopped in inside.
# shellcheck disable=SC2154 # variables of lib.sh
. "$(dirname "$0")/lib.sh"

new_repo
cat >.autoresearch/config <<'CONFIG'
[campaign]
	metric = loss
	direction = minimize
	editable = value
[run]
	command = sh value
	timeout = 1s
[limits]
	memory = 64M
	pids = 16
	disk = 8M
	output = 100k
	cpus = 0.5
CONFIG
echo 'echo METRIC loss=100' >value
git add -A
git commit -qm 'small limits'
git autoresearch start --proposer=command --proposer-command=/bin/false --max-experiments=1 \
	>"$scratch/out" 2>&1

eat='x = b"x" * (100 << 20); print(len(x))'
swarm='import os, time
for i in range(40):
	if not os.fork():
		time.sleep(3); os._exit(0)
print("forty")'

# --- Outside, each of them gets through

check_status 'outside: time' 0 sleep 1.1
check_equal 'outside: memory' $((100 << 20)) "$(python3 -c "$eat")"
check_equal 'outside: processes' forty "$(python3 -c "$swarm" | head -1)"
check_equal 'outside: output' 200000 "$(head -c 200000 /dev/zero | wc -c)"
mkdir "$scratch/disk"
check 'outside: disk' sh -c 'head -c 10M /dev/zero >"$0/f"' "$scratch/disk"
check 'outside: a hole of 20M' truncate -s 20M "$scratch/disk/hole"

# --- Inside

# stopped <reason> <text> <line of shell>: by `sandbox`, and by `try`, with that reason.
stopped() {
	local reason=$1 text=$2 line=$3
	check_status "$text: 137" 137 git autoresearch sandbox --summary="$scratch/summary" -- \
		sh -c "$line"
	check_equal "$text: says why" "killed: $reason" \
		"$(tail -n 1 "$scratch/err" | tr -d '\0')"
	check_equal "$text: the summary too" "null null $reason" \
		"$(jq -r '"\(.exit) \(.signal) \(.killed)"' "$scratch/summary")"
	printf '%s\necho METRIC loss=100\n' "$line" >value
	check_status "$text: no experiment is accepted for it" 1 git autoresearch try -m "$text"
	check_equal "$text: it is recorded" "failed $reason" \
		"$(newest '"\(.verdict) \(.reason)"')"
	git checkout -q value
}
python='python3 -c'
stopped timeout 'time, in the middle of a line' 'printf half >&2; sleep 30'
check 'dead within 250 ms of its limit' jq -e '.wall >= 1 and .wall <= 1.25' "$scratch/summary"
stopped timeout 'time, by a hundred signals ignored' \
	'for s in $(seq 1 31); do trap "" $s 2>/dev/null; done; while :; do :; done'
check 'dead within 250 ms of its limit' jq -e '.wall >= 1 and .wall <= 1.25' "$scratch/summary"
check 'a limit of half a processor held' jq -e '.cpu <= 0.65' "$scratch/summary"
stopped out-of-memory 'memory' "$python '$eat'"
check 'never more than its limit' jq -e '.memoryPeak <= 64 * 1048576' "$scratch/summary"
stopped out-of-memory 'memory of a child, which its parent forgives' \
	"($python '$eat') || true; sleep 0.2"
stopped out-of-memory 'memory in files without a name' \
	"$python 'import os
for i in range(100): os.write(os.memfd_create(\"x\"), b\"x\" * (1 << 20))'"
stopped too-many-processes 'processes' "$python '$swarm'"
stopped too-many-processes 'threads' "$python 'import threading, time
for i in range(40): threading.Thread(target=time.sleep, args=(1,)).start()'"
stopped out-of-disk 'disk, in one place' 'cat /dev/zero >f'
stopped out-of-disk 'disk, 2M in each of five places' \
	'for d in . /tmp $HOME /dev/shm $AUTORESEARCH_OUT; do head -c 2M /dev/zero >$d/f; done'
stopped output-limit 'output' "head -c 200000 /dev/zero | tr '\\0' x"
stopped output-limit 'output on both streams' \
	"(head -c 60000 /dev/zero; head -c 60000 /dev/zero >&2) 2>&2 | cat; head -c 60000 /dev/zero >&2; sleep 0.2"

# What stays below a limit is not harmed.
check_status 'almost all of the disk is at its disposal' 0 git autoresearch sandbox -- \
	sh -c 'head -c 7M /dev/zero >f && rm f && head -c 7M /dev/zero >/tmp/f'
check_status 'and almost all of the output' 0 git autoresearch sandbox -- head -c 102400 /dev/zero
check_equal 'which all arrives' 102400 "$(git autoresearch sandbox -- head -c 102400 /dev/zero | wc -c)"

# --- The summary of what was not stopped

check_status 'an exit status passes through' 7 \
	git autoresearch sandbox --summary="$scratch/summary" -- sh -c 'exit 7'
check_equal 'as in the summary' '7 null null' \
	"$(jq -r '"\(.exit) \(.signal) \(.killed)"' "$scratch/summary")"
check 'which has the rest as well' jq -e \
	'(.wall > 0 and .cpu >= 0 and .memoryPeak > 0 and .audit.events > 0 and .audit.lost == 0) or
		error(tojson)' \
	"$scratch/summary"
check_status 'a signal is 128 and its number' 134 \
	git autoresearch sandbox --summary="$scratch/summary" -- sh -c 'kill -ABRT $$'
check_equal 'and no limit' 'null 6 null' \
	"$(jq -r '"\(.exit) \(.signal) \(.killed)"' "$scratch/summary")"

# --- A limit that is very small is one, too

new_repo instant
sed -i 's/timeout = .*/timeout = 0.0000000001s/' .autoresearch/config
git commit -qam 'no time at all'
check_not 'a time that rounds to nothing is no licence' \
	git autoresearch sandbox -- sleep 0.5

# --- What is written on the host's own disk counts as well

new_repo setup
configure <<'CONFIG'
[setup]
	command = "for i in 1 2 3; do head -c 12M /dev/zero >cache$i; done"
CONFIG
check_status 'setup that writes more than the disk is given fails' 2 git autoresearch start --smoke
check 'and says why' grep -q 'out-of-disk' "$scratch/err"
used() {
	du -sm .git/autoresearch | cut -f1
}
check 'the store holds little more: there it is measured, not capped' test "$(used)" -le 64

new_repo hoard
tool=$(proposer hoard <<'PROPOSER'
#!/bin/sh
for i in 1 2 3 4; do head -c 12M /dev/zero >$HOME/$AUTORESEARCH_EXPERIMENT-$i; done
echo 1 >value
PROPOSER
)
git autoresearch start --proposer=command --proposer-command="$tool" --max-experiments=1 \
	>"$scratch/out" 2>&1
check 'nor does what a proposer hoards in its HOME' test "$(used)" -le 64
done_testing
