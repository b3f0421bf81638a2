#!/bin/bash
# Not sanitized: what is tried is where files go.
# init --hooks: beside hooks that are there already, where core.hooksPath leads, in linked worktrees
# and bare repositories; once or again; and init --no-hooks, after which all is as it was.
# shellcheck disable=SC2154
. "$(dirname "$0")/lib.sh"

# What a folder holds: names, modes, content.
content() {
	find "$1" -mindepth 1 -printf '%P %m %l\n' | sort
	find "$1" -type f -exec sha256sum {} + | sort
}
hook() { # hook <path>: an executable, of stdin
	mkdir -p "$(dirname "$1")"
	cat >"$1"
	chmod +x "$1"
}
installed() { # the hooks that the last init told of
	sed 1d "$scratch/out" | xargs
}

note 'Into a repository without hooks.'
new_repo
git init -q --bare "$scratch/place.git"
git remote add place "$scratch/place.git"
mkdir sub
before=$(content .git/hooks)
check_status 'init --hooks, from a folder below' 0 git -C sub autoresearch init --hooks
check_equal 'installs three' 'pre-push commit-msg reference-transaction' "$(installed)"
check_equal 'where it says' "hooks in $PWD/.git/hooks" "$(head -n 1 "$scratch/out")"
check_equal 'and writes nothing else' '' "$(git status --porcelain)"
after=$(content .git/hooks)
check_status 'again' 0 git autoresearch init --hooks
check_equal 'changes nothing' "$after" "$(content .git/hooks)"
for name in pre-push commit-msg reference-transaction pre-receive; do
	check "$name is a shell script" sh -n "$top/hooks/$name"
done
check_status 'a push without a campaign passes' 0 git push -q place main
check_status 'and a commit' 0 git commit -q --allow-empty -m 'nothing'
check_status 'init --no-hooks' 0 git autoresearch init --no-hooks
check_equal 'leaves nothing' "$before" "$(content .git/hooks)"
check_status 'again' 0 git autoresearch init --no-hooks
check_status 'both at once are too much' 129 git autoresearch init --hooks --no-hooks
check_status 'with other options it writes the files as well' 128 git autoresearch init --hooks --metric=loss \
	--direction=minimize --run=true --editable=value
check 'which are there' grep -q 'exists already' "$scratch/err"
check_equal 'and then no hook is installed' "$before" "$(content .git/hooks)"

note 'Beside others.'
hook .git/hooks/pre-push <<'HOOK'
#!/bin/sh
echo "$0 $*" >>seen
cat >>seen
test ! -e refuse-push
HOOK
hook .git/hooks/commit-msg <<'HOOK'
#!/usr/bin/env python3
import sys
open("seen", "a").write(open(sys.argv[1]).read())
sys.exit("bad" in open(sys.argv[1]).read())
HOOK
# One that goes by its own name and place, and that lies elsewhere.
hook tools/dispatch <<'HOOK'
#!/bin/sh -e
. "$(dirname "$0")/sourced"
test "$1" != prepared || sed "s/^/$(basename "$0") /" >>seen
HOOK
echo '# nothing' >.git/hooks/sourced
ln -s ../../tools/dispatch .git/hooks/reference-transaction
before=$(content .git/hooks)
check_status 'init --hooks' 0 git autoresearch init --hooks
check_equal 'says what runs first' 'pre-push, which runs pre-push.before-autoresearch first' \
	"$(sed -n 's/^  \(pre-push.*\)/\1/p' "$scratch/out")"
after=$(content .git/hooks)
check_status 'again' 0 git autoresearch init --hooks
check_equal 'changes nothing' "$after" "$(content .git/hooks)"
git commit -q --allow-empty -m 'a subject'
check_equal 'what was there gets its arguments' 'a subject' "$(grep -x 'a subject' seen)"
check 'and its standard input, under its own name' grep -q '^reference-transaction .* refs/heads/main$' seen
: >seen
pushed=$(git rev-parse refs/remotes/place/main)
check_status 'a push' 0 git push -q place main
check_equal 'runs the old hook with all that git gave' \
	".git/hooks/pre-push place $scratch/place.git
refs/heads/main $(git rev-parse HEAD) refs/heads/main $pushed" "$(grep -v ^reference seen)"
: >seen
check_status 'also where there is nothing to push' 0 git push -q place main
check_equal '  and no line of it' ".git/hooks/pre-push place $scratch/place.git" "$(grep -v ^reference seen)"
touch refuse-push
git commit -q --allow-empty -m 'one more'
check_status 'its failure counts' 1 git push -q place main
rm refuse-push
check_status '  in each of them' 1 git commit -q --allow-empty -m 'bad'
check_status 'ours is run after it' 1 git commit -q --allow-empty -m $'Faster\n\nVerdict: accepted'
check '  and refuses' grep -q '^refused: ' "$scratch/err"
check_status 'init --no-hooks' 0 git autoresearch init --no-hooks
check_equal 'puts back what was there' "$before" "$(content .git/hooks)"
check_status 'init --hooks' 0 git autoresearch init --hooks
printf '#!/bin/sh\nexit 0\n' >.git/hooks/pre-push
before=$(content .git/hooks)
check_status 'a hook that somebody wrote over ours is not lost' 128 git autoresearch init --hooks
check 'it says which two there are' grep -q "pre-push' was replaced since it was moved to" "$scratch/err"
check_equal 'and nothing was changed' "$before" "$(content .git/hooks)"
cp .git/hooks/pre-push.before-autoresearch .git/hooks/pre-push
chmod -x .git/hooks/commit-msg.before-autoresearch
check_status 'an installer that was run again is no conflict' 0 git autoresearch init --hooks
check 'one that git would not run is not run' grep -qx \
	'  commit-msg (commit-msg.before-autoresearch is not executable)' "$scratch/out"
check_status '  by ours either' 0 git commit -q --allow-empty -m 'bad'
check_equal 'all three are ours' 3 "$(grep -lF 'git autoresearch hook' .git/hooks/* | wc -l)"

note 'Where core.hooksPath leads.'
new_repo husky
hook .husky/_/pre-push <<'HOOK'
#!/usr/bin/env sh
. "$(dirname "$0")/h"
HOOK
cat >.husky/_/h <<'HOOK'
n=$(basename "$0")
s=$(dirname "$(dirname "$0")")/$n
[ ! -f "$s" ] && exit 0
sh -e "$s" "$@"
exit $?
HOOK
hook .husky/pre-push <<'HOOK'
echo "husky $1" >>seen
HOOK
git config core.hooksPath .husky/_
mkdir sub
check_status 'in the working tree' 0 git -C sub autoresearch init --hooks
check_equal '  they go there' "hooks in $PWD/.husky/_" "$(head -n 1 "$scratch/out")"
check '  and it says what to mind' grep -q '^hint: core.hooksPath leads into the working tree' "$scratch/err"
git remote add place "$scratch/place.git"
check_status '  a dispatcher that was there' 0 git push -q place main:topic
check_equal '  finds what it looks for' 'husky place' "$(cat seen)"
mkdir "$scratch/shared"
git config core.hooksPath "$scratch/shared"
check_status 'outside' 0 git autoresearch init --hooks
check_equal '  they go there' "hooks in $scratch/shared" "$(head -n 1 "$scratch/out")"
check '  and it says who has them, too' grep -q '^hint: core.hooksPath leads out of this repository' "$scratch/err"
git config core.hooksPath /dev/null
check_status 'where hooks are switched off' 128 git autoresearch init --hooks
check '  it says so' grep -q "'/dev/null', which is no folder: no hook is run" "$scratch/err"
git config core.hooksPath /proc/hooks
check_status 'where nobody can write' 128 git autoresearch init --hooks
check '  it says so' grep -q "cannot write to the folder of hooks, '/proc/hooks'" "$scratch/err"
hint=$(sed -n 's/^hint: .*: git/git/p' "$scratch/err")
check_status '  what it hints at' 0 sh -c "$hint"
check_status '  helps' 0 git autoresearch init --hooks
check_equal '  in a folder of its own' "hooks in $PWD/.git/hooks" "$(head -n 1 "$scratch/out")"

note 'Worktrees, and bare repositories.'
git worktree add -q "$scratch/linked" -b linked
git autoresearch init --no-hooks >/dev/null
check_status 'from a linked worktree' 0 git -C "$scratch/linked" autoresearch init --hooks
check_equal '  they are shared' "hooks in $PWD/.git/hooks" "$(head -n 1 "$scratch/out")"
cd "$scratch/linked" || exit 1
check_status '  and work there' 1 git commit -q --allow-empty -m $'Faster\n\nVerdict: accepted'
check '  as they do anywhere' grep -q "^refused: the message has trailers of an experiment, but no 'Experiment:'" \
	"$scratch/err"
check_status 'in a bare repository' 0 git -C "$scratch/place.git" autoresearch init --hooks
check_equal '  they are those of a server' 'pre-receive reference-transaction' "$(installed)"
check_status '  a push passes' 0 git push -q "$scratch/place.git" linked:linked
check_status '  they go again' 0 git -C "$scratch/place.git" autoresearch init --no-hooks

note 'Where the program is not there any more.'
without=$(IFS=: && for folder in $PATH; do [ -e "$folder/git-autoresearch" ] || printf '%s:' "$folder"; done)
without=${without%:}
check_status 'a commit is one as ever' 0 env PATH="$without" git commit -q --allow-empty -m 'nothing'
check_not 'a push is refused, since nobody looked' env PATH="$without" git push -q "$scratch/place.git" linked
done_testing
