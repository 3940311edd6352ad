"""The tables in the papers: parcels, works, budgets, buildings, and the rolls of invented people."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from random import Random

from ingest.samples import world

Row = tuple[str, ...]


@dataclass(frozen=True)
class Table:
    heading: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Setting:
    """Where and when a table is drawn up; `old` is mixed script."""

    rng: Random
    day: date
    place: world.Place
    old: bool

    def say(self, old: str, new: str) -> str:
        return old if self.old else new

    def columns(self, old: str, new: str) -> tuple[str, ...]:
        return tuple(self.say(old, new).split())

    def amount(self, low: int, high: int, step: int = 1) -> str:
        return f"{self.rng.randint(low, high) * step:,}"


def table(kind: str, rng: Random, era: str, day: date, place: world.Place) -> Table:
    return TABLES[kind](Setting(rng, day, place, era != "c"))


def _land(at: Setting) -> Table:
    uses = "垈 田 畓 林野 道路 雜種地" if at.old else "대 전 답 임야 도로 잡종지"
    owners = "市有 國有 私有" if at.old else "시유지 국유지 사유지"
    rows = tuple(
        (
            at.place.quarter,
            f"{at.rng.randint(1, 640)}-{at.rng.randint(1, 58)}",
            at.rng.choice(uses.split()),
            at.amount(12, 900),
            at.rng.choice(owners.split()),
        )
        for _ in range(at.rng.randint(11, 17))
    )
    unit = "坪" if at.day.year < 1976 else "㎡"
    return Table(
        at.say("土 地 調 書", "토 지 조 서"),
        at.columns(f"所在地 地番 地目 面積({unit}) 備考", f"소재지 지번 지목 면적({unit}) 비고"),
        rows,
    )


def _works(at: Setting) -> Table:
    old = [
        ("掘鑿", "土砂", "㎥"),
        ("鐵筋콩크리트", "1:2:4", "㎥"),
        ("型枠", "木製", "㎡"),
        ("石築", "割石", "㎡"),
        ("鋼材加工", "L75", "瓲"),
        ("鑄鐵管敷設", "150粍", "米"),
        ("路面復舊", "碎石", "㎡"),
        ("運搬", "貨物車", "臺"),
        ("鋪裝", "아스팔트", "㎡"),
        ("假設", "一式", "式"),
    ]
    new = [
        ("터파기", "토사", "㎥"),
        ("철근콘크리트", "25-210-8", "㎥"),
        ("거푸집", "합판 3회", "㎡"),
        ("되메우기", "다짐", "㎥"),
        ("철근가공조립", "보통", "톤"),
        ("관부설", "D300", "m"),
        ("포장복구", "아스콘", "㎡"),
        ("잔토운반", "8톤 덤프", "㎥"),
        ("석축쌓기", "견치돌", "㎡"),
        ("가시설", "강널말뚝", "식"),
    ]
    chosen = at.rng.sample(old if at.old else new, 9)
    rows = tuple((*work, at.amount(2, 1400), "") for work in chosen)
    return Table(
        at.say("工 事 內 譯 書", "공 사 내 역 서"),
        at.columns("工種 規格 單位 數量 備考", "공종 규격 단위 수량 비고"),
        rows,
    )


def _budget(at: Setting) -> Table:
    old = ["俸給", "旅費", "廳費", "工事費", "補助費", "修繕費", "備品費", "食糧費", "借入金利子", "豫備費"]
    new = [
        "기본급",
        "여비",
        "관서당경비",
        "시설비",
        "민간보조금",
        "수선비",
        "자산취득비",
        "급량비",
        "차입금이자",
        "예비비",
    ]
    money = ("圜" if 1953 <= at.day.year < 1962 else "圓") if at.day.year < 1962 else at.say("원", "천원")
    rows = tuple(
        (f"{number}", name, at.amount(40, 9800, 1000), at.amount(40, 9800, 1000), "")
        for number, name in enumerate(at.rng.sample(old if at.old else new, 9), start=1)
    )
    return Table(
        at.say("歲 出 豫 算 內 譯", "세 출 예 산 내 역"),
        at.columns(
            f"番號 科目 豫算額({money}) 前年度({money}) 摘要",
            f"번호 과목 예산액({money}) 전년도({money}) 비고",
        ),
        rows,
    )


def _building(at: Setting) -> Table:
    uses = "住宅 店鋪 事務所 倉庫 工場" if at.old else "주택 점포 사무소 근린생활 공장"
    frames = "木造 煉瓦造 블럭造 鐵筋造" if at.old else "목조 연와조 블럭조 철근조"
    unit = "坪" if at.day.year < 1976 else "㎡"
    rows = tuple(
        (
            f"{at.place.quarter} {at.rng.randint(1, 640)}-{at.rng.randint(1, 58)}",
            at.rng.choice(uses.split()),
            at.rng.choice(frames.split()),
            str(at.rng.randint(1, 5)),
            at.amount(9, 480),
        )
        for _ in range(at.rng.randint(9, 15))
    )
    return Table(
        at.say("建 物 調 書", "건 물 조 서"),
        at.columns(f"位置 用途 構造 層數 面積({unit})", f"위치 용도 구조 층수 면적({unit})"),
        rows,
    )


def _quarters(at: Setting) -> Table:
    names: list[str] = []
    while len(names) < 8:
        name = world.place(at.rng, at.day.year, among=(), hanja=at.old).quarter
        if name not in names:
            names.append(name)
    rows = tuple(
        (name, at.amount(400, 6800), at.amount(2100, 34000), f"{at.rng.randint(31, 480) / 100:.2f}", "")
        for name in names
    )
    return Table(
        at.say("洞 別 現 況", "동 별 현 황"),
        at.columns("洞名 世帶 人口 面積(㎢) 備考", "동명 세대 인구 면적(㎢) 비고"),
        rows,
    )


def _roster(at: Setting) -> Table:
    """People who never were.  Resident numbers were given from the end of 1968 on."""
    numbered = at.day.year >= 1969
    rows = []
    for number in range(1, at.rng.randint(8, 14)):
        name = world.person(at.rng, hanja=at.old)
        who = world.resident_number(at.rng, at.day.year) if numbered else f"{at.rng.randint(19, 66)}歲"
        rows.append(
            (
                str(number),
                name,
                who,
                world.made_up_address(at.rng, at.place, hanja=at.old),
                at.amount(3, 480, 1000),
            )
        )
    second = ("住民登錄番號", "주민등록번호") if numbered else ("年齡", "나이")
    return Table(
        at.say("關 係 人 名 簿", "대 상 자 명 단"),
        at.columns(f"番號 姓名 {second[0]} 住所 金額", f"번호 성명 {second[1]} 주소 금액"),
        tuple(rows),
    )


def _estimate(at: Setting) -> Table:
    """Figures and opinions that a clause other than that of persons keeps back."""
    names = "第一案 第二案 第三案 主務課意見 査定意見" if at.old else "제1안 제2안 제3안 주무과의견 검토의견"
    views = "可 否 保留 再檢討" if at.old else "적정 부적정 보류 재검토"
    rows = tuple(
        (str(number), name, at.amount(120, 9800, 1000), at.rng.choice(views.split()), "")
        for number, name in enumerate(names.split(), start=1)
    )
    return Table(
        at.say("檢 討 意 見 書", "검 토 의 견 서"),
        at.columns("番號 區分 金額 意見 備考", "번호 구분 금액 의견 비고"),
        rows,
    )


TABLES: dict[str, Callable[[Setting], Table]] = {
    "land": _land,
    "works": _works,
    "budget": _budget,
    "building": _building,
    "dongs": _quarters,
    "roster": _roster,
    "estimate": _estimate,
}
