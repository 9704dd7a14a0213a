"""The annual notice: figures worked out by hand on a small inbox, odd cases, states, and what must stay out."""

import datetime as dt
import re
import shutil
import string
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from kaohe.errors import KaoheError
from kaohe.lifecycle import steps as lifecycle
from kaohe.project import Project
from kaohe.publication import in_force
from kaohe.publication.snapshot import Snapshot
from kaohe.publishing.document import Block, Document, Heading, Paragraph, Table, numbered
from kaohe.publishing.document_docx import write_docx
from kaohe.publishing.document_pdf import write_pdf
from kaohe.publishing.notice import notice, notice_template
from kaohe.scheme import load_scheme
from kaohe.words import use_language
from tests.helpers import AS_OF, REGISTRY, ROOT, STUDY, YEAR, Result, assess, copied, write_csv
from tests.ledgers import ledger
from tests.unit.test_document import words_of_docx, words_of_pdf

SCHEME = """
id: s
title: 试行考核办法
year: 2023
effective_from: 2023-01-01
effective_to: 2023-12-31
deadline: 2024-01-31
rounding: {digits: 2, mode: half_up}
dimensions:
  theory:
    title: 立根铸魂
    weight: 60
    children:
      first_topic_months: {title: 第一议题, weight: 60, rule: share, basis: &b {rule: r, article: a, basis_type: default}, not_applicable: 无}
  foundation:
    title: 强基固本
    weight: 40
    children:
      secretary_meetings: {title: 书记例会, weight: 40, rule: share, params: {attended: {本人: 1, 代会: 0.5, 缺席: 0}}, basis: *b}
bonus:
  cap: 5
  indicators:
    innovation_cases: {title: 创新案例, rule: per_item, params: {points: {局: 0.5, 区: 1, 市: 2, 国家: 3}}, basis: *b}
    honors: {title: 先进典型, rule: per_item, params: {points: {局: 0.5, 区: 1, 市: 2, 国家: 3}, title: {模范机关: 1}}, basis: *b}
deductions:
  cap: 10
  indicators:
    notices: {title: 被通报, rule: per_item, params: {points: {区: 2, 局: 1}}, basis: *b}
    overdue_rectifications: {title: 逾期整改, rule: per_item, params: {points: 0.5}, basis: *b}
vetoes:
  V1: {title: 一票否决 V1（违纪）, measure: adverse_events, params: {level: V1}, basis: *b, grade_at_most: good}
grades:
  excellent:   {title: 优秀, at_least: 90, quota: 0.30, quota_at_least: 1}
  good:        {title: 良好, at_least: 80}
  qualified:   {title: 合格, at_least: 60}
  unqualified: {title: 不合格, at_least: 0}
lifecycle: {notice_days: 5, appeal_days: 5}
alerts:
  late: {title: 整改逾期, alert: rectifications_overdue, params: {days: {urgent: 1}}, say: "{item}", say_en: "{item}"}
"""
#: Without quotas, and in which nothing is added or taken off.
PLAIN = SCHEME.replace(", quota: 0.30, quota_at_least: 1", "")
OFFICES = [("J01", "局办公室", "办公室"), ("J02", "局法规处", "法规处"), ("J03", "局宣传处", "")]
UNITS = [("D01", "水务中心", ""), ("D02", "监测站", ""), ("D03", "公园中心", "")]
BY = {"by": "机关党委", "document": "沪环党〔2024〕1号"}


def registered(inbox: Path, offices: list[tuple[str, str, str]], units: list[tuple[str, str, str]]) -> None:
    """A registry of units (id, name, short name)."""
    rows = [[u, name, short, "机关处室", "支部", "是", 1, 10, "2015-01-01"] for u, name, short in offices]
    rows += [[u, name, short, "基层单位", "支部", "是", 1, 10, "2015-01-01"] for u, name, short in units]
    write_csv(inbox / "名册.csv", [REGISTRY, *rows])


def meetings(inbox: Path, months: dict[str, int], attended: dict[str, list[str]]) -> None:
    """So many months with a first topic, and a meeting of secretaries for each way in which it was attended."""
    topics = [(unit, f"2023-{month:02d}-05") for unit, count in months.items() for month in range(1, count + 1)]
    if topics:
        ledger(
            inbox, "first_topic", *({"unit_id": unit, "held_on": day, "is_first_item": True} for unit, day in topics)
        )
    rows = [
        {"unit_id": unit, "meeting_id": f"M{number}", "attended": how, "held_on": "2023-05-05"}
        for unit, each in attended.items()
        for number, how in enumerate(each)
    ]
    if rows:
        ledger(inbox, "secretary_meeting", *rows)


def scheme_in(folder: Path, text: str = SCHEME) -> Path:
    path = folder / "scheme.yml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def bureau(tmp_path_factory: pytest.TempPathFactory, libraries: None) -> Result:
    """A bureau where everything has gone right for somebody and wrong for somebody else."""
    folder = tmp_path_factory.mktemp("notice")
    inbox = folder / "inbox"
    registered(inbox, OFFICES, UNITS)
    meetings(
        inbox,
        {"局办公室": 12, "局法规处": 6, "局宣传处": 12, "水务中心": 9},
        {"局办公室": ["本人", "本人"], "局法规处": ["本人", "代会"], "局宣传处": ["本人"], "水务中心": ["代会"], "监测站": ["本人"]},
    )  # fmt: skip
    case = {"unit_id": "局办公室", "case_key": "K1", "adopted_on": "2023-05-01"}
    ledger(inbox, "innovation_case", {**case, "level": "局"}, {**case, "level": "市"})
    ledger(
        inbox,
        "honor",
        {"unit_id": "局宣传处", "level": "区", "granted_on": "2023-07-01", "subject": "个人", "title": "优秀党员"},
    )
    ledger(inbox, "notice", {"unit_id": "局法规处", "level": "区", "issued_on": "2023-08-01", "fact": "会风不严之事"})
    ledger(inbox, "rectification", {"unit_id": "水务中心", "due_on": "2023-06-01", "content": "整改之事"})
    ledger(
        inbox, "adverse_event",
        {"unit_id": "局宣传处", "level": "V1", "effective_on": "2023-09-01", "fact": "违纪之事", "source_doc": "某文"},
    )  # fmt: skip
    ledger(
        inbox, "first_topic", {"unit_id": "某处", "held_on": "2023-03-01"}, {"unit_id": "监测站", "held_on": "约三月"},
        name="有误",
    )  # fmt: skip
    return assess(inbox, folder / "home", scheme=scheme_in(folder))


def noticed(result: Result, **manifest: Any) -> Document:
    """The notice on a result, by the scheme that lies beside its home."""
    said = result.manifest | manifest
    with Snapshot(result.folder) as snapshot:
        scheme = load_scheme(result.home.parent / "scheme.yml")
        return notice(snapshot, scheme, said, notice_template(Project.find()))


def lines(body: tuple[Block, ...]) -> Iterator[str]:
    for number, part in numbered(body):
        match part:
            case Heading():
                yield number + part.text
            case Paragraph():
                yield number + part.lead + part.text
            case Table():
                yield from ("|".join(row) for row in (part.headings, *part.rows))


def said(document: Document) -> list[str]:
    return list(lines(document.body))


def whole(document: Document) -> str:
    """Every word of it."""
    annexes = [text for annex in document.annexes for text in (annex.title, *lines(annex.body))]
    tables = [part for annex in document.annexes for part in annex.body if isinstance(part, Table)]
    return "\n".join([document.title, *said(document), *annexes, *(t.caption + t.note for t in tables)])


def test_every_figure(bureau: Result) -> None:
    """60 for 12 months, 40 for all meetings. 办公室 60 + 40 + 2; 宣传处 60 + 40 + 1; 法规处 30 + 30 − 2; 水务中心 45 + 20
    − 0.5; 监测站 0 (not reported) + 40; 公园中心 nothing at all."""
    document = noticed(bureau)
    assert document.title == "关于2023年度党建工作考核情况的通报"
    assert document.date == "2024年3月31日"
    assert said(document)[:18] == [
        "根据《试行考核办法》，对6个单位2023年度党建工作进行了考核。现将考核结果（初评，数据截至2024年3月31日）通报如下。"
        "本结果为初评结果，尚未公示，以定稿为准。",
        "一、总体情况",
        "（一）考核范围。本次共考核6个单位，其中机关处室3个、基层单位3个。已评定等次的单位5个。"
        "未报送任何材料的单位1个（公园中心），不参加排名。",
        "（二）等次分布。已评定等次的5个单位中，优秀1个，占20.0%；良好1个，占20.0%；合格1个，占20.0%；不合格2个，占40.0%。",
        "（三）得分情况。机关处室平均87.00分，最高102.00分（办公室），最低58.00分，相差44.00分；"
        "基层单位平均52.25分，最高64.50分（水务中心），最低40.00分，相差24.50分。",
        "类别|单位数|优秀|良好|合格|不合格|平均分|最高分|最低分",
        "机关处室|3|1|1|0|1|87.00|102.00|58.00",
        "基层单位|3|0|0|1|1|52.25|64.50|40.00",
        "合计|6|1|1|1|2|73.10|102.00|40.00",
        "二、主要成效",
        "（一）优秀单位。按名次排列，机关处室1个：办公室。",
        "（二）各维度得分。各维度得分率由高到低依次为强基固本85.0%、立根铸魂65.0%。",
        "（三）得分率较高的指标。书记例会得分率85.0%，3个单位得满分。各项指标均得满分的单位2个。",
        "（四）加分情况。获得加分的单位2个，共加3.00分，其中创新案例1项、加2.00分（市级1项）；先进典型1项、加1.00分（区级1项）。",
        "三、存在问题",
        "（一）不合格单位。评定为不合格的单位2个：法规处、监测站。",
        "（二）部分指标失分较多。失分最多的指标：第一议题共失105.00分，3个单位失分（机关处室1个、平均每个单位失10.00分，"
        "基层单位2个、平均每个单位失37.50分）；书记例会共失30.00分，2个单位失分（机关处室1个、平均每个单位失3.33分，基层单位1个、平均每个单位失10.00分）。",
        "（三）部分材料未按期报送。未报送任何材料的单位1个（公园中心）。另有1个单位的部分材料未按期报送，涉及指标1项次，按0分计。",
    ]
    assert said(document)[18:23] == [
        "（四）部分数据不规范。未予采用的记录2条，其中单元格无法识别1条、单位不认识1条。",
        "（五）部分事项逾期未完成。整改事项逾期未完成1项，涉及1个单位。",
        "（六）一票否决。适用“一票否决 V1（违纪）”的单位1个。",
        "（七）扣分情况。被扣分的单位2个，共扣2.50分，其中被通报1项、扣2.00分；逾期整改1项、扣0.50分。",
        "四、整改要求",
    ]
    steps = said(document)[23:]
    assert [step.split("。")[0] for step in steps] == [
        "（一）限期整改", "（二）补齐短板", "（三）规范报送", "（四）核准数据", "（五）按期销号", "（六）严肃纪律", "（七）抓好警示",
        "（八）用好结果",
    ]  # fmt: skip
    for number, told in enumerate(("2个单位", "“第一议题”", "2个单位", "2条记录", "1个事项", "1个单位", "2个单位")):
        assert told in steps[number], steps[number]


def test_the_annex_has_every_unit_and_what_cost_most(bureau: Result) -> None:
    league, losses = noticed(bureau).annexes
    assert (league.title, losses.title) == ("2023年度党建工作考核成绩表", "2023年度党建工作考核失分较多的指标")
    assert list(lines(league.body)) == [
        "名次|单位|总分|等次|立根铸魂|强基固本|加分|扣分|说明",
        "1|局办公室|102.00|优秀|60.00|40.00|2.00|0.00|",
        "2|局宣传处|101.00|良好|60.00|40.00|1.00|0.00|一票否决 V1",
        "3|局法规处|58.00|不合格|30.00|30.00|0.00|2.00|",
        "名次|单位|总分|等次|立根铸魂|强基固本|加分|扣分|说明",
        "1|水务中心|64.50|合格|45.00|20.00|0.00|0.50|",
        "2|监测站|40.00|不合格|0.00|40.00|0.00|0.00|",
        "—|公园中心|—|—|—|—|—|—|无数据",
    ]
    assert [table.caption for table in league.body if isinstance(table, Table)] == [
        "机关处室（3个单位）",
        "基层单位（3个单位）",
    ]
    assert list(lines(losses.body)) == [
        "序号|指标|满分|得分率|失分合计|失分单位|平均失分|机关处室失分单位|机关处室平均失分|基层单位失分单位|基层单位平均失分",
        "1|第一议题|60.00|65.0%|105.00|3|21.00|1|10.00|2|37.50",
        "2|书记例会|40.00|85.0%|30.00|2|6.00|1|3.33|1|10.00",
    ]


def test_facts_people_and_documents_stay_out(bureau: Result) -> None:
    text = whole(noticed(bureau))
    for secret in ("违纪之事", "会风不严之事", "整改之事", "某文", "优秀党员", "王某", "某处"):
        assert secret not in text


# --- Odd bureaus -----------------------------------------------------------------------------------------------------


@pytest.fixture
def small(tmp_path: Path, libraries: None) -> Callable[..., Document]:
    """The notice on offices of which each has so many months with a first topic, and meetings of its secretary."""

    def written(
        months: dict[str, int], attended: dict[str, list[str]], scheme: str = PLAIN, as_of: dt.date = AS_OF
    ) -> Document:
        inbox = tmp_path / "inbox"
        names = {*months, *attended}
        registered(inbox, [(f"J{number:02}", name, "") for number, name in enumerate(sorted(names), 1)], [])
        meetings(inbox, {unit: count for unit, count in months.items() if count}, attended)
        scheme_in(tmp_path, scheme)
        return noticed(assess(inbox, tmp_path / "home", as_of=as_of, scheme=tmp_path / "scheme.yml"))

    return written


def test_a_bureau_where_all_is_well(small: Callable[..., Document]) -> None:
    document = small({"甲处": 12, "乙处": 12}, {"甲处": ["本人"], "乙处": ["本人"]})
    assert said(document)[1:] == [
        "一、总体情况",
        "（一）考核范围。本次共考核机关处室2个。各单位均已评定等次。",
        "（二）等次分布。已评定等次的2个单位均为优秀。",
        "（三）得分情况。机关处室总分均为100.00分。",
        "类别|单位数|优秀|良好|合格|不合格|平均分|最高分|最低分",
        "机关处室|2|2|0|0|0|100.00|100.00|100.00",
        "二、主要成效",
        "（一）优秀单位。按名次排列，机关处室2个：乙处、甲处。",
        "（二）各维度得分。各维度得分率均为100.0%。",
        "（三）得分率较高的指标。各单位各项指标均得满分。",
        "三、存在问题",
        "各单位材料报送齐全、数据可用，未失分、未扣分，没有逾期未完成的整改事项，未发现突出问题。",
        "四、整改要求",
        "（一）巩固成果。各单位要总结好做法、好经验，保持工作力度，持续提升党建工作质量。",
        "（二）用好结果。各单位党组织要把考核结果作为改进工作的重要依据，防止重痕迹轻实效，以高质量党建推动各项工作落实。",
    ]
    assert [annex.title for annex in document.annexes] == ["2023年度党建工作考核成绩表"]
    (table,) = document.annexes[0].body
    assert isinstance(table, Table)
    assert [row[-1] for row in table.rows] == ["并列", "并列"]


def test_a_single_unit(small: Callable[..., Document]) -> None:
    text = said(small({"甲处": 12}, {"甲处": ["代会"]}))
    assert text[2:7] == [
        "（一）考核范围。本次共考核机关处室1个。各单位均已评定等次。",
        "（二）等次分布。已评定等次的1个单位为良好。",
        "（三）得分情况。机关处室总分80.00分。",
        "二、主要成效",
        "（一）各维度得分。各维度得分率由高到低依次为立根铸魂100.0%、强基固本50.0%。",
    ]
    assert "（一）部分指标失分较多。失分最多的指标：书记例会共失20.00分，1个单位失分。" in text


def test_nothing_went_well(small: Callable[..., Document]) -> None:
    text = said(small({"甲处": 0}, {"甲处": ["缺席"]}))
    assert text[text.index("二、主要成效") + 1] == "各单位得分较低，没有突出成效。"
    assert "（一）不合格单位。评定为不合格的单位1个：甲处。" in text


def test_while_everything_is_pending(small: Callable[..., Document]) -> None:
    """Half a year: every month so far has its first topic, but there was no meeting of secretaries yet."""
    document = small({"甲处": 7, "乙处": 7}, {}, as_of=dt.date(2023, 7, 31))
    assert said(document)[2:] == [
        "（一）考核范围。本次共考核机关处室2个。目前尚无单位评定等次。"
        "待报的单位2个（乙处、甲处），部分材料尚在报送期限内，暂不评定等次，总分按已报部分折算，不是最后得分。",
        "二、主要成效",
        "尚无单位评定等次，主要成效待评定后通报。",
        "三、存在问题",
        "尚无单位评定等次，未发现突出问题。",
        "四、整改要求",
        "（一）按时报送。待报的2个单位要在报送期限前报齐材料，逾期按未报送计分。",
        "（二）用好结果。各单位党组织要把考核结果作为改进工作的重要依据，防止重痕迹轻实效，以高质量党建推动各项工作落实。",
    ]
    (league,) = document.annexes
    assert [line.split("|")[3:4] + line.split("|")[-1:] for line in lines(league.body)][1:] == [["—", "待报、并列"]] * 2


def test_while_one_unit_is_pending_nobody_says_that_all_reported(small: Callable[..., Document]) -> None:
    text = whole(small({"甲处": 12, "乙处": 12}, {"甲处": ["本人"]}, as_of=dt.date(2024, 1, 15)))
    assert "待报的单位1个（乙处）" in text
    assert "各单位材料报送齐全" not in text
    assert "各单位各项指标均得满分" not in text


def test_nobody_handed_in_anything(small: Callable[..., Document]) -> None:
    document = small({"甲处": 0, "乙处": 0}, {})
    text = said(document)
    assert text[2] == (
        "（一）考核范围。本次共考核机关处室2个。目前尚无单位评定等次。未报送任何材料的单位2个（乙处、甲处），不参加排名。"
    )
    assert (
        text[text.index("三、存在问题") + 1 :][0] == "（一）部分材料未按期报送。未报送任何材料的单位2个（乙处、甲处）。"
    )
    assert "（一）规范报送。未按期报送材料的2个单位，要查明原因、落实专人，今后按时、如实、完整报送。" in text


def test_many_best_units_are_counted_and_a_tie_on_the_quotas_line_is_shown(small: Callable[..., Document]) -> None:
    names = ["甲处", "乙处", "丙处", "丁处", "戊处"]
    document = small(dict.fromkeys(names, 12) | {"戊处": 6}, {name: ["本人"] for name in names}, scheme=SCHEME)
    text = "\n".join(said(document))
    assert "最高100.00分（4个单位并列），最低70.00分，相差30.00分" in text
    assert "机关处室的丁处、丙处、乙处、甲处在优秀名额线上并列，均列为优秀，提请审定。" in text
    (table,) = document.annexes[0].body
    assert isinstance(table, Table)
    assert [row[-1] for row in table.rows] == ["优秀线并列"] * 4 + [""]


@pytest.mark.long
def test_halves_are_rounded_up(small: Callable[..., Document]) -> None:
    """Of 16 units one lost 20 points. 15/16 = 93.75 %, 1/16 = 6.25 %; 620 of 640 points are 96.875 %; 1.25 a unit."""
    names = [f"{number:02}处" for number in range(1, 17)]
    document = small(dict.fromkeys(names, 12), {name: ["本人"] for name in names} | {"16处": ["代会"]})
    text = "\n".join(said(document))
    assert "优秀15个，占93.8%；良好1个，占6.3%。" in text
    assert "各维度得分率由高到低依次为立根铸魂100.0%、强基固本96.9%。" in text
    assert "1|书记例会|40.00|96.9%|20.00|1|1.25" in whole(document)


def test_means_are_rounded_half_up(small: Callable[..., Document]) -> None:
    """100, 80 and 80 are 86.666… on the average; of 40 points lost each of the three lost 13.333…"""
    document = small(dict.fromkeys("甲乙丙", 12), {"甲": ["本人"], "乙": ["代会"], "丙": ["代会"]})
    assert "机关处室平均86.67分" in whole(document)
    assert "1|书记例会|40.00|66.7%|40.00|2|13.33" in whole(document)


# --- States ----------------------------------------------------------------------------------------------------------


def test_the_days_of_notice_and_appeal_stand_only_while_it_is_announced(bureau: Result, tmp_path: Path) -> None:
    """Five working days after Monday 8 April are over on the 15th, five more on the 22nd."""
    ours = copied(bureau, tmp_path / "home")
    shutil.copy(bureau.home.parent / "scheme.yml", tmp_path)
    assert "申诉" not in whole(noticed(ours))
    lifecycle.announce(ours.home, YEAR, on=dt.date(2024, 4, 8), **BY)
    announced = published(ours)
    text = said(noticed(announced))
    assert "现将考核结果（公示稿，数据截至2024年3月31日）通报如下。本结果正在公示，以定稿为准。" in text[0]
    assert text[text.index("四、整改要求") + 1] == (
        "（一）公示和申诉。考核结果公示至2024年4月15日。"
        "对结果有异议的单位，可提出书面申诉，申诉受理至2024年4月22日，逾期不再受理。"
    )
    assert noticed(announced).date == "2024年4月8日"
    lifecycle.finalize(ours.home, YEAR, on=dt.date(2024, 4, 23), **BY)
    final = published(ours)
    text = said(noticed(final))
    assert text[0].endswith("现将考核结果（定稿，数据截至2024年3月31日）通报如下。")
    assert "申诉" not in whole(noticed(final))
    assert noticed(final).date == "2024年4月23日"


def published(result: Result) -> Result:
    """What is in force in the home of a result."""
    folder = in_force(result.home, YEAR)
    return Result(replace(result.outcome, publication=folder), result.home)


def test_it_says_what_changed_since_the_publication_before(bureau: Result) -> None:
    """In words that an addressee knows: no publication's id."""
    for act, count, told in (
        ("announce", 2, "（四）变化情况。与公示稿相比，2个单位的结果有变化。"),
        ("announce", 0, "（四）变化情况。与公示稿相比，各单位结果没有变化。"),
        ("reissue", 2, "（四）变化情况。与定稿相比，2个单位的结果有变化。"),
    ):
        document = noticed(bureau, compared_with="20240331-abc-announced", changed_units=count, act={"act": act})
        assert told in said(document)
        assert "20240331-abc" not in whole(document)


def test_unreadable_files_and_sources_that_were_down_are_said(bureau: Result) -> None:
    text = said(noticed(bureau, unreadable={"坏.xlsx": "工作簿已损坏"}, stale={"oa": "2024-03-01"}))
    assert text[0].endswith("注意：数据源 oa 读不到，用的是 2024-03-01 的数据。")
    assert any(line.endswith("单位不认识1条。无法读取的文件1个。") for line in text)


# --- What stays out --------------------------------------------------------------------------------------------------


def test_clue_counts_never_appear_not_even_as_bad_records(tmp_path: Path, libraries: None) -> None:
    inbox = tmp_path / "inbox"
    registered(inbox, OFFICES[:1], [])
    meetings(inbox, {"局办公室": 12}, {"局办公室": ["本人"]})
    ledger(inbox, "clue_summary", {"unit_id": "局办公室", "quarter": "2023-03-31", "clues": "7"}, {"unit_id": "某处"})
    result = assess(inbox, tmp_path / "home", scheme=scheme_in(tmp_path, PLAIN))
    assert result.manifest["records_quarantined"] >= 1
    text = whole(noticed(result))
    assert "线索" not in text
    assert "未予采用" not in text


def test_from_2024_on_study_is_not_in_it(tmp_path: Path, libraries: None) -> None:
    """By the scheme of 2024 study is shown and never scored; so nobody gains or loses by it, and nothing is said of it."""
    inbox, scheme = tmp_path / "inbox", (ROOT / "data" / "schemes" / "2024.yml").read_text("utf-8")
    registered(inbox, OFFICES[:2], [])
    rows = [
        ["学习强国", "2024年6月", name, 10, active, f"{active}0%"]
        for name, active in (("局办公室", 9), ("局法规处", 1))
    ]
    write_csv(inbox / "学情.csv", [STUDY, *rows])
    ledger(inbox, "secretary_meeting", *({"unit_id": name, "meeting_id": f"M{name}", "held_on": "2024-05-05", "attended": "本人"}
                                         for name in ("局办公室", "局法规处")))  # fmt: skip
    scheme_in(tmp_path, scheme)
    result = assess(inbox, tmp_path / "home", year=2024, as_of=dt.date(2025, 4, 1), scheme=tmp_path / "scheme.yml")
    assert result.leaf("J02", "study_xuexi")["status"] == "shown"
    document = noticed(result)
    assert "失分最多的指标" in whole(document)
    for word in ("学习强国", "青年大学习", "干部在线", "参学率", "学情"):
        assert word not in whole(document)


NASTY = '#read("/etc/passwd") $x$ {names} {0} <b>&amp; *粗* @ref'


def test_names_and_titles_are_only_ever_text(tmp_path: Path, libraries: None) -> None:
    inbox = tmp_path / "inbox"
    registered(inbox, [("J01", NASTY, "")], [("D01", "{count}站", "")])
    meetings(inbox, {NASTY: 12, "{count}站": 6}, {NASTY: ["本人"], "{count}站": ["本人"]})
    scheme = scheme_in(tmp_path, PLAIN.replace("title: 第一议题", "title: '{title} 第一<议题>'"))
    document = noticed(assess(inbox, tmp_path / "home", scheme=scheme))
    assert f"机关处室1个：{NASTY}。" in whole(document)
    assert "{title} 第一<议题>共失30.00分" in whole(document)
    write_docx(document, tmp_path / "n.docx")
    assert any(f"机关处室1个：{NASTY}。" in text for text in words_of_docx(tmp_path / "n.docx"))
    write_pdf(document, tmp_path / "n.pdf")
    assert "".join(NASTY.split()) in words_of_pdf(tmp_path / "n.pdf")


# --- The template is data --------------------------------------------------------------------------------------------


def edited(project: Project, *changes: tuple[str, str]) -> None:
    path = project.templates / "annual_notice.yml"
    text = path.read_text("utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path.write_text(text, "utf-8")


def test_every_list_of_names_can_be_switched_off(bureau: Result, project: Project) -> None:
    edited(
        project, *((f"{name}: true", f"{name}: false") for name in ("excellent", "unqualified", "unreported", "league"))
    )
    document = noticed(bureau)
    text = "\n".join(said(document))
    for _, name, short in (*OFFICES, *UNITS):
        assert (short or name) not in text
    assert "（一）优秀单位。机关处室1个。" in text
    assert "机关处室平均87.00分，最高102.00分，最低58.00分" in text
    assert "（一）不合格单位。评定为不合格的单位2个。" in text
    assert "未报送任何材料的单位1个，不参加排名。" in text
    assert [annex.title for annex in document.annexes] == ["2023年度党建工作考核失分较多的指标"]


def test_its_numbers_and_words_are_the_bureaus(bureau: Result, project: Project) -> None:
    edited(
        project, ("issuer: 局机关党委", "issuer: 中共某局委员会"), ("short_names: true", "short_names: false"), ("\nworst: 3", "\nworst: 1"),
        ("best_from: 80", "best_from: 86"), ("listed: 15", "listed: 0"),
    )  # fmt: skip
    document = noticed(bureau)
    text = "\n".join(said(document))
    assert document.issuer == "中共某局委员会"
    assert "按名次排列，机关处室1个：局办公室。" in text
    assert "书记例会共失" not in text
    assert "书记例会得分率" not in text
    assert [annex.title for annex in document.annexes] == ["2023年度党建工作考核成绩表"]


@pytest.mark.parametrize(
    ("old", "new", "key", "told"),
    [
        pytest.param("最高{highest}分", "最高{top}分", "template_blank", "{top}", id="unknown blank"),
        pytest.param("最高{highest}分", "最高{highest分", "template_blank", "{highest分", id="open brace"),
        pytest.param("最高{highest}分", "最高{highest[0]}分", "template_blank", "{highest[0]}", id="a piece of a blank"),
        pytest.param("未予采用的记录{records}条，原因为", "未予采用的记录{x}条，原因为", "template_blank", "{x}", id="in a sentence not needed"),
        pytest.param("to “{worst}” and", "to “{worse}” and", "template_blank", "{worse}", id="in the other language"),
        pytest.param("要把考核结果作为", "要在{appeal_ends}前把", "template_blank", "{appeal_ends}", id="no date without a notice"),
        pytest.param("被扣分的{deducted}个", "“{worst}”{deducted}个", "template_blank", "{worst}", id="worst without a loss"),
        pytest.param("  issuer: 局机关党委\n", "", "yaml_wrong", "issuer", id="missing sentence"),
        pytest.param("when: overdue", "when: overdo", "yaml_wrong", "overdo", id="misspelt when"),
        pytest.param("best_from: 80", "best_from: 800", "yaml_wrong", "best_from", id="number out of range"),
        pytest.param("excellent: true", "excellent: perhaps", "yaml_wrong", "named.excellent", id="neither true nor false"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_template_names_the_file(project: Project, old: str, new: str, key: str, told: str) -> None:
    """It is found when the template is read, whether the sentence is needed or not."""
    edited(project, (old, new))
    with pytest.raises(KaoheError) as caught:
        notice_template(project)
    assert caught.value.key == key
    assert "annual_notice.yml" in str(caught.value)
    assert told in str(caught.value)


def test_a_query_that_fails_names_its_file(bureau: Result, project: Project) -> None:
    path = project.sql / "publications" / "notice_grade.sql"
    path.write_text(path.read_text("utf-8").replace("compared.units,", "compared.unitz,"), "utf-8")
    with pytest.raises(KaoheError) as caught:
        noticed(bureau)
    assert caught.value.key == "sql_failed"
    assert "notice_grade.sql" in str(caught.value)


def test_a_bureau_without_cases_and_honors_has_no_levels(bureau: Result, tmp_path: Path) -> None:
    """Its snapshot has no such tables."""
    ours = copied(bureau, tmp_path / "home")
    shutil.copy(bureau.home.parent / "scheme.yml", tmp_path)
    with duckdb.connect(str(ours.folder / "snapshot.duckdb")) as con:
        con.execute("drop table honor")
    assert "创新案例1项、加2.00分；先进典型1项、加1.00分。" in "\n".join(said(noticed(ours)))


def test_both_languages_fill_in_the_same() -> None:
    given = notice_template(Project.find()).said

    def blanks(value: object) -> object:
        if isinstance(value, str):
            return sorted({name for _, name, _, _ in string.Formatter().parse(value) if name})
        if isinstance(value, dict):
            return {key: value[key] if key == "when" else blanks(value[key]) for key in value}
        assert isinstance(value, list)
        return [blanks(item) for item in value]

    assert blanks(given.zh.model_dump()) == blanks(given.en.model_dump())


def test_english_is_whole(bureau: Result) -> None:
    """Chinese is only what the bureau's own files say: names, categories, titles, grades."""
    use_language("en")
    document = noticed(bureau)
    text = whole(document) + document.addressee + document.issuer + document.date
    for own in ("试行考核办法", "第一议题", "书记例会", "立根铸魂", "强基固本", "创新案例", "先进典型", "被通报", "逾期整改",
                "一票否决", "违纪", "不合格", "优秀", "良好", "合格", "机关处室", "基层单位", "办公室", "法规处", "宣传处", "水务中心",
                "监测站", "公园中心", "局", "市", "区"):  # fmt: skip
        text = text.replace(own, "")
    assert not re.search("[\u4e00-\u9fff]", text)
    assert "(2) Grades. Of the 5 units with a grade: 优秀 1 (20.0%); 良好 1 (20.0%)" in whole(document)


def test_the_same_publication_gives_the_same_bytes(bureau: Result, tmp_path: Path) -> None:
    for write, name in ((write_docx, "n.docx"), (write_pdf, "n.pdf")):
        for copy in ("1", "2"):
            write(noticed(bureau), tmp_path / f"{copy}{name}")
        assert (tmp_path / f"1{name}").read_bytes() == (tmp_path / f"2{name}").read_bytes()
