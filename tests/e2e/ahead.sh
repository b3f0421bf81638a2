#!/bin/bash
# Slots do not wait for an agent or a command: where rounds race the next proposals are asked for
# while the trials run, as many as there are slots.
# shellcheck disable=SC2154
. "$(dirname "$0")/lib.sh"

# Trials go on when there is the file `open` in the gate, or `open.<n>`; proposers, with `ask`, and
# all but the first two with `more`.
gate=$scratch/gate
mkdir "$gate"
new_repo
mkdir x
for i in {1..9}; do echo 10 >"x/$i"; done
git rm -qf value
cat >.autoresearch/config <<CONFIG
[campaign]
	metric = loss
	direction = minimize
	editable = x
[run]
	command = "test \$AUTORESEARCH_EXPERIMENT = 0 || while ! test -e $gate/open && ! test -e $gate/open.\$AUTORESEARCH_EXPERIMENT; do sleep 0.0311; done; cat x/* | awk '{ s += \$1 } END { print \"METRIC loss=\" s }'"
[search]
	candidates = 2
CONFIG
git add -A
git commit -qm 'nine numbers'
# The first is better; all others are worse, each in a file of its own.
propose=$(proposer <<PROPOSE
#!/bin/sh
echo "\$AUTORESEARCH_EXPERIMENT" >>"\$HOME/asked"
while ! test -e $gate/ask || ! { test \$AUTORESEARCH_EXPERIMENT -le 2 || test -e $gate/more; }; do sleep 0.0312; done
case \$AUTORESEARCH_EXPERIMENT in 1) echo 5 ;; *) echo 2\$AUTORESEARCH_EXPERIMENT ;; esac >x/\$AUTORESEARCH_EXPERIMENT
echo "idea \$AUTORESEARCH_EXPERIMENT"
PROPOSE
)
git config autoresearch.proposer command
git config autoresearch.proposerCommand "$propose"
git config autoresearch.bind "$gate"

campaign() { # campaign <name>: a new one, whose trials wait and whose proposers do not
	name=$1
	kept=.git/autoresearch/campaigns/$name/proposals
	slots=.git/autoresearch/campaigns/$name/slots
	rm -f "$gate"/open* "$gate/more"
	touch "$gate/ask"
}
begin() { # begin <option>...
	git-autoresearch start "$name" "$@" >"$scratch/start.out" 2>"$scratch/start.err" &
	started=$!
}
tried() { # tried <n> <value>: it is in a slot
	soon grep -qx "$2" "$slots/0/tree/x/$1" "$slots/1/tree/x/$1"
}
two_wait() { # while the first two run
	tried 1 5 && tried 2 22 && touch "$gate/more" && soon test -e "$kept/3" -a -e "$kept/4"
}
asked() { # the experiments that somebody was asked for, in order of their numbers
	sort -n ".git/autoresearch/campaigns/$name/home/asked" | xargs
}
records() { # number, verdict and subject of each
	git autoresearch log --json --campaign="$name" | jq -sr 'reverse[] | "\(.experiment) \(.verdict) \(.subject)"'
}
share() { # share <words>: of processor time, of the trial or proposer whose sleep that is
	local pid
	pid=$(pgrep -fxn "sleep $1") || return
	cat "/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$pid/cgroup")/cpu.weight" \
		"/sys/fs/cgroup/cpu$(sed -n 's/^[0-9]*:[a-z,]*\bcpu\b[a-z,]*://p' "/proc/$pid/cgroup")/cpu.shares" 2>/dev/null |
		head -n 1
}
yields() { # a proposer to a trial
	local its beside
	its=$(share 0.0312) && beside=$(share 0.0311) && [ "$((10 * its))" -le "$beside" ]
}

note 'While two trials run two more proposals come.'
campaign one
begin -j 2 --max-experiments=6
check 'those of the next round are there' two_wait
sleep 0.5
check_equal 'and no more than there are slots' '1 2 3 4' "$(asked)"
check_equal 'nothing has ended yet' '' "$(records)"
rm "$gate/ask"
touch "$gate/open.1"
check 'the third begins when the first has ended' tried 3 23
touch "$gate/open.2"
check 'the fourth when both have' tried 4 24
check 'the next two are asked for meanwhile' soon grep -q 6 ".git/autoresearch/campaigns/$name/home/asked"
check 'whoever is asked meanwhile yields the processors' soon yields
touch "$gate/ask" "$gate/open"
wait "$started"
check_equal 'it ends as it should' 3 $?
check_equal 'each is recorded as what it is' '1 accepted idea 1
2 rejected idea 2
3 rejected idea 3
4 rejected idea 4
5 rejected idea 5
6 rejected idea 6' "$(records)"
check_equal 'nobody was asked twice' '1 2 3 4 5 6' "$(asked)"
check_equal 'what was accepted meanwhile is in what came before' '5 24' \
	"$(c=$(git autoresearch show --json --campaign=one 4 | jq -r .commit); git show "$c:x/1" "$c:x/4" | xargs)"
check_status 'the ledger verifies' 0 git autoresearch verify one
check_equal 'nothing is left behind' '' "$(leftovers)"

note 'A pause: what waits is not measured, and nobody is asked.'
campaign two
begin -j 2 --max-experiments=4
two_wait
(soon test -e .git/autoresearch/campaigns/two/pause; touch "$gate/open") &
check_status 'pause' 0 git autoresearch pause --campaign=two
check_equal 'with what had begun' '1 2' "$(records | cut -d' ' -f1 | xargs)"
check_equal 'nobody else was asked' '1 2 3 4' "$(asked)"
check_status 'resume' 0 git autoresearch resume --campaign=two
wait "$started"
check_equal 'and what waited is measured' '1 2 3 4' "$(records | cut -d' ' -f1 | xargs)"

note 'stop, and kill -9: what waited is tried first by the next start, and not asked for again.'
campaign three
begin -j 2
two_wait
rm "$gate/ask"
(sleep 0.5; touch "$gate/open") &
check_status 'stop' 0 git autoresearch stop --campaign=three
wait "$started"
check_equal 'what had begun is recorded, and no more' '1 2' "$(records | cut -d' ' -f1 | xargs)"
check_status 'start' 3 git autoresearch start three -j 2 --max-experiments=2
check_equal 'those that waited' '3 rejected idea 3
4 rejected idea 4' "$(records | tail -n 2)"
campaign four
begin -j 2
two_wait
kill -9 "$started"
wait "$started" 2>/dev/null
soon sh -c '! pgrep -fx "sleep 0.0311"'
touch "$gate/open"
rm "$gate/ask"
check_status 'start' 3 git autoresearch start four -j 2 --max-experiments=4
check_equal 'all four' '1 accepted idea 1
2 rejected idea 2
3 rejected idea 3
4 rejected idea 4' "$(records)"
check_equal 'nobody was asked twice' '1 2 3 4' "$(asked)"
check_status 'the ledger verifies' 0 git autoresearch verify four

note 'What was begun again and again may be what kills us; what only waited is not.'
campaign often
begin -j 2
two_wait
kill -9 "$started"
wait "$started" 2>/dev/null
for i in 1 2 3 4 5; do
	soon sh -c '! pgrep -fx "sleep 0.0311"'
	begin -j 2
	soon test -e "$kept/1.$i" -a -e "$kept/2.$i"
	kill -9 "$started"
	wait "$started" 2>/dev/null
done
check_equal 'it was noted of those that were begun' '1.5 2.5 3 4' "$(cd "$kept" && echo [0-9]*)"
touch "$gate/open"
check_status 'start' 3 git autoresearch start often -j 2 --max-experiments=2
check_equal 'warns of these' 2 "$(grep -c '^warning: .* begun six times and never finished' "$scratch/err")"
check_equal 'and tries the others' '1 rejected idea 3
2 rejected idea 4' "$(records)"

note '--max-time: what runs then ends with its trial, and nothing begins.'
campaign late
touch "$gate/more"
begin -j 2 --max-time=3s
two_wait
sleep 3
touch "$gate/open"
wait "$started"
check_equal 'it ends' 3 $?
check_equal 'with what had begun' '1 2' "$(records | cut -d' ' -f1 | xargs)"
check_equal 'and keeps the rest' '3 4' "$(cd "$kept" && echo [0-9]*)"

note 'A stop while somebody is asked ends that at once, and the trials as it says.'
campaign five
begin -j 2
two_wait
rm "$gate/ask"
touch "$gate/open"
soon sh -c "[ \$(wc -l <.git/autoresearch/campaigns/five/home/asked) -ge 5 ]"
check_status 'stop' 0 git autoresearch stop --campaign=five
wait "$started"
check_equal 'it ends' 0 $?
check_equal 'no number is left out' "$(seq "$(records | wc -l)" | xargs)" "$(records | cut -d' ' -f1 | xargs)"
check_equal 'nothing is left behind' '' "$(leftovers)"
check_status 'the ledger verifies' 0 git autoresearch verify five

note 'Whoever has rounds of one, or one slot, wants each to know of the one before.'
campaign single
touch "$gate/more"
begin -j 2 --candidates=1 --max-experiments=3
soon test -e "$kept/1" -a -e "$kept/2"
sleep 0.5
check_equal 'rounds of one: nobody is asked ahead' '1 2' "$(asked)"
touch "$gate/open"
wait "$started"
campaign alone
touch "$gate/more"
begin -j 1 --max-experiments=2
soon test -e "$kept/1"
sleep 0.5
check_equal 'one slot: the same' 1 "$(asked)"
touch "$gate/open"
wait "$started"

note 'A start that fails: what is measured is recorded, whoever waits before it.'
git config -f .autoresearch/config verdict.trials 3
git config -f .autoresearch/config run.command "test \$AUTORESEARCH_EXPERIMENT = 0 || while ! test -e $gate/open.\$AUTORESEARCH_EXPERIMENT; do sleep 0.0311; done
	test \$AUTORESEARCH_EXPERIMENT = 2 && test \$(cat x/2) = 10 && exit 9; cat x/* | awk '{ s += \$1 } END { print \"METRIC loss=\" s }'"
git commit -qam 'three trials, and an incumbent that fails in those of the second'
cat >"$propose" <<PROPOSE
#!/bin/sh
while ! test -e $gate/ask.\$AUTORESEARCH_EXPERIMENT; do sleep 0.0312; done
echo 2\$AUTORESEARCH_EXPERIMENT >x/\$AUTORESEARCH_EXPERIMENT
echo "idea \$AUTORESEARCH_EXPERIMENT"
PROPOSE
name=failing
kept=.git/autoresearch/campaigns/$name/proposals slots=.git/autoresearch/campaigns/$name/slots
rm -f "$gate"/*
touch "$gate"/ask.{1,2,4}
begin -j 2
check 'the fourth proposal is there before the third' soon test -e "$kept/4"
touch "$gate/open.1"
waits_in() { # waits_in <seconds> <n>: somebody of experiment <n>, whose sleep that is
	local pid
	for pid in $(pgrep -fx "sleep $1"); do
		grep -qzxs "AUTORESEARCH_EXPERIMENT=$2" "/proc/$pid/environ" && return
	done
	return 1
}
nobody_asks() {
	! pgrep -f "$propose"
}
check 'it takes the slot of the first' soon waits_in 0.0311 4
touch "$gate/ask.3"
soon test -e "$kept/3"
check 'the fifth is asked for' soon waits_in 0.0312 5
touch "$gate/open.2"
# The fourth goes on only then: the third would take its slot.
check 'but not any more when the second has failed' soon nobody_asks
touch "$gate/open.4"
wait "$started"
check_equal 'the incumbent cannot be measured any more' 2 $?
check_equal 'what was measured is recorded' '1 rejected idea 1
2 rejected idea 4' "$(records)"
check_equal 'what waited is kept, and what came to nothing' '2 3' "$(cd "$kept" && echo [0-9]*)"
done_testing
