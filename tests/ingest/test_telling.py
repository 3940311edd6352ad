"""What a person needs to judge, to return and to decide is printed: places, verdicts, differences."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, select
from sqlalchemy.engine import Engine

from archive.site.site import Site
from ingest import overview
from ingest.acceptance import acts
from ingest.acceptance.verdicts import Verdict
from tests.conftest import Installation
from tests.ingest.conftest import AGENCY, Call
from tests.ingest.test_bad_input import row, transfer
from tests.preservation.scanner_double import Double

ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The second of three volumes has a retention that no table knows."""
    rows = (row("A-1", "가.txt"), row("A-2", "나.txt", "77년"), row("A-3", "다.txt"))
    return transfer(tmp_path / "t", *rows, files=("가.txt", "나.txt", "다.txt"))


@pytest.fixture
def number(call: Call, folder: Path) -> str:
    return str(call("transfer", "receive", folder, "--agency", AGENCY).told["transfer"])


def lines_of(text: str, word: str) -> list[str]:
    return [line for line in text.splitlines() if word in line]


def test_a_transfer_tells_the_place_state_and_verdict_of_each_volume(call: Call, number: str) -> None:
    call("transfer", "judge", number, "--volume", 3, "--verdict", "unfit", "--reason", "quality")
    said = call("transfer", "show", number, words=True).out
    volumes = [line.split()[:1] + line.split()[2:] for line in lines_of(said, " A-") if "error" not in line]
    assert [each[0] for each in volumes] == ["1", "2", "3"]
    assert "waiting not looked at A-1" in " ".join(volumes[0])
    assert "kept back not looked at A-2" in " ".join(volumes[1])
    assert "kept back unfit A-3" in " ".join(volumes[2])
    assert "\nWaiting 3: 1 can be taken, 2 are kept back by errors." in said
    assert "Received, by command-line" in said
    told = call("transfer", "show", number).told
    assert [each["place"] for each in told["listing"]] == [1, 2, 3]
    assert [each["held_back"] for each in told["listing"]] == [False, True, True]
    assert [each["verdict"] for each in told["listing"]] == ["not_looked_at", "not_looked_at", "unfit"]
    assert (told["volumes"]["acceptable"], told["volumes"]["held_back"]) == (1, 2)


def test_what_was_taken_is_told_with_its_reference(call: Call, number: str) -> None:
    reference = call("transfer", "accept", number, "--volume", 1).told["references"][0]
    [first] = lines_of(call("transfer", "show", number, words=True).out, " A-1 ")
    assert first.split()[:3] == ["1", reference, "stored"]
    assert call("transfer", "show", number).told["listing"][0]["reference"] == reference


def test_the_first_volumes_are_told_and_all_of_them_when_asked(call: Call, tmp_path: Path) -> None:
    rows = [row(f"A-{n}", "가.txt") for n in range(25)]
    number = call("transfer", "receive", transfer(tmp_path / "t", *rows, files=("가.txt",)),
                  "--agency", AGENCY).told["transfer"]  # fmt: skip
    some = call("transfer", "show", number, words=True).out
    every = call("transfer", "show", number, "--all", words=True).out
    listed = re.compile(r"^ +\d+  – ", re.MULTILINE)
    assert (len(listed.findall(some)), len(listed.findall(every))) == (20, 25)
    assert "… and 5 more; all of them with --all." in some
    assert "more; all of them with --all" not in every


def test_a_volume_tells_the_places_of_its_items_as_judge_takes_them(call: Call, sample: Path) -> None:
    number = call("transfer", "receive", sample, "--agency", AGENCY).told["transfer"]
    shown = call("transfer", "show", number, "--volume", 1)
    places = [each["place"] for each in shown.told["items"]]
    assert places == list(range(1, len(places) + 1)) != []
    call("transfer", "judge", number, "--volume", 1, "--item", places[-1], "--verdict", "fit")
    said = call("transfer", "show", number, "--volume", 1, words=True)
    assert f"{places[-1]}  fit " in said.out
    assert f"seogo transfer judge {number} --volume 1 --item PLACE" in said.out
    assert call("transfer", "show", number, "--volume", 99).exit_code == 3


def test_what_was_drawn_is_printed_and_the_next_one_named(call: Call, sample: Path) -> None:
    number = call("transfer", "receive", sample, "--agency", AGENCY).told["transfer"]
    said = call("transfer", "sample", number, "--draw", "--acceptable", "0", words=True).out
    drawn = call("transfer", "sample", number).told["drawn"]
    for each in drawn:
        assert re.search(rf"volume +{each['volume']} item {each['item']} .*{re.escape(each['title'])}", said)
    first = drawn[0]
    next_one = (
        f"seogo transfer judge {number} --volume {first['volume']} --item {first['item']} --verdict fit"
    )
    assert next_one in said
    assert call(*next_one.split()[1:]).exit_code == 0
    assert next_one not in call("transfer", "sample", number, words=True).out


def test_each_difference_of_the_counts_is_printed(call: Call, tmp_path: Path) -> None:
    rows = (row("A-1", "가.txt"), row("A-2", "나.txt"))
    folder = transfer(tmp_path / "t", *rows, files=("가.txt", "더.txt"))
    number = call("transfer", "receive", folder, "--agency", AGENCY).told["transfer"]
    said = call("transfer", "count", number, words=True).out
    assert "volume: volume 2: listed 1, came 0: " in said
    assert "file: volume 2: listed 1, came 0: 나.txt" in said
    assert "file: no volume: listed 0, came 1: 더.txt" in said
    told = call("transfer", "count", number).told["differences"]
    assert len(told) == len(lines_of(said, ": listed "))


def test_two_rounds_tell_each_volume_and_each_finding(call: Call, number: str, tmp_path: Path) -> None:
    rows = (row("A-1", "가.txt"), row("A-2", "나.txt"), row("A-4", "라.txt", "88년"))
    after = transfer(tmp_path / "t2", *rows, files=("가.txt", "나.txt", "라.txt"))
    second = call("transfer", "receive", after, "--agency", AGENCY, "--round-of", number).told["transfer"]
    said = call("transfer", "compare", number, second, words=True).out
    assert "gone: volume 3 to –: A-3" in said
    assert "added: volume – to 3: A-4" in said
    assert lines_of(said, "corrected error: list.retention (A-2)")
    assert lines_of(said, "new error: list.retention (A-4)")
    shown = call("transfer", "show", second, words=True).out
    assert [line.split()[:2] for line in lines_of(shown, " KST  waiting: 3 volumes")] == [
        ["1", number], ["2", second],
    ]  # fmt: skip
    acts = call("transfer", "history", second, words=True).out
    assert len(lines_of(acts, "Received, by command-line")) == 2


def test_a_dry_run_tells_what_would_be_taken_and_what_kept_back(call: Call, folder: Path) -> None:
    call("init")
    dry = call("transfer", "receive", folder, "--agency", AGENCY, "--dry-run")
    said = call("transfer", "receive", folder, "--agency", AGENCY, "--dry-run", words=True).out
    real = call("transfer", "receive", folder, "--agency", AGENCY, "--accept", "--until", "stored")
    assert (dry.told["volumes"]["acceptable"], dry.told["volumes"]["held_back"]) == (2, 1)
    assert "2 volumes would be taken, 1 would be kept back by errors." in said
    assert real.told["volumes"]["accepted"] == 2


def test_a_dry_run_keeps_all_back_where_an_error_concerns_all_and_none_that_is_held(
    call: Call, folder: Path, number: str, tmp_path: Path
) -> None:
    call("transfer", "accept", number, "--volume", 1)
    again = ("transfer", "receive", folder, "--agency", AGENCY, "--round-of", number, "--dry-run")
    assert "1 volume would be taken, 1 would be kept back by errors.  1 volume held already" in call(
        *again, words=True
    ).out  # fmt: skip
    (folder / "checksum.sha256").write_text("no digest  가.txt\n")
    broken = call(*again).told["volumes"]
    real = call(*again[:-1]).told["volumes"]
    assert broken == real
    names = ("listed", "acceptable", "held_back", "accepted", "stored", "held_already")
    assert [real[each] for each in names] == [3, 0, 2, 1, 1, 1]


def test_a_dry_run_of_what_was_received_before_tells_the_numbers_of_the_real_run(
    call: Call, folder: Path, number: str, tmp_path: Path
) -> None:
    again = ("transfer", "receive", folder, "--agency", AGENCY)
    for places in (("--volume", 1), ()):
        call("transfer", "accept", number, *places)
        dry, real = call(*again, "--dry-run").told, call(*again).told
        assert dry["volumes"] == real["volumes"]
        assert (real["volumes"]["accepted"], real["volumes"]["held_already"]) == (1 if places else 2, 0)
    rows = (row("A-1", "가.txt"), row("A-2", "나.txt"), row("A-3", "다.txt"))
    mended = transfer(tmp_path / "t2", *rows, files=("가.txt", "나.txt", "다.txt"))
    call("transfer", "receive", mended, "--agency", AGENCY, "--accept", "--round-of", number)
    again = ("transfer", "receive", mended, "--agency", AGENCY)
    dry, real = call(*again, "--dry-run").told, call(*again).told
    assert (dry["volumes"], dry["round"]) == (real["volumes"], real["round"])
    assert (real["round"], real["volumes"]["held_already"]) == (2, 2)


def test_a_dry_run_does_not_ask_for_each_volume_that_is_held(call: Call, number: str, tmp_path: Path) -> None:
    call("transfer", "accept", number)
    rows = (row("A-1", "가.txt"), row("A-2", "나.txt"), row("A-3", "다.txt"))
    mended = transfer(tmp_path / "t2", *rows, files=("가.txt", "나.txt", "다.txt"))
    asked: list[str] = []
    listen = (Engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    event.listen(*listen)
    dry = call("transfer", "receive", mended, "--agency", AGENCY, "--round-of", number, "--dry-run").told
    event.remove(*listen)
    assert (dry["volumes"]["stored"], dry["volumes"]["held_already"]) == (2, 2)
    assert sum("WHERE volumes.state" in each for each in asked) == 1
    assert not [each for each in asked if "FROM volumes" in each and "WHERE volumes.id = " in each]


def test_the_history_tells_what_was_taken_into_custody_and_every_verdict(
    call: Call, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = ("2027-03-02T09:00:00+09:00", "2027-03-03T09:00:00+09:00", "2027-03-03T18:00:00+09:00")
    monkeypatch.setenv("SEOGO_CLOCK", later[0])
    call("transfer", "judge", number, "--volume", 3, "--verdict", "unfit", "--reason", "quality")
    call("transfer", "accept", number, "--volume", 1)
    monkeypatch.setenv("SEOGO_CLOCK", later[1])
    call("transfer", "judge", number, "--volume", 3, "--verdict", "fit")
    monkeypatch.setenv("SEOGO_CLOCK", later[2])
    call("transfer", "accept", number)
    said = call("transfer", "history", number, words=True).out.splitlines()
    assert [line.partition(" KST  ")[2] for line in said[1:]] == [
        "Received, by command-line",
        "Taken into custody: 1 volume",
        "Judged unfit (quality), by command-line: volume 3; judged again since",
        "Judged fit, by command-line: volume 3",
        "Taken into custody: 1 volume",
    ]
    [told] = call("transfer", "history", number).told["rounds"]
    assert [each["volumes"] for each in told["taken"]] == [1, 1]
    assert [(each["verdict"], each["holds"]) for each in told["judged"]] == [("unfit", False), ("fit", True)]


def test_show_tells_the_same_history_as_history_and_where_the_rest_of_it_is(
    call: Call, number: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEOGO_CLOCK", "2027-03-02T09:00:00+09:00")
    call("transfer", "accept", number, "--volume", 1)
    call("transfer", "judge", number, "--volume", 3, "--verdict", "fit")
    shown, told = (call("transfer", each, number, words=True).out for each in ("show", "history"))
    [*lines] = told.splitlines()[1:]
    assert [each.partition(" KST  ")[2] for each in lines] == [
        "Received, by command-line",
        "Taken into custody: 1 volume",
        "Judged fit, by command-line: volume 3",
    ]
    assert "\n".join(["History:", *lines]) in shown
    keys = {each: call("transfer", "show", number).told[each] for each in ("history", "taken", "judged")}
    assert keys.items() <= call("transfer", "history", number).told["rounds"][0].items()
    for _ in range(20):
        call("transfer", "judge", number, "--volume", 3, "--verdict", "fit")
    *_, last = call("transfer", "history", number, words=True).out.splitlines()
    some, every = (call("transfer", "show", number, *more, words=True).out for more in ((), ("--all",)))
    assert (
        f"… 3 before these; all of them with --all; of every round: seogo transfer history {number}" in some
    )
    assert "Received, by" not in some and last in some
    assert lines[0] in every and "before these" not in every


def test_of_many_verdicts_show_reads_the_last_ones_only(
    call: Call, number: str, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    call("transfer", "judge", number, "--volume", 3, "--verdict", "fit")
    with site.open_session.begin() as session:
        given = session.scalars(select(Verdict)).one()
        session.add_all(
            Verdict(
                transfer_id=given.transfer_id, volume_id=given.volume_id, verdict="fit", by=f"p-{which}",
                at=given.at + timedelta(seconds=which), replaced_at=given.at,
            )
            for which in range(1, 501)
        )  # fmt: skip
    read: list[object] = []
    monkeypatch.setattr(acts, "_judged", lambda *row, tell=acts._judged: read.append(row) or tell(*row))
    shown = call("transfer", "show", number, words=True).out
    assert len(read) == 20 and "… 482 before these" in shown
    assert [f"by p-{which}:" in shown for which in (480, 481, 500)] == [False, True, True]
    assert shown.index("by p-481:") < shown.index("by p-500:")


def test_the_verdict_on_an_item_is_told_with_its_place(call: Call, sample: Path) -> None:
    number = call("transfer", "receive", sample, "--agency", AGENCY).told["transfer"]
    call("transfer", "judge", number, "--volume", 2, "--item", 1, "--verdict", "fit")
    [told] = call("transfer", "history", number).told["rounds"]
    assert [(each["volume"], each["item"]) for each in told["judged"]] == [(2, 1)]
    assert "Judged fit, by command-line: item 1 of volume 2" in call(
        "transfer", "history", number, words=True
    ).out  # fmt: skip


def test_one_is_told_as_one(call: Call, tmp_path: Path) -> None:
    rows = (row("A-1", "가.txt"), row("A-2", "없음.txt"))
    folder = transfer(tmp_path / "t", *rows, files=("가.txt",))
    said = call("transfer", "receive", folder, "--agency", AGENCY, "--accept", words=True).out
    assert "1 file, " in said and "1 is kept back by errors" in said
    call("transfer", "return", "2026-0001", "--reason", "없음")
    closed = call("transfer", "complete", "2026-0001", "--returned-for-good", words=True).out
    album = transfer(tmp_path / "앨범", files=("가.txt",))
    call("transfer", "receive", album, "--agency", AGENCY, "--without-list")
    listed = call("transfer", "list", words=True).out
    made = call("sample", "make", tmp_path / "s", "--volumes", 1, "--pages", 1, words=True).out
    assert " 1 file  " in listed and ": 1 volume, " in made and "1 volume; the agency keeps that" in closed
    for text in (said, listed, made, closed, call("policy", "show", words=True).out):
        assert not re.search(r"\b1 (volumes|items|files|pages|bytes|jobs)\b", text), text


def test_the_files_of_a_transfer_are_those_of_its_volumes_wherever_they_are_told(
    call: Call, sample: Path, tmp_path: Path, site: Site
) -> None:
    number = call("transfer", "receive", sample, "--agency", AGENCY, "--accept", "--until", "stored").told[
        "transfer"
    ]
    shown = call("transfer", "show", number).told
    [listed] = call("transfer", "list").told["transfers"]
    call("transfer", "receipt", number, "--output", tmp_path / "r")
    receipt = call("receipt", "verify", tmp_path / "r").told
    with site.reading_session() as session:
        [line] = overview.lines(session, agency=None, state=None, after=0, limit=1)[0]
        page = overview.summary(session, line.transfer)
    told = {(each["files"], each["bytes"]) for each in (shown, listed, receipt)}
    assert told == {(line.files, line.bytes), (page.files, page.bytes)} and len(told) == 1
    assert line.transfer.files > line.files, "lists came, too"


def test_every_command_tells_times_in_one_form(
    call: Call, sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: Installation
) -> None:
    received = call("transfer", "receive", sample, "--agency", AGENCY, "--accept", "--until", "stored").told
    number, receipt = received["transfer"], tmp_path / "r"
    asked = (
        ("volume", "show", received["references"][0]),
        ("transfer", "show", number),
        ("transfer", "history", number),
        ("transfer", "complete", number, "--output", receipt, "--returned-for-good"),
        ("receipt", "verify", receipt),
    )
    for arguments in asked:
        said = call(*arguments, words=True)
        assert said.exit_code == 0, said.errors
        assert re.search(r"\d{1,2} \w{3} \d{4}, \d\d:\d\d KST", said.out), said.out
        assert not ISO.search(said.out), said.out
    stores = " ".join(f"{name}=file://{place.home}/stores/{name}" for name in "abc")
    monkeypatch.setenv("SEOGO_STORES", stores)
    owing = call("copy", "check", words=True).out
    assert " since " in owing and "KST" in owing and not ISO.search(owing)


def test_the_end_of_a_quarantine_is_told_in_that_form(
    call: Call, sample: Path, scanner: Double, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEOGO_QUARANTINE_DAYS", "3")
    receive = ("transfer", "receive", sample, "--agency", AGENCY)
    number = call(*receive).told["transfer"]
    call("transfer", "accept", number)
    said = call("transfer", "show", number, words=True).out
    assert said.count("1 Dec 2026, 09:00 KST") == 3, said
    assert not ISO.search(said)
