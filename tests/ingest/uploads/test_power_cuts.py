"""What a power cut, a kill or two requests at once do to an upload: nothing that is not whole is taken."""

import errno
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from archive.stores import disk
from ingest.uploads import Upload, rows
from ingest.uploads.arriving import sweep_uploads
from ingest.uploads.holding import Holding
from ingest.uploads.parts import Listed, Part
from tests.access.conftest import Shown
from tests.ingest.uploads.conftest import TUS, Sending, begun, row
from tests.ingest.uploads.test_uploads import FOLDER, files, listed, receive, stored


def part_with(shown: Shown, sending: Sending, *sent: tuple[str, bytes]) -> Part:
    """A part whose bytes are all here and not cut yet."""
    told = sending.list(*(row(path, data) for path, data in sent)).get_json()
    part = Holding(shown.site, sending.name).part(told["number"])
    part.data.write_bytes(b"".join(data for _, data in sent))
    return part


@pytest.mark.parametrize("kind", ["ext4", "nfs4"])
@pytest.mark.parametrize("count", [1, 2])
def test_a_part_is_never_done_before_its_files_are_on_the_medium(
    shown: Shown, sending: Sending, monkeypatch: pytest.MonkeyPatch, kind: str, count: int
) -> None:
    sent = [("보냄/a", b"first"), ("보냄/sub/b", b"second")][:count]
    part = part_with(shown, sending, *sent)

    def fails(what: Path | int) -> None:
        if isinstance(what, int) or (what.is_file() and part.root in what.parents):
            raise OSError(errno.EIO, "the medium is gone")

    with monkeypatch.context() as broken:
        broken.setattr(disk, "file_system", lambda _: kind)
        broken.setattr(disk, "sync_file", fails)
        broken.setattr(disk, "sync_filesystem", fails)
        with pytest.raises(OSError, match="the medium is gone"):
            part.cut()
    assert not part.is_done
    part.cut()
    assert (part.is_done, part.failed(), files(shown, sending)) == (True, [], dict(sent))


@pytest.mark.parametrize("kind", ["ext4", "nfs4"])
def test_names_are_on_the_medium_before_a_part_is_done(
    shown: Shown, sending: Sending, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    part = part_with(shown, sending, ("보냄/a", b"first"), ("보냄/sub/b", b"second"))
    synced: list[Path] = []
    monkeypatch.setattr(disk, "file_system", lambda _: kind)
    monkeypatch.setattr(disk, "sync_filesystem", lambda _: synced.extend(part.root.parent.rglob("*")))
    for verb in ("sync_file", "sync_folder"):
        monkeypatch.setattr(disk, verb, lambda path: part.is_done or synced.append(path))
    part.cut()
    wanted = [part.root, part.root / "보냄", part.root / "보냄/sub", part.root / "보냄/a"]
    assert part.is_done and set(wanted) <= set(synced)


@pytest.mark.parametrize("damage", [b"", b"FIRST"])
def test_a_file_that_is_no_longer_what_arrived_is_told_and_asked_for_again(
    shown: Shown, sending: Sending, damage: bytes
) -> None:
    sending.send(*FOLDER)
    place = Holding(shown.site, sending.name).root / "files" / FOLDER[1][0]
    place.write_bytes(damage)
    sending.finish()
    upload = receive(shown, sending)
    assert (upload.state, upload.transfer) == ("refused", None)
    facts = sending.facts()
    assert facts["failed"] == [{"path": FOLDER[1][0], "reason": "digest"}]
    assert FOLDER[1][0] not in [path for part in facts["parts"] for path, _, _ in part["files"]]
    assert not place.exists()
    sending.send(FOLDER[1])
    sending.finish()
    assert receive(shown, sending).state == "received"
    assert files(shown, sending) == dict(FOLDER)


def test_a_file_that_went_away_is_told_and_the_rest_is_received_when_that_is_wanted(
    shown: Shown, sending: Sending
) -> None:
    sending.send(*FOLDER, ("보냄/c.txt", b"third"))
    (Holding(shown.site, sending.name).root / "files/보냄/c.txt").unlink()
    sending.finish()
    assert receive(shown, sending).state == "refused"
    sending.finish(partly=True)
    upload = receive(shown, sending, partly=True)
    assert (upload.state, upload.files) == ("received", 3)


def test_a_large_file_that_was_placed_before_a_kill_is_judged_where_it_is(
    shown: Shown, sending: Sending
) -> None:
    part = part_with(shown, sending, ("보냄/large", b"all of it"))
    place = part.root / "보냄/large"
    place.parent.mkdir(parents=True)
    os.replace(part.data, place)  # the process died here, before it told that the part is done
    part.cut()
    assert (part.failed(), files(shown, sending)) == ([], {"보냄/large": b"all of it"})


def test_what_lies_where_a_large_file_was_to_be_is_not_taken_for_it(shown: Shown, sending: Sending) -> None:
    sending.send(("보냄/large", b"an older one"))
    part = part_with(shown, sending, ("보냄/large", b"a newer one"))
    part.data.unlink()
    part.cut()
    assert [each.reason for each in part.failed()] == ["digest"]


def test_what_no_part_keeps_is_not_received(shown: Shown, sending: Sending) -> None:
    root = Holding(shown.site, sending.name).root / "files"
    sending.send(("보냄/기록물철목록.csv", listed("left behind")), *FOLDER[1:])
    for left in ("보냄/sub/c.txt", "다른 폴더/sub/d.txt"):  # a kill came before their part was done
        (root / left).parent.mkdir(parents=True, exist_ok=True)
        (root / left).write_bytes(b"in no part")
    sending.finish()
    assert receive(shown, sending).state == "received"
    assert sorted(files(shown, sending)) == ["보냄/a.txt", "보냄/sub/b.txt", "보냄/기록물철목록.csv"]
    assert [path.name for path in root.iterdir()] == ["보냄"]


def test_a_part_that_was_half_let_go_has_not_arrived_and_is_sent_again_or_let_go(
    shown: Shown, sending: Sending, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = (("보냄/a", b"first"), ("보냄/b", b"second"))
    address = sending.send(*sent)["address"]
    held = Holding(shown.site, sending.name)
    for again in ("sent", "let go"):
        with monkeypatch.context() as broken:
            broken.setattr(Path, "unlink", lambda path, **more: dies_at("b", path, **more))
            with pytest.raises(OSError, match="killed here"):
                held.forget(held.part(1))
        (part,) = sending.facts()["parts"]
        assert (part["offset"], part["length"], files(shown, sending)) == (0, 11, {"보냄/b": b"second"})
        assert sending.finish().status_code == 409
        if again == "sent":
            assert sending.patch(address, b"firstsecond").status_code == 204
            assert files(shown, sending) == dict(sent)
    assert sending.client.delete(address, headers=TUS).status_code == 204
    assert (sending.facts()["parts"], files(shown, sending)) == ([], {})


def dies_at(name: str, path: Path, *, missing_ok: bool = False) -> None:
    if path.name == name:
        raise OSError(errno.EIO, "killed here")
    if path.exists() or not missing_ok:
        os.unlink(path)


def test_a_file_that_became_empty_replaces_what_it_was(shown: Shown, sending: Sending) -> None:
    sending.send(("보냄/a", b"not empty"))
    sending.list(row("보냄/a", b""))
    assert (sending.facts()["failed"], files(shown, sending)) == ([], {"보냄/a": b""})


def untouched(shown: Shown, sending: Sending, *, since: timedelta = timedelta(days=8)) -> datetime:
    at = shown.site.now() - since
    with shown.site.open_session.begin() as session:
        session.get_one(Upload, stored(shown, sending.name).id).touched_at = at
    return at


def test_an_upload_that_goes_on_while_others_are_let_go_is_kept(shown: Shown, sending: Sending) -> None:
    other = begun(shown, "sender")
    for each in (sending, other):
        each.send(("보냄/a", b"1"))
        untouched(shown, each)
    sweep: Iterator[object] = sweep_uploads(shown.site)
    next(sweep)
    first, second = sorted((sending, other), key=lambda each: stored(shown, each.name).state)
    assert [stored(shown, each.name).state for each in (first, second)] == ["abandoned", "open"]
    second.send(("보냄/b", b"2"))
    list(sweep)
    assert stored(shown, second.name).state == "open"
    assert files(shown, second) == {"보냄/a": b"1", "보냄/b": b"2"}
    assert not Holding(shown.site, first.name).root.exists()


def test_bytes_that_come_show_that_somebody_goes_on_but_not_each_chunk(
    shown: Shown, sending: Sending
) -> None:
    part = sending.list(row("보냄/a", b"123")).get_json()["address"]
    untouched(shown, sending)
    assert sending.patch(part, b"1").status_code == 204
    assert shown.site.now() - stored(shown, sending.name).touched_at < timedelta(hours=1)
    just = untouched(shown, sending, since=rows.TOUCHED_EVERY / 2)
    assert sending.patch(part, b"2", 1).status_code == 204
    assert stored(shown, sending.name).touched_at == just
    list(sweep_uploads(shown.site))
    assert sending.patch(part, b"3", 2).status_code == 204
    assert files(shown, sending) == {"보냄/a": b"123"}


@pytest.mark.parametrize("state", ["cancelled", "abandoned", "cleared"])
def test_a_folder_that_a_kill_left_behind_its_row_is_let_go(
    shown: Shown, sending: Sending, state: str
) -> None:
    other = begun(shown, "sender")
    for each in (sending, other):
        each.send(("보냄/a", b"1"))
    with shown.site.open_session.begin() as session:
        session.get_one(Upload, stored(shown, sending.name).id).state = state
    list(sweep_uploads(shown.site))
    assert not Holding(shown.site, sending.name).root.exists()
    assert files(shown, other) == {"보냄/a": b"1"}


def test_a_number_of_a_part_is_given_once(shown: Shown, sending: Sending) -> None:
    """Eight requests see the same numbers; each gets one of its own, and no list is lost."""
    held = Holding(shown.site, sending.name)
    lists = [[[f"보냄/{at}", 1, 0, "0" * 64]] for at in range(8)]
    with ThreadPoolExecutor(8) as pool:
        opened = [part for part, _ in pool.map(lambda told: held.open_part(told, 0, 0), lists)]
    assert sorted(part.number for part in opened) == list(range(1, 9))
    assert [each.path for part in opened for each in part.files()] == [told[0][0] for told in lists]
    with pytest.raises(FileExistsError):
        Part(held.root, 1).open([Listed("보냄/x", 1, 0, "0" * 64)])
    assert "x" not in Part(held.root, 1).list.read_text("utf-8")


def test_lists_that_come_at_once_are_all_counted(shown: Shown, sending: Sending) -> None:
    windows = [sending, *(Sending(shown.signed_in("sender"), sending.address) for _ in range(3))]

    def send(window: Sending) -> list[int]:
        at = windows.index(window)
        return [window.send((f"보냄/{at}-{n}", b"12"))["number"] for n in range(3)]

    with ThreadPoolExecutor(len(windows)) as pool:
        numbers = [number for some in pool.map(send, windows) for number in some]
    assert sorted(numbers) == list(range(1, 13))
    upload = stored(shown, sending.name)
    assert (upload.files, upload.bytes, len(files(shown, sending))) == (12, 24, 12)


def test_only_a_post_may_name_another_method(shown: Shown, sending: Sending) -> None:
    """A request that needs no token never becomes one that deletes."""
    part = sending.list(row("보냄/a", b"123")).get_json()["address"]
    headers = {**TUS, "X-HTTP-Method-Override": "DELETE"}
    shown.app.config["WTF_CSRF_ENABLED"] = True
    try:
        for asked in (sending.client.head, sending.client.options):
            assert asked(part, headers=headers).status_code in (200, 204)
            assert len(sending.facts()["parts"]) == 1
        assert sending.client.post(part, headers=headers).status_code == 400
        token = {"X-CSRFToken": sending.facts()["token"]}
        assert sending.client.post(part, headers={**headers, **token}).status_code == 204
    finally:
        shown.app.config["WTF_CSRF_ENABLED"] = False
    assert sending.facts()["parts"] == []
