"""A link that somebody put into a store keeps that store away, and nothing else."""

from pathlib import Path

import pytest

from archive.errors import Conflict
from ingest.taking import accession, planning
from tests.conftest import Installation
from tests.ingest.conftest import AGENCY, Call, Said, _here
from tests.ingest.test_bad_input import row, transfer


@pytest.fixture
def stores(call: Call, place: Installation, tmp_path: Path) -> list[Path]:
    """Those of an installation that has taken in a transfer; there are two."""
    receive(call, tmp_path / "t", "A-1")
    return sorted((place.home / "stores").iterdir())


def receive(call: Call, folder: Path, number: str) -> Said:
    if not folder.exists():
        transfer(folder, row(number, f"{number}.txt"), files=(f"{number}.txt",))
    return call("transfer", "receive", folder, "--agency", AGENCY, "--accept", "--until", "stored")


def move_behind_a_link(folder: Path, to: Path) -> None:
    folder.rename(to)
    folder.symlink_to(to)


def test_a_store_with_its_packages_behind_a_link_is_away_and_no_number_is_spoilt(
    call: Call, stores: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    anew: list[object] = []
    monkeypatch.setattr(planning, "plan_anew", lambda *args: anew.append(args))
    move_behind_a_link(stores[0] / "packages", tmp_path / "elsewhere")
    said = receive(call, tmp_path / "u", "B-1")
    assert (said.exit_code, said.told["error"]["code"], anew) == (4, "store.link", [])
    assert "packages is a link" in said.told["error"]["message"]
    (stores[0] / "packages").unlink()
    (tmp_path / "elsewhere").rename(stores[0] / "packages")
    again = receive(call, tmp_path / "u", "B-1")
    assert again.told["state"] == "stored", again.told


def test_a_store_with_its_log_behind_a_link_is_away_and_the_other_is_sealed(
    call: Call, stores: list[Path], tmp_path: Path
) -> None:
    move_behind_a_link(stores[0] / "ledger", tmp_path / "elsewhere")
    made = transfer(tmp_path / "u", row("B-1", "나.txt"), files=("나.txt",))
    said = call("transfer", "receive", made, "--agency", AGENCY)
    assert (said.exit_code, said.told["state"]) == (4, "waiting"), said.told
    sealed = call("ledger", "seal")
    assert (sealed.exit_code, sealed.told["error"]["code"]) == (4, "ledger.store_away"), sealed.told
    linked, other = (int((each / "ledger" / "checkpoint").read_text().split()[1]) for each in stores)
    assert linked < other


def test_a_volume_is_not_given_numbers_without_end(
    call: Call, stores: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def taken(*_: object) -> None:
        raise Conflict("It is already there with other bytes.", code="store.taken")

    monkeypatch.setattr(accession, "_pack", taken)
    monkeypatch.setattr(accession, "working", _here)
    said = receive(call, tmp_path / "u", "B-1")
    assert (said.exit_code, said.told["error"]["code"]) == (3, "store.taken")
