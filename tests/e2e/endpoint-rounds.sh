#!/bin/bash
# A round's proposals are asked for at once, and the next round's while the last of this one is
# tried. What was accepted in between is merged into a proposal that did not know of it. No more is
# asked for than there are experiments to come, or tokens to pay with.
# shellcheck disable=SC2154
. "$(dirname "$0")/lib.sh"
. "$here/lib-endpoint.sh"

new_repo
git rm -qf value
printf '%s\n' rate=100 '' '' '' width=10 >params
cat >.autoresearch/config <<'CONFIG'
[campaign]
	metric = loss
	direction = minimize
	editable = params
[search]
	candidates = 3
[run]
	command = "awk -F= '{ s += $2 } END { print \"METRIC loss=\" s }' params"
CONFIG
git add -A
git commit -qm 'parameters'
cp -r . "$scratch/twin"
git config autoresearch.temperature 0.2..0.8

# Each waits for the two others of its round: one that is asked alone gets no answer.
ask_model rounds <<'SCRIPT'
[
{"for": "experiment 1 of", "together": 3, "content": "A lower rate\n\nparams\n```\n<<<<<<< SEARCH\nrate=100\n=======\nrate=90\n>>>>>>> REPLACE\n```\n"},
{"for": "experiment 2 of", "together": 3, "content": "Less width\n\nparams\n```\nrate=100\n\n\n\nwidth=8\n```\n"},
{"for": "experiment 3 of", "together": 3, "content": "The lowest rate\n\nparams\n```\nrate=80\n\n\n\nwidth=10\n```\n"},
{"for": "experiment 4 of", "together": 3, "content": "A yet lower rate\n\nparams\n```\n<<<<<<< SEARCH\nrate=90\n=======\nrate=70\n>>>>>>> REPLACE\n```\n"},
{"for": "experiment 5 of", "together": 3, "content": "A worse rate\n\nparams\n```\n<<<<<<< SEARCH\nrate=90\n=======\nrate=95\n>>>>>>> REPLACE\n```\n"},
{"for": "experiment 6 of", "together": 3, "content": "That again\n\nparams\n```\nrate=95\n\n\n\nwidth=8\n```\n"}
]
SCRIPT

note 'Two rounds.'
check_status 'start' 3 git autoresearch start --max-experiments=6
[ -s "$scratch/err" ] && note "$(head -n 3 "$scratch/err")"
check_equal 'six asks for six experiments' 6 "$(asked rounds .path | wc -l)"
place='.body.messages[1].content | capture("This is number (?<n>[0-9]+) of (?<of>[0-9]+)") | "\(.n)/\(.of)"'
check_equal 'each knows its place in the round, and has the temperature of that' \
	'0.2 1/3 0.5 2/3 0.8 3/3 0.2 1/3 0.5 2/3 0.8 3/3' \
	"$(asked rounds "[(.body.messages[1].content | capture(\"experiment (?<n>[0-9]+) of\").n), .body.temperature, ($place)]" |
		sort | jq -r '"\(.[1]) \(.[2])"' | xargs)"
check_equal 'verdicts and values' 'accepted 100
accepted 98
accepted 90
accepted 78
rejected 103
duplicate null' "$(git autoresearch log --json | jq -sr 'reverse[] | "\(.verdict) \(.metric)"')"
at() { # at <experiment>: its parameters
	git show "$(git autoresearch log --json | jq -r "select(.experiment == $1).commit"):params" | xargs
}
check_equal 'what was accepted since is merged in' 'rate=90 width=8' "$(at 2)"
check_equal 'unless the same lines were changed: then the proposal stands' 'rate=80 width=10' "$(at 3)"
prompt() { # prompt <experiment>
	asked rounds '.body.messages[1].content' | jq -r "select(contains(\"# Now: experiment $1 of\"))"
}
check_equal 'the first three are told of none' '0 0 0' "$(for n in 1 2 3; do
	prompt $n | grep -c -e 'A lower rate' -e 'Less width'; done | xargs)"
check_equal 'the others of the first two: they were asked for when the third was being tried' '2 0 2 0 2 0' \
	"$(for n in 4 5 6; do
		prompt $n | grep -c -e 'A lower rate' -e 'Less width'
		prompt $n | grep -c 'The lowest rate'
	done | xargs)"
check_status 'the ledger verifies' 0 git autoresearch verify
check_equal 'nothing is left behind' '' "$(leftovers)"

note 'What is in flight when a person stops it is asked for again.'
cd "$scratch/twin" || exit 1
ask_model slow <<'SCRIPT'
[
{"for": "experiment 1 of", "content": "A lower rate\n\nparams\n```\nrate=90\n\n\n\nwidth=10\n```\n"},
"hang-first-byte", "hang-first-byte",
{"for": "experiment 2 of", "content": "Less width\n\nparams\n```\nrate=90\n\n\n\nwidth=8\n```\n"},
{"for": "experiment 3 of", "content": "No width\n\nparams\n```\nrate=90\n\n\n\nwidth=0\n```\n"}
]
SCRIPT
git-autoresearch start >"$scratch/run" 2>&1 &
started=$!
for _ in $(seq 300); do
	[ "$(git autoresearch log --json 2>/dev/null | wc -l)" = 1 ] && break
	sleep 0.1
done
kill -INT $started
wait $started
check_equal 'Ctrl-C while the second is waited for' 130 $?
check_equal 'three were asked for' 3 "$(asked slow .path | wc -l)"
git autoresearch prompt >"$scratch/next" 2>/dev/null
check_status 'start goes on' 3 git autoresearch start --max-experiments=2
check 'with what prompt printed' cmp "$scratch/next" <(jq -rj \
	'select(.body.messages[1].content | contains("This is number 2 of 3")).body.messages
		| map("=== \(.role)\n\(.content)") | add' <(tail -n 2 "$scratch/slow.log"))
check_equal 'with the rest of the round' '2/3 3/3' "$(asked slow "$place" | tail -n 2 | tr -d '"' | sort | xargs)"
check_equal 'and comes to the same' 'accepted accepted accepted' \
	"$(git autoresearch log --json | jq -sr 'reverse | map(.verdict // empty) | .[-3:] | join(" ")')"

note 'A round that there are no tokens for is a smaller one.'
git switch -qc thrifty main
ask_model thrift <<'SCRIPT'
[{"content": "A lower rate\n\nparams\n```\nrate=90\n\n\n\nwidth=10\n```\n"}]
SCRIPT
git config autoresearch.contextWindow 8k
one=$(($(git autoresearch prompt 2>/dev/null | wc -c) / 3 + 2000))
git config -f .autoresearch/config budget.tokens $((2 * one + 1500))
git commit -qam 'for two'
check_status 'start ends with 3' 3 git autoresearch start
check 'for want of tokens' grep -qx 'thrifty: budget (tokens)' "$scratch/out"
check 'within the budget' test "$(git autoresearch status --json | jq .tokens)" -le $((2 * one + 1500))
check_equal 'at once were asked for as many as it could pay, whatever they cost' 2 \
	"$(asked thrift '.body.messages[1].content' | grep -vc 'A lower rate')"

done_testing
