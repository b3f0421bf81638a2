# Sourced by every story. A story is a list of checks in TAP:
#
#	. "$(dirname "$0")/lib.sh"
#	new_repo                      # a temporary repository, and we are in it
#	check 'what is true' test -e file
#	check_not 'what is false' grep -q secret log
#	done_testing
#
# `git autoresearch` is the executable in $AUTORESEARCH_BIN (the top of the checkout). Each story has
# a folder of its own, $scratch, which is removed at its end, and a HOME without configuration.
# shellcheck shell=bash

set -u

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$here/../.." && pwd)
export PATH=${AUTORESEARCH_BIN:-$top}:$PATH
scratch=$(mktemp -d "${TMPDIR:-/tmp}/autoresearch-e2e-XXXXXX")
export HOME=$scratch/home GIT_CONFIG_NOSYSTEM=1 LC_ALL=C
export GIT_AUTHOR_NAME=Ada GIT_AUTHOR_EMAIL=ada@example.org
export GIT_COMMITTER_NAME=Ada GIT_COMMITTER_EMAIL=ada@example.org
unset GIT_DIR GIT_WORK_TREE XDG_CONFIG_HOME
mkdir "$HOME"
git config --global init.defaultBranch main
git config --global advice.detachedHead false
tests=0
trap 'cd /; chmod -R u+rwx "$scratch" 2>/dev/null; rm -rf "$scratch"' EXIT

# check <text> <command>...: ok where the command succeeds; its output is shown where not.
check() {
	local text=$1 output
	shift
	tests=$((tests + 1))
	if output=$("$@" 2>&1); then
		echo "ok $tests - $text"
	else
		echo "not ok $tests - $text"
		printf '%s\n' "$*" "$output" | sed 's/^/# /'
	fi
}

# check_not <text> <command>...: ok where it fails.
check_not() {
	local text=$1 output
	shift
	tests=$((tests + 1))
	if output=$("$@" 2>&1); then
		echo "not ok $tests - $text"
		printf '%s\n' "$*" "$output" | sed 's/^/# /'
	else
		echo "ok $tests - $text"
	fi
}

# check_equal <text> <expected> <actual>
check_equal() {
	tests=$((tests + 1))
	if [ "$2" = "$3" ]; then
		echo "ok $tests - $1"
	else
		echo "not ok $tests - $1"
		printf 'expected: %s\nactual:   %s\n' "$2" "$3" | sed 's/^/# /'
	fi
}

# check_status <text> <status> <command>...: the exit status; stdout and stderr are in
# $scratch/out and $scratch/err afterwards.
check_status() {
	local text=$1 expected=$2 actual
	shift 2
	"$@" >"$scratch/out" 2>"$scratch/err"
	actual=$?
	tests=$((tests + 1))
	if [ "$actual" -eq "$expected" ]; then
		echo "ok $tests - $text"
	else
		echo "not ok $tests - $text"
		{ printf '%s\nexpected exit %s, was %s\n' "$*" "$expected" "$actual"
			cat "$scratch/out" "$scratch/err"; } | sed 's/^/# /'
	fi
}

# skip <text> <why>
skip() {
	tests=$((tests + 1))
	echo "ok $tests - $1 # SKIP $2"
}

note() {
	printf '%s\n' "$@" | sed 's/^/# /'
}

# soon <command>...: true once that succeeds, for which a slow machine has half a minute and more.
soon() {
	for _ in $(seq 600); do
		"$@" >/dev/null 2>&1 && return
		sleep 0.05
	done
	note "never: $*"
	return 1
}

# unchanged <text> <status> <command>...: it fails so, with a line, and no ref moves; and then
# hint <words>: what it advises.
unchanged() {
	local text=$1 status=$2 before
	shift 2
	before=$(git for-each-ref)
	check_status "$text" "$status" "$@"
	check_equal '  nothing moves' "$before" "$(git for-each-ref)"
	check '  it says why in a line' test "$(grep -c '^fatal: ' "$scratch/err")" -eq 1
}
hint() {
	check "  with a hint: $1" grep -q "^hint: .*$1" "$scratch/err"
}

done_testing() {
	echo "1..$tests"
}

# A new repository in $scratch/<name> (default: repo), which becomes the current folder. Its
# campaign: the number in `value` is the metric, to be made small by editing that file.
new_repo() {
	git init -q "$scratch/${1:-repo}"
	cd "$scratch/${1:-repo}" || exit 1
	mkdir .autoresearch
	cat >.autoresearch/config <<-'CONFIG'
	[campaign]
		metric = loss
		direction = minimize
		editable = value
	[run]
		command = "echo METRIC loss=$(cat value)"
		timeout = 20s
	[limits]
		memory = 128M
		pids = 32
		disk = 16M
		output = 1M
	CONFIG
	echo 'Make the number smaller.' >.autoresearch/program.md
	echo 100 >value
	git add -A
	git commit -qm 'a number to make small'
}

# Adds to the config, which is committed.
configure() {
	cat >>.autoresearch/config
	git commit -qam "configure"
}

# A proposer: a script of which the text is on stdin; its path is printed. It lies in a folder
# of its own.
proposer() {
	mkdir -p "$scratch/proposers/${1:-it}"
	cat >"$scratch/proposers/${1:-it}/propose"
	chmod +x "$scratch/proposers/${1:-it}/propose"
	echo "$scratch/proposers/${1:-it}/propose"
}

# Members of the newest record by jq, of `git autoresearch log --json`.
newest() {
	git autoresearch log --json -n 1 | jq -r "$1"
}

# What a night might leave of this repository: cgroups (and so processes), mounts.
leftovers() {
	local group
	while read -r group; do
		[ ! -d "$group" ] || { echo "$group"; cat "$group"/*/cgroup.procs; }
	done <"$(git rev-parse --git-common-dir)/autoresearch/cgroups" 2>/dev/null
	grep -sF "$scratch" /proc/self/mountinfo
	return 0
}

# --- The audit

# True where a trial takes seconds, in a virtual machine: then a story tells what it cannot do without.
brief() {
	[ -n "${AUTORESEARCH_BRIEF:-}" ]
}

# Ends the story where nothing can be audited. Root that has its capabilities must be able to.
need_audit() {
	git autoresearch sandbox -- true >"$scratch/out" 2>"$scratch/err" && return
	if [ "$(id -u)" -eq 0 ] && unshare -m true 2>/dev/null; then
		check "$1" cat "$scratch/err" /nowhere
	else
		skip "$1" "no audit here: $(head -n 1 "$scratch/err")"
	fi
	done_testing
	exit 0
}

# compile <source> <program> [<option>...]: true where there is a compiler that can.
compile() {
	local source=$1 program=$2
	shift 2
	gcc -std=gnu11 -O1 -Wall "$@" -o "$program" "$here/$source" -pthread 2>"$scratch/err" && return
	sed 's/^/# /' "$scratch/err"
	return 1
}

# inside <argument>...: runs it in the sandbox; its log is in $scratch/log, its summary in
# $scratch/summary, and what it wrote in $scratch/out and $scratch/err.
inside() {
	rm -f "$scratch/log" "$scratch/summary"
	git autoresearch sandbox --audit-log="$scratch/log" --summary="$scratch/summary" -- "$@" \
		>"$scratch/out" 2>"$scratch/err" </dev/null
}

# leaf_of <pid>: the folder of its cgroup.
leaf_of() {
	local group root
	group=$(sed -n 's/^0:://p' "/proc/$1/cgroup")
	for root in /sys/fs/cgroup/unified /sys/fs/cgroup; do
		[ "${group:-/}" != / ] && [ -d "$root$group" ] && echo "$root$group" && return
	done
	return 1
}

# in_log <jq filter>: of each act that the filter keeps, what happened.
in_log() {
	jq -r "select(.act) | select($1) | [.class, .act, .verdict, (.object |
		.name // .path // (if .port then \"\\(.address):\\(.port)\" else .family end)
		| tostring)] | join(\" \")" "$scratch/log"
}

totals() {
	tail -n 1 "$scratch/log" | jq -r "$1"
}

# Each class of which the totals do not add up, with its numbers: what was emitted is what was
# received and what was lost; what was received are the lines of the log, and the acts of which
# many were put together to one line.
unbalanced() {
	jq -rs '(map(select(.act)) | group_by(.class) | map({ (.[0].class): length }) | add // {}) as $lines |
		(map(select(.aggregated and (.totals | not))) | group_by(.class) |
			map({ (.[0].class): map(.aggregated) | add }) | add // {}) as $parts |
		.[-1].totals as $t | ($t.emitted | keys)[] as $c |
		[$t.emitted, $t.received, $t.aggregated, $t.lost] | map(.[$c] // 0) as [$e, $r, $a, $l] |
		select($e != $r + $l or $r != ($lines[$c] // 0) + $a or $a != ($parts[$c] // 0)) |
		"\($c): emitted \($e) received \($r) aggregated \($a) lost \($l), lines \($lines[$c] // 0), aggregated in lines \($parts[$c] // 0)"' \
		"$scratch/log"
}
