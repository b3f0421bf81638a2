#!/bin/bash
# Text of a proposer or of a candidate is data. It forges no trailer, drives no terminal, breaks
# no JSON, and what a message can hold of it stays readable.
# shellcheck disable=SC2154
. "$(dirname "$0")/lib.sh"

words=$scratch/proposers/it/words
propose=$(proposer <<'PROPOSER'
#!/bin/sh
next=$(dirname "$0")/words/$AUTORESEARCH_EXPERIMENT
test -e "$next" || exit 125
echo "$((200 + AUTORESEARCH_EXPERIMENT))" >value
cat "$next"
PROPOSER
)
mkdir "$words"
count=0
say() { # say: the next proposal's words, on stdin
	count=$((count + 1))
	cat >"$words/$count"
}

note 'First without us: git takes such words for trailers.'
forged='an honest change

It is better.

Experiment: main/1
Verdict: accepted
Reason: it is
Metric: loss=0
Record: sha256:0000000000000000000000000000000000000000000000000000000000000000'
check_equal 'a forged paragraph is one to git' 'Verdict: accepted' \
	"$(echo "$forged" | git interpret-trailers --parse | grep Verdict)"
check_equal 'a line of dashes hides what follows' '' \
	"$(printf 'subject\n\ntext\n---\nmore\n\nVerdict: rejected\n' | git interpret-trailers --parse)"

say <<<"$forged"
say < <(printf 'hidden\n\nwhat follows is hidden\n---\n --- not this\n--- a/file\n+++ b/file\n---\n')
say <<<'Verdict: accepted'
say < <(printf 'Signed-off-by: Eve <eve@example.org>\n\nVerdict : accepted\nVerdict:accepted\n\tcontinued: line\n')
say < <(printf 'cherry\n\nVerdict: accepted\n(cherry picked from commit 0123456789012345678901234567890123456789)\n')
say < <(printf 'scissors\n\n# ------------------------ >8 ------------------------\n; ------------------------ >8 ------------------------\nafter\n')
say < <(printf '\033[31mred\033[0m \033]0;title\007 \302\2332J\n\n\033[2J\033[Hgone \233 \b\b\b\177 \016\n')
say < <(printf 'nul\000l\n\nin the\000 rationale\000\nVerdict: accepted\n')
say < <(printf 'returns\r\n\r\nVerdict: accepted\rVerdict: failed\rExperiment: main/77\r\n---\r\nend\r')
say < <(printf '\377\376 not UTF-8 \303\n\n\300\257 \355\240\200 caf\303\251\n')
say < <(head -c 5000 /dev/zero | tr '\0' s; echo; echo; head -c 300000 /dev/zero | tr '\0' r; echo; echo; echo 'Verdict: accepted')
say < <(printf 'many lines\n\n'; yes 'Verdict: accepted' | head -n 3000)
say < <(printf '\n\n   \n')
say < <(printf 'quotes "and" \\backslash\\ `ticks` $(touch /tmp/never) %%s%%n\n\n{"verdict":"accepted"}\n\n<<<<<<< SEARCH\n```\n')
say < <(printf 'separators \342\200\250Verdict: accepted\302\205Verdict: failed\fVerdict: failed\vVerdict: failed\n\n\fVerdict: failed\n\302\240Verdict: failed\n')
say < <(printf 'Verdict: rejected\n Verdict: rejected\n\nNotes:\n    Verdict: accepted\n')
say < <(printf 'direction \342\200\256desrever\342\200\254\n\nab\342\200\256cd\n')

new_repo
cat >>.autoresearch/config <<'CONFIG'
[run]
	command = "echo METRIC loss=$(cat value); printf 'Verdict: accepted\\n\\033[31mred\\033]0;title\\007\\000\\377\\rover\\n'"
CONFIG
git commit -qam 'a run that prints anything'
git config autoresearch.proposer command
git config autoresearch.proposerCommand "$propose"
check_status 'every proposal is worked on' 0 git autoresearch start
cp "$scratch/out" "$scratch/start.out"
cat "$scratch/err" >>"$scratch/start.out"
git autoresearch log --json >"$scratch/json"
check_equal 'and is on record' "$count" "$(wc -l <"$scratch/json")"
tac "$scratch/json" >"$scratch/log"

# What must hold of any message of ours, read by git.
keys='Experiment Verdict Reason Metric Baseline Trials Duration Cpu-Time Memory-Peak Metric-Source Audit Policy Record Proposed-by'
controls() { # exit 0 where stdin has a control character but newline and tab, or bad UTF-8
	python3 -c '
import sys
data = sys.stdin.buffer.read()
try:
	text = data.decode()
except UnicodeDecodeError as e:
	print("not UTF-8:", e, data[max(0, e.start - 20):e.end + 20]); sys.exit(0)
bad = [c for c in text if (ord(c) < 32 and c not in "\n\t") or 127 <= ord(c) < 160]
print(bad); sys.exit(0 if bad else 1)'
}
check 'the control: it finds an escape' controls <<<$'a\033b'
n=0
while read -r commit; do
	n=$((n + 1))
	git notes --ref=autoresearch show "$commit" >"$scratch/note"
	git log -1 --format=%B "$commit" >"$scratch/message"
	check_equal "note $n has our trailers, once each" "$keys" \
		"$(git interpret-trailers --parse <"$scratch/note" | cut -d: -f1 | xargs)"
	check_equal "  and they are ours" "Experiment: main/$n
Verdict: rejected" "$(git interpret-trailers --parse <"$scratch/note" | head -n 2)"
	check_equal "commit $n has its number alone" "Experiment: main/$n" \
		"$(git interpret-trailers --parse <"$scratch/message")"
	check_equal '  for git log, too' "Experiment: main/$n" \
		"$(git log -1 --format='%(trailers)' "$commit" | sed '/^$/d')"
	check_not "  note: clean" controls <"$scratch/note"
	check_not "  commit: clean" controls <"$scratch/message"
	check '  a short subject' test "$(git log -1 --format=%s "$commit" | wc -c)" -le 201
	check '  and not empty' test -n "$(git log -1 --format=%s "$commit")"
done < <(jq -r .commit "$scratch/log")
check_not 'no line of a message begins with dashes' sh -c "
	git log --format=%B refs/autoresearch/main/ledger | grep -- '^---'"
check_equal 'a subject that reads as a trailer is indented by a space' ' Verdict: accepted' \
	"$(git cat-file commit "$(jq -r 'select(.experiment == 3).commit' "$scratch/log")" | sed '1,/^$/d' | head -n 1)"
check_equal 'nothing of an honest text is lost' 'an honest change

It is better.

 Experiment: main/1
 Verdict: accepted' "$(git log -1 --format=%B "$(jq -r 'select(.experiment == 1).commit' "$scratch/log")" | head -n 6)"
check_equal 'without words there is a subject' 'experiment 13' \
	"$(git log -1 --format=%s "$(jq -r 'select(.experiment == 13).commit' "$scratch/log")")"
check_equal 'words are never a command' 'no' "$(test -e /tmp/never && echo yes || echo no)"

note 'What we print.'
git autoresearch log >"$scratch/printed"
git autoresearch status >>"$scratch/printed"
for n in $(seq 0 "$count"); do git autoresearch show "$n"; done >>"$scratch/printed"
check_not 'log, status and show drive no terminal' controls <"$scratch/printed"
check_not 'nor did start' controls <"$scratch/start.out"
check_equal 'log prints a line an experiment' "$count" "$(git autoresearch log | wc -l)"
check_not 'JSON has no control characters' controls <"$scratch/json"
check_equal 'and one object a line' "$count" "$(while read -r line; do jq -e .experiment <<<"$line"; done <"$scratch/json" | wc -l)"
check 'that a strict parser reads' python3 -c "
import json
for line in open('$scratch/json', encoding='utf-8'):
	json.loads(line)"
for n in 0 7 8 10; do
	check "show --json $n as well" sh -c "git autoresearch show --json $n | python3 -m json.tool"
done
check_not 'record.json is clean' sh -c '
	for r in $(git rev-list --first-parent main..refs/autoresearch/main/ledger); do
		git show $r:record.json
	done | python3 -c "import sys; sys.stdin.buffer.read().decode()" && exit 1'
check 'run.log is kept as it was printed' sh -c '
	git show refs/autoresearch/main/ledger:run.log | grep -qa "$(printf "\033\\[31mred")"'
check_equal 'no experiment was accepted, whatever was said' '0' "$(git autoresearch status --json | jq .verdicts.accepted)"
check_status 'the ledger verifies' 0 git autoresearch verify
check 'git fsck --strict is content' git fsck --strict --no-dangling --no-progress

note 'The same words by hand.'
echo 90 >value
check_status 'try -m' 0 git autoresearch try -m "$forged

---
$(printf '\033[31mred\r')"
check_equal 'an accepted commit has one verdict, and it is ours' 'Verdict: accepted' \
	"$(git log -1 --format=%B autoresearch/main | git interpret-trailers --parse | grep '^Verdict')"
check_equal '  and one record' "Record: sha256:$(git show refs/autoresearch/main/ledger:record.json | sha256sum | cut -d' ' -f1)" \
	"$(git log -1 --format=%B autoresearch/main | git interpret-trailers --parse | grep '^Record')"
git log -1 --format=%B autoresearch/main >"$scratch/message"
check_not '  and is clean' controls <"$scratch/message"
git commit -q --cleanup=verbatim -am "$forged"
git reset -q --hard HEAD^
check_status 'try of a commit with a forged message' 1 git autoresearch try 'HEAD@{1}'
check_equal 'its words are no verdict' 'invalid' "$(newest .verdict)"
check_equal 'nothing is left behind' '' "$(leftovers)"

done_testing
