#!/bin/bash
# `init` looks at a repository and offers a config: what it finds is explained and works as it
# stands, what it cannot know is left to be filled in, and nothing is run.
# shellcheck disable=SC2154
. "$(dirname "$0")/lib.sh"

# A repository of what lies in the new folder; its files are made by the caller, then `offer`.
shape() {
	git init -q "$scratch/$1"
	cd "$scratch/$1" || exit 1
}
offer() {
	git add -A
	git commit -qm 'as it is'
	git autoresearch init "$@" >"$scratch/out" 2>"$scratch/err" </dev/null
}
# A key of the config that was written; all of its values in one line.
key() {
	git config --file .autoresearch/config --get-all "$1" | paste -sd' '
}
# What is offered runs as it stands: start measures the baseline with it.
runs() {
	git add -A
	git commit -qm 'a campaign'
	git autoresearch start --dry-run
}

note 'The campaign of the demo, without its config, and with bait in the Makefile.'
shape char-lm
cp "$top"/tests/campaigns/char-lm/* .
mkdir heldout
echo 4 >heldout/seed
# shellcheck disable=SC2016
printf 'ran := $(shell touch %s/ran)\n' "$scratch" >>Makefile
check 'init offers a config' offer
check_equal 'the metric, which the evaluator prints' val_loss "$(key campaign.metric)"
check_equal 'its direction' minimize "$(key campaign.direction)"
check_equal 'what is trained' train.c "$(key campaign.editable)"
check_equal 'what is held out' heldout/ "$(key campaign.hidden)"
check_equal 'how it is run' 'make -s train && ./train' "$(key run.command)"
check_equal 'and scored' 'make -s evaluate && ./evaluate' "$(key evaluate.command)"
check 'each with its reason' grep -q '; evaluate.c:[0-9]* prints it$' .autoresearch/config
check 'the same is told' grep -q '^  metric     val_loss  (evaluate.c:[0-9]* prints it)$' "$scratch/out"
check 'and what is next' grep -q "^next: .*'git autoresearch start --dry-run'$" "$scratch/out"
check_equal 'nothing is missing' '' "$(cat "$scratch/err")"
check_not 'nothing of it was run' test -e "$scratch/ran"
check_equal 'nothing is staged' '?? .autoresearch/' "$(git status --porcelain)"
check 'and it works as it stands' runs

note 'A program that prints its loss among other words, with tests.'
shape script
mkdir tests
cat >train.sh <<'SCRIPT'
x=8 # autoresearch: 0..10
awk -v x=$x 'BEGIN { printf "step 1: train loss %g, val loss %g\n", x, (x - 3) ^ 2 + 1 }'
SCRIPT
printf 'test:\n\ttest -s train.sh\n' >Makefile
check 'init offers a config' offer
check_equal 'the metric has a name' val_loss "$(key campaign.metric)"
check 'and a pattern that finds it' grep -qE "$(key metric.pattern)" <<<'step 1: train loss 8, val loss 26'
check 'and a hint that nobody vouches for it' \
	grep -q '^hint: train.sh may be changed, and prints the metric itself' "$scratch/err"
check_equal 'the tests are the check' 'make -s test' "$(key check.command)"
check 'it works as it stands' runs
check_status 'and can be searched' 3 git autoresearch start --max-experiments=1
check_equal 'from the number that the pattern found' 26 "$(git autoresearch status --json | jq .baseline)"

note 'Words that a program scores.'
shape words
mkdir prompts heldout
echo 'Be brief.' >prompts/system.md
echo 42 >heldout/cases.txt
printf '#!/bin/sh\necho METRIC accuracy=$(cat heldout/cases.txt prompts/system.md | wc -w)\n' >score.sh
check 'init offers a config' offer
check_equal 'the words may be changed' prompts/ "$(key campaign.editable)"
check_equal 'and are to score high' 'accuracy maximize' "$(key campaign.metric) $(key campaign.direction)"
check_equal 'by a scorer that alone sees what is held out' 'sh score.sh heldout/' \
	"$(key evaluate.command) $(key campaign.hidden)"
check 'it works as it stands' runs
check 'and the value is right' grep -q '^values  *3 3 ' <(git autoresearch start --dry-run)

note 'Packages of others: setup, and a hint that it needs the network.'
shape packages
echo 'numpy==1.26' >requirements.txt
echo 'print(f"val_loss: {1.5}")' >train.py
check 'init offers a config' offer
check 'setup fetches them' grep -q 'pip install .*-r requirements.txt' <(key setup.command)
check_equal 'into what is run' '.venv/bin/python train.py' "$(key run.command)"
check 'with a hint how it is let out' grep -q '^hint: .*autoresearch.setupNetwork' "$scratch/err"

note 'A repository that says nothing.'
shape nothing
echo 'some words' >notes.md
check 'init writes what there is to fill in' offer
check_equal 'and tells where, each in a line' 'campaign.metric campaign.direction campaign.editable run.command' \
	"$(sed -n 's/^to fill in: \.autoresearch\/config:[0-9]*: //p' "$scratch/err" | paste -sd' ')"
git add -A
git commit -qm 'to be filled in'
filled=0
while ! git autoresearch start --dry-run >"$scratch/out" 2>"$scratch/err" && [ $((filled += 1)) -lt 9 ]; do
	line=$(sed -n "s/^fatal: .autoresearch\/config:\([0-9]*\): '.*' is required.*/\1/p" "$scratch/err")
	[ -n "$line" ] || break
	sed -i "$line"'{s/metric =/metric = loss/; s/direction =/direction = minimize/
		s/editable =/editable = notes.md/; s/command =/command = echo METRIC loss=2/}' .autoresearch/config
	git commit -qam "line $line"
done
check_equal 'start names the line until all are there' 4 "$filled"
check 'and then works' grep -q '^values  *2 2 ' "$scratch/out"

note 'Options win, and what they say guides the rest.'
shape options
echo 'echo "seconds: $t"; echo "score: $s"' >run.sh
echo 'echo loss 3' >other.sh
check 'init takes them' offer --run='sh run.sh # fast' --metric=seconds --editable='*.sh'
check_equal 'as they are given' 'sh run.sh # fast|seconds|*.sh' \
	"$(key run.command)|$(key campaign.metric)|$(key campaign.editable)"
check_equal 'and finds what goes with them' minimize "$(key campaign.direction)"

note 'What is not tracked, and what lies elsewhere, is not looked at.'
shape elsewhere
echo 'echo METRIC loss=1' >"$scratch/outside.sh"
ln -s "$scratch/outside.sh" train.sh
git add train.sh
git commit -qm 'a link'
echo 'echo METRIC loss=1' >untracked.sh
git autoresearch init >"$scratch/out" 2>"$scratch/err" </dev/null
check_equal 'no metric is found' '' "$(key campaign.metric)$(key run.command)"
shape unborn
echo 'echo METRIC loss=1' >train.sh
check_status 'before the first commit there is nothing to look at' 0 git autoresearch init
check 'which a hint says' grep -q '^hint: nothing is committed yet' "$scratch/err"

note 'Names that are odd.'
shape odd
echo 'echo METRIC loss=1' >"$(printf "it's a \033[31m; #train.sh")"
echo 'print("METRIC loss=1")' >':train.py'
check 'init gets along with them' offer
check 'the terminal too' sh -c "! grep -q \"\$(printf '\033')\" '$scratch/out' '$scratch/err'"
check 'git reads what it wrote' git config --file .autoresearch/config --list

done_testing
