"""The commands that a person would give next in a transfer, and none that would change nothing."""

from typing import Any

NO_SCANNER = "agreement.virus"
"""An error that this archive has to mend, and not the agency."""


def lines(told: dict[str, Any], waiting: int, *, is_open: bool) -> list[str]:
    """``waiting`` volumes are decided by a person; ``is_open`` when something is tried again."""
    number = told["transfer"]
    steps = ["What waits is tried again by: seogo work --until-idle"] if is_open else []
    if number is None or told["state"] in ("stored", "closed"):
        return steps
    errors = {each["rule"] for each in told["findings"] if each["severity"] == "error"}
    if waiting and NO_SCANNER in errors:
        steps.append(f"To have it scanned: set SEOGO_SCANNER, then: seogo transfer check {number}")
    of_agency = errors - {NO_SCANNER}
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
