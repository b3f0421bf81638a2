#!/bin/bash
# status --watch on a terminal: a view of the campaign that is drawn over in place, and given back as
# it was found. It is a process of its own, so it works before start, while that runs, and after, and
# to quit it does nothing to the campaign. And what start itself shows while it works.
# shellcheck disable=SC2154 # variables of lib.sh
. "$(dirname "$0")/lib.sh"

export TERM=xterm LC_ALL=C.UTF-8
unset NO_COLOR
# screen <columns>x<rows> <step>… -- <command>…: what a person sees, see terminal.py.
screen() {
	python3 "$here/terminal.py" "$@" >"$scratch/screen" 2>&1
}
# shows <text> <regular expression>: what was printed of the screen has it in one of its lines.
shows() {
	check "$1" grep -qE -- "$2" "$scratch/screen"
}
as_it_was='screen main | cursor shown | lines wrap | keys as before'

new_repo
mkdir "$scratch/slow"
wait=$scratch/slow/wait
configure <<-CONFIG
[run]
	command = "test \$AUTORESEARCH_EXPERIMENT = 0 -o ! -e $wait || sleep 61.977; test \$(cat value) -ne 13 && echo METRIC loss=\$(cat value)"
	timeout = 90s
[budget]
	experiments = 20
	tokens = 1k
[search]
	patience = 0
CONFIG
propose=$(proposer <<'PROPOSER'
#!/bin/bash
values=(0 95 97 13 90)
echo "${values[AUTORESEARCH_EXPERIMENT]:-$((100 + AUTORESEARCH_EXPERIMENT))}" >value
printf 'idea \033]0;owned\007 \342\200\256%s 日本\n' "$AUTORESEARCH_EXPERIMENT"
PROPOSER
)
git config autoresearch.bind "$scratch/slow"
git config autoresearch.proposer command
git config autoresearch.proposerCommand "$propose"
sleeps() { pgrep -xf 'sleep 61.977'; }

note 'Before there is a campaign.'
screen 60x10 'see:q quits' print key:q -- git-autoresearch status --watch
shows 'it is new' '^main  new$'
shows 'and nobody works on it' '^q quits; nobody works on the campaign$'
shows 'q ends it' '^ended with 0$'
shows 'the terminal is as it was' "^$as_it_was | colors some"
screen 60x10 -- git-autoresearch status --watch --campaign=no..name
shows 'a name that none can have is told of there' '^ended with 128$'
check_not 'and no screen is drawn' grep -q 'q quits' "$scratch/screen"

note 'What start shows.'
git autoresearch start --max-experiments=1 >/dev/null 2>&1
touch "$wait"
screen 80x24 'see:2  run .* left$&&3  run .* left$' print kill:15 -- git-autoresearch start -j 2 --candidates=2
check_equal 'a line for each trial that runs, with a bar and the time left' '2 3' \
	"$(sed -nE 's/^ +([0-9]+)  run         [━─]{24}  [0-9.]+s, at most 1m[0-9]+s left$/\1/p' "$scratch/screen" | sort -u | xargs)"
shows 'a signal ends it' '^ended with 143$'
shows 'the terminal is as it was' "^$as_it_was | colors some"
rm "$wait"
NO_COLOR=1 screen 120x40 'see:show 4' print -- git-autoresearch start --max-experiments=3
shows 'NO_COLOR is heeded' "^$as_it_was | colors none"
shows 'a line for each record' '^    3  failed  .*\(exit 1\)'
shows 'it ends with a summary: the best' '^loss 90, baseline 100 \(-10.00%\), by experiment 4$'
shows 'how much was changed' '^ 1 file changed'
shows 'and commands' '^  git diff main\.\.\.autoresearch/main '
check_not 'no bar stays' grep -q ' left$' "$scratch/screen"
TERM=dumb screen 80x24 -- git-autoresearch start --max-experiments=1
check_not 'a terminal that cannot move its cursor gets no bars' grep -q -e ' left$' -e unknown "$scratch/screen"

note 'While it runs.'
touch "$wait"
git-autoresearch start >/dev/null 2>"$scratch/err" &
started=$!
check 'a trial takes its time' soon sleeps
number=$(($(git autoresearch status --json | jq .experiments) + 1))
screen 100x30 "see:$number  run&&baseline of main&&q quits" print key:q -- git-autoresearch status --watch
shows 'state and process' "^main  running, process $started"
shows 'the best and its gain' '^loss 90, baseline 100 \(-10.00%\), by experiment 4$'
shows 'a count for each verdict' "^$((number - 1)) experiments: 2 accepted, .*failed"
shows 'what runs, and the time left' "^ +$number  run         [━─]{24}  .*s, at most 1m[0-9]+s left$"
shows 'a chart, with what failed on its axis' '└─.*×'
shows 'the line of the best' '^ +90.* ┤.*[^ -~]$'
shows 'the budgets' "^       experiments [━─]{24}  $((number - 1)) of 20 experiments$"
shows 'the last verdicts with the reason of each' '^    3  failed .* exit 1  idea '
shows 'text that would drive the terminal is only shown' 'idea \\x1b\]0;owned\\x07 \\xe2\\x80\\xae3 日本$'
check_not 'and nothing of it gets through' grep -q unknown "$scratch/screen"
shows 'it is left with q' '^ended with 0$'
screen 100x30 'see:q quits' size:40x20 'see:q quits' print key:q -- git-autoresearch status --watch
shows 'in a window that was made smaller a line says where it was cut' '^loss 90, baseline 100 .*…$'
check 'and none is wider than that' test "$(grep -v '^screen main' "$scratch/screen" | wc -L)" -le 40
check_equal 'the campaign goes on' "running $started" "$(git autoresearch status --json | jq -r '"\(.state) \(.pid)"')"
for signal in 2-130 15-143 1-129 3-131; do
	screen 80x24 'see:q quits' "kill:${signal%-*}" -- git-autoresearch status --watch
	check_equal "signal ${signal%-*} ends it, and gives the terminal back" \
		"ended with ${signal#*-} $as_it_was | colors some" "$(xargs <"$scratch/screen")"
done
screen 80x24 'see:q quits' key:$'\003' -- git-autoresearch status --watch
shows 'so does Ctrl-C' '^ended with 130$'
screen 80x24 'see:q quits' kill:11 -- git-autoresearch status --watch
check_equal 'a crash gives it back as well' "ended with -11 $as_it_was | colors some" "$(xargs <"$scratch/screen")"
NO_COLOR=1 screen 80x24 'see:q quits' key:q -- git-autoresearch status --watch
shows 'NO_COLOR is heeded' "^$as_it_was | colors none"
LC_ALL=C screen 80x24 'see:q quits' print key:q -- git-autoresearch status --watch
check_not 'without UTF-8 it is ASCII' env LC_ALL=C grep -q '[^ -~]' "$scratch/screen"
shows 'its chart as well' '\|=+'

note 'Where nothing can be drawn over: a block for each change, until nobody works on it.'
git-autoresearch status --watch >"$scratch/piped" &
piped=$!
check 'it begins' soon test -s "$scratch/piped"
TERM=dumb screen 80x50 'see:main, running' 'run:git autoresearch stop --now' 'see:main, stopped' print \
	-- git-autoresearch status --watch
shows 'on a dumb terminal as well' '^campaign    main, stopped'
shows 'below what was told before' '^campaign    main, running'
shows 'until it is over' '^ended with 0$'
wait "$started"
wait "$piped"
check_equal 'through a pipe it ends with that' 0 $?
check_equal 'and has told of it' 'main, running|main, stopped' \
	"$(sed -n 's/^campaign *//p' "$scratch/piped" | uniq | paste -sd'|')"
check_not 'with no sequence' grep -q $'\033' "$scratch/piped"

note 'After it ended, and after it died.'
screen 80x24 'see:q quits' print key:q -- git-autoresearch status --watch
shows 'why it ended' '^main  stopped: asked to stop, '
git-autoresearch start >/dev/null 2>&1 &
started=$!
check 'a trial takes its time' soon sleeps
kill -9 "$started"
wait "$started" 2>/dev/null
gone() { ! sleeps; }
check 'nothing of it lives' soon gone
screen 80x24 'see:failing&&q quits' print key:q -- git-autoresearch status --watch
shows 'it is told, with the reason' '^main  failing: .*[a-z]'
check_not 'and nothing runs' grep -q ' left$' "$scratch/screen"
rm "$wait"
check_status 'gc' 0 git autoresearch gc
check_equal 'nothing is left behind' '' "$(leftovers)"
done_testing
