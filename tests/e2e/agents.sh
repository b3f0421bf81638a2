#!/bin/bash
# Not sanitized: it is the agents that take the time.
# Real agents, each in its sandbox, with a model on this machine that says what a script says:
# every one edits, is measured, and is accepted. `.ci/deps check` installs them.
# shellcheck disable=SC2154
. "$(dirname "$0")/lib.sh"

agents=${AUTORESEARCH_AGENTS:-${XDG_CACHE_HOME:-$(getent passwd "$(id -u)" | cut -d: -f6)/.cache}/git-autoresearch-tests/agents}
export PATH=$agents/node_modules/.bin:$PATH

new_repo
need_audit 'agents by name'
cat >"$scratch/script" <<'JSON'
[
	{ "run": "echo $(($(cat value) - 7)) >value" },
	{ "say": "Lower the value by seven\n\nIt was too large." }
]
JSON
python3 "$top/tests/peers/model-server.py" --port-file "$scratch/port" --script "$scratch/script" --log "$scratch/asked" &
server=$!
while [ ! -s "$scratch/port" ]; do sleep 0.05; done
port=$(cat "$scratch/port")
git config autoresearch.endpoint "http://127.0.0.1:$port/v1"
git config autoresearch.model scripted
git config autoresearch.apiKeyEnv MODEL_KEY
git config autoresearch.proposerNetwork "127.0.0.1:$port"
export MODEL_KEY=sesame-opens

# accepted <agent> <path that it asks>: one candidate of it, measured and accepted.
accepted() {
	local before
	before=$(git show "autoresearch/main:value" 2>/dev/null || cat value)
	: >"$scratch/asked"
	check_status "$1 proposes" 3 git autoresearch start --proposer="$1" --max-experiments=1
	check_equal '  what is measured and accepted' "accepted $((before - 7)) Lower the value by seven" \
		"$(newest '"\(.verdict) \(.metric) \(.subject)"')"
	check_equal '  and nothing else changed' value "$(git show --format= --name-only autoresearch/main | xargs)"
	check_equal '  by its name' "$1/scripted" \
		"$(git log -1 --format='%(trailers:key=Proposed-by,valueonly)' autoresearch/main | xargs)"
	check_equal '  with the tokens that the server counted' '240 prompt=200 completion=40 cached=120' \
		"$(git log -1 --format='%(trailers:key=Tokens,valueonly)' autoresearch/main | xargs)"
	check_equal '  over the endpoint, with model and key' "$2 scripted sesame-opens" \
		"$(jq -r '"\(.path) \(.model) \(.key)"' "$scratch/asked" | sort -u)"
	check_equal '  of the network it reached that alone' "127.0.0.1:$port" "$(git autoresearch audit "$(newest .experiment)" |
		jq -r 'select(.act == "connect" and .object.port and .verdict == "allowed").object | "\(.address):\(.port)"' | sort -u)"
	check '  and what it ran is on record' test "$(git autoresearch audit "$(newest .experiment)" |
		jq -r 'select(.act == "exec" and .phase == "propose").object.path' | grep -c .)" -gt 1
	check_not '  but not the key' sh -c 'git cat-file --batch-all-objects --batch | grep -aq sesame-opens'
}

has() {
	command -v "$1" >/dev/null
}
if ! has codex || ! has qwen; then
	skip 'real agents' "codex and qwen are not installed in $agents: .ci/deps check does that, where there is npm"
	kill "$server"
	done_testing
	exit 0
fi
accepted codex /v1/responses
accepted qwen /v1/chat/completions
# Whoever has them; CI does not, for their size.
! has pi || accepted pi /v1/chat/completions
! has opencode || accepted opencode /v1/chat/completions
! has claude || accepted claude /v1/messages

note 'What goes wrong in them.'
# fails <agent> <text> <why>: as it fails by what the script says now.
fails() {
	git autoresearch start --proposer="$1" --max-experiments=1 >"$scratch/out" 2>"$scratch/err"
	check_equal "$1, $2: it ends as failing" 2 $?
	check "  since $3" grep -qE "^fatal: the proposer '$1' failed: $3" "$scratch/err"
}
count=$(git autoresearch log --json | wc -l)
echo '[{ "say": "All is as well as it can be." }]' >"$scratch/script"
fails codex 'which changes nothing' 'it changed nothing: All is as well'
fails qwen 'which changes nothing' 'it changed nothing: All is as well'
echo '[{ "say": "I cannot help with that." }]' >"$scratch/script"
fails codex 'which refuses' 'it refused: I cannot help'
echo '[{ "status": 400, "error": { "message": "Rate limit reached for requests" } }]' >"$scratch/script"
git config autoresearch.endpointTimeout 1s
fails codex 'of which the endpoint has enough' 'a limit was hit: .*Rate limit reached'
fails qwen 'of which the endpoint has enough' 'a limit was hit: .*Rate limit reached'
check_equal 'nothing of that is an experiment' "$count" "$(git autoresearch log --json | wc -l)"

kill "$server"
wait "$server" 2>/dev/null
check_status 'the ledger verifies' 0 git autoresearch verify
check_equal 'nothing is left behind' '' "$(leftovers)"

done_testing
