"""Addresses, headers, budgets, languages and forms of the citizen's pages."""

import gzip
import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from flask import render_template_string
from markupsafe import Markup

from access import sought
from access.search import opening
from access.search.embedded import EmbeddedIndex
from access.search.index import Document, Index, Results
from archive.errors import Unavailable
from archive.site.site import Site
from tests.access.conftest import NOW, Shown, application, static_folder

OPEN, PARTIAL, CLOSED = (f"SG-2026-000001-000{n}" for n in (1, 2, 3))
PUBLIC = (
    "/",
    "/search",
    "/search?q=한강철교",
    "/search?q=없는말이다",
    "/browse",
    "/volumes/SG-2026-000001",
    f"/items/{OPEN}",
    f"/items/{CLOSED}",
    f"/items/{OPEN}/pages",
    f"/items/{OPEN}/pages/1",
    f"/items/{OPEN}/text",
    f"/items/{OPEN}/pages/1/text",
    "/about",
    "/about/access",
    "/about/licences",
    "/sign-in",
    "/display",
    "/requests",
    "/exhibitions",
)
HTML = {
    "/": 8,
    "/search?q=한강철교": 14,
    "/volumes/SG-2026-000001": 14,
    f"/items/{OPEN}": 14,
    f"/items/{OPEN}/pages/1": 12,
}


@pytest.mark.parametrize("path", PUBLIC)
@pytest.mark.parametrize("prefix", ["", "/en"])
def test_every_public_page_is_there_in_its_language(shown: Shown, path: str, prefix: str):
    answer = shown.client.get(prefix + path)
    text = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert f'<html lang="{"en" if prefix else "ko"}"' in text
    assert text.count("<h1") == 1
    assert text.count("<main") == text.count("<footer") == text.count('<header class="top"') == 1
    other = path if prefix else "/en" + path
    assert f'hreflang="{"ko" if prefix else "en"}"' in text
    assert shown.client.get(other).status_code == 200


def test_english_pages_mark_korean_words_and_have_no_other(shown: Shown):
    for path in ("/", f"/items/{OPEN}", f"/items/{CLOSED}", "/volumes/SG-2026-000001", "/search?q=도로"):
        text = shown.client.get("/en" + path).get_data(as_text=True)
        plain = re.sub(r'<(\w+)[^>]*lang="ko"[^>]*>.*?</\1>', "", text, flags=re.S)
        plain = re.sub(
            r"<title>.*?</title>|<p class=\"cite\">.*?</p>|<h1>‘.*?</h1>|value=\"[^\"]*\"|href=\"[^\"]*\"",
            "",
            plain,
        )
        assert not re.search("[가-힣]", plain), (path, re.findall(".{20}[가-힣]+.{20}", plain)[:3])


def test_english_words_are_not_marked_as_korean(shown: Shown):
    for path in ("/browse", f"/items/{OPEN}", f"/items/{OPEN}/pages", "/volumes/SG-2026-000001"):
        text = shown.client.get("/en" + path).get_data(as_text=True)
        marked = re.findall(r'<span lang="ko">(.*?)</span>', text, flags=re.S)
        assert not [words for words in marked if re.fullmatch("[A-Za-z ]+", words)], path


def test_titles_are_words_and_never_markup(shown: Shown):
    text = shown.client.get("/items/SG-2026-000001-0005").get_data(as_text=True)
    assert "이름 &lt;b&gt;굵게&lt;/b&gt; &amp; 표" in text
    assert "<b>굵게" not in text


def test_every_page_carries_the_safety_headers(shown: Shown):
    headers = shown.client.get("/").headers
    policy = headers["Content-Security-Policy"]
    for part in (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "require-trusted-types-for 'script'",
    ):
        assert part in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Permissions-Policy"] == "camera=(), microphone=(), geolocation=()"


def test_only_the_viewer_is_without_trusted_types(shown: Shown):
    viewer = shown.client.get(f"/items/{OPEN}/pages/1").headers["Content-Security-Policy"]
    assert "require-trusted-types-for" not in viewer
    assert "script-src 'self'" in viewer


def test_public_pages_may_be_asked_again_by_their_tag(shown: Shown):
    first = shown.client.get(f"/items/{OPEN}")
    assert first.headers["Cache-Control"] == "public, no-cache"
    again = shown.client.get(f"/items/{OPEN}", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.get_data()) == (304, b"")


def test_page_images_are_kept_for_less_than_a_minute_and_never_shared(shown: Shown):
    image = shown.client.get(f"/items/{OPEN}/pages/1/thumb.1.jpg")
    assert image.headers["Cache-Control"] == "private, max-age=50"


def test_pages_of_signed_in_people_are_not_stored(shown: Shown):
    assert shown.signed_in("archivist").get("/").headers["Cache-Control"] == "no-store"
    assert shown.client.get("/sign-in").headers["Cache-Control"] == "no-store"


def test_static_files_are_kept_for_a_year_and_their_address_holds_their_digest(shown: Shown):
    text = shown.client.get("/").get_data(as_text=True)
    address = re.search(r'href="(/static/seogo\.[0-9a-f]{10}\.css)"', text)[1]
    answer = shown.client.get(address, headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert gzip.decompress(answer.get_data()) == (static_folder() / "seogo.css").read_bytes()
    assert shown.client.get("/static/seogo.css").status_code == 404


def test_the_licences_of_others_are_there_to_read(shown: Shown):
    text = shown.client.get("/about/licences").get_data(as_text=True)
    linked = re.findall(r'href="(/static/[^"]+[.](?:txt|lock[.]json))"', text)
    assert len(linked) >= 4
    assert [shown.client.get(each).status_code for each in linked] == [200] * len(linked)


@pytest.mark.parametrize(("path", "most"), HTML.items())
def test_pages_are_within_their_budget(shown: Shown, path: str, most: int):
    assert len(gzip.compress(shown.client.get(path).get_data())) <= most * 1000


def test_styles_and_scripts_are_within_their_budget():
    packed = {
        name: len(gzip.compress((static_folder() / name).read_bytes(), 9))
        for name in ("seogo.css", "fonts.css", "openseadragon.min.js", "viewer.js", "desk.js")
    }
    assert packed["seogo.css"] <= 10_000
    assert packed["fonts.css"] <= 3_000
    assert packed["openseadragon.min.js"] <= 90_000
    assert packed["viewer.js"] <= 12_000
    assert packed["desk.js"] <= 3_000


def test_citizen_pages_have_no_script_but_the_viewer(shown: Shown):
    for path in PUBLIC:
        has = "<script" in shown.client.get(path).get_data(as_text=True)
        assert has == (path == f"/items/{OPEN}/pages/1"), path


def test_a_missing_address_offers_a_search_and_is_404(shown: Shown):
    answer = shown.client.get("/items/NOTHING-0001")
    assert answer.status_code == 404
    assert 'role="search"' in answer.get_data(as_text=True)
    assert "noindex" in answer.get_data(as_text=True)


NO_ROW = [2**31, 2**63, "9" * 30, "9" * 5000]


@pytest.mark.parametrize("n", NO_ROW)
def test_a_number_that_no_row_can_have_is_404_in_an_address_and_the_first_page_in_a_query(
    shown: Shown, n: object
):
    archivist, auditor = shown.signed_in("archivist"), shown.signed_in("auditor")
    for end in ("pages/{}", "pages/{}.json", "pages/{}/text", "pages/1/large.{}.jpg", "files/{}"):
        assert shown.client.get(f"/items/{OPEN}/{end.format(1)}").status_code == 200
        assert shown.client.get(f"/items/{OPEN}/{end.format(n)}").status_code == 404, end
    assert archivist.get(f"/desk/jobs/{n}").status_code == 404
    for path in (
        "/desk/held",
        "/desk/transfers",
        f"/items/{OPEN}/pages",
        "/browse",
        "/volumes/SG-2026-000001",
    ):
        assert archivist.get(f"{path}?after={n}").status_code == 200, path
    assert auditor.get(f"/audit/ledger?before={n}").status_code == 200


def test_no_name_on_a_page_turns_its_neighbours_round(shown: Shown):
    name, marked = "\u202egnp.exe", Markup("<b>{}</b>").format("\u2066x")
    with shown.app.test_request_context():
        page = render_template_string("{{ name }} {{ marked }} {{ 1 }}", name=name, marked=marked)
    assert page == r"\u202egnp.exe <b>\u2066x</b> 1"


def test_programs_get_errors_as_json(shown: Shown):
    told = shown.client.get("/api/volumes/NOTHING").json["error"]
    assert set(told) == {"code", "message", "next"}
    assert shown.client.get("/api/search?limit=0").status_code == 422
    assert shown.client.get("/api/search?q=도로&cursor=zzz").status_code == 422


def test_the_api_answers_with_the_documented_keys(shown: Shown):
    told = shown.client.get("/api/search?q=한강철교").json
    assert set(told) == {"total", "next", "hits"}
    assert set(told["hits"][0]) == {
        "reference",
        "sender_id",
        "volume",
        "title",
        "disclosure",
        "page",
        "score",
    }
    volume = shown.client.get("/api/volumes/SG-2026-000001").json
    assert set(volume) == {"reference", "sender_id", "title", "state", "items"}
    assert "/api/search" in shown.client.get("/api/openapi.json").json["paths"]


def test_health_names_the_parts(shown: Shown):
    told = shown.client.get("/healthz").json
    assert told["ok"] is True
    assert told["database"] == told["index"] == "ok"


@pytest.mark.parametrize("limit", ["0", "101", "-1", "x", "9" * 5000])
def test_a_limit_that_is_no_number_of_hits_is_422(shown: Shown, limit: str):
    answer = shown.client.get("/api/search", query_string={"q": "도로", "limit": limit})
    assert answer.status_code == 422


def test_health_says_when_the_stores_cannot_be_opened(shown: Shown, monkeypatch):
    def away(*_):
        raise Unavailable("The server does not answer.")

    fresh = Site(shown.site.settings)
    monkeypatch.setattr("archive.site.site.open_stores", away)
    answer = application(fresh).test_client().get("/healthz")
    assert answer.status_code == 503
    assert set(answer.json["stores"].values()) == {"away"}


def test_a_long_query_is_422_and_says_how_long(shown: Shown):
    answer = shown.client.get("/search?q=" + "가" * 501)
    assert answer.status_code == 422
    assert "지금 501자인데 500자까지" in answer.get_data(as_text=True)


def test_when_the_index_is_away_the_box_stays_and_the_page_says_what_works(shown: Shown, monkeypatch):
    class Away:
        def search(self, *_args, **_kwargs):
            raise Unavailable("The index does not answer.")

    app = application(shown.site)
    app.extensions["seogo.index"] = Away()
    answer = app.test_client().get("/search?q=도로")
    text = answer.get_data(as_text=True)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
    assert "둘러보기와 기록 읽기는 됩니다" in text
    assert 'value="도로"' in text
    assert app.test_client().get("/browse").status_code == 200


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_the_first_page_offers_words_that_find_something_and_no_others(shown: Shown, prefix: str):
    page = shown.client.get(f"{prefix}/").get_data(as_text=True)
    offered = [unquote(word) for word in re.findall(r'class="chip" href="[^"]*/search\?q=([^"&]+)"', page)]
    found = {word: shown.client.get(f"/api/search?q={word}").json["total"] > 0 for word in sought.WORDS}
    assert offered == [word for word in sought.WORDS if found[word]]
    assert 0 < len(offered) < len(sought.WORDS)


def test_the_words_of_the_first_page_are_asked_for_once_in_a_while_also_of_an_index_that_is_away(
    shown: Shown, monkeypatch
):
    asked: list[int] = []

    class Counting:
        def search(self, *_args, **_kwargs):
            asked.append(len(asked))
            if len(asked) > len(sought.WORDS):
                raise Unavailable("The index does not answer.")
            return Results(1, (), more=False)

    app, now = application(shown.site), NOW
    app.extensions["seogo.index"] = Counting()
    monkeypatch.setattr(Site, "machine_now", lambda _site: now)
    for _ in range(3):
        assert app.test_client().get("/").get_data(as_text=True).count('class="chip"') == len(sought.WORDS)
    assert len(asked) == len(sought.WORDS)
    now += sought.KEPT_FOR
    for _ in range(3):
        answer = app.test_client().get("/")
        assert (answer.status_code, "sought-h" in answer.get_data(as_text=True)) == (200, False)
    assert len(asked) == len(sought.WORDS) + 1


def test_the_first_page_and_the_search_answer_when_an_open_index_is_damaged(
    shown: Shown, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    index = EmbeddedIndex(tmp_path, "public")
    index.rebuild([Document("A-1", 1, "도로")])
    app, now = application(shown.site), NOW
    app.extensions["seogo.index"] = index
    monkeypatch.setattr(Site, "machine_now", lambda _site: now)
    assert 'class="chip"' in app.test_client().get("/").text
    (meta,) = tmp_path.glob("public/*/meta.json")
    meta.write_text("{")
    now += sought.KEPT_FOR
    answers = [app.test_client().get(address) for address in ("/", "/", "/search?q=도로")]
    assert [answer.status_code for answer in answers] == [200, 200, 503]
    assert 'class="chip"' not in answers[0].text
    assert "둘러보기와 기록 읽기는 됩니다" in answers[2].text


def test_a_fault_in_asking_for_the_words_is_met_once_in_a_while_too():
    asked, heard = [], sought.Sought()

    def failing() -> Index:
        asked.append(1)
        raise RuntimeError("A fault nobody thought of.")

    with pytest.raises(RuntimeError):
        heard.words(failing, NOW, NOW.date())
    assert heard.words(failing, NOW, NOW.date()) == ()
    with pytest.raises(RuntimeError):
        heard.words(failing, NOW + sought.KEPT_FOR, NOW.date())
    assert len(asked) == 2


def test_too_many_requests_are_429_in_words(shown: Shown):
    client = application(shown.site, a_minute=3).test_client()
    answers = [client.get("/about") for _ in range(4)]
    assert [each.status_code for each in answers] == [200, 200, 200, 429]
    assert "1분에 3번까지 볼 수 있습니다. 60초 뒤에" in answers[-1].get_data(as_text=True)
    assert answers[-1].headers["Retry-After"] == "60"


def test_a_defect_tells_its_number_and_no_insides(shown: Shown, monkeypatch):
    monkeypatch.setattr("access.showing.totals", lambda session: 1 / 0)
    answer = shown.client.get("/")
    text = answer.get_data(as_text=True)
    assert answer.status_code == 500
    assert re.search("번호 [0-9a-f]{8}을\\(를\\)|번호 [0-9a-f]{8}", text)
    assert "ZeroDivision" not in text
    assert "Traceback" not in text


def test_the_display_settings_are_one_cookie_and_the_plain_ones_none(shown: Shown):
    client = shown.client
    answer = client.post("/display", data={"theme": "dark", "text": "130"})
    assert "display=dark.130" in answer.headers["Set-Cookie"]
    page = client.get("/")
    assert 'data-theme="dark" data-text="130"' in page.get_data(as_text=True)
    assert page.headers["Cache-Control"] == "private, no-cache"
    client.post("/display", data={"theme": "system", "text": "100"})
    assert "data-theme" not in client.get("/").get_data(as_text=True)


def test_a_made_up_display_cookie_is_the_plain_setting(shown: Shown):
    client = shown.client
    client.set_cookie("display", '"><script>')
    assert "<script>" not in client.get("/").get_data(as_text=True)


def test_two_indexes_are_kept_apart(shown: Shown):
    staff = opening.open_index(shown.site.settings, "staff")
    assert staff.count() == opening.open_index(shown.site.settings, "public").count() == 5


def test_a_compressed_page_may_be_asked_again_by_its_tag_too(shown: Shown):
    wants = {"Accept-Encoding": "br"}
    first = shown.client.get(f"/items/{OPEN}", headers=wants)
    assert first.headers["Content-Encoding"] == "br"
    again = shown.client.get(f"/items/{OPEN}", headers={**wants, "If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304


def test_pages_that_hold_a_secret_are_not_compressed(shown: Shown):
    answer = shown.client.get("/sign-in", headers={"Accept-Encoding": "br"})
    assert "Content-Encoding" not in answer.headers
