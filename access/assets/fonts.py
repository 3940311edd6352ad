"""Cuts a font to the letters of one set, renames it, and writes the style sheet that names the cuts."""

import io
from collections.abc import Iterable
from dataclasses import dataclass

from fontTools import subset
from fontTools.ttLib import TTFont

FAMILY = "Seogo Sans"
# A fixed time in the head table: the same sources give the same bytes on any day.
MADE = 3_800_000_000


@dataclass(frozen=True)
class Cut:
    file: str
    weight: int
    letters: tuple[int, ...]
    data: bytes


def cut(source: bytes, *, weight: int, style: str, name: str, letters: Iterable[int]) -> Cut:
    font = TTFont(io.BytesIO(source), recalcTimestamp=False)
    options = subset.Options()
    options.layout_features = ["kern", "tnum", "locl", "ccmp", "mark", "mkmk"]
    options.hinting = False
    options.desubroutinize = True
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14]
    options.notdef_outline = True
    shaper = subset.Subsetter(options)
    here = set(font.getBestCmap())
    kept = tuple(sorted(point for point in set(letters) if point in here))
    shaper.populate(unicodes=kept)
    shaper.subset(font)
    rename(font, style)
    font["head"].created = font["head"].modified = MADE
    font.flavor = "woff2"
    out = io.BytesIO()
    font.save(out)
    return Cut(f"seogo-sans-{weight}-{name}.woff2", weight, kept, out.getvalue())


def rename(font: TTFont, style: str) -> None:
    """OFL: a changed font may not carry the reserved name. Copyright and licence (0, 13, 14) stay."""
    full = f"{FAMILY} {style}"
    values = {1: FAMILY, 2: style, 3: f"Seogo;{full}", 4: full, 6: full.replace(" ", "-")}
    for record in font["name"].names:
        if record.nameID in values:
            record.string = values[record.nameID]
    if "CFF " in font:
        face = font["CFF "].cff
        face.fontNames = [values[6]]
        top = face.topDictIndex[0]
        top.FamilyName, top.FullName, top.Notice = FAMILY, full, "Cut from a font under the OFL 1.1"


def faces(cuts: Iterable[Cut], addresses: dict[str, str]) -> str:
    """A later face wins where ranges overlap, so only the first cut lists its syllables one by one."""
    ordered = sorted(cuts, key=lambda made: made.file.endswith("-core.woff2"))
    return "".join(
        f'@font-face{{font-family:"{FAMILY}";font-weight:{made.weight};font-style:normal;font-display:swap;'
        f'src:url("{addresses[made.file]}") format("woff2");unicode-range:{covered(made)}}}\n'
        for made in ordered
    )


def covered(made: Cut) -> str:
    return ranges(made.letters) if made.file.endswith("-core.woff2") else "U+AC00-D7A3"


def ranges(letters: tuple[int, ...]) -> str:
    parts: list[list[int]] = []
    for point in letters:
        if parts and point == parts[-1][1] + 1:
            parts[-1][1] = point
        else:
            parts.append([point, point])
    return ",".join(f"U+{a:X}" if a == b else f"U+{a:X}-{b:X}" for a, b in parts)
