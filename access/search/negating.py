"""The vocabulary check: a negated noun that mecab did not see as one, told by the noun behind the prefix.

Only at the beginning of what stands between spaces and signs: 총무부 지침 is no 부지침.
"""

from collections.abc import Sequence
from functools import lru_cache

from access.search import korean
from access.search.korean import Morpheme

_PREFIXES = ("부분", "비", "미", "무", "불", "부", "준")
_MOST = 4  # morphemes that mecab may have made of one negated noun
# mecab reads 미점검 as 미점 and 검.  These are words indeed: what follows them is no part of a noun.
_REAL_WORDS = frozenset(
    "미국 미군 미술 미관 미곡 미용 미래 미화 미아 미음 미인 미성 미소 미모 미사 미신 미학 미풍 미담 "
    "미달 미동 미생 미세 미수 미숙 미싱 미열 미완 미장 미정 미진 미천 미추 미터 미팅 미행 미혼 미원 "
    "미륵 미역 미제 미주 미시 미각 미간 미로 미리 미망 미명 미발 미백 미병 미복 미상 미식 미약 미온 "
    "미지 미필 미흡 미호 미도".split()
)
_PLACES = tuple("면동읍군산강천")  # 미조면 is a place


def checked(morphemes: Sequence[Morpheme], at: int) -> tuple[int, str] | None:
    """How many morphemes make the negated noun that begins here, and the noun with its prefix."""
    if not _begins(morphemes, at):
        return None
    run = _run(morphemes, at)
    first = run[0].surface
    for prefix in _PREFIXES:
        if first != prefix and not (prefix == "미" and _astray(first)):
            continue
        for count in range(len(run), 1, -1):
            together = "".join(morpheme.surface for morpheme in run[:count])
            place = first != prefix and together.endswith(_PLACES)
            if not place and _negates(prefix, together[len(prefix) :]):
                return count, together
    return None


def _begins(morphemes: Sequence[Morpheme], at: int) -> bool:
    if not morphemes[at].surface.startswith(_PREFIXES):
        return False
    before = morphemes[at - 1] if at else None
    return before is None or before.end < morphemes[at].start or not before.surface[-1].isalnum()


def _run(morphemes: Sequence[Morpheme], at: int) -> list[Morpheme]:
    run = [morphemes[at]]
    for morpheme in morphemes[at + 1 : at + _MOST]:
        if morpheme.start != run[-1].end or not morpheme.surface.isalpha():
            break
        run.append(morpheme)
    return run


def _astray(first: str) -> bool:
    return len(first) == 2 and first[0] == "미" and first not in _REAL_WORDS


def _negates(prefix: str, noun: str) -> bool:
    # 不 is 부 before ㄷ and ㅈ alone; before all else 부 is a department, a deputy or a wife.
    if prefix == "부" and not ("다" <= noun[:1] < "따" or "자" <= noun[:1] < "짜"):
        return False
    return 2 <= len(noun) <= 4 and is_noun(noun)


@lru_cache(maxsize=50_000)
def is_noun(text: str) -> bool:
    """Whether the dictionary knows it as one noun."""
    found = list(korean.morphemes(text))
    return len(found) == 1 and found[0].tag in ("NNG", "NNP")
