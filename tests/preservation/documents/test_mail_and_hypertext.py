"""Mail and HTML give their words, also where they break their standards."""

import base64
from email.message import EmailMessage
from urllib.parse import quote_from_bytes

import pytest

from preservation import documents
from tests.preservation.corpus_files import folder, rows


@pytest.mark.parametrize("path", [path for path, _ in rows("text-encodings", "parse")])
def test_every_message_of_the_corpus_is_read_without_a_crash(path):
    text = documents.text(folder("text-encodings") / path, "message/rfc822")
    assert text.pages


def test_a_korean_message_gives_head_body_and_the_names_of_what_is_attached(tmp_path):
    message = EmailMessage()
    message["Subject"] = "시정 주요업무 보고"
    message["From"] = "총무과 <a@example.org>"
    message.set_content("붙임과 같이 보고합니다.", charset="euc-kr")
    message.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf", filename="보고서.pdf")
    path = tmp_path / "report.eml"
    path.write_bytes(bytes(message))
    whole = documents.text(path, "message/rfc822").whole
    assert "Subject: 시정 주요업무 보고" in whole
    assert "붙임과 같이 보고합니다." in whole
    assert "[보고서.pdf]" in whole


WORDS = "회의 결과 뷁"  # The last syllable is in CP949 and not in EUC-KR.
BARE = WORDS.encode("cp949")
ENCODED = b"=?%s?B?" + base64.b64encode(BARE) + b"?="


@pytest.mark.parametrize(
    ("subject", "name"),
    [
        (BARE, b'filename="' + BARE + b'"'),
        (WORDS.encode(), b'filename="' + WORDS.encode() + b'"'),
        (ENCODED % b"euc-kr", b'filename="' + ENCODED % b"euc-kr" + b'"'),
        (ENCODED % b"ks_c_5601-1987", b"filename*=euc-kr''" + quote_from_bytes(BARE).encode()),
    ],
    ids=["bare CP949", "bare UTF-8", "RFC 2047", "RFC 2231"],
)
def test_heads_and_names_of_old_korean_mail_are_read_however_they_are_written(tmp_path, subject, name):
    path = tmp_path / "old.eml"
    path.write_bytes(
        b"From: " + subject + b" <a@example.org>\nSubject: " + subject + b"\nMIME-Version: 1.0\n"
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain; charset=euc-kr\n\n"
        + BARE + b"\n--b\nContent-Disposition: attachment; " + name + b"\n\nx\n--b--\n"
    )  # fmt: skip
    whole = documents.text(path, "message/rfc822").whole
    assert whole.split("\n") == [
        f"From: {WORDS} <a@example.org>",
        f"Subject: {WORDS}",
        "",
        WORDS,
        f"[{WORDS}]",
    ]


def test_html_gives_words_and_no_script(tmp_path):
    path = tmp_path / "page.html"
    path.write_bytes(
        "<html><style>p{}</style><script>alert('x')</script><p>시정 <b>보고</b>&amp;</p><td>1<td>2".encode(
            "cp949"
        )
    )
    assert documents.text(path, "text/html").whole == "시정 보고&\n1\t2"
