"""Formats, told in a lane of their own: one scanner for many files, and pages only after it."""

import shutil
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import delete, select

from archive.errors import Unavailable
from archive.holdings import ContentFile
from archive.outbox import OutboxRow
from archive.site.site import Site
from archive.work.jobs import Job
from preservation import derivatives, identifying
from preservation.contents import Identified
from preservation.identifying import identify_files
from preservation.pages import DerivedFile, ItemFinding
from preservation.reading import Reader
from tests.preservation.test_derivatives import book, held, rules, site, states, volume_of

__all__ = ["site"]


def formats(site: Site) -> list[str | None]:
    with site.reading_session() as session:
        return list(session.scalars(select(ContentFile.format).order_by(ContentFile.id)))


def jobs_of(site: Site) -> list[tuple[str, object]]:
    with site.reading_session() as session:
        return [(row.name, row.arguments) for row in session.scalars(select(Job).order_by(Job.id))]


def run(site: Site, *volumes: int) -> list[tuple[int, int]]:
    with site.open_session.begin() as session:
        identifying.ask(session, volumes)
    return list(identify_files(site))


def three(site: Site, tmp_path: Path) -> int:
    odd = tmp_path / "odd.q9z"
    odd.write_bytes(bytes(range(7)) * 9)
    text = tmp_path / "letter.txt"
    text.write_text("한강 철교 복구 공사")
    return held(site, book(tmp_path / "scan.tif"), odd, text)


def test_every_file_has_its_format_and_then_pages_are_asked_for_once(site, tmp_path):
    volume = volume_of(site, item_id := three(site, tmp_path))
    for _ in range(2):
        run(site, volume)
    assert formats(site) == ["fmt/353", None, "x-fmt/111"]
    assert rules(site, item_id) == ["format.unknown"]
    assert states(site, item_id) == ["reading"] * 3
    pages = ("derive-volume", {"volume_id": volume})
    assert jobs_of(site) == [("identify-files", {}), pages, (identifying.JUDGING, {})]
    assert list(identify_files(site)) == [(0, 0)]


def test_pages_are_made_without_asking_for_the_format_again(site, tmp_path, monkeypatch):
    volume = volume_of(site, item_id := three(site, tmp_path))
    run(site, volume)
    monkeypatch.setattr(Reader, "identify_all", None)
    list(derivatives.derive_volume(site, volume_id=volume))
    assert states(site, item_id)[0] == "made"
    assert "format.unknown" in rules(site, item_id)


@pytest.mark.parametrize(("files", "octets"), [(2, 1 << 30), (200, 1)])
def test_a_volume_of_many_groups_is_identified_like_one(site, tmp_path, monkeypatch, files, octets):
    monkeypatch.setattr(identifying, "FILES_AT_ONCE", files)
    monkeypatch.setattr(identifying, "OCTETS_AT_ONCE", octets)
    volume = volume_of(site, three(site, tmp_path))
    steps = run(site, volume)
    assert formats(site) == ["fmt/353", None, "x-fmt/111"]
    assert steps[-1] == (1, 1)
    assert len(steps) == (3 if files == 2 else 4)


def test_without_a_copy_the_job_waits_and_no_format_is_called_unknown(site, tmp_path):
    volume = volume_of(site, item_id := three(site, tmp_path))
    for store in "ab":
        shutil.rmtree(site.settings.home / "stores" / store)
    with pytest.raises(Unavailable):
        run(site, volume)
    assert (states(site, item_id), rules(site, item_id)) == ([], [])


def test_a_volume_without_a_copy_keeps_no_other_one_waiting(site, tmp_path, monkeypatch):
    volume = volume_of(site, three(site, tmp_path))
    groups = identifying._groups

    def away(site, volume_id):
        if volume_id != volume:
            raise Unavailable("No copy answers.", code="copy.away")
        return groups(site, volume_id)

    monkeypatch.setattr(identifying, "_groups", away)
    with pytest.raises(Unavailable):
        run(site, volume + 1, volume)
    assert formats(site) == ["fmt/353", None, "x-fmt/111"]
    with site.reading_session() as session:
        assert [row.subject_id for row in session.scalars(select(OutboxRow))] == [volume + 1]


@pytest.mark.parametrize("accident", ["segfault", "killed"])
def test_a_file_that_brings_down_the_scanner_costs_its_own_answer_only(tmp_path, accident):
    paths = [tmp_path / name for name in ("one", f"{accident}-0", "two")]
    for path in paths:
        path.write_bytes(b"%PDF-1.4")
    with Reader(child="tests.preservation.reading.crashing_child") as reader:
        answers = list(reader.identify_all([(path, path.name) for path in paths]))
    assert [type(each) for each in answers] == [Identified, Unavailable, Identified]


def test_readers_live_from_one_group_of_files_to_the_next(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.txt" for number in range(5)]
    for path in paths:
        path.write_text("기록")
    with Reader() as one, Reader() as other:
        asked = [(path, path.name) for path in paths]
        first = list(identifying._at_once([one, other], asked))
        began = [one._process, other._process]
        assert list(identifying._at_once([one, other], asked)) == first and len(first) == 5
        assert [one._process, other._process] == began
        assert all(process is not None and process.is_alive() for process in began)


def test_all_readers_are_at_work_before_one_is_listened_to(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.txt" for number in range(4)]
    for path in paths:
        path.write_text("기록")
    with Reader() as one, Reader() as other:
        answers = identifying._at_once([one, other], [(path, path.name) for path in paths])
        assert [reader._line.poll(30) for reader in (one, other) if reader._line] == [True, True]
        assert len(list(answers)) == 4


def test_a_volume_that_goes_away_on_its_way_keeps_what_was_told_of_it_and_asks_for_no_pages(
    site, tmp_path, monkeypatch
):
    volume = volume_of(site, three(site, tmp_path))
    monkeypatch.setattr(identifying, "FILES_AT_ONCE", 2)
    looked_up = identifying.local_copy

    def away_for_the_last(site, holders, file, folder):
        if file.original_name.endswith(".txt"):
            raise Unavailable("No copy answers.", code="copy.away")
        return looked_up(site, holders, file, folder)

    monkeypatch.setattr(identifying, "local_copy", away_for_the_last)
    with pytest.raises(Unavailable):
        run(site, volume)
    assert formats(site) == ["fmt/353", None, None]
    assert identifying.THEN not in [name for name, _ in jobs_of(site)]
    monkeypatch.setattr(identifying, "local_copy", looked_up)
    list(identify_files(site))
    assert formats(site) == ["fmt/353", None, "x-fmt/111"]
    assert identifying.THEN in [name for name, _ in jobs_of(site)]


def two_volumes(site: Site, tmp_path: Path) -> list[int]:
    letters = [tmp_path / "second.txt", tmp_path / "third.txt"]
    for letter in letters:
        letter.write_text("둘째 권")
    items = three(site, tmp_path), held(site, *letters, reference="SG-2026-000002")
    return [volume_of(site, each) for each in items]


def test_small_volumes_are_asked_about_together_and_the_next_group_is_fetched_meanwhile(
    site, tmp_path, monkeypatch
):
    volumes, steps = two_volumes(site, tmp_path), list[str]()
    ask, fetch = identifying._at_once, identifying.local_copy

    def asked(readers, files):
        steps.append(f"asked {len(files)}")
        return ask(readers, files)

    def fetched(site, holders, file, folder):
        steps.append(file.original_name)
        assert formats(site) == [None] * 5, "none is heard before the next group is fetched"
        return fetch(site, holders, file, folder)

    monkeypatch.setattr(identifying, "_at_once", asked)
    monkeypatch.setattr(identifying, "local_copy", fetched)
    monkeypatch.setattr(identifying, "FILES_AT_ONCE", 4)
    run(site, *volumes)
    loading, *rest = steps
    assert loading == f"asked {min(2, site.settings.workers)}", "readers load while files are fetched"
    files = ["scan.tif", "odd.q9z", "letter.txt"], ["second.txt", "third.txt"]
    assert rest == [*files[0], "asked 3", *files[1], "asked 2"]
    assert formats(site) == ["fmt/353", None, "x-fmt/111", "x-fmt/111", "x-fmt/111"]
    with site.open_session.begin() as session:
        for table in (DerivedFile, ItemFinding):
            session.execute(delete(table))
    steps.clear()
    monkeypatch.setattr(identifying, "FILES_AT_ONCE", 5)
    monkeypatch.setattr(identifying, "local_copy", fetch)
    run(site, *volumes)
    assert steps[1:] == ["asked 5"]


def test_a_volume_that_is_told_of_twice_is_looked_at_once(site, tmp_path):
    volume = volume_of(site, three(site, tmp_path))
    run(site, volume, volume)
    assert formats(site) == ["fmt/353", None, "x-fmt/111"]
    with site.reading_session() as session:
        assert session.scalars(select(OutboxRow)).all() == []


def test_a_medium_that_fails_costs_the_volume_it_holds_and_none_that_is_asked_about_with_it(
    site, tmp_path, monkeypatch
):
    one, other = two_volumes(site, tmp_path)
    looked_up = identifying.local_copy

    @contextmanager
    def failing(site, holders, file, folder):
        with looked_up(site, holders, file, folder) as path:
            yield path.with_name("gone.txt") if file.original_name == "second.txt" else path

    monkeypatch.setattr(identifying, "local_copy", failing)
    with pytest.raises(Unavailable) as told:
        run(site, other, one)
    assert told.value.code == "copy.away"
    assert formats(site) == ["fmt/353", None, "x-fmt/111", None, "x-fmt/111"]
    assert [arguments for name, arguments in jobs_of(site) if name == identifying.THEN] == [
        {"volume_id": one}
    ]
    monkeypatch.setattr(identifying, "local_copy", looked_up)
    list(identify_files(site))
    assert formats(site)[3] == "x-fmt/111"
    assert {"volume_id": other} in [arguments for _, arguments in jobs_of(site)]


def test_copies_of_a_volume_of_which_one_does_not_answer_go_at_once_and_only_its_cause_stays(
    site, tmp_path, monkeypatch
):
    one, other = two_volumes(site, tmp_path)
    fetch, lying = identifying.local_copy, list[str]()

    @contextmanager
    def fetched(site, holders, file, folder):
        assert file.original_name != "second.txt" or lying == []
        if file.original_name == "letter.txt":
            raise Unavailable("It does not answer.", code="copy.away")
        with fetch(site, holders, file, folder) as path:
            lying.append(file.original_name)
            try:
                yield path
            finally:
                lying.remove(file.original_name)

    monkeypatch.setattr(identifying, "local_copy", fetched)
    with pytest.raises(Unavailable, match="It does not answer"):
        run(site, one, other)
    assert formats(site) == [None, None, None, "x-fmt/111", "x-fmt/111"]


def test_a_single_volume_has_one_reader_begun_ahead(site, tmp_path, monkeypatch):
    volume, steps = volume_of(site, three(site, tmp_path)), list[int]()
    ask = identifying._at_once

    def asked(readers, files):
        steps.append(len(files))
        return ask(readers, files)

    monkeypatch.setattr(identifying, "_at_once", asked)
    run(site, volume)
    assert steps == [1, 3]


def test_where_nothing_is_new_no_reader_is_begun(site, monkeypatch):
    monkeypatch.setattr(Reader, "identify_all", None)
    assert list(identify_files(site)) == [(0, 0)]
