#!/bin/bash
# `report` makes one page of a campaign that needs nothing else: opened in a real browser it says
# nothing on the console, asks for nothing, sorts, filters and unfolds, and what a candidate wrote
# stays text. The same campaign as a picture, as results.tsv and as JSON.
. "$(dirname "$0")/lib.sh"

new_repo
configure <<-'CONFIG'
[campaign]
	editable = say
	editable = x*
[run]
	command = "cat say; test ! -e xfail || exit 3; echo METRIC loss=$(cat value)"
CONFIG
# What would take a page over, if it were more than text there.
cat >"$scratch/attack" <<'ATTACK'
</pre></details></td></tr></table></script><script>document.title='owned'</script>
<img src=x onerror="document.title='owned'"><svg onload=alert(1)>&lt;b&gt;
" onmouseover="document.title='owned'" ' <!-- ]]> {{}} javascript:alert(1)
ATTACK
printf 'red \033[31m, title \033]0;owned\007, back\b\b, bidi \342\200\256evil\342\200\254, broken \377\376, nul \000.\n' \
	>>"$scratch/attack"
propose=$(proposer <<'PROPOSER'
#!/bin/sh
cd_attack=$(dirname "$0")/attack
case $AUTORESEARCH_EXPERIMENT in
1)
	echo 90 >value
	cp "$cd_attack" say
	cp "$cd_attack" 'x<img src=q onerror=alert(2)>"'
	head -n 1 "$cd_attack"
	echo
	tail -n +2 "$cd_attack" | tr -d '\000'
	;;
2) echo 95 >value; echo 'a step back' ;;
3) touch xfail; echo 'break it' ;;
4) echo 85 >value; echo 'a longer warmup' ;;
5) echo 85.25 >value; echo 'a shorter warmup' ;;
6) echo 9000000 >value; echo 'far out' ;;
esac
PROPOSER
)
cp "$scratch/attack" "$(dirname "$propose")/attack"
: >say
git add say
git commit -qm 'a word to say'
git config autoresearch.proposer command
git config autoresearch.proposerCommand "$propose"

check_status 'without a campaign it is fatal' 128 git autoresearch report
check_status 'a campaign' 3 git autoresearch start --max-experiments=6
check_equal 'in which all happens' 'rejected rejected accepted failed rejected accepted' \
	"$(git autoresearch log --json | jq -r .verdict | xargs)"

note 'As a page.'
page=$scratch/report.html
check_status 'report' 0 git autoresearch report -o "$page"
check_equal 'says nothing where it writes a file' '' "$(cat "$scratch/out" "$scratch/err")"
check 'which is what goes to stdout without' cmp "$page" <(git autoresearch report)
check_equal 'nothing stands beside it' report.html "$(cd "$scratch" && echo report.*)"
check_equal 'one script, one style' '1 1' "$(grep -c '<script' "$page") $(grep -c '<style' "$page")"
check_not 'no handler, no style of an element' grep -Eq '<[a-z][^>]* (on[a-z]+|style)=' "$page"
check_not 'no address but its own' grep -Eoi '<[a-z][^>]* (src|href|action)="[^#]' "$page"
check_equal 'what is not printed by a terminal is shown' 1 \
	"$(grep -c 'red \\x1b\[31m, title \\x1b\]0;owned\\x07, back\\x08' <(git autoresearch report | grep -a onmouse -A1 | tail -n 1))"
mkdir "$scratch/folder"
check_status 'a folder is no file' 128 git autoresearch report -o "$scratch/folder"
check_status 'nor is one in a folder that is not there' 128 git autoresearch report -o "$scratch/no/file"
check_status 'a device is written to, not replaced' 0 git autoresearch report -o /dev/null
check 'and stays one' test -c /dev/null
ln -s report.html "$scratch/link.html"
check_status 'a link' 0 git autoresearch report -o "$scratch/link.html"
check 'leads where it led' test -L "$scratch/link.html"
echo mine >"$scratch/mine.html.new"
check_status 'a file of a like name' 0 git autoresearch report -o "$scratch/mine.html"
check_equal 'is left alone' mine "$(cat "$scratch/mine.html.new")"

note 'As a picture, as a table, as JSON.'
check_status 'an SVG' 0 git autoresearch report --svg -o "$scratch/chart.svg"
check 'is XML' python3 -c 'import sys, xml.dom.minidom as x; x.parse(sys.argv[1])' "$scratch/chart.svg"
check 'says what lies outside' grep -q '1 above this, 9e+06 (6)' "$scratch/chart.svg"
git autoresearch report --tsv >"$scratch/results.tsv"
check_equal 'the columns of results.tsv' $'commit\tloss\tmemory_gb\tstatus\tdescription' \
	"$(head -n 1 "$scratch/results.tsv")"
check_equal 'five in each line' 5 "$(awk -F'\t' '{ print NF }' "$scratch/results.tsv" | sort -u)"
check_equal 'with the words of the original, oldest first' \
	'keep 100.000000,keep 90.000000,discard 95.000000,crash 0.000000,keep 85.000000,discard 85.250000,discard 9000000.000000' \
	"$(awk -F'\t' 'NR > 1 { print $4, $2 }' "$scratch/results.tsv" | paste -sd,)"
check_equal 'commits are those of the ledger' "$(git autoresearch log --json | jq -r '.commit[:7]' | tac)" \
	"$(awk -F'\t' 'NR > 2 { print $1 }' "$scratch/results.tsv")"
git autoresearch report --json >"$scratch/report.json"
check_equal 'JSON has what status says' "$(git autoresearch status --json |
	jq -S '{campaign, state, branch, incumbent, metric, direction, baseline, best, experiments, tokens, verdicts}')" \
	"$(jq -S '{campaign, state, branch, incumbent, metric, direction, baseline, best, experiments, tokens, verdicts}' "$scratch/report.json")"
check_equal 'and what log says' "$(git autoresearch log --json | jq -cS . | tac)" \
	"$(jq -cS '.log[] | select(.type == "experiment") | del(.type, .proposedBy, .interval)' "$scratch/report.json")"

note 'Badly asked for.'
check_status 'two formats' 129 git autoresearch report --svg --tsv
check_status 'an argument' 129 git autoresearch report main
check_status '--watch without a file' 129 git autoresearch report --watch
check 'says what is missing' grep -q '^hint: git autoresearch report --watch -o' "$scratch/err"
check_status 'another campaign' 128 git autoresearch report --campaign=other -o "$scratch/other.html"
check_not 'leaves no file' test -e "$scratch/other.html"

# browse <file>: what stdin asks of it, one answer a line in $scratch/answers; its end fails.
browse() {
	timeout 150 python3 "$top/tests/peers/browser.py" "$1" >"$scratch/answers" 2>"$scratch/err" ||
		note "$(cat "$scratch/err")"
}
answer() { # answer <line>
	sed -n "$1p" "$scratch/answers"
}
if command -v chromium >/dev/null; then
	note 'In a browser.'
	browse "$page" <<-'ASK'
	:size 1200 900
	document.title
	document.querySelectorAll('script, img, svg, iframe, object, link').length
	[...document.querySelectorAll('tbody tr')].map(r => r.cells[0].textContent).slice(-7).join()
	:click #experiments thead th:nth-child(3) button
	[...document.querySelectorAll('#experiments tbody tr')].map(r => r.cells[0].textContent).join()
	[...document.querySelectorAll('#experiments th[aria-sort]')].map(h => h.textContent + ' ' + h.getAttribute('aria-sort')).join()
	:click #experiments thead th:nth-child(3) button
	[...document.querySelectorAll('#experiments tbody tr')].map(r => r.cells[0].textContent).join()
	:click #filter input[value=rejected]
	[...document.querySelectorAll('#experiments tbody tr:not([hidden])')].map(r => r.cells[0].textContent).sort().join()
	document.querySelector('output').value
	:click #filter input[value=rejected]
	:click #filter input[type=search]
	(() => { const i = document.querySelector('#filter input'); i.value = 'WARMUP 8'; i.dispatchEvent(new Event('input')); return new Promise(r => setTimeout(() => r([...document.querySelectorAll('#experiments tbody tr:not([hidden])')].map(r => r.cells[0].textContent).sort().join()), 50)); })()
	(() => { const i = document.querySelector('#filter input'); i.value = ''; i.dispatchEvent(new Event('input')); return new Promise(r => setTimeout(() => r(document.querySelectorAll('#experiments tbody tr:not([hidden])').length), 50)); })()
	document.querySelectorAll('details[open]').length
	:click #experiments tr:has(#e4) summary
	new Promise(r => setTimeout(() => r(document.querySelector('#e4').checkVisibility() && document.querySelector('#e4 pre[data-is=diff]').innerText.includes('+85\n')), 50))
	[...document.querySelectorAll('#e4 ins, #e4 del')].map(e => e.tagName + e.textContent.trim()).join()
	document.querySelector('#e4 pre[data-is="run.log"]').textContent.includes('METRIC loss=85')
	:open #e1
	new Promise(r => setTimeout(() => r(document.querySelector('#e1').checkVisibility()), 50))
	document.querySelector('#e1').textContent.includes("<img src=x onerror=\"document.title='owned'\">")
	document.querySelector('#experiments tr:has(#e1) summary').textContent.startsWith('</pre></details>')
	document.querySelector('#e1 pre[data-is=diff]').textContent.includes('img src=q onerror=alert(2)')
	/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/.test(document.documentElement.textContent)
	document.querySelectorAll('#experiments tbody tr').length
	:roles #experiments table
	:key Tab
	:key Tab
	document.activeElement !== document.body
	document.title
	:complaints
	ASK
	check_equal 'the title' '"main: stopped"' "$(answer 1)"
	check_equal 'no element but ours: a script, a chart' 2 "$(answer 2)"
	check_equal 'newest first' '"6,5,4,3,2,1,0"' "$(answer 3)"
	check_equal 'sorted by the metric, upward; what has none is last' '"4,5,1,2,0,6,3"' "$(answer 4)"
	check_equal 'which is told' '"loss ascending"' "$(answer 5)"
	check_equal 'downward' '"6,0,2,1,5,4,3"' "$(answer 6)"
	check_equal 'without the rejected' '"0,1,3,4"' "$(answer 7)"
	check_equal 'how many that are' '"4 of 7 shown"' "$(answer 8)"
	check_equal 'by words, whatever their case' '"4,5"' "$(answer 9)"
	check_equal 'all again' 7 "$(answer 10)"
	check_equal 'nothing is unfolded' 0 "$(answer 11)"
	check_equal 'a click unfolds the diff' true "$(answer 12)"
	check_equal 'with its lines' '"DEL-90,INS+85"' "$(answer 13)"
	check_equal 'and the log' true "$(answer 14)"
	check_equal 'a link unfolds what it leads to' true "$(answer 15)"
	check_equal 'hostile text is text: in the log' true "$(answer 16)"
	check_equal 'in the subject' true "$(answer 17)"
	check_equal 'in a path of the diff' true "$(answer 18)"
	check_equal 'no control character, no mark of direction' false "$(answer 19)"
	check_equal 'no row more' 7 "$(answer 20)"
	check_equal 'it is a table to those who do not see it' '1 8 6' \
		"$(answer 21 | jq -r '"\(.table) \(.row) \(.columnheader)"')"
	check_equal 'the keyboard gets somewhere' true "$(answer 22)"
	check_equal 'nobody took the title' '"main: stopped"' "$(answer 23)"
	check_equal 'no complaint, no request' '[]' "$(answer 24)"

	# What gets past the escaping, should there ever be a hole in it.
	sed 's|<h2>Experiments</h2>|<h2>Experiments</h2><script>document.title = "owned"</script><img src="http://127.0.0.1:9/x" onerror="document.title = 1"><p style="color: red">|' \
		"$page" >"$scratch/hole.html"
	browse "$scratch/hole.html" <<-'ASK'
	document.title
	:complaints
	ASK
	check_equal 'an injected script does not run' '"main: stopped"' "$(answer 1)"
	check_equal 'since the policy forbids it, and each other thing' 'img-src script-src style-src' \
		"$(answer 2 | jq -r '.[]' | grep -i 'Content Security Policy' | grep -oE '(img|script|style)-src' |
			sort -u | xargs)"
else
	skip 'in a browser' 'chromium is not installed'
fi

note 'While the campaign runs.'
configure <<-'CONFIG'
[run]
	command = "sleep 0.3; echo METRIC loss=$(cat value)"
CONFIG
soon() { # soon <command>...: it comes true
	for _ in $(seq 600); do
		"$@" && return
		sleep 0.05
	done
	note "never: $*"
	return 1
}
live() {
	grep -q '<body data-live>' "$scratch/live.html" 2>/dev/null
}
propose=$(proposer steady <<'PROPOSER'
#!/bin/sh
echo "$((1000 - AUTORESEARCH_EXPERIMENT))" >value
echo "number $AUTORESEARCH_EXPERIMENT"
PROPOSER
)
git config autoresearch.proposerCommand "$propose"
git-autoresearch start live >"$scratch/start.out" 2>&1 &
start=$!
running() {
	git autoresearch status --campaign=live --json 2>/dev/null | jq -e '.state == "running"' >/dev/null
}
soon running
git-autoresearch report --campaign=live --watch -o "$scratch/live.html" 2>"$scratch/err" &
watch=$!
check 'it writes a page that loads itself again' soon live
first=$(stat -c %i "$scratch/live.html")
rewritten() {
	[ "$(stat -c %i "$scratch/live.html")" != "$first" ]
}
check 'and writes it anew' soon rewritten
git-autoresearch report --campaign=live --watch -o "$scratch/short.html" 2>/dev/null &
short=$!
soon test -e "$scratch/short.html"
kill -TERM "$short"
wait "$short"
check_equal 'a signal ends it' 143 "$?"
check_equal 'with whole pages alone' 'short.html 1' "$(cd "$scratch" && echo short.*) $(grep -c '^</html>' "$scratch/short.html")"
git autoresearch stop --campaign=live >/dev/null 2>&1
wait "$start"
wait "$watch"
check_equal 'it ends with the campaign' 0 "$?"
check_not 'the last page stays as it is' live
check 'and is of the end' grep -q '<span class="state stopped">' "$scratch/live.html"

done_testing
