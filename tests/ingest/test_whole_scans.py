"""An agreement may refuse what cannot be scanned whole: it does so whatever the policy of the archive."""

from pathlib import Path
from typing import Any

import pytest

from ingest.taking import accession
from tests.conftest import Installation
from tests.ingest.conftest import AGENCY, Call, Said, killed_at
from tests.ingest.test_agreements import cited, document
from tests.ingest.test_bad_input import row, stored, transfer
from tests.ingest.test_malware import every_byte, tell_later
from tests.preservation.archive_files.making import encrypted
from tests.preservation.scanner_double import Double

TODAY = "2026-11-28"
PLAIN = 'id = "v"\nrule = "virus-scan"'
WHOLE = f"{PLAIN}\nwhole = true"
WARNS = f'{WHOLE}\nseverity = "warning"'
ENCRYPTED = ("virus.encrypted", "agreement.encrypted")


@pytest.fixture
def folder(tmp_path: Path, scanner: Double) -> Path:
    """Two volumes: one of them is encrypted."""
    made = transfer(tmp_path / "t", row("A-1", "가.txt"), row("A-2", "나.zip"), files=("가.txt",))
    (made / "나.zip").write_bytes(encrypted())
    return made


@pytest.fixture
def accepts(monkeypatch: pytest.MonkeyPatch, scanner: Double) -> None:
    monkeypatch.setenv("SEOGO_SCANNER_UNSCANNABLE", "accept")


@pytest.fixture(params=["accept", "hold"])
def policy(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, scanner: Double) -> str:
    """What the archive says of what is not scanned whole."""
    monkeypatch.setenv("SEOGO_SCANNER_UNSCANNABLE", request.param)
    return str(request.param)


def agree(call: Call, folder: Path, *clauses: str, version: int = 1) -> None:
    said = call("agreement", "add", document(folder, *clauses, version=version, begins=TODAY))
    assert said.exit_code == 0, said.errors


def told(said: Said, *rules: str) -> list[dict[str, Any]]:
    return [each for each in said.told["findings"] if each["rule"] in (rules or ENCRYPTED)]


@pytest.mark.flow
def test_what_is_encrypted_is_refused_whatever_the_archive_says_and_the_clause_is_cited(
    call: Call, receive: Call, folder: Path, place: Installation, tmp_path: Path, policy: str
) -> None:
    agree(call, tmp_path, WHOLE)
    dry, said = receive(folder, "--dry-run"), receive(folder)
    assert (said.exit_code, said.told["volumes"]["accepted"]) == (3, 1)
    [found] = told(said)
    assert told(dry) == [found]
    assert (found["rule"], found["severity"]) == ("agreement.encrypted", "error")
    assert (found["where"]["path"], found["value"]) == ("나.zip", "Heuristics.Encrypted.Zip")
    assert found["expected"] == f"each file scanned whole {cited('v')}"
    assert f"agreement {AGENCY}, version 1, clause v" in found["message"]
    assert "policy" not in found["message"] and "elease" not in found["message"]
    assert said.told["scans"][0]["not_whole"] == 1
    assert encrypted() not in every_byte(place)


def test_without_the_option_the_archive_decides_as_before(
    call: Call, receive: Call, folder: Path, tmp_path: Path, accepts: None
) -> None:
    agree(call, tmp_path, f"{PLAIN}\nwhole = false")
    said = receive(folder)
    assert (said.exit_code, said.told["volumes"]["accepted"]) == (0, 2)
    assert [(each["rule"], each["severity"], each["expected"]) for each in told(said)] == [
        ("virus.encrypted", "warning", None)
    ]


def test_a_file_in_pieces_is_refused_too(
    call: Call, receive: Call, folder: Path, tmp_path: Path, accepts: None
) -> None:
    agree(call, tmp_path, WHOLE)
    (folder / "나.zip").write_bytes(b"a letter " * ((5 << 20) // 9))
    [found] = told(receive(folder), "virus.not_scanned_whole", "agreement.not_scanned_whole")
    assert (found["rule"], found["severity"]) == ("agreement.not_scanned_whole", "error")
    assert "in 2 pieces" in found["message"] and found["expected"].endswith(cited("v"))


def test_what_an_agreement_told_of_a_file_is_not_told_once_more_of_its_stored_copy(
    call: Call, receive: Call, folder: Path, place: Installation, tmp_path: Path, accepts: None
) -> None:
    agree(call, tmp_path, WARNS)
    (folder / "가.txt").write_bytes(b"a letter " * ((5 << 20) // 9))
    number = receive(folder).told["transfer"]
    tell_later(place.site())
    found = told(call("transfer", "show", number), "virus.not_scanned_whole", "agreement.not_scanned_whole")
    assert [(each["rule"], each["where"]["path"]) for each in found] == [
        ("agreement.not_scanned_whole", "가.txt"), ("virus.not_scanned_whole", "나.zip"),
    ]  # fmt: skip


def test_a_clause_that_warns_never_makes_lighter_what_the_archive_says(
    call: Call, receive: Call, folder: Path, place: Installation, tmp_path: Path, policy: str
) -> None:
    agree(call, tmp_path, WARNS)
    said = receive(folder)
    [found] = told(said)
    if policy == "hold":
        assert (found["rule"], found["severity"], found["expected"]) == ("virus.encrypted", "error", None)
        return
    assert (found["rule"], found["severity"]) == ("agreement.encrypted", "warning")
    assert found["expected"].endswith(cited("v"))
    assert said.told["volumes"]["accepted"] == 2
    assert b"encrypted files that the scanner could not look into: 1" in every_byte(place)


def test_one_that_was_killed_is_judged_by_the_agreement_of_its_arrival(
    call: Call, receive: Call, folder: Path, tmp_path: Path, accepts: None
) -> None:
    agree(call, tmp_path, WHOLE)
    with killed_at(accession, "take"):
        receive(folder)
    agree(call, tmp_path, PLAIN, version=2)
    said = receive(folder)
    assert [each["rule"] for each in told(said)] == ["agreement.encrypted"]
    assert said.told["volumes"]["accepted"] == 1
    assert told(call("transfer", "check", "2026-0001")) == told(said)


def test_what_waited_for_another_reason_is_read_to_the_end_by_the_agreement(
    call: Call, receive: Call, tmp_path: Path, accepts: None
) -> None:
    agree(call, tmp_path, WHOLE)
    folder = transfer(tmp_path / "t", row("A-1", "나.zip", retention="백년"))
    (folder / "나.zip").write_bytes(encrypted())
    assert [each["rule"] for each in told(receive(folder))] == ["agreement.encrypted"]


def test_as_with_other_clauses_there_is_no_release(
    call: Call, receive: Call, folder: Path, tmp_path: Path
) -> None:
    agree(call, tmp_path, WHOLE)
    number = receive(folder).told["transfer"]
    assert call("transfer", "release", number).told["held"] == []
    assert call("scanner", "show").told["held"] == []
    asked = call("transfer", "release", number, "--file", "나.zip", "--reason", "the key came by letter")
    assert asked.exit_code == 3
    returned = call("transfer", "return", number, "--volume", 2, "--reason", "encrypted")
    assert returned.told["volumes"]["returned"] == 1


def test_a_release_from_before_the_agreement_lets_nothing_pass_that_it_refuses(
    call: Call, folder: Path, tmp_path: Path
) -> None:
    number = call("transfer", "receive", folder, "--agency", AGENCY).told["transfer"]
    for step in (("--reason", "the key came by letter"), ("--confirm",)):
        call("transfer", "release", number, "--file", "나.zip", *step)
    assert "virus.released" in call("transfer", "show", number).rules
    agree(call, tmp_path, WHOLE)
    assert [each["rule"] for each in told(call("transfer", "check", number))] == ["agreement.encrypted"]
    assert call("transfer", "accept", number).told["volumes"]["accepted"] == 1


def test_a_list_that_cannot_be_scanned_lets_nothing_in(
    call: Call, folder: Path, tmp_path: Path, scanner: Double, place: Installation, accepts: None
) -> None:
    agree(call, tmp_path, WHOLE)
    (folder / "나.zip").write_bytes(b"a letter")
    number = call("transfer", "receive", folder, "--agency", AGENCY).told["transfer"]
    scanner.answer = "stream: Heuristics.Encrypted.Doc FOUND"
    refused = call("transfer", "accept", number)
    assert (refused.exit_code, refused.told["error"]["code"]) == (3, "virus")
    assert "version 1, clause v" in refused.sentence
    assert stored(place) == []


# Tried on the past


def test_the_past_tells_what_would_have_been_refused_and_what_cannot_be_known(
    call: Call, receive: Call, folder: Path, tmp_path: Path, scanner: Double, accepts: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    def sent(name: str) -> Path:
        return transfer(tmp_path / name, row(f"{name}-1", f"{name}.txt"), files=(f"{name}.txt",))

    receive(folder)
    receive(sent("B"))
    with killed_at(accession, "take"):
        receive(sent("C"))
    monkeypatch.delenv("SEOGO_SCANNER")
    receive(sent("D"))
    file = document(tmp_path, WHOLE, begins=TODAY)
    said = call("agreement", "try", file)
    assert (said.exit_code, said.told["not_judged"]) == (3, [])
    tried = [(each["refused"], each["not_known"]) for each in said.told["transfers"]]
    assert tried == [([2], []), ([], []), ([], ["v"]), ("all", [])]
    first, *_, last = said.told["transfers"]
    [found] = first["findings"]
    assert (found["rule"], found["value"]) == ("agreement.encrypted", "Heuristics.Encrypted.Zip")
    assert found["expected"] == f"each file scanned whole {cited('v')}"
    assert [each["rule"] for each in last["findings"]] == ["agreement.virus"]
    assert "clause v: cannot be known" in call("agreement", "try", file, words=True).out
    unknown = ("agreement", "try", file, "--transfer", said.told["transfers"][2]["transfer"])
    words = call(*unknown, words=True).out
    assert call(*unknown).exit_code == 4 and "it cannot be told whether anything" in words
    assert "0 volumes" not in words
    plain = call("agreement", "try", document(tmp_path, PLAIN, begins=TODAY)).told["transfers"]
    assert [each["refused"] for each in plain] == [[], [], [], "all"]


def test_the_past_tells_what_was_released_too(
    call: Call, receive: Call, folder: Path, tmp_path: Path
) -> None:
    number = receive(folder).told["transfer"]
    for step in (("--reason", "the key came by letter"), ("--confirm",)):
        call("transfer", "release", number, "--file", "나.zip", *step)
    assert receive(folder).told["volumes"]["stored"] == 2
    [tried] = call("agreement", "try", document(tmp_path, WHOLE, begins=TODAY)).told["transfers"]
    assert (tried["refused"], tried["clauses"]) == ([2], {"v": 1})
