"""Faults at numbered steps of a run: which steps there are, and which fault happens at which.

A step is a call that changes the file system below an installation, in any of its processes; see `faults.c`.
"""

import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

SOURCE = Path(__file__).with_name("faults.c")
STORE = re.compile(r"stores/[abc]/(\.incoming|packages|ledger|journal|transfers)")
AREA = re.compile(r"(stores/[abc]/[.a-z]+|stores/[abc]|[a-z]+(?:\.lock|\.db(?:-[a-z]+)?)?)")
BARE = re.compile(r"stores(/[abc])?")
"""Folders whose own parts are parts of an installation by themselves."""

BY_KIND = {
    "kill all": 10,
    "kill one": 6,
    "fails once": 6,
    "late": 3,
    "gone": 3,
    "full": 3,
    "wrong bytes": 3,
    "short": 2,
    "clock": 2,
    "hang": 1,
}
"""How often each kind is drawn, of all together."""

DAY = 86_400
JUMPS = (-400 * DAY, -DAY, -3_600, 3_600, DAY, 400 * DAY)


@dataclass(frozen=True, order=True)
class Step:
    """The ``nth`` time that an operation is done in one part of an installation."""

    op: str
    area: str
    nth: int


@dataclass(frozen=True)
class Fault:
    kind: str
    step: Step
    jump: int = 0

    def __str__(self) -> str:
        by = f" by {self.jump} s" if self.jump else ""
        return f"{self.kind}{by} at {self.step.op} {self.step.nth} in {self.step.area}"

    def has_struck(self, counter: Path) -> bool:
        """Whether the step was reached: a run may take fewer of them than the one that was watched."""
        return int.from_bytes(counter.read_bytes()[:8], sys.byteorder) >= self.step.nth

    def environment(self, home: Path, counter: Path, library: Path) -> dict[str, str]:
        """What a command needs around it for this fault to happen in it."""
        return {
            "LD_PRELOAD": str(library), "FAULT_ROOT": str(home), "FAULT_COUNTER": str(counter),
            "FAULT_PATH": f"{home}/{self._where()}", "FAULT_OP": self.step.op,
            "FAULT_NTH": str(self.step.nth), "FAULT_KIND": self.kind, "FAULT_JUMP": str(self.jump),
        }  # fmt: skip

    def _where(self) -> str:
        """A shell pattern of the part where it happens, and only there; a store is so as a whole."""
        if self.kind in ("gone", "full", "rotten"):
            return "/".join(self.step.area.split("/")[:2]) + "*"
        return self.step.area if BARE.fullmatch(self.step.area) else f"{self.step.area}?(/*)"


def library(folder: Path) -> Path:
    """The part that is put between a command and its C library, compiled here."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler: install gcc and libc6-dev")
    target = folder / "faults.so"
    subprocess.run([compiler, "-O1", "-shared", "-fPIC", "-o", target, SOURCE, "-ldl"], check=True)
    return target


def steps_of(trace: Path, home: Path) -> Mapping[tuple[str, str], int]:
    """How often each operation was done in each part of an installation, from what a run wrote down."""
    counted: Counter[tuple[str, str]] = Counter()
    for line in trace.read_text(errors="surrogateescape").splitlines():
        op, _, path = line.partition(f" {home}/")
        if found := AREA.match(path):
            counted[op, found[0]] += 1
    return counted


def suits(kind: str, op: str, area: str) -> bool:
    """Whether a kind of fault can happen to an operation in a part of an installation."""
    match kind:
        case "wrong bytes":
            return op == "read" and STORE.match(area) is not None
        case "short":
            return op == "write"
        case "gone":
            return area.startswith("stores/")
        case "full":
            return op != "read" and area.startswith(("stores/", "shelf", "index", "seogo.db"))
        case "fails once":
            return True
        case _:
            return op != "read"


def draw(lot: Random, steps: Mapping[tuple[str, str], int]) -> Fault:
    """A fault of any kind at any step; every part of a run is as likely as every other."""
    [kind] = lot.choices([*BY_KIND], [*BY_KIND.values()])
    op, area = lot.choice(sorted(each for each in steps if suits(kind, *each)))
    last = steps[op, area]
    nth = lot.choice([1, last, lot.randint(1, last), lot.randint(1, last)])
    return Fault(kind, Step(op, area, nth), lot.choice(JUMPS) if kind == "clock" else 0)


def boundaries(steps: Mapping[tuple[str, str], int]) -> list[Step]:
    """Of each operation in each part of an installation the first time, one in the middle, and the last."""
    return [
        Step(op, area, nth)
        for (op, area), last in sorted(steps.items())
        if suits("kill all", op, area)
        for nth in sorted({1, (last + 1) // 2, last})
    ]
