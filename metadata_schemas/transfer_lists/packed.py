"""Descriptions as bytes, to be laid aside by the process that reads a list and taken up by the same process.

The names of a list's columns are kept once and not in every row, and those of fields not at all.
"""

import io
import pickle
from collections.abc import Callable, Mapping
from dataclasses import fields
from operator import attrgetter
from typing import Any

from metadata_schemas.description import Access, DateSpan, Finding, ItemDescription, VolumeDescription, Where
from metadata_schemas.transfer_lists.cells import Cells

_headers: list[Mapping[str, int]] = []
_KINDS = (ItemDescription, VolumeDescription, Access, DateSpan, Finding, Where)
_FIELDS = [tuple(field.name for field in fields(kind)) for kind in _KINDS]


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


def _without_names(number: int) -> Callable[[Any], tuple[object, tuple[int, tuple[object, ...]]]]:
    values = attrgetter(*_FIELDS[number])
    return lambda described: (_with_names, (number, values(described)))


def _with_names(number: int, values: tuple[object, ...]) -> object:
    described = object.__new__(_KINDS[number])
    described.__dict__.update(zip(_FIELDS[number], values, strict=True))
    return described


# To tell a class and its fields by name in every row costs half of the time again.
_dispatch: dict[type, Callable[[Any], Any]] = {Cells: _without_header}
_dispatch.update((kind, _without_names(number)) for number, kind in enumerate(_KINDS))
