"""A finding in the words of a reader: its rule, what came and what was wanted, and the next step.

A row keeps the sentence of the check itself, which is English.  In Korean the words of its rule are said
with the facts of the row; rules and expectations that came to be without words have general ones.
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
    return say(f"finding.{kind}", rule=name(say, row.rule), **told)


def line(say: Say, tongue: Language, row: FindingRow) -> str:
    """One finding for a letter: its rule, and in Korean its place, what was found and the next step.

    Where a row has no facts but its sentence, that is told too.
    """
    if tongue == "en":
        return f"{row.rule}: {row.message}"
    where = f"{told}: " if (told := place(say, row)) else ""
    fact = f" ({row.message})" if row.value is None and row.expected is None else ""
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
