# Sourced by the stories that stop a campaign in every step of its path, after lib.sh: a campaign
# whose proposer never says the same twice, and the list of steps, by disk-faults.c.
# shellcheck shell=bash disable=SC2034

# The proposer, a file that says what it is to propose ("better", "worse"), and one that it adds a
# line to whenever it is asked.
tell=$scratch/proposers/it/kind
asked_for=.git/autoresearch/campaigns/main/home/asked

# Makes the campaign, with every phase that there is. In $scratch/slow a file named like a phase
# makes that take half a minute.
new_campaign() {
	new_repo "${1:-repo}"
	mkdir -p "$scratch/slow"
	git config autoresearch.bind "$scratch/slow"
	slow() {
		echo "test ! -e $scratch/slow/$1 || sleep 31.$$"
	}
	git config -f .autoresearch/config setup.command "$(slow setup); touch ready"
	git config -f .autoresearch/config run.command "$(slow run)"
	git config -f .autoresearch/config check.command "$(slow check)"
	git config -f .autoresearch/config evaluate.command "$(slow evaluate); echo METRIC loss=\$(cat value)"
	git commit -qam 'every phase'
	git config autoresearch.proposer command
	git config autoresearch.proposerCommand "$(proposer <<PROPOSER
#!/bin/bash
echo "\$AUTORESEARCH_EXPERIMENT" >>"\$HOME/asked"
n=\$(wc -l <"\$HOME/asked")
$(slow propose)
test "\$(cat "\$(dirname "\$0")/kind")" = better && echo "\$((-n))" >value || echo "\$((1000 + n))" >value
echo "idea \$n"
PROPOSER
)"
	echo worse >"$tell"
}

compile_faults() {
	if ! gcc -shared -fPIC -O1 -o "$scratch/faults.so" "$here/disk-faults.c" -ldl 2>"$scratch/err"; then
		skip "$1" 'no compiler'
	elif grep -q __asan_init "$(command -v git-autoresearch)"; then
		skip "$1" 'the program is instrumented, and will not be preloaded'
	else
		return 0
	fi
	done_testing
	exit 0
}

# with_fault <what> <step> [<after>]: one experiment, with that fault.
with_fault() {
	LD_PRELOAD=$scratch/faults.so FAULT_BELOW=$PWD/.git FAULT_DO=$1 FAULT_AT=$2 FAULT_AFTER=${3:-} \
		git-autoresearch start --max-experiments=1 >"$scratch/out" 2>"$scratch/err"
}

# Lists the steps of one experiment: "<after>|<step>", where <after> says in which part of the path
# it is: before the proposal is on disk, before its record is, before the branch or note is, after.
steps_of() { # steps_of better | worse
	echo "$1" >"$tell"
	: >"$scratch/log"
	FAULT_LOG=$scratch/log with_fault none none
	awk '!seen[after, $0]++ { print after "|" $0 }
		/^rename .*proposals|^rename refs.*ledger|^unlink .*proposals/ { after = $0 }' "$scratch/log" |
		# Folders that are there, and objects one by one.
		grep -v -e '|mkdir ' -e '|open objects' -e '|unlink objects'
}
