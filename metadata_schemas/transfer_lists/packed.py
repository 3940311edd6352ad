"""Descriptions as bytes, to be laid aside by the process that reads a list and taken up by the same process.

The names of a list's columns are kept once and not in every row.
"""

import io
import pickle
from collections.abc import Callable, Mapping
from typing import Any

from metadata_schemas.transfer_lists.cells import Cells

_headers: list[Mapping[str, int]] = []


def packed(value: object) -> bytes:
    out = io.BytesIO()
    pickler = pickle.Pickler(out, pickle.HIGHEST_PROTOCOL)
    pickler.dispatch_table = _dispatch
    pickler.dump(value)
    return out.getvalue()


def unpacked(octets: bytes) -> Any:
    return pickle.loads(octets)


def _without_header(cells: Cells) -> tuple[object, tuple[int, tuple[str, ...]]]:
    if not _headers or _headers[-1] is not cells.places:
        _headers.append(cells.places)
    return _with_header, (len(_headers) - 1, cells.row)


def _with_header(number: int, values: tuple[str, ...]) -> Cells:
    return Cells(_headers[number], values)


_dispatch: dict[type, Callable[[Any], Any]] = {Cells: _without_header}
