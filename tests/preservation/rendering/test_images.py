"""Pictures of every kind become pages, or say why not."""

import io

import pytest
from PIL import Image, ImageChops, ImageStat

from archive.errors import Unreadable
from preservation import rendering
from preservation.contents import PageImages
from preservation.rendering import images as images_module
from preservation.rendering.sizes import SMALL_BYTES, page_images


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def difference(one: Image.Image, other: Image.Image) -> float:
    """Mean difference of grey, from 0 to 255, when both are made small."""
    pair = (picture.convert("L").resize((32, 32)) for picture in (one, other))
    return ImageStat.Stat(ImageChops.difference(*pair)).mean[0]


def only_page(path, mimetype) -> PageImages:
    (page,) = rendering.pages(path, mimetype)
    assert page.images is not None, page.reason
    return page.images


@pytest.mark.parametrize("size", [(3000, 4000), (4000, 1000), (300, 200), (90, 3000), (1, 1)])
def test_the_three_sizes_are_bounded_and_never_larger_than_the_source(size):
    made = page_images(Image.effect_noise(size, 60).convert("RGB"))
    for data, longest, widest in ((made.large, 2000, 2000), (made.small, 2000, 1000), (made.thumb, 256, 256)):
        width, height = opened(data).size
        assert max(width, height) <= longest and width <= widest
        assert width <= size[0] and height <= size[1]
        assert abs(width * size[1] - height * size[0]) <= max(size)
    assert (made.width, made.height) == opened(made.large).size
    assert len(made.small) <= SMALL_BYTES


def test_every_page_of_a_tiff_comes(images):
    pages = list(rendering.pages(images / "multipage.tiff", "image/tiff"))
    assert [page.number for page in pages] == [1, 2, 3]
    assert all(page.images for page in pages)
    assert rendering.page_count(images / "multipage.tiff", "image/tiff") == 3


def test_pages_can_be_asked_for_from_the_middle(images):
    assert [page.number for page in rendering.pages(images / "multipage.tiff", "image/tiff", first=3)] == [3]


@pytest.mark.parametrize("turn", [3, 5, 6, 7])
def test_a_photograph_is_turned_as_its_exif_says(images, turn):
    upright = only_page(images / "hopper_orientation_3.jpg", "image/jpeg").large
    turned = only_page(images / f"hopper_orientation_{turn}.jpg", "image/jpeg").large
    assert difference(opened(upright), opened(turned)) < 12


TIFFS = [
    "hopper_g4.tif", "pport_g4.tif", "tiff_strip_cmyk_jpeg.tif", "tiff_16bit_RGB.tiff", "hopper.Lab.tif",
    "12bit.cropped.tif", "hopper_bigtiff.tif", "old-style-jpeg-compression.tif", "uint16_1_4660.tif",
]  # fmt: skip


@pytest.mark.parametrize("name", TIFFS)
def test_a_tiff_of_any_depth_and_colour_gives_a_picture(images, name):
    made = only_page(images / name, "image/tiff")
    assert opened(made.large).mode in ("L", "RGB")


def test_sixteen_bits_are_scaled_and_not_cut_off(tmp_path):
    path = tmp_path / "deep.tif"
    ramp = Image.frombytes("I;16", (256, 64), b"".join(bytes((0, value)) for value in range(256)) * 64)
    ramp.save(path)
    made = opened(only_page(path, "image/tiff").large)
    assert abs(made.getpixel((128, 30)) - 128) < 6 and made.getpixel((250, 30)) > 240


def test_what_is_transparent_lies_on_white_paper(tmp_path):
    path = tmp_path / "stamp.png"
    Image.new("RGBA", (40, 40), (200, 0, 0, 0)).save(path)
    assert opened(only_page(path, "image/png").large).convert("L").getextrema() == (255, 255)


def test_a_large_photograph_keeps_its_look_when_decoded_at_a_fraction(images, tmp_path):
    path = tmp_path / "photo.jpg"
    photo = Image.open(images / "flower.jpg").convert("RGB").resize((5000, 4000))
    photo.save(path, quality=92)
    made = only_page(path, "image/jpeg")
    assert (made.width, made.height) == (2000, 1600)
    assert difference(opened(made.large), photo) < 4


def test_a_jpeg_2000_is_read_with_and_without_its_high_resolutions(tmp_path, images):
    path = tmp_path / "large.jp2"
    Image.open(images / "flower.jpg").convert("RGB").resize((4100, 4100)).save(path, num_resolutions=2)
    assert only_page(path, "image/jp2").width == 2000


@pytest.mark.parametrize(
    ("name", "mimetype"), [("truncated_jpeg.jpg", "image/jpeg"), ("truncated_image.png", "image/png")]
)
def test_a_truncated_picture_gives_its_reason_in_a_sentence(images, name, mimetype):
    (page,) = rendering.pages(images / name, mimetype)
    assert page.images is None
    assert page.reason is not None and "truncated" in page.reason and page.reason.endswith(".")


def test_a_picture_with_too_many_pixels_is_not_decoded(tmp_path, monkeypatch):
    path = tmp_path / "bomb.png"
    Image.new("1", (300, 300)).save(path)
    assert only_page(path, "image/png")
    monkeypatch.setattr(images_module, "MOST_PIXELS", 80_000)
    (page,) = rendering.pages(path, "image/png")
    assert page.images is None and "pixels" in (page.reason or "")


def test_a_file_that_is_no_picture_is_refused_with_what_can_be_done(tmp_path):
    path = tmp_path / "fake.tif"
    path.write_bytes(b"II*\0" + bytes(100))
    with pytest.raises(Unreadable) as told:
        list(rendering.pages(path, "image/tiff"))
    assert told.value.next


def test_a_damaged_page_of_a_tiff_does_not_cost_its_neighbours(tmp_path):
    path = tmp_path / "book.tif"
    sheets = [Image.effect_noise((400, 300), 50 + shade).convert("L") for shade in range(3)]
    sheets[0].save(path, save_all=True, append_images=sheets[1:], compression="jpeg")
    data = bytearray(path.read_bytes())
    with Image.open(path) as book:
        book.seek(1)
        start, length = book.tag_v2[273][0], book.tag_v2[279][0]
    data[start : start + length] = bytes(length)
    path.write_bytes(data)
    first, second, third = rendering.pages(path, "image/tiff")
    assert first.images and third.images
    assert second.images is None and second.reason
