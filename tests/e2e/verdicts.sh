#!/bin/bash
# Every verdict and reason that this version can give, and what decides between them. A candidate
# is a shell script, `act`; the proposer takes the next one of a table.
# shellcheck disable=SC2154
. "$(dirname "$0")/lib.sh"

acts=$scratch/proposers/it/acts
expected=$scratch/expected
propose=$(proposer <<'PROPOSER'
#!/bin/sh
next=$(dirname "$0")/acts/$AUTORESEARCH_EXPERIMENT
test -e "$next" || exit 125
test "$(head -n 1 "$next")" = '# elsewhere' && echo 1 >elsewhere
cp "$next" act
head -n 1 "$next"
PROPOSER
)
mkdir "$acts"

campaign() { # campaign <name>: a repository; config on stdin comes after [run]
	new_repo "$1"
	git rm -q value
	echo 'echo METRIC loss=100' >act
	cat >.autoresearch/config <<-'CONFIG'
	[campaign]
		metric = loss
		direction = minimize
		editable = act
	[run]
		command = exec sh act
		timeout = 1s
	[limits]
		memory = 64M
		pids = 16
		disk = 8M
		output = 64k
	CONFIG
	git add -A
	configure
	git config autoresearch.proposer command
	git config autoresearch.proposerCommand "$propose"
	rm -f "$acts"/* "$expected"
	count=0
}
act() { # act <verdict> <reason or -> <metric or -> [<text>]: the next candidate, on stdin
	count=$((count + 1))
	cat >"$acts/$count"
	printf '%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "${4-}" >>"$expected"
}
compare() { # what was expected of each candidate and what came of it
	local n=0 verdict reason metric text
	git autoresearch log --json | tac >"$scratch/log"
	check_equal 'every candidate has its record' "$count" "$(wc -l <"$scratch/log")"
	while IFS=$'\t' read -r verdict reason metric text; do
		n=$((n + 1))
		check_equal "$verdict $reason${text:+: $text}" "$verdict	$reason	$metric" \
			"$(sed -n "${n}p" "$scratch/log" |
				jq -r '[.verdict, .reason // "-", .metric // "-"] | @tsv')"
	done <"$expected"
}

note 'What a run comes to.'
campaign outcomes <<-'CONFIG'
[check]
	command = "! grep -q 'fails its check' act && ! grep -q 'cannot be checked' act || exit $(grep -c 'cannot be checked' act | sed 's/1/125/;s/0/7/')"
[metric "peak"]
	max = 10
	min = -10
[verdict]
	minEffect = 2
	maxEffect = 50%
CONFIG
# Without a peak the constraint is broken, so the baseline reports one as well.
echo 'echo METRIC loss=100; echo METRIC peak=1' >act
git commit -qam 'a peak'
ok='echo METRIC peak=1; echo METRIC loss'
act rejected no-improvement 100 <<<"# the same again; 
$ok=100"
act rejected no-improvement 101 <<<"$ok=101"
act rejected 'constraint peak' 90 'above max' <<<'echo METRIC peak=10.5; echo METRIC loss=90'
act rejected 'constraint peak' 90 'below min' <<<'echo METRIC peak=-11; echo METRIC loss=90'
act rejected 'constraint peak' 90 'not reported' <<<'echo METRIC loss=90'
act rejected 'constraint peak' 110 'comes before no-improvement' <<<'echo METRIC peak=11; echo METRIC loss=110'
act rejected 'constraint peak' 2 'comes before implausible' <<<'echo METRIC peak=11; echo METRIC loss=2'
act rejected check-failed - <<<"$ok=90 # fails its check"
act rejected check-failed - 'comes before no-metric' <<<'true # fails its check'
act indecisive within-noise 99 <<<"$ok=99"
act indecisive implausible 49 <<<"$ok=49"
act accepted - 98 'a gain of exactly minEffect' <<<"$ok=98"
act accepted - 49 'a gain of exactly maxEffect of the incumbent' <<<"$ok=49 # now"
act duplicate 'same-as 11' - 'although it would be judged otherwise today' <<<"$ok=49"
act invalid empty - 'equal to the incumbent' <<<"$ok=49 # now"
act duplicate 'same-as 2' - <<<"$ok=101"
act failed 'exit 3' - <<<'exit 3'
act duplicate 'same-as 17' - 'of a failed one as well' <<<'exit 3'
act failed 'exit 3' - 'what it printed before does not count' <<<"$ok=1; exit 3"
act failed 'signal SIGSEGV' - <<<'kill -SEGV $$'
act failed timeout - <<<'sleep 60'
act failed timeout - 'a process that ran on in the background is not waited for' <<<"sh -c 'while :; do :; done' & wait"
act failed out-of-memory - <<<'head -c 200M /dev/zero | tail >/dev/null'
act failed out-of-memory - 'comes before exit 125' <<<'head -c 200M /dev/zero | tail; exit 125'
act failed out-of-disk - <<<'head -c 20M /dev/zero >/tmp/big'
act failed too-many-processes - <<<'for i in $(seq 40); do sleep 1 & done; wait'
act failed output-limit - <<<'yes'
act failed no-metric - <<<'echo METRIC peak=1'
act failed no-metric - 'no number' <<<'echo METRIC loss=low'
act failed not-finite - nan <<<"$ok=nan"
act failed not-finite - inf <<<"$ok=inf"
act failed not-finite - -inf <<<"$ok=-inf"
act failed not-finite - 'comes before constraint' <<<'echo METRIC loss=nan; echo METRIC peak=99'
act violation 'syscall unshare' - <<<'unshare -U true'
act violation 'syscall unshare' - 'comes before failed, whoever exits how' <<<'unshare -U true; exit 3'
act skipped untestable - 'exit 125 of run' <<<'exit 125'
act skipped untestable - 'exit 125 of check' <<<"$ok=40 # cannot be checked"
act invalid 'out-of-scope elsewhere' - <<<'# elsewhere'
check_status 'the campaign runs to the end of the table' 0 git autoresearch start
compare
check_equal 'status counts them' "$(jq -r .verdict "$scratch/log" | sort | uniq -c | awk '{print $2, $1}')" \
	"$(git autoresearch status --json | jq -r '.verdicts | to_entries[] | select(.value > 0) | "\(.key) \(.value)"' | sort)"
check_equal 'every verdict but accepted has a reason, and it has none' 'accepted' \
	"$(jq -r 'select(.reason == null).verdict' "$scratch/log" | sort -u)"
check_equal 'log --accepted' "$(jq 'select(.verdict == "accepted").experiment' "$scratch/log" | tac)" \
	"$(git autoresearch log --json --accepted | jq .experiment)"
check_equal 'log --rejected' "$(jq 'select(.verdict == "rejected").experiment' "$scratch/log" | tac)" \
	"$(git autoresearch log --json --rejected | jq .experiment)"
check_status 'all of it verifies' 0 git autoresearch verify

note 'What is a metric: lines of stdout, the last one counts.'
campaign metrics </dev/null
act accepted - 99 <<<'echo METRIC loss=99'
act accepted - 98 <<<'echo loss: 98'
act accepted - 97 'the last one' <<<'echo METRIC loss=1; echo loss: 97'
act accepted - 96 'the last line needs no end' <<<'printf "METRIC loss=96"'
act accepted - 95.5 'a decimal number' <<<'echo METRIC loss=9.55e1'
act accepted - -3 'a negative one' <<<'echo METRIC loss=-3'
act failed no-metric - 'hexadecimal is none' <<<'echo METRIC loss=0x10'
act failed no-metric - 'with words behind it' <<<'echo METRIC loss=10 or so'
act failed no-metric - 'on stderr' <<<'echo METRIC loss=-9 >&2'
act failed no-metric - 'of another name' <<<'echo METRIC losses=-9; echo xloss: -9'
act failed not-finite - 'a later nan is not forgotten' <<<'echo METRIC loss=-9; echo METRIC loss=nan'
act accepted - -10 'a later number is' <<<'echo METRIC loss=nan; echo METRIC loss=-10'
check_status 'the campaign runs to the end of the table' 0 git autoresearch start
compare
check_equal 'a record without an evaluator says so' self-reported \
	"$(git log -1 --format='%(trailers:key=Metric-Source,valueonly)' autoresearch/main | xargs)"

note 'A pattern for the metric.'
campaign pattern <<-'CONFIG'
[metric]
	pattern = "^val ([0-9.]+) nats$"
CONFIG
echo 'echo val 100 nats' >act
git commit -qam 'prints val'
act accepted - 90.5 <<<'echo val 90.5 nats'
act failed no-metric - 'the line has to match' <<<'echo val 80 nats or so'
act accepted - 80 'the last match counts' <<<'echo val 1 nats; echo val 80 nats; echo done'
check_status 'the campaign runs' 0 git autoresearch start
compare

note 'With an evaluator, nothing that the candidate prints or leaves is a metric.'
campaign evaluator <<-'CONFIG'
[evaluate]
	command = "echo METRIC loss=50; test -e $AUTORESEARCH_OUT/silent || echo METRIC loss=$(cat $AUTORESEARCH_OUT/score) >$AUTORESEARCH_METRICS; exit $(cat $AUTORESEARCH_OUT/exit || echo 0)"
CONFIG
echo 'echo 100 >$AUTORESEARCH_OUT/score' >act
git commit -qam 'a score'
act accepted - 90 'the metrics file wins over stdout' <<<'echo 90 >$AUTORESEARCH_OUT/score'
act rejected no-improvement 95 'what run prints is no metric' \
	<<<'echo METRIC loss=1; echo loss: 1; echo 95 >$AUTORESEARCH_OUT/score'
act accepted - 50 'without a file, stdout' <<<'echo 80 >$AUTORESEARCH_OUT/score; >$AUTORESEARCH_OUT/silent'
act failed 'exit 9' - 'an evaluator that fails' <<<'echo 1 >$AUTORESEARCH_OUT/score; echo 9 >$AUTORESEARCH_OUT/exit'
act skipped untestable - 'exit 125 of evaluate' <<<'echo 1 >$AUTORESEARCH_OUT/score; echo 125 >$AUTORESEARCH_OUT/exit'
act rejected no-improvement 50 'a file without a number leaves stdout' <<<'echo low >$AUTORESEARCH_OUT/score'
check_status 'the campaign runs' 0 git autoresearch start
compare
check_equal 'its metrics are the evaluator'\''s' '' \
	"$(git log --format='%(trailers:key=Metric-Source,valueonly)' main..autoresearch/main | xargs)"

note 'How a campaign ends.'
campaign target <<-'CONFIG'
[campaign]
	target = 70
CONFIG
act accepted - 71 <<<'echo METRIC loss=71'
act accepted - 70 <<<'echo METRIC loss=70'
act accepted - 60 <<<'echo METRIC loss=60'
check_status 'a target that is reached ends it with 0' 0 git autoresearch start
check_equal 'in state target' target "$(git autoresearch status --json | jq -r .state)"
check_equal 'no experiment later' 2 "$(git autoresearch status --json | jq .experiments)"
check_status 'a later start finds it reached' 0 git autoresearch start
check_equal 'and makes no experiment' 2 "$(git autoresearch status --json | jq .experiments)"

campaign failing <<-'CONFIG'
[budget]
	failures = 3
CONFIG
act failed 'exit 1' - <<<'exit 1 # a'
act failed 'exit 1' - <<<'exit 1 # b'
act rejected no-improvement 100 <<<'echo METRIC loss=100 # interrupts the row'
act failed 'exit 1' - <<<'exit 1 # c'
act failed 'exit 1' - <<<'exit 1 # d'
act failed 'exit 1' - <<<'exit 1 # e'
check_status 'three failures in a row end it with 2' 2 git autoresearch start
compare
check_equal 'in state failing' failing "$(git autoresearch status --json | jq -r .state)"

campaign broken </dev/null
echo 'echo METRIC loss=100; echo oh no >&2; exit 4' >act
git commit -qam 'a baseline that fails'
check_status 'a baseline that cannot be measured ends it with 2' 2 git autoresearch start
check 'which says why' grep -q '^fatal:.*baseline.*exit 4' "$scratch/err"
check 'with the end of the log' grep -q 'oh no' "$scratch/err"
check_equal 'and leaves no ref behind' '' "$(git for-each-ref refs/autoresearch refs/notes refs/heads/autoresearch)"

check_equal 'nothing is left behind' '' "$(leftovers)"

done_testing
