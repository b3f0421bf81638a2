#!/bin/bash
# Each budget is a hard stop with a state and an exit status of its own, and is counted over restarts. It
# is looked at between experiments: what is in flight ends as planned. At four fifths it is warned
# of, once a run; status tells of each. (A budget of tokens: endpoint.sh.)
# shellcheck disable=SC2154 # variables of lib.sh
. "$(dirname "$0")/lib.sh"

propose=$(proposer <<'PROPOSER'
#!/bin/sh
echo "$((200 - AUTORESEARCH_EXPERIMENT))" >value
test ! -e "$(dirname "$0")/fails" || echo >value
echo "# $AUTORESEARCH_EXPERIMENT" >>value
PROPOSER
)
# campaign <name>: a repository; its budget is on stdin
campaign() {
	new_repo "$1"
	{
		printf '[run]\n\tcommand = "sleep $(cat pause); echo METRIC loss=$(head -n 1 value)"\n[budget]\n'
		cat
	} | configure
	echo 0 >pause
	git add pause
	git commit -qm 'how long it takes'
	git config autoresearch.proposer command
	git config autoresearch.proposerCommand "$propose"
}
status() {
	git autoresearch status --json | jq -r "$1"
}
warnings() {
	grep '^warning: budget' "$scratch/err"
}

note 'Experiments.'
campaign experiments <<<'	experiments = 10'
check_status 'some' 3 git autoresearch start --max-experiments=5
check_equal 'none is warned of' '' "$(warnings)"
check_equal 'status tells what is used' '5 10' "$(status '.budget.experiments | "\(.used) \(.limit)"')"
check 'in words, too' sh -c 'git autoresearch status | grep -qx "budget      5 of 10 experiments (50%)"'
check_status 'some more' 3 git autoresearch start --max-experiments=4
check_equal 'it is warned of at four fifths, once' 'warning: budget.experiments is running out: 8 of 10 experiments' "$(warnings)"
check 'and status says so' sh -c 'git autoresearch status | grep -qx "budget      9 of 10 experiments (90%): running out"'
check_equal 'this run has ended, not the campaign' stopped "$(status .state)"
check_status 'a budget that runs out ends it with 3' 3 git autoresearch start
check_equal 'a run that begins low is warned of it, too' 1 "$(warnings | wc -l)"
check_equal 'it is counted over restarts' 10 "$(status .experiments)"
check_equal 'the state is budget' budget "$(status .state)"
check 'it says which' grep -qx 'main: budget (experiments)' "$scratch/out"
check_status 'every later start says the same' 3 git autoresearch start
check_equal 'and makes none' '10 budget' "$(status '"\(.experiments) \(.state)"')"
check 'a budget that is used up is told' sh -c 'git autoresearch status | grep -qx "budget      10 of 10 experiments (100%): used up"'

note 'Time.'
campaign time <<<'	time = 2s'
echo 0.3 >pause
git commit -qam 'longer'
check_status 'one' 3 git autoresearch start --max-experiments=1
check_equal 'is no more than its time' stopped "$(status .state)"
check_status 'a budget of time that runs out ends it with 3' 3 git autoresearch start
check 'it says which' grep -qx 'main: budget (time)' "$scratch/out"
check_equal 'it is warned of once' 'warning: budget.time is running out:' "$(warnings | cut -d' ' -f1-5)"
check 'it is counted over restarts' test "$(status '.budget.time.used >= 2')" = true
check 'it was not passed by more than a trial: before the last one there was some left' test "$(git show \
	refs/autoresearch/main/ledger^1:record.json | jq '.totals.time < 2')" = true
before=$(status .experiments)
check_status 'every later start says the same' 3 git autoresearch start
check_equal 'and makes none' "$before budget" "$(status '"\(.experiments) \(.state)"')"

printf '#!/bin/sh\nsleep 1.2\nexit 1\n' >"$scratch/proposers/slow"
chmod +x "$scratch/proposers/slow"
campaign asking <<<'	time = 2s'
check_status 'what a proposer takes that fails counts, too' 3 git autoresearch start \
	--proposer-command="$scratch/proposers/slow"
check_equal 'without any experiment' '0 budget' "$(status '"\(.experiments) \(.state)"')"

note 'What was stopped before it had a record.'
campaign stopped <<<'	gpuHours = 0.0006'
for device in kmsg hwrng fuse loop-control tty0; do
	[ ! -c "/dev/$device" ] || git config autoresearch.device "one:/dev/$device"
done
git config -f .autoresearch/config --replace-all run.command 'tail -n 1 value | sh; echo METRIC loss=$(head -n 1 value)'
git commit -qam 'a command that the candidate has'
check_status 'one that is over at once' 3 git autoresearch start --max-experiments=1
printf '#!/bin/sh\nprintf "1\\nsleep 30\\n" >value\n' >"$scratch/proposers/long"
chmod +x "$scratch/proposers/long"
for _ in 1 2; do
	timeout --preserve-status -s INT 2 git-autoresearch start \
		--proposer-command="$scratch/proposers/long" >/dev/null 2>&1
done
check_equal 'two that were stopped have none' '1 stopped' "$(status '"\(.experiments) \(.state)"')"
check_status 'what they took of a device is spent' 3 timeout 20 git autoresearch start
check 'it says so' grep -qx 'main: budget (gpuHours)' "$scratch/out"
git worktree add -q "$scratch/by-hand" autoresearch/main
git config -f "$scratch/by-hand/.autoresearch/config" budget.gpuHours 1
git -C "$scratch/by-hand" commit -qam 'more of it'
git worktree remove "$scratch/by-hand"
check_status 'with more of it' 3 git autoresearch start --max-experiments=1
check 'the next record has all of that' test "$(git show \
	refs/autoresearch/main/ledger:record.json | jq ".totals | .time > 3 and .gpuHours > 0.0006")" = true
check_status 'and verifies' 0 git autoresearch verify

note 'Failures in a row.'
campaign failures <<<'	failures = 5'
check_status 'one that does not fail' 3 git autoresearch start --max-experiments=1
touch "$(dirname "$propose")/fails"
check_status 'some that do' 3 git autoresearch start --max-experiments=3
check_equal 'nothing is warned of' '' "$(warnings)"
check_status 'five in a row end it with 2' 2 git autoresearch start
check_equal 'it is warned of at four' 'warning: budget.failures is running out: 4 of 5 failures in a row' "$(warnings)"
check_equal 'they are counted over restarts' '6 failing budget.failures' \
	"$(status '"\(.experiments) \(.state) \(.reason)"')"
rm "$(dirname "$propose")/fails"
check_status 'every later start says the same' 2 git autoresearch start
check_equal 'and makes none' 6 "$(status .experiments)"

note 'Of several the first that runs out counts, and status tells of each.'
campaign several <<'CONFIG'
	experiments = 4
	time = 8h
	failures = 20
	tokens = 2M
	gpuHours = 16
CONFIG
check_status 'two bounds' 3 git autoresearch start
check_equal 'status tells of each' 'experiments 4/4, time 28800, tokens 0/2000000, gpuHours 0/16, failures 0/20' \
	"$(status '.budget | "experiments \(.experiments.used)/\(.experiments.limit), time \(.time.limit), tokens \(.tokens.used)/\(.tokens.limit), gpuHours \(.gpuHours.used)/\(.gpuHours.limit), failures \(.failures.used)/\(.failures.limit)"')"
check_equal 'in words, too' '4 of 4 experiments (100%): used up' "$(git autoresearch status | sed -n 's/^budget *//p')"
done_testing
