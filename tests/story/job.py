"""One video job: `job.py DIRECTORY`, the job's JSON on standard input. Exit status 0 when done.

The directory says how the story goes: while `fixed` is missing, jobs marked "broken" fail; a job marked
"held" stands still on its first attempt until its worker has been killed. What is done is appended to
`done`, one number a line.
"""

import json
import os
import pathlib
import sys
import time


def is_done(directory, job):
    """Does the job; whether it succeeded."""
    number = job["video"]
    if job["held"] and is_first(directory / f"held-{number}"):
        # Until the test says that the worker is dead: then nothing may be done any more.
        while not (directory / f"killed-{number}").exists():
            time.sleep(0.02)
        os._exit(1)
    if job["broken"] and not (directory / "fixed").exists():
        append(directory / "failed", number)
        return False
    append(directory / "done", number)
    return True


def is_first(path):
    """Whether nobody has made this file before; makes it, with our process and its parent in it."""
    try:
        with open(path, "x") as file:
            file.write(f"{os.getpid()} {os.getppid()}\n")
        return True
    except FileExistsError:
        return False


def append(path, number):
    """One write at the end of the file, so that many workers can share it."""
    with open(path, "ab", buffering=0) as file:
        file.write(f"{number}\n".encode())


if __name__ == "__main__":
    sys.exit(0 if is_done(pathlib.Path(sys.argv[1]), json.load(sys.stdin)) else 1)
