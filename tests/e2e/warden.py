"""
Speaks with the warden in the loop's stead, and not as it should.

    warden.py <warden> <base> <act>...

prints a line "<act>: <what came of it>" for each. <base> is a cgroup of v2 in which the caller may
make others. Sizes of what goes over the socket are in the environment: POLICY, the bytes of a
struct audit_policy, and COUNTS, where in it its three counts begin.
"""

import ctypes
import errno
import os
import resource
import select
import signal
import socket
import struct
import sys
import time

program, above = sys.argv[1:3]
POLICY, COUNTS = int(os.environ.get("POLICY", 0)), int(os.environ.get("COUNTS", 0))
libc = ctypes.CDLL(None, use_errno=True)
acts = {}
PATIENCE = 30  # s, an act


def act(f):
    acts[f.__name__.replace("_", "-")] = f
    return f


class Warden:
    """A warden of ours, its socket in `socket`. `before` runs in its process, before it is it."""

    def __init__(self, argv=("git-autoresearch-warden",), env={}, stdin=None, before=None,
                 kind=socket.SOCK_SEQPACKET):
        self.socket, other = socket.socketpair(socket.AF_UNIX, kind)
        self.socket.settimeout(10)
        self.pid = os.fork()
        if not self.pid:
            os.dup2(other.fileno() if stdin is None else stdin, 0)
            null = os.open("/dev/null", os.O_RDWR)
            os.dup2(null, 2)
            if before:
                before()
            try:
                os.execve(program, argv, env)
            finally:
                os._exit(99)
        other.close()
        self.status = None

    def send(self, kind, data=b"", fds=()):
        try:
            socket.send_fds(self.socket, [kind + data], list(fds))
        except OSError as e:
            if e.errno not in (errno.EPIPE, errno.ECONNRESET, errno.ECONNREFUSED):
                raise

    def receive(self):
        """The next answer: "ready", "added 3", "refused: …", or "gone"."""
        while True:
            try:
                answer = self.socket.recv(65536)
            except ConnectionError:
                return "gone"
            if not answer:
                return "gone"
            kind, data = answer[:1], answer[1:]
            if kind == b"X":
                return "refused: " + data.split(b"\n")[0].decode()
            if kind == b"a":
                return "added %d" % struct.unpack("I", data)
            if kind != b"D":
                return {b"R": "ready", b"l": "looked", b"e": "ended", b"g": "guarding"}[kind]

    def ask(self, kind, data=b"", fds=()):
        self.send(kind, data, fds)
        return self.receive()

    def open(self):
        return self.ask(b"O", b"", [folder(above)])

    def add(self, leaf, log=None, policy=None):
        return self.ask(b"A", bytes(POLICY) if policy is None else policy,
                        [leaf] if log == -1 else [leaf, memory() if log is None else log])

    def end(self, slot):
        return self.ask(b"E", struct.pack("I", slot))

    def guard(self, mark, working=60, idle=60):
        """Whether that file is to say why the loop was lost, after so many seconds of silence."""
        return self.ask(b"G", struct.pack("II", int(working * 1000), int(idle * 1000)), [mark])

    def is_gone(self, seconds=2):
        """Whether it ends by itself in that time."""
        for _ in range(int(seconds * 100)):
            if os.waitpid(self.pid, os.WNOHANG)[0]:
                return True
            time.sleep(0.01)
        return False

    def exit(self):
        """Its exit status, at most two seconds after it was hung up on."""
        self.socket.close()
        for _ in range(200):
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                return status
            time.sleep(0.01)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        return "it does not end"


def folder(path):
    return os.open(path, os.O_RDONLY | os.O_DIRECTORY)


def memory():
    return os.memfd_create("log")


made = []


def leaf(name, at=None):
    path = os.path.join(at or above, name)
    os.mkdir(path)
    made.append(path)
    return path


def clear():
    for path in reversed(made):
        for _ in range(200):
            try:
                os.rmdir(path)
                break
            except FileNotFoundError:
                break
            except OSError:
                time.sleep(0.01)
    made.clear()


def opened(**options):
    w = Warden(**options)
    w.said = w.open()
    return w


def called(**options):
    """How one ends that was called in this way, or that it serves."""
    w = Warden(**options)
    if options.get("kind") == socket.SOCK_DGRAM:  # of which there is no end
        w.send(b"O")
        os.waitid(os.P_PID, w.pid, os.WEXITED | os.WNOWAIT)
        said = "gone"
    else:
        said = w.open()
    status = w.exit()
    return said if said != "gone" else "exit %d" % os.waitstatus_to_exitcode(status)


# --- How it is called


@act
def plainly():
    return called()


@act
def with_an_argument():
    return called(argv=("git-autoresearch-warden", "--log=/etc/passwd"))


@act
def with_libbpf_variables():
    return called(env={"LIBBPF_LOG_LEVEL": "debug"})


@act
def with_a_library():
    """EVIL writes the effective capabilities of whatever loads it to $EVIL.out."""
    return called(env={"LD_PRELOAD": os.environ["EVIL"]})


@act
def over_a_file():
    return called(stdin=os.open("/dev/null", os.O_RDWR))


@act
def over_a_pipe():
    return called(stdin=os.pipe()[0])


@act
def over_a_stream():
    return called(kind=socket.SOCK_STREAM)


@act
def over_datagrams():
    return called(kind=socket.SOCK_DGRAM)


@act
def over_a_socket_of_another_user():
    return called(before=lambda: os.setuid(int(os.environ["USER_ID"])))


@act
def over_nothing():
    return called(before=lambda: os.close(0))


@act
def without_output():
    return called(before=lambda: os.closerange(1, 3))


@act
def in_no_new_privs():
    return called(before=lambda: libc.prctl(38, 1, 0, 0, 0))


@act
def in_a_user_namespace():
    return called(before=lambda: libc.unshare(0x10000000))


@act
def traced_from_the_start():
    w = Warden(before=lambda: libc.ptrace(0, 0, 0, 0))
    os.waitpid(w.pid, 0)
    libc.ptrace(17, w.pid, 0, 0)
    said = w.open()
    w.exit()
    return said


def limited(which, value):
    def before():
        resource.setrlimit(which, (value, value))
    return before


@act
def with_three_descriptors():
    return called(before=limited(resource.RLIMIT_NOFILE, 3))


@act
def with_little_memory():
    return called(before=limited(resource.RLIMIT_AS, 8 << 20))


@act
def with_no_locked_memory():
    return called(before=limited(resource.RLIMIT_MEMLOCK, 0))


# --- What it is told


@act
def anything_first():
    said = set()
    for kind in b"ALE?rX\0\xff":
        w = Warden()
        said.add("%s, %s" % (w.ask(bytes([kind])), w.receive()))
        w.exit()
    return "; ".join(sorted(said))


@act
def nothing_first():
    w = Warden()
    w.socket.send(b"")
    gone = w.is_gone()
    w.socket.close()
    return "gone" if gone else "it stays"


@act
def open_with_data():
    w = Warden()
    return "%s, %s" % (w.ask(b"O", b"x", [folder(above)]), w.receive())


@act
def open_twice():
    w = opened()
    return "%s, %s, %s" % (w.said, w.open(), w.ask(b"L"))


@act
def every_other_type():
    w = opened()
    said = {w.ask(bytes([kind])) for kind in range(256) if kind not in b"OALEGB"}
    return "%s; then %s" % ("; ".join(sorted(said)), w.ask(b"L"))


@act
def every_wrong_length():
    w = opened()
    at = folder(leaf("length"))
    lengths = [0, 1, 4, POLICY - 1, POLICY + 1, 12286, 12287, 12288, 30000]
    said = {w.add(at, policy=bytes(n)) for n in lengths}
    said |= {w.ask(b"E", bytes(n)) for n in (0, 1, 3, 5, 8, 12288)}
    said |= {w.ask(b"L", bytes(n)) for n in (1, 12288)}
    said |= {w.ask(b"G", bytes(n)) for n in (1, 7, 9, 12288)}
    return "%s; then %s" % ("; ".join(sorted(said)), w.add(at))


@act
def counts_beyond_their_arrays():
    w = opened()
    at = folder(leaf("counts"))
    said = set()
    for i in range(3):
        for n in (33, 64, 1 << 31, (1 << 32) - 1):
            policy = bytearray(POLICY)
            struct.pack_into("I", policy, COUNTS + 4 * i, n)
            said.add(w.add(at, policy=bytes(policy)))
    return "%s; then %s" % ("; ".join(sorted(said)), w.add(at))


@act
def a_policy_of_noise():
    w = opened()
    at = folder(leaf("noise"))
    policy = bytearray(os.urandom(POLICY))
    policy[COUNTS:COUNTS + 12] = bytes(12)
    said = w.add(at, policy=bytes(policy))
    return "%s, %s" % (said, w.end(0))


@act
def many_descriptors():
    w = opened()
    at = folder(leaf("many"))
    w.ask(b"L")
    before = len(os.listdir("/proc/%d/fd" % w.pid)) if os.getuid() == 0 else 0
    said = w.ask(b"A", bytes(POLICY), [at] * 200)
    for _ in range(50):
        w.ask(b"L", b"", [at, at])
    w.ask(b"L")
    after = len(os.listdir("/proc/%d/fd" % w.pid)) if os.getuid() == 0 else 0
    return "%s; kept: %d" % (said, after - before)


@act
def end_of_no_trial():
    w = opened()
    return "; ".join(sorted({w.end(n) for n in (0, 63, 64, (1 << 32) - 1)}))


@act
def end_twice():
    w = opened()
    w.add(folder(leaf("twice")))
    return "%s, %s" % (w.end(0), w.end(0))


@act
def more_trials_than_slots():
    w = opened()
    said = [w.add(folder(leaf("slot%d" % i))) for i in range(65)]
    return "%s…%s, %s; then %s, %s" % (said[0], said[63], said[64], w.end(7),
                                       w.add(folder(made[64])))


def candidate(leaf_path, times):
    """A process in the leaf, behind a filter that lets everything pass, without a network, that
    tries to connect. The others are not let off: it begins when its stdin ends."""
    begin, go = os.pipe()
    pid = os.fork()
    if pid:
        os.close(begin)
        return pid, go
    os.close(go)
    with open(leaf_path + "/cgroup.procs", "w") as procs:
        procs.write(str(os.getpid()))
    allow = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0x7FFF0000))
    filters = struct.pack("HxxxxxxP", 1, ctypes.addressof(allow))
    libc.prctl(38, 1, 0, 0, 0)  # no_new_privs
    libc.unshare(0x50000000)  # CLONE_NEWUSER, CLONE_NEWNET
    if libc.prctl(22, 2, filters):  # seccomp
        os._exit(1)
    os.read(begin, 1)
    for _ in range(times):
        with socket.socket() as s:
            s.connect_ex(("192.0.2.1", 80))
    os._exit(0)


def connects(log):
    """How many of each verdict (allowed, refused, denied) are on record."""
    data, at, verdicts = os.pread(log, 1 << 24, 0), 0, [0, 0, 0]
    while at < len(data):
        size, kind, what, verdict = struct.unpack_from("IBBB", data, at)
        if kind == 3 and what == 4:  # network, connect
            verdicts[verdict] += 1
        at += size
    return verdicts


@act
def trials_side_by_side():
    """Each is held to its own policy, and has a log of its own."""
    w = opened()
    one = bytearray(POLICY)
    struct.pack_into("I", one, COUNTS, 1)
    struct.pack_into("10xBB4sH", one, COUNTS + 12, 255, 255, bytes((192, 0, 2, 1)), 80)
    logs, policies = [memory() for _ in range(3)], [bytes(one), bytes(POLICY), bytes(one)]
    leaves = [leaf("side%d" % i) for i in range(3)]
    for at, log, policy in zip(leaves, logs, policies):
        w.add(folder(at), log, policy)
    running = [candidate(at, 300) for at in leaves]
    for _, go in running:
        os.close(go)
    for pid, _ in running:
        os.waitpid(pid, 0)
    for slot in range(3):
        w.end(slot)
    return ", ".join("%d/%d/%d" % tuple(connects(log)) for log in logs)


@act
def one_leaf_twice():
    w = opened()
    at = folder(leaf("one"))
    return "%s, %s" % (w.add(at), w.add(at))


@act
def questions_without_end():
    """Asks and never listens."""
    w = opened()
    size = lambda: int(open("/proc/%d/statm" % w.pid).read().split()[1])
    before, most = size(), 0
    w.socket.setblocking(False)
    end = time.time() + 3
    while time.time() < end:
        try:
            w.socket.send(b"L")
        except BlockingIOError:
            time.sleep(0.001)
        except OSError:
            break
        try:
            most = max(most, size() - before)
        except (OSError, IndexError):
            break
    gone = w.is_gone()
    w.socket.close()
    return "%s, %s" % ("it hangs up" if gone else "it stays", "grown" if most > 256 else "no larger")


# --- Cgroups


def opening(fd):
    w = Warden()
    said = "%s, %s" % (w.ask(b"O", b"", [fd] if fd is not None else []), w.receive())
    w.exit()
    return said


def adding(path):
    w = opened()
    return w.add(path if isinstance(path, int) else folder(path))


@act
def no_cgroup():
    return opening(None)


@act
def a_folder():
    return opening(folder("/tmp"))


@act
def a_pipe_for_a_cgroup():
    return opening(os.pipe()[0])


@act
def a_cgroup_of_v1():
    return opening(folder(os.environ["LEGACY"]))


@act
def the_root_cgroup():
    return opening(folder(os.environ["ROOT"]))


@act
def a_cgroup_of_another_user():
    return opening(folder(os.environ["FOREIGN"]))


@act
def a_leaf_of_another_user():
    return adding(os.environ["FOREIGN_LEAF"])


@act
def a_file_of_a_cgroup():
    return opening(os.open(above + "/cgroup.procs", os.O_RDONLY))


@act
def a_cgroup_that_is_gone():
    fd = folder(leaf("gone"))
    clear()
    return opening(fd)


@act
def the_base_for_a_leaf():
    return adding(above)


@act
def a_leaf_of_a_leaf():
    return adding(leaf("below", at=leaf("leaf")))


@act
def a_leaf_elsewhere():
    base = leaf("base")
    w = Warden()
    w.ask(b"O", b"", [folder(base)])
    return w.add(folder(leaf("elsewhere")))


@act
def a_leaf_that_is_gone():
    path = leaf("leaving")
    fd = folder(path)
    clear()
    return adding(fd)


@act
def a_leaf_that_goes():
    w = opened()
    said = w.add(folder(leaf("going")))
    clear()
    return "%s, %s" % (said, w.end(0))


# --- Logs


def log(fd):
    w = opened()
    return w.add(folder(leaf("log")), fd)


@act
def no_log():
    return log(-1)


@act
def a_log_that_is_a_device():
    return log(os.open("/dev/null", os.O_RDWR))


@act
def a_log_that_is_a_pipe():
    return log(os.pipe()[1])


@act
def a_log_that_is_a_socket():
    return log(socket.socketpair()[0].fileno())


@act
def a_log_that_is_a_folder():
    return log(folder("/tmp"))


@act
def a_log_to_read_from():
    return log(os.open("/etc/passwd", os.O_RDONLY))


@act
def a_log_by_path_alone():
    return log(os.open("/etc/passwd", os.O_PATH))


@act
def a_huge_log():
    fd = memory()
    os.ftruncate(fd, (1 << 63) - 1)
    return log(fd)


# --- Trials


def filtered():
    """From here on, what this process does counts: it is behind a filter."""
    program = struct.pack("HBBI", 6, 0, 0, 0x7fff0000)
    text = ctypes.create_string_buffer(program)
    fprog = struct.pack("HxxxxxxQ", 1, ctypes.addressof(text))
    libc.prctl(38, 1, 0, 0, 0)
    libc.prctl(22, 2, fprog, 0, 0)


def reach_out():
    """connect(2) of a datagram socket: the guard's answer is EPERM."""
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        s.connect(("192.0.2.1", 9))
    except OSError as e:
        return e.errno == errno.EPERM
    return False


def child(f):
    """A process that does f() and exits with what that gives; it does not do what we would go on with."""
    pid = os.fork()
    if not pid:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(PATIENCE)
        try:
            os._exit(f() or 0)
        finally:
            os._exit(99)
    return pid


def enter(path):
    with open(path + "/cgroup.procs", "w") as f:
        f.write("0")


def in_leaf(path, f):
    """What f() gives in a process of that cgroup, true or false."""
    pid = child(lambda: enter(path) or bool(f()))
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 1


@act
def who_is_guarded():
    """A program with a user or capabilities of its own is not: it cannot be behind such a filter."""
    w = opened()
    path = leaf("guarded")
    fd = memory()
    w.add(folder(path), fd)
    free = in_leaf(path, reach_out)
    held = in_leaf(path, lambda: filtered() or reach_out())
    w.end(0)
    return "behind a filter %s, without one %s, records: %s" % (
        "stopped" if held else "free", "stopped" if free else "free",
        "some" if os.fstat(fd).st_size else "none")


@act
def a_log_that_may_not_grow():
    w = opened(before=limited(resource.RLIMIT_FSIZE, 0))
    path = leaf("small")
    w.add(folder(path))
    in_leaf(path, lambda: filtered() or reach_out())
    return "%s; then %s" % (w.end(0), w.ask(b"L"))


def losing(how, guard=None):
    """Whether a trial outlives its loop, which nothing else would kill, and for how long; and what
    the warden has written down of it, where it was to."""
    path = leaf("lost")
    mark = memory()
    r, tell = os.pipe()

    def sleep():
        os.setsid()
        enter(path)
        os.execvp("sleep", ["sleep", "20"])

    def loop():
        w = opened()
        w.add(folder(path))
        if guard:
            guard(w, mark)
        child(lambda: w.socket.close() or os.close(tell) or sleep())
        while "populated 1" not in open(path + "/cgroup.events").read():
            time.sleep(0.01)
        os.write(tell, b"go")
        if how == "hang up":
            w.socket.close()
        while how == "beat" and time.time() < end:
            w.send(b"B")
            time.sleep(0.1)
        while True:
            signal.pause()

    end = time.time() + 2
    pid = child(loop)
    os.close(tell)
    os.read(r, 2)
    time.sleep(0.3)
    said = "killed"
    if how != "hang up":
        said = "killed" if "populated 1" in open(path + "/cgroup.events").read() else "killed too early"
    if isinstance(how, signal.Signals):
        os.kill(pid, how)
    began, end = time.time(), max(end, time.time()) + 5
    while "populated 1" in open(path + "/cgroup.events").read():
        if time.time() > end:
            said = "lives on"
            break
        time.sleep(0.01)
    if how == "beat" and time.time() - began < 1:
        said = "killed though it gave signs of life"
    if guard:
        for _ in range(200):
            if os.fstat(mark).st_size:
                break
            time.sleep(0.01)
        said += ": " + (os.pread(mark, 1000, 0).decode().rstrip("\n") or "no mark")
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    with open(path + "/cgroup.kill", "w") as f:
        f.write("1")
    return said


@act
def the_loop_is_killed():
    return losing(signal.SIGKILL, Warden.guard)


@act
def the_loop_is_stopped():
    return losing(signal.SIGSTOP, Warden.guard)


@act
def the_loop_is_silent():
    return losing("silence", lambda w, mark: w.guard(mark, working=1))


@act
def the_loop_falls_silent():
    return losing("beat", lambda w, mark: w.guard(mark, working=1))


@act
def the_loop_hangs_up():
    return losing("hang up", Warden.guard)


@act
def the_loop_hangs_up_in_peace():
    return losing("hang up", lambda w, mark: w.guard(mark) and w.ask(b"G"))


@act
def a_loop_without_a_mark():
    return losing(signal.SIGKILL)


@act
def silence_without_trials():
    w, mark = opened(), memory()
    w.guard(mark, working=0, idle=60)
    patient = not w.is_gone(1)
    w.guard(mark, working=60, idle=0.2)
    return "%s, %s: %s" % ("patient" if patient else "gone", "gone" if w.is_gone() else "there",
                           os.pread(mark, 1000, 0).decode().rstrip("\n"))


@act
def marks_that_are_none():
    w = opened()
    r, pipe = os.pipe()
    full = memory()
    os.write(full, b"mine")
    said = [w.guard(fd) for fd in (pipe, full, folder("/tmp"), os.open("/dev/null", os.O_WRONLY),
                                   os.open("/etc/passwd", os.O_RDONLY))]
    said.append(w.ask(b"G", b"xxxxxxxx"))
    return "%s; then %s" % (", ".join(sorted(set(said))), w.ask(b"L"))


# --- Looking in


def look_in(pid):
    """What somebody gets who wants to be that process."""
    got = []

    def attempt(name, f):
        try:
            f()
            got.append(name)
        except OSError:
            pass

    def call(number, *args):
        if libc.syscall(number, *(ctypes.c_long(a) if isinstance(a, int) else a for a in args)) < 0:
            raise OSError(ctypes.get_errno(), "")

    def trace():
        call(101, 0x4206, pid, 0, 0)
        libc.ptrace(17, pid, 0, 0)

    def peek():
        text = ctypes.create_string_buffer(8)
        with open("/proc/%d/maps" % pid) as f:
            at = int(f.readline().split("-")[0], 16)
        vec = struct.pack("QQ", ctypes.addressof(text), 8)
        call(310, pid, vec, 1, struct.pack("QQ", at, 8), 1, 0)

    def take():
        call(438, os.pidfd_open(pid), 0, 0)

    for name in "environ", "maps", "mem":
        attempt(name, lambda: open("/proc/%d/%s" % (pid, name), "rb").close())
    attempt("fd", lambda: os.listdir("/proc/%d/fd" % pid))
    attempt("ptrace", trace)
    attempt("process_vm_readv", peek)
    attempt("pidfd_getfd", take)
    return " ".join(got) or "nothing"


@act
def looking_into_a_program():
    pid = child(lambda: os.execvp("sleep", ["sleep", "20"]))
    while b"sleep" not in open("/proc/%d/comm" % pid, "rb").read():
        time.sleep(0.01)
    got = look_in(pid)
    os.kill(pid, signal.SIGKILL)
    return got


@act
def looking_in_before_it_loads():
    w = Warden()
    time.sleep(0.1)
    return look_in(w.pid)


@act
def looking_in():
    w = opened()
    return look_in(w.pid)


@act
def a_core_dump():
    resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY,) * 2)
    w = opened()
    os.kill(w.pid, signal.SIGQUIT)
    return "dumped" if os.WCOREDUMP(os.waitpid(w.pid, 0)[1]) else "none"


@act
def what_it_keeps():
    w = opened()
    status = dict(line.split(":\t", 1) for line in open("/proc/%d/status" % w.pid).read().splitlines()
                  if ":\t" in line)
    held = [c for c in ("CapInh", "CapPrm", "CapEff", "CapAmb") if int(status[c], 16)]
    return "%s; no_new_privs %s" % (" ".join(held) or "no capability", status["NoNewPrivs"])


def lose_patience(*_):
    raise TimeoutError("took too long")


signal.signal(signal.SIGALRM, lose_patience)
for name in sys.argv[3:]:
    signal.alarm(PATIENCE)
    try:
        result = acts[name]()
    except Exception as e:  # a line is owed in any case
        result = "%s: %s" % (type(e).__name__, e)
    print("%s: %s" % (name, result), flush=True)
    clear()
