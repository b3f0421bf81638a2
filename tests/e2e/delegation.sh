#!/bin/bash
# Where systemd runs and cgroups are v2 alone, start, try, sandbox and doctor get themselves a cgroup
# that they may divide: they start again, once, below systemd-run. Where that does not help, what is
# amiss is told as ever, and nothing was begun.
#
# No systemd is needed: a script stands in for systemd-run, in a mount namespace in which the
# hierarchies of v1 cannot be seen, so that v2 is alone there and has no controller to give. The
# stand-in writes down what it is told, and leads back to where all is in order.
# shellcheck disable=SC2154 # variables of lib.sh and lib-user.sh
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-user.sh"

new_repo
if [ -e /sys/fs/cgroup/cgroup.controllers ] || ! unshare -m true 2>/dev/null; then
	skip 'a cgroup from systemd' 'it needs the hybrid layout, whose v1 hierarchies it hides'
	done_testing
	exit
fi
git config autoresearch.audit warn
stand_in=$scratch/stand-in told=$scratch/told
mkdir "$stand_in" "$scratch/empty"
cp "$(command -v git-autoresearch)" "$stand_in"

# leads <back|nowhere|refuses>: what the stand-in does.
leads() {
	rm -f "$told"
	{
		echo '#!/bin/sh'
		echo "printf '%s|' \"\$@\" >>'$told'; echo >>'$told'"
		echo 'while [ "$1" != -- ]; do shift; done; shift'
		case $1 in
		back) echo "exec nsenter --mount=/proc/$$/ns/mnt sh -c 'cd \"\$0\" && exec \"\$@\"' \"\$PWD\" \"\$@\"" ;;
		nowhere) echo 'exec "$@"' ;;
		refuses) echo 'echo "Failed to connect to bus" >&2; exit 1' ;;
		esac
	} >"$stand_in/systemd-run"
	chmod 755 "$stand_in/systemd-run"
}
# login <command>…: where there is a systemd, and no cgroup of v1. With `without` set, no systemd.
without=
login() {
	unshare -m sh -c '
		awk "{ for (i = 7; \$i != \"-\"; i++); if (\$(i + 1) == \"cgroup\") print \$5 }" /proc/self/mountinfo |
			while read -r hierarchy; do umount "$hierarchy"; done
		mount -t tmpfs -o mode=755 run /run && mkdir -p "$1/systemd/system" "$1/systemd/private"
		shift
		exec "$@"' - "${without:+/run/other}${without:-/run}" env PATH="$stand_in:$PATH" "$@"
}
asked() { cut -d'|' -f1-5 "$told" 2>/dev/null | sort -u; }
words() { sed -n 2p "$told" | cut -d'|' -f6- | sed "s,$stand_in/,,"; }

leads back
check_status 'a command starts again in a cgroup from systemd' 7 login git-autoresearch sandbox -- sh -c 'exit 7'
check_equal 'which is asked for' '--scope|-q|-p|Delegate=yes|--' "$(asked)"
check_equal 'first with a command that does nothing' 'true|' "$(sed -n 1p "$told" | cut -d'|' -f6-)"
check_equal 'and then with itself, as it was called' 'git-autoresearch|sandbox|--|sh|-c|exit 7|' "$(words)"
check_equal 'once' 2 "$(wc -l <"$told")"

leads back
check_status 'start as well' 0 login git-autoresearch start --smoke
check_equal '  as it was called' 'git-autoresearch|start|--smoke|' "$(words)"
check_equal '  a campaign was run' 6 "$(git autoresearch log --json | wc -l)"
leads back
git switch -q --detach autoresearch/main
echo -5 >value
check_status 'try' 0 login git-autoresearch -C . try -m 'two words'
check_equal '  as it was called' 'git-autoresearch|try|-m|two words|' "$(words)"
git restore value
git switch -q main
leads back
login git-autoresearch doctor --json >"$scratch/out"
check_equal 'doctor tells what start would find' 'true git-autoresearch|doctor|--json|' \
	"$(jq '.checks[] | select(.name == "cgroups").ok' "$scratch/out") $(words)"

leads back
login git-autoresearch sandbox -- sleep 57.31 >"$scratch/out" 2>&1 &
job=$!
for _ in $(seq 600); do
	pgrep -xf 'sleep 57.31' >/dev/null && break
	sleep 0.05
done
# The oldest: the others are its sandbox's.
kill -INT "$(pgrep -o -f "^$stand_in/git-autoresearch sandbox")"
wait "$job"
check_equal 'it is the same process: a signal to it arrives' 130 $?

check_equal 'its guard is not handed on' '' "$(leads back; login git-autoresearch sandbox -- env | grep SCOPE)"

# --- Where it does not help

git update-ref -d refs/heads/autoresearch/main
git update-ref -d refs/autoresearch/main/ledger
rm -rf .git/autoresearch
git worktree prune
nothing_begun() {
	[ -z "$(git for-each-ref refs/heads/autoresearch refs/autoresearch)" ] && [ ! -e .git/autoresearch/campaigns/main/state ]
}
leads nowhere
check_status 'a scope that is of no use' 128 login git-autoresearch start --smoke
check_equal 'is not asked for again' 2 "$(wc -l <"$told")"
check 'what is missing is told' grep -q '^fatal: the .* controller of cgroups cannot be used' "$scratch/err"
check 'and nothing was begun' nothing_begun
leads refuses
check_status 'a systemd that says no' 128 login git-autoresearch start --smoke
check_equal 'is asked once' 1 "$(wc -l <"$told")"
check_equal 'and its words are not ours' 'fatal: hint:' "$(cut -d' ' -f1 "$scratch/err" | xargs)"
check 'the hint says what to type' grep -q 'systemd-run --scope -p Delegate=yes' "$scratch/err"
check 'nothing was begun' nothing_begun
leads back
without=/nowhere check_status 'where no systemd runs' 128 login git-autoresearch start --smoke
check_not 'it is not asked' test -e "$told"
check_status 'where limits can be had anyway' 0 env PATH="$stand_in:$PATH" git-autoresearch sandbox -- true
check_not 'neither' test -e "$told"

# --- An ordinary user

cp "$stand_in/git-autoresearch" "$place/bin"
give_repo
told=$place/told
leads nowhere
cp "$stand_in/systemd-run" "$place/bin"
mkdir -p "$place/run/systemd"
chown -R "$user:$group" "$place"
as_login() { # as_login <command>…: by the user, where a manager of theirs would listen
	login setpriv --reuid "$user" --regid "$group" --init-groups env PATH="$place/bin:$PATH" HOME="$place" "$@"
}
check_status 'without a manager of their own a user is told' 128 as_login XDG_RUNTIME_DIR="$place/run" git-autoresearch start --smoke
check_not '  and none is asked' test -e "$told"
: >"$place/run/systemd/private"
check_status 'with one' 128 as_login XDG_RUNTIME_DIR="$place/run" git-autoresearch start --smoke
check_equal '  it is asked' '--user|--scope|-q|-p|Delegate=yes|--' "$(cut -d'|' -f1-6 "$told" | sort -u)"
check_equal '  once' 2 "$(wc -l <"$told")"
check 'what is missing is told' grep -q '^fatal: the .* controller of cgroups cannot be used' "$scratch/err"
done_testing
