# Sourced by the stories in which a model is asked, after lib.sh: a server on loopback that answers
# from a script, tests/peers/fault-server.py.
# shellcheck shell=bash

# serve <name> [<option>...]: starts a server whose script is on stdin: a JSON list of replies and of
# names of faults, the last one for ever. Its port is in $port ($tls_port with --tls), its URL in
# $url, and what it was asked in $scratch/<name>.log, a line of JSON a request. It ends with the
# story, since its standard input does.
serve() {
	local name=$1 line
	shift
	cat >"$scratch/$name.json"
	mkfifo "$scratch/$name.stdin" "$scratch/$name.stdout"
	: >"$scratch/$name.log"
	"$top/tests/peers/fault-server.py" --unix "$scratch/$name.socket" \
		--script "$scratch/$name.json" --log "$scratch/$name.log" "$@" \
		<"$scratch/$name.stdin" >"$scratch/$name.stdout" &
	# One descriptor each, which stay open until the story ends.
	exec {hold}>"$scratch/$name.stdin"
	exec {said}<"$scratch/$name.stdout"
	while read -r -u "$said" line && [ "$line" != ready ]; do
		[ "${line% *}" != tcp ] || port=${line#* }
		[ "${line% *}" != tls ] || tls_port=${line#* }
	done
	[ "$line" = ready ] || note "$name: the server did not start"
	url=http://127.0.0.1:$port/v1
}

# ask_model <name> [<option>...]: from now on this campaign asks such a server.
ask_model() {
	serve "$@"
	git config autoresearch.proposer endpoint
	git config autoresearch.endpoint "$url"
	git config autoresearch.model test-model
}

# one_by_one: a round has one proposal, so that replies of a script come in its order.
one_by_one() {
	git config -f .autoresearch/config search.candidates 1
	git commit -qam 'one proposal at a time'
}

# asked <name> <jq filter>: of each request to a server.
asked() {
	jq -c "$2" "$scratch/$1.log"
}
