"""A signed-in sender, and an upload of hers that was begun."""

import hashlib
from dataclasses import dataclass
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.access.conftest import Shown, shown

__all__ = ["shown"]

TUS = {"Tus-Resumable": "1.0.0"}
LIST = "관리번호,제목,생산연도,보존기간,공개구분,파일\n"


def row(path: str, data: bytes, sha256: str | None = None) -> list[Any]:
    return [path, len(data), 1_700_000_000_000, sha256 or hashlib.sha256(data).hexdigest()]


@dataclass
class Sending:
    """An upload as its browser has it."""

    client: FlaskClient
    address: str

    @property
    def name(self) -> str:
        return self.address.rpartition("/")[2]

    def list(self, *rows: list[Any]) -> TestResponse:
        return self.client.post(f"{self.address}/parts.json", json={"files": rows})

    def patch(self, part: str, data: bytes, offset: int = 0, **more: str) -> TestResponse:
        headers = {
            **TUS, "Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream",
            **{key.replace("_", "-"): value for key, value in more.items()},
        }  # fmt: skip
        return self.client.patch(part, data=data, headers={k: v for k, v in headers.items() if v})

    def send(self, *files: tuple[str, bytes]) -> dict[str, Any]:
        """List files as one part and bring its bytes; what the listing said."""
        told: dict[str, Any] = self.list(*(row(path, data) for path, data in files)).get_json()
        assert self.patch(told["address"], b"".join(data for _, data in files)).status_code == 204
        return told

    def facts(self) -> dict[str, Any]:
        answer: dict[str, Any] = self.client.get(f"{self.address}.json").get_json()
        return answer

    def finish(self, **told: bool) -> TestResponse:
        return self.client.post(f"{self.address}/finish.json", json=told)


def begun(shown: Shown, user: str, **form: str) -> Sending:
    client = shown.signed_in(user)
    answer = client.post("/desk/uploads", data=form)
    assert answer.status_code == 303
    return Sending(client, answer.location)


@pytest.fixture
def sending(shown: Shown) -> Sending:
    return begun(shown, "sender")
