"""Which volumes of a transfer may be taken: those that wait and have no error."""

from collections.abc import Collection, Iterable

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from archive.database import ROWS_AT_ONCE
from archive.errors import Conflict
from archive.site.language import amount
from ingest.looking.inventory import About
from ingest.transfers.rows import CONCERN_ALL, Transfer, TransferVolume, is_faulty
from ingest.transfers.states import TAKEN


def volumes(transfer: Transfer) -> Select[TransferVolume]:
    """The question for them, in the order of the list."""
    return (
        select(TransferVolume)
        .where(
            TransferVolume.transfer_id == transfer.id,
            TransferVolume.state == "waiting",
            ~is_faulty(transfer),
        )
        .order_by(TransferVolume.position)
    )


def count(session: Session, transfer: Transfer) -> int:
    return session.scalar(volumes(transfer).with_only_columns(func.count()).order_by(None)) or 0


def kept_back(found: Iterable[About], places: int) -> set[int]:
    """The same question before there are rows: of so many volumes the places that an error keeps back."""
    errors = {(place, each.rule) for place, each in found if each.severity == "error"}
    if any(place is None and rule.startswith(CONCERN_ALL) for place, rule in errors):
        return set(range(places))
    return {place for place, _ in errors if place is not None}


def among(session: Session, transfer: Transfer, positions: Collection[int], *, rest_waits: bool) -> list[int]:
    """Those of these places at which a volume may be taken; what a killed run took is passed over.

    Conflict when one neither may be taken nor was, unless ``rest_waits``.
    """
    mine = volumes(transfer).with_only_columns(TransferVolume.position)
    taken = select(TransferVolume.position).where(
        TransferVolume.transfer_id == transfer.id, TransferVolume.state.in_(TAKEN)
    )
    wanted = set(positions)
    may, were = (wanted.intersection(session.scalars(each.execution_options(yield_per=ROWS_AT_ONCE)))
                 for each in (mine, taken))  # fmt: skip
    if (wrong := wanted - may - were) and not rest_waits:
        raise Conflict(
            f"{amount(len(wrong), 'volume')} of transfer {transfer.number} cannot be accepted: "
            f"{_told(session, transfer, wrong)}.",
            next=f"Look at their findings with: seogo transfer show {transfer.number}",
        )
    return sorted(may)


def _told(session: Session, transfer: Transfer, wrong: set[int]) -> str:
    """As the list counts; a number that is not in it has no findings to look at."""
    some = sorted(wrong)[:20]
    in_list = select(TransferVolume.position).where(
        TransferVolume.transfer_id == transfer.id, TransferVolume.position.in_(some)
    )
    listed = set(session.scalars(in_list))
    return ", ".join(f"{place + 1}{'' if place in listed else ' (not in its list)'}" for place in some)
