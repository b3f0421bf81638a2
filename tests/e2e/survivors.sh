#!/bin/bash
# Nothing survives its trial, however it tries, and nothing survives us, however we die: within
# two seconds no process of a trial lives, and the next start, or gc, removes what is left of
# cgroups.
# shellcheck disable=SC2154 # variables of lib.sh
. "$(dirname "$0")/lib.sh"

new_repo
here_pids() {
	# by the name that this story's processes give themselves, and by the program's own
	pgrep -f "survivor-$$" || pgrep -f "git-autoresearch.*survivor-$$"
}
# none_soon: in two seconds, nothing of ours lives.
none_soon() {
	for _ in $(seq 200); do
		here_pids >/dev/null || return 0
		sleep 0.05
	done
	ps -o pid,ppid,stat,user,args -p "$(here_pids | paste -sd,)"
	here_pids | xargs kill -9
	return 1
}
groups_left() {
	xargs -r ls -d <.git/autoresearch/cgroups 2>/dev/null
	return 0
}

# --- What a candidate starts in order that it stays

cat >stay.py <<'PYTHON'
import ctypes, os, signal, sys, time
marker, key = sys.argv[1], int(sys.argv[2])
def live():
    for s in range(1, 32):
        try:
            signal.signal(s, signal.SIG_IGN)
        except OSError:
            pass
    os.execvp("python3", ["python3", "-c", "import time; time.sleep(20)", marker])
def plain():
    if not os.fork(): live()
def session():
    if not os.fork(): os.setsid(); live()
def twice():
    if not os.fork():
        os.setsid()
        if not os.fork(): live()
        os._exit(0)
    os.wait()
def stopped():
    pid = os.fork()
    if not pid: os.setsid(); live()
    time.sleep(0.1)
    os.kill(pid, signal.SIGSTOP)
def zombie():
    if not os.fork():
        os.setsid()
        if not os.fork(): os._exit(0)
        live()
def many():
    for i in range(10): plain()
def waiting(): # for a fifo that nobody opens, and behind vfork, which no signal but SIGKILL ends
    if not os.fork():
        os.setsid()
        os.execvp("python3", ["python3", "-c",
            "import os; os.posix_spawn('/bin/sh', ['sh', '-c', ': >$TMPDIR/' + 'f'], os.environ); "
            "os.mkfifo(os.environ['TMPDIR'] + '/fifo'); open(os.environ['TMPDIR'] + '/fifo')", marker])
for how in plain, session, twice, stopped, zombie, many, waiting:
    how()
libc = ctypes.CDLL(None, use_errno=True)
made = [libc.shmget(key, 4096, 0o1666), libc.semget(key, 1, 0o1666), libc.msgget(key, 0o1666),
        libc.mq_open(b"/%s" % marker.encode(), os.O_CREAT | os.O_RDWR, 0o666, None)]
assert all(m >= 0 for m in made), made
PYTHON
git add stay.py
git commit -qm 'what would stay'
key=$((0x5a000000 + $$))
# Which of those objects exist: a word each.
objects() {
	python3 - "$key" "survivor-$$" "$1" <<-'PYTHON'
	import ctypes, sys
	libc, key, name = ctypes.CDLL(None), int(sys.argv[1]), b"/" + sys.argv[2].encode()
	ids = {"shm": libc.shmget(key, 0, 0), "sem": libc.semget(key, 0, 0), "msg": libc.msgget(key, 0)}
	print(*[kind for kind, id in ids.items() if id >= 0], *["mq"] * (libc.mq_open(name, 0) >= 0))
	if sys.argv[3] == "remove":
	    libc.shmctl(ids["shm"], 0, None); libc.semctl(ids["sem"], 0, 0)
	    libc.msgctl(ids["msg"], 0, None); libc.mq_unlink(name)
	PYTHON
}

TMPDIR=$scratch python3 stay.py "survivor-$$" "$key"
sleep 0.3
check 'plainly run, a dozen of them live on' test "$(here_pids | wc -l)" -ge 12
check_equal 'and so do objects of IPC' 'shm sem msg mq' "$(objects remove)"
here_pids | xargs kill -9
check 'until they are killed' none_soon

before=$(grep -c . /proc/self/mountinfo)
for phase in run check evaluate setup; do
	check_status "$phase: they are started" 0 git autoresearch sandbox --phase=$phase -- \
		python3 stay.py "survivor-$$" "$key"
	check_equal "$phase: none lives when it ends" '' "$(here_pids)"
	check_equal "$phase: nor any object of IPC" '' "$(objects keep)"
done
check_equal 'no mount is left' "$before" "$(grep -c . /proc/self/mountinfo)"
check_equal 'no cgroup is left' '' "$(groups_left)"

git config -f .autoresearch/config run.command \
	"echo METRIC loss=\$(cat value); python3 stay.py survivor-$$ $key"
git commit -qam 'a candidate that would stay'
check_status 'in a campaign they are measured, and go' 0 git autoresearch start --smoke
check_equal 'all of them' '' "$(here_pids)"
check_equal 'with their cgroups' '' "$(groups_left)"

# Whatever it does to its parent and its init, it stays inside.
check_status 'a signal to all that it may signal reaches itself alone' 0 git autoresearch sandbox -- \
	sh -c 'trap "" TERM; kill -TERM -1; kill -KILL 1; kill -STOP 1; exit 0'

# --- When we die

new_repo killed
git config -f .autoresearch/config run.command \
	"echo METRIC loss=\$(cat value); python3 -c 'import time; time.sleep(0.2)' survivor-$$"
git config -f .autoresearch/config check.command "sleep 0.1; true survivor-$$"
git config -f .autoresearch/config setup.command "sleep 0.1; true survivor-$$; touch ready"
git config -f .autoresearch/config evaluate.command "sleep 0.1; true survivor-$$; echo METRIC loss=\$(cat value)"
git commit -qam 'every phase'

for delay in 0.05 0.2 0.4 0.7; do
	git-autoresearch start --max-experiments=2 >"$scratch/out" 2>&1 &
	started=$!
	sleep $delay
	kill -9 "$started"
	wait "$started" 2>/dev/null
	check "start killed after $delay s: nothing lives" none_soon
done
check_status 'the next start resumes' 3 git autoresearch start --max-experiments=2
check_status 'and its ledger verifies' 0 git autoresearch verify
check_equal 'its numbers have no gap' "$(seq "$(newest .experiment)" -1 1)" \
	"$(git autoresearch log --json | jq .experiment)"
check_equal 'no cgroup is left' '' "$(groups_left)"

for delay in 0.05 0.1; do
	git-autoresearch sandbox -- python3 -c 'import time; time.sleep(20)' "survivor-$$" >/dev/null 2>&1 &
	started=$!
	sleep $delay
	kill -9 "$started"
	wait "$started" 2>/dev/null
	check "sandbox killed after $delay s: nothing lives" none_soon
done
git-autoresearch sandbox -- sleep 20 >/dev/null 2>&1 &
started=$!
sleep 0.4
kill -9 "$started"
wait "$started" 2>/dev/null
check 'a cgroup is left of it' test -n "$(groups_left)"
check 'which gc --dry-run names' sh -c "git autoresearch gc --dry-run | grep -q 'cgroup /'"
check_status 'and gc removes' 0 git autoresearch gc
check_equal 'as it says' '' "$(groups_left)"

# --- In any of its steps

if ! gcc -shared -fPIC -O1 -o "$scratch/faults.so" "$here/faults.c" -ldl 2>"$scratch/err"; then
	skip 'killed in every step' 'no compiler'
elif grep -q __asan_init "$(command -v git-autoresearch)"; then
	skip 'killed in every step' 'the program is instrumented, and will not be preloaded'
else
	# The program waits in that step, in whichever of its processes, and is killed there.
	killed_at() {
		rm -f "$scratch/state" "$scratch/log"
		: >"$scratch/log"
		LD_PRELOAD=$scratch/faults.so FAULT_STATE=$scratch/state FAULT_LOG=$scratch/log \
			FAULT_DO=wait FAULT_AT=$1 git-autoresearch sandbox -- sleep 0.05 "0.0$$" >/dev/null 2>&1 &
		started=$!
		for _ in $(seq 200); do
			grep -q -x struck "$scratch/log" && break
			kill -0 "$started" 2>/dev/null || break
			sleep 0.005
		done
		kill -9 "$started" 2>/dev/null
		wait "$started" 2>/dev/null
	}
	LD_PRELOAD=$scratch/faults.so FAULT_STATE=$scratch/state FAULT_LOG=$scratch/steps \
		git-autoresearch sandbox -- sleep 0.05 "0.0$$" >/dev/null 2>&1
	program="git-autoresearch sandbox -- sleep 0.05 0.0$$"
	# Of those that are alike only the first.
	grep -v -e dup2 -e syscall-318 "$scratch/steps" |
		awk '{ split($1, at, "-"); if (!seen[at[1], $2]++) print }' >"$scratch/few"
	stayed=''
	while read -r step name; do
		killed_at "$step" 2>/dev/null
		for _ in $(seq 200); do
			pgrep -fx "$program" >/dev/null || break
			sleep 0.05
		done
		if pgrep -fx "$program" >"$scratch/alive"; then
			stayed="$stayed $step:$name"
			xargs kill -9 <"$scratch/alive"
		fi
	done <"$scratch/few"
	check_equal 'killed in any step, nothing of it lives two seconds later' '' "$stayed"
	git autoresearch gc >/dev/null
	check_equal 'and gc removes its cgroups' '' "$(groups_left)"
fi
done_testing
