"""Agencies: a mistyped code is seen before anything is accepted, and an agency goes by its name."""

import json
from pathlib import Path
from typing import Any

import pymupdf
import pytest
from sqlalchemy import select, update

from archive.ledger import JournalRecord
from ingest.transfers import TransferVolume
from tests.conftest import Installation
from tests.ingest.conftest import Call
from tests.ingest.test_bad_input import row, transfer

CODE, NAME, ENGLISH = "1741000", "행정안전부", "Ministry of the Interior and Safety"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return transfer(tmp_path / "t", row("A-1", "가.txt"), files=("가.txt",))


def add(call: Call, *more: object) -> Any:
    return call("agency", "add", CODE, "--name", NAME, *more)


def unknown(told: dict[str, Any]) -> list[str]:
    return [each["severity"] for each in told["findings"] if each["rule"] == "agency.unknown"]


def take(call: Call, folder: Path, *more: object, code: str = CODE) -> Any:
    return call("transfer", "receive", folder, "--agency", code, "--until", "stored", *more)


@pytest.mark.parametrize("code", ["174100", "17410000", "a741000", "17-1000", "행정안전부", "../../etc"])
def test_a_code_that_no_agency_can_have_is_refused_and_says_why(call: Call, folder: Path, code: str) -> None:
    for more in ((), ("--dry-run",)):
        said = take(call, folder, *more, code=code)
        assert (said.exit_code, said.told["error"]["code"]) == (2, "agency.code")
        assert "seven places" in said.sentence and code in said.sentence
    assert call("transfer", "list").told["transfers"] == []
    assert call("agency", "token", "add", code).exit_code == 2
    assert call("agency", "list").told["agencies"] == []


def test_a_code_of_another_form_is_taken_once_it_was_entered(call: Call, folder: Path) -> None:
    assert take(call, folder, code="univ-1").exit_code == 2
    entered = call("agency", "add", "univ-1", "--name", "대학교")
    assert (entered.exit_code, entered.told["standard_code"]) == (0, False)
    in_words = call("agency", "add", "univ-1", "--name", "대학교", words=True).out
    assert "not of the form of the register" in in_words
    assert "register" not in call("agency", "add", CODE, "--name", NAME, words=True).out
    said = take(call, folder, code="univ-1")
    assert (said.exit_code, unknown(said.told)) == (0, [])


def test_the_first_transfer_of_an_agency_that_nobody_entered_warns_and_can_be_taken(
    call: Call, folder: Path, tmp_path: Path
) -> None:
    call("init")
    assert unknown(take(call, folder, "--dry-run").told) == ["warning"]
    said = take(call, folder, "--accept")
    assert (said.exit_code, unknown(said.told), said.told["volumes"]["stored"]) == (0, ["warning"], 1)
    [found] = [each for each in said.told["findings"] if each["rule"] == "agency.unknown"]
    assert found["value"] == CODE and "mistyped" in found["message"]
    assert "what was taken stays under this code" in found["message"]
    assert "should be accepted" not in found["message"], "it was accepted with this warning"
    other = transfer(tmp_path / "other", row("B-1", "나.txt"), files=("나.txt",))
    assert unknown(take(call, other).told) == []


def test_an_agency_that_was_entered_or_has_a_token_or_an_agreement_is_known(
    call: Call, folder: Path, tmp_path: Path
) -> None:
    add(call)
    assert unknown(take(call, folder, "--dry-run").told) == []
    call("agency", "token", "add", "3000000")
    assert unknown(take(call, folder, "--dry-run", code="3000000").told) == []
    assert unknown(take(call, folder, "--dry-run", code="3000001").told) == ["warning"]


def test_checking_again_keeps_the_warning_until_the_agency_is_entered(call: Call, folder: Path) -> None:
    number = take(call, folder).told["transfer"]
    assert unknown(call("transfer", "check", number).told) == ["warning"]
    add(call)
    assert unknown(call("transfer", "check", number).told) == []


def test_a_code_whose_first_transfer_was_returned_is_warned_of_again(
    call: Call, folder: Path, tmp_path: Path
) -> None:
    number = take(call, folder).told["transfer"]
    call("transfer", "return", number, "--reason", "기관코드가 다름")
    assert unknown(take(call, folder, "--dry-run").told) == ["warning"]


def test_a_volume_that_an_error_keeps_back_keeps_no_name_from_being_entered(call: Call, folder: Path) -> None:
    (folder / "manifest-sha256.txt").write_text(f"{'0' * 64}  가.txt\n")
    told = take(call, folder, "--accept").told
    assert (told["volumes"]["held_back"], told["volumes"]["stored"]) == (1, 0)
    assert add(call).exit_code == 0


def test_each_name_is_in_the_journal_and_the_same_again_changes_nothing(
    call: Call, place: Installation
) -> None:
    first = add(call, "--name-en", ENGLISH).told
    assert (first["name"], first["name_en"]) == (NAME, ENGLISH)
    assert add(call, "--name-en", ENGLISH).told == first
    call("agency", "add", CODE, "--name", "안전행정부")
    with place.site().reading_session() as session:
        told = [json.loads(each) for each in session.scalars(select(JournalRecord.record))]
    entered = [each["facts"]["agency_name"] for each in told if each["act"] == "agency.entered"]
    assert entered == [NAME, "안전행정부"]
    [listed] = call("agency", "list").told["agencies"]
    assert (listed["agency"], listed["name"], listed["name_en"]) == (CODE, "안전행정부", None)
    assert call("ledger", "verify").told["holds"]


@pytest.mark.parametrize("name", ["", "  ", "가\x07나", "가" * 201])
def test_what_is_no_name_is_refused(call: Call, name: str) -> None:
    said = call("agency", "add", CODE, "--name", name)
    assert (said.exit_code, said.told["error"]["code"]) == (2, "agency.name")
    assert add(call).exit_code == 0


def test_an_agency_goes_by_its_name_in_lists_bags_reports_and_the_notice(
    call: Call, place: Installation, folder: Path, tmp_path: Path
) -> None:
    add(call)
    told = take(call, folder, "--accept").told
    number = told["transfer"]
    assert call("transfer", "list").told["transfers"][0]["agency_name"] == NAME
    assert NAME in call("transfer", "list", words=True).out
    [bag] = (place.home / "stores").glob(f"a/packages/{told['references'][0]}/v1/bag-info.txt")
    assert NAME in bag.read_text("utf-8")
    call("transfer", "report", number, "--pdf", tmp_path / "r.pdf")
    call("transfer", "handover", number, "--pdf", tmp_path / "h.pdf")
    noticed = call("transfer", "complete", number, "--notice", tmp_path / "n.pdf").told
    assert noticed["agency"] == {"code": CODE, "name": NAME}
    for paper in ("r", "h", "n"):
        text = "".join(page.get_text() for page in pymupdf.open(tmp_path / f"{paper}.pdf"))
        assert f"{NAME} ({CODE})" in " ".join(text.split()), paper


def test_a_name_is_not_changed_while_volumes_are_packed_under_it(
    call: Call, place: Installation, folder: Path
) -> None:
    """Packing goes on after a kill with the same bytes, and the name is in them."""
    add(call)
    take(call, folder)
    site = place.site()
    with site.open_session.begin() as session:
        session.execute(update(TransferVolume).values(packed_at=site.now()))
    said = call("agency", "add", CODE, "--name", "안전행정부")
    assert (said.exit_code, call("agency", "list").told["agencies"][0]["name"]) == (3, NAME)
    assert take(call, folder, "--accept").exit_code == 0
    assert call("agency", "add", CODE, "--name", "안전행정부").exit_code == 0


def test_the_sender_of_an_agency_has_a_code_that_an_agency_can_have(call: Call) -> None:
    given = ("user", "add", "kim", "--role", "sender", "--password", "-", "--agency")
    assert call(*given, "174100").told["error"]["code"] == "agency.code"
    assert call(*given, CODE).exit_code == 0
