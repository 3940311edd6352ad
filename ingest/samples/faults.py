"""Breaks a sample transfer on purpose, one fault of each kind, and says what was broken.

The account goes beside the folder, never into it: `<folder>.faults.json` names for each fault the rule
that must find it.
"""

import json
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from ingest.samples import naming, writing
from ingest.samples.titles import PlannedItem, PlannedVolume

# What a PDF locked with a password has in its trailer.  Written by hand, because a library that locks a
# file draws a new random identifier each time; no password opens this one.
LOCK = (
    b"/ID[<"
    + b"5e" * 16
    + b"><"
    + b"5e" * 16
    + b">]/Encrypt<</Filter/Standard/V 2/R 3/Length 128/P -4/O<"
    + b"7342eaa81821422f37b153a7391237a317e7589b23c88c008b908b70d45cdb1b"
    + b">/U<"
    + b"d5" * 32
    + b">>>"
)


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong, where it is, and the rule of the finding to expect."""

    rule: str
    what: str
    path: str | None = None
    list: str | None = None
    row: int | None = None
    column: str | None = None
    value: str | None = None


@dataclass(frozen=True)
class Victim:
    """An item whose files may be broken, with the row that describes it."""

    volume: PlannedVolume
    item: PlannedItem
    row: int
    files: tuple[str, ...]


@dataclass
class Broken:
    faults: tuple[Fault, ...] = ()
    rewritten: list[str] = field(default_factory=list)
    changes: dict[tuple[str, str], str] = field(default_factory=dict)


def break_transfer(folder: Path, volumes: list[PlannedVolume], form: str) -> Broken:
    """Break the files and give the cells that the lists must tell wrong; each item is broken once."""
    broken = Broken()
    victims = list(_victims(volumes, form))
    found: list[Fault] = []
    for fits, act in FILE_FAULTS:
        victim = next((each for each in victims if fits(each)), None)
        if victim:
            victims.remove(victim)
            found += act(folder, victim, broken)
    found += _wrong_cells(volumes, victims, form, broken)
    broken.faults = tuple(found)
    return broken


def write(folder: Path, faults: tuple[Fault, ...]) -> None:
    told = json.dumps([asdict(fault) for fault in faults], ensure_ascii=False, indent=1)
    beside(folder).write_text(told + "\n", encoding="utf-8", newline="\n")


def beside(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.faults.json")


def _victims(volumes: list[PlannedVolume], form: str) -> Iterator[Victim]:
    row = _first_row(form)
    for volume in volumes:
        for item in volume.items:
            yield Victim(volume, item, row, naming.files(volume, item, form))
            row += 1


def _first_row(form: str) -> int:
    return 3 if form == "xlsx" else 2


def _is_pdf(victim: Victim) -> bool:
    return victim.item.medium == "pdf" and not victim.item.sound


def _is_scan(victim: Victim) -> bool:
    return victim.item.medium in {"g4", "gray", "jpeg", "g4book"}


def _has_korean_name(victim: Victim) -> bool:
    name = victim.files[0]
    return unicodedata.normalize("NFD", name) != name


def _lose(folder: Path, victim: Victim, broken: Broken) -> list[Fault]:
    (folder / victim.files[0]).unlink()
    return [Fault("file.missing", "the list names a file that is not there", victim.files[0])]


def _add(folder: Path, victim: Victim, broken: Broken) -> list[Fault]:
    name = victim.files[0].rsplit("/", 1)[0] + "/목록에 없는 문서.txt"
    (folder / name).write_bytes("목록에 없는 문서입니다.\n".encode())
    return [Fault("file.extra", "a file that no row names", name)]


def _alter(folder: Path, victim: Victim, broken: Broken) -> list[Fault]:
    path = folder / victim.files[0]
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0x01
    path.write_bytes(data)
    return [Fault("file.digest", "one bit differs from what the checksum list says", victim.files[0])]


def _rename(folder: Path, victim: Victim, broken: Broken) -> list[Fault]:
    right = victim.files[0]
    stem, extension = right.rsplit(".", 1)
    wrong = f"{stem} - 복사본.{extension}"
    (folder / right).rename(folder / wrong)
    return [
        Fault("file.missing", "the file has another name than the list says", right),
        Fault("file.extra", "the file under its wrong name", wrong),
    ]


def _decompose(folder: Path, victim: Victim, broken: Broken) -> list[Fault]:
    """Rename to NFD, as archives packed on a Mac have it; the list keeps NFC."""
    right = victim.files[0]
    top, _, name = right.rpartition("/")
    wrong = f"{top}/{unicodedata.normalize('NFD', name)}"
    (folder / right).rename(folder / wrong)
    return [Fault("name.nfd", "the name is decomposed; the list has it composed", wrong)]


def _cut(folder: Path, victim: Victim, broken: Broken) -> list[Fault]:
    data = (folder / victim.files[0]).read_bytes()
    return _replace(
        folder, victim, broken, data[:64], "file.unreadable", "a PDF cut off after its first bytes"
    )


def _lock(folder: Path, victim: Victim, broken: Broken) -> list[Fault]:
    data = (folder / victim.files[0]).read_bytes().replace(b"trailer\n<<", b"trailer\n<<" + LOCK)
    return _replace(folder, victim, broken, data, "file.unreadable", "a PDF that asks for a password")


def _empty(folder: Path, victim: Victim, broken: Broken) -> list[Fault]:
    return _replace(folder, victim, broken, b"", "file.empty", "a file of zero bytes")


def _replace(folder: Path, victim: Victim, broken: Broken, data: bytes, rule: str, what: str) -> list[Fault]:
    (folder / victim.files[0]).write_bytes(data)
    broken.rewritten.append(victim.files[0])
    return [Fault(rule, what, victim.files[0])]


def _wrong_cells(
    volumes: list[PlannedVolume], victims: list[Victim], form: str, broken: Broken
) -> Iterator[Fault]:
    """A retention nobody knows, and one number given twice."""
    last, wrong = volumes[-1], "77" if form == "2013" else "45년"
    broken.changes[last.sender_id, "보존기간"] = wrong
    yield Fault(
        "list.retention",
        "a retention that no table has",
        None,
        writing.list_of(form, items=False),
        _first_row(form) + last.number - 1,
        "보존기간",
        wrong,
    )
    unbroken = [victim for victim in victims if len(victim.volume.items) > 1 and victim.item.number == 2]
    if unbroken:
        twin = unbroken[0]
        first = twin.volume.items[0]
        column = "생산(접수)등록번호" if form == "2013" else "관리번호"
        value = naming.registration(twin.volume, first) if form == "2013" else first.sender_id
        broken.changes[twin.item.sender_id, column] = value
        yield Fault(
            "list.duplicate",
            "a number that the row above has too",
            None,
            writing.list_of(form, items=True),
            twin.row,
            column,
            value,
        )


FILE_FAULTS: tuple[tuple[Callable[[Victim], bool], Callable[[Path, Victim, Broken], list[Fault]]], ...] = (
    (_is_pdf, _cut),
    (_is_pdf, _lock),
    (_is_scan, _alter),
    (_is_pdf, _lose),
    (_is_pdf, _rename),
    (lambda victim: _is_pdf(victim) and _has_korean_name(victim), _decompose),
    (_is_scan, _empty),
    (_is_pdf, _add),
)
