"""What takes two persons: one asks with a reason, another one decides."""

from collections.abc import Iterable

from archive.errors import Refused
from archive.ledger import COMMAND_LINE


def must_be_another(by: str, asked_by: Iterable[str | None]) -> None:
    """Refused when who decides is among those who asked; the command line may do both."""
    if by != COMMAND_LINE and by in set(asked_by):
        raise Refused(
            "Whoever asked does not decide.", code="release.same_person", next="Let another archivist decide."
        )
