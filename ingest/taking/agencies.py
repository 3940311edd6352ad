"""Enters agencies (기관) under their code with their names, and knows which are known.

A name may be entered anew at any time; each one is a record of the journal, and what was packed,
receipted or printed before keeps the name that it was given then.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from archive import holdings, ledger
from archive.errors import Conflict, WrongCall
from archive.holdings import Agency, Volume
from archive.site.site import Site
from ingest.agreements.versions import AgreementRow
from ingest.looking.inspection import Inspection
from ingest.looking.inventory import HELD
from ingest.transfers import FindingRow, Transfer, TransferVolume, acceptable
from metadata_schemas.description import Finding, Where

UNKNOWN = "agency.unknown"
LONGEST = 200
"""Signs of a name; it stands in every bag and letter."""


def enter(
    session: Session, code: str, *, name: str, name_en: str | None = None, by: str, now: datetime
) -> Agency:
    """Enter an agency or give it another name.  The same names again change nothing.

    WrongCall for what is no code or no name; Conflict while volumes are packed under the old name.
    """
    name = _name(name)
    english = _name(name_en, code="agency.name_en") if name_en and name_en.strip() else None
    agency = holdings.keep_agency(session, code)
    if agency.entered_at is not None and (agency.name, agency.name_en) == (name, english):
        return agency
    if agency.name != name and _is_half_packed(session, code):
        raise Conflict(
            f"Volumes of agency {code} are being packed under its name {agency.name}.",
            code="agency.packing",
            next="Let the same command that takes them in end, then enter the name.",
        )
    agency.name, agency.name_en, agency.entered_at = name, english, now
    facts = {"agency_code": code, "agency_name": name, "agency_name_en": english}
    ledger.record(session, act="agency.entered", about=f"agency/{code}", at=now, actor=by, facts=facts)
    return agency


def find(session: Session) -> Sequence[Agency]:
    return session.scalars(select(Agency).order_by(Agency.code)).all()


def check(site: Site, code: str) -> None:
    """WrongCall when nobody can have meant this code."""
    with site.reading_session() as session:
        holdings.check_agency_code(session, code)


def note(site: Site, inspection: Inspection, code: str) -> None:
    """Note that nobody knows the agency of what arrives."""
    with site.reading_session() as session:
        if is_known(session, code):
            return
    found = Finding(
        UNKNOWN, "warning", Where(), code, None,
        f"Agency {code} is not known: nobody entered it, and nothing of it was agreed on or taken before.  "
        f"If the code is right, the archive enters it with its name; if it is mistyped, what waits is "
        f"returned, what was taken stays under this code, and the folder is received under the right one.",
    )  # fmt: skip
    inspection.inventory.note(HELD, [(None, found)])


def is_known(session: Session, code: str) -> bool:
    """Whether it was entered, is the party of an agreement, holds a token, or has something in custody.

    What came from a code that nobody knew, and was not taken, does not make it known.
    """
    agency = holdings.find_agency(session, code)
    if agency is None or agency.entered_at is not None:
        return agency is not None
    warned = (
        select(FindingRow.id)
        .join(Transfer, Transfer.id == FindingRow.transfer_id)
        .where(Transfer.agency_code == code, FindingRow.rule == UNKNOWN)
    )
    ties = (
        select(AgreementRow.id).where(AgreementRow.agency_code == code),
        select(Volume.id).where(Volume.agency_code == code),
    )
    if session.scalar(warned.limit(1)) is None:
        return True
    return any(session.scalar(each.limit(1)) is not None for each in ties)


def _name(text: str, code: str = "agency.name") -> str:
    told = " ".join(text.split())
    if not told or len(told) > LONGEST or not told.isprintable():
        raise WrongCall(
            f"{text[:40]!r} is no name of an agency.", code=code,
            next=f"Give its name in one line of at most {LONGEST} signs, such as 서울특별시.",
        )  # fmt: skip
    return told


def _is_half_packed(session: Session, code: str) -> bool:
    """Whether the bytes of a volume were decided, with this name in them, and it is still to be taken.

    One that an error keeps back is not: when it is taken after all, other bytes get another reference.
    """
    decided = and_(TransferVolume.packed_at.is_not(None), TransferVolume.volume_id.is_(None))
    some = select(TransferVolume.transfer_id).where(decided, TransferVolume.state == "waiting")
    mine = select(Transfer).where(Transfer.agency_code == code, Transfer.id.in_(some))
    return any(
        session.scalar(acceptable.volumes(each).where(decided).limit(1)) is not None
        for each in session.scalars(mine)
    )
