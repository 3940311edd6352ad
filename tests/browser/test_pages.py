"""Each page at two widths, in two languages and two themes: nothing for axe to say, nothing sideways."""

from io import BytesIO

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image

pytestmark = pytest.mark.browser

ITEMS = [f"/items/SG-2026-000001-000{n}" for n in range(1, 7)]
PAGES = [
    ("/", None),
    ("/search", None),
    ("/search?q=한강철교", None),
    ("/search?q=도로&disclosure=partial", None),
    ("/search?q=없는말이다", None),
    ("/search?q=", None),
    ("/browse", None),
    ("/volumes/SG-2026-000001", None),
    *((item, None) for item in ITEMS),
    (f"{ITEMS[5]}/pages", None),
    (f"{ITEMS[0]}/pages/1", None),
    (f"{ITEMS[1]}/pages/2", None),
    (f"{ITEMS[0]}/text", None),
    ("/sign-in", None),
    ("/display", None),
    ("/about", None),
    ("/about/access", None),
    ("/about/licences", None),
    ("/requests", None),
    ("/nothing", None),
    (f"{ITEMS[2]}/pages/1", None),
    ("/account", "archivist"),
    (ITEMS[2], "archivist"),
    ("/desk/transfers", "archivist"),
    ("/desk/transfers/2026-0014", "archivist"),
    ("/desk/transfers/2026-0014/volumes", "archivist"),
    ("/desk/transfers/2026-0014/volumes?verdict=unfit&q=漢江", "archivist"),
    ("/desk/transfers/2026-0014/volumes/2", "archivist"),
    ("/desk/transfers/2026-0014/volumes/2/items/1", "archivist"),
    ("/desk/transfers/2026-0014/sample", "archivist"),
    ("/desk/transfers/2026-0014/counts", "archivist"),
    ("/desk/transfers/2026-0014/papers", "archivist"),
    ("/desk/transfers/2026-0014/rounds?before=2026-0013&after=2026-0014", "archivist"),
    ("/desk/transfers/2026-0014/history", "archivist"),
    ("/desk/transfers/2026-0014/accept", "archivist"),
    ("/desk/transfers/2026-0014/return", "archivist"),
    ("/desk/transfers/2026-0014/receipts", "archivist"),
    ("/desk/transfers/2026-0014/complete", "archivist"),
    ("/desk/transfers/2026-0014/findings?rule=list.retention", "archivist"),
    ("/desk/held", "archivist"),
    ("/desk/transfers/2026-0015", "archivist"),
    ("/desk/transfers/2026-0015/releases", "archivist"),
    ("/items/SG-2026-000002-0001", "archivist"),
    ("/desk/agencies", "archivist"),
    ("/desk/agencies/6110000", "archivist"),
    ("/desk/agencies/6110000/tokens/1", "archivist"),
    ("/desk/agencies/6110000/agreements/1", "archivist"),
    ("/desk/agencies/6110000/agreements/try?version=1", "archivist"),
    ("/desk/uploads", "archivist"),
    ("/desk/uploads", "sender"),
    ("/desk/uploads/0123456789abcdef01234567", "archivist"),
    ("/desk/uploads/fedcba9876543210fedcba98", "archivist"),
    ("/desk/jobs", "archivist"),
    ("/desk/jobs/1", "archivist"),
    ("/audit/copies", "auditor"),
    ("/audit/copies/SG-2026-000002", "auditor"),
    ("/audit/ledger", "auditor"),
    ("/desk/transfers", "auditor"),
]
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
LOOKS = [("", 360, "light"), ("", 1280, "dark"), ("/en", 360, "dark"), ("/en", 1280, "light")]


@pytest.mark.parametrize(("prefix", "width", "theme"), LOOKS)
@pytest.mark.parametrize(("path", "user"), PAGES)
def test_axe_finds_nothing_and_the_console_is_quiet(open_page, path, user, prefix, width, theme):
    reading = open_page(prefix + path, width=width, theme=theme, user=user)
    page = reading.page
    page.wait_for_load_state("networkidle")
    found = Axe().run(page, options=RULES).response["violations"]
    told = [(each["id"], [node["html"][:160] for node in each["nodes"][:3]]) for each in found]
    sideways = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    unexpected = [line for line in reading.unexpected() if "status of 40" not in line]
    assert told == []
    assert sideways <= 0
    assert unexpected == []


@pytest.mark.parametrize("prefix", ["", "/en"])
@pytest.mark.parametrize(("path", "user"), PAGES)
def test_no_page_scrolls_sideways_at_320_or_with_text_at_200_per_cent(open_page, path, user, prefix):
    page = open_page(prefix + path, width=320, user=user).page
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    page.set_viewport_size({"width": 360, "height": 800})
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


@pytest.mark.parametrize(
    ("path", "user"),
    [
        PAGES[0],
        PAGES[2],
        (ITEMS[0], None),
        ("/desk/transfers/2026-0014", "archivist"),
        ("/desk/held", "archivist"),
        ("/desk/transfers/2026-0015/releases", "archivist"),
        ("/desk/agencies/6110000", "archivist"),
        ("/desk/agencies/6110000/agreements/try", "archivist"),
    ],
)
def test_the_keyboard_reaches_everything_with_a_ring_and_is_never_caught(open_page, path, user):
    page = open_page(path, user=user).page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    seen = []
    for _ in range(150):
        focus = page.evaluate(
            """() => { const e = document.activeElement; if (e === document.body) return null;
                 const s = getComputedStyle(e);
                 const ring = s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2;
                 const id = [...document.querySelectorAll('*')].indexOf(e);
                 return [id, ring, e.outerHTML.slice(0, 90)]; }"""
        )
        if focus is None or (seen and focus[0] == seen[0]):
            break
        assert focus[1], focus
        seen.append(focus[0])
        page.keyboard.press("Tab")
    else:
        pytest.fail("the focus never came to the end of the page")
    reachable = page.evaluate(
        "document.querySelectorAll('a[href], button, input:not([type=hidden]), select').length"
    )
    hidden = page.evaluate(
        "[...document.querySelectorAll('a[href], button, input:not([type=hidden]), select')]"
        ".filter(e => !e.checkVisibility()).length"
    )
    assert len(set(seen)) >= reachable - hidden


def test_targets_are_large_enough_to_hit(open_page):
    for path in ("/", "/search?q=한강철교", ITEMS[0], ITEMS[2]):
        page = open_page(path, width=360).page
        small = page.evaluate(
            """() => [...document.querySelectorAll(
                   'button, .button, .menu a, .tools a, input:not([type=hidden])')]
                 .filter(e => e.checkVisibility() && !e.closest('.filters, .sort'))
                 .filter(e => !['checkbox', 'radio'].includes(e.type))
                 .filter(e => e.getBoundingClientRect().height < 43).map(e => e.outerHTML.slice(0, 80))"""
        )
        assert small == []


def test_without_scripts_a_record_is_found_read_and_turned(open_page):
    page = open_page("/", script=False).page
    page.fill("#q", "한강철교")
    page.press("#q", "Enter")
    page.click(".hit h2 a")
    page.click(".stage-acts .button")
    assert page.locator("#image").get_attribute("src").endswith(".jpg")
    assert "준공" in page.locator("#turn").inner_text() or page.locator("#page-text").inner_text() != ""
    page.click("a[rel=next]")
    assert "/pages/2" in page.url
    page.fill("#n", "1")
    page.click("#goto button")
    assert page.url.endswith("/pages/1")


def test_print_leaves_the_menus_out_and_keeps_the_record(open_page):
    page = open_page(ITEMS[0]).page
    page.emulate_media(media="print")
    assert not page.locator(".menu").first.is_visible()
    assert page.locator("h1").is_visible()
    assert page.locator(".cite").is_visible()


def test_forced_colours_keep_a_border_around_tags(open_page):
    page = open_page(ITEMS[0], forced_colors="active").page
    assert (
        page.locator(".tag").first.evaluate("e => getComputedStyle(e).borderTopColor") != "rgba(0, 0, 0, 0)"
    )


def test_an_error_takes_the_focus_and_the_title(open_page):
    page = open_page("/desk/transfers/2026-0014/return", user="archivist").page
    page.fill("#reason", "")
    page.click("main button[type=submit]")
    assert page.title().startswith("오류: ")
    assert page.evaluate("document.activeElement.id") == "errors"


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_on_a_phone_a_finding_is_read_without_scrolling_sideways_and_has_no_empty_places(open_page, prefix):
    page = open_page(f"{prefix}/desk/transfers/2026-0014", width=360, user="archivist").page
    page.evaluate("document.querySelectorAll('details.rule').forEach(each => { each.open = true })")
    tables = page.locator(".rule .region-table")
    assert tables.count() > 2
    assert set(tables.evaluate_all("all => all.map(it => it.scrollWidth - it.clientWidth)")) == {0}
    cells = page.locator(".rule tbody :is(th, td)")
    shown = [each.inner_text().strip() for each in cells.all() if each.is_visible()]
    assert shown and not {"", "–"} & set(shown)
    lines = page.locator(".rule tbody tr").evaluate_all("all => all.map(it => it.clientHeight)")
    assert max(lines) < 200
    page.set_viewport_size({"width": 1280, "height": 800})
    assert page.locator(".rule thead th").first.is_visible()
    assert "–" in {each.inner_text().strip() for each in cells.all()}


def test_a_table_that_is_cut_at_an_edge_shows_it_there_and_nowhere_else(open_page):
    page = open_page("/desk/transfers", width=360, user="archivist").page
    table = page.locator(".region-table").first

    def is_shaded() -> list[bool]:
        seen = Image.open(BytesIO(table.screenshot())).convert("RGB")
        middle, edges = seen.getpixel((seen.width // 2, 2)), (0, seen.width - 1)
        return [seen.getpixel((at, 2)) != middle for at in edges]

    assert is_shaded() == [False, True]
    table.evaluate("it => { it.scrollLeft = it.scrollWidth }")
    assert is_shaded() == [True, False]
    page.set_viewport_size({"width": 1280, "height": 800})
    assert is_shaded() == [False, False]
