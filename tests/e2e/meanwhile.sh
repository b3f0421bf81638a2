#!/bin/bash
# What people do to a repository while a campaign runs in it does no harm: they collect garbage, fetch
# and push, write notes, commit to the ledger branch, and start a second time. Two campaigns in one
# repository do not see each other.
# shellcheck disable=SC2154 # variables of lib.sh
. "$(dirname "$0")/lib.sh"

new_repo
git config autoresearch.proposer command
# Every third is better than all before.
git config autoresearch.proposerCommand "$(proposer <<'PROPOSER'
#!/bin/sh
n=$AUTORESEARCH_EXPERIMENT
echo $((n % 3 ? 1000 + n : 100 - n)) >value
echo "number $n"
PROPOSER
)"
numbers() {
	git autoresearch log "$@" --json | jq .experiment
}
records() {
	numbers "$@" 2>/dev/null | wc -l
}
begin() { # begin <campaign> <experiments>: in the background
	git-autoresearch start "$1" --max-experiments="$2" >"$scratch/$1.out" 2>"$scratch/$1.err" &
	started=$!
}
# goes_on <what>: makes sure that experiments are made after that, by whoever is at work.
goes_on() {
	local before
	before=$(records)
	for _ in $(seq 300); do
		[ "$(records)" -gt "$before" ] && break
		kill -0 "$started" 2>/dev/null || break
		sleep 0.02
	done
	check "$1: it goes on" test "$(records)" -gt "$before"
	[ ! -s "$scratch/main.err" ] || note "$(cat "$scratch/main.err")"
}

git init -q --bare "$scratch/there.git"
git remote add there "$scratch/there.git"
git config --add remote.there.push 'refs/heads/autoresearch/*:refs/heads/autoresearch/*'
git config --add remote.there.push 'refs/autoresearch/*:refs/autoresearch/*'
git config --add remote.there.push 'refs/notes/*:refs/notes/*'
git push -q there main
git clone -q "$scratch/there.git" "$scratch/other"
git -C "$scratch/other" commit -q --allow-empty -m 'by somebody else'
git -C "$scratch/other" push -q

begin main 100000
goes_on start
# For the milliseconds in which objects are written that no ref names yet it is told that another
# collection is running, or where a disk is slow that a ref is locked, and has to be asked again.
again() {
	for _ in $(seq 100); do
		"$@" 2>"$scratch/gc" && return
		grep -q -e 'gc is already running' -e 'cannot lock ref' "$scratch/gc" || break
	done
	cat "$scratch/gc"
	return 1
}
for _ in 1 2 3; do
	check 'gc --prune=now' again git gc --quiet --prune=now
	goes_on gc
done
check 'reflogs are expired, and all packed' again sh -c \
	'git reflog expire --all --expire=now && git pack-refs --all && git repack -q -a -d'
goes_on repack
check_status 'worktree prune' 0 git worktree prune --expire=now
goes_on 'worktree prune'
check_status 'fetch' 0 git fetch -q --prune there
goes_on fetch
# Between a record and its note, or the move of the branch, there are milliseconds.
at_last() {
	for _ in $(seq 20); do
		"$@" && return
	done
	return 1
}
there_verifies() {
	git push -q there && git -C "$scratch/there.git" autoresearch verify main
}
check 'push, of all that a campaign has; what is there verifies' at_last there_verifies
goes_on push
check_status 'notes of people' 0 sh -c 'for i in 1 2 3 4 5; do
	git notes --ref=autoresearch append -m "seen $i" main || exit 1; done'
goes_on notes
check_status 'a second start is fatal' 128 git autoresearch start main
check 'in a line that says so' grep -q "^fatal: campaign 'main' is being worked on by process $started\$" "$scratch/err"
goes_on 'a second start'
check_status 'gc of ours' 0 git autoresearch gc
goes_on 'gc of ours'
check_status 'log' 0 git autoresearch log
check_status 'status' 0 git autoresearch status
check 'verify' at_last git autoresearch verify

note 'A commit to the ledger branch: from there on it is the base.'
git clone -q . "$scratch/person"
(
	cd "$scratch/person" || exit 1
	git config --add remote.origin.fetch '+refs/heads/autoresearch/*:refs/remotes/origin/autoresearch/*'
	# They are quicker than one that is accepted, in the end.
	for _ in $(seq 20); do
		git fetch -q && git checkout -q origin/autoresearch/main && echo mine >mine &&
			git add mine && git commit -qm 'By a person' &&
			git push -q origin HEAD:autoresearch/main 2>/dev/null && exit 0
	done
	exit 1
)
check_equal 'it is pushed there' 0 $?
goes_on 'a commit to the ledger branch'
for _ in $(seq 600); do
	git autoresearch log --json --accepted | jq -r .base | grep -q "$(git -C "$scratch/person" rev-parse HEAD)" && break
	kill -0 "$started" || break
	sleep 0.05
done
check 'it says so' grep -qx "warning: 'autoresearch/main' was moved: going on from there" "$scratch/main.err"
check 'on top of that' git merge-base --is-ancestor "$(git -C "$scratch/person" rev-parse HEAD)" autoresearch/main
check_equal 'which was measured first' 'baseline baseline' \
	"$(git log --first-parent --format=%s refs/autoresearch/main/ledger | grep -x baseline | xargs)"
check_status 'stop' 0 git autoresearch stop
wait "$started"
check_equal 'start ends with 0' 0 $?
total=$(records)
check_equal 'no experiment was lost, doubled or misnumbered' "$(seq "$total" -1 1)" "$(numbers)"
check_status 'every record verifies' 0 git autoresearch verify
check 'git fsck is content' git fsck --strict --no-dangling --no-progress
check_equal 'the notes of people are there' 5 "$(git notes --ref=autoresearch show main | grep -c '^seen ')"

# --- Two campaigns

note 'Two at once.'
git switch -q -c two
git commit -q --allow-empty -m 'two'
begin one 60
one=$started
begin two 60
two=$started
both=0
while kill -0 "$one" 2>/dev/null && kill -0 "$two" 2>/dev/null; do
	[ "$(records --campaign=one)" -lt 1 ] || [ "$(records --campaign=two)" -lt 1 ] || both=1
	sleep 0.05
done
wait "$one"
check_equal 'one ends as it should' 3 $?
wait "$two"
check_equal 'and so does two' 3 $?
check_equal 'they did run at once' 1 $both
for campaign in one two; do
	check_equal "$campaign has all of its experiments" "$(seq 60 -1 1)" "$(numbers --campaign=$campaign)"
	check_equal "$campaign has its own baseline" 100 \
		"$(git autoresearch status --campaign=$campaign --json | jq .baseline)"
	check_status "$campaign verifies, with each of its notes" 0 git autoresearch verify $campaign
done
check_status 'as does the one before' 0 git autoresearch verify main
check 'git fsck is content' git fsck --strict --no-dangling --no-progress
check_status 'gc' 0 git autoresearch gc
check_equal 'removes every slot' 1 "$(git worktree list | wc -l)"
check_equal 'nothing is left behind' '' "$(leftovers)"
done_testing
