"""The URLs of stores."""

import pytest

from archive.errors import WrongCall
from archive.stores import file_url, open_stores


def test_a_set_of_stores_opens_in_its_order(tmp_path):
    spec = {
        "b": file_url(tmp_path / "서고 b"),
        "c": "s3://bucket/a/prefix?endpoint=http://127.0.0.1:9000",
    }
    stores = open_stores(spec, {"c": ("key", "secret")})
    assert [(store.name, store.location) for store in stores] == list(spec.items())


def test_every_fault_is_told_at_once_and_no_secret(tmp_path):
    spec = {
        "a": "ftp://x/y",
        "B": file_url(tmp_path),
        "c": "s3://bucket/x?endpoint=http://h:1",
        "d": "s3://key:geheim@bucket/x",
        "e": "s3://bucket/x?endpoint=http://h:1&secret=geheim",
        "f": file_url(tmp_path / "f"),
        "g": file_url(tmp_path / "f"),
    }
    with pytest.raises(WrongCall) as told:
        open_stores(spec, {})
    for word in (
        "Store a",
        "'B'",
        "SEOGO_STORE_C_ACCESS",
        "Store d",
        "Store e",
        "Stores f and g are one place",
    ):
        assert word in told.value.message
    assert "key:geheim" not in told.value.message


def test_no_secret_is_in_the_words_of_a_store():
    (store,) = open_stores({"c": "s3://bucket/x?endpoint=http://h:1"}, {"c": ("key", "geheim")})
    assert "geheim" not in repr(vars(store)) + store.location
