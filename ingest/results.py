"""What came of a transfer, in the keys that other programs rely on."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from archive.holdings import ContentFile, Item, Volume
from ingest import checks, transfers
from ingest.inspection import Inspection
from ingest.malware import scans
from ingest.transfers import Transfer, TransferAct, TransferVolume
from metadata_schemas.description import Finding, Where
from preservation.derivatives import ItemFinding


def result(session: Session, number: str) -> dict[str, Any]:
    transfer = transfers.get(session, number)
    volumes = transfers.volumes_of(session, transfer)
    findings = [transfers.as_finding(row) for row in transfers.findings_of(session, transfer)]
    findings += _found_later(session, transfer, {(each.rule, each.where.path) for each in findings})
    return {
        **scans.told(session, transfer),
        "transfer": transfer.number,
        "state": transfer.state,
        "round": transfer.round,
        "volumes": {
            "listed": len(volumes),
            "accepted": sum(row.state in ("accepted", "stored") for row in volumes),
            "stored": sum(row.state == "stored" for row in volumes),
            "returned": sum(row.state == "returned" for row in volumes),
        },
        "items": sum(row.items for row in volumes),
        "files": sum(row.files for row in volumes),
        "bytes": sum(row.bytes for row in volumes),
        "references": list(session.scalars(_references(transfer))),
        "findings": [as_dict(each) for each in findings],
    }


def with_history(session: Session, number: str) -> dict[str, Any]:
    transfer = transfers.get(session, number)
    acts = session.scalars(
        select(TransferAct).where(TransferAct.transfer_id == transfer.id).order_by(TransferAct.id)
    )
    told = [
        {"at": act.at.isoformat(), "actor": act.actor, "act": act.act, "detail": act.detail} for act in acts
    ]
    return {**result(session, number), "history": told}


def of_dry_run(inspection: Inspection) -> dict[str, Any]:
    count = inspection.count
    return {
        "statutory": "LIST_CHECKED",
        "scans": [],
        "quarantine": None,
        "transfer": None,
        "state": "checked",
        "round": 1,
        "volumes": {"listed": count("volumes"), "accepted": 0, "stored": 0, "returned": 0},
        "items": count("items"),
        "files": count("files"),
        "bytes": count("bytes"),
        "references": [],
        "findings": [as_dict(finding) for _, finding in checks.check(inspection)],
    }


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


def _references(transfer: Transfer) -> Select[str]:
    return (
        select(Volume.reference)
        .join(TransferVolume, TransferVolume.volume_id == Volume.id)
        .where(TransferVolume.transfer_id == transfer.id)
        .order_by(TransferVolume.position)
    )


def _found_later(
    session: Session, transfer: Transfer, told: set[tuple[str, str | None]]
) -> Sequence[Finding]:
    """What reading the verified copies found and the checks did not tell already.

    Of an empty file the checks have said all there is to say.
    """
    rows = session.execute(
        select(ItemFinding, Item, ContentFile)
        .join(Item, Item.id == ItemFinding.item_id)
        .join(TransferVolume, TransferVolume.volume_id == Item.volume_id)
        .outerjoin(ContentFile, ContentFile.id == ItemFinding.file_id)
        .where(TransferVolume.transfer_id == transfer.id)
        .order_by(ItemFinding.id)
    )
    return [
        _finding(row, item, file)
        for row, item, file in rows
        if row.file_id is None or (file.bytes > 0 and (row.rule, file.original_name) not in told)
    ]


def _finding(row: ItemFinding, item: Item, file: ContentFile | None) -> Finding:
    message = row.message if file else f"{item.reference} ({item.title[:60]}): {row.message}"
    where = Where(path=file.original_name if file else None)
    return Finding(row.rule, row.severity, where, row.value, row.expected, message)  # type: ignore[arg-type]
