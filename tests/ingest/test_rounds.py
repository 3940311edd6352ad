"""Rounds are compared by what is in their files; a dry run writes nothing and tells the same."""

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import pymupdf
import pytest

from archive.printing import Table
from ingest import transfers
from ingest.acceptance import report
from ingest.papers import issuing
from ingest.samples.making import make
from tests.conftest import Installation, state_of
from tests.ingest.conftest import AGENCY, Call
from tests.ingest.test_bad_input import row, transfer


@pytest.fixture
def faulty(tmp_path: Path) -> Path:
    folder = tmp_path / "faulty"
    make(folder, volumes=4, pages=3, seed=11, faults=True)
    (folder / "stray.txt").write_text("on no list")
    next(path for path in sorted(folder.rglob("*.pdf"))).unlink()
    return folder


def test_a_dry_run_writes_nothing_and_its_report_is_that_of_the_real_run(
    place: Installation, call: Call, faulty: Path
) -> None:
    call("transfer", "list")
    before = state_of(place)
    dry = call("transfer", "receive", faulty, "--agency", AGENCY, "--dry-run")
    assert state_of(place) == before
    real = call("transfer", "receive", faulty, "--agency", AGENCY)
    changed = {name for name, told in state_of(place).items() if before.get(name) != told}
    assert {"rows of transfers", "rows of findings"} <= changed
    assert dry.exit_code == real.exit_code == 3
    assert len(dry.told["findings"]) > 3
    said = call("transfer", "receive", faulty, "--agency", AGENCY, "--dry-run", words=True).out
    assert "What formats, texts and page images tell is found after volumes are taken." in said
    for key in ("volumes", "items", "files", "bytes", "round", "references", "findings"):
        assert dry.told[key] == real.told[key], key


def test_a_dry_run_makes_no_installation(place: Installation, faulty: Path) -> None:
    """A server that was just set up, or a home that was mistyped."""
    asked = ("transfer", "receive", faulty, "--agency", AGENCY, "--dry-run")
    dry = place.run(*asked)
    assert (dry.exit_code, dry.told["error"]["code"]) == (3, "missing")
    assert str(place.home) in dry.told["error"]["message"] and not place.home.exists()
    place.home.mkdir()
    lock = place.home / "prepare.lock"
    lock.touch()  # one that was begun and could not be made
    assert (place.run(*asked).exit_code, [*place.home.iterdir()]) == (3, [lock])
    assert place.run("init").exit_code == 0
    lock.unlink()  # one that was put back without it
    assert len(place.run(*asked).told["findings"]) > 3


def test_a_dry_run_tells_what_taking_in_finds_and_which_round_it_would_be(call: Call, faulty: Path) -> None:
    call("init")
    dry = call("transfer", "receive", faulty, "--agency", AGENCY, "--dry-run").told
    real = call("transfer", "receive", faulty, "--agency", AGENCY, "--accept", "--until", "stored").told
    assert real["volumes"]["accepted"] > 0

    def plain(told: dict[str, Any]) -> list[str]:
        return sorted(json.dumps(each, sort_keys=True) for each in told["findings"])

    assert plain(dry) == plain(real)
    again = call("transfer", "receive", faulty, "--agency", AGENCY, "--dry-run", "--round-of",
                 real["transfer"]).told  # fmt: skip
    assert again["round"] == 2


@pytest.mark.parametrize("dry", [(), ("--dry-run",)])
def test_who_typed_the_code_of_another_agency_is_told_whose_transfer_it_is(
    call: Call, tmp_path: Path, dry: tuple[str, ...]
) -> None:
    first, second, _ = three_rounds(tmp_path)
    number = call("transfer", "receive", first, "--agency", AGENCY).told["transfer"]
    said = call("transfer", "receive", second, "--agency", "6110001", "--round-of", number, *dry)
    assert (said.exit_code, said.told["error"]["code"]) == (3, "transfer.round")
    assert f"Transfer {number} came from agency {AGENCY}, not from 6110001." in said.sentence


@pytest.mark.flow
def test_two_rounds_are_compared_by_volumes_files_and_findings(
    call: Call, sample: Path, tmp_path: Path
) -> None:
    first = call("transfer", "receive", sample, "--agency", AGENCY).told["transfer"]
    second_folder = tmp_path / "second"
    shutil.copytree(sample, second_folder)
    spoilt = next(
        path for path in sorted(second_folder.rglob("*")) if path.is_file() and path.suffix == ".pdf"
    )
    spoilt.write_bytes(spoilt.read_bytes() + b"\n% another")
    (second_folder / "stray.txt").write_text("stray")
    second = call(
        "transfer", "receive", second_folder, "--agency", AGENCY, "--round-of", first
    ).told["transfer"]  # fmt: skip
    told = call("transfer", "compare", first, second).told
    assert told["volumes"]["changed"] == 1
    assert told["volumes"]["same"] == 2
    assert "file.extra" in {each["rule"] for each in told["findings"]["new"]}
    back = call("transfer", "compare", second, first).told
    assert "file.extra" in {each["rule"] for each in back["findings"]["corrected"]}
    assert call("transfer", "compare", first, first).told["volumes"]["same"] == 3
    rounds = call("transfer", "history", second).told["rounds"]
    assert [(each["round"], each["transfer"]) for each in rounds] == [(1, first), (2, second)]


UNFIT = ("--verdict", "unfit", "--reason", "quality")


def fate_of_the_unfit(call: Call, first: str, second: str) -> dict[str, list[str]]:
    told = call("transfer", "compare", first, second).told["findings"]
    return {
        fate: [each["volume"] for each in rows if each["rule"] == "inspection.unfit"]
        for fate, rows in told.items()
        if "inspection.unfit" in {each["rule"] for each in rows}
    }


@pytest.mark.flow
def test_what_was_found_unfit_is_open_until_other_bytes_come_or_a_person_judges_it_anew(
    call: Call, tmp_path: Path
) -> None:
    rows = (row("A-1", "가.txt"), row("A-2", "나.txt"), row("A-3", "다.txt"))
    sent = transfer(tmp_path / "first", *rows, files=("가.txt", "나.txt", "다.txt"))
    first = call("transfer", "receive", sent, "--agency", AGENCY).told["transfer"]
    for place in (1, 2, 3):
        call("transfer", "judge", first, "--volume", place, *UNFIT)
    call("transfer", "return", first, "--reason", "흐립니다")
    again = transfer(tmp_path / "second", *rows, files=("가.txt", "나.txt", "다.txt"))
    (again / "나.txt").write_text("고친 내용")
    second = call("transfer", "receive", again, "--agency", AGENCY, "--round-of", first).told["transfer"]
    assert fate_of_the_unfit(call, first, second) == {"corrected": ["A-2"], "open": ["A-1", "A-3"]}
    call("transfer", "judge", second, "--volume", 3, "--verdict", "fit")
    assert fate_of_the_unfit(call, first, second) == {"corrected": ["A-2", "A-3"], "open": ["A-1"]}
    call("transfer", "judge", second, "--volume", 1, *UNFIT)
    assert fate_of_the_unfit(call, first, second) == {"corrected": ["A-2", "A-3"], "open": ["A-1"]}


def test_an_item_that_was_found_unfit_is_open_until_that_item_is_judged_anew(
    call: Call, sample: Path, tmp_path: Path
) -> None:
    first = call("transfer", "receive", sample, "--agency", AGENCY).told["transfer"]
    call("transfer", "judge", first, "--volume", 2, "--item", 1, *UNFIT)
    call("transfer", "return", first, "--reason", "흐립니다")
    again = shutil.copytree(sample, tmp_path / "again")
    second = call("transfer", "receive", again, "--agency", AGENCY, "--round-of", first).told["transfer"]
    call("transfer", "judge", second, "--volume", 2, "--item", 2, "--verdict", "fit")
    assert [*fate_of_the_unfit(call, first, second)] == ["open"]
    call("transfer", "judge", second, "--volume", 2, "--item", 1, "--verdict", "fit")
    assert [*fate_of_the_unfit(call, first, second)] == ["corrected"]


def warned(told: dict[str, Any]) -> list[str]:
    return [each["message"] for each in told["findings"] if each["rule"] == "inspection.unfit_before"]


def test_a_round_warns_of_what_was_unfit_the_last_time_that_a_person_looked(
    call: Call, sample: Path, tmp_path: Path
) -> None:
    receive = ("transfer", "receive", sample, "--agency", AGENCY, "--round-of")
    first = call(*receive[:-1]).told["transfer"]
    call("transfer", "judge", first, "--volume", 1, *UNFIT)
    call("transfer", "judge", first, "--volume", 2, "--item", 1, *UNFIT)
    call("transfer", "judge", first, "--volume", 3, "--verdict", "fit")
    call("transfer", "return", first, "--reason", "흐립니다")
    dry, second = call(*receive, first, "--dry-run").told, call(*receive, first).told
    assert warned(dry) == warned(second) and len(warned(second)) == 2
    assert f"was found unfit in round 1, {first}: quality." in warned(second)[0]
    assert " in volume 2 (" in warned(second)[1]
    assert second["volumes"]["acceptable"] == 3
    checked = call("transfer", "check", second["transfer"]).told
    assert sorted(warned(checked)) == sorted(warned(second))
    compared = call("transfer", "compare", first, second["transfer"]).told["findings"]
    assert "inspection.unfit_before" not in {each["rule"] for each in compared["new"]}
    call("transfer", "judge", second["transfer"], "--volume", 1, "--verdict", "fit")
    assert len(warned(call("transfer", "check", second["transfer"]).told)) == 1
    call("transfer", "return", second["transfer"], "--volume", 1, "--volume", 2, "--reason", "흐립니다")
    third = call(*receive, second["transfer"]).told
    assert [" in volume 2 (" in each for each in warned(third)] == [True]
    assert warned(call("transfer", "check", first).told) == []


@pytest.mark.flow
def test_the_four_levels_are_counted_and_each_difference_is_listed(call: Call, faulty: Path) -> None:
    number = call("transfer", "receive", faulty, "--agency", AGENCY).told["transfer"]
    shown = call("transfer", "show", number).told
    told = call("transfer", "count", number).told
    levels = {each["level"]: each for each in told["levels"]}
    rules = [each["rule"] for each in shown["findings"]]
    assert levels["volume"]["listed"] == shown["volumes"]["listed"]
    assert levels["item"]["listed"] >= shown["items"]
    assert levels["file"]["came"] == shown["files"] + rules.count("file.extra")
    assert levels["page"]["uncounted"] == shown["items"]
    for level, each in levels.items():
        assert each["differing"] == sum(row["level"] == level for row in told["differences"])
    extra = {each["where"]["path"] for each in shown["findings"] if each["rule"] == "file.extra"}
    assert extra <= {row["what"] for row in told["differences"] if row["level"] == "file"}
    assert extra == {"stray.txt"}
    missing = {each["value"] for each in shown["findings"] if each["rule"] == "file.missing"}
    assert any(path.endswith(".pdf") for path in missing)


@pytest.mark.flow
def test_pages_that_a_person_counts_are_held_against_the_list(call: Call, sample: Path) -> None:
    number = call("transfer", "receive", sample, "--agency", AGENCY).told["transfer"]
    assert not [
        row for row in call("transfer", "count", number).told["differences"] if row["level"] == "page"
    ]
    call("transfer", "judge", number, "--volume", 1, "--item", 1, "--verdict", "fit", "--pages", 999)
    told = call("transfer", "count", number).told
    [row] = [row for row in told["differences"] if row["level"] == "page"]
    assert (row["volume"], row["item"], row["came"]) == (1, 1, "999")
    before = next(each for each in told["levels"] if each["level"] == "page")
    call("transfer", "judge", number, "--volume", 1, "--verdict", "fit", "--pages", 1000)
    after = next(each for each in call("transfer", "count", number).told["levels"] if each["level"] == "page")
    assert after["came"] == 1000
    assert after["uncounted"] < before["uncounted"]


def test_reports_are_written_for_people_and_for_spreadsheets(
    call: Call, faulty: Path, tmp_path: Path
) -> None:
    number = call("transfer", "receive", faulty, "--agency", AGENCY).told["transfer"]
    call("transfer", "sample", number, "--draw", "--seed", "a")
    call("transfer", "judge", number, "--volume", 1, "--verdict", "unfit", "--reason", "other",
         "--note", "=HYPERLINK(1)", "--binding", "loose", "--condition", "3")  # fmt: skip
    call("transfer", "return", number, "--volume", 2, "--reason", "쪽이 빠졌습니다.")
    pdf, table, differences, findings = (tmp_path / name for name in ("r.pdf", "r.csv", "d.csv", "f.csv"))
    said = call("transfer", "report", number, "--pdf", pdf, "--csv", table, "--differences", differences,
                "--findings", findings)  # fmt: skip
    assert said.exit_code == 0
    assert said.told["findings"] == str(findings)
    assert table.read_bytes().startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(table.open(encoding="utf-8-sig")))
    assert len(rows) == 4
    assert rows[0]["판정"] == "부적합"
    assert rows[0]["편철상태"] == "느슨함"
    assert rows[0]["보존상태"] == "3등급"
    assert rows[0]["적은 말"] == "'=HYPERLINK(1)"
    assert rows[1]["반려 까닭"] == "쪽이 빠졌습니다."
    assert "파일" in differences.read_text("utf-8-sig")
    each = list(csv.DictReader(findings.open(encoding="utf-8-sig")))
    assert [row["경로"] for row in each if row["규칙"] == "file.extra"] == ["stray.txt"]
    assert all(row["나온 것"] and row["할 일"] for row in each)
    with pymupdf.open(pdf) as document:
        text = "".join(page.get_text() for page in document)
        assert document.metadata["title"] == "기록물 검수 보고서"
    for words in ("기록물 검수 보고서", number, "쪽이 빠졌습니다.", "수량 대조", "신뢰수준 95%",
                  "느슨함", "3등급", "바이러스 검수 못 함", "오류와 주의 하나하나", "stray.txt"):  # fmt: skip
        assert words in text
    assert call("transfer", "report", number).exit_code == 2


def test_the_table_of_volumes_counts_the_items_that_came_and_tells_the_time_in_seoul(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEOGO_CLOCK", "2026-11-30T20:25:08+00:00")
    folder = transfer(tmp_path / "t", row("A-1", "가.txt"), row("A-2", "나.txt"), files=("가.txt",))
    number = call("transfer", "receive", folder, "--agency", AGENCY).told["transfer"]
    call("transfer", "judge", number, "--volume", "1", "--verdict", "fit")
    table = tmp_path / "v.csv"
    call("transfer", "report", number, "--csv", table)
    rows = list(csv.DictReader(table.open(encoding="utf-8-sig")))
    counted = {each["level"]: each for each in call("transfer", "count", number).told["levels"]}
    assert [(each["건수(목록)"], each["건수(온 것)"]) for each in rows] == [("1", "1"), ("1", "0")]
    assert counted["item"]["came"] == 1
    assert [each["본 때"] for each in rows] == ["2026-12-01 05:25 KST", ""]


@pytest.mark.flow
def test_the_handover_record_counts_what_is_in_custody_by_kind(
    call: Call, sample: Path, tmp_path: Path
) -> None:
    number = call("transfer", "receive", sample, "--agency", AGENCY).told["transfer"]
    pdf = tmp_path / "h.pdf"
    assert call("transfer", "handover", number, "--pdf", pdf).exit_code == 3
    assert not pdf.exists()
    call("transfer", "receive", sample, "--agency", AGENCY, "--accept", "--until", "stored")
    told = call("transfer", "handover", number, "--pdf", pdf).told
    assert sum(each["volumes"] for each in told["kinds"].values()) == 3
    with pymupdf.open(pdf) as document:
        text = "".join(page.get_text() for page in document)
    for words in ("인계인수서", "인계자", "인수자", "입회자", "문서철", "행정박물"):
        assert words in text


def test_a_round_may_list_everything_and_bring_only_what_was_not_taken(
    call: Call, receive: Call, tmp_path: Path
) -> None:
    rows = (row("A-1", "가.txt"), row("A-2", "나.txt;다.txt"))
    first = receive(transfer(tmp_path / "1", *rows, files=("가.txt", "나.txt")))
    assert (first.told["volumes"]["accepted"], "file.missing" in first.rules) == (1, True)
    again = transfer(tmp_path / "2", *rows, files=("나.txt", "다.txt"))
    second = receive(again, "--round-of", first.told["transfer"])
    assert (second.exit_code, second.told["round"], second.told["state"]) == (0, 2, "stored")
    assert second.told["volumes"]["stored"] == 2
    notes = [each["message"] for each in second.told["findings"] if each["rule"] == "list.already_held"]
    assert notes == [f"A-1 is held already as {first.told['references'][0]}; none of its files came again."]
    assert len(call("volume", "list").told["volumes"]) == 2
    assert call("transfer", "check", second.told["transfer"]).exit_code == 0


def test_a_volume_that_was_never_taken_still_needs_its_files(receive: Call, tmp_path: Path) -> None:
    rows = (row("A-1", "가.txt"), row("A-2", "나.txt"))
    first = receive(transfer(tmp_path / "1", *rows, files=("가.txt",)))
    second = receive(
        transfer(tmp_path / "2", *rows, row("A-3", "다.txt"), files=("다.txt",)),
        "--round-of", first.told["transfer"],
    )  # fmt: skip
    assert second.exit_code == 3
    missing = [each["where"]["path"] for each in second.told["findings"] if each["rule"] == "file.missing"]
    assert missing == ["나.txt"]


def test_without_a_round_a_listed_volume_needs_its_files(receive: Call, tmp_path: Path) -> None:
    receive(transfer(tmp_path / "1", row("A-1", "가.txt"), files=("가.txt",)))
    rows = (row("A-1", "가.txt"), row("A-2", "나.txt"))
    other = receive(transfer(tmp_path / "2", *rows, files=("나.txt",)), "--another-transfer")
    assert "file.missing" in other.rules


def three_rounds(tmp_path: Path) -> list[Path]:
    """Round after round one more of the three files that one list names."""
    rows = (row("A-1", "가.txt"), row("A-2", "나.txt"), row("A-3", "다.txt"))
    return [
        transfer(tmp_path / str(count), *rows, files=("가.txt", "나.txt", "다.txt")[:count])
        for count in (1, 2, 3)
    ]


def numbers_held(call: Call) -> list[str]:
    return [each["sender_id"] for each in call("volume", "list").told["volumes"]]


def test_what_any_round_brought_is_not_taken_twice_whichever_round_the_next_one_names(
    receive: Call, call: Call, tmp_path: Path
) -> None:
    first, second, third = three_rounds(tmp_path)
    number = receive(first).told["transfer"]
    brought = receive(second, "--round-of", number).told
    again = receive(third, "--round-of", number).told
    assert numbers_held(call) == ["A-1", "A-2", "A-3"]
    assert again["references"][:2] == brought["references"]
    told = [each["severity"] for each in again["findings"] if each["rule"] == "list.already_held"]
    assert told == ["note", "note"]
    receipt = tmp_path / "receipt.jsonl"
    call("transfer", "receipt", again["transfer"], "--output", receipt)
    assert call("receipt", "verify", receipt).told["holds"]
    volumes = [told for told in map(json.loads, receipt.open()) if told["kind"] == "volume"]
    assert [each["taken_in"] for each in volumes] == [number, brought["transfer"], again["transfer"]]


def test_rounds_that_wait_together_take_a_volume_once_and_tell_where_their_bytes_differ(
    call: Call, tmp_path: Path
) -> None:
    _, second, third = three_rounds(tmp_path)
    (third / "나.txt").write_text("고친 내용\n")
    numbers = []
    for folder, more in ((second, ()), (third, ("--round-of", "2026-0001"))):
        received = call("transfer", "receive", folder, "--agency", AGENCY, *more)
        numbers.append(received.told["transfer"])
    call("transfer", "accept", numbers[0])
    later = call("transfer", "accept", numbers[1])
    assert numbers_held(call) == ["A-1", "A-2", "A-3"]
    assert (later.exit_code, later.told["state"], later.told["volumes"]["stored"]) == (3, "waiting", 2)
    told = [each["severity"] for each in later.told["findings"] if each["rule"] == "list.already_held"]
    assert told == ["note", "error"]
    assert call("transfer", "accept", numbers[1]).told["findings"] == later.told["findings"]


@pytest.mark.parametrize(("clock", "day"), [("14:59", "2026. 11. 28."), ("15:00", "2026. 11. 29.")])
def test_a_report_tells_the_day_of_a_round_in_seoul(
    receive: Call, place: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: str, day: str
) -> None:
    instant = f"2026-11-28T{clock}:00+00:00"
    monkeypatch.setenv("SEOGO_CLOCK", instant)
    place.environment["SEOGO_CLOCK"] = instant
    first, second, _ = three_rounds(tmp_path)
    number = receive(first).told["transfer"]
    again = receive(second, "--round-of", number).told["transfer"]
    site = place.site()
    with site.reading_session() as session:
        rows = report.document(session, transfers.get(session, again), issuing.asked(site, "ko")).blocks
    site.engine.dispose()
    days = [cell for block in rows if isinstance(block, Table) for line in block.rows for cell in line]
    assert [cell.replace("\xa0", " ") for cell in days].count(day) == 2
