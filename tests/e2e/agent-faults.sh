#!/bin/bash
# An agent by its adapter: what it is given, what of it is a proposal, and everything that an
# agent does instead of proposing.
# shellcheck disable=SC2154
. "$(dirname "$0")/lib.sh"

new_repo
mkdir .fake
echo settings >.fake/kept
git add -A
git commit -qm 'a folder that the agent knows as its own'
need_audit 'agents by name'
export PATH=$scratch/bin:$PATH
mkdir "$scratch/bin"

# adapter [<more of the section agent>...]: the adapter of the tests, $scratch/fake.conf.
adapter() {
	{
		cat <<-'CONF'
		[output]
			format = json
			words = text if type=end
			error = message if type=error
		[tokens]
			prompt = used.in if type=end
			cached = used.cached if type=end
			completion = used.out if type=end
		[limits]
			memory = 256M
			output = 1M
		[failure]
			limit = rate limit
			refusal = cannot help
		[agent]
			program = fake
			command = "cat >\"$HOME/prompt\""
			command = exec \"$AUTORESEARCH_AGENT\" an-argument
			key = FAKE_KEY
			leaves = .fake
			leaves = *.fake.log
			install = get it from the shop
		CONF
		printf '\t%s\n' "$@"
	} >"$scratch/fake.conf"
}

# agent: the program, from stdin.
agent() {
	{
		echo '#!/bin/sh'
		cat <<-'SH'
		report() { printf '{"type":"end","text":"%s","used":{"in":100,"cached":60,"out":20}}\n' "$1"; }
		SH
		cat
	} >"$scratch/bin/fake"
	chmod +x "$scratch/bin/fake"
}

# ask [<option>...]: one candidate. What start said is in $scratch/out and $scratch/err.
ask() {
	git autoresearch start --proposer="$scratch/fake.conf" --max-experiments=1 "$@" \
		>"$scratch/out" 2>"$scratch/err"
}

# fails <text> <why>: that the agent fails for that reason, and that nothing is recorded of it.
fails() {
	local before after
	before=$(git autoresearch log --json | wc -l)
	ask
	check_equal "$1: it ends as failing" 2 $?
	check "  since: $2" grep -qE "^fatal: the proposer 'fake' failed: $2" "$scratch/err"
	after=$(git autoresearch log --json | wc -l)
	check_equal '  and is no experiment' "$before" "$after"
}

note 'What it is given.'
adapter
agent <<'SH'
report 'It is 90\n\nsecond line'
echo "$1 $(pwd) $(cat .fake/kept) $(test -e .git && echo git)" >"$HOME/looked"
env | sort >"$HOME/env"
echo visit >>"$HOME/visits"
echo 90 >value
exit 7
SH
git config autoresearch.model some/model
git config autoresearch.apiKeyEnv MY_KEY
git config autoresearch.endpoint http://127.0.0.1:9/v1
git config autoresearch.proposerNetwork 127.0.0.1:9
MY_KEY=sesame-opens ask
check_equal 'a change is a proposal, whatever the exit status' 3 $?
check_equal '  with the words of its report' 'accepted It is 90' "$(newest '"\(.verdict) \(.subject)"')"
check_equal '  and by whom' fake/some/model \
	"$(git log -1 --format='%(trailers:key=Proposed-by,valueonly)' autoresearch/main | xargs)"
home=.git/autoresearch/campaigns/main/home
check_equal 'it is called as the adapter says, in a copy of the incumbent' \
	'an-argument /autoresearch/work settings ' "$(cat $home/looked)"
check 'the prompt is on stdin' grep -q 'Make the number smaller' $home/prompt
check_equal 'it knows model, endpoint and key' \
	'AUTORESEARCH_ENDPOINT=http://127.0.0.1:9/v1 AUTORESEARCH_MODEL=some/model FAKE_KEY=sesame-opens' \
	"$(grep -E '^(AUTORESEARCH_(ENDPOINT|MODEL)|FAKE_KEY|MY_KEY)=' $home/env | xargs)"
rm $home/env
check_not 'nobody else knows the key' grep -rq sesame-opens .git "$scratch/out" "$scratch/err"
check_equal '  also not the objects' '' "$(git cat-file --batch-all-objects --batch 2>/dev/null | grep -a sesame-opens)"
check_equal 'its tokens are counted' '120 = 100 and 20, 60 of them cached, of some/model at 127.0.0.1:9' \
	"$(newest .tokens) = $(git show refs/autoresearch/main/ledger:record.json | jq -r \
		'.asked | "\(.tokens.prompt) and \(.tokens.completion), \(.tokens.cached) of them cached, of \(.model) at \(.endpoint)"')"
check 'the record has what it was told' sh -c 'git show refs/autoresearch/main/ledger:prompt.md | grep -q "Make the number smaller"'
check_equal '  and what it had to say' 'It is 90 second line' "$(git show refs/autoresearch/main/ledger:reply.md | xargs)"
check_equal 'its audit is recorded' 'propose' \
	"$(git autoresearch audit 1 | jq -r 'select(.act == "exec" and .comm == "fake").phase' | sort -u)"
agent <<'SH'
echo visit >>"$HOME/visits"
echo 89 >value
report 'It is 89'
SH
ask --max-time=1h
check_status 'without the variable of the key it is fatal' 128 env -u MY_KEY git autoresearch start \
	--proposer="$scratch/fake.conf"
check '  with a hint' grep -q '^hint: export it' "$scratch/err"
git config --unset autoresearch.apiKeyEnv
ask
check_equal 'HOME is kept from run to run' 2 "$(wc -l <$home/visits)"

note 'Where it is installed.'
tool() { # tool <file> <text>: a program
	mkdir -p "$(dirname "$1")"
	printf '%s\n' "$2" >"$1"
	chmod +x "$1"
}
lib=$scratch/lib/node_modules
tool "$lib/it/bin/it.js" '#!/usr/bin/env interpret'
tool "$lib/needed/value" '88'
tool "$scratch/tools/interpret" '#!/bin/sh
cat "$(dirname "$1")/../../needed/value" >value
printf "%s\n" "{\"type\":\"end\",\"text\":\"It is what a package needs\"}"
ls "$(dirname "$0")/../lib/other" >"$HOME/seen" 2>&1'
tool "$scratch/lib/other" x
rm "$scratch/bin/fake"
ln -s "$lib/it/bin/it.js" "$scratch/bin/fake"
PATH=$scratch/tools:$PATH ask
check_equal 'of a package of npm all that is installed with it is shown' 'accepted It is what a package needs' \
	"$(newest '"\(.verdict) \(.subject)"')"
check_not '  and the interpreter, but nothing else' grep -q "^$scratch/lib/other" $home/seen
rm "$scratch/bin/fake"
if python3 -m venv --without-pip "$scratch/venv" 2>/dev/null; then
	tool "$scratch/venv/bin/fake" "#!$scratch/venv/bin/python"'
import sys
sys.path.insert(0, sys.prefix + "/share")
import number
print(number.value, file=open("value", "w"))
print("""{"type":"end","text":"It is what python needs"}""")'
	tool "$scratch/venv/share/number.py" 'value = 87'
	ln -s "$scratch/venv/bin/fake" "$scratch/bin/fake"
	ask
	check_equal 'of a virtual environment that, and its interpreter' 'accepted It is what python needs' \
		"$(newest '"\(.verdict) \(.subject)"')"
	rm "$scratch/bin/fake"
else
	skip 'of a virtual environment that, and its interpreter' 'python3 -m venv does not work here'
fi

note 'What it leaves.'
agent <<'SH'
mkdir -p deep
echo x >.fake/state; echo x >deep/.fake.log; ln -s /etc .fake/link; mkfifo .fake/pipe
setsid sh -c 'echo $$ >/proc/self/comm; exec sleep 987654' >/dev/null 2>&1 &
echo 80 >value
report 'It is 80'
SH
ask
check_equal 'what its adapter names is no part of the proposal' 'accepted value' \
	"$(newest .verdict) $(git show --format= --name-only autoresearch/main | xargs)"
check_not 'a daemon of it is dead' pgrep -f 'sleep 98765[4]'
agent <<'SH'
echo other >.fake/kept; echo 79 >value
report 'It is 79'
SH
ask
check_equal 'a file of the repository is no leaving' 'invalid out-of-scope .fake/kept' "$(newest '"\(.verdict) \(.reason)"')"
agent <<'SH'
echo x >outside; echo 79 >value
report 'It is 79, and more'
SH
ask
check_equal 'a change out of scope makes the whole of it invalid' 'invalid out-of-scope outside' "$(newest '"\(.verdict) \(.reason)"')"

note 'A repository of its own.'
adapter 'git = true' 'leaves = .git'
agent <<'SH'
echo "commits=$(git rev-list --all --count) files=$(git ls-files | xargs) dirty=$(git status --porcelain | xargs)" >"$HOME/git"
echo 70 >value
git commit -qam 'It is 70' && git gc -q --prune=now && git tag done
report "It is 70"
SH
ask
check_equal 'it has one commit of what it sees' \
	'commits=1 files=.autoresearch/config .autoresearch/program.md .fake/kept value dirty=' "$(cat $home/git)"
check_equal 'what it commits there is its proposal all the same' 'accepted value' \
	"$(newest .verdict) $(git show --format= --name-only autoresearch/main | xargs)"
check_equal 'and of the repository itself nothing' '' "$(git tag)"

note 'What is no proposal.'
adapter
agent <<'SH'
report 'All is well'
SH
fails 'no change' 'it changed nothing: All is well'
agent <<'SH'
test -e "$HOME/again" && echo 69 >value
echo x >"$HOME/again"
report 'It is 69'
SH
total() {
	git show refs/autoresearch/main/ledger:record.json | jq .totals.tokens
}
before=$(total)
ask
check_equal 'one that proposes when it is asked again goes on' 'It is 69' "$(newest .subject)"
check_equal '  and both were paid for, with the three of the start that failed' 600 $(($(total) - before))
agent <<'SH'
v=$(cat value); rm value; echo "$v" >value
SH
fails 'a file that was written and is what it was' 'it changed nothing, and said nothing'
agent <<'SH'
exit 3
SH
fails 'nothing but a status' 'exit 3'
agent <<'SH'
echo x >.fake/state
report 'I only took notes'
SH
fails 'leavings alone' 'it changed nothing: I only'
agent <<'SH'
echo visit >>"$HOME/visits"
report '[API Error: 429 Rate Limit exceeded]'
exit 0
SH
before=$(wc -l <$home/visits)
git config autoresearch.endpointTimeout 1s
fails 'a rate limit that is reported as success' 'a limit was hit: \[API Error: 429 Rate'
check '  after it was waited for' grep -q "^warning: the proposer 'fake' failed: a limit was hit: .*waiting for it, at most 1.00s" "$scratch/err"
check_equal '  and it was asked again' 2 $(($(wc -l <$home/visits) - before))
git config autoresearch.endpointTimeout 10m
: >"$scratch/err"
ask &
for _ in $(seq 300); do
	grep -q 'waiting for it' "$scratch/err" && break
	sleep 0.1
done
check_status '  stop ends the wait' 0 git autoresearch stop
wait
check_equal '  and nothing is lost' stopped "$(git autoresearch status --json | jq -r .state)"
agent <<'SH'
test -e "$HOME/mended" && echo 68 >value
echo x >"$HOME/mended"
report 'rate limit'
SH
git config autoresearch.endpointTimeout 20s
ask
check_equal '  and where it passes the search goes on' 'accepted 68' "$(newest '"\(.verdict) \(.metric)"')"
agent <<'SH'
report 'I am sorry, but I cannot help with that.'
SH
fails 'a refusal' 'it refused: I am sorry'
agent <<'SH'
printf '{"type":"error","message":"no such model"}\n'
SH
fails 'an error' 'an error: no such model'
agent <<'SH'
echo 1 >value
while :; do echo '{"type":"delta","text":"and so on"}'; done
SH
fails 'endless output, even with a change' 'output-limit'
agent <<'SH'
echo 1 >value
unshare -U true
SH
fails 'a forbidden call' 'syscall unshare'
adapter 'idle = 1s'
agent <<'SH'
echo 1 >value
sleep 987655 &
wait
SH
fails 'a hang' 'no sign of life for 1 seconds'
adapter 'timeout = 1s'
agent <<'SH'
echo 1 >value
while sleep 0.2; do echo .; done
SH
fails 'no end' 'timeout'
check_not 'nothing of all that lives on' pgrep -f 'sleep 98765[5]'
adapter 'idle = 8s'
agent <<'SH'
for i in 1 2 3 4 5 6 7 8 9 10; do sleep 1; echo "$i"; done
echo 60 >value
report 'It is 60, at last'
SH
ask
check_equal 'who says something now and then may take longer' 'It is 60, at last' "$(newest .subject)"

note 'What cannot be begun, and what doctor says of it.'
doctor() { # doctor <name of a check>: what it says of the agent that is configured
	git -c "autoresearch.proposer=$scratch/fake.conf" autoresearch doctor --json |
		jq -r --arg name "$1" '.checks[] | select(.name == $name) | [.ok, .detail, .remedy // empty] | join(" ")'
}
adapter
check_equal 'where it is, and whom it asks' "true fake, $scratch/bin/fake; true 127.0.0.1:9; of the network it may reach \
what autoresearch.proposerNetwork names" "$(doctor agent); $(doctor "agent's model")"
refuses() { # refuses <text> <message> <hint> [<start's arguments>...]
	check_status "$1 is fatal" 128 git autoresearch start "${@:4}"
	check "  and says so" grep -qE "^fatal: $2" "$scratch/err"
	check "  with a hint" grep -qE "^hint: $3" "$scratch/err"
}
refuses 'an unknown name' "there is no proposer 'oracle'" 'one of .*codex.*qwen' --proposer=oracle
adapter 'needs = something-else'
refuses 'a program that the agent needs and nobody has' "the agent 'fake' needs 'something-else'" 'install it' \
	--proposer="$scratch/fake.conf"
adapter
git config autoresearch.endpoint http://127.0.0.1:10/v1
refuses 'an endpoint that its sandbox may not reach' "the agent's sandbox may not reach the endpoint 127.0.0.1:10" \
	'git config --add autoresearch.proposerNetwork 127.0.0.1:10' --proposer="$scratch/fake.conf"
check_equal '  and so says doctor' "false the agent's sandbox may not reach the endpoint 127.0.0.1:10 \
git config --add autoresearch.proposerNetwork 127.0.0.1:10" "$(doctor "agent's model")"
git config autoresearch.endpoint http://127.0.0.1:9/v1
rm "$scratch/bin/fake"
check_equal 'doctor misses it, too' "false cannot find the proposer 'fake' get it from the shop; or put it on PATH" "$(doctor agent)"
refuses 'an agent that nobody has' "cannot find the proposer 'fake'" 'get it from the shop' --proposer="$scratch/fake.conf"
adapter 'colour = red'
check_status 'an adapter that makes no sense is fatal' 128 git autoresearch start --proposer="$scratch/fake.conf"
check '  with file and line' grep -qE "^fatal: $scratch/fake.conf:[0-9]+: unknown key 'agent.colour'" "$scratch/err"
check_status 'one that is not there as well' 128 git autoresearch start --proposer=./nowhere.conf
check_status 'the ledger verifies' 0 git autoresearch verify
check_equal 'nothing is left behind' '' "$(leftovers)"

done_testing
