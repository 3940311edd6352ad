"""Files made to break readers: every one ends in pages, in text or in a sentence, and none in a crash."""

from pathlib import Path

import pytest

from archive.errors import Unreadable
from preservation.reading import Reader
from tests.preservation import corpus_files
from tests.preservation.corpus_files import rows

CRASHES = ("crashed", "took longer", "ended without")


def ending(reader: Reader, path: Path) -> tuple[str, list[str]]:
    """How reading ended, and every reason that was given."""
    kind = reader.identify(path, path.name).mimetype
    try:
        pages = list(reader.pages(path, kind))
    except Unreadable as told:
        if told.code != "format.no_reader":
            return "refused", [told.message]
        try:
            reader.text(path, kind)
        except Unreadable as no_text:
            return "refused", [no_text.message]
        return "text", []
    reasons = [page.reason for page in pages if page.reason]
    assert all(page.images or page.reason for page in pages)
    return ("pages" if len(reasons) < len(pages) else "reasons"), reasons


@pytest.mark.parametrize(
    ("name", "most_refused_of_sound"),
    [("image-robustness", 0), ("pdf-robustness", 2), ("jp2", 1), ("jhove", 0)],
)
def test_no_file_of_the_corpus_crashes_the_reader(reader, tmp_path, name, most_refused_of_sound):
    folder = corpus_files.folder(name)
    if list(folder.glob("*.tar.gz")):
        folder = corpus_files.unpacked(name, tmp_path)
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != "expected.csv"]
    ends = {path.relative_to(folder).as_posix(): ending(reader, path) for path in files}
    told = [reason for _, reasons in ends.values() for reason in reasons]
    assert len(ends) >= 40
    assert not [reason for reason in told if any(word in reason for word in CRASHES)]
    assert all(reason.endswith(".") for reason in told)
    sound = [path for path, _ in rows(name, "open", "decode", "valid") if has_reader(path)]
    refused = [path for path in sound if ends[path][0] in ("refused", "reasons")]
    assert len(sound) > 10
    assert len(refused) <= most_refused_of_sound, refused


def has_reader(path: str) -> bool:
    """Formats that records come in; the corpus also has pictures of games and of astronomy."""
    return path.lower().endswith(
        (".pdf", ".tif", ".tiff", ".jpg", ".png", ".gif", ".jp2", ".j2k", ".j2c", ".bmp")
    )
