#!/bin/bash
# An ordinary user on cgroup v2 to whom no cgroup was delegated: one line, what mends it, and
# nothing was run.
# shellcheck disable=SC2154 # $scratch is of lib.sh
set -u

guest=$(cd "$(dirname "$0")" && pwd)

if [ "${1:-}" != story ]; then
	export HOME=/mnt/home/tester TMPDIR=/mnt/home/tester USER=tester LOGNAME=tester
	setpriv --reuid tester --regid tester --clear-groups --inh-caps=-all -- "$0" story |
		tee /run/tap
	grep -q '^1\.\.' /run/tap && ! grep -q '^not ok' /run/tap
	exit
fi

. "$guest/../../e2e/lib.sh"

new_repo
check_status 'start is fatal' 128 git autoresearch start --smoke
check_equal 'in one line and a hint' 2 "$(wc -l <"$scratch/err")"
check 'which speaks of cgroups' grep -q '^fatal: .*cgroup' "$scratch/err"
check 'the hint names the command that mends it' \
	grep -q '^hint: .*systemd-run --user --scope -p Delegate=yes' "$scratch/err"
note "$(cat "$scratch/err")"
check_equal 'no campaign was begun' '' "$(git for-each-ref refs/heads/autoresearch refs/autoresearch)"
check_status 'sandbox is fatal as well' 128 git autoresearch sandbox -- touch "$scratch/ran"
check_status 'doctor says no' 1 git autoresearch doctor
check 'with the same command' grep -q 'systemd-run --user --scope -p Delegate=yes' "$scratch/out"

done_testing
