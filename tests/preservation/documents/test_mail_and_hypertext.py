"""Mail and HTML give their words, also where they break their standards."""

from email.message import EmailMessage

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


def test_html_gives_words_and_no_script(tmp_path):
    path = tmp_path / "page.html"
    path.write_bytes(
        "<html><style>p{}</style><script>alert('x')</script><p>시정 <b>보고</b>&amp;</p><td>1<td>2".encode(
            "cp949"
        )
    )
    assert documents.text(path, "text/html").whole == "시정 보고&\n1\t2"
