"""``seogo transfer receipt`` gives a receipt; ``seogo receipt`` checks one, without the archive."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from sqlalchemy.exc import OperationalError

from archive import whole_files
from archive.errors import ArchiveError, Refused
from archive.ledger import COMMAND_LINE as BY
from archive.ledger import open_verifier
from archive.ledger.signing import PUBLIC
from archive.site.language import amount
from archive.site.output import put
from archive.site.site import Site
from archive.site.terminal import (
    Command,
    Group,
    Progress,
    a_path,
    foreseen,
    json_option,
    moment,
    pass_site,
    say,
)
from ingest import receipts, transfers
from ingest.receipts import completion, notices, verifier, writing
from ingest.receipts.completion import Obstacle
from ingest.receipts.verifier import Checked
from preservation import completing

A_FILE = a_path(exists=True, dir_okay=False)
SHOWN = 20
NEXT = {
    "nothing": "Nothing of it is in custody; what waits is taken with: seogo transfer accept {number}",
    "later": "Give the notice of the round that took them; those returned here are settled by it.",
    "waiting": "Accept or return what waits: seogo transfer show {number}",
    "unstored": "Make the copies that are owed: seogo work --until-idle",
    "returned": "Receive what was corrected: seogo transfer receive DIR --agency {agency} "
    "--round-of {number}; when it will not come again: "
    "seogo transfer complete {number} --returned-for-good",
    "undecided": "Accept or return there what was corrected: seogo transfer show {transfer}",
    "unlisted": "List them in a new round: seogo transfer receive DIR --agency {agency} "
    "--round-of {number}; when they are not to be taken: "
    "seogo transfer complete {number} --returned-for-good, and the notice names them",
    "missing": "Make the copies that are owed: seogo work --until-idle; of a store that was added later, "
    "seogo copy fill --store NAME",
    "unfinished": "Make the copies that are owed: seogo work --until-idle",
    "altered": "Look closer with: seogo copy check",
    "absent": "Look closer with: seogo copy check",
    "stale": "Bring the store back, then give the same command again.",
}
"""The next step for each reason why there is no notice."""

OWED = ("unstored", "unfinished")
"""The reasons that a copy which was begun stands for."""

A_FOLDER = a_path(exists=True, file_okay=False)


@click.command("receipt", cls=Command, exits=(0, 1, 2, 3, 4, 5))
@click.argument("number")
@click.option("--output", type=a_path(), help="Where to write it; standard output if not given.")
@json_option
@pass_site
def give(site: Site, number: str, output: Path | None, as_json: bool) -> None:
    """The receipt (접수증) for the agency: every file's digest, and the proof that the log knows it."""
    told = given(site, number, receipts.issue(site, number, by=BY), output)
    if output is None and not as_json:
        all(map(put, writing.blocks(site, number, told["number"])))
    else:
        size = amount(told["bytes"] or 0, "byte")
        say(told, as_json, lambda: f"Receipt {told['number']} of transfer {number} is in {output}, "
                                   f"with {size} and SHA-256 {told['sha256']}.")  # fmt: skip


def given(site: Site, number: str, receipt: int, output: Path | None) -> dict[str, Any]:
    """Write a receipt into a file, when there is to be one, and tell what it is."""
    with site.reading_session() as session:
        row = receipts.get(session, transfers.get(session, number), receipt)
    told: dict[str, Any] = {
        "transfer": number,
        "number": row.number,
        "issued_at": row.issued_at.isoformat(),
        "body_sha256": row.body_sha256,
        "file": str(output) if output else None,
        "bytes": None,
        "sha256": None,
    }
    if output is not None:
        with whole_files.whole_or_not_at_all(output) as file:
            told["sha256"] = receipts.write(site, number, receipt, file)
            told["bytes"] = file.tell()
    return told


@click.command("complete", cls=Command, exits=(0, 1, 2, 3, 4, 5))
@click.argument("number")
@click.option(
    "--returned-for-good", is_flag=True,
    help="What was returned or is on no list, and came in no later round, will not come again.",
)  # fmt: skip
@click.option("--output", type=a_path(), help="File for the receipt.")
@click.option("--notice", type=a_path(), help="File for the letter to the agency, a PDF.")
@json_option
@pass_site
def complete(
    site: Site, number: str, returned_for_good: bool, output: Path | None, notice: Path | None, as_json: bool
) -> int:
    """Give the completion notice (인수완료통지), once every copy was read back; the transfer is closed."""
    whole_files.try_all(output, notice)
    progress = Progress()
    with _saying_that_it_is_closed(site, number):
        outcome = completion.complete(site, number, by=BY, returned_for_good=returned_for_good, say=progress)
        progress.close()
        if outcome.receipt is None:
            _have_copies_made(site, outcome.obstacles)
            return _refused(site, number, outcome.obstacles, as_json)
        told: dict[str, Any] = {"completed": True, "obstacles": []}
        with site.reading_session() as session:
            transfer = transfers.get(session, number)
            told |= notices.notice(site, session, transfer)
            letter = notices.letter(site, session, transfer) if notice else b""
        told["receipt"] = given(site, number, outcome.receipt, output)
        if notice:
            whole_files.write(notice, [letter])
    say(told, as_json, lambda: _completed(told))
    return 0


@contextmanager
def _saying_that_it_is_closed(site: Site, number: str) -> Iterator[None]:
    """What fails when the notice is given already says so, and how the papers are written again."""
    try:
        yield
    except (ArchiveError, OSError, OperationalError) as error:
        told = foreseen(error)
        try:
            with site.reading_session() as session:
                is_closed = transfers.get(session, number).state == "closed"
        except OperationalError:
            is_closed = False  # nobody knows; what went wrong first is told
        if told is None or not is_closed:
            raise
        told.message = f"Transfer {number} is closed.  {told.message}"
        told.next = f"{told.next}  The same command again writes the receipt and the letter."
        raise told from error


def _have_copies_made(site: Site, obstacles: Sequence[Obstacle]) -> None:
    """Now and not within the hour, for that is what the sentence says comes next."""
    if any(each.why in OWED for each in obstacles):
        with site.open_session.begin() as session:
            completing.ask(session)


def _refused(site: Site, number: str, obstacles: Sequence[Obstacle], as_json: bool) -> int:
    """The result object tells what is in the way; nothing was changed by asking."""
    with site.reading_session() as session:
        agency = transfers.get(session, number).agency_code
    told = {
        "transfer": number,
        "completed": False,
        "obstacles": [{**vars(each), "message": each.message} for each in obstacles],
    }
    lines = [f"There is no completion notice for transfer {number}; the agency keeps its originals."]
    lines += [f"  {each.message}" for each in obstacles[:SHOWN]]
    lines += [f"  … and {len(obstacles) - SHOWN} more; all of them with --json."] if obstacles[SHOWN:] else []
    lines += sorted({
        NEXT[each.why].format(number=number, agency=agency, transfer=each.transfer) for each in obstacles
    })  # fmt: skip
    say(told, as_json, lambda: lines)
    return Refused.exit_code


def _completed(told: dict[str, Any]) -> list[str]:
    volumes, receipt = told["volumes"], told["receipt"]
    held = amount(volumes["stored"], "volume")
    earlier = told["taken_earlier"]
    before = sum(each["volumes"] for each in earlier)
    took = ", ".join(each["transfer"] for each in earlier)
    apart = f", {before} of them taken before ({took})" if before else ""
    lines = [
        f"Transfer {told['transfer']} is closed: {held} in custody{apart}.",
        f"Every copy had been read back when the notice was given, {moment(told['notified_at'])}; "
        "how they are now: seogo copy check.",
        f"Receipt {receipt['number']}{' is in ' + receipt['file'] if receipt['file'] else ''}; "
        f"with it the agency may delete its files of the {held} in custody, and nothing else that it sent.",
    ]
    later = sorted({each["transfer"] for each in told["taken_later"]})
    if later:
        taken = amount(volumes["taken_later"], "volume")
        lines.append(f"Returned here and taken in a later round, {', '.join(later)}: {taken}; "
                     "what the agency may delete of it is told by that notice.")  # fmt: skip
    if volumes["returned"]:
        back = amount(volumes["returned"], "volume")
        lines.append(f"Returned and not in custody: {back}; the agency keeps that.")
    lines += [f"Files on no list, not in custody: {len(told['keep_files'])}; the agency keeps those."] * bool(
        told["keep_files"]
    )
    return lines


@click.group(cls=Group)
def receipt() -> None:
    """Receipts (접수증) and signed papers: checked by whoever holds one, without the archive."""


@receipt.command("verify", cls=Command, exits=(0, 1, 2, 3, 4, 5))
@click.argument("file", type=A_FILE)
@click.option(
    "--key", type=a_path(), help="Public key of the log, log.vkey; if not given, that of this installation."
)
@click.option(
    "--folder", type=A_FOLDER, help="What the agency sent: each file is hashed against the receipt."
)
@json_option
@pass_site
def verify_(site: Site, file: Path, key: Path | None, folder: Path | None, as_json: bool) -> int:
    """Check a receipt or a signed paper with the public key alone; no installation, no network.

    The files of a paper are looked for beside it, or in --folder.
    """
    vkey = open_verifier(key or site.settings.keys / PUBLIC).vkey
    if folder:
        os.scandir(f"{folder}/.").close()  # one that may not be read proves nothing
    with open(file, "rb") as stream:
        checked = verifier.verify(stream, vkey, str(folder) if folder else None)
    told = _told(checked, folder)
    say(told, as_json, lambda: _in_words(told))
    return 5 if checked.failures else 4 if checked.elsewhere else 0


def _told(checked: Checked, folder: Path | None) -> dict[str, Any]:
    held = [each["files"] for each in checked.owed.values() if each["verdict"] != "returned"]
    return {
        "holds": not checked.failures,
        "paper": checked.head.get("paper"),
        "transfer": checked.head.get("transfer"),
        "number": checked.head.get("number"),
        "issued_at": checked.head.get("issued_at"),
        "completion": checked.head.get("completion"),
        **checked.sums,
        "in_custody": {"volumes": len(held), "files": sum(held)},
        "folder": str(folder) if folder else None,
        "failures": checked.failures,
        "elsewhere": checked.elsewhere,
    }


def _in_words(told: dict[str, Any]) -> list[str]:
    if not told["holds"]:
        if not told["transfer"]:
            return ["This is no receipt and no signed paper.", *(f"  {each}" for each in told["failures"])]
        what = "paper" if told["paper"] else "receipt"
        return [f"The {what} DOES NOT HOLD.", *(f"  {each}" for each in told["failures"])]
    if told["paper"]:
        what = told["paper"].replace("_", " ").capitalize()
        files = amount(told["files"], "file")
        return [f"{what} {told['number']} of transfer {told['transfer']} holds, with {files}."]
    elsewhere = told["elsewhere"]
    compared = f", all as in {told['folder']}" if told["folder"] and not elsewhere else ""
    lines = [
        f"Receipt {told['number']} of transfer {told['transfer']} holds: {_counted(told)}{compared}.",
        f"In custody: {_counted(told['in_custody'])}.",
    ]
    if elsewhere:
        lines.append(f"Not everything was compared; all else is as in {told['folder']}:")
        lines += [f"  {each}" for each in elsewhere]
    if told["completion"]:
        at = moment(told["completion"]["notified_at"])
        lines.append(f"The completion notice was given at {at}, for what is in custody.")
    else:
        lines.append("It carries no completion notice: the agency keeps its originals.")
    return lines


def _counted(told: Mapping[str, int]) -> str:
    return f"{amount(told['volumes'], 'volume')}, {amount(told['files'], 'file')}"


@receipt.command("verifier", cls=Command, exits=(0, 1, 2))
def verifier_() -> None:
    """Print the stand-alone verifier, one Python file that an agency can read and run by itself."""
    put(Path(verifier.__file__).read_bytes())
