"""``seogo ledger``: sealing the log, verifying it from a store alone, proving one entry."""

import base64
from pathlib import Path
from typing import Any

import click

from archive.errors import ArchiveError, Unavailable, WrongCall
from archive.ledger import Verification, Verifier, compare, open_verifier, prove, seal, verify
from archive.ledger.signing import PUBLIC
from archive.site import installation
from archive.site.language import amount
from archive.site.site import Site
from archive.site.terminal import Command, a_path, json_option, pass_site, say
from archive.stores import Store, open_store


def seal_now(site: Site) -> None:
    """Seal every act recorded so far, in every store."""
    seal(site.open_session, site.stores, site.signer, site.now())


def seal_or_say(site: Site) -> int:
    """Seal after the result was reached.  A store that cannot be sealed only adds its word; an exit code."""
    try:
        seal_now(site)
    except ArchiveError as error:
        click.echo(f"{error.message} {error.next}".strip(), err=True)
        return error.exit_code
    return 0


def be_of_one_log(site: Site) -> None:
    """AnotherLog when a store has a log that this database did not seal: then it is not the newest one.

    A store that cannot be asked is told of, and decides nothing.
    """
    for name, error in compare(site.open_session, site.stores).items():
        told = f"Whether store {name} has the log of this database is not known"
        click.echo(f"{told}: {error.message}", err=True)


@click.group()
def ledger() -> None:
    """The log of every act (감사증적), which anybody can verify."""


@ledger.command("seal", cls=Command, exits=(0, 1, 2, 4, 5))
@json_option
@pass_site
def seal_(site: Site, as_json: bool) -> None:
    """Seal what was recorded since the last seal, and bring up stores that were away."""
    installation.prepare(site)
    made = seal(site.open_session, site.stores, site.signer, site.now())
    root = base64.b64encode(bytes.fromhex(made.root)).decode() if made else None
    told = {"size": made.size if made else None, "root": root}
    say(
        told,
        as_json,
        lambda: (
            f"Sealed at {amount(made.size, 'entry', 'entries')}." if made else "Nothing was left to seal."
        ),
    )


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
    found: dict[str, Verification] = {}
    away: list[str] = []
    for store in _chosen(site, where):
        try:
            found[store.name] = verify(store, verifier)
        except Unavailable as error:
            away.append(f"{store.name}: {error.message}")
    if not found:
        raise Unavailable(" ".join(away), next="Verify again when the store is back.")
    told = _told(found, away)
    say(told, as_json, lambda: _in_words(told, verifier))
    return 5 if not all(each.holds for each in found.values()) else 4 if away else 0


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


def _told(found: dict[str, Verification], away: list[str]) -> dict[str, Any]:
    """The keys of one log; with several stores the one that says most, and every failure by store."""
    most = max(found.values(), key=lambda each: each.size)
    failures = [f"{name}: {failure}" for name, each in found.items() for failure in each.failures]
    return {
        "size": most.size,
        "root": most.root,
        "checkpoint": most.checkpoint,
        "holds": all(each.holds for each in found.values()),
        "failures": failures,
        "stores": {name: {"size": each.size, "holds": each.holds} for name, each in found.items()},
        "away": away,
    }


def _in_words(told: dict[str, Any], verifier: Verifier) -> str:
    size = amount(told["size"], "entry", "entries")
    verdict = "holds" if told["holds"] else "DOES NOT HOLD"
    lines = [f"The log of {verifier.name} {verdict}: {size}, root {told['root']}."]
    lines += [f"  {failure}" for failure in told["failures"]]
    lines += [f"  not looked at: {each}" for each in told["away"]]
    return "\n".join(lines)


@ledger.command("prove", cls=Command, exits=(0, 1, 2, 3, 4, 5))
@click.argument("entry", type=int)
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
