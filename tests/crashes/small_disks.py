"""A disk of some kilobytes, which really runs full, and which can be made larger while it is in use."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import ROOT, SEOGO, Answer, Installation


@dataclass(frozen=True)
class SmallDisk:
    """A file system in memory over a folder, seen by one process and by those that enter its place."""

    folder: Path
    holder: "subprocess.Popen[str]"

    @property
    def enter(self) -> list[str]:
        return ["nsenter", "-t", str(self.holder.pid), "-U", "-m", "--preserve-credentials"]

    def grow(self, kilobytes: int) -> None:
        size = f"remount,size={kilobytes}k"
        subprocess.run([*self.enter, "mount", "-o", size, str(self.folder)], check=True)

    def remove(self, name: str) -> None:
        subprocess.run([*self.enter, "rm", str(self.folder / name)], check=True)

    def run(self, place: Installation, *arguments: str | Path) -> Answer:
        """A command of an installation that has a store on this disk."""
        done = subprocess.run(
            [*self.enter, *SEOGO, *map(str, arguments), "--json"], env=place.environment, cwd=ROOT,
            text=True, capture_output=True, check=False, timeout=280,
        )  # fmt: skip
        return Answer(done.returncode, json.loads(done.stdout) if done.stdout.strip() else {}, done.stderr)


@contextmanager
def small_disk(folder: Path, kilobytes: int, then: str = "exec sleep 900") -> Iterator[SmallDisk]:
    """``then`` runs with the disk in place and MUST say a word when it is ready, or at its start."""
    if subprocess.run(["unshare", "-Urm", "true"], check=False, capture_output=True).returncode != 0:
        pytest.skip("this machine lets nobody mount a disk for one process")
    folder.mkdir(parents=True, exist_ok=True)
    mount = f"mount -t tmpfs -o size={kilobytes}k tmpfs '{folder}' && echo ready && {then}"
    holder = subprocess.Popen(["unshare", "-Urm", "sh", "-c", mount], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout and holder.stdout.readline() == "ready\n"
        yield SmallDisk(folder, holder)
    finally:
        holder.terminate()
        holder.wait()
