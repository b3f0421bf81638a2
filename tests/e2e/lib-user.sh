# Sourced behind lib.sh by stories about ordinary users. It makes one, to whom cgroups can be given
# away, and removes all of it at the end: $user, of the group $group, with a folder of their own,
# $place, of which bin/ is on their PATH. Ends the story where there is no root to do that.
#
# systemd gives a user no v1 controller, so on the hybrid layout the folders are given away by hand:
# one in each hierarchy, below the cgroup that this test runs in. It needs no more than that the
# user owns the folder and the files in it that move processes and, in v2, enable controllers. The
# shell has to be in it before it becomes the user: in v2 whoever moves a process must own the
# common ancestor of both places.
# shellcheck shell=bash
# shellcheck disable=SC2154 # $scratch is of lib.sh

if [ "$(id -u)" != 0 ] || ! command -v useradd >/dev/null; then
	skip 'an ordinary user' 'it takes root, and useradd, to make one'
	done_testing
	exit
fi

user=autoresearch-$$
place=$(mktemp -d "${TMPDIR:-/tmp}/autoresearch-user-XXXXXX")
folders=()

# The folder of our own cgroup in the hierarchy of a v1 controller; of v2 where it is ''.
own_cgroup() {
	local path mount

	path=$(awk -F: -v c="$1" '{ n = split($2, names, ","); if (c == "" && $2 == "") print $3
		for (i = 1; i <= n; i++) if (names[i] == c && c != "") print $3 }' /proc/self/cgroup)
	mount=$(awk -v c="$1" '{ for (i = 7; i <= NF && $i != "-"; i++); type = $(i + 1)
		n = split($(i + 3), options, ",")
		if (c == "" && type == "cgroup2") { print $5; exit }
		for (k = 1; k <= n; k++)
			if (c != "" && type == "cgroup" && options[k] == c) { print $5; exit } }' \
		/proc/self/mountinfo)
	[ -n "$path" ] && [ -n "$mount" ] && echo "$mount${path%/}"
}

# Folders that are given to the user, in `folders`; 1 where that cannot be done here.
delegate() {
	local controller own dir unified

	unified=$(own_cgroup '') || return
	for controller in '' memory pids cpu; do
		own=$(own_cgroup "$controller")
		if [ -n "$controller" ] && grep -qsw "$controller" "$unified/cgroup.controllers"; then
			grep -qw "$controller" "$unified/cgroup.subtree_control" ||
				echo "+$controller" >"$unified/cgroup.subtree_control" || return
			continue
		fi
		dir=$own/e2e-$$
		[ -n "$own" ] && mkdir "$dir" || return
		folders+=("$dir")
		chown "$user" "$dir" "$dir/cgroup.procs"
		[ ! -e "$dir/tasks" ] || chown "$user" "$dir/tasks"
		[ ! -e "$dir/cgroup.subtree_control" ] ||
			chown "$user" "$dir/cgroup.threads" "$dir/cgroup.subtree_control"
	done
}

# The environment of a login without any configuration, and no privilege at all: none that a
# program's file could give back either, unless `privileges` is empty.
privileges=--bounding-set=-all
become_user() {
	exec env -i PATH="$place/bin:/usr/bin:/bin" HOME="$place" LC_ALL=C GIT_CONFIG_NOSYSTEM=1 \
		setpriv --reuid "$user" --regid "$group" --init-groups --inh-caps=-all \
		${privileges:+"$privileges"} -- "$@"
}

# as_user <command>...: in the cgroups that were given away.
as_user() {
	(
		for dir in "${folders[@]}"; do
			echo 0 >"$dir/cgroup.procs" || exit
		done
		become_user "$@"
	)
}

# as_stranger <command>...: where we are, which nobody gave to the user.
as_stranger() {
	(become_user "$@")
}

# shellcheck disable=SC2154,SC2317 # $scratch is of lib.sh; called by trap
clean_up() {
	local dir

	cd /
	for dir in "${folders[@]}"; do
		rmdir "$dir"/autoresearch-main "$dir" 2>/dev/null
	done
	userdel "$user" 2>/dev/null
	rm -rf "$place"
	chmod -R u+rwx "$scratch" 2>/dev/null
	rm -rf "$scratch"
}
trap clean_up EXIT

# Processes of the user; one that is dead and waits for its parent is no more than a line.
processes() {
	pgrep -u "$user" -a | grep -v '<defunct>'
}

# What is left of the user's: processes, and anything in the cgroups that were given away.
left_by_user() {
	processes
	find "${folders[@]}" -mindepth 1 -type d ! -name autoresearch-main 2>/dev/null
	grep -s "$place" /proc/self/mountinfo
	return 0
}

useradd --no-create-home --home-dir "$place" --shell /bin/sh "$user"
group=$(id -g "$user")
mkdir "$place/bin"
cp "$(command -v git-autoresearch)" "$place/bin"

# The repository that we are in becomes the user's, and we are in it.
give_repo() {
	cp -R "$PWD" "$place/repo"
	chown -R "$user:$group" "$place"
	cd "$place/repo" || exit 1
}
