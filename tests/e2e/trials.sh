#!/bin/bash
# A noisy metric: candidate and incumbent are measured in pairs, with the same seeds, until it is
# plain what a candidate is worth. The noise is drawn from the seed, so that this story always ends
# the same way.
# shellcheck disable=SC2154
. "$(dirname "$0")/lib.sh"

# The campaign's seed comes of its first commit.
export GIT_AUTHOR_DATE='2024-01-01T00:00:00Z' GIT_COMMITTER_DATE='2024-01-01T00:00:00Z'

acts=$scratch/proposers/it/acts
propose=$(proposer <<'PROPOSER'
#!/bin/sh
next=$(dirname "$0")/acts/$AUTORESEARCH_EXPERIMENT
test -e "$next" || exit 125
cp "$next" act
head -n 1 "$next"
PROPOSER
)
mkdir "$acts"

noisy_repo() { # noisy_repo <name>: what follows [verdict] in its config is on stdin
	new_repo "$1"
	git rm -q value
	# Of a noise of 5 both sides of a pair see the same, since it is the seed's; 1 is their own.
	cat >measure <<-'MEASURE'
	value=100 mb=50 spread=1 drift=0 slower=0
	. ./act
	test ! -e hot || slower=$((AUTORESEARCH_TRIAL * 20))
	own=$({ cat act; echo "$AUTORESEARCH_SEED"; } | cksum | cut -d' ' -f1)
	awk -v seed="$AUTORESEARCH_SEED" -v own="$own" -v value="$value" -v spread="$spread" -v drift="$((drift + slower))" '
		function draw(n) { for (n = 0; n < 5; n++) x = (x * 16807) % 2147483647; return x / 2147483647 }
		function normal(s, n, sum) { x = s % 2147483646 + 1; for (n = sum = 0; n < 12; n++) sum += draw(); return sum - 6 }
		BEGIN { printf "METRIC loss=%.4f\n", value + drift + spread * (5 * normal(seed) + normal(own)) }'
	echo "METRIC mb=$mb"
	MEASURE
	echo '# the beginning' >act
	test -z "${hot-}" || echo 'this machine gets slower all the time' >hot
	cat >.autoresearch/config <<-'CONFIG'
	[campaign]
		metric = loss
		direction = minimize
		editable = act
	[run]
		command = exec sh measure
		timeout = 20s
	[limits]
		memory = 64M
		pids = 32
		disk = 8M
		output = 64k
	[verdict]
	CONFIG
	cat >>.autoresearch/config
	git add -A
	git commit -qm 'a noisy metric'
	git config autoresearch.proposer command
	git config autoresearch.proposerCommand "$propose"
	rm -f "$acts"/*
	count=0
}
act() { # the next candidate, on stdin
	count=$((count + 1))
	cat >"$acts/$count"
}
verdict() { # verdict <n>: verdict and reason
	git autoresearch show --json "$1" | jq -r '[.verdict, .reason // empty] | join(" ")'
}
member() { # member <n> <jq>: of its record.json
	git show "$(git log --format=%H --grep="^experiment $1:" refs/autoresearch/main/ledger):record.json" | jq -r "$2"
}
trailer() { # trailer <key>: of the newest accepted commit
	git log -1 --format="%(trailers:key=$1,valueonly)" autoresearch/main | xargs
}

note 'What noise cannot feign, and what it cannot hide. The machine gets slower by 20 a pair.'
hot=yes noisy_repo pairs <<-'CONFIG'
	trials = 10
	minEffect = 3
	maxEffect = 50%
[metric "mb"]
	max = 110%
CONFIG
act <<<'value=96 # better'
act <<<'value=96 # the same'
act <<<'value=96 # the same again'
act <<<'value=96 # and once more'
act <<<'value=104 # worse'
act <<<'value=-400 # too good'
act <<<'value=94 # hardly better'
act <<<'value=90 mb=56 # better, and larger than it may be'
act <<<'value=90 mb=55 # as large as it may be'
act <<<'value=85; test $AUTORESEARCH_TRIAL -lt 3 || exit 7 # fails now and then'
act <<<'value=86; drift=$((AUTORESEARCH_TRIAL * 20)) # but slower all the time'
check_status 'the campaign runs' 0 git autoresearch start
check_equal 'a true improvement is accepted' accepted "$(verdict 1)"
for n in 2 3 4; do
	check "one that does not differ is not ($n)" sh -c "
		git autoresearch show --json $n | jq -e '.verdict == \"rejected\" or .verdict == \"indecisive\"'"
done
check_equal 'a worse one is rejected' 'rejected no-improvement' "$(verdict 5)"
check 'after a few trials' test "$(git autoresearch show --json 5 | jq '.samples | length')" -le 5
check_equal 'one that is too good is held' 'indecisive implausible' "$(verdict 6)"
check_equal 'a gain below minEffect is no gain' 'indecisive within-noise' "$(verdict 7)"
check_equal 'a constraint is relative to the baseline' 'rejected constraint mb' "$(verdict 8)"
check_equal 'to the last decimal' accepted "$(verdict 9)"
check_equal 'a trial that fails ends it' 'failed exit 7' "$(verdict 10)"
check_equal 'at once' 3 "$(member 10 '[.trials[] | select(.side == "candidate")] | length')"
check_equal 'what only this candidate has is no drift of the machine' 'rejected no-improvement' "$(verdict 11)"

note 'The record holds all of it.'
check_equal 'its metric is a typical value of fresh pairs' true "$(member 1 '
	[.trials[] | select(.side == "candidate").metrics.loss] as $all | .comparison as $c |
	$all[$c.searched:] as $fresh | ($fresh | length) == $c.confirm and
	.metric == $c.candidate and .metric >= ($fresh | min) and .metric <= ($fresh | max)')"
check_equal 'while the machine got slower by far more than its gain' true "$(member 1 '
	[.trials[] | select(.side == "candidate").metrics.loss] | last > first + 200')"
check_equal 'its baseline is the incumbent'\''s of the same' true "$(member 1 '
	.comparison as $c | [.trials[] | select(.side == "incumbent").metrics.loss][$c.searched:] |
	$c.incumbent >= min and $c.incumbent <= max' )"
check_equal 'the interval is around the gain, and above 0' true "$(member 1 '
	.comparison | .low > 0 and .low <= .gain and .gain <= .high and .shown >= .confidence')"
check_equal 'of a loser there is none' 'loser null null' \
	"$(member 5 '.comparison | "\(.ended) \(.low) \(.high)"')"
check_equal 'both of a pair have the same number and the same seed' true "$(member 1 '
	[.trials | group_by(.trial)[] | length == 2 and .[0].seed == .[1].seed and .[0].side != .[1].side] | all')"
check_equal 'one comes right after the other' true "$(member 1 '
	[.trials as $t | range(0; $t | length; 2) | $t[.].trial == $t[. + 1].trial] | all')"
check_equal 'now this one first, now that one' 'candidate incumbent' "$(member 1 '
	[.trials as $t | range(0; $t | length; 2) | $t[.].side] | unique | join(" ")')"
check_equal 'no other experiment has these seeds' 0 "$(
	for n in 1 2 3; do member $n '[.trials[].seed] | unique[]'; done | sort | uniq -d | wc -l)"
check_equal 'samples are the candidate'\''s' "$(member 1 '[.trials[] | select(.side == "candidate").metrics.loss] | length')" \
	"$(git autoresearch log --json | jq 'select(.experiment == 1).samples | length')"
check_equal 'the commit says how many trials' "$(member 9 '.samples | length')" "$(trailer Trials)"
check 'and how sure it is' sh -c "echo '$(trailer Confidence)' | grep -qE '^0\.(9[5-9]|99[0-9]*)[0-9]*$'"
git autoresearch show 1 >"$scratch/out"
check 'show has the estimate with its interval' grep -qE '^gain  +[0-9.]+, from [0-9.]+ to [0-9.]+ at a confidence of 0.95' "$scratch/out"
check 'and says why' grep -qE '^why  +likely after [0-9]+ pairs, confirmed by 10 fresh ones' "$scratch/out"
check 'and lists the pairs' grep -qE '^ +1 .*\*' "$scratch/out"
check_equal 'the baseline was measured several times' 8 "$(git autoresearch show --json 0 | jq '.samples | length')"
check_status 'all of it verifies, verdicts too' 0 git autoresearch verify

note 'An incumbent that fails is nobody else'\''s fault.'
noisy_repo unreliable <<-'CONFIG'
	trials = 10
CONFIG
echo 'test $AUTORESEARCH_EXPERIMENT -eq 0 || exit 9' >act
git commit -qam 'fails beside others'
act <<<'value=90'
check_status 'start ends with 2' 2 git autoresearch start
check 'and says what happened' grep -q '^fatal: the incumbent, measured beside experiment 1, came to nothing 3 times: exit 9' "$scratch/err"
check_equal 'nothing is recorded of the candidate' 0 "$(git autoresearch status --json | jq .experiments)"

note 'A comparison that a person ends.'
noisy_repo ended <<-'CONFIG'
	trials = 10
CONFIG
# It sleeps while a file says so: what is kept, and tried again by the next start, need not.
mkdir "$scratch/flags"
touch "$scratch/flags/sleep"
git config autoresearch.bind "$scratch/flags"
act <<<"test ! -e $scratch/flags/sleep || sleep 15.0625; value=90"
git-autoresearch start >"$scratch/ended.out" 2>&1 &
start=$!
check 'its first trial sleeps' timeout 60 sh -c "until pgrep -f 'sleep 15[.]0625'; do sleep 0.1; done"
kill -INT "$start"
wait "$start"
check_equal 'ends at once' 130 $?
check_equal 'and nothing of it is recorded' 0 "$(git autoresearch status --json | jq .experiments)"
rm "$scratch/flags/sleep"
count=0
act <<<'value=90'
check_status 'the next start goes on' 0 git autoresearch start
check_equal 'from the beginning of that candidate' accepted "$(verdict 1)"

note 'How many trials it takes is settled by the noise.'
noisy_repo auto <<-'CONFIG'
	trials = auto
	minEffect = 8
CONFIG
act <<<'value=70'
check_status 'with noise' 0 git autoresearch start
check 'start says' grep -qE '^ +0  baseline .*noise [0-9.]+; [0-9]+ trials a candidate' "$scratch/out"
check 'several' sh -c "git autoresearch status --json | jq -e '.trials >= 10 and .noise > 2 and .noise < 10'"
check 'which status tells' sh -c "git autoresearch status | grep -qE '^trials  +[0-9]+ of a candidate' &&
	git autoresearch status | grep -qE '^noise  +[0-9.]+'"
check 'and show 0' sh -c "git autoresearch show 0 | grep -qE '^noise  +[0-9.]+'"
check_equal 'a candidate is compared' accepted "$(verdict 1)"
check 'as often' test "$(trailer Trials)" -gt 10

noisy_repo still <<-'CONFIG'
	trials = auto
CONFIG
echo 'spread=0' >act
git commit -qam 'no noise'
elsewhere='test $(uname -m) != i686 || drift=3'
act <<<'spread=0 value=99'
act <<<'spread=0 value=99.5'
act <<<"spread=0 value=98; $elsewhere"
act <<<"spread=0 value=97; $elsewhere"
check_status 'without noise' 3 git autoresearch start --max-experiments=1
check_equal 'one' '1 0' "$(git autoresearch status --json | jq -r '"\(.trials) \(.noise)"')"
check_equal 'for a candidate' 1 "$(trailer Trials)"

note 'On another machine the incumbent is measured again.'
again() { git show "$(git log -1 --format=%H --grep='^baseline' refs/autoresearch/main/ledger):record.json" | jq -c "$1"; }
check_status 'a start elsewhere' 3 linux32 git autoresearch start --max-experiments=1
check_equal 'it is as it was: one trial says so' '["machine",99,false,1]' \
	"$(again '[.again.why, .again.before, .again.drifted, (.trials | length)]')"
check_not 'and nothing is said of it' grep -q '^warning' "$scratch/err"
check_status 'and here again' 3 git autoresearch start --max-experiments=1
check_equal 'which a candidate is faster on' '98' "$(git autoresearch status --json | jq .best)"
check_status 'than elsewhere' 3 linux32 git autoresearch start --max-experiments=1
check_equal 'there the incumbent has drifted' '["machine",98,3,true,8]' \
	"$(again '[.again.why, .again.before, .again.shift, .again.drifted, (.trials | length)]')"
check 'of which start warns' grep -q "^warning: the incumbent's loss is 101 now and was 98: this is another machine" "$scratch/err"
check 'and which show tells' sh -c "git autoresearch show 0 | grep -q '^again  .*98 before, so it has drifted'"
check_equal 'candidates are held against what it is there' 'accepted 100 101' \
	"$(git autoresearch show --json 4 | jq -r '"\(.verdict) \(.metric) \(.baseline)"')"
check_equal 'experiments stand, and so does where it began' '4 3 100 100' \
	"$(git autoresearch status --json | jq -r '"\(.experiments) \(.verdicts.accepted) \(.baseline) \(.best)"')"
check_status 'it verifies' 0 git autoresearch verify

note 'Too few trials are more.'
noisy_repo few <<-'CONFIG'
	trials = 3
CONFIG
act <<<'value=90'
check_status 'than were asked for' 0 git autoresearch start
check 'and start says so' grep -q '^warning: .*verdict.trials: 3 can show nothing at a confidence of 0.95: 10 are taken' "$scratch/err"
check_equal 'a candidate has them' 10 "$(member 1 .comparison.confirm)"

check_equal 'nothing is left behind' '' "$(leftovers)"

done_testing
