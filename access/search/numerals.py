"""Numbers written in 한자 or in 한글 after 제, as digits: 第三次 and 제삼차 are 제3차."""

import re

_DIGITS = {sign: value for value, sign in enumerate("〇一二三四五六七八九")} | {"零": 0, "○": 0}
_PLACES = {"十": 10, "百": 100, "千": 1000}
_NUMBER = "〇零一二三四五六七八九十百千"
_UNITS = "次號回年月日期區線洞街個"
# Signs that make a word with the number after them (統一, 唯一), which then counts nothing.
_MAKES_A_WORD = frozenset("統同唯單均專萬每三一")
_SYLLABLES = {"일": "一", "이": "二", "삼": "三", "사": "四", "오": "五", "육": "六", "륙": "六", "칠": "七",
              "팔": "八", "구": "九", "십": "十", "백": "百"}  # fmt: skip

HANJA = re.compile(f"第?[{_NUMBER}][{_NUMBER}○]*")
ORDINAL = re.compile(
    f"(?<![가-힣])제([{''.join(_SYLLABLES)}]+)"
    "(?=차|호|회|기|과|국|군|권|장|절|조|항|편|공화국|공구|지구|단지|국민학교|한강교)"
)


def read_hanja(match: re.Match[str]) -> str | None:
    run = match[0].removeprefix("第")
    ordinal = "第" if match[0].startswith("第") else ""
    before = match.string[match.start() - 1 : match.start()]
    counted = match.string[match.end() : match.end() + 1] in _UNITS and match.end() < len(match.string)
    year = len(run) == 4 and not set(run) & set(_PLACES)
    if not run or not (ordinal or counted or year) or (not ordinal and before in _MAKES_A_WORD and before):
        return None
    return ordinal + str(value(run))


def read_ordinal(match: re.Match[str]) -> str:
    return "제" + str(value("".join(_SYLLABLES[syllable] for syllable in match[1])))


def value(run: str) -> int:
    """四二八八 sign by sign; 二十三 by the value of its places."""
    if not set(run) & set(_PLACES):
        return int("".join(str(_DIGITS[sign]) for sign in run))
    total, digit = 0, None
    for sign in run:
        if sign in _PLACES:
            total += (1 if digit is None else digit) * _PLACES[sign]
            digit = None
        else:
            digit = _DIGITS[sign]
    return total + (digit or 0)
