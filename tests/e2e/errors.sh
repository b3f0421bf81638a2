#!/bin/bash
# What cannot be done ends in one clear line, `fatal: …`, with a hint where there is a remedy, the
# right exit status, and nothing half-written.
# shellcheck disable=SC2154
. "$(dirname "$0")/lib.sh"

refs() {
	git for-each-ref refs/autoresearch refs/notes refs/heads/autoresearch
}
# fatal <text> <pattern> <command>...: exit 128, one line on stderr that matches, no refs made
fatal() {
	local text=$1 pattern=$2 before
	shift 2
	before=$(refs 2>/dev/null)
	check_status "$text" 128 "$@"
	check "  says so" grep -qE "^fatal: .*$pattern" "$scratch/err"
	check_equal '  in one line, and hints at most once' 'fatal:' \
		"$(grep -v '^hint: ' "$scratch/err" | cut -d' ' -f1 | xargs)"
	check_equal '  prints nothing' '' "$(cat "$scratch/out")"
	check_equal '  and makes no ref' "$before" "$(refs 2>/dev/null)"
}
hint() { # hint <pattern>: what the last fatal one hinted at
	check '  with a hint' grep -qE "^hint: .*$1" "$scratch/err"
}

note 'Usage.'
new_repo
check_status 'no command prints the list' 129 git autoresearch
check 'on stdout' grep -q '^usage: git autoresearch' "$scratch/out"
check_status '-h as well' 129 git autoresearch -h
check 'on stdout' grep -q '^usage: git autoresearch' "$scratch/out"
check_equal 'and nothing on stderr' '' "$(cat "$scratch/err")"
commands='init doctor start try sandbox stop status log show diff audit verify gc'
for command in $commands; do
	check "the list has $command" grep -q "^   $command " "$scratch/out"
done
for command in $commands; do
	check_status "$command -h" 129 git autoresearch "$command" -h
	check "  one synopsis on stdout, nothing on stderr" sh -c "
		test \$(wc -l <'$scratch/out') -eq 1 && grep -q '^usage: git autoresearch $command' '$scratch/out' && ! test -s '$scratch/err'"
	check_status "$command --nonsense" 129 git autoresearch "$command" --nonsense
	check "  the synopsis on stderr, nothing on stdout" sh -c "
		grep -q '^usage: git autoresearch $command' '$scratch/err' && ! test -s '$scratch/out'"
done
check_status 'an unknown command' 129 git autoresearch nonsense
check 'is named on stderr' grep -q nonsense "$scratch/err"
check_equal 'and stdout is empty' '' "$(cat "$scratch/out")"
for wrong in 'show x' 'show -1' 'show 1 2' 'diff' 'diff x' 'diff 1 2 3' 'audit' 'audit x' 'audit 1 2' 'log -n' 'log -n x' 'log --accepted --rejected' \
	'start --max-experiments=0' 'start --max-experiments=many' 'start --max-time=soon' 'start a b' \
	'status extra' 'stop extra' 'gc extra' 'doctor extra' 'sandbox' 'sandbox --phase=nap -- true' 'verify a b'; do
	# shellcheck disable=SC2086
	check_status "$wrong" 129 git autoresearch $wrong
	check_equal '  stdout is empty' '' "$(cat "$scratch/out")"
done
for absent in undo bisect; do
	check_status "$absent is no command" 129 git autoresearch "$absent"
done

note 'Where no campaign is.'
for command in status log show 'show 1' 'diff 1' 'audit 1' verify stop; do
	# shellcheck disable=SC2086
	fatal "$command without a campaign" 'no campaign' git autoresearch $command
	hint 'git autoresearch start'
done
fatal 'a campaign that is not there' "no campaign 'x'" git autoresearch status --campaign=x
for name in 'a b' '../x' 'a..b' '-x' 'a/' '' 'x.lock' 'a~1' '@{1}' "$(printf 'new\nline')"; do
	fatal "a bad name: '$name'" 'cannot be the name of a campaign' git autoresearch start --campaign="$name"
done
check_equal 'no folder was made for it' '' "$(find .git -path '*campaigns*')"
git checkout -q --detach
fatal 'a detached HEAD gives no name' 'no branch' git autoresearch start
hint 'git autoresearch start <campaign>'
git checkout -q main

note 'Repositories that cannot be worked in.'
mkdir "$scratch/nothing"
cd "$scratch/nothing" || exit 1
fatal 'not a repository' 'not a git repository' git autoresearch status
git init -q "$scratch/unborn"
cd "$scratch/unborn" || exit 1
fatal 'an unborn HEAD' 'no commit yet' git autoresearch start
hint commit
git commit -q --allow-empty -m empty
fatal 'no config in HEAD' '\.autoresearch/config' git autoresearch start
hint 'git autoresearch init'
git autoresearch init --metric=m --direction=minimize --run=true --editable=x >/dev/null
fatal 'a config that is not committed' 'no \.autoresearch/config in commit' git autoresearch start
hint 'commit'
git init -q --object-format=sha256 "$scratch/sha256"
cd "$scratch/sha256" || exit 1
git commit -q --allow-empty -m empty
for command in 'start' 'status' 'gc' 'init'; do
	fatal "SHA-256: $command" 'SHA-256' git autoresearch "$command"
done
if git init -q --ref-format=reftable "$scratch/reftable" 2>/dev/null; then
	cd "$scratch/reftable" || exit 1
	git commit -q --allow-empty -m empty
else
	git init -q "$scratch/reftable"
	cd "$scratch/reftable" || exit 1
	git config core.repositoryFormatVersion 1
	git config extensions.refStorage reftable
fi
# The program alone: a git that does not know reftables warns first.
fatal 'reftable: start' 'reftable' git-autoresearch start
hint 'git refs migrate'
fatal 'reftable: status' 'reftable' git-autoresearch status
cd "$scratch/repo" || exit 1

note 'A config that is wrong: file and line.'
cp .autoresearch/config "$scratch/config"
config() { # config <text> <line> <pattern> <lines that are added>
	{ cat "$scratch/config"; printf '%b' "$4"; } >.autoresearch/config
	git commit -qam "$1"
	fatal "$1" "\.autoresearch/config:$2: .*$3" git autoresearch start
}
lines=$(wc -l <"$scratch/config")
config 'no closing bracket' $((lines + 1)) '' '[budget\n'
config 'an open quote' $((lines + 2)) '' '[budget]\n\ttime = "8h\n'
config 'an unknown section' $((lines + 1)) 'budgets' '[budgets]\n\ttime = 8h\n'
config 'an unknown key' $((lines + 3)) 'times' '[budget]\n\n\ttimes = 8h\n'
config 'a value that is no time' $((lines + 2)) 'soon' '[budget]\n\ttime = soon\n'
config 'a value that is no size' $((lines + 2)) '4Q' '[limits]\n\tmemory = 4Q\n'
config 'a negative number' $((lines + 2)) '-1' '[budget]\n\texperiments = -1\n'
config 'a direction that is none' $((lines + 2)) 'sideways' '[campaign]\n\tdirection = sideways\n'
config 'an include' $((lines + 1)) 'include' '[include]\n\tpath = ../other\n'
config 'a conditional include' $((lines + 1)) 'include' '[includeIf "gitdir:/"]\n\tpath = ../other\n'
config 'a pattern that does not compile' $((lines + 2)) '' '[metric]\n\tpattern = "(["\n'
config 'an unknown system call' $((lines + 2)) 'nonsense' '[syscalls]\n\tdeny = nonsense\n'
config 'pathspec magic' $((lines + 2)) 'magic' '[campaign]\n\teditable = :(glob)**/x\n'
config 'a host key' $((lines + 1)) 'autoresearch' '[autoresearch]\n\tproposer = command\n'
for key in campaign.metric campaign.direction campaign.editable run.command; do
	cp "$scratch/config" .autoresearch/config
	git config --file .autoresearch/config --unset-all "$key"
	git commit -qam "no $key"
	fatal "a required key is missing: $key" "\.autoresearch/config.*${key#*.}" git autoresearch start
done
{ cat "$scratch/config"; printf '[run]\n\tcommand = echo a; echo b\n'; } >.autoresearch/config
git commit -qam 'a comment that cuts a command short'
git autoresearch start --max-experiments=1 >"$scratch/out" 2>"$scratch/err"
check 'a command that a comment cuts short is warned of' grep -q "^warning: .*\.autoresearch/config:$((lines + 2))" "$scratch/err"
cp "$scratch/config" .autoresearch/config
git commit -qam 'as it was'

note 'What this version cannot keep.'
fatal 'a proposer that is not there' 'oracle' git -c autoresearch.proposer=oracle autoresearch start
fatal 'a value of audit that is none' 'audit' git -c autoresearch.audit=maybe autoresearch start

note 'What is no address.'
for key in allowNetwork setupNetwork proposerNetwork; do
	git config "autoresearch.$key" localhost
	fatal "autoresearch.$key without a port" "autoresearch\.$key: 'localhost'" git autoresearch start
	hint 'a host and a port'
	git config --unset "autoresearch.$key"
done

note 'A ledger branch that is checked out.'
check_status 'a campaign' 3 git autoresearch start --max-experiments=3
git worktree add -q "$scratch/elsewhere with space" autoresearch/main
fatal 'start' "checked out at '$scratch/elsewhere with space'" git autoresearch start
fatal 'try' "checked out at '$scratch/elsewhere with space'" git autoresearch try
git worktree remove "$scratch/elsewhere with space"
git checkout -q autoresearch/main
fatal 'here' "checked out at '$PWD'" git autoresearch start
git checkout -q main
check_status 'status says more of a campaign that goes on' 0 git autoresearch status
fatal 'an experiment that was not made' 'no experiment 99' git autoresearch show 99
fatal '  has no audit either' 'no experiment 99' git autoresearch audit 99
echo 1 >not-editable
check_status 'a candidate that is not run' 1 git autoresearch try
rm not-editable
last=$(git autoresearch log --json -n 1 | jq .experiment)
fatal '  has no audit' "nothing is on record of experiment $last: it was not run" git autoresearch audit "$last"
fatal 'a log that cannot be written' "cannot write '.*no/such/folder'" \
	git autoresearch sandbox --audit-log="$scratch/no/such/folder" -- true

note 'Readers that leave, and a disk that is full.'
# The reader is gone before the first line is written.
for command in log 'log --json' 'show 1' 'status' 'verify' 'doctor'; do
	# shellcheck disable=SC2086
	{ sleep 0.1; git autoresearch $command 2>"$scratch/err"; echo $? >"$scratch/status"; } | true
	check_equal "$command into a pipe that nobody reads makes no noise" '' "$(cat "$scratch/err")"
	check '  and ends as git does: with 0, or by SIGPIPE' grep -qxE '0|141' "$scratch/status"
done
check_status 'stdout on a full disk is fatal' 128 sh -c 'git autoresearch log >/dev/full'
check '  and says so' grep -q '^fatal: .*No space left' "$scratch/err"

mkdir "$scratch/small"
if mount -t tmpfs -o size=6m tmpfs "$scratch/small" 2>/dev/null; then
	trap 'cd /; umount -l "$scratch/small"; chmod -R u+rwx "$scratch" 2>/dev/null; rm -rf "$scratch"' EXIT
	git clone -q --no-hardlinks . "$scratch/small/repo"
	cd "$scratch/small/repo" || exit 1
	# The log of every run fills what is kept free for proposals, a little more each.
	big=$(printf '#!/bin/sh\nhead -c 100000 /dev/urandom | base64 >blob.value\necho $((100 - AUTORESEARCH_EXPERIMENT)) >value\n' | proposer big)
	sed -i 's/editable = value/editable = *value/' .autoresearch/config
	git commit -qam 'more to edit'
	# It is noticed before, or when it happens.
	timeout 60 git autoresearch start --proposer-command="$big" >"$scratch/out" 2>"$scratch/err"
	status=$?
	check 'a full disk below the repository ends start' grep -qx -e 2 -e 128 <<<$status
	check '  and says so' grep -qE '^fatal: (.*No space left|the disk runs full)' "$scratch/err"
	check_equal '  in one line' 1 "$(grep -c '^fatal:' "$scratch/err")"
	made=$(git autoresearch log --json | wc -l)
	check 'experiments were made before' test "$made" -gt 2
	mount -o remount,size=16m "$scratch/small"
	check_status 'with room again it goes on' 3 git autoresearch start --proposer-command="$big" --max-experiments=2
	check_equal '  where it was' "$(seq $((made + 2)) -1 1)" "$(git autoresearch log --json | jq .experiment)"
	check_status '  and verifies' 0 git autoresearch verify
	check 'git fsck is content' git fsck --strict --no-dangling --no-progress
	cd "$scratch/repo" || exit 1
else
	skip 'a full disk below the repository' 'no tmpfs can be mounted here'
fi
check_equal 'nothing is left behind' '' "$(leftovers | grep -v "$scratch/small")"

done_testing
