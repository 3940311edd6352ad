"""The commands that a person would give next in a transfer, and none that would change nothing."""

from typing import Any

OF_THE_ARCHIVE = {
    "agreement.virus": "To have it scanned: set SEOGO_SCANNER",
    "virus.signatures_old": "To have it scanned: bring in newer signatures",
}
"""Errors that this archive has to mend, and not the agency, each with what is to be done first."""

MOST = 10
"""Volumes that a command names by their places; of more the good ones are taken first."""

WHERE_IT_LIES = frozenset({"file.digest", "file.unreadable"})
"""Errors that may go away without another transfer: a file that is mended keeps its name and size."""


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
    if waiting and errors & WHERE_IT_LIES:
        steps.append(f"To look again, once a file was mended where it lies: seogo transfer check {number}")
    of_agency = errors - OF_THE_ARCHIVE.keys()
    if told["volumes"]["acceptable"]:
        steps.append(f"To take what has no error: seogo transfer accept {number}")
    steps += _to_send_back(told, waiting, has_errors=bool(errors))
    corrected = [act["detail"] for act in told.get("history", ()) if act["act"] == "corrected"]
    if corrected:
        steps.append(f"It was corrected by {corrected[-1]}: seogo transfer show {corrected[-1]}")
    elif told["volumes"]["returned"] or told["state"] == "returned" or of_agency:
        steps.append("To receive what was corrected: "
                     f"seogo transfer receive DIR --agency {told['agency']} --round-of {number}")  # fmt: skip
    return steps


def _to_send_back(told: dict[str, Any], waiting: int, *, has_errors: bool) -> list[str]:
    """What has an error that the agency has to mend, and not what is good beside it."""
    number, places = told["transfer"], told["kept_back"]
    what, named = "what waits", ""
    if len(places) != waiting and has_errors:
        if not places:
            return []
        what = "what errors keep back"
        if len(places) > MOST:
            what += f", {len(places):,} volumes, when the rest is taken"
        else:
            named = "".join(f" --volume {place}" for place in places)
    return [f"To send back {what}: seogo transfer return {number}{named} --reason TEXT"] if waiting else []
