"""Makes an installation ready for use: home, keys, database at the newest migration, tried stores."""

import fcntl
import os
import secrets
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import select

from archive import admissions
from archive.database import one_machine_only
from archive.errors import Refused, Unavailable, WrongCall
from archive.ledger import Seal
from archive.ledger.signing import PRIVATE, make_key_files
from archive.site.site import Site
from archive.stores import places
from archive.stores.store import CHECKPOINT

MIGRATIONS = Path(__file__).parents[2] / "migrations"

LOCK = "prepare.lock"

PARTS = {LOCK, "seogo.db", "keys", "stores", "shelf"}
"""What lies in a home: the lock, made first and never removed, and what may be put back without it."""


def is_made(site: Site) -> bool:
    """Whether there is an installation, to the last thing that `prepare` makes."""
    return os.path.exists(site.settings.keys / PRIVATE)


def is_begun(site: Site) -> bool:
    """The same, or whether a part of one is left.  Files of others begin nothing.

    `prepare` goes on with what is begun, or tells what is in the place of a home that cannot be looked into.
    """
    home = site.settings.home
    try:
        return is_made(site) or not PARTS.isdisjoint(os.listdir(home))
    except OSError:
        return os.path.lexists(home)


def prepare(site: Site) -> list[str]:
    """Bring home, keys and database up to date; the names of stores that are used for the first time.

    Repeating is harmless; two at once wait for each other.
    """
    _make_folder(site.settings.home, "SEOGO_HOME")
    with open(site.settings.home / LOCK, "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with one_machine_only(site.engine, "prepare", wait=True):
            _migrate(site)
            if admissions.to_try(site.open_session, site.stores):
                be_apart(site)
            new = admissions.admit_new(site.open_session, site.stores, site.now())
            _make_keys(site)
    return new


def be_apart(site: Site) -> None:
    """WrongCall when two stores are one place, as their disks tell."""
    if told := places.shared(site.settings.stores, look=True):
        raise WrongCall(" ".join(told), code="store.settings", next="Correct SEOGO_STORES.")


def stores_away(site: Site) -> dict[str, str]:
    """The stores that do not answer, each with what to do.  A folder that was used once is not made anew."""
    found = {}
    for store in site.stores:
        try:
            store.has(CHECKPOINT)
        except Unavailable as error:
            found[store.name] = f"{error.message} {error.next}"
    return found


def _make_folder(folder: Path, setting: str) -> None:
    """WrongCall for a file of that name, Unavailable where none can be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except FileExistsError as error:
        if folder.is_symlink():
            raise Unavailable(
                f"{folder} ({setting}) is a link to {folder.readlink()}, and nothing is there.",
                code="machine", next="Mount its disk, or name a folder that is there or can be made.",
            ) from error  # fmt: skip
        raise WrongCall(
            f"{folder} ({setting}) is no folder.", code="settings",
            next="Name a folder that is there or can be made.",
        ) from error  # fmt: skip
    except OSError as error:
        raise Unavailable(
            f"The folder {folder} ({setting}) cannot be made: {error.strerror}.", code="machine",
            next="Name another place, or mend the rights of this one.",
        ) from error  # fmt: skip


def _make_keys(site: Site) -> None:
    """Make the keys of a new log.  Refused when a log was sealed before: another key would break it off."""
    if os.path.exists(site.settings.keys / PRIVATE):
        return
    with site.reading_session() as session:
        begun = session.scalar(select(Seal.size).limit(1)) is not None
    if begun or any(store.has(CHECKPOINT) for store in site.stores):
        raise Refused(
            f"The key of this log is missing: {site.settings.keys / PRIVATE}.",
            code="ledger.key",
            next="Put the key folder back from its safe copy, or set SEOGO_KEYS to where it lies.",
        )
    _make_folder(site.settings.keys, "SEOGO_KEYS")
    make_key_files(site.settings.keys, f"seogo.log/{secrets.token_hex(6)}")


def sweep(site: Site) -> None:
    """Remove the scratch of writers that are dead.

    A store that is away is swept another time, and one with write-once credentials by its server.
    """
    for store in site.stores:
        with suppress(Unavailable):
            store.sweep(before=site.machine_now() - timedelta(days=1))


def _migrate(site: Site) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("sqlalchemy.url", site.settings.database.replace("%", "%%"))
    newest = ScriptDirectory.from_config(config).get_current_head()
    with site.engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    if current == newest:
        return
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise Refused(
            f"The database is of another version of Seogo, {current}; this one knows none after {newest}.",
            code="database.version", next="Use the Seogo that it was last used with, or a newer one.",
        ) from error  # fmt: skip
