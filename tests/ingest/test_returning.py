"""Returning and checking wait their turn, and what was returned is not taken."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from archive.errors import Conflict
from archive.holdings import Volume
from archive.ledger import LedgerEntry
from archive.site.site import Site
from ingest import transfers
from ingest.taking import accession, checking_again, receiving
from ingest.taking.receiving import Asked
from ingest.transfers import TransferVolume, returning
from preservation.packing import Plan
from tests.ingest.conftest import AGENCY, Here


def quiet(*_: object) -> None:
    pass


@pytest.fixture
def number(site: Site, sample: Path) -> str:
    return receiving.receive(site, Asked(folder=sample, agency=AGENCY), quiet)


def packing(monkeypatch: pytest.MonkeyPatch, *, after: Callable[[], None] = quiet) -> None:
    """Pack in this process, after something else has happened to what was planned."""

    class Interrupted(Here):
        def spread(self, plans: Iterable[Plan]) -> Iterator[list[tuple[Plan, Any]]]:
            planned = list(plans)
            after()
            yield from super().spread(planned)

    monkeypatch.setattr(accession, "working", lambda call, **_: nullcontext(Interrupted(call)))


def test_checking_again_tells_how_many_files_it_has_read(site: Site, number: str) -> None:
    with site.reading_session() as session:
        files = transfers.get(session, number).files
    told = list(checking_again.check_transfer(site, number=number, by="p-1"))
    assert told == [(done, told[0][1]) for done in range(1, len(told) + 1)]
    assert 1 < len(told) == told[0][1] <= files


def test_nothing_is_returned_or_checked_while_it_is_being_accepted(
    site: Site, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    met: list[str] = []

    def between() -> None:
        for action in (
            lambda: returning.give_back(site, number, by="p-1", reason="틀림"),
            lambda: list(checking_again.check(site, number, by="p-1")),
        ):
            with pytest.raises(Conflict) as refused:
                action()
            met.append(refused.value.code)

    packing(monkeypatch, after=between)
    list(receiving.accept(site, number, by="p-2"))
    assert met == ["busy", "busy"]
    with site.reading_session() as session:
        assert {row.state for row in session.scalars(select(TransferVolume))} == {"stored"}


def test_a_volume_that_was_returned_meanwhile_is_not_taken(
    site: Site, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def returned_meanwhile() -> None:
        with site.open_session.begin() as session:
            for row in transfers.volumes_of(session, transfers.get(session, number)):
                row.state = "returned"

    packing(monkeypatch, after=returned_meanwhile)
    list(receiving.accept(site, number, by="p-2"))
    with site.reading_session() as session:
        assert {row.state for row in session.scalars(select(TransferVolume))} == {"returned"}
        assert session.scalars(select(Volume)).all() == []


def test_what_the_desk_accepts_is_sealed(site: Site, number: str, monkeypatch: pytest.MonkeyPatch) -> None:
    packing(monkeypatch)
    list(receiving.accept_transfer(site, number, "p-2"))
    with site.reading_session() as session:
        assert session.scalars(select(LedgerEntry).where(LedgerEntry.position.is_(None))).all() == []
        acts = session.scalars(select(LedgerEntry.entry)).all()
    assert any("volume.accepted" in act for act in acts)


def test_a_named_volume_that_cannot_be_returned_is_told_and_nothing_is_returned(
    site: Site, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def states() -> list[str]:
        with site.reading_session() as session:
            return [row.state for row in transfers.volumes_of(session, transfers.get(session, number))]

    packing(monkeypatch)
    list(receiving.accept(site, number, by="p-2", positions={0}))
    for places, why in (({0, 1}, r"1 \(in custody\)"), ({1, 99}, r"100 \(not in its list\)")):
        with pytest.raises(Conflict, match=f"1 volume of transfer {number} cannot be returned: {why}"):
            returning.give_back(site, number, by="p-1", reason="틀림", positions=places)
        assert states() == ["stored", "waiting", "waiting"]
    returning.give_back(site, number, by="p-1", reason="틀림", positions={1})
    with pytest.raises(Conflict, match=f"1 volume of transfer {number} was returned already: 2"):
        returning.give_back(site, number, by="p-1", reason="틀림", positions={1})
    with pytest.raises(Conflict, match="that waits has an error"):
        returning.give_back(site, number, by="p-1", reason="틀림", positions=set())
    returning.give_back(site, number, by="p-1", reason="틀림", positions={1, 2})
    assert states() == ["stored", "returned", "returned"]
    with pytest.raises(Conflict, match=r"2 volumes of transfer .* were returned already: 2, 3"):
        returning.give_back(site, number, by="p-1", reason="틀림", positions={1, 2})
    with pytest.raises(Conflict, match="Nothing of transfer"):
        returning.give_back(site, number, by="p-1", reason="틀림")
