"""How commands speak: one JSON object or plain lines on standard output, progress and errors beside it.

The exit codes are in `archive.errors`; a result that is not all good carries its own.
"""

import errno
import gc
import importlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Any

import click
from sqlalchemy.exc import DatabaseError
from tqdm import tqdm

from archive import database_faults, stopping
from archive.errors import ArchiveError, Unavailable
from archive.site import language, output
from archive.site.site import Site

EXIT_CODES = {
    0: "done",
    1: "a defect of ours",
    2: "wrong call",
    3: "refused, or something waits because of errors",
    4: "something could not be looked at, or the machine refused to read or write",
    5: "damage, or a proof that does not hold",
}

OF_THE_MACHINE = frozenset(
    {
        errno.EACCES,
        errno.EPERM,
        errno.EROFS,
        errno.ENOSPC,
        errno.EDQUOT,
        errno.EIO,
        errno.EMFILE,
        errno.ENFILE,
        errno.ENOTDIR,
    }
)
"""What rights, full disks and broken media say; the operator can mend it, and it is no defect of ours."""

NEXT_STEPS = {
    **dict.fromkeys((errno.EACCES, errno.EPERM), "Mend the rights, then run the same command again."),
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT), "Make room, then run the same command again."),
}
"""Of the others the disk, its mount or a limit of the system is to blame."""

READY = "seogo.ready"
WORDS = "seogo.words"

PIECES = 4096
"""Of a result that is printed, how many pieces go out at once."""

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
pass_site = click.make_pass_decorator(Site)


class _APath(click.Path):
    """click takes what it may not look at for something that is not there, and no name for this folder."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not str(value):
            self.fail("an empty name is no file and no folder.", param, ctx)
        try:
            os.stat(value)
        except OSError as error:
            if error.errno in OF_THE_MACHINE - {errno.ENOTDIR}:
                raise
            if error.errno in (errno.ELOOP, errno.ENAMETOOLONG):
                self.fail(f"{value}: {error.strerror}", param, ctx)
        return super().convert(value, param, ctx)


a_path = partial(_APath, path_type=Path, readable=False)
"""A file or folder that is named.  That it may not be read is for the machine to say; the call is right."""


class Command(click.Command):
    """A command whose help ends with the exit codes it uses.

    What its group left to be made `READY` is made so when the call is known to be right.
    """

    def __init__(self, *args: Any, exits: tuple[int, ...] = (0, 1, 2, 3, 4), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.exits = exits

    def invoke(self, ctx: click.Context) -> Any:
        if READY in ctx.meta:
            ctx.meta[READY]()
        return super().invoke(ctx)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        write_exit_codes(formatter, self.exits)


class Group(click.Group):
    """A group of commands whose help ends with all exit codes."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        write_exit_codes(formatter, tuple(EXIT_CODES))


class LazyGroup(Group):
    """A group whose commands are imported when they are called.  ``places``: name to module.

    Its callback comes before its command is parsed, and finds the `words` that it was called with.
    """

    def __init__(self, *args: Any, places: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.places = places

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta.setdefault(WORDS, frozenset(args))
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *self.places})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.places:
            return super().get_command(ctx, cmd_name)
        is_loaded = self.places[cmd_name] in sys.modules
        found: click.Command = getattr(importlib.import_module(self.places[cmd_name]), cmd_name)
        if not is_loaded:
            gc.freeze()  # what is loaded stays, and needs no looking at whenever litter is collected
        return found


def words(context: click.Context) -> frozenset[str]:
    """All that stands behind the name of the program."""
    found: frozenset[str] = context.meta[WORDS]
    return found


def write_exit_codes(formatter: click.HelpFormatter, codes: Iterable[int]) -> None:
    with formatter.section("Exit codes"):
        formatter.write_dl([(str(code), EXIT_CODES[code]) for code in codes])


def say(
    told: Mapping[str, Any], as_json: bool, lines: Callable[[], str | Iterable[str]] | None = None
) -> None:
    """Print a result, as JSON or in words: one line, or several."""
    if as_json or lines is None:
        encoder = json.JSONEncoder(ensure_ascii=False, default=str)
        pieces = chain(encoder.iterencode(told), "\n")
        while (some := "".join(islice(pieces, PIECES))) and output.put(some):
            pass
        return
    words = lines()
    output.lines([words] if isinstance(words, str) else words)


def moment(at: str | None) -> str:
    """A time as every command tells it in words; in JSON it is ISO 8601."""
    return language.moment(datetime.fromisoformat(at), "en").replace(language.NBSP, " ") if at else "–"


class Progress:
    """A bar on a terminal, a line every few seconds elsewhere, always on standard error."""

    EVERY = 5.0

    def __init__(self) -> None:
        self.bar: tqdm[Any] | None = None
        self.what = ""
        self.told = 0.0

    def __call__(self, what: str, done: int, total: int, note: str = "") -> None:
        """``note`` is told behind the numbers: how fast it goes, how long it will take."""
        if output.is_watched():
            self._draw(what, done, total, note)
        elif what != self.what or time.monotonic() - self.told >= self.EVERY or done == total:
            self.told = time.monotonic()
            output.line(f"{what}: {done} of {total}{', ' if note else ''}{note}", aside=True)
        self.what = what

    def close(self) -> None:
        if self.bar is not None:
            self.bar.close()
            self.bar = None

    def _draw(self, what: str, done: int, total: int, note: str) -> None:
        if what != self.what:
            self.close()
        if self.bar is None:
            self.bar = tqdm(desc=what, total=total, file=sys.stderr, leave=True)
        self.bar.total = total
        self.bar.set_postfix_str(note, refresh=False)
        self.bar.update(done - self.bar.n)


def run(command: click.Command, arguments: list[str]) -> int:
    """Run a command line; its exit code.  The outermost layer: whatever rises is told in words here."""
    output.take_all_signs()
    with stopping.heard():
        code = _run(command, arguments, as_json="--json" in arguments)
        return max(code, _say_what_was_lost()) if code != 1 else code


def _say_what_was_lost() -> int:
    """What was to be told and could not be; an exit code."""
    if (why := output.what_was_lost()) is None:
        return 0
    output.line(f"What this command tells could not be written: {why}. What it did stands.", aside=True)
    return Unavailable.exit_code


def _run(command: click.Command, arguments: list[str], *, as_json: bool) -> int:
    try:
        result = command.main(arguments, prog_name="seogo", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.exceptions.NoArgsIsHelpError as help_instead:
        for each in help_instead.format_message().splitlines():
            output.line(each, aside=True)
        return help_instead.exit_code
    except (click.UsageError, click.FileError) as error:
        asked = context.command_path if (context := getattr(error, "ctx", None)) else "seogo"
        return _tell("wrong_call", _what_is_wrong(error), f"See: {asked} --help", 2, as_json)
    except click.Abort:
        return _stopped(as_json)
    except Exception as error:
        if stopping.came_before(error):
            return _stopped(as_json)
        told = foreseen(error)
        return _refuse(told, told.exit_code, as_json) if told else _defect(error, as_json)


def _what_is_wrong(error: click.ClickException) -> str:
    """click breaks lines between the choices that a missing word has, and nothing from outside is in it."""
    told = error.format_message()
    return " ".join(told.split()) if isinstance(error, click.MissingParameter) else told


def foreseen(error: Exception) -> ArchiveError | None:
    """What is told of an error that is no defect of ours."""
    if isinstance(error, ArchiveError):
        return error
    if isinstance(error, DatabaseError):
        told = database_faults.told(error)
        if told:
            told.message = f"{told.message} ({database_faults.words_of(error)})"
        return told
    if isinstance(error, OSError) and error.errno in OF_THE_MACHINE:
        return _machine(error)
    return None


def _stopped(as_json: bool) -> int:
    return _tell("stopped", "Stopped.", "Run the same command again; it goes on.", 3, as_json)


def _machine(error: OSError) -> Unavailable:
    about = f" {error.filename}" if error.filename else ""
    sentence = f"The machine refused{about}: {error.strerror}."
    general = "Look at the disk and its mount, then run the same command again."
    return Unavailable(sentence, code="machine", next=NEXT_STEPS.get(error.errno or 0, general))


def _defect(error: Exception, as_json: bool) -> int:
    output.trace(error)
    sentence = f"This is a defect of ours: {type(error).__name__}: {error}."
    return _tell("defect", sentence, "What is stored is safe. Report the lines above.", 1, as_json)


def _tell(code: str, message: str, next_step: str, exit_code: int, as_json: bool) -> int:
    return _refuse(ArchiveError(message, code=code, next=next_step), exit_code, as_json)


def _refuse(error: ArchiveError, exit_code: int, as_json: bool) -> int:
    if as_json:
        output.put(json.dumps({"error": error.told}, ensure_ascii=False) + "\n")
    else:
        output.line(f"{error.message} {error.next}".strip(), aside=True)
    return exit_code
