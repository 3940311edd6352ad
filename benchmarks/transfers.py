"""Transfers of random bytes to measure with: volumes of items of files, and the two lists that name them."""

import csv
import os
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

FILES_A_VOLUME = 100
FILES_AN_ITEM = 10
AGENCY = "6110000"
HEAD = b"measured"
"""No format begins like this, so that no file is taken for an archive by accident."""


@dataclass(frozen=True)
class Transfer:
    """A transfer folder.  ``volumes``: the paths of each volume's files, relative to it."""

    folder: Path
    volumes: tuple[tuple[str, ...], ...]
    bytes: int

    @property
    def files(self) -> int:
        return sum(map(len, self.volumes))


def mixed(count: int, seed: int) -> Iterator[int]:
    """Sizes as real transfers have them: log-normal, median 200 kB, some of many megabytes."""
    rng = random.Random(seed)
    for _ in range(count):
        yield int(min(rng.lognormvariate(12.2, 1.55), 96e6))


def make(
    folder: Path, sizes: Sequence[int], *, a_volume: int = FILES_A_VOLUME, an_item: int = FILES_AN_ITEM
) -> Transfer:
    """Files of these sizes, ``a_volume`` of them in each volume."""
    folder.mkdir(parents=True)
    volumes = []
    pool = os.urandom(1 << 20)
    for start in range(0, len(sizes), a_volume):
        name = f"V{start // a_volume + 1:06d}"
        paths = []
        for number, size in enumerate(sizes[start : start + a_volume]):
            path = f"{name}/{number // an_item + 1:04d}/{number + 1:06d}.dat"
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            _write(folder / path, size, pool)
            paths.append(path)
        volumes.append(tuple(paths))
    _write_lists(folder, volumes)
    return Transfer(folder, tuple(volumes), sum(sizes))


def _write(path: Path, size: int, pool: bytes) -> None:
    """No two files alike, and no time spent on randomness that nobody looks at."""
    with path.open("wb") as stream:
        head = (HEAD + os.urandom(64))[:size]
        stream.write(head)
        size -= len(head)
        while size > 0:
            stream.write(pool[:size])
            size -= len(pool)


def _write_lists(folder: Path, volumes: Sequence[Sequence[str]]) -> None:
    with (folder / "기록물철목록.csv").open("w", newline="", encoding="utf-8") as stream:
        rows = csv.writer(stream)
        rows.writerow(["관리번호", "기록물철 제목", "생산기관", "생산연도", "보존기간", "공개구분"])
        for number, paths in enumerate(volumes, start=1):
            name = paths[0].split("/")[0]
            rows.writerow([name, f"도로 개설 관계철 {number}", "서울특별시", "1987", "영구", "공개"])
    with (folder / "기록물건목록.csv").open("w", newline="", encoding="utf-8") as stream:
        rows = csv.writer(stream)
        rows.writerow(["철 관리번호", "건 관리번호", "건제목", "생산일자", "공개구분", "파일"])
        for paths in volumes:
            items: dict[str, list[str]] = {}
            for path in paths:
                items.setdefault(path.rpartition("/")[0], []).append(path)
            for item, files in items.items():
                name = item.split("/")[0]
                rows.writerow(
                    [
                        name,
                        item.replace("/", "-"),
                        f"개설 공사의 건 {item}",
                        "1987.3.2",
                        "공개",
                        ";".join(files),
                    ]
                )
