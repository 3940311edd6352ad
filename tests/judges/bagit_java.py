"""Asks the Java BagIt library about bags. ``tests/judges/build`` makes it; without it a test fails."""

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

KEPT = Path(os.environ.get("SEOGO_SERVERS_CACHE", "/var/tmp/seogo-servers")) / "judge-bagit-java-5.2.0"
BUILD = Path(__file__).parent / "bagit" / "build"


@dataclass(frozen=True)
class Verdict:
    valid: bool
    said: str


def judge(bags: Sequence[Path]) -> list[Verdict]:
    """One verdict a bag, in order. File names are UTF-8 whatever the locale says."""
    subprocess.run([BUILD], check=True)
    ended = subprocess.run(
        [
            "java",
            "-Dsun.jnu.encoding=UTF-8",
            "-Dfile.encoding=UTF-8",
            "-cp",
            f"{KEPT}:{KEPT}/*",
            "Judge",
            *bags,
        ],
        env={**os.environ, "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    lines = [line for line in ended.stdout.splitlines() if line.startswith(("valid\t", "invalid\t"))]
    assert len(lines) == len(bags), (
        f"The judge gave {len(lines)} verdicts on {len(bags)} bags: {ended.stderr}"
    )
    return [Verdict(line.startswith("valid\t"), line.split("\t", 1)[1]) for line in lines]
