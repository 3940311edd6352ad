"""The folders of an embedded index: one a generation, and a file that names the one in use.

A rebuild makes a new generation beside the old one and then replaces that file, so a search sees the
old one or the new one, whole.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Generations:
    folder: Path

    def current(self) -> str | None:
        try:
            return (self.folder / "current").read_text()
        except FileNotFoundError:
            return None

    def analyser(self) -> str | None:
        name = self.current()
        return (self.folder / name / "analyser").read_text() if name else None

    def create(self, analyser: str) -> Path:
        generation = Path(tempfile.mkdtemp(prefix="g", dir=self.folder))
        (generation / "analyser").write_text(analyser)
        return generation

    def swap(self, generation: Path) -> None:
        """From now on this one is in use; every other one is removed."""
        pointer = self.folder / "current.new"
        with pointer.open("w") as out:
            out.write(generation.name)
            out.flush()
            os.fsync(out.fileno())
        pointer.replace(self.folder / "current")
        for other in self.folder.glob("g*"):
            if other.name != generation.name:
                shutil.rmtree(other, ignore_errors=True)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """One at a time makes generations."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "rebuild.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
