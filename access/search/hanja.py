"""한자 read as 한글: words by the dictionary, single signs by a table and rules for the head of a word."""

import re

from access.search import korean, words

RUN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+")
_Y_VOWELS = frozenset((2, 3, 6, 7, 12, 17, 20))  # ㅑ ㅒ ㅕ ㅖ ㅛ ㅠ ㅣ
_NIEUN, _RIEUL, _IEUNG = 2, 5, 11


def read(match: re.Match[str]) -> str:
    """One syllable for each sign, so that places stay sign for sign."""
    run = match[0]
    before = match.string[match.start() - 1 : match.start()]
    read_so_far = ""
    for morpheme in korean.morphemes(run):
        head = not read_so_far and not before.isalnum()
        if len(morpheme.surface) > 1 and morpheme.reading and len(morpheme.reading) == len(morpheme.surface):
            read_so_far += at_the_head(morpheme.reading[0]) + morpheme.reading[1:]
            continue
        for sign in morpheme.surface:
            follows = run[len(read_so_far) + 1 : len(read_so_far) + 2]
            read_so_far += _one(sign, read_so_far[-1:] or before, follows, head=head)
            head = False
    return read_so_far


def _one(sign: str, before: str, follows: str, *, head: bool) -> str:
    if sign == "金" and head:
        return "김"
    reading = words.readings().get(sign, sign)
    if sign == "不":
        return "부" if follows and _lead(words.readings().get(follows, follows)) in (3, 12) else "불"
    if reading in ("률", "렬") and (head or _after_vowel_or_nieun(before)):
        return chr(ord(reading) + (_IEUNG - _RIEUL) * 588)
    return at_the_head(reading) if head else reading


def at_the_head(reading: str) -> str:
    """두음법칙: 녀 is read 여 and 로 is read 노 where a word begins."""
    if not "가" <= reading <= "힣":
        return reading
    lead, vowel = _lead(reading), (ord(reading) - 0xAC00) % 588 // 28
    if lead in (_NIEUN, _RIEUL) and vowel in _Y_VOWELS:
        return chr(ord(reading) + (_IEUNG - lead) * 588)
    if lead == _RIEUL:
        return chr(ord(reading) + (_NIEUN - lead) * 588)
    return reading


def _lead(syllable: str) -> int:
    return (ord(syllable) - 0xAC00) // 588 if "가" <= syllable <= "힣" else -1


def _after_vowel_or_nieun(before: str) -> bool:
    return "가" <= before <= "힣" and (ord(before) - 0xAC00) % 28 in (0, 4)
