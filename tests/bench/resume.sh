# shellcheck shell=bash
# What it takes to go on: `start` from its beginning to its end, for one experiment more.

# resume <repository> <campaign>: its microseconds are added to $repository.resume. It ends with 3, a budget.
resume() {
	local begin

	cd "$1"
	begin=$(now)
	git-autoresearch start "$2" --max-experiments=1 >"$work/log" 2>&1 || [ $? -eq 3 ] || {
		cat "$work/log" >&2
		return 1
	}
	echo $(($(now) - begin)) >>"$1.resume"
	cd - >/dev/null
}

# resume_row <repository> <campaign> <what> <beside>: the row of the two, each after a first time, in which
# the incumbent is measured again or a cache made.
resume_row() {
	local i

	resume "$1" "$2"
	resume "$4" "$2"
	rm "$1.resume" "$4.resume"
	for ((i = 0; i < 9; i++)); do
		resume "$1" "$2"
		resume "$4" "$2"
	done
	row "$3 (9)" "$(milliseconds "$(median <"$1.resume")")" "$(milliseconds "$(median <"$4.resume")")" \
		"$(ratio "$(median <"$1.resume")" "$(median <"$4.resume")")" 1.5
}

# The sweep keeps no place: it goes through what it would propose until something was not tried.
bench_resume() {
	local few=$work/few many=$work/many

	repository "$few" 10
	cp -a "$few" "$many"
	(cd "$many" && git-autoresearch start lab --max-experiments=2000) >"$work/log" 2>&1 || :
	grep -q '^2000 experiments' "$work/log" || {
		cat "$work/log" >&2
		return 1
	}
	resume_row "$many" lab 'resume after 2,000 of a sweep / at its beginning' "$few"
}
