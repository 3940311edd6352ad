"""Returning and checking wait their turn, and what was returned is not taken."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from archive.errors import Conflict
from archive.holdings import Volume
from archive.ledger import LedgerEntry
from archive.site.site import Site
from ingest import accession, checking_again, receiving, returning, transfers
from ingest.receiving import Asked
from ingest.transfers import TransferVolume
from preservation.packing import Plan
from tests.conftest import Installation
from tests.ingest.conftest import AGENCY, _here


@pytest.fixture
def site(place: Installation) -> Iterator[Site]:
    site = place.site()
    yield site
    site.engine.dispose()


def quiet(*_: object) -> None:
    pass


@pytest.fixture
def number(site: Site, sample: Path) -> str:
    return receiving.receive(site, Asked(folder=sample, agency=AGENCY), quiet)


def test_nothing_is_returned_or_checked_while_it_is_being_accepted(
    site: Site, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    met: list[str] = []

    def between(call: Any, plans: list[Plan], *, workers: int) -> Iterator[tuple[Plan, Any]]:
        for action in (
            lambda: returning.give_back(site, number, by="p-1", reason="틀림"),
            lambda: checking_again.check(site, number, quiet, by="p-1"),
        ):
            with pytest.raises(Conflict) as refused:
                action()
            met.append(refused.value.code)
        yield from _here(call, plans, workers=workers)

    monkeypatch.setattr(accession, "spread", between)
    list(receiving.accept(site, number, by="p-2"))
    assert met == ["busy", "busy"]
    with site.reading_session() as session:
        assert {row.state for row in session.scalars(select(TransferVolume))} == {"stored"}


def test_a_volume_that_was_returned_meanwhile_is_not_taken(
    site: Site, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def returned_meanwhile(call: Any, plans: list[Plan], *, workers: int) -> Iterator[tuple[Plan, Any]]:
        with site.open_session.begin() as session:
            for row in transfers.volumes_of(session, transfers.get(session, number)):
                row.state = "returned"
        yield from _here(call, plans, workers=workers)

    monkeypatch.setattr(accession, "spread", returned_meanwhile)
    list(receiving.accept(site, number, by="p-2"))
    with site.reading_session() as session:
        assert {row.state for row in session.scalars(select(TransferVolume))} == {"returned"}
        assert session.scalars(select(Volume)).all() == []


def test_what_the_desk_accepts_is_sealed(site: Site, number: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accession, "spread", _here)
    list(receiving.accept_transfer(site, number, "p-2"))
    with site.reading_session() as session:
        assert session.scalars(select(LedgerEntry).where(LedgerEntry.position.is_(None))).all() == []
        acts = session.scalars(select(LedgerEntry.entry)).all()
    assert any("volume.accepted" in act for act in acts)
