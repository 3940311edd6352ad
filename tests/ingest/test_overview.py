"""The lists of the desk ask as many questions for many rows as for one."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event, update
from sqlalchemy.orm import Session

from archive.holdings import Volume
from archive.site.site import Site
from ingest import overview
from ingest.acceptance import browsing
from ingest.acceptance.browsing import Wanted
from ingest.transfers import FindingRow, Transfer, TransferVolume
from tests.access.conftest import NOW

STATES = ("waiting", "accepted", "stored", "returned")


@contextmanager
def counting(site: Site) -> Iterator[list[str]]:
    sent: list[str] = []

    def note(*given: object) -> None:
        sent.append(str(given[2]))

    event.listen(site.engine, "before_cursor_execute", note)
    yield sent
    event.remove(site.engine, "before_cursor_execute", note)


def enter(session: Session, number: int, volumes: int) -> None:
    """A transfer whose volumes go round the states, with one error for each volume and one warning."""
    transfer = Transfer(
        number=f"2026-{number:04d}", agency_code="6110000", folder="/t", shape="0" * 64, state="waiting",
        received_at=NOW, received_by="p-1",
    )  # fmt: skip
    session.add(transfer)
    session.flush()
    session.add_all(
        TransferVolume(
            transfer_id=transfer.id, position=n, title=f"철 {n}", items=1, files=1, bytes=1,
            state=STATES[n % len(STATES)],
        )
        for n in range(volumes)
    )  # fmt: skip
    session.add_all(
        FindingRow(transfer_id=transfer.id, rule="list.title", severity=severity, message="-")
        for severity in ["error"] * volumes + ["warning"]
    )


def test_the_list_of_transfers_counts_all_of_them_at_once(site: Site) -> None:
    with site.open_session.begin() as session:
        for number, volumes in enumerate((0, 1, 6), start=1):
            enter(session, number, volumes)
    with counting(site) as few:
        lines_of(site, 1)
    with counting(site) as many:
        lines = lines_of(site, 50)
    assert [
        (line.transfer.number, line.listed, line.brought, line.returned, line.errors, line.warnings)
        for line in lines
    ] == [("2026-0003", 6, 3, 1, 6, 1), ("2026-0002", 1, 0, 0, 1, 1), ("2026-0001", 0, 0, 0, 0, 1)]
    assert len(many) == len(few)


def test_the_list_and_the_page_of_a_transfer_agree_on_what_it_brought(site: Site) -> None:
    with site.open_session.begin() as session:
        enter(session, 1, 7)
        session.add(Volume(id=1, reference="SG-000001", agency_code="6110000", title="철", accepted_at=NOW))
        session.flush()
        held = update(TransferVolume).where(TransferVolume.position == 1)
        session.execute(held.values(volume_id=1, reference=None))
        enter(session, 2, 0)
    [empty, line] = lines_of(site, 2)
    with site.reading_session() as session:
        page = overview.summary(session, session.get_one(Transfer, 1))
    assert (page.accepted, page.brought, page.held_already) == (4, 3, 1)
    assert (line.brought, line.held_already, line.files, line.bytes) == (3, 1, page.files, page.bytes)
    assert (empty.files, empty.bytes) == (0, 0)


def lines_of(site: Site, limit: int) -> list[overview.Line]:
    with site.reading_session() as session:
        return overview.lines(session, agency=None, state=None, after=0, limit=limit)[0]


def test_only_the_volumes_that_are_shown_are_read(site: Site) -> None:
    with site.open_session.begin() as session:
        enter(session, 1, 6)
    with site.reading_session() as session, counting(site) as sent:
        transfer = session.get_one(Transfer, 1)
        rows, total = browsing.lines(session, transfer, Wanted(), after=2, limit=3)
    assert [row.volume.position for row in rows] == [2, 3, 4]
    assert total == 6
    assert any("LIMIT" in question for question in sent)


def test_the_rounds_of_a_transfer_are_summed_up_without_asking_for_its_jobs(site: Site) -> None:
    with site.open_session.begin() as session:
        enter(session, 1, 3)
    with site.reading_session() as session, counting(site) as sent:
        overview.summary(session, session.get_one(Transfer, 1))
    assert sent and not any("FROM jobs" in question for question in sent)
