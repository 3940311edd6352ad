"""An agency's program says that a folder is there and asks what came of it, and sees nothing of others."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

import seogo
from archive.errors import Conflict
from archive.site.site import Site
from archive.site.web import create_app
from archive.work.jobs import Job
from ingest.intake import asking, web
from ingest.intake.tokens import AgencyToken
from tests.conftest import Installation
from tests.ingest.conftest import AGENCY, Call
from tests.ingest.test_bad_input import row, transfer

OTHER = "6110001"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: Call, place: Installation) -> Path:
    folder = tmp_path / "watched"
    (folder / AGENCY).mkdir(parents=True)
    transfer(folder / AGENCY / "one", row("A-1", "가.txt"), files=("가.txt",))
    monkeypatch.setenv("SEOGO_WATCH", str(folder))
    place.environment["SEOGO_WATCH"] = str(folder)
    return folder


@pytest.fixture
def site(root: Path, place: Installation) -> Iterator[Site]:
    site = place.site()
    yield site
    site.engine.dispose()


@pytest.fixture
def client(site: Site) -> FlaskClient:
    return client_of(site)


def client_of(site: Site) -> FlaskClient:
    """With the protection of forms on, as it is in use."""
    return create_app(site, seogo.pages(site), a_minute=100_000).test_client()


def token(call: Call, agency: str = AGENCY) -> dict[str, str]:
    return {"Authorization": f"Bearer {call('agency', 'token', 'add', agency).told['words']}"}


@pytest.mark.parametrize("body", ["[" * 100_000, "{", "[]", b"\xff"])
def test_a_body_that_is_no_request_is_a_wrong_call_and_no_defect(
    call: Call, client: FlaskClient, body: str | bytes
) -> None:
    headers = {**token(call), "Idempotency-Key": "k-1"}
    said = client.post("/api/transfers", data=body, content_type="application/json", headers=headers)
    assert (said.status_code, said.json["error"]["code"]) == (400, "wrong_call"), said.json


@pytest.mark.flow
def test_a_folder_is_received_once_for_a_key_and_its_result_is_told(call: Call, client: FlaskClient) -> None:
    headers = {**token(call), "Idempotency-Key": "k-1"}
    asked = client.post("/api/transfers", json={"folder": "one"}, headers=headers)
    assert (asked.status_code, asked.json) == (202, {
        "key": "k-1", "folder": "one", "transfer": None, "received_before": None, "state": "receiving",
        "error": None,
    })  # fmt: skip
    assert client.post("/api/transfers", json={"folder": "one"}, headers=headers).json == asked.json
    assert call("work", "--until-idle").told["failed"] == []
    again = client.post("/api/transfers", json={"folder": "one"}, headers=headers)
    assert (again.status_code, again.json["transfer"], again.json["state"]) == (200, "2026-0001", "waiting")
    assert len(call("transfer", "list").told["transfers"]) == 1
    told = client.get("/api/transfers/2026-0001", headers=headers)
    assert (told.json["files"], told.headers["Cache-Control"]) == (1, "no-store")


def test_the_same_folder_under_a_new_key_was_received_before(
    call: Call, site: Site, client: FlaskClient
) -> None:
    headers, told = token(call), []
    later = Site(replace(site.settings, clock=site.now() + timedelta(hours=1)))
    for key, program in (("first", client), ("second", client_of(later))):
        asked = {**headers, "Idempotency-Key": key}
        program.post("/api/transfers", json={"folder": "one"}, headers=asked)
        call("work", "--until-idle")
        told.append(program.post("/api/transfers", json={"folder": "one"}, headers=asked).json)
    later.close()
    assert [each["transfer"] for each in told] == ["2026-0001", "2026-0001"]
    assert told[0]["received_before"] is None
    assert "2026-0001" in told[1]["received_before"]["ko"]


@pytest.mark.flow
def test_an_agency_sees_only_its_own(call: Call, client: FlaskClient) -> None:
    mine, other = token(call), token(call, OTHER)
    client.post("/api/transfers", json={"folder": "one"}, headers={**mine, "Idempotency-Key": "k"})
    call("work", "--until-idle")
    assert client.get("/api/transfers/2026-0001", headers=mine).status_code == 200
    unknown = client.get("/api/transfers/2026-9999", headers=other).json
    assert client.get("/api/transfers/2026-0001", headers=other).status_code == 404
    assert (unknown["status"], unknown["error"]["code"]) == (404, "missing")
    same = client.post("/api/transfers", json={"folder": "one"}, headers={**other, "Idempotency-Key": "k"})
    assert same.status_code == 404


def test_without_a_good_token_nothing_is_told(call: Call, client: FlaskClient) -> None:
    headers = token(call)
    assert client.get("/api/transfers/2026-0001", headers=headers).status_code == 404
    call("agency", "token", "revoke", 1)
    realm = 'Bearer realm="transfers"'
    for bad, challenge in (
        (headers, f'{realm}, error="invalid_token"'),
        ({"Authorization": "Bearer seogo_가"}, f'{realm}, error="invalid_token"'),
        ({}, realm), ({"Authorization": "Bearer "}, realm), ({"Authorization": "Basic x"}, realm),
    ):  # fmt: skip
        for said in (
            client.get("/api/transfers/2026-0001", headers=bad),
            client.post("/api/transfers", json={"folder": "one"}, headers=bad),
        ):
            assert (said.status_code, said.headers["WWW-Authenticate"]) == (401, challenge)


def test_a_token_that_only_asks_sends_nothing(call: Call, client: FlaskClient) -> None:
    words = call("agency", "token", "add", AGENCY, "--only-ask").told["words"]
    headers = {"Authorization": f"Bearer {words}", "Idempotency-Key": "k"}
    said = client.post("/api/transfers", json={"folder": "one"}, headers=headers)
    assert (said.status_code, said.json["error"]["code"]) == (403, "token.right")
    client.post("/api/transfers", json={"folder": "one"}, headers={**token(call), "Idempotency-Key": "k"})
    call("work", "--until-idle")
    assert client.get("/api/transfers/2026-0001", headers=headers).json["transfer"] == "2026-0001"
    assert [each["may_send"] for each in call("agency", "token", "list").told["tokens"]] == [False, True]


def test_an_error_is_a_problem_for_programs(client: FlaskClient) -> None:
    said = client.get("/api/transfers/2026-0001")
    assert said.mimetype == "application/problem+json"
    assert {key: said.json[key] for key in ("type", "title", "status", "detail")} == {
        "type": "about:blank", "title": "Unauthorized", "status": 401,
        "detail": "This needs the token of an agency.",
    }  # fmt: skip
    assert said.json["error"]["next"] == "Send it as: Authorization: Bearer seogo_…"


def test_each_token_is_counted_for_itself(
    call: Call, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web, "A_MINUTE", 3)
    first, second = token(call), token(call)
    for _ in range(3):
        assert client.get("/api/transfers/2026-0001", headers=first).status_code == 404
    said = client.post("/api/transfers", json={"folder": "one"}, headers=first)
    assert (said.status_code, said.mimetype) == (429, "application/problem+json")
    assert (said.json["detail"], said.headers["Retry-After"]) == ("More than 3 requests a minute.", "60")
    assert client.get("/api/transfers/2026-0001", headers=second).status_code == 404
    assert client.get("/api/openapi.json").status_code == 200


def test_guessing_tokens_is_counted_by_address(site: Site) -> None:
    client = create_app(site, seogo.pages(site), a_minute=3).test_client()
    answers = [client.get("/api/transfers/1", headers={"Authorization": f"Bearer {n}"}) for n in range(4)]
    assert [each.status_code for each in answers] == [401, 401, 401, 429]


def test_a_folder_that_the_watched_folder_receives_meanwhile_is_waited_for(
    call: Call, client: FlaskClient, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = {**token(call), "Idempotency-Key": "k"}
    client.post("/api/transfers", json={"folder": "one"}, headers=headers)

    def busy(*_: object) -> str:
        raise Conflict("This folder is being received at this moment.", code="busy")

    with monkeypatch.context() as patched:
        patched.setattr(asking.receiving, "receive", busy)
        with pytest.raises(Conflict):
            list(asking.receive_intake(site, 1))
    assert client.post("/api/transfers", json={"folder": "one"}, headers=headers).json["state"] == "receiving"
    list(asking.receive_intake(site, 1))
    assert client.post("/api/transfers", json={"folder": "one"}, headers=headers).json["state"] == "waiting"


def test_what_was_given_up_is_told_and_goes_on_with_a_new_key(
    call: Call, client: FlaskClient, site: Site, root: Path
) -> None:
    headers = token(call)
    with site.open_session.begin() as session:
        intake = asking.ask(session, site, agency=AGENCY, key="k-1", folder="one")
        session.execute(update(Job).where(Job.once == intake.job).values(state="failed", reason="it broke"))
    first, other = (
        client.post("/api/transfers", json={"folder": "one"}, headers=headers | {"Idempotency-Key": key})
        for key in ("k-1", "k-2")
    )
    assert (first.status_code, first.json["state"]) == (200, "failed")
    assert first.json["error"]["code"] == "intake.failed" and "it broke" not in first.text
    assert (other.status_code, other.json["state"]) == (202, "receiving")


def test_a_folder_that_names_its_transfer_is_its_next_round(
    call: Call, client: FlaskClient, root: Path
) -> None:
    headers = token(call)
    transfer(root / AGENCY / "one.round-of-2026-0001", row("A-1", "나.txt"), files=("나.txt",))
    for folder in ("one", "one.round-of-2026-0001"):
        key = {"Idempotency-Key": folder}
        client.post("/api/transfers", json={"folder": folder}, headers={**headers, **key})
        call("work", "--until-idle")
    assert client.get("/api/transfers/2026-0002", headers=headers).json["round"] == 2


def test_a_round_of_another_agency_is_refused_as_one_of_nothing(
    call: Call, client: FlaskClient, root: Path
) -> None:
    theirs = transfer(root.parent / "theirs", row("B-1", "나.txt"), files=("나.txt",))
    number = call("transfer", "receive", theirs, "--agency", OTHER).told["transfer"]
    headers = token(call)
    told = []
    for asked in (number, "2026-0077"):
        folder = transfer(root / AGENCY / f"x.round-of-{asked}", row("A-1", "가.txt"), files=("가.txt",))
        sent = {"json": {"folder": folder.name}, "headers": {**headers, "Idempotency-Key": asked}}
        client.post("/api/transfers", **sent)
        call("work", "--until-idle")
        answer = client.post("/api/transfers", **sent)
        told.append(answer.text.replace(asked, "NUMBER"))
        assert (answer.json["state"], answer.json["error"]["code"]) == ("refused", "missing")
        assert OTHER not in answer.text
    assert told[0] == told[1]


def test_of_a_token_only_its_digest_is_kept(call: Call, site: Site) -> None:
    words = call("agency", "token", "add", AGENCY).told["words"]
    with site.reading_session() as session:
        row = session.scalars(select(AgencyToken)).one()
    assert words not in str(vars(row)) and len(row.sha256) == 64
    assert words not in call("agency", "token", "list").out


@pytest.mark.parametrize("folder", ["..", ".", "", "one/../one", "/etc", "none", "link", f"../{OTHER}"])
def test_nothing_outside_of_the_agencys_folder_is_received(
    call: Call, client: FlaskClient, root: Path, folder: str
) -> None:
    (root / AGENCY / "link").symlink_to(root / AGENCY / "one")
    headers = {**token(call), "Idempotency-Key": "k"}
    said = client.post("/api/transfers", json={"folder": folder}, headers=headers)
    assert (said.status_code, said.json["error"]["code"]) == (404, "intake.folder")


def test_a_refusal_is_the_answer(call: Call, client: FlaskClient, root: Path) -> None:
    (root / AGENCY / "two").mkdir()
    (root / AGENCY / "two" / "x.txt").write_text("x")
    headers = {**token(call), "Idempotency-Key": "k"}
    client.post("/api/transfers", json={"folder": "two"}, headers=headers)
    assert call("work", "--until-idle").told["failed"] == []
    said = client.post("/api/transfers", json={"folder": "two"}, headers=headers)
    assert (said.json["state"], said.json["error"]["code"]) == ("refused", "transfer.no_list")
    other = client.post("/api/transfers", json={"folder": "one"}, headers=headers)
    assert (other.status_code, other.json["error"]["code"]) == (409, "intake.key")


def test_a_call_of_the_wrong_form_is_refused(call: Call, client: FlaskClient) -> None:
    headers = token(call)
    assert client.post("/api/transfers", json={"folder": "one"}, headers=headers).status_code == 400
    assert client.post("/api/transfers", data="x", headers=headers).status_code == 400


def test_the_body_counts_and_not_what_it_is_called(call: Call, client: FlaskClient) -> None:
    headers = token(call) | {"Idempotency-Key": "as-curl-sends-it"}
    said = client.post("/api/transfers", data='{"folder": "one"}', headers=headers,
                       content_type="application/x-www-form-urlencoded")  # fmt: skip
    assert said.status_code != 400, said.json


def test_the_api_is_described(client: FlaskClient) -> None:
    paths = client.get("/api/openapi.json").json["paths"]
    assert "post" in paths["/api/transfers"] and "get" in paths["/api/transfers/{number}"]


@pytest.mark.parametrize("name", ["x" * 300, "가" * 100, "\ud800", "a\0b", "..", "one/../one", ""])
def test_what_is_no_name_of_a_folder_is_not_there(call: Call, client: FlaskClient, name: str) -> None:
    headers = {**token(call), "Idempotency-Key": "k"}
    answer = client.post("/api/transfers", json={"folder": name}, headers=headers)
    assert (answer.status_code, answer.json["error"]["code"]) == (404, "intake.folder")
