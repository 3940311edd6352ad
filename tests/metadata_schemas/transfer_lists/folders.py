"""Makes small transfer folders with lists, and reads them."""

import csv
import io
import os
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from metadata_schemas import transfer_lists
from metadata_schemas.description import Finding
from metadata_schemas.transfer_lists import TransferLists

TODAY = date(2026, 11, 22)

VOLUMES_2013 = [
    "처리과기관코드",
    "구생산기관명",
    "생산연도",
    "단위업무코드",
    "철등록일련번호",
    "권호수",
    "제목",
    "기록물형태",
    "종료연도",
    "보존기간",
    "보존방법",
    "보존장소",
    "비치종결일자",
    "비치사유",
    "업무담당자",
    "구분류번호",
    "기록물구분",
    "수정여부",
    "등록건수",
    "쪽수",
    "전자파일수",
    "인수인계구분",
]
ITEMS_2013 = [
    "처리과코드",
    "등록구분",
    "등록일자",
    "생산(접수)등록번호",
    "구문서번호",
    "분리등록번호",
    "제목",
    "쪽수",
    "결재권자",
    "기안자",
    "시행일자",
    "수신자",
    "문서과배부번호",
    "생산기관등록번호",
    "전자기록물여부",
    "분류번호",
    "특수기록물",
    "공개여부",
    "공개제한부분",
    "구보존기간",
    "내용요약",
    "기록물형태",
]


def csv_text(rows: Sequence[Sequence[str]], end: str = "\r\n") -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator=end).writerows(rows)
    return out.getvalue()


def write_list(folder: Path, name: str, rows: Sequence[Sequence[str]], encoding: str = "utf-8") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(csv_text(rows).encode(encoding))
    return path


def names_in(folder: Path) -> list[str]:
    return sorted(
        os.path.relpath(os.path.join(where, name), folder)
        for where, _, files in os.walk(folder)
        for name in files
    )


def read(
    folder: Path, system: str | None = None, agency_default: str | None = None, today: date | None = TODAY
) -> TransferLists:
    return transfer_lists.read(
        folder, names_in(folder), source_system=system, agency_default=agency_default, today=today
    )


def errors(lists: TransferLists) -> list[Finding]:
    return [finding for finding in lists.findings if finding.severity == "error"]


def rules(lists: TransferLists, severity: str = "error") -> list[str]:
    return [finding.rule for finding in lists.findings if finding.severity == severity]


def volume_2013(**changes: str) -> list[str]:
    row = {
        "처리과기관코드": "6110001",
        "생산연도": "1998",
        "단위업무코드": "BB000001",
        "철등록일련번호": "000001",
        "권호수": "001",
        "제목": "도로 굴착 허가 관계철",
        "기록물형태": "1",
        "종료연도": "1998",
        "보존기간": "40",
        "쪽수": "95",
        "등록건수": "2",
    } | changes
    return [row.get(name, "") for name in VOLUMES_2013]


def item_2013(**changes: str) -> list[str]:
    row = {
        "처리과코드": "6110001",
        "등록구분": "1",
        "등록일자": "199803021030",
        "생산(접수)등록번호": "6110001000001",
        "제목": "도로 굴착 허가 알림",
        "쪽수": "12",
        "분류번호": "6110001BB000001" + "1998" + "000001" + "001",
        "공개여부": "1NNNNNNNN",
    } | changes
    return [row.get(name, "") for name in ITEMS_2013]
