"""From one decoded picture to the three JPEG sizes, within the byte budgets of the portal.

Each size is made from the next larger one, so the large picture is scaled only once.
A picture is never made larger than it came.
"""

import io

from PIL import Image, ImageChops

from preservation.contents import PageImages

LARGE_EDGE = 2000  # px, longer side: an A4 page at about 170 dpi
SMALL_WIDTH = 1000  # px: the page image of the viewer before its script runs
THUMB_EDGE = 256  # px, longer side
SMALL_BYTES = 180_000
THUMB_BYTES = 5_000
LARGE_BYTES = 900_000
LARGE_QUALITIES = (78, 62, 45)
SMALL_QUALITIES = (78, 66, 54, 42, 30, 20)
THUMB_QUALITIES = (62, 46, 32, 20, 10)
# Scans of black on white come as RGB with chroma noise of the scanner's own JPEG.
COLOUR_NOISE = 10


def page_images(picture: Image.Image) -> PageImages:
    """``picture`` is RGB or L, the right way up."""
    large = fitted(picture, LARGE_EDGE, LARGE_EDGE)
    small = fitted(large, SMALL_WIDTH, LARGE_EDGE)
    if small.mode == "RGB" and is_grey(small):
        large, small = large.convert("L"), small.convert("L")
    thumb = fitted(small, THUMB_EDGE, THUMB_EDGE)
    return PageImages(
        width=large.width,
        height=large.height,
        large=jpeg(large, LARGE_QUALITIES, LARGE_BYTES),
        small=jpeg(small, SMALL_QUALITIES, SMALL_BYTES),
        thumb=jpeg(thumb, THUMB_QUALITIES, THUMB_BYTES),
    )


def fitted(picture: Image.Image, width: int, height: int) -> Image.Image:
    scale = min(width / picture.width, height / picture.height)
    if scale >= 1:
        return picture
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    return picture.resize(size, Image.Resampling.BICUBIC, reducing_gap=1.5)


def is_grey(picture: Image.Image) -> bool:
    red, green, blue = picture.split()
    for one, other in ((red, green), (green, blue)):
        low_high = ImageChops.difference(one, other).getextrema()
        if isinstance(low_high[1], int | float) and low_high[1] > COLOUR_NOISE:
            return False
    return True


def jpeg(picture: Image.Image, qualities: tuple[int, ...], budget: int) -> bytes:
    """The best quality that keeps the budget; the last one if none does."""
    made = b""
    for quality in qualities:
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=quality)
        made = out.getvalue()
        if len(made) <= budget:
            break
    return made
