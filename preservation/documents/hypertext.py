"""The words of HTML pages: no scripts, no styles, nothing fetched."""

from html.parser import HTMLParser
from pathlib import Path

from preservation.contents import DocumentText
from preservation.documents.plain_text import decoded, size_checked
from preservation.documents.text import in_pages

SILENT = frozenset({"script", "style", "template", "noscript"})
BLOCKS = frozenset(
    "address article aside blockquote br caption dd div dl dt fieldset figure footer form h1 h2 h3 h4 h5 h6 "
    "header hr li main nav ol p pre section table title tr ul".split()
)
CELLS = frozenset({"td", "th"})


class Words(HTMLParser):
    """Collects text; a block begins a new line and a cell a new column."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.kept: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent += tag in SILENT
        self.kept.append("\n" if tag in BLOCKS else "\t" if tag in CELLS else "")

    def handle_endtag(self, tag: str) -> None:
        self.silent = max(0, self.silent - (tag in SILENT))
        self.kept.append("\n" if tag in BLOCKS else "")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.kept.append(one_line(data))


def one_line(data: str) -> str:
    """Runs of blanks become one, also at the edges, where they part this text from its neighbours."""
    before, after = (" " if edge.isspace() else "" for edge in (data[:1], data[-1:]))
    words = " ".join(data.split())
    return before + words + after if words else before


def html_text(path: Path) -> DocumentText:
    text, remark = decoded(size_checked(path).read_bytes())
    return in_pages([html_lines(text)], remark)


def html_lines(text: str) -> list[str]:
    words = Words()
    words.feed(text)
    words.close()
    return [line.strip() for line in "".join(words.kept).split("\n") if line.strip()]
