# shellcheck shell=bash
# An experiment's overhead: all of it but the proposal and the user's own command, by the spans of
# `start --trace`; on a small and on a large repository, beside what people would write by hand.

experiments=${BENCH_EXPERIMENTS:-200}

# spans <trace>: microseconds of each experiment but the first, from the record before to its own, less
# its proposal and its command. There is one at a time.
spans() {
	jq '(map(select(.name == "record") | .ts + .dur) | sort) as $ends
		| map(select(.name == "propose" or .name == "run")) as $own
		| range(1; $ends | length) as $i
		| $ends[$i] - $ends[$i - 1]
			- ([$own[] | select(.ts >= $ends[$i - 1] and .ts < $ends[$i]).dur] | add)' "$1"
}

# ours <repository> <n>: n experiments. Their overheads are added to $repository.us, all spans to
# $repository.trace.
ours() {
	# One more, since the first of a run has no record before it. It ends with 3, a budget.
	(cd "$1" && git-autoresearch start --trace="$work/trace" --max-experiments=$(($2 + 1))) \
		>"$work/log" 2>&1 || [ $? -eq 3 ] || {
		cat "$work/log" >&2
		return 1
	}
	spans "$work/trace" >>"$1.us"
	jq -c '.[]' "$work/trace" >>"$1.trace"
}

# What a script does with a candidate that it has: run it, write down what came of it.
try_by_hand() { # try_by_hand <repository> <worktree>
	bwrap --unshare-all --ro-bind / / --proc /proc --dev /dev --tmpfs /tmp --bind "$2" "$2" \
		--chdir "$2" sh -c "$sandboxed" >"$work/log"
	git -C "$2" commit -qam 'a candidate'
	git -C "$1" notes --ref=bench add -F "$work/log" "$(git -C "$2" rev-parse HEAD)"
}

# new_worktree <repository> <number>: a worktree a candidate, as a careful script has it. The number
# makes the candidate another one.
new_worktree() {
	local begin at=$work/worktree

	begin=$(now)
	git -C "$1" worktree add -q --detach "$at" main
	echo "p1 = $2" >"$at/value"
	try_by_hand "$1" "$at"
	git -C "$1" worktree remove --force "$at"
	echo $(($(now) - begin)) >>"$1.new"
}

# kept_worktree <repository> <number>: the same in one that is kept, and cleaned: what the one before
# has left is gone, the tree is the incumbent's, and the change is where it may be.
kept_worktree() {
	local begin at=$1.kept

	[ -d "$at" ] || {
		git -C "$1" worktree add -q --detach "$at" main
		# What git has to make `status` fast with many files.
		git -C "$at" config feature.manyFiles true
		git -C "$at" status >/dev/null
	}
	begin=$(now)
	git -C "$at" checkout -q --force --detach main
	git -C "$at" clean -qffdx
	echo "p1 = $2" >"$at/value"
	[ "$(git -C "$at" status --porcelain)" = ' M value' ]
	try_by_hand "$1" "$at"
	echo $(($(now) - begin)) >>"$1.again"
}

# by_hand <way> <repository> <goal> <what>: the row of one of the two above.
by_hand() {
	local us peer

	us=$(median <"$2.us") peer=$(median <"$2.$1")
	row "overhead: $4 ($(wc -l <"$2.$1"))" "$(milliseconds "$us")" "$(milliseconds "$peer")" \
		"$(ratio "$us" "$peer")" "$3"
}

# Where it went: the median of the spans of each name, in milliseconds; one may lie within another.
phases() { # phases <repository> <repository>
	printf '  %-12s %10s %10s\n' span "${1##*/}" "${2##*/}"
	jq -rn --slurpfile a "$1.trace" --slurpfile b "$2.trace" '
		def medians: group_by(.name)
			| map({(.[0].name): (map(.dur) | sort | .[length / 2 | floor])}) | add;
		($a | medians) as $a | ($b | medians) as $b
		| $a | to_entries | sort_by(-.value)[] | [.key, .value / 1e3, $b[.key] / 1e3] | @tsv' |
		awk '{ printf "  %-12s %10.2f %10.2f\n", $1, $2, $3 }'
}

# turn <command>...: what it leaves to be written is no matter of whoever comes next, who syncs.
turn() {
	"$@"
	sync
}

bench_experiment() {
	local small=$work/small large=$work/large begin us i n

	repository "$small" 10
	repository "$large" "$files"
	# The baseline and, on the large one, the slot's first layout are made once a campaign.
	ours "$small" 1
	turn ours "$large" 1
	rm -f "$work"/*.us "$work"/*.trace
	settle
	for ((i = 0; i < blocks; i++)); do
		turn ours "$small" $((experiments / blocks))
		turn ours "$large" $((experiments / blocks))
		for n in 1 2 3; do
			turn kept_worktree "$small" "0.$i$n"
			turn new_worktree "$small" "1.$i$n"
		done
		turn kept_worktree "$large" "0.$i"
	done
	# After all others: what it removes makes them slow (see settle). It takes so long that three are
	# enough.
	begin=$SECONDS
	for ((i = 0; i < 3 || (i < blocks && SECONDS - begin < seconds); i++)); do
		turn new_worktree "$large" "1.$i"
	done
	us=$(median <"$small.us")
	row "overhead of an experiment: 10 files ($(wc -l <"$small.us")) / 8 ms" \
		"$(milliseconds "$us")" '8 ms' "$(ratio "$us" 8000)" 1.0
	row "overhead: $files files ($(wc -l <"$large.us")) / 10 files" \
		"$(milliseconds "$(median <"$large.us")")" "$(milliseconds "$us")" \
		"$(ratio "$(median <"$large.us")" "$us")" 1.3
	by_hand new "$small" 0.2 '10 files / worktree add, remove'
	by_hand again "$small" 0.25 '10 files / a worktree kept'
	by_hand new "$large" 0.00333 "$files / worktree add, remove"
	by_hand again "$large" 0.02 "$files / a worktree kept"
	phases "$small" "$large"
}
