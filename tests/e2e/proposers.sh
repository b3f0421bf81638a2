#!/bin/bash
# Where candidates come from: a command in a sandbox of its own, and the built-in sweep.
# shellcheck disable=SC2154
. "$(dirname "$0")/lib.sh"

new_repo
mkdir hidden
echo canary-hidden >hidden/answers
echo '*.tmp' >.gitignore
configure <<-'CONFIG'
[campaign]
	hidden = hidden
CONFIG
git add -A
git commit -qm 'canary-history'
git config autoresearch.proposer command

note 'A command: what it gets.'
look=$(proposer look <<'PROPOSER'
#!/bin/sh
# Everything it sees goes home, and by way of the rationale to us.
cat >"$HOME/prompt"
echo "beginning of $AUTORESEARCH_EXPERIMENT" >>"$HOME/visits"
echo "looking around"
echo
echo "prompt-bytes=$(wc -c <"$HOME/prompt")"
echo "number=$AUTORESEARCH_EXPERIMENT campaign=$AUTORESEARCH_CAMPAIGN phase=$AUTORESEARCH_PHASE"
echo "files=$(find . -type f | sort | xargs)"
echo "visits=$(wc -l <"$HOME/visits")"
echo "tmp=$(ls /tmp/mark 2>/dev/null)"
echo x >/tmp/mark
echo "beside=$(cat "$(dirname "$0")/beside")"
echo "write-beside=$(echo x 2>/dev/null >"$(dirname "$0")/new" && echo yes || echo no)"
echo "repository=$(ls -d REPO 2>/dev/null && echo yes || echo no)"
echo "git=$(git log 2>/dev/null | grep -c canary-history)"
echo "canary=$(grep -rls canary-h . "$HOME" | grep -v "$HOME/prompt" | xargs)"
echo "prompt-canary=$(grep -c canary-h "$HOME/prompt")"
echo "secret=$(env | grep -c SECRET)"
echo "devices=$(cut -d: -f1 /proc/net/dev | sed 1,2d | xargs)"
python3 - <<'PYTHON'
import socket
for family, address in ((socket.AF_INET, ("127.0.0.1", PORT)), (socket.AF_UNIX, "\0SOCKET")):
	s = socket.socket(family)
	s.settimeout(1)
	try:
		s.connect(address)
		s.send(b"from the proposer")
		print(f"connect-{family.name}=yes")
	except OSError:
		print(f"connect-{family.name}=no")
PYTHON
echo $((100 - AUTORESEARCH_EXPERIMENT)) >value
PROPOSER
)
echo shown >"$(dirname "$look")/beside"
# A listener, so that a connection would be one.
python3 - "$scratch/port" "$scratch/heard" "autoresearch-e2e-$$" <<'PYTHON' &
import selectors, socket, sys
selector = selectors.DefaultSelector()
tcp = socket.socket()
tcp.bind(("127.0.0.1", 0))
unix = socket.socket(socket.AF_UNIX)
unix.bind("\0" + sys.argv[3])
for s in tcp, unix:
	s.listen()
	selector.register(s, selectors.EVENT_READ)
with open(sys.argv[2], "w", buffering=1) as heard:
	with open(sys.argv[1], "w") as f:
		f.write(str(tcp.getsockname()[1]))
	while True:
		for key, _ in selector.select():
			heard.write(key.fileobj.accept()[0].recv(100).decode() + "\n")
PYTHON
listener=$!
while [ ! -s "$scratch/port" ]; do sleep 0.05; done
sed -i "s|PORT|$(cat "$scratch/port")|; s|SOCKET|autoresearch-e2e-$$|; s|REPO|$PWD|" "$look"

mkdir "$scratch/plain"
(cd "$scratch/plain" && HOME=$scratch/plain SECRET_KEY=1 sh "$look" </dev/null >"$scratch/plain.out" 2>&1)
check 'without the sandbox it connects' grep -q 'connect-AF_INET=yes' "$scratch/plain.out"
check '  to a UNIX socket too' grep -q 'connect-AF_UNIX=yes' "$scratch/plain.out"
check '  sees the repository' grep -q 'repository=.*yes\|^yes$' "$scratch/plain.out"
check '  the environment' grep -q '^secret=1' "$scratch/plain.out"
check '  and writes beside itself' grep -q 'write-beside=yes' "$scratch/plain.out"
rm "$(dirname "$look")/new" /tmp/mark
: >"$scratch/heard"

export SECRET_KEY=1
check_status 'start with --proposer-command' 3 git autoresearch start --proposer-command="$look with arguments" --max-experiments=2
unset SECRET_KEY
saw() { # saw <name>: what the newest one saw
	git show refs/autoresearch/main/ledger:record.json | jq -r .rationale | sed -n "s/^$1=//p"
}
check 'the prompt is on stdin' test "$(saw prompt-bytes)" -gt 100
check_equal 'the environment says which number it will be' '2 campaign=main phase=propose' "$(saw number)"
check_equal 'it sees the incumbent without hidden files and history' \
	'./.autoresearch/config ./.autoresearch/program.md ./.gitignore ./value' "$(saw files)"
check_equal 'HOME is kept over the runs' 2 "$(saw visits)"
check_equal '/tmp is new' '' "$(saw tmp)"
check_equal 'the folder that it lies in is shown' shown "$(saw beside)"
check_equal '  read-only' no "$(saw write-beside)"
check_equal 'the repository is not' no "$(saw repository)"
check_equal 'nor its history' 0 "$(saw git)"
check_equal 'no hidden file' '' "$(saw canary)"
check_equal '  in the prompt neither' 0 "$(saw prompt-canary)"
check_equal 'the environment is clean' 0 "$(saw secret)"
check_equal 'no device but a loopback' lo "$(saw devices)"
check_equal 'no TCP' no "$(saw connect-AF_INET)"
check_equal 'no abstract UNIX socket' no "$(saw connect-AF_UNIX)"
check_equal 'the listener heard nothing' '' "$(cat "$scratch/heard")"
kill "$listener"
wait "$listener" 2>/dev/null
check_equal 'the first line is the subject' 'looking around' "$(newest .subject)"
check_equal 'Proposed-by: names it' command/propose \
	"$(git log -1 --format='%(trailers:key=Proposed-by,valueonly)' autoresearch/main | xargs)"
prompt=.git/autoresearch/campaigns/main/home/prompt
check 'the prompt holds program.md' grep -q 'Make the number smaller' $prompt
check '  the editable file' grep -qx 99 $prompt
check '  the metric' grep -q loss $prompt
check '  and what was tried' grep -q 'looking around' $prompt

note 'How it ends.'
once() { # once <name> <text> [<option>...]: a proposer that is this text
	local command
	command=$(printf '#!/bin/sh\n%s\n' "$2" | proposer "$1")
	git autoresearch start --proposer-command="$command" "${@:3}" >"$scratch/out" 2>"$scratch/err"
}
check_equal 'two experiments so far' 2 "$(git autoresearch log --json | wc -l)"
once nothing 'echo 1 >value; exit 125'
check_equal 'exit 125 ends start with 0' 0 $?
check_equal 'in state exhausted' exhausted "$(git autoresearch status --json | jq -r .state)"
once broken 'echo 1 >value; echo sorry >&2; exit 3'
check_equal 'any other failure, again and again, ends it with 2' 2 $?
check_equal 'in state failing' failing "$(git autoresearch status --json | jq -r .state)"
check 'which says why' grep -q '^fatal: .*proposer.*exit 3' "$scratch/err"
check 'and what it printed last' grep -q sorry "$scratch/err"
check_equal 'nothing is recorded of all that' 2 "$(git autoresearch log --json | wc -l)"
once flaky 'test -e "$HOME/again" || { >"$HOME/again"; exit 1; }; rm "$HOME/again"; echo 50 >value; echo at last' --max-experiments=1
check_equal 'one that fails once is asked again' 3 $?
check_equal '  under the same number' '3 at last' "$(newest '"\(.experiment) \(.subject)"')"
once forbidden 'unshare -U true; echo 1 >value' --max-experiments=1
check_equal 'one that makes a forbidden call fails' 2 $?
check 'by name' grep -q '^fatal: .*syscall unshare' "$scratch/err"
once ignored 'echo x >left.tmp; mkdir -p a/b; echo x >a/b/c.tmp; echo 40 >value; echo tidy' --max-experiments=1
check_equal 'what .gitignore covers is no part of the candidate' 'accepted value' \
	"$(newest .verdict) $(git show --format= --name-only autoresearch/main)"
once silent 'echo 39 >value' --max-experiments=1
check_equal 'without words the subject is the number' 'experiment 5' "$(git log -1 --format=%s autoresearch/main)"
cp "$(printf '#!/bin/sh\necho 38 >value; echo from the PATH\n' | proposer onpath)" "$scratch/in-path"
mkdir "$scratch/bin"
mv "$scratch/in-path" "$scratch/bin/my-proposer"
check_status 'a name is looked for on PATH' 3 env PATH="$scratch/bin:$PATH" \
	git autoresearch start --proposer-command=my-proposer --max-experiments=1
check_equal '  and runs' 'from the PATH' "$(newest .subject)"
check_status 'one that is not there is fatal' 128 git autoresearch start --proposer-command="$scratch/nowhere"
check '  in one line, with a hint' sh -c "grep -c '^fatal: .*nowhere' '$scratch/err' && grep '^hint: ' '$scratch/err'"
check_status 'none at all is fatal' 128 git autoresearch start --proposer=command
check '  with a hint' grep -q '^hint: git config autoresearch.proposerCommand' "$scratch/err"
check_status 'an unknown proposer is fatal' 128 git autoresearch start --proposer=oracle
git config autoresearch.proposerCommand "$look"
check_status 'from git config' 3 git autoresearch start --max-experiments=1
git config --unset autoresearch.proposerCommand
git config --unset autoresearch.proposer
mkdir -p .autoresearch
printf '[autoresearch]\n\tproposer = command\n\tproposerCommand = /bin/false\n' >>.autoresearch/config
git commit -qam 'a campaign that chooses the program'
check_status 'never from a file that the repository tracks' 128 git autoresearch start tracked
check '  which is fatal, with file and line' grep -qE '^fatal: \.autoresearch/config:[0-9]+: ' "$scratch/err"
check_status 'the ledger verifies' 0 git autoresearch verify main

note 'The sweep.'
new_repo sweep
git rm -q value
cat >marked.py <<'PY'
rate = 0.01  # autoresearch: 0.001..0.1 log
kind = "relu"  # autoresearch: relu|tanh|gelu
steps = 100
PY
cat >.autoresearch/config <<'CONFIG'
[campaign]
	metric = loss
	direction = minimize
	editable = marked.py
[run]
	command = "test $(grep -c 'steps = 100$' marked.py) = 1; echo METRIC loss=$(cksum marked.py | cut -d' ' -f1)"
CONFIG
git add -A
git commit -qm 'marked'
cp -r . "$scratch/twin"
check_status 'it searches' 3 git autoresearch start --max-experiments=12
git autoresearch log --json | jq -r .commit | while read -r commit; do
	git show "$commit:marked.py"
done >"$scratch/all"
check_equal 'only what is marked is changed' 'steps = 100' "$(grep '^steps' "$scratch/all" | sort -u)"
check_equal 'a word is one of the alternatives' '' \
	"$(grep '^kind' "$scratch/all" | grep -vE '"(relu|tanh|gelu)"')"
check 'and more than one of them' test "$(grep '^kind' "$scratch/all" | sort -u | wc -l)" -gt 1
check 'a number stays in its bounds' python3 -c "
import re
values = [float(re.match(r'rate = (\S+)', l)[1]) for l in open('$scratch/all') if l.startswith('rate')]
assert len(set(values)) > 2, values
assert all(0.001 <= v <= 0.1 for v in values), values"
check_equal 'nothing is tried twice' '' "$(git autoresearch log --json | jq -r 'select(.verdict == "duplicate")')"
subjects=$(git autoresearch log --json | jq -r '"\(.experiment) \(.subject) \(.metric)"')
cd "$scratch/twin" || exit 1
check_status 'in the same repository once more' 3 git autoresearch start --max-experiments=5
check_status 'in two runs' 3 git autoresearch start --max-experiments=7
check_equal 'it does exactly the same' "$subjects" "$(git autoresearch log --json | jq -r '"\(.experiment) \(.subject) \(.metric)"')"

new_repo below-zero
git rm -q value
cat >bowl.py <<'PY'
x = 3.0  # autoresearch: -5..5
y = 1.0
z = 2.0  # autoresearch: 5..1
PY
cat >.autoresearch/config <<'CONFIG'
[campaign]
	metric = loss
	direction = minimize
	editable = bowl.py
[run]
	command = "awk '$1 == \"x\" { print \"METRIC loss=\" ($3 + 2) ^ 2 }' bowl.py"
CONFIG
git add -A
git commit -qm 'a bowl whose lowest point is at -2'
check_status 'a range may begin below zero' 0 git autoresearch start
check 'and its other side is found' python3 -c "
x = float('$(git show autoresearch/main:bowl.py | sed -n 's/^x = \([-.0-9]*\) .*/\1/p')')
assert -2.3 < x < -1.7, x"
check_equal 'what is not marked stays' 'y = 1.0' "$(git show autoresearch/main:bowl.py | sed -n 2p)"
check_equal 'a mark that cannot be read is told, once' \
	'warning: bowl.py:3: this mark cannot be read: autoresearch: 5..1' "$(grep '^warning' "$scratch/err")"

new_repo unmarked
cat >value <<'C'
/* 11 of these */
int a = 3; // and 12 of those
char *s = "13";
int b = 5;
C
git commit -qam 'unmarked'
sed -i 's/loss=.*"/loss=$(cksum value | cut -d\\" \\" -f1)"/' .autoresearch/config
git mv value value.c
sed -i 's/editable = value/editable = value.c/; s/cksum value/cksum value.c/' .autoresearch/config
git commit -qam 'in C'
check_status 'where nothing is marked' 3 git autoresearch start --max-experiments=6
check_equal 'it takes the numbers outside comments and strings' '/* 11 of these */ char *s = "13";' \
	"$(git autoresearch log --json | jq -r .commit | while read -r c; do git show "$c:value.c" | sed -n '1p;3p'; done | sort -u | xargs -d '\n')"
variants() { # variants <line>: how many there were of it
	git autoresearch log --json | jq -r .commit | while read -r c; do
		git show "$c:value.c" | sed -n "$1p"
	done | sort -u | wc -l
}
check '  in one line that has one' test "$(variants 2)" -gt 1
check '  and in the other' test "$(variants 4)" -gt 1
check 'its subject says what becomes what' sh -c 'git log -1 --format=%s refs/autoresearch/main/ledger^2 | grep -qE "^[ab] [0-9]+ -> "'
check 'and the rationale where' sh -c 'git log -1 --format=%b refs/autoresearch/main/ledger^2 | grep -qE "value\.c:[24]"'

new_repo words
printf 'nothing to count here\n' >value
sed -i 's/loss=.*"/loss=$(wc -c <value)"/' .autoresearch/config
git commit -qam 'no number'
check_status 'without a number it is fatal' 128 git autoresearch start
check '  with a hint that shows a mark' grep -q '^hint: .*autoresearch: 0.001..0.1 log' "$scratch/err"

new_repo few
printf 'x = on  # autoresearch: on|off\n' >value
sed -i 's/loss=.*"/loss=$(wc -c <value)"/' .autoresearch/config
git commit -qam 'two alternatives'
check_status 'when all was tried it is exhausted' 0 git autoresearch start
check_equal '  so' exhausted "$(git autoresearch status --json | jq -r .state)"
check_equal '  after the one other' 1 "$(git autoresearch log --json | wc -l)"
check_equal 'nothing is left behind' '' "$(leftovers)"

done_testing
