"""A result with very many entries is printed entry by entry, in the same bytes as one that is held."""

import json
from collections.abc import Iterator

import click
from click.testing import CliRunner

from archive.site.many import Many
from archive.site.terminal import say

ENTRIES = [{"rule": f"file.{number}", "value": None, "message": "가"} for number in range(5000)]


def asked() -> Iterator[dict[str, object]]:
    yield from ENTRIES


def test_what_is_printed_is_what_would_be_held() -> None:
    @click.command()
    def command() -> None:
        none = Many(lambda: iter(()), 0)
        say({"findings": Many(asked, len(ENTRIES)), "none": none, "state": "stored"}, as_json=True)

    said = CliRunner().invoke(command).output
    held = {"findings": ENTRIES, "none": [], "state": "stored"}
    assert said == json.dumps(held, ensure_ascii=False) + "\n"


def test_entries_are_found_by_their_place() -> None:
    many = Many(asked, len(ENTRIES))
    assert many[:2] == ENTRIES[:2] and many[0] == ENTRIES[0] and many[-1] == ENTRIES[-1]
    assert many and len(many) == 5000 and not Many(lambda: iter(()), 0)


def test_the_last_entries_are_asked_for_alone_where_that_can_be() -> None:
    def nothing_else() -> Iterator[dict[str, object]]:
        raise AssertionError("all were asked for")

    many = Many(nothing_else, len(ENTRIES), lambda most: ENTRIES[-most:])
    assert many[-20:] == ENTRIES[-20:] == Many(asked, len(ENTRIES))[-20:]
    assert Many(asked, len(ENTRIES), lambda most: [])[:2] == ENTRIES[:2]
