"""A transfer looked at as a whole: what arrived, what the list says, and which files belong where.

Looking changes nothing, so it may be done as often as anybody likes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from archive.errors import Refused, WrongCall
from ingest import administrative, information_packages
from ingest.landing import Arrival, Found, normal, shown, survey
from ingest.matching import Leaves, match, without_list
from metadata_schemas import transfer_lists
from metadata_schemas.description import Finding
from metadata_schemas.transfer_lists import TransferLists
from preservation import bagging
from preservation.bagging import IncomingBag

BAG_TITLES = ("internal-sender-description", "external-description", "external-identifier")


@dataclass(frozen=True)
class Inspection:
    """``arrival`` is the folder of the records: for a bag its ``data``.

    ``administrative``: name to full path of lists, checksum lists, tag files: they describe records
    and are none.  ``promised``: path to algorithm to hex digest, from checksum lists and manifests.
    """

    arrival: Arrival
    lists: TransferLists
    leaves: Leaves
    administrative: Mapping[str, str]
    promised: Mapping[str, Mapping[str, str]]
    findings: tuple[Finding, ...]


def inspect(
    folder: Path, *, source_system: str | None, agency_default: str | None, no_list: bool, today: date
) -> Inspection:
    """Survey a folder, read its lists and match them.  Refused when it is no transfer at all."""
    whole = survey(folder)
    if not whole.files:
        raise Refused(
            f"The folder {shown(str(folder))} holds no files.",
            code="transfer.empty",
            next="Give the folder that the agency's list and files are in.",
        )
    bag = bagging.read_bag(whole.folder) if bagging.is_bag(whole.folder) else None
    in_bag = bag is not None and (whole.folder / "data").is_dir()
    arrival = survey(whole.folder / "data") if in_bag else whole
    if sent := information_packages.find(arrival):
        lists = information_packages.read(arrival, sent)
    else:
        _refuse_packed(arrival, no_list=no_list)
        lists = _read_lists(arrival, source_system, agency_default, no_list, today)
    records = [file for file in arrival.files if file.path not in lists.claimed]
    claimed = {name: arrival.full_path(name) for name in sorted(lists.claimed)}
    beside = claimed
    if in_bag:
        beside = claimed | {
            f.path: whole.full_path(f.path) for f in whole.files if not f.path.startswith("data/")
        }
    outside = (
        each for each in whole.findings if not (in_bag and (each.where.path or "").startswith("data/"))
    )
    promised = _promised(lists, bag, arrival)
    about = (*lists.findings, *_of_bag(whole.folder, bag), *administrative.altered(claimed, promised))
    return Inspection(
        arrival,
        lists,
        _leaves(whole.folder, lists, records, bag, no_list),
        beside,
        promised,
        (*outside, *(arrival.findings if in_bag else ()), *about),
    )


def _refuse_packed(arrival: Arrival, *, no_list: bool) -> None:
    name = information_packages.packed(arrival)
    if name and not no_list:
        raise Refused(
            f"The folder {shown(arrival.folder.name)} holds only packed files, such as {shown(name)}.",
            code="transfer.packed",
            next="Unpack each into a folder that is called like it and give that; "
            "where the packed files are the records, add a list or give --without-list.",
        )


def _read_lists(
    arrival: Arrival, source_system: str | None, agency_default: str | None, no_list: bool, today: date
) -> TransferLists:
    lists = transfer_lists.read(
        arrival.folder,
        [file.path for file in arrival.files],
        source_system=source_system,
        agency_default=agency_default,
        today=today,
    )
    for finding in lists.findings:
        if finding.rule == "list.source_system":
            raise WrongCall(finding.message, code=finding.rule, next="Name one of them with --source-system.")
    return _as_records(lists, arrival) if no_list and not lists.volumes else lists


def _as_records(lists: TransferLists, arrival: Arrival) -> TransferLists:
    """Without a list a table is a record like any other, and ``metadata/`` too where it is all there is."""
    tables = {
        each.where.list
        for each in lists.findings
        if each.severity == "error" and each.rule.startswith("list.") and each.rule != "list.checksum"
    }
    claimed = lists.claimed - tables
    if claimed.issuperset(file.path for file in arrival.files):
        claimed = frozenset()
    findings = tuple(
        each
        for each in lists.findings
        if each.where.list not in tables and not (each.rule == "file.administrative" and not claimed)
    )
    return replace(lists, claimed=claimed, findings=findings)


def _of_bag(folder: Path, bag: IncomingBag | None) -> list[Finding]:
    return bagging.verify_bag(folder, hash_payload=False) if bag else []


def _leaves(
    folder: Path, lists: TransferLists, records: list[Found], bag: IncomingBag | None, no_list: bool
) -> Leaves:
    if lists.volumes:
        return match(lists.volumes, records)
    spoilt = any(finding.severity == "error" for finding in lists.findings)
    if spoilt and not no_list:
        return Leaves((), tuple(records), ())
    if not (no_list or bag):
        raise Refused(
            f"The folder {shown(folder.name)} has no transfer list that can be recognised.",
            code="transfer.no_list",
            next="Add the list (CSV, XLSX or ODS with the columns of the transfer form), "
            "or give --without-list when the folder names are the description.",
        )
    if not records:
        raise Refused(
            f"The folder {shown(folder.name)} holds lists only, no record.",
            code="transfer.no_files",
            next="Add the files that belong to the list.",
        )
    return Leaves((without_list(_bag_title(bag) or normal(shown(folder.name)), records),), (), ())


def _bag_title(bag: IncomingBag | None) -> str | None:
    told = {name.lower(): value for name, value in bag.info} if bag else {}
    return next((told[name] for name in BAG_TITLES if told.get(name)), None)


def _promised(
    lists: TransferLists, bag: IncomingBag | None, arrival: Arrival
) -> dict[str, Mapping[str, str]]:
    """Promised digests by the path as it arrived; a promise for what is not there keeps its own path."""
    arrived = {normal(file.path): file.path for file in arrival.files}
    promised = {arrived.get(normal(path), path): dict(digests) for path, digests in lists.checksums.items()}
    for path in bag.payload if bag else ():
        own = path.removeprefix("data/")
        promised[own] = promised.get(own, {}) | (bag.expected(path) if bag else {})
    return dict(promised)
