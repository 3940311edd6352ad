"""A small archive's log for the tests: a database, stores, a key, and acts to seal."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from archive import ledger
from archive.database import Base, OpenSession, open_engine, open_session_maker
from archive.stores import Store, file_url, open_stores

NOW = datetime(2026, 7, 1, 9, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Log:
    open_session: OpenSession
    stores: tuple[Store, ...]
    signer: ledger.Signer

    def act(self, count: int, about: str = "V-1") -> None:
        with self.open_session.begin() as session:
            for number in range(count):
                ledger.record(
                    session, act="volume.accepted", about=f"{about}-{number}", at=NOW, actor="person:1",
                    facts={"title": f"대통령 지시사항 {number}", "pages": number},
                )  # fmt: skip

    def seal(self) -> ledger.Seal | None:
        return ledger.seal(self.open_session, self.stores, self.signer, NOW)

    def verify(self, store: int = 0) -> ledger.Verification:
        return ledger.verify(self.stores[store], self.signer.verifier)


def open_log(folder: Path, stores: tuple[Store, ...] | None = None) -> Log:
    """The same folder is the same log, also in another process."""
    folder.mkdir(exist_ok=True)
    if not (folder / "keys").exists():
        ledger.make_key_files(folder / "keys", "seogo.example/log")
    engine = open_engine(f"sqlite:///{folder}/seogo.db")
    models = (ledger.JournalRecord, ledger.LedgerEntry, ledger.Seal, ledger.LedgerNode)
    Base.metadata.create_all(engine, tables=[each.__table__ for each in models])
    if stores is None:
        stores = open_stores({name: file_url(folder / name) for name in ("a", "b")}, {})
        for store in stores:
            store.prepare()
    return Log(open_session_maker(engine), stores, ledger.open_signer(folder / "keys"))
