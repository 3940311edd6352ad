"""What others wrote, agreements or addresses, is said on pages as it was written, whatever signs it has."""

from html import unescape
from pathlib import Path

import pytest
from sqlalchemy import select

from archive.site.site import Site
from ingest.transfers import TransferVolume
from tests.ingest.conftest import AGENCY, Call
from tests.ingest.test_agreements import add, document
from tests.ingest.test_bad_input import row, transfer
from tests.ingest.test_ways_in import signed_in


@pytest.mark.parametrize("clause", [
    'rule = "names"\npattern = "[a|b]{2}"', 'rule = "columns"\nnames = ["[a|b]{2}"]',
    'rule = "formats"\nextensions = ["[a|b]{2}"]',
])  # fmt: skip
def test_what_was_agreed_is_said_as_it_stands_in_the_agreement(
    call: Call, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clause: str
) -> None:
    monkeypatch.setenv("SEOGO_CLOCK", "2026-11-28T09:00:00+09:00")
    add(call, document(tmp_path, f'id = "n"\n{clause}', begins="2026-11-28"))
    folder = transfer(tmp_path / "t", row("A-1", "가.txt"), files=("가.txt",))
    call("transfer", "receive", folder, "--agency", AGENCY)
    client = signed_in(site)
    for page in ("", "/volumes/1"):
        for tongue, cited in (("", "조항 n"), ("/en", "clause n")):
            answer = client.get(f"{tongue}/desk/transfers/2026-0001{page}")
            words = unescape(answer.get_data(as_text=True))
            assert (answer.status_code, "[a|b]{2}" in words, cited in words) == (200, True, True), page
            assert "expected." not in words
    data = {"which": "all", "own": "yes", "confirmed": "yes"}
    assert client.post("/desk/transfers/2026-0001/return", data=data).status_code == 303
    with site.reading_session() as session:
        assert "[a|b]{2}" in str(session.scalar(select(TransferVolume.reason)))


def test_a_rule_that_only_an_address_names_has_general_words(call: Call, site: Site, tmp_path: Path) -> None:
    folder = transfer(tmp_path / "t", row("A-1", "가.txt"), files=("가.txt",))
    call("transfer", "receive", folder, "--agency", AGENCY)
    answer = signed_in(site).get("/desk/transfers/2026-0001/findings?rule={4}[a|b]")
    assert (answer.status_code, "{4}[a|b]" in answer.text) == (200, True)
