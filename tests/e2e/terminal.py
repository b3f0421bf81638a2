"""A terminal for stories: runs a command in it, and says what a person would see.

    terminal.py <columns>x<rows> <step>... -- <command>...

Steps, each of which has a minute:

    see:<regex>    waits until a line of the screen matches; "<regex>&&<regex>" until there are
                   lines for all of them at once, which tells a frame from a part of one
    key:<keys>     types them
    size:<c>x<r>   makes the window larger or smaller
    kill:<signal>  sends it, by its number, to the command
    run:<command>  runs it with a shell, elsewhere, to its end
    print          prints the screen

Then it waits for the command, and prints how that ended and how it left the terminal: the screen
and cursor, and whether keys are echoed. The sequences that it knows are those which the program
may send; any other is told of, and fails.
"""
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time

SEQUENCE = re.compile(r'\x1b\[(\??)([0-9;]*)([A-Za-z])')


class Screen:
    def __init__(self, columns, rows):
        self.unknown = set()
        self.cursor, self.alternate, self.wraps = True, False, True
        self.colors = set()
        self.rest = b''
        self.resize(columns, rows)

    def resize(self, columns, rows):
        self.columns, self.rows = columns, rows
        self.cells = [[' '] * columns for _ in range(rows)]
        self.x = self.y = 0

    def put(self, char):
        if self.x >= self.columns:
            if self.wraps:
                self.x = 0
                self.down()
            else:
                self.x = self.columns - 1
        self.cells[self.y][self.x] = char
        self.x += 1

    def down(self):
        if self.y < self.rows - 1:
            self.y += 1
        else:
            self.cells = self.cells[1:] + [[' '] * self.columns]

    def erase(self, from_x, from_y):
        for x in range(from_x, self.columns):
            self.cells[from_y][x] = ' '

    def sequence(self, private, numbers, kind):
        values = [int(n or 0) for n in numbers.split(';')]
        if private:
            on = kind == 'h'
            if numbers == '25':
                self.cursor = on
            elif numbers == '1049':
                self.alternate = on
                self.resize(self.columns, self.rows)
            elif numbers == '7':
                self.wraps = on
            else:
                self.unknown.add('?' + numbers + kind)
        elif kind == 'm':
            self.colors.add(numbers)
        elif kind == 'H':
            self.y = min(max(values[0], 1), self.rows) - 1
            self.x = min(max(values[-1] if len(values) > 1 else 1, 1), self.columns) - 1
        elif kind == 'A':
            self.y = max(self.y - max(values[0], 1), 0)
        elif kind == 'K' and not numbers:
            self.erase(min(self.x, self.columns - 1), self.y)
        elif kind == 'J' and numbers == '2':
            for y in range(self.rows):
                self.erase(0, y)
        elif kind == 'J' and not numbers:
            self.erase(min(self.x, self.columns - 1), self.y)
            for y in range(self.y + 1, self.rows):
                self.erase(0, y)
        else:
            self.unknown.add(numbers + kind)

    def feed(self, data):
        data = self.rest + data
        text = data.decode('utf-8', 'ignore')
        cut = re.search(r'\x1b(\[[?0-9;]*)?$', text)
        text, self.rest = (text[:cut.start()], text[cut.start():].encode()) if cut else (text, b'')
        i = 0
        while i < len(text):
            match = SEQUENCE.match(text, i)
            if match:
                self.sequence(*match.groups())
                i = match.end()
                continue
            if text[i] == '\n':
                self.down()
            elif text[i] == '\r':
                self.x = 0
            elif text[i] < ' ' or '\x7f' <= text[i] < '\xa0':
                self.unknown.add(repr(text[i]))
            else:
                self.put(text[i])
            i += 1

    def text(self):
        return '\n'.join(''.join(line).rstrip() for line in self.cells)


def size_of(text):
    return tuple(int(n) for n in text.split('x'))


def set_size(fd, columns, rows):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))


class Terminal:
    def __init__(self, columns, rows, command):
        self.screen = Screen(columns, rows)
        self.status = None
        # The second is the command's side of it; it stays, to tell how that was left.
        self.fd, self.side = pty.openpty()
        set_size(self.fd, columns, rows)
        self.before = termios.tcgetattr(self.side)
        self.pid = os.fork()
        if not self.pid:
            os.setsid()
            fcntl.ioctl(self.side, termios.TIOCSCTTY, 0)
            for fd in range(3):
                os.dup2(self.side, fd)
            os.closerange(3, 64)
            os.execvp(command[0], command)

    def read(self):
        if select.select([self.fd], [], [], 0.05)[0]:
            self.screen.feed(os.read(self.fd, 65536))
        elif self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.status = os.waitstatus_to_exitcode(status) if pid else None

    def wait_until(self, what, is_so):
        end = time.monotonic() + 60
        while not is_so():
            if time.monotonic() > end or (self.status is not None and what != 'end'):
                print('in vain:', what)
                print(self.screen.text())
                return
            self.read()

    def sees(self, patterns):
        shown = self.screen.text()
        return all(re.search(pattern, shown, re.MULTILINE) for pattern in patterns)

    def step(self, step):
        what, _, value = step.partition(':')
        if what == 'see':
            self.wait_until(step, lambda: self.sees(value.split('&&')))
        elif what == 'key':
            os.write(self.fd, value.encode())
        elif what == 'size':
            self.screen.resize(*size_of(value))
            set_size(self.fd, *size_of(value))
        elif what == 'kill':
            os.kill(self.pid, int(value))
        elif what == 'run':
            subprocess.run(value, shell=True, stdin=subprocess.DEVNULL, timeout=60)
        elif what == 'print':
            print(self.screen.text())
        else:
            sys.exit('no such step: ' + step)

    def tell_end(self):
        screen = self.screen
        self.wait_until('end', lambda: self.status is not None)
        print('ended with', self.status)
        print('screen', 'alternate' if screen.alternate else 'main', '| cursor',
              'shown' if screen.cursor else 'hidden', '| lines',
              'wrap' if screen.wraps else 'cut', '| keys',
              'as before' if termios.tcgetattr(self.side) == self.before else 'changed',
              '| colors', 'some' if screen.colors - {'', '0'} else 'none')
        if screen.unknown:
            print('unknown', *sorted(screen.unknown))


def main():
    split = sys.argv.index('--')
    terminal = Terminal(*size_of(sys.argv[1]), sys.argv[split + 1:])
    for step in sys.argv[2:split]:
        terminal.step(step)
    terminal.tell_end()


main()
