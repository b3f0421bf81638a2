#!/bin/bash
# Nothing outside the trial's own copy changes, and what is not shown cannot be read. Every
# attack is made twice by the same lines: first plainly, against a small tree of our own that
# stands in for the host's ($ROOT), where it has to succeed; then inside ($ROOT is empty, so it
# meets the real thing), where it has to fail.
# shellcheck disable=SC2154 # variables of lib.sh
. "$(dirname "$0")/lib.sh"

[ "$(id -u)" -eq 0 ] && root=yes || root=

# Name and kind, owner, mode, size, change time and content of all that lies there; of what the
# program itself writes whenever it starts (the slot's HEAD, its lock, its note of its cgroups)
# only the content.
digest() {
	find "$@" -xdev ! -type s -printf '%p %y %m %U %G %s %C@ %l\n' 2>/dev/null | sort |
		grep -v -e '/worktrees/tree ' -e '/worktrees/tree/HEAD ' -e '/autoresearch/cgroups ' \
			-e '/autoresearch/sandbox/0 ' -e '/autoresearch/sandbox/0/lock ' \
			-e '/sandbox/0/slots/0 ' -e '/sandbox/0/slots/0/spare '
	find "$@" -xdev -type f -size -1024k -exec sha256sum {} + 2>/dev/null | sort
}

new_repo
chmod 755 "$scratch"

# --- What a candidate might try, a line each: a name, and how it is done

cat >"$scratch/attacks" <<'ATTACKS'
write-etc	echo x >>$ROOT/etc/passwd
truncate-etc	: >$ROOT/etc/hostname
create-in-etc	: >$ROOT/etc/new
create-in-usr	: >$ROOT/usr/bin/new
create-in-root	mkdir $ROOT/new
create-in-run	: >$ROOT/run/new
create-in-var	: >$ROOT/var/new
rename	mv $ROOT/etc/passwd $ROOT/etc/passwd2
unlink	rm -f $ROOT/etc/hosts
chmod	chmod 666 $ROOT/etc/hosts.allow
chown	chown 1 $ROOT/etc/hosts.allow
touch	touch $ROOT/etc/hosts.allow
xattr	python3 -c 'import os, sys; os.setxattr(sys.argv[1], "user.x", b"x")' $ROOT/etc/hosts.allow
through-a-symlink	ln -s $ROOT/etc/hosts.allow by-link && echo x >>by-link
through-a-hard-link	ln $ROOT/etc/hosts.allow by-hard-link && echo x >>by-hard-link
through-a-folder-link	ln -s $ROOT/etc folder && : >folder/new2
read-shadow	cat $ROOT/etc/shadow
read-gshadow	cat $ROOT/etc/gshadow
write-to-proc-sys	cat /proc/sys/vm/swappiness >/proc/sys/vm/swappiness
root-of-our-process	ls /proc/$VICTIM/root/
folder-of-our-process	ls /proc/$VICTIM/cwd/
program-of-our-process	readlink /proc/$VICTIM/exe
descriptors-of-our-process	ls /proc/$VICTIM/fd/
environment-of-our-process	cat /proc/$VICTIM/environ
memory-of-our-process	head -c 1 /proc/$VICTIM/maps | grep .
kernel-log	dd if=/dev/kmsg of=/dev/null iflag=nonblock bs=8k count=1
device	mknod full c 1 7 && head -c 1 full
other-owner	: >mine && chown 12345 mine
other-group	: >mine2 && chgrp 12345 mine2
block-device	mknod disk b 7 0
higher-priority	renice -n -5 $$
host-name	hostname "$(hostname)"
oom-shield	echo -500 >/proc/self/oom_score_adj
real-time	chrt -f 1 true
ATTACKS
cat >"$scratch/try-all" <<'TRY'
while IFS="$(printf '\t')" read -r name command; do
	if sh -c "$command" >/dev/null 2>&1 </dev/null; then
		echo "$name done"
	else
		echo "$name failed"
	fi
done
TRY

host=$scratch/host
mkdir -p "$host"/{etc,usr/bin,run,var} "$scratch/plain"
for file in passwd hostname hosts hosts.allow shadow gshadow; do
	echo "$file" >"$host/etc/$file"
done
sleep 60 &
victim=$!
(cd "$scratch/plain" && ROOT=$host VICTIM=$victim sh "$scratch/try-all" <"$scratch/attacks") \
	>"$scratch/outside"
kill "$victim"
cp "$scratch/attacks" "$scratch/try-all" .
git add attacks try-all
git commit -qm 'what might be tried'
git autoresearch sandbox -- true
before=$(digest /etc /usr/bin "$scratch/proposers" .)
git autoresearch sandbox -- sh -c 'ROOT= VICTIM=1 sh ./try-all <attacks' >"$scratch/inside" 2>"$scratch/err"
check_equal 'all of them were tried inside' "$(wc -l <attacks)" "$(wc -l <"$scratch/inside")"
while read -r name how; do
	if [ "$how" = "done" ]; then
		check_equal "$name: works outside, not inside" "$name failed" \
			"$(grep "^$name " "$scratch/inside")"
	elif [ "$root" ]; then
		skip "$name" 'cannot be done here even without a sandbox'
	else
		check_equal "$name: not inside" "$name failed" "$(grep "^$name " "$scratch/inside")"
	fi
done <"$scratch/outside"
check_equal 'the host, the repository, the slot and the store are as they were' '' \
	"$(diff <(echo "$before") <(digest /etc /usr/bin "$scratch/proposers" .) |
		grep '^[<>]' | grep -v -e '/autoresearch/cgroups$' -e '/sandbox/0/lock$')"

# --- The forbidden ones end the trial

mkdir "$scratch/mnt"
if [ "$root" ]; then
	check 'outside, a folder can be mounted writable over another' unshare -m sh -c \
		"mount --bind $host $scratch/mnt && mount -o remount,bind,rw $scratch/mnt"
fi
check_status 'remounting ends the trial' 137 \
	git autoresearch sandbox -- mount -o remount,bind,rw /usr
check 'as a system call' grep -q '^killed: syscall ' "$scratch/err"
check_status 'so does chroot by a new namespace' 137 \
	git autoresearch sandbox -- unshare -Ur chroot / true

# --- What the caller happens to hold open is not handed on

echo 'only for us' >"$scratch/secret"
list='import os; print(*[fd for fd in range(1024) if os.path.exists("/proc/self/fd/%d" % fd)])'
exec 8<"$scratch" 9<"$scratch/secret"
check_equal 'outside, a child reads what is open' 'only for us' "$(sh -c 'cat <&9')"
check 'and reaches what an open folder holds' sh -c 'cat /proc/self/fd/8/secret'
check_equal 'inside, nothing but the standard streams is open' '0 1 2' \
	"$(git autoresearch sandbox -- python3 -c "$list" 2>&1)"
check_not 'no open file is read' git autoresearch sandbox -- sh -c 'cat <&9'
check_not 'and no open folder is a way to the host' \
	git autoresearch sandbox -- cat /proc/self/fd/8/secret
exec 8<&- 9<&-

# --- Who it is outside

marker=31.$$
git autoresearch sandbox -- sleep "$marker" &
sandbox=$!
for _ in $(seq 600); do
	pid=$(pgrep -fx "sleep $marker") && break
	sleep 0.05
done
expected=$(id -u)
[ "$root" ] && expected=65534
check_equal 'outside it is nobody' "$expected $expected $expected $expected" \
	"$(awk '/^Uid:/ { print $2, $3, $4, $5 }' "/proc/$pid/status")"
check_equal 'and in none of our groups' '' "$([ ! "$root" ] ||
	awk '/^Groups:/ { $1 = ""; print $0 }' "/proc/$pid/status" | tr -d ' ')"
kill "$sandbox"
wait "$sandbox" 2>/dev/null

# A host that pipes core files to a program starts it outside every sandbox, as root, and feeds
# it what the candidate likes. A limit of 0 does not keep it from that, 1 does (core(5)).
check_equal 'no core file is piped to a program of the host' 'Max core file size 1 1' \
	"$(git autoresearch sandbox -- sh -c 'ulimit -c 0 2>/dev/null
		grep "^Max core" /proc/self/limits' | awk '{ print $1, $2, $3, $4, $5, $6 }')"

# --- What is left on the disk has no power

# By way of a shell, since setpriv(1) looks the program up with the powers that it is about to drop.
as_somebody() {
	setpriv --reuid 12345 --regid 12345 --clear-groups sh -c '"$@"' sh "$@"
}
if [ "$root" ]; then
	tool=$(proposer <<-'PROPOSER'
	#!/bin/sh
	cp /bin/sh "$HOME/shell" && chmod 6755 "$HOME/shell"
	echo 90 >value
	echo idea
	PROPOSER
	)
	cp /bin/sh "$host/shell"
	chmod 6755 "$host/shell"
	chmod 755 "$scratch" "$host"
	check_equal 'outside, a setuid shell of root makes anybody root' 0 \
		"$(as_somebody "$host/shell" -p -c 'id -u')"
	rm "$host/shell"
	git autoresearch start --proposer=command --proposer-command="$tool" --max-experiments=1 \
		>"$scratch/out" 2>&1
	shell=$(find "$PWD/.git/autoresearch" -name shell)
	check_not 'a setuid shell that a proposer keeps in its HOME makes nobody root' \
		as_somebody "${shell:-/nowhere}" -p -c true
	check 'though it is there' test -u "$shell"
	rm -f "$shell"
else
	skip 'a setuid shell in HOME' 'not run as root'
fi

# --- Odd leavings end no campaign, and are recorded

new_repo odd
sed -i 's/command = .*/command = sh value/' .autoresearch/config
echo 'echo 100 >$AUTORESEARCH_OUT/answer' >value
configure <<-'CONFIG'
[evaluate]
	command = "echo METRIC loss=$(cat $AUTORESEARCH_OUT/answer)"
CONFIG
git autoresearch start --max-experiments=1 --proposer=command --proposer-command=/bin/false \
	>"$scratch/out" 2>&1
# leaves <text> <line>: a candidate of that line is measured as any other is.
leaves() {
	printf '%s\n' "$2" 'echo 100 >$AUTORESEARCH_OUT/answer' >value
	git autoresearch try -m "$1" >"$scratch/out" 2>"$scratch/err"
	check_equal "measured: $1" "$1: 100" "$(newest '"\(.subject): \(.metric)"')"
	sed 's/^/# /' "$scratch/err"
	git checkout -q value
}
leaves 'names with newlines and bytes that are no text' "python3 -c '
import os
os.chdir(os.environ[\"AUTORESEARCH_OUT\"])
os.symlink(\"/etc/passwd\", b\"a\\nlink\\xff\\x1b[31m\")
open(b\"file\\n\\xff\", \"w\")'"
check_equal 'the link is on record as removed' 1 \
	"$(git show refs/autoresearch/main/ledger:record.json | jq '.removed | length')"
# The first in the worktree and in OUT; deeper than any path, stack or table of descriptors goes.
deep="import os
for top in (os.getcwd(), os.environ[\"AUTORESEARCH_OUT\"], os.environ[\"HOME\"]):
	os.chdir(top)
	for i in range(3000):
		os.mkdir(\"d\"); os.chdir(\"d\")"
leaves 'folders nested three thousand deep' "python3 -c '$deep'"
leaves 'folders that nobody may enter' \
	'cd $AUTORESEARCH_OUT && mkdir -p a/b/c && ln -s / a/b/c/l && chmod 0 a/b/c a/b a'
# Below the depth that it follows, the program moves folders up to empty them. No name of theirs
# stops it.
leaves 'folders that bear the names the program would give' "python3 -c '
import os
os.chdir(os.environ[\"AUTORESEARCH_OUT\"])
for i in range(64):
	os.mkdir(\"d\"); os.chdir(\"d\")
os.makedirs(\"x/y/z\")
for i in range(8):
	open(\".gone-%d\" % i, \"w\").close()'"
leaves 'hard links within OUT' 'cd $AUTORESEARCH_OUT && echo x >a && ln a b'
leaves 'ten thousand files and as many links' "python3 -c '
import os
os.chdir(os.environ[\"AUTORESEARCH_OUT\"])
for i in range(10000):
	open(str(i), \"w\").close(); os.symlink(\"/etc/shadow\", \"l%d\" % i)'"
printf '%s\n' "python3 -c 'for i in range(100000): open(str(i), \"w\")'" >value
git autoresearch try -m many >"$scratch/out" 2>&1
check_equal 'a hundred thousand files are more than the disk takes' 'failed out-of-disk' \
	"$(newest '"\(.verdict) \(.reason)"')"
git checkout -q value
git autoresearch gc >/dev/null
check_equal 'and all of it is gone' '' "$(find .git/autoresearch -name 'd' -o -name '.gone*')"
done_testing
