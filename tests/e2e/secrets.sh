#!/bin/bash
# What a candidate must not know it cannot find, and what it prints or leaves is no metric where
# an evaluator is configured. The search is made once in the repository, where it finds all, and
# then inside; the forgeries are made once plainly, where the evaluator falls for them, and then
# as a candidate.
# shellcheck disable=SC2154 # variables of lib.sh
. "$(dirname "$0")/lib.sh"

canary=CANARY-$$-$RANDOM
new_repo
chmod 755 "$scratch"
echo "$canary of the history" >old
git add old
git commit -qm "$canary of a message"
git rm -q old
mkdir heldout
echo "$canary of the hidden files" >heldout/answer
cat >heldout/score.sh <<'SCORE'
# Scores what run left in OUT, by way of things that a candidate may have prepared.
[ -e planted ] && echo "saw planted"
[ -e "$HOME/.profile" ] && . "$HOME/.profile"
[ -e /tmp/planted ] && echo "saw /tmp"
[ -e "$SHM/planted" ] && echo "saw shm"
[ -e helper.sh ] && . ./helper.sh
[ -n "${LD_PRELOAD:-}" ] && echo "saw LD_PRELOAD"
python3 -c 'pass'
find "$AUTORESEARCH_OUT" ! -type f ! -type d -printf 'saw %P\n'
[ -w "$AUTORESEARCH_OUT/answer" ] && ( : >>"$AUTORESEARCH_OUT/answer" ) 2>/dev/null && echo 'saw a writable OUT'
sleep "${WAIT:-0.4}"
answer=$(head -c 20 "$AUTORESEARCH_OUT/answer" | tr -cd '0-9-')
echo "METRIC loss=${answer:-1000}"
SCORE
echo 'echo fine' >helper.sh
echo 'echo 100 >$AUTORESEARCH_OUT/answer' >value
git config -f .autoresearch/config run.command '. ./value'
git config -f .autoresearch/config campaign.hidden 'heldout/**'
git config -f .autoresearch/config check.command 'test ! -e planted && . ./helper.sh && echo METRIC loss=-2'
git config -f .autoresearch/config evaluate.command 'SHM=/dev/shm sh heldout/score.sh'
git add -A
git commit -qm 'a secret answer'

# --- Nothing of it is found

# Looks for the canary wherever it could be: prints what it finds.
cat >"$scratch/look" <<'LOOK'
grep -raslI "$1" $2 2>/dev/null
find $2 -name heldout -o -name .git 2>/dev/null
git -C "${3:-.}" log 2>/dev/null | grep "$1"
for file in /proc/[0-9]*/environ /proc/[0-9]*/cmdline; do
	grep -aqs "$1" "$file" && grep -qv 'look' "$file" && echo "$file"
done
true
LOOK
found=$(sh "$scratch/look" "$canary" "$PWD" "$PWD")
check 'outside, the hidden files are found' grep -q heldout/answer <<<"$found"
check 'and the history' grep -q 'of a message' <<<"$found"
everywhere='/autoresearch /tmp /dev/shm /run /var /root /home /srv /opt /mnt /.store /.disk'
# The canary is put together inside, so that the search does not find itself.
search="look() { $(cat "$scratch/look")
}; a=${canary%-*}; look \"\$a-${canary##*-}\" '$everywhere'"
check_status 'the search runs inside' 0 git autoresearch sandbox -- sh -c "$search"
check_equal 'and finds nothing in run' '' "$(cat "$scratch/out")"
check_equal 'nor in check' '' "$(git autoresearch sandbox --phase=check -- sh -c "$search")"
check_equal 'nor in setup' '' "$(git autoresearch sandbox --phase=setup -- sh -c "$search")"
check_equal 'evaluate alone sees the hidden files' "$canary of the hidden files" \
	"$(git autoresearch sandbox --phase=evaluate -- cat heldout/answer)"
check_not 'evaluate has no history' git autoresearch sandbox --phase=evaluate -- git log
check_equal 'run has no metrics file' '' "$(git autoresearch sandbox -- \
	sh -c 'echo $AUTORESEARCH_METRICS; ls /autoresearch/metrics')"
check_equal 'the environment is clean' '' "$(SECRET=$canary git autoresearch sandbox -- env |
	grep -v -e '^AUTORESEARCH' -e '^PATH=' -e '^HOME=' -e '^LANG=' -e '^TMPDIR=' -e '^PWD=' \
		-e '^OLDPWD=' -e '^SHLVL=' -e '^_=')"
check_equal 'no process inside shows how the program was called' '' \
	"$(git autoresearch sandbox -- sh -c 'tr "\0" " " </proc/1/cmdline' "$canary" | grep -o "$canary")"

# --- What it leaves is no metric

# Prepares all that might reach an evaluator: files where it will look, processes that wait for it.
cat >"$scratch/forge" <<'FORGE'
echo METRIC loss=-1; echo loss: -1; echo METRIC loss=-1 >&2
echo 100 >$AUTORESEARCH_OUT/answer
for name in values metrics METRICS evaluate; do
	echo METRIC loss=-1 >$AUTORESEARCH_OUT/$name
	echo METRIC loss=-1 >/autoresearch/metrics/$name
	echo METRIC loss=-1 >/.disk/evaluate/metrics/$name
done 2>/dev/null
touch planted /tmp/planted ${SHM:-/dev/shm}/planted
echo 'echo saw helper' >helper.sh
echo 'echo saw profile' >$HOME/.profile
printf 'all:\n\techo METRIC loss=-1\n' >Makefile
for lib in "$HOME"/.local/lib/python3.*/site-packages "$HOME/.local/lib/python$(python3 -c \
	'import sys; print("%d.%d" % sys.version_info[:2])')/site-packages"; do
	mkdir -p "$lib" && echo 'print("saw usercustomize")' >"$lib/usercustomize.py"
done 2>/dev/null
mkdir -p heldout
echo 'echo METRIC loss=-1' >heldout/score.sh.new
ln -s /etc/passwd $AUTORESEARCH_OUT/link
ln -s answer $AUTORESEARCH_OUT/link-to-answer
ln -s / $AUTORESEARCH_OUT/root
mkfifo $AUTORESEARCH_OUT/fifo
mkdir $AUTORESEARCH_OUT/folder; mkfifo $AUTORESEARCH_OUT/folder/fifo
python3 -c 'import os, socket
os.chdir(os.environ["AUTORESEARCH_OUT"]); socket.socket(socket.AF_UNIX).bind("socket")'
# It lies in wait, in a session of its own, deaf to signals, until the command is over and should have
# taken it along; then it writes for as long as it lives.
MAIN=${MAIN:-$$} setsid sh -c 'trap "" HUP INT TERM; i=0
	while kill -0 "$MAIN"; do sleep 0.02; done 2>/dev/null
	sleep 0.2
	while [ $i -lt 60 ]; do
		echo -1 1<>$AUTORESEARCH_OUT/answer; echo METRIC loss=-1
		for m in ${REACH:-/proc/[0-9]*/root}/autoresearch/metrics/values; do
			[ -e $m ] && echo METRIC loss=-1 >$m
		done
		i=$((i + 1)); sleep 0.05
	done' &
sleep 0.1
echo 100 >$AUTORESEARCH_OUT/answer
FORGE

# Plainly: one folder, one HOME, one after the other, and the evaluator sees everything. As root it would
# reach into the sandboxes of the stories beside this one.
mkdir -p "$scratch/plain/out" "$scratch/plain/home" "$scratch/plain/shm"
cp -r heldout "$scratch/plain"
(cd "$scratch/plain" && export AUTORESEARCH_OUT=$PWD/out HOME=$PWD/home REACH=$PWD SHM=$PWD/shm TMPDIR=$PWD MAIN=over &&
	unset PYTHONNOUSERSITE && . "$scratch/forge" >/dev/null 2>&1
	WAIT=1.5 sh heldout/score.sh) >"$scratch/outside" 2>&1
rm -f /tmp/planted
for thing in planted /tmp shm profile helper link fifo folder/fifo socket 'a writable OUT'; do
	check "plainly, the evaluator meets: $thing" grep -qx "saw $thing" "$scratch/outside"
done
check 'and its score is forged' grep -qx 'METRIC loss=-1' "$scratch/outside"
# Until the one that lies in wait is gone.
for _ in $(seq 600); do
	pgrep -f 'root./autoresearch/metrics/values' >/dev/null || break
	sleep 0.1
done

git autoresearch start --proposer=command --proposer-command=/bin/false --max-experiments=1 \
	>"$scratch/out" 2>&1
cp "$scratch/forge" value
check_status 'as a candidate it is no improvement' 1 git autoresearch try -m forge
check_equal 'its metric is what the evaluator saw in OUT' 100 "$(newest .metric)"
check_equal 'and there is no other' '{"loss":100}' "$(git autoresearch log --json -n 1 | jq -c .metrics)"
git show refs/autoresearch/main/ledger:evaluate.log >"$scratch/log"
check_equal 'the evaluator saw nothing that was left elsewhere' 'fine' \
	"$(grep -v '^METRIC loss=100$' "$scratch/log")"
check_equal 'what was no file in OUT is on record' 'fifo folder/fifo link link-to-answer root socket' \
	"$(git show refs/autoresearch/main/ledger:record.json | jq -r '.removed | sort | join(" ")')"
git checkout -q value

candidate() {
	printf '%s\n' "$2" >value
	git autoresearch try -m "$1" >"$scratch/out" 2>&1
	git checkout -q value
	newest '"\(.verdict) \(.reason) \(.metric)"'
}
check_equal 'a candidate that does nothing scores nothing' 'rejected no-improvement 1000' \
	"$(candidate 'null' 'echo METRIC loss=1')"
check_equal 'an answer that is a link is no answer' 'rejected no-improvement 1000' \
	"$(candidate 'link' 'echo 5 >$AUTORESEARCH_OUT/x; ln -s x $AUTORESEARCH_OUT/answer; echo METRIC loss=1')"
check_equal 'nor is one that never ends' 'rejected no-improvement 1000' \
	"$(candidate 'fifo' 'mkfifo $AUTORESEARCH_OUT/answer')"
check_equal 'nor one that is huge' 'rejected no-improvement 1000' \
	"$(candidate 'huge' 'truncate -s 15M $AUTORESEARCH_OUT/answer')"
check_equal 'a candidate that fails is not evaluated at all' 'failed exit 3 null' \
	"$(candidate 'exit' 'echo 1 >$AUTORESEARCH_OUT/answer; echo METRIC loss=1; exit 3')"
check_equal 'the metric is not said to be its own' '' \
	"$(git log -1 --format='%(trailers:key=Metric-Source)' autoresearch/main)"

# --- Nor does a proposer find any of it

look=$(proposer look <<PROPOSER
#!/bin/sh
{ $search
grep -rasl heldout/answer / --include=index 2>/dev/null
ls heldout "\$(dirname "\$0")"/*/heldout "\$(dirname "\$0")"/heldout; } 2>/dev/null | tr '\n' ' '
echo 'echo 99 >\$AUTORESEARCH_OUT/answer' >value
PROPOSER
)
proposes() {
	local before
	before=$(git autoresearch log --json | wc -l)
	git autoresearch start --proposer=command --proposer-command="$1" --max-experiments=1 \
		>"$scratch/out" 2>&1
	if [ "$(git autoresearch log --json | wc -l)" -gt "$before" ]; then
		newest '"said: \(.subject)"'
	else
		cat "$scratch/out"
	fi
}
check_equal 'a proposer finds nothing' 'said: ' "$(proposes "$look")"
check_equal 'but its candidate is measured' 99 "$(newest .metric)"
# The folder that a proposer lies in is shown to it, unless the repository is in it: by whatever
# name it is called.
mkdir "$scratch/projects"
mv "$scratch/repo" "$scratch/projects/repo"
ln -s "$scratch/projects" "$scratch/alias"
cd "$scratch/projects/repo" || exit 1
git worktree repair >/dev/null 2>&1
sed 's/echo 99/echo 1$AUTORESEARCH_EXPERIMENT/' "$look" >"$scratch/projects/propose"
chmod +x "$scratch/projects/propose"
for path in "$scratch/projects/propose" "$scratch/alias/propose" "$scratch/alias/repo/../propose" \
	../propose; do
	check_equal "nor one that lies beside the repository: ${path#"$scratch"/}" \
		'said: ' "$(proposes "$path")"
done

# Where nobody evaluates it, the record says so.
new_repo alone
git autoresearch start --proposer=sweep --max-experiments=1 >"$scratch/out" 2>&1
check_equal 'without an evaluator the record says self-reported' 'self-reported' \
	"$(git notes --ref=autoresearch show main | sed -n 's/^Metric-Source: //p')"
done_testing
