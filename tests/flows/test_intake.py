"""An agency's program sends over the wire, many times at once: one transfer, and one answer for all."""

import json
import signal
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from tests.conftest import Installation, plain_environment
from tests.flows.test_portal import Portal, free_port, wait_for
from tests.ingest.test_bad_input import row, transfer

AGENCY = "6110000"
AT_ONCE = 16


@dataclass(frozen=True)
class Program:
    """An agency's program, with its token."""

    place: Installation
    root: str
    words: str

    def send(self, folder: str, key: str) -> tuple[int, dict[str, Any]]:
        body = json.dumps({"folder": folder}).encode()
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": key,
            "Authorization": f"Bearer {self.words}",
        }
        asked = urllib.request.Request(f"{self.root}/api/transfers", body, headers)
        try:
            with urllib.request.urlopen(asked, timeout=60) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def send_at_once(self, folders: list[str], key: str) -> list[tuple[int, dict[str, Any]]]:
        start = Barrier(len(folders))

        def one(folder: str) -> tuple[int, dict[str, Any]]:
            start.wait(30)
            return self.send(folder, key)

        with ThreadPoolExecutor(len(folders)) as pool:
            return list(pool.map(one, folders))


@pytest.fixture(params=["embedded", pytest.param("postgresql", marks=pytest.mark.servers)])
def program(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Program]:
    watched = tmp_path / "watched"
    (watched / AGENCY).mkdir(parents=True)
    for name in ("one", "two"):
        transfer(watched / AGENCY / name, row(f"{name}-1", "가.txt"), files=("가.txt",))
    settings = {"SEOGO_HOME": str(tmp_path / "home"), "SEOGO_WATCH": str(watched)}
    if request.param == "postgresql":
        settings["SEOGO_DATABASE"] = request.getfixturevalue("new_database")
    place = Installation({**plain_environment(), **settings})
    words = place.run("agency", "token", "add", AGENCY).told["words"]
    port = free_port()
    server = place.start("serve", SEOGO_PORT=str(port))
    root = f"http://127.0.0.1:{port}"
    try:
        wait_for(server, Portal(place, root, []))
        yield Program(place, root, words)
    finally:
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=60)


def test_one_key_sent_many_times_at_once_is_one_transfer_with_one_answer(program: Program) -> None:
    answers = program.send_at_once(["one"] * AT_ONCE, "k")
    asked = {"key": "k", "folder": "one", "transfer": None, "received_before": None, "state": "receiving",
             "error": None}  # fmt: skip
    assert answers == [(202, asked)] * AT_ONCE
    assert program.place.run("work", "--until-idle").told["failed"] == []
    done = {**asked, "transfer": "2026-0001", "state": "waiting"}
    answers = program.send_at_once(["one"] * AT_ONCE, "k")
    number = answers[0][1]["transfer"]
    assert answers == [(200, {**done, "transfer": number})] * AT_ONCE
    assert [each["transfer"] for each in program.place.run("transfer", "list").told["transfers"]] == [number]


def test_of_two_folders_sent_at_once_with_one_key_one_is_refused(program: Program) -> None:
    answers = program.send_at_once(["one", "two"] * (AT_ONCE // 2), "k")
    [kept] = {told["folder"] for status, told in answers if status == 202}
    assert sorted(status for status, _ in answers) == [202] * (AT_ONCE // 2) + [409] * (AT_ONCE // 2)
    program.place.run("work", "--until-idle")
    assert program.send(kept, "k")[1]["transfer"]
    assert len(program.place.run("transfer", "list").told["transfers"]) == 1
