#!/bin/bash
# A campaign that is left alone is watched. Where start dies, is stopped or hangs, its warden kills
# the trials and marks the campaign for a person; where the warden dies, start ends it. And start itself
# ends a campaign that shows a known bad sign. In each case the state is failing, its reason is told,
# nothing is lost but the trial in flight, and the next start says what happened and goes on.
# (That it hangs, which takes a minute to be believed, is told to the warden alone: warden.sh.)
# shellcheck disable=SC2154 # variables of lib.sh
. "$(dirname "$0")/lib.sh"

new_repo
need_audit 'a campaign that is watched'
# A trial sees the folder, and sleeps while there is a file `wait` in it; so one that is tried again
# by the next start, since its proposal was kept, need not.
mkdir "$scratch/flags"
wait=$scratch/flags/wait
git config autoresearch.bind "$scratch/flags"
configure <<-CONFIG
[run]
	command = "test ! -e $wait || sleep 61.319; sh ./act"
[campaign]
	editable = act
CONFIG
# The proposer gives what lies beside it, and a number that no other candidate has.
propose=$(proposer <<PROPOSER
#!/bin/sh
echo "act \$AUTORESEARCH_EXPERIMENT"
cp "\$(dirname "\$0")/act" act
echo "# \$AUTORESEARCH_EXPERIMENT" >>act
PROPOSER
)
act=$(dirname "$propose")/act
echo 'echo METRIC loss=100' | tee act >"$act"
git add act
git commit -qm 'what is done'
git config autoresearch.proposer command
git config autoresearch.proposerCommand "$propose"

status() {
	git autoresearch status --json | jq -r "$1"
}
sleeps() { pgrep -xf 'sleep 61.319' >/dev/null; }
sleeps_no_more() { ! sleeps; }
# The program without its warden beside it.
alone=$scratch/alone
mkdir "$alone"
cp "$(command -v git-autoresearch)" "$alone"
# begin: a start in the background, $start, whose trial sleeps.
begin() {
	touch "$wait"
	git-autoresearch start >"$scratch/start.out" 2>"$scratch/start.err" &
	start=$!
	soon sleeps || note 'no trial began'
	rm "$wait"
}
finish() {
	wait "$start" 2>/dev/null
	status=$?
}
records() {
	git autoresearch log --json | wc -l
}
# goes_on <why>: so the next start says, and makes one more experiment.
goes_on() {
	local before
	before=$(records)
	check_equal '  nothing of the trial is recorded' "$known" "$before"
	check_status '  the ledger verifies' 0 git autoresearch verify
	check_status '  the next start goes on' 3 git autoresearch start --max-experiments=1
	check '  and says what happened' grep -q "^warning: the last start of 'main' ended badly ($1.*); going on after experiment $before\$" "$scratch/err"
	check_equal '  with the next experiment' $((before + 1)) "$(records)"
	check_equal '  all is well again' 'stopped null' "$(status '.state + " " + (.reason | tostring)')"
	known=$(records)
}
check_status 'a campaign' 3 git autoresearch start --max-experiments=1
check_equal 'that is well' 'stopped null' "$(status '.state + " " + (.reason | tostring)')"
known=$(records)

note 'start is killed.'
begin
check_equal 'while it runs, its process is told' "running $start" "$(status '"\(.state) \(.pid)"')"
kill -9 "$start"
finish
check 'the trial is dead soon' soon sleeps_no_more
check_equal 'the campaign is failing' 'failing null' "$(status '"\(.state) \(.pid)"')"
check 'for a reason' soon sh -c "git autoresearch status | grep -qx 'reason      start was killed, or died'"
goes_on 'start was killed, or died'

note 'start is stopped.'
begin
kill -STOP "$start"
check 'the trial is dead soon' soon sleeps_no_more
check 'the campaign is marked' soon test -s .git/autoresearch/campaigns/main/mark
check_equal 'it is failing, though its process lives' "failing $start" "$(status '"\(.state) \(.pid)"')"
check_equal 'for a reason' 'start was stopped, as by Ctrl-Z, and stood still' "$(status .reason)"
check_status 'another start is fatal' 128 git autoresearch start
check 'and says what to do' grep -qx "hint: it hangs: 'git autoresearch stop --now' ends it" "$scratch/err"
check_status 'so is stop, which would wait for ever' 128 git autoresearch stop
check 'and says the same' grep -qx 'hint: git autoresearch stop --now' "$scratch/err"
kill -CONT "$start"
finish
check_equal 'let go on it ends with 2' 2 "$status"
check_equal 'one line tells why' 'fatal: start was stopped, as by Ctrl-Z, and stood still, so the warden has killed its trials' \
	"$(grep ^fatal "$scratch/start.err")"
goes_on 'start was stopped'
begin
kill -STOP "$start"
check 'once more' soon test -s .git/autoresearch/campaigns/main/mark
check_status 'stop --now ends it' 0 git autoresearch stop --now
finish
check_equal 'for good' '137 failing null' "$status $(status '"\(.state) \(.pid)"')"
goes_on 'start was stopped'

note 'The warden is killed.'
begin
kill -9 "$(pgrep -P "$start" -f '^git-autoresearch-warden')"
finish
check_equal 'start ends with 2' 2 "$status"
check 'the trial is dead' soon sleeps_no_more
check 'one line tells why' grep -q '^fatal: the warden is gone, and with it what was in flight: git-autoresearch-warden died$' "$scratch/start.err"
check 'with a hint' grep -q '^hint: only what was in flight is not recorded; started again, it goes on' "$scratch/start.err"
check_equal 'the campaign is failing' failing "$(status .state)"
goes_on 'the warden is gone'

note 'Where there is no warden it is killed as well.'
git config autoresearch.audit warn
PATH="$alone:$PATH" begin
check_equal 'none is there' '' "$(pgrep -P "$start" -f '^git-autoresearch-warden')"
kill -9 "$start"
finish
check 'the trial is dead soon' soon sleeps_no_more
check_equal 'the campaign is failing, and what is known is said' \
	'failing: start was killed, or the machine went down' "$(status '"\(.state): \(.reason)"')"
goes_on 'start was killed, or the machine went down'
git config --unset autoresearch.audit

note 'Bad signs: each ends the campaign after so many, and a person who starts it again has looked.'
# sign <text> <how many> <hint>, after `act` was set
sign() {
	local before
	before=$(records)
	check_status "$1" 2 git autoresearch start
	check_equal "  after $2" "$2" "$(($(records) - before))"
	check '  one line tells why' grep -q "^fatal: .*$1" "$scratch/err"
	check '  with a hint' grep -q "^hint: $3" "$scratch/err"
	check_equal '  the campaign is failing, and says so' "failing: $(sed -n 's/^fatal: //p' "$scratch/err")" \
		"$(status '"\(.state): \(.reason)"')"
	known=$(records)
}
see="see 'git autoresearch show [0-9]*'; started again, it goes on"
echo 'exit 3' >"$act"
sign 'the same failure 15 times in a row: failed, exit 3' 15 "$see"
echo 'echo nothing' >"$act"
sign 'the metric did not appear 8 times in a row' 8 "$see"
echo 'unshare -m true' >"$act"
sign '5 violations in a row, the newest: syscall unshare' 5 "$see"
echo 'echo METRIC loss=100' >"$act"
goes_on '5 violations in a row'
cat >"$act" <<'SH'
n=$(tail -n 1 act | tr -dc 0-9)
test $((n % 2)) = 0 || exit 1
exit 2
SH
check_status 'failures that differ are no sign' 3 git autoresearch start --max-experiments=20

if ! mkdir "$scratch/small" || ! mount -t tmpfs -o size=40M small "$scratch/small" 2>/dev/null; then
	skip 'a disk that runs full' 'no file system can be mounted'
else
	trap 'cd /; umount -l "$scratch/small"; rm -rf "$scratch"' EXIT
	new_repo small
	check_status 'a small disk is none that runs full' 3 git autoresearch start --max-experiments=1
	fallocate -l $(($(df -B1 --output=avail . | tail -n 1) - 1200000)) "$scratch/small/hog"
	check_status 'a disk that runs full' 2 git autoresearch start --max-experiments=1
	check '  one line tells why' grep -q '^fatal: the disk runs full: 1.[0-9]M are left$' "$scratch/err"
	check '  with a hint' grep -qx 'hint: make room, and start again: it goes on' "$scratch/err"
	check_status '  the ledger verifies' 0 git autoresearch verify
	rm "$scratch/small/hog"
	check_status '  with room it goes on' 3 git autoresearch start --max-experiments=1
	cd "$scratch/repo" || exit
fi

check_status 'every record verifies' 0 git autoresearch verify
git autoresearch gc >/dev/null
check_equal 'nothing is left behind' '' "$(leftovers | grep -v "$scratch/small")"
done_testing
