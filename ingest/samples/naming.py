"""Names the files of an item: in a folder of its volume, or as the exchange form of 2013 has it.

The form of 2013 takes names from numbers: the folder from the file's classification number, the file
from year, registration number and a two-digit part; attachments add their own two digits.
"""

import unicodedata

from ingest.samples.titles import PlannedItem, PlannedVolume

FORMS = ("plain", "2013", "xlsx", "cp949")
EXTENSIONS = {
    "pdf": "pdf",
    "g4": "tif",
    "g4book": "tif",
    "gray": "tif",
    "jpeg": "jpg",
    "photograph": "jpg",
    "hwpx": "hwpx",
    "docx": "docx",
    "odt": "odt",
}
PAGE_BY_PAGE = {"g4", "gray", "jpeg", "photograph"}
TOP = "기록물"


def files(volume: PlannedVolume, item: PlannedItem, form: str) -> tuple[str, ...]:
    """Paths below the transfer folder in page order; a sound recording comes last."""
    names = _standard_names(volume, item) if form == "2013" else _plain_names(volume, item)
    return tuple(unicodedata.normalize("NFC", name) for name in names)


def classification(volume: PlannedVolume) -> str:
    """The 28 signs of 분류번호: office, unit task, year, file, volume."""
    unit = volume.matter.unit
    return f"{unit.code}{unit.task}{volume.first_year}{volume.file_number:06d}{volume.volume_number:03d}"


def registration(volume: PlannedVolume, item: PlannedItem) -> str:
    return f"{volume.matter.unit.code}{item.serial:06d}"


def _plain_names(volume: PlannedVolume, item: PlannedItem) -> list[str]:
    folder, extension = f"{TOP}/{volume.sender_id}", EXTENSIONS[item.medium]
    named = f"{item.number:03d}_{_safe(item.title)}"
    if item.medium in PAGE_BY_PAGE:
        names = [f"{folder}/{item.number:03d}/{page:04d}.{extension}" for page in range(1, item.pages + 1)]
    else:
        names = [f"{folder}/{named}.{extension}"]
    return [*names, f"{folder}/{item.number:03d}_회의녹음.wav"] if item.sound else names


def _standard_names(volume: PlannedVolume, item: PlannedItem) -> list[str]:
    stem = f"{classification(volume)}/{item.day.year}{registration(volume, item)}00"
    extension = EXTENSIONS[item.medium]
    pages = item.pages if item.medium in PAGE_BY_PAGE else 1
    names = [f"{stem}.{extension}"] + [f"{stem}{page:02d}.{extension}" for page in range(1, pages)]
    return [*names, f"{stem}{pages:02d}.wav"] if item.sound else names


def _safe(title: str) -> str:
    return "".join("_" if sign in '/\\:*?"<>|;' else sign for sign in title)[:50].rstrip(" .")
