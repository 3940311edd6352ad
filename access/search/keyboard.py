"""Words typed with the keyboard set to the other language: gksrkd is 한강, and ㅗㄷㅣㅣㅐ is hello."""

import re
import unicodedata

from access.search.normalising import compose

_LETTERS = dict(
    zip(
        "rRseEfaqQtTdwWczxvgkoiOjpuPhynbml",
        "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎㅏㅐㅑㅒㅓㅔㅕㅖㅗㅛㅜㅠㅡㅣ",
        strict=True,
    )
)
_KEYS = {letter: key for key, letter in _LETTERS.items()}
_VOWELS = {"ㅗㅏ": "ㅘ", "ㅗㅐ": "ㅙ", "ㅗㅣ": "ㅚ", "ㅜㅓ": "ㅝ", "ㅜㅔ": "ㅞ", "ㅜㅣ": "ㅟ", "ㅡㅣ": "ㅢ"}
_TAILS = {"ㄱㅅ": "ㄳ", "ㄴㅈ": "ㄵ", "ㄴㅎ": "ㄶ", "ㄹㄱ": "ㄺ", "ㄹㅁ": "ㄻ", "ㄹㅂ": "ㄼ", "ㄹㅅ": "ㄽ",
          "ㄹㅌ": "ㄾ", "ㄹㅍ": "ㄿ", "ㄹㅎ": "ㅀ", "ㅂㅅ": "ㅄ"}  # fmt: skip
_APART = {whole: pair for pair, whole in (_VOWELS | _TAILS).items()}
_TAIL_PAIR = re.compile(f"(?<=[ㅏ-ㅣ])({'|'.join(_TAILS)})(?![ㅏ-ㅣ])")
_STRAY = re.compile("[ㄱ-ㅣ]")


def repaired(text: str) -> str | None:
    """The text as it was meant, or None when no word of it reads better from the other keyboard."""
    tried = " ".join(_repaired_word(word) for word in text.split())
    return tried if tried != " ".join(text.split()) else None


def _repaired_word(word: str) -> str:
    if re.fullmatch("[A-Za-z]{2,}", word):
        hangul = to_hangul(word)
        return word if _STRAY.search(hangul) else hangul
    if re.fullmatch("[가-힣ㄱ-ㅣ]{2,}", word):
        return to_latin(word)
    return word


def to_hangul(word: str) -> str:
    if any(key not in _LETTERS and key.lower() not in _LETTERS for key in word):
        return "ㄱ"
    letters = "".join(_LETTERS.get(key) or _LETTERS[key.lower()] for key in word)
    for pair, vowel in _VOWELS.items():
        letters = letters.replace(pair, vowel)
    return compose(_TAIL_PAIR.sub(lambda match: _TAILS[match[1]], letters))


def to_latin(word: str) -> str:
    letters = "".join(_letters(sign) for sign in word)
    return "".join(_KEYS.get(letter, letter) for letter in letters)


def _letters(sign: str) -> str:
    conjoining = unicodedata.normalize("NFD", sign)
    letters = (_compatible(part) for part in conjoining) if len(conjoining) > 1 else iter(sign)
    return "".join(_APART.get(letter, letter) for letter in letters)


def _compatible(part: str) -> str:
    """The letter of the keyboard for a conjoining one; they share the end of their Unicode names."""
    name = unicodedata.name(part).split()[-1]
    return unicodedata.lookup(f"HANGUL LETTER {name}")
