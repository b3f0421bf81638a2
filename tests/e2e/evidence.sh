#!/bin/bash
# A campaign is handed to somebody who has no such program: one archive, a page that says what is in
# it, and commands on that page which check it with git, sha256sum and a shell. No secret leaves.
# shellcheck disable=SC2154
. "$(dirname "$0")/lib.sh"
. "$here/lib-endpoint.sh"

key=sk-$RANDOM-$RANDOM-$RANDOM-$RANDOM
new_repo
configure <<-'CONFIG'
[syscalls]
	deny = io_uring_setup
[evaluate]
	command = "echo METRIC loss=$(head -n 1 value)"
CONFIG
git config -f .autoresearch/config run.command 'echo looks like this; sh value 2>/dev/null; true'
git commit -qam 'run what is proposed'
one_by_one
ask_model script <<SCRIPT
[
{"content": "Ninety <script>alert(1)</script>\n\nThe key was $key.\n\nvalue\n\`\`\`\n90\n\`\`\`\n"},
{"content": "Ask the network\n\nvalue\n\`\`\`\n95\nbash -c ': >/dev/tcp/192.0.2.1/80'\n\`\`\`\n"},
{"content": "Eighty\n\nvalue\n\`\`\`\n80\n\`\`\`\n"}
]
SCRIPT
git config autoresearch.apiKeyEnv EVIDENCE_API_KEY
git config http.extraHeader "Authorization: Bearer $key"
export EVIDENCE_API_KEY=$key
check_status 'a campaign' 3 git autoresearch start --max-experiments=3
check_status 'a person overrules it' 0 git autoresearch reject 3 -m 'too good & too <b>bold</b>'
# Another campaign, of which there are notes as well, on a commit that the two share.
check_status 'another campaign' 3 git autoresearch start other --proposer=sweep --max-experiments=1
git notes --ref=autoresearch add -f -m "a note of somebody else's" HEAD~1 2>/dev/null
verdicts=$(git autoresearch log --campaign=main --json | jq -r .verdict | xargs)
check_equal 'its verdicts are' 'rejected violation accepted' "$verdicts"

export_evidence() {
	git autoresearch export --campaign=main --evidence -o "$@"
}
before=$(git for-each-ref; git count-objects -v)
check_status 'it is exported' 0 export_evidence "$scratch/evidence.tar"
check_equal 'nothing is written to the repository' "$before" "$(git for-each-ref; git count-objects -v)"
check 'the same campaign makes the same bytes' cmp "$scratch/evidence.tar" <(export_evidence -)

# --- On a machine that has no such program

auditor=$scratch/auditor
mkdir -p "$auditor/bin"
for tool in git tar sha256sum sh sed grep sort comm wc mkdir; do
	ln -s "$(command -v "$tool")" "$auditor/bin/$tool"
done
there() { # there <command>...: with these alone, and nobody's settings
	env -i PATH="$auditor/bin" HOME="$auditor" GIT_CONFIG_NOSYSTEM=1 "$@"
}
cd "$auditor" || exit 1
check_status 'there is no such program' 1 there git autoresearch verify
there tar xf "$scratch/evidence.tar"
cd evidence || exit 1
check_equal 'it holds a page, a bundle, a table and sums' \
	'README.html SHA256SUMS evidence.bundle experiments.csv' "$(find . -type f -printf '%P\n' | LC_ALL=C sort | xargs)"

# commands <page>: what it prints to be run, as a browser would show it.
commands() {
	awk '/^<\/pre>/ { on = 0 } on; /^<pre class="run">$/ { on = 1 }' "$1" |
		sed -e "s/&#39;/'/g" -e 's/&gt;/>/g' -e 's/&lt;/</g' -e 's/&quot;/"/g' -e 's/&amp;/\&/g'
}
commands README.html >"$scratch/commands"
check_equal 'the page prints commands, by name those tools alone' '' \
	"$(grep -oE '^[a-z0-9]+|[|(] *[a-z0-9]+' "$scratch/commands" | tr -d '|( ' | sort -u |
		grep -vxE 'git|sha256sum|sed|grep|sort|comm|wc|mkdir|cd|ledger|test|echo|while|done')"
check_status 'they all succeed' 0 there sh -eu "$scratch/commands"
complaints() { # what the checks print: lines of their own
	grep -xE '[0-9a-f]{64}|[0-9a-f]{40}: its files.*' "$scratch/out"
}
check_equal 'and complain of nothing' '' "$(complaints)"
check 'one record is shown' grep -q '"experiment": 3,' "$scratch/out"
check 'with its change' grep -qx '+80' "$scratch/out"
check 'and the note of a person' grep -q '^Decided-by: ' "$scratch/out"

cd checked.git || exit 1
check_equal 'branch, chain and notes are there, and no more' \
	'refs/autoresearch/main/ledger refs/heads/autoresearch/main refs/notes/autoresearch' \
	"$(there git for-each-ref --format='%(refname)' | xargs)"
check_equal 'branch and chain are what they were' \
	"$(git -C "$scratch/repo" rev-parse refs/heads/autoresearch/main refs/autoresearch/main/ledger)" \
	"$(there git rev-parse refs/heads/autoresearch/main refs/autoresearch/main/ledger)"
there git log --format=%B refs/notes/autoresearch >"$scratch/notes"
there git notes --ref=autoresearch list | while read -r _ commit; do
	there git notes --ref=autoresearch show "$commit"
done >>"$scratch/notes"
check_equal 'the notes are of this campaign' main \
	"$(sed -n 's/^Experiment: \(.*\)\/.*/\1/p' "$scratch/notes" | sort -u)"
check_not "and not of somebody else" grep -q "somebody else's" "$scratch/notes"
check_equal 'each record has its files' \
	'audit.jsonl evaluate.log patch prompt.md record.json reply.md run.log' \
	"$(there git ls-tree --name-only 'refs/autoresearch/main/ledger~1' | xargs)"
check_status 'with the program, it verifies as well' 0 git autoresearch verify main

# --- What the page says

page=../README.html
check 'who proposed' grep -q '<td>endpoint/test-model<td class="n">3' $page
check 'what was denied' grep -qE '<td class="n">2<td>violation \(network 192.0.2.1:80\)' $page
check 'who decided, and why' grep -qF '<td>too good &amp; too &lt;b&gt;bold&lt;/b&gt;' $page
check 'by what it was run' grep -qF 'deny = io_uring_setup' $page
check_equal 'hostile text is text' '' "$(grep -F -e '<script' -e '<b>bold' $page)"
check 'it asks for nothing from elsewhere' grep -q "default-src 'none'" $page
check_equal 'it names every record' \
	"$(there git rev-list --first-parent -n 5 refs/autoresearch/main/ledger | cut -c 1-12 | sort)" \
	"$(grep -oE '<code>[0-9a-f]{12}</code>' $page | grep -oE '[0-9a-f]{12}' | sort -u |
		grep -xf <(there git rev-list --first-parent -n 5 refs/autoresearch/main/ledger | cut -c 1-12))"

# --- The key is nowhere: not in any object, nor beside them

check 'the reply had it, and it was masked' grep -aq 'The key was \*\*\*\*' \
	<(there git cat-file --batch-all-objects --batch)
check_equal 'it is in no object' 0 "$(there git cat-file --batch-all-objects --batch | grep -acF "$key")"
check_equal 'and in no file' '' "$(grep -arlF "$key" ..)"

# --- A record that was altered is found there

cd "$scratch/repo" || exit 1
cp -a .git "$scratch/before"
forged=$(git cat-file blob refs/autoresearch/main/ledger:record.json | sed 's/too good/too bad/' |
	git hash-object -w --stdin)
tree=$(git ls-tree refs/autoresearch/main/ledger | sed "s/blob [0-9a-f]*\trecord.json/blob $forged\trecord.json/" |
	git mktree)
tip=$(git commit-tree -p refs/autoresearch/main/ledger^1 -p refs/autoresearch/main/ledger^2 \
	-m "$(git log -1 --format=%B refs/autoresearch/main/ledger)" "$tree")
git update-ref refs/autoresearch/main/ledger "$tip"
check_status 'a record is altered, and all that follows it' 0 export_evidence "$scratch/forged.tar"
mkdir "$auditor/forged"
there tar xf "$scratch/forged.tar" -C "$auditor/forged"
cd "$auditor/forged/evidence" || exit 1
commands README.html >"$scratch/commands"
there sh -u "$scratch/commands" >"$scratch/out" 2>&1
check_equal 'nobody vouches for a forged record' \
	"$(git -C "$scratch/repo" cat-file blob "$forged" | sha256sum | sed 's/ .*//')" "$(complaints)"
cd "$scratch/repo" || exit 1
rm -rf .git
mv "$scratch/before" .git

# --- A secret in a log stops it

git config autoresearch.proposer command
git config autoresearch.proposerCommand "$(proposer <<'PROPOSER'
#!/bin/sh
printf '70\necho ghp_%s\n' 0123456789abcdefABCDEF0123456789abcd >value
PROPOSER
)"
git autoresearch start --max-experiments=1 >"$scratch/out" 2>&1
check_status 'a token in a log is not exported' 128 export_evidence "$scratch/leak.tar"
check 'it is named' grep -q "^fatal: 'patch' of experiment 4 holds what looks like a secret" "$scratch/err"
check 'and the log too' grep -q "'run.log' of experiment 4" "$scratch/err"
check_not 'nothing is written' ls "$scratch"/leak.tar*
check_status 'a person may go on' 0 export_evidence "$scratch/leak.tar" --allow-secrets
check 'which the page says' grep -q 'run.log&#39; of experiment 4' \
	<(tar xOf "$scratch/leak.tar" evidence/README.html)
git config autoresearch.apiKeyEnv PROSE
PROSE='make small' check_status 'nor is a key that a tracked file holds' 128 \
	env PROSE='Make the number smaller.' git autoresearch export --campaign=other --evidence -o -
check 'it is named' grep -q "^fatal: '.autoresearch/program.md' of commit" "$scratch/err"

# --- Tables beside it

check_status 'a bundle is not for a terminal' 129 git autoresearch export --campaign=main --evidence
check_status 'nor are there other formats of it' 129 \
	git autoresearch export --campaign=main --evidence --format=tsv -o -
check_status 'an unknown format' 129 git autoresearch export --campaign=main --format=xml
git autoresearch export --campaign=main >"$scratch/results.tsv"
check_equal 'tsv is what the original loop writes' 'commit	loss	memory_gb	status	description' \
	"$(head -n 1 "$scratch/results.tsv")"
check_equal 'oldest first, with the words of the original' \
	'100.000000 keep 90.000000 keep 0.000000 crash 80.000000 discard 90.000000 keep 70.000000 keep' \
	"$(tail -n +2 "$scratch/results.tsv" | cut -f 2,4 | xargs)"
git autoresearch import --campaign=copy "$scratch/results.tsv" >"$scratch/out"
check_equal 'which is the same when it was imported' '' \
	"$(git autoresearch export --campaign=copy | diff "$scratch/results.tsv" -)"
git autoresearch export --campaign=main --format=jsonl -o "$scratch/records.jsonl"
check_equal 'jsonl has all records' 'baseline experiment experiment experiment decision baseline experiment' \
	"$(jq -r .type "$scratch/records.jsonl" | xargs)"
check_equal 'an experiment is what log prints' '' "$(diff \
	<(git autoresearch log --campaign=main --json | tac | jq -S .) \
	<(jq -S 'select(.type == "experiment") | del(.type)' "$scratch/records.jsonl"))"
check_equal 'csv has a line each' 7 \
	"$(git autoresearch export --campaign=main --format=csv | grep -c $'\r$')"
check_not 'a folder that is not there' git autoresearch export --campaign=main -o "$scratch/nowhere/x"

# --- What people did since

# No model is there any more, nor what the candidate phoned; what was accepted needs neither.
check_status 'the first change is promoted' 0 git autoresearch promote --campaign=main 1
check_status 'and measured again' 0 git autoresearch replay --campaign=main 1
check_status 'it is exported, with the token of above' 0 \
	export_evidence "$scratch/promoted.tar" --allow-secrets
tar -xOf "$scratch/promoted.tar" evidence/README.html >"$scratch/promoted.html"
check 'who promoted what, to where' grep -qE \
	"<td>promotion accepted<td>experiment 1, as commits at $(git rev-parse --short=12 results/main)<td>[0-9TZ:-]+<td>Ada &lt;" \
	"$scratch/promoted.html"
check 'that it was reproduced' grep -qE '<td>replay +\(reproduced\)<td>experiment 1<td>' "$scratch/promoted.html"
accepted=$(git autoresearch log --campaign=main --json --accepted | wc -l)
check 'and none of it counts as an experiment that was accepted' grep -qE \
	"<td>[^<]*cgroups[^<]*<td class=\"n\">[0-9]+<td class=\"n\">$accepted<td" "$scratch/promoted.html"
done_testing
