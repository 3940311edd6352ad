"""``seogo ledger``: sealing the log, verifying it from a store alone, proving one entry."""

import base64
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from sqlalchemy.exc import DatabaseError

from archive.errors import ArchiveError, Unavailable, WrongCall
from archive.ledger import (
    BroughtUp,
    Verification,
    Verifier,
    catching_up,
    compare,
    heads,
    open_verifier,
    prove,
    seal,
    unsealed,
    verify,
)
from archive.ledger.signing import PUBLIC
from archive.ledger.unsealed import Waiting
from archive.site import installation, output
from archive.site.language import amount
from archive.site.numbers import Number
from archive.site.site import Site
from archive.site.terminal import Command, a_path, foreseen, json_option, pass_site, say
from archive.stores import Store, open_store


def seal_now(site: Site) -> None:
    """Seal every act recorded so far, in every store, and tell of one that lacked more than that."""

    def tell(found: BroughtUp) -> None:
        output.line(_lacked(found), aside=True)

    seal(site.open_session, site.stores, site.signer, site.now(), tell)


def seal_or_say(site: Site) -> int:
    """Seal after the result was reached.  A store that cannot be sealed only adds its word; an exit code."""
    try:
        seal_now(site)
    except ArchiveError as error:
        output.line(f"{error.message} {error.next}".strip(), aside=True)
        return error.exit_code
    return 0


def be_of_one_log(site: Site) -> None:
    """AnotherLog when a store has a log that this database did not seal: then it is not the newest one.

    A store that cannot be asked is told of, and decides nothing.
    """
    for name, error in compare(site.open_session, site.stores).items():
        told = f"Whether store {name} has the log of this database is not known"
        output.line(f"{told}: {error.message}", aside=True)


@click.group()
def ledger() -> None:
    """The log of every act (감사증적), which anybody can verify."""


@ledger.command("seal", cls=Command, exits=(0, 1, 2, 4, 5))
@json_option
@pass_site
def seal_(site: Site, as_json: bool) -> None:
    """Seal what was recorded since the last seal, and bring up stores that lack what was sealed before."""
    installation.prepare(site)
    brought_up: list[BroughtUp] = []
    try:
        made = seal(site.open_session, site.stores, site.signer, site.now(), brought_up.append)
    except ArchiveError:
        for each in brought_up:
            output.line(_lacked(each), aside=True)
        raise
    root = base64.b64encode(bytes.fromhex(made.root)).decode() if made else None
    told = {
        "size": made.size if made else None,
        "root": root,
        "brought_up": [asdict(each) for each in brought_up],
    }
    sentence = f"Sealed at {amount(made.size, 'entry', 'entries')}." if made else "Nothing was left to seal."
    say(told, as_json, lambda: [sentence, *map(_lacked, brought_up)])


def _lacked(found: BroughtUp) -> str:
    """What a store lacked of what had been sealed before, and got from the database."""
    sealed = f"{amount(found.sealed, 'entry', 'entries')} that had been sealed before"
    if found.had is None:
        return f"Store {found.store} had no log of the {sealed}: it was made anew from the database."
    if found.had < found.sealed:
        return f"The log in store {found.store} had {found.had:,} of the {sealed}: the rest was added."
    checkpoints = amount(found.checkpoints, "older kept checkpoint")
    return f"The log in store {found.store} lacked {checkpoints}: made anew from the database."


@ledger.command("verify", cls=Command, exits=(0, 1, 2, 3, 4, 5))
@click.option(
    "--store", "where", help="Name or location of one store; all of this installation when not given."
)
@click.option("--key", type=a_path(), help="The public key, log.vkey.")
@json_option
@pass_site
def verify_(site: Site, where: str | None, key: Path | None, as_json: bool) -> int:
    """Verify log and journal from the store alone, with the public key."""
    verifier = open_verifier(key or site.settings.keys / PUBLIC)
    chosen = _chosen(site, where)
    sealed, fault = _sealed_here(site, chosen)
    away = {"the database": f"{fault.message} {fault.next}".strip()} if fault else {}
    found = _verified(chosen, verifier, away)
    _be_some(found, away)
    waiting = unsealed.look(site.open_session, site.stores) if sealed == 0 else None
    if waiting:
        away |= {name: error.message for name, error in waiting.away.items()}
    elif sealed == 0:
        sealed = heads.sealed(site.open_session)  # somebody may just have made the first seal
    whole = max(each.size for each in found.values()) if sealed is None else sealed
    late = [store for store in chosen if store.name in found and found[store.name].size < whole]
    found |= _verified(catching_up.wait(late, whole), verifier, away)
    found = {name: each for name, each in found.items() if each.failures or name not in away}
    _be_some(found, away)
    if not (whole or waiting or any(each.holds is not None for each in found.values())):
        raise _no_log(chosen)
    told = _told(found, away, whole, waiting)
    say(told, as_json, lambda: _in_words(told, verifier))
    if told["holds"] is False or (fault and fault.exit_code == 5):
        return 5
    return 4 if told["holds"] is None or away or told["lagging"] else 0


def _verified(stores: Iterable[Store], verifier: Verifier, away: dict[str, str]) -> dict[str, Verification]:
    """What each store's log says; those that do not answer go into ``away``."""
    found: dict[str, Verification] = {}
    for store in stores:
        try:
            found[store.name] = verify(store, verifier)
        except Unavailable as error:
            away[store.name] = error.message
    return found


def _be_some(found: dict[str, Verification], away: dict[str, str]) -> None:
    if not found:
        raise Unavailable(" ".join(_by_name(away)), next="Verify again when the store is back.")


def _no_log(chosen: tuple[Store, ...]) -> Unavailable:
    where = ", ".join(store.location for store in chosen)
    return Unavailable(
        f"There is no log in {where}: nothing was verified.",
        code="ledger.none",
        next="Name the store's own folder, in which ledger/, journal/ and packages/ lie. "
        "In an archive in which nothing was done yet, the log begins with the first act.",
    )


def _by_name(away: dict[str, str]) -> list[str]:
    return [f"{name}: {message}" for name, message in away.items()]


def _sealed_here(site: Site, chosen: tuple[Store, ...]) -> tuple[int | None, ArchiveError | None]:
    """How many entries the database of these stores has sealed, or why it could not be asked.

    Neither where there is no database: an auditor has a store and a key, and no installation, and
    nothing is made here.
    """
    url = site.engine.url
    is_file = url.get_backend_name() == "sqlite"
    if not set(chosen) <= set(site.stores) or (is_file and not Path(url.database or "").is_file()):
        return None, None
    try:
        return heads.sealed(site.open_session), None
    except DatabaseError as error:
        if (fault := foreseen(error)) is None:
            raise
        return None, fault


def _chosen(site: Site, where: str | None) -> tuple[Store, ...]:
    """Stores of this installation, or one at any location, for an auditor who has nothing else."""
    if where is None:
        return site.stores
    if where in site.settings.stores or where in {store.location for store in site.stores}:
        return (site.store(where),)
    if "://" in where:
        return (open_store("given", where, site.settings.credentials.get("given")),)
    if Path(where).is_dir():
        return (open_store("given", Path(where).absolute().as_uri()),)
    raise WrongCall(f"{where} is neither a store of this installation nor a location.",
                    next="Give a name, a folder, or a URL that begins with file:/// or s3://.")  # fmt: skip


def _told(
    found: dict[str, Verification], away: dict[str, str], whole: int, waiting: Waiting | None
) -> dict[str, Any]:
    """The keys of one log; with several stores the one that says most, and every failure by store.

    A store lags behind what is ``whole``: what the database had sealed, or the longest log, as they were
    at first, for while somebody seals each look finds more.
    What was never sealed neither holds nor fails; with a store away not even that is certain.
    """
    most = max(found.values(), key=lambda each: each.size)
    failures = [f"{name}: {failure}" for name, each in found.items() for failure in each.failures]
    return {
        "size": most.size,
        "root": most.root,
        "checkpoint": most.checkpoint,
        "holds": None if waiting else _all_hold(found),
        "failures": [] if waiting else failures,
        "stores": {
            name: {"size": each.size, "holds": None if waiting else each.holds}
            for name, each in found.items()
        },
        "lagging": [
            {"store": name, "size": each.size, "sealed": whole}
            for name, each in found.items()
            if each.size < whole
        ],
        "waiting": waiting.entries if waiting and not waiting.away else 0,
        "away": _by_name(away),
    }


def _all_hold(found: dict[str, Verification]) -> bool | None:
    """None where there is no log in any of them; one store that lacks it lags, and is told as that."""
    verdicts = {each.holds for each in found.values()} - {None}
    return all(verdicts) if verdicts else None


def _in_words(told: dict[str, Any], verifier: Verifier) -> list[str]:
    lines = [f"The log of {verifier.name} {_verdict(told)}."]
    lines += [f"  {failure}" for failure in told["failures"]]
    lines += [
        f"  store {each['store']} lags behind: it has {each['size']:,} of {each['sealed']:,} sealed entries; "
        "seogo ledger seal brings it up"
        for each in told["lagging"]
    ]
    lines += [f"  not looked at: {each}" for each in told["away"]]
    return lines


def _verdict(told: dict[str, Any]) -> str:
    if told["waiting"]:
        wait = amount(told["waiting"], "entry", "entries")
        return f"is not sealed yet: {wait} to be sealed with seogo ledger seal"
    if told["holds"] is None and told["lagging"]:
        return "is in no store that was looked at"
    if told["holds"] is None:
        return "seems not to be sealed yet, but not every store could be asked"
    verdict = "holds" if told["holds"] else "DOES NOT HOLD"
    return f"{verdict}: {amount(told['size'], 'entry', 'entries')}, root {told['root']}"


@ledger.command("prove", cls=Command, exits=(0, 1, 2, 3, 4, 5))
@click.argument("entry", type=Number())
@click.option("--store", "where", help="Name or location of a store.")
@json_option
@pass_site
def prove_(site: Site, entry: int, where: str | None, as_json: bool) -> None:
    """The proof that an entry is in the log, to be checked with any RFC 9162 tool."""
    proof = prove(_chosen(site, where)[0], entry)
    told = {
        "index": proof.index,
        "size": proof.size,
        "entry": proof.entry.decode(),
        "path": [base64.b64encode(each).decode() for each in proof.path],
        "checkpoint": proof.checkpoint,
    }
    say(told, as_json)
