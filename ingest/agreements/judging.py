"""Holds a transfer against what was agreed: a rule for each kind of clause, a clause for each finding."""

import re
from collections.abc import Callable, Iterator, Mapping
from posixpath import basename, splitext

from archive.site.language import amount
from ingest.agreements.documents import Agreement, Clause
from ingest.agreements.sent import Sent, SentFile
from ingest.looking.inventory import About
from metadata_schemas.description import SEVERITIES, Finding, Where
from preservation.scanning import WholeScan

BY_PRONOM = "agreement.puid"
WHOLE = "each file scanned whole"

Rule = Callable[["Case"], Iterator[About]]


class Case:
    """One clause against one transfer."""

    def __init__(self, agreement: Agreement, clause: Clause, sent: Sent) -> None:
        self.agreement, self.clause, self.sent = agreement, clause, sent

    def about(
        self, rule: str, place: int | None, where: Where, fact: str, *, value: str | None, agreed: str
    ) -> About:
        """A finding that cites its clause, in `expected` for programs and in words for people."""
        expected, sentence = _told(agreed, self.agreement, self.clause)
        severity, message = self.clause.severity, f"{fact} {sentence}"
        return place, Finding(rule, severity, where, value, expected, message)  # type: ignore[arg-type]

    def of_file(self, rule: str, file: SentFile, fact: str, *, value: str | None, agreed: str) -> About:
        said = f"{file.path} {fact}"
        return self.about(rule, file.place, Where(path=file.path), said, value=value, agreed=agreed)


def _told(agreed: str, agreement: Agreement, clause: Clause) -> tuple[str, str]:
    cited = agreement.cited(clause)
    return f"{agreed} [{cited}]", f"Agreed is: {agreed} ({cited})."


def judge(agreement: Agreement, sent: Sent) -> Iterator[About]:
    """Everything of a transfer that was not agreed, but what only the bytes tell: see `whole_scan`."""
    for clause in agreement.clauses:
        yield from RULES[clause.rule](Case(agreement, clause, sent))


def formats_are_agreed(case: Case) -> Iterator[About]:
    """By the ending of the name, and by what PRONOM told of the bytes where they were looked at already."""
    options = case.clause.options
    extensions = {each.lower().lstrip(".") for each in options.get("extensions", [])}
    puids = set(options.get("puids", []))
    for file in case.sent.files():
        ending = splitext(basename(file.path))[1].lower().lstrip(".")
        if extensions and ending not in extensions:
            agreed = ", ".join(sorted(extensions))
            fact = f"is a file of the kind {ending or 'without ending'}."
            yield case.of_file("agreement.format", file, fact, value=ending, agreed=agreed)
        if puids and file.identified and file.puid not in puids:
            agreed = ", ".join(sorted(puids))
            fact = f"has the format {file.puid}." if file.puid else "has a format that PRONOM does not know."
            yield case.of_file(BY_PRONOM, file, fact, value=file.puid, agreed=agreed)


def no_file_is_too_large(case: Case) -> Iterator[About]:
    most = case.clause.options["bytes"]
    for file in case.sent.files():
        if file.bytes is not None and file.bytes > most:
            fact = f"has {amount(file.bytes, 'byte')}."
            agreed = f"at most {most} bytes a file"
            yield case.of_file("agreement.large_file", file, fact, value=str(file.bytes), agreed=agreed)


def the_transfer_is_not_too_large(case: Case) -> Iterator[About]:
    amounts = case.sent.amounts()
    for what, most in sorted(case.clause.options.items()):
        if amounts[what] > most:
            fact, agreed = f"The transfer has {amounts[what]} {what}.", f"at most {most} {what}"
            value = str(amounts[what])
            yield case.about("agreement.large_transfer", None, Where(), fact, value=value, agreed=agreed)


def columns_are_filled_in(case: Case) -> Iterator[About]:
    kind, names = case.clause.options.get("of", "volume"), case.clause.options.get("names", [])
    for row in case.sent.described():
        if row.kind != kind:
            continue
        for name in names:
            if _is_empty(row.values, name):
                where, fact = Where(row.list, row.row, name), f"{row.name} has nothing in {name}."
                agreed = f"{name} of every {kind}"
                yield case.about("agreement.column", row.place, where, fact, value=None, agreed=agreed)


def _is_empty(values: Mapping[str, object], name: str) -> bool:
    value = values.get(name)
    return value is None or not str(value).strip()


def names_are_as_agreed(case: Case) -> Iterator[About]:
    options = case.clause.options
    pattern, longest = options.get("pattern"), options.get("longest")
    for file in case.sent.files():
        name = basename(file.path)
        if pattern is not None and not re.fullmatch(pattern, name):
            agreed = f"names like {pattern}"
            yield case.of_file("agreement.name", file, "is not named so.", value=name, agreed=agreed)
        if longest is not None and len(file.path) > longest:
            value, agreed = str(len(file.path)), f"paths of at most {longest} letters"
            yield case.of_file("agreement.name", file, "is too long a path.", value=value, agreed=agreed)


def every_file_has_its_checksum(case: Case) -> Iterator[About]:
    for file in case.sent.files():
        if file.promised is False:
            agreed = "a checksum for every file"
            yield case.of_file("agreement.checksum", file, "has no checksum.", value="none", agreed=agreed)


def it_was_scanned_for_viruses(case: Case) -> Iterator[About]:
    if case.sent.scanned is False:
        fact, agreed = "No virus scanner is set in this archive.", "a scan before anything is taken"
        yield case.about("agreement.virus", None, Where(), fact, value=None, agreed=agreed)
    if case.clause.options.get("whole"):
        for place, path, rule, value in case.sent.not_scanned_whole():
            what = "is encrypted" if rule == "agreement.encrypted" else "was not scanned whole"
            yield case.about(rule, place, Where(path=path), f"{path} {what}.", value=value, agreed=WHOLE)


def whole_scan(agreement: Agreement) -> WholeScan | None:
    """What was agreed of files that cannot be scanned whole, for those who look into the bytes."""
    clauses = [each for each in agreement.clauses if each.options.get("whole")]
    if not clauses:
        return None
    clause = min(clauses, key=lambda each: SEVERITIES.index(each.severity))
    return WholeScan(clause.severity, *_told(WHOLE, agreement, clause))  # type: ignore[arg-type]


RULES: dict[str, Rule] = {
    "formats": formats_are_agreed,
    "largest-file": no_file_is_too_large,
    "largest-transfer": the_transfer_is_not_too_large,
    "columns": columns_are_filled_in,
    "names": names_are_as_agreed,
    "checksums": every_file_has_its_checksum,
    "virus-scan": it_was_scanned_for_viruses,
}
"""The rule of each kind of clause."""
