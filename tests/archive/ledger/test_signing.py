"""Keys and signed notes, against vectors that other implementations made."""

import json
import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from archive.errors import Conflict, Missing, Refused, Unreadable, WrongCall
from archive.ledger.signing import Signer, make_key_files, open_signer, open_verifier, parse_vkey
from archive.ledger.tiles import parse_checkpoint

VECTORS = json.loads((Path(__file__).parent / "vectors.json").read_text("utf-8"))


@pytest.fixture
def signer() -> Signer:
    seed = bytes.fromhex(VECTORS["ed25519_seed_hex"])
    return Signer(VECTORS["origin"], Ed25519PrivateKey.from_private_bytes(seed))


def test_the_public_key_and_the_checkpoint_are_those_of_other_tools(signer):
    assert signer.verifier.vkey == VECTORS["vkey"]
    text = f"{VECTORS['origin']}\n1000\n{VECTORS['roots']['1000']}\n"
    assert signer.sign(text) == VECTORS["checkpoint_1000"]
    assert parse_vkey(VECTORS["vkey"]).opens(VECTORS["checkpoint_1000"]) == text
    assert parse_checkpoint(text).size == 1000


def test_a_note_that_was_changed_is_refused(signer):
    note = signer.sign("archive.example/log1\n7\nroot\n")
    assert signer.verifier.opens(note)
    other = Signer("archive.example/log2", Ed25519PrivateKey.generate()).verifier
    for bad in (note.replace("7", "8"), note.replace("\u2014", "-"), note[:-9] + "\n", "", "\n\n"):
        with pytest.raises(Refused):
            signer.verifier.opens(bad)
    with pytest.raises(Refused):
        other.opens(note)


def test_a_witness_may_sign_too(signer):
    note = signer.sign("a\n1\nx\n") + VECTORS["cosignatures"]["witness.example/w1"]["line"] + "\n"
    assert signer.verifier.opens(note) == "a\n1\nx\n"


def test_a_private_key_is_for_its_owner_alone(tmp_path):
    verifier = make_key_files(tmp_path / "keys", "seogo.example/log")
    assert (tmp_path / "keys/log.key").stat().st_mode & 0o777 == 0o600
    assert open_verifier(tmp_path / "keys/log.vkey") == verifier
    assert verifier.opens(open_signer(tmp_path / "keys").sign("text\n")) == "text\n"
    os.chmod(tmp_path / "keys/log.key", 0o640)
    with pytest.raises(Refused):
        open_signer(tmp_path / "keys")


def test_a_key_is_never_replaced(tmp_path):
    make_key_files(tmp_path, "seogo.example/log")
    before = (tmp_path / "log.key").read_bytes()
    with pytest.raises(Conflict):
        make_key_files(tmp_path, "seogo.example/log")
    assert (tmp_path / "log.key").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log.key", "log.vkey"]


def test_a_lost_public_key_is_written_again_and_another_one_is_refused(tmp_path):
    verifier = make_key_files(tmp_path, "seogo.example/log")
    (tmp_path / "log.vkey").unlink()
    assert open_signer(tmp_path).verifier == verifier == open_verifier(tmp_path / "log.vkey")
    (tmp_path / "log.vkey").write_text(VECTORS["vkey"])
    with pytest.raises(Refused):
        open_signer(tmp_path)


def test_what_is_no_key_is_said_to_be_none(tmp_path):
    with pytest.raises(Missing):
        open_signer(tmp_path)
    for bad in ("", "name", VECTORS["vkey"][:-4], VECTORS["vkey"].replace("f3cf", "f3cd")):
        with pytest.raises(Unreadable):
            parse_vkey(bad)
    with pytest.raises(WrongCall):
        make_key_files(tmp_path, "two words")


@pytest.mark.parametrize("kind", ["nothing", "a folder", "a picture"])
def test_what_is_no_public_key_is_told(tmp_path: Path, kind: str) -> None:
    where = tmp_path / "log.vkey"
    if kind == "a folder":
        where.mkdir()
    if kind == "a picture":
        where.write_bytes(b"\x89PNG\xff\xfe")
    with pytest.raises(Unreadable if kind == "a picture" else Missing):
        open_verifier(where)
