#!/bin/bash
# Not sanitized: it is what tools do in the sandbox.
# What honest programs do makes no violation: compilers, interpreters, tools and git, each as a
# candidate that must get to its end. What of it is refused quietly is counted, and said here.
# shellcheck disable=SC2154 # variables of lib.sh
. "$(dirname "$0")/lib.sh"

new_repo
git config -f .autoresearch/config run.command '. ./value'
git config -f .autoresearch/config run.timeout 60s
git config -f .autoresearch/config limits.memory 2G
git config -f .autoresearch/config limits.pids 256
git config -f .autoresearch/config limits.disk 128M
echo 'echo METRIC loss=100' >value
mkdir -p old/folder
echo x | tee old/a old/b old/folder/c >/dev/null
git add -A
git commit -qm 'a candidate of shell'
need_audit 'honest programs'
git autoresearch start --proposer=command --proposer-command=/bin/false --max-experiments=1 \
	>"$scratch/out" 2>&1

there() { # there <program>: in a trial
	git autoresearch sandbox -- sh -c "command -v $1" >/dev/null 2>&1
}
# honest <program>: the candidate's script is on stdin. Its metric is one that is no improvement, so
# that the next is measured against the same; where it fails on its way there is none.
honest() {
	local audit
	{ echo 'set -e'; cat; echo 'echo METRIC loss=200'; } >value
	if ! there "${2:-$1}"; then
		skip "$1" 'it is not installed'
		git checkout -q value
		return
	fi
	git autoresearch try -m "$1" >"$scratch/out" 2>&1
	git checkout -q value
	audit=$(git autoresearch audit "$(newest .experiment)")
	check_equal "$1 is no violation" 'rejected no-improvement' "$(newest '"\(.verdict) \(.reason)"')"
	[ "$(newest .verdict)" = rejected ] || git show refs/autoresearch/main/ledger:run.log | tail -n 5 | sed 's/^/# /'
	check_equal '  and nothing of it is denied' '' "$(jq -c 'select(.verdict == "denied")' <<<"$audit")"
	note "refused: $(jq -r 'select(.verdict == "refused") | .object |
		if .name then .name elif .port then "\(.address):\(.port)"
		elif .family then "socket \(.family) \(.type // "")" else "\(.)" end' <<<"$audit" |
		sort | uniq -c | awk '{ n = $1; sub(/^ *[0-9]+ /, ""); printf "%s%s x%s", sep, $0, n; sep = ", " }
			END { if (!NR) printf "nothing" }')"
}

honest 'a shell' sh <<'RUN'
x=$(seq 1000 | sort -rn | head -n 1 | tee /tmp/y)
test "$x" = 1000
(sleep 0.05; echo late >/tmp/late) & wait $!
cat <<-TEXT | grep -q late
$(cat /tmp/late)
TEXT
trap 'echo trapped' USR1; kill -USR1 $$
find / -xdev -maxdepth 2 >/dev/null 2>&1 || true
mkfifo /tmp/fifo; echo x >/tmp/fifo & read -r x </tmp/fifo
ulimit -a >/dev/null; id; hostname; uname -a; date; df / || true; umask
RUN
honest 'files of the tree that are removed and renamed' rm <<'RUN'
rm old/a; mv old/b old/d; rm -r old/folder; mkdir old/folder; echo y >old/folder/c
test "$(ls old)" = "d
folder"
mv old/folder old/f2 || cp -r old/folder old/f2
ln -s d old/link; ln old/d old/hard; chmod 600 old/d; touch -d @0 old/d; truncate -s 5 old/d
tar cf /tmp/old.tar old; mkdir /tmp/x; tar xf /tmp/old.tar -C /tmp/x --no-same-owner; rm -rf old
RUN
honest 'tools that ask about the machine' ps <<'RUN'
ps aux >/dev/null; nproc; uptime || true; free || true; top -bn1 >/dev/null || true
lscpu >/dev/null || true; df >/dev/null || true; w >/dev/null 2>&1 || true; last >/dev/null 2>&1 || true
mount >/dev/null || true; ip addr >/dev/null 2>&1 || true; ss -a >/dev/null 2>&1 || true
getent hosts localhost; getent passwd 0; getent hosts no.such.invalid || true
locale >/dev/null 2>&1 || true; tty || true; nice true; timeout 5 true; taskset -c 0 true || true
chrt -b 0 true || true; ionice true || true; setpriv --dump >/dev/null 2>&1 || true
logger hello >/dev/null 2>&1 || true; su -c true </dev/null >/dev/null 2>&1 || true
sudo -n true >/dev/null 2>&1 || true; passwd --status >/dev/null 2>&1 || true
RUN
honest 'gcc: compile and link' gcc <<'RUN'
printf '#include <stdio.h>\n#include <pthread.h>\nstatic void *f(void *a) { return a; }\nint main(void) { pthread_t t; pthread_create(&t, 0, f, 0); pthread_join(t, 0); return puts("hi") < 0; }\n' >/tmp/a.c
gcc -pipe -O2 -g -flto -o /tmp/a /tmp/a.c -pthread
test "$(/tmp/a)" = hi
gcc -fsanitize=address,undefined -o /tmp/b /tmp/a.c -pthread && ASAN_OPTIONS=detect_leaks=0 /tmp/b
RUN
honest 'clang' <<'RUN'
printf 'int main(void) { return 0; }\n' >/tmp/a.c
clang -O2 -o /tmp/a /tmp/a.c && /tmp/a
RUN
honest 'make' <<'RUN'
printf 'all: a b\n%%: %%.c\n\t$(CC) -o $@ $<\n' >/tmp/Makefile
echo 'int main(void) { return 0; }' | tee /tmp/a.c >/tmp/b.c
make -j4 -C /tmp
/tmp/a && /tmp/b
RUN
honest 'cmake' <<'RUN'
mkdir /tmp/c; cd /tmp/c
printf 'cmake_minimum_required(VERSION 3.5)\nproject(x C)\nadd_executable(x x.c)\n' >CMakeLists.txt
echo 'int main(void) { return 0; }' >x.c
cmake . >/dev/null && cmake --build . >/dev/null && ./x
RUN
honest 'python3' <<'RUN'
cat >/tmp/t.py <<'PYTHON'
import asyncio, ctypes, hashlib, multiprocessing, os, random, signal, socket, ssl, sqlite3
import subprocess, tempfile, threading, time, urllib.request, uuid
def square(x):
    return x * x
async def echo():
    async def serve(r, w):
        w.write(await r.readline()); await w.drain(); w.close()
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    r, w = await asyncio.open_connection(*server.sockets[0].getsockname())
    w.write(b"hello\n")
    assert await r.readline() == b"hello\n"
    p = await asyncio.create_subprocess_exec("true")
    assert await p.wait() == 0
    w.close(); server.close()
if __name__ == "__main__":
    assert subprocess.run(["sh", "-c", "echo x"], capture_output=True, text=True).stdout == "x\n"
    for method in "fork", "spawn", "forkserver":
        with multiprocessing.get_context(method).Pool(2) as pool:
            assert pool.map(square, range(10))[9] == 81
    with multiprocessing.Manager() as manager:
        manager.dict()["a"] = 1
    from multiprocessing import shared_memory
    s = shared_memory.SharedMemory(create=True, size=100); s.close(); s.unlink()
    assert socket.getaddrinfo("localhost", 80)
    for name in "no.such.invalid", "example.org":
        try:
            socket.getaddrinfo(name, 80)
            raise SystemExit("resolved")
        except socket.gaierror:
            pass
    try:
        urllib.request.urlopen("http://no.such.invalid/", timeout=2)
    except OSError:
        pass
    for family in socket.AF_NETLINK, socket.AF_PACKET, socket.AF_VSOCK, socket.AF_ALG:
        try:
            socket.socket(family, socket.SOCK_RAW)
        except OSError:
            pass
    socket.gethostname(), socket.getfqdn(), uuid.uuid1(), os.cpu_count(), os.getlogin if 0 else 0
    ssl.create_default_context(); hashlib.sha256(b"x"); os.urandom(8); os.getrandom(8)
    t = threading.Thread(target=time.sleep, args=(0.01,)); t.start(); t.join()
    with tempfile.TemporaryDirectory() as d:
        db = sqlite3.connect(d + "/x"); db.execute("pragma journal_mode=wal"); db.execute("create table t(a)"); db.close()
    os.sched_setaffinity(0, os.sched_getaffinity(0)); os.nice(1); signal.setitimer(signal.ITIMER_REAL, 0)
    ctypes.CDLL(None).getpid(); os.memfd_create("x"); os.eventfd(0); os.pidfd_open(os.getpid())
    asyncio.run(echo())
PYTHON
/usr/bin/python3 /tmp/t.py
RUN
honest 'numpy' python3 <<'RUN'
/usr/bin/python3 -c 'import numpy; a = numpy.ones((300, 300)); assert (a @ a)[0, 0] == 300' || ! /usr/bin/python3 -c 'import numpy' 2>/dev/null
RUN
honest 'node' <<'RUN'
cat >/tmp/t.js <<'NODE'
const { execSync, fork } = require("child_process"), { Worker } = require("worker_threads");
const http = require("http"), dns = require("dns"), fs = require("fs"), os = require("os");
if (execSync("echo x").toString() !== "x\n") process.exit(1);
os.cpus(); os.networkInterfaces && (() => { try { os.networkInterfaces(); } catch (e) {} })();
fs.writeFileSync("/tmp/x", "x"); fs.watch("/tmp", () => {}).close();
new Worker("1 + 1", { eval: true });
const server = http.createServer((q, r) => r.end("ok")).listen(0, "127.0.0.1", () =>
	http.get({ port: server.address().port, host: "127.0.0.1" }, r => r.on("data", () => {}).on("end", () => {
		server.close();
		dns.lookup("no.such.invalid", e => dns.resolve4("no.such.invalid", e2 => {
			console.log("done", e && e.code, e2 && e2.code); process.exit(e && e2 ? 0 : 1); }));
	})));
NODE
timeout 20 node /tmp/t.js
RUN
honest 'ruby' <<'RUN'
ruby -e 'require "socket"; s = TCPServer.new("127.0.0.1", 0); Thread.new { TCPSocket.new("127.0.0.1", s.addr[1]).puts "x" }
exit 1 unless s.accept.gets == "x\n"; exit 1 unless `echo x` == "x\n"
fork { exit 0 }; Process.wait; begin; TCPSocket.new("no.such.invalid", 80); rescue SocketError; end'
RUN
honest 'perl' <<'RUN'
perl -MSocket -MPOSIX -e 'socketpair(my $a, my $b, AF_UNIX, SOCK_STREAM, 0) or die; my $p = fork; die unless defined $p;
if (!$p) { syswrite $b, "x"; POSIX::_exit(0) } sysread $a, my $x, 1; waitpid $p, 0; die if $x ne "x" or `echo y` ne "y\n";
gethostbyname "no.such.invalid"; socket(my $s, AF_INET, SOCK_DGRAM, 0) or die;'
RUN
honest 'sqlite3' <<'RUN'
for mode in delete wal; do
	sqlite3 /tmp/$mode.db "pragma journal_mode=$mode; create table t(a); insert into t values (1); select * from t;" >/dev/null
	sqlite3 $mode.db "pragma journal_mode=$mode; create table t(a); insert into t values (1); select * from t;" >/dev/null
done
RUN
honest 'git' <<'RUN'
export GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=A GIT_COMMITTER_EMAIL=a@b
git init -q /tmp/r; cd /tmp/r; echo x >x; git add x; git commit -qm x; git clone -q . ../r2
echo y >x; git commit -qam y; git gc -q; git stash list; git log --oneline | wc -l | grep -qx 2
git ls-remote https://no.such.invalid/x.git >/dev/null 2>&1 || true
RUN
honest 'curl' <<'RUN'
curl -s -m 3 http://no.such.invalid/ || test $? = 6
curl -s -m 3 http://127.0.0.1:1/ || test $? = 7
RUN
honest 'java' <<'RUN'
cat >/tmp/T.java <<'JAVA'
public class T { public static void main(String[] a) throws Exception {
	try { java.net.InetAddress.getByName("no.such.invalid"); } catch (java.net.UnknownHostException e) { }
	try (var s = new java.net.ServerSocket(0)) { new java.net.Socket("127.0.0.1", s.getLocalPort()).close(); }
	new ProcessBuilder("true").start().waitFor(); Thread t = new Thread(() -> {}); t.start(); t.join(); } }
JAVA
java -Xmx256m /tmp/T.java
RUN
honest 'ssh-keygen' <<'RUN'
ssh-keygen -q -t ed25519 -N '' -f /tmp/key </dev/null
ssh -o BatchMode=yes -o ConnectTimeout=1 no.such.invalid true 2>/dev/null || true
RUN
check_status 'the records stand' 0 git autoresearch verify
done_testing
