#!/bin/bash
# Not sanitized: it looks at files.
# `make install` puts program, warden, manual and completion where git, man and the shells look for
# them, and `make uninstall` takes exactly that away again.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

# That of a `make check` says much to the makes below it.
unset MAKEFLAGS MFLAGS MAKELEVEL GNUMAKEFLAGS
make_it() { # make_it <target> <prefix> [<variable>...]: what is built is there already
	make -C "$top" -s DEPS=true "$1" "PREFIX=$2" "${@:3}"
}

# A folder's files, folders, modes and contents.
picture() {
	(cd "$1" && find . -printf '%y %m %p %l\n' | sort && find . -type f -exec sha256sum {} + | sort)
}

# --- A prefix in which other things lie

prefix=$scratch/prefix
mkdir -p "$prefix/bin" "$prefix/share/man/man1" "$prefix/share/zsh"
echo 'somebody else' | tee "$prefix/bin/other" >"$prefix/share/man/man1/other.1"
before=$(picture "$prefix")
check 'make install' make_it install "$prefix"
program=$prefix/bin/git-autoresearch
check_equal 'the program runs' "$(git autoresearch version)" "$(PATH=$prefix/bin:$PATH git autoresearch version)"
cd "$scratch" || exit 1
check_equal 'and is the one that was installed' "$program" "$(PATH=$prefix/bin:$PATH command -v git-autoresearch)"
mode() { stat -c %a "$1"; }
check_equal 'others can run it' 755 "$(mode "$program")"
check_equal 'and the warden' 755 "$(mode "$prefix/libexec/git-autoresearch/git-autoresearch-warden")"
check 'and find the adapters' test -s "$prefix/share/git-autoresearch/agents/codex.conf"

# The warden that is used is the one beside the program that is used.
new_repo here
PATH=$prefix/bin:$PATH need_audit 'a sandbox with the warden that was installed'
PATH=$prefix/bin:$PATH check 'doctor finds what it needs' git autoresearch doctor

if command -v man >/dev/null; then
	for page in "$top"/man/*.scd; do
		page=$(basename "$page" .scd)
		check "man finds $page" grep -q "^$prefix" <(man -M "$prefix/share/man" -w "${page##*.}" "${page%.*}")
	done
	# As git calls it.
	check 'git help autoresearch opens the manual' grep -q 'GIT-AUTORESEARCH(1)' <(
		MANPATH=$prefix/share/man PATH=$prefix/bin:$PATH MANPAGER=cat git help autoresearch 2>&1 |
			tr '[:lower:]' '[:upper:]')
	check 'and so does git autoresearch --help' grep -q 'GIT-AUTORESEARCH(1)' <(
		MANPATH=$prefix/share/man PATH=$prefix/bin:$PATH MANPAGER=cat git autoresearch --help 2>&1 |
			tr '[:lower:]' '[:upper:]')
else
	skip 'git help autoresearch opens the manual' 'man is not installed'
fi
for file in bash-completion/completions/git-autoresearch.bash zsh/site-functions/_git-autoresearch \
	fish/vendor_completions.d/git-autoresearch.fish fish/vendor_conf.d/git-autoresearch.fish; do
	check "there is $file" test -s "$prefix/share/$file"
done

# --- Again, and away

after=$(picture "$prefix")
check 'to install it again' make_it install "$prefix"
check_equal 'changes nothing' "$after" "$(picture "$prefix")"
mkdir "$prefix/share/fish/functions"
echo "$prefix/bin/of-an-older-version" >>"$prefix/share/git-autoresearch/installed"
touch "$prefix/bin/of-an-older-version"
check 'nor is what another version installed forgotten' make_it install "$prefix"
check 'make uninstall' make_it uninstall "$prefix"
check 'leaves a folder that another uses by now' rmdir "$prefix/share/fish/functions" "$prefix/share/fish"
check_equal 'and nothing else' "$before" "$(picture "$prefix")"
check 'to uninstall it again is no error' make_it uninstall "$prefix"
check_equal 'and does nothing' "$before" "$(picture "$prefix")"

# --- For a package

root=$scratch/root
check 'with DESTDIR it is installed below that' make_it install /usr "DESTDIR=$root"
check 'for where it will be' test -x "$root/usr/bin/git-autoresearch"
check_not 'whose name no file holds' grep -rqF "$root" "$root"
check 'and uninstalled' make_it uninstall /usr "DESTDIR=$root"
check_equal 'without a trace' "$root" "$(find "$root")"
check 'a folder with a blank in its name will do' make_it install "$scratch/a prefix"
check 'as well' test -x "$scratch/a prefix/bin/git-autoresearch"
ZSH_DIR=share/zsh/vendor-completions check 'a distribution chooses folders of its own' \
	make_it install /usr "DESTDIR=$root"
check 'indeed' test -e "$root/usr/share/zsh/vendor-completions/_git-autoresearch"

# --- For a group

if [ "$(id -u)" -eq 0 ] && [ -x /usr/sbin/setcap ]; then
	group=$(getent group games >/dev/null && echo games || echo root)
	check 'make install WARDEN_GROUP' make_it install "$prefix" "WARDEN_GROUP=$group"
	warden=$prefix/libexec/git-autoresearch/git-autoresearch-warden
	check_equal 'the warden is for the group alone' "750 $group" "$(stat -c '%a %G' "$warden")"
	check 'with what it needs' grep -q 'cap_net_admin,cap_perfmon,cap_bpf=ep' <(/usr/sbin/getcap "$warden")
	check 'and goes like the rest' make_it uninstall "$prefix"
	check_equal 'without a trace of it' "$before" "$(picture "$prefix")"
else
	skip 'make install WARDEN_GROUP' 'only root can'
fi

done_testing
