#!/bin/bash
# Not sanitized: it looks at the manual.
# The manual says what the program does: the keys of the config are those that the parser knows, the
# members of records those that there are, and every example is run, page after page, in one shell.
# manual-pages.sh looks at commands and options.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/lib-manual.sh
. "$here/lib-manual.sh"

# Each literal block's commands: "$ " begins one, "> " goes on. A NUL ends it.
examples() {
	awk '
	/^```/ { literal = !literal; next }
	!literal { next }
	/^\$ / { if (n++) printf "%c", 0; printf "%s\n", substr($0, 3) }
	/^> / || /^>$/ { printf "%s\n", substr($0, 3) }
	END { if (n) printf "%c", 0 }' "$1" | sed 's/\\\(.\)/\1/g'
}

# Runs a page's examples here, so that a `cd` or a variable lasts.
run_examples() { # run_examples <page> <name>
	local command commands status
	mapfile -d '' commands < <(examples "$1")
	check "$2 has examples" test "${#commands[@]}" -ge 3
	for command in "${commands[@]}"; do
		eval "$command" >"$scratch/out" 2>"$scratch/err" </dev/null
		status=$?
		check_equal "$2: ${command%%$'\n'*}" 0 "$status"
		[ "$status" -eq 0 ] || note "$(cat "$scratch/out" "$scratch/err")"
	done
}

# Keys of the config, in the parser's order.
known=$(sed -n 's/^\t{ "\([^"]*\)", [a-z]*_[a-z]*, .*/\1/p' "$top/src/model/campaign_parse.c")
check 'the parser has a table of keys' test "$(wc -l <<<"$known")" -gt 30
check_equal 'KEYS has the keys of the parser' "$known" \
	"$(section "$page_config" KEYS | grep -E '^\*[a-z]+\.[^ ]*\*$' | plain)"
new_repo example
section "$page_config" EXAMPLE | sed '/^```/d; /^$/d' | plain >.autoresearch/config
git commit -qam 'the example of the manual'
check_status 'the EXAMPLE is taken' 0 git autoresearch sandbox --phase=setup -- true
check_equal 'without a warning' '' "$(cat "$scratch/err")"
known=$(sed -n 's/^\tKEY("\([^"]*\)", .*/\1/p' "$top/src/propose/adapter.c")
check 'the parser of adapters has a table of keys' test "$(wc -l <<<"$known")" -gt 15
check_equal 'ADAPTERS has the keys of the parser' "$known" \
	"$(section "$page_config" ADAPTERS | grep -E '^\*[a-z]+\.[^ ]*\*$' | plain)"
check_equal 'and PROPOSERS has the agents that are known' \
	"$(basename -s .conf "$top"/src/propose/agents/*.conf | sort | xargs)" \
	"$(grep -E '^## .*codex' "$page_proposers" | sed 's/^## //; s/, /\n/g' | sort | xargs)"

# Settings of the machine.
new_repo settings
settings=$(section "$page_config" 'SETTINGS OF THE MACHINE')
while read -r key; do
	git -c "$key=" autoresearch sandbox -- true >"$scratch/out" 2>&1
	check_not "$key is known" grep -q 'not known' "$scratch/out"
done < <(grep -E '^\*autoresearch\.' <<<"$settings" | plain | tr -d ' ' | tr , '\n')
check_status 'a key that nobody knows does no harm' 0 \
	git -c autoresearch.nobody=1 autoresearch sandbox -- true
check 'and is warned of by name' grep -q 'autoresearch.nobody is not known' "$scratch/err"
check_equal 'allowNetwork names what /etc/hosts says' 'localhost' "$(git \
	-c autoresearch.allowNetwork=localhost:80 autoresearch sandbox -- \
	awk '$1 == "::1" { print $2 }' /etc/hosts)"

# Examples.
cd "$scratch" || exit 1
run_examples "$page_tutorial" 'git-autoresearch-tutorial(7)'
ledgers=("$scratch/forecast")
cd "$scratch" || exit 1
run_examples "$page_proposers" 'git-autoresearch-proposers(7)'
run_examples "$page1" 'git-autoresearch(1)'
run_examples "$page_sharing" 'git-autoresearch-sharing(7)'
ledgers+=("$PWD")
run_examples "$page_config" 'git-autoresearch-config(5)'
run_examples "$page_ledger" 'git-autoresearch-ledger(5)'
check_equal 'the copy has what the campaign had' "$(git -C ../parabola autoresearch log)" \
	"$(git autoresearch log)"

# Members of records: of the ones that these examples made. Names of metrics, files, verdicts and
# settings of a budget are no members.
documented=$(section "$page_ledger" RECORD.JSON | grep -oE '_[a-zA-Z]+_' | tr -d _ | sort -u)
members=$(for repository in "${ledgers[@]}"; do
	git -C "$repository" for-each-ref --format='%(refname)' refs/autoresearch |
		xargs -I{} git -C "$repository" rev-list --first-parent {} |
		while read -r commit; do
			git -C "$repository" cat-file -e "$commit:record.json" 2>/dev/null &&
				git -C "$repository" cat-file blob "$commit:record.json"
		done
done | jq -r 'paths | map(select(type == "string")) |
	select(all(.[:-1][]; IN("metrics", "reference", "files", "verdicts") | not)) | last // empty' | sort -u)
check 'the examples made records' test "$(wc -l <<<"$members")" -gt 60
check_equal 'each member of a record is told of' '' "$(comm -13 <(echo "$documented") <(echo "$members"))"

done_testing
