"""What an earlier transfer brought is not taken in twice unnoticed, by whatever way it comes again."""

from pathlib import Path
from typing import Any

import pytest

from archive.database import Base
from ingest import transfers
from ingest.taking import received_before
from tests.conftest import Installation
from tests.ingest.conftest import AGENCY, Call, Said
from tests.ingest.test_bad_input import assert_is_a_sentence, row, transfer

CODE = "transfer.received_before"
MISTYPED = "6110001"
"""One digit beside that of the agency of these tests."""


def two_of_three(folder: Path) -> Path:
    """The file of the third volume did not come."""
    rows = (row("A-1", "가.txt"), row("A-2", "나.txt"), row("A-3", "다.txt"))
    return transfer(folder, *rows, files=("가.txt", "나.txt"))


def numbers(call: Call) -> list[str]:
    return [each["sender_id"] for each in call("volume", "list").told["volumes"]]


def count(call: Call) -> int:
    return len(call("transfer", "list").told["transfers"])


def refused(said: Said, number: str) -> str:
    assert (said.exit_code, said.told["error"]["code"]) == (3, CODE), said.out
    assert_is_a_sentence(said.sentence)
    assert f"--round-of {number}" in said.sentence
    return str(said.told["error"]["message"])


def mended_in_place(receive: Call, tmp_path: Path) -> tuple[Path, str]:
    """A folder that was received with a file missing and has it now, and its transfer."""
    folder = two_of_three(tmp_path / "t")
    first = receive(folder).told["transfer"]
    transfer(folder, files=("다.txt",))
    return folder, str(first)


def test_a_folder_that_was_mended_in_place_is_refused_until_it_says_what_it_corrects(
    receive: Call, call: Call, tmp_path: Path
) -> None:
    folder, first = mended_in_place(receive, tmp_path)
    for more in ((), ("--dry-run",)):
        fact = refused(receive(folder, *more), first)
        assert fact.startswith("3 of the 3 volumes") and f"transfer {first} of " in fact
        assert "A-1 has the very same files" in fact
    assert (numbers(call), count(call)) == (["A-1", "A-2"], 1)
    again = receive(folder, "--round-of", first)
    assert (again.exit_code, again.told["round"]) == (0, 2)
    assert numbers(call) == ["A-1", "A-2", "A-3"]


def test_it_is_refused_too_while_the_first_waits_or_was_returned(call: Call, tmp_path: Path) -> None:
    folder = two_of_three(tmp_path / "t")
    first = call("transfer", "receive", folder, "--agency", AGENCY).told["transfer"]
    transfer(folder, files=("다.txt",))
    refused(call("transfer", "receive", folder, "--agency", AGENCY), first)
    call("transfer", "return", first, "--reason", "파일이 없음")
    refused(call("transfer", "receive", folder, "--agency", AGENCY, "--accept"), first)
    assert (numbers(call), count(call)) == ([], 1)


def test_one_volume_with_the_very_same_files_is_enough(receive: Call, call: Call, tmp_path: Path) -> None:
    first = receive(transfer(tmp_path / "t", row("A-1", "가.txt"), files=("가.txt",))).told["transfer"]
    rows = (row("B-1", "나.txt"), row("B-2", "다.txt"), row("B-3", "라.txt"), row("A-1", "가.txt"))
    files = ("가.txt", "나.txt", "다.txt", "라.txt")
    fact = refused(receive(transfer(tmp_path / "u", *rows, files=files)), first)
    assert fact.startswith("1 of the 4 volumes") and "A-1 has the very same files" in fact
    assert numbers(call) == ["A-1"]


def test_without_a_list_the_title_and_the_files_tell(receive: Call, call: Call, tmp_path: Path) -> None:
    first = receive(transfer(tmp_path / "앨범", files=("가.txt",)), "--without-list")
    (tmp_path / "b").mkdir()
    same = transfer(tmp_path / "b" / "앨범", files=("가.txt",))
    (same / "가.txt").rename(same / "새 이름.txt")
    refused(receive(same, "--without-list"), first.told["transfer"])
    (same / "새 이름.txt").write_text("다음 달의 사진\n")
    assert receive(same, "--without-list").exit_code == 0
    assert len(call("volume", "list").told["volumes"]) == 2


def test_numbers_and_titles_of_half_of_the_volumes_are_enough(receive: Call, tmp_path: Path) -> None:
    rows = (row("A-1", "가.txt"), row("A-2", "나.txt"))
    first = receive(transfer(tmp_path / "t", *rows, files=("가.txt", "나.txt"))).told["transfer"]
    half = transfer(tmp_path / "half", row("A-1", "새.txt"), row("B-1", "다.txt"), files=("새.txt", "다.txt"))
    assert "by number and title" in refused(receive(half), first)
    less = transfer(
        tmp_path / "less", row("A-1", "새.txt"), row("B-1", "다.txt"), row("B-2", "라.txt"),
        files=("새.txt", "다.txt", "라.txt"),
    )  # fmt: skip
    said = receive(less)
    assert (said.exit_code, said.told["volumes"]["stored"]) == (0, 3)
    held = [each["severity"] for each in said.told["findings"] if each["rule"] == "list.already_held"]
    assert held == ["warning"]


def test_a_path_and_the_numbers_may_be_used_again_for_other_records(
    receive: Call, call: Call, tmp_path: Path
) -> None:
    folder = transfer(tmp_path / "e", row("1", "가.txt"), row("2", "나.txt"), files=("가.txt", "나.txt"))
    assert receive(folder).exit_code == 0
    rows = [each.replace("제목", "다음 달") for each in (row("1", "가.txt"), row("2", "나.txt"))]
    transfer(folder, *rows)
    for name in ("가.txt", "나.txt"):
        (folder / name).write_text(f"다음 달의 {name}\n")
    assert receive(folder).exit_code == 0
    assert (numbers(call), count(call)) == (["1", "2", "1", "2"], 2)


def under(call: Call, code: str, folder: Path, *more: object) -> Said:
    return call("transfer", "receive", folder, "--agency", code, "--until", "stored", *more)


def told_of(said: Said, number: str) -> str:
    """The sentence that refuses what came from another agency."""
    assert (said.exit_code, said.told["error"]["code"]) == (3, CODE), said.out
    assert_is_a_sentence(said.sentence)
    assert f"transfer {number} of " in said.sentence and f"give --agency {MISTYPED}." in said.sentence
    assert "--another-transfer" in said.sentence and "--round-of" not in said.sentence
    return said.sentence


def test_another_agency_may_send_the_same_under_another_list(
    receive: Call, call: Call, tmp_path: Path
) -> None:
    folder = transfer(tmp_path / "t", row("A-1", "가.txt"), files=("가.txt",))
    receive(folder)
    assert under(call, MISTYPED, folder).exit_code == 3
    (folder / "기록물철목록.csv").write_bytes((folder / "기록물철목록.csv").read_bytes() + b"\n")
    assert under(call, MISTYPED, folder, "--accept").exit_code == 0


def test_a_folder_that_was_stored_under_a_mistyped_code_is_not_taken_under_the_right_one_unnoticed(
    call: Call, receive: Call, tmp_path: Path
) -> None:
    folder = two_of_three(tmp_path / "t")
    number = under(call, MISTYPED, folder, "--accept").told["transfer"]
    for more in ((), ("--dry-run",)):
        sentence = told_of(receive(folder, *more), number)
        assert f"custody under {MISTYPED} stays there" in sentence and "transfer return" not in sentence
    call("transfer", "return", number, "--reason", "기관코드가 다름")
    told_of(receive(folder.rename(tmp_path / "moved")), number)
    assert (numbers(call), count(call)) == (["A-1", "A-2"], 1)
    # Under the code that it had it is the same transfer still.
    assert under(call, MISTYPED, tmp_path / "moved").told["transfer"] == number
    second = receive(tmp_path / "moved", "--another-transfer")
    assert (second.told["transfer"] != number, second.told["volumes"]["stored"]) == (True, 2)
    assert receive(tmp_path / "moved").told["transfer"] == second.told["transfer"]


def test_what_only_waits_under_a_mistyped_code_is_returned_and_then_in_nobodys_way(
    call: Call, receive: Call, tmp_path: Path
) -> None:
    folder = two_of_three(tmp_path / "t")
    number = under(call, MISTYPED, folder).told["transfer"]
    assert f"seogo transfer return {number} --reason" in told_of(receive(folder), number)
    assert call("transfer", "return", number, "--reason", "기관코드가 다름").exit_code == 0
    told = receive(folder).told
    assert (told["round"], told["volumes"]["stored"], numbers(call)) == (1, 2, ["A-1", "A-2"])


def test_a_round_under_the_right_code_is_held_against_other_agencies_too(
    call: Call, receive: Call, tmp_path: Path
) -> None:
    folder, first = mended_in_place(receive, tmp_path)
    number = under(call, MISTYPED, folder).told["transfer"]
    told_of(receive(folder, "--round-of", first), number)
    again = receive(folder, "--round-of", first, "--another-transfer")
    assert (again.told["round"], numbers(call)) == (2, ["A-1", "A-2", "A-3"])


def test_what_is_said_to_be_another_transfer_is_taken_with_a_warning_and_on_record(
    receive: Call, call: Call, tmp_path: Path
) -> None:
    folder = two_of_three(tmp_path / "t")
    first = receive(folder).told
    transfer(folder, files=("다.txt",))
    second = receive(folder, "--another-transfer")
    assert (second.exit_code, second.told["round"], second.told["volumes"]["stored"]) == (0, 1, 3)
    told = [each for each in second.told["findings"] if each["rule"] == "list.already_held"]
    assert [(each["severity"], each["value"]) for each in told] == [
        ("warning", reference) for reference in first["references"]
    ]
    assert all("with the same files" in each["message"] for each in told)
    shown = call("transfer", "show", second.told["transfer"]).told
    assert "another-transfer" in [each["act"] for each in shown["history"]]
    # The same command again is the same transfer, with the word or without.
    assert receive(folder).told["transfer"] == second.told["transfer"]


def test_two_transfers_that_waited_together_take_the_same_volume_once(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two that came at the same instant did not see each other: then accepting does."""
    monkeypatch.setattr(received_before, "refuse", lambda *_, **__: None)
    folder, told = two_of_three(tmp_path / "t"), []
    for files in ((), ("다.txt",)):
        transfer(folder, files=files)
        told.append(call("transfer", "receive", folder, "--agency", AGENCY).told["transfer"])
    (folder / "다.txt").unlink()
    call("transfer", "accept", told[0])
    transfer(folder, files=("다.txt",))
    later = call("transfer", "accept", told[1])
    assert numbers(call) == ["A-1", "A-2", "A-3"]
    errors = [each["message"] for each in later.told["findings"] if each["severity"] == "error"]
    assert len(errors) == 2 and all(f"from transfer {told[0]}" in each for each in errors)
    assert call("transfer", "return", told[1], "--reason", "이미 있음").exit_code == 0


def test_a_refused_folder_leaves_no_row(receive: Call, place: Installation, tmp_path: Path) -> None:
    folder = two_of_three(tmp_path / "t")
    number = receive(folder).told["transfer"]
    before = rows_of(place)
    transfer(folder, files=("다.txt",))
    refused(receive(folder), number)
    assert rows_of(place) == before


def rows_of(place: Installation) -> dict[str, list[Any]]:
    site = place.site()
    with site.reading_session() as session:
        assert transfers.find(session)
        told = {table.name: list(session.execute(table.select())) for table in Base.metadata.sorted_tables}
    site.engine.dispose()
    return {
        name: rows for name, rows in told.items() if name in ("transfers", "transfer_volumes", "findings")
    }


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: Call) -> Path:
    folder = tmp_path / "watched" / AGENCY
    folder.mkdir(parents=True)
    monkeypatch.setenv("SEOGO_WATCH", str(folder.parent))
    return folder


def lay(root: Path, name: str, *files: str) -> Path:
    folder = two_of_three(root / name)
    transfer(folder, files=files)
    (root / f"{name}.done").touch()
    return folder


def test_the_watched_folder_refuses_it_too_and_a_name_says_what_it_is(call: Call, root: Path) -> None:
    lay(root, "봄")
    assert call("watch", "--once").told["answers"][0]["transfer"] == "2026-0001"
    lay(root, "봄 고침", "다.txt")
    [answer] = call("watch", "--once").told["answers"]
    assert answer["error"]["code"] == CODE
    assert "NAME.round-of-2026-0001" in answer["error"]["next"]
    lay(root, "봄 고침.round-of-2026-0001", "다.txt")
    assert call("watch", "--once").told["answers"][0]["round"] == 2
    (lay(root, "여름.another-transfer", "다.txt") / "더.txt").write_text("더")
    assert call("watch", "--once").told["answers"][0]["round"] == 1


def test_an_agency_at_its_own_door_is_told_nothing_of_another_one(
    call: Call, root: Path, tmp_path: Path
) -> None:
    number = under(call, MISTYPED, two_of_three(tmp_path / "t")).told["transfer"]
    lay(root, "봄")
    [answer] = call("watch", "--once").told["answers"]
    assert answer["transfer"] not in (None, number) and number not in str(answer)


def test_the_same_folder_again_is_told_to_be_the_same_transfer(call: Call, tmp_path: Path) -> None:
    folder = two_of_three(tmp_path / "t")
    arguments = ("transfer", "receive", folder, "--agency", AGENCY)
    assert call(*arguments).told["received_before"] is None
    again = call(*arguments).told
    assert (again["transfer"], count(call)) == ("2026-0001", 1)
    assert again["received_before"]["at"] == call("transfer", "list").told["transfers"][0]["received_at"]
    assert again["received_before"]["en"] in call(*arguments, words=True).out


def test_a_dry_run_of_what_was_received_before_says_so_and_counts_only_what_waits(
    receive: Call, call: Call, tmp_path: Path
) -> None:
    folder = two_of_three(tmp_path / "t")
    call("init")
    new = call("transfer", "receive", folder, "--agency", AGENCY, "--dry-run").told
    assert (new["received_before"], new["volumes"]["acceptable"], new["volumes"]["held_back"]) == (None, 2, 1)
    number = receive(folder).told["transfer"]
    told = call(
        "transfer", "receive", folder.rename(tmp_path / "moved"), "--agency", AGENCY, "--dry-run"
    ).told
    assert number in told["received_before"]["en"]
    assert (told["volumes"]["acceptable"], told["volumes"]["held_back"]) == (0, 1)
