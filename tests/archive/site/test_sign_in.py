"""Signing in: one sentence for every mistake, a lock after tries, and no way out of the site."""

import pytest
from sqlalchemy import delete

from archive.people import SignInTries
from tests.access.conftest import *  # noqa: F403 - the archive of the portal's tests
from tests.access.conftest import Shown, application


def test_a_wrong_name_and_a_wrong_password_read_the_same(shown: Shown):
    unknown = shown.client.post("/sign-in", data={"username": "nobody", "password": "x"})
    wrong = shown.client.post("/sign-in", data={"username": "auditor", "password": "x"})
    shown.signed_in("auditor")
    assert unknown.status_code == wrong.status_code == 422
    same = "아이디나 비밀번호가 맞지 않습니다. 다시 확인해 주세요. 4번 더 틀리면 15분 동안 잠깁니다."
    assert same in unknown.get_data(as_text=True)
    assert same in wrong.get_data(as_text=True)
    assert "<title>오류: " in wrong.get_data(as_text=True)


def test_five_wrong_tries_lock_and_the_page_says_until_when(shown: Shown):
    for _ in range(5):
        answer = shown.client.post("/sign-in", data={"username": "citizen", "password": "x"})
    assert "여러 번 틀려서 14:20까지 잠겼습니다." in answer.get_data(as_text=True)
    right = shown.client.post("/sign-in", data={"username": "citizen", "password": "password-citizen"})
    assert right.status_code == 422


def test_empty_fields_are_named(shown: Shown):
    text = shown.client.post("/sign-in", data={}).get_data(as_text=True)
    assert "아이디를 적어 주세요." in text
    assert "비밀번호를 적어 주세요." in text
    assert 'aria-describedby="username-error"' in text


@pytest.mark.parametrize(
    "away", ["https://elsewhere.example/", "//elsewhere.example/", "/\\elsewhere.example", "javascript:1"]
)
def test_nobody_is_sent_to_another_site(shown: Shown, away: str):
    data = {"username": "archivist", "password": "password-archivist", "next": away}
    assert shown.client.post("/sign-in", data=data).headers["Location"] == "/desk"


@pytest.fixture
def unlocked(shown: Shown) -> None:
    with shown.site.open_session.begin() as session:
        session.execute(delete(SignInTries))


@pytest.mark.usefixtures("unlocked")
@pytest.mark.parametrize(
    ("username", "first"), [("archivist", "/desk"), ("auditor", "/audit"), ("citizen", "/account")]
)
def test_everybody_begins_at_the_page_of_their_work(shown: Shown, username: str, first: str):
    data = {"username": username, "password": f"password-{username}", "next": ""}
    assert shown.client.post("/sign-in", data=data).headers["Location"] == first


@pytest.mark.usefixtures("unlocked")
def test_a_citizen_is_back_on_the_page_that_led_to_the_form(shown: Shown):
    data = {"username": "citizen", "password": "password-citizen", "came": "/search?q=a"}
    form = shown.client.get("/sign-in", headers={"Referer": "http://localhost/search?q=a"})
    assert 'name="came" value="/search?q=a"' in form.get_data(as_text=True)
    assert shown.client.post("/sign-in", data=data).headers["Location"] == "/search?q=a"
    away = shown.client.get("/sign-in", headers={"Referer": "http://elsewhere.example/search"})
    assert 'name="came" value=""' in away.get_data(as_text=True)


@pytest.mark.parametrize("tongue", ["", "/en"])
def test_after_signing_in_one_is_where_one_wanted_to_be(shown: Shown, tongue: str):
    asked = shown.client.get(f"{tongue}/desk/transfers")
    assert asked.status_code == 302
    assert asked.headers["Location"] == f"{tongue}/sign-in?next={tongue}/desk/transfers"
    data = {"username": "archivist", "password": "password-archivist", "next": f"{tongue}/desk/transfers"}
    assert shown.client.post(f"{tongue}/sign-in", data=data).headers["Location"] == f"{tongue}/desk/transfers"


def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(shown: Shown):
    data = {"username": "archivist", "password": "password-archivist"}
    cookie = shown.client.post("/sign-in", data=data).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_a_form_without_its_token_is_not_taken(shown: Shown):
    app = application(shown.site)
    app.config["WTF_CSRF_ENABLED"] = True
    answer = app.test_client().post(
        "/sign-in", data={"username": "archivist", "password": "password-archivist"}
    )
    assert answer.status_code == 400
    assert "받지 않았습니다" in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    ("username", "path", "status"),
    [
        ("auditor", "/audit/copies", 200),
        ("auditor", "/audit/ledger", 200),
        ("auditor", "/desk/transfers", 403),
        ("archivist", "/desk/transfers", 200),
        ("archivist", "/desk/jobs", 200),
        ("archivist", "/audit/copies", 200),
    ],
)
def test_each_role_sees_its_own_pages(shown: Shown, username: str, path: str, status: int):
    answer = shown.signed_in(username).get(path)
    assert answer.status_code == status
    if status == 403:
        assert "기록연구사만 볼 수 있습니다. 지금은 감사자로 들어와 있습니다" in answer.get_data(as_text=True)


def test_signing_out_ends_it(shown: Shown):
    client = shown.signed_in("archivist")
    client.post("/sign-out")
    assert client.get("/desk/transfers").status_code == 302
