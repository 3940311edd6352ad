"""A command of ours that runs beside this process, and never longer than it."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from queue import SimpleQueue

from archive import stopping
from archive.work.processes import starting_children

_ENDS_WITHIN = 10.0
"""Seconds it has when it is told to."""

_COMMAND = """
import sys
from archive.work.processes import die_with_parent
die_with_parent(int(sys.argv.pop(1)))
import seogo
seogo.main()
"""
"""How it starts; the number of this process comes first."""


@contextmanager
def command(name: str, told: "SimpleQueue[int]") -> Iterator[None]:
    """``seogo name`` until this block or this process ends; that it ends by itself is told too."""
    with starting_children():
        beside = subprocess.Popen([sys.executable, "-c", _COMMAND, str(os.getpid()), name])

    def tell() -> None:
        beside.wait()
        told.put(stopping.ENDED)

    threading.Thread(target=tell, daemon=True).start()
    try:
        yield
    finally:
        beside.terminate()
        with suppress(subprocess.TimeoutExpired):
            beside.wait(_ENDS_WITHIN)
        beside.kill()
        beside.wait()
