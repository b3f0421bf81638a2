#!/bin/bash
# Attacks on what holds a trial (attacks.c). Each succeeds where it runs plainly: in a network of its
# own where the address that it wants is reached, or with the privilege that whoever started it has.
# In a trial each is either stopped, with everything else of the trial and by its right name, or
# refused without ado; and it is on record. What the guards add is seen where they are missing.
# shellcheck disable=SC2154 # variables of lib.sh
. "$(dirname "$0")/lib.sh"

new_repo
if ! compile attacks.c attacks; then
	skip 'attacks' 'no compiler, or not x86-64'
	done_testing
	exit 0
fi
git add -A
git commit -qm 'attacks'

# What each ends with: name, reason. Those of the network first.
cat >"$scratch/network" <<'TABLE'
tcp4 network 192.0.2.1:80
tcp6 network [2001:db8::1]:80
tcp-mapped network 192.0.2.1:80
tcp-fast-open network 192.0.2.1:80
mptcp network 192.0.2.1:80
udp4 network 192.0.2.1:9
udp4-connected network 192.0.2.1:9
udp4-connected-elsewhere network 192.0.2.1:9
udp4-connected-again network 192.0.2.1:9
udp4-sendmsg network 192.0.2.1:9
udp4-of-no-family network 192.0.2.1:9
udplite network 192.0.2.1:9
udp6 network [2001:db8::1]:9
udp6-sendmmsg network [2001:db8::1]:9
udp6-connected network [2001:db8::1]:9
udp-mapped network 192.0.2.1:9
udp-mapped-connected network 192.0.2.1:9
udp6-to-an-ipv4-address network 192.0.2.1:9
udp6-connected-to-an-ipv4-address network 192.0.2.1:9
TABLE
cat >"$scratch/calls" <<'TABLE'
ptrace syscall ptrace
process_vm_readv syscall process_vm_readv
bpf syscall bpf
user-namespace syscall unshare
user-namespace-by-clone syscall clone
mount syscall mount
mount-by-i386 syscall i386:mount
TABLE
# Refused quietly, and out of reach.
quiet=(io_uring perf_event_open userfaultfd keyctl)
cgroups=(cgroup.procs child-cgroup)

if brief; then
	for table in network calls; do
		grep -E '^(udp4-sendmsg|process_vm_readv|mount-by-i386) ' \
			"$scratch/$table" >"$scratch/few"
		mv "$scratch/few" "$scratch/$table"
	done
fi

# --- Plainly

# shellcheck disable=SC2046
./attacks at-home $(cut -d' ' -f1 "$scratch/network" "$scratch/calls") "${quiet[@]}" "${cgroups[@]}" \
	>"$scratch/plainly" 2>"$scratch/err"
works() { # works <attack>: whether it succeeded plainly; where it did not there is nothing to show
	grep -qx "$1: \(received\|succeeded\)" "$scratch/plainly"
}
while read -r name _; do
	if grep -q "^$name: \(Protocol\|Address family\)" "$scratch/plainly"; then
		skip "plainly, it arrives: $name" 'this kernel does not know it'
	else
		check "plainly, it arrives: $name" grep -qx "$name: received" "$scratch/plainly"
	fi
done <"$scratch/network"
for name in $(cut -d' ' -f1 "$scratch/calls") "${quiet[@]}" "${cgroups[@]}"; do
	got=$(grep "^$name: " "$scratch/plainly")
	if ! works "$name" && { [ "$(id -u)" -ne 0 ] || [ "$name" = mount-by-i386 ]; }; then
		skip "plainly, it succeeds: $name" "${got:-this kernel does not know it}"
	else
		check_equal "plainly, it succeeds: $name" "$name: succeeded" "$got"
	fi
done
need_audit 'attacks in a trial'

# --- Ended

while read -r name reason; do
	works "$name" || continue
	inside ./attacks "$name"
	check_equal "$name ends the trial" "killed: $reason" "$(grep ^killed "$scratch/err")"
	check_equal "  and got nothing" '' "$(grep succeeded "$scratch/out")"
	case $reason in
	network*) check_equal '  it is on record' "denied ${reason#network }" "$(jq -r 'select(.verdict == "denied") |
		"\(.verdict) \(.object | if .address | contains(":") then "[\(.address)]" else .address end):\(.object.port)"' \
			"$scratch/log" | sort -u)" ;;
	*) check_equal '  it is on record' "denied ${reason##*[ :]} $([[ $reason = *i386* ]] && echo i386 || echo x86_64)" \
		"$(jq -r 'select(.verdict == "denied") | "\(.verdict) \(.object.name) \(.object.arch)"' "$scratch/log")" ;;
	esac
done < <(cat "$scratch/network" "$scratch/calls")

# --- Refused

inside ./attacks "${quiet[@]}" "${cgroups[@]}"
check_equal 'what is refused quietly ends nothing' 0 $?
for name in "${quiet[@]}" "${cgroups[@]}"; do
	check_equal "  but $name gets nothing" "$name: $(sed -n "s/^$name: //p" "$scratch/out" | grep -v succeeded)" \
		"$(grep "^$name: " "$scratch/out")"
done
check_equal '  each is on record' 'add_key io_uring_setup perf_event_open userfaultfd' \
	"$(jq -r 'select(.verdict == "refused") | .object.name // empty' "$scratch/log" |
		grep -v clone3 | sort -u | xargs)"

# --- Races

rounds=3000
brief && rounds=300
./attacks race open $rounds 60 >"$scratch/plain-race"
note "$(cat "$scratch/plain-race")"
rm -f /tmp/race-a /tmp/race-b
check 'plainly, an argument that changes lies to who reads it' \
	awk '{ exit !($3 > 0 && $1 > 0 && $2 > 0) }' "$scratch/plain-race"
inside ./attacks race open $rounds 0
note "$(cat "$scratch/out")"
check_equal 'the log says which file was opened, whatever the argument said then' \
	"$(cut -d' ' -f1,2 "$scratch/out")" "$(jq -rs 'map(select(.act == "open") | .object.path) |
		"\(map(select(. == "/tmp/race-a")) | length) \(map(select(. == "/tmp/race-b")) | length)"' "$scratch/log")"
inside ./attacks race send $rounds 0
note "$(cat "$scratch/out")"
check_equal 'and where a datagram went' "$(cut -d' ' -f1,2 "$scratch/out")" \
	"$(jq -rs 'map(select(.act == "send") | .object.port) |
		"\(map(select(. == 7001)) | length) \(map(select(. == 7002)) | length)"' "$scratch/log")"

# --- A child cgroup

# A trial cannot make one: it sees no cgroup file system. We make one for it.
if [ "$(id -u)" -eq 0 ]; then
	tag=deeper-$$
	deeper=
	inside sh -c "until grep -q '/$tag\$' /proc/self/cgroup; do sleep 0.02; done; exec ./attacks udp4" &
	trial=$!
	for _ in $(seq 600); do
		pid=$(pgrep -f "^sh -c until grep -q '/$tag" | tail -n 1)
		[ -z "$pid" ] || break
		sleep 0.05
	done
	[ -n "$pid" ] && leaf=$(leaf_of "$pid") && deeper=$leaf/$tag
	if [ -n "$deeper" ] && mkdir "$deeper" && echo "$pid" >"$deeper/cgroup.procs"; then
		for _ in $(seq 500); do
			rmdir "$deeper" 2>/dev/null && break
			sleep 0.01
		done
		wait "$trial"
		check_equal 'deeper in the cgroup the same holds' 'killed: network 192.0.2.1:9' \
			"$(grep ^killed "$scratch/err")"
		check_equal '  and is on record' 'network send denied 192.0.2.1:9' "$(in_log '.verdict == "denied"')"
	else
		wait "$trial"
		check 'a child cgroup is made for a trial' false
	fi
else
	skip 'deeper in the cgroup the same holds' 'only root can put a process there'
fi

if brief; then
	done_testing
	exit 0
fi

# --- As candidates

git config -f .autoresearch/config run.command '. ./value'
echo 'echo METRIC loss=100' >value
git commit -qam 'a candidate of shell'
git autoresearch start --proposer=command --proposer-command=/bin/false --max-experiments=1 \
	>"$scratch/out" 2>&1
candidate() { # candidate <command>: verdict and reason
	echo "$1; echo METRIC loss=1" >value
	git autoresearch try -m "$1" >"$scratch/out" 2>&1
	git checkout -q value
	newest '"\(.verdict) \(.reason)"'
}
check_equal 'reaching out is a violation, whatever it printed' 'violation network 192.0.2.1:80' \
	"$(candidate './attacks tcp4')"
check_equal 'also in the background' 'violation network [2001:db8::1]:9' \
	"$(candidate '(setsid ./attacks udp6-sendmmsg >/dev/null 2>&1 &); sleep 0.5')"
check_equal 'as is a 32-bit call' 'violation syscall i386:mount' "$(candidate './attacks mount-by-i386')"
check_equal 'what is refused quietly is none' 'accepted null' "$(candidate "./attacks ${quiet[*]}")"

# --- Without the guards

mkdir "$scratch/bare"
cp "$(command -v git-autoresearch)" "$scratch/bare"
bare() {
	PATH=$scratch/bare:$PATH git -c "autoresearch.audit=$1" autoresearch sandbox -- ./attacks tcp4
}
check_status 'where the warden is missing nothing runs' 128 bare enforce
check 'and a hint says what to do' grep -q ^hint: "$scratch/err"
check_status 'unless one asks for it' 0 bare warn
check_equal 'then only the network itself is in the way, and nobody is told' \
	'tcp4: Network is unreachable' "$(cat "$scratch/out")"
done_testing
