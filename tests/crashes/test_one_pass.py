"""Every byte of a record is read once where checking and taking are one pass; counted by its reads."""

from collections import Counter
from pathlib import Path

from preservation.sources import BLOCK
from tests.crashes.conftest import AGENCY, Disturbed, ended


def reads_of(here: Disturbed, made: Path, trace: Path, *command: str) -> Counter[Path]:
    """How often a command reads of each file of the transfer, in all its processes."""
    around = {
        "LD_PRELOAD": str(made), "FAULT_ROOT": str(here.folder), "FAULT_COUNTER": f"{trace}.counter",
        "FAULT_TRACE": str(trace),
    }  # fmt: skip
    code, told, errors = ended(here.place.start(*command, "--json", **around))
    assert code == 0, (told, errors)
    lines = (line.partition(" ") for line in trace.read_text(errors="surrogateescape").splitlines())
    return Counter(Path(path) for op, _, path in lines if op == "read")


def passes(reads: Counter[Path], record: Path) -> float:
    """A pass takes each block, and then sees that the file ends."""
    return reads[record] / (-(-record.stat().st_size // BLOCK) + 1)


def test_one_pass_reads_each_record_once_and_two_steps_read_it_twice(
    disturbed: Disturbed, tmp_path: Path, made: Path
) -> None:
    records = [path for path in (disturbed.folder / "기록물").rglob("*") if path.is_file()]
    assert len(records) == 3
    receive = ("transfer", "receive", str(disturbed.folder), "--agency", AGENCY)
    checked = reads_of(disturbed, made, tmp_path / "checked", *receive)
    assert all(0 < passes(checked, record) <= 1 for record in records)
    accept = ("transfer", "accept", "2026-0001")
    accepted = reads_of(disturbed, made, tmp_path / "accepted", *accept)
    assert {passes(accepted, record) for record in records} == {1}

    other = Disturbed(
        type(disturbed.place)({**disturbed.place.environment, "SEOGO_HOME": str(tmp_path / "other")}),
        disturbed.folder,
    )
    at_once = reads_of(other, made, tmp_path / "at once", *receive, "--accept")
    assert {passes(at_once, record) for record in records} == {1}
