"""For whom a paper of a transfer is written."""

from dataclasses import dataclass
from datetime import datetime

from archive.site.language import Language
from archive.site.words import Say


@dataclass(frozen=True)
class Asked:
    """In whose words, for whom, and when."""

    say: Say
    tongue: Language
    archive: str
    now: datetime
