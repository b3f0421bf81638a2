#!/bin/bash
# start --detach runs on when the terminal is gone. What is wrong before the campaign runs is told
# where it was called; then it says where it is, and its output goes to a log that status names. It
# lives in a scope from systemd where there is one, and else in a session of its own. A script stands
# in for systemd-run, as in delegation.sh.
# shellcheck disable=SC2154 # variables of lib.sh
. "$(dirname "$0")/lib.sh"

new_repo
configure <<-'CONFIG'
[run]
	command = "test ! -e wait || sleep 61.433; echo METRIC loss=$(cat value)"
[campaign]
	editable = wait
CONFIG
propose=$(proposer <<'PROPOSER'
#!/bin/sh
echo "$((200 - AUTORESEARCH_EXPERIMENT))" >value
test ! -e "$(dirname "$0")/wait" || touch wait
echo "number $AUTORESEARCH_EXPERIMENT"
PROPOSER
)
wait=$(dirname "$propose")/wait log=$PWD/.git/autoresearch/campaigns/main/log
git config autoresearch.proposer command
git config autoresearch.proposerCommand "$propose"
status() {
	git autoresearch status --json | jq -r "$1"
}
sleeps() { pgrep -xf 'sleep 61.433' >/dev/null; }
is_over() { [ "$(status .pid)" = null ]; }

note 'What is wrong before it runs is told here, and by the exit status.'
fails() { # fails <text> <status> <message> <command>…
	local text=$1 status=$2 message=$3
	shift 3
	check_status "$text" "$status" "$@"
	check '  is told' grep -q "^fatal: $message" "$scratch/err"
	check_equal '  and nothing else' '' "$(cat "$scratch/out")"
	check_not '  not in a log' test -e "$log"
}
fails 'a setting' 128 "autoresearch.audit: 'x' is neither" git -c autoresearch.audit=x autoresearch start --detach
fails 'a name' 128 '.*name' git autoresearch start --detach 'no name..'
fails 'a program that is not there' 128 ".*no-such-program" \
	git autoresearch start --detach --proposer-command=no-such-program
mkdir "$scratch/alone"
cp "$(command -v git-autoresearch)" "$scratch/alone"
fails 'no audit' 128 'no audit by eBPF here' env PATH="$scratch/alone:$PATH" git-autoresearch start --detach
check_status 'a wrong option' 129 git autoresearch start --detach --no-such-option
cp .autoresearch/config "$scratch/config"
echo '[run' >>.autoresearch/config
git commit -qam 'a broken config'
fails 'a config' 128 '.autoresearch/config' git autoresearch start --detach
cp "$scratch/config" .autoresearch/config
git commit -qam 'a config'

note 'A campaign that has no baseline yet.'
touch wait
git add wait
git commit -qm 'a baseline that takes its time'
check_status 'it runs already' 0 git autoresearch start --detach
check 'and is measured' soon sleeps
check_equal 'status finds it' 'running null 0' "$(status '"\(.state) \(.incumbent) \(.experiments)"')"
check 'in words, too' sh -c "git autoresearch status | grep -qx 'branch      none yet: its baseline is to be measured'"
check_status 'so does stop' 0 git autoresearch stop --now
git rm -q wait
git commit -qm 'a baseline that does not'
rm "$log"

note 'A terminal that goes away.'
touch "$wait"
# It is called in a terminal of its own, which ends when the command does: whoever still has it gets
# SIGHUP.
python3 - git autoresearch start --detach >"$scratch/terminal" <<'PYTHON'
import os, pty, sys
pid, terminal = pty.fork()
if not pid:
    os.execvp(sys.argv[1], sys.argv[1:])
try:
    while data := os.read(terminal, 4096):
        os.write(1, data)
except OSError:
    pass
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
PYTHON
check_equal 'it ends with 0 while the campaign runs' 0 $?
pid=$(sed -n 's/^main: detached, process \([0-9]*\), log .*/\1/p' "$scratch/terminal")
check 'it says where: process and log' grep -q "^main: detached, process [0-9]*, log $log" "$scratch/terminal"
check 'a trial begins, without it' soon sleeps
check_equal 'status has both' "running $pid $log" "$(status '"\(.state) \(.pid) \(.log)"')"
check 'in words, too' sh -c "git autoresearch status | tr -s ' ' | grep -qx 'process $pid'"
check_equal 'it has no terminal, and a session of its own' "0 $pid $pid" \
	"$(sed 's/.*) . //' "/proc/$pid/stat" | awk '{ print $4, $2, $3 }')"
check_equal 'nothing of it holds what the terminal was' '' \
	"$(readlink "/proc/$pid/fd/"* | grep '^/dev/pts/\|^/dev/tty')"
check_status 'another start is refused here' 128 git autoresearch start --detach
check 'by name of the process' grep -q "^fatal: campaign 'main' is being worked on by process $pid\$" "$scratch/err"
rm "$wait"
git autoresearch status --watch --json >"$scratch/watched" &
watcher=$!
check 'status --watch finds it' soon test -s "$scratch/watched"
check_status 'so does stop' 0 git autoresearch stop --now
wait "$watcher"
check_equal 'what is watched ends with it' '0 running stopped' "$? $(jq -r .state "$scratch/watched" | uniq | xargs)"
check_equal 'it has ended' 'stopped null' "$(status '"\(.state) \(.pid)"')"
check_equal 'the log begins with date and process' "process $pid" "$(head -n 1 "$log" | sed 's/^== [-0-9T:]*Z: //')"
check 'then has what start prints' grep -q '  baseline  .* baseline of main$' "$log"
check 'to the end' grep -q '^main: stopped (asked to stop)$' "$log"

check_status 'again' 0 git autoresearch start --detach --max-experiments=2
check 'it ends by itself' soon is_over
check_equal 'the log is gone on with' 2 "$(grep -c '^== 2' "$log")"
check_equal 'two experiments were made' 2 "$(status .experiments)"
git config autoresearch.endpointTimeout 1s
echo 'exit 1' >"$propose"
check_status 'what goes wrong later' 0 git autoresearch start --detach
check '  ends it' soon is_over
check '  is in the log' grep -q '^fatal: the proposer ' "$log"
check_equal '  and in status' 'failing true' "$(status '"\(.state) \(.reason | startswith("the proposer"))"')"

note 'A systemd.'
# As in delegation.sh: where v2 is alone, and leads back to where all is in order.
if [ -e /sys/fs/cgroup/cgroup.controllers ] || ! unshare -m true 2>/dev/null; then
	skip 'a scope from systemd' 'it needs the hybrid layout, whose v1 hierarchies it hides'
else
	stand_in=$scratch/stand-in told=$scratch/systemd-run
	mkdir "$stand_in"
	cat >"$stand_in/systemd-run" <<-SH
	#!/bin/sh
	printf '%s|' "\$@" >>'$told'; echo >>'$told'
	while [ "\$1" != -- ]; do shift; done; shift
	exec nsenter --mount=/proc/$$/ns/mnt sh -c 'cd "\$0" && exec "\$@"' "\$PWD" "\$@"
	SH
	chmod 755 "$stand_in/systemd-run"
	login() {
		unshare -m sh -c '
			awk "{ for (i = 7; \$i != \"-\"; i++); if (\$(i + 1) == \"cgroup\") print \$5 }" /proc/self/mountinfo |
				while read -r hierarchy; do umount "$hierarchy"; done
			mount -t tmpfs -o mode=755 run /run && mkdir -p /run/systemd/system
			exec "$@"' - env PATH="$stand_in:$PATH" "$@"
	}
	printf '#!/bin/sh\necho 7 >value\n' >"$propose"
	check_status 'start --detach' 0 login git-autoresearch start --detach --max-experiments=1
	check_equal '  is run in a scope' '--scope|-q|-p|Delegate=yes|--' "$(cut -d'|' -f1-5 "$told" | sort -u)"
	check_equal '  as it was called' 'start|--detach|--max-experiments=1|' "$(sed -n 2p "$told" | cut -d'|' -f7-)"
	check_equal '  once' 2 "$(wc -l <"$told")"
	check '  and says where it is' grep -q '^main: detached, process' "$scratch/out"
	check '  it ends by itself' soon is_over
	check_equal '  it has made its experiment' 3 "$(status .experiments)"
	check_status 'what is wrong is told through it' 128 login git-autoresearch start --detach 'no name..'
	check '  here' grep -q '^fatal: ' "$scratch/err"
fi

check_status 'every record verifies' 0 git autoresearch verify
check_equal 'nothing is left behind' '' "$(leftovers)"
done_testing
