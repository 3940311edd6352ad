"""Makes the files that are pictures of paper: PDF with Korean text, scans, photographs.

The only module of the samples that knows PyMuPDF and Pillow.  The font is the one PyMuPDF carries;
it is cut down to the signs used, so a page stays small.  Same input, same bytes.
"""

from collections.abc import Iterable
from functools import cache
from io import BytesIO
from random import Random

import pymupdf
from PIL import Image, ImageChops, ImageFilter, ImageOps

from ingest.samples.layout import HEIGHT, WIDTH, Mark, Stroke, Words, marks
from ingest.samples.papers import Sheet
from ingest.samples.photographs import PICTURE, Patch, scene

INK = {"ink": (0.13, 0.11, 0.11), "red": (0.76, 0.13, 0.12), "rule": (0.66, 0.38, 0.32)}
BLACK = {"ink": (0.0, 0.0, 0.0), "red": (0.76, 0.13, 0.12), "rule": (0.5, 0.5, 0.5)}
PAPERS = ((236, 220, 184), (228, 214, 186), (243, 232, 206), (219, 203, 170), (240, 236, 222))


def pdf(sheets: Iterable[Sheet], *, title: str) -> bytes:
    """A text document: its words can be found and copied."""
    document = pymupdf.open()
    for sheet in sheets:
        _put(document, marks(sheet, _measure, scanned=False), BLACK)
    document.set_metadata({"title": title, "producer": "", "creator": ""})
    document.subset_fonts(fallback=False)
    made = document.tobytes(garbage=3, deflate=True, no_new_id=True)
    document.close()
    return bytes(made)


def black_scan(sheet: Sheet) -> Image.Image:
    """One page in black and white at 200 dots an inch, slightly turned, with specks."""
    rng = Random(f"scan/{sheet.seed}")
    page = _scanned(sheet, rng, 200, BLACK, gray=True)
    page = ImageChops.multiply(page, _specks(page.size, rng.randint(0, 3)))
    return page.point(lambda level: 255 if level > 150 else 0).convert("1", dither=Image.Dither.NONE)


def tiff(pages: Iterable[Image.Image]) -> bytes:
    """Black pages in Group 4, gray ones as JPEG inside; several pages make one file."""
    first, *others = pages
    black = first.mode == "1"
    out = BytesIO()
    first.save(
        out,
        "TIFF",
        compression="group4" if black else "jpeg",
        save_all=bool(others),
        append_images=others,
        dpi=(200, 200) if black else (120, 120),
    )
    return out.getvalue()


def gray_scan(sheet: Sheet) -> Image.Image:
    rng = Random(f"scan/{sheet.seed}")
    page = _scanned(sheet, rng, 120, INK, gray=True)
    return ImageChops.multiply(page, _paper(page.size, rng.randrange(len(PAPERS)), fine=False).convert("L"))


def colour_scan(sheet: Sheet) -> bytes:
    """A JPEG page on old paper, with its red seal."""
    rng = Random(f"scan/{sheet.seed}")
    page = _scanned(sheet, rng, 150, INK, gray=False)
    aged = ImageChops.multiply(page, _paper(page.size, rng.randrange(len(PAPERS)), fine=True))
    return _jpeg(aged, 58, 150)


def photograph(sheet: Sheet, *, faded: bool) -> bytes:
    """An old print on its mount, with the caption under it; faded ones have gone brown."""
    rng = Random(f"photograph/{sheet.seed}")
    picture = _picture(rng, sheet.heading, trams=sheet.era == "a")
    tone = ("#2b1d12", "#f1e3c4") if faded else ("#161616", "#ece9e2")
    picture = ImageOps.colorize(picture, *tone)
    mount = _mount(sheet)
    mount.paste(ImageOps.expand(picture, 18, "#f4efe2"), (82, 70))
    aged = ImageChops.multiply(mount, _paper(mount.size, rng.randrange(3), fine=True))
    return _jpeg(aged, 62, 150)


def _measure(text: str, size: float) -> float:
    return float(_font().text_length(text, size))


@cache
def _font() -> pymupdf.Font:
    return pymupdf.Font("korea")


def _put(
    document: pymupdf.Document,
    placed: Iterable[Mark],
    colours: dict[str, tuple[float, float, float]],
    width: float = WIDTH,
    height: float = HEIGHT,
) -> pymupdf.Page:
    page = document.new_page(width=width, height=height)
    writers = {colour: pymupdf.TextWriter(page.rect) for colour in colours}
    shape = page.new_shape()
    for mark in placed:
        match mark:
            case Words():
                writers[mark.colour].append((mark.x, mark.y), mark.text, font=_font(), fontsize=mark.size)
            case Stroke():
                shape.draw_polyline(list(mark.points))
                shape.finish(width=mark.width, color=colours[mark.colour], closePath=mark.closed)
    shape.commit()
    for colour, writer in writers.items():
        writer.write_text(page, color=colours[colour])
    return page


def _scanned(
    sheet: Sheet, rng: Random, dpi: int, colours: dict[str, tuple[float, float, float]], *, gray: bool
) -> Image.Image:
    """The page as a scanner sees it: up to a degree askew, cut to the size of the glass."""
    document = pymupdf.open()
    page = _put(document, marks(sheet, _measure, scanned=True), colours)
    turned = pymupdf.Matrix(dpi / 72, dpi / 72).prerotate(rng.uniform(-0.9, 0.9))
    image = _image(page.get_pixmap(matrix=turned, colorspace=pymupdf.csGRAY if gray else pymupdf.csRGB))
    document.close()
    width, height = round(WIDTH * dpi / 72), round(HEIGHT * dpi / 72)
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return image.crop((left, top, left + width, top + height))


def _image(pixmap: pymupdf.Pixmap) -> Image.Image:
    return Image.frombytes("L" if pixmap.n == 1 else "RGB", (pixmap.width, pixmap.height), pixmap.samples)


def _jpeg(image: Image.Image, quality: int, dpi: int) -> bytes:
    out = BytesIO()
    image.save(out, "JPEG", quality=quality, dpi=(dpi, dpi), optimize=False)
    return out.getvalue()


@cache
def _noise(size: tuple[int, int], low: int, seed: str) -> Image.Image:
    """Gray noise between `low` and white, the same for the same seed."""
    width, height = size
    scale = bytes(low + level * (255 - low) // 255 for level in range(256))
    return Image.frombytes("L", size, Random(f"noise/{seed}").randbytes(width * height).translate(scale))


@cache
def _paper(size: tuple[int, int], tone: int, *, fine: bool) -> Image.Image:
    """Old paper: its colour, cloudy mottling, darker edges, and a fine grain where asked for."""
    cloud = _noise((size[0] // 150, size[1] // 150), 240, f"cloud/{tone}").resize(
        size, Image.Resampling.BICUBIC
    )
    edge = Image.new("L", size, 216)
    inner = Image.new("L", (size[0] - size[0] // 14, size[1] - size[1] // 18), 255)
    edge.paste(inner, (size[0] // 40, size[1] // 60))
    gray = ImageChops.multiply(cloud, edge.filter(ImageFilter.GaussianBlur(size[0] // 36)))
    if fine:
        gray = ImageChops.multiply(gray, _noise(size, 238, "grain").filter(ImageFilter.GaussianBlur(0.6)))
    return ImageChops.multiply(gray.convert("RGB"), Image.new("RGB", size, PAPERS[tone]))


@cache
def _specks(size: tuple[int, int], variant: int) -> Image.Image:
    """A white sheet with some dozens of dark specks, as dust on the glass leaves them."""
    rng = Random(f"specks/{variant}")
    dust = Image.new("L", size, 255)
    for _ in range(70):
        wide = rng.randint(1, 4)
        dust.paste(
            0,
            (
                x := rng.randrange(size[0] - 6),
                y := rng.randrange(size[1] - 6),
                x + wide,
                y + rng.randint(1, 3),
            ),
        )
    return dust


def _picture(rng: Random, caption: str, *, trams: bool) -> Image.Image:
    document = pymupdf.open()
    page = document.new_page(width=PICTURE[0], height=PICTURE[1])
    shape = page.new_shape()
    for patch in scene(rng, caption, trams=trams):
        _patch(shape, patch)
    shape.commit()
    image = _image(page.get_pixmap(colorspace=pymupdf.csGRAY))
    document.close()
    soft = image.filter(ImageFilter.GaussianBlur(1.3))
    grainy = ImageChops.multiply(soft, _noise(soft.size, 196, f"film/{rng.randrange(3)}"))
    return ImageOps.autocontrast(ImageChops.multiply(grainy, _vignette(soft.size)), cutoff=1)


def _patch(shape: pymupdf.Shape, patch: Patch) -> None:
    shape.draw_polyline(list(patch.points))
    tone = (patch.gray, patch.gray, patch.gray)
    if patch.line:
        shape.finish(width=patch.line, color=tone, closePath=False)
    else:
        shape.finish(width=0, color=None, fill=tone, closePath=True)


@cache
def _vignette(size: tuple[int, int]) -> Image.Image:
    dark = ImageOps.invert(Image.radial_gradient("L")).resize(size)
    return dark.point(lambda level: 150 + min(level, 160) * 105 // 160)


def _mount(sheet: Sheet) -> Image.Image:
    document = pymupdf.open()
    owner = " ".join(value for _, value in sheet.fields)
    placed = [
        Words(86, PICTURE[1] + 150, 21, sheet.heading),
        Words(86, PICTURE[1] + 182, 14, f"{owner}  No. {sheet.number}"),
    ]
    page = _put(document, placed, INK, PICTURE[0] + 200, PICTURE[1] + 230)
    image = _image(page.get_pixmap(colorspace=pymupdf.csRGB))
    document.close()
    return image
