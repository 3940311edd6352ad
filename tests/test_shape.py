"""The shape of the house: names, sizes, docstrings, who writes which table, and nothing of one machine."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("metadata_schemas", "archive", "preservation", "ingest", "access")
VAGUE = {
    "utils",
    "util",
    "helpers",
    "helper",
    "common",
    "misc",
    "base",
    "core",
    "manager",
    "service",
    "services",
}
LONGEST_MODULE = 300
LONGEST_FUNCTION = 40
LONGEST_DOCSTRING = 6


def modules() -> list[Path]:
    found = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    return sorted([ROOT / "seogo.py", *found])


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, check=True, text=True,
    )  # fmt: skip
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), str(path))


every_module = pytest.mark.parametrize("path", modules(), ids=name_of)


def test_no_module_is_named_for_what_it_is_not():
    named = {part for path in modules() for part in path.relative_to(ROOT).with_suffix("").parts}
    assert "holdings" in named
    assert not named & VAGUE


@every_module
def test_a_module_is_one_thing_of_a_readable_size(path: Path):
    assert len(path.read_text("utf-8").splitlines()) <= LONGEST_MODULE


@every_module
def test_a_function_fits_on_a_screen(path: Path):
    long = {
        node.name: length
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or 0) - node.lineno + 1) > LONGEST_FUNCTION
    }
    assert long == {}


@every_module
def test_a_module_opens_with_what_a_newcomer_must_know(path: Path):
    if path.name == "__init__.py" and not path.read_text("utf-8").strip():
        return
    said = ast.get_docstring(tree_of(path))
    assert said, "no docstring"
    prose = [line for line in said.splitlines() if line and not line.startswith(" ")]
    assert len(prose) <= LONGEST_DOCSTRING


def models() -> dict[str, str]:
    """The name of each mapped class and the package that it lives in."""
    return {
        node.name: path.relative_to(ROOT).parts[0]
        for path in modules()
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ClassDef) and any(_names_a_table(line) for line in node.body)
    }


def _names_a_table(line: ast.stmt) -> bool:
    return isinstance(line, ast.Assign) and any(
        isinstance(target, ast.Name) and target.id == "__tablename__" for target in line.targets
    )


def _called(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def written(path: Path) -> set[str]:
    """Names that a module calls as a class, or hands to insert, update or delete."""
    names = set()
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Call):
            names.add(_called(node.func))
            if _called(node.func) in {"insert", "update", "delete"} and node.args:
                names.add(_called(node.args[0]))
    return names


def test_a_table_is_written_by_one_package_only():
    home = models()
    assert home["Volume"] == "archive"
    strangers = [
        f"{name_of(path)} writes {name} of {home[name]}"
        for path in modules()
        for name in sorted(written(path) & home.keys())
        if path.relative_to(ROOT).parts[0] != home[name]
    ]
    assert strangers == []


MACHINE = re.compile(
    r"(?<![\w.$}*-])/(?:work|root|home)/\w"
    r"|\b(?:pypi|pythonhosted|npmjs|crates|debian|golang|maven)\.(?:apache\.)?(?:org|io|com)\b"
    r"|\brepo1?\.maven\b"
)
# Written by other people, and kept as they wrote it.
FOREIGN = ("access/static/", "metadata_schemas/schemas/", "LICENSE", "tests/judges/")


def test_no_tracked_file_names_a_machine_or_a_registry():
    for told in ("/ho" + "me/kim/x", "pypi" + ".org", "registry.npmjs" + ".org"):
        assert MACHINE.search(told)
    found = []
    for path in tracked():
        if name_of(path).startswith(FOREIGN):
            continue
        text = path.read_bytes().decode("utf-8", "replace")
        found += [f"{name_of(path)}: {hit.group()}" for hit in MACHINE.finditer(text)]
    assert found == []
