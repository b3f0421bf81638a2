# shellcheck shell=bash
# What the size of a repository and of its warm snapshot costs: time and memory.

# heap <folder> <files> <bytes of each>: makes the repository with its index, and nothing checked out: two
# gigabytes would lie there twice. They are noise, as large data is to git.
heap() {
	git init -q "$1"
	python3 - "$2" "$3" <<-'STREAM' |
		import os, sys
		out = sys.stdout.buffer
		def file(path, data):
		    out.write(b"M 644 inline %s\ndata %d\n%s\n" % (path.encode(), len(data), data))
		out.write(b"commit refs/heads/main\ncommitter Ada <ada@example.org> 1700000000 +0000\n")
		out.write(b"data 4\nheap\n")
		for i in range(int(sys.argv[1])):
		    file("f%d/%d" % (i // 100, i), os.urandom(int(sys.argv[2])))
		file("value", b"".join(b"p%d = 0.5\n" % i for i in range(1, 41)))
		file(".autoresearch/config", b"[campaign]\n\tmetric = loss\n\tdirection = minimize\n"
		    b"\teditable = value\n[run]\n\tcommand = echo METRIC loss=1\n")
	STREAM
		git -C "$1" -c core.compression=0 fast-import --quiet
	git -C "$1" read-tree main
}

# first <repository>: the first experiment, in which the slot is laid out, and the spans in $work/trace.
# Prints the most memory of its own that start had, kB. It ends with 3, a budget.
first() {
	rm -f "$work/trace"
	(cd "$1" && own_memory git-autoresearch start --trace="$work/trace" --max-experiments=1 2>"$work/log") ||
		[ $? -eq 3 ] || {
		cat "$work/log" >&2
		return 1
	}
}

# by_turns <what> <repository> <beside> <goal>: the row of the two overheads.
by_turns() {
	local i

	rm -f "$2.us" "$3.us"
	settle
	for ((i = 0; i < blocks; i++)); do
		ours "$2" 25
		ours "$3" 25
	done
	row "$1" "$(milliseconds "$(median <"$2.us")")" "$(milliseconds "$(median <"$3.us")")" \
		"$(ratio "$(median <"$2.us")" "$(median <"$3.us")")" "$4"
}

# `fill.py`: 100,000 files of 10 kB, which setup leaves for each trial.
fill() {
	cat <<-'FILL'
		import os
		for i in range(100000):
		    if i % 1000 == 0:
		        os.makedirs("deps/%d" % (i // 1000))
		    with open("deps/%d/%d" % (i // 1000, i), "wb") as f:
		        f.write(os.urandom(10240))
	FILL
}

bench_large() {
	local few=$work/few heap=$work/heap warm=$work/warm begin laid peer fourth own

	repository "$few" 10
	ours "$few" 1
	# With a fourth of the files the cache of libgit2 is full; more should add nothing.
	heap "$work/fourth" $((files / 4)) 10
	fourth=$(first "$work/fourth")
	heap "$heap" "$files" $((2000000000 / files))
	own=$(first "$heap")
	laid=$(jq 'map(select(.name == "slot"))[0].dur' "$work/trace")
	begin=$(now)
	git -C "$heap" worktree add -q --detach "$work/peer" main
	peer=$(($(now) - begin))
	git -C "$heap" worktree remove --force "$work/peer"
	plain_row "$files files, 2 GB: the slot, once / worktree add" \
		"$(milliseconds "$laid" 0)" "$(milliseconds "$peer" 0)" "$(ratio "$laid" "$peer")"
	row "  memory of start, its own / a fourth of the files" "$own kB" "$fourth kB" \
		"$(ratio "$own" "$fourth")" 1.25
	by_turns "  overhead of an experiment / on 10 files" "$heap" "$few" 1.3
	rm -rf "$heap"

	repository "$warm" 10
	git -C "$warm" config -f .autoresearch/config setup.command 'python3 fill.py'
	git -C "$warm" config -f .autoresearch/config setup.timeout 1h
	fill >"$warm/fill.py"
	git -C "$warm" add -A
	git -C "$warm" commit -qm warm
	ours "$warm" 1
	by_turns "warm snapshot of 100,000 files, 1 GB / without" "$warm" "$few" 1.1
}
