"""A finding in the words of a reader: its rule, what came and what was wanted, and the next step.

A row keeps the sentence of the check itself, which is English.  In Korean the words of its rule are said
with the facts of the row and with what only the sentence tells; where that cannot be said, the sentence
stands beside.  Rules and expectations that came to be without words have general ones.
"""

import re

from archive.site.language import Language
from archive.site.words import Say
from ingest.transfers import FindingRow

PATTERNS = (
    ("one_of", re.compile(r"one of (?P<values>.+)")),
    ("once", re.compile(r"each (?P<what>.+) once")),
    ("file_bytes", re.compile(r"at most (?P<most>\d+) bytes a file")),
    ("bytes", re.compile(r"at most (?P<most>\d+) bytes")),
    ("files", re.compile(r"at most (?P<most>\d+) files")),
    ("volumes", re.compile(r"at most (?P<most>\d+) volumes")),
    ("path_letters", re.compile(r"paths of at most (?P<most>\d+) letters")),
    ("named_like", re.compile(r"names like (?P<pattern>.+)", re.DOTALL)),
    ("of_volumes", re.compile(r"(?P<column>.+) of every volume", re.DOTALL)),
    ("of_items", re.compile(r"(?P<column>.+) of every item", re.DOTALL)),
    ("at_most", re.compile(r"at most (?P<most>.+)")),
    ("days", re.compile(r"(?P<most>\d+) days")),
    ("in_folder", re.compile(r"a file in the folder (?P<folder>.+)", re.DOTALL)),
    ("folder_like", re.compile(r"a folder in (?P<folder>.+) that is called like the volume", re.DOTALL)),
    ("digest_of", re.compile(r"an? (?P<kind>[\w, -]+?) digest")),
    ("pages_to", re.compile(r"pages 1 to (?P<last>\d+).*")),
    ("reasons_of", re.compile(r"부분공개 and 비공개 with one or more of (?P<values>.+)")),
)
"""Expectations that have a value in them, each with the key of its sentence."""
CITED = re.compile(
    r"(?P<agreed>.+) \[agreement (?P<agency>\S+), version (?P<version>\d+), clause (?P<clause>\S+)\]",
    re.DOTALL,
)
"""What was agreed, and where: see `ingest.agreements.documents`."""
DETAILS = (
    ("list.duplicate", "also_in", re.compile(r" in row (?P<row>\d+) of (?P<list>.+) too\. Expected: ")),
    ("list.disagreement", "other_row", re.compile(r" of the volume than row (?P<row>\d+) does\.")),
    ("list.ambiguous_volume", "any_row", re.compile(r" may be any of rows (?P<rows>[\d, ]+)\.")),
    ("list.retention_differs", "volume_counts",
     re.compile(r" \(row (?P<row>\d+) of (?P<list>.+)\)\. The volume's counts\.$")),
    ("list.code_without_system", "systems", re.compile(r" name the source system \((?P<systems>[^)]+)\)")),
    ("list.title", "file_name", re.compile(r" the file name stands for it")),
    ("file.unreadable", "password", re.compile(r"^The PDF is encrypted and asks for a password\.")),
    ("file.unreadable", "no_page", re.compile(r"^The PDF is damaged: it has no page that can be found\.")),
    ("file.unreadable", "mupdf",
     re.compile(r"^The PDF is damaged: MuPDF cannot open it: (?P<told>.+)\. Compare it with ", re.DOTALL)),
    ("name.collision", "same_name", re.compile(r"^(?P<n>\d+) files have the name (?P<name>.+); rename one")),
    ("name.case", "capitals", re.compile(r"^(?P<n>\d+) names differ only in capital letters")),
    ("name.encoding", "read_as", re.compile(r" is read as (?P<name>.+), and its bytes are kept\.$")),
    ("inspection.unfit", "note", re.compile(r" was found unfit: (?P<note>.+)$", re.DOTALL)),
    ("inspection.unfit_before", "round", re.compile(r" unfit in round (?P<round>\d+), (?P<no>\S+): ")),
)  # fmt: skip
"""What a check tells in its sentence alone: its rule, the key in Korean, and where it stands."""
SAID_WHOLE = frozenset("""
    agency.unknown agreement.checksum agreement.column agreement.format agreement.large_file
    agreement.large_transfer agreement.name agreement.puid agreement.virus
    file.administrative file.already_held file.claimed_twice file.count file.digest file.empty file.extra
    file.link file.litter file.missing file.special
    list.access_missing list.carrier_kind list.columns list.date list.empty list.encoding_read
    list.hidden_sheet list.item_count list.merged_cells list.number list.number_lost list.orphan_item
    list.page_count list.path list.record_type list.retention list.retention_short list.secret
    list.several_volumes list.thick_volume list.title
    name.nfd virus.found virus.not_scanned virus.released virus.signatures_old
""".split())  # fmt: skip
"""Rules whose name, facts and next step tell all that is in the sentence of the check."""


def name(say: Say, rule: str) -> str:
    """What a rule is called."""
    return _of_rule(say, "rule", rule)


def todo(say: Say, rule: str) -> str:
    """What is to be done about it."""
    return _of_rule(say, "todo", rule)


def _of_rule(say: Say, kind: str, rule: str) -> str:
    """The words of a rule, else of its family: for ``bag.eark.CSIP4`` those of ``bag.eark`` or ``bag``."""
    parts = rule.split(".")
    for count in range(len(parts), 0, -1):
        if said := _said(say, f"{kind}.{'.'.join(parts[:count])}"):
            return said
    return say(f"{kind}.other")


def sentence(say: Say, tongue: Language, row: FindingRow) -> str:
    """What was found.  English is the sentence of the check itself."""
    if tongue == "en":
        return row.message
    told = {"value": None if row.value is None else value(say, row),
            "expected": None if row.expected is None else expected(say, row.expected)}  # fmt: skip
    match [each for each, words in told.items() if words is not None]:
        case []:
            kind = "none"
        case [one]:
            kind = one
        case _:
            kind = "both"
    said = say(f"finding.{kind}", rule=name(say, row.rule), **told)
    return f"{said} {more}" if (more := _detail(say, row)) else said


def own_words(tongue: Language, row: FindingRow) -> str:
    """The sentence of the check itself, where `sentence` does not tell all that is in it."""
    is_told = tongue == "en" or row.rule in SAID_WHOLE or _found(row) is not None
    return "" if is_told else row.message


def _detail(say: Say, row: FindingRow) -> str:
    """What is told in the sentence of the check and in no column; nothing where a column has it too."""
    if (found := _found(row)) is None:
        return ""
    kind, facts = found
    return "" if row.value in facts.values() else say(f"detail.{kind}", **facts)


def _found(row: FindingRow) -> tuple[str, dict[str, str]] | None:
    for rule, kind, pattern in DETAILS:
        if row.rule == rule and (found := pattern.search(row.message)):
            return kind, found.groupdict()
    return None


def line(say: Say, tongue: Language, row: FindingRow) -> str:
    """One finding for a letter: its rule, and in Korean its place, what was found and the next step.

    Where a row has no facts but its sentence, that is told too, unless the rest says the same.
    """
    if tongue == "en":
        return f"{row.rule}: {row.message}"
    where = f"{told}: " if (told := place(say, row)) else ""
    words = own_words(tongue, row) if row.value is None and row.expected is None else ""
    fact = f" ({words})" if words else ""
    return f"{row.rule}: {where}{sentence(say, tongue, row)}{fact} {todo(say, row.rule)}"


def place(say: Say, row: FindingRow) -> str:
    """The list, row and column, or the file, that a finding is about."""
    number = say("desk.row", row=row.row) if row.row else None
    return " ".join(filter(None, (row.list, number, row.column, row.path)))


def value(say: Say, row: FindingRow) -> str:
    """What came; of a verdict the words of its reason."""
    of_verdict = row.rule in ("inspection.unfit", "inspection.unfit_before")
    return (_said(say, f"unfit.{row.value}") if of_verdict else "") or row.value or ""


def expected(say: Say, text: str) -> str:
    """What was wanted, in the reader's words where there are such."""
    if cited := CITED.fullmatch(text):
        return say("expected.cited", **{**cited.groupdict(), "agreed": expected(say, cited["agreed"])})
    if said := _said(say, f"expected.{text}"):
        return said
    for kind, pattern in PATTERNS:
        if found := pattern.fullmatch(text):
            return say(f"expected.with.{kind}", **found.groupdict())
    return text


def _said(say: Say, key: str) -> str:
    """The words of a key; nothing where it has none, nor where signs in it would be filled in as a slot."""
    if not {"{", "["}.isdisjoint(key):
        return ""
    return "" if (said := say(key)) == key else said
