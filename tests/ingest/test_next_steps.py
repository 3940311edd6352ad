"""After each command the terminal tells the next one, and none that would change nothing."""

from pathlib import Path

import pytest

from ingest import next_steps
from tests.ingest.conftest import AGENCY, Call
from tests.ingest.test_agreements import document
from tests.ingest.test_bad_input import row, transfer
from tests.preservation.scanner_double import Double

ACCEPT, RETURN, CORRECT = (
    "To take what has no error",
    "To send back what",
    "To receive what was corrected",
)


def one_of_two(folder: Path) -> Path:
    rows = (row("A-1", "가.txt"), row("A-2", "나.txt"))
    return transfer(folder, *rows, files=("가.txt",))


def steps(call: Call, *arguments: object) -> list[str]:
    out = call("transfer", *arguments, words=True).out
    return [each for each in (ACCEPT, RETURN, CORRECT) if each in out]


def test_accepting_is_proposed_only_while_something_can_be_taken(call: Call, tmp_path: Path) -> None:
    folder = one_of_two(tmp_path / "t")
    assert steps(call, "receive", folder, "--agency", AGENCY) == [ACCEPT, RETURN, CORRECT]
    assert steps(call, "accept", "2026-0001") == [RETURN, CORRECT]
    assert steps(call, "show", "2026-0001") == [RETURN, CORRECT]


def test_accepting_is_not_proposed_where_every_volume_has_an_error(call: Call, tmp_path: Path) -> None:
    folder = transfer(tmp_path / "t", row("A-1", "없음.txt"), files=("가.txt",))
    assert steps(call, "receive", folder, "--agency", AGENCY, "--accept") == [RETURN, CORRECT]
    assert steps(call, "accept", "2026-0001") == [RETURN, CORRECT]


def test_what_stays_good_after_a_first_acceptance_is_proposed_again(call: Call, tmp_path: Path) -> None:
    rows = (row("A-1", "가.txt"), row("A-2", "나.txt"))
    folder = transfer(tmp_path / "t", *rows, files=("가.txt", "나.txt"))
    call("transfer", "receive", folder, "--agency", AGENCY)
    assert ACCEPT in steps(call, "accept", "2026-0001", "--volume", 1)
    assert steps(call, "accept", "2026-0001") == []


def test_after_a_return_of_everything_the_next_round_is_the_next_step(call: Call, tmp_path: Path) -> None:
    folder = transfer(tmp_path / "t", row("A-1", "가.txt"), files=("가.txt",))
    call("transfer", "receive", folder, "--agency", AGENCY)
    assert steps(call, "return", "2026-0001", "--reason", "다시 스캔") == [CORRECT]
    assert "--round-of 2026-0001" in call("transfer", "show", "2026-0001", words=True).out


def test_only_volumes_with_errors_are_sent_back_and_a_new_round_names_its_agency(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [row(f"A-{place}", f"{place}.txt") for place in range(1, 5)]
    folder = transfer(tmp_path / "t", *rows, files=("1.txt", "3.txt"))
    out = call("transfer", "receive", folder, "--agency", AGENCY, words=True).out
    assert "keep back: seogo transfer return 2026-0001 --volume 2 --volume 4 --reason TEXT" in out
    assert f"seogo transfer receive DIR --agency {AGENCY} --round-of 2026-0001" in out
    assert call("transfer", "show", "2026-0001").told["kept_back"] == [2, 4]
    monkeypatch.setattr(next_steps, "MOST", 1)
    out = call("transfer", "show", "2026-0001", words=True).out
    assert "2 volumes, when the rest is taken: seogo transfer return 2026-0001 --reason TEXT" in out
    call("transfer", "return", "2026-0001", "--volume", 2, "--volume", 4, "--reason", "없음")
    assert steps(call, "show", "2026-0001") == [ACCEPT, CORRECT]
    call("transfer", "return", "2026-0001", "--volume", 1, "--reason", "없음")
    assert call("transfer", "show", "2026-0001").told["kept_back"] == []


def test_what_a_person_found_unfit_is_sent_back_by_its_place(call: Call, tmp_path: Path) -> None:
    rows = (row("A-1", "가.txt"), row("A-2", "나.txt"))
    folder = transfer(tmp_path / "t", *rows, files=("가.txt", "나.txt"))
    call("transfer", "receive", folder, "--agency", AGENCY)
    call("transfer", "judge", "2026-0001", "--volume", 2, "--verdict", "unfit", "--reason", "quality")
    assert "return 2026-0001 --volume 2 --reason" in call("transfer", "show", "2026-0001", words=True).out


def test_where_a_scanner_is_missing_too_only_what_the_agency_has_to_mend_is_sent_back(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEOGO_CLOCK", "2026-11-28T09:00:00+09:00")
    call("agreement", "add", document(tmp_path, 'id = "v"\nrule = "virus-scan"', begins="2026-11-28"))
    out = call("transfer", "receive", one_of_two(tmp_path / "t"), "--agency", AGENCY, words=True).out
    assert "agreement.virus" in out and ACCEPT not in out
    assert "return 2026-0001 --volume 2 --reason" in out


def test_what_was_corrected_names_the_round_that_did(call: Call, tmp_path: Path) -> None:
    folder = one_of_two(tmp_path / "t")
    call("transfer", "receive", folder, "--agency", AGENCY, "--accept")
    call("transfer", "return", "2026-0001", "--reason", "파일이 없음")
    transfer(folder, files=("나.txt",))
    call("transfer", "receive", folder, "--agency", AGENCY, "--accept", "--round-of", "2026-0001")
    out = call("transfer", "show", "2026-0001", words=True).out
    assert CORRECT not in out and "seogo transfer show 2026-0002" in out
    assert steps(call, "show", "2026-0002") == []


def test_where_only_a_scanner_is_missing_the_agency_has_nothing_to_correct(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEOGO_CLOCK", "2026-11-28T09:00:00+09:00")
    call("agreement", "add", document(tmp_path, 'id = "v"\nrule = "virus-scan"', begins="2026-11-28"))
    folder = transfer(tmp_path / "t", row("A-1", "가.txt"), files=("가.txt",))
    out = call("transfer", "receive", folder, "--agency", AGENCY, words=True).out
    assert "agreement.virus" in out
    assert "set SEOGO_SCANNER, then: seogo transfer check 2026-0001" in out
    assert RETURN not in out and CORRECT not in out
    assert steps(call, "return", "2026-0001", "--reason", "다시") == [CORRECT]
    assert "SEOGO_SCANNER, then" not in call("transfer", "show", "2026-0001", words=True).out


def test_where_only_signatures_are_old_the_agency_has_nothing_to_correct(
    call: Call, scanner: Double, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = transfer(tmp_path / "t", row("A-1", "가.txt"), files=("가.txt",))
    monkeypatch.setenv("SEOGO_CLOCK", "2027-01-28T09:00:00+09:00")
    out = call("transfer", "receive", folder, "--agency", AGENCY, words=True).out
    assert "virus.signatures_old" in out
    assert "bring in newer signatures, then: seogo transfer check 2027-0001" in out
    assert RETURN not in out and CORRECT not in out
    monkeypatch.setenv("SEOGO_CLOCK", "2026-11-28T09:00:00+09:00")
    assert steps(call, "check", "2027-0001") == [ACCEPT, RETURN]


def test_accepting_says_when_nothing_was_waiting(call: Call, tmp_path: Path) -> None:
    folder = transfer(tmp_path / "t", row("A-1", "가.txt"), files=("가.txt",))
    call("transfer", "receive", folder, "--agency", AGENCY)
    nothing = "Nothing of transfer 2026-0001 was waiting to be accepted."
    assert nothing not in call("transfer", "accept", "2026-0001", words=True).out
    again = call("transfer", "accept", "2026-0001", words=True)
    assert (again.exit_code, again.out.splitlines()[0]) == (0, nothing)
    assert call("transfer", "accept", "2026-0001").told["nothing_waited"] is True
