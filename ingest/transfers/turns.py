"""Taking turns: whoever takes in, checks or returns a transfer has its folder to itself meanwhile."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from archive.database import one_machine_only
from archive.errors import Conflict
from archive.site.site import Site
from archive.work.processes import only_one


@contextmanager
def alone(site: Site, agency: str, shape: str) -> Iterator[None]:
    """Only one process of all machines at a time works on the same folder; Conflict for another.

    ``shape`` names the folder among those of its agency; a name of another kind may stand for more.
    """
    name = "receive-" + hashlib.sha256(f"{agency}\0{shape}".encode()).hexdigest()[:32]
    busy = "This folder or another round of it is being received at this moment by another command."
    then = "Wait until that one has ended; then the same command shows what came of it."
    folder = site.settings.home / "locks"
    with only_one(folder, name, busy=busy, next=then), one_machine_only(site.engine, name) as is_ours:
        if not is_ours:
            raise Conflict(busy, code="busy", next=then)
        yield
