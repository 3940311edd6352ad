"""Formats told by bytes.  The format library is asked in the reader process, as everywhere."""

import csv
import zipfile

import pytest

from preservation.media_types import HWP5, HWPX, HWPX_BARE, HWPX_LATE, OLE
from tests.preservation import corpus_files
from tests.preservation.corpus_files import rows

NAMES = [path for path, _ in rows("hwp", "open", "encrypted", "defective")]


@pytest.mark.parametrize("path", [path for path in NAMES if path.endswith(".hwpx")])
def test_hwpx_is_known_by_content(hwp, reader, path):
    found = reader.identify(hwp / path, "renamed.zip")
    assert (found.mimetype, found.name, found.puid) == (HWPX, "HWPX", None)


@pytest.mark.parametrize("path", [path for path in NAMES if path.endswith(".hwp")])
def test_hwp_5_has_its_puid(hwp, reader, path):
    found = reader.identify(hwp / path, path.rpartition("/")[2])
    assert (found.puid, found.mimetype) == ("fmt/1084", HWP5)


@pytest.mark.parametrize(
    ("members", "remark"),
    [(["mimetype", "Contents/section0.xml"], None), (["version.xml", "mimetype"], HWPX_LATE),
     (["Contents/section0.xml"], HWPX_BARE)],
)  # fmt: skip
def test_a_hwpx_whose_mimetype_is_not_first_is_reported(reader, tmp_path, members, remark):
    path = tmp_path / "letter.hwpx"
    with zipfile.ZipFile(path, "w") as out:
        for name in members:
            out.writestr(name, HWPX if name == "mimetype" else "<x/>")
    found = reader.identify(path, "letter.hwpx")
    assert (found.mimetype, found.warning) == (HWPX, remark)


def test_a_name_does_not_decide_how_a_file_is_read(hwp, reader, tmp_path):
    path = tmp_path / "picture.jpg"
    path.write_bytes((hwp / "pyhwp/table.hwp").read_bytes())
    assert reader.identify(path, "picture.jpg").mimetype == HWP5
    text = tmp_path / "letter.pdf"
    text.write_text("그냥 글", encoding="utf-8")
    assert reader.identify(text, "letter.pdf").mimetype == "text/plain"


def test_an_unknown_format_has_no_puid_and_says_so(reader, tmp_path):
    path = tmp_path / "data.q9z"
    path.write_bytes(bytes(range(256)) * 4)
    found = reader.identify(path, "data.q9z")
    assert found.puid is None
    assert found.warning == "The format is not known to PRONOM."


def test_an_empty_file_is_called_empty(reader, tmp_path):
    path = tmp_path / "empty.pdf"
    path.touch()
    found = reader.identify(path, "empty.pdf")
    assert (found.puid, found.warning) == (None, "The file is empty.")


@pytest.fixture(scope="module")
def skeletons(tmp_path_factory):
    return corpus_files.unpacked("format-skeletons", tmp_path_factory.mktemp("skeletons"))


def test_at_least_eighty_five_in_a_hundred_skeletons_get_their_puid(reader, skeletons):
    expected = dict(puids())
    agreed = [path for path, puid in expected.items() if reader.identify(skeletons / path, path).puid == puid]
    assert len(expected) == 1240
    assert len(agreed) / len(expected) >= 0.85


def puids():
    listed = corpus_files.folder("format-skeletons") / "expected.csv"
    with listed.open(encoding="utf-8", newline="") as stream:
        return [(row["path"], row["expected"]) for row in csv.DictReader(stream)]


def test_a_damaged_compound_file_that_names_a_place_no_file_reaches_is_looked_at(reader, tmp_path):
    path = tmp_path / "damaged.hwp"
    head = bytearray(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(5_000))
    head[30:32], head[48:52] = b"\x0f\x00", b"\xfe\xff\xff\xff"
    path.write_bytes(head)
    found = reader.identify(path, "damaged.hwp")
    assert (found.puid, found.mimetype) == (None, OLE)
