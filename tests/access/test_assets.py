"""The files a browser is sent: named, licensed, and with colours that can be read."""

import hashlib
import json
import re
from itertools import pairwise

import pytest

from tests.access.conftest import static_folder

CSS = (static_folder() / "seogo.css").read_text()
LOCK = json.loads((static_folder() / "vendor.lock.json").read_text())
OURS = {
    "seogo.css",
    "viewer.js",
    "desk.js",
    "upload-folder.js",
    "upload.js",
    "upload-worker.js",
    "icons.svg",
    "favicon.svg",
    "vendor.lock.json",
}

# Ink and ground, with the least contrast of the table of tokens (the smaller of light and dark).
PAIRS = (
    ("ink", "ground", 15.4),
    ("ink", "surface", 13.9),
    ("ink", "sunken", 11.9),
    ("ink", "paper", 12.5),
    ("ink-2", "ground", 7.8),
    ("ink-2", "surface", 7.2),
    ("ink-2", "sunken", 6.6),
    ("edge", "ground", 4.6),
    ("edge", "surface", 4.2),
    ("action", "ground", 7.1),
    ("action", "surface", 6.6),
    ("action-deep", "ground", 10.3),
    ("on-action", "action", 7.1),
    ("visited", "ground", 9.3),
    ("on-brand", "brand", 13.8),
    ("on-brand-2", "brand", 9.3),
    ("ink", "mark", 7.3),
    ("open", "open-bg", 6.5),
    ("part", "part-bg", 6.8),
    ("closed", "closed-bg", 7.6),
    ("bad", "bad-bg", 6.3),
    ("info", "info-bg", 7.8),
)


def tokens(selector: str) -> dict[str, str]:
    block = CSS[CSS.index(selector) :]
    return dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{3,6})", block[: block.index("}")]))


def luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    digits = "".join(2 * d for d in digits) if len(digits) == 3 else digits
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    r, g, b = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(first: str, second: str) -> float:
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("selector", [":root {", ':root[data-theme="dark"] {'])
@pytest.mark.parametrize(("ink", "ground", "least"), PAIRS)
def test_contrasts_are_those_of_the_table(selector, ink, ground, least):
    colours = tokens(selector)
    assert contrast(colours[ink], colours[ground]) >= least


def test_the_two_dark_themes_are_one():
    assert tokens(':root:not([data-theme="light"]) {') == tokens(':root[data-theme="dark"] {')


def test_every_file_from_outside_is_locked_with_its_licence_and_digest():
    locked = {entry["file"]: entry for entry in LOCK}
    for path in static_folder().iterdir():
        if path.name in OURS:
            continue
        entry = locked[path.name]
        assert entry["licence"] in ("OFL-1.1", "BSD-3-Clause", "MIT")
        assert entry["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert set(locked) | OURS == {path.name for path in static_folder().iterdir()}


def test_no_page_carries_style_or_script_inside():
    for folder in ("access", "archive", "ingest", "preservation"):
        for path in (static_folder().parents[1] / folder).rglob("templates/*.html"):
            text = path.read_text()
            assert not re.search(r'\sstyle="|\son[a-z]+="|<style|javascript:', text), path
            assert not re.search(r"<script(?![^>]*\ssrc=)", text), path


def test_syllable_ranges_of_a_face_do_not_overlap_each_other():
    sheet = (static_folder() / "fonts.css").read_text()
    for face in sheet.splitlines():
        found = re.findall(r"U\+([0-9A-F]+)(?:-([0-9A-F]+))?", face)
        ends = [(int(a, 16), int(b or a, 16)) for a, b in found]
        assert all(one[1] < two[0] for one, two in pairwise(ends))
