"""Receipts and the completion notice at the desk."""

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from archive.site.site import Site
from ingest.receipts import commands
from tests.access.conftest import application
from tests.conftest import Installation
from tests.ingest.conftest import Call
from tests.ingest.receipts.conftest import Desk
from tests.ingest.receipts.test_completion import whole
from tests.ingest.receipts.test_later_rounds import again
from tests.ingest.receipts.test_receipts import refused, three_volumes, vkey
from tests.ingest.test_bad_input import row, transfer


def text(client: FlaskClient, path: str) -> str:
    return client.get(path).get_data(as_text=True)


@pytest.mark.flow
def test_a_receipt_is_asked_for_and_handed_out(
    receive: Call, call: Call, desk: Desk, place: Installation, tmp_path: Path
) -> None:
    number = receive(whole(tmp_path / "t")).told["transfer"]
    client, page = desk("archivist"), f"/desk/transfers/{number}/receipts"
    assert "아직 접수증을 내지 않았습니다." in text(client, page)
    assert client.post(page).status_code == 303
    again = client.post(page)  # while it waits, asking again changes nothing
    assert "같은 작업을 이미 맡아 하고 있어서 다시 맡기지 않았습니다." in text(client, again.location)
    assert call("work", "--until-idle").told["failed"] == []
    assert "접수증 1 내려받기" in text(client, page)
    assert "접수증 2 내려받기" not in text(client, page)
    given = client.get(f"{page}/1.jsonl")
    assert given.headers["Content-Disposition"].startswith("attachment")
    assert not refused(given.data, text(client, "/desk/receipts/log.vkey"))
    assert text(client, "/desk/receipts/log.vkey") == vkey(place)
    assert text(client, "/desk/receipts/verifier.py").startswith("#!/usr/bin/env python3")
    assert client.get(f"{page}/9.jsonl").status_code == 404


def test_a_receipt_that_no_store_has_whole_is_an_error_and_no_empty_file(
    receive: Call, call: Call, desk: Desk, place: Installation, tmp_path: Path
) -> None:
    number = receive(whole(tmp_path / "t")).told["transfer"]
    client, page = desk("archivist"), f"/desk/transfers/{number}"
    client.post(f"{page}/receipts")
    client.post(f"{page}/papers", data={"kind": "handover_record"})
    assert call("work", "--until-idle").told["failed"] == []
    stem = f"seogo-{number}-handover-record-1"
    files = [f"{page}/papers/handover_record/1/{stem}{end}" for end in (".pdf", "-volumes.csv", ".jsonl")]
    issued = [path for kind in ("receipts", "papers") for path in place.home.rglob(f"stores/*/{kind}/*/*")]
    for address in (f"{page}/receipts/1.jsonl", *files):
        whole_one = client.get(address)
        assert whole_one.status_code == 200 and whole_one.data
    for path in issued:
        path.chmod(0o600)
        path.write_bytes(b"x")
    for address in (f"{page}/receipts/1.jsonl", *files):
        answer = client.get(address)
        assert (answer.status_code, answer.mimetype) == (500, "text/html"), address
        assert "Content-Disposition" not in answer.headers


@pytest.mark.parametrize("n", [2**31, 2**63, "9" * 30])
def test_a_number_that_no_row_can_have_is_404_at_the_desk(
    receive: Call, desk: Desk, tmp_path: Path, n: object
) -> None:
    number = receive(whole(tmp_path / "t")).told["transfer"]
    client, page = desk("archivist"), f"/desk/transfers/{number}"
    for end in ("volumes/{}", "volumes/1/items/{}"):
        assert client.get(f"{page}/{end.format(1)}").status_code == 200
        assert client.get(f"{page}/{end.format(n)}").status_code == 404, end
    assert client.get(f"{page}/receipts/{n}.jsonl").status_code == 404


def test_the_notice_needs_the_archivists_word_and_tells_what_is_in_the_way(
    receive: Call, call: Call, desk: Desk, tmp_path: Path
) -> None:
    number = receive(three_volumes(tmp_path / "t")).told["transfer"]
    client, path = desk("archivist"), f"/desk/transfers/{number}/complete"
    assert "목록의 2번째 철이 인수도 반려도 되지 않았습니다." in text(client, path)
    assert "Volume 2 of the list is neither accepted nor returned." in text(client, f"/en{path}")
    call("transfer", "return", number, "--reason", "없음")
    assert "기관은 인수한 철의 전자파일을 삭제합니다" in text(client, path)
    assert "deletes its files of the volumes in custody" in text(client, f"/en{path}")
    assert client.post(path, data={"confirmed": "yes"}).status_code == 422
    assert client.get(f"/desk/transfers/{number}/notice.pdf").status_code == 403
    assert client.post(path, data={"confirmed": "yes", "final": "yes"}).status_code == 303
    assert call("work", "--until-idle").told["failed"] == []
    assert call("transfer", "show", number).told["state"] == "closed"
    page = text(client, f"/desk/transfers/{number}/receipts")
    assert "인수완료를 통지했습니다." in page and "접수증 1 내려받기" in page
    assert client.get(f"/desk/transfers/{number}/notice.pdf").data.startswith(b"%PDF")


@pytest.mark.flow
def test_files_on_no_list_are_shown_and_need_the_archivists_word(
    receive: Call, call: Call, desk: Desk, tmp_path: Path
) -> None:
    folder = transfer(tmp_path / "t", row("A-1", "가.txt"), files=("가.txt", "더.txt"))
    number = receive(folder).told["transfer"]
    client, path = desk("archivist"), f"/desk/transfers/{number}/complete"
    assert "더.txt" in text(client, path) and "목록에 없어 인수하지 않은 파일이 1개" in text(client, path)
    assert client.post(path, data={"confirmed": "yes"}).status_code == 422
    assert client.post(path, data={"confirmed": "yes", "final": "yes"}).status_code == 303
    assert call("work", "--until-idle").told["failed"] == []
    assert call("transfer", "show", number).told["state"] == "closed"


def test_only_the_desk_sees_receipts(receive: Call, desk: Desk, tmp_path: Path) -> None:
    number = receive(whole(tmp_path / "t")).told["transfer"]
    client = desk("auditor")
    for path in (f"transfers/{number}/receipts", f"transfers/{number}/notice.pdf", "receipts/log.vkey"):
        assert client.get(f"/desk/{path}").status_code == 403


def test_every_reason_why_there_is_no_notice_has_words_at_the_desk(site: Site) -> None:
    app = application(site)
    with app.test_request_context("/"):
        words = app.jinja_env.globals["t"]
        for why in commands.NEXT.keys() - {"stale", "returned", "unlisted"}:
            assert words(f"obstacle.{why}", v=1, s="a", no="2026-0002", n=2) != f"obstacle.{why}"


@pytest.mark.flow
def test_the_desk_asks_no_word_for_what_a_later_round_took_and_names_it(
    receive: Call,
    call: Call,
    first: str,
    desk: Desk,
    tmp_path: Path,
) -> None:
    second = again(receive, first, tmp_path / "second", "A-2").told
    client, path = desk("archivist"), f"/desk/transfers/{first}/complete"
    page = text(client, path)
    assert "반려했던 1철은 뒤의 회차에서 인수했습니다." in page and f"2차 {second['transfer']}" in page
    assert second["references"][0] in page and 'name="final"' not in page
    assert client.post(path, data={"confirmed": "yes"}).status_code == 303
    assert call("work", "--until-idle").told["failed"] == []
    assert call("transfer", "show", first).told["state"] == "closed"
