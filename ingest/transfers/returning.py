"""Sending back (반려) what an archivist does not take, with the reason."""

from collections.abc import Callable
from typing import TypeAlias

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive import ledger
from archive.errors import Conflict, WrongCall
from archive.site.language import amount
from archive.site.site import Site
from ingest.transfers import rows as transfers
from ingest.transfers import volume_rows
from ingest.transfers.rows import FindingRow, Transfer, TransferVolume
from ingest.transfers.states import TAKEN
from ingest.transfers.turns import alone

AT_A_TIME = 500
Explain: TypeAlias = Callable[[FindingRow], str]
"""The words for a finding, in the language of whoever returns."""

MOST = 20
"""Errors of one volume that its reason tells; the findings have all."""


def give_back(
    site: Site, number: str, *, by: str, reason: str, positions: set[int] | None = None,
    own: Explain | None = None,
) -> None:  # fmt: skip
    """Return (반려) what is waiting, all of it or the volumes at ``positions``, with the reason.

    Conflict, and nothing is returned, when one of these neither waits nor was returned before.
    With ``own`` each volume is told its own errors too, in those words, and the reason may be empty.
    """
    if not (own or reason.strip()):
        raise WrongCall("A return needs its reason.", next="Say what the agency has to correct.")
    with site.reading_session() as session:
        transfer = transfers.get(session, number)
    with alone(site, transfer.agency_code, transfer.shape):
        _give_back(site, number, by, reason.strip(), positions, own)


def _give_back(
    site: Site, number: str, by: str, reason: str, positions: set[int] | None, own: Explain | None
) -> None:
    with site.open_session.begin() as session:
        transfer = transfers.get(session, number)
        waiting = _waiting(session, transfer)
        if positions is not None:
            _refuse_others(session, transfer, positions.difference(waiting))
        chosen = [place for place in waiting if positions is None or place in positions]
        if not chosen and (waiting or positions or transfer.state not in ("waiting", "checked")):
            raise _nothing_to_return(number, positions)
        _return(session, transfer, chosen, reason, own)
        record(session, site, transfer, chosen, by=by, reason=reason)
        if waiting:
            transfers.settle(session, transfer)
        else:
            transfer.move("return")


def record(
    session: Session, site: Site, transfer: Transfer, places: list[int], *, by: str, reason: str
) -> None:
    """The act of the return, which the receipt of each volume at these places proves."""
    now, facts = site.now(), {"positions": places}
    ledger.record(session, act="transfer.returned", about=transfer.number, at=now, actor=by, facts=facts)
    transfers.note(session, transfer, "returned", by=by, at=now, detail=reason or None)


def _waiting(session: Session, transfer: Transfer) -> list[int]:
    return list(volume_rows.positions(session, transfer, "waiting"))


def _nothing_to_return(number: str, places: set[int] | None) -> Conflict:
    """What is said where nothing waits, or where only what was returned before is named."""
    if places is None:
        what = f"Nothing of transfer {number} is waiting to be returned."
    elif not places:
        what = f"Nothing of transfer {number} that waits has an error to be returned for."
    else:
        was = "was" if len(places) == 1 else "were"
        told = ", ".join(str(place + 1) for place in sorted(places)[:20])
        what = f"{amount(len(places), 'volume')} of transfer {number} {was} returned already: {told}."
    return Conflict(what, next=f"Look at it with: seogo transfer show {number}")


def _refuse_others(session: Session, transfer: Transfer, places: set[int]) -> None:
    """A volume that was named and is in custody, or is none, must not be passed over in silence."""
    if wrong := places.difference(volume_rows.positions(session, transfer, "returned") if places else ()):
        held = wrong.intersection(volume_rows.positions(session, transfer, *TAKEN))
        told = ", ".join(
            f"{place + 1} ({'in custody' if place in held else 'not in its list'})"
            for place in sorted(wrong)[:20]
        )
        raise Conflict(
            f"{amount(len(wrong), 'volume')} of transfer {transfer.number} cannot be returned: {told}.",
            next=f"Only what waits can; look at it with: seogo transfer show {transfer.number}",
        )


def _return(
    session: Session, transfer: Transfer, places: list[int], reason: str, own: Explain | None
) -> None:
    """The rows of some places at a time, so that a large transfer is never in memory whole."""
    for start in range(0, len(places), AT_A_TIME):
        some = TransferVolume.position.in_(places[start : start + AT_A_TIME])
        for row in session.scalars(
            select(TransferVolume).where(TransferVolume.transfer_id == transfer.id, some)
        ):
            told = own_errors(session, row, own) if own else []
            row.state, row.reason = "returned", "\n".join([*filter(None, [reason]), *told])
        session.flush()


def own_errors(session: Session, row: TransferVolume, explain: Explain) -> list[str]:
    """What a volume is told of its own errors when it is returned with them."""
    errors = select(FindingRow).where(FindingRow.volume_id == row.id, FindingRow.severity == "error")
    return [explain(each) for each in session.scalars(errors.order_by(FindingRow.id).limit(MOST))]
