#!/bin/bash
# Not sanitized: it looks at the manual.
# The pages of the manual are well set, refer to pages that there are, and their commands and options
# are those of the program: each synopsis is the one that -h prints, and each option that is parsed
# is told of. manual.sh looks at keys and examples.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/lib-manual.sh
. "$here/lib-manual.sh"

check_equal 'no line is longer than 100 characters' '' \
	"$(LC_ALL=C.UTF-8 grep -nE '.{101}' "$man"/*.scd "$top/README.md")"
for page in "$man"/*.scd; do
	name=$(basename "$page" .scd)
	check "$name is well-formed" scdoc <"$page"
	# On one long page, as a terminal has it: where a page would end no table may stand.
	check_equal "$name is set without a warning" '' \
		"$({ echo .pl 3000v; scdoc <"$page"; } | groff -t -ww -man -Tutf8 2>&1 >/dev/null)"
	# But for paragraphs without words, which scdoc makes.
	if command -v mandoc >/dev/null; then
		check_equal "and mandoc has nothing against $name" '' "$(scdoc <"$page" |
			mandoc -T lint -W warning | grep -v 'skipping paragraph macro: PP')"
	else
		skip "and mandoc has nothing against $name" 'mandoc is not installed'
	fi
	check_equal "$name is named like its file" "${name%.*}(${name##*.})" "$(head -n 1 "$page")"
	while read -r other; do
		check "$name refers to a page that there is: $other" test -e "$man/$other.scd"
	done < <(grep -oE '\*git-autoresearch[a-z-]*\*\([0-9]\)' "$page" | tr -d '*)' | tr '(' . | sort -u)
done
for page in "$man"/*.scd; do
	name=$(basename "$page" .scd)
	[ "$page" = "$page1" ] || check "git-autoresearch(1) refers to $name" grep -qF \
		"*${name%.*}*(${name##*.})" <(section "$page1" 'SEE ALSO')
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

# Options. Two commands may share a file and a section.
options() { # those of a text, a line each
	grep -oE -e '(^|[^a-z-])--?[a-zA-Z][a-z-]*' | grep -oE -e '--?[a-zA-Z][a-z-]*' | sort -u
}
for file in "$top"/src/command/*.c; do
	mapfile -t commands < <(sed -n 's/^int cmd_\([a-z_]*\)(.*/\1/p' "$file" | tr _ -)
	[ "${#commands[@]}" -gt 0 ] || continue
	synopsis=$(synopses | grep -E "^($(IFS='|' && echo "${commands[*]}"))( |\$)" | sed 's/ \[--\].*//')
	# [<campaign>] may be written as --campaign=<name>, too.
	check_equal "${commands[*]}: the long options are those that are parsed" "$({
		sed -n 's/.*{ "\([a-z-]*\)", [a-z]*_argument, .*/--\1/p' "$file"
		! grep -q 'look_options(' "$file" || printf '%s\n' --campaign --json
	} | sort -u)" "$({
		options <<<"$synopsis" | grep -e '^--'
		! grep -qF '[<campaign>]' <<<"$synopsis" || echo --campaign
	} | sort -u)"
	for command in "${commands[@]}"; do
		told=$(awk -v "name=$command" '/^## / { on = substr($0, 3) "," ~ "[ ,]" name "," } on' "$page1" |
			awk -v RS= '!/^\*git autoresearch\* /' | grep -oE -e '\*-[a-zA-Z-]*' | tr -d '*' | sort -u)
		check_equal "$command: each option is told of" '' "$(comm -23 <(grep -E "^$command( |\$)" <<<"$synopsis" |
			options | grep -vx -e --campaign) <(echo "$told"))"
	done
done

done_testing
