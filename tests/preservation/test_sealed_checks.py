"""A check of copies is itself sealed, and a store that cannot be sealed hides nothing of what was found."""

from sqlalchemy import select

from archive.ledger import LedgerEntry
from tests.preservation.held import Held


def unsealed(held: Held) -> list[str]:
    site = held.place.site()
    with site.reading_session() as session:
        entries = list(session.scalars(select(LedgerEntry.entry).where(LedgerEntry.position.is_(None))))
    site.engine.dispose()
    return entries


def test_a_check_is_sealed_when_it_ends(held: Held) -> None:
    code, told = held.ask("copy", "check")
    assert (code, told["altered"]) == (0, 0)
    assert unsealed(held) == []


def test_a_store_that_is_away_hides_nothing_of_a_check(held: Held) -> None:
    held.ask("copy", "check")
    away = held.home / "stores" / "b"
    away.rename(away.with_name("unplugged"))
    code, told = held.ask("copy", "check")
    away.with_name("unplugged").rename(away)
    assert (code, told["not_looked_at"] > 0) == (4, True)
    assert unsealed(held) == []
