# Sourced by the stories about the manual, after lib.sh: its pages, and what stands in them.
# shellcheck shell=bash disable=SC2034

man=$top/man
page1=$man/git-autoresearch.1.scd
page_config=$man/git-autoresearch-config.5.scd
page_ledger=$man/git-autoresearch-ledger.5.scd
page_proposers=$man/git-autoresearch-proposers.7.scd
page_sharing=$man/git-autoresearch-sharing.7.scd
page_tutorial=$man/git-autoresearch-tutorial.7.scd

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
