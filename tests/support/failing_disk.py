"""A disk under a real broker that fails when a test says so: failing_disk.c, between the broker and
the C library."""

import pathlib
import struct
import subprocess

SYNC, WRITE, MAKE = 1, 2, 3


class FailingDisk:
    """For a broker that is started with `variables` in its environment."""

    def __init__(self, directory):
        source = pathlib.Path(__file__).with_suffix(".c")
        library = directory / "failing_disk.so"
        command = ["gcc", "-shared", "-fPIC", "-O1", "-o", str(library), str(source), "-ldl"]
        subprocess.run(command, check=True)
        self._control = directory / "failing_disk"
        self.heal()
        self.variables = {"LD_PRELOAD": str(library), "FAILING_DISK": str(self._control)}

    def fail(self, call, part, error, after=0):
        """From now on `call`, when `after` more have been done, fails with that errno for files with
        `part` in their names; or with 0, writes half of what it should."""
        self._write(struct.pack("=3i52s", 0, after, error, part.encode()))
        self._write(struct.pack("=i", call))

    def heal(self):
        self._write(bytes(64))

    def _write(self, content):
        self._control.touch()
        with self._control.open("r+b") as file:
            file.write(content)
