#!/bin/bash
# How a model's server is reached: by TLS with an authority of one's own and a client certificate,
# and through a proxy, as git's own configuration of HTTP says.
# shellcheck disable=SC2154
. "$(dirname "$0")/lib.sh"
. "$here/lib-endpoint.sh"

mkdir "$scratch/tls"
certificate() { # certificate <name> [<option>...]: of the authority, where that is there
	local name=$1
	shift
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$name" \
		-keyout "$scratch/tls/$name-key.pem" -out "$scratch/tls/$name.pem" "$@" 2>>"$scratch/openssl"
}
signed=(-CA "$scratch/tls/ca.pem" -CAkey "$scratch/tls/ca-key.pem" -addext "basicConstraints=critical,CA:FALSE")
certificate ca
certificate server "${signed[@]}" -addext subjectAltName=IP:127.0.0.1
certificate client "${signed[@]}"
(cd "$scratch/tls" && mv server.pem cert.pem && mv server-key.pem key.pem && cp ca.pem client-ca.pem)

new_repo
one_by_one
ask_model server --tls "$scratch/tls" <<'SCRIPT'
[{"content": "90\n\nvalue\n```\n90\n```\n"}, {"content": "80\n\nvalue\n```\n80\n```\n"},
 {"content": "70\n\nvalue\n```\n70\n```\n"}, {"content": "60\n\nvalue\n```\n60\n```\n"}]
SCRIPT
check_status 'by HTTP' 3 git autoresearch start --max-experiments=1

note 'TLS.'
git config autoresearch.endpoint "https://127.0.0.1:$tls_port/v1"
git config autoresearch.endpointTimeout 1s
check_status 'a server of an unknown authority is not trusted' 2 git autoresearch start
check 'which is told' grep -qE "^fatal: 127\.0\.0\.1:$tls_port: .*(certificate|SSL)" "$scratch/err"
check 'with a hint' grep -q '^hint: .*http.sslCAInfo' "$scratch/err"
git config http.sslCAInfo "$scratch/tls/ca.pem"
check_status 'nor are we, without a certificate' 2 git autoresearch start
git config http.sslCert "$scratch/tls/client.pem"
git config http.sslKey "$scratch/tls/client-key.pem"
check_status 'with both it works' 3 git autoresearch start --max-experiments=1
git config --unset http.sslCAInfo
git config "http.https://127.0.0.1:$tls_port/.sslCAInfo" "$scratch/tls/ca.pem"
check_status 'also where they are set for this URL alone' 3 git autoresearch start --max-experiments=1
git config http.sslKey "$scratch/tls/none.pem"
check_status 'a key that is not there is an error' 2 git autoresearch start
check 'with a hint' grep -q '^hint: .*http.sslKey' "$scratch/err"
git config http.sslKey "$scratch/tls/client-key.pem"

note 'A proxy.'
# The server stands in for one, that knows no such host: it is asked for a whole URL.
git config http.proxy "http://127.0.0.1:$port"
git config autoresearch.endpoint http://model.example/v1
check_status 'it is asked instead of the host' 2 git autoresearch start
check_equal 'for the URL' '"http://model.example/v1/chat/completions"' "$(asked server .path | tail -n 1 | sed 's/:80//')"
check 'doctor says so' sh -c "git autoresearch doctor --json |
	jq -re '.checks[] | select(.name == \"endpoint\").detail' | grep -q 'by the proxy of http.proxy'"
git config --unset http.proxy
check_status 'so is that of the environment' 2 env http_proxy="http://127.0.0.1:$port" git autoresearch start
check_equal 'twice in all' 2 "$(asked server .path | grep -c model.example)"
git config autoresearch.endpoint "$url"
check_status 'but neither for this machine' 3 env http_proxy=http://127.0.0.1:1 \
	git -c http.proxy=http://127.0.0.1:1 autoresearch start --max-experiments=1
check_equal 'four were asked for' 4 "$(git autoresearch log --json | wc -l)"
check_status 'the ledger verifies' 0 git autoresearch verify

done_testing
