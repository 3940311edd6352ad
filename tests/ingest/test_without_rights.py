"""What may not be read or written is a refusal of the machine, and is told before anything is changed."""

import errno
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from archive.errors import Unavailable
from archive.site.site import Site
from ingest import receipts
from tests.conftest import ROOT, SEOGO, Installation
from tests.ingest.conftest import AGENCY, Call, Said
from tests.ingest.test_bad_input import WITHOUT_RIGHTS, row, transfer

Denied = Callable[..., Said]


@pytest.fixture
def denied(place: Installation) -> Denied:
    """The command line of somebody whom the rights of a folder bind."""

    def say(*arguments: object) -> Said:
        asked = [*WITHOUT_RIGHTS, *SEOGO, *map(str, arguments), "--json"]
        ran = subprocess.run(asked, env=place.environment, cwd=ROOT, capture_output=True, text=True)
        return Said(ran.returncode, json.loads(ran.stdout), ran.stdout, ran.stderr)

    return say


@pytest.fixture
def number(receive: Call, tmp_path: Path) -> str:
    folder = transfer(tmp_path / "t", row("A-1", "가.txt"), files=("가.txt",))
    return str(receive(folder).told["transfer"])


@pytest.fixture
def closed_folder(tmp_path: Path) -> Path:
    """A folder that nobody may look into."""
    (tmp_path / "no").mkdir(mode=0)
    return tmp_path / "no"


@pytest.mark.parametrize("option", ["--output", "--notice"])
def test_a_file_that_cannot_be_written_is_told_before_the_transfer_is_closed(
    number: str, call: Call, denied: Denied, closed_folder: Path, tmp_path: Path, option: str
) -> None:
    said = denied("transfer", "complete", number, option, closed_folder / "r")
    assert (said.exit_code, said.told["error"]["code"]) == (4, "machine")
    assert call("transfer", "complete", number, option, closed_folder).exit_code == 2
    assert call("transfer", "show", number).told["state"] == "stored"
    assert call("transfer", "complete", number, option, tmp_path / "r").told["state"] == "closed"
    assert list(closed_folder.iterdir()) == []


@pytest.mark.parametrize(
    "error", [OSError(28, "No space left on device", "r"), Unavailable("Store a is away.", next="Wait.")]
)
def test_what_fails_after_a_transfer_was_closed_says_that_it_is_and_what_to_do(
    number: str, call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fails(*_: object) -> str:
        raise error

    asked = ("transfer", "complete", number, "--output", tmp_path / "r")
    with monkeypatch.context() as patched:
        patched.setattr(receipts, "write", fails)
        said = call(*asked)
    assert said.exit_code == 4
    assert said.sentence.startswith(f"Transfer {number} is closed.")
    assert "The same command again writes the receipt" in said.sentence
    assert not (tmp_path / "r").exists()
    assert call(*asked).exit_code == 0 and (tmp_path / "r").exists()


def test_a_refusal_before_it_is_closed_does_not_say_that_it_is(
    number: str, call: Call, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> str:
        raise Unavailable("Store a is away.", next="Wait.")

    monkeypatch.setattr("ingest.receipts.completion.assurance.doubts", fails)
    assert call("transfer", "complete", number).sentence == "Store a is away. Wait."


def test_what_may_not_be_read_is_no_wrong_call(
    number: str, call: Call, denied: Denied, closed_folder: Path, tmp_path: Path
) -> None:
    file = tmp_path / "r"
    call("transfer", "receipt", number, "--output", file)
    folders = [
        ("volume", "export", call("transfer", "show", number).told["references"][0], closed_folder),
        ("receipt", "verify", file, "--folder", closed_folder),
    ]
    file_itself = [("receipt", "verify", file), ("agreement", "add", file), ("policy", "add", file)]
    assert call("receipt", "verify", file).exit_code == 0
    for asked in folders:
        said = denied(*asked)
        assert (said.exit_code, said.told["error"]["code"]) == (4, "machine"), asked
        assert str(closed_folder) in said.sentence and "denied. Mend the rights, then" in said.sentence
    above = tmp_path / "above"
    above.mkdir()
    below = file.rename(above / "r")
    for closed, asked_of in ((above, below), (below, below)):
        closed.chmod(0)
        for asked in file_itself:
            said = denied(*(asked_of if each == file else each for each in asked))
            assert (said.exit_code, "Permission denied" in said.sentence) == (4, True), (closed, asked)
        closed.chmod(0o700)


@pytest.mark.parametrize("rights", [0, 0o100, 0o400])
@pytest.mark.parametrize("option", ["--dry-run", "--accept"])
def test_a_transfer_folder_without_rights_is_told_itself(
    call: Call, denied: Denied, tmp_path: Path, option: str, rights: int
) -> None:
    folder = transfer(tmp_path / "t", row("A-1", "가.txt"), files=("가.txt",))
    asked = ("transfer", "receive", folder, "--agency", AGENCY, option)
    call("init")
    folder.chmod(rights)
    said = denied(*asked)
    folder.chmod(0o700)
    assert (said.exit_code, said.told["error"]["code"]) == (4, "transfer.folder")
    assert (
        said.told["error"]["message"] == f"The folder {folder} could not be looked into: Permission denied."
    )
    assert said.told["error"]["next"] == "Mend its rights or its medium, then give it again."
    assert denied(*asked).exit_code == 0


def test_what_the_machine_refused_is_told_with_what_mends_it(
    number: str, call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = {
        errno.EACCES: "Mend the rights, then",
        errno.ENOSPC: "Make room, then",
        errno.EIO: "Look at the disk",
    }
    for code, step in steps.items():

        def fails(*_: object, code: int = code) -> str:
            raise OSError(code, os.strerror(code), "r")

        with monkeypatch.context() as patched:
            patched.setattr(receipts, "write", fails)
            said = call("transfer", "receipt", number, "--output", tmp_path / "r")
        assert (said.exit_code, said.told["error"]["code"]) == (4, "machine")
        assert said.told["error"]["next"].startswith(step)


@pytest.mark.parametrize("what", ["a loop", "a long name"])
def test_what_can_be_no_file_is_a_wrong_call(number: str, call: Call, tmp_path: Path, what: str) -> None:
    path = tmp_path / ("loop" if what == "a loop" else "x" * 300)
    if what == "a loop":
        path.symlink_to(path)
    for asked in (("receipt", "verify", path), ("transfer", "receive", path, "--agency", AGENCY)):
        said = call(*asked)
        assert (said.exit_code, said.told["error"]["code"]) == (2, "wrong_call"), asked


def test_a_store_without_rights_says_so_and_not_that_it_is_elsewhere(
    number: str, denied: Denied, place: Installation
) -> None:
    (place.home / "stores" / "b").chmod(0)
    said = denied("copy", "check")
    (place.home / "stores" / "b").chmod(0o755)
    assert said.exit_code == 4
    assert [each["reason"] for each in said.told["exceptions"]] == [
        "Store b did not answer for its folder: Permission denied."
    ]
