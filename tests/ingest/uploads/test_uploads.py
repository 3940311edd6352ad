"""A folder sent by browser: held outside the stores, compared with its digests, received as a transfer."""

import os
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from archive.site.words import spoken
from archive.work.jobs import Job
from ingest.explaining import sentence
from ingest.transfers import FindingRow, Transfer
from ingest.uploads import Upload
from ingest.uploads.arriving import receive_upload, sweep_uploads
from ingest.uploads.holding import Holding
from ingest.uploads.names import PATH_BYTES
from tests.access.conftest import Shown
from tests.ingest.uploads.conftest import LIST, TUS, Sending, begun, row


def listed(number: str) -> bytes:
    """A list of one volume; one of a number of its own is of no other test's transfer."""
    return f"{LIST}{number},시정일지 {number},1978,영구,공개,a.txt;sub/b.txt\n".encode()


LISTED = listed("1")
FOLDER = (("보냄/기록물철목록.csv", LISTED), ("보냄/a.txt", b"first"), ("보냄/sub/b.txt", b"second"))


def files(shown: Shown, sending: Sending) -> dict[str, bytes]:
    root = Holding(shown.site, sending.name).root / "files"
    return {
        path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()
    }


def stored(shown: Shown, name: str) -> Upload:
    with shown.site.reading_session() as session:
        return session.scalars(select(Upload).where(Upload.name == name)).one()


def receive(shown: Shown, sending: Sending, *, partly: bool = False) -> Upload:
    list(receive_upload(shown.site, upload=sending.name, by="p-1", partly=partly))
    return stored(shown, sending.name)


@pytest.mark.flow
def test_a_folder_arrives_and_is_received_as_a_transfer(shown: Shown, sending: Sending) -> None:
    sending.send(*FOLDER)
    assert files(shown, sending) == dict(FOLDER)
    assert sending.finish().status_code == 200
    upload = receive(shown, sending)
    assert (upload.state, upload.files, upload.folder) == ("received", 3, "보냄"), upload.reason
    with shown.site.reading_session() as session:
        transfer = session.scalars(select(Transfer).where(Transfer.number == upload.transfer)).one()
    assert (transfer.agency_code, transfer.files, transfer.state) == ("6110000", 3, "waiting")
    assert f"이관 {upload.transfer}" in sending.client.get(sending.address).get_data(as_text=True)


@pytest.mark.flow
def test_what_is_half_here_goes_on_from_its_offset(shown: Shown, sending: Sending) -> None:
    told = sending.list(*(row(path, data) for path, data in FOLDER)).get_json()
    whole = b"".join(data for _, data in FOLDER)
    sending.patch(told["address"], whole[:20])
    (part,) = sending.facts()["parts"]
    assert (part["offset"], part["length"]) == (20, len(whole))
    assert [each[:2] for each in part["files"]] == [[path, len(data)] for path, data in FOLDER]
    assert sending.finish().status_code == 409
    sending.patch(told["address"], whole[20:], 20)
    assert files(shown, sending) == dict(FOLDER)


def test_a_file_whose_bytes_differ_is_told_and_the_others_are_kept(shown: Shown, sending: Sending) -> None:
    told = sending.list(row("보냄/a.txt", b"first"), row("보냄/b.txt", b"other", "0" * 64)).get_json()
    sending.patch(told["address"], b"firstother")
    assert files(shown, sending) == {"보냄/a.txt": b"first"}
    assert sending.facts()["failed"] == [{"path": "보냄/b.txt", "reason": "digest"}]
    sending.send(("보냄/b.txt", b"other"))
    assert sending.facts()["failed"] == []
    assert files(shown, sending) == {"보냄/a.txt": b"first", "보냄/b.txt": b"other"}


def test_files_that_failed_keep_a_folder_back_unless_it_goes_on_without(shown: Shown, sending: Sending):
    sending.send(*FOLDER)
    told = sending.list(row("보냄/c.txt", b"other", "0" * 64)).get_json()
    sending.patch(told["address"], b"other")
    sending.finish()
    upload = receive(shown, sending)
    assert (upload.state, "1 file did not arrive" in (upload.reason or "")) == ("refused", True)
    assert sending.finish(partly=True).status_code == 200
    assert receive(shown, sending, partly=True).state == "received"


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("../out.txt", "outside"), ("/etc/out", "outside"), ("a//b", "outside"), ("a/./b", "outside"),
        ("a/../../b", "outside"), ("", "outside"), ("a\\..\\b", "name"), ("a\0b", "name"), ("a\nb", "name"),
        ("a/" + "가" * 90, "long"),
    ],
)  # fmt: skip
def test_a_path_never_leads_out_and_is_told_alone(
    shown: Shown, sending: Sending, path: str, reason: str
) -> None:
    told = sending.list(row(path, b"bad"), row("보냄/a.txt", b"good")).get_json()
    assert told["failed"] == [{"path": path, "reason": reason}]
    assert sending.patch(told["address"], b"good").status_code == 204
    assert files(shown, sending) == {"보냄/a.txt": b"good"}
    home = shown.site.settings.home
    assert not [path for path in home.parent.rglob("*out*") if path.is_file() and path.read_bytes() == b"bad"]


@pytest.mark.parametrize("data", [b"", b"12"])
def test_a_path_that_is_too_long_where_it_would_lie_is_told_alone_and_the_longest_is_received(
    shown: Shown, sending: Sending, data: bytes
) -> None:
    room = PATH_BYTES - len(os.fsencode(Holding(shown.site, sending.name).root / "files")) - 1
    folders = "보냄/" + ("a" * 20 + "/") * ((room - 200) // 21)
    longest = folders + "b" * (room - len(folders.encode()))
    deep = "보냄/" + "a/" * 1000 + "b"
    told = sending.list(row(f"{longest}b", data), row(deep, data), row(longest, data)).get_json()
    assert told["failed"] == [{"path": path[:300], "reason": "long"} for path in (longest, deep)]
    if data:
        assert sending.patch(told["address"], data).status_code == 204
    sending.send(("보냄/기록물철목록.csv", listed(f"long {len(data)}")), *FOLDER[1:])
    sending.finish()
    upload = receive(shown, sending)
    assert (upload.state, upload.files) == ("received", 4), upload.reason


def test_a_file_where_a_folder_is_fails_alone(shown: Shown, sending: Sending) -> None:
    sending.send(("보냄/a/b", b"1"))
    told = sending.list(row("보냄/a", b"2"), row("보냄/c", b"3")).get_json()
    sending.patch(told["address"], b"23")
    assert sending.facts()["failed"] == [{"path": "보냄/a", "reason": "in the way"}]
    assert files(shown, sending) == {"보냄/a/b": b"1", "보냄/c": b"3"}


def test_empty_files_need_no_bytes(shown: Shown, sending: Sending) -> None:
    told = sending.list(row("보냄/leer", b"")).get_json()
    assert (told["length"], files(shown, sending)) == (0, {"보냄/leer": b""})


@pytest.mark.parametrize(
    "rows",
    [[], [["a", "x", 0, "0" * 64]], [["a", 1, 0, "0"]], [["a", -1, 0, "0" * 64]], [row("a", b"")] * 2, "text",
     [["a", 17 << 20, 0, "0" * 64], ["b", 1, 0, "0" * 64]]],
)  # fmt: skip
def test_a_list_that_is_none_is_refused(sending: Sending, rows: list) -> None:
    answer = sending.client.post(f"{sending.address}/parts.json", json={"files": rows})
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (400, "upload.list")
    assert sending.facts()["parts"] == []


def test_limits_of_files_and_bytes_are_kept_before_anything_comes(
    shown: Shown, sending: Sending, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(shown.site.settings.__dict__, "upload_files", 2)
    monkeypatch.setitem(shown.site.settings.__dict__, "upload_bytes", 100)
    sending.send(("보냄/a", b"1"))
    assert (
        sending.list(row("보냄/b", b"1"), row("보냄/c", b"1")).get_json()["error"]["code"] == "upload.limit"
    )
    assert sending.list(["보냄/b", 100, 0, "0" * 64]).get_json()["error"]["code"] == "upload.limit"
    assert sending.list(["보냄/b", 99, 0, "0" * 64]).status_code == 201


def test_limits_are_kept_however_often_parts_are_let_go(
    shown: Shown, sending: Sending, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(shown.site.settings.__dict__, "upload_bytes", 100)
    for n in range(3):
        part = sending.send((f"{n}/a.bin", b"x" * 90))["address"]
        assert sum(map(len, files(shown, sending).values())) == 90
        assert sending.client.delete(part, headers=TUS).status_code == 204
    assert not list((Holding(shown.site, sending.name).root / "files").iterdir())
    assert (stored(shown, sending.name).files, stored(shown, sending.name).bytes) == (0, 0)


def test_a_part_that_is_let_go_takes_no_file_that_another_part_keeps(shown: Shown, sending: Sending) -> None:
    older = sending.send(("보냄/a", b"older"), ("보냄/b", b"in no other part"))["address"]
    sending.send(("보냄/a", b"the newer one"))
    assert sending.client.delete(older, headers=TUS).status_code == 204
    assert files(shown, sending) == {"보냄/a": b"the newer one"}


def test_what_was_let_go_is_not_received(shown: Shown, sending: Sending) -> None:
    part = sending.send(("다른 폴더/secret.txt", b"not to be sent"))["address"]
    assert sending.client.delete(part, headers=TUS).status_code == 204
    sending.send(("보냄/기록물철목록.csv", listed("let go")), *FOLDER[1:])
    sending.finish()
    upload = receive(shown, sending)
    with shown.site.reading_session() as session:
        transfer = session.scalars(select(Transfer).where(Transfer.number == upload.transfer)).one()
    assert (upload.files, transfer.files, Path(transfer.folder).name) == (3, 3, "보냄")


def test_another_sender_learns_nothing_and_the_desk_sees_all(shown: Shown, sending: Sending) -> None:
    desk = begun(shown, "archivist", agency="6110000")
    assert sending.client.get(desk.address).status_code == 404
    assert sending.client.get(f"{desk.address}.json").status_code == 404
    assert desk.client.get(sending.address).status_code == 200
    for user, status in (("citizen", 403), ("auditor", 403)):
        assert shown.signed_in(user).get(sending.address).status_code == status
    assert shown.client.get(sending.address).status_code == 302


def test_a_sender_sends_for_her_own_agency_only(shown: Shown) -> None:
    assert stored(shown, begun(shown, "sender", agency="1234567").name).agency_code == "6110000"
    answer = shown.signed_in("archivist").post("/desk/uploads", data={})
    assert answer.status_code == 422


def test_a_request_of_another_site_is_refused(shown: Shown, sending: Sending) -> None:
    told = sending.list(row("보냄/a", b"1")).get_json()
    shown.app.config["WTF_CSRF_ENABLED"] = True
    try:
        assert sending.patch(told["address"], b"1").status_code == 400
        assert sending.patch(told["address"], b"1", X_CSRFToken=sending.facts()["token"]).status_code == 204
    finally:
        shown.app.config["WTF_CSRF_ENABLED"] = False


@pytest.mark.parametrize(("top", "called"), [("보냄/", "The folder 보냄"), ("", "What was sent")])
def test_what_no_list_describes_is_told_on_the_page_and_the_upload_goes_on(
    shown: Shown, sending: Sending, top: str, called: str
) -> None:
    sending.send((f"{top}a.txt", b"first"), (f"{top}sub/b.txt", b"second"))
    sending.finish()
    upload = receive(shown, sending)
    assert (upload.state, f"{called} has no transfer list" in (upload.reason or "")) == ("refused", True)
    assert f"{called} has no transfer list" in sending.client.get(sending.address).get_data(as_text=True)
    sending.send((f"{top}기록물철목록.csv", listed(f"no list {top}")))
    sending.finish()
    assert receive(shown, sending).state == "received"


def test_receiving_twice_gives_one_transfer(shown: Shown, sending: Sending) -> None:
    sending.send(*FOLDER)
    sending.finish()
    assert receive(shown, sending).transfer == receive(shown, sending).transfer


@pytest.mark.parametrize(("what", "round_"), [("round", 2), ("another", 1)])
def test_what_looks_like_an_earlier_transfer_waits_until_its_sender_says_what_it_is(
    shown: Shown, sending: Sending, what: str, round_: int
) -> None:
    name = ("보냄/기록물철목록.csv", listed(f"mended {what}"))
    sending.send(name, *FOLDER[1:])
    sending.finish()
    first = receive(shown, sending).transfer
    again = begun(shown, "sender")
    assert again.client.post(f"{again.address}/what", data={"what": what}).status_code == 409
    again.send(name, *FOLDER[1:], ("보냄/나중.txt", b"later"))
    again.finish()
    refused = receive(shown, again)
    assert (refused.state, refused.looks_like, refused.transfer) == ("refused", first, None)
    page = again.client.get(again.address).get_data(as_text=True)
    assert f"이관 {first}의 다음 회차로 보내기" in page and "--round-of" not in page
    assert again.client.post(f"{again.address}/what", data={"what": what}).status_code == 303
    upload = do_job(shown, again)
    assert (upload.state, upload.looks_like) == ("received", None), upload.reason
    with shown.site.reading_session() as session:
        transfer = session.scalars(select(Transfer).where(Transfer.number == upload.transfer)).one()
    assert (transfer.round, transfer.round_of) == (round_, first if what == "round" else None)


def do_job(shown: Shown, sending: Sending) -> Upload:
    """Do the newest job of an upload with what it was given."""
    with shown.site.reading_session() as session:
        mine = select(Job).where(Job.once.startswith(f"receive-upload:{sending.name}:"))
        arguments = session.scalars(mine.order_by(Job.id.desc())).first().arguments
    list(receive_upload(shown.site, **arguments))
    return stored(shown, sending.name)


def test_cancelling_deletes_what_arrived(shown: Shown, sending: Sending) -> None:
    sending.send(*FOLDER)
    assert sending.client.post(f"{sending.address}/cancel").status_code == 303
    assert stored(shown, sending.name).state == "cancelled"
    assert not Holding(shown.site, sending.name).root.exists()
    assert sending.list(row("보냄/a", b"1")).status_code == 409


def test_an_upload_left_alone_is_let_go_and_a_new_one_is_not(shown: Shown, sending: Sending) -> None:
    old = begun(shown, "sender")
    for each in (sending, old):
        each.send(("보냄/a", b"1"))
    with shown.site.open_session.begin() as session:
        row_of_old = session.scalars(select(Upload).where(Upload.name == old.name)).one()
        row_of_old.touched_at = shown.site.now() - timedelta(days=8)
    list(sweep_uploads(shown.site))
    assert (stored(shown, old.name).state, stored(shown, sending.name).state) == ("abandoned", "open")
    assert not Holding(shown.site, old.name).root.exists()
    assert files(shown, sending)


@pytest.mark.flow
def test_a_folder_is_held_until_its_transfer_needs_it_no_longer(shown: Shown, sending: Sending) -> None:
    sending.send(("보냄/기록물철목록.csv", listed("held")), *FOLDER[1:])
    sending.finish()
    number = receive(shown, sending).transfer
    list(sweep_uploads(shown.site))
    assert files(shown, sending)
    with shown.site.open_session.begin() as session:
        session.scalars(select(Transfer).where(Transfer.number == number)).one().state = "stored"
    list(sweep_uploads(shown.site))
    assert stored(shown, sending.name).state == "cleared"
    assert not Holding(shown.site, sending.name).root.exists()


def test_a_part_that_was_cut_off_by_a_kill_is_cut_again(shown: Shown, sending: Sending) -> None:
    told = sending.list(row("보냄/a", b"first"), row("보냄/b", b"second")).get_json()
    held = Holding(shown.site, sending.name).part(told["number"])
    held.data.write_bytes(b"firstsecond")  # the bytes are here, and the process died before it cut them
    sending.finish()
    list(receive_upload(shown.site, upload=sending.name, by="p-1", partly=False))
    assert files(shown, sending) == {"보냄/a": b"first", "보냄/b": b"second"}


def test_nothing_of_an_upload_is_in_a_store(shown: Shown, sending: Sending) -> None:
    sending.send(("보냄/a", b"only here 7c1f"))
    stores = shown.site.settings.home / "stores"
    assert not [path for path in stores.rglob("*") if path.is_file() and b"7c1f" in path.read_bytes()]


def test_everything_that_arrived_is_received_also_what_lies_beside_a_folder(
    shown: Shown, sending: Sending
) -> None:
    sending.send(("기록물철목록.csv", listed("beside")), ("a.txt", b"first"), ("sub/b.txt", b"second"))
    sending.finish()
    upload = receive(shown, sending)
    with shown.site.reading_session() as session:
        transfer = session.scalars(select(Transfer).where(Transfer.number == upload.transfer)).one()
    assert (upload.state, transfer.files) == ("received", 3)


def test_the_folder_around_what_came_is_ours_and_is_not_named_in_findings(
    shown: Shown, sending: Sending
) -> None:
    volumes = LIST + "loose,시정일지 느슨,1978,영구,공개,없음.txt\nloose-2,시정일지 없음,1978,영구,공개,\n"
    sending.send(("기록물철목록.csv", volumes.encode()), ("a.txt", b"first"))
    sending.finish()
    number = receive(shown, sending).transfer
    missing = select(FindingRow).join(Transfer, Transfer.id == FindingRow.transfer_id)
    missing = missing.where(Transfer.number == number, FindingRow.rule == "file.missing")
    with shown.site.reading_session() as session:
        found = session.scalars(missing.order_by(FindingRow.id)).all()
        told = [(each.message, each.expected, sentence(spoken("ko"), "ko", each)) for each in found]
    assert [(message, expected) for message, expected, _ in told] == [
        ("The file 없음.txt that row 2 names did not come: it is not in what was sent.",
         "a file in what was sent"),
        ("Row 3 (시정일지 없음) finds no file: it names none, and no folder in what was sent is called like "
         "its volume.", "a folder in what was sent that is called like the volume"),
    ]  # fmt: skip
    assert "‘보낸 것 안에 있는 파일’" in told[0][2]
    assert "‘보낸 것 안에 철의 번호나 제목으로 된 폴더’" in told[1][2]


def test_a_folder_of_which_nothing_may_be_kept_is_refused(shown: Shown, sending: Sending) -> None:
    assert sending.list(row("보냄/a\\b.txt", b"1")).get_json()["failed"][0]["reason"] == "name"
    sending.finish()
    upload = receive(shown, sending)
    assert (upload.state, "No file" in (upload.reason or "")) == ("refused", True)


def test_an_upload_that_was_given_up_says_so_and_its_sender_goes_on(shown: Shown, sending: Sending) -> None:
    sending.send(("보냄/기록물철목록.csv", listed("given up")), *FOLDER[1:])
    for path in ("page", "list", "cancel"):
        sending.finish()
        assert stored(shown, sending.name).state == "finished"
        assert sending.list(row("보냄/c.txt", b"3")).status_code == 409
        give_up(shown, sending)
        if path == "page":
            page = sending.client.get(sending.address, follow_redirects=True).get_data(as_text=True)
            assert "the archive sees why" in page and 'id="upload"' in page
            sending.finish()
            assert receive(shown, sending).state == "received"
            sending = begun(shown, "sender")
            sending.send(*FOLDER)
        elif path == "list":
            sending.send(("보냄/c.txt", b"3"))
            assert stored(shown, sending.name).state == "open"
        else:
            assert sending.client.post(f"{sending.address}/cancel").status_code == 303
            assert stored(shown, sending.name).state == "cancelled"


def test_an_upload_that_was_given_up_and_left_alone_is_let_go(shown: Shown, sending: Sending) -> None:
    sending.send(*FOLDER)
    sending.finish()
    give_up(shown, sending)
    list(sweep_uploads(shown.site))
    assert stored(shown, sending.name).state == "refused"


def give_up(shown: Shown, sending: Sending) -> None:
    mine = Job.once.startswith(f"receive-upload:{sending.name}:")
    with shown.site.open_session.begin() as session:
        session.execute(update(Job).where(mine).values(state="failed", reason="it broke"))


@pytest.mark.parametrize("code", ["", "서울", "a b", "x" * 41, "../x"])
def test_a_code_that_is_no_agency_s_is_told_before_anything_is_sent(shown: Shown, code: str) -> None:
    client = shown.signed_in("archivist")
    assert client.post("/desk/uploads", data={"agency": code}).status_code == 422
    assert client.post("/desk/uploads", data={"agency": "6110000"}).status_code == 303
