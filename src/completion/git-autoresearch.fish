# Completion of git autoresearch for fish, as a command of its own; fish's own of git comes here, too.
# What may stand where is asked of the program itself, whose answer is in fish's form.

function __fish_git_autoresearch
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l before (string match -r -- '^--[^=]*=' "$current")
    set -l rest (string replace -- "$before" '' "$current")

    for line in (git-autoresearch --complete $words[2..] "$current" 2>/dev/null)
        switch $line
            case \tfiles
                __fish_complete_path "$rest" | string replace -r '^' -- "$before"
            case \tcommits
                git for-each-ref --format="$before%(refname:short)" refs/heads refs/remotes refs/tags
            case \tcommands
                __fish_complete_command
            case '*'
                echo $line
        end
    end
end

complete -c git-autoresearch -f -a '(__fish_git_autoresearch)'
