"""The commands that a person would give next in a transfer, and none that would change nothing."""

from typing import Any

OF_THE_ARCHIVE = {
    "agreement.virus": "To have it scanned: set SEOGO_SCANNER",
    "virus.signatures_old": "To have it scanned: bring in newer signatures",
}
"""Errors that this archive has to mend, and not the agency, each with what is to be done first."""


def owing(told: dict[str, Any]) -> int:
    """Volumes that were taken in and wait for a store that is owed its copy."""
    return int(told["volumes"]["accepted"] - told["volumes"]["stored"])


def lines(told: dict[str, Any], waiting: int) -> list[str]:
    """``waiting`` volumes are decided by a person; waiting jobs and owed copies are tried again."""
    number = told["transfer"]
    is_tried_again = told.get("waiting") or owing(told)
    steps = ["What waits is tried again by: seogo work --until-idle"] if is_tried_again else []
    if number is None or told["state"] in ("stored", "closed"):
        return steps
    errors = {each["rule"] for each in told["findings"] if each["severity"] == "error"}
    if waiting:
        steps += [f"{step}, then: seogo transfer check {number}"
                  for rule, step in OF_THE_ARCHIVE.items() if rule in errors]  # fmt: skip
    of_agency = errors - OF_THE_ARCHIVE.keys()
    if told["volumes"]["acceptable"]:
        steps.append(f"To take what has no error: seogo transfer accept {number}")
    if waiting and (of_agency or not errors):
        steps.append(f"To send back what waits: seogo transfer return {number} --reason TEXT")
    corrected = [act["detail"] for act in told.get("history", ()) if act["act"] == "corrected"]
    if corrected:
        steps.append(f"It was corrected by {corrected[-1]}: seogo transfer show {corrected[-1]}")
    elif told["volumes"]["returned"] or told["state"] == "returned" or of_agency:
        steps.append(f"To receive what was corrected: seogo transfer receive DIR --round-of {number} …")
    return steps
