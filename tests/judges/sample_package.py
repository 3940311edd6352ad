"""One real package, packed by the archive itself out of names and titles that break weak software."""

import os
import unicodedata
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from archive.stores.folder import FolderStore
from archive.stores.keys import Names
from metadata_schemas import package
from metadata_schemas.description import Access, DateSpan, ItemDescription, VolumeDescription
from preservation import packages
from preservation.packing import Packed, Plan, pack
from preservation.sources import SourceFile

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
REFERENCE = "2026-0007-V003"
ITEMS = (f"{REFERENCE}-0001", f"{REFERENCE}-0002", f"{REFERENCE}-0003")
# The item a file belongs to, and its name as bytes on the sender's disk.
NAMES: Sequence[tuple[int, bytes]] = (
    (0, unicodedata.normalize("NFD", "도시계획 결정.hwp").encode()),
    (0, "하위 폴더/漢城府 地圖.tif".encode()),
    (1, b"A&B 'C' #1 ;x=y+z,@!.pdf"),
    (1, b"two  spaces.txt"),
    (1, '이름 "물음"?<a>.txt'.encode()),
    (1, "100% 달성.txt".encode()),
    (2, "낡은 이름.txt".encode("cp949")),
    (2, b"line\nbreak.txt"),
)
VOLUME = VolumeDescription(
    sender_id="관-1955-3",
    file_number="",
    volume_number=3,
    title="漢城府 <都市計劃> 관계철 \"제3권\" & '부록' 100%",
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
    file_count=8,
    files=("표지.pdf",),
    identifiers={"처리과기관코드": "6110001"},
    raw={"제목": "漢城府\x0b都市計劃\x00", "빈 칸": "", "줄\n바꿈": " 앞뒤 공백 \r\n"},
    extra={"비고": "\ud800 ]]> <!-- &amp;"},
    row=3,
    list="이관목록.xlsx",
    items=(
        ItemDescription(title="도시계획 결정 & 고시", access=Access("open"), document_number="12", row=2),
        ItemDescription(title="", created=DateSpan("", None, None), page_count=0),
        ItemDescription(title="제목\t탭", description="첫 줄\n둘째 줄", access=Access("closed", (1,))),
    ),
)


def build(folder: Path) -> Path:
    """Pack the sample into a folder store below ``folder``; the bag as it lies there."""
    store = FolderStore("a", folder / "store")
    store.prepare()
    packed = pack([store], _plan(folder / "transfer"))
    assert isinstance(packed, Packed), packed
    return folder / "store" / packages.prefix(REFERENCE)


def _plan(transfer: Path) -> Plan:
    return Plan(
        reference=REFERENCE,
        volume=VOLUME,
        files=tuple(_sources(transfer)),
        packed_at=NOW,
        archive="서울기록원",
        agency="서울특별시 도시계획과",
        agency_code="6110001",
        scanner="ClamAV 1.4.6/27890/Fri Nov 27 08:00:00 2026",
        transfer="T-1",
    )


def _sources(transfer: Path) -> list[SourceFile]:
    places = [Names(f"{packages.prefix(REFERENCE)}/{package.content_path(item, '')}"[:-1]) for item in ITEMS]
    sources = []
    for number, (item, raw_name) in enumerate(NAMES, 1):
        name = os.fsdecode(raw_name)
        path = transfer / str(item) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(f"내용 {number}\n".encode() * number)
        os.utime(path, (981_158_400, 981_158_400))
        sources.append(
            SourceFile(
                path=str(path),
                original_name=name,
                original_bytes=None,
                size=path.stat().st_size,
                modified_ns=path.stat().st_mtime_ns,
                item=item,
                place=places[item].place(name).path,
                expect={},
            )
        )
    return sources
