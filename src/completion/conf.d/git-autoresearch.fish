# fish's completion of git leaves the words behind `git autoresearch` to those of git-autoresearch;
# where it does not find out by itself (as of 3.6, which looks for the wrong name), this tells it.
complete -c git -f -n '__fish_git_using_command autoresearch' \
    -a '(__fish_git_complete_custom_command autoresearch)'
