#!/bin/bash
# What a trial did is on record: a program of known acts (oracle.c) prints what the log must hold,
# and the log holds exactly that: each act once, with its process and that one's parent, which file
# or address it was, and what came of it. First all that goes on, in one trial; then, one trial
# each, what ends it.
# shellcheck disable=SC2154 # variables of lib.sh
. "$(dirname "$0")/lib.sh"

new_repo
git config -f .autoresearch/config limits.memory 512M
git config -f .autoresearch/config limits.pids 256
if ! compile oracle.c oracle || ! compile stray.c stray; then
	skip 'acts and their log' 'no compiler, or not x86-64'
	done_testing
	exit 0
fi
printf '#!/bin/sh\n:\n' >script
chmod +x script
git add -A
git commit -qm 'a program of known acts'
need_audit 'acts and their log'

# The lines of a log as the oracle writes them, sorted. Of files only those that were opened; names
# that hold a number of a process or descriptor without it; in the worktree, which is an overlay,
# a file's number says nothing.
as_lines='
def families: { netlink: 16, packet: 17, vsock: 40, alg: 38, xdp: 44 };
def place: if .path | startswith("/autoresearch/work") then "- -" else "\(.dev) \(.inode)" end;
def said: [if .truncated then "truncated" else empty end, if .deleted then "deleted" else empty end,
	if .claimed then "claimed" else empty end] | if . == [] then "-" else join("+") end;
def name: .name | sub("^/dev/fd/[0-9]+"; "/dev/fd/N") | sub("^/tmp/link-[0-9]+"; "/tmp/link-N");
def path: if .truncated then "…" + (.path | split("/")[-1]) else .path end;
select(.act) |
[.pid, (if .class == "call" and .verdict == "denied" then "-" else .parent end), .class, .act, .verdict] + (
	if .class == "exec" then [.object | "\(name) \(path) \(place) \(said)"]
	elif .act == "socket" then [.object | "\(families[.family | tostring] // .family) \(.type)"]
	elif .object.family == "unix" then [.object | "unix \(.path)"]
	elif .class == "network" then [.object | "\(.family) \(.type) \(.address) \(.port)"]
	elif .class == "file" then [.object | "\(path) \(.dev) \(.inode)"]
	elif .class == "call" then [.object | "\(.arch) \(.name)"]
	elif .class == "credentials" then [.object.name]
	else ["-"] end) + (
	if .class == "call" and .verdict == "refused" or .class == "credentials" or .class == "process"
	then [.result] else ["-"] end) | @tsv'
logged() { # logged <file>, <jq filter>
	jq -r "select($2) | $as_lines" "$1" | sort
}
# What the oracle said, and what is always there: it itself was started.
expected() {
	local self='2	1	exec	exec	allowed	./oracle /autoresearch/work/oracle - - -	-'
	{
		printf '%s\n' "$self"
		sed -E 's,(\./true )[^ ]*/true (.* truncated),\1…true \2,
			s,^([0-9]+	)[0-9]+(	call	call	denied),\1-\2,' "$scratch/out"
	} | grep -vE "$1" | sort
}
# What differs between what was said and what was logged.
differing() { # differing <pattern of expected lines that do not count>, <jq filter of the log>
	diff <(expected "$1") <(logged "$scratch/log" "$2")
}
# What libc does by itself (clone3, which is refused, to make a thread), and the copies that the oracle
# makes to run them, are not of its list.
whole='(.object.name != "clone3") and (.class != "file" or .act == "open" and
	(.object | .truncated or (.path | startswith("/tmp/removed")) | not))'

ends() { # ends <reason> <act>
	inside ./oracle 'listen stream 127.0.0.1 7002 allowed' "$2"
	check_equal "it ends: $2" "killed: $1" "$(grep ^killed: "$scratch/err")"
	# A call that ends the trial is seen when it is over, and its parent may be so before it.
	check_equal '  and is on record, with all before it' '' \
		"$(differing '	process	' "$whole and .class != \"process\"")"
	check_equal '  what was born has died' "$(jq -s '[2] + map(select(.act == "fork") | .result) | sort' \
		"$scratch/log")" "$(jq -s 'map(select(.act == "exit") | .pid) | sort' "$scratch/log")"
	check_equal '  the totals know it' '1 ' "$(totals '.denied - .refused') $(unbalanced)"
}

# --- What goes on

inside ./oracle \
	'listen stream :: 7000 allowed' 'bind dgram :: 7001 allowed' 'listen stream 127.0.0.1 7002 allowed' \
	'listen stream /tmp/stream.socket - allowed' 'bind dgram /tmp/datagram.socket - allowed' \
	'listen stream @abstract - allowed' 'bind dgram @abstract-datagram - allowed' \
	'exec path' 'exec relative' 'exec at' 'exec link' 'exec script' 'exec loader' 'exec memfd' \
	'exec removed' 'exec deep' 'thread exec path' 'setsid exec script' 'orphan exec loader' \
	'orphan thread exec memfd' \
	'connect stream 127.0.0.1 7002 allowed' 'connect stream ::1 7000 allowed' \
	'connect stream ::ffff:127.0.0.1 7002 allowed' 'fastopen stream 127.0.0.1 7002 allowed' \
	'connect dgram 127.0.0.1 7001 allowed' 'connect dgram ::1 7001 allowed' \
	'sendto dgram 127.0.0.1 7001 allowed' 'sendto dgram ::1 7001 allowed' \
	'sendto dgram ::ffff:127.0.0.1 7001 allowed' 'sendmsg dgram 127.0.0.1 7001 allowed' \
	'sendmsg dgram ::1 7001 allowed' 'sendmmsg dgram 127.0.0.1 7001 allowed' \
	'sendmmsg dgram ::1 7001 allowed' \
	'connect stream /tmp/stream.socket - allowed' 'connect stream @abstract - allowed' \
	'connect dgram /tmp/datagram.socket - allowed' 'connect dgram @abstract-datagram - allowed' \
	'sendto dgram /tmp/datagram.socket - allowed' 'sendmsg dgram @abstract-datagram - allowed' \
	'thread connect stream 127.0.0.1 7002 allowed' 'setsid connect stream ::1 7000 allowed' \
	'orphan sendto dgram 127.0.0.1 7001 allowed' 'twice thread sendto dgram ::1 7001 allowed' \
	'open open /tmp/a' 'open openat /autoresearch/out/b' 'open creat /dev/shm/c' \
	'open openat2 /autoresearch/home/d' 'thread open readwrite /tmp/e' 'orphan open creat /tmp/f' \
	'open open /autoresearch/work/../../tmp/g' \
	'credentials setuid' 'credentials setgid' 'credentials setreuid' 'credentials setregid' \
	'credentials setresuid' 'credentials setresgid' 'credentials setfsuid' 'credentials setfsgid' \
	'credentials setgroups' 'credentials capset' 'thread credentials setuid' \
	'socket 16 raw refused' 'socket 17 raw refused' 'socket 40 stream refused' \
	'orphan socket 16 raw refused' \
	'call x86_64 425 io_uring_setup refused' 'call x86_64 298 perf_event_open refused' \
	'call x86_64 323 userfaultfd refused' 'call x86_64 250 keyctl refused' \
	'call x86_64 248 add_key refused' 'thread call x86_64 425 io_uring_setup refused'
check_equal 'it ends well' 0 $?
note "level $(totals .level)"
check_equal 'each act did what it should' '' "$(grep ^error "$scratch/out"; cat "$scratch/err")"
check 'every line of the log is JSON' jq -e . "$scratch/log"
cp "$scratch/log" "$scratch/allowed"
for class in exec network credentials call file process; do
	extra=$([ "$class" = process ] && echo '2	1	process	exit	allowed	-	0')
	check_equal "the log holds every act of class $class, once, and no other" '' \
		"$(diff <({ expected "^$"; [ -z "$extra" ] || echo "$extra"; } | sort |
			awk -F'\t' -v c="$class" '$3 == c') \
			<(logged "$scratch/log" "$whole and .class == \"$class\""))"
done
check_equal 'a thread is told by its own number' true \
	"$(jq -s 'any(.[]; .act == "connect" and .tid != .pid)' "$scratch/log")"
check_equal 'a process has one time of birth in all its lines' '' \
	"$(jq -rs 'map(select(.act)) | group_by(.pid)[] | select(map(.start) | unique | length > 1) | .[0].pid' \
		"$scratch/log")"
check_equal 'lines are numbered, without a gap' true \
	"$(jq -s 'map(.seq // empty) | . == [range(.[0]; .[0] + length)] and .[0] <= 1' "$scratch/log")"
check_equal 'and of one version' 1 "$(jq -r '.v // empty' "$scratch/log" | sort -u)"
check_equal 'nothing was lost' 0 "$(totals '[.totals.lost[]?] | add // 0')"
check_equal 'what was emitted was received' '' "$(unbalanced)"
check_equal 'what was refused is counted' \
	"$(jq -s 'map(select(.verdict == "refused")) | length' "$scratch/log")" "$(totals .refused)"
check_equal 'nothing but that was denied' 0 "$(totals '.denied - .refused')"
check 'calls are counted by name' test "$(totals .calls.openat.calls)" -gt 20
check 'and their errors' test "$(totals .errors.ENOSYS)" -ge 2
check_equal 'the summary says the same' "$(totals '"\(.events) \(.denied) 0"')" \
	"$(jq -r '.audit | "\(.events) \(.denied) \(.lost)"' "$scratch/summary")"

# Many threads that end at the same time are one process that ends.
inside ./oracle 'exit 0' 'exit 3' 'exit killed' 'exit 4' 'exit 5' 'exit killed'
check_equal 'a process of many threads ends once' '' "$(diff \
	<({ grep '	process	' "$scratch/out"; echo '2	1	process	exit	allowed	-	0'; } | sort) \
	<(logged "$scratch/log" '.class == "process"'))"

# Whoever breaks it off has the log of what was until then.
git-autoresearch sandbox --audit-log="$scratch/log" -- sleep "29.$$" &
trial=$!
soon pgrep -xf "sleep 29\.$$"
kill -TERM "$trial"
wait "$trial"
check_equal 'broken off: the status is of the signal' 143 $?
check_equal '  the log is there, to its last line' 'exec 1' \
	"$(jq -r 'select(.act == "exec") | .act' "$scratch/log" | sort -u) $(jq -c 'select(.totals)' "$scratch/log" | wc -l)"

# A timer expires in whatever the processor does then, also in one who sends signals in its name.
if compile alarms.c "$scratch/alarms"; then
	"$scratch/alarms" &
	alarms=$!
	"$scratch/alarms" &
	alarms="$alarms $!"
	check_status 'while timers of the host expire' 0 git autoresearch sandbox --audit-log="$scratch/log" -- \
		sh -c 'spin() { timeout 0.5 sh -c "while :; do :; done"; }; spin & spin; ./stray in 1 && wait'
	# shellcheck disable=SC2086 # words are wanted
	kill $alarms
	check_equal 'none is a signal of the trial' '' "$(jq -c 'select(.class == "signal")' "$scratch/log")"
fi

# From a trial no signal gets out, whatever it says of itself. We put somebody there who can send one.
if [ "$(id -u)" -eq 0 ]; then
	inside sleep "30.$$" &
	trial=$!
	soon pgrep -f "^sleep 30\.$$\$"
	pid=$(pgrep -f "^sleep 30\.$$\$")
	./stray out "$(leaf_of "${pid:-self}")/cgroup.procs" >"$scratch/arrived"
	status=$?
	[ -z "$pid" ] || kill "$pid"
	wait "$trial"
	note "$(cat "$scratch/arrived")"
	jq -r 'select(.class == "signal") | .result' "$scratch/log" >"$scratch/told"
	check_equal 'a signal to outside is on record, once' 1 "$(grep -cx 10 "$scratch/told")"
	if [ "$status" -eq 2 ]; then
		skip '  also as a timer of its own making' 'this kernel sends no siginfo to a group'
	else
		check_equal '  also as a timer of its own making' 1 "$(grep -cx 12 "$scratch/told")"
	fi
else
	skip 'a signal to outside is on record' 'only root can put a process there'
fi

if brief; then
	ends 'network 192.0.2.1:9' 'orphan thread sendto dgram 192.0.2.1 9 denied'
	ends 'syscall mount' 'call x86_64 165 mount denied'
	done_testing
	exit 0
fi

# Names are data: whatever bytes one holds, the log stays JSON of one line an act.
# shellcheck disable=SC2016
inside sh -c 'cp /bin/true "$(printf "/tmp/a\nb\"\\\\\001\377\033[31m")" && /tmp/a*'
check 'a name of odd bytes runs' test ! -s "$scratch/err"
check 'its log is JSON' jq -e . "$scratch/log"
check_equal 'without a control character' 0 \
	"$(tr -d '\n' <"$scratch/log" | tr -dc '\000-\037\177' | wc -c)"
check 'in UTF-8' iconv -f UTF-8 -t UTF-8 "$scratch/log"
check_equal 'and the name is there' 1 \
	"$(jq -r 'select(.act == "exec") | .object.path | select(startswith("/tmp/a")) | @json' "$scratch/log" | wc -l)"

# --- What ends the trial, one by one

ends 'network 192.0.2.1:80' 'connect stream 192.0.2.1 80 denied'
ends 'network 192.0.2.1:80' 'connect stream ::ffff:192.0.2.1 80 denied'
ends 'network [2001:db8::1]:443' 'connect stream 2001:db8::1 443 denied'
ends 'network 192.0.2.1:9' 'connect dgram 192.0.2.1 9 denied'
ends 'network 192.0.2.1:9' 'sendto dgram 192.0.2.1 9 denied'
ends 'network [2001:db8::1]:9' 'sendmsg dgram 2001:db8::1 9 denied'
ends 'network 192.0.2.1:9' 'sendmmsg dgram ::ffff:192.0.2.1 9 denied'
ends 'network 192.0.2.1:80' 'fastopen stream 192.0.2.1 80 denied'
ends 'network 192.0.2.1:80' 'thread connect stream 192.0.2.1 80 denied'
ends 'network 192.0.2.1:80' 'setsid connect stream 192.0.2.1 80 denied'
ends 'network 192.0.2.1:9' 'orphan thread sendto dgram 192.0.2.1 9 denied'
ends 'syscall mount' 'call x86_64 165 mount denied'
ends 'syscall x32:mount' 'call x32 165 mount denied'
ends 'syscall ptrace' 'thread call x86_64 101 ptrace denied'
ends 'syscall unshare' 'orphan call x86_64 272 unshare denied'
if [ "$(bash -c './oracle "call i386 20 getpid refused"' | grep -c getpid)" -gt 0 ]; then
	ends 'syscall i386:mount' 'call i386 21 mount denied'
	ends 'syscall i386:getpid' 'setsid call i386 20 getpid denied'
else
	skip 'int 0x80' 'this kernel does not know it'
fi

resolver=$(sed -n 's/^nameserver *//p' /etc/resolv.conf | head -n 1)
if [ -n "$resolver" ] && [[ $resolver != 127.* ]]; then
	inside ./oracle "sendto dgram $resolver 53 refused" "connect dgram $resolver 53 refused" \
		"connect stream $resolver 53 refused"
	check_equal 'asking the resolver ends nothing' '0 ' "$? $(cat "$scratch/err")"
	check_equal 'and is on record' '' "$(differing '	process	' "$whole and .class != \"process\"")"
	ends "network $resolver:54" "sendto dgram $resolver 54 denied"
else
	skip 'asking the resolver' 'resolv.conf names none but of loopback'
fi

# --- In a campaign

git config -f .autoresearch/config run.command '. ./value'
echo 'echo METRIC loss=100' >value
git commit -qam 'a candidate of shell'
git autoresearch start --proposer=command --proposer-command=/bin/false --max-experiments=1 \
	>"$scratch/out" 2>&1
echo './oracle "connect stream 192.0.2.1 80 denied" >/dev/null; echo METRIC loss=0' >value
check_status 'a candidate that reaches out is not accepted' 1 git autoresearch try -m reach
git checkout -q value
check_equal 'it is a violation' 'violation network 192.0.2.1:80 1' \
	"$(newest '"\(.verdict) \(.reason) \(.audit.denied)"')"
check_equal 'audit shows it' 1 "$(git autoresearch audit 1 |
	jq -s 'map(select(.verdict == "denied" and .object.address == "192.0.2.1")) | length')"
check 'show sums it up, and lists what was denied' grep -q '^ *denied in run: network connect 192.0.2.1:80, by oracle' \
	<(git autoresearch show 1)
echo './oracle "exec memfd" >/dev/null; echo METRIC loss=1' >value
check_status 'an honest candidate is accepted' 0 git autoresearch try -m honest
git autoresearch audit 2 >"$scratch/log"
check_equal 'audit prints what its record holds' '' \
	"$(git show refs/autoresearch/main/ledger:audit.jsonl | diff - "$scratch/log")"
check_equal 'it did what it did' /memfd:oracle \
	"$(jq -r 'select(.act == "exec") | .object.path' "$scratch/log" | grep memfd)"
check_equal 'the trailer vouches for it' "sha256:$(sha256sum <"$scratch/log" | cut -d' ' -f1)" \
	"$(git log -1 --format='%(trailers:key=Audit,valueonly)' autoresearch/main | grep -o 'sha256:.*')"
check 'and says what holds' grep -qE "^enforced level=[AB] events=$(totals .events) denied=0 lost=0 " \
	<(git log -1 --format='%(trailers:key=Audit,valueonly)' autoresearch/main)
check_equal 'as do log' "$(totals '"\(.level) \(.events) 0 0"')" \
	"$(newest '.audit | "\(.level) \(.events) \(.denied) \(.lost)"')"
check_status 'and verify' 0 git autoresearch verify
check_status 'an experiment that there is not' 128 git autoresearch audit 99
done_testing
