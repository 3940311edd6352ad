"""What people write into the forms of the inspection, read and judged: values, or what is wrong by field."""

from collections.abc import Mapping
from fractions import Fraction

from archive.errors import WrongCall
from ingest.acceptance.verdicts import Seen

A_PERCENT = Fraction(1, 100)
LONGEST_NOTE = 2000


def seen_of(form: Mapping[str, str]) -> tuple[Seen | None, dict[str, str]]:
    """A verdict, or for each field the key of the sentence that says what it lacks."""
    verdict = form.get("verdict", "")
    reason, note = form.get("reason") or None, form.get("note", "").strip()[:LONGEST_NOTE] or None
    pages = form.get("pages", "").strip()
    errors = {}
    if verdict not in ("fit", "unfit", "not_looked_at"):
        errors["verdict"] = "verdict.choose"
    if verdict == "unfit" and reason is None:
        errors["reason"] = "unfit.reason.need"
    if verdict != "unfit" and reason is not None:
        errors["reason"] = "unfit.reason.only"
    if reason == "other" and note is None:
        errors["note"] = "unfit.note.need"
    if pages and not (pages.isascii() and pages.isdigit() and len(pages) < 9):
        errors["pages"] = "verdict.pages.need"
    if errors:
        return None, errors
    return Seen(
        verdict=verdict,  # type: ignore[arg-type]
        reason=reason,
        note=note,
        pages=int(pages) if pages else None,
        binding=form.get("binding") or None,
        condition=form.get("condition") or None,
    ), {}


def percent(text: str) -> Fraction:
    """A share from percent as people write them, exactly."""
    try:
        return Fraction(text.strip().removesuffix("%").strip()) * A_PERCENT
    except (ValueError, ZeroDivisionError) as error:
        raise WrongCall(f"{text} is no percentage.", next="Write a number such as 1 or 0.5.") from error
