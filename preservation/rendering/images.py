"""Pages of picture files: each frame of a TIFF is a page, every other format has one.

Pillow decodes.  It opens only the formats named here, and only what fits the pixel limit;
JPEG and JPEG 2000 are decoded at a fraction of their size where that is enough.
"""

import struct
import warnings
from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageCms, ImageFile, ImageOps

from archive import errors
from preservation.contents import RenderedPage
from preservation.rendering.sizes import LARGE_EDGE, page_images

FORMATS = {
    "image/jpeg": ("JPEG", "MPO"),
    "image/png": ("PNG",),
    "image/tiff": ("TIFF",),
    "image/jp2": ("JPEG2000",),
    "image/x-jp2-codestream": ("JPEG2000",),
    "image/gif": ("GIF",),
    "image/bmp": ("BMP", "DIB"),
    "image/webp": ("WEBP",),
}
# A0 at 300 dpi has 140 million.  Pillow keeps colour in 4 bytes a pixel, so this is 0.8 GB.
MOST_PIXELS = 200_000_000
MOST_FRAMES = 20_000
# What Pillow raises for bytes it cannot make sense of.
CANNOT_DECODE = (
    OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, EOFError, OverflowError,
    ZeroDivisionError, AttributeError, NotImplementedError, RuntimeError, struct.error,
)  # fmt: skip
JP2 = frozenset({"image/jp2", "image/x-jp2-codestream"})
DEEP = frozenset({"I", "F", "I;16", "I;16B", "I;16L", "I;16N"})

# Pillow refuses at twice this number, and only warns below.
Image.MAX_IMAGE_PIXELS = MOST_PIXELS // 2
ImageFile.LOAD_TRUNCATED_IMAGES = False
warnings.simplefilter("ignore", Image.DecompressionBombWarning)
warnings.filterwarnings("ignore", module=r"PIL\..*")


def image_page_count(path: Path, mimetype: str) -> int:
    with opened(path, mimetype) as picture:
        return frames(picture)


def image_pages(path: Path, mimetype: str, first: int = 1) -> Iterator[RenderedPage]:
    with opened(path, mimetype) as picture:
        for number in range(first, frames(picture) + 1):
            yield one_page(picture, path, mimetype, number)


def opened(path: Path, mimetype: str) -> Image.Image:
    try:
        return Image.open(path, formats=FORMATS[mimetype])
    except Image.DecompressionBombError as bomb:
        raise errors.Unreadable(
            f"The picture declares more than {MOST_PIXELS:,} pixels and was not opened.",
            code="limit.pixels",
            next="Ask the sender for the picture in a usable size.",
        ) from bomb
    except CANNOT_DECODE as cause:
        raise errors.Unreadable(
            f"The file begins like {mimetype}, but its picture cannot be opened ({said(cause)}).",
            code="file.damaged",
            next="Compare it with the sender's original and ask for a sound copy.",
        ) from cause


def frames(picture: Image.Image) -> int:
    """Only TIFF has pages; further frames of GIF, PNG, WebP or MPO are movement or depth."""
    if picture.format != "TIFF":
        return 1
    try:
        count = int(getattr(picture, "n_frames", 1))
    except CANNOT_DECODE as cause:
        raise errors.Unreadable(
            f"The list of pages in this TIFF is damaged ({said(cause)}).",
            code="file.damaged",
            next="Compare it with the sender's original and ask for a sound copy.",
        ) from cause
    if count > MOST_FRAMES:
        raise errors.Unreadable(
            f"The TIFF declares {count:,} pages; at most {MOST_FRAMES:,} are read.",
            code="limit.pages",
            next="Ask the sender for the document in several files.",
        )
    return count


def one_page(picture: Image.Image, path: Path, mimetype: str, number: int) -> RenderedPage:
    try:
        if number > 1 or picture.format == "TIFF":
            picture.seek(number - 1)
        if picture.width * picture.height > MOST_PIXELS:
            return refused(number, f"it declares {picture.width:,} by {picture.height:,} pixels")
        decoded = decoded_jp2(path) if mimetype in JP2 else decoded_frame(picture)
        return RenderedPage(number, page_images(decoded))
    except Image.DecompressionBombError:
        return refused(number, f"it declares more than {MOST_PIXELS:,} pixels")
    except MemoryError:
        return refused(number, "it needs more memory than a page may have")
    except CANNOT_DECODE as cause:
        return refused(number, f"its data are damaged or unusual: {said(cause)}")


def refused(number: int, why: str) -> RenderedPage:
    return RenderedPage(number, None, reason=f"No picture of page {number} could be made: {why}.")


def said(cause: BaseException) -> str:
    """The library's words in one line, without the path of the copy it was reading."""
    words = " ".join(str(cause).split()).split("'/")[0].strip(" :.")
    return words[:200] or type(cause).__name__


def decoded_frame(picture: Image.Image) -> Image.Image:
    """A JPEG is decoded at the next power of two above the large size: 7 times faster at 12 MP."""
    if picture.format in ("JPEG", "MPO"):
        mode = "L" if picture.mode == "L" else "RGB"
        scale = LARGE_EDGE / max(picture.size)
        if scale < 1 and picture.mode in ("L", "RGB"):
            picture.draft(mode, (int(picture.width * scale), int(picture.height * scale)))
    picture.load()
    return plain(ImageOps.exif_transpose(picture))


def decoded_jp2(path: Path) -> Image.Image:
    """Leave out resolution levels that are not needed; a file with fewer levels is read again."""
    with Image.open(path, formats=("JPEG2000",)) as probe:
        levels = max(0, (max(probe.size) // LARGE_EDGE).bit_length() - 1)
    for left_out in range(levels, -1, -1):
        with Image.open(path, formats=("JPEG2000",)) as picture:
            # A plain attribute of Pillow's JPEG 2000 reader that hides the method of that name.
            setattr(picture, "reduce", left_out)  # noqa: B010
            try:
                picture.load()
            except OSError:
                if left_out == 0:
                    raise
                continue
            return plain(ImageOps.exif_transpose(picture))
    raise OSError("no resolution level could be decoded")


def plain(picture: Image.Image) -> Image.Image:
    """RGB or L on white, whatever came: bilevel, palette, 16 bit, float, CMYK, Lab, transparent."""
    if picture.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in picture.info:
        return on_white(picture)
    if picture.mode in ("RGB", "L"):
        return picture
    if picture.mode in DEEP:
        return eight_bit(picture)
    if picture.mode == "LAB":
        return from_lab(picture)
    return picture.convert("L" if picture.mode == "1" else "RGB")


def eight_bit(picture: Image.Image) -> Image.Image:
    """Scale 12 bit, 16 bit and float samples down; Pillow's own conversion cuts them off."""
    low, high = (float(edge) for edge in picture.getextrema() if isinstance(edge, int | float))
    if picture.mode == "F" or low < 0 or high > 65535:
        span = (high - low) or 1.0
        return picture.point(lambda value: value * (255 / span) + (-low * 255 / span)).convert("L")
    divisor = 256 if high > 4095 else 16 if high > 255 else 1
    return picture.point(lambda value: value * (1 / divisor) + 0).convert("L")


def on_white(picture: Image.Image) -> Image.Image:
    see_through = picture.convert("RGBA")
    paper = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(paper, see_through).convert("RGB")


def from_lab(picture: Image.Image) -> Image.Image:
    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    converted = ImageCms.profileToProfile(picture, lab, srgb, outputMode="RGB")
    return converted or picture.convert("L")
