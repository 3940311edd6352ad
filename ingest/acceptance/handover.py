"""The handover record (인계인수서, NAK 15): what was taken into custody, by kind, and who signs for it."""

from collections.abc import Iterator

from sqlalchemy.orm import Session

from archive.errors import Refused
from archive.printing import Document, Facts, Heading, Paragraph
from archive.site import language
from ingest import overview
from ingest.acceptance import report
from ingest.acceptance.asked import Asked
from ingest.overview import Summary
from ingest.transfers import Transfer, volume_rows
from ingest.transfers.states import TAKEN

SIGNERS = ("sign.giver", "sign.taker", "sign.witness")


def document(session: Session, transfer: Transfer, asked: Asked) -> Document:
    """Refused as long as nothing of the transfer is in custody: there is nothing to sign for."""
    say, it = asked.say, overview.summary(session, transfer)
    waiting = it.acceptable + it.faulty + it.taken_later
    require_custody(it)
    facts = Facts([
        (say("sign.giver"), report.named_agency(session, transfer)),
        (say("sign.taker"), asked.archive),
        (say("handover.transfer"), f"{transfer.number} · {say('desk.round')} {transfer.round}"),
        (say("report.period"), report.period(session, transfer, asked)),
        *_apart(session, it, asked),
        (say("handover.left"), say("handover.left.text", back=it.returned, wait=waiting)),
    ])  # fmt: skip
    title = say("handover.h1")
    return Document(
        title=title,
        under=say("handover.text", agency=report.agency_name(session, transfer), archive=asked.archive),
        foot=f"{title} {transfer.number}",
        language=asked.tongue,
        made_at=asked.now,
        blocks=[
            Heading(say("report.transfer")), facts, Heading(say("handover.kinds")),
            report.kinds_table(session, transfer, asked, TAKEN), Paragraph(say("handover.sign")),
            Paragraph(language.day(asked.now, asked.tongue)),
            report.signatures(say, SIGNERS),
        ],
    )  # fmt: skip


def _apart(session: Session, it: Summary, asked: Asked) -> Iterator[tuple[str, str]]:
    """What this transfer brought and what was taken before it, where the record counts both."""
    if it.held_already:
        took = ", ".join(volume_rows.taken_earlier(session, it.transfer))
        numbers = {"n": f"{it.brought:,}", "held": f"{it.held_already:,}", "no": took}
        yield asked.say("handover.taken"), asked.say("handover.taken.text", **numbers)


def require_custody(it: Summary) -> None:
    if not it.accepted:
        raise Refused(
            f"Nothing of transfer {it.transfer.number} is in custody yet.", code="handover.nothing",
            next=f"Accept it first: seogo transfer accept {it.transfer.number}",
        )  # fmt: skip
