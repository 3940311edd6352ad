"""What a transfer folder's lists say, as an archivist would send them."""

from pathlib import Path

import pytest

from metadata_schemas.description import NO_STATUS, Access
from tests.metadata_schemas.transfer_lists.folders import (
    ITEMS_2013,
    VOLUMES_2013,
    errors,
    item_2013,
    read,
    rules,
    volume_2013,
    write_list,
)

SIMPLE = ["관리번호", "제목", "생산연도", "보존기간", "공개구분", "파일"]


@pytest.mark.parametrize(
    ("system", "code", "retention"),
    [("nak19-2013", "30", "준영구"), ("rms", "30", "30년"), ("rms", "20", "30년"), (None, "30년", "30년")],
)
def test_retention_30_means_what_the_named_system_says(
    tmp_path: Path, system: str | None, code: str, retention: str
):
    write_list(tmp_path, "이관목록.csv", [SIMPLE, ["A1", "굴착", "1998", code, "공개", ""]])
    lists = read(tmp_path, system)
    assert errors(lists) == []
    assert lists.volumes[0].retention == retention
    assert lists.volumes[0].raw["보존기간"] == code


def test_a_code_without_a_known_system_is_an_error_and_never_a_guess(tmp_path: Path):
    write_list(tmp_path, "이관목록.csv", [SIMPLE, ["A1", "굴착", "1998", "30", "공개", ""]])
    lists = read(tmp_path)
    (error,) = errors(lists)
    assert (error.rule, error.value) == ("list.code_without_system", "30")
    assert (error.where.list, error.where.row, error.where.column) == ("이관목록.csv", 2, "보존기간")
    assert lists.volumes[0].retention is None
    assert errors(read(tmp_path, agency_default="rms")) == []


def test_a_whole_header_means_the_exchange_form_unless_somebody_says_otherwise(tmp_path: Path):
    write_list(tmp_path, "등록부.csv", [VOLUMES_2013, volume_2013(보존기간="30")])
    assert read(tmp_path).volumes[0].retention == "준영구"
    assert read(tmp_path, agency_default="rms").volumes[0].retention == "30년"
    assert read(tmp_path, "nak19-2013", agency_default="rms").volumes[0].retention == "준영구"


def test_a_header_that_lacks_one_column_does_not_name_a_system(tmp_path: Path):
    write_list(tmp_path, "등록부.csv", [VOLUMES_2013[:-1], volume_2013(보존기간="30")[:-1]])
    assert "list.code_without_system" in rules(read(tmp_path))


def test_an_unknown_system_is_refused_with_the_known_names(tmp_path: Path):
    write_list(tmp_path, "이관목록.csv", [SIMPLE, ["A1", "굴착", "1998", "30년", "공개", ""]])
    (error,) = errors(read(tmp_path, "cams"))
    assert error.rule == "list.source_system"
    assert error.expected
    assert "nak19-2013" in error.expected
    assert "rms" in error.expected


def test_the_abolished_20_years_are_30_years_with_a_note(tmp_path: Path):
    write_list(tmp_path, "이관목록.csv", [SIMPLE, ["A1", "굴착", "1998", "20년", "공개", ""]])
    lists = read(tmp_path)
    assert lists.volumes[0].retention == "30년"
    assert lists.volumes[0].raw["보존기간"] == "20년"
    assert rules(lists, "note") == ["list.retention_changed"]


def test_a_short_retention_and_a_thick_volume_are_warnings(tmp_path: Path):
    write_list(tmp_path, "등록부.csv", [VOLUMES_2013, volume_2013(보존기간="05", 쪽수="130")])
    lists = read(tmp_path)
    assert errors(lists) == []
    assert sorted(rules(lists, "warning")) == ["list.retention_short", "list.thick_volume"]
    assert lists.volumes[0].page_count == 130


def test_two_whole_registers_are_joined_by_the_28_signs(tmp_path: Path):
    write_list(
        tmp_path,
        "철.csv",
        [VOLUMES_2013, volume_2013(), volume_2013(권호수="002", 제목="도로 굴착 허가 관계철 2")],
    )
    second = "6110001BB0000011998000001002"
    items = [
        item_2013(),
        item_2013(
            **{"생산(접수)등록번호": "6110001000002"},
            분류번호=second,
            공개여부="2NNNNNYNN",
            공개제한부분="1-5,8,10",
        ),
    ]
    write_list(tmp_path, "건.csv", [ITEMS_2013, *items], "cp949")
    lists = read(tmp_path)
    assert errors(lists) == []
    first, other = lists.volumes
    assert [item.title for item in first.items] == ["도로 굴착 허가 알림"]
    assert first.file_number == other.file_number
    assert (first.volume_number, other.volume_number) == (1, 2)
    assert other.items[0].access == Access("partial", (6,), ((1, 5), (8, 8), (10, 10)))
    assert other.identifiers["folder"] == second
    assert other.items[0].identifiers["file_stem"] == "19986110001000002"
    assert set(lists.lists) == {"철.csv", "건.csv"} == lists.claimed


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"공개여부": "1NNNNNYNN"}, "list.access"),
        ({"공개여부": "3NNNNNNNN"}, "list.access"),
        ({"공개여부": "2NNNNNYNN", "공개제한부분": "5-3"}, "list.access_pages"),
        ({"공개여부": "2NNNNNYNN", "공개제한부분": "8,8"}, "list.access_pages"),
        ({"공개여부": "2NNNNNYNN", "공개제한부분": "13"}, "list.access_pages"),
        ({"등록일자": "199813021030"}, "list.date"),
        ({"쪽수": "열둘"}, "list.number"),
        ({"쪽수": "1,000,000,000"}, "list.number"),
        ({"쪽수": "9" * 5_000}, "list.number"),
        ({"등록구분": "9"}, "list.registration_type"),
        ({"제목": ""}, "list.title"),
        ({"특수기록물": "NYNNN"}, "list.secret"),
        ({"분류번호": "6110001BB0000011998000009001"}, "list.orphan_item"),
    ],
)
def test_a_bad_cell_of_an_item_is_one_error_with_its_row(tmp_path: Path, changes: dict[str, str], rule: str):
    write_list(tmp_path, "철.csv", [VOLUMES_2013, volume_2013()])
    good = item_2013(**{"생산(접수)등록번호": "6110001000009"})
    write_list(tmp_path, "건.csv", [ITEMS_2013, good, item_2013(**changes)])
    lists = read(tmp_path)
    assert [(error.rule, error.where.list, error.where.row) for error in errors(lists)] == [
        (rule, "건.csv", 3)
    ]
    assert ("건.csv", 3) in lists.errors()


def test_an_item_list_alone_makes_its_volumes(tmp_path: Path):
    header = [
        "연번",
        "생산기관",
        "보존기간",
        "기록물철 제목",
        "제목",
        "생산일자",
        "공개여부",
        "비공개사유",
        "파일",
    ]
    rows = [
        ["1", "도로과", "영구", "굴착철", "허가 알림", "1998.3.2", "공개", "", "굴착/1.pdf"],
        [
            "2",
            "도로과",
            "영구",
            "굴착철",
            "허가 취소",
            "1998.5.2",
            "비공개",
            "6호",
            "굴착/2.pdf; 굴착\\2-1.pdf",
        ],
        ["3", "도로과", "준영구", "보수철", "보수", "단기 4288년 10월 3일", "공개", "-", ""],
    ]
    write_list(tmp_path, "목록.csv", [header, *rows])
    lists = read(tmp_path)
    assert errors(lists) == []
    first, second = lists.volumes
    assert (first.title, first.retention, len(first.items)) == ("굴착철", "영구", 2)
    assert first.items[1].files == ("굴착/2.pdf", "굴착/2-1.pdf")
    assert first.created
    assert first.created.text == "1998.3.2 ~ 1998.5.2"
    assert second.creator_agency == "도로과"


@pytest.mark.parametrize(
    ("header", "row", "lacking"),
    [
        (["철제목", "보존기간", "공개여부", "건제목"], ["굴착철", "영구", "공개", "허가"], None),
        (["철 관리번호", "보존기간", "공개여부", "건제목"], ["V-1", "영구", "공개", "허가"], "no title of"),
        (["철제목", "건제목", "공개여부", "파일"], ["굴착철", "허가", "공개", "a"], "no retention of"),
        (
            ["철 관리번호", "건제목", "공개여부", "파일"],
            ["V-1", "허가", "공개", "a"],
            "no title and no retention of",
        ),
    ],
)
def test_a_volume_of_which_only_its_items_tell_is_one_warning(
    tmp_path: Path, header: list[str], row: list[str], lacking: str | None
):
    write_list(tmp_path, "건목록.csv", [header, row, [row[0], *row[1:-1], "b"]])
    lists = read(tmp_path)
    assert errors(lists) == []
    assert len(lists.volumes) == 1
    assert rules(lists, "warning") == ["list.implied_volume"] * (lacking is not None)
    for finding in lists.findings:
        assert (finding.where.list, finding.where.row, finding.value) == ("건목록.csv", 2, row[0])
        assert lacking and lacking in finding.message


@pytest.mark.parametrize(
    ("volumes", "items", "missing"),
    [
        (["관리번호", "제목", "보존기간"], ["철 관리번호", "건제목", "공개여부"], []),
        (["관리번호", "제목", "보존기간", "공개여부"], ["철 관리번호", "건제목"], []),
        (["관리번호", "제목", "생산연도"], ["철 관리번호", "건제목", "공개여부"], ["보존기간"]),
        (["관리번호", "제목", "생산연도"], ["철 관리번호", "건제목", "보존기간"], ["공개여부"]),
        (["관리번호", "제목", "생산연도"], ["철 관리번호", "건제목", "파일"], ["보존기간", "공개여부"]),
        (["관리번호", "제목", "보존기간"], None, []),
        (["제목", "생산연도", "보존기간"], ["철 관리번호", "건제목", "공개여부"], ["관리번호"]),
        (["제목", "생산연도", "보존기간"], ["관리번호", "건 관리번호", "건제목", "공개여부"], ["관리번호"]),
        (["제목", "생산연도", "보존기간"], ["철 관리번호", "분류번호", "건제목", "공개여부"], ["관리번호"]),
        (["제목", "분류번호", "보존기간"], ["철 관리번호", "분류번호", "건제목", "공개여부"], []),
        (["제목", "생산연도", "보존기간"], ["철 관리번호", "철 제목", "건제목", "공개여부"], []),
        (["제목", "생산연도", "보존기간"], ["건 관리번호", "철제목", "건제목", "공개여부"], []),
        (["제목", "수량", "연도"], ["철 관리번호", "건제목", "파일"], ["관리번호", "보존기간", "공개여부"]),
    ],
)
def test_a_column_that_no_list_has_is_told_of_the_list_that_lacks_it_before_what_follows(
    tmp_path: Path, volumes: list[str], items: list[str] | None, missing: list[str]
):
    cells = {
        "관리번호": "V-1",
        "철 관리번호": "V-1",
        "보존기간": "영구",
        "공개여부": "공개",
        "생산연도": "1998",
    }
    for name, header in (("철목록.csv", volumes), ("건목록.csv", items)):
        if header:
            write_list(tmp_path, name, [header, [cells.get(each, "1998") for each in header]])
    findings = read(tmp_path).findings
    told = [each for each in findings if each.rule == "list.no_column"]
    assert told == list(findings)[: len(told)]
    assert all(each.message.endswith("Add the column and send the list again.") for each in told)
    kinds = {
        "관리번호": ("error", "철목록.csv"),
        "보존기간": ("warning", "철목록.csv"),
        "공개여부": ("warning", "건목록.csv"),
    }
    places = [(each.where.column, (each.severity, each.where.list)) for each in told]
    assert places == [(name, kinds[name]) for name in missing]
    lost = [each for each in findings if each.rule == "list.orphan_item"]
    assert bool(lost) == ("관리번호" in missing)


def test_a_column_that_may_be_meant_is_named_with_the_one_that_is_missing(tmp_path: Path):
    header = ["관리번호", "제목", "생산연도", "보존기한", "공개여부"]
    write_list(tmp_path, "철목록.csv", [header, ["V-1", "굴착", "1998", "영구", "공개"]])
    [told] = [each for each in read(tmp_path).findings if each.rule == "list.no_column"]
    assert "no column 보존기간 (its column 보존기한 may be meant)" in told.message


def test_a_list_of_unknown_columns_is_told_with_the_columns_it_has(tmp_path: Path):
    write_list(tmp_path, "이관목록.csv", [["", ""], ["번호표", " 제목입니다 ", ""], ["1", "굴착", ""]])
    [told] = read(tmp_path).findings
    assert (told.rule, told.value) == ("list.columns", "번호표, 제목입니다")
    assert "it begins with 번호표, 제목입니다." in told.message


@pytest.mark.parametrize("lacks", ["a row", "a list of its own"])
def test_a_table_without_rows_or_that_is_a_record_lacks_no_column(tmp_path: Path, lacks: str):
    header = ["철 관리번호", "건제목", "공개여부", "파일", "보존기간"]
    write_list(tmp_path, "건목록.csv", [header, ["V-1", "가", "공개", "표.csv", "영구"]])
    rows = [["제목", "생산연도", "수량"], ["굴착", "1998", "1"]]
    if lacks == "a row":
        write_list(tmp_path, "철목록.csv", rows[:1])
    else:
        write_list(tmp_path, "표.csv", rows)
    lists = read(tmp_path)
    assert [volume.sender_id for volume in lists.volumes] == ["V-1"]
    assert "list.no_column" not in {each.rule for each in lists.findings}


def test_what_only_a_table_without_rows_or_a_record_has_is_told_to_be_missing(tmp_path: Path):
    write_list(
        tmp_path, "철목록.csv", [["관리번호", "제목", "생산연도", "파일"], ["V-1", "굴착", "1998", "표.csv"]]
    )
    for name in ("건목록.csv", "표.csv"):
        of_items = ["철 관리번호", "건제목", "보존기간"]
        write_list(tmp_path, name, [of_items, ["V-1", "가", "영구"]] if name == "표.csv" else [of_items])
    told = [each for each in read(tmp_path).findings if each.rule == "list.no_column"]
    assert [(each.where.list, each.where.column) for each in told] == [("철목록.csv", "보존기간")]


def test_items_that_meet_their_volume_by_its_28_signs_need_no_number(tmp_path: Path):
    signs = {
        "기관코드": "6110000",
        "단위과제코드": "AB000001",
        "생산연도": "1998",
        "철등록일련번호": "000001",
        "권호수": "001",
    }
    write_list(tmp_path, "철목록.csv", [["제목", "보존기간", *signs], ["굴착", "영구", *signs.values()]])
    header = ["철 관리번호", "분류번호", "건제목", "공개여부"]
    write_list(tmp_path, "건목록.csv", [header, ["V-1", "".join(signs.values()), "가", "공개"]])
    assert [len(volume.items) for volume in read(tmp_path).volumes] == [1]
    assert "list.no_column" not in {each.rule for each in read(tmp_path).findings}


def test_files_of_a_metadata_csv_without_a_row_for_their_folder_are_a_volume_with_a_warning(tmp_path: Path):
    rows = [["objects", "굴착"], ["objects/a.pdf", "허가"], ["b.pdf", "취소"]]
    for path in ("objects/a.pdf", "b.pdf"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).touch()
    write_list(tmp_path, "metadata/metadata.csv", [["filename", "dc.title"], *rows])
    lists = read(tmp_path)
    titles = [(volume.title, len(volume.items)) for volume in lists.volumes]
    assert titles == [("굴착", 1), (tmp_path.name, 1)]
    assert rules(lists, "warning") == ["list.implied_volume"]


def test_rows_of_one_volume_that_disagree_are_an_error(tmp_path: Path):
    header = ["보존기간", "기록물철 제목", "건제목", "파일"]
    write_list(tmp_path, "목록.csv", [header, ["영구", "굴착철", "가", "a"], ["30년", "굴착철", "나", "b"]])
    (error,) = errors(read(tmp_path))
    assert (error.rule, error.where.row) == ("list.disagreement", 3)
    assert "row 2" in error.message


def test_items_meet_their_volumes_by_number_or_by_title(tmp_path: Path):
    write_list(
        tmp_path,
        "철목록.csv",
        [SIMPLE, ["V-1", "굴착", "1998", "영구", "공개", ""], ["V-2", "보수", "1999", "영구", "공개", ""]],
    )
    header = ["철 관리번호", "철제목", "관리번호", "건제목", "파일명"]
    rows = [
        ["V-1", "굴착", "I-1", "가", "a.pdf"],
        ["", "보수", "I-2", "나", "b.pdf"],
        ["V-1", "보수", "I-3", "다", "c.pdf"],
        ["V-9", "", "I-4", "라", "d.pdf"],
        ["", "", "I-5", "마", "e.pdf"],
    ]
    write_list(tmp_path, "건목록.csv", [header, *rows])
    lists = read(tmp_path)
    assert [[item.sender_id for item in volume.items] for volume in lists.volumes] == [["I-1"], ["I-2"]]
    assert [(error.rule, error.where.row) for error in errors(lists)] == [
        ("list.disagreement", 4),
        ("list.orphan_item", 5),
        ("list.orphan_item", 6),
    ]
    assert [error.message.partition(":")[2].partition(".")[0] for error in errors(lists)[1:]] == [
        " 'V-9' names a volume that is in no list", " it names no volume"
    ]  # fmt: skip


def test_an_item_is_not_put_into_one_of_two_volumes_with_the_same_title(tmp_path: Path):
    header = ["관리번호", "기록물철 제목", "권호수", "보존기간", "생산연도"]
    volumes = [["V-1", "굴착", "1", "영구", "1998"], ["V-2", "굴착", "2", "영구", "1998"]]
    write_list(tmp_path, "철목록.csv", [header, *volumes])
    items = ["철제목", "권호수", "건제목", "파일"]
    write_list(tmp_path, "건목록.csv", [items, ["굴착", "2", "가", "a"], ["굴착", "", "나", "b"]])
    lists = read(tmp_path)
    assert [len(volume.items) for volume in lists.volumes] == [0, 1]
    assert [(error.rule, error.where.row) for error in errors(lists)] == [("list.ambiguous_volume", 3)]


@pytest.mark.parametrize("column", ["관리번호", "일련번호"])
def test_a_number_that_stands_twice_names_both_rows(tmp_path: Path, column: str):
    header = [column, "제목", "생산연도", "보존기간"]
    write_list(tmp_path, "이관목록.csv", [header, ["7", "가", "1998", "영구"], ["7", "나", "1998", "영구"]])
    first, second = errors(read(tmp_path))
    assert (first.rule, first.where.row, first.value) == ("list.duplicate", 2, "7")
    assert (second.rule, second.where.row, second.value) == ("list.duplicate", 3, "7")
    assert "row 3" in first.message and "row 2" in second.message


def test_the_same_register_key_twice_is_an_error(tmp_path: Path):
    write_list(tmp_path, "철.csv", [VOLUMES_2013, volume_2013(), volume_2013(제목="다른 철")])
    assert rules(read(tmp_path)) == ["list.duplicate", "list.duplicate"]


def test_numbers_of_items_may_begin_anew_in_each_volume(tmp_path: Path):
    header = ["일련번호", "철제목", "건제목", "보존기간"]
    rows = [["1", "가철", "가", "영구"], ["1", "나철", "나", "영구"], ["1", "나철", "다", "영구"]]
    write_list(tmp_path, "목록.csv", [header, *rows])
    assert [(error.rule, error.where.row) for error in errors(read(tmp_path))] == [
        ("list.duplicate", 3),
        ("list.duplicate", 4),
    ]


SECRETS = ["등록번호", "철제목", "제목", "생산년도", "비밀등급", "보호기간", "재분류결과"]


@pytest.mark.parametrize(
    ("level", "until", "outcome", "allowed"),
    [
        ("3급", "2030.12.31", "", False),
        ("3급비밀", "", "", False),
        ("Ⅱ급", "2020.12.31까지", "", True),
        ("3급", "30년", "", False),
        ("3급", "10년", "", True),
        ("2급", "2030.12.31", "일반", True),
        ("일반", "", "", True),
        ("-", "", "", True),
    ],
)
def test_a_live_secret_is_refused(tmp_path: Path, level: str, until: str, outcome: str, allowed: bool):
    write_list(tmp_path, "비밀목록.csv", [SECRETS, ["총무-1", "철", "제목", "1998", level, until, outcome]])
    assert rules(read(tmp_path)) == ([] if allowed else ["list.secret"])


def test_unknown_columns_are_kept_as_they_came(tmp_path: Path):
    header = [*SIMPLE, "서가 위치", "서가 위치"]
    write_list(tmp_path, "이관목록.csv", [header, ["A1", "굴착", "1998", "영구", "공개", "", " 3-2 ", "B"]])
    (volume,) = read(tmp_path).volumes
    assert volume.extra == {"서가 위치": " 3-2 ", "서가 위치 (2)": "B"}
    assert volume.sender_id == "A1"


def test_titles_above_the_header_and_totals_below_are_not_records(tmp_path: Path):
    rows = [
        ["2026년 기록물 이관목록", "", "", "", "", ""],
        [],
        ["", "", "", "", "", "(단위: 권)"],
        SIMPLE,
        ["A1", "굴착", "1998", "영구", "공개", "a.pdf"],
        ["", "", "", "", "", ""],
        ["합 계", "1권", "", "", "", ""],
        ["이하 여백"],
        ["※ 비공개는 정보공개법에 따름"],
    ]
    write_list(tmp_path, "이관목록.csv", rows)
    lists = read(tmp_path)
    assert errors(lists) == []
    assert [(volume.sender_id, volume.row) for volume in lists.volumes] == [("A1", 5)]


def test_a_spreadsheet_that_a_row_names_is_a_record_and_no_list(tmp_path: Path):
    write_list(tmp_path, "이관목록.csv", [SIMPLE, ["A1", "통계", "1998", "영구", "공개", "통계.csv"]])
    write_list(tmp_path, "통계.csv", [SIMPLE, ["B1", "속의 표", "1998", "40", "공개", ""]])
    write_list(tmp_path, "메모.csv", [["이름", "전화"], ["가", "1"]])
    lists = read(tmp_path)
    assert lists.lists == ("이관목록.csv",)
    assert lists.claimed == {"이관목록.csv"}
    assert [volume.sender_id for volume in lists.volumes] == ["A1"]
    assert errors(lists) == []


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"", "list.empty"),
        ("관리번호,제목,보존기간,생산연도\r\n".encode(), "list.empty"),
        ("이름,전화\r\n가,1\r\n".encode(), "list.columns"),
        ("관리번호,제목,보존기간,생산연도\r\n1,굴착,영구,1998\r\n".encode("utf-16-le"), "list.encoding"),
        ("檔案名稱,題名,年度\r\n臺北市政府公文,民國,中華\r\n".encode("big5"), "list.encoding"),
        (bytes(range(1, 256)) * 4, "list.encoding"),
        ('관리번호,제목,보존기간,생산연도\r\n1,"굴착,영구,1998\r\n'.encode(), "list.unreadable"),
    ],
)
def test_a_list_that_cannot_be_read_is_one_clear_error(tmp_path: Path, content: bytes, rule: str):
    (tmp_path / "이관목록.csv").write_bytes(content)
    lists = read(tmp_path)
    assert rules(lists) == [rule]
    assert lists.volumes == ()


def test_a_field_without_a_value_is_no_error_where_the_law_wants_none(tmp_path: Path):
    header = ["관리번호", "제목", "생산연도", "보존기간", "공개구분", "비고"]
    write_list(tmp_path, "이관목록.csv", [header, ["A1", "굴착", "미상", "영구", "", ""]])
    lists = read(tmp_path)
    assert errors(lists) == []
    assert sorted(rules(lists, "warning")) == ["list.access_missing", "list.date"]
    assert lists.volumes[0].access is None


@pytest.mark.parametrize("status", ["", "모름"])
@pytest.mark.parametrize(
    ("entry", "access"),
    [("비공개", Access("closed", list_open=False, basis=NO_STATUS)), ("공개", None), ("", None)],
)
def test_a_closed_list_entry_is_kept_where_the_status_is_missing(
    tmp_path: Path, status: str, entry: str, access: Access | None
):
    header = ["관리번호", "제목", "생산연도", "보존기간", "공개구분", "목록공개구분"]
    write_list(tmp_path, "이관목록.csv", [header, ["A1", "굴착", "1998", "영구", status, entry]])
    assert read(tmp_path).volumes[0].access == access
