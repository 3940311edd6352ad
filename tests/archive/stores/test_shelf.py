"""A shelf may replace and remove."""

import pytest

from archive.errors import Missing
from archive.stores import file_url, open_shelf


@pytest.fixture
def shelf(tmp_path):
    return open_shelf(file_url(tmp_path / "shelf"))


def test_a_shelf_replaces(shelf):
    assert shelf.put("pages/1/1.jpg", b"one") == 3
    shelf.put("pages/1/1.jpg", b"two")
    with shelf.open("pages/1/1.jpg") as stream:
        assert stream.read() == b"two"
    assert list(shelf.find("pages/")) == [("pages/1/1.jpg", 3)]


def test_a_shelf_removes(shelf):
    for number in range(3):
        shelf.put(f"pages/1/{number}.jpg", b"x")
    shelf.put("pages/10/1.jpg", b"x")
    shelf.remove("pages/1/0.jpg")
    shelf.remove("pages/1/0.jpg")
    with pytest.raises(Missing):
        shelf.open("pages/1/0.jpg")
    assert shelf.remove_prefix("pages/1") == 2
    assert shelf.remove_prefix("pages/1") == 0
    assert shelf.has("pages/10/1.jpg")
