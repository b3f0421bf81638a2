#!/bin/bash
# Nothing leaves a trial. Listeners of our own wait on the host: TCP and UDP on IPv4 and IPv6, UNIX
# sockets with a path and with an abstract name. The same client reaches every one of them when
# it runs plainly, and none of them inside, where only the trial's own loopback answers.
# shellcheck disable=SC2154 # variables of lib.sh
. "$(dirname "$0")/lib.sh"

new_repo

# Writes its ports to a file, then what every listener received to <folder>/<name>.
cat >"$scratch/listen.py" <<'PYTHON'
import os, selectors, socket, sys
folder = sys.argv[1]
kinds = {
    "tcp4": (socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
    "tcp-any": (socket.AF_INET, socket.SOCK_STREAM, ("0.0.0.0", 0)),
    "udp4": (socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0)),
    "tcp6": (socket.AF_INET6, socket.SOCK_STREAM, ("::1", 0)),
    "udp6": (socket.AF_INET6, socket.SOCK_DGRAM, ("::1", 0)),
    "unix": (socket.AF_UNIX, socket.SOCK_STREAM, folder + "/unix.socket"),
    "unix-datagram": (socket.AF_UNIX, socket.SOCK_DGRAM, folder + "/datagram.socket"),
    "abstract": (socket.AF_UNIX, socket.SOCK_STREAM, "\0" + folder),
    "abstract-datagram": (socket.AF_UNIX, socket.SOCK_DGRAM, "\0d" + folder),
}
selector = selectors.DefaultSelector()
def note(name, data):
    with open(folder + "/got-" + name, "ab") as f:
        f.write(data)
for name, (family, kind, address) in kinds.items():
    s = socket.socket(family, kind)
    s.bind(address)
    if kind == socket.SOCK_STREAM:
        s.listen(8)
    selector.register(s, selectors.EVENT_READ, name)
    if family != socket.AF_UNIX:
        with open(folder + "/ports", "a") as f:
            f.write("%s %d\n" % (name, s.getsockname()[1]))
open(folder + "/ready", "w").close()
while True:
    for key, _ in selector.select():
        if key.fileobj.type == socket.SOCK_DGRAM:
            note(key.data, key.fileobj.recv(100))
        elif key.fileobj.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            connection, _ = key.fileobj.accept()
            note(key.data, b"a connection\n")
            selector.register(connection, selectors.EVENT_READ, key.data)
        else:
            data = key.fileobj.recv(100)
            note(key.data, data)
            if not data:
                selector.unregister(key.fileobj)
PYTHON

# Tries every way to every listener: a line each, "<way> sent" or "<way> refused".
cat >reach.py <<'PYTHON'
import socket, sys
folder, ports = sys.argv[1], dict(zip(sys.argv[2::2], map(int, sys.argv[3::2])))
DATA = b"secret\n"
def stream(family, address):
    s = socket.socket(family, socket.SOCK_STREAM)
    s.settimeout(1)
    s.connect(address)
    s.sendall(DATA)
def fast_open(port):
    s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    s.sendto(DATA, 0x20000000, ("127.0.0.1", port))
def datagram(family, address, connect):
    s = socket.socket(family, socket.SOCK_DGRAM)
    if connect:
        s.connect(address)
        s.send(DATA)
        s.send(DATA) # an ICMP error of the first would show here
    elif hasattr(s, "sendmsg"):
        s.sendmsg([DATA], [], 0, address)
        s.sendto(DATA, address)
ways = {
    "tcp4": lambda: stream(socket.AF_INET, ("127.0.0.1", ports["tcp4"])),
    "tcp4-fast-open": lambda: fast_open(ports["tcp4"]),
    "tcp-other-address": lambda: stream(socket.AF_INET, ("127.0.0.2", ports["tcp-any"])),
    "tcp-mapped": lambda: stream(socket.AF_INET6, ("::ffff:127.0.0.1", ports["tcp4"])),
    "udp4": lambda: datagram(socket.AF_INET, ("127.0.0.1", ports["udp4"]), False),
    "udp4-connected": lambda: datagram(socket.AF_INET, ("127.0.0.1", ports["udp4"]), True),
    "udp-mapped": lambda: datagram(socket.AF_INET6, ("::ffff:127.0.0.1", ports["udp4"]), False),
    "tcp6": lambda: stream(socket.AF_INET6, ("::1", ports["tcp6"])),
    "udp6": lambda: datagram(socket.AF_INET6, ("::1", ports["udp6"]), False),
    "unix": lambda: stream(socket.AF_UNIX, folder + "/unix.socket"),
    "unix-datagram": lambda: datagram(socket.AF_UNIX, folder + "/datagram.socket", False),
    "abstract": lambda: stream(socket.AF_UNIX, "\0" + folder),
    "abstract-datagram": lambda: datagram(socket.AF_UNIX, "\0d" + folder, False),
}
for name, way in ways.items():
    try:
        way()
        print(name, "sent")
    except OSError as e:
        print(name, "refused", e.errno)
PYTHON

# Makes a socket, or a pair, of every family that is not on the list of three.
cat >families.py <<'PYTHON'
import errno, socket
for make in socket.socket, socket.socketpair:
    for family in range(0, 48):
        if family in (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6):
            continue
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_SEQPACKET):
            try:
                make(family, kind)
                print(make.__name__, family, kind, "made")
            except OSError as e:
                # the kernel itself says EAFNOSUPPORT of a family that it does not have
                if e.errno != errno.EAFNOSUPPORT:
                    print(make.__name__, family, kind, errno.errorcode[e.errno])
for family in (socket.AF_INET, socket.AF_INET6):
    for protocol in (1, 58, 255):
        try:
            socket.socket(family, socket.SOCK_RAW, protocol)
            print("raw", family, protocol, "made")
        except OSError:
            pass
PYTHON
git add .
git commit -qm 'ways out'

folder=$scratch/host
mkdir "$folder"
python3 "$scratch/listen.py" "$folder" &
listener=$!
for _ in $(seq 600); do
	[ -e "$folder/ready" ] && break
	sleep 0.05
done
read -ra ports < <(tr '\n' ' ' <"$folder/ports")

check_equal 'plainly run, every way leads to the host' '' \
	"$(python3 reach.py "$folder" "${ports[@]}" | grep -v ' sent$')"
for _ in $(seq 600); do
	[ "$(grep -l secret "$folder"/got-* 2>/dev/null | wc -l)" -lt 9 ] || break
	sleep 0.05
done
for name in tcp4 tcp-any udp4 tcp6 udp6 unix unix-datagram abstract abstract-datagram; do
	check "the listener on $name received it" grep -q secret "$folder/got-$name"
done
rm -f "$folder"/got-*

git autoresearch sandbox -- python3 reach.py "$folder" "${ports[@]}" >"$scratch/inside" 2>&1
check_equal 'inside, all of them were tried' 13 "$(wc -l <"$scratch/inside")"
check_equal 'no stream is connected, and no socket of the host is seen' '' \
	"$(grep ' sent$' "$scratch/inside" | grep -v '^udp')"
git config -f .autoresearch/config run.command \
	"echo METRIC loss=\$(cat value); python3 reach.py $folder ${ports[*]}"
git commit -qam 'a candidate that tells'
check_status 'nor for a candidate in a campaign' 0 git autoresearch start --smoke
for phase in check evaluate setup; do
	git autoresearch sandbox --phase=$phase -- python3 reach.py "$folder" "${ports[@]}" \
		>"$scratch/out" 2>&1
done
tool=$(proposer <<-PROPOSER
#!/bin/sh
python3 reach.py $folder ${ports[*]}
echo 1 >value
PROPOSER
)
git autoresearch start --proposer=command --proposer-command="$tool" --max-experiments=1 \
	>"$scratch/out" 2>&1
check_equal 'the proposer said what it got' 'tcp4 refused 111' "$(newest .subject)"
check_equal 'as did the candidates' 1 "$(git autoresearch show 1 | grep -c 'tcp4 refused 111')"
sleep 0.3
check_equal 'the listeners received 0 bytes' '' "$(cat "$folder"/got-* 2>/dev/null)"

# A name that does not resolve gets its error at once; a route does not exist.
check_equal 'there is one device, its own loopback' lo \
	"$(git autoresearch sandbox -- sed -n 's/^ *\([a-z0-9]*\):.*/\1/p' /proc/net/dev)"
check_status 'an address elsewhere ends it, and is named' 137 git autoresearch sandbox -- python3 -c '
import socket
socket.create_connection(("192.0.2.1", 80), 5)'
check '  as what it was killed for' grep -qx 'killed: network 192.0.2.1:80' "$scratch/err"
# The program alone, without its warden.
mkdir "$scratch/alone"
cp "$(command -v git-autoresearch)" "$scratch/alone"
check_status 'without an audit it is unreachable at once' 0 \
	env PATH="$scratch/alone:$PATH" git -c autoresearch.audit=warn autoresearch sandbox -- python3 -c '
import errno, socket
try:
    socket.create_connection(("192.0.2.1", 80), 5)
except OSError as e:
    assert e.errno == errno.ENETUNREACH, e'

# Its own loopback is at its disposal.
check_status 'loopback inside works: TCP and UDP, IPv4 and IPv6' 0 \
	git autoresearch sandbox -- python3 -c '
import socket
for family, host in (socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"):
    server = socket.create_server((host, 0), family=family)
    client = socket.create_connection(server.getsockname()[:2])
    client.sendall(b"x")
    assert server.accept()[0].recv(1) == b"x"
    a = socket.socket(family, socket.SOCK_DGRAM)
    a.bind((host, 0))
    b = socket.socket(family, socket.SOCK_DGRAM)
    b.sendto(b"y", a.getsockname())
    assert a.recv(1) == b"y"'

# --- Other families

if [ "$(id -u)" -eq 0 ]; then
	check 'plainly run, root makes packet and raw sockets' \
		sh -c 'python3 families.py | grep -q "^socket 17 3 made" && python3 families.py | grep -q ^raw'
fi
check 'plainly run, anybody makes netlink sockets' \
	sh -c 'python3 families.py | grep -q "^socket 16 3 made"'
check_equal 'inside, no other family is known, by socket or socketpair' '' \
	"$(git autoresearch sandbox -- python3 families.py)"

kill "$listener"
done_testing
