"""What the transfer desk shows: transfers in a list, and the findings of one, grouped by rule."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, case, func, literal_column, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from archive.database import ROWS_AT_ONCE
from ingest import transfers
from ingest.malware import scans
from ingest.malware.scans import Quarantine, Scan
from ingest.transfers import (
    FindingRow,
    Transfer,
    TransferAct,
    TransferVolume,
    acceptable,
    later_rounds,
    volume_rows,
)
from metadata_schemas.description import SEVERITIES

FIRST = 100
HELD_SHOWN = 10
BY_SEVERITY = case({name: place for place, name in enumerate(SEVERITIES)}, value=FindingRow.severity)
"""Orders findings, errors first."""


@dataclass(frozen=True)
class Line:
    """A transfer in the list.  ``brought`` as in `Summary`.

    ``is_settled``: later rounds took all that is not in custody from it.
    """

    transfer: Transfer
    listed: int
    brought: int
    held_already: int
    returned: int
    files: int
    bytes: int
    errors: int
    warnings: int
    corrected_by: str | None
    is_settled: bool


@dataclass(frozen=True)
class Rule:
    """One rule with how often it was found, and its first findings."""

    name: str
    severity: str
    count: int
    rows: Sequence[FindingRow]


@dataclass(frozen=True)
class Summary:
    """``acceptable`` and ``faulty`` volumes wait, and those ``taken_later``, which nobody decides on.

    ``accepted`` are in custody, with those ``held_already``, which this round did not bring.
    """

    transfer: Transfer
    listed: int
    acceptable: int
    faulty: int
    taken_later: int
    accepted: int
    held_already: int
    returned: int
    items: int
    files: int
    files_of_no_volume: int
    bytes: int
    by_severity: dict[str, int]
    scans: Sequence[Scan]
    quarantine: Quarantine | None
    corrected_by: str | None

    @property
    def brought(self) -> int:
        """What it brought into custody itself."""
        return self.accepted - self.held_already


@dataclass(frozen=True)
class Held:
    """A volume of a list that is held already, under this reference."""

    position: int
    title: str
    reference: str | None


@dataclass(frozen=True)
class Taking:
    """Of what accepting now would take, how many have warnings, are held already, and the first of those."""

    warned: int
    held: int
    first: Sequence[Held]


def lines(
    session: Session, *, agency: str | None, state: str | None, after: int, limit: int
) -> tuple[list[Line], int]:
    where: list[ColumnElement[bool]] = []
    where += [Transfer.agency_code == agency] if agency else []
    where += [Transfer.state == state] if state else []
    total = session.scalar(select(func.count()).select_from(Transfer).where(*where)) or 0
    rows = session.scalars(
        select(Transfer).where(*where).order_by(Transfer.id.desc()).offset(after).limit(limit)
    ).all()
    ids = [row.id for row in rows]
    # A parameter would not be the same one in GROUP BY.
    held: ColumnElement[str] = literal_column("'held_already'")
    kinds = case((volume_rows.IS_HELD_ALREADY, held), else_=TransferVolume.state)
    states = _counted(session, TransferVolume.transfer_id, kinds, ids)
    found = _counted(session, FindingRow.transfer_id, FindingRow.severity, ids)
    newest = corrected(session, [row.number for row in rows])
    later = {row.number for row in rows if row.number in newest and later_rounds.took_the_rest(session, row)}
    totals = volume_rows.totals_of(session, ids)
    return [
        Line(
            transfer=row,
            listed=states[row.id].total(),
            brought=states[row.id]["accepted"] + states[row.id]["stored"],
            held_already=states[row.id]["held_already"],
            returned=states[row.id]["returned"],
            files=totals[row.id].files,
            bytes=totals[row.id].bytes,
            errors=found[row.id]["error"],
            warnings=found[row.id]["warning"],
            corrected_by=newest.get(row.number),
            is_settled=row.number in later,
        )
        for row in rows
    ], total


def corrected(session: Session, numbers: Sequence[str] | None = None) -> dict[str, str]:
    """Of these transfers, or of all, those that were corrected, each with the newest round that says so."""
    rounds = select(Transfer.round_of, Transfer.number).where(Transfer.round_of.is_not(None))
    if numbers is not None:
        rounds = rounds.where(Transfer.round_of.in_(numbers))
    found = session.execute(rounds.order_by(Transfer.id))
    return {earlier: later for earlier, later in found if earlier is not None}


def _counted(
    session: Session,
    of: InstrumentedAttribute[int],
    kind: InstrumentedAttribute[str] | ColumnElement[str],
    ids: Sequence[int],
) -> dict[int, Counter[str]]:
    """How many rows of each kind each of these transfers has, in one question."""
    counted: dict[int, Counter[str]] = {each: Counter() for each in ids}
    for transfer, name, count in session.execute(
        select(of, kind, func.count()).where(of.in_(ids)).group_by(of, kind)
    ):
        counted[transfer][name] = count
    return counted


def summary(session: Session, transfer: Transfer) -> Summary:
    states, waiting = transfers.count_states(session, transfer), later_rounds.waiting(session, transfer)
    totals = volume_rows.totals(session, transfer)
    return Summary(
        transfer=transfer,
        listed=sum(states.values()),
        acceptable=waiting.acceptable,
        faulty=waiting.held_back,
        taken_later=waiting.taken_later,
        accepted=states.get("accepted", 0) + states.get("stored", 0),
        held_already=volume_rows.held_already(session, transfer),
        returned=states.get("returned", 0),
        items=totals.items,
        files=totals.files,
        files_of_no_volume=volume_rows.files_of_no_volume(session, transfer),
        bytes=totals.bytes,
        by_severity=severities(session, transfer),
        scans=scans.scans_of(session, transfer),
        quarantine=scans.quarantine_of(session, transfer),
        corrected_by=corrected(session, [transfer.number]).get(transfer.number),
    )


def taking(session: Session, transfer: Transfer) -> Taking:
    """What is warned of a volume that a later round took is not counted: that is not taken."""
    later, told = later_rounds.volumes(session, transfer), aliased(FindingRow)
    found = (
        acceptable.volumes(transfer)
        .join(told, told.volume_id == TransferVolume.id)
        .where(told.severity == "warning")
        .execution_options(yield_per=ROWS_AT_ONCE)
    )
    warned = session.scalars(found.with_only_columns(TransferVolume.position).distinct())
    held = session.execute(
        found.where(told.rule == "list.already_held")
        .with_only_columns(TransferVolume.position, TransferVolume.title, told.value)
    )  # fmt: skip
    again = [Held(*row) for row in held if row.position not in later]
    return Taking(sum(place not in later for place in warned), len(again), again[:HELD_SHOWN])


def severities(session: Session, transfer: Transfer) -> dict[str, int]:
    grouped = (
        select(FindingRow.severity, func.count())
        .where(FindingRow.transfer_id == transfer.id)
        .group_by(FindingRow.severity)
    )
    counted = dict(session.execute(grouped).all())
    return {severity: counted.get(severity, 0) for severity in SEVERITIES}


def rules(session: Session, transfer: Transfer) -> list[Rule]:
    """The rules that found something, each with its first findings.

    Errors come first, and of them those of a whole list or transfer, from which others may follow.
    """
    of_part = func.max(case((or_(FindingRow.row.is_not(None), FindingRow.path.is_not(None)), 1), else_=0))
    grouped = (
        select(FindingRow.rule, FindingRow.severity, func.count())
        .where(FindingRow.transfer_id == transfer.id)
        .group_by(FindingRow.rule, FindingRow.severity)
        .order_by(BY_SEVERITY, of_part, func.count().desc(), FindingRow.rule)
    )
    return [
        Rule(rule, severity, count, findings(session, transfer, rule, severity, limit=FIRST))
        for rule, severity, count in session.execute(grouped)
    ]


def findings(
    session: Session,
    transfer: Transfer,
    rule: str,
    severity: str | None = None,
    *,
    after: int = 0,
    limit: int,
) -> Sequence[FindingRow]:
    wanted = select(FindingRow).where(FindingRow.transfer_id == transfer.id, FindingRow.rule == rule)
    if severity:
        wanted = wanted.where(FindingRow.severity == severity)
    return session.scalars(wanted.order_by(FindingRow.id).offset(after).limit(limit)).all()


def history(session: Session, transfer: Transfer) -> Sequence[TransferAct]:
    acts = select(TransferAct).where(TransferAct.transfer_id == transfer.id)
    return session.scalars(acts.order_by(TransferAct.id)).all()


def reasons(session: Session, transfer: Transfer, explain: Callable[[FindingRow], str]) -> str:
    """The errors of no volume in plain lines, to begin the reason with where all of it is returned."""
    errors = select(FindingRow).where(FindingRow.transfer_id == transfer.id, FindingRow.severity == "error")
    of_all = errors.where(FindingRow.volume_id.is_(None))
    found = session.scalars(of_all.order_by(FindingRow.id).limit(FIRST))
    return "\n".join(map(explain, found))
