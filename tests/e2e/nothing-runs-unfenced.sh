#!/bin/bash
# Not sanitized: it preloads the program.
# What cannot be enforced is not run: where any step of the sandbox's making fails, the command
# is never started, the program says `fatal:` and ends with 128, soon, and leaves nothing.
#
# The faults are real ones where the machine can be made to have them (a mount namespace of our
# own covers what the program needs), and otherwise made by faults.c, which is preloaded and
# refuses one call of the program, each in its turn, in whichever of its processes.
# shellcheck disable=SC2154 # variables of lib.sh
. "$(dirname "$0")/lib.sh"

new_repo
git autoresearch sandbox -- true

# fenced <text> <command>...: it ends with `fatal:` and 128, and prints no "started".
fenced() {
	local text=$1 status
	shift
	"$@" >"$scratch/out" 2>"$scratch/err"
	status=$?
	if [ "$status" -eq 128 ] && grep -q '^fatal: ' "$scratch/err" &&
		! grep -q started "$scratch/out"; then
		check "fatal: $text" true
	else
		note "exit $status" "$(cat "$scratch/out" "$scratch/err")"
		check "fatal: $text" false
	fi
}

# What this repository's runs have left of cgroups and processes.
left_here() {
	git autoresearch gc >/dev/null
	xargs -r ls -d <.git/autoresearch/cgroups 2>/dev/null
	pgrep -f "$scratch" -a
	return 0
}

check_status 'where all is well it starts' 0 git autoresearch sandbox -- echo started
check 'and says so' grep -qx started "$scratch/out"

# --- What a machine may lack

if [ "$(id -u)" -ne 0 ]; then
	skip 'a machine without what is needed' 'only root can make one'
else
	# elsewhere <command> <argument>...: runs a line of shell, and then the program, in a mount
	# namespace of its own.
	elsewhere() {
		unshare -m --propagation private sh -c \
			"$1"' || exit 99; exec timeout -s KILL 10 git autoresearch sandbox -- echo started'
	}
	check_status 'in a mount namespace of our own it starts' 0 elsewhere true
	fenced 'no cgroups at all' elsewhere 'mount -t tmpfs tmpfs /sys/fs/cgroup'
	while read -r dir; do
		case $dir in
		*/memory | */pids | */cpu | */unified | /sys/fs/cgroup)
			fenced "$dir is read-only" elsewhere "mount --bind -o ro $dir $dir &&
				mount -o remount,bind,ro $dir"
			fenced "$dir is absent" elsewhere "mount -t tmpfs tmpfs $dir"
			;;
		esac
	done < <(awk '$3 ~ /^cgroup/ { print $2 }' /proc/mounts)
	fenced '/proc is partly hidden' elsewhere 'mount -t tmpfs tmpfs /proc/sys'
	if grep -q __asan_init "$(command -v git-autoresearch)"; then
		skip 'fatal: no /proc' 'the program is instrumented, which needs /proc itself'
	else
		fenced 'no /proc' elsewhere 'umount -l /proc'
	fi
	fenced 'no more user namespaces' unshare -Ur sh -c \
		'echo 0 >/proc/sys/user/max_user_namespaces && exec git autoresearch sandbox -- echo started'
	fenced 'no more network namespaces' unshare -Ur sh -c \
		'echo 0 >/proc/sys/user/max_net_namespaces && exec git autoresearch sandbox -- echo started'
	# A ramfs cannot map the owners of files, so root would have to be root inside.
	mkdir "$scratch/ram"
	fenced 'the repository on a file system without mapped ids' elsewhere \
		"mount -t ramfs ramfs $scratch/ram && cp -r . $scratch/ram/repo && cd $scratch/ram/repo"
	# What the program needs is refused by somebody else's filter.
	cat >"$scratch/refuse.py" <<-'PYTHON'
	import ctypes, os, struct, sys
	libc = ctypes.CDLL(None, use_errno=True)
	# load the number; where it is the one: EPERM; allow
	code = [(0x20, 0, 0, 0), (0x15, 0, 1, int(sys.argv[1])), (6, 0, 0, 0x50001), (6, 0, 0, 0x7fff0000)]
	filter = b"".join(struct.pack("HBBI", *c) for c in code)
	buffer = ctypes.create_string_buffer(filter)
	program = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", len(code), ctypes.addressof(buffer)))
	assert libc.prctl(38, 1, 0, 0, 0) == 0
	assert libc.prctl(22, 2, program, 0, 0) == 0, os.strerror(ctypes.get_errno())
	os.execvp(sys.argv[2], sys.argv[2:])
	PYTHON
	check_status 'with a filter around it that harms nothing it starts' 0 \
		python3 "$scratch/refuse.py" 440 git autoresearch sandbox -- echo started
	fenced 'no seccomp' python3 "$scratch/refuse.py" 317 git autoresearch sandbox -- echo started
	fenced 'no clone3' python3 "$scratch/refuse.py" 435 git autoresearch sandbox -- echo started
	fenced 'no pivot_root' python3 "$scratch/refuse.py" 155 git autoresearch sandbox -- echo started
	fenced 'no capset' python3 "$scratch/refuse.py" 126 git autoresearch sandbox -- echo started
	check_status 'nobody has to listen where nothing may be reached' 0 \
		python3 "$scratch/refuse.py" 50 git autoresearch sandbox -- echo started
	fenced 'no listen, where something may' python3 "$scratch/refuse.py" 50 \
		git -c autoresearch.allowNetwork=127.0.0.1:80 autoresearch sandbox -- echo started
fi

# --- Every step

program=$(command -v git-autoresearch)
if ! gcc -shared -fPIC -O1 -o "$scratch/faults.so" "$here/faults.c" -ldl 2>"$scratch/err"; then
	skip 'a fault in every step' 'no compiler'
elif grep -q __asan_init "$program"; then
	skip 'a fault in every step' 'the program is instrumented, and will not be preloaded'
else
	# with_fault <step>: runs the program with a fault in that call. The log tells of all.
	with_fault() {
		rm -f "$scratch/state" "$scratch/log"
		LD_PRELOAD=$scratch/faults.so FAULT_STATE=$scratch/state FAULT_LOG=$scratch/log \
			FAULT_DO=fail FAULT_AT=$1 timeout -s KILL 3 "$program" sandbox -- echo started \
			>"$scratch/out" 2>"$scratch/err"
	}
	# Steps that are no fence, or one beside another: the keyrings (keyctl, 250) are out of
	# reach by the filter as well, death with the parent (prctl 1) is made sure of by the
	# cgroup when the next one starts.
	spared='syscall-318$|syscall-250$|prctl-1$|open-cgroup.kill$'

	with_fault none
	cp "$scratch/log" "$scratch/steps"
	check 'there are many steps' test "$(wc -l <"$scratch/steps")" -gt 60
	unfenced='' hung='' silent='' missed=0
	while read -r step name; do
		if echo "$name" | grep -qE "$spared"; then
			continue
		fi
		# A step of theirs may change places with its neighbour.
		for _ in 1 2 3; do
			with_fault "$step" 2>/dev/null
			status=$?
			grep -qx "$step $name" "$scratch/log" && break
		done
		# Then this fault met another step, which says nothing of this one.
		grep -qx "$step $name" "$scratch/log" || { missed=$((missed + 1)) && continue; }
		case $status in
		137) hung="$hung $step:$name" ;;
		128) grep -q '^fatal: ' "$scratch/err" || silent="$silent $step:$name" ;;
		esac
		# Who is told of forbidden calls is so while the command begins: one that nobody
		# is told of does not run.
		[ "$status $name" = '128 epoll_ctl' ] && continue
		if [ "$status" -eq 0 ] || grep -q started "$scratch/out"; then
			unfenced="$unfenced $step:$name"
		fi
	done <"$scratch/steps"
	check 'most steps were met' test "$missed" -lt 40
	check_equal 'a fault in any step keeps the command from being started' '' "$unfenced"
	check_equal 'and the program never hangs' '' "$hung"
	check_equal 'and always says why' '' "$silent"
fi

check_equal 'nothing is left behind' '' "$(left_here)"
done_testing
