"""Asks the tools of Go's checksum database about a receipt. ``tests/judges/build`` makes the judge."""

import subprocess
from pathlib import Path

BUILD = Path(__file__).parent / "receipt" / "build"


def judge(receipt: Path, vkey: Path) -> str:
    """Empty when it is accepted, else why it is not."""
    built = subprocess.run([BUILD], check=True, capture_output=True, text=True).stdout.strip()
    ended = subprocess.run([built, receipt, vkey], capture_output=True, text=True, check=False)
    assert ended.returncode == 0 or (ended.returncode == 1 and ended.stderr.startswith("REFUSED ")), (
        ended.stderr
    )
    return ended.stderr
