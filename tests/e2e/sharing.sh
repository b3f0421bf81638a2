#!/bin/bash
# Two people and a server that looks at what it gets: each searches a campaign of their own, both push
# and fetch by the refspecs of the manual, over git's own protocol; their notes are merged; and
# each can read and verify all of it.
# shellcheck disable=SC2154
. "$(dirname "$0")/lib.sh"

better=$(proposer <<'PROPOSER'
#!/bin/sh
test "$AUTORESEARCH_EXPERIMENT" -lt 4 || exit 125
echo $((100 - AUTORESEARCH_EXPERIMENT % 3)) >value
echo "number $AUTORESEARCH_EXPERIMENT"
PROPOSER
)
manual=$top/man/git-autoresearch-sharing.7.scd
# A command of the manual's SHARING by what it begins with, joined to one line.
of_manual() {
	sed -n '/^# SHARING/,/^# HOOKS/p' "$manual" | sed ':a; /\\\\$/N; s/\\\\\n//; ta' | grep "^$1" |
		head -n 1
}
push=$(of_manual 'git push')
fetch=$(of_manual 'git fetch')
fetch_notes=$(of_manual 'git fetch origin refs/notes')
merge_notes=$(of_manual 'git notes')
check 'the manual has them all' test -n "$push" -a -n "$fetch" -a -n "$fetch_notes" -a -n "$merge_notes"

# git:// without a port: what would connect talks to the server's process itself.
mkdir "$scratch/served"
cat >"$scratch/proxy" <<PROXY
#!/bin/sh
exec git daemon --inetd --export-all --enable=receive-pack --base-path="$scratch/served"
PROXY
chmod +x "$scratch/proxy"
git config --global core.gitProxy "$scratch/proxy"
git init -q --bare "$scratch/served/lab.git"
git -C "$scratch/served/lab.git" autoresearch init --hooks >/dev/null

new_repo ada
git config autoresearch.proposerCommand "$better"
git config autoresearch.proposer command
git autoresearch init --hooks >/dev/null
git remote add origin git://lab/lab.git
check_status 'Ada pushes what they begin with' 0 git push -q origin main
git clone -q git://lab/lab.git "$scratch/bob"
git -C "$scratch/bob" autoresearch init --hooks >/dev/null
check_status 'Ada searches' 0 git autoresearch start ada
check_status 'and pushes' 0 sh -c "$push"

cd "$scratch/bob" || exit 1
git config autoresearch.proposerCommand "$better"
git config autoresearch.proposer command
check_status 'Bob searches, from the same commit' 0 git autoresearch start bob
check_status 'and pushes, but for the notes, which have moved' 1 sh -c "$push"
check 'his hook says so, before git does' grep -q '^refused: refs/notes/autoresearch: it would be rewritten' \
	"$scratch/err"
check_equal 'and what to do' "$merge_notes" "$(sed -n 's/^hint: .*: git notes/git notes/p' "$scratch/err")"
check_status 'he fetches them' 0 sh -c "$fetch_notes"
check_status 'and merges them' 0 sh -c "$merge_notes"
check_status 'and pushes' 0 sh -c "$push"
check_equal 'the baseline of both has both notes' 'ada/0 bob/0' \
	"$(git notes --ref=autoresearch show main | sed -n 's/^Experiment: //p' | sort | xargs)"
check_status 'Bob fetches' 0 sh -c "$fetch"
for campaign in ada bob; do
	check_status "$campaign verifies at Bob's" 0 git autoresearch verify $campaign
	check_status '  and on the server' 0 git -C "$scratch/served/lab.git" autoresearch verify $campaign
done
check_equal 'Bob reads the log of Ada' "$(git -C "$scratch/ada" autoresearch log --campaign=ada)" \
	"$(git autoresearch log --campaign=ada)"
for n in 0 1 2 3; do
	check_equal "and experiment $n, to the letter" \
		"$(git -C "$scratch/ada" autoresearch show --campaign=ada $n)" \
		"$(git autoresearch show --campaign=ada $n)"
	check_equal '  with what the kernel saw' \
		"$(git -C "$scratch/ada" autoresearch audit --campaign=ada $n)" \
		"$(git autoresearch audit --campaign=ada $n)"
done

cd "$scratch/ada" || exit 1
check_status 'Ada fetches' 0 sh -c "$fetch"
check_status 'and verifies what Bob did' 0 git autoresearch verify bob
check_status 'and her own' 0 git autoresearch verify ada
check_status 'she goes on' 3 git autoresearch start ada --proposer-command="printf 50 >value; echo fifty" \
	--max-experiments=1
check_equal 'and fetching takes nothing away' 0 "$(sh -c "$fetch" 2>/dev/null; git autoresearch verify ada >/dev/null; echo $?)"
check_status 'she pushes' 0 sh -c "$push"

note 'A clone that fetches all of it, for good.'
git clone -q --depth=1 git://lab/lab.git "$scratch/shallow"
git clone -q git://lab/lab.git "$scratch/carol"
cd "$scratch/carol" || exit 1
for refspec in $(tr -d "'" <<<"${fetch#*origin }"); do
	git config --add remote.origin.fetch "$refspec"
done
check_status 'git fetch' 0 git fetch -q
check_status 'verifies' 0 git autoresearch verify ada
check_equal 'what Ada has' "$(git -C "$scratch/ada" autoresearch log --campaign=ada)" \
	"$(git autoresearch log --campaign=ada)"
check_status 'an experiment of Ada comes to the same here' 0 git autoresearch replay --campaign=ada 1
check_status 'and the ledger verifies with that' 0 git autoresearch verify ada
check_status 'try makes an experiment here' 0 git autoresearch try --campaign=bob autoresearch/ada
check_status 'which can be pushed' 0 sh -c "$push"
check_status 'she searches, too' 3 git autoresearch start carol --max-experiments=1
git autoresearch init --hooks >/dev/null
check_not 'a fetch that prunes would take that away' git fetch -q --prune
check_status 'and is refused, before anything is lost' 0 git autoresearch verify carol

note 'Whoever has little.'
cd "$scratch/shallow" || exit 1
git autoresearch init --hooks >/dev/null
git commit -q --allow-empty -m 'from a shallow clone'
check_status 'a shallow clone pushes' 0 git push -q origin main
printf 'Fast\n\nExperiment: ada/1\n' | git commit -q --allow-empty --no-verify -F -
check_status 'what it may' 1 git push -q origin main
check '  as any other' grep -q '^refused: refs/heads/main: it is protected' "$scratch/err"
check_status '  and the server thinks so' 1 git push -q --no-verify origin main
check '  in one line' grep -q '^remote: refused: refs/heads/main: it is protected' "$scratch/err"

done_testing
