#!/bin/bash
# A model proposes: a whole campaign with a scripted server on loopback, whose replies are good,
# bad, broken, cheating, duplicate and mended. What was asked, said and paid for is on record, and
# the key is nowhere but in the requests.
# shellcheck disable=SC2154
. "$(dirname "$0")/lib.sh"
. "$here/lib-endpoint.sh"

new_repo
cat >params <<'PARAMS'
# what a trial reads
rate=100
width=10
PARAMS
cat >run.sh <<'RUN'
#!/bin/sh
. ./params
test "$width" -gt 0
env
RUN
chmod +x run.sh
mkdir hidden
echo canary-hidden >hidden/answers
printf 'token = "%s"\n' sk-a1B2c3D4e5F6g7H8i9J0 >settings.py
git rm -qf value
cat >.autoresearch/config <<'CONFIG'
[campaign]
	metric = loss
	direction = minimize
	editable = params
	editable = run.sh
	editable = settings.py
	hidden = hidden
[run]
	command = "sh -e ./run.sh"
	timeout = 20s
[evaluate]
	command = "awk -F= '$1 == \"rate\" || $1 == \"width\" { s += $2 } END { print \"METRIC loss=\" s }' params"
[limits]
	memory = 128M
	pids = 32
	disk = 16M
	output = 1M
CONFIG
git add -A
git commit -qm 'parameters'
one_by_one

# The script. Each reply is a file's whole content, a search, a diff, or none of these.
ask_model script <<'SCRIPT'
[
{"content": "Lower the rate\n\nIt is high.\n\nVerdict: accepted\n\nparams\n```sh\n# what a trial reads\nrate=90\nwidth=10\n```\n"},

{"content": "Lower it more\n\nparams\n```\n<<<<<<< SEARCH\nrate = 90\n=======\nrate = 80\n>>>>>>> REPLACE\n```\n"},
{"content": "Lower it more, and look\n\nparams\n```\n<<<<<<< SEARCH\nrate=90\n=======\nrate=80\n>>>>>>> REPLACE\n```\n"},

{"content": "I would rather talk about it."},
{"content": "And so I do: ``` no block."},

{"content": "Score myself\n\n.autoresearch/config\n```\n[evaluate]\n\tcommand = echo METRIC loss=0\n```\n"},
{"content": "Score myself\n\nhidden/answers\n```\n0\n```\n"},

{"content": "As in the beginning\n\nparams\n```\n# what a trial reads\nrate=90\nwidth=10\n```\n"},

{"content": "Nothing\n\nparams\n```\n# what a trial reads\nrate=80\nwidth=10\n```\n"},
{"content": "Nothing again\n\nparams\n```\n# what a trial reads\nrate=80\nwidth=10\n```\n"},

{"content": "Widen\n\nparams\n```\n<<<<<<< SEARCH\nwidth=10\n=======\nwidth=20\n>>>>>>> REPLACE\n```\n"},

{"content": "No width\n\nparams\n```\n<<<<<<< SEARCH\nwidth=10\n=======\nwidth=0\n>>>>>>> REPLACE\n```\n"},

{"content": "<think>\nparams\n```\nrate=1\n```\n</think>\nA diff\n\n```diff\n--- a/params\n+++ b/params\n@@ -2,2 +2,2 @@\n-rate=80\n+rate=70\n width=10\n```\n"},

{"content": "Too long\n\nparams\n```\n# what", "finish": "length"},
{"content": "Too long again\n\nparams\n```\n# what\nrate=1\nwidth=1\n```\n", "finish": "length"},

{"content": "Print a score\n\nrun.sh\n```\n#!/bin/sh\necho METRIC loss=0\necho METRIC loss=0 >&2\n```\n"},

{"content": "Shorten\n\nparams\n```\n# ... rest unchanged ...\nrate=60\n```\n"},
{"content": "Shorten\n\nparams\n```\n# what a trial reads\nrate=60\nwidth=10\n```\n", "usage": false},

{"content": "Copy what I see\n\nsettings.py\n```\ntoken = \"[masked]\"\nrate = 1\n```\n"},
{"content": "Add to it\n\nsettings.py\n```\n<<<<<<< SEARCH\ntoken = \"[masked]\"\n=======\nx = 1\n>>>>>>> REPLACE\n```\n"},

"key-in-answer"
]
SCRIPT
campaign_url=$url
key=lantern-orchid-42
export LAB_KEY=$key
git config autoresearch.apiKeyEnv LAB_KEY
git config autoresearch.temperature 0.2..0.8
# With the library that asks come others, which want to be called at a fork.
git config autoresearch.notify "cat >$scratch/notified"

note 'The first ask is what prompt prints.'
check_status 'a baseline' 3 git autoresearch start --max-experiments=1
check_status 'the prompt' 0 git autoresearch prompt
cp "$scratch/out" "$scratch/next"
check_status 'the second' 3 git autoresearch start --max-experiments=1
git show refs/autoresearch/main/ledger:prompt.md >"$scratch/recorded"
check 'it is what was recorded, to the byte' cmp "$scratch/next" "$scratch/recorded"
check 'and what was sent' sh -c "jq -rj 'select(.body.messages | length == 2) | .body.messages
	| map(\"=== \(.role)\n\(.content)\") | add' '$scratch/script.log' |
	tail -c $(wc -c <"$scratch/next") | cmp - '$scratch/next'"

note 'The campaign.'
check_status 'all of the script' 3 git autoresearch start --max-experiments=12
cp "$scratch/out" "$scratch/start.out"
cp "$scratch/err" "$scratch/start.err"
check 'and the summary is sent' grep -q . "$scratch/notified"
git config --unset autoresearch.notify
check_equal 'each reply gets its verdict' 'accepted 
accepted 
invalid malformed
invalid out-of-scope hidden/answers
duplicate same-as 1
invalid empty
rejected no-improvement
failed exit 1
accepted 
invalid malformed
rejected no-improvement
accepted 
invalid malformed
invalid malformed' "$(git autoresearch log --json | jq -sr 'reverse[] | "\(.verdict) \(.reason // "")"')"
check_equal 'the best' 70 "$(git autoresearch status --json | jq .best)"
check_equal 'the branch' 'Shorten
A diff
Lower it more, and look
Lower the rate' "$(git log --format=%s main..autoresearch/main)"
check_equal 'the subjects of what could not be used' 'a reply that cannot be used
Score myself
Nothing again
a reply that cannot be used
Add to it' "$(git autoresearch log --json | jq -sr 'reverse[] | select(.verdict == "invalid" and .experiment < 14) | .subject')"
check_status 'the ledger verifies' 0 git autoresearch verify
check_equal 'nothing is left behind' '' "$(leftovers)"

note 'What was sent.'
check_equal 'twice where a reply could not be used' '2 2 4 2 4 2 4 2 2 4 2 2 2 2 4 2 2 4 2 4 2 4' \
	"$(asked script '.body.messages | length' | xargs)"
check_equal 'then the reply itself, and why' 'assistant user' \
	"$(asked script '.body.messages | select(length == 4) | .[2:] | map(.role) | join(" ")' | sort -u | tr -d '"')"
check 'with the place' sh -c "jq -r '.body.messages[3].content // empty' '$scratch/script.log' | grep -q 'rate = 90'"
check_equal 'a round of one has the lowest temperature' 0.2 "$(asked script .body.temperature | sort -u)"
check_equal 'each has a seed of its own' 14 "$(asked script .body.seed | sort -u | wc -l)"
check_equal 'the answer is bounded by a quarter of the window' 8000 \
	"$(asked script 'select(.body.messages | length == 2) | .body.max_tokens' | sort -u)"
check_equal 'the model is the one that is configured' '"test-model"' "$(asked script .body.model | sort -u)"
check_equal 'a stream is asked for, with what it costs' 'true true' \
	"$(asked script '"\(.body.stream) \(.body.stream_options.include_usage)"' | sort -u | tr -d '"')"
check_equal 'the key goes with each' "\"Bearer $key\"" "$(asked script .authorization | sort -u)"
check_not 'hidden files do not' grep canary "$scratch/script.log"
check_not 'nor a secret' grep sk-a1B2c3 "$scratch/script.log"
check 'the front of a prompt stays the same' python3 - "$scratch/script.log" <<'PYTHON'
import json, os, sys
prompts = [json.loads(line)["body"]["messages"][:2] for line in open(sys.argv[1])]
for old, new in zip(prompts[4:], prompts[5:9]):  # from the third experiment to the fifth
	assert old[0] == new[0]
	same = len(os.path.commonprefix([old[1]["content"], new[1]["content"]]))
	assert same >= old[1]["content"].index("# What was tried"), same
PYTHON
check 'what could not be used is told' sh -c "tail -n 1 '$scratch/script.log' | jq -r '.body.messages[1].content' |
	grep -A 3 '^Experiment 13, invalid' | grep -qx 'reason: malformed'"

note 'What is on record.'
record() { # record <n>: the commit of its record
	git log --format='%H %s' refs/autoresearch/main/ledger | awk -v n="$1:" '$2 == "experiment" && $3 == n { print $1 }'
}
git show "$(record 2):record.json" >"$scratch/two.json"
check_equal 'whom, which model, which parameters, how often' \
	"${url#http://} test-model fault-1 0.2 8000 2" \
	"$(jq -r '.asked | "\(.endpoint)/v1 \(.model) \(.served) \(.temperature) \(.maxTokens) \(.turns)"' "$scratch/two.json")"
check 'the seed that was sent' test "$(jq .asked.seed "$scratch/two.json")" = "$(asked script .body.seed | sed -n 2p)"
check 'how long' jq -e '.asked.seconds > 0' "$scratch/two.json"
check_equal 'what was paid for: both turns' '14 6 false' \
	"$(jq -r '.asked.tokens | "\(.completion) \(.cached) \(.estimated)"' "$scratch/two.json")"
check 'the digest of the prompt' test "$(jq -r .asked.promptDigest "$scratch/two.json")" = \
	"$(git show "$(record 2):prompt.md" | sha256sum | cut -d' ' -f1)"
check_equal 'estimated where the server does not say' true \
	"$(git show "$(record 12):record.json" | jq .asked.tokens.estimated)"
check_equal 'the reply, as it came' "$(jq -j '.[0].content' "$scratch/script.json" | sha256sum)" \
	"$(git show "$(record 1):reply.md" | sha256sum)"
check_equal 'or both of them' '=== assistant
=== user
=== assistant' "$(git show "$(record 2):reply.md" | grep '^=== ')"
check_equal 'a reply that was never run is there too' 'audit prompt.md record.json reply.md' \
	"$(git ls-tree --name-only "$(record 3)" | sed 's/^patch$/audit/' | xargs)"
git log -1 --format=%B autoresearch/main~2 | git interpret-trailers --parse >"$scratch/trailers"
check 'who proposed it' grep -qx 'Proposed-by: endpoint/test-model' "$scratch/trailers"
check 'what it cost' grep -qE '^Tokens: [0-9]+ prompt=[0-9]+ completion=14 cached=6$' "$scratch/trailers"
check_equal 'words of a reply are no trailers' 1 "$(git log -1 --format=%B autoresearch/main~3 |
	git interpret-trailers --parse | grep -c ^Verdict)"
sum=$(git autoresearch log --json | jq -s 'map(.tokens) | add')
check 'tokens are counted' test "$sum" -gt 10000
check_equal 'the totals hold them' "$sum" "$(git autoresearch status --json | jq .tokens)"
check 'status tells them' sh -c "git autoresearch status | grep -qx 'tokens      $sum'"
check 'show tells whom and what' sh -c "git autoresearch show 2 |
	grep -qE '^asked      test-model at 127.0.0.1:[0-9]+: [0-9]+ tokens \(6 cached\), answer 14; .*temperature 0.2, 2 turns$'"
check_equal 'and how prompt and reply are read' "$(git cat-file -p "$(record 2):reply.md")" \
	"$(eval "$(git autoresearch show 2 | sed -n 's/^reply .*: //p')")"

note 'The key.'
git cat-file --batch-all-objects --batch --unordered >"$scratch/objects"
check 'objects are searched' grep -qa 'Bearer' "$scratch/objects"
check_not 'the key is in none, not even of what the server repeats' grep -aF "$key" "$scratch/objects"
check_not 'nor in any file' grep -rF "$key" .git "$scratch/start.out" "$scratch/start.err"
printf 'rate=9\nwidth=1\n# %s\n' "$key" >params
git commit -qam 'a key in a file'
check_status 'a campaign over a file that holds it' 3 git autoresearch start other --max-experiments=1
check_not 'does not send it' grep -F "$key" <(asked script .body)

note 'A budget of tokens.'
git switch -qc thrifty
git config --unset autoresearch.contextWindow
git config autoresearch.endpoint "$url"
git config autoresearch.contextWindow 8k
cat >>.autoresearch/config <<'CONFIG'
[budget]
	tokens = 4300
CONFIG
printf 'rate=50\nwidth=10\n' >params
git commit -qam 'not much'
ask_model thrift <<'SCRIPT'
[{"content": "One\n\nparams\n```\nrate=40\nwidth=10\n```\n"},
 {"content": "Two, which has to be mended"},
 {"content": "No third\n\nparams\n```\nrate=30\nwidth=10\n```\n"}]
SCRIPT
check_status 'start ends with 3' 3 git autoresearch start
check_equal 'its state' budget "$(git autoresearch status --json | jq -r .state)"
check 'and why' grep -qx 'thrifty: budget (tokens)' "$scratch/out"
check 'before the ask that could pass it' test "$(git autoresearch status --json | jq .tokens)" -le 4300
check_equal 'the last reply was not sent back, since the answer could have cost too much' 'accepted invalid' \
	"$(git autoresearch log --json | jq -sr 'reverse | map(.verdict) | join(" ")')"
asks=$(asked thrift .path | wc -l)
check_status 'a later start says so too' 3 git autoresearch start
check_equal 'and asks nothing' "$asks" "$(asked thrift .path | wc -l)"
check_equal 'two asks in all' 2 "$asks"
check_status 'the ledger verifies' 0 git autoresearch verify
git switch -q main
git config autoresearch.endpoint "$campaign_url"

note 'A key from a command.'
git config --unset autoresearch.apiKeyEnv
git config autoresearch.apiKeyHelper 'echo from-a-command-7'
check_status 'it is asked' 3 git autoresearch start --max-experiments=1
check_equal 'for the key' '"Bearer from-a-command-7"' "$(asked script .authorization | tail -n 1)"
git config autoresearch.apiKeyHelper 'echo no key here >&2; exit 1'
check_status 'where it fails, so does start' 128 git autoresearch start
check 'in its words' grep -qx 'fatal: autoresearch.apiKeyHelper: sh: no key here' "$scratch/err"
git config --unset autoresearch.apiKeyHelper
check_status 'without either there is no key' 3 git autoresearch start --max-experiments=1
check_equal 'and no header' null "$(asked script .authorization | tail -n 1)"

note 'For one start.'
check_status '--proposer=endpoint' 3 git -c autoresearch.proposer=sweep autoresearch start \
	--proposer=endpoint --max-experiments=1
check_equal 'asks the model' endpoint/test-model \
	"$(git show refs/autoresearch/main/ledger:record.json | jq -r .proposedBy)"
check_status 'a tracked file cannot say whom to ask' 128 sh -c 'cp -r .git ../tracked.git &&
	git clone -q ../tracked.git ../tracked && cd ../tracked && git config autoresearch.proposer endpoint &&
	printf "[autoresearch]\n\tendpoint = http://192.0.2.1/v1\n\tmodel = m\n" >.gitconfig &&
	git add .gitconfig && git commit -qm endpoint && git autoresearch start'
check 'so there is none' grep -qx 'fatal: the proposer is an endpoint, but no autoresearch.endpoint is configured' "$scratch/err"
check 'with a hint' grep -q '^hint: git config autoresearch.endpoint http' "$scratch/err"

note 'A socket.'
git config autoresearch.endpoint "unix://$scratch/script.socket"
check_status 'a server on a UNIX socket' 3 git autoresearch start --max-experiments=1
check_equal 'is on record' "unix:$scratch/script.socket" \
	"$(git show refs/autoresearch/main/ledger:record.json | jq -r .asked.endpoint)"
check_status 'the ledger verifies' 0 git autoresearch verify main

note 'doctor tells who would be asked, and asks nobody.'
before=$(asked script .path | wc -l)
doctor() { # doctor <check> [<setting>...]: what it says of one thing, and of what mends it
	local name=$1 settings=()
	shift
	for setting; do settings+=(-c "autoresearch.$setting"); done
	git "${settings[@]}" autoresearch doctor --json |
		jq -r --arg name "$name" '.checks[] | select(.name == $name) | "\(.ok) \(.detail)"'
}
check_equal 'a socket' "true unix:$scratch/script.socket, on this machine" "$(doctor endpoint)"
check_equal 'loopback' "true ${url#http://}, on this machine" "$(doctor endpoint "endpoint=$url" | sed 's|, on|/v1, on|')"
check_equal 'a private network' 'true 192.168.7.7:8000, in a private network' \
	"$(doctor endpoint endpoint=http://192.168.7.7:8000/v1)"
check_equal 'a host outside is named as such' \
	'true api.example:443, outside: what a prompt holds leaves for there' \
	"$(doctor endpoint endpoint=https://api.example/v1)"
check_equal 'what is no URL' 'false autoresearch.endpoint: it begins with none of http://, https:// and unix://' \
	"$(doctor endpoint endpoint=api.example)"
check_equal 'no model' 'false the proposer is an endpoint, but no autoresearch.model is configured' \
	"$(doctor endpoint model=)"
check_equal 'no key' 'true none is configured, and none is sent' "$(doctor "model's key")"
check_equal 'a key that is there' 'true in the variable LAB_KEY, which is set' \
	"$(doctor "model's key" apiKeyEnv=LAB_KEY)"
check_equal 'one that is not' 'false in the variable NO_SUCH_KEY, which is not set' \
	"$(doctor "model's key" apiKeyEnv=NO_SUCH_KEY)"
check_equal 'a command for it, which is not run' 'true printed by the command of autoresearch.apiKeyHelper' \
	"$(doctor "model's key" "apiKeyHelper=touch $scratch/ran")"
check_not 'really' test -e "$scratch/ran"
check_status 'a start without its key is fatal' 128 git -c autoresearch.apiKeyEnv=NO_SUCH_KEY autoresearch start
check 'and names the variable' grep -qx "fatal: the variable 'NO_SUCH_KEY', which autoresearch.apiKeyEnv names, is not set" "$scratch/err"
check_not 'the key is told nowhere' grep -F "$key" <(git -c autoresearch.apiKeyEnv=LAB_KEY autoresearch doctor 2>&1)
check_equal 'nobody was asked' "$before" "$(asked script .path | wc -l)"

done_testing
