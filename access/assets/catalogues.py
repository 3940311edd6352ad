"""The message catalogues: compiled for Flask-Babel, and read for the letters that every page needs."""

from collections.abc import Iterable
from pathlib import Path

from babel.messages import mofile, pofile

TRANSLATIONS = Path(__file__).parent.parent / "translations"
LANGUAGES = ("ko", "en")
LATIN = (*range(0x20, 0x7F), *range(0xA0, 0x180))
MARKS = (
    *range(0x2010, 0x2028),
    0x2030,
    0x2032,
    0x2033,
    0x2039,
    0x203A,
    0x203B,
    0x20A9,
    0x20AC,
    0x2103,
    0x2116,
    0x2122,
    *range(0x2190, 0x2194),
    0x2212,
    0x2264,
    0x2265,
    *range(0x3000, 0x3003),
    *range(0x3008, 0x3012),
    0x3014,
    0x3015,
    0x318D,
    *range(0x3131, 0x3164),
    0x00B7,
    0x2713,
    0x2715,
)


def messages(language: str) -> dict[str, str]:
    """Every key of one language's catalogue with its sentence."""
    with path(language, "po").open("rb") as stream:
        catalogue = pofile.read_po(stream, locale=language)
    return {str(message.id): str(message.string) for message in catalogue if message.id}


def compile_all() -> None:
    for language in LANGUAGES:
        path(language, "mo").write_bytes(compiled(language))


def compiled(language: str) -> bytes:
    from_file = path(language, "po")
    with from_file.open("rb") as stream:
        catalogue = pofile.read_po(stream, locale=language)
    target = _Bytes()
    mofile.write_mo(target, catalogue)
    return bytes(target.data)


class _Bytes:
    def __init__(self) -> None:
        self.data = bytearray()

    def write(self, part: bytes) -> int:
        self.data += part
        return len(part)


def alphabets(common: Iterable[int]) -> tuple[list[int], list[int]]:
    """The letters of the first cut, and the rest of the syllables of KS X 1001 for the second."""
    said = {ord(sign) for language in LANGUAGES for text in messages(language).values() for sign in text}
    core = {*LATIN, *MARKS, *common, *(point for point in said if 0xAC00 <= point <= 0xD7A3)}
    return sorted(core), sorted(ks_x_1001() - core)


def ks_x_1001() -> set[int]:
    """The 2,350 syllables of the standard, read from the codec that implements it."""
    pairs = (bytes((row, cell)) for row in range(0xB0, 0xC9) for cell in range(0xA1, 0xFF))
    return {ord(pair.decode("euc_kr")) for pair in pairs}


def path(language: str, ending: str) -> Path:
    return TRANSLATIONS / language / "LC_MESSAGES" / f"messages.{ending}"
