"""Text files in Korean encodings equal their UTF-8 twins."""

import pytest

from archive.errors import Unreadable
from preservation import documents
from preservation.documents.plain_text import decoded
from tests.preservation.corpus_files import folder, rows

LETTER = "제목: 시정 주요업무 보고\n수신: 서울특별시장\n붙임 1부.  끝.\n"


@pytest.mark.parametrize("path", [path for path, _ in rows("text-encodings", "decode")])
def test_a_legacy_text_equals_its_utf8_twin(path):
    texts = folder("text-encodings")
    twin = texts / path.replace(".txt", "-utf8.txt")
    text, remark = decoded((texts / path).read_bytes())
    assert text == twin.read_bytes().decode("utf-8")
    assert remark is None


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp949", "euc_kr"]
)
def test_a_korean_letter_is_read_in_every_encoding_of_its_time(tmp_path, encoding):
    path = tmp_path / "letter.txt"
    path.write_bytes(LETTER.encode(encoding))
    assert documents.text(path, "text/plain").whole.split() == LETTER.split()


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_end_ends_a_line(tmp_path, line_end):
    path = tmp_path / "lines.txt"
    path.write_bytes(line_end.join(["하나", "둘", "셋"]).encode())
    assert documents.text(path, "text/plain").pages == ("하나\n둘\n셋",)


def test_a_long_text_is_cut_into_pages_and_nothing_is_lost(tmp_path):
    path = tmp_path / "long.txt"
    lines = [f"{number}째 줄" for number in range(1, 151)]
    path.write_text("\n".join(lines), encoding="utf-8")
    text = documents.text(path, "text/plain")
    assert len(text.pages) == 3
    assert text.whole.split("\n") == lines


def test_bytes_that_are_no_text_are_refused_with_what_was_tried(tmp_path):
    path = tmp_path / "noise.txt"
    path.write_bytes(b"\x81\xff\xfe\xff\x80" * 20)
    with pytest.raises(Unreadable, match="CP949"):
        documents.text(path, "text/plain")


def test_an_empty_file_is_called_empty(tmp_path):
    path = tmp_path / "empty.txt"
    path.touch()
    with pytest.raises(Unreadable, match="no bytes"):
        documents.text(path, "text/plain")
