"""Builds one real package on disk with our writers, out of names and titles that break weak software."""

import hashlib
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from metadata_schemas import package
from metadata_schemas.description import Access, DateSpan, ItemDescription, VolumeDescription
from metadata_schemas.package import FileFacts, PackageFacts
from metadata_schemas.package_documents import Contents, write_documents
from metadata_schemas.premis import Agent, Event
from preservation import bagging

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
REFERENCE = "2026-0007-V003"
ITEMS = (f"{REFERENCE}-0001", f"{REFERENCE}-0002", f"{REFERENCE}-0003")
# Item, name in the key, name as it came.
NAMES: Sequence[tuple[int, str, str]] = (
    (0, "도시계획 결정.hwp", unicodedata.normalize("NFD", "도시계획 결정.hwp")),
    (0, "하위 폴더/漢城府 地圖.tif", "하위 폴더/漢城府 地圖.tif"),
    (1, "A&B 'C' #1 ;x=y+z,@!.pdf", "A&B 'C' #1 ;x=y+z,@!.pdf"),
    (1, "two  spaces.txt", "two  spaces.txt"),
    (1, "이름 _물음_-0123456789ab.txt", '이름 "물음"?<a>.txt'),
    (2, "낡은 이름-0123456789ab.txt", "\udcb3\udcaa.txt"),
)
FACTS = PackageFacts(
    reference=REFERENCE,
    title="漢城府 <都市計劃> 관계철 \"제3권\" & '부록' 100%",
    created=NOW,
    software="Seogo",
    software_version="0.1.0",
    archive="서울기록원",
    archive_code="6110000",
    agency="서울특별시 도시계획과",
    agency_code="6110001",
)
VOLUME = VolumeDescription(
    sender_id="관-1955-3",
    file_number="",
    volume_number=3,
    title=FACTS.title,
    creator_agency="서울특별시",
    creator_code="6110000",
    creating_unit="도시계획과",
    created=DateSpan("단기 4288년 10월 3일", date(1955, 10, 3), date(1955, 10, 3)),
    closed=DateSpan("1956년경", date(1956, 1, 1), None),
    retention="영구",
    record_type="일반문서",
    carrier_kind="전자기록물",
    classification="도시계획 > 결정",
    access=Access("partial", (5, 6), ((1, 3), (7, 7)), date(2050, 1, 1), False, "제9조제1항"),
    item_count=3,
    file_count=6,
    files=("표지.pdf",),
    identifiers={"처리과기관코드": "6110001"},
    raw={"제목": "漢城府\x0b都市計劃\x00", "빈 칸": "", "줄\n바꿈": " 앞뒤 공백 \r\n"},
    extra={"비고": "\ud800 ]]> <!-- &amp;"},
    row=3,
    list="이관목록.xlsx",
    items=(
        ItemDescription(
            title="도시계획 결정 & 고시", access=Access("open"), document_number="12", row=2, list="건"
        ),
        ItemDescription(title="", created=DateSpan("", None, None), page_count=0),
        ItemDescription(title="제목\t탭", description="첫 줄\n둘째 줄", access=Access("closed", (1,))),
    ),
)
EVENTS = (
    Event(identifier="event-1", type="transfer", at=NOW, detail="이관 T-1", agents=("archive", "seogo")),
    Event(identifier="event-2", type="accession", at=NOW, agents=("archive",), outcome="accepted"),
    Event(
        identifier="event-3",
        type="message digest calculation",
        at=NOW,
        outcome="success",
        outcome_note="SHA-256 <&>",
        agents=("seogo",),
        about_files=True,
    ),
    Event(identifier="event-4", type="information package creation", at=NOW, agents=("seogo",)),
)
AGENTS = (
    Agent(identifier="seogo", name="Seogo", type="software", version="0.1.0"),
    Agent(identifier="archive", name="서울기록원", type="organization"),
)


@dataclass
class Stored:
    sha256: str
    size: int


class FolderDocument:
    """One file of a bag on disk, hashed while it is written."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path, self._stream, self._digest, self._size = path, path.open("xb"), hashlib.sha256(), 0

    def write(self, data: bytes) -> None:
        self._stream.write(data)
        self._digest.update(data)
        self._size += len(data)

    def finish(self) -> Stored:
        self._stream.close()
        return Stored(self._digest.hexdigest(), self._size)

    def abort(self) -> None:
        self._stream.close()
        self._path.unlink()


def file_facts() -> Iterator[FileFacts]:
    for number, (item, name, original) in enumerate(NAMES, 1):
        data = content(number)
        yield FileFacts(
            identifier=f"{ITEMS[item]}.{number}",
            href=package.href_of(package.content_path(ITEMS[item], name)),
            original_name=original,
            size=len(data),
            sha256=hashlib.sha256(data).hexdigest(),
            modified=datetime(2001, 2, 3, tzinfo=UTC) if number % 2 else None,
            mimetype="application/octet-stream",
            item=ITEMS[item],
        )


def content(number: int) -> bytes:
    return f"내용 {number}\n".encode() * number


def build(folder: Path, facts: PackageFacts = FACTS) -> Path:
    """A whole bag in ``folder``, made in the order the archive makes one."""
    manifest: list[tuple[str, str]] = []
    octets = 0
    for number, facts_of_file in enumerate(file_facts(), 1):
        path = f"data/{facts_of_file.href}"
        document = FolderDocument(folder / path)
        document.write(content(number))
        document.finish()
        manifest.append((facts_of_file.sha256, path))
        octets += facts_of_file.size
    contents = Contents(
        package=facts, volume=VOLUME, item_references=ITEMS, files=file_facts, events=EVENTS, agents=AGENTS
    )
    for written in write_documents(lambda path: FolderDocument(folder / path), contents):
        manifest.append((written.sha256, written.path))
        octets += written.size
    _close(folder, facts, manifest, octets)
    return folder


def _close(folder: Path, facts: PackageFacts, manifest: list[tuple[str, str]], octets: int) -> None:
    lines = b"".join(bagging.manifest_line(digest, path) for digest, path in manifest)
    (folder / bagging.MANIFEST).write_bytes(lines)
    label = bagging.Label(
        reference=facts.reference,
        bag=facts.bag,
        bagged_on=NOW.date(),
        octets=octets,
        files=len(manifest),
        software=f"{facts.software} {facts.software_version}",
        source_organization="서울특별시\r\n도시계획과",
        sender_id=VOLUME.sender_id,
        retention="영구",
        access="부분공개",
        transfer="T-1",
    )
    for name, data in bagging.closing_files(label, hashlib.sha256(lines).hexdigest()):
        (folder / name).write_bytes(data)
