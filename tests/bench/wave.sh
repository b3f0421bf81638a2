# shellcheck shell=bash
# Trials that sleep a second, many more at a time than there are processors: how long a wave of them
# takes, and whether anything is left behind.

jobs=64 waves=3

# How much there is of this run's: processes, which have its HOME, mounts that everybody sees, and
# cgroups of the process `$pid`, one for each hierarchy while it runs.
remains() {
	local process

	for process in $(pgrep git-autoresear); do
		grep -qzsx "HOME=$HOME" "/proc/$process/environ" && echo "$process"
	done | wc -l
	grep -cF "$work" /proc/self/mountinfo || :
	find /sys/fs/cgroup -type d -name "autoresearch-$pid-*" | wc -l
}

# A campaign of so many waves. The most descriptors that `start` had at a record of the first wave, and
# at one after it, are $first and $later then.
run_waves() {
	local line n=0 open

	mkfifo "$work/lines"
	# Not by way of git, so that the process that is known is the one that is meant.
	git-autoresearch start -j $jobs --max-experiments=$((jobs * waves)) --trace="$work/trace" \
		>"$work/lines" 2>"$work/errors" &
	pid=$!
	first=0 later=0
	while read -r line; do
		[[ $line =~ ^[0-9]+\ \ [a-z] ]] || continue
		open=$(find "/proc/$pid/fd" -type l 2>/dev/null | wc -l)
		n=$((n + 1))
		if [ $n -le $jobs ]; then
			[ "$open" -le "$first" ] || first=$open
		else
			[ "$open" -le "$later" ] || later=$open
		fi
	done <"$work/lines"
	wait "$pid" || :
	# The baseline, and all of them.
	[ $n -eq $((jobs * waves + 1)) ] || {
		echo "bench: $n records" >&2
		cat "$work/errors" >&2
		return 1
	}
}

bench_wave() {
	local first later took slots before after pid=none

	repository "$work/wave" 10
	cd "$work/wave"
	git config -f .autoresearch/config run.command 'sleep 1 && echo METRIC loss=1'
	git commit -qam 'a second of sleep'
	before=$(remains)
	run_waves
	after=$(remains)
	took=$(jq 'map(select(.name == "record") | .ts + .dur) | max - min' "$work/trace")
	row "$jobs trials of sleep 1 at a time, a wave / 1.5 s" \
		"$(milliseconds "$((took / waves))" 0)" '1500 ms' "$(ratio "$((took / waves))" 1500000)" 1.0
	row "descriptors: waves after the first / the first" "$later" "$first" \
		"$(ratio "$later" "$first")" 1.25
	slots=$(($(git worktree list | wc -l) - 1))
	row "slots / trials at a time" $slots $jobs "$(ratio $slots $jobs)" 1.0
	row "processes, mounts, cgroups: after / before" "$(xargs <<<"$after")" "$(xargs <<<"$before")" \
		"$([ "$after" = "$before" ] && echo 1 || echo 2)" 1
	cd - >/dev/null
}
