"""What is wrong with a member by what is said of it: its name, its kind, where a link points."""

from archive.names import hides_something
from preservation.archive_files import names
from preservation.archive_files.faults import Faults
from preservation.archive_files.members import Member


def judge_name(faults: Faults, name: str, encoding: str | None, full: str, seen: names.Seen) -> None:
    """Of a member that would be unpacked under its name."""
    if (how := names.leads_out(name)) is not None:
        faults.add("path", how, full)
    elif names.not_for_windows(name):
        faults.add("windows", "", full)
    _judge_signs(faults, name, encoding, full)
    if names.too_long(name):
        faults.add("long", "", full)
    for how in seen.add(name):
        faults.add(how, "", full)


def judge_member(faults: Faults, member: Member, name: str, full: str) -> None:
    if member.encrypted:
        faults.add("encrypted", "", full)
    if member.unsupported:
        faults.add("unsupported", member.unsupported, full)
    if member.unusual:
        faults.add("unusual", member.unusual, full)
    if member.kind == "special":
        faults.add("special", "", full)
    if member.kind == "link":
        _judge_link(faults, member, name, full)


def _judge_link(faults: Faults, member: Member, name: str, full: str) -> None:
    if max(member.size or 0, len(member.target or b"")) > names.LONGEST:
        faults.add("damaged", "a link in it is longer than a path can be", full)
    elif member.target is not None:
        target = member.target.decode("utf-8", "surrogateescape")
        leads_out = names.link_leads_out(name, target, hard=member.hard)
        faults.add("link_out" if leads_out else "link", "", full)


def judge_attachment(faults: Faults, member: Member, name: str, encoding: str | None, full: str) -> None:
    """Of a member that a person saves under a name of their choice."""
    if name and names.leads_out(name) is not None:
        faults.add("mail_name", "", full)
    _judge_signs(faults, name, encoding, full)
    if member.unsupported is not None:
        faults.add("unsupported", member.unsupported, full)


def judge_message(faults: Faults, member: Member, where: str) -> None:
    """Of what stands for a whole message, or for a folder of them."""
    faults.mail["messages"] += member.kind == "message"
    if member.unusual:
        faults.add("mail_damaged", member.unusual, where)
    if member.unsupported:
        faults.add("unsupported", member.unsupported, where)


def _judge_signs(faults: Faults, name: str, encoding: str | None, full: str) -> None:
    if encoding is not None:
        faults.add("encoding", encoding, full)
    if hides_something(name):
        faults.add("hidden", "", full)
