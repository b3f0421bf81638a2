#!/bin/bash
# Not sanitized: it speaks with the warden alone, whose memory is locked.
# The warden as a target. It holds privilege, and whoever is of its group can start it and tell it
# what they like (warden.py does): by root, and by an ordinary user who has it by the file's
# capabilities alone. It serves its caller's own cgroups, answers nonsense with a refusal, never
# waits for anybody, lets nobody look in, and has given up its capabilities by the time it serves.
# When its loop is gone, or stands still, its trials are dead within two seconds.
# shellcheck disable=SC2154 # variables of lib.sh and lib-user.sh
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-user.sh"

# shellcheck disable=SC2034 # of lib-user.sh
privileges=
for source in "${AUTORESEARCH_BIN:-$top}" "${AUTORESEARCH_BIN:-$top}/build" "$top/build"; do
	[ ! -x "$source/git-autoresearch-warden" ] || break
done
new_repo
need_audit 'the warden as a target'
if ! command -v setcap >/dev/null || ! delegate; then
	skip 'the warden as a target' 'no capabilities of files, or no cgroup to give away'
	done_testing
	exit
fi
cp "$source/git-autoresearch-warden" "$here/warden.py" "$place/bin"
# Without capabilities, for root; an ordinary user may not reach the folder of the original.
cp "$source/git-autoresearch-warden" "$place/plain"
chmod 755 "$place/bin/warden.py"
setcap cap_bpf,cap_perfmon,cap_net_admin+ep "$place/bin/git-autoresearch-warden"

# Sizes as the compiler has them.
printf '#include <stddef.h>\n#include <stdio.h>\n#include "ebpf/audit.h"\nint main(void) {
	printf("POLICY=%%zu COUNTS=%%zu\\n", sizeof(struct audit_policy),
	offsetof(struct audit_policy, addresses_nr)); }\n' >"$scratch/sizes.c"
# A library that tells of itself wherever it is loaded.
printf '#include <fcntl.h>\n#include <unistd.h>\n__attribute__((constructor)) static void load(void) {
	close(open("%s", O_WRONLY | O_CREAT, 0666)); }\n' "$place/loaded" >"$scratch/evil.c"
if ! gcc -I"$top" -o "$scratch/sizes" "$scratch/sizes.c" ||
	! gcc -shared -fPIC -o "$place/evil.so" "$scratch/evil.c"; then
	skip 'the warden as a target' 'no compiler'
	done_testing
	exit
fi
sizes=$("$scratch/sizes")
chown -R "$user:$group" "$place"
setcap cap_bpf,cap_perfmon,cap_net_admin+ep "$place/bin/git-autoresearch-warden"

# Cgroups: one that the caller owns; one of somebody else's; one of root's, below the user's.
unified=$(own_cgroup '')
roots=$unified/roots-$$ given=${folders[0]}
foreign=$unified/foreign-$$
mkdir "$roots" "$foreign" "$foreign/leaf" "$given/roots"
chown -R 4242:4242 "$foreign"
trap 'rmdir "$roots" "$foreign/leaf" "$foreign" "$given/roots" 2>/dev/null; clean_up' EXIT
mount=${unified%"$(sed -n 's/^0:://p' /proc/self/cgroup)"}
legacy=$(own_cgroup memory)
[ "$legacy" != "$unified" ] && [ -n "$legacy" ] || legacy=/sys/kernel
settings=("USER_ID=$(id -u "$user")" "EVIL=$place/evil.so" "LEGACY=$legacy" "ROOT=${mount:-$unified}"
	"FOREIGN=$foreign")

# by_root <act>…, by_user <act>…: a line for each in $scratch/said
by_root() {
	# shellcheck disable=SC2086
	env "${settings[@]}" $sizes FOREIGN_LEAF="$foreign/leaf" python3 "$here/warden.py" \
		"$place/plain" "$roots" "$@" >"$scratch/said" 2>&1
}
by_user() {
	# shellcheck disable=SC2086
	as_user env "${settings[@]}" $sizes FOREIGN_LEAF="$given/roots" python3 "$place/bin/warden.py" \
		"$place/bin/git-autoresearch-warden" "$given" "$@" >"$scratch/said" 2>&1
}
# expect <root|user>: a table of acts on stdin, "act: what comes of it".
expect() {
	local act wanted
	cat >"$scratch/table"
	# shellcheck disable=SC2046
	"by_$1" $(cut -d: -f1 "$scratch/table")
	while IFS= read -r wanted; do
		act=${wanted%%: *}
		check_equal "$1: $wanted" "$wanted" "$(grep "^$act: " "$scratch/said")"
	done <"$scratch/table"
}

# What holds for everybody. The loop's way first, then what is not.
cat >"$scratch/everybody" <<'TABLE'
plainly: ready
with-an-argument: exit 129
with-libbpf-variables: exit 129
over-a-file: exit 129
over-a-pipe: exit 129
over-a-stream: exit 129
over-datagrams: exit 129
over-nothing: exit 129
without-output: ready
with-no-locked-memory: ready
anything-first: refused: the warden was asked nonsense, gone; refused: the warden was told nonsense, gone
nothing-first: gone
open-with-data: refused: the warden was told nonsense, gone
open-twice: ready, refused: the warden was told nonsense, looked
every-other-type: refused: the warden was asked nonsense; then looked
every-wrong-length: refused: the warden was told nonsense; then added 0
counts-beyond-their-arrays: refused: the policy makes no sense; then added 0
a-policy-of-noise: added 0, ended
end-of-no-trial: refused: there is no trial 0; refused: there is no trial 4294967295; refused: there is no trial 63; refused: there is no trial 64
end-twice: ended, refused: there is no trial 0
more-trials-than-slots: added 0…added 63, refused: more than 64 trials at a time; then ended, added 7
trials-side-by-side: 300/0/0, 0/0/300, 300/0/0
questions-without-end: it hangs up, no larger
no-cgroup: refused: that is no cgroup of v2, gone
a-folder: refused: that is no cgroup of v2, gone
a-pipe-for-a-cgroup: refused: that is no cgroup of v2, gone
a-cgroup-of-v1: refused: that is no cgroup of v2, gone
a-file-of-a-cgroup: refused: that is no cgroup of v2, gone
the-base-for-a-leaf: refused: the cgroup is none of the caller's trials
a-leaf-of-a-leaf: refused: the cgroup is none of the caller's trials
a-leaf-elsewhere: refused: the cgroup is none of the caller's trials
a-leaf-that-goes: added 0, ended
no-log: refused: the log is no file that can be written
a-log-that-is-a-device: refused: the log is no file that can be written
a-log-that-is-a-pipe: refused: the log is no file that can be written
a-log-that-is-a-socket: refused: the log is no file that can be written
a-log-that-is-a-folder: refused: the log is no file that can be written
a-log-to-read-from: refused: the log is no file that can be written
a-log-by-path-alone: refused: the log is no file that can be written
a-huge-log: refused: the log is no file that can be written
who-is-guarded: behind a filter stopped, without one free, records: some
a-log-that-may-not-grow: refused: the audit's log could not be written; then looked
the-loop-is-killed: killed: start was killed, or died
the-loop-is-stopped: killed: start was stopped, as by Ctrl-Z, and stood still
the-loop-is-silent: killed: start hung: it gave no sign of life
the-loop-falls-silent: killed: start hung: it gave no sign of life
the-loop-hangs-up: killed: start was killed, or died
the-loop-hangs-up-in-peace: killed: no mark
a-loop-without-a-mark: killed
silence-without-trials: patient, gone: start hung: it gave no sign of life
marks-that-are-none: refused: the mark is no empty file that can be written; then looked
a-core-dump: none
what-it-keeps: no capability; no_new_privs 1
TABLE
expect root <"$scratch/everybody"
expect user <"$scratch/everybody"
rm -f "$place/loaded"
by_user with-a-library
check_not 'the library of a user was not loaded' test -e "$place/loaded"
as_user env LD_PRELOAD="$place/evil.so" true
check 'though plain programs load it' test -e "$place/loaded"
expect root <<'TABLE'
with-a-library: exit 129
over-a-socket-of-another-user: exit 129
many-descriptors: refused: the log is no file that can be written; kept: 0
TABLE
expect user <<TABLE
the-root-cgroup: refused: the cgroup belongs to user 0, not to user $(id -u "$user"), gone
a-cgroup-of-another-user: refused: the cgroup belongs to user 4242, not to user $(id -u "$user"), gone
a-leaf-of-another-user: refused: the cgroup belongs to user 0, not to user $(id -u "$user")
TABLE

# Privilege that is not had in the plain way is not had at all.
expect user <<'TABLE'
in-no-new-privs: refused: the kernel does not take the programs: not permitted
in-a-user-namespace: refused: the kernel does not take the programs: not permitted
traced-from-the-start: refused: the kernel does not take the programs: not permitted
TABLE

# Who wants to be the warden.
expect user <<'TABLE'
looking-into-a-program: environ maps mem fd ptrace process_vm_readv pidfd_getfd
looking-in-before-it-loads: nothing
looking-in: nothing
TABLE

# Where there is too little of something it says so, or dies, and nobody waits.
by_user with-three-descriptors with-little-memory a-cgroup-that-is-gone a-leaf-that-is-gone one-leaf-twice
note "$(cat "$scratch/said")"
check_equal 'short of anything it serves nobody' '' "$(grep -v ': refused\|: exit\|: added 0' "$scratch/said")"

check_equal 'nothing is left behind' '' "$(rmdir "$given/roots"; left_by_user)"
done_testing
