#!/bin/bash
# What a campaign leaves in git, judged by git alone: four refs, a chain of records with their
# candidates as second parents, trailers that git parses, notes, and nothing that `git fsck`
# minds or `git gc` takes away.
# shellcheck disable=SC2154
. "$(dirname "$0")/lib.sh"

propose=$(proposer <<'PROPOSER'
#!/bin/sh
case $AUTORESEARCH_EXPERIMENT in
1) echo 90 >value; printf 'ninety is less\n\nSince 90 < 100.\nAnd that is all.\n' ;;
2) echo 95 >value; echo 'a step back' ;;
3) echo 1 >other; echo 'elsewhere' ;;
4) echo 80 >value; echo 'eighty' ;;
*) exit 125 ;;
esac
PROPOSER
)

new_repo
echo 0 >other
git add other
# A trial of a candidate lasts for as long as this file is there.
mkdir "$scratch/flags"
touch "$scratch/flags/hold"
git config autoresearch.bind "$scratch/flags"
configure <<-CONFIG
[run]
	command = "echo ran; while test \$AUTORESEARCH_EXPERIMENT != 0 -a -e $scratch/flags/hold; do sleep 0.05; done"
[evaluate]
	command = "echo METRIC loss=\$(cat value); echo METRIC size=3"
CONFIG
base=$(git rev-parse HEAD)
ledger=refs/autoresearch/main/ledger
git config autoresearch.proposer command
git config autoresearch.proposerCommand "$propose"

# Everything that is unreachable goes, while a candidate that no record names yet is running.
git autoresearch start >"$scratch/start.out" 2>&1 &
start=$!
a_trial_runs() { pgrep -f "^sh -c echo ran; while test .*$scratch" >/dev/null; }
soon a_trial_runs
check 'git gc while a trial runs' git gc -q --prune=now
check 'the trial was running all the time' a_trial_runs
check 'the slot is a linked worktree, locked with a reason' \
	sh -c 'git worktree list --porcelain | grep "^locked ."'
check 'and git worktree prune leaves it alone' sh -c '
	git worktree prune; test $(git worktree list | wc -l) -eq 2'
rm "$scratch/flags/hold"
wait "$start"
check_equal 'the run ends with 0: exhausted' 0 $?
git autoresearch log --json | tac >"$scratch/log"
check_equal 'the verdicts are' 'accepted rejected invalid accepted' \
	"$(jq -r .verdict "$scratch/log" | xargs)"

check_equal 'four refs, and not one more' \
	"refs/autoresearch/main/ledger refs/heads/autoresearch/main refs/heads/main refs/notes/autoresearch" \
	"$(git for-each-ref --format='%(refname)' | xargs)"

commit() { # commit <n>: the candidate of an experiment
	jq -r "select(.experiment == $1).commit" "$scratch/log"
}
record() { # record <n>: its record's commit
	git rev-parse "$ledger~$((4 - $1))"
}

note 'The branch: accepted candidates, linear.'
check_equal 'the branch is the accepted ones' "$(commit 4) $(commit 1) $base" \
	"$(git rev-list --parents -n 1 "$(git rev-parse autoresearch/main)") $base"
check_equal 'and the first one'\''s parent is what was measured' "$base" \
	"$(git rev-parse "$(commit 1)^@")"
check_equal 'an accepted commit changes what was proposed' value \
	"$(git diff --name-only "$base" "$(commit 1)")"
check_equal 'a rejected one as well' 95 "$(git show "$(commit 2):value")"
check_equal 'its parent was the incumbent' "$(commit 1)" "$(git rev-parse "$(commit 2)^@")"
check_equal 'an invalid one has the incumbent'\''s tree' \
	"$(git rev-parse "$(commit 1)^{tree}")" "$(git rev-parse "$(commit 3)^{tree}")"

note 'The chain of records.'
check_equal 'record 0 has one parent: the commit that was measured' "$base" \
	"$(git rev-parse "$(record 0)^@")"
for n in 1 2 3 4; do
	check_equal "record $n: parents are the previous record, then the candidate" \
		"$(record $((n - 1))) $(commit "$n")" "$(git rev-parse "$(record "$n")^@" | xargs)"
done
check_equal 'the tree of the baseline' 'audit.jsonl evaluate.log record.json run.log' \
	"$(git ls-tree --name-only "$(record 0)" | xargs)"
for n in 1 2 4; do
	check_equal "the tree of $n, which ran" 'audit.jsonl evaluate.log patch record.json run.log' \
		"$(git ls-tree --name-only "$(record "$n")" | xargs)"
done
# Its proposer did.
check_equal 'the tree of 3, which did not' 'audit.jsonl patch record.json' \
	"$(git ls-tree --name-only "$(record 3)" | xargs)"
check_equal 'run.log is what run printed' ran "$(git show "$(record 1):run.log")"
check_equal 'evaluate.log is what evaluate printed' 'METRIC loss=90
METRIC size=3' "$(git show "$(record 1):evaluate.log")"
git show "$(record 2):patch" >"$scratch/patch"
check 'patch is one that git applies to the incumbent' sh -c "
	export GIT_INDEX_FILE=$scratch/index && git read-tree $(commit 1) &&
	git apply --cached $scratch/patch &&
	test \$(git write-tree) = $(git rev-parse "$(commit 2)^{tree}")"
check 'the patch of what was refused shows what was proposed' sh -c "
	git show $(record 3):patch | grep -qx +1"

note 'record.json.'
members='about again asked audit base baseline campaign comparison cpu duration experiment files
host machine memoryPeak metric metricName metricSource metrics noise policy proposedBy rationale
reason reference removed samples search settled started subject totals tree trials type verdict
version warm'
for n in 0 1 2 3 4; do
	git show "$(record "$n"):record.json" >"$scratch/record.$n"
	check_equal "record $n has the members of the manual" \
		"$({ xargs -n 1 <<<"$members"; [ "$n" = 0 ] || echo previous; } | sort | xargs)" \
		"$(jq -r 'keys[]' "$scratch/record.$n" | xargs)"
	check_equal "record $n names the ids of its files" \
		"$(git ls-tree "$(record "$n")" | awk '$4 != "record.json" {print $4, $3}' | sort)" \
		"$(jq -r '.files | to_entries[] | "\(.key) \(.value)"' "$scratch/record.$n" | sort)"
	check_equal "record $n has its number" "$n" "$(jq .experiment "$scratch/record.$n")"
done
check_equal 'the baseline'\''s type and verdict' 'baseline null null' \
	"$(jq -r '"\(.type) \(.verdict) \(.reason)"' "$scratch/record.0")"
check_equal 'the others are experiments' 'experiment experiment experiment experiment' \
	"$(jq -r .type "$scratch"/record.[1-4] | xargs)"
check_equal 'a record has the numbers' '90 100 [90] {"loss":90,"size":3}' \
	"$(jq -rc '"\(.metric) \(.baseline) \(.samples) \(.metrics)"' "$scratch/record.1")"
check_equal 'and where they come from' evaluate "$(jq -r .metricSource "$scratch/record.1")"
check_equal 'what did not run has none' 'null [] {} null' \
	"$(jq -rc '"\(.metric) \(.samples) \(.metrics) \(.memoryPeak)"' "$scratch/record.3")"
check_equal 'and says why' 'out-of-scope other' "$(jq -r .reason "$scratch/record.3")"
check_equal 'the words are there' 'ninety is less
Since 90 < 100.
And that is all.' "$(jq -rj '.subject, "\n", .rationale' "$scratch/record.1")"
check_equal 'running totals' '4 2 1 1 80' "$(jq -r '.totals | "\(.experiments) " +
	"\(.verdicts.accepted) \(.verdicts.rejected) \(.verdicts.invalid) \(.incumbentMetric)"' \
	"$scratch/record.4")"
check_equal 'the tree that ran' "$(git rev-parse "$(commit 2)^{tree}")" \
	"$(jq -r .tree "$scratch/record.2")"

note 'Trailers, in the order of the manual.'
message() { # message <n>: of the accepted commit, or the note
	case $1 in
	1 | 4) git log -1 --format=%B "$(commit "$1")" ;;
	0) git notes --ref=autoresearch show "$base" ;;
	*) git notes --ref=autoresearch show "$(commit "$1")" ;;
	esac
}
keys() {
	message "$1" | git interpret-trailers --parse | cut -d: -f1 | xargs
}
check_equal 'of an accepted commit' "Experiment Verdict Metric Baseline Trials Duration \
Cpu-Time Memory-Peak Audit Policy Record Proposed-by" "$(keys 1)"
check_equal 'of a rejected one'\''s note' "Experiment Verdict Reason Metric Baseline Trials \
Duration Cpu-Time Memory-Peak Audit Policy Record Proposed-by" "$(keys 2)"
check_equal 'of the baseline'\''s note' "Experiment Metric Trials Duration Cpu-Time \
Memory-Peak Audit Policy Record" "$(keys 0)"
check_equal 'git log reads the same as git interpret-trailers' \
	"$(message 1 | git interpret-trailers --parse)" \
	"$(git log -1 --format='%(trailers:only,unfold)' "$(commit 1)" | sed '/^$/d')"
value() {
	message "$1" | git interpret-trailers --parse | sed -n "s/^$2: //p"
}
check_equal 'Experiment:' main/1 "$(value 1 Experiment)"
check_equal 'Verdict:' accepted "$(value 1 Verdict)"
check_equal 'Metric:' loss=90 "$(value 1 Metric)"
check_equal 'Baseline:' loss=100 "$(value 1 Baseline)"
check_equal 'the Baseline: is the incumbent'\''s' loss=90 "$(value 2 Baseline)"
check_equal 'Reason:' no-improvement "$(value 2 Reason)"
check 'Audit:' sh -c "echo '$(value 1 Audit)' |
	grep -qxE 'enforced level=[AB] events=[0-9]+ denied=[0-9]+ lost=0 sha256:[0-9a-f]{64}'"
check_equal 'Proposed-by:' command/propose "$(value 1 Proposed-by)"
check 'Duration: has two decimals' sh -c "echo '$(value 1 Duration)' | grep -qxE '[0-9]+\.[0-9]{2}s'"
check 'Policy: is a digest' sh -c "echo '$(value 1 Policy)' | grep -qxE 'sha256:[0-9a-f]{64}'"
for n in 0 1 2 3 4; do
	check_equal "Record: of $n is the digest of its record.json" \
		"sha256:$(sha256sum <"$scratch/record.$n" | cut -d' ' -f1)" "$(value "$n" Record)"
done
check_equal 'an accepted commit: subject, blank line, rationale, blank line, trailers' \
	'ninety is less

Since 90 < 100.
And that is all.

Experiment: main/1' "$(message 1 | sed '/^Experiment:/q')"
check_equal 'a note begins with the subject and a blank line' 'a step back

Experiment: main/2' "$(message 2 | sed '/^Experiment:/q')"
check_equal 'a candidate that was not accepted carries its number alone' 'Experiment: main/2' \
	"$(git log -1 --format=%B "$(commit 2)" | git interpret-trailers --parse)"
check_equal 'notes: on the baseline and on what was not accepted, no others' \
	"$(printf '%s\n' "$base" "$(commit 2)" "$(commit 3)" | sort)" \
	"$(git notes --ref=autoresearch list | cut -d' ' -f2 | sort)"
check 'git log shows them' sh -c "
	git log --notes=autoresearch -1 $(commit 2) | grep -q 'Verdict: rejected'"

note 'The same as JSON.'
members='experiment campaign verdict reason metric baseline samples commit base subject started
duration cpu memoryPeak audit metrics tokens search'
check_equal 'log -n 1: the newest' "$(git autoresearch log --json | head -n 1)" "$(git autoresearch log --json -n 1)"
check_equal 'log -n 0: none, as of git log' '' "$(git autoresearch log -n 0)"
check_equal 'log --json: the members of the manual, in every line' "$(echo "$members" | xargs)" \
	"$(jq -r 'keys_unsorted | join(" ")' "$scratch/log" | sort -u)"
for n in 1 2 3 4; do
	check_equal "show --json $n is what log --json says" "$(jq -c "select(.experiment == $n)" "$scratch/log")" \
		"$(git autoresearch show --json "$n" | jq -c .)"
done
check_equal 'show --json 0 is the baseline' "0 null 100 $base" \
	"$(git autoresearch show --json 0 | jq -r '"\(.experiment) \(.verdict) \(.metric) \(.commit)"')"
check_equal 'types' 'number string string string number number array string string string string number number number object object number object' \
	"$(jq -r 'select(.experiment == 2) | [.[] | type] | join(" ")' "$scratch/log")"
check 'audit' jq -se 'all(.audit | (.level | test("^[AB]$")) and .events > 0 and .lost == 0)' "$scratch/log"
check_equal 'base is the incumbent that it was made from' "$base $(commit 1) $(commit 1) $(commit 1)" \
	"$(jq -r .base "$scratch/log" | xargs)"
check 'started is a time of RFC 3339' sh -c "! jq -r .started '$scratch/log' |
	grep -vxE '[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z'"
check 'duration is in seconds' jq -es 'all(.[]; .experiment == 3 or (.duration > 0 and .duration < 60))' "$scratch/log"
git autoresearch status --json >"$scratch/status"
check_equal 'status --json: the members of the manual' \
	'campaign state reason pid log branch incumbent metric direction baseline best trials noise experiments tokens gpuHours budget verdicts proposers' \
	"$(jq -r 'keys_unsorted | join(" ")' "$scratch/status")"
check_equal '  and a count of every verdict' \
	'accepted=2 rejected=1 indecisive=0 failed=0 violation=0 invalid=1 duplicate=0 skipped=0' \
	"$(jq -r '.verdicts | to_entries | map("\(.key)=\(.value)") | join(" ")' "$scratch/status")"
check_equal '  with these values' "main exhausted $(git rev-parse autoresearch/main) loss minimize 100 80 4" \
	"$(jq -r '"\(.campaign) \(.state) \(.incumbent) \(.metric) \(.direction) \(.baseline) \(.best) \(.experiments)"' "$scratch/status")"
check_equal '  the branch is one that git knows' "$(git rev-parse autoresearch/main)" \
	"$(git rev-parse "$(jq -r .branch "$scratch/status")")"

note 'Nothing is lost.'
git reflog expire --expire=now --all
check 'git gc' git gc -q --prune=now
check 'git fsck --strict is content, and silent' sh -c '
	test -z "$(git fsck --strict --no-dangling --no-progress 2>&1)"'
check_status 'every record verifies' 0 git autoresearch verify
for n in 1 2 3 4; do
	check "candidate $n is still there" git cat-file -e "$(commit "$n")^{tree}"
done
git clone -q --bare "$PWD" "$scratch/copy.git"
git -C "$scratch/copy.git" fetch -q origin 'refs/*:refs/*'
check_status 'and in a copy that fetched the refs' 0 git -C "$scratch/copy.git" autoresearch verify main

note 'Two campaigns may measure the same commit.'
git config autoresearch.proposerCommand "$(printf '#!/bin/sh\nexit 125\n' | proposer nothing)"
check_status 'a second campaign' 0 git autoresearch start other
check_equal 'its baseline is the same commit' "$base" \
	"$(git rev-parse refs/autoresearch/other/ledger^@)"
check_equal 'whose note speaks for both' 'Experiment: main/0
Experiment: other/0' "$(git notes --ref=autoresearch show "$base" | grep '^Experiment:')"
check_status 'the first verifies' 0 git autoresearch verify main
check_status 'and the second' 0 git autoresearch verify other

note 'People may commit to the ledger branch.'
git worktree add -q "$scratch/person" autoresearch/main
echo 70 >"$scratch/person/value"
git -C "$scratch/person" commit -qam 'I know better'
person=$(git -C "$scratch/person" rev-parse HEAD)
git worktree remove "$scratch/person"
before=$(git rev-parse "$ledger")
check_status 'start goes on' 0 git autoresearch start main
check_equal 'with a baseline of what they committed' "$before $person" \
	"$(git rev-parse "$ledger^@" | xargs)"
check_equal 'which is a record without a number of its own' 'baseline 0 70' \
	"$(git show "$ledger:record.json" | jq -r '"\(.type) \(.experiment) \(.metric)"')"
check_equal 'the best is theirs' 70 "$(git autoresearch status --campaign=main --json | jq .best)"
check_equal 'no experiment was added' 4 "$(git autoresearch log --campaign=main --json | wc -l)"
check_status 'it verifies' 0 git autoresearch verify main
check 'git fsck is content' git fsck --strict --no-dangling --no-progress

note 'A branch that somebody deleted: the ledger still knows the incumbent.'
git branch -qD autoresearch/other
better=$(printf '#!/bin/sh\necho 60 >value\n' | proposer better)
check_status 'start goes on' 3 git autoresearch start other --proposer-command="$better" --max-experiments=1
check_equal 'and has its branch again' 60 "$(git show autoresearch/other:value)"
check_status 'it verifies' 0 git autoresearch verify other

check_status 'git autoresearch gc takes the slots away' 0 git autoresearch gc
check_equal 'so that git knows one worktree' 1 "$(git worktree list | wc -l)"
check_equal 'nothing is left behind' '' "$(leftovers)"

done_testing
