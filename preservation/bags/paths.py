"""Paths as manifests write them: percent codes, and which ones may leave the bag on some system."""

import re

_SEPARATORS = re.compile(r"[/\\]+")
_DRIVE = re.compile(r"[A-Za-z]:")
_VARIABLE = re.compile(r"%[^%/\\]+%[/\\]|\$\{?\w+\}?[/\\]")
_CODES_1_0 = re.compile(r"%(0[aA]|0[dD]|25)")
_CODES_BEFORE = re.compile(r"%(0[aA]|0[dD])")


def encode(path: str) -> str:
    """A path for a manifest of BagIt 1.0: percent sign, CR and LF are encoded, and nothing else."""
    return path.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def decode(written: str, version: tuple[int, int]) -> str:
    """The path that a manifest of this BagIt version means; before 1.0 a percent sign stood for itself."""
    codes = _CODES_1_0 if version >= (1, 0) else _CODES_BEFORE
    return codes.sub(lambda code: chr(int(code[1], 16)), written)


def unsafe(path: str) -> str | None:
    """Why a path may lead out of the bag on Linux, macOS or Windows; None when it cannot."""
    if "\0" in path:
        return "it holds a NUL"
    if path.startswith(("/", "\\")) or _DRIVE.match(path):
        return "it is absolute on some system"
    if path.startswith("~"):
        return "it starts with the shortcut for a home folder"
    if _VARIABLE.match(path):
        return "it starts with an environment variable"
    # A backslash is a separator on Windows and an escape elsewhere; neither reading may climb.
    if ".." in _SEPARATORS.split(path) or ".." in path.replace("\\", "").split("/"):
        return "it climbs out of its folder"
    return None
