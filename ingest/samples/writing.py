"""Writes the lists of a transfer row by row: plain columns, the exchange form of 2013, XLSX or CP949.

A list may have hundreds of thousands of rows, so nothing is gathered: the plan is read as it is made.
"""

import csv
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from openpyxl import Workbook

from ingest.samples import naming, office, world
from ingest.samples.titles import RECORD_TYPES, PlannedItem, PlannedVolume

Cells = dict[str, str]
Changes = Mapping[tuple[str, str], str]
VOLUME_LIST, ITEM_LIST = "기록물철목록", "기록물건목록"
VOLUME_FORM, ITEM_FORM = "기록물철등록부", "기록물등록대장"
STATUS = {"open": "공개", "partial": "부분공개", "closed": "비공개"}
CODES_2013 = {
    "30년": "20",
    "준영구": "30",
    "영구": "40",
    "open": "1",
    "partial": "2",
    "closed": "3",
    "letter": "1",
    "minutes": "1",
    "drawing": "2",
    "photograph": "3",
}
REGISTERED_AS = {"letter": "1", "minutes": "1", "drawing": "3", "photograph": "5"}


@dataclass(frozen=True)
class Rows:
    """The rows a form makes of a volume and of an item."""

    volume_list: str
    item_list: str
    of_volume: Callable[[PlannedVolume, str], Cells]
    of_item: Callable[[PlannedVolume, PlannedItem, str], Cells]


def write_lists(
    folder: Path,
    volumes: Iterable[PlannedVolume],
    form: str,
    *,
    with_files: bool = True,
    changes: Changes | None = None,
) -> tuple[int, int]:
    """Both lists of a transfer; gives the rows written.  A change replaces one cell of one record."""
    rows = EXCHANGE if form == "2013" else PLAIN
    with ExitStack() as closing:
        book = closing.enter_context(_Workbook(folder / "이관목록.xlsx")) if form == "xlsx" else None
        encoding = "cp949" if form == "cp949" else "utf-8-sig"
        out = {
            name: book.sheet(name) if book else closing.enter_context(_Csv(folder / f"{name}.csv", encoding))
            for name in (rows.volume_list, rows.item_list)
        }
        counted = 0, 0
        for volume in volumes:
            cells = rows.of_volume(volume, form)
            out[rows.volume_list].add(_changed(cells, volume.sender_id, changes))
            for item in volume.items:
                cells = rows.of_item(volume, item, form)
                if not with_files and "파일" in cells:
                    cells["파일"] = ""
                out[rows.item_list].add(_changed(cells, item.sender_id, changes))
            counted = counted[0] + 1, counted[1] + len(volume.items)
    return counted


def _changed(cells: Cells, sender_id: str, changes: Changes | None) -> Cells:
    if not changes:
        return cells
    return {name: changes.get((sender_id, name), value) for name, value in cells.items()}


class _Csv:
    """A list as comma separated text; its header comes with the first row."""

    def __init__(self, path: Path, encoding: str) -> None:
        self._stream = path.open("w", encoding=encoding, newline="")
        self._writer = csv.writer(self._stream)
        self._begun = False

    def add(self, cells: Cells) -> None:
        if not self._begun:
            self._writer.writerow(cells.keys())
            self._begun = True
        self._writer.writerow(cells.values())

    def __enter__(self) -> "_Csv":
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()


class _Sheet:
    """One sheet of the workbook, with a title above its header as lists on paper have it."""

    def __init__(self, workbook: Workbook, name: str) -> None:
        self._sheet = workbook.create_sheet(name)
        self._sheet.append([f"{name.removesuffix('목록')} 이관목록"])
        self._begun = False

    def add(self, cells: Cells) -> None:
        if not self._begun:
            self._sheet.append(list(cells.keys()))
            self._begun = True
        self._sheet.append(list(cells.values()))


class _Workbook:
    def __init__(self, path: Path) -> None:
        self._path, self._workbook = path, Workbook(write_only=True)

    def sheet(self, name: str) -> _Sheet:
        return _Sheet(self._workbook, name)

    def __enter__(self) -> "_Workbook":
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        out = BytesIO()
        self._workbook.save(out)
        if kind is None:
            self._path.write_bytes(office.without_clock(out.getvalue()))


def _reasons(reasons: Iterable[int]) -> str:
    return ", ".join(f"{reason}호" for reason in reasons)


def restricted_pages(item: PlannedItem) -> str:
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in item.restricted)


def _volume_status(volume: PlannedVolume) -> tuple[str, tuple[int, ...]]:
    statuses = {item.status for item in volume.items}
    status = statuses.pop() if len(statuses) == 1 else "partial"
    return status, tuple(sorted({reason for item in volume.items for reason in item.reasons}))


def _count_files(volume: PlannedVolume, form: str) -> int:
    return sum(len(naming.files(volume, item, form)) for item in volume.items)


def _plain_volume(volume: PlannedVolume, form: str) -> Cells:
    unit = volume.matter.unit
    status, reasons = _volume_status(volume)
    return {
        "일련번호": str(volume.number),
        "관리번호": volume.sender_id,
        "생산기관": world.AGENCIES[unit.agency],
        "처리과": unit.name,
        "기관코드": unit.code,
        "기록물철 제목": volume.title,
        "수량": "1",
        "생산연도": str(volume.first_year),
        "종료연도": str(volume.last_year),
        "보존기간": volume.matter.retention,
        "기록물형태": RECORD_TYPES[volume.matter.kind],
        "공개여부": STATUS[status],
        "비공개사유": _reasons(reasons),
        "분류번호": unit.class_number,
        "철등록번호": f"{volume.file_number:06d}",
        "권호수": str(volume.volume_number),
        "건수": str(len(volume.items)),
        "쪽수": str(sum(item.pages for item in volume.items)),
        "파일수": str(_count_files(volume, form)),
        "승계기관": unit.heir,
    }


def _plain_item(volume: PlannedVolume, item: PlannedItem, form: str) -> Cells:
    return {
        "일련번호": str(item.number),
        "철 관리번호": volume.sender_id,
        "관리번호": item.sender_id,
        "기록물건 제목": item.title,
        "문서번호": item.document_number,
        "생산일자": _listed_date(volume, item),
        "기록물형태": RECORD_TYPES[volume.matter.kind],
        "쪽수": str(item.pages),
        "공개여부": STATUS[item.status],
        "비공개사유": _reasons(item.reasons),
        "공개제한부분": restricted_pages(item),
        "목록공개구분": "공개" if item.list_open else "비공개",
        "파일": ";".join(naming.files(volume, item, form)),
    }


def _listed_date(volume: PlannedVolume, item: PlannedItem) -> str:
    """Half of the old volumes were listed with the era their papers bear."""
    if world.is_dangun(item.day) and volume.file_number % 2:
        return f"단기 {world.year_name(item.day)}년 {item.day.month}월 {item.day.day}일"
    return item.day.isoformat()


def _exchange_volume(volume: PlannedVolume, form: str) -> Cells:
    unit = volume.matter.unit
    return {
        "처리과기관코드": unit.code,
        "구생산기관명": f"{world.AGENCIES[unit.agency]} {unit.name}",
        "생산연도": str(volume.first_year),
        "단위업무코드": unit.task,
        "철등록일련번호": f"{volume.file_number:06d}",
        "권호수": f"{volume.volume_number:03d}",
        "제목": volume.title,
        "기록물형태": CODES_2013[volume.matter.kind],
        "종료연도": str(volume.last_year),
        "보존기간": CODES_2013[volume.matter.retention],
        "보존방법": "1",
        "보존장소": "2",
        "비치종결일자": "",
        "비치사유": "",
        "업무담당자": "기록물관리담당",
        "구분류번호": unit.class_number[:5],
        "기록물구분": "2",
        "수정여부": "0",
        "등록건수": str(len(volume.items)),
        "쪽수": str(sum(item.pages for item in volume.items)),
        "전자파일수": str(_count_files(volume, form)),
        "인수인계구분": "1",
    }


def _exchange_item(volume: PlannedVolume, item: PlannedItem, form: str) -> Cells:
    code = CODES_2013[item.status] + "".join("Y" if clause in item.reasons else "N" for clause in range(1, 9))
    return {
        "처리과코드": volume.matter.unit.code,
        "등록구분": REGISTERED_AS[volume.matter.kind],
        "등록일자": f"{item.day:%Y%m%d}0900",
        "생산(접수)등록번호": naming.registration(volume, item),
        "구문서번호": item.document_number,
        "분리등록번호": "00",
        "제목": item.title,
        "쪽수": str(item.pages),
        "결재권자": "서울특별시장",
        "기안자": "주무",
        "시행일자": f"{item.day:%Y%m%d}",
        "수신자": "수신처 참조",
        "문서과배부번호": "",
        "생산기관등록번호": "",
        "전자기록물여부": "2",
        "분류번호": naming.classification(volume),
        "특수기록물": "NNNNN",
        "공개여부": code,
        "공개제한부분": restricted_pages(item),
        "구보존기간": "",
        "내용요약": "",
        "기록물형태": RECORD_TYPES[volume.matter.kind],
    }


PLAIN = Rows(VOLUME_LIST, ITEM_LIST, _plain_volume, _plain_item)
EXCHANGE = Rows(VOLUME_FORM, ITEM_FORM, _exchange_volume, _exchange_item)


def list_of(form: str, *, items: bool) -> str:
    """Where a row of that level stands: the list, and in a workbook its sheet."""
    rows = EXCHANGE if form == "2013" else PLAIN
    return "이관목록.xlsx" if form == "xlsx" else f"{rows.item_list if items else rows.volume_list}.csv"
