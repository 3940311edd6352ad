"""Reads the access status of a row: text, digit or nine signs, its reasons and its pages.

공개 with a reason, and 비공개 or 부분공개 without one, are contradictions and are
refused: a status that may not be what the agency meant must never open anything.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from metadata_schemas import codes
from metadata_schemas.description import Status
from metadata_schemas.spelling import plain

REASONS = "clauses 1호 to 8호, one by one like 5,6"
_NINE_SIGNS = re.compile(r"([123])([YN]{8})")
_FLAGS = re.compile(r"[YN]{8}")
_STATUS = re.compile(
    r"^\s*(?P<word>[^\d(\[]+?|\d)\s*(?:[(\[]\s*(?P<inside>[^)\]]*)[)\]]|(?P<after>제?\s*\d.*))?\s*$"
)
_ARTICLE = re.compile(
    r"(?:정보공개법|법)?\s*(?:제?\s*9\s*조)\s*(?:의\s*\d+)?\s*(?:제?\s*1\s*항|①)?|제?\s*1\s*항\s*(?=제?\s*\d+\s*호)"
)
_CLAUSE = re.compile(r"^제?\s*(\d{1,2})\s*호?(?:\s*\([^)]*\))?$")
_PAGES = re.compile(r"^(\d+)(?:\s*[-~∼–]\s*(\d+))?$")


@dataclass(frozen=True)
class Fault:
    """Why a value cannot be read: what was expected, and a fact for the reader."""

    value: str
    expected: str
    fact: str
    needs_system: bool = False


@lru_cache(maxsize=4096)
def status_and_reasons(
    system: str | None, status: str, reason: str
) -> tuple[Status, tuple[int, ...]] | Fault:
    """Read the cell of the status and, where the list has one, the cell of the reasons."""
    found = _status(system, status)
    if isinstance(found, Fault):
        return found
    value, inside = found
    given = reasons(reason)
    if isinstance(given, Fault):
        return given
    if inside and given and inside != given:
        return Fault(
            f"{status} / {reason}", "one and the same set of reasons", "two columns name different reasons"
        )
    return _agreeing(value, inside or given, f"{status} / {reason}" if reason else status)


def _agreeing(value: Status, why: tuple[int, ...], told: str) -> tuple[Status, tuple[int, ...]] | Fault:
    if value == "open" and why:
        return Fault(told, "공개 without a reason", "open and a reason for closing exclude each other")
    if value != "open" and not why:
        return Fault(told, f"부분공개 and 비공개 with one or more of {REASONS}", "no reason is given")
    return value, why


def _status(system: str | None, raw: str) -> tuple[Status, tuple[int, ...]] | Fault:
    text = unicodedata.normalize("NFKC", raw).strip()
    signs = _NINE_SIGNS.fullmatch(text.upper())
    if signs:
        return _meaning(system, signs[1], raw, _flagged(signs[2]))
    parts = _STATUS.match(text)
    if not parts:
        return Fault(raw, "공개, 부분공개(5,6), 비공개(6), a digit or nine signs", "this is no access status")
    why = reasons(parts["inside"] or parts["after"] or "")
    return why if isinstance(why, Fault) else _meaning(system, parts["word"], raw, why)


def _meaning(
    system: str | None, word: str, raw: str, why: tuple[int, ...]
) -> tuple[Status, tuple[int, ...]] | Fault:
    found = codes.canonical(system, "access_status", word)
    if isinstance(found, codes.Unknown):
        fact = (
            "the code is known only with its source system"
            if found.needs_system
            else "this is no access status"
        )
        return Fault(raw, found.expected, fact, found.needs_system)
    statuses: dict[str, Status] = {"open": "open", "partial": "partial", "closed": "closed"}
    return statuses[found.value], why


def reasons(raw: str) -> tuple[int, ...] | Fault:
    """Clauses of the FOI act, article 9 (1): ``5,6``, ``5호·6호``, ``제9조제1항제6호``, ``NNNNNYNN``."""
    text = unicodedata.normalize("NFKC", raw).strip()
    if _FLAGS.fullmatch(text.upper()):
        return _flagged(text.upper())
    found = set()
    for part in re.split(r"[,;·ㆍ・/&]|및|\s(?=제?\d+호)|(?<=호)(?=제?\d)", _ARTICLE.sub(" ", text)):
        if not part.strip():
            continue
        clause = _CLAUSE.match(part.strip())
        if not clause or not 1 <= int(clause[1]) <= 8:
            return Fault(raw, REASONS, f"{part.strip()} is not one of them")
        found.add(int(clause[1]))
    return tuple(sorted(found))


def _flagged(signs: str) -> tuple[int, ...]:
    return tuple(number for number, sign in enumerate(signs, start=1) if sign == "Y")


@lru_cache(maxsize=4096)
def pages(raw: str, page_count: int | None) -> tuple[tuple[int, int], ...] | Fault:
    """Read ``1-5,8,10``: ascending ranges inside the record, none twice."""
    ranges: list[tuple[int, int]] = []
    for part in re.split(r"[,;·]", unicodedata.normalize("NFKC", raw)):
        found = _PAGES.match(re.sub(r"(?i)쪽|페이지|면|pp?\.?", "", part).strip())
        if not found:
            return Fault(raw, "pages like 1-5,8,10", f"{part.strip()!r} is no page")
        first, last = int(found[1]), int(found[2] or found[1])
        if first < 1 or first > last:
            return Fault(
                raw, "each range from the lower page to the higher", f"{first}-{last} runs backwards"
            )
        if page_count is not None and last > page_count:
            fact = f"page {last} is beyond page {page_count}, the last of the record"
            return Fault(raw, f"pages 1 to {page_count}, like 1-{page_count}", fact)
        if any(first <= high and low <= last for low, high in ranges):
            return Fault(raw, "each page once", f"{part.strip()} is named twice")
        ranges.append((first, last))
    return tuple(sorted(ranges))


def list_open(system: str | None, raw: str) -> bool | Fault:
    found = codes.canonical(system, "list_access", raw)
    if isinstance(found, codes.Unknown):
        return Fault(raw, found.expected, "this is no list access status", found.needs_system)
    return found.value == "open"


def is_blank(raw: str) -> bool:
    """Signs that Korean lists put into a cell that has no value."""
    return plain(raw) in {"", "없음", "해당없음", "해당사항없음", "na", "미정"}
