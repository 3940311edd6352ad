"""Asks the tools of Go's checksum database about a log. ``tests/judges/build`` makes the judge."""

import base64
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

BUILD = Path(__file__).parent / "tlog" / "build"


@dataclass(frozen=True)
class Told:
    accepted: bool
    said: str
    size: int = 0
    root: str = ""
    inclusion: list[bytes] | None = None
    consistency: list[bytes] | None = None


def judge(log: Path, vkey: Path, index: int | None = None, old: int | None = None) -> Told:
    """The verdict on a log's folder, and with two numbers the proofs that the judge makes from it."""
    built = subprocess.run([BUILD], check=True, capture_output=True, text=True).stdout.strip()
    numbers = [str(index), str(old)] if index is not None else []
    ended = subprocess.run([built, log, vkey, *numbers], capture_output=True, text=True, check=False)
    if ended.returncode == 1 and ended.stderr.startswith("REFUSED "):
        return Told(False, ended.stderr)
    assert ended.returncode == 0, ended.stderr
    said = json.loads(ended.stdout)
    paths = [[base64.b64decode(each) for each in said.get(key) or []] for key in ("inclusion", "consistency")]
    return Told(True, ended.stdout, said["size"], said["root"], *paths)
