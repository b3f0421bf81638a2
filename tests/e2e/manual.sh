#!/bin/bash
# Not sanitized: it looks at the manual.
# The manual says what the program does: each synopsis is the one that -h prints, the keys of
# the config are those that the parser knows, and every example is run, page after page, in
# one shell and one repository.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

man=$top/man
page1=$man/git-autoresearch.1.scd
page_config=$man/git-autoresearch-config.5.scd
page_ledger=$man/git-autoresearch-ledger.5.scd

# section <page> <title>: the lines of a section, up to the next one.
section() {
	awk -v title="# $2" '/^# / { on = $0 == title; next } on' "$1"
}

# scdoc's escapes and emphasis undone.
plain() {
	sed -e 's/\*\([^*]*\)\*/\1/g' -e 's/\\\(.\)/\1/g'
}

# Each synopsis of COMMANDS, without "git autoresearch", in a line.
synopses() {
	section "$page1" COMMANDS |
		awk -v RS= '/^\*git autoresearch\* / { gsub(/\n/, " "); print }' |
		plain | sed 's/^git autoresearch //'
}

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
	check "$2 has examples" test "${#commands[@]}" -gt 3
	for command in "${commands[@]}"; do
		eval "$command" >"$scratch/out" 2>"$scratch/err" </dev/null
		status=$?
		check_equal "$2: ${command%%$'\n'*}" 0 "$status"
		[ "$status" -eq 0 ] || note "$(cat "$scratch/out" "$scratch/err")"
	done
}

for page in "$page1" "$page_config" "$page_ledger"; do
	name=$(basename "$page" .scd)
	check "$name is well-formed" scdoc <"$page"
	# On one long page, as a terminal has it: where a page would end no table may stand.
	if command -v groff >/dev/null; then
		check_equal "$name is set without a warning" '' \
			"$({ echo .pl 3000v; scdoc <"$page"; } | groff -t -ww -man -Tutf8 2>&1 >/dev/null)"
	else
		skip "$name is set without a warning" 'groff is not installed'
	fi
done

# Synopses.
check_equal 'COMMANDS has the commands that the program lists' \
	"$(git autoresearch 2>&1 | sed -n 's/^   \([a-z]*\) .*/\1/p')" \
	"$(synopses | cut -d' ' -f1)"
while read -r synopsis; do
	command=${synopsis%% *}
	check_status "$command -h exits with 129" 129 git autoresearch "$command" -h
	check_equal "and prints the manual's synopsis" "usage: git autoresearch $synopsis" \
		"$(cat "$scratch/out")"
done < <(synopses)

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
	"$(grep -E '^## .*codex' "$page1" | sed 's/^## //; s/, /\n/g' | sort | xargs)"

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
run_examples "$page1" 'git-autoresearch(1)'
run_examples "$page_config" 'git-autoresearch-config(5)'
run_examples "$page_ledger" 'git-autoresearch-ledger(5)'
check_equal 'the copy has what the campaign had' "$(git -C ../parabola autoresearch log)" \
	"$(git autoresearch log)"

done_testing
