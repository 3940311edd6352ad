"""What came of a transfer, in the keys that other programs rely on."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, SelectBase, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from archive.database import ROWS_AT_ONCE
from archive.holdings import ContentFile, Item, Volume
from archive.site.language import LANGUAGES, day
from archive.site.many import Many
from archive.site.words import spoken
from ingest import next_steps, transfers
from ingest.checking import checks
from ingest.looking.inspection import Inspection
from ingest.malware import scans
from ingest.releases.releasing import Release
from ingest.transfers import (
    FindingRow,
    Transfer,
    TransferAct,
    TransferVolume,
    acceptable,
    later_rounds,
    volume_rows,
)
from metadata_schemas.description import Finding, Where
from preservation.archive_files import NOT_SCANNED_WHOLE
from preservation.derivatives import ItemFinding
from preservation.scanning import AGREED


def result(session: Session, number: str) -> dict[str, Any]:
    """The same as `printed`, with all findings and references at once."""
    told = printed(session, number)
    return {**told, "references": list(told["references"]), "findings": list(told["findings"])}


def printed(session: Session, number: str) -> dict[str, Any]:
    """What is printed while the session is open: references and findings come one by one."""
    transfer = transfers.get(session, number)
    states = transfers.count_states(session, transfer)
    stored, waiting = states.get("stored", 0), later_rounds.waiting(session, transfer)
    return {
        **scans.told(session, transfer),
        "transfer": transfer.number,
        "state": transfer.state,
        "round": transfer.round,
        "volumes": {
            "listed": sum(states.values()),
            "accepted": states.get("accepted", 0) + stored,
            "stored": stored,
            "returned": states.get("returned", 0),
            "acceptable": waiting.acceptable,
            "held_back": waiting.held_back,
            "taken_later": waiting.taken_later,
            "held_already": volume_rows.held_already(session, transfer),
        },
        **vars(volume_rows.totals(session, transfer)),
        "files_of_no_volume": volume_rows.files_of_no_volume(session, transfer),
        "references": _references(session, transfer),
        "findings": _findings(session, transfer),
    }


def before(session: Session, number: str) -> dict[str, str]:
    """When the transfer that a folder is was received, in both languages."""
    at = transfers.get(session, number).received_at
    told = {"at": at.isoformat()}
    for tongue in LANGUAGES:
        told[tongue] = spoken(tongue)("received.before", no=number, day=day(at, tongue))
    return told


def with_history(session: Session, number: str) -> dict[str, Any]:
    """What is printed of one transfer, with what was done in it and what the agency has to mend."""
    transfer = transfers.get(session, number)
    return {
        **printed(session, number),
        "agency": transfer.agency_code,
        "kept_back": later_rounds.kept_back(session, transfer, besides=next_steps.OF_THE_ARCHIVE),
        "history": history(session, number),
    }


def history(session: Session, number: str) -> Many:
    mine = select(TransferAct).where(TransferAct.transfer_id == transfers.get(session, number).id)
    in_order = mine.order_by(TransferAct.id).execution_options(yield_per=ROWS_AT_ONCE)
    newest = mine.order_by(TransferAct.id.desc())

    def last(most: int) -> list[dict[str, Any]]:
        return [_act(each) for each in session.scalars(newest.limit(most))][::-1]

    return Many(lambda: map(_act, session.scalars(in_order)), _count(session, mine), last)


def _act(act: TransferAct) -> dict[str, Any]:
    return {"at": act.at.isoformat(), "actor": act.actor, "act": act.act, "detail": act.detail}


def of_dry_run(session: Session, inspection: Inspection, round_: int, same: str | None) -> dict[str, Any]:
    """What is printed of a transfer that was only tried: what would be taken, and what kept back.

    ``same``: the transfer that the folder is, where it was received before; else it is ``round_``.
    """
    listed, found = inspection.count("volumes"), list(checks.check(inspection))
    held = dict(inspection.held())
    if same is None:
        stored, held_already = _stored(session, list(held.values())), len(held)
    else:
        transfer = transfers.get(session, same)
        stored = transfers.count_states(session, transfer).get("stored", 0)
        held_already, round_ = volume_rows.held_already(session, transfer), transfer.round
    held_back = len(acceptable.kept_back(found, listed) - held.keys())
    return {
        "statutory": "LIST_CHECKED",
        "scans": [],
        "quarantine": None,
        "transfer": None,
        "state": "checked",
        "round": round_,
        "volumes": {
            "listed": listed, "accepted": len(held), "stored": stored, "returned": 0,
            "acceptable": listed - len(held) - held_back, "held_back": held_back,
            "taken_later": 0, "held_already": held_already,
        },
        "items": inspection.count("items"),
        "files": inspection.count("files"),
        "bytes": inspection.count("bytes"),
        "files_of_no_volume": sum(1 for _, finding in found if finding.rule == "file.extra"),
        "references": [],
        "findings": [as_dict(finding) for _, finding in found],
    }  # fmt: skip


def _stored(session: Session, ids: Sequence[int]) -> int:
    """How many of these volumes in custody are stored."""
    parts = (ids[start : start + ROWS_AT_ONCE] for start in range(0, len(ids), ROWS_AT_ONCE))
    stored = select(func.count()).where(Volume.state == "stored")
    return sum(session.scalar(stored.where(Volume.id.in_(part))) or 0 for part in parts)


def has_errors(told: dict[str, Any]) -> bool:
    """Whether something waits because of errors, or was returned because of them."""
    return any(finding["severity"] == "error" for finding in told["findings"])


def as_dict(finding: Finding) -> dict[str, Any]:
    where = finding.where
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "where": {"list": where.list, "row": where.row, "column": where.column, "path": where.path},
        "value": finding.value,
        "expected": finding.expected,
        "message": finding.message,
    }


def _references(session: Session, transfer: Transfer) -> Many:
    mine = (
        select(Volume.reference)
        .join(TransferVolume, TransferVolume.volume_id == Volume.id)
        .where(TransferVolume.transfer_id == transfer.id)
    )
    in_order = mine.order_by(TransferVolume.position).execution_options(yield_per=ROWS_AT_ONCE)
    return Many(lambda: iter(session.scalars(in_order)), _count(session, mine))


def _findings(session: Session, transfer: Transfer) -> Many:
    """What the checks found, then what was found later."""
    told = select(FindingRow).where(FindingRow.transfer_id == transfer.id)
    later = _found_later(transfer)

    def ask() -> Iterator[dict[str, Any]]:
        for row in session.scalars(told.order_by(FindingRow.id).execution_options(yield_per=ROWS_AT_ONCE)):
            yield as_dict(transfers.as_finding(row))
        in_order = later.order_by(ItemFinding.id).execution_options(yield_per=ROWS_AT_ONCE)
        for found, item, file in session.execute(in_order):
            yield as_dict(_finding(found, item, file))

    return Many(ask, _count(session, told) + _count(session, later))


def _count(session: Session, rows: SelectBase) -> int:
    return session.scalar(select(func.count()).select_from(rows.subquery())) or 0


def _found_later(transfer: Transfer) -> Select[ItemFinding, Item, ContentFile | None]:
    """What reading the verified copies found and the checks did not tell already.

    Of an empty file the checks have said all there is to say; so they have of one that was not scanned
    whole and came by a release or an agreement.
    """
    told = exists().where(
        FindingRow.volume_id == TransferVolume.id,
        or_(FindingRow.rule == ItemFinding.rule, and_(ItemFinding.rule == NOT_SCANNED_WHOLE, _let_in())),
        FindingRow.path == ContentFile.original_name,
    )
    return (
        select(ItemFinding, Item, ContentFile)
        .join(Item, Item.id == ItemFinding.item_id)
        .join(TransferVolume, TransferVolume.volume_id == Item.volume_id)
        .outerjoin(ContentFile, ContentFile.id == ItemFinding.file_id)
        .where(TransferVolume.transfer_id == transfer.id)
        .where(or_(ItemFinding.file_id.is_(None), and_(ContentFile.bytes > 0, ~told)))
    )


def _let_in() -> ColumnElement[bool]:
    """Whether a finding tells that a file was taken although it was not scanned whole."""
    released = exists().where(
        FindingRow.rule == "virus.released", Release.rule == NOT_SCANNED_WHOLE, Release.outcome == "released",
        Release.transfer_id == FindingRow.transfer_id, Release.name == FindingRow.path,
    )  # fmt: skip
    return or_(FindingRow.rule == AGREED[NOT_SCANNED_WHOLE], released)


def _finding(row: ItemFinding, item: Item, file: ContentFile | None) -> Finding:
    message = row.message if file else f"{item.reference} ({item.title[:60]}): {row.message}"
    where = Where(path=file.original_name if file else None)
    return Finding(row.rule, row.severity, where, row.value, row.expected, message)  # type: ignore[arg-type]
