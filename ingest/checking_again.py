"""Checking a transfer again, as a job: its files are read once more, which may take hours."""

from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy.orm import Session

from archive.site.site import Site
from archive.work import jobs
from ingest import checks, reading, readings, receiving, transfers
from ingest.belonging import About
from ingest.known import Held
from ingest.receiving import Say
from ingest.transfers import Transfer
from ingest.turns import alone

NAME = "check-transfer"


@jobs.job(NAME, lane="staff", timeout=timedelta(hours=24), attempts=3, memory=8 << 30)
def check_transfer(site: Site, number: str, by: str) -> Iterator[jobs.Progress]:
    """What the desk's button asks for.  Checking twice gives the same findings."""
    check(site, number, lambda _what, _done, _total: None, by=by)
    yield 1, 1


def check(site: Site, number: str, say: Say, *, by: str) -> None:
    """Check what is still waiting once more, from the folder as it is now."""
    with site.reading_session() as session:
        transfer = transfers.get(session, number)
    with alone(site, transfer.agency_code, transfer.shape):
        inspection = receiving.inspect_again(site, transfer)
        held = receiving.held_already(
            site, inspection, agency=transfer.agency_code, round_of=transfer.round_of
        )
        standing = reading.examine_whole(site, inspection, transfer.claimed)
        digests, found = reading.read_files(site.settings, inspection, receiving.checking(say))
        with site.open_session.begin() as session:
            transfer = transfers.get(session, number)
            told = _link(session, transfer, held)
            verdict = checks.check(inspection, [*told, *standing, *found])
            transfers.forget_findings(session, transfer)
            receiving.write_findings(session, transfer, verdict)
            readings.keep(session, transfer, inspection, digests)
            transfers.note(session, transfer, "checked", by=by, at=site.now())
            transfers.settle(session, transfer)


def _link(session: Session, transfer: Transfer, held: Held) -> list[About]:
    """Link what another round brought into custody; findings, but none of what this one brought itself."""
    states = {row.position: row.state for row in transfers.volumes_of(session, transfer)}
    again = {place: volume for place, volume in held.again.items() if states.get(place) == "waiting"}
    transfers.link_held(session, transfer, again)
    own = {place for place, state in states.items() if state == "stored" and place not in held.again}
    return [(place, each) for place, each in held.findings if place not in own]
