#!/bin/bash
# A model's server that does what bad servers do. What can be waited for is; what cannot ends the
# campaign as failing, with exit 2 and a hint; and nothing of either is an experiment. People who
# stop it, and kill -9, find a campaign that goes on.
# shellcheck disable=SC2154
. "$(dirname "$0")/lib.sh"
. "$here/lib-endpoint.sh"

new_repo
one_by_one
# Two lists of faults: of those that only make it wait, and of answers in strange forms, each of
# which is a reply that cannot be used, so that it is quoted and mended. What it is read as stands
# beside it.
waits=(408 429 429-date 500 502 503 cut cut-with-length nothing error-in-stream reset)
forms=(good:max_tokens_seed_stream_options_temperature chunked:max_tokens_seed_stream_options_temperature
whole:whole_max_tokens_seed_stream_options_temperature dialect:two_lines split:5_€_😀 parts:said
reasoning:said declined:I_will_not slow-first-byte:slow half-character:a��b
half-character-at-end:whole no-done:no_mark done-hang:mark no-usage:twelve_bytes
zero-usage:twelve_bytes labelled-json:a_stream labelled-stream:whole)
python3 - "${waits[@]}" -- "${forms[@]}" >"$scratch/script" <<'PYTHON'
import json, sys
script, value = [], 100
def good(*before):
	global value
	value -= 1
	script.extend(before)
	script.append({"content": f"{value}\n\nvalue\n```\n{value}\n```\n"})
between = sys.argv.index("--")
for fault in sys.argv[1:between]:
	good(fault)
for form in sys.argv[between + 1:]:
	good(form.partition(":")[0])
good("max-tokens")
json.dump(script, sys.stdout)
PYTHON
ask_model faults <"$scratch/script"
experiments=$((${#waits[@]} + ${#forms[@]} + 1))

note 'What can be waited for, and what only looks strange.'
check_status 'all of them' 3 git autoresearch start --max-experiments="$experiments"
check_equal 'all become experiments' "$experiments accepted" \
	"$(git autoresearch log --json | jq -r .verdict | sort | uniq -c | xargs)"
check_equal 'of the first nobody had to mend the reply' "$(for _ in "${waits[@]}"; do echo 1; done | xargs)" \
	"$(git log --first-parent --format=%H refs/autoresearch/main/ledger | while read -r c; do
		git show "$c:record.json" | jq '.asked.turns // empty'; done | tail -n ${#waits[@]} | xargs)"
check_equal 'the person is told of each outage' ${#waits[@]} "$(grep -c 'waiting for it, at most 10m00s$' "$scratch/err")"
check 'in the words of the server' grep -qx \
	"warning: 127.0.0.1:$port: HTTP 503: Loading model; waiting for it, at most 10m00s" "$scratch/err"
n=${#waits[@]}
for form in "${forms[@]}"; do
	n=$((n + 1))
	commit=$(git log --format='%H %s' refs/autoresearch/main/ledger | awk -v n="$n:" '$3 == n { print $1 }')
	check_equal "${form%:*} is read" "${form#*:}" "$(git show "$commit:reply.md" | sed -n 2p | tr ' ' _)"
done
check_equal 'a parameter that is refused is left out from then on' 'null 8000' \
	"$(asked faults .body | tail -n 1 | jq -r '"\(.max_tokens) \(.max_completion_tokens)"')"
check_status 'the ledger verifies' 0 git autoresearch verify

note 'What would come again.'
# fails <fault> <message> <hint, or nothing>: start ends as failing, says why, and records nothing.
fails() {
	local before
	before=$(git rev-parse refs/autoresearch/main/ledger)
	check_status "$1" 2 timeout 60 git -c autoresearch.endpoint="http://127.0.0.1:$port/$1/v1" \
		autoresearch start --max-experiments=1
	check '  says why' grep -qE "^fatal: 127\.0\.0\.1:$port: $2" "$scratch/err"
	[ -z "$3" ] || check '  and what to do' grep -qE "^hint: .*$3" "$scratch/err"
	check_equal '  the campaign is failing' failing "$(git autoresearch status --json | jq -r .state)"
	check_equal '  nothing is recorded' "$before" "$(git rev-parse refs/autoresearch/main/ledger)"
}
export LAB_KEY=lantern-orchid-42
git config autoresearch.apiKeyEnv LAB_KEY
fails 401 'HTTP 401: Incorrect API key provided: Bearer \*+$' 'autoresearch.apiKeyEnv'
fails 404-model 'HTTP 404: model "m" not found' 'autoresearch.model'
fails 404-path 'HTTP 404: 404 page not found' '/v1'
fails context 'HTTP 400: This model.s maximum context length is 4096' 'autoresearch.contextWindow'
fails context-in-stream 'the request exceeds the available context size' 'autoresearch.contextWindow'
fails truncated 'the server read 64 tokens of a prompt of about [0-9]+, and cut the rest without a word' 'num_ctx'
fails redirect 'HTTP 307: redirected to http://' 'redirects are not followed'
check_not 'and it was not followed' grep -F '/leak/' "$scratch/faults.log"
fails page 'the answer is no completion: a page: Log in to the network' '/v1'
fails error-event 'quota' 'quota is used up'
fails huge 'an answer of more than [0-9]+ bytes' '/v1'
fails huge-line 'the answer is no completion: an event of more than 4 MiB' '/v1'
fails huge-error 'HTTP 400: bad thing\. blah' ''

fails huge-headers 'an answer of more than [0-9]+ bytes' '/v1'

note 'An outage that lasts.'
git config autoresearch.endpointTimeout 1s
fails 503-for-ever 'HTTP 503: Loading model; waited for 1\.00s$' 'see that the server runs'
fails 429-for-ever 'HTTP 429: slow down' 'see that the server runs'
fails garbage '' 'see that the server runs'
fails close '' 'see that the server runs'
open=$port
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
fails nobody '' 'see that the server runs'
port=$open
check 'the key is in nothing that was printed' test -z "$(grep -rF "$LAB_KEY" "$scratch"/out "$scratch"/err .git)"
git config --unset autoresearch.apiKeyEnv
check_status 'once it is there again, start goes on' 3 git autoresearch start --max-experiments=1
check_equal 'with the next number' $((experiments + 1)) "$(newest .experiment)"

note 'People who do not wait.'
# begin <fault>: a start in the background, until it has asked. The shell starts background jobs
# with SIGINT ignored: this puts it back.
begin() {
	local before
	before=$(wc -l <"$scratch/faults.log")
	git config autoresearch.endpoint "http://127.0.0.1:$port/$1/v1"
	python3 -c '
import os, signal
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execvp("git-autoresearch", ["git-autoresearch", "start"])' >"$scratch/start.out" 2>&1 &
	start=$!
	for _ in $(seq 600); do
		[ "$(wc -l <"$scratch/faults.log")" -le "$before" ] || return
		sleep 0.05
	done
	note "$1: nothing was asked"
}
before=$(git rev-parse refs/autoresearch/main/ledger)
for stage in hang-before-headers hang-headers hang-first-byte hang-in-stream; do
	begin "$stage"
	SECONDS=0
	kill -INT "$start"
	wait "$start"
	check_equal "$stage: SIGINT ends it with 130" 130 $?
	check '  at once' test "$SECONDS" -lt 5
done
for option in '' --now; do
	begin hang-in-stream
	SECONDS=0
	check_status "stop $option" 0 git autoresearch stop $option
	wait "$start"
	check_equal '  ends it with 0' 0 $?
	check '  at once' test "$SECONDS" -lt 5
done
git config autoresearch.endpointTimeout 1h
begin 503-for-ever
kill -TERM "$start"
wait "$start"
check_equal 'also while it waits' 143 $?
check_equal 'nothing is recorded' "$before" "$(git rev-parse refs/autoresearch/main/ledger)"
check_equal 'the campaign is stopped' stopped "$(git autoresearch status --json | jq -r .state)"

note 'kill -9 while a reply streams.'
export LAB_KEY
git config autoresearch.apiKeyEnv LAB_KEY
begin hang-in-stream
# Other stories look for that key at the same time, and have it as an argument of theirs.
check_not 'the key is no argument of any process' sh -c \
	'grep -alF "$LAB_KEY" /proc/[0-9]*/cmdline | while read -r at; do tr "\\0" " " <"$at"; echo; done 2>/dev/null | grep -v -e "^grep " -e "^$"'
kill -9 "$start"
wait "$start" 2>/dev/null
git config autoresearch.endpoint "$url"
check_status 'start goes on' 3 git autoresearch start --max-experiments=1
check_equal 'with the next number' $((experiments + 2)) "$(newest .experiment)"
check_status 'the ledger verifies' 0 git autoresearch verify
check_equal 'nothing is left behind' '' "$(leftovers)"

done_testing
