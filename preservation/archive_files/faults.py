"""What can be said about an archive file: a rule, a sentence, and how many members it is about."""

from collections import Counter, defaultdict
from dataclasses import dataclass, replace

from archive.names import printable
from metadata_schemas.description import Severity
from preservation.archive_files.limits import Exceeded

NAMED = 3
"""How many members a sentence names before it only counts."""
LONGEST_SHOWN = 120


@dataclass(frozen=True)
class Fault:
    """``fact`` and ``next`` are sentences; the fact begins with what is wrong and does not name the file."""

    rule: str
    severity: Severity
    fact: str
    next: str
    members: int = 0
    subject: str = "archive file"

    def sentence(self, name: str) -> str:
        how = "was not looked through" if self.rule in NOT_LOOKED else "was looked through"
        return f"The {self.subject} {name} {how}: {self.fact}. {self.next}".strip()


@dataclass(frozen=True)
class Rule:
    rule: str
    severity: Severity
    fact: str
    next: str = ""


NOT_SCANNED_WHOLE = "virus.not_scanned_whole"
"""Told of a scanner that is silent of it; how heavy it is says the policy of the installation."""
NOT_LOOKED = ("file.not_looked_through", "file.archive_not_looked_at")
RULES = {
    "damaged": Rule(
        "file.archive_damaged", "error", "it is damaged or contradicts itself", "Ask for a sound copy."
    ),
    "path": Rule(
        "file.archive_path", "error", "a name in it leads out of the folder it would be unpacked into",
        "Ask for the files packed under names of their own folder.",
    ),
    "link_out": Rule(
        "file.archive_link", "error", "a link in it points out of the folder it would be unpacked into",
        "Ask for the files themselves instead of links.",
    ),
    "link": Rule("file.archive_link", "note", "it holds links to other files in it"),
    "special": Rule(
        "file.archive_special", "warning", "it holds a device or a pipe, which is no record",
        "Look whether something of the record is missing.",
    ),
    "encrypted": Rule(
        "file.archive_encrypted", "warning", "it is locked with a password, and what is in it is not known",
        "Ask the sender for the password or for a copy without one.",
    ),
    "unsupported": Rule(
        "file.archive_unsupported", "warning", "not all of it could be looked at",
        "Open it by hand, or ask for the files unpacked.",
    ),
    "unusual": Rule(
        "file.archive_unusual", "warning", "it is not as its format asks, and could be read",
        "Open it by hand and compare.",
    ),
    "twice": Rule(
        "name.archive_collision", "warning", "two files in it have one name",
        "Look which of them is the record; unpacking keeps only one.",
    ),
    "alike": Rule(
        "name.archive_collision", "warning", "names in it differ only in case or Unicode form",
        "Unpack it on a system that tells them apart.",
    ),
    "encoding": Rule("name.archive_encoding", "note", "names in it are not in UTF-8"),
    "windows": Rule("name.archive_windows", "note", "names in it cannot be used on Windows"),
    "hidden": Rule(
        "name.archive_hidden", "warning", "names in it hold signs that hide how they really read",
        "Compare the names with the list.",
    ),
    "not_looked_through": Rule(
        "file.not_looked_through", "warning", "",
        "Open it by hand in a safe place, or ask for the files that are in it.",
    ),
    "script": Rule(
        "file.script", "warning", "a document holds code that its program runs (macros, scripts)",
        "Look whether the record needs it; it is not run here, and is lost in a copy as PDF.",
    ),
    "mail_damaged": Rule(
        "file.mail_damaged", "warning", "a message in it is damaged",
        "Compare it with the sender's mail, or ask for a sound copy.",
    ),
    "mail_encrypted": Rule(
        "file.mail_encrypted", "warning", "a message in it is encrypted, and what is in that is not known",
        "Ask the sender for the message without encryption.",
    ),
    "mail_name": Rule(
        "name.mail_attachment", "warning", "the name of an attachment leads out of the folder it is saved to",
        "Save such an attachment under a name of your own.",
    ),
    "not_scanned": Rule(
        NOT_SCANNED_WHOLE, "error",
        "a file packed in a ZIP file in it is larger than the scanner looks through",
    ),
    "long": Rule(
        "limit.archive_path", "warning", "a path in it is longer or deeper than systems can unpack",
        "Unpack it with a program that shortens paths.",
    ),
}  # fmt: skip
LIMIT_RULES = {
    "bytes": "limit.archive_bytes",
    "members": "limit.archive_members",
    "depth": "limit.archive_depth",
    "seconds": "limit.archive_seconds",
}
LIMIT_NEXT = "Ask for the files unpacked, or raise the limit (SEOGO_ARCHIVE_LIMITS) if it is right."


class Faults:
    """Gathers what is found in one file, which is called ``subject``."""

    def __init__(self, subject: str = "archive file") -> None:
        self.subject = subject
        self.mail: Counter[str] = Counter()
        self._members: dict[str, list[str]] = defaultdict(list)
        self._counts: dict[str, int] = defaultdict(int)
        self._details: dict[str, dict[str, None]] = defaultdict(dict)
        self._exceeded: Exceeded | None = None

    def add(self, what: str, detail: str, member: str = "") -> None:
        self._counts[what] += 1
        if detail and len(self._details[what]) < NAMED:
            self._details[what][detail] = None
        if member and len(self._members[what]) < NAMED:
            self._members[what].append(printable(member, LONGEST_SHOWN))

    def exceed(self, exceeded: Exceeded) -> None:
        self._exceeded = exceeded

    def all(self) -> list[Fault]:
        faults = [self._fault(what, rule) for what, rule in RULES.items() if what in self._counts]
        if self.mail["messages"] > 1 or self.mail["attachments"]:
            faults.append(self._mail_contents())
        if self._exceeded is not None:
            fact = f"it {self._exceeded.fact}; it was not looked at further"
            faults.append(Fault(LIMIT_RULES[self._exceeded.limit], "error", fact, LIMIT_NEXT))
        return [replace(fault, subject=self.subject) for fault in faults]

    def _mail_contents(self) -> Fault:
        messages, archives = self.mail["messages"], self.mail["archives"]
        held = (
            f"it holds {_counted(messages, 'message')} and {_counted(self.mail['attachments'], 'attachment')}"
        )
        also = (
            f"; looked through as well: {_counted(archives, 'archive file')} among them" if archives else ""
        )
        return Fault("file.mail_contents", "note", held + also, "", messages)

    def _fault(self, what: str, rule: Rule) -> Fault:
        members, count = self._members[what], self._counts[what]
        fact = ": ".join(filter(None, (rule.fact, "; ".join(self._details[what]))))
        if members:
            more = f" and {count - len(members)} more" if count > len(members) else ""
            fact += f" ({', '.join(members)}{more})"
        return Fault(rule.rule, rule.severity, fact, rule.next, count if members else 0)


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"
