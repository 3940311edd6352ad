"""What a sample proves: the numbers of published tables, exactly."""

import hashlib
from fractions import Fraction
from itertools import combinations

import pytest

from ingest.acceptance import likelihood, sampling

SURE = Fraction(95, 100)


@pytest.mark.parametrize(
    ("lot", "unfit", "size"),
    [
        # Cannon and Roe, Livestock Disease Surveys (1982), table 1: to find at least one at 95 %.
        (100, 1, 95), (100, 2, 78), (100, 5, 45), (100, 10, 25), (100, 50, 5),
        (1000, 10, 258), (1000, 20, 138), (1000, 100, 29),
        # In a very large lot the binomial: 299 for 1 %, 59 for 5 %, 29 for 10 %.
        (10**7, 10**5, 299), (10**7, 5 * 10**5, 59), (10**7, 10**6, 29),
    ],
)  # fmt: skip
def test_the_sample_is_as_large_as_published_tables_say(lot: int, unfit: int, size: int) -> None:
    assert likelihood.sample_size(lot, unfit=unfit, confidence=SURE) == size


@pytest.mark.parametrize(("found", "size"), [(0, 59), (1, 93), (2, 124), (3, 153), (4, 181)])
def test_unfit_ones_in_the_sample_ask_for_wilks_numbers(found: int, size: int) -> None:
    """Wilks (1941): at 95 %, at most 5 % of a very large lot are unfit."""

    def reached(sample: int) -> Fraction:
        return likelihood.confidence_reached(
            10**7, sample=sample, found=found, acceptable=Fraction(499_999, 10**7)
        )

    assert reached(size) >= SURE > reached(size - 1)


def test_probabilities_are_those_of_all_samples_counted_one_by_one() -> None:
    for unfit in range(7):
        samples = list(combinations(range(6), 3))
        for found in range(4):
            seen = sum(sum(thing < unfit for thing in sample) <= found for sample in samples)
            counted = Fraction(seen, len(samples))
            assert likelihood.seen_at_most(found, lot=6, unfit=unfit, sample=3) == counted


def test_a_lot_that_is_looked_at_whole_is_known() -> None:
    assert likelihood.most_unfit(200, sample=200, found=3, confidence=SURE) == 3
    assert likelihood.most_unfit(200, sample=0, found=0, confidence=SURE) == 200
    assert likelihood.confidence_reached(200, sample=200, found=0, acceptable=Fraction(0)) == 1
    assert likelihood.confidence_reached(200, sample=0, found=0, acceptable=Fraction(1, 100)) == 0


def test_the_statement_and_the_size_agree() -> None:
    for lot in (1, 7, 120, 10_000):
        for acceptable in (Fraction(0), Fraction(1, 100), Fraction(1, 20)):
            size = sampling.size_of(lot, acceptable, SURE)
            most = likelihood.most_unfit(lot, sample=size, found=0, confidence=SURE)
            assert Fraction(most, lot) <= acceptable
            if size:
                less = likelihood.most_unfit(lot, sample=size - 1, found=0, confidence=SURE)
                assert Fraction(less, lot) > acceptable


def test_the_choice_can_be_repeated_and_another_seed_chooses_otherwise() -> None:
    drawn = sampling.places(1000, 10, "seed")
    assert drawn == sampling.places(1000, 20, "seed")[:10]
    assert drawn != sampling.places(1000, 10, "other")
    assert sorted(sampling.places(12, 12, "x")) == list(range(1, 13))
    assert (
        drawn
        == sorted(range(1, 1001), key=lambda place: hashlib.sha256(f"seed:{place}".encode()).hexdigest())[:10]
    )
