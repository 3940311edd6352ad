"""The viewer: every key does what the list of keys says, and a closed page stays closed."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

LONG = "/items/SG-2026-000001-0006/pages/"
PARTIAL = "/items/SG-2026-000001-0002/pages/"


@pytest.fixture
def viewer(open_page):
    page = open_page(LONG + "3").page
    page.wait_for_selector("#canvas.live .openseadragon-canvas")
    page.focus("#canvas")
    return page


def at(page, number: int) -> None:
    expect(page.locator("#page-status")).to_have_text(re.compile(f"^{number}쪽,"))


def test_page_keys_turn_pages_and_the_address_follows(viewer):
    for key, number in (
        ("PageDown", 4),
        ("PageUp", 3),
        ("End", 65),
        ("Home", 1),
        ("PageUp", 1),
        ("PageDown", 2),
    ):
        viewer.keyboard.press(key)
        at(viewer, number)
    assert viewer.url.endswith("/pages/2")
    assert viewer.locator("#page-list [aria-current]").get_attribute("data-n") == "2"
    assert "2쪽의 글" in viewer.locator("#page-text").inner_text()


def picture(viewer) -> str:
    """The picture as it is drawn, once it moves no more."""
    before, now = None, ""
    while now != before:
        viewer.wait_for_timeout(300)
        before, now = now, viewer.evaluate("document.querySelector('#zoom canvas').toDataURL()")
    return now


def after(viewer, key: str) -> str:
    viewer.keyboard.press(key)
    return picture(viewer)


def test_zoom_turn_and_fit_move_the_picture(viewer):
    """The page of the test is of one colour, so it is its edge that is seen to move."""
    whole = picture(viewer)
    for key, back in (("KeyR", "Shift+KeyR"), ("Equal", "Digit0"), ("KeyW", "Digit0")):
        assert after(viewer, key) != whole, key
        assert after(viewer, back) == whole, back
    smaller = after(viewer, "Minus")
    lower = after(viewer, "ArrowDown")
    assert len({whole, smaller, lower}) == 3
    assert after(viewer, "ArrowUp") == smaller
    assert after(viewer, "Shift+ArrowDown") not in {smaller, lower}


def test_on_a_phone_the_canvas_is_as_high_as_its_picture(open_page):
    """The pages of the test are 3 wide and 4 high; a turned one and two beside each other are wide."""

    def height_at(width: int, *keys: str) -> float:
        page = open_page(LONG + "3", width=width).page
        page.wait_for_selector("#canvas.live .openseadragon-canvas")
        page.focus("#canvas")
        for key in keys:
            page.keyboard.press(key)
        picture(page)
        box, tall = page.locator("#canvas").bounding_box(), page.locator("#zoom").bounding_box()["height"]
        assert tall == pytest.approx(box["height"], abs=3)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        return box["height"] / box["width"] if width < 1024 else box["height"] / 800

    assert height_at(360) == pytest.approx(4 / 3, abs=0.02)
    assert height_at(360, "KeyR") == pytest.approx(3 / 4, abs=0.02)
    assert height_at(360, "KeyR", "Shift+KeyR") == pytest.approx(4 / 3, abs=0.02)
    assert height_at(360, "Digit2") == pytest.approx(4 / 6, abs=0.02)
    assert height_at(270, "Digit2") > 4 / 6 + 0.02  # it is never too low to be touched
    for key in ("Digit0", "KeyR", "Digit2"):
        assert height_at(1280, key) == pytest.approx(0.74, abs=0.01)


def test_panels_boxes_and_lists_answer_to_their_keys(viewer):
    viewer.keyboard.press("KeyT")
    assert not viewer.locator("#panel").is_visible()
    viewer.keyboard.press("KeyT")
    viewer.keyboard.press("KeyL")
    assert not viewer.locator(".page-list-box").is_visible()
    viewer.keyboard.press("KeyL")
    viewer.keyboard.press("Shift+Slash")
    assert viewer.locator("#keys").is_visible()
    viewer.keyboard.press("Escape")
    assert not viewer.locator("#keys").is_visible()
    assert viewer.evaluate("document.activeElement.id") == "canvas"
    viewer.keyboard.press("KeyG")
    assert viewer.evaluate("document.activeElement.id") == "n"


def test_letters_typed_into_a_box_are_letters(viewer):
    viewer.keyboard.press("KeyG")
    viewer.keyboard.press("KeyT")
    assert viewer.locator("#panel").is_visible()


def test_keys_go_by_place_so_that_korean_input_does_not_matter(viewer):
    viewer.evaluate("document.getElementById('canvas').dispatchEvent("
                    "new KeyboardEvent('keydown', {key: 'ㅅ', code: 'KeyT', bubbles: true}))")  # fmt: skip
    assert not viewer.locator("#panel").is_visible()


def test_words_found_inside_are_stepped_through(viewer):
    viewer.keyboard.press("Slash")
    viewer.keyboard.insert_text("한강")
    viewer.keyboard.press("Enter")
    expect(viewer.locator("#page-status")).to_contain_text("65곳 중 1번째, 1쪽")
    viewer.keyboard.press("BracketRight")
    expect(viewer.locator("#page-status")).to_contain_text("65곳 중 2번째, 2쪽")
    viewer.keyboard.press("BracketLeft")
    at(viewer, 1)
    assert viewer.locator("#page-text mark").first.inner_text() == "한강"


def test_a_region_is_cited_with_its_numbers(viewer):
    viewer.click("#region-box summary")
    viewer.fill("#r-left", "20")
    viewer.click("#region-form button")
    viewer.keyboard.press("ArrowRight")
    viewer.keyboard.press("Shift+ArrowDown")
    viewer.locator("[data-act=cite]").click()
    assert viewer.locator("#cite").inner_text().endswith("#xywh=percent:21,10,30,21")
    assert "SG-2026-000001-0006" in viewer.locator("#cite").inner_text()


def test_two_pages_stand_side_by_side(viewer):
    viewer.keyboard.press("Digit2")
    expect(viewer.locator("[data-act=two]")).to_have_attribute("aria-pressed", "true")
    viewer.keyboard.press("PageDown")
    at(viewer, 5)


def test_a_closed_page_is_a_box_and_its_neighbours_work(open_page):
    page = open_page(PARTIAL + "1").page
    page.wait_for_selector("#canvas.live")
    page.focus("#canvas")
    page.keyboard.press("PageDown")
    page.wait_for_selector("#canvas .box")
    assert "2쪽은 볼 수 없습니다" in page.locator("#canvas").inner_text()
    assert "닫힌쪽글자" not in page.content()
    page.locator("#page-list a").nth(2).click()
    page.wait_for_selector("#canvas.live")
    at(page, 3)


def test_a_picture_that_does_not_come_says_so_and_can_be_tried_again(open_page):
    reading = open_page(LONG + "3")
    page = reading.page
    page.wait_for_selector("#canvas.live")
    page.route("**/large.*.jpg", lambda route: route.abort())
    page.focus("#canvas")
    page.keyboard.press("PageDown")
    page.wait_for_selector("#canvas .box button")
    assert "4쪽 그림을 불러오지 못했습니다" in page.locator("#canvas").inner_text()
    page.unroute("**/large.*.jpg")
    page.click("#canvas .box button")
    page.wait_for_selector("#canvas.live")


def test_of_2500_pages_sixty_rows_are_in_the_list(viewer):
    assert viewer.locator("#page-list li").count() == 60
    assert viewer.locator("#page-list li").first.get_attribute("aria-setsize") == "65"
    viewer.keyboard.press("End")
    at(viewer, 65)
    assert viewer.locator("#page-list [aria-current]").get_attribute("data-n") == "65"
