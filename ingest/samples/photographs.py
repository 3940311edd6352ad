"""What the sample photographs show: a river with its bridge, a street, a hillside of small houses.

A scene is patches of gray from back to front.  It is chosen by the words of the caption;
trams ran in the streets until 1968.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

PICTURE = (1000, 690)
RIVER = ("橋", "漢江", "한강", "輪中堤", "올림픽")
HILL = ("板子", "無許可", "아파트", "재개발", "골목")
Point = tuple[float, float]


@dataclass(frozen=True)
class Patch:
    """A filled shape, or a line where `line` has a width."""

    points: tuple[Point, ...]
    gray: float
    line: float = 0.0


def scene(rng: Random, caption: str, *, trams: bool) -> Iterator[Patch]:
    yield from _sky(rng)
    if any(word in caption for word in HILL):
        yield from _hillside(rng)
    elif any(word in caption for word in RIVER):
        yield from _river(rng)
    else:
        yield from _street(rng, trams=trams)


def _box(x: float, y: float, width: float, height: float, gray: float) -> Patch:
    return Patch(((x, y), (x + width, y), (x + width, y + height), (x, y + height)), gray)


def _sky(rng: Random) -> Iterator[Patch]:
    top, low = rng.uniform(0.62, 0.72), rng.uniform(0.86, 0.93)
    for strip in range(46):
        yield _box(0, strip * 10, PICTURE[0], 11, top + (low - top) * strip / 45)
    for _ in range(5):
        x, y, wide = rng.uniform(0, 900), rng.uniform(20, 170), rng.uniform(90, 260)
        yield Patch(((x, y), (x + wide / 3, y - 16), (x + wide, y + 4), (x + wide / 2, y + 13)), low)


def _hills(rng: Random, base: float, height: float, gray: float) -> Patch:
    points: list[Point] = [(0, base)]
    level = rng.uniform(0.3, 0.8)
    for step in range(21):
        level = min(1.0, max(0.1, level + rng.uniform(-0.22, 0.22)))
        points.append((step * 50, base - height * level))
    return Patch((*points, (PICTURE[0], base)), gray)


def _river(rng: Random) -> Iterator[Patch]:
    yield _hills(rng, 330, 120, 0.66)
    yield _hills(rng, 345, 55, 0.52)
    yield _box(0, 340, 1000, 350, 0.68)
    for _ in range(240):
        y = rng.uniform(352, 690)
        x, wide = rng.uniform(-40, 1000), (y - 330) * rng.uniform(0.1, 0.5)
        yield Patch(((x, y), (x + wide, y)), rng.choice((0.55, 0.6, 0.76, 0.82)), 1.6)
    yield from _bridge(rng)
    for _ in range(rng.randint(2, 4)):
        yield from _boat(rng.uniform(60, 880), rng.uniform(500, 640))


def _bridge(rng: Random) -> Iterator[Patch]:
    """Trusses on piers, nearer to the left, so the deck falls towards the far bank."""
    spans, high = rng.randint(5, 7), rng.uniform(0.8, 1.15)
    wide = 1000 / spans
    for span in range(spans):
        x, near = span * wide, 1.25 - 0.8 * span / spans
        deck, after = 395 - 8 * span, 395 - 8 * (span + 1)
        for pier in (x - 14 * near, x + wide - 14 * near):
            yield Patch(
                (
                    (pier, deck),
                    (pier + 28 * near, deck),
                    (pier + 34 * near, deck + 92 * near),
                    (pier - 6, deck + 92 * near),
                ),
                0.36,
            )
        knots = [(x + wide * at / 6, deck + (after - deck) * at / 6) for at in range(7)]
        crown = [
            (across, down - 88 * near * high * (1 - ((at - 3) / 3.4) ** 2))
            for at, (across, down) in enumerate(knots)
        ]
        yield Patch(tuple(crown), 0.16, 5 * near)
        for at in range(1, 7):
            yield Patch((knots[at - 1], crown[at]), 0.24, 2.6 * near)
            yield Patch((crown[at], knots[at]), 0.24, 2.6 * near)
        yield Patch(
            ((x, deck), (x + wide, after), (x + wide, after + 14 * near), (x, deck + 16 * near)), 0.18
        )


def _boat(x: float, y: float) -> Iterator[Patch]:
    yield Patch(((x, y), (x + 92, y), (x + 74, y + 17), (x + 16, y + 17)), 0.2)
    yield Patch(((x + 40, y), (x + 43, y - 60)), 0.22, 2.5)
    yield _box(x + 50, y - 19, 8, 19, 0.14)
    yield Patch(((x + 8, y + 24), (x + 88, y + 24)), 0.45, 3)


def _street(rng: Random, *, trams: bool) -> Iterator[Patch]:
    yield _hills(rng, 330, 110, 0.7)
    yield Patch(((0, 690), (430, 330), (560, 330), (1000, 690)), 0.64)
    yield Patch(((0, 690), (0, 560), (430, 330)), 0.72)
    yield Patch(((1000, 690), (1000, 560), (560, 330)), 0.72)
    for side in (-1, 1):
        for depth in range(6, -1, -1):
            yield from _house(rng, side, depth)
    for rail in (455, 520) if trams else ():
        yield Patch(((rail + 40, 330), (rail * 2 - 560, 690)), 0.42, 2)
    if trams:
        yield from _tram(rng.uniform(400, 470), rng.uniform(400, 450))
    for _ in range(rng.randint(14, 26)):
        yield from _walker(rng)
    for depth in (0, 1, 2, 3):
        x = 905 - depth * 92
        foot, head = 620 - depth * 72, 90 + depth * 62
        yield Patch(((x, foot), (x, head)), 0.15, 7 - depth * 1.4)
        yield Patch(((x - 34 + depth * 6, head + 26), (x + 34 - depth * 6, head + 26)), 0.15, 4 - depth * 0.7)
        yield Patch(((x, head + 26), (x - 92, head + 88)), 0.3, 1.1)


def _house(rng: Random, side: int, depth: int) -> Iterator[Patch]:
    """A building front along the street; `depth` 6 is the farthest."""
    near, far = 500 + side * (500 - depth * 62), 500 + side * (500 - (depth + 1) * 62)
    base, back = 575 - depth * 38, 575 - (depth + 1) * 38
    storeys = rng.randint(2, 4)
    high = storeys * (78 - depth * 9) + rng.uniform(0, 20)
    gray = rng.uniform(0.34, 0.6) + depth * 0.025
    yield Patch(((near, base), (far, back), (far, back - high * 0.88), (near, base - high)), gray)
    for storey in range(storeys):
        for at in (0.16, 0.44, 0.72):
            x, y = near + (far - near) * at, base + (back - base) * at - high * (storey + 0.3) / storeys
            wide, tall = (far - near) * 0.17, high * 0.42 / storeys
            yield Patch(((x, y), (x + wide, y - 3), (x + wide, y - tall), (x, y - tall)), gray - 0.22)
    sign = base - high * 0.34
    yield Patch(
        (
            (near, sign),
            (far, sign + (back - base) * 0.7),
            (far, sign + (back - base) * 0.7 - 13),
            (near, sign - 15),
        ),
        rng.choice((0.85, 0.25, 0.7)),
    )


def _tram(x: float, y: float) -> Iterator[Patch]:
    yield _box(x, y - 70, 92, 82, 0.3)
    yield Patch(((x - 3, y - 70), (x + 46, y - 84), (x + 95, y - 70)), 0.22)
    for window in range(3):
        yield _box(x + 8 + window * 28, y - 58, 22, 28, 0.78)
    yield _box(x + 34, y - 20, 24, 9, 0.85)
    yield _box(x + 8, y + 12, 76, 6, 0.12)
    yield Patch(((x + 46, y - 84), (x + 60, y - 150)), 0.25, 2)


def _walker(rng: Random) -> Iterator[Patch]:
    y = rng.uniform(420, 660)
    reach = (y - 330) * 1.25
    x = rng.choice((480 - reach * rng.uniform(0.55, 1), 510 + reach * rng.uniform(0.55, 1)))
    tall, gray = (y - 300) * 0.2, rng.choice((0.12, 0.2, 0.82))
    yield Patch(
        (
            (x - tall * 0.17, y - tall * 0.75),
            (x + tall * 0.17, y - tall * 0.75),
            (x + tall * 0.2, y),
            (x - tall * 0.2, y),
        ),
        gray,
    )
    yield _box(x - tall * 0.11, y - tall, tall * 0.22, tall * 0.24, 0.24)


def _hillside(rng: Random) -> Iterator[Patch]:
    yield _hills(rng, 300, 170, 0.68)
    yield _hills(rng, 420, 230, 0.58)
    yield _box(0, 415, 1000, 275, 0.52)
    for row in range(13):
        near = 0.4 + row * 0.065
        y = 235 + row * 36
        x = rng.uniform(-50, 0) + max(0.0, 260 - row * 40)
        while x < 1000 - max(0.0, 180 - row * 34):
            wide = rng.uniform(58, 96) * near
            yield from _shack(rng, x, y + rng.uniform(-8, 8), wide, near)
            x += wide * rng.uniform(1.02, 1.3)
    for _ in range(5):
        x, foot = rng.uniform(60, 940), rng.uniform(430, 640)
        yield Patch(((x, foot), (x + 3, foot - 120)), 0.2, 4)


def _shack(rng: Random, x: float, y: float, wide: float, near: float) -> Iterator[Patch]:
    tall, wall = 34 * near, rng.uniform(0.48, 0.82)
    yield _box(x, y, wide, tall, wall)
    yield Patch(
        (
            (x - 6 * near, y + 2),
            (x + wide * 0.22, y - 24 * near),
            (x + wide * 0.84, y - 24 * near),
            (x + wide + 6 * near, y + 2),
        ),
        rng.uniform(0.22, 0.48),
    )
    yield _box(x + wide * 0.18, y + tall * 0.3, wide * 0.2, tall * 0.34, 0.16)
    yield _box(x + wide * 0.6, y + tall * 0.26, wide * 0.18, tall * 0.74, 0.2)
