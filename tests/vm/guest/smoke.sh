#!/bin/sh
# What the tests that run in here may count on, and (as `# found:`) what differs between
# kernels.
set -u

guest=$(dirname "$0")
count=0
failed=0

# check NAME COMMAND…: a line of TAP, and what the command printed where it failed.
check() {
	name=$1
	shift
	count=$((count + 1))
	if said=$("$@" 2>&1); then
		echo "ok $count - $name"
	else
		failed=$((failed + 1))
		echo "not ok $count - $name"
		echo "$said" | sed 's/^/# /'
	fi
}

# found NAME COMMAND…: no claim, only the answer.
found() {
	name=$1
	shift
	said=$("$@" 2>&1) || said=${said:-does not work}
	echo "# found: $name: ${said:-works}"
}

stock_kernel() { uname -r | grep -E '^6\.(1|12)\.[0-9].*-amd64$'; }

cgroup2_alone() {
	[ "$(cat /proc/self/cgroup)" = 0::/ ] &&
		! grep -q ' - cgroup ' /proc/self/mountinfo &&
		[ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ]
}

controllers() {
	for controller in cpu memory pids; do
		grep -qw "$controller" /sys/fs/cgroup/cgroup.subtree_control || return
	done
}

# In a fresh leaf below $1: limits can be written and read back, and cgroup.kill leaves it
# empty.
cgroup_leaf() {
	leaf=$1/leaf
	mkdir "$leaf" && echo 64M >"$leaf/memory.max" && echo 16 >"$leaf/pids.max" &&
		echo '50000 100000' >"$leaf/cpu.max" || return
	[ "$(cat "$leaf/memory.max" "$leaf/pids.max")" = "67108864
16" ] || return
	sh -c 'echo $$ >"$1/cgroup.procs"; exec sleep 100' - "$leaf" &
	until grep -q . "$leaf/cgroup.procs"; do sleep 0.1; done
	echo 1 >"$leaf/cgroup.kill" || return
	wait $! 2>/dev/null
	grep -q 'populated 0' "$leaf/cgroup.events" && rmdir "$leaf"
}

# The same for the ordinary user, who first makes room below the cgroup that was handed over.
delegated_leaf() {
	cgroup=/sys/fs/cgroup$(cut -d: -f3 /proc/self/cgroup)
	mkdir "$cgroup/self" && echo $$ >"$cgroup/self/cgroup.procs" &&
		echo '+cpu +memory +pids' >"$cgroup/cgroup.subtree_control" &&
		cgroup_leaf "$cgroup"
}

seccomp_notification() { grep -w user_notif /proc/sys/kernel/seccomp/actions_avail; }

bpf_lsm() { grep -w bpf /sys/kernel/security/lsm; }

read_only_root() {
	! touch /etc/touched 2>/dev/null && grep -q '^host / 9p ro,' /proc/self/mounts
}

# Through the idmapped mount of $1 at $2, a file of root's belongs to 65534.
idmapped() {
	"$guest/idmap" "$1" "$2" && [ "$(stat -c %u:%g "$2/dir/file")" = 65534:65534 ]
}

idmapped_root() {
	"$guest/idmap" / "$1" && [ "$(stat -c %u "$1/etc/passwd" "$1/usr" |
		sort -u)" = 65534 ]
}

lower() {
	mkdir -p "$1/dir" && echo original >"$1/dir/file" && chown -R "$2:$2" "$1"
}

overlay_on_9p() {
	mkdir -p /mnt/9p/upper /mnt/9p/work /mnt/9p/merged && cd /mnt/9p &&
		mount -t overlay -o lowerdir=/etc,upperdir=upper,workdir=work overlay merged &&
		echo changed >>merged/passwd && grep -q changed merged/passwd
}

user_overlay() { "$guest/as-user" unshare -Urm "$guest/overlay-probe" "$@"; }

# As a candidate of root's runs: nobody outside, 0 inside, over an idmapped lower.
nobody_overlay() {
	setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all \
		unshare -Urm "$guest/overlay-probe" "$@"
}

if [ "${1:-}" = delegated-leaf ]; then
	delegated_leaf
	exit
fi

lower /mnt/root-lower 0
lower /mnt/user-lower tester
lower /run/tmpfs-lower 0
mkdir /mnt/idmapped /mnt/idmapped-tmpfs /mnt/idmapped-9p

echo "# kernel $(uname -r), $(nproc) CPUs, up $(cut -d' ' -f1 /proc/uptime) s"
check "a stock Debian kernel" stock_kernel
check "cgroup v2 alone" cgroup2_alone
check "cpu, memory and pids are enabled at the root" controllers
check "root's leaf keeps limits, cgroup.kill empties it" cgroup_leaf /sys/fs/cgroup
check "so does a user's in a delegated cgroup" "$guest/as-user" "$0" delegated-leaf
check "seccomp user notification" seccomp_notification
check "bpf is among the LSMs" bpf_lsm
check "the root is the host's, read-only" read_only_root
check "an ordinary user may make user namespaces" "$guest/as-user" unshare -Urm true
check "ext4 can be mounted idmapped" idmapped /mnt/root-lower /mnt/idmapped
check "a user's overlay, upper on tmpfs" user_overlay /mnt/user-lower tmpfs
check "a user's overlay, upper on disk" user_overlay /mnt/user-lower disk
check "nobody's overlay over idmapped ext4, upper on tmpfs" nobody_overlay /mnt/idmapped tmpfs
check "nobody's overlay over idmapped ext4, upper on disk" nobody_overlay /mnt/idmapped disk
found "remake a lower directory, upper on tmpfs" user_overlay /mnt/user-lower tmpfs
found "remake a lower directory, upper on disk" user_overlay /mnt/user-lower disk
found "idmapped mount of tmpfs" idmapped /run/tmpfs-lower /mnt/idmapped-tmpfs
found "idmapped mount of the 9p root" idmapped_root /mnt/idmapped-9p
found "9p as lower of an overlay" overlay_on_9p
found "an ordinary user can read the checkout" "$guest/as-user" test -r Makefile -o -r src
found "LSMs" cat /sys/kernel/security/lsm
echo "1..$count"
[ "$failed" = 0 ]
