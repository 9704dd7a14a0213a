"""The notice on the made-up bureau: every figure worked out again in plain Python (fractions) from the published tables."""

import csv
from collections import Counter, defaultdict
from decimal import Decimal
from fractions import Fraction
from itertools import groupby
from pathlib import Path
from typing import Any

import docx
import pypdf
import pytest

from kaohe.project import Project
from kaohe.publication.snapshot import Snapshot
from kaohe.publishing.document import Document, Table
from kaohe.publishing.document_docx import write_docx
from kaohe.publishing.document_pdf import write_pdf
from kaohe.publishing.notice import notice, notice_template
from kaohe.scheme import load_scheme
from tests.flows.test_notice import said, whole
from tests.helpers import ROOT, Result

Row = dict[str, Any]
SCHEME = load_scheme(ROOT / "data" / "schemes" / "2023.yml")
CATEGORIES = ("机关处室", "基层单位")
POINTS = {"局": Fraction(1, 2), "区": 1, "市": 2, "国家": 3}


@pytest.fixture(scope="module")
def document(sample: Result) -> Document:
    with Snapshot(sample.folder) as snapshot:
        return notice(snapshot, SCHEME, sample.manifest, notice_template(Project.find()))


@pytest.fixture(scope="module")
def text(document: Document) -> str:
    return "\n".join(said(document))


@pytest.fixture(scope="module")
def scores(sample: Result) -> list[Row]:
    return list(sample.table("scores").iter_rows(named=True))


@pytest.fixture(scope="module")
def leaves(sample: Result, scores: list[Row]) -> list[Row]:
    """What each unit with a grade has in each indicator of the tree that had weight for it."""
    graded = {row["unit_id"]: row["category"] for row in scores if row["grade"]}
    rows = sample.table("indicator_scores").iter_rows(named=True)
    return [
        row | {"category": graded[row["unit_id"]]}
        for row in rows
        if row["unit_id"] in graded and row["effective_weight"]
    ]


def rounded(value: Fraction, digits: int) -> str:
    """Half up."""
    scale = 10**digits
    whole_number = (2 * value.numerator * scale + value.denominator) // (2 * value.denominator)
    return f"{Decimal(whole_number).scaleb(-digits):.{digits}f}"


def percent(part: Any, of: Any) -> str:
    return rounded(Fraction(part) * 100 / Fraction(of), 1) + "%"


def short_names(sample: Result) -> dict[str, str]:
    with Snapshot(sample.folder) as snapshot:
        return dict(snapshot.rows("select unit_id, coalesce(short_name, name) from main.org_unit"))


def test_units_grades_and_totals(sample: Result, scores: list[Row], text: str) -> None:
    names = short_names(sample)
    counts = Counter(row["category"] for row in scores)
    assert (
        f"本次共考核{len(scores)}个单位，其中机关处室{counts['机关处室']}个、基层单位{counts['基层单位']}个。" in text
    )
    graded = [row for row in scores if row["grade"]]
    assert f"已评定等次的单位{len(graded)}个。" in text
    for status, told in (("pending", "待报的单位"), ("no_data", "未报送任何材料的单位")):
        units = [names[row["unit_id"]] for row in scores if row["status"] == status]
        assert f"{told}{len(units)}个（{'、'.join(units)}）" in text
    grades = Counter(row["grade"] for row in graded)
    shares = [
        f"{grade}{grades[grade]}个，占{percent(grades[grade], len(graded))}"
        for grade in ("优秀", "良好", "合格", "不合格")
    ]
    assert f"已评定等次的{len(graded)}个单位中，{'；'.join(shares)}。" in text
    for category in CATEGORIES:
        totals = [Fraction(row["total"]) for row in graded if row["category"] == category]
        best = [names[row["unit_id"]] for row in graded if row["category"] == category and row["total"] == max(totals)]
        assert (
            f"{category}平均{rounded(sum(totals) / len(totals), 2)}分，最高{rounded(max(totals), 2)}分（{'、'.join(best)}），"
            f"最低{rounded(min(totals), 2)}分，相差{rounded(max(totals) - min(totals), 2)}分" in text
        )
        for grade, told in (("优秀", f"{category}{{}}个：{{}}"), ("不合格", "{1}")):
            units = [row for row in graded if (row["category"], row["grade"]) == (category, grade)]
            units.sort(key=lambda row: (row["rank"], row["unit_id"]))
            assert told.format(len(units), "、".join(names[row["unit_id"]] for row in units)) in text


def test_dimensions_and_indicators(leaves: list[Row], text: str) -> None:
    titles = {entry.name: entry.node.title for entry in SCHEME.entries}
    for key, told in (("dimension", "{title}{rate}"), ("indicator", "{title}得分率{rate}，{full}个单位得满分")):
        sums: dict[str, list[Fraction]] = defaultdict(lambda: [Fraction(0)] * 4)
        for row in leaves:
            full = row["points"] == row["effective_weight"]
            added = (row["points"], row["effective_weight"], full, 1)
            sums[row[key]] = [total + Fraction(more) for total, more in zip(sums[row[key]], added, strict=True)]
        graded = len({row["unit_id"] for row in leaves})
        rates = {
            name: earned / due
            for name, (earned, due, _, units) in sums.items()
            if key == "dimension" or 2 * units >= graded
        }
        best = sorted(rates, key=lambda name: -rates[name])[: 4 if key == "dimension" else 3]
        assert len({rates[name] for name in best}) == len(best)
        parts = [
            told.format(title=titles[name], rate=percent(rates[name], 1), full=int(sums[name][2])) for name in best
        ]
        assert ("、" if key == "dimension" else "；").join(parts) + "。" in text
    lost: dict[str, Fraction] = defaultdict(Fraction)
    for row in leaves:
        lost[row["indicator"]] += Fraction(row["lost"])
    for name in sorted(lost, key=lambda name: -lost[name])[:3]:
        each = []
        for category in CATEGORIES:
            rows = [row for row in leaves if (row["indicator"], row["category"]) == (name, category)]
            mean = rounded(sum((Fraction(row["lost"]) for row in rows), Fraction(0)) / len(rows), 2)
            each.append(f"{category}{sum(row['lost'] > 0 for row in rows)}个、平均每个单位失{mean}分")
        units = sum(row["lost"] > 0 for row in leaves if row["indicator"] == name)
        assert f"{titles[name]}共失{rounded(lost[name], 2)}分，{units}个单位失分（{'，'.join(each)}）" in text


def test_bonus_and_deductions(sample: Result, scores: list[Row], text: str) -> None:
    items = list(sample.table("evidence").iter_rows(named=True))
    for section, told, column, sign in (
        ("bonus", "获得加分的单位", "gained", "加"),
        ("deduction", "被扣分的单位", "lost", "扣"),
    ):
        units = sum(row[section] > 0 for row in scores)
        assert f"{told}{units}个，共{sign}{sum(row[section] for row in scores)}分，其中" in text
        for entry, leaf in SCHEME.leaves:
            facts = [row[column] for row in items if row["indicator"] == entry.name and row[column]]
            if entry.section == section and facts:
                assert f"{leaf.title}{len(facts)}项、{sign}{sum(facts)}分" in text
    with Snapshot(sample.folder) as snapshot:
        cases = snapshot.rows(
            "select unit_id, case_key, level from main.innovation_case where _year = 2023 order by all"
        )
        honors = snapshot.rows(
            "select unit_id, coalesce(case_key, honor_id), level from main.honor where _year = 2023 order by all"
        )
    gained = {(row["indicator"], row["unit_id"], row["item"].removeprefix("荣誉 ")) for row in items if row["gained"]}
    for table, name in ((cases, "innovation_cases"), (honors, "honors")):
        highest = Counter(
            max((level for *_, level in rows), key=POINTS.__getitem__)
            for fact, rows in groupby(table, key=lambda row: row[:2])
            if (name, *fact) in gained
        )
        levels = "、".join(f"{level}级{highest[level]}项" for level in ("国家", "市", "区", "局"))
        assert f"分（{levels}）" in text.split(SCHEME.bonus.indicators[name].title, 1)[1].split("；")[0]


def test_what_was_not_reported_is_set_aside_or_overdue(sample: Result, scores: list[Row], text: str) -> None:
    silent = {row["unit_id"] for row in scores if row["status"] == "no_data"}
    rows = [
        row["unit_id"]
        for row in sample.table("indicator_scores").iter_rows(named=True)
        if row["status"] == "not_reported" and row["unit_id"] not in silent
    ]
    assert f"另有{len(set(rows))}个单位的部分材料未按期报送，涉及指标{len(rows)}项次" in text
    reasons = Counter(row["reason"] for row in sample.quarantine.iter_rows(named=True) if row["reason"] != "duplicate")
    assert (
        f"未予采用的记录{reasons.total()}条，其中不合规则{reasons['rule']}条、单元格无法识别{reasons['bad_cell']}条、"
        in text
    )
    with (sample.folder / "alerts.csv").open(encoding="utf-8-sig", newline="") as file:
        alerts = list(csv.DictReader(file))
    overdue = 0
    for alert, told in (
        ("rectifications_overdue", "整改事项逾期未完成{items}项，涉及{units}个单位"),
        ("findings_overdue", "抽查问题逾期未销号{items}个，涉及{units}个单位"),
        ("elections_overdue", "逾期未换届的单位{units}个"),
    ):
        found = [row["unit_id"] for row in alerts if row["alert"] == alert]
        overdue += len(found)
        assert told.format(items=len(found), units=len(set(found))) in text
    assert f"逾期未完成的{overdue}个事项" in text
    vetoes = Counter(row["veto"] for row in scores if row["veto"])
    assert f"适用一票否决的单位{vetoes.total()}个" in text
    for name, units in vetoes.items():
        assert f"“{SCHEME.vetoes[name].title}”{units}个" in text


def test_the_league_table_has_all_units_in_order(scores: list[Row], document: Document) -> None:
    tables = [part for part in document.annexes[0].body if isinstance(part, Table)]
    for category, table in zip(CATEGORIES, tables, strict=True):
        units = [row for row in scores if row["category"] == category]
        units.sort(key=lambda row: (row["rank"] or 99, row["unit_id"]))
        assert [row[1] for row in table.rows] == [row["unit_name"] for row in units]
        for row, unit in zip(table.rows, units, strict=True):
            if unit["rank"]:
                total = sum(map(Decimal, row[4:9])) - Decimal(row[9])  # dimensions and bonus, less deductions
                assert (row[0], row[2], row[3]) == (str(unit["rank"]), str(total), unit["grade"] or "—")
                assert total == unit["total"]


def test_no_person_and_no_fact_is_in_it(sample: Result, document: Document) -> None:
    with Snapshot(sample.folder) as snapshot:
        secrets = [
            *(member for (member,) in snapshot.rows("select distinct member_id from main.party_member")),
            *(
                fact
                for (fact,) in snapshot.rows("select fact from main.adverse_event union select fact from main.notice")
            ),
            *(content for (content,) in snapshot.rows("select content from main.rectification")),
            *(title for (title,) in snapshot.rows("select title from main.honor where subject = '个人'")),
        ]
    text = whole(document)
    assert len(secrets) > 1000
    assert [secret for secret in secrets if secret in text] == []


def test_its_pages(document: Document, tmp_path: Path) -> None:
    """A4 with — n — on every page in both files, each annex on a page of its own, and never a page without text."""
    write_pdf(document, tmp_path / "n.pdf")
    pages = ["".join(page.extract_text().split()) for page in pypdf.PdfReader(tmp_path / "n.pdf").pages]
    for number, page in enumerate(pages, 1):
        assert f"—{number}—" in page
        assert len(page) > 100
    annexes = [number for number, page in enumerate(pages) if page.replace(f"—{number + 1}—", "").startswith("附件")]
    assert [pages[number].replace(f"—{number + 1}—", "")[:3] for number in annexes] == ["附件1", "附件2"]
    (signed,) = (
        page for page in pages if "附件：1.2023年度党建工作考核成绩表2.2023年度党建工作考核失分较多的指标" in page
    )
    assert signed.index("附件：1.") < signed.index("局机关党委2024年3月31日")
    assert "用好结果" in signed  # the last paragraph comes along
    write_docx(document, tmp_path / "n.docx")
    opened = docx.Document(str(tmp_path / "n.docx"))
    broken = [paragraph.text for paragraph in opened.paragraphs if paragraph.paragraph_format.page_break_before]
    assert broken == ["附件1", "附件2"]
    rows = [len(table.rows) for table in opened.tables]
    assert rows == [4, 25, 37, 16]  # with their headings
