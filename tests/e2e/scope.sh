#!/bin/bash
# A candidate may add, change and remove regular files inside the editable paths, and nothing
# else. Whatever else it does is `invalid`, with the path as git quotes it; it is never run, and
# nothing is dropped in silence. The ways are tried with a proposer command and with `try`.
# shellcheck disable=SC2154
. "$(dirname "$0")/lib.sh"

ways=$scratch/proposers/it/ways
expected=$scratch/expected
propose=$(proposer <<'PROPOSER'
#!/bin/sh
next=$(dirname "$0")/ways/$AUTORESEARCH_EXPERIMENT
test -e "$next" || exit 125
. "$next"
PROPOSER
)
mkdir "$ways"
count=0
way() { # way <verdict> <reason> <shell text that changes the scratch copy>...
	count=$((count + 1))
	printf '%s\n' "$3" >"$ways/$count"
	printf '%s\t%s\t%s\n' "$1" "$2" "$3" >>"$expected"
}
out() { # out <path as git quotes it> <shell text>
	way invalid "out-of-scope $1" "$2"
}

# The run tells on itself: a candidate that ran has a run.log with its number.
new_repo
mkdir -p src/deep data
echo 100 >src/value
echo 1 >src/deep/one
echo x >src/tool
chmod +x src/tool
ln -s value src/link
ln -s ../data src/folder
echo 'secret' >src/secret
echo fixed >data/fixed
echo '*.tmp' >.gitignore
cat >.autoresearch/config <<-'CONFIG'
	[campaign]
		metric = loss
		direction = minimize
		editable = src
		editable = *.py
		hidden = src/secret
	[run]
		command = "echo METRIC loss=$(cat src/value)"
	[search]
		patience = 0  ; the table is gone through, though nothing is accepted
CONFIG
git add -A
git rm -q --cached value
rm value
git -c protocol.file.allow=always submodule --quiet add "$PWD/.git" src/module 2>/dev/null
git commit -qam 'something to edit, and more'
git config autoresearch.proposer command
git config autoresearch.proposerCommand "$propose"

note 'Inside the editable paths.'
way accepted - 'echo 90 >src/value'
way rejected no-improvement 'echo 2 >src/new'
way rejected no-improvement 'mkdir -p src/a/b; echo 3 >src/a/b/c'
way rejected no-improvement 'echo 4 >"src/with space"; printf 5 >"$(printf "src/new\nline")"; echo 6 >"$(printf "src/\377\"x")"'
way rejected no-improvement 'rm src/deep/one'
way rejected no-improvement 'rm -r src/deep; echo 8 >src/deep'
way rejected no-improvement 'echo 9 >src/tool'
way rejected no-improvement 'mkdir -p lib/x; echo 10 >lib/x/y.py'
way rejected no-improvement 'mv src/deep/one src/deep/two'
way rejected no-improvement 'rm src/tool; mkdir src/tool; echo 11 >src/tool/a'
way rejected no-improvement 'rm src/value; echo 90 >src/value; echo 12 >src/deep/one; echo x >data/left.tmp; echo x >left.tmp'

note 'Outside.'
out data/new 'echo 1 >data/new'
out data/fixed 'echo 1 >data/fixed'
out data/fixed 'rm data/fixed'
out data/fixed 'echo 1 >src/value; rm -r data'
out data/fixed 'mv data/fixed src/fixed'
out data/value 'mv src/value data/value'
out top 'echo 1 >top'
out src/secret 'echo 1 >src/secret'
out '"new\nline"' 'echo 1 >"$(printf "new\nline")"'
out '"with\"quote"' 'echo 1 >"with\"quote"'
out '"back\\slash"' 'echo 1 >"back\\slash"'
out '"tab\there"' 'echo 1 >"$(printf "tab\\there")"'
out '"caf\303\251"' 'echo 1 >"$(printf "caf\303\251")"'
out '"\377\376"' 'echo 1 >"$(printf "\377\376")"'
out '"\033[31mred"' 'echo 1 >"$(printf "\033[31mred")"'
out 'with space' 'echo 1 >"with space"'

note 'What rules the search.'
out .autoresearch/config 'echo >>.autoresearch/config'
out .autoresearch/config 'rm .autoresearch/config'
out .autoresearch/x.py 'echo 1 >.autoresearch/x.py'
out .AutoResearch/x.py 'mkdir .AutoResearch; echo 1 >.AutoResearch/x.py'
out .gitignore 'echo >>.gitignore'
out .gitmodules 'git() { :; }; echo >>.gitmodules'
out src/.gitattributes 'echo "* filter=x" >src/.gitattributes'
out src/.git/config 'mkdir src/.git; echo 1 >src/.git/config'
out src/.GIT/x 'mkdir src/.GIT; echo 1 >src/.GIT/x'
out src/a/.Git 'mkdir src/a; echo 1 >src/a/.Git'
out .git 'echo "gitdir: /tmp" >.git'
out .gitfoo.py 'echo 1 >.gitfoo.py'
out 'src/git~1' 'echo 1 >src/git~1'
out '"src/.g\342\200\214it/x"' 'd="$(printf "src/.g\342\200\214it")"; mkdir "$d"; echo 1 >"$d/x"'
out '"src/.git\\x"' 'echo 1 >"src/.git\\x"'

note 'Kinds and modes.'
out src/new 'ln -s value src/new'
out src/value 'rm src/value; ln -s /etc/passwd src/value'
out src/link 'rm src/link'
out src/link 'rm src/link; echo 1 >src/link'
out src/link 'ln -sfn deep src/link'
out src/folder 'rm src/folder; mkdir src/folder; echo 1 >src/folder/x'
out src/value 'chmod +x src/value'
out src/tool 'chmod -x src/tool'
out src/new 'echo 1 >src/new; chmod +x src/new'
out src/module 'rmdir src/module'
out src/module/x 'echo 1 >src/module/x'
out data 'rm -r data; echo 1 >data'
out data/fixed 'rm data/fixed; mkdir data/fixed; echo 1 >data/fixed/x.py'

note 'Nothing and the same again.'
way invalid empty 'true'
way invalid empty 'echo 90 >src/value'
way invalid empty 'echo x >left.tmp; mkdir src/empty'
way duplicate 'same-as 2' 'echo 2 >src/new'
way duplicate 'same-as 0' 'echo 100 >src/value'

check_status 'the proposer comes to the end of its table' 0 git autoresearch start
git autoresearch log --json | tac >"$scratch/log"
check_equal 'every way is on record' "$count" "$(wc -l <"$scratch/log")"
while IFS=$'\t' read -r number verdict reason text; do
	check_equal "$verdict $reason: $text" "$verdict $reason" \
		"$(jq -r "select(.experiment == $number) | \"\(.verdict) \(.reason // \"-\")\"" "$scratch/log")"
done < <(nl -ba -w1 "$expected")

# The ledger of a campaign in the order of its numbers, from 0.
git rev-list --reverse --first-parent "main..refs/autoresearch/main/ledger" >"$scratch/records"
ran=$(n=-1; while read -r oid; do
	n=$((n + 1))
	git cat-file -e "$oid:run.log" 2>/dev/null && echo "$n"
done <"$scratch/records")
check_equal 'what was invalid or a duplicate never ran' \
	"0 $(jq 'select(.verdict == "accepted" or .verdict == "rejected").experiment' "$scratch/log" | xargs)" \
	"$(echo "$ran" | xargs)"
check_equal 'its commit has the tree of the incumbent' "$(git rev-parse 'autoresearch/main^{tree}')" \
	"$(jq -r 'select(.verdict == "invalid").commit' "$scratch/log" | sed 's/$/^{tree}/' |
		git cat-file --batch-check='%(objectname)' | sort -u)"
check_equal 'the reason is in the trailer, on one line' 'out-of-scope "new\nline"' \
	"$(git notes --ref=autoresearch show "$(jq -r 'select(.reason == "out-of-scope \"new\\nline\"").commit' "$scratch/log")" |
		git interpret-trailers --parse | sed -n 's/^Reason: //p')"
check 'what was refused is in its patch' sh -c "
	git show $(sed -n "$(($(grep -n 'echo 1 >data/new' "$expected" | cut -d: -f1) + 1))p" "$scratch/records"):patch |
	grep -q 'data/new'"
check_status 'the ledger verifies' 0 git autoresearch verify
check 'git fsck --strict is content' git fsck --strict --no-dangling --no-progress
check_not 'no commit of it holds a protected name' sh -c "
	git rev-list --objects refs/autoresearch refs/heads/autoresearch refs/notes |
	cut -d' ' -f2- | grep -iE '(^|/)(\.git(/|\$|attributes)|git~1)|^\.AutoResearch'"

note 'What git cannot hold is a candidate too, and no failure of the proposer.'
for text in 'echo 90 >src/value; mkfifo src/fifo' 'echo 1 >src/two; ln src/two src/three' \
	'python3 -c "import socket; socket.socket(socket.AF_UNIX).bind(\"src/socket\")"'; do
	count=$((count + 1))
	echo "$text" >"$ways/$count"
	git autoresearch start --max-experiments=1 >/dev/null 2>&1
	check_equal "invalid out-of-scope: $text" "$count invalid out-of-scope" \
		"$(newest '"\(.experiment) \(.verdict) \(.reason | split(" ")[0])"')"
done

note 'The same by hand.'
git config autoresearch.proposer sweep
invalid() { # invalid <text> <reason>: what the working tree holds now, tried
	local before
	before=$(git autoresearch log --json | wc -l)
	check_status "try: $1" 1 git autoresearch try
	check_equal "  is invalid: $2" "$((before + 1)) invalid $2" \
		"$(git autoresearch log --json | wc -l) $(newest '"\(.verdict) \(.reason)"')"
	git reset -q --hard
	git clean -ffdxq
}
echo 1 >data/fixed
invalid 'a file that is not editable' 'out-of-scope data/fixed'
echo '#' >>.autoresearch/config
invalid 'the config' 'out-of-scope .autoresearch/config'
echo '* eol=crlf' >src/.gitattributes
invalid 'attributes' 'out-of-scope src/.gitattributes'
ln -s value src/new
invalid 'a new link' 'out-of-scope src/new'
chmod +x src/value
invalid 'a mode' 'out-of-scope src/value'
rm src/link
invalid 'a link that goes' 'out-of-scope src/link'
git mv data/fixed src/fixed
invalid 'a file moved in from outside' 'out-of-scope data/fixed'
echo 1 >"$(printf 'new\nline')"
invalid 'a name with a newline' 'out-of-scope "new\nline"'
git init -q src/inner
git -C src/inner commit -q --allow-empty -m inner
invalid 'a repository inside' 'out-of-scope src/inner'
git update-index --add --cacheinfo "160000,$(git rev-parse HEAD),src/sub"
check 'the inner repository is gone' test ! -e src/inner
invalid 'a submodule in the index alone is no change of the working tree' empty
cat >"$scratch/patch" <<-'PATCH'
	diff --git a/data/fixed b/data/fixed
	--- a/data/fixed
	+++ b/data/fixed
	@@ -1 +1 @@
	-fixed
	+mended
PATCH
check_status 'a patch to a file that is not editable' 1 git autoresearch try --patch="$scratch/patch"
check_equal '  is invalid' 'invalid out-of-scope data/fixed' "$(newest '"\(.verdict) \(.reason)"')"
echo 2 >data/fixed
git commit -qam 'out of scope'
check_status 'a commit that touches one' 1 git autoresearch try HEAD
check_equal '  is invalid' 'invalid out-of-scope data/fixed' "$(newest '"\(.verdict) \(.reason)"')"
check_status 'the ledger verifies' 0 git autoresearch verify
check 'git fsck --strict is content' git fsck --strict --no-dangling --no-progress
check_equal 'nothing is left behind' '' "$(leftovers)"

done_testing
