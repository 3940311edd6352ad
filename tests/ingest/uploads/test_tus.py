"""The tus protocol 1.0.0, sentence by sentence: core and termination."""

import pytest

from tests.ingest.uploads.conftest import TUS, Sending, row

DATA = b"0123456789"


@pytest.fixture
def part(sending: Sending) -> str:
    answer = sending.list(row("folder/a.txt", DATA))
    assert answer.status_code == 201
    return str(answer.get_json()["address"])


def test_head_tells_offset_and_length_and_is_not_cached(sending: Sending, part: str) -> None:
    answer = sending.client.head(part, headers=TUS)
    told = [answer.headers.get(each) for each in ("Upload-Offset", "Upload-Length", "Tus-Resumable")]
    assert (answer.status_code, told) == (200, ["0", "10", "1.0.0"])
    assert "no-store" in answer.headers["Cache-Control"]


def test_head_of_what_is_not_there_has_no_offset(sending: Sending) -> None:
    answer = sending.client.head(f"{sending.address}/parts/7", headers=TUS)
    assert (answer.status_code, answer.headers.get("Upload-Offset")) == (404, None)


def test_patch_adds_bytes_at_the_offset(sending: Sending, part: str) -> None:
    first = sending.patch(part, DATA[:4])
    assert (first.status_code, first.headers["Upload-Offset"]) == (204, "4")
    assert sending.client.head(part, headers=TUS).headers["Upload-Offset"] == "4"
    assert sending.patch(part, DATA[4:], 4).headers["Upload-Offset"] == "10"


def test_patch_at_another_offset_is_409_and_changes_nothing(sending: Sending, part: str) -> None:
    sending.patch(part, DATA[:4])
    assert sending.patch(part, DATA[:4]).status_code == 409
    assert sending.client.head(part, headers=TUS).headers["Upload-Offset"] == "4"


def test_patch_with_another_content_type_is_415(sending: Sending, part: str) -> None:
    assert sending.patch(part, DATA, Content_Type="text/plain").status_code == 415


@pytest.mark.parametrize("offset", ["-1", "x", "", "1e3"])
def test_patch_with_an_offset_that_is_no_number_is_400(sending: Sending, part: str, offset: str) -> None:
    assert sending.patch(part, DATA, Upload_Offset=offset).status_code == 400


@pytest.mark.parametrize("version", ["", "0.2.2", "2.0.0"])
def test_another_version_is_412_and_told_ours(sending: Sending, part: str, version: str) -> None:
    answer = sending.patch(part, DATA, Tus_Resumable=version)
    assert (answer.status_code, answer.headers["Tus-Version"]) == (412, "1.0.0")
    assert sending.client.head(part, headers=TUS).headers["Upload-Offset"] == "0"


def test_options_tells_version_extensions_and_size_without_being_asked_for_a_version(
    sending: Sending, part: str
) -> None:
    answer = sending.client.options(part)
    assert answer.status_code == 204
    assert (answer.headers["Tus-Version"], answer.headers["Tus-Extension"]) == ("1.0.0", "termination")
    assert int(answer.headers["Tus-Max-Size"]) > 0


def test_a_method_may_be_named_in_a_header(sending: Sending, part: str) -> None:
    headers = {**TUS, "X-HTTP-Method-Override": "PATCH", "Upload-Offset": "0",
               "Content-Type": "application/offset+octet-stream"}  # fmt: skip
    assert sending.client.post(part, data=DATA, headers=headers).status_code == 204
    assert sending.client.post(part, data=DATA, headers=TUS).status_code == 405


def test_more_bytes_than_the_part_lacks_are_refused(sending: Sending, part: str) -> None:
    assert sending.patch(part, DATA + b"x").status_code == 413


def test_delete_frees_the_part_and_it_is_gone_afterwards(sending: Sending, part: str) -> None:
    sending.patch(part, DATA[:4])
    assert sending.client.delete(part, headers=TUS).status_code == 204
    assert sending.client.head(part, headers=TUS).status_code == 404
    assert sending.patch(part, DATA[4:], 4).status_code == 404
    assert sending.facts()["parts"] == []
