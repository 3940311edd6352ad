"""Every sentence is there in both languages, takes every kind of value, and is compiled."""

import re
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

import seogo
from access.assets import catalogues
from archive.site import language
from archive.work import jobs
from ingest import explaining
from ingest.agreements import judging
from ingest.papers import making
from ingest.receipts import issuing
from preservation import applying, fixity
from tests.access.conftest import static_folder

KOREAN, ENGLISH = (catalogues.messages(each) for each in ("ko", "en"))
SLOT = re.compile(r"\{(\w+)\}")
# A `limit.` of a reader is the reason of one page and no rule.
RULE = re.compile(r'"((?:list|file|bag|name|virus|limit(?=\.(?:archive|list)))\.[a-z_]+)"')
ROOT = static_folder().parents[1]


def test_both_catalogues_have_the_same_keys_with_the_same_values():
    assert KOREAN.keys() == ENGLISH.keys()
    for key in KOREAN:
        assert set(SLOT.findall(KOREAN[key])) == set(SLOT.findall(ENGLISH[key])), key


@pytest.mark.parametrize("value", ["시설과", "기록", "Seogo", "漢江", "1955"])
def test_every_sentence_can_be_said_with_every_kind_of_value(value):
    for sentence in (*KOREAN.values(), *ENGLISH.values()):
        said = language.fill(sentence, **dict.fromkeys(SLOT.findall(sentence), value))
        assert said
        assert "{" not in said
        if not "가" <= value[-1] <= "힣":
            continue
        assert not re.search(re.escape(value) + r"[’”']?(을\(를\)|이\(가\)|은\(는\)|\(으\)로)", said)


@pytest.mark.parametrize("name", ["ko", "en"])
def test_the_compiled_catalogue_is_the_one_of_its_source(name):
    assert catalogues.path(name, "mo").read_bytes() == catalogues.compiled(name)


def test_english_sentences_have_no_hangul_but_the_name_of_the_other_language():
    assert [key for key, said in ENGLISH.items() if re.search("[가-힣]", said)] == ["language.other"]


def test_every_key_that_a_page_asks_for_is_in_the_catalogues():
    asked: set[str] = set()
    for folder in ("access", "archive", "ingest", "preservation"):
        for path in [*(ROOT / folder).rglob("*.html"), *(ROOT / folder).rglob("*web.py")]:
            asked |= set(re.findall(r"""(?:\bt|\bsay)\(\s*["']([a-z0-9_.-]+)["']\s*[,)]""", path.read_text()))
    assert len(asked) > 150
    assert asked <= KOREAN.keys()


def test_every_syllable_of_the_catalogues_is_in_the_first_cut_of_both_weights():
    wanted = {ord(sign) for said in KOREAN.values() for sign in said if "가" <= sign <= "힣"}
    for weight in (400, 700):
        have = TTFont(static_folder() / f"seogo-sans-{weight}-core.woff2").getBestCmap()
        assert wanted <= set(have)


def test_every_finding_rule_in_the_code_has_a_name_and_a_next_step_in_korean():
    rules: set[str] = set()
    for folder in ("ingest", "metadata_schemas", "preservation"):
        for path in Path(ROOT / folder).rglob("*.py"):
            rules |= set(RULE.findall(path.read_text()))
    assert {rule for rule in rules if f"rule.{rule}" not in KOREAN} == set()
    assert {rule for rule in rules if f"todo.{rule}" not in KOREAN} == set()


def test_rules_whose_sentences_are_said_otherwise_in_korean_are_rules_of_the_code():
    paths = [
        path
        for folder in ("ingest", "metadata_schemas", "preservation")
        for path in (ROOT / folder).rglob("*.py")
    ]
    code = "\n".join(path.read_text() for path in paths if path.name != "explaining.py")
    known = set(re.findall(r'"([a-z]+\.[a-z_]+)"', code))
    known |= {f"list.{element}" for element in re.findall(r'\.coded\("\w+", "(\w+)"', code)}
    assert {*explaining.SAID_WHOLE, *(rule for rule, _, _ in explaining.DETAILS)} - known == set()


def test_every_finding_rule_that_the_manual_lists_has_words_of_its_own():
    manual = (ROOT / "docs" / "operating" / "findings.md").read_text().partition("## Refusals")[0]
    rules = set(re.findall(r"^\| `[^|]*", manual, re.MULTILINE))
    named = {rule for line in rules for rule in re.findall(r"`((?:[a-z]+)\.[a-z_]+)(?:\.\w+)?`", line)}
    assert {"bag.oxum", "bag.eark", "agreement.virus", "list.date"} <= named
    assert {rule for rule in named if f"rule.{rule}" not in KOREAN} == set()
    for rule in named:
        assert explaining.todo(lambda key: KOREAN.get(key, key), rule) != KOREAN["todo.other"], rule


def test_a_rule_that_asks_for_something_else_than_its_family_has_words_of_its_own():
    manual = (ROOT / "docs" / "operating" / "findings.md").read_text()
    own: set[str] = set()
    for rules, step in re.findall(r"^\| (`bag\.[^|]*) \|.*\| ([^|]*) \|$", manual, re.MULTILINE):
        if not re.search(r"\b(send|package|the same)\b", step):
            own |= set(re.findall(r"`(bag\.[a-z0-9]+\.\w+)`", rules))
    assert own == {"bag.eark.unnamed", "bag.neo3.algorithm", "bag.neo3.signature", "bag.neo3.unnamed"}
    for words in (KOREAN, ENGLISH):
        assert {f"{kind}.{each}" for kind in ("rule", "todo") for each in own} <= words.keys()


def test_every_act_of_a_transfer_has_words():
    acts: set[str] = set()
    for path in (ROOT / "ingest").rglob("*.py"):
        acts |= set(re.findall(r'transfers\.note\(\s*\w+, \w+, "([a-z-]+)"', path.read_text()))
    assert {"received", "returned", "corrected"} <= acts
    for words in (KOREAN, ENGLISH):
        assert {act for act in acts if f"act.{act}" not in words} == set()


def test_every_act_of_the_log_has_words():
    named = re.compile(r'(?:act=|_tell\(session, |_record\(session, | else |\()"([a-z]+\.[a-z_-]+)"')
    acts: set[str] = set()
    for folder in ("ingest", "preservation", "access"):
        for path in (ROOT / folder).rglob("*.py"):
            text = path.read_text()
            if "ledger.record" in text or "yield Act(" in text:
                acts |= {
                    act for act in named.findall(text) if not RULE.fullmatch(f'"{act}"') and act[-3:] != ".id"
                }
    acts |= {*fixity.ACTS.values(), applying.APPLIED, f"{issuing.RECEIPT}.issued"}
    acts |= {f"{kind}.issued" for kind in making.KINDS}
    acts |= {f"file.{act}" for act in ("release-asked", "released", "release-refused")}
    acts |= {f"scan.{act}" for act in ("found", "incomplete", "passed")}
    assert {"volume.accepted", "copy.lost", "item.cleared", "agency.token_made"} <= acts
    for words in (KOREAN, ENGLISH):
        assert {act for act in acts if f"entry.{act}" not in words} == set()


def test_what_the_lists_expect_is_said_in_korean():
    def say(key: str, **values: object) -> str:
        return language.fill(KOREAN.get(key, key), **values)

    wanted: set[str] = set()
    for path in (ROOT / "metadata_schemas").glob("transfer_lists/*.py"):
        wanted |= set(re.findall(r'"((?:an?|one|no|at) [a-z][^"{]*)", f?"', path.read_text()))
    assert len(wanted) > 8
    assert {each for each in wanted if explaining.expected(say, each) == each} == set()
    assert explaining.expected(say, "one of 1년, 3년") == "1년, 3년 가운데 하나"
    assert explaining.expected(say, "each 관리번호 once") == "관리번호마다 한 번"
    assert explaining.expected(say, "METS 1.12") == "METS 1.12"


def test_what_was_agreed_is_said_and_cited_in_korean():
    def say(key: str, **values: object) -> str:
        return language.fill(KOREAN.get(key, key), **values)

    judged = (ROOT / "ingest/agreements/judging.py").read_text()
    agreed = {SLOT.sub("7", text) for text in re.findall(r'agreed = .*?"([^"]+)"$', judged, re.MULTILINE)}
    assert {"at most 7 bytes a file", "a scan before anything is taken", "names like 7"} <= agreed
    agreed |= {judging.WHOLE}
    agreed = {each.replace("at most 7 7", "at most 7 volumes") for each in agreed}
    agreed = {each.replace("of every 7", "of every item") for each in agreed} | {"7 of every volume"}
    for each in agreed:
        said = explaining.expected(say, f"{each} [agreement 6110000, version 2, clause one]")
        assert said.endswith(" (협약 6110000 2판, 조항 one)"), said
        assert not re.search("[a-z]", said.partition(" (")[0]), said
    assert explaining.expected(say, "pdf, tif [agreement 6110000, version 2, clause f-1]") == (
        "pdf, tif (협약 6110000 2판, 조항 f-1)"
    )
    said = ("clause.checksums", "rule.agreement.checksum", "expected.a checksum for every file")
    assert all("체크섬" in KOREAN[each] for each in said)


def test_every_declared_job_has_words_in_both_languages():
    seogo.load()
    ours = ("access.", "archive.", "ingest.", "preservation.")
    names = {name for name, job in jobs.DECLARED.items() if job.body.__module__.startswith(ours)}
    assert {"accept-transfer", "check-transfer", "derive-volume", "index-changes", "seal-ledger"} <= names
    for words in (KOREAN, ENGLISH):
        assert {name for name in names if f"job.name.{name}" not in words} == set()
