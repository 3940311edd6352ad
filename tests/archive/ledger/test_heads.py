"""A log that this database did not seal is told, whatever else of the store can be read."""

from pathlib import Path
from typing import Any, BinaryIO, cast

import pytest
from sqlalchemy import delete

from archive.errors import ArchiveError, Denied, Missing, Unavailable
from archive.ledger import AnotherLog, Seal, compare
from archive.ledger.log_store import KEPT, LEDGER
from archive.stores import Store
from tests.archive.ledger.logs import Log, open_log


class Failing:
    """A store of which one part cannot be read."""

    def __init__(self, store: Store, prefix: str, error: ArchiveError) -> None:
        self.store, self.prefix, self.error = store, prefix, error

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    def open(self, key: str) -> BinaryIO:
        if key.startswith(self.prefix):
            raise self.error
        return self.store.open(key)


@pytest.fixture
def older(tmp_path: Path) -> Log:
    """A database that was put back: of the second seal, which is in the stores, it knows nothing."""
    log = open_log(tmp_path / "home")
    for _ in range(2):
        log.act(3)
        log.seal()
    with log.open_session.begin() as session:
        session.execute(delete(Seal).where(Seal.size == 6))
    return log


def failing(log: Log, prefix: str, error: ArchiveError) -> Store:
    return cast(Store, Failing(log.stores[0], prefix, error))


ERRORS = (Unavailable("Store a is away."), Denied("Store a says no."), Missing("It is not there."))


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_a_log_that_differs_is_told_where_a_kept_checkpoint_cannot_be_read(
    older: Log, error: ArchiveError
) -> None:
    with pytest.raises(AnotherLog, match="it is an older one"):
        compare(older.open_session, older.stores)
    with pytest.raises(AnotherLog, match="is not one that this database sealed: its own has 3"):
        compare(older.open_session, [failing(older, LEDGER + KEPT, error)])


@pytest.mark.parametrize("error", ERRORS[:2], ids=lambda error: type(error).__name__)
def test_of_a_store_whose_head_cannot_be_read_nothing_is_known(older: Log, error: ArchiveError) -> None:
    store = failing(older, LEDGER, error)
    assert compare(older.open_session, [store]) == {"a": error}
