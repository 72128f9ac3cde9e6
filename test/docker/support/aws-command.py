"""The real `aws` command, again and again, from one process whose modules are loaded once.

Reads one JSON object per line, {"id": number, "args": [text]}, and answers each with one line, {"id", "code", "stdout", "stderr"}, in the
order in which they end. Loading its modules is most of what a command costs, and a test of every operation starts hundreds of them.
Each runs in a process that is forked for it, so that it leaves nothing behind for the next one.
"""
import fcntl
import json
import os
import signal
import sys
import tempfile

import awscli.clidriver

# The plugins of the command, which are modules too, are loaded when a driver is made.
awscli.clidriver.create_clidriver()


def run(args, out, err):
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(out.fileno(), 1)
    os.dup2(err.fileno(), 2)
    sys.argv = ["aws", *args]
    try:
        code = awscli.clidriver.main()
    except SystemExit as end:
        code = end.code
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code or 0)


def answer(question, turn):
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if child == 0:
            run(question["args"], out, err)
        _, status = os.waitpid(child, 0)
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode())
    code = os.waitstatus_to_exitcode(status)
    line = json.dumps({"id": question["id"], "code": code, "stdout": texts[0], "stderr": texts[1]})
    # Several may end at once, and a pipe takes only short lines whole.
    fcntl.flock(os.open(turn, os.O_RDONLY), fcntl.LOCK_EX)
    print(line, flush=True)
    os._exit(0)


for line in sys.stdin:
    # Nobody waits for those who answer.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    if os.fork() == 0:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        answer(json.loads(line), __file__)
