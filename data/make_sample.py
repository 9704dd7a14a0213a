"""The made-up bureau: a seeded generator of the sample data.

Run ``python data/make_sample.py`` to (re)write ``data/sample/`` and ``docs/sample.md``. The same seed gives the same
bytes, every time and everywhere.

It works in two layers:

1. *The truth* (`build`): clean, typed records of 60 units, made without touching a file, together with the rows that
   are bad on purpose. `Truth.trusted` says exactly which records may count on a given day.
2. *The mess* (`plan`, `write`): the same records written the way real files look: several encodings, merged titles,
   two-row headings, totals, notes, half a dozen ways of writing a date, a unit under four names.

`expected` counts what a careful reader must find in the written files, and `describe` says where everything is.
Every person, partner and number here is invented.
"""

from __future__ import annotations

import argparse
import csv
import io
import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Final, TypeAlias, TypeVar

import xlsxwriter

SEED: Final = 2023
YEAR: Final = 2023
AS_OF: Final = date(2024, 3, 31)
CREATED: Final = datetime(2024, 3, 1, 9, 0, 0)  # in every workbook's properties, so that bytes never change

XUEXI: Final = "学习强国"
CADRE: Final = "上海干部在线学习城"
YOUTH: Final = "青年大学习"
PLATFORMS: Final = (XUEXI, CADRE, YOUTH)
EVERYWHERE: Final = "通用"
OFFICE: Final = "机关处室"
GRASSROOTS: Final = "基层单位"
INDUSTRY: Final = "行业"


# --- The truth: what the records are ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Unit:
    """One row of the registry (单位名册)."""

    unit_id: str
    name: str
    short_name: str
    category: str
    parent_id: str | None
    party_org_type: str
    has_committee: bool
    group_count: int
    member_count: int
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True)
class Alias:
    """Another name of a unit, used by one platform or everywhere."""

    alias: str
    platform: str
    unit_id: str


@dataclass(frozen=True)
class Inspection:
    """One check of a unit's organisational-life records (四必有)."""

    inspection_id: str
    unit_id: str
    round: int
    inspected_on: date
    inspector: str
    inspector_unit: str | None
    record_id: str | None
    fixed_time: bool
    agenda: bool
    procedure: bool
    detailed_record: bool
    opinion: str
    guidance: str
    follow_up: str


@dataclass(frozen=True)
class Finding:
    """One problem found by a check, until it is closed."""

    finding_id: str
    inspection_id: str
    unit_id: str
    severity: str
    category: str
    found_on: date
    due_on: date
    rectified_on: date | None
    rechecked_on: date | None
    status: str


@dataclass(frozen=True)
class StudyStat:
    """One unit's month on one learning platform; `period` is the first day of the month."""

    platform: str
    period: date
    unit_id: str
    enrolled: int
    active: int
    participation_rate: Decimal
    score_per_head: Decimal | None
    hours: Decimal | None
    passed: int | None


@dataclass(frozen=True)
class Agreement:
    """A pairing agreement with an industry partner, or with a street, town or village."""

    agreement_id: str
    unit_id: str
    partner: str
    partner_type: str
    signed_on: date
    expires_on: date
    contact: str | None
    planned_activities: int | None


@dataclass(frozen=True)
class Activity:
    """One activity held under an agreement."""

    activity_id: str
    agreement_id: str
    unit_id: str
    held_on: date
    theme: str
    form: str | None
    own_count: int
    partner_count: int | None
    outcome: str


@dataclass(frozen=True)
class Item:
    """One line of the three lists of an agreement: resources, needs, projects."""

    item_id: str
    agreement_id: str
    kind: str
    content: str
    owner: str | None
    due_on: date | None
    done_on: date | None
    status: str


Record: TypeAlias = Unit | Alias | Inspection | Finding | StudyStat | Agreement | Activity | Item
Key: TypeAlias = tuple[str, ...]
R = TypeVar("R", Unit, Alias, Inspection, Finding, StudyStat, Agreement, Activity, Item)

TABLES: Final[Mapping[type[Record], str]] = {
    Unit: "org_unit",
    Alias: "unit_alias",
    Inspection: "inspection",
    Finding: "inspection_finding",
    StudyStat: "study_stat",
    Agreement: "pairing_agreement",
    Activity: "pairing_activity",
    Item: "pairing_item",
}
KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "org_unit": ("unit_id",),
    "unit_alias": ("alias", "platform"),
    "inspection": ("inspection_id",),
    "inspection_finding": ("finding_id",),
    "study_stat": ("platform", "period", "unit_id"),
    "pairing_agreement": ("agreement_id",),
    "pairing_activity": ("activity_id",),
    "pairing_item": ("item_id",),
}
EVENT_DATE: Final[Mapping[str, str]] = {
    "inspection": "inspected_on",
    "inspection_finding": "found_on",
    "study_stat": "period",
    "pairing_activity": "held_on",
}


def table_of(record: Record) -> str:
    """The table a record belongs to."""
    return TABLES[type(record)]


def key_of(record: Record) -> Key:
    """The record's key, as text."""
    return tuple(str(getattr(record, column)) for column in KEYS[table_of(record)])


def event_of(record: Record) -> date | None:
    """The day the record tells about, where its table has such a day."""
    column = EVENT_DATE.get(table_of(record))
    value = getattr(record, column) if column else None
    return value if isinstance(value, date) else None


@dataclass(frozen=True)
class Records:
    """A set of clean records, table by table."""

    units: tuple[Unit, ...] = ()
    aliases: tuple[Alias, ...] = ()
    inspections: tuple[Inspection, ...] = ()
    findings: tuple[Finding, ...] = ()
    study_stats: tuple[StudyStat, ...] = ()
    agreements: tuple[Agreement, ...] = ()
    activities: tuple[Activity, ...] = ()
    items: tuple[Item, ...] = ()

    def __iter__(self) -> Iterator[Record]:
        for table in fields(self):
            yield from getattr(self, table.name)

    def __len__(self) -> int:
        return sum(1 for _ in self)


@dataclass(frozen=True)
class Entry:
    """One record row of a file: a record, and where it is bad on purpose, why it must be quarantined."""

    record: Record
    reason: str | None = None
    note: str = ""
    raw: tuple[tuple[str, str], ...] = ()  # cells written as given, whatever the record says
    slot: str | None = None  # the sheet it is filed under, where not the usual one

    @property
    def table(self) -> str:
        """The table the row belongs to."""
        return table_of(self.record)


@dataclass(frozen=True)
class Truth:
    """The bureau as it really is, and the rows that are bad on purpose."""

    seed: int
    records: Records
    bad: tuple[Entry, ...] = ()
    remarks: Mapping[tuple[str, Key], str] = field(default_factory=dict)  # good records worth a look

    def trusted(self, as_of: date = AS_OF) -> Records:
        """The records that may count on a day: all good ones whose event is not in the future."""

        def known(rows: Sequence[R]) -> tuple[R, ...]:
            return tuple(row for row in rows if (event_of(row) or as_of) <= as_of)

        kept = self.records
        return replace(
            kept,
            inspections=known(kept.inspections),
            findings=known(kept.findings),
            study_stats=known(kept.study_stats),
            activities=known(kept.activities),
        )


# --- Who is who ------------------------------------------------------------------------------------------------------


def _words(*lines: str) -> tuple[str, ...]:
    return tuple(" ".join(lines).split())


OFFICE_NAMES: Final = _words(
    "办公室 组织人事处 党建工作处 宣传教育处 政策法规处 计划财务处 综合规划处 行政审批处 科技信息处 水务管理处",
    "水资源管理处 河长制工作处 排水管理处 防汛水利处 供水管理处 大气环境处 水生态环境处 土壤环境处 固体废物处",
    "自然生态处 环评管理处 监测管理处 应急安全处 督察信访处",
)
GRASSROOTS_NAMES: Final = _words(
    "水务管理事务中心/水务中心 环境监测站/监测站 生态环境局执法大队/执法大队 排水管理事务中心/排水中心",
    "河道管理事务中心/河道中心 供水管理事务中心/供水中心 防汛指挥保障中心/防汛中心 海塘管理所/海塘所",
    "水闸管理所/水闸所 水文勘测站/水文站 水务工程建设管理中心/建管中心 水务工程质量安全监督站/质监站",
    "固体废物管理中心/固废中心 辐射环境监督站/辐射站 环境信息与宣传教育中心/信息宣教中心",
    "生态环境科学研究所/环科所 绿化管理事务中心/绿化中心 林业工作站/林业站 野生动植物保护站/野保站",
    "公园管理事务中心/公园中心 市容环境事务中心/市容中心 生活垃圾分类推进中心/分类中心",
    "水务行政服务中心/水务服务中心 川沙水务管理站/川沙站 周浦水务管理站/周浦站 惠南水务管理站/惠南站",
    "临港水务管理站/临港站 三林水务管理站/三林站 北蔡水务管理站/北蔡站 张江水务管理站/张江站",
    "金桥水务管理站/金桥站 外高桥水务管理站/外高桥站 曹路水务管理站/曹路站 祝桥水务管理站/祝桥站",
    "航头水务管理站/航头站 芦潮港水闸管理所/芦潮港所",
)

# Units with a story; the scores of each show one trap.
PERFECT: Final = ("J03", "J11")  # nothing lost: tied on the first rank
NO_DATA: Final = "D20"  # rows of 2022 only: listed, not ranked
SET_UP_IN_MAY: Final = "D36"  # valid from 15 May 2023: its months start in June
NO_YOUTH: Final = "J09"  # nobody enrolled in 青年大学习: not applicable
NO_PROJECTS: Final = ("J16", "D12", "D28")  # agreements without projects: not applicable, shared out
NOT_IN_ROUND_2: Final = "D15"  # inspected in the first round only
NEVER_INSPECTED: Final = "D33"  # all of foundation is shared out
YOUTH_UNREPORTED: Final = "D22"  # has youth, never reported 青年大学习: zero for every month
STUDY_UNREPORTED: Final = "J22"  # no study row of 2023 at all: not reported
PAIRING_UNREPORTED: Final = "D31"  # no agreement at all: not reported
INDUSTRY_ONLY: Final = "D18"  # no street, town or village partner
WEAK: Final = ("J05", "D07", "D29")
ODD_COMMITTEE: Final = ("J13", "D30")  # the committee does not fit the number of members (warning)
ENDS_LATER: Final = "J24"  # valid to the end of 2025
STORIES: Final = {
    *PERFECT, *NO_PROJECTS, *WEAK, NO_DATA, SET_UP_IN_MAY, NO_YOUTH, NOT_IN_ROUND_2, NEVER_INSPECTED,
    YOUTH_UNREPORTED, STUDY_UNREPORTED, PAIRING_UNREPORTED, INDUSTRY_ONLY,
}  # fmt: skip

COPIED_SLOTS: Final = ("inspection/2023-03", "study/2023-09")  # filed twice, so no bad row goes there
OVER_100_MONTHS: Final = (1, 2, 5, 6, 8)  # months whose rates are written with a per cent sign or as bare per cents

SURNAMES: Final = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
GIVEN: Final = "明华强敏静丽军洋勇艳杰娟涛超霞平刚玲"
OUTSIDE_INSPECTORS: Final = ("区委组织部", "区级机关工委")
CATEGORIES: Final = _words(
    "会议记录不完整 议题不明确 程序不规范 签到缺失 学习内容单一 请假手续不全 记录要素缺项 会议时间不固定"
)
OPINIONS: Final = (
    "记录规范，要素齐全",
    "总体规范，部分记录偏简",
    "议题设置需进一步聚焦",
    "会议程序需进一步规范",
    "记录要素有缺项，需补正",
)
GUIDANCE: Final = ("现场讲解规范模板", "指导完善会议记录", "对照四必有逐项辅导", "提供范例并答疑")
FOLLOW_UPS: Final = ("限期整改并复查", "列入下轮重点抽查", "电话跟踪督促", "月度例会通报进度")
INDUSTRY_PARTNERS: Final = _words(
    "城投水务集团 浦东水务公司 张江高科 临港集团 外高桥港务公司 建工环境公司 上海电力浦东公司 燃气浦东公司"
)
STREET_PARTNERS: Final = {
    "街道": _words("陆家嘴街道 潍坊新村街道 塘桥街道 洋泾街道 金杨新村街道 沪东新村街道 上钢新村街道"),
    "镇": _words("川沙新镇 周浦镇 惠南镇 三林镇 北蔡镇 张江镇 曹路镇 祝桥镇 航头镇"),
    "居委": _words("梅园居委会 东园居委会 明城居委会 银杏居委会 香山居委会"),
    "村": _words("新浜村 连民村 大洪村 塘东村 会龙村"),
}
INDUSTRY_THEMES: Final = _words(
    "共护碧水 河湖治理联建 排水保障联学 绿色工地联创 供水服务提升 污染防治联席 节水技术交流"
)
STREET_THEMES: Final = _words(
    "河道清洁志愿行 垃圾分类进社区 汛前安全联查 环保科普讲堂 困难群众走访 世界水日宣传 六五环境日"
)
FORMS: Final = ("联组学习", "志愿服务", "现场观摩", "座谈交流")
OUTCOMES: Final = ("形成共建清单一份", "解决群众诉求两件", "开展宣传覆盖百余人", "达成下一步合作意向")
CONTENTS: Final = {
    "资源": ("党建活动场地开放", "环保讲师团授课", "水质检测技术支持", "科普展板借用"),
    "需求": ("河道保洁力量不足", "环保宣传资料", "汛期应急物资", "垃圾分类指导"),
    "项目": ("共建美丽河湖", "小区雨污混接排查", "党员先锋护河岗", "青少年环保课堂", "老旧泵站改造协调"),
}


def _month(year: int, month: int) -> date:
    return date(year, month, 1)


def _last_day(first: date) -> date:
    return (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def _person(rng: random.Random) -> str:
    return f"{rng.choice(SURNAMES)}某{rng.choice(GIVEN)}"


def _workday(year: int, month: int, rng: random.Random) -> date:
    """A working day of the month (Saturday and Sunday move to the Monday after; never past the 29th)."""
    day = date(year, month, rng.randint(1, 26))
    return day + timedelta(days=max(0, 7 - day.weekday()) if day.weekday() >= 5 else 0)


def _rate(part: int, whole: int) -> Decimal:
    """part/whole, to four places."""
    return (Decimal(part) / Decimal(whole)).quantize(Decimal("0.0001"), ROUND_HALF_UP) if whole else Decimal(0)


def _tenths(value: float) -> Decimal:
    return Decimal(round(value * 10)) / 10


# --- Building the truth ----------------------------------------------------------------------------------------------


def build(seed: int = SEED) -> Truth:
    """The whole bureau, from the seed alone."""
    rng = random.Random(seed)
    units = _units(rng)
    quality = {unit.unit_id: _quality(unit.unit_id, rng) for unit in units}
    inspections = _inspections(units, quality, rng)
    agreements = _agreements(units, quality, rng)
    books = _Books(
        rng=rng,
        units=units,
        aliases=_aliases(units),
        inspections=inspections,
        findings=_findings(inspections, quality, rng),
        study_stats=_study_stats(units, quality, rng),
        agreements=agreements,
        activities=_activities(agreements, quality, rng),
        items=_items(agreements, quality, rng),
    )
    _spoil(books)
    return books.close(seed)


def _units(rng: random.Random) -> list[Unit]:
    names = [(f"J{n:02}", f"浦东新区生态环境局{name}", name, OFFICE) for n, name in enumerate(OFFICE_NAMES, 1)]
    for number, pair in enumerate(GRASSROOTS_NAMES, 1):
        name, _, short = pair.partition("/")
        names.append((f"D{number:02}", f"浦东新区{name}", short, GRASSROOTS))
    units = []
    for unit_id, name, short_name, category in names:
        members = rng.randint(5, 24) if category == OFFICE else rng.randint(6, 140)
        kind = "党委" if members > 100 else "总支" if members > 50 else "支部"
        committee = kind != "支部" or members >= 7
        units.append(
            Unit(
                unit_id=unit_id,
                name=name,
                short_name=short_name,
                category=category,
                parent_id=None if category == OFFICE or kind == "党委" else "J03",
                party_org_type=kind,
                has_committee=committee,
                group_count=members // 12 if committee else 0,
                member_count=members,
                valid_from=date(2023, 5, 15) if unit_id == SET_UP_IN_MAY else date(rng.randint(2009, 2020), 3, 1),
                valid_to=date(2025, 12, 31) if unit_id == ENDS_LATER else None,
            )
        )
    return [_oddly(unit) if unit.unit_id in ODD_COMMITTEE else unit for unit in units]


def _oddly(unit: Unit) -> Unit:
    """The unit with a committee that six members do not need, or without one that nineteen should have."""
    few = unit.unit_id == ODD_COMMITTEE[0]
    members = 6 if few else 19
    return replace(unit, party_org_type="支部", member_count=members, has_committee=few, group_count=0)


def _aliases(units: Sequence[Unit]) -> list[Alias]:
    """Everyday names for some units, and platform names, which are cut to 20 characters."""
    aliases = []
    for number, unit in enumerate(units):
        if unit.name == "浦东新区水务管理事务中心":
            aliases.append(Alias("区水务管理中心", EVERYWHERE, unit.unit_id))
        elif number % 3 == 0:
            everyday = f"局{unit.short_name}" if unit.category == OFFICE else f"区{unit.name.removeprefix('浦东新区')}"
            aliases.append(Alias(everyday, EVERYWHERE, unit.unit_id))
    for platform, pattern in (
        (XUEXI, "中共上海市{name}机关支部委员会"),
        (YOUTH, "共青团上海市{name}支部委员会"),
    ):
        cut = {unit.unit_id: pattern.format(name=unit.name)[:20] for unit in units}
        times = Counter(cut.values())
        aliases += [Alias(name, platform, unit_id) for unit_id, name in cut.items() if times[name] == 1]
    return aliases


def _quality(unit_id: str, rng: random.Random) -> float:
    """How well a unit does, up to 1 (below 0 is very badly); everything else about it follows."""
    drawn = rng.triangular(0.2, 1.0, 0.82)
    if unit_id in PERFECT:
        return 1.0
    return -0.6 if unit_id in WEAK else drawn


def _check_days(unit_id: str, rng: random.Random) -> Iterator[tuple[int, date]]:
    """(round, day) of each check of a unit: six to twelve a round, spread over its months."""
    for number, months in ((1, range(1, 7)), (2, range(7, 13))):
        if unit_id == NOT_IN_ROUND_2 and number == 2:
            continue
        open_months = [month for month in months if unit_id != SET_UP_IN_MAY or month > 5]
        for check in range(rng.randint(6, 12) * len(open_months) // 6 + 1):
            yield number, _workday(YEAR, open_months[check % len(open_months)], rng)


def _inspections(units: Sequence[Unit], quality: Mapping[str, float], rng: random.Random) -> list[Inspection]:
    days = [
        (day, unit.unit_id, number)
        for unit in units
        if unit.unit_id not in (NEVER_INSPECTED, NO_DATA)
        for number, day in _check_days(unit.unit_id, rng)
    ]
    others = [unit.unit_id for unit in units if unit.unit_id not in STORIES]
    days += [(_workday(2022, rng.randint(9, 12), rng), unit_id, 2) for unit_id in rng.sample(others, 12)]
    days += [(_workday(2024, rng.randint(1, 3), rng), unit_id, 1) for unit_id in rng.sample(others, 10)]
    number_in_month: Counter[str] = Counter()
    inspections = []
    for day, unit_id, number in sorted(days):
        month = f"{day:%y%m}"
        number_in_month[month] += 1
        kept = 0.78 + 0.22 * quality[unit_id]
        musts = [rng.random() < kept for _ in range(4)]
        inspections.append(
            Inspection(
                inspection_id=f"CC{month}-{number_in_month[month]:03}",
                unit_id=unit_id,
                round=number,
                inspected_on=day,
                inspector=_person(rng),
                inspector_unit=rng.choice([None, "J02", "J03", *OUTSIDE_INSPECTORS]) if unit_id > "J03" else None,
                record_id=f"DJ{month}{rng.randint(1, 999):03}" if rng.random() < 0.7 else None,
                fixed_time=musts[0],
                agenda=musts[1],
                procedure=musts[2],
                detailed_record=musts[3],
                opinion=OPINIONS[min(4, 4 - sum(musts))] if sum(musts) < 4 else rng.choice(OPINIONS[:2]),
                guidance=rng.choice(GUIDANCE),
                follow_up=rng.choice(FOLLOW_UPS),
            )
        )
    return inspections


def _findings(inspections: Sequence[Inspection], quality: Mapping[str, float], rng: random.Random) -> list[Finding]:
    findings: list[Finding] = []
    for check in inspections:
        good = quality[check.unit_id]
        for _ in range(sum(rng.random() < 0.18 + 0.42 * (1 - good) for _ in range(4)) if good < 1 else 0):
            findings.append(_finding(f"WT{check.inspection_id[2:6]}-{len(findings) + 1:04}", check, good, rng))
    return findings


def _finding(finding_id: str, check: Inspection, good: float, rng: random.Random) -> Finding:
    found = check.inspected_on + timedelta(days=rng.choice((0, 0, 0, 1, 2)))
    due = found + timedelta(days=rng.choice((15, 20, 30, 30, 45) if rng.random() < 0.97 else (120, 150)))
    days = (due - found).days
    chance = rng.random()
    rectified: date | None = None
    rechecked: date | None = None
    if chance < 0.55 + 0.43 * good:  # closed on time
        rectified = found + timedelta(days=rng.randint(1, days - 5))
        rechecked = rectified + timedelta(days=rng.randint(0, 5))
    elif chance < 0.80 + 0.18 * good:  # closed late
        rectified = due + timedelta(days=rng.randint(1, 20))
        rechecked = rectified + timedelta(days=rng.randint(1, 10))
    elif chance < 0.90 + 0.08 * good:  # done, but never checked again
        rectified = due - timedelta(days=rng.randint(1, 5))
    rectified = rectified if rectified and rectified <= AS_OF else None
    rechecked = rechecked if rechecked and rechecked <= AS_OF else None
    return Finding(
        finding_id=finding_id,
        inspection_id=check.inspection_id,
        unit_id=check.unit_id,
        severity=rng.choice(("严重", "一般", "一般", "一般", "轻微", "轻微", "轻微", "轻微")),
        category=rng.choice(CATEGORIES),
        found_on=found,
        due_on=due,
        rectified_on=rectified,
        rechecked_on=rechecked,
        status="已销号" if rechecked else "已整改" if rectified else "逾期" if due <= AS_OF else "待整改",
    )


def _study_stats(units: Sequence[Unit], quality: Mapping[str, float], rng: random.Random) -> list[StudyStat]:
    stats = []
    for unit in units:
        members = unit.member_count
        people = {
            XUEXI: members + rng.randint(0, 6),
            CADRE: max(2, round(members * rng.uniform(0.5, 0.9))),
            YOUTH: max(2, round(members * rng.uniform(0.2, 0.5))),
        }
        people[YOUTH] = 0 if unit.unit_id == NO_YOUTH else people[YOUTH]
        for period in (_month(year, month) for year in (YEAR - 1, YEAR) for month in range(1, 13)):
            if _last_day(period) < unit.valid_from or _study_untold(unit.unit_id, period):
                continue
            for platform in PLATFORMS:
                if platform == YOUTH and unit.unit_id == YOUTH_UNREPORTED and period.year == YEAR:
                    continue
                stats.append(_study_stat(platform, period, unit.unit_id, people[platform], quality[unit.unit_id], rng))
    return stats


def _study_untold(unit_id: str, period: date) -> bool:
    return unit_id in (NO_DATA, STUDY_UNREPORTED) and period.year == YEAR


def _study_stat(platform: str, period: date, unit_id: str, people: int, good: float, rng: random.Random) -> StudyStat:
    share = 1.0 if good == 1 else min(1.0, rng.triangular(0.62 + 0.3 * good, 1.04, 0.78 + 0.24 * good))
    active = min(people, round(people * share))
    if platform == YOUTH and people and good < 1 and period.month in OVER_100_MONTHS and rng.random() < 0.02:
        active = people + rng.randint(1, 2)  # somebody took the same lesson twice
    passed = None
    if platform == CADRE:
        passed = active if good == 1 or rng.random() < good else max(0, active - rng.randint(0, 1 + people // 10))
    return StudyStat(
        platform=platform,
        period=period,
        unit_id=unit_id,
        enrolled=people,
        active=active,
        participation_rate=_rate(active, people),
        score_per_head=_tenths(rng.uniform(500, 1150) * (0.8 + 0.4 * good)) if platform == XUEXI else None,
        hours=_tenths(active * rng.uniform(3, 14)) if platform == CADRE else None,
        passed=passed,
    )


def _agreements(units: Sequence[Unit], quality: Mapping[str, float], rng: random.Random) -> list[Agreement]:
    agreements: list[Agreement] = []
    for unit in units:
        good = quality[unit.unit_id]
        if unit.unit_id in (NO_DATA, PAIRING_UNREPORTED):
            continue
        kinds = [INDUSTRY] * (1 + (rng.random() < 0.3))
        if unit.unit_id != INDUSTRY_ONLY:
            kinds += rng.choices(tuple(STREET_PARTNERS), k=1 + (rng.random() < 0.5))
        for kind in kinds:
            signed = date(rng.choice((2021, 2022, 2022, 2023)), rng.randint(1, 4), rng.randint(5, 25))
            if unit.unit_id == SET_UP_IN_MAY:
                signed = date(2023, 6, rng.randint(1, 25))
            elif good == 1:
                signed = signed.replace(year=2022)
            expired = good < 1 and signed.year == 2021 and rng.random() < 0.6 * (1 - good)
            agreements.append(
                Agreement(
                    agreement_id=f"XY{signed.year}-{len(agreements) + 1:03}",
                    unit_id=unit.unit_id,
                    partner=rng.choice(INDUSTRY_PARTNERS if kind == INDUSTRY else STREET_PARTNERS[kind]),
                    partner_type=kind,
                    signed_on=signed,
                    expires_on=date(2022, rng.choice((6, 12)), 30) if expired else date(signed.year + 3, 12, 31),
                    contact=_person(rng) if rng.random() < 0.8 else None,
                    planned_activities=rng.randint(2, 4) if rng.random() < 0.8 else None,
                )
            )
    return agreements


def _activities(agreements: Sequence[Agreement], quality: Mapping[str, float], rng: random.Random) -> list[Activity]:
    activities: list[Activity] = []
    taken: set[tuple[str, date]] = set()  # one activity a day and unit, so that no two are the same by chance
    for agreement in agreements:
        good = quality[agreement.unit_id]
        for number in range(4 if good == 1 else max(0, round(rng.triangular(0, 5, max(0.1, 0.8 + 3.4 * good))))):
            early = good == 1 and number < 2
            day = _workday(YEAR, rng.randint(1, 6) if early else rng.randint(1, 12), rng)
            day = max(day, agreement.signed_on + timedelta(days=number + 1))
            while (agreement.unit_id, day) in taken:
                day += timedelta(days=1)
            taken.add((agreement.unit_id, day))
            own = rng.randint(3, 40)
            activities.append(
                Activity(
                    activity_id=f"HD{len(activities) + 1:04}",
                    agreement_id=agreement.agreement_id,
                    unit_id=agreement.unit_id,
                    held_on=day,
                    theme=rng.choice(INDUSTRY_THEMES if agreement.partner_type == INDUSTRY else STREET_THEMES),
                    form=rng.choice(FORMS) if rng.random() < 0.9 else None,
                    own_count=own,
                    partner_count=rng.randint(5, 60) if rng.random() < 0.95 else rng.randint(1000, 1800),
                    outcome=rng.choice(OUTCOMES),
                )
            )
    return activities


def _items(agreements: Sequence[Agreement], quality: Mapping[str, float], rng: random.Random) -> list[Item]:
    items: list[Item] = []
    for agreement in agreements:
        good = quality[agreement.unit_id]
        projects = 0 if agreement.unit_id in NO_PROJECTS else rng.randint(1, 4)
        for kind in ["资源"] * rng.randint(1, 2) + ["需求"] * rng.randint(1, 2) + ["项目"] * projects:
            due: date | None = None
            done: date | None = None
            if kind == "项目" or rng.random() < 0.4:
                due = _workday(YEAR if rng.random() < 0.93 else YEAR + 1, rng.randint(4, 12), rng)
                due = max(due, agreement.signed_on + timedelta(days=60))
                late = rng.randint(-40, 0) if good == 1 or rng.random() < 0.8 else rng.randint(1, 90)
                done = due + timedelta(days=late) if rng.random() < 0.45 + 0.55 * good else None
                done = done if done and done <= AS_OF else None
            items.append(
                Item(
                    item_id=f"QD{len(items) + 1:04}",
                    agreement_id=agreement.agreement_id,
                    kind=kind,
                    content=rng.choice(CONTENTS[kind]),
                    owner=_person(rng) if rng.random() < 0.8 else None,
                    due_on=due,
                    done_on=done,
                    status="已完成" if done else "推进中",
                )
            )
    return items


# --- Bad on purpose --------------------------------------------------------------------------------------------------


@dataclass
class _Books:
    """The records while they are being made: good ones in the lists, bad ones aside."""

    rng: random.Random
    units: list[Unit]
    aliases: list[Alias]
    inspections: list[Inspection]
    findings: list[Finding]
    study_stats: list[StudyStat]
    agreements: list[Agreement]
    activities: list[Activity]
    items: list[Item]
    bad: list[Entry] = field(default_factory=list)
    remarks: dict[tuple[str, Key], str] = field(default_factory=dict)
    touched: set[tuple[str, Key]] = field(default_factory=set)

    def pick(self, rows: Sequence[R], fits: Callable[[R], bool] = lambda _: True) -> R:
        """A record of this year not picked before, of a unit without a story, in a file that is kept once."""

        def free(row: R) -> bool:
            unit_id = getattr(row, "unit_id", "")
            return (
                (table_of(row), key_of(row)) not in self.touched
                and unit_id not in STORIES
                and (event_of(row) or AS_OF).year != YEAR - 1
                and not _slot(Entry(row), {}).startswith(COPIED_SLOTS)
                and fits(row)
            )

        row = self.rng.choice([row for row in rows if free(row)])
        self.touched.add((table_of(row), key_of(row)))
        return row

    def add(self, record: Record, reason: str, note: str, slot: str | None = None, **raw: str) -> None:
        """File a bad row."""
        self.bad.append(Entry(record, reason, note, tuple(raw.items()), slot))

    def remark(self, record: Record, note: str) -> None:
        """Remember a good record that is worth a look."""
        self.remarks[table_of(record), key_of(record)] = note

    def close(self, seed: int) -> Truth:
        """The finished truth."""
        records = Records(
            tuple(self.units),
            tuple(self.aliases),
            tuple(self.inspections),
            tuple(self.findings),
            tuple(self.study_stats),
            tuple(self.agreements),
            tuple(self.activities),
            tuple(self.items),
        )
        return Truth(seed, records, tuple(self.bad), self.remarks)


def _spoil(books: _Books) -> None:
    """Put every kind of bad row into the books, in place of good records or beside them."""
    _spoil_aliases(books)
    _spoil_study_stats(books)
    _spoil_inspections(books)
    _spoil_findings(books)
    _spoil_pairing(books)


def _spoil_aliases(books: _Books) -> None:
    books.add(Alias("局机关食堂", EVERYWHERE, "局机关食堂"), "unknown_unit", "alias of a unit nobody knows")
    books.add(books.aliases[4], "duplicate", "the same alias given twice")


def _spoil_study_stats(books: _Books) -> None:
    rows = books.study_stats

    def take(platform: str, *months: int) -> StudyStat:
        row = books.pick(rows, lambda r: r.platform == platform and (not months or r.period.month in months))
        rows.remove(row)
        return row

    add = books.add
    add(take(XUEXI, 4), "bad_cell", "month 13", period="2023年13月")
    add(take(CADRE, 7), "bad_cell", "a number with 约", active="约12")
    add(take(YOUTH, 11), "bad_cell", "a number with 约", enrolled="约12")
    add(take(XUEXI, 6), "bad_cell", "a rate in words", participation_rate="九成以上")
    add(take(CADRE, 2), "bad_cell", "a letter among the digits", enrolled="1O")
    add(take(XUEXI, 8), "unknown_unit", "misspelt unit", unit_id="水务管理事物中心")
    add(take(CADRE, 3), "unknown_unit", "misspelt unit", unit_id="浦东新区川纱水务管理站")
    add(take(YOUTH, 12), "unknown_unit", "a unit of another bureau", unit_id="浦东新区城管执法局")
    for platform, month in ((XUEXI, 10), (YOUTH, 7)):
        row = take(platform, month)
        other = replace(row, active=row.active - 1, participation_rate=_rate(row.active - 1, row.enrolled))
        add(row, "conflict", "also reported late, with other numbers")
        add(other, "conflict", "contradicts the monthly file", slot="study/late")
    for platform, month, share in ((XUEXI, 1, "1.12"), (XUEXI, 5, "1.25"), (CADRE, 8, "1.0833")):
        row = replace(take(platform, month), participation_rate=Decimal(share))
        row = replace(row, active=round(row.enrolled * row.participation_rate))
        add(row, "rule", "participation above 100 %")
    for month in (2, 9 + 2):
        add(replace(take(CADRE, month), passed=None), "rule", "no number of those who met their hours")
    row = take(CADRE, 5)
    add(replace(row, passed=row.enrolled + 3), "rule", "more met their hours than were enrolled")
    add(take(XUEXI, 12), "rule", "a required cell that only looks filled", active="　")
    add(take(XUEXI, 5), "rule", "a platform that does not exist", platform="学习强园")
    for _ in range(6):  # reported late, each once: good
        row = books.pick(rows)
        books.remark(row, "reported late, in the supplement")
    for _ in range(2):
        row = books.pick(rows, lambda r: r.platform == XUEXI)
        rows[rows.index(row)] = high = replace(row, score_per_head=Decimal("2310.5"))
        books.remark(high, "warning: score per head above 66 a day")
    for row in rows:
        if row.participation_rate > 1:
            books.remark(row, "warning: participation above 100 %, counted as 100 %")
        elif row.unit_id == SET_UP_IN_MAY and row.period == _month(YEAR, 5):
            books.remark(row, "the unit's first month is not a whole one: nothing was due")


def _spoil_inspections(books: _Books) -> None:
    rows, add = books.inspections, books.add

    def take(*months: int) -> Inspection:
        row = books.pick(rows, lambda r: r.inspected_on.year == YEAR and (not months or r.inspected_on.month in months))
        rows.remove(row)
        return row

    def extra(row: Inspection, number: int) -> Inspection:
        return replace(row, inspection_id=f"{row.inspection_id[:7]}9{number:02}")

    add(take(2), "bad_cell", "month 13", inspected_on="2023年13月")
    add(take(4), "bad_cell", "30 February", inspected_on="2023.2.30")
    add(extra(books.pick(rows), 1), "bad_cell", "neither yes nor no", agenda="基本有")
    add(extra(books.pick(rows), 2), "unknown_unit", "misspelt unit", unit_id="排水管理事物中心")
    add(take(9), "unknown_unit", "no such office", unit_id="环境督察处")
    with_findings = {finding.inspection_id for finding in books.findings}
    row = books.pick(rows, lambda r: r.inspection_id in with_findings and r.inspected_on.month == 5)
    rows.remove(row)
    add(row, "conflict", "the same check, reported twice with different flags; its findings lose their check (warning)")
    add(replace(row, agenda=not row.agenda), "conflict", "contradicts the monthly file", slot="inspection/late")
    row = take(8)
    for slot in (None, "inspection/late"):
        add(row, "conflict", "three reports of one check, two of them the same: all three go", slot)
    add(replace(row, fixed_time=not row.fixed_time), "conflict", "the third report, which differs", "inspection/late")
    for number, day in enumerate((date(2024, 6, 13), date(2024, 6, 20)), 3):
        future = extra(books.pick(rows, lambda r: r.inspected_on.month == 6), number)
        rows.append(future := replace(future, inspected_on=day))
        books.remark(future, "after the as-of date (the year was mistyped): quarantined while the day has not come")
    add(take(7), "rule", "a check without an opinion", opinion="　")
    add(take(11), "rule", "a check without an opinion", opinion="")
    add(take(10), "rule", "there is no third round", round="3")
    row = books.pick(rows, lambda r: r.unit_id > "J03" and r.inspected_on.year == YEAR)
    rows[rows.index(row)] = own = replace(row, inspector_unit=row.unit_id)
    books.remark(own, "warning: the inspector is of the unit's own")
    row = books.pick(rows, lambda r: r.inspected_on.month == 12 and r.inspected_on.year == YEAR)
    add(row, "duplicate", "the same check, filed again in the supplement", slot="inspection/late")


def _spoil_findings(books: _Books) -> None:
    rows, add = books.findings, books.add
    checks = {check.inspection_id: check for check in books.inspections}

    def pick(fits: Callable[[Finding], bool] = lambda _: True) -> Finding:
        return books.pick(rows, lambda r: r.found_on.year == YEAR and r.inspection_id in checks and fits(r))

    def take(fits: Callable[[Finding], bool] = lambda _: True) -> Finding:
        row = pick(fits)
        rows.remove(row)
        return row

    def change(row: Finding, changed: Finding, note: str) -> None:
        rows[rows.index(row)] = changed
        books.remark(changed, note)

    add(take(), "bad_cell", "a date in words", due_on="月底前")
    add(take(), "bad_cell", "a date in words", rectified_on="已整改")
    add(take(), "unknown_unit", "misspelt unit", unit_id="河道管理事物中心")
    for _ in range(2):
        row = take(lambda r: r.rectified_on is not None)
        due = checks[row.inspection_id].inspected_on - timedelta(days=10)
        add(replace(row, due_on=due), "rule", "due before the check took place")
    for _ in range(2):
        row = take(lambda r: r.rectified_on is not None)
        add(replace(row, rectified_on=row.found_on - timedelta(days=3)), "rule", "rectified before it was found")
    add(take(), "rule", "a severity that does not exist", severity="较重")
    add(take(), "rule", "no category", category="　")
    add(pick(), "duplicate", "the same row twice in one sheet")
    row = take(lambda r: r.rechecked_on is not None)
    add(row, "conflict", "the same finding twice, open and closed")
    add(replace(row, rechecked_on=None, status="已整改"), "conflict", "the same finding twice, open and closed")
    row = pick()
    change(row, replace(row, inspection_id="CC2313-001"), "warning: there is no such check")
    row = pick(lambda r: r.unit_id != "J01")
    change(row, replace(row, unit_id="J01"), "warning: another unit than its check's")
    row = pick(lambda r: r.rechecked_on is not None and r.rectified_on is not None and r.rechecked_on > r.found_on)
    rectified = row.rechecked_on + timedelta(days=2) if row.rechecked_on else None
    change(row, replace(row, rectified_on=rectified), "warning: rechecked before it was rectified")
    row = pick(lambda r: r.found_on.month == 12)
    moved = replace(row, found_on=date(2024, 1, 5), due_on=date(2024, 1, 31), rectified_on=None, rechecked_on=None)
    change(row, replace(moved, status="逾期"), "found in 2024: costs its check of 2023 points, but is not due in 2023")
    for row in rows:
        if row.inspection_id not in checks and (table_of(row), key_of(row)) not in books.remarks:
            books.remark(row, "warning: its check is in quarantine")


def _spoil_pairing(books: _Books) -> None:
    _spoil_agreements(books)
    _spoil_activities(books)
    _spoil_items(books)


def _spoil_agreements(books: _Books) -> None:
    rows, add = books.agreements, books.add

    def take(note: str) -> Agreement:
        """Take an agreement out, and with it all that hangs on it."""
        held = Counter(activity.agreement_id for activity in books.activities)
        row = books.pick(rows, lambda r: 0 < held[r.agreement_id] < 4)
        rows.remove(row)
        for activity in [a for a in books.activities if a.agreement_id == row.agreement_id]:
            books.activities.remove(activity)
            add(activity, "rule", note)
        for item in [i for i in books.items if i.agreement_id == row.agreement_id]:
            books.items.remove(item)
            add(item, "rule", note)
        return row

    row = take("its agreement is in quarantine (conflict)")
    add(row, "conflict", "one agreement, two expiry dates")
    add(replace(row, expires_on=date(2026, 12, 31)), "conflict", "one agreement, two expiry dates")
    row = take("its agreement is in quarantine (expires before it was signed)")
    add(replace(row, expires_on=row.signed_on - timedelta(days=30)), "rule", "expires before it was signed")
    fresh = replace(books.pick(rows), agreement_id="XY2023-901")
    add(fresh, "bad_cell", "a date that is not one", signed_on="2023年春")
    add(replace(books.pick(rows), agreement_id="XY2023-902"), "unknown_unit", "misspelt unit", unit_id="海糖所")
    add(replace(books.pick(rows), agreement_id="XY2023-903"), "rule", "no such kind of partner", partner_type="企业")
    add(books.pick(rows), "duplicate", "the same agreement twice in one sheet")


def _spoil_activities(books: _Books) -> None:
    rows, add = books.activities, books.add
    kind_of = {agreement.agreement_id: agreement.partner_type for agreement in books.agreements}
    live = {a.agreement_id: (a.signed_on, a.expires_on) for a in books.agreements}

    def in_life(row: Activity) -> bool:
        return live[row.agreement_id][0] <= row.held_on <= live[row.agreement_id][1]

    def fresh(number: int, fits: Callable[[Activity], bool] = lambda _: True) -> Activity:
        return replace(books.pick(rows, lambda r: r.held_on.year == YEAR and fits(r)), activity_id=f"HD9{number:03}")

    def take() -> Activity:
        row = books.pick(rows)
        rows.remove(row)
        return row

    add(take(), "bad_cell", "a number with 约", own_count="约30")
    add(take(), "bad_cell", "a day that does not exist", held_on="2023.6.31")
    add(fresh(1), "unknown_unit", "misspelt unit", unit_id="执法大对")
    add(replace(fresh(2), agreement_id="XY2019-404"), "rule", "there is no such agreement", "activity/industry")
    row = fresh(3)
    other = books.pick(books.agreements, lambda a: a.unit_id != row.unit_id)
    add(replace(row, agreement_id=other.agreement_id), "rule", "the agreement belongs to another unit")
    add(replace(take(), own_count=-5), "rule", "a negative number of people")
    row = take()
    add(row, "conflict", "one activity, two numbers of people")
    add(replace(row, own_count=row.own_count + 7), "conflict", "one activity, two numbers of people", "activity/late")
    for number in (4, 5):
        rows.append(future := replace(fresh(number), held_on=date(2024, 5, 10 + number)))
        books.remark(future, "after the as-of date: quarantined while the day has not come")
    for number in (6, 7):  # before the agreement was signed: does not count
        row = fresh(number, lambda r: live[r.agreement_id][0].year == YEAR)
        rows.append(early := replace(row, held_on=live[row.agreement_id][0] - timedelta(days=3 + number)))
        books.remark(early, "outside its agreement's life: kept, but does not count")
    other_kind: dict[tuple[str, bool], Agreement] = {}
    for agreement in books.agreements:
        other_kind.setdefault((agreement.unit_id, agreement.partner_type != INDUSTRY), agreement)

    def twice(number: int, first: Activity, again: Activity, note: str) -> None:
        """File an activity a second time, under a number of its own."""
        again = replace(again, activity_id=f"HD9{number:03}")
        rows.append(again)
        for one, twin in ((first, again), (again, first)):
            books.remark(one, f"{note}, also as {twin.activity_id}; counts once")

    def side(row: Activity) -> tuple[str, bool]:
        return row.unit_id, kind_of[row.agreement_id] == INDUSTRY

    for number, industry in ((8, True), (9, False), (10, False)):
        first = books.pick(rows, lambda r: in_life(r) and side(r) == (r.unit_id, industry) and side(r) in other_kind)  # noqa: B023
        again = replace(first, agreement_id=other_kind[side(first)].agreement_id)
        twice(number, first, again, "warning: claimed under both kinds of pairing")
    first = books.pick(rows, in_life)
    twice(11, first, first, "listed twice under two numbers")


def _spoil_items(books: _Books) -> None:
    rows, add = books.items, books.add

    def take(kind: str = "项目") -> Item:
        row = books.pick(rows, lambda r: r.kind == kind)
        rows.remove(row)
        return row

    add(take(), "bad_cell", "a date in words", done_on="已完成")
    add(replace(take(), agreement_id="XY2019-404"), "rule", "there is no such agreement", "item/grassroots/项目")
    add(take("资源"), "rule", "a list that does not exist", kind="其他")
    add(take("需求"), "rule", "no content", content="　")
    for _ in range(2):
        row = books.pick(rows, lambda r: r.kind == "项目")
        rows[rows.index(row)] = undated = replace(row, due_on=None)
        books.remark(undated, "warning: a project without a planned date is not counted as due")


# --- The mess: how the files look ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Percent:
    """A fraction in a cell formatted as a percentage."""

    value: float


@dataclass(frozen=True)
class Formula:
    """A formula with the value the spreadsheet last computed."""

    text: str
    value: float


Cell: TypeAlias = str | int | float | date | Percent | Formula | None


@dataclass(frozen=True)
class Style:
    """How one sheet writes its values; where several ways are named, each cell takes one at random."""

    dates: tuple[str, ...] = ("iso",)
    months: tuple[str, ...] = ("cn",)
    percent: str = "text"
    flags: str = "yes"
    names: tuple[str, ...] = ("full",)
    odd_numbers: bool = False  # full-width digits and thousands separators here and there
    blanks: bool = False  # a wide space in some empty cells


@dataclass(frozen=True)
class Sheet:
    """What one sheet holds and how it is laid out.

    `heads` names the columns, as ``heading=column``; ``group/heading=column`` puts a heading under a merged one; a
    heading alone is a column no contract knows.
    """

    name: str
    slots: tuple[str, ...] = ()
    heads: str = ""
    style: Style = Style()
    title: str = ""
    note: str = ""
    total: str = ""
    sections: bool = False
    blank_every: int = 0
    top: int = 0
    left: int = 0
    limit: int = 0
    copies: bool = False  # every row is here for the second time
    hidden: bool = False
    hidden_rows: tuple[int, ...] = ()  # record rows to hide, counted from 1
    text: tuple[str, ...] = ()  # a sheet that is no table


@dataclass(frozen=True)
class File:
    """One file: a workbook, or a text file when `encoding` is given."""

    path: str
    sheets: tuple[Sheet, ...]
    encoding: str = ""
    delimiter: str = ","
    same_as: str = ""  # written exactly like the file of that path


@dataclass(frozen=True)
class Line:
    """One line of a sheet: its kind, its cells, and the record it carries if it carries one."""

    kind: str  # record, title, header, section, total, note, blank, text
    cells: tuple[Cell, ...] = ()
    entry: Entry | None = None


@dataclass(frozen=True)
class Page:
    """A sheet laid out, line by line."""

    sheet: Sheet
    lines: tuple[Line, ...]


_HEAD = re.compile(r"(?:(?P<group>[^/=]+)/)?(?P<heading>[^/=]+)(?:=(?P<column>\w+))?$")
_SUMMED: Final = frozenset(_words("enrolled active passed own_count partner_count member_count planned_activities"))
_FLAGS: Final[Mapping[str, tuple[Cell, Cell]]] = {
    "yes": ("是", "否"),
    "tick": ("√", "×"),
    "have": ("有", "无"),
    "digit": (1, 0),
}
_FULL_WIDTH: Final = str.maketrans("0123456789.", "０１２３４５６７８９．")
_REMARKS: Final = ("", "", "", "", "", "　", "已核", "待补签字", "见纸质台账")


@dataclass(frozen=True)
class _Head:
    heading: str
    column: str | None
    group: str | None


def _heads(text: str) -> list[_Head]:
    found = [_HEAD.match(part) for part in text.split()]
    return [_Head(m["heading"], m["column"], m["group"]) for m in found if m]


@dataclass(frozen=True)
class _Names:
    """The names each unit goes by."""

    units: Mapping[str, Unit]
    everyday: Mapping[str, str]
    platform: Mapping[tuple[str, str], str]

    def name(self, unit_id: str, platform: str | None, way: str) -> str:
        """A unit's name in one of its forms; a unit without that form goes by its full name."""
        unit = self.units.get(unit_id)
        if unit is None:
            return unit_id  # not one of ours: 区委组织部
        if way == "short":
            return unit.short_name
        if way == "spaced":
            return f" {unit.short_name}　"
        if way == "everyday":
            return self.everyday.get(unit_id, unit.name)
        if way == "platform" and platform:
            return self.platform.get((unit_id, platform), unit.name)
        return unit.name


def _date_cell(day: date, way: str) -> Cell:
    if way == "true":
        return day
    if way == "serial":
        return (day - date(1899, 12, 30)).days
    year, month, number = day.year, day.month, day.day
    return {
        "dot": f"{year}.{month}.{number}",
        "cn": f"{year}年{month}月{number}日",
        "slash": f"{year}/{month}/{number}",
        "iso": day.isoformat(),
    }[way]


def _month_cell(day: date, way: str) -> Cell:
    if way == "true":
        return day
    return {"cn": f"{day.year}年{day.month}月", "dash": f"{day:%Y-%m}", "dot": f"{day.year}.{day.month}"}[way]


def _percent_cell(rate: Decimal, way: str) -> Cell:
    hundredths = (rate * 100).quantize(Decimal("0.01")).normalize()
    if way == "text":
        return f"{hundredths:f}%"
    if way == "bare":
        return float(hundredths)
    return Percent(float(rate)) if way == "cell" else float(rate)


def _number_cell(value: Decimal | int, odd: bool, rng: random.Random) -> Cell:
    if odd:
        if value >= 1000 and rng.random() < 0.5:
            return f"{value:,}"
        if rng.random() < 0.1:
            return str(value).translate(_FULL_WIDTH)
    return value if isinstance(value, int) else float(value)


class _Writer:
    """Lays records out as lines of cells."""

    def __init__(self, sheet: Sheet, names: _Names, rng: random.Random) -> None:
        self.sheet = sheet
        self.style = sheet.style
        self.names = names
        self.rng = rng
        self.heads = _heads(sheet.heads)

    def page(self, entries: Sequence[Entry]) -> Page:
        """The sheet, from its first line to its last."""
        sheet = self.sheet
        if sheet.text:
            return Page(sheet, tuple(Line("text", (line,)) for line in sheet.text))
        if sheet.limit:
            entries = [entry for entry in entries if entry.reason is None and not entry.note][: sheet.limit]
        if sheet.copies:
            entries = [self._copy(entry) for entry in entries]
        lines = [Line("blank") for _ in range(sheet.top)]
        if sheet.title:
            lines.append(self._line("title", [sheet.title]))
        lines += self._header()
        first = len(lines)
        section = ""
        for number, entry in enumerate(entries, 1):
            if sheet.sections and (category := self._category(entry)) != section:
                section = category
                lines.append(self._line("section", [f"{'一' if category == OFFICE else '二'}、{category}"]))
            lines.append(self._record(number, entry, len(lines)))
            if sheet.blank_every and number % sheet.blank_every == 0:
                lines.append(self._line("blank", [self.rng.choice((None, "　"))]))
        if sheet.total:
            lines.append(self._total(entries, first, len(lines)))
        if sheet.note:
            lines.append(self._line("note", [f"注：{sheet.note}"]))
        return Page(sheet, tuple(lines))

    @staticmethod
    def _copy(entry: Entry) -> Entry:
        if entry.reason is not None:
            raise ValueError(f"a bad row would be filed twice: {entry}")
        return replace(entry, reason="duplicate", note="the whole sheet is a copy")

    def _category(self, entry: Entry) -> str:
        unit = self.names.units.get(getattr(entry.record, "unit_id", ""))
        return unit.category if unit else GRASSROOTS

    def _line(self, kind: str, cells: Sequence[Cell], entry: Entry | None = None) -> Line:
        width = len(self.heads)
        return Line(kind, (None,) * self.sheet.left + tuple(cells) + (None,) * (width - len(cells)), entry)

    def _header(self) -> list[Line]:
        if not any(head.group for head in self.heads):
            return [self._line("header", [head.heading for head in self.heads])]
        groups = [head.group for head in self.heads]
        upper: list[Cell] = [
            head.heading if head.group is None else head.group if n == 0 or groups[n - 1] != head.group else None
            for n, head in enumerate(self.heads)
        ]
        lower: list[Cell] = [head.heading if head.group else None for head in self.heads]
        return [self._line("header", upper), self._line("header", lower)]

    def _record(self, number: int, entry: Entry, row: int) -> Line:
        raw = dict(entry.raw)
        cells: list[Cell] = []
        for head in self.heads:
            if head.column is None:
                cells.append(self._extra(head.heading, number))
            elif head.column in raw:
                cells.append(raw[head.column] or None)
            else:
                cells.append(self._cell(entry.record, head.column, row))
        return self._line("record", cells, entry)

    def _extra(self, heading: str, number: int) -> Cell:
        if heading == "序号":
            return number
        if heading == "填报人":
            return _person(self.rng)
        return self.rng.choice(_REMARKS) or None

    def _cell(self, record: Record, column: str, row: int) -> Cell:
        value = getattr(record, column)
        style, rng = self.style, self.rng
        if value is None:
            return "　" if style.blanks and rng.random() < 0.3 else None
        if column in ("unit_id", "inspector_unit") and not isinstance(record, Unit):
            way = rng.choice(style.names)
            return self.names.name(value, getattr(record, "platform", None), way)
        if column == "period":
            return _month_cell(value, rng.choice(style.months))
        if column == "participation_rate":
            if style.percent == "formula" and isinstance(record, StudyStat) and record.enrolled:
                part, whole = self._at("active", row), self._at("enrolled", row)
                return Formula(f"=ROUND({part}/{whole},4)", float(value))
            return _percent_cell(value, style.percent)
        if isinstance(value, bool):
            return _FLAGS[style.flags][0 if value else 1]
        if isinstance(value, date):
            return _date_cell(value, rng.choice(style.dates))
        if isinstance(value, (int, Decimal)):
            return _number_cell(value, style.odd_numbers, rng)
        return str(value)

    def _at(self, column: str, row: int) -> str:
        place = self.sheet.left + next(n for n, head in enumerate(self.heads) if head.column == column)
        return f"{chr(ord('A') + place)}{row + 1}"

    def _total(self, entries: Sequence[Entry], first: int, row: int) -> Line:
        cells: list[Cell] = [self.sheet.total]
        for head in self.heads[1:]:
            if head.column in _SUMMED:
                values = [getattr(e.record, head.column) for e in entries if head.column not in dict(e.raw)]
                letter = self._at(head.column, 0)[0]
                total = sum(value for value in values if value is not None)
                cells.append(Formula(f"=SUM({letter}{first + 1}:{letter}{row})", total))
            else:
                cells.append(None)
        return self._line("total", cells)


# --- Where everything is filed ---------------------------------------------------------------------------------------


def _slot(entry: Entry, owners: Mapping[str, Agreement]) -> str:
    """The drawer a row is filed in."""
    if entry.slot:
        return entry.slot
    record = entry.record
    match record:
        case Unit():
            return "registry"
        case Alias():
            return "alias"
        case StudyStat():
            period = record.period
            month = f"{period:%Y-%m}" if period.year == YEAR else str(period.year)
            return f"study/{month}/{record.platform}"
        case Inspection():
            day = record.inspected_on
            if day > AS_OF:  # a mistyped year
                day = day.replace(year=YEAR)
            return f"inspection/{day:%Y-%m}" if day.year == YEAR else f"inspection/{day.year}"
        case Finding():
            day = record.found_on
            return f"finding/{(day.month + 1) // 2}" if day.year == YEAR else f"finding/{day.year}"
        case Agreement():
            return "agreement"
        case Activity():
            kind = owners[record.agreement_id].partner_type if record.agreement_id in owners else INDUSTRY
            return "activity/industry" if kind == INDUSTRY else f"activity/street/{record.unit_id[0]}"
        case Item():
            owner = owners.get(record.agreement_id)
            return f"item/{'office' if owner and owner.unit_id[0] == 'J' else 'grassroots'}/{record.kind}"


_STUDY: Final = "学习平台=platform 统计月份=period 单位名称=unit_id"
_STUDY_END: Final = {
    XUEXI: "人均积分=score_per_head",
    CADRE: "总学时=hours 学时达标人数=passed",
    YOUTH: "",
}
_TWO_ROWS: Final = "参学情况/应参加人数=enrolled 参学情况/参加人数=active 参学情况/参学率=participation_rate"
_PLAIN: Final = "注册人数=enrolled 活跃人数=active 活跃度=participation_rate"
_BARE: Final = "应学人数=enrolled 参学人数=active 参学率（%）=participation_rate"


def _study_sheet(platform: str, month: str, name: str, middle: str, style: Style) -> Sheet:
    heads = f"序号 {_STUDY} {middle} {_STUDY_END[platform]} 备注"
    return Sheet(name, (f"study/{month}/{platform}",), heads, style)


def _study_files() -> list[File]:
    """The monthly bulletins of the year, every month in its own way, and last year's."""
    files: list[File] = []
    any_name = ("full", "short", "everyday", "platform")
    books = {  # months kept as workbooks: how rates, months and names are written
        1: Style(months=("cn",), percent="text", names=any_name, odd_numbers=True),
        3: Style(months=("true",), percent="cell", names=("full", "short")),
        4: Style(months=("dash",), percent="formula", names=("platform",), blanks=True),
        6: Style(months=("cn", "dot"), percent="bare", names=("full", "spaced"), odd_numbers=True),
        8: Style(months=("dot",), percent="text", names=any_name),
        9: Style(months=("dash",), percent="cell", names=("short",)),
        11: Style(months=("cn",), percent="fraction", names=("everyday",), odd_numbers=True, blanks=True),
        12: Style(months=("true",), percent="text", names=any_name),
    }
    for month, style in books.items():
        period = f"{YEAR}-{month:02}"
        middle = _BARE if style.percent == "bare" else _TWO_ROWS if month in (1, 4, 9) else _PLAIN
        total = "合　计" if month == 8 else "合计" if month in (1, 4, 6, 12) else ""
        sheets = [
            replace(
                _study_sheet(
                    platform, period, f"{platform}（{month}月）" if month % 3 else f"Sheet{number}", middle, style
                ),
                title=f"{YEAR}年{month}月{platform}学习情况统计表" if month in (1, 3, 6, 8) else "",
                note="参学率＝参加人数÷应参加人数。" if month in (1, 3, 6, 12) else "",
                total=total,
                blank_every=17 if month in (3, 8) else 0,
                top=1 if month == 6 else 0,
                left=1 if month == 6 else 0,
            )
            for number, platform in enumerate(PLATFORMS, 1)
        ]
        if month == 6:
            lines = (
                "填表说明",
                "一、各单位于次月5日前报送。",
                "二、参学率按百分数填写。",
                "三、没有青年的单位，应学人数填0。",
            )
            sheets.append(Sheet("填表说明", text=lines))
        if month == 11:
            last = _study_sheet(XUEXI, f"{YEAR}-10", "上月数据", middle, style)
            sheets.append(replace(last, limit=12, copies=True, hidden=True))
        if month == 12:
            sheets[0] = replace(sheets[0], hidden_rows=(5, 6))
        files.append(File(f"学情/{YEAR}年{month}月/学情通报{YEAR}年{month}月.xlsx", tuple(sheets)))
        if month == 9:
            again = replace(style, months=("cn",), percent="text", names=("full", "platform"), odd_numbers=True)
            copies = tuple(replace(sheet, style=again, copies=True) for sheet in sheets)
            files.append(File(f"学情/{YEAR}年{month}月/学情通报{YEAR}年{month}月最终版2.xlsx", copies))
    texts = {  # months kept as text files: encoding, delimiter, style
        2: ("gbk", ",", Style(months=("cn",), percent="text", names=any_name, odd_numbers=True)),
        5: ("utf-8-sig", ";", Style(months=("dash",), percent="bare", names=("short",), blanks=True)),
        7: ("utf-16", "\t", Style(months=("dot",), percent="text", names=("full", "everyday"))),
        10: ("gbk", ",", Style(months=("dash", "cn"), percent="fraction", names=("short", "spaced"))),
    }
    for month, (encoding, delimiter, style) in texts.items():
        middle = _BARE if style.percent == "bare" else _PLAIN
        for platform in PLATFORMS:
            sheet = replace(
                _study_sheet(platform, f"{YEAR}-{month:02}", "", middle, style),
                title=f"{platform}{YEAR}年{month}月" if month == 2 else "",
                total="合计" if month in (2, 7) else "",
                blank_every=20 if month == 5 else 0,
            )
            name = f"学情/{YEAR}年{month}月/{platform}{YEAR}年{month}月.csv"
            files.append(File(name, (sheet,), encoding, delimiter))
    for platform, encoding in ((XUEXI, "gbk"), (CADRE, "utf-8-sig"), (YOUTH, "")):
        style = Style(months=("dash", "cn", "dot"), percent="text", names=any_name)
        sheet = _study_sheet(platform, str(YEAR - 1), "全年" if not encoding else "", _PLAIN, style)
        kind = "csv" if encoding else "xlsx"
        files.append(File(f"学情/{YEAR - 1}年/{platform}{YEAR - 1}全年.{kind}", (sheet,), encoding))
    late = f"{_STUDY} {_PLAIN} 人均积分=score_per_head 总学时=hours 学时达标人数=passed 填报人"
    style = Style(months=("cn",), percent="text", names=("short",))
    files.append(File("学情/补报/学情补报.csv", (Sheet("", ("study/late",), late, style),), "utf-8-sig"))
    return files


_CHECK: Final = (
    "{id}=inspection_id {unit}=unit_id 抽查轮次=round {day}=inspected_on 检查人=inspector 检查人单位=inspector_unit "
    "被查记录编号=record_id {musts} 检查意见=opinion 指导情况=guidance 督促情况=follow_up"
)
_MUSTS: Final = (
    "四必有/固定时间=fixed_time 四必有/会议议题=agenda 四必有/规范程序=procedure 四必有/详实记录=detailed_record",
    "有固定时间=fixed_time 有议题=agenda 有程序=procedure 有记录=detailed_record",
    "固定时间=fixed_time 明确议题=agenda 程序规范=procedure 记录详实=detailed_record",
)


def _check_heads(way: int) -> str:
    musts = _MUSTS[way % 3]
    if way % 2:
        return "序号 " + _CHECK.format(id="抽查编号", unit="被抽查单位", day="抽查日期", musts=musts) + " 备注"
    return _CHECK.format(id="检查编号", unit="被检查单位", day="检查日期", musts=musts)


def _inspection_files() -> list[File]:
    """A file a month, the supplement, last year's and next year's."""
    dates = (
        ("dot",), ("cn",), ("true",), ("slash", "dot"), ("iso",), ("serial",),
        ("dot", "cn", "slash", "iso"), ("true", "serial"), ("cn",), ("slash",), ("true",), ("dot",),
    )  # fmt: skip
    flags = ("yes", "tick", "have", "digit")
    files = []
    for month in range(1, 13):
        style = Style(
            dates=dates[month - 1],
            flags=flags[month % 4],
            names=(("full",), ("short",), ("full", "short", "everyday"), ("short", "spaced"))[month % 4],
            blanks=month % 3 == 0,
        )
        sheet = Sheet(
            f"{month}月" if month % 2 else "Sheet1",
            (f"inspection/{YEAR}-{month:02}",),
            _check_heads(month % 6),
            style,
            title=f"{YEAR}年{month}月组织生活记录抽查情况表" if month % 3 else "",
            note="四必有指有固定时间、有会议议题、有规范程序、有详实记录。" if month % 4 == 1 else "",
            total="合计" if month in (1, 6) else "",
            blank_every=23 if month in (4, 9) else 0,
        )
        folder = f"抽查/第{'一' if month < 7 else '二'}轮"
        if month in (5, 10):
            text = replace(sheet, name="", heads=_check_heads(1), style=replace(style, dates=("iso", "slash")))
            encoding, delimiter = ("gbk", ",") if month == 5 else ("utf-16", "\t")
            files.append(File(f"{folder}/{month}月抽查记录.csv", (text,), encoding, delimiter))
            continue
        path = f"{folder}/{month}月抽查记录.xlsx"
        files.append(File(path, (sheet,)))
        if month == 3:
            copy = replace(sheet, copies=True)
            files.append(File(f"{folder}/{month}月抽查记录 - 副本.xlsx", (copy,), same_as=path))
    style = Style(dates=("dot",), flags="yes", names=("short",))
    late = Sheet("补录", ("inspection/late",), _check_heads(2), style)
    files.append(File("抽查/补录/抽查补录.xlsx", (late,)))
    for year in (YEAR - 1, YEAR + 1):
        other = Sheet("", (f"inspection/{year}",), _check_heads(1), style)
        files.append(File(f"抽查/{year}年/{year}年抽查记录.csv", (other,), "utf-8-sig"))
    return files


def _finding_files() -> list[File]:
    """The rectification lists, two months a file."""
    two_rows = (
        "序号 问题编号=finding_id 抽查编号=inspection_id 责任单位=unit_id 问题程度=severity 问题类型=category "
        "发现日期=found_on 整改情况/整改时限=due_on 整改情况/整改日期=rectified_on 整改情况/复查日期=rechecked_on "
        "整改情况/整改状态=status 备注"
    )
    one_row = (
        "问题编号=finding_id 检查编号=inspection_id 整改单位=unit_id 严重程度=severity 问题类别=category "
        "发现日期=found_on 整改期限=due_on 整改完成日期=rectified_on 销号日期=rechecked_on 状态=status 填报人"
    )
    styles = (
        Style(dates=("dot",), names=("short",), blanks=True),
        Style(dates=("true",), names=("full", "everyday")),
        Style(dates=("cn", "slash"), names=("short", "spaced")),
        Style(dates=("serial",), names=("full",)),
        Style(dates=("iso", "dot"), names=("short",), blanks=True),
        Style(dates=("slash",), names=("full", "short", "everyday")),
    )
    files = []
    for number, style in enumerate(styles, 1):
        months = f"{2 * number - 1}-{2 * number}月"
        slots = (f"finding/{number}",)
        if number == 5:
            files.append(File(f"整改/整改清单{months}.csv", (Sheet("", slots, one_row, style),), "gbk"))
            continue
        sheet = Sheet(
            "整改清单",
            slots,
            two_rows if number % 2 else one_row,
            style,
            title=f"{YEAR}年{months}抽查问题整改清单" if number % 2 else "",
            note="复查合格后方可销号。" if number == 3 else "",
            blank_every=40 if number == 2 else 0,
        )
        files.append(File(f"整改/整改清单{months}.xlsx", (sheet,)))
    other = Sheet("", (f"finding/{YEAR - 1}", f"finding/{YEAR + 1}"), one_row, Style(dates=("iso",), names=("short",)))
    files.append(File("整改/其他年度整改清单.csv", (other,), "utf-8-sig", ";"))
    return files


def _pairing_files() -> list[File]:
    agreement = (
        "序号 协议编号=agreement_id 签约单位=unit_id 结对对象=partner 结对类型=partner_type "
        "协议期限/签订日期=signed_on 协议期限/到期日期=expires_on 联系人=contact 年度计划活动数=planned_activities 备注"
    )
    activity = (
        "活动编号=activity_id 所属协议=agreement_id 主办单位=unit_id 开展日期=held_on 活动主题=theme 活动形式=form "
        "我方人数=own_count 对方人数=partner_count 活动成效=outcome"
    )
    grouped = (
        "序号 活动编号=activity_id 协议编号=agreement_id 单位名称=unit_id 活动日期=held_on 主题=theme 形式=form "
        "参加人数/本单位参加人数=own_count 参加人数/对方参加人数=partner_count 成效=outcome 填报人"
    )
    item = (
        "清单编号=item_id 协议编号=agreement_id 清单类别=kind 内容=content 责任人=owner 计划完成日期=due_on "
        "实际完成日期=done_on 进展状态=status 备注"
    )
    street = Style(dates=("cn", "dot"), names=("full", "short", "everyday"), odd_numbers=True, blanks=True)
    return [
        File(
            "共建/结对共建协议台账.xlsx",
            (
                Sheet(
                    "协议",
                    ("agreement",),
                    agreement,
                    Style(dates=("true",), names=("full", "short"), odd_numbers=True, blanks=True),
                    title="结对共建协议台账",
                    note="协议到期请及时续签。",
                    total="合计",
                    sections=True,
                ),
            ),
        ),
        File(
            "共建/行业联建活动.csv",
            (
                Sheet(
                    "",
                    ("activity/industry",),
                    activity,
                    Style(dates=("dot", "iso"), names=("short",), odd_numbers=True),
                ),
            ),
            "gbk",
        ),
        File(
            "共建/街镇共建活动台账.xlsx",
            (
                Sheet("机关", ("activity/street/J",), grouped, street, title="街镇共建活动台账（机关）", total="合计"),
                Sheet(
                    "基层", ("activity/street/D",), grouped, street, title="街镇共建活动台账（基层）", blank_every=25
                ),
            ),
        ),
        File("共建/补报/活动补报.csv", (Sheet("", ("activity/late",), activity, Style()),), "utf-16", "\t"),
        *(
            File(
                f"共建/三张清单（{name}）.xlsx",
                tuple(
                    Sheet(f"{kind}清单", (f"item/{code}/{kind}",), item, Style(dates=dates, blanks=True))
                    for kind in ("资源", "需求", "项目")
                ),
            )
            for name, code, dates in (("机关", "office", ("slash",)), ("基层", "grassroots", ("true", "cn")))
        ),
    ]


def _files() -> list[File]:
    registry = (
        "序号 单位编号=unit_id 单位名称=name 单位简称=short_name 单位类别=category 上级编号=parent_id "
        "组织类型=party_org_type 是否设支委会=has_committee 党小组数=group_count 党员数=member_count "
        "成立日期=valid_from 撤销日期=valid_to 备注"
    )
    alias = "序号 别名=alias 使用平台=platform 对应单位=unit_id"
    note = ("填表说明", "单位编号：机关处室以J开头，基层单位以D开头。", "名册每季度更新一次，由党建工作处维护。")
    return [
        File(
            f"名册/单位名册{YEAR}.xlsx",
            (
                Sheet("填表说明", text=note),
                Sheet(
                    "名册",
                    ("registry",),
                    registry,
                    Style(dates=("true", "dot", "cn"), blanks=True),
                    title="浦东新区生态环境局基层党组织名册",
                    total="合计",
                    note="党员数为正式党员数。",
                    sections=True,
                ),
            ),
        ),
        File("名册/单位别名对照表.csv", (Sheet("", ("alias",), alias, Style()),), "utf-8-sig"),
        *_study_files(),
        *_inspection_files(),
        *_finding_files(),
        *_pairing_files(),
    ]


def plan(truth: Truth) -> tuple[tuple[File, tuple[Page, ...]], ...]:
    """Every file, laid out but not yet written."""
    names = _Names(
        {unit.unit_id: unit for unit in truth.records.units},
        {alias.unit_id: alias.alias for alias in truth.records.aliases if alias.platform == EVERYWHERE},
        {(a.unit_id, a.platform): a.alias for a in truth.records.aliases if a.platform != EVERYWHERE},
    )
    owners = {agreement.agreement_id: agreement for agreement in truth.records.agreements}
    owners |= {e.record.agreement_id: e.record for e in truth.bad if isinstance(e.record, Agreement)}
    good = [Entry(record, note=truth.remarks.get((table_of(record), key_of(record)), "")) for record in truth.records]
    drawers: dict[str, list[Entry]] = defaultdict(list)
    for entry in (*good, *truth.bad):
        late = entry.note.startswith("reported late")
        drawers["study/late" if late else _slot(entry, owners)].append(entry)
    order = {unit.unit_id: number for number, unit in enumerate(truth.records.units)}
    for entries in drawers.values():
        entries.sort(key=lambda entry: _filing_order(entry, order))
    files = _files()
    unfiled = set(drawers) - {slot for file in files for sheet in file.sheets for slot in sheet.slots}
    if unfiled:
        raise ValueError(f"no file for {sorted(unfiled)}")
    laid_out = []
    for file in files:
        pages = []
        for sheet in file.sheets:
            rng = random.Random(f"{truth.seed}/{file.same_as or file.path}/{sheet.name}")
            entries = [entry for slot in sheet.slots for entry in drawers[slot]]
            pages.append(_Writer(sheet, names, rng).page(entries))
        laid_out.append((file, tuple(pages)))
    return tuple(laid_out)


def _filing_order(entry: Entry, order: Mapping[str, int]) -> tuple[object, ...]:
    """How an office keeps its rows: registries and study rows by unit, the rest by number."""
    record = entry.record
    if isinstance(record, (Unit, StudyStat)):
        return (order[record.unit_id], *key_of(record))
    if isinstance(record, Agreement):
        return (order[record.unit_id] >= len(OFFICE_NAMES), *key_of(record))
    return key_of(record)


# --- Writing ---------------------------------------------------------------------------------------------------------


def write(truth: Truth, out_dir: Path) -> list[Path]:
    """Write every file under `out_dir`, over the ones written before; nothing else there is touched."""
    written = []
    for file, pages in plan(truth):
        path = out_dir / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        if file.encoding:
            path.write_bytes(_text_bytes(file, pages[0]))
        else:
            _write_workbook(path, pages)
        written.append(path)
    return written


def _text_bytes(file: File, page: Page) -> bytes:
    buffer = io.StringIO()
    rows = csv.writer(buffer, delimiter=file.delimiter, lineterminator="\r\n")
    for line in page.lines:
        rows.writerow([_as_text(cell) for cell in line.cells])
    text = buffer.getvalue()
    if file.encoding == "utf-16":
        return b"\xff\xfe" + text.encode("utf-16-le")  # the same bytes on any machine
    return text.encode(file.encoding)


def _as_text(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case Percent() | Formula():
            return _as_text(cell.value)
        case float():
            return f"{cell:.10g}"
        case _:
            return str(cell)


def _write_workbook(path: Path, pages: Sequence[Page]) -> None:
    book = xlsxwriter.Workbook(str(path))
    book.set_properties({"created": CREATED})
    formats = {
        "title": book.add_format({"bold": True, "font_size": 16, "align": "center"}),
        "header": book.add_format({"bold": True, "align": "center", "valign": "vcenter", "border": 1}),
        "percent": book.add_format({"num_format": "0.00%"}),
        "date": book.add_format({"num_format": "yyyy-mm-dd"}),
        "month": book.add_format({"num_format": 'yyyy"年"m"月"'}),
    }
    used: set[str] = set()
    for number, page in enumerate(pages, 1):
        name = page.sheet.name if page.sheet.name not in used else f"{page.sheet.name}{number}"
        used.add(name)
        sheet = book.add_worksheet(name)
        if page.sheet.hidden:
            sheet.hide()
        _write_page(sheet, page, formats)
    book.get_worksheet_by_name(pages[-1 if pages[0].sheet.text else 0].sheet.name).activate()
    book.close()


def _write_page(sheet: xlsxwriter.worksheet.Worksheet, page: Page, formats: Mapping[str, object]) -> None:
    heads = _heads(page.sheet.heads)
    left = page.sheet.left
    headers = [row for row, line in enumerate(page.lines) if line.kind == "header"]
    records = 0
    for row, line in enumerate(page.lines):
        if line.kind in ("title", "section", "note"):
            style = formats["title"] if line.kind == "title" else None
            sheet.merge_range(row, left, row, left + len(heads) - 1, line.cells[left], style)
            continue
        if line.kind == "header":
            if row == headers[0]:
                _write_header(sheet, heads, headers, left, formats["header"])
            continue
        if line.kind == "record":
            records += 1
            if records in page.sheet.hidden_rows:
                sheet.set_row(row, None, None, {"hidden": True})
        for place, cell in enumerate(line.cells):
            is_month = place >= left and line.kind == "record" and heads[place - left].column == "period"
            _write_cell(sheet, row, place, cell, formats, formats["month" if is_month else "date"])


def _write_header(
    sheet: xlsxwriter.worksheet.Worksheet, heads: Sequence[_Head], rows: Sequence[int], left: int, style: object
) -> None:
    """One heading row, or two with merged cells: groups across, the others down."""
    top, bottom = rows[0], rows[-1]
    for place, head in enumerate(heads):
        column = left + place
        if top == bottom:
            sheet.write_string(top, column, head.heading, style)
        elif head.group is None:
            sheet.merge_range(top, column, bottom, column, head.heading, style)
        else:
            members = [n for n, other in enumerate(heads) if other.group == head.group]
            if place == members[0]:
                sheet.merge_range(top, column, top, left + members[-1], head.group, style)
            sheet.write_string(bottom, column, head.heading, style)


def _write_cell(
    sheet: xlsxwriter.worksheet.Worksheet,
    row: int,
    column: int,
    cell: Cell,
    formats: Mapping[str, object],
    date_format: object,
) -> None:
    match cell:
        case None:
            return
        case Percent():
            sheet.write_number(row, column, cell.value, formats["percent"])
        case Formula():
            sheet.write_formula(row, column, cell.text, None, cell.value)
        case date():
            sheet.write_datetime(row, column, datetime(cell.year, cell.month, cell.day), date_format)
        case str():
            sheet.write_string(row, column, cell)
        case _:
            sheet.write_number(row, column, cell)


# --- What a careful reader must find ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Expected:
    """The accounting of the written files: records_in = used + quarantined, table by table."""

    records_in: Mapping[str, int]
    used: Mapping[str, int]
    other_year: Mapping[str, int]  # of the used: their event is not in the year
    quarantined: Mapping[str, Mapping[str, int]]  # table → reason → rows
    left_out: Mapping[str, int]  # kind of line → lines: title (above a heading), section (in the body), total, note
    warnings: Mapping[tuple[str, str], int]  # (table, column) → flagged rows


def expected(truth: Truth, as_of: date = AS_OF, year: int = YEAR) -> Expected:
    """Count the rows of the planned files as they must be judged on a day."""
    records_in: Counter[str] = Counter()
    quarantined: dict[str, Counter[str]] = defaultdict(Counter)
    left_out: Counter[str] = Counter()
    for _, pages in plan(truth):
        for line in (line for page in pages for line in page.lines):
            if line.entry is None:
                if line.kind in ("title", "section", "total", "note"):
                    left_out[line.kind] += 1
                continue
            records_in[line.entry.table] += 1
            reason = line.entry.reason or ("rule" if (event_of(line.entry.record) or as_of) > as_of else None)
            if reason:
                quarantined[line.entry.table][reason] += 1
    trusted = truth.trusted(as_of)
    used = Counter(table_of(record) for record in trusted)
    other = Counter(table_of(r) for r in trusted if (day := event_of(r)) is not None and day.year != year)
    return Expected(records_in, used, other, quarantined, left_out, Counter(_warnings(trusted)))


def _warnings(records: Records) -> Iterator[tuple[str, str]]:
    """(table, column) of every flag on a trusted record."""
    for unit in records.units:
        if unit.party_org_type == "支部" and unit.has_committee != (unit.member_count >= 7):
            yield "org_unit", "has_committee"
    checks = {check.inspection_id: check for check in records.inspections}
    for check in records.inspections:
        if check.inspector_unit == check.unit_id:
            yield "inspection", "inspector_unit"
    for finding in records.findings:
        if finding.inspection_id not in checks:
            yield "inspection_finding", "inspection_id"
        elif finding.unit_id != checks[finding.inspection_id].unit_id:
            yield "inspection_finding", "unit_id"
        if finding.rechecked_on and finding.rectified_on and finding.rechecked_on < finding.rectified_on:
            yield "inspection_finding", "rechecked_on"
    for stat in records.study_stats:
        if stat.participation_rate > 1:
            yield "study_stat", "participation_rate"
        if stat.platform == XUEXI and (stat.score_per_head or 0) > 66 * _last_day(stat.period).day:
            yield "study_stat", "score_per_head"
    kind_of = {agreement.agreement_id: agreement.partner_type == INDUSTRY for agreement in records.agreements}
    claims: dict[tuple[str, date, str], list[bool]] = defaultdict(list)
    for act in records.activities:
        claims[act.unit_id, act.held_on, act.theme].append(kind_of[act.agreement_id])
    for kinds in claims.values():
        if len(set(kinds)) == 2:
            yield from (("pairing_activity", "theme") for _ in kinds)
    for item in records.items:
        if item.kind == "项目" and item.due_on is None:
            yield "pairing_item", "due_on"


# --- Saying where it is ----------------------------------------------------------------------------------------------

_ABOUT = """\
# The sample bureau

`data/sample/` is a made-up district bureau: 24 offices (机关处室) and 36 grassroots units (基层单位), the year
2023 and, for comparison, the study figures of 2022. Every person, partner and number is invented. It is written by
`python data/make_sample.py`, always with the same bytes; this page is written with it, so its numbers are true.

The truth behind the files is `make_sample.build(seed)`: clean records, and which of them may count. An independent
recomputation of the scores from that truth is `tests/golden/oracle.py`.
"""

_STORIES = (
    (PERFECT, "lose nothing: tied on the first rank"),
    ((NO_DATA,), "rows of 2022 only: listed, not ranked"),
    ((SET_UP_IN_MAY,), "set up on 15 May 2023: its study months start in June"),
    ((NO_YOUTH,), "nobody enrolled in 青年大学习: not applicable"),
    (NO_PROJECTS, "agreements without projects: not applicable, their weight is shared out"),
    ((NOT_IN_ROUND_2,), "not inspected in the second round"),
    ((NEVER_INSPECTED,), "never inspected: all of 强基固本 is shared out"),
    ((YOUTH_UNREPORTED,), "never reported 青年大学习: nothing done in any month"),
    ((STUDY_UNREPORTED,), "no study row of 2023: not reported"),
    ((PAIRING_UNREPORTED,), "no agreement: not reported"),
    ((INDUSTRY_ONLY,), "an industry partner only"),
    (WEAK, "do badly everywhere"),
    (ODD_COMMITTEE, "a committee that does not fit the number of members (warning)"),
    ((ENDS_LATER,), "valid to the end of 2025, so assessed as any other"),
)

_MESS: Sequence[tuple[str, Callable[[File, Sheet], bool]]] = (
    ("GBK text", lambda f, s: f.encoding == "gbk"),
    ("UTF-8 text with a byte-order mark", lambda f, s: f.encoding == "utf-8-sig"),
    ("UTF-16 text, separated by tabs", lambda f, s: f.encoding == "utf-16"),
    ("text separated by semicolons", lambda f, s: f.delimiter == ";"),
    ("a title over the table (merged in workbooks)", lambda f, s: bool(s.title)),
    ("a heading of two rows, with merged cells", lambda f, s: "/" in s.heads),
    ("a 合计 row", lambda f, s: bool(s.total)),
    ("a 注： row", lambda f, s: bool(s.note)),
    ("section titles in the body (一、机关处室)", lambda f, s: s.sections),
    ("blank rows inside", lambda f, s: s.blank_every > 0),
    ("a table that does not start at A1", lambda f, s: s.top + s.left > 0),
    ("a sheet that is no table", lambda f, s: bool(s.text)),
    ("a hidden sheet (its rows are copies)", lambda f, s: s.hidden),
    ("hidden rows", lambda f, s: bool(s.hidden_rows)),
    ("a file saved twice, all its rows duplicates", lambda f, s: s.copies and not s.hidden),
    ("dates as 2023.3.15", lambda f, s: "dot" in s.style.dates and "date" in _kinds(s)),
    ("dates as 2023年3月15日", lambda f, s: "cn" in s.style.dates and "date" in _kinds(s)),
    ("dates as 2023/3/15", lambda f, s: "slash" in s.style.dates and "date" in _kinds(s)),
    ("dates as 2023-03-15", lambda f, s: "iso" in s.style.dates and "date" in _kinds(s)),
    ("true dates", lambda f, s: "true" in s.style.dates and "date" in _kinds(s)),
    ("serial numbers as dates", lambda f, s: "serial" in s.style.dates and "date" in _kinds(s)),
    ("months as 2023年3月", lambda f, s: "cn" in s.style.months and "month" in _kinds(s)),
    ("months as 2023-03", lambda f, s: "dash" in s.style.months and "month" in _kinds(s)),
    ("months as 2023.3", lambda f, s: "dot" in s.style.months and "month" in _kinds(s)),
    ("months as true dates", lambda f, s: "true" in s.style.months and "month" in _kinds(s)),
    ("rates as text, 96.5%", lambda f, s: s.style.percent == "text" and "month" in _kinds(s)),
    ("rates as cells formatted in per cent", lambda f, s: s.style.percent == "cell"),
    ("rates as bare fractions, 0.965", lambda f, s: s.style.percent == "fraction"),
    ("rates as bare per cents under 参学率（%）", lambda f, s: s.style.percent == "bare"),
    ("rates as formulas", lambda f, s: s.style.percent == "formula"),
    ("full-width digits, thousands separators", lambda f, s: s.style.odd_numbers),
    ("wide spaces in empty cells", lambda f, s: s.style.blanks),
    ("flags as √ and ×", lambda f, s: s.style.flags == "tick"),
    ("flags as 有 and 无", lambda f, s: s.style.flags == "have"),
    ("flags as 1 and 0", lambda f, s: s.style.flags == "digit"),
    ("units under short names", lambda f, s: "short" in s.style.names),
    ("units under everyday names (区水务管理中心)", lambda f, s: "everyday" in s.style.names),
    ("units under platform names, cut to 20 characters", lambda f, s: "platform" in s.style.names),
    ("units with spaces around the name", lambda f, s: "spaced" in s.style.names),
    ("columns no contract knows (序号, 备注, 填报人)", lambda f, s: any(h.column is None for h in _heads(s.heads))),
)


def _sums(rows: Iterable[Sequence[int]]) -> tuple[int, ...]:
    return tuple(sum(column) for column in zip(*rows, strict=True))


def _kinds(sheet: Sheet) -> set[str]:
    columns = {head.column for head in _heads(sheet.heads) if head.column}
    kinds = {"month"} if "period" in columns else set()
    return kinds | ({"date"} if any(c.endswith("_on") or c.startswith("valid_") for c in columns) else set())


def describe(truth: Truth) -> str:
    """The page docs/sample.md: what is in the sample, and where each mess and each bad row is."""
    planned = plan(truth)
    sums = expected(truth)
    parts = [_ABOUT, "## The accounting\n", f"As of {AS_OF}, assessing {YEAR}:\n"]
    reasons = ("bad_cell", "unknown_unit", "duplicate", "conflict", "rule")
    counts = [
        (
            sums.records_in[table],
            sums.used[table],
            sums.other_year.get(table, 0),
            *(sums.quarantined.get(table, {}).get(reason, 0) for reason in reasons),
        )
        for table in KEYS
    ]
    rows = [(table, *numbers) for table, numbers in zip((*KEYS, "all"), (*counts, _sums(counts)), strict=True)]
    parts.append(_table(("table", "records in", "used", "of another year", *reasons), rows))
    kinds = {"title": "titles over a table", "section": "section titles in a body", "total": "合计", "note": "注："}
    parts.append(
        "Left out, and not among the records: "
        + ", ".join(f"{sums.left_out[kind]} {name}" for kind, name in kinds.items())
        + f". {len(planned)} files.\n"
    )
    parts.append("Flagged, but kept:\n")
    parts.append(_table(("table", "column", "rows"), [(*place, n) for place, n in sorted(sums.warnings.items())]))
    parts.append("## Units with a story\n")
    parts.append(_table(("units", "story"), [("、".join(ids), story) for ids, story in _STORIES]))
    parts.append("## Every kind of mess\n")
    parts.append(_table(("what", "where"), [(what, _where(planned, fits)) for what, fits in _MESS]))
    parts.append("## Bad on purpose\n")
    parts.append("Rows are counted as the spreadsheet or editor counts them. Copies as a whole are not listed.\n")
    bad, kept = _listed(planned)
    parts.append(_table(("table", "reason", "what", "file", "sheet", "row"), bad))
    parts.append("## Good, but worth a look\n")
    parts.append(_table(("table", "what", "file", "sheet", "row"), kept))
    return "\n".join(parts).rstrip() + "\n"


def _where(planned: Iterable[tuple[File, Sequence[Page]]], fits: Callable[[File, Sheet], bool]) -> str:
    """Up to three files that show a thing, and how many more do."""
    found = [file.path for file, pages in planned if any(fits(file, page.sheet) for page in pages)]
    if not found:
        raise ValueError("a kind of mess is nowhere to be found")
    return "<br>".join(found[:3]) + (f"<br>and {len(found) - 3} more" if len(found) > 3 else "")


def _listed(
    planned: Iterable[tuple[File, Sequence[Page]]],
) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    """Every bad row and every remarkable one, with file, sheet and row."""
    bad: list[tuple[object, ...]] = []
    kept: list[tuple[object, ...]] = []
    for file, pages in planned:
        for page in pages:
            for row, line in enumerate(page.lines, 1):
                if line.entry is None or not line.entry.note or page.sheet.copies:
                    continue
                entry, where = line.entry, (file.path, page.sheet.name, row)
                if entry.reason:
                    bad.append((entry.table, entry.reason, entry.note, *where))
                else:
                    kept.append((entry.table, entry.note, *where))
    order = list(KEYS)
    bad.sort(key=lambda r: (order.index(str(r[0])), str(r[1])))
    kept.sort(key=lambda r: (order.index(str(r[0])), str(r[1])))
    return bad, kept


def _table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines) + "\n"


def main() -> None:
    """Write the sample and the page about it."""
    home = Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description="Write the made-up bureau.")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--out", type=Path, default=home / "sample")
    parser.add_argument("--doc", type=Path, default=home.parent / "docs" / "sample.md")
    args = parser.parse_args()
    truth = build(args.seed)
    written = write(truth, args.out)
    args.doc.parent.mkdir(parents=True, exist_ok=True)
    args.doc.write_text(describe(truth), encoding="utf-8")
    print(f"{len(written)} files, {sum(expected(truth).records_in.values())} records")


if __name__ == "__main__":
    main()
