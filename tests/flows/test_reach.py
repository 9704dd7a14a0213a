"""What it would have taken to reach a grade: asked of a publication, and answered again by a run on mended records."""

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest

from kaohe.errors import KaoheError
from kaohe.explaining import Explainer
from kaohe.explaining.reach import Reach
from kaohe.publication.manifest import read_manifest
from tests.helpers import CHECK, STUDY, Result, assess, check, registry, write_csv
from tests.scoring import BASIS

AS_OF = dt.date(2024, 4, 1)  # nothing is pending any more
SCHEME = f"""
id: t
title: t
year: 2023
effective_from: 2023-01-01
effective_to: 2023-12-31
deadline: 2024-01-31
rounding: {{digits: 2, mode: half_up}}
dimensions:
  study: {{title: 参学率, weight: 60, measure: study_participation, params: {{platform: 学习强国, target: 1}}, {BASIS}}}
  checks: {{title: 抽查, weight: 40, measure: spot_check, {BASIS},
    params: {{round: 1, must: 25, penalty: {{严重: 10, 一般: 5, 轻微: 2}}}}}}
deductions:
  cap: 10
  indicators:
    late: {{title: 通报, measure: notices, rule: per_item, params: {{points: {{区: 2, 局: 1}}}}, {BASIS}}}
vetoes:
  V1: {{title: 一票否决, measure: adverse_events, params: {{level: V1}}, grade_at_most: good, {BASIS}}}
grades:
  excellent: {{title: 优秀, at_least: 90, quota: 0.30}}
  good: {{title: 良好, at_least: 80}}
  qualified: {{title: 合格, at_least: 60}}
  unqualified: {{title: 不合格, at_least: 0}}
tie_break: [checks, fewer_deductions]
"""
UNITS = ("J01", "办公室", "机关处室"), ("J02", "法规处", "机关处室"), ("J03", "财务处", "机关处室")
#: How many of 10 took part, by month; the other units: 9 in every month, and all four musts.
OFFICE = {1: 2, 2: 5, 3: 10, 4: 10, 5: 7, 6: 10, 7: 10, 8: 10, 9: 10, 10: 9, 11: 10, 12: 8}
VETO = [
    ["否决事项编号", "涉及单位", "否决等级", "否决事项", "依据文件", "批准机构", "生效日期"],
    ["SJ1", "财务处", "V1", "记录造假", "沪浦环党〔2023〕40号", "机关党委", "2023-12-20"],
]
NOTICES = [
    ["通报编号", "被通报单位", "通报级别", "通报日期", "通报事由"],
    ["TB1", "办公室", "区", "2023-05-06", "材料不实"],
]


def write_inbox(folder: Path, office: dict[int, int], flags: str, notices: list[list[str]]) -> Path:
    write_csv(folder / "名册.csv", registry(*UNITS))
    checks = [check("C1", "办公室", flags=flags), check("C2", "法规处"), check("C3", "财务处")]
    write_csv(folder / "抽查.csv", [CHECK, *checks])
    taking_part = [("办公室", month, number) for month, number in office.items()]
    taking_part += [(unit, month, 9) for unit in ("法规处", "财务处") for month in range(1, 13)]
    study = [["学习强国", f"2023-{month:02}", unit, 10, n, f"{n * 10}%"] for unit, month, n in taking_part]
    write_csv(folder / "学习.csv", [STUDY, *study])
    write_csv(folder / "否决.csv", VETO)
    if len(notices) > 1:
        write_csv(folder / "通报.csv", notices)
    return folder


@pytest.fixture(scope="module")
def scheme(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("scheme") / "scheme.yml"
    path.write_text(SCHEME, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def published(scheme: Path, tmp_path_factory: pytest.TempPathFactory, libraries: None) -> Result:
    inbox = write_inbox(tmp_path_factory.mktemp("inbox"), OFFICE, "1001", NOTICES)
    return assess(inbox, tmp_path_factory.mktemp("home"), as_of=AS_OF, scheme=scheme)


def asked(published: Result, unit: str, grade: str) -> Reach:
    with Explainer.in_force(published.home) as explainer:
        return explainer.reach(unit, grade)


def test_mended_records_give_the_grade(published: Result, scheme: Path, tmp_path: Path) -> None:
    """The others have 94.00 points and no deduction. The check (20.00), January (4.00) and May (1.50) would be 94.00 points
    too, but with the deduction behind them; the check, January and the notice (2.00) are 94.50."""
    found = asked(published, "J01", "优秀")
    assert found.total == published.score("J01")["total"] == Decimal("68.50")
    assert found.line is not None
    assert (found.line.points, found.line.places) == (Decimal("94.00"), 1)
    righted = {part.title: (part.points, part.would_be, [item.item for item in part.items]) for part in found.righted}
    assert righted == {
        "参学率": (Decimal("50.50"), Decimal("54.50"), ["2023-01"]),
        "抽查": (Decimal("20.00"), Decimal("40.00"), ["C1"]),
        "扣分": (Decimal("-2.00"), Decimal("0.00"), ["通报 TB1"]),
    }
    mended = write_inbox(tmp_path / "inbox", OFFICE | {1: 10}, "1111", NOTICES[:1])
    again = assess(mended, tmp_path / "home", as_of=AS_OF, scheme=scheme).score("J01")
    assert (again["total"], again["rank"], again["grade"]) == (found.would_be, found.would_rank, "优秀")


def test_the_veto_and_its_document(published: Result) -> None:
    found = asked(published, "J03", "excellent")
    (event,) = found.events
    assert (found.outcome, event.veto, event.item, event.document) == ("veto", "V1", "SJ1", "沪浦环党〔2023〕40号")


def test_a_scheme_that_was_not_kept(published: Result) -> None:
    kept = published.home / "warehouse" / "inputs" / read_manifest(published.folder)["scheme"]["sha256"]
    away = kept.rename(kept.with_name("away"))
    try:
        with pytest.raises(KaoheError) as caught:
            asked(published, "J01", "good")
        assert caught.value.key == "method_not_kept"
    finally:
        away.rename(kept)
