#!/bin/bash
# On a stock kernel with cgroup v2 alone, for root and for an ordinary user to whom a cgroup was
# delegated, and to whose group the warden belongs: doctor finds nothing missing, having tried every
# limit; all is audited at level A; a campaign runs and verifies, and a death without warning leaves
# nothing behind.
# shellcheck disable=SC2154 # $scratch is of lib.sh
set -u

guest=$(cd "$(dirname "$0")" && pwd)

# subtest <name> <command>...: its TAP, and one line for all of it.
number=0 failed=0
subtest() {
	local name=$1 said=ok

	shift
	number=$((number + 1))
	echo "# Subtest: $name"
	"$@" 2>&1 | tee /run/subtest | sed -u 's/^/    /'
	if ! grep -q '^1\.\.' /run/subtest || grep -q '^not ok' /run/subtest; then
		said='not ok'
		failed=$((failed + 1))
	fi
	echo "$said $number - $name"
}

if [ "${1:-}" != story ]; then
	echo 1..2
	subtest root "$0" story
	# What `make install WARDEN_GROUP=tester` does, where the guest can be written.
	mkdir /mnt/bin
	cp "$guest/../../../git-autoresearch" "$guest/../../../build/git-autoresearch-warden" /mnt/bin
	chgrp tester /mnt/bin/git-autoresearch-warden
	chmod 0750 /mnt/bin/git-autoresearch-warden
	setcap cap_bpf,cap_perfmon,cap_net_admin+ep /mnt/bin/git-autoresearch-warden
	subtest 'an ordinary user' env TMPDIR=/mnt/home/tester AUTORESEARCH_BIN=/mnt/bin \
		"$guest/as-user" "$0" story
	[ $failed = 0 ]
	exit
fi

. "$guest/../../e2e/lib.sh"

# killed <text> <reason> <command>: the sandbox kills the command, for that reason.
killed() {
	local reason

	git autoresearch sandbox --summary="$scratch/summary" -- sh -c "$3" >"$scratch/out" \
		2>"$scratch/err"
	reason="$? $(jq -r .killed "$scratch/summary")"
	rm -f "$scratch/summary"
	check_equal "$1" "137 $2" "$reason"
	grep -q '^killed: ' "$scratch/err" || note "$(head -n 3 "$scratch/err")"
}

# Processes of a trial: its command, which sleeps for this long, and our own around it.
inside() {
	pgrep -x git-autoresearc
	pgrep -f 'sleep 4.2[5]'
}

all_gone() {
	# At level A the kernel takes seconds to let go of what the dead one had attached.
	for _ in $(seq 100); do
		[ -n "$(inside)" ] || return 0
		sleep 0.1
	done
	return 1
}

# The cgroup that we are in, and what is below it; the place that a user's own processes had to
# make room in stays.
cgroups() {
	find "/sys/fs/cgroup$(cut -d: -f3 /proc/self/cgroup)" -name 'autoresearch-*' \
		! -name autoresearch-main
}

new_repo
mkdir dir
echo old >dir/file
git add dir
git config --file .autoresearch/config limits.cpus 0.5
git commit -qm 'a folder, and half a processor' -a

git autoresearch doctor --json >"$scratch/doctor" 2>"$scratch/err"
level=$(jq -r .level "$scratch/doctor")
check_equal 'the audit is at level A' A "$level"
check_equal 'doctor finds nothing missing' '' \
	"$(jq -r '.checks[] | select(.ok | not).name' "$scratch/doctor")"
check_equal 'by cgroup v2 alone' 'memory, pids and cpu, v2' \
	"$(jq -r '.checks[] | select(.name == "cgroups").detail' "$scratch/doctor")"
place=$(cat /proc/self/cgroup)

check_status 'start runs a campaign' 3 git autoresearch start --max-experiments=2
git autoresearch log --json >"$scratch/log"
check_equal 'of the baseline and an experiment' 2 "$(wc -l <"$scratch/log")"
check 'in which something was accepted' grep -q '"accepted"' "$scratch/log"
check_equal 'all at that level' "$level" "$(jq -r .audit.level "$scratch/log" | sort -u)"
check_status 'the ledger verifies' 0 git autoresearch verify
check 'git fsck is content' git fsck --strict --no-dangling
check 'the peak of memory is on record, and the time on the processor' \
	jq -es 'all(.[]; .memoryPeak > 0 and .cpu > 0)' "$scratch/log"
check_equal 'we are in the cgroup that the first command left us in' "$place" \
	"$(cat /proc/self/cgroup)"

# Under emulation a command takes five seconds, most of them for loading programs. So the rest is
# told of the user alone, who has less to make limits with than root.
if [ "$(id -u)" = 0 ]; then
	done_testing
	exit
fi

killed 'memory has its limit' out-of-memory 'dd if=/dev/zero of=/dev/null bs=200M count=1'
git autoresearch sandbox --summary="$scratch/summary" -- \
	timeout 3 sh -c 'while :; do :; done' >"$scratch/out" 2>&1
check 'the processor is shared out as configured' jq -e '.cpu > 0.3 and .cpu < 0.5 * .wall + 0.5' \
	"$scratch/summary"
note "$(cat "$scratch/summary")"

# The trial's own copy can be changed in every way, also where a folder of the tree is made anew.
check_status 'a folder of the tree can be renamed, removed and made anew' 0 \
	git autoresearch sandbox -- sh -c 'mv dir renamed && cat renamed/file && rm -r renamed &&
		mkdir dir && test ! -e dir/file && echo new >dir/other && ls dir'
check_equal 'with nothing of the old one in it' 'old other' "$(xargs <"$scratch/out")"
[ -s "$scratch/err" ] && note "$(head -n 3 "$scratch/err")"
check_equal 'while the slot keeps it' old "$(git autoresearch sandbox -- cat dir/file)"

# A death without warning, while a candidate sleeps.
git config --file .autoresearch/config run.command 'echo METRIC loss=$(cat value); sleep 4.25'
git commit -qam slow
git-autoresearch start slow >"$scratch/run" 2>&1 &
started=$!
for _ in $(seq 100); do
	pgrep -f 'sleep 4.2[5]' >"$scratch/pids" && grep -q '^ *1 ' "$scratch/run" && break
	sleep 0.1
done
check 'another campaign is under way, and a candidate sleeps' test -s "$scratch/pids"
kill -KILL $started
wait $started 2>/dev/null
check 'killed, it leaves no process of its trial' all_gone
check_status 'started again it goes on' 3 git autoresearch start slow --max-experiments=1
check_status 'and verifies' 0 git autoresearch verify slow
check_equal 'no cgroup is left behind' '' "$(cgroups)"
check_equal 'no mount' '' "$(grep "$scratch" /proc/self/mountinfo)"

done_testing
