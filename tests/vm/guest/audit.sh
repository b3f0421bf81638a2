#!/bin/bash
# The audit at level A, by the same stories as everywhere, in brief: a program of known acts and a
# log that equals its list, attacks of each kind and how they end. And what level A adds, which is
# told nowhere else: acts on files and sockets by object, and refusals by object.
# shellcheck disable=SC2154 # $scratch is of lib.sh
set -u

guest=$(cd "$(dirname "$0")" && pwd)

number=0 failed=0
subtest() { # subtest <name> <command>...: its TAP, and one line for all of it
	local name=$1 said=ok

	shift
	number=$((number + 1))
	echo "# Subtest: $name"
	"$@" 2>&1 | tee /run/subtest | sed -u 's/^/    /'
	if ! grep -q '^1\.\.' /run/subtest || grep -q '^not ok' /run/subtest ||
		! grep -q '^ok' /run/subtest; then
		said='not ok'
		failed=$((failed + 1))
	fi
	echo "$said $number - $name"
}

if [ "${1:-}" != story ]; then
	export AUTORESEARCH_BRIEF=1
	echo 1..3
	subtest 'by object' "$0" story
	subtest 'known acts' "$guest/../../e2e/audit.sh"
	subtest 'attacks' "$guest/../../e2e/attacks.sh"
	[ $failed = 0 ]
	exit
fi

. "$guest/../../e2e/lib.sh"

new_repo
mkdir folder
cat >acts <<'ACTS'
cd /tmp
mkdir made; mkfifo made/fifo; ln -s fifo made/symlink; ln made/fifo made/link
mv made/link made/renamed; chmod 600 made/fifo; chown 0 made/renamed; rm made/symlink
truncate -s 9 made/file; perl -e 'truncate("made/file", 5)'
rm -r made
cd /autoresearch/work
mkdir inside; chmod 700 inside; echo >inside/file; mv inside/file inside/other; rm -r inside
perl -MSocket -e '
	socket(S, AF_UNIX, SOCK_DGRAM, 0); bind(S, sockaddr_un("/tmp/named")) or die;
	chdir "/tmp"; send(S, "x", 0, sockaddr_un("named")) or die; connect(S, sockaddr_un("./named")) or die'
sleep 60 & other=$!
(: </proc/$other/mem) 2>&1 && echo read
(: </proc/self/mem) && echo own
kill $other
ACTS
git add acts
git commit -qm 'acts by object'
git config -f .autoresearch/config limits.memory 256M
git commit -qam 'room for perl'
inside sh ./acts
check_equal 'what is let pass and what is refused ends nothing' '0 own' "$? $(grep -x -e read -e own "$scratch/out")"
[ -s "$scratch/err" ] && note "$(head -n 5 "$scratch/err")"
check_equal 'level A' A "$(totals .level)"
check_equal 'what is made, changed, renamed and removed is on record, outside the worktree alone' \
	"$(cat <<-'LIST'
	create /tmp/made
	create /tmp/made/fifo
	create /tmp/made/symlink
	create /tmp/made/link
	rename /tmp/made/link
	create /tmp/made/renamed
	attributes /tmp/made/fifo
	attributes /tmp/made/renamed
	remove /tmp/made/symlink
	open /tmp/made/file
	attributes /tmp/made/file
	LIST
	)" "$(jq -r 'select(.class == "file") | "\(.act) \(.object.path)"' "$scratch/log" | head -n 11)"
check_equal '  also the socket of a name, and all that is removed' \
	"create /tmp/named remove /tmp/made remove /tmp/made/fifo remove /tmp/made/file remove /tmp/made/renamed" \
	"$(jq -r 'select(.class == "file") | "\(.act) \(.object.path)"' "$scratch/log" | tail -n +12 | sort | xargs)"
check_equal '  by object: two names of one file have its number' 1 "$(jq -r 'select(.class == "file" and
	(.object.path | test("/(link|renamed)$"))) | .object.inode' "$scratch/log" | sort -u | wc -l)"
check_equal 'a UNIX socket has the address that the kernel took, not the one that was claimed' \
	'bind /tmp/named false send named false connect ./named false' \
	"$(jq -r 'select(.object.family == "unix" and (.object.path | test("named"))) | "\(.act) \(.object.path) \(.object.claimed // false)"' "$scratch/log" | xargs)"
check_equal "another process's memory is refused, and is on record, once" 'object ptrace refused' \
	"$(jq -r 'select(.class == "object") | "\(.class) \(.act) \(.verdict)"' "$scratch/log")"
check_equal 'what was emitted was received' '' "$(unbalanced)"
done_testing
