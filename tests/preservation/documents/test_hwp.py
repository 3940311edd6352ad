"""HWP 5 and HWPX of the corpus: their text comes out, or the reason is named."""

import re
import shutil
import zipfile

import olefile
import pytest

from archive.errors import Unreadable
from preservation import documents
from preservation.media_types import HWP5, HWPX, XLS, media_type
from tests.preservation.corpus_files import rows

# Forms, drawings and pictures in which nobody wrote a word: seen by opening the records.
WITHOUT_WORDS = {
    "2022.hwpx", "presentation오류.hwpx", "PageSize_Margin.hwpx", "SimpleComboBox.hwpx",
    "SimpleConnectLine.hwpx", "SimpleContainer.hwpx", "SimpleCurve.hwpx", "SimpleEllipse.hwpx",
    "SimpleLine.hwpx", "SimpleOLE.hwpx",
    "SimplePicture.hwpx", "SimplePolygon.hwpx", "SimpleVideo.hwpx", "blank.hwpx",
    "borderfill.hwp", "charstyle.hwp", "matrix.hwp", "shapecomponent-rect-fill.hwp", "shapeline.hwp",
    "shapepict-scaled.hwp", "table.hwp",
}  # fmt: skip
FACTS = {
    "seoul_sihaengmun.hwpx": [
        "수신 국토교통부장관", "제목 소규모주택정비사업 추진실적 제출", "끝.", "서 울 특 별 시 장",
        "시행 전략주택공급과-13666", "부분공개(5)",
    ],
    "mfds_admin_notice.hwpx": ["식품의약품안전처 공고 제2025-477호", "행정절차법"],
    "version_history.hwpx": ["Version one text."],
    "viewtext.hwp": ["배포 문서"],
    "footnote-endnote.hwp": ["각주입니다.", "미주입니다."],
    "headerfooter.hwp": ["머리말입니다", "꼬리말입니다"],
    "SimpleButtons.hwpx": ["명령 단추1"],
    "일반기안문_서식.hwpx": ["수신", "제목", "결재권자"],
}  # fmt: skip


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


@pytest.mark.parametrize("path", [path for path, _ in rows("hwp", "open")])
def test_the_text_of_a_korean_office_file_comes_out(hwp, path):
    kind, _ = media_type(hwp / path)
    assert kind in (HWP5, HWPX, XLS)
    text = documents.text(hwp / path, kind)
    assert text.remark is None
    name = path.rpartition("/")[2]
    assert bool(squeezed(text.whole)) == (name not in WITHOUT_WORDS)
    for fact in FACTS.get(name, []):
        assert squeezed(fact) in squeezed(text.whole)


def test_all_facts_of_the_corpus_are_asked_for(hwp):
    names = {path.rpartition("/")[2] for path, _ in rows("hwp", "open")}
    assert FACTS.keys() <= names
    assert names >= WITHOUT_WORDS


@pytest.mark.parametrize("path", [path for path, _ in rows("hwp", "encrypted")])
def test_an_encrypted_file_is_named_as_such(hwp, path):
    with pytest.raises(Unreadable, match="encrypted") as told:
        documents.text(hwp / path, HWP5)
    assert told.value.code == "file.encrypted"
    assert "password" in told.value.next


@pytest.mark.parametrize("path", [path for path, _ in rows("hwp", "defective")])
def test_a_defective_file_gives_what_text_it_has(hwp, path):
    assert "연구계획서" in squeezed(documents.text(hwp / path, HWPX).whole)


def test_a_damaged_section_falls_back_to_the_preview_and_says_so(hwp, tmp_path):
    copy = tmp_path / "damaged.hwp"
    shutil.copyfile(hwp / "hwp-js/basicsReport.hwp", copy)
    copy.chmod(0o600)
    with olefile.OleFileIO(copy, write_mode=True) as ole:
        size = ole.get_size("BodyText/Section0")
        ole.write_stream("BodyText/Section0", b"\xff" * size)
    text = documents.text(copy, HWP5)
    assert "리포트" in text.whole
    assert text.remark is not None and "preview" in text.remark


def test_a_hwpx_that_would_unpack_to_a_bomb_is_refused(tmp_path):
    bomb = tmp_path / "bomb.hwpx"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("mimetype", HWPX)
        out.writestr("Contents/section0.xml", b"<p>" + b" " * 60_000_000 + b"</p>")
    with pytest.raises(Unreadable) as told:
        documents.text(bomb, HWPX)
    assert told.value.code == "limit.unpack"


def test_a_hwpx_that_declares_entities_is_refused(tmp_path):
    trap = tmp_path / "trap.hwpx"
    with zipfile.ZipFile(trap, "w") as out:
        out.writestr("mimetype", HWPX)
        out.writestr(
            "Contents/section0.xml",
            '<!DOCTYPE s [<!ENTITY x SYSTEM "file:///etc/passwd">]><s><p><t>&x;</t></p></s>',
        )
    with pytest.raises(Unreadable, match="section0"):
        documents.text(trap, HWPX)


def test_a_truncated_hwpx_is_called_damaged(hwp, tmp_path):
    cut = tmp_path / "cut.hwpx"
    cut.write_bytes((hwp / "python-hwpx/m3_gongmun_gold/seoul_sihaengmun.hwpx").read_bytes()[:5000])
    with pytest.raises(Unreadable, match="damaged"):
        documents.text(cut, HWPX)
