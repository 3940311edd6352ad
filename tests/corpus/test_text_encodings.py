"""Every text of the corpus comes out of its file; texts that must decode are in the tests of documents."""

from collections.abc import Callable
from pathlib import Path

import pytest

from preservation import documents
from tests.corpus.conftest import Row, by_path, rows

KINDS = {"valid": "text/plain", "reference": "text/plain", "decode": "text/plain", "parse": "message/rfc822"}


@pytest.mark.parametrize("row", rows("text-encodings"), ids=by_path)
def test_the_text_of_a_file_comes_out_whole(row: Row, corpus_set: Callable[[str], Path]) -> None:
    path = corpus_set("text-encodings") / row.path
    text = documents.text(path, KINDS[row.expected])
    assert text.whole.strip()
    assert "�" not in text.whole


@pytest.mark.parametrize(
    "row", [row for row in rows("text-encodings") if row.expected == "reference"], ids=by_path
)
def test_a_reference_text_is_given_word_for_word(row: Row, corpus_set: Callable[[str], Path]) -> None:
    path = corpus_set("text-encodings") / row.path
    assert documents.text(path, "text/plain").whole.split() == path.read_text("utf-8").split()
