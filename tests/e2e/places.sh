#!/bin/bash
# The commands work wherever git does: in a subdirectory, in a linked worktree, with -C, with
# GIT_DIR, in a bare repository, with any file name. What belongs to the user stays as it is.
# shellcheck disable=SC2154
. "$(dirname "$0")/lib.sh"

# The order of a sweep is drawn from the commit that it begins at: always the same here.
export GIT_AUTHOR_DATE='2026-01-02T03:04:05Z' GIT_COMMITTER_DATE='2026-01-02T03:04:05Z'

user() { # user <worktree>: what belongs to whoever works there
	git -C "$1" status --porcelain --ignored
	git -C "$1" rev-parse HEAD
	git -C "$1" symbolic-ref -q HEAD
	sha256sum "$(git -C "$1" rev-parse --path-format=absolute --git-path index)"
	(cd "$1" && find . -path ./.git -prune -o \( -type f -o -type l \) -printf '%p %m %T@\n' | sort)
}
experiments() {
	git autoresearch status --json "$@" | jq .experiments
}

new_repo 'with space'
main=$PWD
mkdir -p 'sub folder/deep' names
echo 1 >'sub folder/deep/x'
odd=$(printf 'new\nline "quoted" \\ \377\376')
printf 'x = 8\n' >"names/$odd.py"
printf 'y = 8\n' >"names/$(printf 'tab\there').py"
printf 'z = 8\n' >"names/ .py"
configure <<-'CONFIG'
[campaign]
	editable = names
[run]
	command = "echo METRIC loss=$(cat names/*.py | sed 's/.*= //' | awk '{s += $1} END {print s}')"
CONFIG
git add -A
git commit -qm 'odd names'
echo dirty >'sub folder/deep/x'
echo staged >staged
git add staged
echo untracked >untracked
before=$(user .)

note 'In a subdirectory.'
cd 'sub folder/deep' || exit 1
check_status 'start' 3 git autoresearch start --max-experiments=4
check_equal 'makes experiments' 4 "$(experiments)"
for command in status 'status --json' log 'log --json' 'show 0' 'show 1' verify 'gc --dry-run' doctor; do
	# shellcheck disable=SC2086
	check_status "$command" 0 git autoresearch $command
done
check_status 'sandbox' 0 git autoresearch sandbox -- sh -c 'test -e "sub folder/deep/x"'
check_status 'try' 1 git autoresearch try
check_equal 'try took the whole working tree' 'invalid out-of-scope' "$(newest '"\(.verdict) \(.reason | split(" ")[0])"')"
check_status 'stop' 1 git autoresearch stop
cd "$main" || exit 1
check_equal 'the user'\''s things are as they were' "$before" "$(user .)"
git reset -q --hard
git clean -fdxq

note 'File names of any bytes.'
# The sweep may have changed the same file: what is tried is the incumbent's with one more change.
git checkout -q autoresearch/main -- names
git commit -qm 'as far as the sweep came'
echo 'x = -100' >"names/$odd.py"
check_status 'a change of one is tried' 0 git autoresearch try
check_equal 'it is on the branch' 'x = -100' "$(git show "autoresearch/main:names/$odd.py")"
check_status 'show quotes the name' 0 git autoresearch show "$(experiments)"
check 'as git does' grep -qF '"b/names/new\nline \"quoted\" \\ \377\376.py"' "$scratch/out"
check_status 'verify' 0 git autoresearch verify
git reset -q --hard

note 'In a linked worktree.'
git worktree add -q -b side "$scratch/linked tree"
cd "$scratch/linked tree" || exit 1
before=$(user .; user "$main")
check_status 'start: its campaign is named like its branch' 3 git autoresearch start --max-experiments=1
check_equal '  so' side "$(git autoresearch status --json | jq -r .campaign)"
check_equal 'both working trees are as they were' "$before" "$(user .; user "$main")"
echo 'n = -300' >names/new.py
before=$(user .; user "$main")
check_status 'try takes this worktree'\''s files' 0 git autoresearch try
check_equal '  so' 'n = -300' "$(git show autoresearch/side:names/new.py)"
check_equal 'both working trees are as they were' "$before" "$(user .; user "$main")"
check_status 'the other campaign by name' 0 git autoresearch status --campaign=main
check_status 'verify' 0 git autoresearch verify
cd "$main" || exit 1
check_equal 'it is seen from the main worktree' side "$(git autoresearch status --campaign=side --json | jq -r .campaign)"

note 'From elsewhere.'
cd / || exit 1
check_status 'git -C' 0 git -C "$main/sub folder" autoresearch status --campaign=main
check_status 'the program itself with -C' 0 git-autoresearch -C "$main" status
check_status 'with -C twice' 0 git-autoresearch -C "$scratch" -C 'with space' status
check_status 'with a -C that leads nowhere' 128 git-autoresearch -C "$scratch/nowhere" status
check_status 'GIT_DIR' 0 env GIT_DIR="$main/.git" git autoresearch status
check_status 'GIT_DIR: start' 3 env GIT_DIR="$main/.git" git autoresearch start main --max-experiments=1
check_status 'git --git-dir' 0 git --git-dir="$main/.git" autoresearch verify main
check_status 'GIT_DIR and GIT_WORK_TREE' 0 env GIT_DIR="$main/.git" GIT_WORK_TREE="$main" git autoresearch log
before=$(cd "$main" && user .)
mkdir "$scratch/apart"
(cd "$main" && git archive HEAD | tar -x -C "$scratch/apart")
echo 'n = -500' >"$scratch/apart/names/new.py"
check_status 'try with a GIT_WORK_TREE elsewhere' 0 env GIT_DIR="$main/.git" GIT_WORK_TREE="$scratch/apart" \
	git autoresearch try --campaign=main
check_equal 'takes the files from there' 'n = -500' "$(git -C "$main" show autoresearch/main:names/new.py)"
check_equal 'and leaves the repository'\''s own alone' "$before" "$(cd "$main" && user .)"
check_status 'a relative GIT_DIR' 0 sh -c "cd '$main' && GIT_DIR=.git git autoresearch status"

note 'In a bare repository.'
git clone -q --bare "$main" "$scratch/bare.git"
cd "$scratch/bare.git" || exit 1
check_status 'start' 3 git autoresearch start fresh --max-experiments=2
check_status 'status' 0 git autoresearch status --campaign=fresh
check_equal 'two experiments' 2 "$(experiments --campaign=fresh)"
check_status 'verify' 0 git autoresearch verify fresh
check_status 'try of a commit' 1 git autoresearch try --campaign=fresh main
check_status 'try of a working tree is fatal' 128 git autoresearch try --campaign=fresh
check 'and says why' grep -q '^fatal: .*bare' "$scratch/err"
check_status 'init is fatal' 128 git autoresearch init
check 'and says why' grep -q '^fatal: .*bare' "$scratch/err"
check_status 'sandbox' 0 git autoresearch sandbox --campaign=fresh -- test -e names
check_equal 'the slot is the only worktree beside it' 2 "$(git worktree list | grep -vc sandbox)"
check 'git fsck is content' git fsck --strict --no-dangling --no-progress
git worktree add -q "$scratch/of-bare" main
check_status 'in a worktree of it' 0 git -C "$scratch/of-bare" autoresearch log --campaign=fresh

note 'Objects that are elsewhere, and refs that are packed.'
cd "$main" || exit 1
git pack-refs --all
git repack -adq
check_status 'packed: start goes on' 3 git autoresearch start --max-experiments=1
check_status 'packed: verify' 0 git autoresearch verify main
git clone -q --shared "$main" "$scratch/shared"
check_status 'objects of an alternate' 3 git -C "$scratch/shared" autoresearch start --max-experiments=1

note 'An index in several files, and one that knows of few.'
git clone -q "$main" "$scratch/split"
git -C "$scratch/split" update-index --split-index
git clone -q "$main" "$scratch/sparse"
git -C "$scratch/sparse" sparse-checkout set --cone --sparse-index .autoresearch names
check_equal 'it names a folder as a whole' 'sub folder/' "$(git -C "$scratch/sparse" ls-files --sparse | grep /$)"
for index in split sparse; do
	cd "$scratch/$index" || exit 1
	printf 'a = 0\n\n\n\n\n\n\nb = 0\n' >names/two.py
	git add names
	git commit -qm 'two numbers'
	check_status "$index: start" 3 git autoresearch start two --max-experiments=1
	sed -i 's/^a.*/a = -700/' names/two.py
	before=$(user .)
	check_status "$index: try" 0 git autoresearch try --campaign=two
	check_equal "$index: the index is as it was" "$before" "$(user .)"
	sed -i 's/^b.*/b = -900/' names/two.py
	check_status "$index: try of one more" 0 git autoresearch try --campaign=two
	check_status "$index: it is promoted without the first" 0 git autoresearch promote --campaign=two "$(experiments --campaign=two)"
	check_equal "$index: from the same file" 'a = 0 b = -900' "$(git show results/two:names/two.py | xargs)"
	check_status "$index: verify" 0 git autoresearch verify two
done

note 'A repository that was moved.'
cd "$scratch" || exit 1
mv shared moved
check_status 'start goes on' 3 git -C moved autoresearch start --max-experiments=1
check_status 'verify' 0 git -C moved autoresearch verify
check_status 'gc' 0 git -C moved autoresearch gc
check_equal 'leaves no slot, neither here nor at the old place' 1 "$(git -C moved worktree list | wc -l)"
check_equal 'nothing is left behind' '' "$(leftovers)"

done_testing
