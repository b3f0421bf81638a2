#!/bin/bash
# `start --dry-run` measures the incumbent a few times and says what the campaign would take. The
# repository is as before.
# shellcheck disable=SC2154
. "$(dirname "$0")/lib.sh"

# What it printed of a thing.
said() {
	sed -n "s/^$1  *//p" "$scratch/out"
}

# All that a campaign would change of the repository, and none of what is the program's own.
digest() {
	git for-each-ref
	git status --porcelain --ignored
	git rev-parse HEAD
	git config --local --list | grep -v '^extensions\.'
	ls .git/autoresearch/campaigns 2>/dev/null
}

note 'A metric that is always the same.'
new_repo
need_audit 'a dry run'
before=$(digest)
check_status 'a dry run' 0 git autoresearch start --dry-run
check_equal 'the metric' 'loss, to minimize' "$(said metric)"
check_equal 'each value, and the typical one' '100 100 100 100 100 100
100' "$(said values; said typical)"
check_equal 'no noise' 'none: every trial gives the same number' "$(said noise)"
check_equal 'one trial is enough' '1 is enough; verdict.trials is 1' "$(said trials)"
check 'how long a trial takes, by phase' grep -q '^[0-9.]*s: run [0-9.]*s$' <(said trial)
check 'how much memory, against the limit' grep -q ' at most, of 128M$' <(said memory)
check_equal 'without a budget there is no end' \
	'without an end: no budget of experiments or time' "$(said campaign)"
check_equal 'what is next' 'next: git autoresearch start' "$(tail -n 1 "$scratch/out")"
check_equal 'one column of names, one of values' '' "$(grep -v -e '^next: ' -e '^[a-z]\{5,10\} \{3,\}[^ ]' "$scratch/out")"
check_equal 'nothing on standard error' '' "$(cat "$scratch/err")"
check_equal 'and nothing of the repository is another' "$before" "$(digest)"

note 'One that the seed decides, with all phases and a budget.'
mkdir held
echo 7 >held/out
cat >.autoresearch/config <<'CONFIG'
[campaign]
	metric = loss
	direction = minimize
	editable = value
	hidden = held
[setup]
	command = "echo 3 >warm"
[run]
	command = "echo $((AUTORESEARCH_SEED % 100)) >$AUTORESEARCH_OUT/it"
	timeout = 20s
[check]
	command = "test ! -e held"
[evaluate]
	command = "echo METRIC loss=$(cat $AUTORESEARCH_OUT/it).$(cat held/out)$(cat warm)"
[verdict]
	minEffect = 30
[limits]
	memory = 128M
	pids = 32
	disk = 16M
[budget]
	experiments = 50
	time = 1000h
CONFIG
git add -A
git commit -qm 'a seed'
check_status 'it is measured as the baseline is' 0 git autoresearch start seeds --dry-run
check 'with the same seed the same, with others not' \
	grep -q '^standard deviation [0-9.]* ([0-9.]*%); the same seed gives the same number$' <(said noise)
read -r one two rest < <(said values)
check_equal 'the first two have one seed' "$one" "$two"
check 'the value is the evaluator'\''s' grep -qx '[0-9]*\.73' <<<"$one"
check 'so many trials for minEffect at the confidence' \
	grep -q '^[0-9]* to show a gain of 30 (verdict.minEffect) at confidence 0.95; verdict.trials is 1$' <(said trials)
check 'the time of setup' grep -q '^[0-9.]*s$' <(said setup)
check 'each phase' grep -q '^[0-9.]*s: run [0-9.]*s, check [0-9.]*s, evaluate [0-9.]*s$' <(said trial)
check 'the campaign, by the budget that ends it' \
	grep -q '^about [0-9.smh]*: 50 experiments, by budget.experiments$' <(said campaign)
check_equal 'the name is what comes next' 'next: git autoresearch start seeds' "$(tail -n 1 "$scratch/out")"
check_status 'and again' 0 git autoresearch start seeds --dry-run
check_equal 'setup is not run twice' 'done before; what it left is there' "$(said setup)"
check_equal 'the seeds are the same' "$one $two $rest" "$(said values)"

note 'The first value is the one that the baseline will have.'
git autoresearch start seeds --max-experiments=1 >/dev/null 2>&1
check_equal 'as it has' "$one" "$(git autoresearch status --campaign=seeds --json | jq .baseline)"
before=$(digest)
records=$(git autoresearch log --campaign=seeds --json | wc -l)
check_status 'of a campaign, its incumbent is measured' 0 git autoresearch start seeds --dry-run
check 'what is left of the budget' grep -q "$((50 - records)) experiments, by budget.experiments" <(said campaign)
check_equal 'nothing is recorded' "$before" "$(digest)"

note 'One that is never the same.'
cat >"$scratch/config" <<'CONFIG'
[campaign]
	metric = loss
	direction = maximize
	editable = value
[run]
	command = "echo METRIC loss=$(od -An -N2 -tu2 /dev/urandom | tr -d ' ')"
[verdict]
	minEffect = 0.0001
[budget]
	experiments = 3
CONFIG
cp "$scratch/config" .autoresearch/config
git commit -qam 'at random'
check_status 'that is told' 0 git autoresearch start noise --dry-run
check 'the noise' grep -q '; the same seed gives another number$' <(said noise)
check 'and that such a gain is never found' grep -q '^more than 100 .*too little beside the noise' <(said trials)

note 'Where a model is to propose, its tokens are estimated; nobody is asked.'
git config autoresearch.endpoint http://127.0.0.1:1/v1
git config autoresearch.model none
printf '[budget]\n\ttokens = 1M\n' >>.autoresearch/config
git commit -qam 'a budget of tokens'
check_status 'with no server at all' 0 git autoresearch start noise --dry-run --proposer=endpoint
check 'the tokens of a prompt, and of all' \
	grep -q '^[0-9.]*k* a prompt now, and an answer of at most 8k; [0-9.]*k* to [0-9.]*k for all; budget.tokens is 1M$' <(said tokens)
check_status 'a proposer that is not there is told before anything is run' 128 \
	git autoresearch start noise --dry-run --proposer-command=/nowhere/at/all
check_equal 'with nothing measured' '' "$(cat "$scratch/out")"

note 'What cannot be measured says why.'
cat >>.autoresearch/config <<'CONFIG'
[run]
	command = "echo 'it hurts here' >&2; exit 7"
CONFIG
git commit -qam 'broken'
before=$(digest)
check_status 'it exits with 2' 2 git autoresearch start broken --dry-run
check 'the reason' grep -q '^fatal: the baseline could not be measured: exit 7$' "$scratch/err"
check 'the end of the log' grep -q '^  | it hurts here$' "$scratch/err"
check 'a hint' grep -q '^hint: ' "$scratch/err"
check_equal 'the repository is as before' "$before" "$(digest)"
cat >>.autoresearch/config <<'CONFIG'
	command = "test $AUTORESEARCH_TRIAL = 1 && echo METRIC loss=1"
CONFIG
git commit -qam 'broken at times'
check_status 'what fails at times is told as well' 2 git autoresearch start broken --dry-run
check '  by a reason of its own' grep -q '^fatal: .*measured a second time: exit 1$' "$scratch/err"
cat >>.autoresearch/config <<'CONFIG'
	command = echo METRIC loss=1
[setup]
	command = "echo 'no way' >&2; exit 9"
CONFIG
git commit -qam 'no setup'
check_status 'so is a setup that fails' 2 git autoresearch start broken --dry-run
check '  with a hint of the network' grep -q '^hint: .*autoresearch.setupNetwork' "$scratch/err"
check '  by name' grep -q '^fatal: setup failed: exit 9$' "$scratch/err"

note 'Usage, signals, and beside a start that runs.'
for option in --smoke --max-experiments=3 --max-time=1m; do
	check_status "with $option it is refused" 129 git autoresearch start --dry-run $option
	check_equal '  in one line' 1 "$(grep -c . "$scratch/err")"
done
check_status 'a name that is none' 128 git autoresearch start --dry-run 'a..b'
new_repo beside
configure <<'CONFIG'
[run]
	command = "echo METRIC loss=$(cat value); sleep 300"
	timeout = 400s
CONFIG
git autoresearch start >/dev/null 2>&1 &
start=$!
until [ -s .git/autoresearch/campaigns/main/lock ] || ! kill -0 "$start"; do
	sleep 0.1
done
git autoresearch start --dry-run >"$scratch/out" 2>"$scratch/err" &
dry=$!
until grep -q 'is being worked on by process' "$scratch/err" || ! kill -0 "$dry" 2>/dev/null; do
	sleep 0.1
done
check 'it says so' grep -q "^warning: campaign 'main' is being worked on by process [0-9]*" "$scratch/err"
kill -TERM "$dry"
wait "$dry"
check_equal 'a signal ends it' 143 $?
check 'and the start goes on' kill -0 "$start"
kill -TERM "$start"
wait "$start"
check_equal 'nothing is left running' '' "$(leftovers)"

done_testing
