"""What a row says about who may see the record, and whether it is a secret that must not come in."""

from datetime import date

from metadata_schemas import access_status, dates
from metadata_schemas.access_status import Fault
from metadata_schemas.description import NO_STATUS, Access, DateSpan
from metadata_schemas.spelling import plain
from metadata_schemas.transfer_lists.cells import RowCells


def read_access(row: RowCells, name: str, pages: int | None) -> Access | None:
    raw, reason = row.text(name), row.text("reasons")
    if not raw or access_status.is_blank(raw):
        if row.reading.header.has(name):
            fact = "the cell is empty; without a status nothing is opened"
            row.report("list.access_missing", "warning", name, None, "공개, 부분공개 or 비공개", fact)
        return _without_status(row)
    read = access_status.status_and_reasons(
        row.reading.system, raw, "" if access_status.is_blank(reason) else reason
    )
    if isinstance(read, Fault):
        _report_fault(row, name, "list.access", read)
        return _without_status(row)
    restricted = _restricted_pages(row, pages)
    if read[0] == "open" and restricted:
        fact = "closes pages of a record that is open"
        row.report("list.access_pages", "error", "restricted_pages", row.text("restricted_pages"), None, fact)
    return Access(read[0], read[1], restricted, _opens_on(row), _list_open(row), row.text("basis") or None)


def _without_status(row: RowCells) -> Access | None:
    """A list entry that is closed stays closed though nothing is said about the record itself."""
    return None if _list_open(row) else Access("closed", list_open=False, basis=NO_STATUS)


def _report_fault(row: RowCells, name: str, rule: str, fault: Fault) -> None:
    if fault.needs_system:
        row.unknown_system(name, fault.value, fault.expected)
    else:
        row.report(rule, "error", name, fault.value, fault.expected, f"cannot be used: {fault.fact}")


def _restricted_pages(row: RowCells, pages: int | None) -> tuple[tuple[int, int], ...]:
    raw = row.text("restricted_pages")
    if not raw or access_status.is_blank(raw):
        return ()
    read = access_status.pages(raw, pages)
    if isinstance(read, Fault):
        _report_fault(row, "restricted_pages", "list.access_pages", read)
        return ()
    return read


def _opens_on(row: RowCells) -> date | None:
    raw = row.text("opens_on")
    if not raw or access_status.is_blank(raw):
        return None
    day = dates.exact_day(raw)
    if day is None:
        row.report("list.date", "error", "opens_on", raw, "one day, like 2030.1.1", "does not name one day")
    return day


def _list_open(row: RowCells) -> bool:
    """Where the list says nothing the entry is open; where it cannot be read the entry is closed."""
    raw = row.text("list_access")
    if not raw or access_status.is_blank(raw):
        return True
    read = access_status.list_open(row.reading.system, raw)
    if isinstance(read, Fault):
        _report_fault(row, "list_access", "list.access", read)
        return False
    return read


def refuse_live_secret(row: RowCells, created: DateSpan | None) -> None:
    """A secret may come only when its protection has ended; without proof of that it has not."""
    level = row.text("secret")
    special = row.text("special").upper()
    marked = len(special) == 5 and special[1] == "Y"
    if access_status.is_blank(level) or plain(level) in {"n", "아니오", "비해당"}:
        if marked:
            row.report("list.secret", "error", "special", special, "no live secret", "marks a secret record")
        return
    known = row.coded("secret", "secret")
    lifted = plain(row.text("reclassified")) in {"일반", "일반문서", "일반재분류", "해제", "비밀해제"}
    if known == "" or lifted or _protection_ended(row, created):
        return
    fact = "is a secret whose protection has not ended; it must not come into this system"
    row.report("list.secret", "error", "secret", level, "a record that is no longer secret", fact)


def _protection_ended(row: RowCells, created: DateSpan | None) -> bool:
    raw, today = row.text("protection"), row.reading.today
    if not raw or today is None:
        return False
    last = dates.parse(raw.removesuffix("까지").strip()).latest
    years = raw.removesuffix("년").strip()
    if raw.endswith("년") and years.isdigit() and len(years) <= 2 and created and created.latest:
        last = date(created.latest.year + int(years), 12, 31)
    return last is not None and last < today
