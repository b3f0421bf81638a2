#ifndef COMMAND_COMPLETE_H
#define COMMAND_COMPLETE_H

/*
 * What may stand in place of the last of `words`, those of a command line behind "git autoresearch":
 * a line each, the word, a tab, and what it is. A line that begins with a tab names a kind of words
 * that the shell itself knows: files, commits or commands. The shells' files in src/completion/
 * ask this, so a command's synopsis is all that has to be written.
 *
 * Errors are silent, since a person is typing. Returns the exit status.
 */
int complete(int argc, char **words);

#endif
