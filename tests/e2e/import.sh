#!/bin/bash
# What other loops wrote down is taken in as what it is: nobody here has measured it. It can be
# looked at and is in the books, and whoever goes on from there measures for themselves.
# shellcheck disable=SC2154
. "$(dirname "$0")/lib.sh"

new_repo
base=$(git rev-parse HEAD)
echo 90 >value
git commit -qam 'kept by the other loop'
kept=$(git rev-parse HEAD)
echo 99 >value
git commit -qam 'let go by the other loop'
let_go=$(git rev-parse HEAD)
git reset -q --hard "$kept"

# As the original's agent writes it; the branch has moved on, and two of its commits are left.
cat >"$scratch/results.tsv" <<TSV
commit	val_bpb	memory_gb	status	description
a1b2c3d	0.997900	44.0	keep	baseline
${kept:0:7}	0.993200	44.2	keep	increase LR to 0.04
${let_go:0:7}	1.005000	44.0	discard	"GeLU", =1+1, as a last resort
d4e5f6g	0.000000	0.0	crash	double model width (OOM)
HEAD	0.990000	44.0	someday	what nobody knows
TSV
check_status 'results.tsv is imported' 0 git autoresearch import --campaign=old "$scratch/results.tsv"
check_equal 'it says that nothing of it was measured' 'old: 5 experiments imported, not measured here' \
	"$(cat "$scratch/out")"
look() { git autoresearch "$@" --campaign=old; }
look log --json | tac >"$scratch/log"
check_equal 'log has them, with verdicts and metrics' \
	'accepted 0.9979 accepted 0.9932 rejected 1.005 failed null indecisive 0.99' \
	"$(jq -r '"\(.verdict) \(.metric)"' "$scratch/log" | xargs)"
check_equal 'what was not kept says why' 'imported discard,imported crash,imported someday' \
	"$(jq -r '.reason // empty' "$scratch/log" | paste -sd,)"
check_equal 'each says where it comes from' 'results.tsv 2 3 4 5 6' \
	"$(jq -rs '[.[0].imported.format] + map(.imported.line) | join(" ")' "$scratch/log")"
check_equal 'by the digest of the file' "$(sha256sum <"$scratch/results.tsv" | cut -d' ' -f1)" \
	"$(jq -r .imported.source "$scratch/log" | sort -u)"
check_equal 'commits that the repository has are named' "$kept $let_go" \
	"$(jq -r 'select(.experiment == 2 or .experiment == 3).commit' "$scratch/log" | xargs)"
check_equal 'and their bases' "$base $kept" \
	"$(jq -r 'select(.experiment == 2 or .experiment == 3).base' "$scratch/log" | xargs)"
check_equal 'HEAD was another commit there' null "$(jq -r 'select(.experiment == 5).base' "$scratch/log")"
check_equal 'other columns are metrics' 44.2 "$(jq -r 'select(.experiment == 2).metrics.memory_gb' "$scratch/log")"
check_equal 'audits there are none' none "$(jq -r .audit.level "$scratch/log" | sort -u)"
check_equal 'the list for people says so' 2 "$(look log | grep -c '(imported)$')"
look show 3 >"$scratch/show"
check 'show has the change where it is known' grep -qx '+99' "$scratch/show"
check 'and what was written of it' grep -q 'description = "GeLU", =1+1, as a last resort' "$scratch/show"
check 'diff, too' grep -qx '+99' <(look diff 3)
check_status 'and says where nobody knows it' 128 look diff 4
check 'which is told' grep -q 'was imported, and its change is not known' "$scratch/err"
check_equal 'the note tells that the metric is not ours' 'imported' \
	"$(git notes --ref=autoresearch show "$let_go" | sed -n 's/^Metric-Source: //p')"
check_status 'the books are in order' 0 git autoresearch verify old
check_equal 'status counts it apart' '5 null null 0' \
	"$(look status --json | jq -r '"\(.imported) \(.best) \(.baseline) \(.verdicts | add)"')"
check_not 'there is no ledger branch yet' git rev-parse -q --verify refs/heads/autoresearch/old
check_equal 'exported it is the same, to the byte' '' "$(look export | diff "$scratch/results.tsv" -)"
look export | git autoresearch import --campaign=again - >/dev/null
check_equal 'and again' '' "$(git autoresearch export --campaign=again | diff "$scratch/results.tsv" -)"
check_equal 'a spreadsheet works nothing out' "'=up" "$(
	printf 'commit,loss,status,description\nx,1,keep,=up\n' |
		git autoresearch import --campaign=formula - >/dev/null
	git autoresearch export --campaign=formula --format=csv | sed -n 2p | cut -d, -f10)"

# --- Going on from there

propose=$(proposer <<'PROPOSER'
#!/bin/sh
test "$AUTORESEARCH_EXPERIMENT" = 8 && exit 125
cat >"$HOME/prompt"
grep -q 'Experiment 3, rejected by another loop, val_bpb 1.005' "$HOME/prompt" || exit 1
echo $((105 - AUTORESEARCH_EXPERIMENT * 3)) >value
test "$AUTORESEARCH_EXPERIMENT" = 7 && echo 99 >value
echo "from $AUTORESEARCH_EXPERIMENT"
PROPOSER
)
git config -f .autoresearch/config budget.experiments 4
git commit -qam 'no more than four of our own'
start() {
	git autoresearch start old --candidates=1 --proposer=command --proposer-command="$propose"
}
check_status 'start goes on' 0 start
check_equal 'from a baseline of its own, which is HEAD' "90 $(git rev-parse HEAD)" \
	"$(git autoresearch show --campaign=old --json 0 | jq -r '"\(.metric) \(.commit)"')"
check_equal 'with numbers behind the others, and what was tried there is tried here' \
	'6 accepted 87 7 rejected 99' \
	"$(look log --json | jq -r 'select(.imported | not) | "\(.experiment) \(.verdict) \(.metric)"' |
		tac | xargs)"
check_equal 'the budget is for what is run here' '2 4' \
	"$(look status --json | jq -r '.budget.experiments | "\(.used) \(.limit)"')"
check_status 'the books are in order' 0 git autoresearch verify old
check_status 'nobody can make it the incumbent' 128 git autoresearch accept --campaign=old 3 -m 'why not'
check 'which is told' grep -q 'was imported: nothing of it was measured here' "$scratch/err"
check_status 'and nothing is imported on top of what was measured' 128 \
	git autoresearch import --campaign=old "$scratch/results.tsv"
check 'which is told' grep -q "campaign 'old' has records already" "$scratch/err"

# --- The pi extension: what it lets go has the commit that it was made on

cat >"$scratch/autoresearch.jsonl" <<JSONL
{"type":"config","name":"parse","metricName":"total_µs","metricUnit":"µs","bestDirection":"lower"}
{"run":1,"commit":"${kept:0:7}","metric":3818,"metrics":{"parse_µs":2722},"status":"keep","description":"Baseline: 3,818µs","timestamp":1773348490227}
{"type":"hook","event":"before"}
{"run":2,"commit":"${kept:0:7}","metric":0,"metrics":{},"status":"crash","description":"REVERTED: a split","timestamp":1773348738557,"asi":{"hypothesis":"less"}}

{"run":3,"commit":"${kept:0:7}","metric":4063.5,"metrics":{"parse_µs":2901},"status":"checks_failed","description":"interning","timestamp":1773348738557}
JSONL
check_status 'autoresearch.jsonl is imported' 0 git autoresearch import --campaign=pi "$scratch/autoresearch.jsonl"
check 'with what it leaves out' grep -q 'of something else: 1 line$' "$scratch/out"
git autoresearch log --campaign=pi --json | tac >"$scratch/log"
check_equal 'verdicts, metrics and times' \
	'accepted 3818 2026-03-12T20:48:10Z failed null 2026-03-12T20:52:18Z rejected 4063.5 2026-03-12T20:52:18Z' \
	"$(jq -r '"\(.verdict) \(.metric) \(.started)"' "$scratch/log" | xargs)"
check_equal 'names become those that a metric may have' '{"parse__s":2722,"total__s":3818}' \
	"$(jq -c 'select(.experiment == 1).metrics' "$scratch/log")"
check_equal 'what was kept is the commit, what was not was made on it' "$base $kept $kept" \
	"$(jq -r .base "$scratch/log" | xargs)"
check_status 'the books are in order' 0 git autoresearch verify pi

# --- What makes no sense

bad() { # bad <text> <error>
	check_status "refused: $2" 128 git autoresearch import --campaign=bad - < <(printf '%b' "$1")
	check 'and told' grep -qF "$2" "$scratch/err"
}
good='commit\tloss\tstatus\tdescription\nabc\t1\tkeep\tx\n'
bad "${good}abc\t2\tkeep\n" 'stdin: line 3: 3 cells, where there are 4 columns'
bad "${good}abc\tmuch\tkeep\tx\n" "stdin: line 3: 'much' is no number, where loss is"
bad 'a b\n1 2\n' "line 1: there are no columns 'status' and 'description'"
bad 'commit,loss,status,description\na,1,keep,"x\n' 'line 2: a quote is never closed'
bad 'commit\tstatus\tdescription\na\tkeep\tx\n' 'there is no column that could be a metric'
bad "$good\0" 'it is no text'
bad '' 'there is nothing in it'
bad '{"status":"keep","metric":1}\n{"run":1' 'line 2: malformed JSON'
bad '{"status":"keep","metric":1}\n{"run":1}' "line 2: it is neither a run, with a 'status', nor a 'config'"
bad '{"status":"keep","metric":"x"}\n' "line 1: its 'metric' is no number"
check_equal 'nothing of that is left' '' "$(git for-each-ref --format='%(refname)' | grep bad)"
done_testing
