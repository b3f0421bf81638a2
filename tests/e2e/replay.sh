#!/bin/bash
# An experiment is measured again, as it was then: its exact tree, under the config, the hidden
# files and the seeds of its time. What that came to is a record of its own.
# shellcheck disable=SC2154
. "$(dirname "$0")/lib.sh"

propose=$(proposer <<'PROPOSER'
#!/bin/sh
n=$AUTORESEARCH_EXPERIMENT
echo "number $n"
case $n in
1) echo 90 >value ;;
2) echo 95 >value ;;
3) echo 1 >elsewhere ;;
4) echo 95 >value ;;
5) echo false >value ;;
6) echo noisy >value ;;
7) echo 70 >value ;;
*) exit 125 ;;
esac
PROPOSER
)
new_repo
echo 1 >factor
cat >score <<SCORE
v=\$(cat \$AUTORESEARCH_OUT/value)
case \$v in
noisy) v=\$((200 + 3 * AUTORESEARCH_TRIAL + \$(cat $scratch/machine))) ;;
false) exit 3 ;;
esac
echo METRIC loss=\$((v * \$(cat factor)))
echo METRIC seed=\$AUTORESEARCH_SEED
SCORE
git add factor score
# What `noisy` measures is another number each time, and depends on what the machine is like.
echo 0 >"$scratch/machine"
git config autoresearch.bind "$scratch/machine"
configure <<-CONFIG
[campaign]
	hidden = factor
	hidden = score
[run]
	command = "cp value \$AUTORESEARCH_OUT"
[evaluate]
	command = sh score
CONFIG
git config autoresearch.proposer command
git config autoresearch.proposerCommand "$propose"
ledger=refs/autoresearch/main/ledger

# replayed <n> <status> [<option>...]: the replay is in $scratch/replay, as JSON.
replayed() {
	local n=$1 status=$2
	shift 2
	check_status "replay $n ${*-}" "$status" git autoresearch replay --json "$@" "$n"
	cp "$scratch/out" "$scratch/replay"
}
of() { # of <jq filter>
	jq -r "$1" "$scratch/replay"
}

check_status 'without a campaign it is fatal' 128 git autoresearch replay 1
git autoresearch start >"$scratch/start.out" 2>&1
check_equal 'seven experiments' 'accepted rejected invalid duplicate failed rejected accepted' \
	"$(git autoresearch log --json | jq -r .verdict | tac | xargs)"
refs() {
	git for-each-ref --format='%(refname) %(objectname)' | grep -v -e "^$ledger" -e ^refs/notes/
}
before=$(refs) count=$(git rev-list --count --first-parent $ledger)

note 'What gives the same number again is reproduced.'
check_status 'an accepted one' 0 git autoresearch replay 1
check_equal '  in a line' 'main/1: reproduced: loss 90, as then' "$(cat "$scratch/out")"
replayed 2 0
check_equal 'a rejected one as well' 'true 95 95 [95] null' \
	"$(of '"\(.reproduced) \(.was) \(.metric) \(.samples) \(.reason)"')"
check_equal '  of the tree that was measured then' "$(git rev-parse "$(of .commit)^{tree}")" "$(of .tree)"
check_equal '  which is its candidate' "$(git autoresearch show --json 2 | jq -r .commit)" "$(of .commit)"
check_equal '  on the same machine, under the same policy' 'true true' "$(of '"\(.sameMachine) \(.samePolicy)"')"
check_status 'show tells of it' 0 git autoresearch show 1
check '  with the number' grep -qE '^replayed +20[^ ]*Z: reproduced, loss 90$' "$scratch/out"
check_status 'the baseline' 0 git autoresearch replay 0
check_equal '  in the same line' 'main/0: reproduced: loss 100, as then' "$(cat "$scratch/out")"
check_status 'one that failed fails again' 0 git autoresearch replay 5
check_equal '  for the same reason' 'main/5: reproduced: exit 3, as then' "$(cat "$scratch/out")"
replayed 1 0 --trials=7
check_equal 'so many trials have an interval' '7 90 90' "$(of '"\(.samples | length) \(.low) \(.high)"')"

note 'Each is a record.'
check_equal 'five more' $((count + 5)) "$(git rev-list --count --first-parent $ledger)"
check_equal 'of type replay, about the experiment, without a number or a verdict' 'replay null 1 null true 90' \
	"$(git show $ledger:record.json | jq -r '"\(.type) \(.experiment) \(.about) \(.verdict) \(.replay.reproduced) \(.replay.was)"')"
check_equal '  with its trials, logs and audit' 'audit.jsonl evaluate.log record.json run.log 7' \
	"$(git ls-tree --name-only $ledger | xargs) $(git show $ledger:record.json | jq '.trials | length')"
check_equal '  whose second parent is the candidate' "$(of .commit)" "$(git rev-parse $ledger^2)"
check_equal '  and whose title says what came of it' 'replay of 1: reproduced number 1' "$(git log -1 --format=%s $ledger)"
check_equal 'a note tells of it as well' "main/1
reproduced
sha256:$(git show $ledger:record.json | sha256sum | cut -d' ' -f1)" \
	"$(git notes --ref=autoresearch show "$(of .commit)" | git interpret-trailers --parse | sed -nE 's/^(Experiment|Replay|Record): //p')"
check_equal 'the seed is the one of then' 1 \
	"$(for i in $ledger "$(git log --format=%H --grep='^experiment 1:' $ledger)"; do git show "$i:record.json" | jq '.trials[0].metrics.seed'; done | sort -u | wc -l)"
check_equal 'no other ref has moved' "$before" "$(refs)"
check_equal 'log and status say what they said' '7 7 70' \
	"$(git autoresearch log | wc -l) $(git autoresearch status --json | jq -r '"\(.experiments) \(.best)"')"
check_status 'it verifies' 0 git autoresearch verify

note 'What does not is not.'
echo -4 >"$scratch/machine"
check_status 'another number' 1 git autoresearch replay --trials=1 6
check 'it says both' grep -qx 'main/6: not reproduced: loss 199, and then loss 203' "$scratch/out"
replayed 6 0
check_equal 'but three samples show that there is noise, and that it is within' '[199,202,205]' "$(of '.samples | tostring')"
check_status 'it verifies' 0 git autoresearch verify

note 'What was never run cannot be.'
check_status 'an invalid one' 128 git autoresearch replay 3
check '  it says why' grep -q '^fatal: nothing was run for experiment 3: it is invalid (out-of-scope elsewhere)$' "$scratch/err"
check_status 'a duplicate' 128 git autoresearch replay 4
check '  with a hint' grep -qx 'hint: git autoresearch replay 2' "$scratch/err"
check_status 'one that is not there' 128 git autoresearch replay 99
for bad in '--trials=0 1' '--trials=41 1' 'x' '' '1 2'; do
	# shellcheck disable=SC2086 # words are wanted
	check_status "usage: replay $bad" 129 git autoresearch replay $bad
done

note 'The rules are those of its time, not those of today.'
git worktree add -q "$scratch/person" autoresearch/main
cd "$scratch/person" || exit 1
echo 2 >factor
git commit -qam 'everything counts twice'
configure <<<'[limits] pids = 1'
check_status 'with the ledger branch checked out' 0 git autoresearch replay 7
check_equal '  it comes to the same' 'main/7: reproduced: loss 70, as then' "$(cat "$scratch/out")"
cd "$scratch/repo" || exit 1
git worktree remove --force "$scratch/person"

note 'A colleague who has the refs can do it, too, and verify what came of it.'
git init -q "$scratch/colleague"
cd "$scratch/colleague" || exit 1
git fetch -q "$scratch/repo" 'refs/heads/autoresearch/*:refs/heads/autoresearch/*' \
	'refs/autoresearch/*:refs/autoresearch/*' 'refs/notes/autoresearch:refs/notes/autoresearch'
check_status 'what was accepted' 0 git autoresearch replay 1
check_status 'what was rejected' 0 git autoresearch replay 2
check_status 'it verifies' 0 git autoresearch verify
check_status 'verify --rerun measures accepted ones again' 0 git autoresearch verify --rerun=9
check_equal '  the newest and the first' "main/7: reproduced: loss 70, as then
main/1: reproduced: loss 90, as then
main: 2 of 2 accepted measured again, 0 not reproduced" "$(grep '^main' "$scratch/out" | sed 1d)"
check '  and that their settings are not the same' grep -q '^policy  *not that of then' "$scratch/out"
check_status 'one of them' 0 git autoresearch verify --rerun=1
check_equal '  is the newest' 'main/7: reproduced: loss 70, as then' "$(sed -n 2p "$scratch/out")"
check_status 'usage: verify --rerun=0' 129 git autoresearch verify --rerun=0
git update-ref -d refs/heads/autoresearch/main
check_status 'without the branch, too' 0 git autoresearch replay 2
check_equal '  which is not made again' '' "$(git for-each-ref refs/heads)"

note 'A machine that has changed is found out.'
cd "$scratch/repo" || exit 1
git autoresearch gc >/dev/null
new_repo drift
echo 50 >"$scratch/world"
git config autoresearch.bind "$scratch/world"
configure <<-CONFIG
[run]
	command = "echo METRIC loss=\$((\$(cat value) + \$(cat $scratch/world)))"
CONFIG
better=$(printf '#!/bin/sh\necho $((100 - 10 * AUTORESEARCH_EXPERIMENT)) >value\n' | proposer better)
git config autoresearch.proposerCommand "$better"
git config autoresearch.proposer command
git autoresearch start --max-experiments=3 >"$scratch/start.out" 2>&1
echo 51 >"$scratch/world"
check_status 'verify is content' 0 git autoresearch verify
check_status 'verify --rerun is not' 1 git autoresearch verify --rerun=2
check_equal '  and says what was not reproduced' "main/3: not reproduced: loss 121, and then loss 120
main/1: not reproduced: loss 141, and then loss 140
main: 2 of 3 accepted measured again, 2 not reproduced" "$(grep ^main "$scratch/out" | sed 1d)"

note 'One at a time.'
slow=$(printf '#!/bin/sh\nsleep 20.%s\n' $$ | proposer slow)
git-autoresearch start --proposer-command="$slow" >"$scratch/start.out" 2>&1 &
start=$!
for _ in $(seq 600); do
	pgrep -xf "sleep 20.$$" >/dev/null && break
	sleep 0.05
done
check_status 'while start holds the campaign it is fatal' 128 git autoresearch replay 1
check '  and names the process' grep -q "^fatal: .*process $start\$" "$scratch/err"
check '  with a hint' grep -q '^hint: .*git autoresearch stop' "$scratch/err"
git autoresearch stop --now >/dev/null
wait "$start"

note 'A replay that was tampered with shows.'
forge() { # forge <jq filter>: the newest record, with everything that vouches for it
	local blob tree
	blob=$(git show refs/autoresearch/main/ledger:record.json | jq "$1" | git hash-object -w --stdin)
	tree=$(git ls-tree $ledger | sed "s/[0-9a-f]*\trecord.json/$blob\trecord.json/" | git mktree)
	git update-ref $ledger "$(git log -1 --format=%B $ledger |
		git commit-tree -p $ledger^1 -p $ledger^2 -F - "$tree")"
}
good=$(git rev-parse $ledger)
forge '.replay.reproduced = true'
check_status 'one that says another outcome' 1 git autoresearch verify
check '  by its trials' grep -q '^replay of 1: what it says of the experiment does not follow' "$scratch/out"
check '  and by its note' grep -q '^replay of 1: its note does not carry' "$scratch/out"
git update-ref $ledger "$good"
forge '.about = 2'
check_status 'one about another experiment' 1 git autoresearch verify
check '  by its candidate' grep -q "^replay of 2: its candidate is not the experiment's" "$scratch/out"
git update-ref $ledger "$good"
forge '.about = 9'
check_status 'one about none' 1 git autoresearch verify
check '  in words' grep -q '^replay of 9: no such experiment came before it' "$scratch/out"
git update-ref $ledger "$good^"
check_status 'one that was cut off' 1 git autoresearch verify
check '  by its note' grep -q 'speaks of experiment 1, and no record does' "$scratch/out"
git update-ref $ledger "$good"
check_status 'put back, it verifies' 0 git autoresearch verify
check 'git fsck is content' git fsck --strict --no-dangling --no-progress

git autoresearch gc >/dev/null
check_equal 'nothing is left behind' '' "$(leftovers)"

done_testing
