#!/bin/bash
# A model behind a server that somebody else wrote: mock-llm of npm (@dwmkerr/mock-llm), which
# answers from a script, over loopback.
# shellcheck disable=SC2154
. "$(dirname "$0")/lib.sh"

peers=${AUTORESEARCH_AGENTS:-${XDG_CACHE_HOME:-$(getent passwd "$(id -u)" | cut -d: -f6)/.cache}/git-autoresearch-tests/agents}
export PATH=$peers/node_modules/.bin:$PATH
if ! command -v mock-llm >/dev/null; then
	skip 'a server of npm' "mock-llm is not installed in $peers: npm install --prefix there @dwmkerr/mock-llm"
	done_testing
	exit 0
fi

# Its answers, one after the other: a status and what it says, or an error.
python3 - >"$scratch/peer.yaml" <<'PYTHON'
import json
def answer(text):
	return 200, {"id": "1", "object": "chat.completion", "model": "peer-1", "choices": [
		{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}]}
script = [
	answer("Ninety – it is less\n\nvalue\n```\n90\n```\n"),
	(503, {"error": {"message": "overloaded", "type": "server_error"}}),
	answer("Eighty\n\n```diff\n--- a/value\n+++ b/value\n@@ -1 +1 @@\n-90\n+80\n```\n"),
	answer("Seventy\n\nvalue\n```\n<<<<<<< SEARCH\n91\n=======\n70\n>>>>>>> REPLACE\n```\n"),
	answer("Seventy\n\nvalue\n```\n<<<<<<< SEARCH\n80\n=======\n70\n>>>>>>> REPLACE\n```\n"),
	(401, {"error": {"message": "Incorrect API key provided", "type": "invalid_request_error"}})]
print(json.dumps({"streaming": {"chunkSize": 7, "chunkIntervalMs": 1}, "rules": [
	{"path": "/v1/chat/completions", "match": "@", "sequence": i,
	 "response": {"status": status, "content": json.dumps(body)}} for i, (status, body) in enumerate(script)]}))
PYTHON
PORT=0 HOST=127.0.0.1 mock-llm --config "$scratch/peer.yaml" >"$scratch/peer.out" 2>&1 &
peer=$!
# The kernel chose its port, which it does not tell.
port=$(python3 - "$peer" <<'PYTHON'
import os, sys, time
def listening(pid):
	try:
		links = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
	except OSError:
		return None
	for line in open(f"/proc/{pid}/net/tcp").read().splitlines()[1:]:
		fields = line.split()
		if fields[3] == "0A" and f"socket:[{fields[9]}]" in links:
			return int(fields[1].split(":")[1], 16)
for _ in range(600):
	port = listening(sys.argv[1])
	if port:
		print(port)
		break
	time.sleep(0.1)
PYTHON
)

new_repo
# It answers in the order in which it is asked.
git config -f .autoresearch/config search.candidates 1
git commit -qam 'one proposal at a time'
git config autoresearch.proposer endpoint
git config autoresearch.endpoint "http://127.0.0.1:$port/v1"
git config autoresearch.model peer
check_status 'three candidates' 3 git autoresearch start --max-experiments=3
check_equal 'are accepted' 'Seventy accepted 70
Eighty accepted 80
Ninety – it is less accepted 90' "$(git autoresearch log --json | jq -r '"\(.subject) \(.verdict) \(.metric)"')"
check 'its error was waited for' grep -q "^warning: 127.0.0.1:$port: overloaded; waiting for it" "$scratch/err"
git show refs/autoresearch/main/ledger:record.json >"$scratch/record"
check_equal 'one reply was mended' '2 peer-1' "$(jq -r '.asked | "\(.turns) \(.served)"' "$scratch/record")"
check_equal 'its tokens are estimated, since it says nothing of them' true "$(jq .asked.tokens.estimated "$scratch/record")"
check_status 'its next error is for a person' 2 git autoresearch start
check 'to read' grep -qE "^fatal: 127.0.0.1:$port: .*Incorrect API key provided" "$scratch/err"
check 'with a hint' grep -q '^hint: .*autoresearch.apiKeyEnv' "$scratch/err"
check_status 'the ledger verifies' 0 git autoresearch verify
kill "$peer"
wait "$peer" 2>/dev/null
check_equal 'nothing is left behind' '' "$(leftovers)"

done_testing
