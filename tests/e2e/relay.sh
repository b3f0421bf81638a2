#!/bin/bash
# What a trial may reach where the user says so: `autoresearch.allowNetwork` and its kin. Servers
# of our own wait on the host. Without the setting nobody inside reaches them; with it, those
# that are named and no others, by the same addresses and names as outside.
# shellcheck disable=SC2154 # variables of lib.sh
. "$(dirname "$0")/lib.sh"

new_repo

# An echo on 127.0.0.1 and, with the same port, on ::1; on 127.0.0.2 who counts until the end and
# then says what it got; who resets whoever comes; and a "model" that answers over HTTP.
# Names and ports go to <folder>/ports, the number of open connections to whoever asks.
cat >"$scratch/serve.py" <<'PYTHON'
import hashlib, http.server, os, socket, struct, sys, threading
folder = sys.argv[1]
def echo(c):
    while data := c.recv(1 << 18):
        c.sendall(data)
def count(c):
    digest, size = hashlib.sha256(), 0
    while data := c.recv(1 << 18):
        size += len(data)
        digest.update(data)
    c.sendall(b"%d %s" % (size, digest.hexdigest().encode()))
def reset(c):
    c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
def said(c):
    with open(folder + "/said", "ab") as f:
        while data := c.recv(1 << 18):
            f.write(data)
open_now = 0
lock = threading.Lock()
def attend(c, what):
    global open_now
    with lock:
        open_now += 1
    try:
        what(c)
    except OSError:
        pass
    c.close()
    with lock:
        open_now -= 1
        with open(folder + "/open", "w") as f:
            f.write(str(open_now))
def listen(name, host, port, what, family=socket.AF_INET):
    s = socket.create_server((host, port), family=family, backlog=1024)
    def loop():
        while True:
            threading.Thread(target=attend, args=(s.accept()[0], what), daemon=True).start()
    threading.Thread(target=loop, daemon=True).start()
    with open(folder + "/ports", "a") as f:
        f.write("%s=%d\n" % (name, s.getsockname()[1]))
    return s.getsockname()[1]
class Model(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        n = int(self.rfile.read(int(self.headers["Content-Length"])))
        body = str(n // 2).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *args):
        pass
port = listen("echo", "127.0.0.1", 0, echo)
listen("echo6", "::1", port, echo, socket.AF_INET6)
listen("count", "127.0.0.2", 0, count)
listen("reset", "127.0.0.1", 0, reset)
listen("said", "127.0.0.1", 0, said)
model = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
with open(folder + "/ports", "a") as f:
    f.write("model=%d\n" % model.server_address[1])
# A port that was free a moment ago, and is kept free by being bound.
down = socket.socket()
down.bind(("127.0.0.1", 0))
with open(folder + "/ports", "a") as f:
    f.write("down=%d\n" % down.getsockname()[1])
open(folder + "/ready", "w").close()
model.serve_forever()
PYTHON

# What a client sees: `talk <host> <port> <MiB> <connections>` sends so much on each at the same
# time, reads it back from the echo, and compares.
cat >talk.py <<'PYTHON'
import hashlib, socket, sys, threading
host, port, size, connections = sys.argv[1], *map(int, sys.argv[2:5])
block = bytes(range(251)) * 4178
results = []
def send(c):
    for _ in range(size):
        c.sendall(block)
    c.shutdown(socket.SHUT_WR)
def talk():
    c = socket.create_connection((host, port), 20)
    threading.Thread(target=send, args=(c,)).start()
    got = hashlib.sha256()
    while data := c.recv(1 << 18):
        got.update(data)
    expected = hashlib.sha256()
    for _ in range(size):
        expected.update(block)
    results.append(got.digest() == expected.digest())
threads = [threading.Thread(target=talk) for _ in range(connections)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(sum(results), "of", connections)
PYTHON

# `reach <host> <port>`: "reached", or why not, within a moment.
cat >reach.py <<'PYTHON'
import contextlib, errno, socket, sys
try:
    c = socket.create_connection((sys.argv[1], int(sys.argv[2])), 5)
    # Where it was reset before, reading says so.
    with contextlib.suppress(OSError):
        c.shutdown(socket.SHUT_WR)
    c.recv(1)
    print("reached")
except socket.gaierror:
    print("no such name")
except OSError as e:
    print(errno.errorcode.get(e.errno, e))
PYTHON

# `crowd <port> <n>`: n connections, all open before the first is used.
cat >crowd.py <<'PYTHON'
import socket, sys
port, n, answered = int(sys.argv[1]), int(sys.argv[2]), 0
crowd = [socket.create_connection(("127.0.0.1", port), 20) for _ in range(n)]
for c in crowd:
    c.sendall(b"x")
for c in crowd:
    answered += c.recv(1) == b"x"
    c.close()
print(answered, "of", n)
PYTHON

# Asks the model for half of the number.
cat >ask.py <<'PYTHON'
import sys, urllib.request
n = open("value").read().strip().encode()
print(urllib.request.urlopen(sys.argv[1], n, 5).read().decode())
PYTHON
git add .
git commit -qm 'clients'

folder=$scratch/host
mkdir "$folder"
python3 "$scratch/serve.py" "$folder" &
server=$!
trap 'kill $server 2>/dev/null; cd /; chmod -R u+rwx "$scratch"; rm -rf "$scratch"' EXIT
for _ in $(seq 600); do
	[ -e "$folder/ready" ] && break
	sleep 0.05
done
# shellcheck source=/dev/null
. "$folder/ports"

# in_sandbox [<setting>=<value>...] -- <command>...
in_sandbox() {
	local options=()
	while [ "$1" != -- ]; do
		options+=(-c "autoresearch.$1")
		shift
	done
	shift
	git "${options[@]}" autoresearch sandbox ${phase:+--phase=$phase} -- "$@" 2>&1
}

note 'Nothing is open by itself.'
check_equal 'plainly run, a client reaches the echo' reached "$(python3 reach.py 127.0.0.1 "$echo")"
check_equal 'inside it does not' ECONNREFUSED "$(in_sandbox -- python3 reach.py 127.0.0.1 "$echo")"
check_equal '  nor over IPv6' ECONNREFUSED "$(in_sandbox -- python3 reach.py ::1 "$echo")"

note 'What is named is there, as it is outside.'
check_equal 'IPv4: 50 MB each way, unharmed' '1 of 1' \
	"$(in_sandbox "allowNetwork=127.0.0.1:$echo" -- python3 talk.py 127.0.0.1 "$echo" 48 1)"
check_equal 'IPv6: 50 MB each way, unharmed' '1 of 1' \
	"$(in_sandbox "allowNetwork=[::1]:$echo6" -- python3 talk.py ::1 "$echo6" 48 1)"
check_equal 'a name, and several connections at once' '16 of 16' \
	"$(in_sandbox "allowNetwork=localhost:$echo" -- python3 talk.py localhost "$echo" 2 16)"
check_equal 'more connections than are relayed at a time wait for their turn' '300 of 300' \
	"$(in_sandbox "allowNetwork=127.0.0.1:$echo" -- python3 crowd.py "$echo" 300)"
check_equal 'another address of the host' reached \
	"$(in_sandbox "allowNetwork=127.0.0.2:$count" -- python3 reach.py 127.0.0.2 "$count")"
cat >half.py <<'PYTHON'
import socket, sys
c = socket.create_connection(("127.0.0.2", int(sys.argv[1])), 5)
c.sendall(b"x" * 1000000)
c.shutdown(socket.SHUT_WR) # only now does the server answer
print(c.recv(100).decode().split()[0], c.recv(1) == b"")
PYTHON
git add half.py && git commit -qm half
check_equal 'a direction that is closed leaves the other open' '1000000 True' \
	"$(in_sandbox "allowNetwork=127.0.0.2:$count" -- python3 half.py "$count")"
check_equal 'what a command says last arrives, though it does not wait' "$(seq 20)" "$(
	for i in $(seq 20); do
		in_sandbox "allowNetwork=127.0.0.1:$said" -- bash -c "echo $i >/dev/tcp/127.0.0.1/$said"
	done
	sleep 0.2
	cat "$folder/said"
)"

note 'What is not named is not.'
check_equal 'another port' ECONNREFUSED \
	"$(in_sandbox "allowNetwork=127.0.0.1:$echo" -- python3 reach.py 127.0.0.1 "$model")"
check_equal 'another address' ECONNREFUSED \
	"$(in_sandbox "allowNetwork=127.0.0.1:$count" -- python3 reach.py 127.0.0.2 "$count")"
check_equal 'another family' ECONNREFUSED \
	"$(in_sandbox "allowNetwork=127.0.0.1:$echo" -- python3 reach.py ::1 "$echo")"
check_equal 'an address elsewhere' 'killed: network 192.0.2.8:80' \
	"$(in_sandbox "allowNetwork=192.0.2.7:80" -- python3 reach.py 192.0.2.8 80 | tail -n 1)"
check_equal 'a name' 'no such name' \
	"$(in_sandbox "allowNetwork=127.0.0.1:$echo" -- python3 reach.py nowhere.example "$echo")"
check_equal 'there is still one device alone' lo \
	"$(in_sandbox "allowNetwork=192.0.2.7:80" -- sed -n 's/^ *\([a-z0-9]*\):.*/\1/p' /proc/net/dev)"
check_equal 'an empty value drops what came before' ECONNREFUSED \
	"$(in_sandbox "allowNetwork=127.0.0.1:$echo" allowNetwork= -- python3 reach.py 127.0.0.1 "$echo")"

note 'Services that are down, or that hang up.'
check_equal 'plainly run, one that is down refuses' ECONNREFUSED "$(python3 reach.py 127.0.0.1 "$down")"
check_equal 'inside, the client is reset' ECONNRESET \
	"$(in_sandbox "allowNetwork=127.0.0.1:$down" -- python3 reach.py 127.0.0.1 "$down")"
check_equal 'one that resets does so inside as well' ECONNRESET \
	"$(in_sandbox "allowNetwork=127.0.0.1:$reset" -- python3 reach.py 127.0.0.1 "$reset")"

note 'Each phase has a list of its own.'
for phase in run check evaluate; do
	check_equal "$phase has allowNetwork" reached \
		"$(in_sandbox "allowNetwork=127.0.0.1:$echo" -- python3 reach.py 127.0.0.1 "$echo")"
	check_equal '  and not that of setup and proposer' ECONNREFUSED \
		"$(in_sandbox 'setupNetwork=*' 'proposerNetwork=*' -- python3 reach.py 127.0.0.1 "$echo")"
done
phase=setup
check_equal 'setup does not have allowNetwork' ECONNREFUSED \
	"$(in_sandbox "allowNetwork=127.0.0.1:$echo" -- python3 reach.py 127.0.0.1 "$echo")"
check_equal 'setup has setupNetwork' reached \
	"$(in_sandbox "setupNetwork=127.0.0.1:$echo" -- python3 reach.py 127.0.0.1 "$echo")"
check_equal 'with * it has the host'"'"'s network' "$(sort <(cut -d: -f1 -s /proc/net/dev))" \
	"$(in_sandbox 'setupNetwork=*' -- cut -d: -f1 -s /proc/net/dev | sort)"
check_equal '  all of it' reached "$(in_sandbox 'setupNetwork=*' -- python3 reach.py ::1 "$echo6")"
check_equal '  and the host'"'"'s hosts' "$(cat /etc/hosts)" "$(in_sandbox 'setupNetwork=*' -- cat /etc/hosts)"
check_equal '  without any power over it' '' \
	"$(in_sandbox 'setupNetwork=*' -- python3 -c '
import fcntl, socket, struct
try:
    fcntl.ioctl(socket.socket(socket.AF_INET, socket.SOCK_DGRAM), 0x8914, # SIOCSIFFLAGS, as it is
                struct.pack("16sH14x", b"lo", 0x49))
    print("set")
except PermissionError:
    pass')"
phase=

note 'A campaign.'
configure <<-CONFIG
[setup]
	command = "echo 3 | python3 -c 'import socket; c = socket.create_connection((\"127.0.0.1\", $echo), 5); c.sendall(b\"1000\"); print(c.recv(9).decode())' >start"
[evaluate]
	command = "echo METRIC loss=\$((\$(cat start) + \$(python3 ask.py http://localhost:$model)))"
CONFIG
tool=$(proposer <<PROPOSER
#!/bin/sh
python3 ask.py http://127.0.0.1:$model >new && mv new value && echo 'what the model says'
PROPOSER
)
check_status 'without the settings it cannot be measured' 2 git autoresearch start closed --smoke
git config autoresearch.setupNetwork "127.0.0.1:$echo"
git config autoresearch.allowNetwork "localhost:$model"
check_status 'the proposer cannot reach the model that trials can' 2 \
	git autoresearch start --proposer-command="$tool" --max-experiments=1
git config autoresearch.proposerNetwork "127.0.0.1:$model"
check_status 'all three reach what they may' 3 \
	git autoresearch start --proposer-command="$tool" --max-experiments=2
check_equal 'setup, evaluator and proposer had their answers' 'accepted 1012 what the model says' \
	"$(newest '"\(.verdict) \(.metric) \(.subject)"')"
reader=$(proposer reader <<'PROPOSER'
#!/bin/sh
echo 1 >value
grep -m 1 -o 'localhost:[0-9]*'
PROPOSER
)
git autoresearch start --proposer-command="$reader" --max-experiments=1 >"$scratch/out" 2>&1
check_equal 'the prompt says what a trial may reach' "localhost:$model" "$(newest .subject)"
policy() {
	git show refs/autoresearch/main/ledger:record.json | jq -r .policy
}
check 'there is a policy on record' grep -qE '^(sha256:)?[0-9a-f]{64}' <(policy)
before=$(policy)
git config autoresearch.allowNetwork "127.0.0.1:$model"
git config --add autoresearch.allowNetwork "localhost:$model"
git autoresearch start --proposer-command="$tool" --max-experiments=1 >"$scratch/out" 2>&1
check_not 'the policy on record says what was open' test "$before" = "$(policy)"
check_status 'the books are in order' 0 git autoresearch verify

note 'Afterwards.'
sleep 0.2
check_equal 'the server has no connection left' 0 "$(cat "$folder/open")"
check_equal 'nor is a process or cgroup' '' "$(leftovers)"
# The service does not end it, the phase does.
git -c "autoresearch.allowNetwork=127.0.0.2:$count" autoresearch sandbox -- sh -c \
	"python3 -c 'import socket, time; c = socket.create_connection((\"127.0.0.2\", $count)); c.send(b\"x\"); print(1, flush=True); time.sleep(60)' & sleep 0.5" \
	>"$scratch/out" 2>&1
sleep 0.2
check_equal 'a connection that a phase left open is closed with it' '1 0' \
	"$(cat "$scratch/out" "$folder/open" | tr '\n' ' ')"

note 'What cannot be meant.'
check_status 'no port' 128 git -c autoresearch.allowNetwork=localhost autoresearch sandbox -- true
check 'names key and value' grep -q "^fatal: autoresearch.allowNetwork: 'localhost': " "$scratch/err"
check 'and says how' grep -q '^hint: a host and a port' "$scratch/err"
check_status 'all of the network for what is measured' 128 \
	git -c 'autoresearch.allowNetwork=*' autoresearch sandbox -- true
check 'is refused' grep -q "^fatal: autoresearch.allowNetwork: '\*': " "$scratch/err"
check_status 'a name that nobody knows' 128 \
	git -c autoresearch.allowNetwork=no-such-host.invalid:80 autoresearch sandbox -- true
check 'is named with its key' \
	grep -q "^fatal: autoresearch.allowNetwork: 'no-such-host.invalid:80': cannot resolve" "$scratch/err"
check 'and with a way to see' grep -q "^hint: .*getent ahosts no-such-host.invalid" "$scratch/err"
check_status 'of a setup that does not run, nothing is resolved' 0 \
	git -c autoresearch.setupNetwork=no-such-host.invalid:80 autoresearch sandbox -- true

# A host of our own: namespaces in which we say which names and addresses there are.
if [ "$(id -u)" -ne 0 ] || ! unshare -nm true 2>/dev/null; then
	skip 'names and addresses of a network' 'needs namespaces'
	done_testing
	exit
fi
note 'Names and addresses of a network.'
cat >"$scratch/machine.sh" <<'MACHINE'
cd "$1/repo" || exit 1
ip link set lo up
ip link add wire type dummy 2>/dev/null && ip link set wire up
on=$(ip link show wire >/dev/null 2>&1 && echo wire || echo lo)
ip addr add 192.0.2.7/24 dev "$on"
ip addr add 2001:db8::7/64 dev "$on" nodad
printf '%s\n' '127.0.0.1 localhost' '192.0.2.7 model.example' '2001:db8::7 model.example' \
	'192.0.2.99 half.example' '192.0.2.7 half.example' >"$1/hosts"
mount --bind "$1/hosts" /etc/hosts
rm -rf "$1/machine"
mkdir "$1/machine"
python3 - "$1/machine" <<'PYTHON' &
import socket, sys, threading
for family, host in (socket.AF_INET, "192.0.2.7"), (socket.AF_INET6, "2001:db8::7"):
    s = socket.create_server((host, 8000), family=family)
    def serve(s=s):
        while True:
            c = s.accept()[0]
            c.sendall(c.getpeername()[0].encode())
            c.close()
    threading.Thread(target=serve).start()
open(sys.argv[1] + "/ready", "w").close()
PYTHON
server=$!
while [ ! -e "$1/machine/ready" ]; do sleep 0.05; done
reach() {
	git -c "autoresearch.allowNetwork=$1" autoresearch sandbox -- python3 reach.py "$2" "${3:-8000}" 2>&1 |
		tail -n 1
}
echo "a name: $(reach model.example:8000 model.example)"
echo "in any case: $(reach Model.Example:8000 MODEL.example)"
echo "its address: $(reach model.example:8000 192.0.2.7)"
echo "its other address: $(reach model.example:8000 2001:db8::7)"
echo "another port of it: $(reach model.example:8000 model.example 8001)"
echo "an address: $(reach 192.0.2.7:8000 192.0.2.7)"
echo "an address of IPv6: $(reach '[2001:db8::7]:8000' 2001:db8::7)"
echo "a name of which one address is dead: $(reach half.example:8000 192.0.2.99)"
echo "the hosts inside: $(git -c autoresearch.allowNetwork=model.example:8000 autoresearch sandbox -- \
	sh -c 'grep -c . /etc/hosts; echo x >>/etc/hosts' 2>&1 | tr '\n' ' ' | cut -c1-50)"
# A resolv.conf as systemd has it: a link to a folder that no sandbox shows.
cp -a /etc "$1/etc"
mkdir -p "$1/run/resolve"
mount --bind "$1/etc" /etc
echo 'nameserver 192.0.2.53' >"$1/run/resolve/stub.conf"
ln -sf "$1/run/resolve/stub.conf" /etc/resolv.conf
echo "resolv.conf with nothing: $(git autoresearch sandbox --phase=setup -- cat /etc/resolv.conf 2>/dev/null)"
echo "resolv.conf with *: $(git -c 'autoresearch.setupNetwork=*' autoresearch sandbox --phase=setup -- cat /etc/resolv.conf 2>&1)"
kill "$server"
MACHINE
git config --unset-all autoresearch.setupNetwork
git config --unset-all autoresearch.allowNetwork
while IFS= read -r line; do
	expected='reached'
	case $line in
	'another port'*) expected='killed: network [2001:db8::7]:8001' ;;
	'the hosts inside'*) expected='4 sh: 1: cannot create /etc/hosts: Read-only file ' ;;
	'resolv.conf with nothing'*) expected='' ;;
	'resolv.conf with *'*) expected='nameserver 192.0.2.53' ;;
	esac
	check_equal "${line%%: *}" "$expected" "${line#*: }"
	lines=$((${lines:-0} + 1))
done < <(timeout 60 unshare -nm bash "$scratch/machine.sh" "$scratch" 2>&1)
check_equal 'all of them were tried' 11 "${lines:-0}"

kill "$server"
done_testing
