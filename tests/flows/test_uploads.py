"""A folder sent by browser over the wire: what breaks off goes on, what was refused is sent again alone."""

import hashlib
import http.client
import json
import re
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Installation, plain_environment
from tests.flows.test_portal import Browser, Portal, free_port, wait_for

AGENCY = "6110000"
PASSWORD = "seogo-sender-1"
LIST = "관리번호,제목,생산연도,보존기간,공개구분,파일\n"
ROWS = "1,시정일지,1978,영구,공개,a.txt\n2,회의록,1979,영구,공개,b.txt;c.txt\n"


@dataclass
class Sender:
    """A browser that sends folders; ``token`` is the one that the last answer brought."""

    place: Installation
    browser: Browser
    token: str = ""

    def begin(self, **form: str) -> str:
        said = self.browser.send_form("/desk/uploads", "/desk/uploads", **form)
        found = re.search(r"/desk/uploads/([0-9a-f]{24})/cancel", said.text)
        assert found, said.text
        name = found[1]
        self.facts(name)
        return name

    def facts(self, name: str) -> dict[str, Any]:
        told: dict[str, Any] = self.browser.get(f"/desk/uploads/{name}.json").told
        self.token = told.get("token", self.token)
        return told

    def list(self, name: str, files: dict[str, bytes]) -> dict[str, Any]:
        rows = [
            [path, len(data), 1_700_000_000_000, hashlib.sha256(data).hexdigest()]
            for path, data in files.items()
        ]
        headers = {"Content-Type": "application/json"}
        status, _, body = self.ask(
            "POST", f"/desk/uploads/{name}/parts.json", json.dumps({"files": rows}).encode(), headers
        )
        assert status == 201, body
        told: dict[str, Any] = json.loads(body)
        self.token = told["token"]
        return told

    def patch(self, address: str, data: bytes, offset: int, *, told: int | None = None) -> int:
        """``told`` is the length that is announced; when less comes, the line breaks off."""
        headers = {
            "Tus-Resumable": "1.0.0", "Upload-Offset": str(offset),
            "Content-Type": "application/offset+octet-stream",
        }  # fmt: skip
        if told is None:
            return self.ask("PATCH", address, data, headers)[0]
        line = self.line()
        line.putrequest("PATCH", address)
        for name, value in {**headers, **self.cookies(), "Content-Length": str(told)}.items():
            line.putheader(name, value)
        line.endheaders(data)
        line.close()
        return 0

    def offset(self, address: str) -> int:
        status, headers, _ = self.ask("HEAD", address, None, {"Tus-Resumable": "1.0.0"})
        assert status == 200
        return int(headers["Upload-Offset"])

    def go_on(self, address: str, data: bytes) -> int:
        """Bring the rest as soon as the server has let go of the line that broke off; where it went on."""
        end = time.monotonic() + 60
        while True:
            arrived = self.offset(address)
            status = self.patch(address, data[arrived:], arrived)
            if status == 204:
                return arrived
            assert status in (409, 423) and time.monotonic() < end, status
            time.sleep(0.2)

    def send(self, name: str, files: dict[str, bytes]) -> None:
        told = self.list(name, files)
        assert self.patch(told["address"], b"".join(files.values()), 0) == 204

    def finish(self, name: str) -> dict[str, Any]:
        """Finish, have the worker receive it; what came of its transfer."""
        headers = {"Content-Type": "application/json"}
        status, _, body = self.ask("POST", f"/desk/uploads/{name}/finish.json", b"{}", headers)
        assert status == 200, body
        assert self.place.run("work", "--until-idle").told["failed"] == []
        number = self.place.run("transfer", "list").told["transfers"][0]["transfer"]
        return self.place.run("transfer", "show", number).told

    def ask(
        self, method: str, path: str, data: bytes | None, headers: dict[str, str]
    ) -> tuple[int, Any, bytes]:
        line = self.line()
        line.request(method, path, data, {**headers, **self.cookies()})
        answer = line.getresponse()
        body = answer.read()
        line.close()
        return answer.status, answer.headers, body

    def line(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self.browser.address.removeprefix("http://"), timeout=60)

    def cookies(self) -> dict[str, str]:
        held = "; ".join(f"{each.name}={each.value}" for each in self.browser.cookies)
        return {"Cookie": held, "X-CSRFToken": self.token, "Referer": self.browser.address}


@pytest.fixture(params=["embedded", pytest.param("postgresql", marks=pytest.mark.servers)])
def sender(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Sender]:
    settings = {"SEOGO_HOME": str(tmp_path / "home")}
    if request.param == "postgresql":
        settings["SEOGO_DATABASE"] = request.getfixturevalue("new_database")
    place = Installation({**plain_environment(), **settings})
    added = place.run("user", "add", "sender", "--role", "sender", "--agency", AGENCY, "--password", PASSWORD)
    assert added.exit_code == 0, added.errors
    port = free_port()
    server = place.start("serve", SEOGO_PORT=str(port))
    portal = Portal(place, f"http://127.0.0.1:{port}", [])
    try:
        wait_for(server, portal)
        browser = portal.browser()
        assert browser.sign_in("sender", PASSWORD).status == 200
        yield Sender(place, browser)
    finally:
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=60)


def test_what_broke_off_goes_on_and_what_was_refused_is_sent_again_alone(sender: Sender) -> None:
    name = sender.begin()
    whole = {
        "보냄/목록.csv": (LIST + ROWS).encode(),
        "보냄/a.txt": b"first" * 50_000,
        "보냄/b.txt": b"second",
    }
    part, data = sender.list(name, whole)["address"], b"".join(whole.values())
    sender.patch(part, data[:100_000], 0, told=len(data))
    assert sender.go_on(part, data) <= 100_000
    first = sender.finish(name)
    assert (first["round"], first["state"]) == (1, "waiting")
    number = first["transfer"]
    page = sender.browser.get(f"/desk/uploads/{name}").text
    assert "회의록" in page and "시정일지" not in page and "c.txt" in page
    assert f"round_of={number}" in page
    taken = sender.place.run("transfer", "accept", number)
    assert taken.told["volumes"]["stored"] == 1

    again = sender.begin(round_of=number)
    sender.send(
        again, {"보냄/목록.csv": (LIST + ROWS).encode(), "보냄/b.txt": b"second", "보냄/c.txt": b"third"}
    )
    second = sender.finish(again)
    assert (second["round"], [each for each in second["findings"] if each["severity"] == "error"]) == (2, [])
    taken = sender.place.run("transfer", "accept", second["transfer"])
    assert (taken.told["state"], taken.told["volumes"]["stored"]) == ("stored", 2)
    assert len(sender.place.run("volume", "list").told["volumes"]) == 2


def test_a_round_of_a_transfer_of_others_is_refused_as_if_there_were_none(
    sender: Sender, tmp_path: Path
) -> None:
    folder = tmp_path / "other"
    folder.mkdir()
    (folder / "목록.csv").write_text(LIST + "1,시정일지,1978,영구,공개,a.txt\n", "utf-8")
    (folder / "a.txt").write_text("x")
    sender.place.run("transfer", "receive", folder, "--agency", "1741000")
    number = sender.place.run("transfer", "list").told["transfers"][0]["transfer"]
    for wrong in (number, "2026-9999"):
        said = sender.browser.send_form("/desk/uploads", "/desk/uploads", round_of=wrong)
        assert said.status == 422 and "그 번호가 없습니다" in said.text
    assert number not in sender.browser.get("/desk/uploads").text
