#!/bin/bash
# What was paid for is not thrown away: a proposal is on disk from the moment that it came until
# its record is written. Whoever starts again tries what is left, and asks for no such thing twice.
# shellcheck disable=SC2154 # variables of lib.sh
. "$(dirname "$0")/lib.sh"
. "$here/lib-endpoint.sh"

kept=.git/autoresearch/campaigns/main/proposals
asked_for=.git/autoresearch/campaigns/main/home/asked

begin() { # start in the background
	git-autoresearch start >"$scratch/start.out" 2>"$scratch/start.err" &
	started=$!
}
killed_with() { # killed_with <n>: kill -9 of a start, as soon as the proposal of <n> is on disk
	begin
	soon test -e "$kept/$1"
	kill -9 "$started"
	wait "$started" 2>/dev/null
	soon sh -c '! pgrep -xf "sleep 31.177"'
}
slow() { # the trials of whoever starts now take half a minute
	git config autoresearch.bind "$scratch/slow"
	mkdir -p "$scratch/slow"
	echo 31.177 >"$scratch/slow/time"
}
quick() {
	echo 0 >"$scratch/slow/time"
}

new_repo
configure <<CONFIG
[run]
	command = "test \$AUTORESEARCH_EXPERIMENT = 0 || sleep \$(cat $scratch/slow/time); echo METRIC loss=\$(sed -n 1p value)"
[campaign]
	editable = notes
CONFIG
# No two of its proposals are the same: the number of its experiment, and how often it was asked.
propose=$(proposer <<'PROPOSER'
#!/bin/bash
exec 9>"$HOME/lock"
flock 9
echo "$AUTORESEARCH_EXPERIMENT" >>"$HOME/asked"
asked=$(wc -l <"$HOME/asked")
exec 9>&-
sed -i "1s/.*/$((1000 - asked))/" value
echo "idea $asked"
PROPOSER
)
printf '%s\n' 100 '' '' '' end >value
git commit -qam 'room for others'
git config autoresearch.proposer command
git config autoresearch.proposerCommand "$propose"

note 'kill -9 in a trial.'
slow && quick
check_status 'a baseline, and one' 3 git autoresearch start --max-experiments=1
check_equal 'nothing is kept of what has a record' '' "$(find "$kept" -name '[0-9]*')"
slow
killed_with 2
git gc --quiet --prune=now
quick
check_status 'start goes on, whatever git has collected' 3 git autoresearch start --max-experiments=1
check_equal 'with the proposal that was there' 'idea 2' "$(newest .subject)"
check_equal 'its proposer was not asked again' '1 2' "$(xargs <"$asked_for")"

note 'stop --now, and a person who tries something before the next start.'
slow
begin
soon test -e "$kept/3"
soon pgrep -xf 'sleep 31.177'
check_status 'stop --now' 0 git autoresearch stop --now
wait "$started"
quick
sed -i 1s/.*/2000/ value
check_status 'try' 1 git autoresearch try -m 'Mine'
git checkout -q value
check_equal 'has the number' '3 Mine' "$(newest '"\(.experiment) \(.subject)"')"
check_status 'start' 3 git autoresearch start --max-experiments=1
check_equal 'tries what was kept under the next one' '4 idea 3' "$(newest '"\(.experiment) \(.subject)"')"
check_equal 'the proposer was asked once for it' '1 2 3' "$(xargs <"$asked_for")"

note 'A person commits to the ledger branch meanwhile: it is carried there.'
slow
killed_with 5
git switch -q autoresearch/main
echo 'by a person' >>value
git commit -qam 'A line of mine'
git switch -q main
quick
check_status 'start' 3 git autoresearch start --max-experiments=1
check_equal 'the proposal that was kept' '5 idea 4' "$(newest '"\(.experiment) \(.subject)"')"
check_equal 'on top of theirs' '996 end by a person' "$(git show "$(newest .commit)":value | xargs)"

note 'What cannot be read is set aside, and asked for again.'
slow
killed_with 6
truncate -s -1 "$kept/6"
echo stray >"$kept/no-number"
quick
check_status 'start' 3 git autoresearch start --max-experiments=1
check_equal 'with a warning' "warning: the proposal kept for experiment 6 is not used: its digest is another; it is set aside as '$PWD/$kept/6.aside'" \
	"$(grep "^warning: the proposal" "$scratch/err")"
check_equal 'another idea' '6 idea 6' "$(newest '"\(.experiment) \(.subject)"')"

note 'What is begun again and again, and never ends, may be what kills us.'
slow
killed_with 7
for i in 1 2 3 4 5; do
	killed_with "7.$i"
done
quick
check_status 'the sixth time it is set aside' 3 git autoresearch start --max-experiments=1
check 'with a warning' grep -q '^warning: .* experiment 7 .* begun six times and never finished' "$scratch/err"
check_equal 'another idea' '7 idea 8' "$(newest '"\(.experiment) \(.subject)"')"
check_status 'the ledger verifies' 0 git autoresearch verify

note 'Two at a time: what was under way, or asked for ahead, is tried again, each once, in any order.'
slow
git-autoresearch start -j 2 >"$scratch/start.out" 2>"$scratch/start.err" &
started=$!
soon ls "$kept"/{8,9,10,11}
kill -9 "$started"
wait "$started" 2>/dev/null
soon sh -c '! pgrep -xf "sleep 31.177"'
quick
check_status 'start' 3 git autoresearch start -j 2 --max-experiments=5
check_equal 'the four that were there, and a new one' 'idea 9,idea 10,idea 11,idea 12,idea 13' \
	"$(git autoresearch log --json | jq -sr '.[:5] | map(.subject) | sort_by(.[5:] | tonumber) | join(",")')"
check_equal 'nothing is kept of what has a record' '' "$(find "$kept" -name '[0-9]*' ! -name '*.aside')"
check_status 'the ledger verifies' 0 git autoresearch verify

note 'Another campaign of the same name has nothing to do with it.'
slow
killed_with 13
quick
git update-ref -d refs/autoresearch/main/ledger
git update-ref -d refs/heads/autoresearch/main
echo 6 >notes
git add notes
git commit -qm 'elsewhere'
check_status 'start' 3 git autoresearch start --max-experiments=1
check 'sets it aside' grep -q '^warning: .* for another campaign' "$scratch/err"
check_equal 'and asks' '1 idea 15' "$(newest '"\(.experiment) \(.subject)"')"

note 'A full disk: nobody is asked for what could not be kept.'
if [ "$(id -u)" -ne 0 ]; then
	skip 'a full disk' 'only root can make one'
else
	full() {
		unshare -m --propagation private bash -c 'mount -t tmpfs -o size=64k tmpfs "$0" && exec "$@"' \
			"$PWD/$kept" "$@"
	}
	rm "$kept/reserve"
	check_status 'start is fatal' 128 full git autoresearch start --max-experiments=1
	check 'says so' grep -q "^fatal: no room to keep a proposal in .*: No space left on device" "$scratch/err"
	check_equal 'and asked nobody' 15 "$(wc -l <"$asked_for")"
fi

# --- A model

new_repo model
configure <<CONFIG
[search]
	candidates = 3
[run]
	command = "test \$AUTORESEARCH_EXPERIMENT = 0 || sleep \$(cat $scratch/slow/time); echo METRIC loss=\$(cat value)"
CONFIG
ask_model round <<'SCRIPT'
[
{"for": "experiment 1 of", "content": "One\n\nvalue\n```\n91\n```\n", "usage": {"prompt_tokens": 1000, "completion_tokens": 1}},
{"for": "experiment 2 of", "content": "Two\n\nvalue\n```\n92\n```\n", "usage": {"prompt_tokens": 1000, "completion_tokens": 20}},
{"for": "experiment 3 of", "content": "Three\n\nvalue\n```\n93\n```\n", "usage": {"prompt_tokens": 1000, "completion_tokens": 300}},
"hang-first-byte"
]
SCRIPT
git config autoresearch.bind "$scratch/slow"
note 'A round whose replies came while the first of them was tried.'
slow
begin
soon ls "$kept/1" "$kept/2" "$kept/3"
soon pgrep -xf 'sleep 31.177'
kill -9 "$started"
wait "$started" 2>/dev/null
quick
check_status 'start goes on' 3 git autoresearch start --max-experiments=3
check_equal 'with all of them, in their order' 'One Two Three' \
	"$(git autoresearch log --json | jq -sr 'reverse | map(.subject) | join(" ")')"
check_equal 'three were asked for' 3 "$(asked round .path | wc -l)"
check_equal 'and paid once' 3321 "$(git autoresearch status --json | jq .tokens)"
check_equal 'each record has what was sent and said' 'Three' \
	"$(git show refs/autoresearch/main/ledger:reply.md | head -n 1)"
check_status 'the ledger verifies' 0 git autoresearch verify

note 'What was paid for nothing is counted by the next start as well.'
git config autoresearch.endpointTimeout 1
ask_model wasted <<'SCRIPT'
[{"content": "no block in it", "usage": {"prompt_tokens": 1500, "completion_tokens": 1}},
"503-for-ever"]
SCRIPT
git switch -q autoresearch/main
git config -f .autoresearch/config search.candidates 1
git commit -qam 'one by one'
git switch -q main
check_status 'a reply that cannot be used, and no second one' 2 git autoresearch start
ask_model after <<'SCRIPT'
[{"content": "Four\n\nvalue\n```\n88\n```\n", "usage": {"prompt_tokens": 5000, "completion_tokens": 1}}]
SCRIPT
check_status 'start' 3 git autoresearch start --max-experiments=1
check_equal 'all of it' $((3321 + 1501 + 5001)) "$(git autoresearch status --json | jq .tokens)"
check_equal 'nothing is left behind' '' "$(leftovers)"
done_testing
