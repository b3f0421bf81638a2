#!/bin/bash
# Several proposers share a campaign: each is asked for as many candidates as it deserves by how
# well it has done, and where one has no more ideas, or fails, the others go on.
# shellcheck disable=SC2154
. "$(dirname "$0")/lib.sh"
. "$here/lib-endpoint.sh"

proposer_of() { # whose each experiment was, oldest first, by the name of its folder or its own
	git autoresearch log --json | jq -rs 'reverse | .[].search.proposer' | sed 's|/propose$||; s|.*/||'
}
count_of() {
	proposer_of | grep -cx "$1"
}
state() {
	git autoresearch status --json | jq -r .state
}

# One that makes the number smaller, and one that makes it larger, by what it finds there.
good=$(proposer good <<'PROPOSER'
#!/bin/sh
test ! -e "$(dirname "$0")/dead" || { echo "cannot think" >&2; exit 1; }
test ! -e "$(dirname "$0")/done" || exit 125
echo "$(($(cat value) - 1))" >value
echo "less"
PROPOSER
)
bad=$(proposer bad <<'PROPOSER'
#!/bin/sh
test ! -e "$(dirname "$0")/dead" || exit 1
test ! -e "$(dirname "$0")/done" || exit 125
echo "$((1000 + AUTORESEARCH_EXPERIMENT))" >value
echo "more"
PROPOSER
)

note 'By how well each has done.'
new_repo
git config --add autoresearch.proposer "command:$bad"
git config --add autoresearch.proposer "command:$good"
cp -r . "$scratch/twin"
check_status 'start' 3 git autoresearch start --max-experiments=24
check 'the good one gets more' test "$(count_of good)" -gt $((2 * $(count_of bad)))
check 'the bad one is asked as well' test "$(count_of bad)" -gt 0
git autoresearch status --json | jq .proposers >"$scratch/scores"
check_equal 'status has what became of the candidates of each' \
	"command:$bad $(count_of bad) 0
command:$good $(count_of good) $(count_of good)" \
	"$(jq -r 'sort_by(.name)[] | "\(.name) \(.experiments) \(.accepted)"' "$scratch/scores")"
check 'and the score of each' jq -e 'sort_by(.score) | (.[0].name | test("/bad/")) and .[0].score < 0.5 and .[1].score > 0.8' "$scratch/scores"
check 'as text, too' sh -c "git autoresearch status | grep -q 'command:$good: $(count_of good) of $(count_of good) accepted, score 0'"
check_equal 'Proposed-by: is the program' 'command/propose' \
	"$(git log -1 --format='%(trailers:key=Proposed-by,valueonly)' autoresearch/main | xargs)"
check 'show tells whose it was' sh -c "git autoresearch show 1 | grep -q '^proposer   command:'"
check_status 'the ledger verifies' 0 git autoresearch verify
whose=$(proposer_of)
cd "$scratch/twin" || exit 1
check_status 'the same campaign once more' 3 git autoresearch start --max-experiments=8
check_status 'in two runs' 3 git autoresearch start --max-experiments=16
check_equal 'is dealt the same' "$whose" "$(proposer_of)"

note 'One that fails, and one that has no more ideas.'
before=$(count_of good)
touch "$(dirname "$good")/dead"
check_status 'one dies' 3 git autoresearch start --max-experiments=6
check 'it is told' grep -q '^warning: command:.*/good/propose: the proposer failed: exit 1' "$scratch/err"
check_equal 'the other goes on' 'more more more more more more' \
	"$(git autoresearch log --json -n 6 | jq -r .subject | xargs)"
check_equal 'and nobody is blamed for it' "$before" "$(count_of good)"
touch "$(dirname "$bad")/dead"
check_status 'where both are dead the campaign is failing' 2 git autoresearch start
check_equal '  in that state' failing "$(state)"
check_equal '  with a line that says why' 1 "$(grep -c '^fatal: the proposer failed: exit 1' "$scratch/err")"
rm "$(dirname "$good")/dead" "$(dirname "$bad")/dead"
touch "$(dirname "$bad")/done"
check_status 'one has no more ideas' 3 git autoresearch start --max-experiments=4
check_equal 'the other goes on' 'less less less less' "$(git autoresearch log --json -n 4 | jq -r .subject | xargs)"
touch "$(dirname "$good")/done"
check_status 'where both have none it is exhausted' 0 git autoresearch start
check_equal '  in that state' exhausted "$(state)"
rm "$(dirname "$bad")/done" "$(dirname "$good")/done"
check_status 'alone, one is as it always was' 3 git autoresearch start --proposer="command:$good" --max-experiments=1
check_equal '  and its record names nobody' null "$(newest .search.proposer)"

note 'Two models and the sweep.'
new_repo models
echo 'x = 64' >value
sed -i 's/loss=.*"/loss=$(cut -d\\" \\" -f3 value)"/' .autoresearch/config
git commit -qam 'a number with a name'
ask_model two <<'SCRIPT'
[{"content": "A larger one\n\nvalue\n```\nx = 100\n```\n"}]
SCRIPT
check_status 'start' 3 git autoresearch start --proposer='endpoint:qwen3:8b endpoint:gpt-oss' --proposer=sweep --max-experiments=12
check_equal 'both models were asked by their names' 'gpt-oss qwen3:8b' \
	"$(asked two .body.model | jq -r . | sort -u | xargs)"
check_equal 'each of the three has its experiments' 'endpoint:gpt-oss endpoint:qwen3:8b sweep' \
	"$(git autoresearch status --json | jq -r '.proposers[].name' | sort | xargs)"
check_equal 'the records say which' 'endpoint/gpt-oss endpoint/qwen3:8b sweep' \
	"$(git log --format=%H refs/autoresearch/main/ledger | while read -r r; do
		git show "$r:record.json" | jq -r 'select(.type == "experiment") | .proposedBy'
	done | sort -u | xargs)"
check 'the sweep has the best score' jq -e 'max_by(.score).name == "sweep"' <(git autoresearch status --json | jq .proposers)
check_status 'an endpoint that is not there does not end it' 3 \
	git -c autoresearch.endpoint=http://127.0.0.1:1/v1 -c autoresearch.endpointTimeout=0.1s \
	autoresearch start --proposer='endpoint sweep' --max-experiments=4
check_equal 'the sweep goes on' 'sweep sweep sweep sweep' "$(git autoresearch log --json -n 4 | jq -r .search.proposer | xargs)"

note 'Names.'
check_status 'one that is named twice' 128 git autoresearch start --proposer='sweep sweep'
check 'says so' grep -qx "fatal: autoresearch.proposer: 'sweep' is named twice" "$scratch/err"
check_status 'nothing behind the colon' 128 git autoresearch start --proposer=endpoint: --proposer=sweep
check 'says so, with a hint' sh -c "grep -q '^fatal: .*nothing behind the colon' '$scratch/err' && grep -q '^hint: endpoint:<model>' '$scratch/err'"
check_status 'an unknown one among others' 128 git autoresearch start --proposer='sweep oracle'
check 'says so' grep -qx "fatal: there is no proposer 'oracle'" "$scratch/err"
check_equal 'nothing is left behind' '' "$(leftovers)"

done_testing
