"""What the desk and the auditor see of copies, in both languages."""

from dataclasses import replace
from typing import get_args

import pytest
from flask.testing import FlaskClient

import seogo
from access.assets import catalogues
from archive import people
from archive.site.web import create_app
from preservation import evidence
from preservation.packages import CopyState
from tests.preservation.held import Held


def client_of(held: Held, role: str) -> FlaskClient:
    site = held.place.site()
    with site.open_session.begin() as session:
        people.add(session, role, "password-1", role=role, display_name="김서고", now=site.now())
    app = create_app(site, seogo.pages(site))
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    assert client.post("/sign-in", data={"username": role, "password": "password-1"}).status_code == 303
    return client


@pytest.fixture
def late(held: Held) -> Held:
    """An installation whose third store has lacked all three volumes for two hours."""
    more = held.with_store("c")
    more.ask("init")
    return more.at(hours=2)


@pytest.mark.parametrize(("page", "role"), [("/desk/transfers", "archivist"), ("/audit/copies", "auditor")])
def test_late_copies_are_an_alarm_on_the_first_page_of_the_desk_and_of_the_auditor(
    late: Held, page: str, role: str
) -> None:
    client = client_of(late, role)
    told = client.get(page).text
    assert "사본이 늦습니다" in told and "저장소 c" in told and "3권" in told
    told = client.get("/en" + page).text
    assert "Copies are late" in told and "copies of 3 volumes owed since" in told
    assert "3 past the time allowed" in told
    assert "seogo copy fill --store c" in told
    late.ask("copy", "fill", "--store", "c")
    assert "Copies are late" not in client.get("/en" + page).text


def test_copies_that_are_owed_and_not_late_are_told_quietly(held: Held) -> None:
    more = held.with_store("c")
    more.ask("init")
    told = client_of(more, "archivist").get("/en/desk/transfers").text
    assert "Copies still owed" in told
    assert "Copies are late" not in told


def test_a_store_that_is_being_filled_is_damaged_in_nobodys_eyes_until_it_is_late(held: Held) -> None:
    more = held.with_store("c")
    more.ask("init")
    told = client_of(more, "auditor").get("/audit/copies").text
    assert "고쳐야 할 사본이 있습니다" not in told
    assert "예외 3" in told
    told = client_of(held.with_store("c").at(hours=5), "archivist").get("/audit/copies").text
    assert "고쳐야 할 사본이 있습니다" in told


def test_the_copies_of_one_volume_are_told_by_store_and_state_and_without_its_title(late: Held) -> None:
    volume = late.ask("volume", "list")[1]["volumes"][0]
    client = client_of(late, "auditor")
    assert f"/audit/copies/{volume['reference']}" in client.get("/audit/copies").text
    told = client.get(f"/en/audit/copies/{volume['reference']}").text
    assert told.count("Verified") == 2 and told.count("Not begun") == 1
    assert volume["title"] not in told
    assert client.get("/audit/copies/SG-2026-999999").status_code == 404


def test_the_auditor_sees_how_many_volumes_meet_the_policy_and_which_store_is_cold(held: Held) -> None:
    more = held.with_store("c")
    more = replace(more, more=(("SEOGO_COLD_STORES", "c"),))
    more.ask("init")
    client = client_of(more, "auditor")
    told = client.get("/audit/copies").text
    assert "보존 저장 정책" not in told and told.count("요청한 뒤에만 읽음") == 1
    policy = more.home / "policy.toml"
    policy.write_text('version = 1\n[[class]]\nid = "x"\nagencies = ["1"]\nstores = ["a", "b"]\n')
    more.ask("policy", "add", policy)
    more.ask("copy", "fill", "--store", "c")
    assert "보존 저장 정책 1판: 3권 가운데 3권이 정책에 맞습니다." in client.get("/audit/copies").text
    assert "Storage policy, version 1: 3 of 3 volumes" in client.get("/en/audit/copies").text
    reference = more.ask("volume", "list")[1]["volumes"][0]["reference"]
    told = client.get(f"/en/audit/copies/{reference}").text
    assert told.count("Verified") == 3 and told.count("read on request only") == 1


def test_every_state_has_its_words() -> None:
    assert set(evidence.STATES) == {*get_args(CopyState), "none"}
    for language in catalogues.LANGUAGES:
        words = catalogues.messages(language)
        assert all(words[f"copy.state.{state}"] for state in evidence.STATES)
