"""The operator's manual is complete and true: settings, jobs, commands, exit codes."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import seogo
from archive import errors
from archive.site.settings import SETTINGS
from archive.work.jobs import DECLARED
from tests.conftest import every_command

ROOT = Path(__file__).parent.parent
OPERATING = ROOT / "docs" / "operating"
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])


COMMANDS = sorted(words for words, _ in every_command(seogo.cli))


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_every_setting_is_in_the_manual_with_its_default(setting):
    rows = [
        line for line in (OPERATING / "settings.md").read_text("utf-8").splitlines() if line.startswith("|")
    ]
    row = next((line for line in rows if line.startswith(f"| `{setting.name}` |")), "")
    assert row, f"docs/operating/settings.md has no row for {setting.name}"
    if setting.default:
        assert f"`{setting.default}`" in row


@pytest.mark.parametrize("name", sorted(DECLARED))
def test_every_job_is_in_the_manual(name):
    assert f"| `{name}` |" in (OPERATING / "jobs.md").read_text("utf-8")


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_is_in_the_manual(words):
    assert f"`seogo {' '.join(words)}" in (OPERATING / "commands.md").read_text("utf-8")


def test_every_exit_code_is_in_the_manual():
    told = (OPERATING / "commands.md").read_text("utf-8")
    used = {0, *(kind.exit_code for kind in _all_errors(errors.ArchiveError))}
    assert used == {0, 1, 2, 3, 4, 5}
    for code in used:
        assert f"\n| {code} |" in told


def _all_errors(kind: type[errors.ArchiveError]) -> Iterator[type[errors.ArchiveError]]:
    yield kind
    for each in kind.__subclasses__():
        yield from _all_errors(each)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_command_that_a_page_tells_to_type_exists(page):
    known = {words[:length] for words in COMMANDS for length in range(1, len(words) + 1)}
    told = re.findall(r"(?:^|`|/)seogo ((?:[a-z]+ ?)+)", page.read_text("utf-8"), re.MULTILINE)
    unknown = [
        line for line in told if tuple(line.split())[:2] not in known and tuple(line.split())[:1] not in known
    ]
    assert unknown == []
