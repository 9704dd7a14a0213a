"""The recipes of CONTRIBUTING.md, followed word for word: one to three files each, no Python, and the new thing works."""

import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from kaohe import scoring
from kaohe.alerts import Question
from kaohe.errors import KaoheError
from kaohe.linting import findings
from kaohe.project import Project
from kaohe.run import Run
from kaohe.scheme import load_scheme
from tests.helpers import AS_OF, ROOT, YEAR, Result, assess, write_csv

TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def follow(recipe: int, project: Project) -> set[str]:
    """Do what a recipe says to the files of ``project``; gives their paths."""
    chapter = re.split(r"^## Recipe \d", TEXT, flags=re.MULTILINE)[recipe]
    touched, before = set(), changed(project)
    for name, kind, block in re.findall(r"`([\w/]+\.\w+)`:\n\n```(\w+)\n(.*?)```", chapter, flags=re.DOTALL):
        path = project.root / name
        touched.add(name)
        if kind == "diff":
            lines = block.splitlines(keepends=True)
            old, new = ("".join(line[1:] for line in lines if line[0] in keep) for keep in (" -", " +"))
            text = path.read_text(encoding="utf-8")
            assert text.count(old) == 1, (
                f"the context of recipe {recipe} stands {text.count(old)} times in {name}, not once"
            )
            path.write_text(text.replace(old, new), encoding="utf-8")
        else:
            assert not path.exists(), f"recipe {recipe} makes {name}, which is there already"
            path.write_text(block, encoding="utf-8")
    assert changed(project) == before | touched, f"recipe {recipe} left other files than it names"
    return touched


def changed(project: Project) -> set[str]:
    """Files of the copied project that differ from ours."""
    found = set()
    for path in project.root.rglob("*"):
        name = path.relative_to(project.root)
        if path.is_file() and not ((ROOT / name).is_file() and (ROOT / name).read_bytes() == path.read_bytes()):
            found.add(name.as_posix())
    return found


@pytest.fixture
def pairing(inbox: Path) -> Path:
    agreement = ["协议编号", "单位名称", "结对单位", "结对类型", "签订日期", "到期日期"]
    write_csv(inbox / "协议.csv", [agreement, ["X1", "办公室", "某银行", "行业", "2022-01-01", "2024-12-31"]])
    item = ["清单编号", "协议编号", "清单类别", "内容", "进展"]
    write_csv(
        inbox / "清单.csv", [item, ["Q1", "X1", "资源", "场地", "已对接"], ["Q2", "X1", "需求", "讲师", "已对接"]]
    )
    return inbox


def check_leaf(result: Result, unit: str, indicator: str, **expected: object) -> None:
    leaf = result.leaf(unit, indicator)
    assert {name: leaf[name] for name in expected} == expected, f"{indicator} of {unit}"


def test_recipe_1_adds_a_source_table(inbox: Path, home: Path, project: Project) -> None:
    assert len(follow(1, project)) == 3
    rows = [
        ["V1", "办公室", "2023-05-01", "12.5"],
        ["V2", "办公室", "2023-06-01", "3"],
        ["V3", "法规处", "2023-06-01", "-1"],
    ]
    write_csv(inbox / "志愿服务.csv", [["服务编号", "党组织名称", "服务日期", "时长"], *rows])
    result = assess(inbox, home)
    check_leaf(result, "J01", "volunteer_service", status="scored", due=20, done=Decimal("15.5"))
    check_leaf(result, "J02", "volunteer_service", status="not_reported", points=0)
    assert result.quarantine["problems"].to_list() == ["D4 「-1」服务时长不能为负"]


def test_recipe_2_adds_an_indicator(pairing: Path, home: Path, project: Project) -> None:
    assert len(follow(2, project)) == 3
    result = assess(pairing, home)
    check_leaf(result, "J01", "industry_lists", status="scored", due=3, done=2)
    check_leaf(result, "J02", "industry_lists", status="not_applicable")


def test_recipe_3_adds_an_alert(inbox: Path, home: Path, project: Project) -> None:
    assert len(follow(3, project)) == 2
    item = ["整改事项编号", "整改单位", "问题来源", "整改内容", "整改期限", "完成日期"]
    rows = [
        ["Z1", "办公室", "巡察", "台账不全", "2024-04-05", ""],
        ["Z2", "法规处", "巡察", "台账不全", "2024-04-30", ""],
        ["Z3", "法规处", "巡察", "台账不全", "2024-04-05", "2024-03-01"],
        ["Z4", "法规处", "巡察", "台账不全", "2024-05-01", ""],
    ]
    write_csv(inbox / "整改.csv", [item, *rows])
    result = assess(inbox, home)
    found = Question(result.home, YEAR, ["rectifications_due"]).collect().alerts
    assert [(alert.unit_id, alert.item, alert.level, alert.days) for alert in found] == [
        ("J01", "Z1", "warning", 5),
        ("J02", "Z2", "notice", 30),
    ]
    assert found[0].sentence == "整改事项 Z1（巡察）应于 2024-04-05 前完成，还有 5 天"


def test_recipe_4_adds_an_audit(inbox: Path, home: Path, project: Project) -> None:
    assert len(follow(4, project)) == 1
    with Run(inbox, YEAR, AS_OF, None, home, False) as run:
        run.pull()
        run.validate()
        run.score()
        run.warehouse.con.execute("update main.scores set total = total - 1 where unit_id = 'J01'")
        run.warehouse.con.execute("update main.scores set total = -0.5 where unit_id = 'J02'")
        added = [model for model in run.planned.audits if model.name == "no_total_below_zero"]
        with pytest.raises(KaoheError, match=r"（no_total_below_zero）.*unit_id=J02, total=-0\.50"):
            scoring.audit(run.warehouse, replace(run.planned, audits=added))


def test_the_scheme_check_finds_nothing_wrong_after_all_recipes(project: Project) -> None:
    for recipe in (1, 2, 3, 4):
        follow(recipe, project)
    path = project.scheme(2023)
    assert [each.sentence for each in findings(path, load_scheme(path), project) if each.level == "error"] == []
