"""What a sample says of the whole lot: exact, from the hypergeometric distribution, without approximations.

Of N things D are unfit; n of them, drawn blindly and not put back, show k unfit with the probability
C(D, k) C(N-D, n-k) / C(N, n).  Source: ISO 2859-2 and NIST/SEMATECH e-Handbook of Statistical
Methods, section 6.2 (lot acceptance sampling); the bound is that of Buonaccorsi, JASA 82 (1987).
"""

from collections.abc import Callable
from fractions import Fraction
from math import comb


def seen_at_most(found: int, *, lot: int, unfit: int, sample: int) -> Fraction:
    """The probability that a sample shows at most ``found`` unfit things of the ``unfit`` in the lot."""
    small, large = sorted((sample, unfit))
    fewest = max(0, small + large - lot)
    if found < fewest:
        return Fraction(0)
    # The two numbers may change places; with the smaller one in front the binomials stay short.
    term = comb(large, fewest) * comb(lot - large, small - fewest)
    total = 0
    for k in range(fewest, min(found, small) + 1):
        total += term
        rest = lot - large - small + k + 1
        term = term * (large - k) * (small - k) // ((k + 1) * rest) if small > k else 0
    return Fraction(total, comb(lot, small))


def sample_size(lot: int, *, unfit: int, confidence: Fraction) -> int:
    """The smallest sample that shows at least one of ``unfit`` things with this confidence."""

    def is_enough(sample: int) -> bool:
        return 1 - seen_at_most(0, lot=lot, unfit=unfit, sample=sample) >= confidence

    return _first(is_enough, 0, lot)


def too_many(lot: int, acceptable: Fraction) -> int:
    """The smallest number of unfit things that is more than the acceptable share of the lot."""
    return min(lot, int(lot * acceptable) + 1)


def most_unfit(lot: int, *, sample: int, found: int, confidence: Fraction) -> int:
    """The largest number of unfit things in the lot that a sample with ``found`` of them leaves possible.

    Possible is what would show so few with a probability of more than 1 - confidence.
    """

    def is_ruled_out(unfit: int) -> bool:
        return seen_at_most(found, lot=lot, unfit=unfit, sample=sample) <= 1 - confidence

    return _first(is_ruled_out, found, lot - (sample - found) + 1) - 1


def confidence_reached(lot: int, *, sample: int, found: int, acceptable: Fraction) -> Fraction:
    """How sure a sample makes it that no more than the acceptable share of the lot is unfit."""
    unfit = too_many(lot, acceptable)
    if found >= unfit:
        return Fraction(0)
    return 1 - seen_at_most(found, lot=lot, unfit=unfit, sample=sample)


def _first(holds: Callable[[int], bool], low: int, high: int) -> int:
    """The smallest number from which on it holds; ``high`` where it holds for none below.

    Small numbers are tried first, because a large one costs as many digits as it is large.
    """
    step = 1
    while low + step < high and not holds(low + step):
        low, step = low + step + 1, 2 * step
    high = min(high, low + step)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle + 1, high)
    return low
