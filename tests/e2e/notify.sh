#!/bin/bash
# autoresearch.notify: a command that gets the summary on stdin when start ends, for whatever reason. It
# is the user's own, so it runs on the host as they do; what goes wrong with it is a warning, and
# changes nothing of how start ends.
# shellcheck disable=SC2154 # variables of lib.sh
. "$(dirname "$0")/lib.sh"

new_repo
configure <<-'CONFIG'
[run]
	command = "test ! -e wait || sleep 61.211; echo METRIC loss=$(cat value)"
[campaign]
	editable = wait
	target = 90
[budget]
	experiments = 5
CONFIG
propose=$(proposer <<'PROPOSER'
#!/bin/sh
test ! -e "$(dirname "$0")/fails" || exit 1
echo "$((94 + AUTORESEARCH_EXPERIMENT))" >value
test ! -e "$(dirname "$0")/good" || echo 80 >value
test ! -e "$(dirname "$0")/wait" || touch wait
PROPOSER
)
beside=$(dirname "$propose") told=$scratch/told
git config autoresearch.proposer command
git config autoresearch.proposerCommand "$propose"
# What it was told; and whether, while it is told, the campaign is anybody's.
git config autoresearch.notify "{ cat; env | grep ^AUTORESEARCH_ | sort; git autoresearch status --json |
	jq -r '\"status \\(.state) \\(.pid)\"'; echo done; } >$told"
# told: what was in the environment, with what status said meanwhile.
told() {
	grep -v ^AUTORESEARCH_BIN= "$told" | grep -e ^AUTORESEARCH_ -e ^status | sed 's/AUTORESEARCH_//' |
		paste -sd' '
}
start() { # start <text> <status> <option>…
	local text=$1 status=$2
	shift 2
	rm -f "$told"
	check_status "$text" "$status" git autoresearch start "$@"
}

start 'a smoke run' 0 --smoke --max-experiments=1
check_not 'is nobody'\''s news' test -e "$told"
start 'the bound of a run' 3 --max-experiments=1
check_equal 'is told: campaign, reason, state and exit status, when the campaign is free again' \
	'CAMPAIGN=main REASON=--max-experiments STATE=stopped STATUS=3 status stopped null' "$(told)"
summary=$(sed -n '/^main: /,$p' "$scratch/out")
check_equal 'on stdin it has what start ends with' "$summary" "$(head -n "$(wc -l <<<"$summary")" "$told")"
check_equal 'why, time and verdicts, the best and its gain, and what was changed' \
	'main: stopped (--max-experiments)|2 experiments in T: 1 accepted, 1 rejected|loss 95, baseline 100 (-5.00%), by experiment 1| value | 2 +-| 1 file changed, 1 insertion(+), 1 deletion(-)||look further:' \
	"$(head -n 7 "$told" | sed 's/ in [0-9.smh]*:/ in T:/' | paste -sd'|')"
sed -n 's/^  \(git [^ ]* [^ ]*\( [^ ]*\)*\)  .*/\1/p' "$told" | grep -v -e report -e promote >"$scratch/further"
check 'where to look further, as commands' test "$(wc -l <"$scratch/further")" -ge 4
check 'which can be run as they are' sh -e "$scratch/further"

touch "$beside/fails"
start 'a proposer that fails' 2
check_equal 'is told with the reason' "CAMPAIGN=main REASON=$(sed -n 's/^fatal: //p' "$scratch/err") STATE=failing STATUS=2 status failing null" "$(told)"
rm "$beside/fails"

touch "$beside/wait"
rm -f "$told"
git-autoresearch start >"$scratch/out" 2>"$scratch/err" &
start=$!
for _ in $(seq 600); do
	pgrep -xf 'sleep 61.211' >/dev/null && break
	sleep 0.05
done
kill "$start"
wait "$start"
check_equal 'a signal' 143 $?
check_equal 'is told' 'CAMPAIGN=main REASON=a signal STATE=stopped STATUS=143 status stopped null' "$(told)"
rm "$beside/wait"

start 'a budget' 3
check_equal 'is told' 'CAMPAIGN=main REASON=experiments STATE=budget STATUS=3 status budget null' "$(told)"
git config -f .autoresearch/config budget.experiments 9
cp .autoresearch/config "$scratch/config"
git stash -q
git switch -q autoresearch/main
cp "$scratch/config" .autoresearch/config
git commit -qam 'more'
git switch -q main
touch "$beside/good"
start 'the target' 0
check_equal 'is told' 'CAMPAIGN=main REASON=the target is reached STATE=target STATUS=0 status target null' "$(told)"
rm -f "$told"
git autoresearch start 'no such campaign' >"$scratch/out" 2>&1
check_not 'a start that never began is not' test -e "$told"

note 'A command that fails.'
git config autoresearch.notify 'cat >/dev/null; echo words; exit 9'
start 'changes nothing' 0
check 'and is warned of' grep -qx 'warning: autoresearch.notify: sh: failed with exit status 9' "$scratch/err"
check 'what it prints goes to stderr' grep -qx words "$scratch/err"
check_not 'and nowhere else' grep -q words "$scratch/out"
git config autoresearch.notify "exit 0"
start 'one that does not read' 0
check_equal 'need not' '' "$(cat "$scratch/err")"

note 'It is never taken from a tracked file.'
git config --unset autoresearch.notify
printf '[autoresearch]\n\tnotify = touch %s\n' "$told" >.autoresearch/config
git commit -qam 'a hostile config'
check_status 'in the config of a campaign it is no section' 128 git autoresearch start other
check 'by name' grep -q "config:1: unknown section 'autoresearch'" "$scratch/err"
check_not 'nothing is run' test -e "$told"
check_equal 'nothing is left behind' '' "$(leftovers)"
done_testing
