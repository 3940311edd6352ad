"""Looks at a transfer folder as a whole: surveys it, reads its lists, and finds which files belong where.

Looking changes nothing, so it may be done as often as anybody likes.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from itertools import chain
from pathlib import Path

from archive.errors import Refused, WrongCall
from ingest.looking import administrative, information_packages, inventory, matching
from ingest.looking.inspection import Inspection
from ingest.looking.inventory import LISTED, LOOKED, Inventory
from ingest.looking.landing import (
    Arrival,
    ArrivedNames,
    called,
    look_at,
    normal,
    raw,
    read_name,
    shown,
    survey,
)
from ingest.looking.records import Records, below_top
from metadata_schemas import transfer_lists
from metadata_schemas.description import Finding, Where
from metadata_schemas.transfer_lists import TransferLists
from metadata_schemas.transfer_lists.list_places import may_be_a_list
from preservation import bagging
from preservation.bagging import IncomingBag

BAG_TITLES = ("internal-sender-description", "external-description", "external-identifier")


@contextmanager
def inspect(
    folder: Path,
    *,
    scratch: Path,
    source_system: str | None,
    agency_default: str | None,
    no_list: bool,
    today: date,
) -> Iterator[Inspection]:
    """Survey a folder, read its lists and match them.  Refused when it is no transfer at all."""
    look_at(folder)
    with inventory.made(scratch) as made:
        is_bag = bagging.is_bag(folder)
        arrival = survey(folder, made, below="data/" if is_bag and (folder / "data").is_dir() else "")
        if not (arrival.count or arrival.beside):
            raise Refused(
                f"The folder {shown(str(folder))} holds no files.", code="transfer.empty",
                next="Give the folder that the agency's list and files are in.",
            )  # fmt: skip
        bag = bagging.read_bag(folder.absolute()) if is_bag else None
        if sent := information_packages.find(arrival):
            lists = information_packages.read(arrival, sent)
        else:
            _refuse_packed(folder, arrival, no_list=no_list)
            lists = _read_lists(arrival, source_system, agency_default, no_list, today)
        not_read = tuple(_lists_not_read(made))
        records = Records(made, lists.claimed)
        _match(folder, lists, records, bag, no_list, spoilt=bool(not_read))
        _promise(made, lists, bag)
        claimed = {name: arrival.full_path(name) for name in sorted(lists.claimed)}
        inspection = Inspection(arrival, {**claimed, **arrival.beside})
        about = chain(
            lists.findings,
            not_read,
            _of_bag(folder.absolute(), bag),
            administrative.altered(claimed, inspection.promised_to),
        )
        made.note(LISTED, ((None, each) for each in about))
        made.commit()
        yield inspection


def _refuse_packed(folder: Path, arrival: Arrival, *, no_list: bool) -> None:
    name = information_packages.packed(arrival)
    if name and not no_list:
        raise Refused(
            f"{called(folder)} holds only packed files, such as {shown(name)}.",
            code="transfer.packed",
            next="Unpack each into a folder that is called like it and give that; "
            "where the packed files are the records, add a list or give --without-list.",
        )


def _read_lists(
    arrival: Arrival, source_system: str | None, agency_default: str | None, no_list: bool, today: date
) -> TransferLists:
    lists = transfer_lists.read(
        arrival.folder,
        ArrivedNames(arrival),
        source_system=source_system,
        agency_default=agency_default,
        today=today,
        connection=arrival.inventory.connection,
    )
    for finding in lists.findings:
        if finding.rule == "list.source_system":
            raise WrongCall(finding.message, code=finding.rule, next="Name one of them with --source-system.")
    return _as_records(lists, arrival) if no_list and not lists.volumes else lists


def _lists_not_read(made: Inventory) -> Iterator[Finding]:
    """What stands in the place of a list and is no file: the list may say anything of any volume."""
    for _, found in made.noted(LOOKED):
        name = found.where.path or ""
        if found.severity == "error" and may_be_a_list(name):
            message = f"{name} stands where a list is read and is no file. Send the list itself."
            yield Finding("list.unreadable", "error", Where(list=name), None, "a file", message)


def _as_records(lists: TransferLists, arrival: Arrival) -> TransferLists:
    """Without a list a table is a record like any other, and ``metadata/`` too where it is all there is."""
    tables = {
        each.where.list
        for each in lists.findings
        if each.severity == "error" and each.rule.startswith("list.") and each.rule != "list.checksum"
    }
    claimed = frozenset(name for name in lists.claimed if transfer_lists.label(name) not in tables)
    if claimed.issuperset(file.path for file in arrival.files()):
        claimed = frozenset()
    findings = tuple(
        each
        for each in lists.findings
        if each.where.list not in tables and not (each.rule == "file.administrative" and not claimed)
    )
    return replace(lists, claimed=claimed, findings=findings)


def _of_bag(folder: Path, bag: IncomingBag | None) -> list[Finding]:
    return bagging.verify_bag(folder, hash_payload=False) if bag else []


def _match(
    folder: Path,
    lists: TransferLists,
    records: Records,
    bag: IncomingBag | None,
    no_list: bool,
    *,
    spoilt: bool,
) -> None:
    if lists.volumes:
        matching.match(lists.volumes, records)
        return
    spoilt = spoilt or any(finding.severity == "error" for finding in lists.findings)
    if spoilt and not no_list:
        return
    if not (no_list or bag):
        raise Refused(
            f"{called(folder)} has no transfer list that can be recognised.",
            code="transfer.no_list",
            next="Add the list (CSV, XLSX or ODS with the columns of the transfer form), "
            "or give --without-list when the folder names are the description.",
        )
    if not records.any():
        raise Refused(
            f"{called(folder)} holds lists only, no record.",
            code="transfer.no_files",
            next="Add the files that belong to the list.",
        )
    matching.without_list(_bag_title(bag) or normal(read_name(folder.absolute().name)[0]), records)


def _bag_title(bag: IncomingBag | None) -> str | None:
    told = {name.lower(): value for name, value in bag.info} if bag else {}
    return next((told[name] for name in BAG_TITLES if told.get(name)), None)


def _promise(made: Inventory, lists: TransferLists, bag: IncomingBag | None) -> None:
    """Enter what is promised of each file; a promise for what is not there belongs to none."""
    of_bag = ((path.removeprefix("data/"), bag.expected(path)) for path in bag.payload) if bag else ()
    told = chain(lists.checksums.items(), of_bag)
    made.write_all(
        "INSERT INTO promised (path, below, algorithm, digest, file) VALUES (?, ?, ?, ?, "
        "(SELECT id FROM files WHERE reading = ? ORDER BY coalesce(path, reading) = ? DESC LIMIT 1)) "
        "ON CONFLICT DO UPDATE SET digest = excluded.digest",
        (
            (raw(path), raw(below_top(path)), algorithm, digest.lower(), raw(normal(path)), raw(path))
            for path, digests in told
            for algorithm, digest in digests.items()
        ),
    )
    made.write("CREATE INDEX promised_of_file ON promised (file)")
