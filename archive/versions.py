"""Documents in versions, none of which is ever changed: what judges by them can be told for good."""

from archive.errors import Conflict


def must_follow(version: int, last: int, *, what: str, code: str, since: str = "") -> None:
    """Conflict unless ``version`` is the one after ``last``, which is 0 where there is none yet.

    ``since`` is from when on the last one is in force, for the sentence.
    """
    if version == last + 1:
        return
    told = f"The last {what} is version {last}, in force from {since}; no version is ever changed."
    raise Conflict(
        told if last else f"There is no {what} yet.", code=code,
        next=f"Enter the new words as version {last + 1}.",
    )  # fmt: skip
