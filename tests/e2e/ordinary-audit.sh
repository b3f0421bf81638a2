#!/bin/bash
# Not sanitized: audit.sh is the same as root.
# An ordinary user of the warden's group, with a cgroup of their own, gets the same audit as root:
# what a candidate does is on record, and what it must not do is stopped. Who lacks the capabilities,
# or is not of the group, is told the command that mends it, and nothing is run unless they ask for
# it. The command is taken from the hint here, and run as root.
# shellcheck disable=SC2154 # variables of lib.sh and lib-user.sh
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-user.sh"

# What the file of the warden gives must not be kept from it.
# shellcheck disable=SC2034 # of lib-user.sh
privileges=
warden=$place/bin/git-autoresearch-warden
wardens=wardens-$$
groupadd "$wardens"
trap 'clean_up; groupdel "$wardens" 2>/dev/null' EXIT
for source in "${AUTORESEARCH_BIN:-$top}" "${AUTORESEARCH_BIN:-$top}/build" "$top/build"; do
	[ ! -x "$source/git-autoresearch-warden" ] || break
done
cp "$source/git-autoresearch-warden" "$warden"
new_repo
if ! compile attacks.c attacks; then
	skip 'the audit of an ordinary user' 'no compiler, or not x86-64'
	done_testing
	exit
fi
git add -A
git commit -qm 'attacks'
# Where root has no audit there is nothing to give.
need_audit 'the audit of an ordinary user'
rm -rf .git/autoresearch
git worktree prune
give_repo
chown root:"$wardens" "$warden"
if ! delegate; then
	skip 'the audit of an ordinary user' 'no cgroup can be given away below the one that this runs in'
	done_testing
	exit
fi

# --- Without the capabilities

check_status 'without capabilities of the warden nothing is run' 128 as_user git autoresearch sandbox -- true
check_equal 'in one line with a hint' 'fatal: hint:' "$(cut -d' ' -f1 "$scratch/err" | xargs)"
check 'that speaks of the audit' grep -q '^fatal: no audit by eBPF here: ' "$scratch/err"
hint=$(sed -n "s/^hint: as root: \(.*\), and log in again; or git config autoresearch.audit warn.*/\1/p" "$scratch/err")
check_equal 'the hint is the command' "cd '$place/bin' && groupadd -f $wardens && \
chgrp $wardens git-autoresearch-warden && chmod 0750 git-autoresearch-warden && \
setcap cap_bpf,cap_perfmon,cap_net_admin+ep git-autoresearch-warden && usermod -aG $wardens $user" "$hint"
check_status 'doctor prints it' 1 as_user git autoresearch doctor
check 'as it is' grep -qF "as root: $hint, and log in again" "$scratch/out"
check_status 'start refuses' 128 as_user git autoresearch start --smoke
check_equal 'and began nothing' '' "$(as_user git for-each-ref refs/heads/autoresearch refs/autoresearch)"
check_status 'who asks for it gets a campaign without audit' 0 as_user git -c autoresearch.audit=warn \
	autoresearch start unseen --max-experiments=1 --smoke
audit_of() { as_user git log -1 --format='%(trailers:key=Audit,valueonly)' "$1" | head -n 1; }
check_equal 'and every record says so' 'unenforced level=C' \
	"$(as_user git notes --ref=autoresearch show HEAD | grep -o 'unenforced level=C')"
check_equal '  log, too' C "$(as_user git autoresearch log --campaign=unseen --json -n 1 | jq -r .audit.level)"

# --- With them

check_status 'root does what the hint says' 0 sh -c "$hint"
check_status 'then doctor is content' 0 as_user git autoresearch doctor --json
level=$(jq -r .level "$scratch/out")
check 'at a level that is enforced' test "$level" = A -o "$level" = B

inside() { # as in lib.sh, by the user
	rm -f "$place/log"
	as_user git autoresearch sandbox --audit-log="$place/log" -- "$@" >"$scratch/out" 2>"$scratch/err" </dev/null
	status=$?
	cp "$place/log" "$scratch/log"
	return "$status"
}
while read -r name reason; do
	inside ./attacks "$name"
	check_equal "$name ends the trial" "killed: $reason" "$(grep ^killed "$scratch/err")"
	check_equal '  and is on record' denied "$(in_log '.verdict == "denied"' | head -n 1 | cut -d' ' -f3)"
done <<-'TABLE'
	tcp4 network 192.0.2.1:80
	tcp6 network [2001:db8::1]:80
	udp4 network 192.0.2.1:9
	udp6 network [2001:db8::1]:9
	udp4-connected network 192.0.2.1:9
	ptrace syscall ptrace
	bpf syscall bpf
	user-namespace syscall unshare
TABLE
inside sh -c 'echo >/tmp/written; /bin/true'
check_equal 'what is run is on record' '/bin/sh /bin/true' "$(jq -r 'select(.class == "exec").object |
	.name // .path' "$scratch/log" | sed 's,.*/bin/,/bin/,' | xargs)"
check_equal 'and what is opened for writing' /tmp/written "$(jq -r 'select(.act == "open").object.path' "$scratch/log")"
check_equal 'nothing was lost' 0 "$(totals '.totals.lost | add // 0')"
check_equal 'the log is the user'\''s' "$user" "$(stat -c %U "$place/log")"

check_status 'a campaign' 0 as_user git autoresearch start --smoke
check_equal 'is audited' "enforced level=$level" "$(audit_of "autoresearch/$(git -C "$place/repo" -c safe.directory='*' \
	branch --show-current)" | grep -o '^enforced level=[A-C]')"
check_equal '  as each record of it says' "$level" "$(as_user git autoresearch log --json | jq -r .audit.level | sort -u)"
check_status '  it verifies' 0 as_user git autoresearch verify
as_user git autoresearch sandbox --summary="$place/summary" -- sh -c 'head -c 300M /dev/zero | tail' >/dev/null 2>&1
check_equal 'limits hold beside the audit' out-of-memory "$(jq -r .killed "$place/summary")"

# --- How it ends

hang() { # hang <command>…: a trial that sleeps; its loop is in $loop, its warden in $held
	as_user git-autoresearch sandbox -- "$@" >"$scratch/out" 2>"$scratch/err" &
	job=$!
	for _ in $(seq 600); do
		pgrep -u "$user" -x sleep >/dev/null && break
		sleep 0.05
	done
	held=$(pgrep -u "$user" -f '^git-autoresearch-warden')
	loop=$(ps -o ppid= -p "$held" | tr -d ' ')
}
gone() { # gone <seconds>: nothing of the user's runs
	local i
	for ((i = 0; i < $1 * 20; i++)); do
		[ -n "$(processes)" ] || return 0
		sleep 0.05
	done
	processes
	return 1
}
hang sleep 60
check_equal 'the warden has given all capabilities up' '0000000000000000 1' "$(awk '/^Cap(Prm|Eff|Inh|Amb):/ { c = c $2 }
	/^NoNewPrivs:/ { n = $2 } END { print (c ~ /^0+$/ ? "0000000000000000" : c), n }' "/proc/$held/status")"
kill -INT "$loop"
wait "$job"
check_equal 'an interrupt ends all of it' 130 $?
check 'at once' gone 1
hang sleep 60
kill -KILL "$loop"
check 'a death without warning as well' gone 2
wait "$job"
hang sleep 60
kill -STOP "$loop"
stopped_trial_is_gone() {
	for _ in $(seq 200); do
		pgrep -u "$user" -x sleep >/dev/null || return 0
		sleep 0.05
	done
	return 1
}
check 'a trial whose loop is stopped is killed within two seconds' stopped_trial_is_gone
kill -CONT "$loop"
wait "$job"
check_equal 'and that is an error of ours' 128 $?
check 'told as one' grep -q '^fatal: git-autoresearch-warden died' "$scratch/err"
hang sleep 60
kill -KILL "$held"
wait "$job"
check_equal 'without a warden nothing goes on' 128 $?
hang sleep 1
kill -STOP "$held"
wait "$job"
check_equal 'a warden that is stopped is not waited for without end' 128 $?
check 'it is told' grep -q '^fatal: git-autoresearch-warden does not answer' "$scratch/err"
check 'and nothing is left' gone 1

# --- Not of the group

gpasswd -qd "$user" "$wardens" >/dev/null 2>&1 || deluser -q "$user" "$wardens" >/dev/null 2>&1
check_status 'who is not of the group is refused' 128 as_user git autoresearch sandbox -- true
check_equal 'with the command that mends it' "hint: as root: usermod -aG $wardens $user, and log in again; \
or git config autoresearch.audit warn runs without it" "$(tail -n 1 "$scratch/err")"
check_status 'may run without' 0 as_user git -c autoresearch.audit=warn autoresearch sandbox --summary="$place/summary" -- true
check_equal 'which is said' C "$(jq -r .audit.level "$place/summary")"
check_equal 'nothing is left behind' '' "$(left_by_user)"
done_testing
