"""An installation to look into, its desk, and a transfer of which one volume was returned."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from archive import people
from archive.site.site import Site
from tests.access.conftest import application
from tests.ingest.conftest import Call
from tests.ingest.receipts.test_receipts import three_volumes

Desk = Callable[[str], FlaskClient]


@pytest.fixture
def desk(site: Site) -> Desk:
    app = application(site)

    def sign_in(role: str) -> FlaskClient:
        with site.open_session.begin() as session:
            people.add(session, role, f"password-{role}", role=role, display_name=role, now=site.now())
        client = app.test_client()
        client.post("/sign-in", data={"username": role, "password": f"password-{role}"})
        return client

    return sign_in


@pytest.fixture
def first(receive: Call, call: Call, tmp_path: Path) -> str:
    """A round of three volumes, of which the second was returned."""
    number = str(receive(three_volumes(tmp_path / "first")).told["transfer"])
    call("transfer", "return", number, "--reason", "파일이 없음")
    return number
