"""A run that a store stopped names its transfer and how far it is; the next one says that it goes on."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from sqlalchemy.exc import OperationalError

from archive.site.site import Site
from ingest import transfers
from ingest.taking import accession, going_on, receiving
from ingest.taking.accession import Progress
from ingest.transfers.turns import alone
from tests.conftest import Installation
from tests.ingest.conftest import AGENCY, Call
from tests.ingest.test_bad_input import row, transfer

NEXT = "Transfer 2026-0001 is recorded, 1 of 3 volumes is stored. Mount its disk"
CUT_OFF = "No process holds it now: if none is looking through its folder, go on with"
GOING_ON = "Going on with transfer 2026-0001: 1 of 3 volumes was stored before."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    names = ("가.txt", "나.txt", "다.txt")
    return transfer(tmp_path / "t", *(row(f"A-{n}", name) for n, name in enumerate(names, 1)), files=names)


@pytest.fixture
def unplugged(place: Installation, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One of the two stores goes away, once, when the first volume was taken."""
    away, take = place.home / "stores" / "unplugged", accession.take
    pulled: list[bool] = []

    def until_it_is_pulled(*arguments: Any, **named: Any) -> Iterator[Progress]:
        for progress in take(*arguments, **named):
            if progress[0] == 1 and not pulled:
                pulled.append(True)
                (place.home / "stores" / "b").rename(away)
            yield progress

    monkeypatch.setattr(accession, "take", until_it_is_pulled)
    return away


def test_a_store_that_goes_away_in_the_middle_is_told_with_the_transfer_and_how_much_is_stored(
    receive: Call, call: Call, folder: Path, unplugged: Path
) -> None:
    stopped = receive(folder)
    assert (stopped.exit_code, stopped.told["error"]["code"]) == (4, "store.away")
    assert stopped.told["error"]["transfer"] == "2026-0001"
    assert stopped.told["error"]["volumes"] == {"listed": 3, "accepted": 1, "stored": 1}
    assert stopped.told["error"]["message"].startswith("Store b is not at ")
    assert stopped.told["error"]["next"].startswith(NEXT)
    accepted = call("transfer", "accept", "2026-0001", words=True)
    assert "Transfer 2026-0001 is recorded, 1 of 3 volumes is stored. " in accepted.errors


def test_a_database_that_goes_away_with_a_store_hides_not_what_went_away_first(
    receive: Call, folder: Path, unplugged: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = OperationalError("SELECT", {}, Exception("disk I/O error"))
    monkeypatch.setattr(going_on, "how_far", Mock(side_effect=gone))
    stopped = receive(folder)
    assert (stopped.exit_code, stopped.told["error"]["code"]) == (4, "store.away")
    assert stopped.told["error"]["message"].startswith("Store b is not at ")


def test_the_next_run_says_that_it_goes_on_and_only_one_with_nothing_to_do_that_it_came_before(
    receive: Call, call: Call, folder: Path, unplugged: Path
) -> None:
    receive(folder)
    unplugged.rename(unplugged.with_name("b"))
    again = receive(folder, words=True).out
    assert again.startswith(f"{GOING_ON}\nTransfer 2026-0001 is stored")
    assert "received before" not in again
    done = receive(folder)
    assert (done.told["going_on"], "received before" in receive(folder, words=True).out) == (None, True)


def test_what_only_waits_for_a_person_is_no_run_that_goes_on_until_it_is_to_be_taken(
    receive: Call, call: Call, folder: Path
) -> None:
    only_recorded = ("transfer", "receive", folder, "--agency", AGENCY)
    assert call(*only_recorded).told["going_on"] is None
    assert call(*only_recorded).told["going_on"] is None
    assert receive(folder).told["going_on"] == {"listed": 3, "accepted": 0, "stored": 0}


def test_what_waits_because_of_errors_is_told_as_received_before(receive: Call, tmp_path: Path) -> None:
    folder = transfer(tmp_path / "t", row("A-1", "가.txt"), row("A-2", "없음.txt"), files=("가.txt",))
    receive(folder)
    again = receive(folder)
    assert (again.told["going_on"], again.told["received_before"] is None) == (None, False)


def test_a_transfer_whose_run_was_cut_off_says_how_to_go_on_unless_somebody_is_at_it(
    receive: Call, call: Call, folder: Path, unplugged: Path, site: Site
) -> None:
    receive(folder)
    said = call("transfer", "show", "2026-0001", words=True).out
    assert "is checked" in said
    assert f"{CUT_OFF} the same command: seogo transfer receive {folder} --agency {AGENCY} …" in said
    with site.reading_session() as session:
        transfer = transfers.get(session, "2026-0001")
    with alone(site, AGENCY, transfer.shape):
        assert CUT_OFF not in call("transfer", "show", "2026-0001", words=True).out
    unplugged.rename(unplugged.with_name("b"))
    receive(folder)
    assert CUT_OFF not in call("transfer", "show", "2026-0001", words=True).out


def test_who_asks_for_json_takes_no_lock_to_see_whether_somebody_is_at_it(
    receive: Call, call: Call, folder: Path, unplugged: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    receive(folder)
    looked = Mock(wraps=alone)
    monkeypatch.setattr(going_on, "alone", looked)
    assert call("transfer", "show", "2026-0001").told["state"] == "checked"
    looked.assert_not_called()
    assert CUT_OFF in call("transfer", "show", "2026-0001", words=True).out
    looked.assert_called_once()


def test_a_run_that_looks_through_its_folder_is_not_told_as_cut_off(
    receive: Call, call: Call, folder: Path, unplugged: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    receive(folder)
    unplugged.rename(unplugged.with_name("b"))
    look, said = receiving.inspect, []

    def shown_meanwhile(*arguments: Any, **named: Any) -> Any:
        said.append(call("transfer", "show", "2026-0001", words=True).out)
        return look(*arguments, **named)

    monkeypatch.setattr(receiving, "inspect", shown_meanwhile)
    assert receive(folder).told["state"] == "stored"
    [meanwhile] = said
    assert CUT_OFF in meanwhile and "was cut off" not in meanwhile


def test_what_waits_for_a_person_was_not_cut_off(call: Call, folder: Path) -> None:
    call("transfer", "receive", folder, "--agency", AGENCY)
    said = call("transfer", "show", "2026-0001", words=True).out
    assert "To take what has no error" in said and CUT_OFF not in said


def test_what_a_worker_was_receiving_goes_on_with_a_worker(
    receive: Call, call: Call, folder: Path, unplugged: Path, site: Site
) -> None:
    receive(folder)
    with site.open_session.begin() as session:
        transfers.get(session, "2026-0001").received_by = "watched-folder"
    assert f"{CUT_OFF}: seogo work" in call("transfer", "show", "2026-0001", words=True).out
