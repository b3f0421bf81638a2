# Sourced by the stories in which a model is asked, after lib.sh: a server on loopback that answers
# from a script, tests/peers/fault-server.py.
# shellcheck shell=bash

# serve <name>: starts a server whose script is on stdin: a JSON list of replies and of names of
# faults, the last one for ever. Its URL is in $url, what it was asked in $scratch/<name>.log, a
# line of JSON a request. It ends with the story, since its standard input does.
serve() {
	local line
	cat >"$scratch/$1.json"
	mkfifo "$scratch/$1.stdin" "$scratch/$1.stdout"
	: >"$scratch/$1.log"
	"$top/tests/peers/fault-server.py" --unix "$scratch/$1.socket" --script "$scratch/$1.json" \
		--log "$scratch/$1.log" <"$scratch/$1.stdin" >"$scratch/$1.stdout" &
	# One descriptor each, which stay open until the story ends.
	exec {hold}>"$scratch/$1.stdin"
	exec {said}<"$scratch/$1.stdout"
	while read -r -u "$said" line && [ "$line" != ready ]; do
		[ "${line% *}" != tcp ] || url=http://127.0.0.1:${line#* }/v1
	done
	[ "$line" = ready ] || note "$1: the server did not start"
}

# ask_model <name>: from now on this campaign asks that server.
ask_model() {
	serve "$1"
	git config autoresearch.proposer endpoint
	git config autoresearch.endpoint "$url"
	git config autoresearch.model test-model
}

# asked <name> <jq filter>: of each request to a server.
asked() {
	jq -c "$2" "$scratch/$1.log"
}
