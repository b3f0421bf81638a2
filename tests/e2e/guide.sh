#!/bin/bash
# What an agent that drives the search itself is told: the object of `try --json`, and the
# guide, of which every command works.
# shellcheck disable=SC2154
. "$(dirname "$0")/lib.sh"

new_repo
configure <<-'CONFIG'
[run]
	command = "sh ./value"
[campaign]
	editable = other
[metric "size"]
	max = 10
CONFIG
number() { # number <n> [<line>...]: the program that says it
	printf 'echo METRIC loss=%s; echo METRIC size=1\n' "$1"
	printf '%s\n' "${@:2}"
}
number 100 >value
git commit -qam 'a program that says a number'
check_status 'without a campaign there is nothing to try' 128 git autoresearch try --json
check_equal '  and stdout is empty' '' "$(cat "$scratch/out")"
baseline=$(printf '#!/bin/sh\nexit 125\n' | proposer)
git autoresearch start --proposer-command="$baseline" >/dev/null 2>&1

note 'try --json: one object, whatever the verdict.'
# tried <text> <exit status> <verdict and reason> <what to read next, of that object>
tried() {
	check_status "$1" "$2" git autoresearch try --json -m "$1"
	check_equal '  is one object' 1 "$(jq -c . "$scratch/out" | wc -l)"
	check_equal '  with verdict and reason' "$3" "$(jq -r '[.verdict, .reason // empty] | join(" ")' "$scratch/out")"
	check_equal '  and what to read next' "$4" "$(jq -r '.next | map(.command) | join("; ")' "$scratch/out")"
	check '  which can be read' bash -e -c "$(jq -r '.next[].command' "$scratch/out")"
	n=$((n + 1))
}
n=$(git autoresearch status --json | jq .experiments)
now() {
	echo $((n + 1))
}
history='git autoresearch log --campaign=main -n 20'
git switch -q --detach autoresearch/main
number 90 >value
tried 'a better one' 0 accepted 'git show autoresearch/main'
check_equal '  with the metric, what it was compared with, and what is to beat now' '90 90' \
	"$(jq -r '"\(.metric) \(.incumbent)"' "$scratch/out")"
check_equal '  and all that log --json has' "$(git autoresearch log --json -n 1 | jq -S .)" \
	"$(jq -S 'del(.incumbent, .next)' "$scratch/out")"
git switch -q --discard-changes --detach autoresearch/main
number 95 >value
tried 'a worse one' 1 'rejected no-improvement' "git autoresearch show --campaign=main $(now); $history"
check_equal '  which does not move what is to beat' 90 "$(jq .incumbent "$scratch/out")"
tried 'the same again' 1 "duplicate same-as $n" "git autoresearch show --campaign=main $n; $history"
number 1 'exit 3' >value
tried 'one that fails' 1 'failed exit 3' "git autoresearch show --campaign=main $(now)"
number 1 'exit 125' >value
tried 'one that cannot be tested' 1 'skipped untestable' "git autoresearch show --campaign=main $(now)"
number 1 'unshare -U true' >value
tried 'one that makes a forbidden call' 1 'violation syscall unshare' \
	"git autoresearch audit --campaign=main $(now); git autoresearch show --campaign=main $(now)"
git restore value
echo x >outside
tried 'one out of scope' 1 'invalid out-of-scope outside' 'git show autoresearch/main:.autoresearch/config'
rm outside

git switch -q main
git branch "it's;odd"
git switch -q "it's;odd"
git autoresearch start --proposer-command="$baseline" >/dev/null 2>&1
number 80 >value
check_status 'a campaign may have an odd name' 0 git autoresearch try --json
check '  and what to read next can be read' bash -e -c "$(jq -r '.next[].command' "$scratch/out")"
git switch -q --discard-changes --detach "autoresearch/it's;odd"
number 1 'exit 3' >value
check_status '  also where it failed' 1 git autoresearch try --json --campaign="it's;odd"
check '  by its number' bash -e -c "$(jq -r '.next[].command' "$scratch/out")"
git restore value

note 'The guide.'
(cd / && git autoresearch guide) >"$scratch/guide"
check_equal 'it needs no repository' "$(cat "$top/src/command/guide.md")" "$(cat "$scratch/guide")"
check_status 'it takes no argument' 129 git autoresearch guide now
for verdict in accepted rejected indecisive failed violation invalid duplicate skipped; do
	check "it says what $verdict means" grep -q "^- \`$verdict\`" "$scratch/guide"
done
check_equal 'it names the members of try --json' '' "$(sed -n '/^Standard output is one/,/^## /p' "$scratch/guide" |
	grep -o '^- [^:]*' | grep -oE '[a-zA-Z]+' | while read -r member; do
		jq -e "has(\"$member\")" "$scratch/out" >/dev/null || echo "$member"
	done)"
git switch -q main
git clone -q . "$scratch/clone" && cd "$scratch/clone" || exit 1
git fetch -q origin refs/heads/autoresearch/main:refs/heads/autoresearch/main \
	refs/autoresearch/main/ledger:refs/autoresearch/main/ledger refs/notes/autoresearch:refs/notes/autoresearch
git switch -q main
mapfile -d '' commands < <(awk '
	/^```sh$/ { on = 1; next }
	/^```$/ { on = 0 }
	on && /^git / && text { printf "%s%c", text, 0; text = "" }
	on { text = text $0 "\n" }
	!on && text { printf "%s%c", text, 0; text = "" }' "$scratch/guide")
check 'it has commands' test "${#commands[@]}" -gt 9
for command in "${commands[@]}"; do
	case $command in
	*' try '*) number 50 >./value ;;
	esac
	check "it works: $(head -n 1 <<<"$command")" bash -e -c "$command"
done
check_equal 'nothing is left behind' '' "$(leftovers)"

done_testing
